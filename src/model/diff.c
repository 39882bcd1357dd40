/* What became of each socket between two frames, and what a later frame must remember of the
 * earlier one. Linear in the number of sockets: one look-up a row. A socket that a dump missed
 * leaves a ghost for one frame, so that its age goes on when it is back. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/frame.h"

static int collect_gone(struct frame *cur, const struct frame *prev, const uint8_t *kept)
{
	struct diff *d = &cur->diff;
	uint32_t n = 0;

	for (uint32_t row = 0; row < prev->sock_count; row++)
		n += !kept[row];
	d->gone = malloc((n ? n : 1) * sizeof *d->gone);
	cur->ghosts = malloc((n ? n : 1) * sizeof *cur->ghosts);
	if (!d->gone || !cur->ghosts)
		return -ENOMEM;
	for (uint32_t row = 0; row < prev->sock_count; row++) {
		const struct sock *s = &prev->socks[row];

		if (kept[row])
			continue;
		d->gone[d->gone_count++] = row;
		cur->ghosts[cur->ghost_count++] = (struct frame_ghost){
			.key = frame_sock_key(prev, s),
			.first_seen = s->first_seen,
			.wait_since = s->state == SOCK_CLOSE_WAIT ? s->wait_since : SOCK_TIME_NONE,
			.state = s->state,
			.flags = s->flags & (SOCK_OLDER | SOCK_WAIT_LONGER),
		};
	}
	return 0;
}

int frame_compare(struct frame *cur, const struct frame *prev)
{
	struct diff *d = &cur->diff;
	uint8_t *kept;
	int err;

	if (!prev)
		return 0;
	d->previous = malloc((cur->sock_count ? cur->sock_count : 1) * sizeof *d->previous);
	kept = calloc(prev->sock_count ? prev->sock_count : 1, 1);
	if (!d->previous || !kept) {
		free(kept);
		return -ENOMEM;
	}
	for (uint32_t row = 0; row < cur->sock_count; row++) {
		uint32_t then = frame_find(prev, frame_sock_key(cur, &cur->socks[row]));

		d->previous[row] = then;
		if (then != SOCK_NONE)
			kept[then] = 1;
	}
	err = collect_gone(cur, prev, kept);
	free(kept);
	d->known = !err;
	return err;
}

/* The ghosts of `prev` by key, for sockets that come back. */
static int index_ghosts(const struct frame *prev, struct hash *out)
{
	int err = hash_reserve(out, prev->ghost_count);

	for (uint32_t i = 0; !err && i < prev->ghost_count; i++)
		err = hash_put(out, prev->ghosts[i].key, i);
	return err;
}

/* In CLOSE-WAIT now: the time it entered, if an earlier frame knows it. One that entered since then
 * has it from the kernel (already set), or else not at all. */
static void carry_wait(
	struct sock *s, uint8_t state_then, int32_t wait_since_then, uint8_t flags_then)
{
	if (s->state != SOCK_CLOSE_WAIT || s->wait_since != SOCK_TIME_NONE ||
		state_then != SOCK_CLOSE_WAIT)
		return;
	s->wait_since = wait_since_then;
	s->flags = (uint8_t)(s->flags | (flags_then & SOCK_WAIT_LONGER));
}

static void begin_now(struct frame *cur, struct sock *s, bool watching)
{
	s->first_seen = frame_now(cur);
	if (!watching)
		s->flags |= SOCK_OLDER;
}

int frame_carry_times(struct frame *cur, const struct frame *prev)
{
	struct hash ghosts = { 0 };
	int err = prev ? index_ghosts(prev, &ghosts) : 0;

	for (uint32_t row = 0; !err && row < cur->sock_count; row++) {
		struct sock *s = &cur->socks[row];
		uint32_t then = cur->diff.known ? cur->diff.previous[row] : SOCK_NONE;
		uint32_t ghost = HASH_NONE;

		if (then == SOCK_NONE && ghosts.count)
			ghost = hash_get(&ghosts, frame_sock_key(cur, s));
		if (then != SOCK_NONE) {
			const struct sock *old = &prev->socks[then];

			s->first_seen = old->first_seen;
			s->flags = (uint8_t)(s->flags | (old->flags & SOCK_OLDER));
			carry_wait(s, old->state, old->wait_since, old->flags);
		} else if (ghost != HASH_NONE) {
			const struct frame_ghost *g = &prev->ghosts[ghost];

			s->first_seen = g->first_seen;
			s->flags = (uint8_t)(s->flags | (g->flags & SOCK_OLDER));
			carry_wait(s, g->state, g->wait_since, g->flags);
		} else {
			begin_now(cur, s, cur->diff.known);
		}
	}
	hash_free(&ghosts);
	return err;
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

/* The edges that `s` of prev has, counted, or copied to `out` where it is given. */
static uint32_t edges_of(const struct frame *prev, uint32_t then, struct owner_edge *out)
{
	uint32_t n = 0;

	for (uint32_t e = prev->socks[then].owner; e != SOCK_NONE;
		e = frame_next_owner(prev, e), n++)
		if (out)
			out[n] = prev->edges[e];
	return n;
}

int frame_carry_owners(struct frame *cur, const struct frame *prev)
{
	struct owner_edge *edges;
	uint64_t more = 0;

	if (!prev || !cur->diff.known)
		return 0;
	for (uint32_t row = 0; row < cur->sock_count; row++)
		if (inherits_owner(cur, prev, row))
			more += edges_of(prev, cur->diff.previous[row], NULL);
	if (!more)
		return 0;
	if (cur->edge_count + more >= SOCK_NONE)
		return -ENOMEM;
	edges = realloc(cur->edges, (cur->edge_count + more) * sizeof *edges);
	if (!edges)
		return -ENOMEM;
	cur->edges = edges;
	for (uint32_t row = 0; row < cur->sock_count; row++) {
		struct owner_edge *mine = edges + cur->edge_count;
		uint32_t n;

		if (!inherits_owner(cur, prev, row))
			continue;
		n = edges_of(prev, cur->diff.previous[row], mine);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t proc;
			int err = bring_proc(cur, prev, mine[i].proc, &proc);

			if (err)
				return err;
			mine[i].proc = proc;
			mine[i].last = i + 1 == n;
		}
		cur->socks[row].owner = cur->edge_count;
		cur->socks[row].flags |= SOCK_CARRIED;
		cur->edge_count += n;
	}
	return 0;
}

void frame_mark_hidden(struct frame *cur)
{
	bool all_seen = !cur->procs_hidden && !cur->pids_hidden;

	for (uint32_t row = 0; row < cur->sock_count; row++) {
		struct sock *s = &cur->socks[row];
		bool is_new = !cur->diff.known || cur->diff.previous[row] == SOCK_NONE;
		bool foreign = cur->seer_uid != PROC_UNKNOWN && cur->seer_uid != s->uid;

		if (!s->inode || s->owner != SOCK_NONE)
			continue;
		if (is_new && (all_seen || !foreign) && !cur->problems[FRAME_NO_PROC])
			continue;
		s->flags |= SOCK_HIDDEN;
		cur->owners_hidden++;
	}
}
