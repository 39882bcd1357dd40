/* The page of a report: what stands on it is a table of sections, each some rows and columns of a
 * view. Lines are short enough for any chat. */
#include "sockdash/report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/findings.h"
#include "sockdash/fmt.h"
#include "sockdash/paragraph.h"
#include "sockdash/problems.h"
#include "sockdash/utf8.h"

#define KEYS_MAX 3
#define INDENT   2

struct section {
	const struct table *table;
	const char *title;
	const char *columns; /* NULL: blocks of findings */
	/* Rows come in the order of these keys, one after the other: of all but the last, those
	 * with a value above 0. None: in the order of the view. */
	const char *keys[KEYS_MAX];
	uint32_t most; /* rows; 0: all */
	/* Whether a row stands in it; NULL: all do. Not asked for where all rows are wished. */
	bool (*keep)(const struct sample *s, uint32_t row);
	/* Whether there is anything to know; NULL: always. */
	bool (*known)(const struct sample *s);
	const char *none;
};

/* ---- Which rows ------------------------------------------------------------------------------ */

static bool keep_state(const struct sample *s, uint32_t row)
{
	return s->states[row].count > 0;
}

static bool keep_leak(const struct sample *s, uint32_t row)
{
	return s->leaks[row].verdict != VERDICT_OK;
}

static bool owners_known(const struct sample *s)
{
	return s->frame->owners_known;
}

static bool kernel_known(const struct sample *s)
{
	return s->kernel_count > 0;
}

static bool findings_known(const struct sample *s)
{
	return s->finding_count > 0;
}

static const struct section sections[] = {
	{ &table_states, "States", "proto,state,count,percent,delta,in_rate,out_rate",
		.keep = keep_state, .none = "no sockets" },
	{ &table_listen, "Listening",
		"proto,address,port,process,conns,accept_queue,backlog,drops,drops_rate",
		{ "-drops_rate", "-accept_queue", "-conns" }, 10, .none = "none" },
	{ &table_procs, "Processes",
		"pid,user,process,conns,estab,close_wait,time_wait,delta,fds,fd_limit",
		{ "-conns" }, 10, .known = owners_known, .none = "none" },
	{ &table_leaks, "Leaks", "pid,process,pile,count,verdict,since,growth,exhaustion,peer",
		.most = 20, .keep = keep_leak, .known = owners_known, .none = "none" },
	{ &table_kernel, "Kernel", "group,name,value,rate,highest,limit,percent",
		.known = kernel_known, .none = "nothing moves or is near a limit" },
	{ &table_audit, "Findings", NULL, .known = findings_known, .none = "none" },
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static const struct table *table_of(const struct section *section, bool all)
{
	return all && section->table->all ? section->table->all : section->table;
}

static bool is_above_zero(const struct value *v)
{
	switch (v->type) {
	case VALUE_RATE:
	case VALUE_TREND:
	case VALUE_PERCENT:
	case VALUE_SPAN:
		return v->real > 0;
	case VALUE_NONE:
		return false;
	default:
		return v->number > 0;
	}
}

/* Rows for a section, each once. */
struct choice {
	uint32_t *rows;
	uint32_t count, most;
	bool *taken;
};

/* Adds rows in the order of a key; only those with a value above 0 where it is not the last. */
static int choose_by(struct choice *c, const struct section *section, const struct rowset *rows,
	const char *key, bool last, bool all)
{
	struct sort_key sort = { 0 };
	uint32_t *order;
	int err;

	sort_parse(rows->table, key, &sort);
	err = rowset_order(rows, sort, NULL, &order);
	for (uint32_t i = 0; !err && i < rows->count && c->count < c->most; i++) {
		uint32_t row = rowset_row(order, i);
		struct value v = { 0 };

		if (c->taken[row] || (!all && section->keep && !section->keep(rows->sample, row)))
			continue;
		if (!last)
			v = rowset_value(rows, row, sort.field);
		if (!last && !is_above_zero(&v))
			break;
		c->taken[row] = true;
		c->rows[c->count++] = row;
	}
	free(order);
	return err;
}

/* The rows of a section in their order, which the caller frees. 0 or -ENOMEM. */
static int choose_rows(const struct section *section, const struct rowset *rows, bool all,
	uint32_t **out, uint32_t *count)
{
	struct choice c = {
		.rows = malloc((rows->count + 1) * sizeof *c.rows),
		.taken = calloc(rows->count + 1, sizeof *c.taken),
		.most = section->most && !all ? section->most : rows->count,
	};
	const char *const *keys = section->keys;
	int err = c.rows && c.taken ? 0 : -ENOMEM;

	if (!err && !keys[0])
		err = choose_by(&c, section, rows, rows->table->sort, true, all);
	for (size_t i = 0; !err && i < KEYS_MAX && keys[i]; i++)
		err = choose_by(&c, section, rows, keys[i], i + 1 == KEYS_MAX || !keys[i + 1], all);
	free(c.taken);
	*out = c.rows;
	*count = c.count;
	return err;
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* Keeps what is written: an output_flush. */
static int collect(void *context, struct buf *b)
{
	struct buf *page = context;

	buf_add(page, b->data, b->len);
	buf_clear(b);
	return page->failed ? -ENOMEM : 0;
}

static int add_table(const struct section *section, const struct rowset *rows, uint32_t *order,
	const struct report_settings *settings, struct buf *page)
{
	const char *bad;
	size_t bad_len;
	struct columns columns;
	struct output_table t = {
		.rows = *rows,
		.columns = &columns,
		.order = order,
		.header = settings->titles,
		.width = REPORT_WIDTH,
		.ascii = settings->ascii,
	};

	if (columns_parse(section->table, section->columns, &columns, &bad, &bad_len))
		return -EINVAL;
	return output_text(&t, collect, page);
}

static void add_findings(const struct rowset *rows, const uint32_t *order, struct buf *page)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		if (i)
			buf_addc(page, '\n');
		findings_add(page, rows, order, i, REPORT_WIDTH, true);
	}
}

static int add_section(const struct section *section, const struct sample *s,
	const struct report_settings *settings, struct buf *page)
{
	struct rowset rows = rowset_of(table_of(section, settings->all), s);
	uint32_t total = rows.count, *order = NULL;
	bool known = !section->known || section->known(s);
	int err = choose_rows(section, &rows, settings->all, &order, &rows.count);

	buf_addf(page, "\n%s", section->title);
	if (!known || !rows.count)
		buf_addf(page, ": %s\n", known ? section->none : "not known");
	else if (section->most && rows.count == section->most && rows.count < total)
		buf_addf(page, ": %" PRIu32 " of %" PRIu32 "\n", rows.count, total);
	else
		buf_adds(page, "\n");
	if (err || !known || !rows.count)
		;
	else if (section->columns)
		err = add_table(section, &rows, order, settings, page);
	else
		add_findings(&rows, order, page);
	free(order);
	return err;
}

static void add_title(
	const struct sample *s, const struct report_settings *settings, struct buf *page)
{
	const struct frame *f = s->frame;
	const char *dots = settings->ascii ? "..." : "\xe2\x80\xa6";
	struct buf line = { 0 };
	char time[FMT_MAX];
	size_t len;

	buf_addf(&line, "sockdash report  %s", *f->host ? f->host : "(unknown host)");
	if (*f->release)
		buf_addf(&line, "  Linux %s", f->release);
	page->failed |= line.failed;
	len = line.data ? strlen(line.data) : 0;
	fmt_iso_time(time, f->wall_ns);
	/* The time of the sample is not what gives. */
	if (utf8_text_width(line.data, len) > REPORT_WIDTH - 2 - (int)strlen(time)) {
		len = utf8_fit(line.data, len,
			REPORT_WIDTH - 2 - (int)strlen(time) - utf8_text_width(dots, strlen(dots)),
			NULL);
		buf_add(page, line.data, len);
		buf_adds(page, dots);
	} else {
		buf_add(page, line.data, len);
	}
	buf_addf(page, "  %s\n", time);
	buf_free(&line);
}

/* What was looked at, what that cost, and what could not be seen. */
static void add_sample(const struct sample *s, struct buf *page)
{
	const struct frame *f = s->frame;
	struct findings_count found = findings_count(s);
	struct buf line = { 0 }, problems[PROBLEMS_MAX];
	char count[FMT_MAX], age[FMT_MAX];
	size_t n = problems_of(f, problems);

	if (!isnan(f->uptime_s))
		buf_addf(&line, "up %s; ", fmt_age(age, f->uptime_s, 0));
	buf_addf(&line, "%s socket%s (%s), sampled in %.1f ms with %.1f ms of CPU",
		fmt_count(count, f->sock_count, 0), f->sock_count == 1 ? "" : "s", f->kind,
		(double)f->cost_wall_ns / 1e6, (double)f->cost_cpu_ns / 1e6);
	if (f->mono_ns > f->epoch_ns)
		buf_addf(&line, ", observed for %s",
			fmt_age(age, (double)(f->mono_ns - f->epoch_ns) / 1e9, 0));
	paragraph_add(page, line.data ? line.data : "", 0, INDENT, REPORT_WIDTH);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&line);
		buf_addf(&line, "! %s", problems[i].data ? problems[i].data : "");
		page->failed |= problems[i].failed;
		paragraph_add(page, line.data, 0, INDENT, REPORT_WIDTH);
		buf_free(&problems[i]);
	}
	page->failed |= line.failed;
	buf_clear(&line);
	buf_adds(&line, "Findings: ");
	findings_add_summary(&line, &found);
	paragraph_add(page, line.data ? line.data : "", 0, INDENT, REPORT_WIDTH);
	page->failed |= line.failed;
	buf_free(&line);
}

int report_text(const struct sample *s, const struct report_settings *settings, struct buf *page)
{
	int err = 0;

	add_title(s, settings, page);
	add_sample(s, page);
	for (size_t i = 0; !err && i < SECTIONS; i++)
		err = add_section(&sections[i], s, settings, page);
	return !err && page->failed ? -ENOMEM : err;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_members(const struct sample *s, struct buf *b)
{
	struct value uptime = { 0 };

	value_real(&uptime, VALUE_AGE, s->frame->uptime_s);
	buf_adds(b, ",\"release\":");
	if (*s->frame->release)
		output_json_string(b, s->frame->release);
	else
		buf_adds(b, "null");
	buf_adds(b, ",\"uptime\":");
	if (!output_number(&uptime, b))
		buf_adds(b, "null");
	findings_add_member(s, b);
}

int report_json(const struct sample *s, const struct report_settings *settings, output_flush *flush,
	void *context)
{
	struct output_table all[SECTIONS];
	struct columns columns[SECTIONS];
	uint32_t *orders[SECTIONS] = { 0 };
	int err = 0;

	for (size_t i = 0; !err && i < SECTIONS; i++) {
		const struct table *t = table_of(&sections[i], settings->all);
		struct rowset rows = rowset_of(t, s);
		struct sort_key sort = { 0 };

		columns_all(t, false, &columns[i]);
		sort_parse(t, t->sort, &sort);
		err = rowset_order(&rows, sort, NULL, &orders[i]);
		all[i] = (struct output_table){
			.rows = rows,
			.columns = &columns[i],
			.order = orders[i],
			.add_members = add_members,
		};
	}
	if (!err)
		err = output_json_tables("report", all, SECTIONS, flush, context);
	for (size_t i = 0; i < SECTIONS; i++)
		free(orders[i]);
	return err;
}

unsigned report_needs(void)
{
	unsigned needs = 0;

	for (size_t i = 0; i < SECTIONS; i++) {
		const struct table *t = sections[i].table;

		needs |= t->needs;
		for (size_t f = 0; f < t->field_count; f++)
			needs |= t->fields[f].on_request ? 0 : t->fields[f].needs;
	}
	return needs;
}
