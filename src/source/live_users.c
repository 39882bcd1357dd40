/* Names of users. They are remembered for as long as the source is open. */
#include "sockdash/live_users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/grow.h"

void live_users_free(struct live_users *u)
{
	hash_free(&u->rows);
	free(u->names);
	*u = (struct live_users){ 0 };
}

void live_users_name(uint32_t uid, char *out, size_t size)
{
	char room[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
		snprintf(out, size, "%s", entry.pw_name);
	else
		snprintf(out, size, "%u", uid);
}

/* The name of a user, asked for once; NULL without memory. */
static const char *name_of(struct live_users *u, uint32_t uid)
{
	uint32_t row = hash_get(&u->rows, uid);

	if (row != HASH_NONE)
		return u->names[row];
	if (grow(&u->names, u->count, &u->room, sizeof *u->names))
		return NULL;
	if (hash_put(&u->rows, uid, u->count))
		return NULL;
	live_users_name(uid, u->names[u->count], sizeof *u->names);
	return u->names[u->count++];
}

int live_users_add(struct live_users *u, struct frame *f, uint32_t uid)
{
	const char *name;

	if (*frame_user(f, uid))
		return 0;
	name = name_of(u, uid);
	if (name)
		name = frame_text(f, name, strlen(name));
	return name ? frame_add_user(f, uid, name) : -ENOMEM;
}

int live_users_add_all(struct live_users *u, struct frame *f)
{
	uint32_t last = UINT32_MAX;
	int err = 0;

	for (uint32_t row = 0; !err && row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		if (!s->inode || s->uid == last)
			continue;
		last = s->uid;
		err = live_users_add(u, f, s->uid);
	}
	return err;
}
