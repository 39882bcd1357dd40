/* JSON: one compact document per sample, on a line. Texts come safe from the frame (valid UTF-8, no
 * control characters), so only quotes and backslashes are escaped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/digits.h"
#include "sockdash/format.h"
#include "sockdash/output.h"
#include "sockdash/problems.h"
#include "sockdash/utf8.h"
#include "sockdash/version.h"

void output_json_string(struct buf *b, const char *text)
{
	buf_addc(b, '"');
	for (;;) {
		size_t run = strcspn(text, "\"\\");

		buf_add(b, text, run);
		text += run;
		if (!*text)
			break;
		buf_addc(b, '\\');
		buf_addc(b, *text++);
	}
	buf_addc(b, '"');
}

/* A number with at most `digits` decimals and no trailing zeros. */
static void add_real(struct buf *b, double real, int digits)
{
	char text[400];
	int len = (int)digits_decimal(text, real, (unsigned)digits);

	if (!len)
		len = snprintf(text, sizeof text, "%.*f", digits, real);

	while (digits && len > 0 && text[len - 1] == '0')
		len--;
	if (digits && len > 0 && text[len - 1] == '.')
		len--;
	/* Rounded to nothing, a negative number has no sign. */
	if (len == 2 && text[0] == '-' && text[1] == '0') {
		buf_addc(b, '0');
		return;
	}
	buf_add(b, text, (size_t)len);
}

bool output_number(const struct value *v, struct buf *b)
{
	char text[DIGITS_MAX];

	switch (v->type) {
	case VALUE_COUNT:
	case VALUE_DELTA:
	case VALUE_ID:
	case VALUE_BYTES:
		buf_add(b, text, digits_integer(text, v->number));
		return true;
	case VALUE_RATE:
	case VALUE_TREND:
	case VALUE_PERCENT:
		add_real(b, v->real, 3);
		return true;
	case VALUE_AGE:
		add_real(b, v->real, 1);
		return true;
	case VALUE_SPAN:
		add_real(b, v->real, 6);
		return true;
	default:
		return false;
	}
}

const char *output_word(const struct value *v, char room[FORMAT_MAX])
{
	struct value bare = *v;

	bare.doubtful = false;
	return format_value(&bare, 0, room);
}

static void add_cell(const struct output_form *form, const struct output_table *t, size_t column,
	const struct value *v, struct buf *b)
{
	char room[FORMAT_MAX];

	(void)form;
	buf_adds(b, column ? ",\"" : "\"");
	buf_adds(b, t->columns->fields[column]->name);
	buf_adds(b, "\":");
	if (v->type == VALUE_NONE)
		buf_adds(b, "null");
	else if (!output_number(v, b))
		output_json_string(b, output_word(v, room));
}

static void add_problems(struct buf *b, const struct frame *f)
{
	struct buf texts[PROBLEMS_MAX];
	size_t n = problems_of(f, texts);

	buf_adds(b, ",\"problems\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		output_json_string(b, texts[i].data ? texts[i].data : "");
		b->failed |= texts[i].failed;
		buf_free(&texts[i]);
	}
	buf_addc(b, ']');
}

static void add_sample(struct buf *b, const struct sample *s)
{
	const struct frame *f = s->frame;

	buf_adds(b, ",\"sample\":{\"source\":");
	output_json_string(b, f->kind);
	if (f->filtered)
		buf_adds(b, ",\"sockets\":null");
	else
		buf_addf(b, ",\"sockets\":%" PRIu32, f->sock_count);
	buf_adds(b, ",\"interval\":");
	if (s->interval_s == s->interval_s)
		add_real(b, s->interval_s, 3);
	else
		buf_adds(b, "null");
	buf_adds(b, ",\"window\":");
	if (s->window_s > 0)
		add_real(b, s->window_s, 3);
	else
		buf_adds(b, "null");
	buf_adds(b, ",\"wall_ms\":");
	add_real(b, (double)f->cost_wall_ns / 1e6, 1);
	buf_adds(b, ",\"cpu_ms\":");
	add_real(b, (double)f->cost_cpu_ns / 1e6, 1);
	buf_addf(b, ",\"partial\":%s,\"owners_hidden\":", frame_is_partial(f) ? "true" : "false");
	if (f->owners_known)
		buf_addf(b, "%" PRIu32, f->owners_hidden);
	else
		buf_adds(b, "null");
	add_problems(b, f);
	buf_addc(b, '}');
}

/* It comes from the command line, as it is. */
static void add_filter(struct buf *b, const char *text)
{
	struct buf safe = { 0 };

	utf8_add_safe(&safe, text, strlen(text));
	buf_adds(b, ",\"filter\":");
	output_json_string(b, safe.data ? safe.data : "");
	b->failed |= safe.failed;
	buf_free(&safe);
}

static void add_head(struct buf *b, const struct output_table *t, const char *view)
{
	const struct sample *s = t->rows.sample;
	char time[FMT_MAX];

	buf_addf(b,
		"{\"sockdash\":\"%s\",\"view\":\"%s\",\"time\":\"%s\",\"host\":", SOCKDASH_VERSION,
		view, fmt_iso_time(time, s->frame->wall_ns));
	output_json_string(b, s->frame->host);
	if (t->filter)
		add_filter(b, filter_text(t->filter));
	if (t->add_members)
		t->add_members(s, b);
	/* A tape may say anything. */
	add_sample(b, s);
}

/* What is in `b`, then a member with rows, then `after`, which is all that comes after the last. */
static int add_rows(const struct output_table *t, const char *name, const char *after,
	struct buf *b, output_flush *flush, void *context)
{
	const struct output_form form = {
		.first = "{", .next = ",{", .end = "}", .after = after, .add_cell = add_cell
	};

	buf_addf(b, ",\"%s\":[", name);
	return output_rows(t, &form, b, flush, context);
}

int output_json(const struct output_table *t, output_flush *flush, void *context)
{
	struct buf b = { 0 };

	add_head(&b, t, t->rows.table->name);
	return add_rows(t, "rows", "]}\n", &b, flush, context);
}

int output_json_tables(const char *view, const struct output_table *all, size_t count,
	output_flush *flush, void *context)
{
	struct buf b = { 0 };
	int err = 0;

	add_head(&b, all, view);
	for (size_t i = 0; !err && i < count; i++)
		err = add_rows(&all[i], all[i].rows.table->name, i + 1 < count ? "]" : "]}\n", &b,
			flush, context);
	return err;
}
