/* narrow: a sample of which only the sockets that a filter selects are there. */
#ifndef SOCKDASH_NARROW_H
#define SOCKDASH_NARROW_H

#include <stdatomic.h>

#include "sockdash/filter.h"
#include "sockdash/sample.h"

/* How the tables of a sample are made. */
struct narrowing {
	const struct filter *filter; /* NULL: all sockets */
	/* Peers of which so many bits are the same stand in one row; 0: each for itself. */
	uint8_t prefix4, prefix6;
};

/* Whether tables are as they were with it. */
static inline bool narrowing_is_none(const struct narrowing *n)
{
	return filter_is_all(n->filter) && !n->prefix4 && !n->prefix6;
}

/* Makes the tables of a whole sample anew from the selected sockets. States, processes and peers
 * count these alone; of listeners those are there that are selected or have a selected connection;
 * of leaks and ports the rows with a selected socket, with the numbers of all their sockets. What the
 * kernel counts, findings and totals are those of the whole sample. `before` (NULL: there is
 * none) is what the same narrowing has made of the sample before, for changes and rates, which are
 * known only where the frame still has its diff. *cancel (NULL: never) set by another thread ends
 * it soon. For any thread: some 50 ns a socket. The caller owns one reference to *out. 0, -ENOMEM or
 * -ECANCELED. */
int sample_narrow(struct sample *whole, const struct narrowing *n, const struct sample *before,
	const atomic_bool *cancel, struct sample **out);

#endif
