/* Who takes the ephemeral ports. connect() takes a port of the range that is free towards that
 * address and port elsewhere, in whatever state the socket is that has it, TIME-WAIT too; and it
 * passes over ports that somebody listens on. So a connection whose local port is in the range was
 * begun here unless its port listens.
 *
 * Most sockets of a busy server are inbound, on a few listening ports: a look into a bitmap for
 * each is all they cost. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"
#include "sockdash/grow.h"
#include "sockdash/hash.h"

#define PORTS 65536

/* What is to be counted. */
struct scope {
	int64_t first, last; /* of the range */
	uint8_t *listening;  /* a bitmap of all ports for each namespace */
};

struct tallies {
	struct port_row *rows;
	uint32_t count, room;
	struct hash by_tuple;
};

static size_t bit_of(const struct sock *s)
{
	return (size_t)s->netns * PORTS + s->local_port;
}

static bool listens(const struct scope *c, const struct sock *s)
{
	return c->listening[bit_of(s) / 8] >> bit_of(s) % 8 & 1;
}

static bool in_range(const struct scope *c, const struct sock *s)
{
	return s->local_port >= c->first && s->local_port <= c->last;
}

/* Marks the ports that listen; answers how many of the first namespace are in the range: its range
 * and settings are those that we know. */
static uint32_t mark_listening(const struct sample *s, struct scope *c)
{
	uint32_t held = 0;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct sock *sock = &s->frame->socks[s->listeners[i].sock];

		if (sock->proto != SOCK_TCP)
			continue;
		held += sock->netns == 0 && in_range(c, sock) && !listens(c, sock);
		c->listening[bit_of(sock) / 8] |= (uint8_t)(1u << bit_of(sock) % 8);
	}
	return held;
}

static int tally(struct tallies *t, const struct frame *f, uint32_t row)
{
	const struct sock *s = &f->socks[row];
	uint64_t key = hash_mix(
		(uint64_t)s->local << 32 | s->remote, (uint64_t)s->netns << 16 | s->remote_port);
	uint32_t at;

	if (grow(&t->rows, t->count, &t->room, sizeof *t->rows) ||
		hash_add(&t->by_tuple, key, t->count, &at))
		return -ENOMEM;
	if (at == t->count)
		t->rows[t->count++] = (struct port_row){ .sock = row };
	t->rows[at].used++;
	t->rows[at].time_wait += s->state == SOCK_TIME_WAIT;
	return 0;
}

static int tally_all(struct tallies *t, const struct frame *f, const struct scope *c)
{
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		if (s->proto != SOCK_TCP || !in_range(c, s) || listens(c, s))
			continue;
		if (tally(t, f, row))
			return -ENOMEM;
	}
	return 0;
}

/* Where two take as many, the one that stands first in the frame is first. */
static int compare_used(const void *a, const void *b)
{
	const struct port_row *x = a, *y = b;

	if (x->used != y->used)
		return (x->used < y->used) - (x->used > y->used);
	return (x->sock > y->sock) - (x->sock < y->sock);
}

/* The busiest come into the sample. There may be as many destinations as sockets, so they are not
 * all sorted. */
static int keep_busiest(struct sample *s, const struct tallies *t)
{
	struct port_row *out = calloc(PORT_ROWS_MAX, sizeof *out);
	uint32_t n = 0;

	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = n;

		while (at && compare_used(&t->rows[i], &out[at - 1]) < 0)
			at--;
		if (at == PORT_ROWS_MAX)
			continue;
		n += n < PORT_ROWS_MAX;
		for (uint32_t k = n - 1; k > at; k--)
			out[k] = out[k - 1];
		out[at] = t->rows[i];
	}
	s->ports = out;
	s->port_count = n;
	return 0;
}

int group_ports(struct sample *s)
{
	const struct frame *f = s->frame;
	int64_t reserved = f->counters[COUNTER_PORTS_RESERVED];
	struct scope c = { f->counters[COUNTER_PORT_FIRST], f->counters[COUNTER_PORT_LAST], NULL };
	struct tallies t = { 0 };
	int err = 0;

	s->port_capacity = NAN;
	if (c.first == COUNTER_UNKNOWN || c.last < c.first || c.last >= PORTS ||
		f->absent & 1u << SOCK_TCP)
		return 0;
	/* What nobody looks at of it takes no memory: the kernel gives zeros. */
	c.listening = calloc(f->netns_count ? f->netns_count : 1, PORTS / 8);
	if (!c.listening)
		return -ENOMEM;
	s->port_capacity =
		(double)(c.last - c.first + 1 - (reserved == COUNTER_UNKNOWN ? 0 : reserved) -
			 mark_listening(s, &c));
	if (s->port_capacity < 0)
		s->port_capacity = 0;
	err = tally_all(&t, f, &c);
	if (!err)
		err = keep_busiest(s, &t);
	hash_free(&t.by_tuple);
	free(t.rows);
	free(c.listening);
	return err;
}

uint32_t group_ports_busiest(const struct sample *s)
{
	return s->port_count ? s->ports[0].used : 0;
}

double group_ports_percent(const struct sample *s)
{
	/* Without any port connect() fails as if all were taken. */
	return s->port_capacity == 0 ? 100 : 100.0 * group_ports_busiest(s) / s->port_capacity;
}
