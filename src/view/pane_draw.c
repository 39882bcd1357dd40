/* Drawing a table: title line, column titles, the rows that fit and no others; and remembering what
 * was drawn where. */
#include "sockdash/pane.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/needs.h"
#include "sockdash/pane_layout.h"

/* ---- Drawing --------------------------------------------------------------------------------- */

/* Whether what is seen is not in the order that the title tells, or older than it should be. */
static bool is_sorting(const struct pane_state *p)
{
	return p->waiting && (p->late || !p->sample || p->is_part || p->table != pane_table(p) ||
				     !sort_same(p->sort, p->ordered_by));
}

/* Whether all rows are shown; in full screen also how many are not, and what shows them. */
static int draw_all_note(
	const struct pane_state *p, struct cells *c, struct area a, int x, unsigned look)
{
	char text[2 * FMT_MAX + 16], few[FMT_MAX], all[FMT_MAX];
	uint32_t count;

	if (!pane_has_all(p))
		return 0;
	if (p->all)
		return cells_put(c, a, x, 0, a.width - x, ROLE_STRONG, " (all)");
	if (!(look & PANE_FULL) || !p->sample || a.width < 60)
		return 0;
	count = p->pane->table->all->count(p->sample);
	snprintf(text, sizeof text, " (%s of %s, a: all)", fmt_count(few, p->count, 0),
		fmt_count(all, count, 0));
	return p->count < count ? cells_put(c, a, x, 0, a.width - x, ROLE_DIM, text) : 0;
}

/* What stands in the title line beside the name: whether all rows are shown, the order, the time that
 * growth is measured over, and whether columns are out of sight. */
static int draw_title_notes(const struct pane_state *p, struct cells *c, struct area a, int x,
	unsigned look, const struct layout *l)
{
	const struct sample *sample = p->sample;
	char text[64], age[FMT_MAX];

	x += draw_all_note(p, c, a, x, look);
	if (p->sort.field) {
		snprintf(text, sizeof text, " %s%s",
			p->sort.descending ? "\xe2\x96\xbc" : "\xe2\x96\xb2", p->sort.field->title);
		x += cells_put(c, a, x, 0, a.width - x, ROLE_DIM, text);
	}
	if (p->pane->unfiltered && p->filtered)
		x += cells_put(c, a, x, 0, a.width - x, ROLE_DIM, " (not filtered)");
	if (p->filtering && !p->pane->unfiltered)
		x += cells_put(c, a, x, 0, a.width - x, ROLE_STRONG, " filtering\xe2\x80\xa6");
	else if (is_sorting(p))
		x += cells_put(c, a, x, 0, a.width - x, ROLE_STRONG, " sorting\xe2\x80\xa6");
	if (p->pane->shows_owners && sample && sample->frame->owners_percent < 100) {
		snprintf(text, sizeof text, " resolving owners %d %%",
			(int)sample->frame->owners_percent);
		x += cells_put(c, a, x, 0, a.width - x, ROLE_WARNING, text);
	}
	if (p->pane->table->window && sample && sample->window_s > 0) {
		snprintf(text, sizeof text, " over %s", fmt_age(age, sample->window_s, 0));
		x += cells_put(c, a, x, 0, a.width - x, ROLE_DIM, text);
	}
	if (l->more_left || l->more_right) {
		snprintf(text, sizeof text, " %s%s", l->more_left ? "\xe2\x80\xb9" : " ",
			l->more_right ? "\xe2\x80\xba" : " ");
		x += cells_put(c, a, x, 0, a.width - x, ROLE_KEY, text);
	}
	return x;
}

static void draw_title(const struct pane_state *p, struct cells *c, struct area a, int number,
	unsigned look, const struct layout *l)
{
	bool focused = look & PANE_FOCUSED;
	char text[3 * FMT_MAX + 16], from[FMT_MAX], to[FMT_MAX], count[FMT_MAX];
	int x = 1;

	cells_repeat(c, a, 0, 0, a.width, ROLE_BORDER, 0x2500);
	snprintf(text, sizeof text, "%d", number);
	x += cells_put(c, a, x, 0, a.width - x, ROLE_KEY, text);
	snprintf(text, sizeof text, " %s", p->pane->title);
	x += cells_put(c, a, x, 0, a.width - x, focused ? ROLE_STRONG : ROLE_TEXT, text);
	x = draw_title_notes(p, c, a, x, look, l);
	/* Where one is in a list that is longer than its pane. */
	if (p->count > p->page) {
		uint32_t last = p->top + p->page < p->to ? p->top + p->page : p->to;

		snprintf(text, sizeof text, " %s-%s of %s ", fmt_count(from, p->top + 1, 0),
			fmt_count(to, last, 0), fmt_count(count, p->count, 0));
		if (x + (int)strlen(text) + 1 < a.width)
			cells_put(
				c, a, a.width - (int)strlen(text) - 1, 0, a.width, ROLE_DIM, text);
	}
}

static void draw_header(
	const struct pane_state *p, struct cells *c, struct area a, const struct layout *l)
{
	int x = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct layout_column *col = &l->columns[i];
		const char *title =
			col->column && col->column->title ? col->column->title : col->field->title;
		enum role role = col->field == p->sort.field ? ROLE_SORT : ROLE_HEADER;
		int width = col->width < a.width - x ? col->width : a.width - x;

		if (format_is_right(col->field->type) && !(col->column && col->column->draw))
			cells_put_right(c, a, x, 0, width, role, title);
		else
			cells_put(c, a, x, 0, width, role, title);
		x += col->width + LAYOUT_GAP;
	}
}

static enum role role_of(const struct layout_column *col, const struct rowset *rows, uint32_t row,
	const struct value *v)
{
	bool weightless = v->type == VALUE_NONE ||
			  ((v->type == VALUE_COUNT || v->type == VALUE_DELTA) && v->number == 0) ||
			  ((v->type == VALUE_RATE || v->type == VALUE_TREND) && v->real == 0);

	if (weightless)
		return ROLE_DIM;
	if (col->column && col->column->role)
		return col->column->role(rows, row);
	return v->type == VALUE_DELTA ? ROLE_CHANGED : ROLE_TEXT;
}

static void draw_row(struct cells *c, struct area a, int y, const struct layout *l,
	const struct rowset *rows, uint32_t row)
{
	int x = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct layout_column *col = &l->columns[i];
		struct value v = rowset_value(rows, row, col->field);
		struct area cell = { a.x + x, a.y + y, col->width, 1 };
		char room[FORMAT_MAX];

		if (cell.x + cell.width > a.x + a.width)
			cell.width = a.x + a.width - cell.x;
		if (col->column && col->column->draw)
			col->column->draw(c, cell, rows, row);
		else if (format_is_right(col->field->type))
			cells_put_right(c, cell, 0, 0, cell.width, role_of(col, rows, row, &v),
				format_value(&v, cell.width, room));
		else
			cells_put(c, cell, 0, 0, cell.width, role_of(col, rows, row, &v),
				format_value(&v, 0, room));
		x += col->width + LAYOUT_GAP;
	}
}

/* Scrolls as little as it takes to have the cursor in sight. */
static void scroll(struct pane_state *p, int height)
{
	uint32_t page = height > 0 ? (uint32_t)height : 0;

	p->page = page;
	if (!page)
		return;
	if (p->position < p->top)
		p->top = p->position;
	if (p->position >= p->top + page)
		p->top = p->position - page + 1;
	/* Nothing is shown of what is not there yet. */
	if (p->to - p->from <= page)
		p->top = p->from;
	else if (p->top > p->to - page)
		p->top = p->to - page;
	else if (p->top < p->from)
		p->top = p->from;
}

/* They come with the next sample: they were not asked for because nobody looked. */
static bool owners_follow(const struct frame *f)
{
	return f->preliminary || !(f->asked & NEED_OWNERS);
}

/* What it means that there is no row. */
static void draw_no_rows(const struct pane_state *p, struct cells *c, struct area rows)
{
	enum role role = p->pane->empty_role;
	struct buf text = { 0 };

	if (p->filtered && !p->pane->unfiltered) {
		buf_adds(&text, "nothing here is selected by the filter");
		role = ROLE_DIM;
	} else if (p->pane->say_empty) {
		p->pane->say_empty(p->sample, p->all, &text, &role);
	}
	cells_put(c, rows, 1, 0, rows.width - 1, role, text.len ? text.data : p->pane->empty);
	buf_free(&text);
}

static void draw_emptiness(const struct pane_state *p, struct cells *c, struct area rows)
{
	const struct sample *sample = p->sample;

	if (!sample && p->failed)
		cells_put(c, rows, 1, 0, rows.width - 1, ROLE_WARNING,
			"there is no memory for this pane");
	else if (!sample)
		cells_put(c, rows, 1, 0, rows.width - 1, ROLE_DIM,
			p->filtering ? "filtering\xe2\x80\xa6"
			: p->waiting ? "sorting\xe2\x80\xa6"
				     : "waiting for the first sample\xe2\x80\xa6");
	else if (p->pane->shows_owners && !sample->frame->owners_known)
		cells_put(c, rows, 1, 0, rows.width - 1, ROLE_DIM,
			owners_follow(sample->frame) ? "resolving owners\xe2\x80\xa6"
						     : "owners are not known");
	else if (sample->frame->absent & 1u << SOCK_TCP)
		cells_put(c, rows, 1, 0, rows.width - 1, ROLE_WARNING,
			"TCP sockets are not in this sample");
	else
		draw_no_rows(p, c, rows);
}

/* The width of the column with a field, 0 where it is out of sight. */
static int width_of(const struct layout *l, const char *field)
{
	for (size_t i = 0; field && i < l->count; i++)
		if (strcmp(l->columns[i].field->name, field) == 0)
			return l->columns[i].width;
	return 0;
}

static bool shows_info(const struct layout *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->columns[i].field->needs & NEED_INFO)
			return true;
	return false;
}

static void draw_rows(const struct pane_state *p, struct cells *c, struct area body, unsigned look,
	const struct layout *l)
{
	struct rowset rows = pane_rows(p);

	for (uint32_t i = 0; i < p->page && p->top + i < p->to; i++) {
		if (look & PANE_FOCUSED && p->top + i == p->position)
			cells_select(c, body, (int)i);
		draw_row(c, body, (int)i, l, &rows, pane_row(p, p->top + i));
		if (p->needle)
			needle_mark(p->needle, c, body, (int)i);
	}
}

/* What a pointer finds there until it is drawn again. */
static void remember_places(
	struct pane_state *p, struct area all, struct area rows, const struct layout *l)
{
	int x = all.x;

	p->drawn = all;
	p->drawn_rows = rows;
	p->drawn_titles.count = l->count;
	for (size_t i = 0; i < l->count; i++) {
		p->drawn_titles.fields[i] = l->columns[i].field;
		p->drawn_titles.x[i] = x;
		x += l->columns[i].width + LAYOUT_GAP;
	}
}

void pane_draw(struct pane_state *p, struct cells *c, struct area a, int number, unsigned look)
{
	struct area header = { a.x, a.y + 1, a.width, 1 }, all = a, body, detail = a;
	struct layout l;

	layout_pane(p, &l, a.width, look & PANE_FULL);
	p->more_columns = l.more_right;
	p->shows_info = shows_info(&l);
	detail.height =
		look & PANE_FULL ? pane_detail_height(p, a, width_of(&l, p->pane->detail_of)) : 0;
	a.height -= detail.height;
	detail.y = a.y + a.height;
	body = (struct area){ a.x, a.y + 2, a.width, a.height - 2 };
	scroll(p, body.height);
	remember_places(p, all, body, &l);
	draw_title(p, c, a, number, look, &l);
	if (a.height > 1)
		draw_header(p, c, header, &l);
	if (body.height < 1)
		return;
	if (!p->count)
		draw_emptiness(p, c, body);
	else
		draw_rows(p, c, body, look, &l);
	if (detail.height)
		pane_detail_draw(p, c, detail);
}
