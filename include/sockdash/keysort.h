/* keysort: sorts small records by a number, in place. */
#ifndef SOCKDASH_KEYSORT_H
#define SOCKDASH_KEYSORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A record: its key, and what goes with it. */
struct keyed {
	uint64_t key;
	uint32_t tie, row;
};

/* Sorts by key, the smallest first; equal ones come in any order. At most eight rounds over the
 * records however their keys are made. Leaves them in no order soon after *cancel (NULL: never)
 * was set. */
void keysort(struct keyed *e, uint32_t n, const atomic_bool *cancel);

struct keysort_range {
	uint32_t from, to; /* the last one is before `to` */
};

/* The same, but only as far as it takes to have the right records in these places, at least one of
 * them. *part gets the places that are sorted: those and some around, so that no key is on both
 * sides of a border. Behind them are only greater keys and before them smaller ones; to sort all
 * afterwards takes little more than to have sorted all at once. */
void keysort_part(
	struct keyed *e, uint32_t n, struct keysort_range *part, const atomic_bool *cancel);

static inline bool keysort_is_cancelled(const atomic_bool *cancel)
{
	return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

#endif
