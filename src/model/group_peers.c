/* Remote addresses. There may be as many as sockets, and they stand in no order: so each socket is
 * looked up once, with what that reads fetched ahead, and what a peer has is added up over the list
 * of its sockets. What changed is told from the difference to the frame before alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/grow.h"
#include "sockdash/listening.h"
#include "sockdash/lists.h"
#include "sockdash/peer_key.h"
#include "sockdash/rowindex.h"

/* Sockets whose address, and whose place in the index, are fetched before they are looked up. */
#define AHEAD 16

#define PORTS 65536

struct peers {
	struct sample *s;
	const struct sample *prev; /* or NULL */
	struct peer_mask mask;
	struct listening listening;
	struct peer_row *rows;
	uint64_t *hashes; /* of their keys */
	uint32_t count, room, hash_room;
	struct rowindex index;
	uint32_t *row_of; /* of the n-th socket, or SOCK_NONE: it has no peer */
	struct peer_sums *sums;
	uint32_t sums_count, sums_room;
};

static bool has_peer(const struct frame *f, const struct sock *s)
{
	static const uint8_t none[16];
	const uint8_t *bytes;

	if (sock_is_listener(s))
		return false;
	if (s->remote_port)
		return true;
	bytes = frame_address(f, s->remote)->bytes;
	return memcmp(bytes + 12, none, 4) != 0 ||
	       (memcmp(bytes, none, 12) != 0 && !peer_is_ipv4(bytes));
}

/* ---- Which peer ------------------------------------------------------------------------------ */

/* Those with the same hash are the same: to look into a row would cost more than all the rest. */
static uint32_t find(const struct peers *p, uint64_t hash)
{
	uint32_t at = rowindex_first(&p->index, hash), row;

	while ((row = rowindex_next(&p->index, hash, &at)) != ROWINDEX_NONE)
		if (p->hashes[row] == hash)
			break;
	return row;
}

/* The row of a socket's peer, begun when its first socket comes, or else that of a connection that
 * ended; SOCK_NONE without memory. */
static uint32_t meet(struct peers *p, uint32_t sock, const struct ended_row *brief, uint64_t hash)
{
	uint32_t row = find(p, hash);

	if (row != ROWINDEX_NONE)
		return row;
	if (grow(&p->rows, p->count, &p->room, sizeof *p->rows) ||
		grow(&p->hashes, p->count, &p->hash_room, sizeof *p->hashes))
		return SOCK_NONE;
	p->rows[p->count] = (struct peer_row){ .sock = sock, .brief = brief, .sums = SOCK_NONE };
	p->hashes[p->count] = hash;
	rowindex_add(&p->index, hash, p->count);
	return p->count++;
}

static const struct sock *sock_at(const struct peers *p, uint32_t n)
{
	return &p->s->frame->socks[sample_sock_row(p->s, n)];
}

static int find_all(struct peers *p)
{
	const struct frame *f = p->s->frame;
	uint32_t count = sample_sock_count(p->s);
	uint64_t hashes[AHEAD];

	p->row_of = malloc(((size_t)count + 1) * sizeof *p->row_of);
	if (!p->row_of || rowindex_make(&p->index, count + f->ended.ends[ENDED_REMOTE].count))
		return -ENOMEM;
	/* n is ahead of what is looked up, and behind what is fetched. */
	for (uint32_t n = 0; n < count + AHEAD; n++) {
		uint32_t then = n - AHEAD, at = n % AHEAD;

		if (n >= AHEAD && has_peer(f, sock_at(p, then))) {
			p->row_of[then] = meet(p, sample_sock_row(p->s, then), NULL, hashes[at]);
			if (p->row_of[then] == SOCK_NONE)
				return -ENOMEM;
		} else if (n >= AHEAD) {
			p->row_of[then] = SOCK_NONE;
		}
		if (n < count && count - n > AHEAD)
			__builtin_prefetch(frame_address(f, sock_at(p, n + AHEAD)->remote));
		if (n >= count)
			continue;
		hashes[at] = peer_key(f, sock_at(p, n), &p->mask);
		rowindex_prefetch(&p->index, hashes[at]);
	}
	return 0;
}

/* ---- What it has ----------------------------------------------------------------------------- */

static void add_sock(struct peer_sums *sums, const struct sock *s, bool is_ours)
{
	sums->socks++;
	sums->recv_q += s->recv_q;
	sums->send_q += s->send_q;
	if (s->proto == SOCK_UDP) {
		sums->udp++;
		return;
	}
	sums->conns += sock_is_conn(s);
	sums->in += is_ours && sock_is_conn(s);
	sums->estab += s->state == SOCK_ESTAB;
	sums->close_wait += s->state == SOCK_CLOSE_WAIT;
	sums->syn_sent += s->state == SOCK_SYN_SENT;
	sums->syn_recv += s->state == SOCK_SYN_RECV;
	sums->time_wait += s->state == SOCK_TIME_WAIT;
	sums->closing += s->state == SOCK_FIN_WAIT_1 || s->state == SOCK_FIN_WAIT_2 ||
			 s->state == SOCK_CLOSING || s->state == SOCK_LAST_ACK;
}

static bool listens(const struct peers *p, const struct sock *s)
{
	return s->proto == SOCK_TCP && listening_has(&p->listening, s);
}

/* A port here is that of a service where connections come in, elsewhere where they go out. */
struct tallies {
	struct tally procs, local, remote;
};

static void tally_sock(struct tallies *t, const struct frame *f, const struct sock *s, bool is_ours)
{
	tally_add(is_ours ? &t->local : &t->remote, is_ours ? s->local_port : s->remote_port);
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e))
		tally_add(&t->procs, f->edges[e].proc);
}

static int add_sums(struct peers *p, struct peer_row *r, const uint32_t *socks, uint32_t count,
	struct tallies *t)
{
	struct peer_sums *sums;
	struct tally_most most;

	if (grow(&p->sums, p->sums_count, &p->sums_room, sizeof *p->sums))
		return -ENOMEM;
	sums = &p->sums[p->sums_count];
	*sums = (struct peer_sums){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		const struct sock *s = sock_at(p, socks[i]);
		bool is_ours = listens(p, s);

		if (i + AHEAD < count)
			__builtin_prefetch(sock_at(p, socks[i + AHEAD]));
		add_sock(sums, s, is_ours);
		tally_sock(t, p->s->frame, s, is_ours);
	}
	most = tally_end(&t->procs);
	sums->procs = most.different;
	sums->proc = most.number;
	sums->proc_socks = most.count;
	sums->in_port = tally_end(&t->local).number;
	sums->out_port = tally_end(&t->remote).number;
	r->sums = p->sums_count++;
	return 0;
}

static int add_up(struct peers *p)
{
	struct lists lists = { 0 };
	struct tallies t = { 0 };
	uint32_t socks = sample_sock_count(p->s), ports = socks < PORTS ? socks : PORTS;
	int err = lists_make(&lists, p->row_of, socks, p->count);

	if (!err)
		err = tally_make(&t.procs, p->s->frame->proc_count);
	if (!err)
		err = tally_make(&t.local, ports);
	if (!err)
		err = tally_make(&t.remote, ports);
	for (uint32_t row = 0; !err && row < p->count; row++) {
		uint32_t from = lists.from[row], count = lists.from[row + 1] - from;

		if (count > 1)
			err = add_sums(p, &p->rows[row], lists.items + from, count, &t);
		else
			p->rows[row].is_ours = listens(p, sock_at(p, lists.items[from]));
	}
	tally_free(&t.procs);
	tally_free(&t.local);
	tally_free(&t.remote);
	lists_free(&lists);
	return err;
}

/* ---- What changed ---------------------------------------------------------------------------- */

static void count_closed(struct peers *p, const struct frame *f, const struct sock *s)
{
	uint32_t row = find(p, peer_key(f, s, &p->mask));

	if (row != ROWINDEX_NONE)
		p->rows[row].closed++;
}

static bool was_conn(const struct peers *p, uint32_t then)
{
	return then != SOCK_NONE && sample_has_sock(p->prev, then) &&
	       sock_is_conn(&p->prev->frame->socks[then]);
}

/* Of the sockets that are there. One in TIME-WAIT that was not there came and went. */
static void count_there(struct peers *p)
{
	const struct frame *f = p->s->frame;

	for (uint32_t n = 0; n < sample_sock_count(p->s); n++) {
		const struct sock *s = sock_at(p, n);
		uint32_t then = f->diff.previous[sample_sock_row(p->s, n)];
		bool was = was_conn(p, then), is = sock_is_conn(s);
		bool brief =
			then == SOCK_NONE && s->proto == SOCK_TCP && s->state == SOCK_TIME_WAIT;

		if (p->row_of[n] == SOCK_NONE)
			continue;
		p->rows[p->row_of[n]].opened += (is && !was) || brief;
		p->rows[p->row_of[n]].closed += (was && !is) || brief;
	}
}

static void count_changes(struct peers *p)
{
	const struct frame *f = p->s->frame;

	count_there(p);
	for (uint32_t i = 0; i < f->diff.gone_count; i++)
		if (was_conn(p, f->diff.gone[i]))
			count_closed(p, p->prev->frame, &p->prev->frame->socks[f->diff.gone[i]]);
	/* Those that are selected no more. */
	for (uint32_t row = 0; p->s->selected && row < f->sock_count; row++)
		if (!sample_has_sock(p->s, row) && was_conn(p, f->diff.previous[row]))
			count_closed(p, f, &f->socks[row]);
	p->s->peers_compared = true;
}

/* Connections that ended, also of peers that have no other: those only where all sockets are wanted,
 * for nobody can say what a filter would have selected. After all that looks at sockets. */
static int count_ended(struct peers *p)
{
	const struct ended_table *t = &p->s->frame->ended.ends[ENDED_REMOTE];

	for (uint32_t i = 0; i < t->count; i++) {
		uint64_t hash = peer_key_of_ended(p->s->frame, &t->rows[i], &p->mask);
		uint32_t row = find(p, hash);

		if (row == ROWINDEX_NONE && p->s->selected)
			continue;
		if (row == ROWINDEX_NONE)
			row = meet(p, SOCK_NONE, &t->rows[i], hash);
		if (row == SOCK_NONE)
			return -ENOMEM;
		p->rows[row].ended += t->rows[i].count;
	}
	return 0;
}

/* ---- The table ------------------------------------------------------------------------------- */

static void hand_over(struct peers *p)
{
	struct sample *s = p->s;

	s->peers = p->rows;
	s->peer_count = p->count;
	s->peer_sums = p->sums;
	p->rows = NULL;
	p->sums = NULL;
}

int group_peers(struct sample *s, const struct sample *prev, uint8_t prefix4, uint8_t prefix6)
{
	struct peers p = { .s = s, .prev = prev, .mask = peer_mask(prefix4, prefix6) };
	int err = listening_make(&p.listening, s);

	s->prefix4 = prefix4;
	s->prefix6 = prefix6;
	if (!err)
		err = find_all(&p);
	if (!err)
		err = add_up(&p);
	if (!err && prev)
		count_changes(&p);
	if (!err)
		err = count_ended(&p);
	if (!err)
		hand_over(&p);
	listening_free(&p.listening);
	rowindex_free(&p.index);
	free(p.rows);
	free(p.hashes);
	free(p.row_of);
	free(p.sums);
	return err;
}

/* ---- Looking --------------------------------------------------------------------------------- */

struct peer_sums peer_sums_of(const struct sample *s, uint32_t row)
{
	const struct peer_row *r = &s->peers[row];
	const struct frame *f = s->frame;
	const struct sock *sock;
	struct peer_sums sums = { .proc = SOCK_NONE, .in_port = SOCK_NONE, .out_port = SOCK_NONE };

	if (r->sums != SOCK_NONE)
		return s->peer_sums[r->sums];
	if (r->brief)
		return sums;
	sock = &f->socks[r->sock];
	add_sock(&sums, sock, r->is_ours);
	sums.in_port = r->is_ours ? sock->local_port : SOCK_NONE;
	sums.out_port = r->is_ours ? SOCK_NONE : sock->remote_port;
	for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
		if (!sums.procs++ || f->edges[e].proc < sums.proc)
			sums.proc = f->edges[e].proc;
		sums.proc_socks = 1;
	}
	return sums;
}

uint64_t peer_identity(const struct sample *s, uint32_t row)
{
	struct peer_mask mask = peer_mask(s->prefix4, s->prefix6);
	uint64_t key = peer_key_of_row(s->frame, &s->peers[row], &mask);

	return hash_mix(key, (uint64_t)s->prefix4 << 8 | s->prefix6) | 1;
}
