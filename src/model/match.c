/* Matching by expectation. A row that is not where it is expected is looked up in an index of the
 * frame before, made when it is first needed: on a quiet server never. Rows that were not there
 * before stand in a map of their own, which is as large as the churn. */
#include "sockdash/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are looked at behind the expected one, for sockets that have gone. */
#define LOOK_AHEAD 4

struct match {
	const struct frame *prev;
	uint32_t expected;     /* row of prev */
	uint64_t *kept;        /* a bit per row of prev: it was found */
	uint32_t *rows_now;    /* per row of prev; made for the first row that is repeated */
	uint32_t *previous;    /* per row of the frame */
	uint32_t room;         /* of `previous` */
	struct rowindex index; /* of prev, by key; without slots until it is needed */
	struct hash fresh;     /* key → row of the frame, for rows that are not in prev */
};

struct match *match_create(const struct frame *prev)
{
	struct match *m = calloc(1, sizeof *m);

	if (!m || !prev)
		return m;
	m->prev = prev;
	/* As many as before and a few more: what is not touched takes no memory. */
	m->room = prev->sock_count + prev->sock_count / 8 + 64;
	m->previous = malloc(m->room * sizeof *m->previous);
	m->kept = calloc(prev->sock_count / 64 + 1, sizeof *m->kept);
	if (!m->previous || !m->kept) {
		match_free(m);
		return NULL;
	}
	return m;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	free(m->previous);
	free(m->kept);
	free(m->rows_now);
	rowindex_free(&m->index);
	hash_free(&m->fresh);
	free(m);
}

const struct frame *match_against(const struct match *m)
{
	return m->prev;
}

const struct sock *match_expected(const struct match *m)
{
	return m->prev && m->expected < m->prev->sock_count ? &m->prev->socks[m->expected] : NULL;
}

uint32_t *match_take_previous(struct match *m)
{
	uint32_t *previous = m->previous;

	m->previous = NULL;
	return previous;
}

bool match_is_kept(const struct match *m, uint32_t then)
{
	return m->kept[then / 64] >> then % 64 & 1;
}

static bool is_same(
	const struct match *m, const struct frame *f, const struct sock *s, uint32_t then)
{
	const struct sock *old = &m->prev->socks[then];

	if (s->cookie != old->cookie)
		return false;
	if (s->cookie)
		return frame_netns_inode(f, s) == frame_netns_inode(m->prev, old);
	return s->local_port == old->local_port && s->remote_port == old->remote_port &&
	       frame_sock_key(f, s) == frame_sock_key(m->prev, old);
}

static int index_prev(struct match *m)
{
	int err = rowindex_make(&m->index, m->prev->sock_count);

	for (uint32_t row = 0; !err && row < m->prev->sock_count; row++)
		rowindex_add(&m->index, frame_sock_key(m->prev, &m->prev->socks[row]), row);
	return err;
}

/* The row of prev that is this socket, or SOCK_NONE. */
static int find_then(struct match *m, const struct frame *f, const struct sock *s, uint32_t *then)
{
	uint32_t at;

	for (uint32_t i = 0; i < LOOK_AHEAD && i < m->prev->sock_count - m->expected; i++) {
		*then = m->expected + i;
		if (is_same(m, f, s, *then))
			return 0;
	}
	if (!m->index.slots && index_prev(m))
		return -ENOMEM;
	at = rowindex_first(&m->index, frame_sock_key(f, s));
	while ((*then = rowindex_next(&m->index, &at)) != ROWINDEX_NONE)
		if (is_same(m, f, s, *then))
			return 0;
	*then = SOCK_NONE;
	return 0;
}

static int make_room(struct match *m, uint32_t row)
{
	uint32_t room = m->room + m->room / 2;
	uint32_t *bigger;

	if (row < m->room)
		return 0;
	bigger = m->room > UINT32_MAX / 4 ? NULL : realloc(m->previous, room * sizeof *bigger);
	if (!bigger)
		return -ENOMEM;
	m->previous = bigger;
	m->room = room;
	return 0;
}

/* The row that has the socket already: a dump repeats a few rows, or begins anew. */
static int find_repeated(struct match *m, uint32_t then, uint32_t next, uint32_t *row)
{
	if (!m->rows_now) {
		m->rows_now = malloc(m->prev->sock_count * sizeof *m->rows_now);
		if (!m->rows_now)
			return -ENOMEM;
		for (uint32_t i = 0; i < next; i++)
			if (m->previous[i] != SOCK_NONE)
				m->rows_now[m->previous[i]] = i;
	}
	*row = m->rows_now[then];
	return 0;
}

static void keep(struct match *m, uint32_t then, uint32_t row)
{
	m->kept[then / 64] |= UINT64_C(1) << then % 64;
	if (m->rows_now)
		m->rows_now[then] = row;
}

int match_add(
	struct match *m, const struct frame *f, const struct sock *s, uint32_t next, uint32_t *row)
{
	uint32_t then = SOCK_NONE;
	int err = 0;

	if (m->prev)
		err = make_room(m, next);
	if (!err && m->prev)
		err = find_then(m, f, s, &then);
	if (err)
		return err;
	*row = next;
	if (then == SOCK_NONE)
		err = hash_add(&m->fresh, frame_sock_key(f, s), next, row);
	else if (match_is_kept(m, then))
		err = find_repeated(m, then, next, row);
	else
		keep(m, then, next);
	if (then != SOCK_NONE)
		m->expected = then + 1;
	if (m->prev && !err && *row == next)
		m->previous[next] = then;
	return err;
}
