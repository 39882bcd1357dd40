/* The pane of findings: what was found in a line each, and all of the one under the cursor below. */
#include <math.h>

#include "sockdash/fmt.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"

static const struct finding *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->findings[row];
}

/* Of a rule that found nothing, or that could not be checked. */
static bool is_silent(const struct finding *f)
{
	return f->severity <= SEVERITY_UNKNOWN;
}

static enum role severity_role(const struct rowset *rows, uint32_t row)
{
	static const enum role roles[] = {
		[SEVERITY_OK] = ROLE_GOOD,
		[SEVERITY_UNKNOWN] = ROLE_DIM,
		[SEVERITY_INFO] = ROLE_TEXT,
		[SEVERITY_WARNING] = ROLE_WARNING,
		[SEVERITY_CRITICAL] = ROLE_CRITICAL,
	};

	return roles[row_of(rows, row)->severity];
}

/* ---- No rows --------------------------------------------------------------------------------- */

static uint32_t count_unknown(const struct sample *s)
{
	uint32_t n = 0;

	for (uint32_t i = s->finding_shown; i < s->finding_count; i++)
		n += s->findings[i].severity == SEVERITY_UNKNOWN;
	return n;
}

/* Silence is good only where one has looked. */
static void say_empty(const struct sample *s, bool all, struct buf *text, enum role *role)
{
	uint32_t unknown = count_unknown(s), rules = s->finding_count - s->finding_shown;

	*role = ROLE_DIM;
	if (!(s->frame->asked & NEED_FINDINGS)) {
		buf_adds(text, "checking\xe2\x80\xa6");
	} else if (all) {
		buf_adds(text, "no rule is on");
	} else if (unknown) {
		*role = ROLE_WARNING;
		buf_addf(text,
			"nothing found, but %u of %u rules could not be checked: a shows which",
			unknown, rules);
	} else {
		*role = ROLE_GOOD;
		buf_adds(text, "nothing found: a shows what was checked");
	}
}

/* ---- The finding under the cursor ------------------------------------------------------------ */

static struct pane_note *add_note(
	struct pane_detail *d, enum role role, int priority, const char *mark, const char *text)
{
	struct pane_note *n = &d->notes[d->count++];

	*n = (struct pane_note){ .mark = mark, .role = role, .priority = priority };
	buf_adds(&n->text, text);
	return n;
}

static void add_evidence(struct pane_detail *d, const struct finding *f)
{
	const char *subject = is_silent(f) ? f->rule->help : f->subject;
	struct pane_note *n = add_note(d, is_silent(f) ? ROLE_TEXT : ROLE_STRONG, 1, "", subject);

	if (*f->evidence)
		buf_addf(&n->text, "%s%s", *subject ? ": " : "", f->evidence);
}

/* Where room is short the advice goes first: it is the longest, and the command says most of it. */
static void detail(const struct rowset *rows, uint32_t row, struct pane_detail *out)
{
	const struct finding *f = row_of(rows, row);
	char age[FMT_MAX];

	out->role = severity_role(rows, row);
	buf_addf(&out->title, "%s: %s", severity_name(f->severity), f->rule->id);
	if (!isnan(f->since))
		buf_addf(&out->title, " for %s", fmt_age(age, f->since, 0));
	add_evidence(out, f);
	if (*f->advice)
		add_note(out, ROLE_TEXT, 2, "", f->advice);
	if (*f->command)
		add_note(out, ROLE_KEY, 0, "$ ", f->command);
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* A rule that found nothing has no subject: it stands there itself. */
static void draw_subject(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct finding *f = row_of(rows, row);

	if (is_silent(f))
		cells_put(c, cell, 0, 0, cell.width, ROLE_DIM, f->rule->id);
	else
		cells_put(c, cell, 0, 0, cell.width, ROLE_TEXT, *f->subject ? f->subject : "-");
}

static void draw_evidence(
	struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct finding *f = row_of(rows, row);

	if (is_silent(f) && !*f->evidence)
		cells_put(c, cell, 0, 0, cell.width, ROLE_DIM, f->rule->help);
	else
		cells_put(c, cell, 0, 0, cell.width, ROLE_TEXT, f->evidence);
}

/* The first four are to be seen in 60 columns; the others stand in the detail, where there is room
 * for that, and are so wide that the evidence gets what is left over. */
static const struct pane_column columns[] = {
	{ .field = "severity", .width = 8, .role = severity_role },
	{ .field = "subject", .width = 10, .grow = 12, .draw = draw_subject },
	{ .field = "evidence", .width = 20, .grow = 120, .draw = draw_evidence },
	{ .field = "since", .width = 7 },
	{ .field = "advice", .width = 200 },
	{ .field = "command", .width = 100 },
	{ .field = "id", .width = 18 },
};

const struct pane pane_audit = {
	.table = &table_audit,
	.title = "Findings",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "",
	.empty = "nothing found",
	.empty_role = ROLE_GOOD,
	.say_empty = say_empty,
	.detail = detail,
	.unfiltered = true,
	.no_drill = "a finding is not about single sockets: its detail says where to look",
};
