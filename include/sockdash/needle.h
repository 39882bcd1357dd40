/* needle: a text to be found in others, in any case of its letters. */
#ifndef SOCKDASH_NEEDLE_H
#define SOCKDASH_NEEDLE_H

#include "sockdash/cells.h"

#define NEEDLE_MAX 128
struct needle {
	char text[NEEDLE_MAX]; /* lower case; "" nothing, which is nowhere */
	size_t len;
	bool number; /* may be a part of a number, an age, a rate */
};

/* As much of a text as there is room for. */
void needle_set(struct needle *n, const char *text);

/* Whether a text has it. */
bool needle_is_in(const struct needle *n, const char *text);

/* Whether a row of an area shows it, and there the role of every place of it (ROLE_MATCH). */
bool needle_is_drawn(const struct needle *n, const struct cells *c, struct area a, int y);
void needle_mark(const struct needle *n, struct cells *c, struct area a, int y);

#endif
