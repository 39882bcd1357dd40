/* leak_ends: the busiest remote and local ends of a pile. */
#ifndef SOCKDASH_LEAK_ENDS_H
#define SOCKDASH_LEAK_ENDS_H

#include "sockdash/keysort.h"
#include "sockdash/sample.h"

/* Fills peer, peer_count, local and local_count of a row from its sockets, the `row` of each record
 * (at least one). `scratch` has room for as many. 0 or -ENOMEM. */
int leak_ends_tell(struct sample *s, struct leak_row *row, const struct keyed *socks,
	uint32_t count, struct keyed *scratch);

#endif
