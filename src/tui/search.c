/* A search goes round the rows once, from the cursor on. Where a newer sample comes in the meantime it
 * goes on in its rows: they stand nearly as they did. */
#include "sockdash/search.h"

#include "sockdash/app.h"

void search_free(struct search *s)
{
	cells_free(&s->scratch);
	s->busy = false;
}

static struct pane_state *pane_of(struct app *a)
{
	return &a->panes[a->search.pane];
}

/* Looks for what is set, from a place on; `skip` leaves that one for the end. */
static void look_from(struct app *a, uint32_t place, bool back, bool skip)
{
	struct search *s = &a->search;

	s->from = place;
	s->back = back;
	s->done = s->skip = skip;
	s->busy = s->needle.len > 0;
	pane_of(a)->needle = s->needle.len ? &s->needle : NULL;
}

static void choose_pane(struct app *a)
{
	search_forget(a);
	a->search.pane = (size_t)(app_pane(a) - a->panes);
}

/* ---- Typing ---------------------------------------------------------------------------------- */

void search_begin(struct app *a)
{
	choose_pane(a);
	pane_remember(pane_of(a), &a->search.origin);
}

void search_follow(struct app *a, const char *text)
{
	struct search *s = &a->search;

	needle_set(&s->needle, text);
	pane_put_cursor(pane_of(a), &s->origin);
	look_from(a, pane_of(a)->position, false, false);
}

void search_finish(struct app *a, const char *text)
{
	const struct prompt_history *h = &a->searches;

	prompt_remember(&a->searches, text);
	if (*text)
		return;
	if (h->count)
		needle_set(&a->search.needle, h->lines[h->count - 1]);
	search_next(a, false);
}

void search_leave(struct app *a)
{
	pane_put_cursor(pane_of(a), &a->search.origin);
	search_forget(a);
}

void search_next(struct app *a, bool back)
{
	if (!a->search.needle.len) {
		app_say(a, "nothing was searched for yet: press /");
		return;
	}
	choose_pane(a);
	look_from(a, app_pane(a)->position, back, true);
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Rows that are being ordered or filtered are waited for. */
bool search_is_ready(const struct app *a)
{
	const struct pane_state *p = &a->panes[a->search.pane];

	return a->search.busy && !p->is_part && (p->count || !p->waiting);
}

static uint32_t place_after(const struct search *s, uint32_t steps, uint32_t count)
{
	uint64_t from = s->from % count;

	return (uint32_t)((s->back ? from + count - steps : from + steps) % count);
}

static void found(struct app *a, uint32_t place)
{
	struct search *s = &a->search;
	struct pane_state *p = pane_of(a);
	bool round = s->back ? place > s->from : place < s->from;

	s->busy = false;
	pane_move(p, (int64_t)place - p->position);
	if (s->skip && place == s->from)
		app_say(a, "there is no other '%s'", s->needle.text);
	else if (round)
		app_say(a, "'%s': on from the %s", s->needle.text, s->back ? "end" : "beginning");
}

void search_work(struct app *a)
{
	struct search *s = &a->search;
	struct pane_state *p = pane_of(a);
	bool full = a->full != APP_OVERVIEW;

	for (unsigned n = 0; n < SEARCH_SLICE && s->done < p->count + s->skip; n++, s->done++) {
		uint32_t place = place_after(s, s->done % p->count, p->count);

		if (pane_has_needle(p, place, &s->needle, full, &s->scratch)) {
			found(a, place);
			return;
		}
	}
	if (s->done < p->count + s->skip)
		return;
	s->busy = false;
	app_say(a, "not found: %s", s->needle.text);
}

void search_stop(struct app *a)
{
	a->search.busy = false;
}

void search_forget(struct app *a)
{
	search_stop(a);
	pane_of(a)->needle = NULL;
}
