/* The order, the cursor and the scrolling of a table; nothing of how it is drawn. The cursor is a
 * row's identity: it goes where the row goes, and stays where it was when the row is gone. Until
 * somebody moves it, it is the first line, so that the top of a list stays in view while rows
 * overtake each other.
 *
 * Rows, their order and the cursor's place are always those of one sample, which the pane keeps. A
 * few rows are ordered as soon as there is a newer sample or another key. For many the pane goes
 * on showing what it has and waits until somebody has made what it wishes: nothing here takes
 * longer the more rows there are. */
#include "sockdash/pane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/format.h"

const struct pane *const panes[PANE_COUNT] = { &pane_states, &pane_listen, &pane_procs, &pane_leaks,
	&pane_sockets };

void pane_init(struct pane_state *p, const struct pane *pane)
{
	*p = (struct pane_state){ .pane = pane, .at_once = PANE_AT_ONCE };
	sort_parse(pane->table, pane->table->sort, &p->sort);
}

void pane_free(struct pane_state *p)
{
	free(p->order);
	sample_put(p->sample);
	p->order = NULL;
	p->sample = NULL;
	p->count = 0;
	p->waiting = p->late = false;
}

/* ---- The order ------------------------------------------------------------------------------- */

bool pane_order_same(const struct pane_order *a, const struct pane_order *b)
{
	return a->table == b->table && sort_same(a->key, b->key);
}

void pane_order_drop(struct pane_order *o)
{
	free(o->order);
	sample_put(o->sample);
	*o = (struct pane_order){ 0 };
}

void pane_order_make(struct pane_order *o, const atomic_bool *cancel)
{
	struct rowset rows = rowset_of(o->table, o->sample);

	o->place = ROWSET_NONE;
	o->error = rowset_order(&rows, o->key, cancel, &o->order);
	if (!o->error && o->cursor)
		o->place = rowset_place(&rows, o->key, o->order, o->cursor);
}

/* The cursor's row is at that place now, or gone. */
static void follow_cursor(struct pane_state *p, const struct rowset *rows, uint32_t place)
{
	if (!p->cursor)
		p->position = 0;
	else if (place != ROWSET_NONE)
		p->position = place;
	if (p->position >= p->count)
		p->position = p->count ? p->count - 1 : 0;
	if (p->cursor && place == ROWSET_NONE)
		p->cursor = p->count
				    ? rows->table->identity(rows, rowset_row(p->order, p->position))
				    : 0;
}

/* Shows what was made; leaves there what was shown before. */
static int install(struct pane_state *p, struct pane_order *made)
{
	struct rowset rows = rowset_of(made->table, made->sample);
	struct pane_order before = { .sample = p->sample, .order = p->order };
	uint32_t place = made->place;

	if (made->error) {
		pane_free(p); /* its rows were those of another sample, and memory is short */
		p->failed = made->sample->serial;
		p->failed_by = made->key;
		return made->error;
	}
	p->sample = made->sample;
	p->order = made->order;
	p->count = rows.count;
	p->ordered_by = made->key;
	p->failed = 0;
	p->waiting = p->late = false;
	/* The user has moved it in the meantime. */
	if (p->cursor != made->cursor)
		place = rowset_place(&rows, made->key, made->order, p->cursor);
	follow_cursor(p, &rows, place);
	*made = before;
	return 0;
}

/* Whether ordering the rows and finding the cursor takes no time. */
static bool is_quick(const struct pane_state *p, const struct rowset *rows)
{
	return rows->count <= p->at_once || !p->sort.field;
}

static bool is_up_to_date(const struct pane_state *p, const struct sample *sample)
{
	return p->sample == sample && sort_same(p->ordered_by, p->sort);
}

/* There is no use in trying the same again. */
static bool has_failed(const struct pane_state *p, const struct sample *sample)
{
	return p->failed == sample->serial && sort_same(p->failed_by, p->sort);
}

int pane_update(struct pane_state *p, struct sample *sample)
{
	struct pane_order made;
	struct rowset rows;
	int err;

	if (!sample) {
		pane_free(p);
		return 0;
	}
	p->waiting = !is_up_to_date(p, sample) && !has_failed(p, sample);
	p->late &= p->waiting;
	rows = rowset_of(p->pane->table, sample);
	if (!p->waiting || !is_quick(p, &rows))
		return 0;
	pane_wish(p, sample_get(sample), &made);
	pane_order_make(&made, NULL);
	err = install(p, &made);
	pane_order_drop(&made);
	return err;
}

bool pane_wish(const struct pane_state *p, struct sample *sample, struct pane_order *out)
{
	*out = (struct pane_order){
		.table = p->pane->table,
		.sample = sample,
		.key = p->sort,
		.cursor = p->cursor,
	};
	return p->waiting;
}

int pane_take(struct pane_state *p, struct pane_order *made)
{
	if (!p->waiting || !sort_same(made->key, p->sort) || made->error == -ECANCELED)
		return 0;
	return install(p, made);
}

void pane_hide(struct pane_state *p, const struct sample *newest)
{
	if (p->sample != newest)
		pane_free(p);
	p->waiting = p->late = false;
}

/* ---- The cursor ------------------------------------------------------------------------------ */

void pane_move(struct pane_state *p, int64_t by)
{
	struct rowset rows;
	int64_t to = (int64_t)p->position + by;

	if (!p->count)
		return;
	if (to < 0) {
		pane_home(p);
		return;
	}
	rows = rowset_of(p->pane->table, p->sample);
	p->position = to >= p->count ? p->count - 1 : (uint32_t)to;
	p->cursor = rows.table->identity(&rows, rowset_row(p->order, p->position));
}

void pane_home(struct pane_state *p)
{
	p->cursor = 0;
	p->position = p->top = 0;
}

/* ---- The key --------------------------------------------------------------------------------- */

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
