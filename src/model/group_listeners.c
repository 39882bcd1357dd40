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

/* Over how long an accept queue is looked at, at most: long enough for a burst to be over. */
#define FULL_WINDOW_NS INT64_C(10000000000)

struct index {
	struct hash by_place; /* netns, address, port → first listener there */
	/* Address and scope → its row, of listeners alone: the table of all addresses has an index,
	 * but that is for the thread that fills it. */
	struct hash addresses;
	uint32_t *next; /* per listener: another one at the same place, or SOCK_NONE */
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

/* The local end of a connection. */
struct end {
	const struct address *address;
	uint32_t row; /* of the address in the frame; SOCK_NONE: it is no listener's */
	uint16_t port, netns;
};

static uint64_t place(const struct end *e, uint32_t address)
{
	return (uint64_t)e->netns << 48 | (uint64_t)e->port << 32 | address;
}

static struct end local_end(const struct frame *f, const struct sock *s)
{
	return (struct end){ frame_address(f, s->local), s->local, s->local_port, s->netns };
}

static uint64_t address_key(const uint8_t bytes[16], uint32_t scope)
{
	return hash_mix(hash_bytes(bytes, 16), scope);
}

/* The row of a listener's address, or SOCK_NONE. */
static uint32_t find_address(const struct index *ix, const uint8_t bytes[16], uint32_t scope)
{
	return hash_get(&ix->addresses, address_key(bytes, scope));
}

static int index_listener(struct index *ix, struct sample *s, uint32_t row)
{
	const struct sock *sock = &s->frame->socks[s->listeners[row].sock];
	struct end end = local_end(s->frame, sock);
	uint32_t first;
	int err;

	ix->next[row] = SOCK_NONE;
	if (sock->proto != SOCK_TCP)
		return 0;
	err = hash_put(
		&ix->addresses, address_key(end.address->bytes, end.address->scope), end.row);
	if (!err)
		err = hash_add(&ix->by_place, place(&end, end.row), row, &first);
	if (!err && first != row) {
		ix->next[row] = ix->next[first];
		ix->next[first] = row;
	}
	ix->ports[sock->local_port / 8] |= (uint8_t)(1u << sock->local_port % 8);
	return err;
}

static bool has_listener(const struct index *ix, uint16_t port)
{
	return ix->ports[port / 8] & 1u << port % 8;
}

/* The first listener at an address and the connection's port, or HASH_NONE. An IPv6 wildcard
 * that is V6ONLY does not serve IPv4. */
static uint32_t probe(const struct index *ix, const struct sample *s, const struct end *c,
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
static uint32_t find_listener(const struct index *ix, const struct sample *s, const struct end *c)
{
	const struct address *local = c->address;
	bool ipv4 = is_mapped(local->bytes);
	uint32_t found = probe(ix, s, c, c->row, false);

	if (found == HASH_NONE && local->scope) {
		found = probe(ix, s, c, find_address(ix, local->bytes, 0), false);
		if (found == HASH_NONE && ipv4)
			found = probe(ix, s, c, find_address(ix, any_ipv4, local->scope), false);
		if (found == HASH_NONE)
			found = probe(ix, s, c, find_address(ix, any_ipv6, local->scope), ipv4);
	}
	if (found == HASH_NONE && ipv4)
		found = probe(ix, s, c, ix->any_ipv4, false);
	if (found == HASH_NONE)
		found = probe(ix, s, c, ix->any_ipv6, ipv4);
	return found;
}

static void count_conns(const struct index *ix, struct sample *s)
{
	for (uint32_t n = 0; n < sample_sock_count(s); n++) {
		const struct sock *c = &s->frame->socks[sample_sock_row(s, n)];
		struct listener_row *l;
		struct end end;
		uint32_t found;

		if (!sock_is_conn(c) || !has_listener(ix, c->local_port))
			continue;
		end = local_end(s->frame, c);
		found = find_listener(ix, s, &end);
		if (found == HASH_NONE)
			continue;
		l = &s->listeners[found];
		l->conns++;
		l->estab += c->state == SOCK_ESTAB;
		l->close_wait += c->state == SOCK_CLOSE_WAIT;
		l->syn_recv += c->state == SOCK_SYN_RECV;
		l->syn_again += c->state == SOCK_SYN_RECV && c->retrans > 0;
	}
}

/* The only listener of a port, or HASH_NONE. */
static uint32_t find_only(const struct index *ix, const struct sample *s, const struct end *c)
{
	uint32_t only = HASH_NONE;

	for (uint32_t row = 0; row < s->listener_count; row++) {
		const struct sock *sock = &s->frame->socks[s->listeners[row].sock];
		struct end end = local_end(s->frame, sock);

		if (sock->proto != SOCK_TCP || end.port != c->port || end.netns != c->netns ||
			hash_get(&ix->by_place, place(&end, end.row)) != row)
			continue;
		if (only != HASH_NONE)
			return HASH_NONE;
		only = row;
	}
	return only;
}

/* Those that ended, also where nothing was to be seen of them. One that its own process has aborted
 * has lost its local address, but not its port. */
static void count_ended(const struct index *ix, struct sample *s)
{
	const struct ended_table *t = &s->frame->ended.ends[ENDED_LOCAL];

	for (uint32_t i = 0; i < t->count; i++) {
		const struct address *a = &t->rows[i].address;
		struct end end = { a, find_address(ix, a->bytes, a->scope), t->rows[i].port,
			t->rows[i].netns };
		uint32_t found = HASH_NONE;

		if (!has_listener(ix, end.port))
			continue;
		found = find_listener(ix, s, &end);
		if (found == HASH_NONE && (memcmp(a->bytes, any_ipv4, sizeof any_ipv4) == 0 ||
						  memcmp(a->bytes, any_ipv6, sizeof any_ipv6) == 0))
			found = find_only(ix, s, &end);
		if (found != HASH_NONE)
			s->listeners[found].ended += t->rows[i].count;
	}
}

/* Listeners of one place have the same connections. */
static void share_counts(const struct index *ix, struct sample *s)
{
	for (uint32_t row = 0; row < s->listener_count; row++) {
		const struct listener_row *first = &s->listeners[row];
		const struct sock *sock = &s->frame->socks[first->sock];
		struct end end = local_end(s->frame, sock);

		if (sock->proto != SOCK_TCP || hash_get(&ix->by_place, place(&end, end.row)) != row)
			continue;
		for (uint32_t other = ix->next[row]; other != SOCK_NONE; other = ix->next[other]) {
			struct listener_row *l = &s->listeners[other];

			l->conns = first->conns;
			l->estab = first->estab;
			l->close_wait = first->close_wait;
			l->syn_recv = first->syn_recv;
			l->syn_again = first->syn_again;
			l->ended = first->ended;
		}
	}
}

/* How many were dropped since the sample before; NAN not known. */
static double new_drops(const struct sample *s, const struct sample *prev, uint32_t row)
{
	const struct sock *now = &s->frame->socks[row], *then;
	uint32_t old;

	if (!prev || !(now->flags & SOCK_HAS_DROPS))
		return NAN;
	old = s->frame->diff.previous[row];
	if (old == SOCK_NONE)
		return now->drops;
	then = &prev->frame->socks[old];
	/* The kernel's counter has 32 bits and wraps. */
	return then->flags & SOCK_HAS_DROPS ? (double)(uint32_t)(now->drops - then->drops) : NAN;
}

/* Adds what happened since the sample before to a sum over time; a sum that begins has its 0 then. */
static int add_up(const struct sample *s, const struct sample *prev, struct series_set *set,
	uint64_t key, int64_t more)
{
	const struct series *sum = series_find(set, key);
	int64_t before = sum ? series_newest(sum) : 0;

	if (!sum && prev && !series_add(set, key, prev->frame->mono_ns, 0))
		return -ENOMEM;
	return series_add(set, key, s->frame->mono_ns, before + more) ? 0 : -ENOMEM;
}

/* Most listeners drop nothing, ever: only those that do have a series. */
static int drops_over_window(struct sample *s, const struct sample *prev, struct listener_row *l,
	uint64_t key, struct series_set *set, int64_t window_ns)
{
	double drops = new_drops(s, prev, l->sock), covered;
	const struct series *sum = series_find(set, key);
	int err = 0;

	l->drops_rate = group_rate(drops, s->interval_s);
	l->drops_window = l->drops_rate;
	if (isnan(drops) || (!sum && drops == 0) || s->frame->preliminary)
		return 0;
	err = add_up(s, prev, set, key, (int64_t)drops);
	if (!err)
		l->drops_window = series_slope(series_find(set, key), window_ns, &covered);
	return err;
}

static bool is_full(const struct frame *f, uint32_t row)
{
	return row != SOCK_NONE && f->socks[row].recv_q > f->socks[row].send_q;
}

/* Full at both ends of an interval is full all through it; the last seconds are what counts. */
static int full_over_window(struct sample *s, const struct sample *prev, struct listener_row *l,
	uint64_t key, struct series_set *set, int64_t window_ns)
{
	int64_t back_ns = window_ns < FULL_WINDOW_NS ? window_ns : FULL_WINDOW_NS;
	bool now = is_full(s->frame, l->sock), then;
	double covered, share, ms;
	int err;

	if (s->frame->socks[l->sock].flags & SOCK_NO_BACKLOG)
		return 0;
	l->full_share = now;
	if (!prev || s->frame->preliminary)
		return 0;
	then = is_full(prev->frame, s->frame->diff.previous[l->sock]);
	if (!now && !then && !series_find(set, key))
		return 0;
	ms = s->interval_s * 1000 * (now + then) / 2;
	err = add_up(s, prev, set, key, (int64_t)ms);
	if (err)
		return err;
	share = series_slope(series_find(set, key), back_ns, &covered) / 1000;
	if (!isnan(share))
		l->full_share = fmin(share, 1);
	return 0;
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

static int remember_queue(struct sample *s, struct listener_row *l, uint64_t key,
	struct series_set *queues, uint32_t length)
{
	const struct series *queue = series_add(queues, key, s->frame->mono_ns, length);

	if (!queue)
		return -ENOMEM;
	series_trend(queue, &l->queue);
	return 0;
}

static int compare(struct sample *s, const struct sample *prev)
{
	struct hash rows_then = { 0 };
	int err = index_rows(prev, &rows_then);

	for (uint32_t row = 0; !err && row < s->listener_count; row++)
		s->listeners[row].delta = conns_delta(s, prev, &rows_then, &s->listeners[row]);
	hash_free(&rows_then);
	return err;
}

/* What happened at a listener over time. */
static int watch(struct sample *s, const struct sample *prev, struct listener_row *l,
	struct listener_history *h, int64_t window_ns)
{
	const struct sock *sock = &s->frame->socks[l->sock];
	uint64_t key = frame_sock_key(s->frame, sock);
	int err;

	l->full_share = NAN;
	err = drops_over_window(s, prev, l, key, &h->drops, window_ns);
	if (err || sock->proto != SOCK_TCP)
		return err;
	err = full_over_window(s, prev, l, key, &h->full, window_ns);
	/* A preliminary sample is told again, with owners: it would stand in the graph twice. */
	if (!err && !s->frame->preliminary)
		err = remember_queue(s, l, key, &h->queues, sock->recv_q);
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

/* Counts the connections of the listeners that are there. */
static int count(struct sample *s)
{
	struct index *ix = calloc(1, sizeof *ix);
	int err = ix ? 0 : -ENOMEM;

	if (err)
		return err;
	ix->next = calloc(s->listener_count + 1, sizeof *ix->next);
	err = ix->next ? 0 : -ENOMEM;
	for (uint32_t row = 0; !err && row < s->listener_count; row++)
		err = index_listener(ix, s, row);
	ix->any_ipv4 = find_address(ix, any_ipv4, 0);
	ix->any_ipv6 = find_address(ix, any_ipv6, 0);
	if (!err) {
		count_conns(ix, s);
		/* In a part of a sample they are those of the whole. */
		if (!s->whole)
			count_ended(ix, s);
		share_counts(ix, s);
	}
	free(ix->next);
	hash_free(&ix->by_place);
	hash_free(&ix->addresses);
	free(ix);
	return err;
}

int group_listeners(struct sample *s, const struct sample *prev, struct listener_history *history,
	int64_t window_ns)
{
	int err;

	if (!(s->frame->asked & NEED_ADDRESSES))
		return 0;
	err = collect(s);
	if (!err)
		err = count(s);
	if (!err)
		err = compare(s, prev);
	/* So that the ring holds the window with room to spare. */
	history->drops.step_ns = window_ns / (SERIES_POINTS * 2 / 3);
	for (uint32_t row = 0; !err && row < s->listener_count; row++)
		err = watch(s, prev, &s->listeners[row], history, window_ns);
	return err;
}

/* Those of the whole, with nothing counted yet. */
static int collect_whole(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->listeners = malloc((whole->listener_count + 1) * sizeof *s->listeners);
	if (!s->listeners)
		return -ENOMEM;
	for (uint32_t row = 0; row < whole->listener_count; row++) {
		struct listener_row *l = &s->listeners[row];

		*l = whole->listeners[row];
		l->conns = l->estab = l->close_wait = l->syn_recv = l->syn_again = 0;
	}
	s->listener_count = whole->listener_count;
	return 0;
}

int group_listeners_selected(struct sample *s, const struct sample *prev)
{
	uint32_t kept = 0;
	int err = collect_whole(s);

	if (!err)
		err = count(s);
	if (err)
		return err;
	for (uint32_t row = 0; row < s->listener_count; row++)
		if (s->listeners[row].conns || sample_has_sock(s, s->listeners[row].sock))
			s->listeners[kept++] = s->listeners[row];
	s->listener_count = kept;
	return compare(s, prev);
}

int listener_history_sweep(struct listener_history *h)
{
	int err = series_sweep(&h->queues);

	if (!err)
		err = series_sweep(&h->drops);
	return err ? err : series_sweep(&h->full);
}

void listener_history_free(struct listener_history *h)
{
	series_free(&h->queues);
	series_free(&h->drops);
	series_free(&h->full);
}
