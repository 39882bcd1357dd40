/* live_owners: which processes own the sockets of a frame. What is known of the frame before stays;
 * only what is new is looked for in /proc. Part of the live source. */
#ifndef SOCKDASH_LIVE_OWNERS_H
#define SOCKDASH_LIVE_OWNERS_H

#include <stddef.h>

#include "sockdash/source.h"

struct live_owners;

struct live_owners *live_owners_create(void);    /* NULL without memory */
void live_owners_destroy(struct live_owners *o); /* NULL is fine */

/* The name of a user, or the number; asking may ask a network. */
void live_owners_name(uint32_t uid, char *out, size_t size);

/* Adds the names of all users that sockets of the frame belong to. 0 or -ENOMEM. */
int live_owners_users(struct live_owners *o, struct frame *f);

/* Gives the sockets of a frame their owners: adds the processes and edges, carries over the owners
 * of sockets that lost their file, marks those that are out of sight (but in a first frame only
 * where that is certain), and tells how far the search has come. To be called after
 * frame_compare() and frame_carry_times() with the same `prev` (NULL: there is none).
 * request->owners_budget_ns limits the time; details of processes (command line, unit, limit) come
 * only with NEED_PROC_DETAILS. 0, -ENOMEM, or -ECANCELED once *stop is set; that /proc cannot be
 * read is told in the frame. */
int live_owners_resolve(struct live_owners *o, struct frame *f, const struct frame *prev,
	const struct source_request *request, const atomic_bool *stop);

#endif
