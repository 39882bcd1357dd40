/* The columns of a pane. They get their width, then share what is left over; where room is short in
 * the overview the least important go, in full screen they scroll. */
#include "sockdash/pane_layout.h"

#include <string.h>

#include "sockdash/needs.h"

static const struct field *field_of(const struct pane *pane, const char *name)
{
	return table_field(pane->table, name, strlen(name));
}

static int default_width(const struct field *f)
{
	static const int widths[VALUE_TYPES] = {
		[VALUE_COUNT] = 9,
		[VALUE_DELTA] = 7,
		[VALUE_ID] = 10,
		[VALUE_BYTES] = 6,
		[VALUE_RATE] = 7,
		[VALUE_TREND] = 7,
		[VALUE_PERCENT] = 6,
		[VALUE_AGE] = 8,
		[VALUE_SPAN] = 7,
		[VALUE_TEXT] = 16,
		[VALUE_ADDRESS] = 39,
	};
	int title = (int)strlen(f->title);

	return widths[f->type] > title ? widths[f->type] : title;
}

static int total_width(const struct layout *l)
{
	int total = 0;

	for (size_t i = 0; i < l->count; i++)
		total += l->columns[i].width + (i ? LAYOUT_GAP : 0);
	return total;
}

static void remove_column(struct layout *l, size_t at)
{
	memmove(&l->columns[at], &l->columns[at + 1], (l->count - at - 1) * sizeof *l->columns);
	l->count--;
}

/* Takes out the columns of the lowest importance, all of one priority together, until the rest
 * fits. */
static void drop_columns(struct layout *l, int width)
{
	while (total_width(l) > width) {
		int worst = 0;

		for (size_t i = 0; i < l->count; i++)
			if (l->columns[i].column->priority > worst)
				worst = l->columns[i].column->priority;
		if (worst == 0)
			return;
		for (size_t i = l->count; i-- > 0;)
			if (l->columns[i].column->priority == worst)
				remove_column(l, i);
	}
}

static void share_rest(struct layout *l, int width)
{
	int rest = width - total_width(l);

	for (size_t i = 0; i < l->count && rest > 0; i++) {
		int grow = l->columns[i].column ? l->columns[i].column->grow : 0;

		grow = grow < rest ? grow : rest;
		l->columns[i].width += grow;
		rest -= grow;
	}
}

/* Whether the last column can do with less, which it gets then. */
static bool shrink_last(struct layout *l, int width)
{
	struct layout_column *last = &l->columns[l->count - 1];
	int rest = last->width - (total_width(l) - width);

	if (!last->column || !last->column->least || rest < last->column->least)
		return false;
	last->width = rest;
	return true;
}

static void add_column(
	struct layout *l, const struct field *field, const struct pane_column *column, bool full)
{
	if (l->count == COLUMNS_MAX)
		return;
	l->columns[l->count++] = (struct layout_column){
		.field = field,
		.column = column,
		.width = !column                ? default_width(field)
			 : full && column->full ? column->full
						: column->width,
	};
}

/* What is counted from events stands there only where they are asked for. */
static bool is_there(const struct pane_state *p, const struct field *f)
{
	return !(f->needs & NEED_EVENTS) || (p->sample && p->sample->frame->asked & NEED_EVENTS);
}

/* The columns of the pane, in full screen all that it has. */
static void add_own(struct layout *l, const struct pane_state *p, bool full)
{
	const struct pane *pane = p->pane;
	struct columns more;

	for (size_t i = 0; i < pane->column_count; i++) {
		const struct field *field = field_of(pane, pane->columns[i].field);

		if (is_there(p, field))
			add_column(l, field, &pane->columns[i], full);
	}
	if (!full || pane_more(pane, &more))
		return; /* a test makes sure that it never fails */
	for (size_t i = 0; i < more.count; i++)
		if (is_there(p, more.fields[i]))
			add_column(l, more.fields[i], NULL, full);
}

/* The columns that were chosen, each as the pane draws it, with its picture behind it. */
static void add_chosen(struct layout *l, const struct pane_state *p, bool full)
{
	for (size_t i = 0; i < p->chosen.count; i++) {
		const struct field *field = p->chosen.fields[i];
		size_t before = l->count;

		for (size_t k = 0; k < p->pane->column_count; k++)
			if (field_of(p->pane, p->pane->columns[k].field) == field)
				add_column(l, field, &p->pane->columns[k], full);
		if (l->count == before)
			add_column(l, field, NULL, full);
	}
}

/* Takes out columns at the left, so far as it was scrolled but no further than until the last one is
 * there. */
static void scroll_out(struct pane_state *p, struct layout *l, int width)
{
	uint32_t wanted = p->shift;

	p->shift = 0;
	while (p->shift < wanted && l->count > 1 && total_width(l) > width) {
		remove_column(l, 0);
		l->more_left = true;
		p->shift++;
	}
}

/* A column that fits only in part is not shown, but the first one always is. */
static void cut_right(struct layout *l, int width)
{
	while (total_width(l) > width && !shrink_last(l, width) && l->count > 1) {
		l->count--;
		l->more_right = true;
	}
}

void layout_pane(struct pane_state *p, struct layout *l, int width, bool full)
{
	memset(l, 0, sizeof *l);
	if (p->chosen.count)
		add_chosen(l, p, full);
	else
		add_own(l, p, full);
	if (full)
		scroll_out(p, l, width);
	/* Who chose has put first what matters most. */
	if (full || p->chosen.count)
		cut_right(l, width);
	else
		drop_columns(l, width);
	share_rest(l, width);
}
