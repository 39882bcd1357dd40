/* owner_edges: who owns the sockets of a frame, from the frame before and the tables of the
 * processes. It asks nobody. Part of the live source. */
#ifndef SOCKDASH_OWNER_EDGES_H
#define SOCKDASH_OWNER_EDGES_H

#include "sockdash/grow.h"
#include "sockdash/live_procs.h"

/* One frame being filled. The first five the caller sets. */
struct owner_edges {
	struct live_procs *ps;
	struct frame *f;
	const struct frame *prev; /* that f->diff compares with, or NULL */
	bool goes_on;             /* the edges of `prev` were made from what `ps` knows */
	uint32_t shared_from;     /* row from which on shared descriptors are listed */

	uint32_t *procs_then;     /* per process of `prev`: its place in `ps`, or SOCK_NONE */
	struct row_list fresh;    /* with a file, and not in `prev` or without a file then */
	struct row_list bare;     /* with a file that was there before, and no owner */
	struct row_list lost;     /* without a file now, whose owner `prev` knows */
	uint32_t files;           /* sockets with a file */
	struct shared_fd *shared; /* some of the shared descriptors */
	uint32_t shared_count, shared_most;
	uint32_t shared_next; /* shared_from of the next frame */
};

/* Gives the sockets that are as they were in `prev` (NULL: there is none) their owners, and sorts out
 * the others; those are all where the owners of `prev` are not the last that `ps` knew. Descriptors
 * of sockets that are gone are taken out of the tables. 0 or -ENOMEM. */
int owner_edges_begin(struct owner_edges *e);

/* Gives the sockets that are new, or of which ps->changed tells, the owners that are in the tables
 * now (owner_match.c). 0 or -ENOMEM. */
int owner_edges_match(struct owner_edges *e);

/* The row in the frame of a process, added if it is not there; SOCK_NONE in *row where the process
 * has just gone. 0 or -ENOMEM. */
int owner_edges_proc(struct owner_edges *e, struct live_proc *p, uint32_t *row);

/* The row of the frame before that a socket follows from, or SOCK_NONE. */
static inline uint32_t owner_edges_then(const struct owner_edges *e, uint32_t row)
{
	return e->prev && e->f->diff.known ? e->f->diff.previous[row] : SOCK_NONE;
}

void owner_edges_end(struct owner_edges *e);

#endif
