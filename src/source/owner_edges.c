/* Edges of a frame. Nearly all sockets are those of the frame before, with the same owners: their
 * edges are copied in one pass, in order. The rest, the new ones and those that some look has
 * touched, are looked up together: their inodes go into a small index, all tables are held against
 * it once (a nanosecond for a descriptor), and what fits is laid out by counting. A table goes by
 * pid and descriptor, so the edges come out in order without sorting. */
#include "sockdash/owner_edges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHARED_LEAST = 24,  /* shared descriptors that are looked at again in each frame */
	SHARED_SHARE = 400, /* and one for so many sockets */
};

/* ---- Lists ----------------------------------------------------------------------------------- */

int row_list_add(struct row_list *l, uint32_t row)
{
	if (l->count == l->room) {
		uint32_t room = l->room ? l->room * 2 : 256;
		uint32_t *more = realloc(l->rows, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		l->rows = more;
		l->room = room;
	}
	l->rows[l->count++] = row;
	return 0;
}

/* A set of numbers that may say yes to one that is not in it. All-zero says yes to all. */
struct filter {
	uint64_t *bits;
	uint32_t shift;
};

static uint32_t filter_place(const struct filter *s, uint32_t number)
{
	return (number * UINT32_C(2654435769)) >> s->shift;
}

static int filter_init(struct filter *s, uint32_t expected)
{
	uint32_t log = 12;

	while (log < 31 && UINT32_C(1) << log < (uint64_t)expected * 16)
		log++;
	s->shift = 32 - log;
	s->bits = calloc((UINT32_C(1) << log) / 64, sizeof *s->bits);
	return s->bits ? 0 : -ENOMEM;
}

static void filter_add(struct filter *s, uint32_t number)
{
	uint32_t place = filter_place(s, number);

	s->bits[place / 64] |= UINT64_C(1) << place % 64;
}

static bool filter_has(const struct filter *s, uint32_t number)
{
	uint32_t place = filter_place(s, number);

	return !s->bits || s->bits[place / 64] >> place % 64 & 1;
}

/* ---- Processes ------------------------------------------------------------------------------- */

int owner_edges_proc(struct owner_edges *e, struct live_proc *p, uint32_t *row)
{
	struct proc proc = { .pid = p->pid,
		.fds = PROC_UNKNOWN,
		.name = "",
		.user = "",
		.cmdline = "",
		.unit = "",
		.cgroup = "" };
	int err;

	*row = p->row;
	if (p->row != SOCK_NONE)
		return 0;
	if (!p->facts.read) {
		err = live_facts_read(e->ps, p, false);
		p->gone = err != 0;
		if (err)
			return err == -ENOMEM ? err : 0;
	}
	proc.start = p->facts.start;
	err = frame_add_proc(e->f, &proc, &p->row);
	*row = p->row;
	return err;
}

static int map_procs(struct owner_edges *e)
{
	e->procs_then = malloc((e->prev->proc_count + 1) * sizeof *e->procs_then);
	if (!e->procs_then)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->prev->proc_count; i++) {
		const struct proc *old = &e->prev->procs[i];
		const struct live_proc *p = live_procs_find(e->ps, old->pid);
		bool same = p && !p->gone && p->facts.read && p->facts.start == old->start;

		e->procs_then[i] = same ? (uint32_t)(p - e->ps->all) : SOCK_NONE;
	}
	return 0;
}

/* ---- What stays ------------------------------------------------------------------------------ */

/* Notes the descriptors of a socket that has several, as long as there is room. */
static void note_shared(struct owner_edges *e, const struct owner_edge *old, uint32_t row)
{
	if (row < e->shared_from || e->shared_count == e->shared_most)
		return;
	e->shared_next = row + 1;
	for (; e->shared_count < e->shared_most; old++) {
		uint32_t at = e->procs_then[old->proc];

		if (at != SOCK_NONE)
			e->shared[e->shared_count++] = (struct shared_fd){ at, old->fd };
		if (old->last)
			break;
	}
}

/* Copies the edges of row `then` that are still good. There is room for all of the frame before. */
static int copy_edges(struct owner_edges *e, uint32_t row, uint32_t then)
{
	struct frame *f = e->f;
	uint32_t first = f->edge_count, count = first;
	const struct owner_edge *old = &e->prev->edges[e->prev->socks[then].owner];

	if (!old->last)
		note_shared(e, old, row);
	for (;; old++) {
		uint32_t at = e->procs_then[old->proc], proc = SOCK_NONE;
		int err = 0;

		if (at != SOCK_NONE)
			err = owner_edges_proc(e, &e->ps->all[at], &proc);
		if (err)
			return err;
		if (proc != SOCK_NONE)
			f->edges[count++] = (struct owner_edge){ .proc = proc, .fd = old->fd };
		if (old->last)
			break;
	}
	if (count > first) {
		f->edges[count - 1].last = 1;
		f->socks[row].owner = first;
		f->edge_count = count;
	}
	return 0;
}

/* The descriptors of a socket that lost its file are closed, whoever had them. */
static void release(struct owner_edges *e, const struct sock *old)
{
	const struct owner_edge *edge;

	if (!old->inode || old->owner == SOCK_NONE || old->flags & SOCK_CARRIED)
		return;
	for (edge = &e->prev->edges[old->owner];; edge++) {
		uint32_t at = e->procs_then[edge->proc];

		if (at != SOCK_NONE)
			live_proc_release(&e->ps->all[at], edge->fd, old->inode);
		if (edge->last)
			break;
	}
}

static int begin_row(struct owner_edges *e, uint32_t row)
{
	struct sock *s = &e->f->socks[row];
	uint32_t then = owner_edges_then(e, row);
	const struct sock *old = then == SOCK_NONE ? NULL : &e->prev->socks[then];
	int err;

	if (!s->inode) {
		if (!old || old->owner == SOCK_NONE)
			return 0;
		release(e, old);
		return row_list_add(&e->lost, row);
	}
	e->files++;
	if (!old || old->inode != s->inode || !e->goes_on)
		return row_list_add(&e->fresh, row);
	if (old->owner != SOCK_NONE && !(old->flags & SOCK_CARRIED)) {
		err = copy_edges(e, row, then);
		if (err || s->owner != SOCK_NONE)
			return err;
	}
	return row_list_add(&e->bare, row);
}

/* What is known of the frame before, and room for as much. */
static int take_over(struct owner_edges *e)
{
	int err = map_procs(e);

	if (err)
		return err;
	e->shared_most = SHARED_LEAST + e->f->sock_count / SHARED_SHARE;
	e->shared = malloc(e->shared_most * sizeof *e->shared);
	return e->shared && frame_edge_room(e->f, e->prev->edge_count) ? 0 : -ENOMEM;
}

int owner_edges_begin(struct owner_edges *e)
{
	struct frame *f = e->f;
	int err = 0;

	if (!f->diff.known)
		e->prev = NULL;
	if (e->prev)
		err = take_over(e);
	for (uint32_t i = 0; !err && e->prev && i < f->diff.gone_count; i++)
		release(e, &e->prev->socks[f->diff.gone[i]]);
	for (uint32_t row = 0; !err && row < f->sock_count; row++)
		err = begin_row(e, row);
	/* The last ones: the next time it begins at the first. */
	if (e->shared_count < e->shared_most)
		e->shared_next = 0;
	return err;
}

/* ---- What is looked up ----------------------------------------------------------------------- */

/* One owner that was found. */
struct hit {
	uint32_t place; /* in the list of sockets that are looked up */
	uint32_t proc, fd;
};

struct match {
	struct owner_edges *e;
	struct row_list rows; /* that are looked up */
	struct hash by_inode; /* → place among them */
	struct filter sought; /* their inodes */
	struct hit *hits;
	uint32_t hit_count, hit_room;
};

/* The inodes that looks have touched and that no fresh socket has. Answers how many, or -ENOMEM. */
static int64_t touched(const struct match *m, struct filter *out)
{
	const struct live_procs *ps = m->e->ps;
	int64_t count = 0;

	for (uint32_t i = 0; i < ps->changed_count; i++) {
		if (hash_get(&m->by_inode, ps->changed[i]) != HASH_NONE)
			continue;
		if (!out->bits && filter_init(out, ps->changed_count))
			return -ENOMEM;
		filter_add(out, ps->changed[i]);
		count++;
	}
	return count;
}

static int look_up_row(struct match *m, uint32_t row)
{
	int err = hash_put(&m->by_inode, m->e->f->socks[row].inode, m->rows.count);

	return err ? err : row_list_add(&m->rows, row);
}

/* Rows that had their edges copied get them anew. */
static int add_touched(struct match *m)
{
	struct owner_edges *e = m->e;
	struct filter changed = { 0 };
	int64_t count = touched(m, &changed);
	int err = count < 0 ? (int)count : 0;

	for (uint32_t row = 0; !err && count && row < e->f->sock_count; row++) {
		struct sock *s = &e->f->socks[row];

		if (!s->inode || !filter_has(&changed, s->inode) ||
			hash_get(&m->by_inode, s->inode) != HASH_NONE)
			continue;
		err = look_up_row(m, row);
		if (!err && s->owner != SOCK_NONE)
			err = row_list_add(&e->bare, row);
		s->owner = SOCK_NONE;
	}
	free(changed.bits);
	return err;
}

static int choose_rows(struct match *m)
{
	const struct row_list *fresh = &m->e->fresh;
	int err = hash_reserve(&m->by_inode, fresh->count);

	for (uint32_t i = 0; !err && i < fresh->count; i++)
		err = look_up_row(m, fresh->rows[i]);
	if (!err && m->rows.count < m->e->files)
		err = add_touched(m);
	/* Where all are looked up a filter keeps nothing out. */
	if (!err && m->rows.count < m->e->files / 2)
		err = filter_init(&m->sought, m->rows.count);
	for (uint32_t i = 0; !err && m->sought.bits && i < m->rows.count; i++)
		filter_add(&m->sought, m->e->f->socks[m->rows.rows[i]].inode);
	return err;
}

static int add_hit(struct match *m, struct live_proc *p, uint32_t place, uint32_t fd)
{
	struct hit hit = { .place = place, .fd = fd };
	int err = owner_edges_proc(m->e, p, &hit.proc);

	if (err || hit.proc == SOCK_NONE)
		return err;
	if (m->hit_count == m->hit_room) {
		uint32_t room = m->hit_room ? m->hit_room * 2 : 256;
		struct hit *more = realloc(m->hits, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		m->hits = more;
		m->hit_room = room;
	}
	m->hits[m->hit_count++] = hit;
	return 0;
}

static int match_table(struct match *m, struct live_proc *p)
{
	for (uint32_t i = 0; i < p->table.count; i++) {
		struct fd_chunk *c = &p->table.chunks[i];

		for (uint32_t n = 0; n < FD_CHUNK; n++) {
			uint32_t place;
			int err;

			if (!c->inodes[n] || !filter_has(&m->sought, c->inodes[n]))
				continue;
			place = hash_get(&m->by_inode, c->inodes[n]);
			if (place == HASH_NONE)
				continue;
			fd_table_mark_dumped(&p->table, c, n);
			err = add_hit(m, p, place, c->base + n);
			if (err || p->gone)
				return err;
		}
	}
	return 0;
}

/* Lays the hits out by socket; they are in the order of processes and descriptors already. */
static int lay_out(struct match *m)
{
	struct frame *f = m->e->f;
	uint32_t *ends = calloc(m->rows.count + 1, sizeof *ends), at = f->edge_count;
	struct owner_edge *edges = frame_edge_room(f, m->hit_count);

	if (!ends || !edges) {
		free(ends);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < m->hit_count; i++)
		ends[m->hits[i].place]++;
	for (uint32_t place = 0; place < m->rows.count; place++) {
		if (ends[place])
			f->socks[m->rows.rows[place]].owner = at;
		at += ends[place];
		ends[place] = at - ends[place];
	}
	for (uint32_t i = 0; i < m->hit_count; i++) {
		uint32_t place = m->hits[i].place;

		f->edges[ends[place]++] = (struct owner_edge){ .proc = m->hits[i].proc,
			.fd = m->hits[i].fd & INT32_MAX };
	}
	for (uint32_t place = 0; place < m->rows.count; place++)
		if (f->socks[m->rows.rows[place]].owner != SOCK_NONE)
			f->edges[ends[place] - 1].last = 1;
	f->edge_count = at;
	free(ends);
	return 0;
}

int owner_edges_match(struct owner_edges *e)
{
	struct match m = { .e = e };
	int err = choose_rows(&m);

	for (uint32_t i = 0; !err && m.rows.count && i < e->ps->count; i++) {
		struct live_proc *p = &e->ps->all[i];

		err = p->gone ? 0 : match_table(&m, p);
		/* What it has and this dump has not may be newer, and gone before the next. */
		if (p->met == e->ps->now)
			fd_table_doubt(&p->table);
	}
	if (!err && m.hit_count)
		err = lay_out(&m);
	free(m.rows.rows);
	free(m.sought.bits);
	free(m.hits);
	hash_free(&m.by_inode);
	return err;
}

void owner_edges_end(struct owner_edges *e)
{
	free(e->procs_then);
	free(e->shared);
	free(e->fresh.rows);
	free(e->bare.rows);
	free(e->lost.rows);
}
