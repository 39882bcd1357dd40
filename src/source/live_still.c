/* Queues that stand still. What was told in one frame is looked up by cookie in the next; a socket
 * without such a queue is forgotten. */
#include "sockdash/live_still.h"

#include <errno.h>
#include <stdlib.h>

#include "sockdash/diag_rows.h"

static void forget(struct live_still_socks *s)
{
	s->count = 0;
	hash_clear(&s->by_cookie);
}

void live_still_end(struct live_still *s)
{
	struct live_still_socks spare = s->then;

	s->then = s->now;
	s->now = spare;
	forget(&s->now);
}

void live_still_undo(struct live_still *s)
{
	forget(&s->now);
}

void live_still_free(struct live_still *s)
{
	free(s->then.all);
	free(s->now.all);
	hash_free(&s->then.by_cookie);
	hash_free(&s->now.by_cookie);
}

static const struct live_still_sock *find(const struct live_still_socks *s, uint64_t cookie)
{
	uint32_t at = hash_get(&s->by_cookie, cookie);

	return at == HASH_NONE ? NULL : &s->all[at];
}

static const struct sock *sock_then(
	const struct frame *prev, const struct frame *f, const struct sock *s)
{
	uint32_t then = f->diff.known ? f->diff.previous[s - f->socks] : SOCK_NONE;

	return then == SOCK_NONE ? NULL : &prev->socks[then];
}

/* ---- Which ----------------------------------------------------------------------------------- */

static bool may_stand(const struct sock *s)
{
	return s->proto == SOCK_TCP && s->state == SOCK_ESTAB && diag_rows_may_stand(s);
}

static bool is_candidate(const struct frame *prev, const struct frame *f, const struct sock *s)
{
	const struct sock *then;

	if (!may_stand(s) || !s->cookie)
		return false;
	if (!f->diff.known)
		return true;
	then = sock_then(prev, f, s);
	return then && may_stand(then);
}

int live_still_choose(const struct live_still *s, const struct frame *prev, const struct frame *f,
	struct row_list *out)
{
	uint32_t most = f->diff.known ? LIVE_STILL_MOST : LIVE_STILL_FIRST;
	int err = 0;

	for (int known = 1; known >= 0; known--) {
		/* Most often none is known, or all are found. */
		if (known && !s->then.count)
			continue;
		for (uint32_t row = 0; !err && row < f->sock_count && out->count < most; row++) {
			const struct sock *sock = &f->socks[row];

			if (is_candidate(prev, f, sock) && !!find(&s->then, sock->cookie) == known)
				err = row_list_add(out, row) ? -ENOMEM : 0;
		}
	}
	return err;
}

/* ---- Since when ------------------------------------------------------------------------------ */

/* The bytes that have passed the queue; false where the kernel does not tell (before Linux 4.1). */
static bool passed(const struct diag_sock *d, bool receives, uint64_t *out)
{
	int64_t n = receives ? d->info.bytes_received - d->recv_q : d->info.bytes_acked - 1;

	*out = (uint64_t)n + !receives;
	return n >= 0;
}

/* At the first look at a socket nothing is known of the bytes. That its queue has not shrunk proves
 * little, so it counts from the frame before at most. */
static int32_t first_since(const struct frame *prev, const struct frame *f, const struct sock *s,
	int32_t since, bool receives)
{
	const struct sock *then = sock_then(prev, f, s);

	if (!then)
		return since;
	if (receives ? s->recv_q < then->recv_q : s->send_q < then->send_q)
		return frame_now(f);
	return since > frame_now(prev) ? since : frame_now(prev);
}

static int remember(struct live_still_socks *s, const struct live_still_sock *one)
{
	if (s->count >= LIVE_STILL_MOST)
		return 0;
	if (grow(&s->all, s->count, &s->room, sizeof *s->all) ||
		hash_put(&s->by_cookie, one->cookie, s->count))
		return -ENOMEM;
	s->all[s->count++] = *one;
	return 0;
}

int live_still_take(struct live_still *s, const struct frame *prev, struct frame *f, uint32_t row,
	const struct diag_sock *d)
{
	struct sock *sock = &f->socks[row];
	const struct live_still_sock *then = find(&s->then, sock->cookie);
	struct live_still_sock one = { .cookie = sock->cookie, .receives = sock->recv_q };
	struct sock looked = *sock;

	/* What the answer is about must be what the row is about. */
	if (!d->has_info || d->state != SOCK_ESTAB || !d->recv_q == one.receives)
		return 0;
	diag_rows_set_still(f, &looked, d);
	if (!(looked.flags & SOCK_WAIT_LONGER))
		return 0;
	one.since = looked.wait_since;
	if (!passed(d, one.receives, &one.passed)) {
		/* The first frame has nothing better; later ones go by the queues. */
		if (!f->diff.known)
			*sock = looked;
		return 0;
	}
	if (then && then->receives == one.receives) {
		/* The numbers are not taken under one lock: they may be too low for a moment. */
		one.since = one.passed > then->passed ? frame_now(f) : then->since;
		if (one.passed < then->passed)
			one.passed = then->passed;
	} else {
		one.since = first_since(prev, f, sock, one.since, one.receives);
	}
	sock->wait_since = one.since;
	sock->flags |= SOCK_WAIT_LONGER;
	return remember(&s->now, &one);
}

/* ---- The conversation ------------------------------------------------------------------------ */

struct round {
	struct live_still *still;
	const struct frame *prev;
	struct frame *f;
	struct hash rows; /* by cookie */
};

static int take(void *context, const struct diag_sock *d)
{
	struct round *r = context;
	uint32_t row = hash_get(&r->rows, d->cookie);

	return row == HASH_NONE ? 0 : live_still_take(r->still, r->prev, r->f, row, d);
}

int live_still_ask(
	const struct live_dump *d, struct live_still *s, const struct frame *prev, struct frame *f)
{
	struct round r = { .still = s, .prev = prev, .f = f };
	struct row_list list = { 0 };
	int err = live_still_choose(s, prev, f, &list);

	for (uint32_t i = 0; !err && i < list.count; i++)
		err = hash_put(&r.rows, f->socks[list.rows[i]].cookie, list.rows[i]);
	if (!err && list.count)
		err = live_dump_get(d, f, &list, DIAG_WANT_INFO, take, &r);
	if (err)
		live_still_undo(s);
	else
		live_still_end(s);
	hash_free(&r.rows);
	free(list.rows);
	return err;
}
