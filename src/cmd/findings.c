/* Findings as blocks of text: what, how bad, since when, what to do; and how many there are. */
#include "sockdash/findings.h"

#include "sockdash/fmt.h"
#include "sockdash/paragraph.h"

#define INDENT 2

/* ---- How many -------------------------------------------------------------------------------- */

/* A rule that could not be checked for one thing but was for another has been checked. */
static void count_rule(
	const struct sample *s, const struct audit_rule *rule, struct findings_count *c)
{
	bool there = false, checked = false;

	for (uint32_t i = 0; i < s->finding_count; i++) {
		if (s->findings[i].rule != rule)
			continue;
		there = true;
		checked |= s->findings[i].severity != SEVERITY_UNKNOWN;
	}
	c->checked += checked;
	c->not_checked += there && !checked;
}

struct findings_count findings_count(const struct sample *s)
{
	struct findings_count c = { 0 };

	for (uint32_t i = 0; i < s->finding_count; i++) {
		c.critical += s->findings[i].severity == SEVERITY_CRITICAL;
		c.warnings += s->findings[i].severity == SEVERITY_WARNING;
		c.notes += s->findings[i].severity == SEVERITY_INFO;
	}
	for (size_t i = 0; i < audit_rule_count; i++)
		count_rule(s, &audit_rules[i], &c);
	return c;
}

int findings_status(const struct findings_count *all, bool failed)
{
	if (all->critical)
		return EXIT_CRITICAL;
	if (all->warnings)
		return EXIT_WARNING;
	return failed || !all->checked ? EXIT_UNCHECKED : EXIT_HEALTHY;
}

static void add_number(struct buf *b, const char *before, unsigned n, const char *what, bool plural)
{
	if (n)
		buf_addf(b, "%s%u %s%s", before, n, what, plural && n > 1 ? "s" : "");
}

void findings_add_summary(struct buf *b, const struct findings_count *c)
{
	size_t start = b->len;

	add_number(b, "", c->critical, "critical", false);
	add_number(b, b->len > start ? ", " : "", c->warnings, "warning", true);
	add_number(b, b->len > start ? ", " : "", c->notes, "note", true);
	if (b->len == start && !c->checked) {
		buf_adds(b, "nothing could be checked");
		return;
	}
	if (b->len == start)
		buf_adds(b, "nothing found");
	buf_addf(b, "; %u rule%s checked", c->checked, c->checked == 1 ? "" : "s");
	if (c->not_checked)
		buf_addf(b, ", %u not checked", c->not_checked);
}

void findings_add_member(const struct sample *s, struct buf *b)
{
	struct findings_count c = findings_count(s);

	buf_addf(b,
		",\"summary\":{\"critical\":%u,\"warning\":%u,\"info\":%u,\"checked\":%u,"
		"\"not_checked\":%u}",
		c.critical, c.warnings, c.notes, c.checked, c.not_checked);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static const char *word_of(enum severity severity)
{
	static const char *const words[] = {
		[SEVERITY_OK] = "OK",
		[SEVERITY_UNKNOWN] = "NOT CHECKED",
		[SEVERITY_INFO] = "INFO",
		[SEVERITY_WARNING] = "WARNING",
		[SEVERITY_CRITICAL] = "CRITICAL",
	};

	return words[severity];
}

/* How long it has been so, as its field says it. */
static void add_since(struct buf *b, const struct rowset *rows, uint32_t row)
{
	const struct field *field = table_field(rows->table, "since", strlen("since"));
	struct value since = rowset_value(rows, row, field);
	char age[FMT_MAX];

	if (since.type == VALUE_AGE)
		buf_addf(b, ", for %s%s", since.at_least ? "at least " : "",
			fmt_age(age, since.real, 0));
}

static void add_title(struct buf *b, const struct rowset *rows, uint32_t row, int width)
{
	const struct finding *f = &rows->sample->findings[row];
	struct buf title = { 0 };

	buf_addf(&title, "%s %s", word_of(f->severity), f->rule->id);
	if (f->subject && *f->subject)
		buf_addf(&title, ": %s", f->subject);
	add_since(&title, rows, row);
	b->failed |= title.failed;
	paragraph_add(b, title.data ? title.data : "", 0, INDENT, width);
	buf_free(&title);
}

/* What is as it should be, or why nobody knows. */
static void add_rule(struct buf *b, const struct finding *f, int width)
{
	static const char prefix[] = "not checked: ";
	const char *why = f->evidence ? f->evidence : "";
	struct buf line = { 0 };

	/* In a table it says what the word here does. */
	if (strncmp(why, prefix, sizeof prefix - 1) == 0)
		why += sizeof prefix - 1;
	buf_addf(&line, "%s %s", word_of(f->severity), f->rule->id);
	if (*why)
		buf_addf(&line, ": %s", why);
	else
		buf_addf(&line, " (looks for %s)", f->rule->help);
	b->failed |= line.failed;
	paragraph_add(b, line.data ? line.data : "", 0, INDENT, width);
	buf_free(&line);
}

/* Whether a finding of the same rule before it in the order gives the same advice. */
static bool is_advised(const struct rowset *rows, const uint32_t *order, uint32_t place)
{
	const struct finding *all = rows->sample->findings;
	const struct finding *f = &all[rowset_row(order, place)];

	for (uint32_t i = 0; f->advice && i < place; i++) {
		const struct finding *before = &all[rowset_row(order, i)];

		if (before->rule == f->rule && before->advice &&
			strcmp(before->advice, f->advice) == 0)
			return true;
	}
	return false;
}

void findings_add(struct buf *b, const struct rowset *rows, const uint32_t *order, uint32_t place,
	int width, bool wrap_commands)
{
	uint32_t row = rowset_row(order, place);
	const struct finding *f = &rows->sample->findings[row];

	if (f->severity == SEVERITY_OK || f->severity == SEVERITY_UNKNOWN) {
		add_rule(b, f, width);
		return;
	}
	add_title(b, rows, row, width);
	paragraph_add(b, f->evidence ? f->evidence : "", INDENT, 0, width);
	if (!is_advised(rows, order, place))
		paragraph_add(b, f->advice ? f->advice : "", INDENT, 0, width);
	paragraph_add_command(
		b, f->command ? f->command : "", 2 * INDENT, wrap_commands ? width : 0);
}
