/* pane: a table on the screen: columns, order, cursor, scrolling. */
#ifndef SOCKDASH_PANE_H
#define SOCKDASH_PANE_H

#include "sockdash/buf.h"
#include "sockdash/cells.h"
#include "sockdash/needle.h"
#include "sockdash/rowset.h"

/* ---- What a pane is (static tables) ---------------------------------------------------------- */

struct pane_column {
	const char *field;
	const char *also;  /* another field that `draw` shows in the same cell, or NULL */
	const char *title; /* NULL: the field's */
	int width;
	int full;  /* width in full screen; 0: the same */
	int grow;  /* columns it may take of what is left over */
	int least; /* in full screen, where it does not fit, this much of it is shown too; 0: not */
	int priority; /* 0 always shown; the highest go first, together, where room is short */
	/* Draws a cell of the given width in another way than as the field's value, or NULL. */
	void (*draw)(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row);
	/* What a value means, or NULL: text. */
	enum role (*role)(const struct rowset *rows, uint32_t row);
};

/* A piece of what there is to say of a row: it begins a line of its own. */
struct pane_note {
	const char *mark; /* before its first line, for those after it to stand under; "" none */
	struct buf text;
	enum role role;
	int priority; /* where room is short: the highest gives its lines first */
};
#define PANE_NOTES_MAX 6

/* What is said of a row below the table, in full screen. */
struct pane_detail {
	struct buf title;
	enum role role; /* of the title */
	struct pane_note notes[PANE_NOTES_MAX];
	size_t count;
};

struct pane {
	const struct table *table;
	const char *title;
	const struct pane_column *columns;
	size_t column_count;
	const char *
		more; /* fields that full screen shows after the columns, comma separated; "" none */
	const char *empty; /* what no rows mean */
	enum role empty_role;
	/* Says what no rows mean where that depends on the sample, or NULL. */
	void (*say_empty)(const struct sample *s, bool all, struct buf *text, enum role *role);
	/* Fills *out, which comes empty, with what there is to say of a row; NULL: nothing. */
	void (*detail)(const struct rowset *rows, uint32_t row, struct pane_detail *out);
	const char *detail_of; /* nothing to add where this field is wide enough, or NULL */
	bool shows_owners;     /* waits for owners */
	bool unfiltered;       /* its rows are not about single sockets: no filter narrows it */

	/* Adds the filter of the sockets that a row stands for: terms side by side, the first of them
	 * not a state, so that it can follow any other filter. And what to call the row in the way that
	 * led there. False where it stands for none. NULL: no row does, and why is in `no_drill`. */
	bool (*drill)(
		const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name);
	const char *no_drill; /* a sentence without a full stop */
};

extern const struct pane pane_states, pane_listen, pane_procs, pane_leaks, pane_sockets,
	pane_kernel, pane_audit, pane_peers, pane_ports;

/* In the order of their keys, 1 and up. */
extern const struct pane *const panes[];
#define PANE_COUNT    9
#define PANE_OVERVIEW 4 /* the first four stand together in the overview */

/* ---- The order of its rows ------------------------------------------------------------------- */

/* The rows of a sample, ordered: first what is wished, then what came of it. */
struct pane_order {
	const struct table *table;
	struct sample *sample;
	struct sort_key key;
	uint64_t cursor;   /* identity of the row to find, 0 none */
	uint32_t position; /* where it was: the part is around this place if it is gone */
	bool part_first;   /* there is nothing to show yet: some rows are wished before all */

	uint32_t *order;   /* malloc'ed; NULL: as they stand */
	uint32_t from, to; /* the places of what is in it, the last one before `to` */
	bool is_part;      /* the others are still being ordered */
	uint32_t place;    /* of the cursor, or ROWSET_NONE */
	int error;         /* 0 or -errno */
};

/* Rows of a part before the cursor, and with it and behind it: more than screens have. */
#define PANE_PART 256

/* Somebody who takes a part before all is there: the order and a reference to the sample are his. */
struct pane_order_taker {
	void (*take)(void *context, struct pane_order *part);
	void *context;
};

/* Makes the order and finds the cursor: some 40 ns a row, for any thread. *cancel as in
 * rowset_order(). `taker` (NULL: nobody) gets the part that is wished first. */
void pane_order_make(
	struct pane_order *o, const atomic_bool *cancel, const struct pane_order_taker *taker);

/* Gives back the order and the reference to the sample; there is nothing left. */
void pane_order_drop(struct pane_order *o);

/* Whether it is of the same rows in the same order, but for the sample. */
bool pane_order_same(const struct pane_order *a, const struct pane_order *b);

/* ---- What the user did to it ----------------------------------------------------------------- */

/* Tables of more rows than these are ordered by somebody else: with cold caches it takes up to a
 * microsecond a row, and there are four panes on a screen. */
#define PANE_AT_ONCE 5000

struct pane_state {
	const struct pane *pane;
	struct sort_key sort;
	bool all;          /* rows that are left out otherwise too, where there are such */
	uint64_t cursor;   /* identity of the row under it; 0: the first row, whichever that is */
	uint32_t position; /* where the cursor is in the order */
	uint32_t top;      /* first row on the screen */
	uint32_t shift;    /* columns scrolled out at the left (full screen) */
	const struct needle *needle; /* marked in the rows; set from outside; NULL: nothing */
	const struct beside *beside; /* for drawing, set from outside; NULL: nothing */
	bool shows_info;       /* a column of tcp_info was on the screen when it was last drawn */
	struct columns chosen; /* in their order; none: those of the pane */
	bool more_columns;     /* columns were left out at the right when it was last drawn */
	uint32_t page;         /* rows that were on the screen when it was last drawn */

	/* What it shows: the rows of one sample in their order. */
	struct sample *sample;     /* its own reference, NULL none */
	const struct table *table; /* whose rows these are */
	uint32_t *order;   /* of the places from `from` to before `to`; NULL: as they stand */
	uint32_t from, to; /* 0 and all, or those of a part */
	uint32_t count;    /* all rows of the sample */
	struct sort_key ordered_by;
	bool is_part; /* the others are still being ordered */
	int64_t owed; /* rows that the cursor is to move yet, once they are there */

	uint32_t at_once; /* PANE_AT_ONCE; tests make it small */
	bool waiting;     /* for an order that is not made at once, and shows the last one */
	bool late;        /* that takes time that one notices; set from outside */

	/* What was drawn where; nothing where it is not on the screen. */
	struct area drawn, drawn_rows;
	struct {
		const struct field *fields[COLUMNS_MAX];
		int x[COLUMNS_MAX]; /* of the screen, in their order */
		size_t count;
	} drawn_titles;

	bool filtered;             /* by a filter, and... */
	bool filtering;            /* ...what it shows is not that yet; both set from outside */
	uint64_t failed;           /* serial of the sample that there is no memory for, 0 none... */
	struct sort_key failed_by; /* ...in this order... */
	bool failed_all;           /* ...and of these rows */
};

void pane_init(struct pane_state *p, const struct pane *pane);
void pane_free(struct pane_state *p);

/* Whether it has rows that are left out unless asked for. */
static inline bool pane_has_all(const struct pane_state *p)
{
	return p->pane->table->all != NULL;
}

/* The table that is wished for: with all rows or without those. */
static inline const struct table *pane_table(const struct pane_state *p)
{
	return p->all && pane_has_all(p) ? p->pane->table->all : p->pane->table;
}

/* Brings rows, order and cursor up to the sample (NULL: there is none), at once or, where there are
 * many rows, by waiting for what pane_wish() answers. 0 or -ENOMEM. */
int pane_update(struct pane_state *p, struct sample *sample);

/* The order that a pane waits for, its sample borrowed. False where it does not wait. */
bool pane_wish(const struct pane_state *p, struct sample *sample, struct pane_order *out);

/* Takes an order that was made of such a wish, unless it is not wished any more. What is left in
 * *made is the caller's: sample and order, those that were shown before or those that were not
 * taken. 0 or -ENOMEM. */
int pane_take(struct pane_state *p, struct pane_order *made);

/* Its rows are on their way, somebody else makes them: keys are owed until then. */
void pane_await(struct pane_state *p);

/* What the user did to it, to be done again: order, cursor, scrolling. */
struct pane_memory {
	struct sort_key sort;
	bool all;
	uint64_t cursor;
	uint32_t position, top, shift;
};
void pane_remember(const struct pane_state *p, struct pane_memory *out);
void pane_return(struct pane_state *p, const struct pane_memory *m); /* lets go of its rows */

/* Puts the cursor to where it was, or as near as it can. */
void pane_put_cursor(struct pane_state *p, const struct pane_memory *m);

/* The pane is not on the screen: it waits for nothing, and keeps its rows only as long as they are
 * those of the newest sample. The cursor stays. */
void pane_hide(struct pane_state *p, const struct sample *newest);

/* Moves the cursor by rows; pins it to the row it comes to. Moving above the first row or to it by
 * pane_home() unpins it. Where rows are still being ordered it goes as far as they are there, and
 * the rest of the way when the others come. */
void pane_move(struct pane_state *p, int64_t rows);
void pane_home(struct pane_state *p);

/* Scrolls by rows, as far as there are some; the cursor stays on its row while that is in sight. */
void pane_scroll(struct pane_state *p, int64_t rows);

/* The rows that it shows, with what is known beside them. */
static inline struct rowset pane_rows(const struct pane_state *p)
{
	struct rowset rows = rowset_of(p->table, p->sample);

	rows.beside = p->beside;
	return rows;
}

/* The row in a place that is there. */
static inline uint32_t pane_row(const struct pane_state *p, uint32_t place)
{
	return rowset_row(p->order, place - p->from);
}

/* Sorts by a field, in its natural direction first (numbers descending); the same field again
 * reverses. */
void pane_sort(struct pane_state *p, const struct field *field);
void pane_reverse(struct pane_state *p);

/* Shows all rows, or again only those that call for attention. */
void pane_toggle_all(struct pane_state *p);

/* Sorts by the column to the left (-1) or right (+1) of the one that sorts now. */
void pane_sort_neighbour(struct pane_state *p, int direction);

/* The fields that full screen shows after the columns. 0, or -EINVAL for a name that is not a
 * field. */
int pane_more(const struct pane *pane, struct columns *out);

/* The fields of its columns, in order: those that were chosen, or else its own, with those that only
 * full screen shows if it is `full`. */
void pane_fields(const struct pane_state *p, bool full, struct columns *out);

/* The same with all that their cells tell: an address and its port. */
void pane_told_fields(const struct pane_state *p, bool full, struct columns *out);

/* NEED_...: what a sample must have for all fields of the pane, whether or not the screen is wide
 * enough for them. */
unsigned pane_needs(const struct pane_state *p);

/* ---- Drawing --------------------------------------------------------------------------------- */

enum pane_look {
	PANE_PLAIN = 0,
	PANE_FOCUSED = 1, /* shows its cursor */
	PANE_FULL = 2,    /* all fields, scrolled sideways; else columns go by priority */
};

/* Draws title line, column titles and rows. Changes only what was there when it was last drawn.
 * `number` is the key of the pane. */
void pane_draw(struct pane_state *p, struct cells *c, struct area a, int number, unsigned look);

/* Lines that the detail of the rows takes at the bottom of an area: the same whichever of them is
 * under the cursor; 0 where there is no room or nothing to say. `width_of` is the width of the
 * column that the detail is of, 0 where it is out of sight. */
int pane_detail_height(const struct pane_state *p, struct area a, int width_of);

/* Draws the detail of the row under the cursor, which is there, and of its title line as much as
 * fits. */
void pane_detail_draw(const struct pane_state *p, struct cells *c, struct area a);

/* ---- Searching (pane_search.c) ----------------------------------------------------------------- */

/* Whether one of the columns of the row in a place, which is there, shows what is searched for: as
 * they are in full screen or in the overview, also those out of sight. Draws into `scratch`, which is
 * the caller's to free. Takes 1 to 4 microseconds. */
bool pane_has_needle(const struct pane_state *p, uint32_t place, const struct needle *n, bool full,
	struct cells *scratch);

#endif
