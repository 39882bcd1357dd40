/* rowindex: finds the rows of a table by a hash of their key. The keys stay in the rows, so a slot
 * has 4 bytes; whoever looks compares. Open addressing, no deletion. */
#ifndef SOCKDASH_ROWINDEX_H
#define SOCKDASH_ROWINDEX_H

#include <stdint.h>

/* Never a row: ends a search. */
#define ROWINDEX_NONE UINT32_MAX

/* An all-zero struct rowindex is empty and finds nothing. */
struct rowindex {
	uint32_t *slots;
	uint32_t slot_count;
	uint32_t room; /* rows that it has slots for */
	uint32_t count;
};

/* Makes it empty with slots for `rows` rows at least. 0 or -ENOMEM (and then it is empty and has
 * none). */
int rowindex_make(struct rowindex *x, uint32_t rows);
void rowindex_free(struct rowindex *x);

/* Whether another row has no slot any more: to be made anew, larger. */
static inline int rowindex_is_full(const struct rowindex *x)
{
	return x->count >= x->room;
}

/* Adds a row, also beside another with the same hash. There must be a slot. */
void rowindex_add(struct rowindex *x, uint64_t hash, uint32_t row);

/* Walks the rows that may have the key with that well-mixed hash, and some that have not:
 * 	uint32_t at = rowindex_first(x, hash);
 * 	while ((row = rowindex_next(x, &at)) != ROWINDEX_NONE)
 * 		if (it is the one) ... */
static inline uint32_t rowindex_first(const struct rowindex *x, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * x->slot_count >> 32);
}

static inline uint32_t rowindex_next(const struct rowindex *x, uint32_t *at)
{
	uint32_t row = x->slots ? x->slots[*at] : ROWINDEX_NONE;

	*at = *at + 1 < x->slot_count ? *at + 1 : 0;
	return row;
}

#endif
