/* The plan of a search. What costs is a look at a descriptor (3 µs), so each is made for a reason:
 *
 *	a new process                   all of it, once
 *	a count that does not fit       the lowest free numbers, then what no dump shows
 *	a socket whose owner is missed  in the frame after the one it came with, what is new in
 *	                                likely processes; then all processes, once
 *	several owners                  a few, in turn: each of them may have closed it
 *	no reason                       a few, in turn: what was closed and opened under the same
 *	                                number, and kernels that do not count
 *
 * With a budget the search goes on in the next frame, and what it still may find is pending. */
#include "sockdash/owner_search.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CHECK_LEAST = 100,   /* descriptors that are checked in each frame without a reason */
	DOUBT_LEAST = 500,   /* the same in processes whose count does not fit */
	CHECK_SHARE = 400,   /* and one more for so many sockets: 1 % of what a dump costs */
	CHECK_OVERHEAD = 4,  /* what it costs to open a process, in descriptors */
	PATIENCE = 2,        /* frames in which a socket is missed before all is looked at for it */
	UNCOUNTED_GUESS = 32 /* descriptors of a process of which the kernel does not tell */
};

void owner_search_free(struct owner_search *s)
{
	hash_free(&s->since);
}

/* ---- Sockets without an owner ---------------------------------------------------------------- */

/* Whether its owner is out of sight for us: another user's. */
static bool is_foreign(const struct frame *f, const struct sock *s)
{
	return f->seer_uid != PROC_UNKNOWN && f->seer_uid != s->uid &&
	       (f->procs_hidden || f->pids_hidden);
}

static bool was_hidden(const struct owner_edges *e, uint32_t row)
{
	uint32_t then = owner_edges_then(e, row);

	return then != SOCK_NONE && e->prev->socks[then].inode &&
	       e->prev->socks[then].flags & SOCK_HIDDEN;
}

/* The frame before knows an owner that held it then. */
static bool lost_owner(const struct owner_edges *e, uint32_t row)
{
	uint32_t then = owner_edges_then(e, row);

	return then != SOCK_NONE && e->prev->socks[then].owner != SOCK_NONE &&
	       !(e->prev->socks[then].flags & SOCK_CARRIED);
}

/* A socket that was without an owner in the frame before and may have got one, or has one that was
 * not found. */
static bool is_missed(const struct owner_edges *e, uint32_t row)
{
	return !was_hidden(e, row) && !lost_owner(e, row) && !is_foreign(e->f, &e->f->socks[row]);
}

/* From which frame on the socket of a row is looked for. */
static uint32_t sought_since(
	const struct owner_search *s, const struct owner_edges *e, uint32_t row)
{
	uint32_t since = hash_get(&s->since, e->f->socks[row].inode);

	return since == HASH_NONE ? 1 : since;
}

/* The number of the frame in which all must have been looked at to tell of the sockets that are
 * missed; 0 when none is. */
static uint32_t wanted_look(
	const struct owner_search *s, const struct owner_edges *e, uint32_t *oldest)
{
	uint32_t wanted = 0;

	*oldest = e->ps->now;

	for (uint32_t i = 0; i < e->bare.count; i++) {
		uint32_t row = e->bare.rows[i], since;

		if (!is_missed(e, row))
			continue;
		since = sought_since(s, e, row);
		wanted = since > wanted ? since : wanted;
		*oldest = since < *oldest ? since : *oldest;
	}
	return wanted;
}

/* ---- Looks with a reason --------------------------------------------------------------------- */

/* Processes that were never looked at as a whole. */
static int look_at_new(struct owner_edges *e)
{
	struct live_procs *ps = e->ps;
	int err = 0;

	for (uint32_t i = 0; !err && i < ps->count && !live_procs_late(ps); i++)
		if (!ps->all[i].looked && live_proc_is_open(ps, &ps->all[i]))
			err = live_procs_look(ps, &ps->all[i], UINT32_MAX);
	return err;
}

static int settle_counts(struct owner_edges *e)
{
	struct live_procs *ps = e->ps;
	int err = 0;

	for (uint32_t i = 0; !err && i < ps->count && !live_procs_late(ps); i++) {
		struct live_proc *p = &ps->all[i];

		if (p->looked && live_proc_is_open(ps, p) &&
			(p->released || p->table.young || p->fds != p->table.open))
			err = live_procs_settle(ps, p);
	}
	return err;
}

/* Where nobody counts, new sockets are where others were closed, or where some are already. */
static int guess_new(struct owner_edges *e)
{
	struct live_procs *ps = e->ps;
	int err = 0;

	for (uint32_t i = 0; !err && e->fresh.count && i < ps->count && !live_procs_late(ps); i++) {
		struct live_proc *p = &ps->all[i];

		if (p->looked && p->row != SOCK_NONE && live_proc_is_open(ps, p))
			err = live_procs_guess(ps, p, e->fresh.count + UNCOUNTED_GUESS);
	}
	return err;
}

/* Processes that hold a listener on the port of a socket that is missed, by place. */
static void mark_servers(const struct owner_edges *e, uint8_t *likely)
{
	uint8_t ports[65536 / 8] = { 0 };

	for (uint32_t i = 0; i < e->bare.count; i++) {
		const struct sock *s = &e->f->socks[e->bare.rows[i]];

		if (is_missed(e, e->bare.rows[i]))
			ports[s->local_port / 8] |= (uint8_t)(1u << s->local_port % 8);
	}
	for (uint32_t i = 0; i < e->ps->count; i++)
		likely[i] = e->ps->all[i].in_doubt;
	for (uint32_t row = 0; row < e->f->sock_count; row++) {
		const struct sock *s = &e->f->socks[row];

		if (!sock_is_listener(s) || !(ports[s->local_port / 8] >> s->local_port % 8 & 1))
			continue;
		for (uint32_t o = s->owner; o != SOCK_NONE; o = frame_next_owner(e->f, o)) {
			struct live_proc *p =
				live_procs_find(e->ps, e->f->procs[e->f->edges[o].proc].pid);

			if (p)
				likely[p - e->ps->all] = 1;
		}
	}
}

/* The sockets that are missed and not found yet. */
struct missing {
	struct hash inodes;
	uint32_t left;
	uint32_t seen; /* of ps->changed */
};

static int list_missing(const struct owner_edges *e, struct missing *m)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < e->bare.count; i++) {
		uint32_t row = e->bare.rows[i];

		if (!is_missed(e, row))
			continue;
		err = hash_put(&m->inodes, e->f->socks[row].inode, 1);
	}
	m->left = m->inodes.count;
	return err;
}

/* Counts what was found since the last call. Answers whether anything is still missing. */
static bool are_missing(struct missing *m, struct live_procs *ps)
{
	for (; m->left && m->seen < ps->changed_count; m->seen++) {
		uint32_t inode = ps->changed[m->seen];

		if (hash_get(&m->inodes, inode) != 1)
			continue;
		m->left -= !hash_put(&m->inodes, inode, 0);
	}
	return m->left && !live_procs_late(ps);
}

/* Looks at all processes that were not looked at since a socket is missed, the likely ones first:
 * at what no dump shows of them, then at all. */
static int look_everywhere(
	struct owner_edges *e, struct missing *m, uint32_t wanted, uint8_t *likely, bool thorough)
{
	static const struct {
		uint8_t likely;
		bool all;
	} turns[] = { { 1, false }, { 1, true }, { 0, true } };
	struct live_procs *ps = e->ps;
	int err = 0;

	for (size_t turn = 0; turn < (thorough ? sizeof turns / sizeof *turns : 1); turn++) {
		for (uint32_t i = 0; !err && i < ps->count && are_missing(m, ps); i++) {
			struct live_proc *p = &ps->all[i];

			if (likely[i] != turns[turn].likely || p->looked >= wanted ||
				!live_proc_is_open(ps, p))
				continue;
			/* A look that began earlier may have passed by the place. */
			if (p->look_began < wanted)
				p->look_began = 0;
			err = turns[turn].all ? live_procs_look(ps, p, UINT32_MAX)
					      : live_procs_others(ps, p);
		}
	}
	return err;
}

static int look_for_missing(struct owner_search *s, struct owner_edges *e)
{
	uint32_t oldest, wanted = wanted_look(s, e, &oldest);
	struct missing m = { .left = 0 };
	uint8_t *likely;
	int err;

	if (!wanted || live_procs_late(e->ps))
		return 0;
	likely = calloc(e->ps->count + 1, 1);
	err = likely ? list_missing(e, &m) : -ENOMEM;
	if (!err) {
		mark_servers(e, likely);
		err = look_everywhere(e, &m, wanted, likely, oldest + PATIENCE <= e->ps->now);
	}
	hash_free(&m.inodes);
	free(likely);
	return err;
}

/* ---- Looks without one ----------------------------------------------------------------------- */

static int check_one(struct live_procs *ps, struct live_proc *p, uint32_t *left)
{
	uint32_t share = p->table.open < *left ? p->table.open + 1 : *left;
	uint32_t cost = share + CHECK_OVERHEAD;

	*left = *left > cost ? *left - cost : 0;
	return live_procs_look(ps, p, share);
}

static int compare_shared(const void *left, const void *right)
{
	const struct shared_fd *a = left, *b = right;

	if (a->proc != b->proc)
		return (a->proc > b->proc) - (a->proc < b->proc);
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Of sockets with several owners, one may have closed its descriptor and opened another thing under
 * the same number; only a look tells. */
static int check_shared(struct owner_edges *e)
{
	const struct shared_fd *all = e->shared;
	uint32_t count;
	int err = 0;

	if (e->shared_count)
		qsort(e->shared, e->shared_count, sizeof *all, compare_shared);
	for (uint32_t i = 0; !err && i < e->shared_count && !live_procs_late(e->ps); i += count) {
		struct live_proc *p = &e->ps->all[all[i].proc];

		for (count = 1; i + count < e->shared_count; count++)
			if (all[i + count].proc != all[i].proc)
				break;
		if (live_proc_is_open(e->ps, p) && p->looked < e->ps->now)
			err = live_procs_look_again(e->ps, p, &all[i], count);
	}
	return err;
}

/* Processes whose count does not fit even after all that: something was closed that no dump tells. */
static int check_doubtful(struct owner_edges *e)
{
	struct live_procs *ps = e->ps;
	uint32_t left = DOUBT_LEAST + e->f->sock_count / CHECK_SHARE;
	int err = 0;

	for (uint32_t i = 0; !err && i < ps->count && left; i++)
		if (ps->all[i].in_doubt && live_proc_is_open(ps, &ps->all[i]))
			err = check_one(ps, &ps->all[i], &left);
	return err;
}

/* In turn by pid; a big process goes on in the next frames. */
static int check_some(struct owner_search *s, struct owner_edges *e)
{
	struct live_procs *ps = e->ps;
	uint32_t left = CHECK_LEAST + e->f->sock_count / CHECK_SHARE, at = 0;
	int err = 0;

	while (at < ps->count && ps->all[at].pid < s->check_next)
		at++;
	for (uint32_t n = 0; !err && n < ps->count && left; n++, at++) {
		struct live_proc *p = &ps->all[at < ps->count ? at : (at = 0)];

		s->check_next = p->pid;
		if (p->looked && p->looked < ps->now && live_proc_is_open(ps, p))
			err = check_one(ps, p, &left);
		if (!p->look_began)
			s->check_next = p->pid + 1;
	}
	return err;
}

int owner_search_run(struct owner_search *s, struct owner_edges *e)
{
	/* What is known costs little and comes first: new processes may be many. */
	int err = e->ps->counted ? settle_counts(e) : guess_new(e);

	if (!err)
		err = look_at_new(e);
	if (!err)
		err = look_for_missing(s, e);
	if (!err)
		err = check_shared(e);
	if (!err)
		err = check_doubtful(e);
	return err ? err : check_some(s, e);
}

/* ---- The conclusion -------------------------------------------------------------------------- */

/* How many descriptors of how many were looked at, and in which frame the oldest of all whole looks
 * began. */
struct progress {
	uint64_t seen, all;
	uint32_t oldest;
};

static struct progress progress_of(const struct live_procs *ps)
{
	struct progress done = { .oldest = ps->now };

	for (uint32_t i = 0; i < ps->count; i++) {
		const struct live_proc *p = &ps->all[i];
		uint32_t fds = ps->counted ? p->fds : UNCOUNTED_GUESS;
		uint32_t seen = p->looked ? fds : p->cursor;

		if (!live_proc_is_open(ps, p))
			continue;
		done.all += fds;
		done.seen += seen < fds ? seen : fds;
		done.oldest = p->looked < done.oldest ? p->looked : done.oldest;
	}
	return done;
}

enum verdict { HIDDEN, PENDING, BRIEF, CARRIED };

/* What it means that no owner was found of the socket of a row, looked for since a frame. At first it
 * is not looked for everywhere: most such sockets were closed at once. */
static enum verdict judge(const struct owner_edges *e, uint32_t row, const struct progress *done,
	uint32_t since, bool fresh)
{
	const struct frame *f = e->f;
	bool at_first = done->oldest && e->ps->now - since < PATIENCE;

	if (f->problems[FRAME_NO_PROC] || was_hidden(e, row) || is_foreign(f, &f->socks[row]))
		return HIDDEN;
	if (lost_owner(e, row))
		return CARRIED;
	if (since > done->oldest)
		return at_first ? BRIEF : PENDING;
	return fresh ? BRIEF : HIDDEN;
}

struct conclusion {
	struct owner_search *search;
	struct owner_edges *e;
	struct progress done;
	struct hash since; /* for the next frame */
	uint32_t pending;
};

static int conclude_row(struct conclusion *c, uint32_t row, bool fresh)
{
	struct owner_edges *e = c->e;
	struct sock *s = &e->f->socks[row];
	uint32_t since = fresh || lost_owner(e, row) ? e->ps->now : sought_since(c->search, e, row);
	enum verdict v = judge(e, row, &c->done, since, fresh);
	int err = 0;

	if (v == HIDDEN) {
		s->flags |= SOCK_HIDDEN;
		e->f->owners_hidden++;
		return 0;
	}
	c->pending += v == PENDING;
	if (v == CARRIED)
		err = frame_carry_owner(e->f, e->prev, row, owner_edges_then(e, row));
	/* In the first frame all are looked for since then. */
	if (!err && since > 1)
		err = hash_put(&c->since, s->inode, since);
	return err;
}

/* How far the search has come: by descriptors while some process was never looked at, and by
 * sockets while some is looked for everywhere once more. Never 100 before its end. */
static double percent(const struct conclusion *c)
{
	double done;

	if (!c->pending && c->done.oldest)
		return 100;
	if (c->done.oldest)
		done = 100.0 - 100.0 * c->pending / c->e->files;
	else
		done = c->done.all ? 100.0 * (double)c->done.seen / (double)c->done.all : 0;
	return done < 99.9 ? done : 99.9;
}

int owner_search_conclude(struct owner_search *s, struct owner_edges *e)
{
	struct conclusion c = { .search = s, .e = e, .done = progress_of(e->ps) };
	const struct frame *f = e->f;
	int err = 0;

	for (uint32_t i = 0; !err && i < e->fresh.count; i++)
		if (f->socks[e->fresh.rows[i]].owner == SOCK_NONE)
			err = conclude_row(&c, e->fresh.rows[i], true);
	for (uint32_t i = 0; !err && i < e->bare.count; i++)
		if (f->socks[e->bare.rows[i]].owner == SOCK_NONE)
			err = conclude_row(&c, e->bare.rows[i], false);
	for (uint32_t i = 0; !err && i < e->lost.count; i++)
		err = frame_carry_owner(
			e->f, e->prev, e->lost.rows[i], owner_edges_then(e, e->lost.rows[i]));
	hash_free(&s->since);
	s->since = c.since;
	e->f->owners_percent = percent(&c);
	return err;
}
