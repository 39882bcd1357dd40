/* Sockets that were reset and not closed, to bytes and back. A reset never changes: a sample tells
 * which of those before are still there, and the new ones. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/tape_decode.h"
#include "sockdash/tape_encode.h"

/* ---- To bytes -------------------------------------------------------------------------------- */

static bool same_reset(
	const struct frame_reset *now, const struct frame_reset *then, uint32_t proc_then)
{
	return now->cookie == then->cookie && now->netns == then->netns &&
	       now->ipv4 == then->ipv4 && proc_then == then->proc && now->fd == then->fd &&
	       now->inode == then->inode && now->wait_since == then->wait_since;
}

/* Each is told by its distance from the new one before it. */
static void add_reset(struct buf *b, const struct frame_reset *r, const struct frame_reset *last)
{
	wire_add_uint(b, r->ipv4 ? TAPE_RESET_IPV4 : 0);
	wire_add_uint(b, r->netns);
	wire_add_int(b, (int64_t)(r->cookie - last->cookie));
	wire_add_int(b, (int64_t)r->inode - last->inode);
	wire_add_int(b, (int64_t)r->proc - last->proc);
	wire_add_int(b, (int64_t)r->fd - last->fd);
	wire_add_int(b, (int64_t)r->wait_since - last->wait_since);
}

static int index_resets(const struct frame *f, struct hash *out)
{
	int err = 0;

	for (uint32_t i = 0; !err && f && i < f->reset_count; i++)
		err = hash_put(out, f->resets[i].cookie, i);
	return err;
}

void tape_add_resets(struct buf *out, const struct frame *cur, const struct frame *prev,
	const uint32_t *proc_was)
{
	static const struct frame_reset none;
	const struct frame_reset *last = &none;
	struct hash by_cookie = { 0 };
	struct tape_runs runs = { 0 };
	struct buf rows = { 0 };
	uint32_t next = 0; /* they keep their order, and each is taken once */

	if (!cur->reset_count)
		return;
	rows.failed = index_resets(prev, &by_cookie) != 0;
	for (uint32_t i = 0; i < cur->reset_count; i++) {
		const struct frame_reset *r = &cur->resets[i];
		uint32_t was = hash_get(&by_cookie, r->cookie);

		if (was != HASH_NONE && was >= next &&
			same_reset(r, &prev->resets[was], proc_was[r->proc])) {
			tape_run_copy(&runs, was, &rows);
			next = was + 1;
			continue;
		}
		add_reset(&runs.rows, r, last);
		runs.fresh++;
		last = r;
	}
	tape_run_end(&runs, &rows);
	tape_add_section_if_any(out, TAPE_RESETS, &rows);
	hash_free(&by_cookie);
	buf_free(&rows);
	buf_free(&runs.rows);
}

/* ---- From bytes ------------------------------------------------------------------------------ */

static int push_reset(struct tape_decoder *d, const struct frame_reset *r)
{
	return r->netns < d->f->netns_count ? frame_add_reset(d->f, r) : -EBADMSG;
}

static int copy_reset(struct tape_decoder *d, uint32_t was)
{
	struct frame_reset r = d->prev->resets[was];

	if (was < d->next_reset)
		return -EBADMSG;
	d->next_reset = was + 1;
	r.proc = d->proc_is[r.proc];
	return r.proc == SOCK_NONE ? -EBADMSG : push_reset(d, &r);
}

/* A number next to `model`, within limits. */
static int64_t read_near(struct wire *w, int64_t model, int64_t least, int64_t most)
{
	int64_t n = (int64_t)((uint64_t)wire_int(w) + (uint64_t)model);

	if (n < least || n > most)
		w->bad = true;
	return n;
}

static int read_reset(struct tape_decoder *d, struct wire *w)
{
	const struct frame_reset *last = &d->last_reset;
	struct frame_reset r = { 0 };
	uint64_t netns;

	r.ipv4 = wire_uint(w) & TAPE_RESET_IPV4; /* a later version may know more */
	netns = wire_uint(w);
	r.cookie = last->cookie + (uint64_t)wire_int(w);
	r.inode = (uint32_t)read_near(w, last->inode, 0, UINT32_MAX);
	r.proc = (uint32_t)read_near(w, last->proc, 0, (int64_t)d->proc_count - 1);
	r.fd = (uint32_t)read_near(w, last->fd, 0, INT32_MAX);
	r.wait_since = (int32_t)read_near(w, last->wait_since, INT32_MIN, INT32_MAX);
	if (w->bad || netns > SOCK_NETNS_MAX || !r.cookie)
		return -EBADMSG;
	r.netns = (uint16_t)netns;
	d->last_reset = r;
	return push_reset(d, &r);
}

int tape_read_resets(struct tape_decoder *d)
{
	return tape_read_runs(d, &d->sections[TAPE_RESETS], d->prev ? d->prev->reset_count : 0,
		copy_reset, read_reset);
}
