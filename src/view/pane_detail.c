/* The detail of the row under the cursor: a titled rule below the table, and notes wrapped by words.
 * The table keeps half of the room at least, and does not change its height while the cursor moves:
 * there is room for the longest of the details. */
#include "sockdash/pane.h"

#include <string.h>

#include "sockdash/utf8.h"
#include "sockdash/widgets.h"
#include "sockdash/wrap.h"

#define TABLE_LINES_MIN  5 /* title, columns and three rows */
#define DETAIL_LINES_MIN 3 /* its title and two lines */
#define MARGIN           1
#define ROWS_MAX         256 /* more are not measured */

static void free_detail(struct pane_detail *d)
{
	buf_free(&d->title);
	for (size_t i = 0; i < d->count; i++)
		buf_free(&d->notes[i].text);
}

static int mark_width(const struct pane_note *n)
{
	return utf8_text_width(n->mark, strlen(n->mark));
}

/* Columns of the lines of a note; at least one. */
static int note_width(const struct pane_note *n, int width)
{
	int rest = width - 2 * MARGIN - mark_width(n);

	return rest > 0 ? rest : 1;
}

static int note_lines(const struct pane_note *n, int width)
{
	return n->text.len ? (int)wrap_count(n->text.data, note_width(n, width)) : 0;
}

/* ---- How much there is ----------------------------------------------------------------------- */

/* Whether a detail says no more than what stands in a column of that width. */
static bool is_in_column(const struct pane_detail *d, int column)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->notes[i].text.len &&
			utf8_text_width(d->notes[i].text.data, d->notes[i].text.len) > column)
			return false;
	return true;
}

static int lines_of(const struct pane_state *p, uint32_t row, int width, int column)
{
	struct rowset rows = pane_rows(p);
	struct pane_detail d = { .count = 0 };
	int lines = 0;

	p->pane->detail(&rows, row, &d);
	if (!p->pane->detail_of || !is_in_column(&d, column))
		for (size_t i = 0; i < d.count; i++)
			lines += note_lines(&d.notes[i], width);
	free_detail(&d);
	return lines ? lines + 1 : 0;
}

int pane_detail_height(const struct pane_state *p, struct area a, int width_of)
{
	int most = a.height / 2, wanted = 0;

	if (!p->pane->detail || !p->count)
		return 0;
	if (a.height - most < TABLE_LINES_MIN)
		most = a.height - TABLE_LINES_MIN;
	if (most < DETAIL_LINES_MIN)
		return 0;
	for (uint32_t i = p->from; i < p->to && i < p->from + ROWS_MAX && wanted < most; i++) {
		int lines = lines_of(p, pane_row(p, i), a.width, width_of);

		if (lines > wanted)
			wanted = lines;
	}
	return wanted < most ? wanted : most;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

/* How many lines each note gets of `room`: the least important give theirs first. */
static void share_lines(const struct pane_detail *d, int width, int room, int lines[PANE_NOTES_MAX])
{
	int total = 0;

	for (size_t i = 0; i < d->count; i++)
		total += lines[i] = note_lines(&d->notes[i], width);
	for (; total > room; total--) {
		size_t worst = d->count;

		for (size_t i = 0; i < d->count; i++)
			if (lines[i] && (worst == d->count ||
						d->notes[i].priority >= d->notes[worst].priority))
				worst = i;
		lines[worst]--;
	}
}

/* Answers the lines used. Where some are missing the last one ends in "…". */
static int draw_note(struct cells *c, struct area a, int y, const struct pane_note *n, int lines)
{
	int x = MARGIN + mark_width(n), width = note_width(n, a.width);
	struct area inside = { a.x + x, a.y + y, width, lines };

	if (inside.width > a.width - x)
		inside.width = a.width - x;
	if (inside.height > a.height - y)
		inside.height = a.height - y;
	if (!lines)
		return 0;
	cells_put(c, a, MARGIN, y, a.width - MARGIN, ROLE_DIM, n->mark);
	widget_text(c, inside, n->role, n->text.data);
	return lines;
}

void pane_detail_draw(const struct pane_state *p, struct cells *c, struct area a)
{
	struct rowset rows = pane_rows(p);
	struct pane_detail d = { .count = 0 };
	int lines[PANE_NOTES_MAX], x = 1, y = 1;

	p->pane->detail(&rows, pane_row(p, p->position), &d);
	cells_repeat(c, a, 0, 0, a.width, ROLE_BORDER, 0x2500);
	if (d.title.len)
		cells_put(c, a, x, 0, a.width - x, d.role, d.title.data);
	share_lines(&d, a.width, a.height - 1, lines);
	for (size_t i = 0; i < d.count; i++)
		y += draw_note(c, a, y, &d.notes[i], lines[i]);
	free_detail(&d);
}
