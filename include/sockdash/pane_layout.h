/* pane_layout: which columns of a pane are on the screen, and how wide they are. */
#ifndef SOCKDASH_PANE_LAYOUT_H
#define SOCKDASH_PANE_LAYOUT_H

#include "sockdash/pane.h"

#define LAYOUT_GAP 1 /* between two columns */

struct layout_column {
	const struct field *field;
	const struct pane_column *column; /* NULL: a field that the pane has no column for */
	int width;
};

struct layout {
	struct layout_column columns[COLUMNS_MAX];
	size_t count;
	bool more_left, more_right;
};

/* Lays them out in so many columns of the screen. Limits how far the pane is scrolled. */
void layout_pane(struct pane_state *p, struct layout *l, int width, bool full);

#endif
