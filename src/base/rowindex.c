/* rowindex owns slots with row numbers. It must not know what a row is. Two slots for each row keep
 * searches short: most end at the first or second. */
#include "sockdash/rowindex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef ROWINDEX_FIRST
#define ROWINDEX_FIRST 16 /* slots of the smallest, a power of two; tests make it tiny */
#endif
#define ROWINDEX_ROWS_MAX (UINT32_C(1) << 30)

int rowindex_make(struct rowindex *x, uint32_t rows)
{
	uint32_t slots = ROWINDEX_FIRST;

	if (rows > ROWINDEX_ROWS_MAX) {
		rowindex_free(x);
		return -ENOMEM;
	}
	while (slots / 2 < rows)
		slots *= 2;
	if (!x->slots || x->mask != slots - 1) {
		rowindex_free(x);
		x->slots = malloc(slots * sizeof *x->slots);
		if (!x->slots)
			return -ENOMEM;
	}
	memset(x->slots, 0xff, slots * sizeof *x->slots);
	x->mask = slots - 1;
	x->room = slots / 2;
	x->count = 0;
	return 0;
}

void rowindex_free(struct rowindex *x)
{
	free(x->slots);
	*x = (struct rowindex){ 0 };
}

void rowindex_add(struct rowindex *x, uint64_t hash, uint32_t row)
{
	uint32_t at = rowindex_first(x, hash);

	while (x->slots[at] != ROWINDEX_NONE)
		at = (at + 1) & x->mask;
	x->slots[at] = row;
	x->count++;
}
