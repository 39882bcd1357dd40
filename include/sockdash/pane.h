/* pane: a table on the screen: columns, order, cursor, scrolling. */
#ifndef SOCKDASH_PANE_H
#define SOCKDASH_PANE_H

#include "sockdash/cells.h"
#include "sockdash/rowset.h"

/* ---- What a pane is (static tables) ---------------------------------------------------------- */

struct pane_column {
	const char *field;
	const char *title; /* NULL: the field's */
	int width;
	int full;     /* width in full screen; 0: the same */
	int grow;     /* columns it may take of what is left over */
	int priority; /* 0 always shown; the highest go first, together, where room is short */
	/* Draws a cell of the given width in another way than as the field's value, or NULL. */
	void (*draw)(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row);
	/* What a value means, or NULL: text. */
	enum role (*role)(const struct rowset *rows, uint32_t row);
};

struct pane {
	const struct table *table;
	const char *title;
	const struct pane_column *columns;
	size_t column_count;
	const char *more;  /* fields that full screen shows after the columns, comma separated */
	const char *empty; /* what no rows mean */
	enum role empty_role;
	bool shows_owners; /* waits for owners */
};

extern const struct pane pane_states, pane_listen, pane_procs, pane_leaks, pane_sockets;

/* In the order of their keys, 1 and up. */
extern const struct pane *const panes[];
#define PANE_COUNT    5
#define PANE_OVERVIEW 4 /* the first four stand together in the overview */

/* ---- What the user did to it ----------------------------------------------------------------- */

struct pane_state {
	const struct pane *pane;
	struct sort_key sort;
	uint64_t cursor;   /* identity of the row under it; 0: the first row, whichever that is */
	uint32_t position; /* where the cursor is in the order */
	uint32_t top;      /* first row on the screen */
	uint32_t shift;    /* columns scrolled out at the left (full screen) */
	bool more_columns; /* columns were left out at the right when it was last drawn */
	uint32_t page;     /* rows that were on the screen when it was last drawn */

	/* The order of the rows of one sample. */
	uint32_t *order;
	uint32_t count;
	uint64_t ordered; /* serial of that sample, 0 none */
	struct sort_key ordered_by;
};

void pane_init(struct pane_state *p, const struct pane *pane);
void pane_free(struct pane_state *p);

/* Brings order and cursor up to the sample (NULL: there is none). 0 or -ENOMEM. */
int pane_update(struct pane_state *p, const struct sample *sample);

/* Moves the cursor by rows; pins it to the row it comes to. Moving above the first row or to it by
 * pane_home() unpins it. */
void pane_move(struct pane_state *p, const struct sample *sample, int64_t rows);
void pane_home(struct pane_state *p);

/* Sorts by a field, in its natural direction first (numbers descending); the same field again
 * reverses. */
void pane_sort(struct pane_state *p, const struct field *field);
void pane_reverse(struct pane_state *p);

/* Sorts by the column to the left (-1) or right (+1) of the one that sorts now. */
void pane_sort_neighbour(struct pane_state *p, int direction);

/* NEED_...: what a sample must have for what the pane shows, all fields or (not in full screen) its
 * columns, whether or not the screen is wide enough for them. */
unsigned pane_needs(const struct pane_state *p, bool full);

/* ---- Drawing --------------------------------------------------------------------------------- */

enum pane_look {
	PANE_PLAIN = 0,
	PANE_FOCUSED = 1, /* shows its cursor */
	PANE_FULL = 2,    /* all fields, scrolled sideways; else columns go by priority */
};

/* Draws title line, column titles and rows. Changes only what was there when it was last drawn.
 * `number` is the key of the pane. */
void pane_draw(struct pane_state *p, struct cells *c, struct area a, const struct sample *sample,
	int number, unsigned look);

#endif
