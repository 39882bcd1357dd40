/* One pass over the sockets, and work only for those in piles. */
#include "sockdash/leak_collect.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "sockdash/grow.h"
#include "sockdash/pile.h"

#define AHEAD 32

/* A socket in a pile, before it is known whose. */
struct candidate {
	uint32_t row;
	const struct sock *sock, *then;
	enum pile pile;
};

static struct leak_memory fresh_memory(const struct sample *s, const struct leak_draft *d)
{
	const struct leak_row *l = &d->row;
	struct leak_memory m = { .key = d->key, .kind = l->kind };

	if (l->kind == PROC_ROW_PROCESS) {
		m.pid = s->frame->procs[l->proc].pid;
		m.start = s->frame->procs[l->proc].start;
	}
	m.watched_ns = m.verdict_ns = s->frame->mono_ns;
	m.unseen = NAN;
	m.preliminary = true;
	return m;
}

/* The draft of a place and pile, begun when its first socket comes; its number, or SOCK_NONE without
 * memory. */
static uint32_t draft_of(struct leak_collection *c, uint32_t place, enum pile pile)
{
	const struct frame *f = c->s->frame;
	uint32_t *number = &c->places[place * PILES + pile];
	struct leak_memory like, *memory;
	struct leak_draft *d;

	if (*number)
		return *number - 1;
	if (grow(&c->drafts, c->count, &c->room, sizeof *c->drafts))
		return SOCK_NONE;
	d = &c->drafts[c->count];
	*d = (struct leak_draft){ .row = {
					  .kind = group_kind_at(f, place),
					  .proc = place < f->proc_count ? place : SOCK_NONE,
					  .pile = pile,
					  .oldest = NAN,
					  .peer = "",
					  .local = "",
				  } };
	d->key = group_pile_key(f, d->row.kind, d->row.proc, pile);
	like = fresh_memory(c->s, d);
	memory = leak_memories_meet(&c->history->memories, &like);
	if (!memory)
		return SOCK_NONE;
	d->first = !memory->there_ns;
	memory->there_ns = f->mono_ns;
	d->memory = (uint32_t)(memory - c->history->memories.all);
	*number = ++c->count;
	return c->count - 1;
}

/* The same socket while its owner was being looked for, or NULL. */
static const struct leak_member *pending_then(
	const struct leak_collection *c, uint64_t sock_key, enum pile pile)
{
	const struct leak_members *m = &c->history->members;
	uint64_t row_key = group_pile_key(c->s->frame, PROC_ROW_PENDING, SOCK_NONE, pile);

	return leak_members_find(m, hash_mix(sock_key, row_key));
}

/* What is known of the time a socket came, if it is a new one. */
static struct leak_member fresh_member(
	const struct leak_collection *c, const struct leak_draft *d, const struct candidate *x)
{
	uint64_t sock_key = frame_sock_key(c->s->frame, x->sock);
	struct leak_member m = { .row_key = d->key, .since = leak_now(c->s->frame) };
	const struct leak_member *then;
	int32_t waited;

	m.brisk = pile_rules[x->pile].queue;
	m.key = hash_mix(sock_key, d->key);
	if (m.brisk && c->prev) {
		/* Its queue stood still since then at least. */
		m.since = leak_now(c->prev->frame);
		m.at_least = c->prev->frame->mono_ns == c->history->begun_ns;
		if (x->sock->flags & SOCK_WAIT_LONGER && x->pile == pile_marked(x->sock))
			m.since = x->sock->wait_since;
		else if (x->then->flags & SOCK_WAIT_LONGER && x->pile == pile_marked(x->then))
			m.since = x->then->wait_since;
	}
	if (!m.brisk && c->prev && !(x->then && x->then->state == x->sock->state))
		return m;
	then = c->prev && c->prev->frame->owners_percent < 100 ? pending_then(c, sock_key, x->pile)
							       : NULL;
	if (then) {
		m.since = then->since;
		m.at_least = then->at_least;
	} else if (!m.brisk) {
		m.at_least = true;
	}
	waited = (int32_t)(pile_waited_s(x->pile, x->sock) * 10);
	if (m.since > leak_now(c->s->frame) - waited) {
		m.since = leak_now(c->s->frame) - waited;
		m.at_least = true;
	}
	return m;
}

static void note_age(struct leak_row *l, double age, bool at_least)
{
	if (!(age <= l->oldest)) {
		l->oldest = age;
		l->oldest_at_least = at_least;
	}
}

static struct keyed keyed_of(uint32_t draft, int32_t since, bool at_least, uint32_t row)
{
	return (struct keyed){
		.key = (uint64_t)draft << 32 | ((uint32_t)since ^ UINT32_C(0x80000000)),
		.tie = at_least,
		.row = row,
	};
}

/* A time that a recording tells may be any: 300 days in the past are enough, and the future none. */
static int32_t near_now(const struct leak_collection *c, int32_t since)
{
	int64_t now = leak_now(c->s->frame), past = now - LEAK_PAST;

	return since > now ? (int32_t)now : since < past ? (int32_t)past : since;
}

static int add_to(struct leak_collection *c, uint32_t place, const struct candidate *x)
{
	uint32_t number = draft_of(c, place, x->pile);
	struct leak_draft *d = &c->drafts[number];
	const struct sock *sock = x->sock;
	struct leak_member like, *member;
	uint32_t met;
	int32_t age;

	if (number == SOCK_NONE || grow(&c->socks, c->sock_count, &c->sock_room, sizeof *c->socks))
		return -ENOMEM;
	like = fresh_member(c, d, x);
	met = c->history->members.count;
	member = leak_members_meet(&c->history->members, &like);
	if (!member)
		return -ENOMEM;
	if (x->pile == PILE_CLOSE_WAIT && sock->wait_since != SOCK_TIME_NONE) {
		member->since = sock->wait_since;
		member->at_least = sock->flags & SOCK_WAIT_LONGER;
	}
	member->since = near_now(c, member->since);
	age = leak_now(c->s->frame) - member->since;
	if (member->known && c->seconds > 0)
		life_note(&c->history->memories.all[d->memory].life, age, c->seconds, 0);
	d->row.count++;
	if (x->pile == PILE_CLOSE_WAIT)
		d->row.causes[sock_wait_cause(sock)]++;
	if (pile_rules[x->pile].queue)
		d->row.bytes += x->pile == PILE_RECV_Q ? sock->recv_q : sock->send_q;
	if (age > 0 || !member->at_least)
		note_age(&d->row, age / 10.0, member->at_least);
	if (pile_rules[x->pile].queue)
		d->entered += c->prev && c->history->members.count > met;
	else
		d->entered += c->prev && !(x->then && x->then->state == sock->state);
	c->socks[c->sock_count++] = keyed_of(number, member->since, member->at_least, x->row);
	return 0;
}

static int add(struct leak_collection *c, const struct candidate *x)
{
	const struct frame *f = c->s->frame;
	int err = 0;

	if (x->sock->owner == SOCK_NONE)
		return add_to(c, group_place_without_owner(f, x->sock), x);
	for (uint32_t e = x->sock->owner; !err && e != SOCK_NONE; e = frame_next_owner(f, e))
		err = add_to(c, f->edges[e].proc, x);
	return err;
}

/* Sockets that are held but reset are evidence like those that are there. */
static int add_resets(struct leak_collection *c)
{
	const struct frame *f = c->s->frame;

	for (uint32_t i = 0; i < f->reset_count; i++) {
		const struct frame_reset *r = &f->resets[i];
		/* There may be no other in the pile now. */
		uint32_t number = draft_of(c, r->proc, PILE_CLOSE_WAIT);

		if (number == SOCK_NONE ||
			grow(&c->socks, c->sock_count, &c->sock_room, sizeof *c->socks))
			return -ENOMEM;
		c->drafts[number].row.resets++;
		c->socks[c->sock_count++] =
			keyed_of(number, near_now(c, r->wait_since), false, SOCK_NONE);
	}
	return 0;
}

static const struct sock *sock_then(const struct leak_collection *c, uint32_t row)
{
	uint32_t then = c->prev ? c->s->frame->diff.previous[row] : SOCK_NONE;

	return then == SOCK_NONE ? NULL : &c->prev->frame->socks[then];
}

/* The sockets that stand in no order are those of the frame before: they are fetched some rows
 * ahead. */
static void fetch_ahead(const struct leak_collection *c, uint32_t row)
{
	const struct frame *f = c->s->frame;

	if (c->prev && row < f->sock_count && pile_is_possible(&f->socks[row]))
		__builtin_prefetch((const char *)sock_then(c, row) + offsetof(struct sock, recv_q));
}

int leak_collect(struct leak_collection *c)
{
	const struct frame *f = c->s->frame;
	int32_t looked = c->prev ? leak_now(c->prev->frame) : 0;
	uint32_t from = 0;
	int err = 0;

	c->places = calloc((size_t)group_places(f) * PILES, sizeof *c->places);
	if (!c->places)
		return -ENOMEM;
	for (uint32_t row = 0; !err && row < f->sock_count; row++) {
		const struct sock *sock = &f->socks[row];
		struct candidate x = { .row = row, .sock = sock };
		unsigned mask;

		fetch_ahead(c, row + AHEAD);
		if (!pile_is_possible(sock))
			continue;
		x.then = sock_then(c, row);
		mask = pile_mask(sock, x.then, looked);
		for (unsigned pile = 0; !err && mask >> pile; pile++) {
			x.pile = pile;
			if (mask >> pile & 1)
				err = add(c, &x);
		}
	}
	if (!err)
		err = add_resets(c);
	keysort(c->socks, c->sock_count, NULL);
	for (uint32_t i = 0; !err && i < c->count; i++) {
		c->drafts[i].from = from;
		from += c->drafts[i].row.count + c->drafts[i].row.resets;
	}
	return err;
}

uint32_t *leak_collected_socks(const struct leak_collection *c, const struct leak_draft *d,
	struct leak_row *out, uint32_t *room)
{
	out->socks = room;
	for (uint32_t i = d->from; i < d->from + d->row.count + d->row.resets; i++)
		if (c->socks[i].row != SOCK_NONE)
			*room++ = c->socks[i].row;
	out->sock_count = (uint32_t)(room - out->socks);
	return room;
}

void leak_collection_end(struct leak_collection *c)
{
	free(c->drafts);
	free(c->socks);
	free(c->places);
}
