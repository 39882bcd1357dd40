/* Edges of a frame that stay: nearly all sockets are those of the frame before, with the same owners,
 * and their edges are copied in one pass, in order. What is new is sorted out for owner_match.c. */
#include "sockdash/owner_edges.h"

#include <errno.h>
#include <stdlib.h>

enum {
	SHARED_LEAST = 1000, /* shared descriptors that are looked at again in each frame */
	SHARED_SHARE = 400,  /* and one for so many sockets */
};

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

void owner_edges_end(struct owner_edges *e)
{
	free(e->procs_then);
	free(e->shared);
	free(e->fresh.rows);
	free(e->bare.rows);
	free(e->lost.rows);
}
