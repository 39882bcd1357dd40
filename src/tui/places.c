/* A place is a pane or the overview under a filter. What a row opens is the pane of sockets under the
 * filter of before and that of the row: terms that can follow any other, for operators bind from left
 * to right. */
#include "sockdash/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/app.h"
#include "sockdash/screen.h"

void places_free(struct places *p)
{
	while (p->depth) {
		struct place *left = &p->left[--p->depth];

		filter_put(left->filter);
		free(left->row);
	}
}

/* ---- Further --------------------------------------------------------------------------------- */

static int find_pane(const struct pane *pane)
{
	int i = 0;

	while (panes[i] != pane)
		i++;
	return i;
}

/* Leaves this place for one under another filter, which it takes. Cursors begin anew there: they were
 * among other rows. */
static int push(struct app *a, const char *row, struct filter *filter, int full)
{
	struct place *left = &a->places.left[a->places.depth];

	search_forget(a);
	/* One comes back to the row, also where the cursor was on whichever is the first. */
	pane_move(app_pane(a), 0);
	*left = (struct place){
		.full = a->full,
		.focus = a->focus,
		.filter = a->filter,
		.pane = app_pane(a)->pane,
		.row = strdup(row),
	};
	if (!left->row)
		return -ENOMEM;
	a->places.depth++;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		struct pane_memory anew;

		pane_remember(&a->panes[i], &left->panes[i]);
		anew = left->panes[i];
		anew.cursor = anew.position = anew.top = 0;
		pane_return(&a->panes[i], &anew);
	}
	a->filter = NULL; /* the reference is the place's now */
	app_set_filter(a, filter);
	left->opened = filter;
	/* Those that wait to be closed for longest are the ones to look at. */
	if (filter_states(filter) == 1u << SOCK_CLOSE_WAIT)
		sort_parse(&table_sockets, "-wait_age", &a->panes[find_pane(&pane_sockets)].sort);
	app_open_pane(a, full);
	return 0;
}

/* The terms of the row behind those of before, unless they are there already. */
static void add_before(struct buf *out, const struct filter *filter, const struct buf *terms)
{
	const char *before = filter_is_all(filter) ? "" : filter_text(filter);
	size_t len = strlen(before);
	bool repeated = len >= terms->len && strcmp(before + len - terms->len, terms->data) == 0 &&
			(len == terms->len || before[len - terms->len - 1] == ' ');

	buf_adds(out, before);
	if (!repeated)
		buf_addf(out, "%s%s", len ? " " : "", terms->data);
}

static void open_row(struct app *a, const struct rowset *rows, uint32_t row)
{
	const struct pane *pane = app_pane(a)->pane;
	struct buf terms = { 0 }, name = { 0 }, all = { 0 };
	struct filter_error error;
	struct filter *filter;
	int err = -ENOMEM;

	if (!pane->drill(rows, row, &terms, &name)) {
		app_say(a, "%s: this row stands for no sockets", pane->title);
		err = 0;
	} else if (!terms.failed && !name.failed) {
		add_before(&all, a->filter, &terms);
		if (!all.failed)
			err = filter_parse(all.data, all.len, &filter, &error);
		if (err == -EINVAL)
			app_say(a, "the row cannot be opened: %s", error.wanted);
		else if (!err) {
			err = push(a, name.data, filter, find_pane(&pane_sockets));
			if (err)
				filter_put(filter);
		}
	}
	if (err == -ENOMEM)
		app_say(a, "out of memory: the row cannot be opened");
	buf_free(&terms);
	buf_free(&name);
	buf_free(&all);
}

void place_open(struct app *a)
{
	struct pane_state *p = app_pane(a);
	struct rowset rows;
	uint32_t row;

	if (p->pane->no_drill) {
		app_say(a, "%s: %s", p->pane->title, p->pane->no_drill);
		return;
	}
	if (!p->count || p->position < p->from || p->position >= p->to) {
		app_say(a, "%s: there is no row to open", p->pane->title);
		return;
	}
	if (a->places.depth == PLACES_MAX) {
		app_say(a, "that is as deep as it goes: Esc goes back");
		return;
	}
	rows = rowset_of(p->table, p->sample);
	row = pane_row(p, p->position);
	if (p->pane->drill)
		open_row(a, &rows, row);
	else
		app_open_socket(a, rows.table->identity(&rows, row));
}

/* ---- The way --------------------------------------------------------------------------------- */

static const char *place_title(int full)
{
	return full == APP_OVERVIEW ? "Overview" : panes[full]->title;
}

bool place_draw_way(const struct app *a, struct cells *c, struct area line)
{
	const struct places *p = &a->places;
	const struct sample *s = a->shown.sample;
	struct screen_way way = { .filter = "" };

	if (!p->depth && !a->detail.open && !a->filter && a->mode != APP_FILTER)
		return false;
	for (size_t i = 0; i < p->depth; i++) {
		way.steps[way.count++] = p->left[i].pane->title;
		way.steps[way.count++] = p->left[i].row;
	}
	if (p->depth || a->detail.open)
		way.steps[way.count++] = place_title(a->full);
	if (a->detail.open)
		way.steps[way.count++] = "Details";
	if (a->filter)
		way.filter = filter_text(a->filter);
	way.repeats = p->depth && a->filter == p->left[p->depth - 1].opened;
	way.counted =
		s && (a->filter || a->mode == APP_FILTER) && !app_pane((struct app *)a)->filtering;
	if (way.counted) {
		way.selected = sample_sock_count(s);
		way.all = s->frame->sock_count;
	}
	screen_way(c, line, &way);
	return true;
}

/* ---- Back ------------------------------------------------------------------------------------ */

void place_back(struct app *a)
{
	struct place *left;

	if (!a->places.depth) {
		app_open_pane(a, APP_OVERVIEW);
		return;
	}
	search_forget(a);
	left = &a->places.left[--a->places.depth];
	for (size_t i = 0; i < PANE_COUNT; i++)
		pane_return(&a->panes[i], &left->panes[i]);
	app_set_filter(a, left->filter);
	app_open_pane(a, left->full);
	a->focus = left->focus;
	free(left->row);
	left->row = NULL;
}
