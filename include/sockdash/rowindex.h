/* rowindex: finds the rows of a table by a hash of their key. The keys stay in the rows, so a slot
 * has 4 bytes: the row, and in the bits that are left some of the hash, so that few rows need be
 * compared. Open addressing, no deletion. */
#ifndef SOCKDASH_ROWINDEX_H
#define SOCKDASH_ROWINDEX_H

#include <stdint.h>

/* Never a row: ends a search. */
#define ROWINDEX_NONE UINT32_MAX

/* An all-zero struct rowindex is empty and finds nothing. */
struct rowindex {
	uint32_t *slots;
	uint32_t slot_count;
	uint32_t room; /* rows that it has slots for, and the first row number that does not fit */
	uint32_t count;
	unsigned row_bits;
};

/* Makes it empty with slots for the rows 0 to `rows` - 1 at least. 0 or -ENOMEM (and then it is empty
 * and has none). */
int rowindex_make(struct rowindex *x, uint32_t rows);
void rowindex_free(struct rowindex *x);

/* Whether this row has a slot; if not it is to be made anew, larger. */
static inline int rowindex_has_room(const struct rowindex *x, uint32_t row)
{
	return row < x->room && x->count < x->room;
}

/* Adds a row, also beside another with the same hash. It must have room. */
void rowindex_add(struct rowindex *x, uint64_t hash, uint32_t row);

/* Walks the rows that may have the key with that well-mixed hash, and some that have not:
 * 	uint32_t at = rowindex_first(x, hash);
 * 	while ((row = rowindex_next(x, hash, &at)) != ROWINDEX_NONE)
 * 		if (it is the one) ... */
static inline uint32_t rowindex_first(const struct rowindex *x, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * x->slot_count >> 32);
}

/* Fetches what a search for that hash will read, which is seldom in the cache: to be called some
 * rows ahead. */
static inline void rowindex_prefetch(const struct rowindex *x, uint64_t hash)
{
	__builtin_prefetch(&x->slots[rowindex_first(x, hash)], 1);
}

/* The bits of a hash that stand beside a row. */
static inline uint32_t rowindex_tag(const struct rowindex *x, uint64_t hash)
{
	return (uint32_t)hash << x->row_bits;
}

static inline uint32_t rowindex_next(const struct rowindex *x, uint64_t hash, uint32_t *at)
{
	uint32_t tag = rowindex_tag(x, hash), slot = ROWINDEX_NONE;

	do {
		if (x->slots)
			slot = x->slots[*at];
		*at = *at + 1 < x->slot_count ? *at + 1 : 0;
	} while (slot != ROWINDEX_NONE && (slot ^ tag) >> x->row_bits);
	return slot == ROWINDEX_NONE ? slot : slot ^ tag;
}

#endif
