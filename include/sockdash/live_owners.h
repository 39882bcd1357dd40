/* live_owners: which processes own the sockets of a frame, by walking /proc. Part of the live
 * source. */
#ifndef SOCKDASH_LIVE_OWNERS_H
#define SOCKDASH_LIVE_OWNERS_H

#include <stddef.h>

#include "sockdash/frame.h"

struct live_owners;

struct live_owners *live_owners_create(void);    /* NULL without memory */
void live_owners_destroy(struct live_owners *o); /* NULL is fine */

/* The name of a user, or the number; asking may ask a network. */
void live_owners_name(uint32_t uid, char *out, size_t size);

/* Adds the names of all users that sockets of the frame belong to. 0 or -ENOMEM. */
int live_owners_users(struct live_owners *o, struct frame *f);

/* Adds the processes that own sockets of the frame, and their edges; counts what permissions hide.
 * Processes that had sockets in `prev` (may be NULL) come first. Details (command line, unit,
 * limit) only with NEED_PROC_DETAILS. 0, -ENOMEM, or -ECANCELED once *stop is set. */
int live_owners_resolve(struct live_owners *o, struct frame *f, const struct frame *prev,
	unsigned needs, const volatile bool *stop);

#endif
