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
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/grow.h"
#include "sockdash/hash.h"
#include "sockdash/listening.h"
#include "sockdash/lists.h"
#include "sockdash/needs.h"

#define PORTS 65536

/* What is to be counted. */
struct scope {
	int64_t first, last; /* of the range */
	struct listening listening;
};

struct tallies {
	struct port_row *rows;
	uint32_t count, room;
	struct hash by_tuple;
	uint32_t *row_of; /* of each socket, or SOCK_NONE; NULL: nobody asked */
};

static bool in_range(const struct scope *c, const struct sock *s)
{
	return s->local_port >= c->first && s->local_port <= c->last;
}

/* How many ports of the first namespace listen in the range: its range and settings are those that
 * we know. */
static uint32_t count_held(const struct scope *c)
{
	struct sock s = { 0 };
	uint32_t held = 0;

	for (int64_t port = c->first; port <= c->last; port++) {
		s.local_port = (uint16_t)port;
		held += listening_has(&c->listening, &s);
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
	if (t->row_of)
		t->row_of[row] = at;
	return 0;
}

static int tally_all(struct tallies *t, const struct frame *f, const struct scope *c)
{
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		if (s->proto != SOCK_TCP || !in_range(c, s) || listening_has(&c->listening, s))
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

/* ---- All rows -------------------------------------------------------------------------------- */

static void tell_row(
	struct sample *s, const struct sample *prev, struct port_row *r, struct tally *procs)
{
	const struct frame *f = s->frame;
	struct tally_most most;
	uint32_t opened = 0;

	for (uint32_t i = 0; i < r->used; i++) {
		const struct sock *sock = &f->socks[r->socks[i]];

		/* One in TIME-WAIT that was not there is a connection that came and went. */
		opened += prev && f->diff.previous[r->socks[i]] == SOCK_NONE;
		for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e))
			tally_add(procs, f->edges[e].proc);
	}
	most = tally_end(procs);
	r->proc = most.number;
	r->proc_used = most.count;
	r->rate = prev ? group_rate(opened, s->interval_s) : NAN;
}

/* Hands all rows over, each with its sockets. */
static int keep_all(struct sample *s, const struct sample *prev, struct tallies *t)
{
	struct lists lists = { 0 };
	struct tally procs = { 0 };
	int err = lists_make(&lists, t->row_of, s->frame->sock_count, t->count);

	if (!err)
		err = tally_make(&procs, s->frame->proc_count);
	for (uint32_t i = 0; !err && i < t->count; i++) {
		t->rows[i].socks = lists.items + lists.from[i];
		tell_row(s, prev, &t->rows[i], &procs);
	}
	tally_free(&procs);
	if (err) {
		lists_free(&lists);
		return err;
	}
	s->port_rows = t->rows;
	s->port_row_count = t->count;
	s->port_socks = lists.items;
	t->rows = NULL;
	free(lists.from);
	return 0;
}

static int make_row_of(struct tallies *t, const struct frame *f)
{
	size_t bytes = (f->sock_count + 1) * sizeof *t->row_of;

	t->row_of = malloc(bytes);
	if (t->row_of)
		memset(t->row_of, 0xff, bytes);
	return t->row_of ? 0 : -ENOMEM;
}

int group_ports(struct sample *s, const struct sample *prev)
{
	const struct frame *f = s->frame;
	int64_t reserved = f->counters[COUNTER_PORTS_RESERVED];
	struct scope c = { f->counters[COUNTER_PORT_FIRST], f->counters[COUNTER_PORT_LAST],
		{ NULL } };
	struct tallies t = { 0 };
	int err;

	s->port_capacity = NAN;
	if (c.first == COUNTER_UNKNOWN || c.last < c.first || c.last >= PORTS ||
		f->absent & 1u << SOCK_TCP)
		return 0;
	err = listening_make(&c.listening, s);
	if (err)
		return err;
	s->port_capacity = (double)(c.last - c.first + 1 -
				    (reserved == COUNTER_UNKNOWN ? 0 : reserved) - count_held(&c));
	if (s->port_capacity < 0)
		s->port_capacity = 0;
	if (f->asked & NEED_PORT_ROWS)
		err = make_row_of(&t, f);
	if (!err)
		err = tally_all(&t, f, &c);
	if (!err)
		err = keep_busiest(s, &t);
	if (!err && t.row_of)
		err = keep_all(s, prev, &t);
	hash_free(&t.by_tuple);
	free(t.rows);
	free(t.row_of);
	listening_free(&c.listening);
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
