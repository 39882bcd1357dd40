/* search: finding the next row of a pane that shows a text, in slices between which keys are
 * answered. */
#ifndef SOCKDASH_SEARCH_H
#define SOCKDASH_SEARCH_H

#include "sockdash/pane.h"

struct app;

/* Rows that are looked at in one slice: some 3 ms. */
#define SEARCH_SLICE 1000

struct search {
	struct needle needle;
	size_t pane;               /* whose rows these are */
	bool busy;                 /* it goes on */
	bool back;                 /* upwards */
	uint32_t from;             /* place where it began */
	uint32_t done;             /* places from there that were looked at, round the end */
	uint32_t skip;             /* 1: the row where it began is the last to look at */
	struct pane_memory origin; /* where the cursor was before any of it */
	struct cells scratch;
};

void search_free(struct search *s);

/* Typing begins; the text is another one: the search begins anew from where the cursor was; typing
 * ended, with a text or without ("": that of before, further on); the cursor is back where it was. */
void search_begin(struct app *a);
void search_follow(struct app *a, const char *text);
void search_finish(struct app *a, const char *text);
void search_leave(struct app *a);

/* The next place of it below (or above) the cursor. */
void search_next(struct app *a, bool back);

/* Whether there is a slice to be done now; does it. */
bool search_is_ready(const struct app *a);
void search_work(struct app *a);

/* No more of it, as after another key. */
void search_stop(struct app *a);

/* Nothing is marked any more: one is at another place. */
void search_forget(struct app *a);

#endif
