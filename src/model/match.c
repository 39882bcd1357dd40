/* Matching by expectation. A row that is not where it is expected is looked up in an index of the
 * frame before, made when it is first needed: on a quiet server never. Rows that were not there
 * before stand in a map of their own, which is as large as the churn. */
#include "sockdash/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/grow.h"

/* Rows that are looked at behind the expected one, for sockets that have gone. */
#define LOOK_AHEAD 4

#define AHEAD 16

struct match {
	const struct frame *prev;
	uint32_t expected;        /* row of prev */
	uint64_t *kept;           /* a bit per row of prev: it was found */
	uint32_t *rows_now;       /* per row of prev; made for the first row that is repeated */
	uint32_t *previous;       /* per row of the frame */
	uint32_t room;            /* of `previous` */
	struct rowindex index;    /* of prev, by key; without slots until it is needed */
	struct row_list fresh;    /* rows of the frame that are not in prev */
	struct row_list repeated; /* those of them that tell of a socket once more */
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
	free(m->fresh.rows);
	free(m->repeated.rows);
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

static bool is_same(const struct frame *f, const struct sock *s, const struct frame *other,
	const struct sock *o)
{
	if (s->cookie != o->cookie)
		return false;
	if (s->cookie)
		return frame_netns_inode(f, s) == frame_netns_inode(other, o);
	return s->local_port == o->local_port && s->remote_port == o->remote_port &&
	       frame_sock_key(f, s) == frame_sock_key(other, o);
}

/* Keys of rows to come, for fetching memory ahead: a look into an index of a million rows takes ten
 * times as long as all else that is done for a row. */
struct ahead {
	uint64_t keys[AHEAD];
};

static int index_prev(struct match *m)
{
	const struct frame *prev = m->prev;
	struct ahead a;
	int err = rowindex_make(&m->index, prev->sock_count);

	for (uint32_t i = 0; !err && i < prev->sock_count + AHEAD; i++) {
		uint64_t *key = &a.keys[i % AHEAD];

		if (i >= AHEAD)
			rowindex_add(&m->index, *key, i - AHEAD);
		if (i < prev->sock_count) {
			*key = frame_sock_key(prev, &prev->socks[i]);
			rowindex_prefetch(&m->index, *key);
		}
	}
	return err;
}

/* The row of prev that is this socket, or SOCK_NONE. */
static int find_then(struct match *m, const struct frame *f, const struct sock *s, uint32_t *then)
{
	uint64_t key;
	uint32_t at;

	for (uint32_t i = 0; i < LOOK_AHEAD && i < m->prev->sock_count - m->expected; i++) {
		*then = m->expected + i;
		if (is_same(f, s, m->prev, &m->prev->socks[*then]))
			return 0;
	}
	if (!m->index.slots && index_prev(m))
		return -ENOMEM;
	key = frame_sock_key(f, s);
	at = rowindex_first(&m->index, key);
	while ((*then = rowindex_next(&m->index, key, &at)) != ROWINDEX_NONE)
		if (is_same(f, s, m->prev, &m->prev->socks[*then]))
			return 0;
	*then = SOCK_NONE;
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
		err = grow(&m->previous, next, &m->room, sizeof *m->previous);
	if (!err && m->prev)
		err = find_then(m, f, s, &then);
	if (err)
		return err;
	*row = next;
	if (then == SOCK_NONE)
		err = row_list_add(&m->fresh, next);
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

/* ---- Rows that are repeated ------------------------------------------------------------------ */

/* The place in the list of a fresh row that has this socket, or ROWINDEX_NONE. */
static uint32_t find_fresh(const struct match *m, const struct rowindex *x, const struct frame *f,
	const struct sock *s, uint64_t key)
{
	uint32_t at = rowindex_first(x, key), i;

	while ((i = rowindex_next(x, key, &at)) != ROWINDEX_NONE)
		if (is_same(f, s, f, &f->socks[m->fresh.rows[i]]))
			break;
	return i;
}

/* The first row of a socket gets what its last one tells. */
static int take_fresh(
	struct match *m, struct rowindex *x, struct frame *f, uint32_t i, uint64_t key)
{
	uint32_t row = m->fresh.rows[i];
	uint32_t first = find_fresh(m, x, f, &f->socks[row], key);

	if (first == ROWINDEX_NONE) {
		rowindex_add(x, key, i);
		return 0;
	}
	frame_move_sock(f, m->fresh.rows[first], row);
	return row_list_add(&m->repeated, row);
}

static int merge_fresh(struct match *m, struct frame *f)
{
	struct rowindex x = { 0 };
	struct ahead a;
	int err = rowindex_make(&x, m->fresh.count);

	for (uint32_t i = 0; !err && i < m->fresh.count + AHEAD; i++) {
		uint64_t *key = &a.keys[i % AHEAD];

		if (i >= AHEAD)
			err = take_fresh(m, &x, f, i - AHEAD, *key);
		if (i < m->fresh.count) {
			*key = frame_sock_key(f, &f->socks[m->fresh.rows[i]]);
			rowindex_prefetch(&x, *key);
		}
	}
	rowindex_free(&x);
	return err;
}

static void drop_repeated(struct match *m, struct frame *f)
{
	uint32_t to = m->repeated.count ? m->repeated.rows[0] : f->sock_count, next = 0;

	for (uint32_t row = to; row < f->sock_count; row++) {
		if (next < m->repeated.count && m->repeated.rows[next] == row) {
			next++;
			continue;
		}
		if (m->prev)
			m->previous[to] = m->previous[row];
		frame_move_sock(f, to++, row);
	}
	f->sock_count = to;
}

int match_finish(struct match *m, struct frame *f)
{
	int err = merge_fresh(m, f);

	if (!err)
		drop_repeated(m, f);
	return err;
}
