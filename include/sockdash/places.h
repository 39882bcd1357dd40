/* places: the way that led to where we are. Opening a row goes a step further, Esc one back, and
 * everything is there as it was left. */
#ifndef SOCKDASH_PLACES_H
#define SOCKDASH_PLACES_H

#include "sockdash/pane.h"

struct app;
struct filter;

/* As deep as one can go. */
#define PLACES_MAX 12

/* A place that was left, and the row that was opened there. */
struct place {
	int full;
	unsigned focus;
	struct filter *filter;       /* a reference; NULL: none */
	const struct pane *pane;     /* the row's */
	char *row;                   /* what to call it: "java (2291)" */
	const struct filter *opened; /* what the row stood for: to compare with, not to look at */
	struct pane_memory panes[PANE_COUNT];
};

struct places {
	struct place left[PLACES_MAX]; /* the first one first */
	size_t depth;
};

/* Opens the row under the cursor: its connections, or of a socket its details. Says why where that
 * does not go. */
void place_open(struct app *a);

/* Goes one step back: to the place that was left last; at the beginning of the way from a pane to the
 * overview. */
void place_back(struct app *a);

/* Draws the way and the filter in one line; false, and nothing drawn, where there is neither. */
bool place_draw_way(const struct app *a, struct cells *c, struct area line);

void places_free(struct places *p);

#endif
