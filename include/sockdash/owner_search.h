/* owner_search: which processes are looked at for a frame, in which order, and for how long; and
 * what a socket means whose owner was not found. Part of the live source. */
#ifndef SOCKDASH_OWNER_SEARCH_H
#define SOCKDASH_OWNER_SEARCH_H

#include "sockdash/owner_edges.h"

/* What is remembered between frames. All-zero is a search that has not begun. */
struct owner_search {
	struct hash since; /* inode of a socket without an owner → number of the frame from which
				on it is looked for; a socket that is not in it: from the first */
	uint32_t check_next; /* pid where the checks of tables go on */
};

void owner_search_free(struct owner_search *s);

/* Brings the tables of processes up to date: new processes, those whose count says so, all that
 * may hold a socket whose owner is missing, and a few more. 0, -ENOMEM, -ECANCELED, or an -errno
 * of /proc. To be called after owner_edges_begin(). */
int owner_search_run(struct owner_search *s, struct owner_edges *e);

/* Decides on the sockets without an owner: carried over, out of sight, not to be told yet. Sets
 * owners_hidden and owners_percent. To be called after owner_edges_match(). 0 or -ENOMEM. */
int owner_search_conclude(struct owner_search *s, struct owner_edges *e);

#endif
