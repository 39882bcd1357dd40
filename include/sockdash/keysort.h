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

static inline bool keysort_is_cancelled(const atomic_bool *cancel)
{
	return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

#endif
