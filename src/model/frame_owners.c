/* Who owns the sockets of a frame: the edges from sockets to processes, and what the frame before
 * knows of them. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/frame.h"
#include "sockdash/grow.h"

static int compare_owners(const void *left, const void *right, void *context)
{
	const struct owner_found *a = left, *b = right;
	const struct proc *procs = ((const struct frame *)context)->procs;
	uint32_t x = procs[a->proc].pid, y = procs[b->proc].pid;

	if (a->sock != b->sock)
		return (a->sock > b->sock) - (a->sock < b->sock);
	if (x != y)
		return (x > y) - (x < y);
	if (a->proc != b->proc)
		return (a->proc > b->proc) - (a->proc < b->proc);
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Recorded and made-up owners come in order, and there may be a million. */
static bool in_order(struct frame *f, const struct owner_found *found, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_owners(&found[i - 1], &found[i], f) > 0)
			return false;
	return true;
}

int frame_set_owners(struct frame *f, struct owner_found *found, size_t count)
{
	struct owner_edge *edges;

	if (count >= SOCK_NONE)
		return -ENOMEM;
	edges = malloc((count ? count : 1) * sizeof *edges);
	if (!edges)
		return -ENOMEM;
	if (!in_order(f, found, count))
		qsort_r(found, count, sizeof *found, compare_owners, f);
	for (uint32_t i = 0; i < count; i++) {
		bool first = i == 0 || found[i - 1].sock != found[i].sock;

		edges[i].proc = found[i].proc;
		edges[i].fd = found[i].fd & INT32_MAX;
		edges[i].last = i + 1 == count || found[i + 1].sock != found[i].sock;
		if (first)
			f->socks[found[i].sock].owner = i;
	}
	free(f->edges);
	f->edges = edges;
	f->edge_count = f->edge_room = (uint32_t)count;
	return 0;
}

struct owner_edge *frame_edge_room(struct frame *f, uint64_t count)
{
	uint64_t wanted = f->edge_count + count, room;
	struct owner_edge *more;

	if (f->edges && wanted <= f->edge_room)
		return f->edges + f->edge_count;
	room = f->edge_count ? wanted + wanted / 8 : wanted + 1;
	if (room >= SOCK_NONE)
		return NULL;
	more = realloc(f->edges, room * sizeof *more);
	if (!more)
		return NULL;
	f->edges = more;
	f->edge_room = (uint32_t)room;
	return more + f->edge_count;
}

int frame_push_owner(struct frame *f, uint32_t proc, uint32_t fd)
{
	struct sock *s = &f->socks[f->sock_count - 1];
	struct owner_edge *edge = frame_edge_room(f, 1);

	if (!edge)
		return -ENOMEM;
	if (s->owner == SOCK_NONE)
		s->owner = f->edge_count;
	else
		edge[-1].last = 0;
	*edge = (struct owner_edge){ .proc = proc, .fd = fd & INT32_MAX, .last = 1 };
	f->edge_count++;
	return 0;
}

uint32_t frame_next_owner(const struct frame *f, uint32_t edge)
{
	uint32_t proc = f->edges[edge].proc;

	while (!f->edges[edge].last)
		if (f->edges[++edge].proc != proc)
			return edge;
	return SOCK_NONE;
}

const struct proc *frame_owner(const struct frame *f, const struct sock *s)
{
	return s->owner == SOCK_NONE ? NULL : &f->procs[f->edges[s->owner].proc];
}

bool frame_owned_by(const struct frame *f, const struct sock *s, uint32_t pid, uint64_t start)
{
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
		const struct proc *p = &f->procs[f->edges[e].proc];

		if (p->pid == pid && p->start == start)
			return true;
	}
	return false;
}

/* The row in `cur` of a process of `prev`, added if it holds no socket any more. */
static int bring_proc(struct frame *cur, const struct frame *prev, uint32_t then, uint32_t *row)
{
	const struct proc *old = &prev->procs[then];
	struct proc copy = *old;

	*row = frame_find_proc(cur, old->pid, old->start);
	if (*row != SOCK_NONE)
		return 0;
	if (frame_copy_proc_texts(cur, &copy))
		return -ENOMEM;
	copy.fds = PROC_UNKNOWN;
	return frame_add_proc(cur, &copy, row);
}

/* A socket without an owner that some process held, or is remembered to have held: it has lost its
 * file, or was closed after the dump and before the search for owners. */
static bool inherits_owner(const struct frame *cur, const struct frame *prev, uint32_t row)
{
	uint32_t then = cur->diff.previous[row];

	return cur->socks[row].owner == SOCK_NONE && then != SOCK_NONE &&
	       prev->socks[then].owner != SOCK_NONE;
}

int frame_carry_owner(struct frame *cur, const struct frame *prev, uint32_t row, uint32_t then)
{
	uint32_t owner = prev->socks[then].owner, first = cur->edge_count;

	for (uint32_t e = owner; e != SOCK_NONE; e = frame_next_owner(prev, e)) {
		struct owner_edge *edge;
		uint32_t proc;
		int err = bring_proc(cur, prev, prev->edges[e].proc, &proc);

		edge = err ? NULL : frame_edge_room(cur, 1);
		if (!edge)
			return -ENOMEM;
		*edge = (struct owner_edge){ .proc = proc, .fd = prev->edges[e].fd };
		cur->edge_count++;
	}
	if (cur->edge_count == first)
		return 0;
	cur->edges[cur->edge_count - 1].last = 1;
	cur->socks[row].owner = first;
	cur->socks[row].flags |= SOCK_CARRIED;
	return 0;
}

int frame_carry_owners(struct frame *cur, const struct frame *prev)
{
	int err = 0;

	if (!prev || !cur->diff.known)
		return 0;
	for (uint32_t row = 0; !err && row < cur->sock_count; row++)
		if (inherits_owner(cur, prev, row))
			err = frame_carry_owner(cur, prev, row, cur->diff.previous[row]);
	return err;
}

void frame_mark_hidden(struct frame *cur, const struct frame *prev)
{
	bool all_seen = !cur->procs_hidden && !cur->pids_hidden;
	bool watching = frame_owners_compare(cur, prev);
	bool complete = cur->owners_percent >= 100;

	for (uint32_t row = 0; row < cur->sock_count; row++) {
		struct sock *s = &cur->socks[row];
		bool is_new = !watching || cur->diff.previous[row] == SOCK_NONE;
		bool foreign = cur->seer_uid != PROC_UNKNOWN && cur->seer_uid != s->uid;

		if (!s->inode || s->owner != SOCK_NONE)
			continue;
		if ((is_new || !complete) && (all_seen || !foreign) &&
			!cur->problems[FRAME_NO_PROC])
			continue;
		s->flags |= SOCK_HIDDEN;
		cur->owners_hidden++;
	}
}

int frame_add_reset(struct frame *f, const struct frame_reset *r)
{
	if (grow(&f->resets, f->reset_count, &f->reset_room, sizeof *f->resets))
		return -ENOMEM;
	f->resets[f->reset_count++] = *r;
	return 0;
}
