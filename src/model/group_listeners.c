/* Listening sockets and the connections of each. A connection belongs to the listener with its
 * local address and port, else to a wildcard listener of that port; an IPv6 wildcard serves IPv4 as
 * well unless it is V6ONLY. Listeners that share address and port (SO_REUSEPORT) show the same
 * connections. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"

struct index {
	struct hash by_place; /* netns, address, port → first listener there */
	uint32_t *next;       /* per listener: another one at the same place, or SOCK_NONE */
	uint32_t any_ipv4,
		any_ipv6; /* rows of the wildcard addresses without a device, or SOCK_NONE */
	uint8_t ports[65536 / 8]; /* with a listener at all: most clients' ports have none */
};

static const uint8_t any_ipv6[16];
static const uint8_t any_ipv4[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_mapped(const uint8_t *bytes)
{
	return memcmp(bytes, any_ipv4, 12) == 0;
}

static uint64_t place(const struct sock *s, uint32_t address)
{
	return (uint64_t)s->netns << 48 | (uint64_t)s->local_port << 32 | address;
}

static int index_listener(struct index *ix, struct sample *s, uint32_t row)
{
	const struct sock *sock = &s->frame->socks[s->listeners[row].sock];
	uint32_t first;
	int err;

	ix->next[row] = SOCK_NONE;
	if (sock->proto != SOCK_TCP)
		return 0;
	err = hash_add(&ix->by_place, place(sock, sock->local), row, &first);
	if (!err && first != row) {
		ix->next[row] = ix->next[first];
		ix->next[first] = row;
	}
	ix->ports[sock->local_port / 8] |= (uint8_t)(1u << sock->local_port % 8);
	return err;
}

/* The first listener at an address and the connection's port, or HASH_NONE. An IPv6 wildcard
 * that is V6ONLY does not serve IPv4. */
static uint32_t probe(const struct index *ix, const struct sample *s, const struct sock *c,
	uint32_t address, bool for_ipv4)
{
	uint32_t found;

	if (address == SOCK_NONE)
		return HASH_NONE;
	found = hash_get(&ix->by_place, place(c, address));
	if (found != HASH_NONE && for_ipv4 &&
		s->frame->socks[s->listeners[found].sock].flags & SOCK_V6ONLY)
		return HASH_NONE;
	return found;
}

/* The first listener that a connection came through, or HASH_NONE: at its own address, at the
 * wildcard of its family, at that of IPv6; each on its device before those on all. */
static uint32_t find_listener(const struct index *ix, const struct sample *s, const struct sock *c)
{
	const struct frame *f = s->frame;
	const struct address *local = frame_address(f, c->local);
	bool ipv4 = is_mapped(local->bytes);
	uint32_t found = probe(ix, s, c, c->local, false);

	if (found == HASH_NONE && local->scope) {
		found = probe(ix, s, c, frame_find_address(f, local->bytes, 0), false);
		if (found == HASH_NONE && ipv4)
			found = probe(
				ix, s, c, frame_find_address(f, any_ipv4, local->scope), false);
		if (found == HASH_NONE)
			found = probe(
				ix, s, c, frame_find_address(f, any_ipv6, local->scope), ipv4);
	}
	if (found == HASH_NONE && ipv4)
		found = probe(ix, s, c, ix->any_ipv4, false);
	if (found == HASH_NONE)
		found = probe(ix, s, c, ix->any_ipv6, ipv4);
	return found;
}

static void count_conns(const struct index *ix, struct sample *s)
{
	for (uint32_t row = 0; row < s->frame->sock_count; row++) {
		const struct sock *c = &s->frame->socks[row];
		struct listener_row *l;
		uint32_t found;

		if (!sock_is_conn(c) || !(ix->ports[c->local_port / 8] & 1u << c->local_port % 8))
			continue;
		found = find_listener(ix, s, c);
		if (found == HASH_NONE)
			continue;
		l = &s->listeners[found];
		l->conns++;
		l->estab += c->state == SOCK_ESTAB;
		l->close_wait += c->state == SOCK_CLOSE_WAIT;
		l->syn_recv += c->state == SOCK_SYN_RECV;
	}
	for (uint32_t row = 0; row < s->listener_count; row++) {
		const struct listener_row *first = &s->listeners[row];
		const struct sock *sock = &s->frame->socks[first->sock];

		if (sock->proto != SOCK_TCP ||
			hash_get(&ix->by_place, place(sock, sock->local)) != row)
			continue;
		for (uint32_t other = ix->next[row]; other != SOCK_NONE; other = ix->next[other]) {
			struct listener_row *l = &s->listeners[other];

			l->conns = first->conns;
			l->estab = first->estab;
			l->close_wait = first->close_wait;
			l->syn_recv = first->syn_recv;
		}
	}
}

static double drops_rate(const struct sample *s, const struct sample *prev, uint32_t row)
{
	const struct sock *now = &s->frame->socks[row], *then;
	uint32_t old;

	if (!prev || !(now->flags & SOCK_HAS_DROPS))
		return NAN;
	old = s->frame->diff.previous[row];
	if (old == SOCK_NONE)
		return group_rate(now->drops, s->interval_s);
	then = &prev->frame->socks[old];
	if (!(then->flags & SOCK_HAS_DROPS))
		return NAN;
	/* The kernel's counter has 32 bits and wraps. */
	return group_rate((double)(uint32_t)(now->drops - then->drops), s->interval_s);
}

/* The listener rows of the sample before, by the row of their socket. */
static int index_rows(const struct sample *prev, struct hash *out)
{
	int err = prev ? hash_reserve(out, prev->listener_count) : 0;

	for (uint32_t i = 0; prev && !err && i < prev->listener_count; i++)
		err = hash_put(out, prev->listeners[i].sock, i);
	return err;
}

static int64_t conns_delta(const struct sample *s, const struct sample *prev,
	const struct hash *rows_then, const struct listener_row *l)
{
	uint32_t then, row;

	if (!prev || s->frame->socks[l->sock].proto != SOCK_TCP)
		return SAMPLE_UNKNOWN;
	then = s->frame->diff.previous[l->sock];
	row = then == SOCK_NONE ? HASH_NONE : hash_get(rows_then, then);
	return (int64_t)l->conns - (row == HASH_NONE ? 0 : prev->listeners[row].conns);
}

static int compare(struct sample *s, const struct sample *prev, struct series_set *queues)
{
	struct hash rows_then = { 0 };
	int err = index_rows(prev, &rows_then);

	for (uint32_t row = 0; !err && row < s->listener_count; row++) {
		struct listener_row *l = &s->listeners[row];
		const struct sock *sock = &s->frame->socks[l->sock];
		const struct series *queue;

		l->drops_rate = drops_rate(s, prev, l->sock);
		l->delta = conns_delta(s, prev, &rows_then, l);
		/* A preliminary sample is told again, with owners: it would stand in the graph
		 * twice. */
		if (sock->proto != SOCK_TCP || s->frame->preliminary)
			continue;
		queue = series_add(
			queues, frame_sock_key(s->frame, sock), s->frame->mono_ns, sock->recv_q);
		if (queue)
			series_trend(queue, &l->queue);
		else
			err = -ENOMEM;
	}
	hash_free(&rows_then);
	return err;
}

static int collect(struct sample *s)
{
	const struct frame *f = s->frame;
	uint32_t n = 0;

	for (uint32_t row = 0; row < f->sock_count; row++)
		n += sock_is_listener(&f->socks[row]);
	s->listeners = calloc(n ? n : 1, sizeof *s->listeners);
	if (!s->listeners)
		return -ENOMEM;
	for (uint32_t row = 0; row < f->sock_count; row++)
		if (sock_is_listener(&f->socks[row]))
			s->listeners[s->listener_count++].sock = row;
	return 0;
}

int group_listeners(struct sample *s, const struct sample *prev, struct series_set *queues)
{
	struct index *ix;
	int err;

	if (!(s->frame->asked & NEED_ADDRESSES))
		return 0;
	ix = calloc(1, sizeof *ix);
	err = ix ? collect(s) : -ENOMEM;
	if (err)
		goto out;
	ix->next = calloc(s->listener_count ? s->listener_count : 1, sizeof *ix->next);
	err = ix->next ? 0 : -ENOMEM;
	ix->any_ipv4 = frame_find_address(s->frame, any_ipv4, 0);
	ix->any_ipv6 = frame_find_address(s->frame, any_ipv6, 0);
	for (uint32_t row = 0; !err && row < s->listener_count; row++)
		err = index_listener(ix, s, row);
	if (err)
		goto out;
	count_conns(ix, s);
	err = compare(s, prev, queues);
out:
	if (ix) {
		free(ix->next);
		hash_free(&ix->by_place);
	}
	free(ix);
	return err;
}
