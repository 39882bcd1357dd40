/* cells: the grid everything draws into. It knows characters and what they mean (roles), not how a
 * terminal shows them. */
#ifndef SOCKDASH_CELLS_H
#define SOCKDASH_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/buf.h"

/* What a piece of the screen means. A theme turns it into colour and weight. */
enum role {
	ROLE_TEXT,
	ROLE_DIM,    /* of little weight: zeros, labels, what is not known */
	ROLE_STRONG, /* names of panes, the product */
	ROLE_HEADER, /* column titles */
	ROLE_SORT,   /* title of the column that sorts */
	ROLE_BORDER,
	ROLE_BAR,     /* a share as a bar, a sparkline */
	ROLE_CHANGED, /* a number that moved since the sample before */
	ROLE_GOOD,
	ROLE_WARNING,
	ROLE_CRITICAL,
	ROLE_KEY,     /* a key, in help and footer */
	ROLE_MISTAKE, /* what is wrong in a text that is typed */
	ROLE_MATCH,   /* what was searched for */
	ROLE_COUNT,
};

struct cell {
	uint32_t code; /* character; 0: the second half of a wide one to the left */
	uint8_t role;
	bool selected; /* in the row under the cursor */
};

struct cells {
	int width, height;
	struct cell *grid;
	bool ascii; /* only ASCII characters get in */
};

/* A part of the grid. */
struct area {
	int x, y, width, height;
};

/* 0 or -ENOMEM (the grid keeps its size then). New cells are blank. */
int cells_resize(struct cells *c, int width, int height);
void cells_free(struct cells *c);

/* Blanks everything. */
void cells_clear(struct cells *c);

struct area cells_all(const struct cells *c);

/* Writes a text in row `y` of an area from its column `x` on, at most `width` columns; what does
 * not fit ends in "…". Outside the area and the grid nothing is drawn. Answers the columns used. */
int cells_put(
	struct cells *c, struct area a, int x, int y, int width, enum role role, const char *text);

/* The same at the right edge of `width` columns. */
void cells_put_right(
	struct cells *c, struct area a, int x, int y, int width, enum role role, const char *text);

/* `count` times one character in a row. */
void cells_repeat(
	struct cells *c, struct area a, int x, int y, int count, enum role role, uint32_t code);

/* Marks a row of an area as selected. */
void cells_select(struct cells *c, struct area a, int y);

/* ---- As text --------------------------------------------------------------------------------- */

/* The lines of the grid, without trailing blanks. `mark` puts a ">" into the first blank of a
 * selected row, for where nothing else can show it. */
void cells_text(const struct cells *c, struct buf *out, bool mark);

/* The lines of roles, a letter each ('.' for ROLE_TEXT; upper case where selected), for tests. */
void cells_roles(const struct cells *c, struct buf *out);

#endif
