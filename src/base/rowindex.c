/* rowindex owns slots with row numbers. It must not know what a row is. Three slots for two rows:
 * most searches end at the first or second, and a million rows take 6 MB. */
#include "sockdash/rowindex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef ROWINDEX_FIRST
#define ROWINDEX_FIRST 16 /* rows of the smallest; tests make it tiny */
#endif
#define ROWINDEX_ROWS_MAX (UINT32_C(1) << 30) /* 2 bits are left */

int rowindex_make(struct rowindex *x, uint32_t rows)
{
	uint32_t room = rows < ROWINDEX_FIRST ? ROWINDEX_FIRST : rows;
	uint32_t slots = room + room / 2 + 1;

	if (rows > ROWINDEX_ROWS_MAX) {
		rowindex_free(x);
		return -ENOMEM;
	}
	if (x->slot_count != slots) {
		rowindex_free(x);
		x->slots = malloc(slots * sizeof *x->slots);
		if (!x->slots)
			return -ENOMEM;
	}
	memset(x->slots, 0xff, slots * sizeof *x->slots);
	x->slot_count = slots;
	x->room = room;
	x->count = 0;
	/* No row has all bits, so that with any tag it is not an empty slot. */
	x->row_bits = 32 - (unsigned)__builtin_clz(room);
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
		at = at + 1 < x->slot_count ? at + 1 : 0;
	x->slots[at] = row | rowindex_tag(x, hash);
	x->count++;
}
