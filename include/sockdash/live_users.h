/* live_users: the names of users, asked for once each, since asking may ask a network. Part of the
 * live source. */
#ifndef SOCKDASH_LIVE_USERS_H
#define SOCKDASH_LIVE_USERS_H

#include <stddef.h>

#include "sockdash/frame.h"

/* All-zero knows nobody yet. */
struct live_users {
	struct hash rows; /* uid → names */
	char (*names)[64];
	uint32_t count, room;
};

void live_users_free(struct live_users *u);

/* The name of a user, or the number. */
void live_users_name(uint32_t uid, char *out, size_t size);

/* Adds the name of a user to the frame. 0 or -ENOMEM. */
int live_users_add(struct live_users *u, struct frame *f, uint32_t uid);

/* The same for all users that sockets of the frame belong to. */
int live_users_add_all(struct live_users *u, struct frame *f);

#endif
