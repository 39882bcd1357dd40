/* fuzz_ssdump: any bytes as a raw dump of ss. What comes out is a whole frame: rows keep what their
 * struct promises and are found by their keys, and no more bytes are lost than there were. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/frames.h"
#include "sockdash/ssdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void check_row(const struct frame *f, uint32_t row)
{
	const struct sock *s = &f->socks[row];

	must(s->proto == SOCK_TCP && s->state >= SOCK_ESTAB && s->state < SOCK_STATE_COUNT);
	must(s->timer <= 4 && s->owner == SOCK_NONE && s->netns == 0);
	must(s->local < f->addresses->count && s->remote < f->addresses->count);
	must(!(s->flags & SOCK_HAS_DROPS) || s->state == SOCK_LISTEN);
	must(!(s->flags & SOCK_WAIT_LONGER) || s->state == SOCK_CLOSE_WAIT);
	must(s->state != SOCK_CLOSE_WAIT || s->wait_since <= frame_now(f));
	must(s->first_seen == frame_now(f) && s->flags & SOCK_OLDER);
	must(find_sock(f, frame_sock_key(f, s)) == row);
	must(!s->inode || *frame_user(f, s->uid));
}

static void check_frame(const struct frame *f, size_t size)
{
	size_t messages = size / 88; /* at most: a socket has no fewer bytes */

	must(strcmp(f->kind, "ss dump") == 0 && f->wall_ns == 1);
	must(f->absent == 1u << SOCK_UDP && f->problems[FRAME_RAW_DUMP]);
	must(!f->diff.known && f->netns_count == 1 && !f->proc_count && !f->edge_count);
	/* Rows that were replaced leave their addresses and devices. */
	must(f->sock_count <= messages && f->addresses->count <= 2 * messages);
	must(f->user_count <= f->sock_count && f->device_count <= messages);
	for (uint32_t row = 0; row < f->sock_count; row++)
		check_row(f, row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame *f = NULL;
	size_t lost = SIZE_MAX;
	int rc = ssdump_read(data, size, 1, &f, &lost);

	must(lost <= size);
	must(rc == 0 || rc == -EBADMSG);
	must(rc == 0 ? ssdump_is(data, size) : !f);
	if (!rc)
		check_frame(f, size);
	frame_put(f);
	return 0;
}
