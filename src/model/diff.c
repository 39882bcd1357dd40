/* What became of each socket between two frames, and what a later frame must remember of the
 * earlier one. A socket that a dump missed leaves a ghost for one frame, so that its age goes on when
 * it is back. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/match.h"

static int collect_gone(struct frame *cur, const struct frame *prev)
{
	struct diff *d = &cur->diff;
	uint32_t n = 0;

	for (uint32_t row = 0; row < prev->sock_count; row++)
		n += !match_is_kept(cur->match, row);
	d->gone = malloc((n ? n : 1) * sizeof *d->gone);
	cur->ghosts = malloc((n ? n : 1) * sizeof *cur->ghosts);
	if (!d->gone || !cur->ghosts)
		return -ENOMEM;
	for (uint32_t row = 0; row < prev->sock_count; row++) {
		const struct sock *s = &prev->socks[row];

		if (match_is_kept(cur->match, row))
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

/* The frame was filled without knowing what it would be compared with. */
static int match_again(struct frame *cur, const struct frame *prev)
{
	int err = 0;

	match_free(cur->match);
	cur->match = match_create(prev);
	if (!cur->match)
		return -ENOMEM;
	for (uint32_t row = 0; !err && row < cur->sock_count; row++) {
		uint32_t same;

		err = match_add(cur->match, cur, &cur->socks[row], row, &same);
	}
	return err;
}

int frame_settle(struct frame *f)
{
	int err = f->match ? match_finish(f->match, f) : 0;

	match_free(f->match);
	f->match = NULL;
	return err;
}

int frame_compare(struct frame *cur, const struct frame *prev)
{
	struct diff *d = &cur->diff;
	int err = cur->match ? match_finish(cur->match, cur) : 0;

	if (!cur->addresses->used)
		cur->addresses->used = cur->addresses->count;
	if (!err && prev && (!cur->match || match_against(cur->match) != prev))
		err = match_again(cur, prev);
	if (!err && prev) {
		d->previous = match_take_previous(cur->match);
		d->against = prev->number;
		err = collect_gone(cur, prev);
		d->known = !err;
	}
	match_free(cur->match);
	cur->match = NULL;
	return err;
}

void frame_compare_infos(struct frame *cur, const struct frame *prev)
{
	if (!cur->infos || !prev || !prev->infos || !cur->diff.known)
		return;
	for (uint32_t row = 0; row < cur->sock_count; row++) {
		uint32_t then = cur->diff.previous[row];

		if (then != SOCK_NONE)
			sock_info_set_rates(
				&cur->infos[row], &prev->infos[then], cur->mono_ns - prev->mono_ns);
	}
}

void frame_forget_diff(struct frame *f)
{
	free(f->diff.previous);
	free(f->diff.gone);
	f->diff = (struct diff){ .known = f->diff.known };
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
			begin_now(cur, s, cur->diff.known && !cur->by_state);
		}
	}
	hash_free(&ghosts);
	return err;
}
