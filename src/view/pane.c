/* The order, the cursor and the scrolling of a table; nothing of how it is drawn. The cursor is a
 * row's identity: it goes where the row goes, and stays where it was when the row is gone. Until
 * somebody moves it, it is the first line, so that the top of a list stays in view while rows
 * overtake each other. */
#include "sockdash/pane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/format.h"

const struct pane *const panes[PANE_COUNT] = { &pane_states, &pane_listen, &pane_procs, &pane_leaks,
	&pane_sockets };

void pane_init(struct pane_state *p, const struct pane *pane)
{
	*p = (struct pane_state){ .pane = pane };
	sort_parse(pane->table, pane->table->sort, &p->sort);
}

void pane_free(struct pane_state *p)
{
	free(p->order);
	p->order = NULL;
	p->count = 0;
	p->ordered = 0;
}

static bool same_key(struct sort_key a, struct sort_key b)
{
	return a.field == b.field && a.descending == b.descending;
}

static void follow_cursor(struct pane_state *p, const struct rowset *rows)
{
	if (!p->cursor) {
		p->position = 0;
		return;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		if (rows->table->identity(rows, rowset_row(p->order, i)) == p->cursor) {
			p->position = i;
			return;
		}
	}
	if (p->position >= p->count)
		p->position = p->count ? p->count - 1 : 0;
	p->cursor = p->count ? rows->table->identity(rows, rowset_row(p->order, p->position)) : 0;
}

int pane_update(struct pane_state *p, const struct sample *sample)
{
	struct rowset rows;
	uint32_t *order;

	if (!sample) {
		pane_free(p);
		return 0;
	}
	if (p->ordered == sample->serial && same_key(p->ordered_by, p->sort))
		return 0;
	rows = rowset_of(p->pane->table, sample);
	if (rowset_order(&rows, p->sort, NULL, &order)) {
		pane_free(p); /* its rows were those of another sample */
		return -ENOMEM;
	}
	free(p->order);
	p->order = order;
	p->count = rows.count;
	p->ordered = sample->serial;
	p->ordered_by = p->sort;
	follow_cursor(p, &rows);
	return 0;
}

void pane_move(struct pane_state *p, const struct sample *sample, int64_t by)
{
	struct rowset rows;
	int64_t to = (int64_t)p->position + by;

	if (!sample || !p->count)
		return;
	if (to < 0) {
		pane_home(p);
		return;
	}
	rows = rowset_of(p->pane->table, sample);
	p->position = to >= p->count ? p->count - 1 : (uint32_t)to;
	p->cursor = rows.table->identity(&rows, rowset_row(p->order, p->position));
}

void pane_home(struct pane_state *p)
{
	p->cursor = 0;
	p->position = p->top = 0;
}

void pane_sort(struct pane_state *p, const struct field *field)
{
	if (p->sort.field == field)
		p->sort.descending = !p->sort.descending;
	else
		p->sort = (struct sort_key){ field, field && format_is_right(field->type) };
}

void pane_reverse(struct pane_state *p)
{
	p->sort.descending = !p->sort.descending;
}

/* A column that draws a value once more, as a bar or a trend, has an empty title: it is passed
 * over. */
static const struct field *sortable_field(const struct pane *pane, size_t column)
{
	const struct pane_column *c = &pane->columns[column];

	return c->title && !*c->title ? NULL : table_field(pane->table, c->field, strlen(c->field));
}

void pane_sort_neighbour(struct pane_state *p, int direction)
{
	size_t n = p->pane->column_count, at = direction > 0 ? n - 1 : 0;

	for (size_t i = 0; p->sort.field && i < n; i++)
		if (sortable_field(p->pane, i) == p->sort.field)
			at = i;
	do
		at = (at + (direction > 0 ? 1 : n - 1)) % n;
	while (!sortable_field(p->pane, at));
	pane_sort(p, sortable_field(p->pane, at));
}
