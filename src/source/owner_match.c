/* Edges of a frame that are new: sockets that are, and those that some look has touched, are looked up
 * together. Their inodes go into a small index, all tables are held against it once (a nanosecond for
 * a descriptor), and what fits is laid out by counting. Tables go by pid and descriptor, so the edges
 * come out in order without sorting. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/owner_edges.h"

#include "sockdash/grow.h"

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
	if (grow(&m->hits, m->hit_count, &m->hit_room, sizeof *m->hits))
		return -ENOMEM;
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
