/* The order, the cursor and the scrolling of a table; nothing of how it is drawn. The cursor is a
 * row's identity: it goes where the row goes, and stays where it was when the row is gone. Until
 * somebody moves it, it is the first line, so that the top of a list stays in view while rows
 * overtake each other.
 *
 * Rows, their order and the cursor's place are always those of one sample, which the pane keeps. A
 * few rows are ordered as soon as there is a newer sample or another key. For many the pane goes
 * on showing what it has and waits until somebody has made what it wishes: nothing here takes
 * longer the more rows there are.
 *
 * Where it has nothing of that key to show it takes a part first: some rows around the cursor, in
 * the places that they have among all. The cursor moves as far as the part goes, and what is left of
 * the way it owes: further keys add to that, so that End and Up lead to the last row but one, and it
 * goes there once all rows are there. A part that does not have the row where the cursor went in
 * the meantime is left. Keys that come before any row does are owed in the same way. */
#include "sockdash/pane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/format.h"

const struct pane *const panes[PANE_COUNT] = { &pane_states, &pane_listen, &pane_procs, &pane_leaks,
	&pane_sockets, &pane_kernel, &pane_audit, &pane_peers, &pane_ports };

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
	p->count = p->from = p->to = 0;
	p->waiting = p->late = p->is_part = false;
	p->owed = 0;
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

/* Makes a part of its own and hands it over. Without memory there is none: all may still fit. */
static void hand_over_part(const struct pane_order *o, struct rowset_order *order,
	const struct pane_order_taker *taker)
{
	struct pane_order made = *o;
	struct rowset_part part;

	if (rowset_order_part(order, o->position, PANE_PART, &part))
		return;
	made.order = part.rows;
	made.from = part.from;
	made.to = part.to;
	made.place = part.place;
	made.is_part = true;
	sample_get(made.sample);
	taker->take(taker->context, &made);
}

void pane_order_make(
	struct pane_order *o, const atomic_bool *cancel, const struct pane_order_taker *taker)
{
	struct rowset rows = rowset_of(o->table, o->sample);
	struct rowset_order *order;

	o->place = ROWSET_NONE;
	o->from = 0;
	o->to = rows.count;
	if (!o->key.field || !rows.count) {
		if (o->cursor)
			o->place = rowset_place(&rows, o->key, NULL, o->cursor);
		return;
	}
	o->error = rowset_order_begin(&rows, o->key, o->cursor, cancel, &order);
	if (o->error)
		return;
	if (taker && o->part_first)
		hand_over_part(o, order, taker);
	o->error = rowset_order_end(order, &o->order, &o->place);
}

/* The cursor's row is at that place now, or gone. */
static void follow_cursor(struct pane_state *p, const struct rowset *rows, uint32_t place)
{
	int64_t owed = p->owed;

	if (!p->cursor)
		p->position = 0;
	else if (place != ROWSET_NONE)
		p->position = place;
	if (p->position >= p->count)
		p->position = p->count ? p->count - 1 : 0;
	if (p->cursor && place == ROWSET_NONE)
		p->cursor = p->count ? rows->table->identity(rows, pane_row(p, p->position)) : 0;
	p->owed = 0;
	if (owed)
		pane_move(p, owed);
}

/* Where the cursor is in what was made, which may be for one that was elsewhere. */
static uint32_t find_cursor(
	const struct pane_state *p, const struct pane_order *made, const struct rowset *rows)
{
	if (p->cursor == made->cursor || !p->cursor)
		return p->cursor ? made->place : ROWSET_NONE;
	if (made->is_part) {
		for (uint32_t i = made->from; i < made->to; i++)
			if (rows->table->identity(rows, made->order[i - made->from]) == p->cursor)
				return i;
		return ROWSET_NONE;
	}
	/* It went through the rows of a part, and one knows which it is. */
	if (made->sample == p->sample && made->table == p->table && p->position >= p->from &&
		p->position < p->to)
		return rowset_place_of_row(rows, made->key, made->order, pane_row(p, p->position));
	return rowset_place(rows, made->key, made->order, p->cursor);
}

/* Whether it shows these rows in this order, of whatever sample. */
static bool shows_order(const struct pane_state *p, const struct table *table, struct sort_key key)
{
	return p->sample && p->table == table && sort_same(p->ordered_by, key);
}

/* Whether a part is better than what is shown, and has the row that the cursor is on. */
static bool is_part_of_use(
	const struct pane_state *p, const struct pane_order *made, uint32_t count, uint32_t place)
{
	if (shows_order(p, made->table, made->key))
		return false;
	if (!p->cursor)
		return made->from == 0;
	if (p->cursor != made->cursor)
		return place != ROWSET_NONE;
	if (place == ROWSET_NONE)
		place = p->position < count ? p->position : count - 1;
	return place >= made->from && place < made->to;
}

/* Shows what was made; leaves there what was shown before. */
static int install(struct pane_state *p, struct pane_order *made)
{
	struct rowset rows = rowset_of(made->table, made->sample);
	struct pane_order before = { .sample = p->sample, .order = p->order };
	uint32_t place;

	if (made->error) {
		pane_free(p); /* its rows were those of another sample, and memory is short */
		p->failed = made->sample->serial;
		p->failed_by = made->key;
		p->failed_all = p->all;
		return made->error;
	}
	place = find_cursor(p, made, &rows);
	if (made->is_part && !is_part_of_use(p, made, rows.count, place))
		return 0;
	p->sample = made->sample;
	p->table = made->table;
	p->order = made->order;
	p->from = made->from;
	p->to = made->to;
	p->is_part = made->is_part;
	p->count = rows.count;
	p->ordered_by = made->key;
	p->failed = 0;
	p->waiting = p->is_part;
	p->late = false;
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
	return p->sample == sample && !p->is_part && shows_order(p, pane_table(p), p->sort);
}

/* There is no use in trying the same again. */
static bool has_failed(const struct pane_state *p, const struct sample *sample)
{
	return p->failed == sample->serial && p->failed_all == p->all &&
	       sort_same(p->failed_by, p->sort);
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
	rows = rowset_of(pane_table(p), sample);
	if (!p->waiting || !is_quick(p, &rows))
		return 0;
	pane_wish(p, sample_get(sample), &made);
	pane_order_make(&made, NULL, NULL);
	err = install(p, &made);
	pane_order_drop(&made);
	return err;
}

bool pane_wish(const struct pane_state *p, struct sample *sample, struct pane_order *out)
{
	*out = (struct pane_order){
		.table = pane_table(p),
		.sample = sample,
		.key = p->sort,
		.cursor = p->cursor,
		.position = p->cursor ? p->position : 0,
		.part_first = !shows_order(p, pane_table(p), p->sort),
	};
	return p->waiting;
}

int pane_take(struct pane_state *p, struct pane_order *made)
{
	if (!p->waiting || made->table != pane_table(p) || !sort_same(made->key, p->sort) ||
		made->error == -ECANCELED)
		return 0;
	return install(p, made);
}

void pane_await(struct pane_state *p)
{
	p->waiting = true;
}

void pane_remember(const struct pane_state *p, struct pane_memory *out)
{
	*out = (struct pane_memory){ p->sort, p->all, p->cursor, p->position, p->top, p->shift };
}

void pane_return(struct pane_state *p, const struct pane_memory *m)
{
	pane_free(p);
	p->sort = m->sort;
	p->all = m->all;
	p->cursor = m->cursor;
	p->position = m->position;
	p->top = m->top;
	p->shift = m->shift;
}

void pane_put_cursor(struct pane_state *p, const struct pane_memory *m)
{
	struct rowset rows;
	uint32_t place = ROWSET_NONE;

	if (!p->count)
		return;
	rows = rowset_of(p->table, p->sample);
	if (m->cursor && !p->is_part)
		place = rowset_place(&rows, p->ordered_by, p->order, m->cursor);
	p->owed = 0;
	p->top = m->top;
	if (!m->cursor)
		pane_home(p);
	else
		pane_move(p, (int64_t)(place != ROWSET_NONE ? place : m->position) - p->position);
}

void pane_hide(struct pane_state *p, const struct sample *newest)
{
	if (p->sample != newest)
		pane_free(p);
	p->waiting = p->late = false;
	p->owed = 0;
}

/* ---- The cursor ------------------------------------------------------------------------------ */

/* Goes there, or as far as it can. */
static void move_to(struct pane_state *p, int64_t place)
{
	struct rowset rows = rowset_of(p->table, p->sample);
	int64_t first = p->from, last = (int64_t)p->to - 1;

	p->position = (uint32_t)(place < first ? first : place > last ? last : place);
	p->cursor = rows.table->identity(&rows, pane_row(p, p->position));
	p->owed = place - p->position;
}

void pane_move(struct pane_state *p, int64_t by)
{
	int64_t to = (int64_t)p->position + p->owed + by;

	if (!p->count && !p->waiting)
		return;
	if (to < 0) {
		pane_home(p);
		return;
	}
	if (p->count)
		move_to(p, to < p->count ? to : (int64_t)p->count - 1);
	else
		p->owed = (to < UINT32_MAX ? to : UINT32_MAX) - p->position;
}

void pane_home(struct pane_state *p)
{
	/* As far as a part goes; without a cursor it is on the first row when all are there. */
	p->position = p->top = p->from;
	p->owed = -(int64_t)p->from;
	p->cursor = 0;
}

void pane_scroll(struct pane_state *p, int64_t rows)
{
	int64_t top = (int64_t)p->top + rows, last = (int64_t)p->to - p->page;

	if (!p->count || !p->page)
		return;
	if (top > last)
		top = last;
	if (top < p->from)
		top = p->from;
	p->top = (uint32_t)top;
	if (p->position < top)
		move_to(p, top);
	else if (p->position >= top + p->page)
		move_to(p, top + p->page - 1);
}

/* ---- The key --------------------------------------------------------------------------------- */

/* What is owed was a way through the order before. */
static void forget_owed(struct pane_state *p)
{
	if (p->count)
		p->owed = 0;
}

void pane_sort(struct pane_state *p, const struct field *field)
{
	forget_owed(p);
	if (p->sort.field == field)
		p->sort.descending = !p->sort.descending;
	else
		p->sort = (struct sort_key){ field, field && format_is_right(field->type) };
}

void pane_reverse(struct pane_state *p)
{
	forget_owed(p);
	p->sort.descending = !p->sort.descending;
}

void pane_toggle_all(struct pane_state *p)
{
	forget_owed(p);
	p->all = !p->all;
}

void pane_sort_neighbour(struct pane_state *p, int direction)
{
	struct columns shown;
	size_t n, at;

	pane_fields(p, false, &shown);
	n = shown.count;
	at = direction > 0 ? n - 1 : 0;
	for (size_t i = 0; p->sort.field && i < n; i++)
		if (shown.fields[i] == p->sort.field)
			at = i;
	pane_sort(p, shown.fields[(at + (direction > 0 ? 1 : n - 1)) % n]);
}
