/* What piles up, per process: how many sockets, why, for how long, how they grow, and what becomes
 * of them. All is counted by identity, so that a busy server whose sockets come and go is told from
 * one that keeps them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"
#include "sockdash/leak_collect.h"
#include "sockdash/leak_ends.h"
#include "sockdash/leak_fds.h"
#include "sockdash/leak_judge.h"
#include "sockdash/needs.h"
#include "sockdash/pile.h"

#define FDS_WINDOW_NS (INT64_C(60) * 1000000000)
#define CALM_S        30.0
#define OLD           30 /* tenths of a second: short stays come and go in any number */

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {
		[VERDICT_OK] = "ok",
		[VERDICT_DRAINING] = "draining",
		[VERDICT_SLOW] = "slow",
		[VERDICT_STUCK] = "stuck",
		[VERDICT_LEAK] = "leak",
	};

	return names[verdict];
}

/* ---- Who left -------------------------------------------------------------------------------- */

/* What the witness of a round knows. */
struct round {
	struct leak_history *h;
	struct hash held; /* members that are in the dump no more, but have a descriptor */
	int32_t now;
	double seconds;
};

static int note_held(struct round *r, const struct frame *f)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < f->reset_count; i++) {
		uint64_t row_key =
			group_pile_key(f, PROC_ROW_PROCESS, f->resets[i].proc, PILE_CLOSE_WAIT);

		err = hash_put(&r->held, hash_mix(frame_reset_key(f, &f->resets[i]), row_key), i);
	}
	return err;
}

static bool is_held(const struct round *r, const struct leak_member *member)
{
	return r->held.count && hash_get(&r->held, member->key) != HASH_NONE;
}

static bool can_tell(void *context, const struct leak_member *member)
{
	const struct round *r = context;
	const struct leak_memory *m = leak_memories_find(&r->h->memories, member->row_key);

	return !is_held(r, member) && (!m || m->judged);
}

static void on_missed(void *context, struct leak_member *member)
{
	const struct round *r = context;
	const struct leak_memory *m = leak_memories_find(&r->h->memories, member->row_key);

	member->age = leak_time_between(member->since, r->now);
	member->seconds = (float)r->seconds;
	member->likely = m ? (float)m->likely : 1;
	member->brisk |= m && m->sure;
}

static void on_left(void *context, const struct leak_member *member)
{
	const struct round *r = context;
	struct leak_memory *m = leak_memories_find(&r->h->memories, member->row_key);

	if (m && member->seconds > 0)
		life_note(&m->life, member->age, member->seconds, member->likely);
}

/* Whether it can be told of a pile in this sample who left it. */
static bool is_judged(const struct frame *f, const struct leak_memory *m, bool searching)
{
	uint32_t proc = SOCK_NONE;

	if (searching)
		return false;
	if (m->kind == PROC_ROW_PROCESS) {
		proc = frame_find_proc(f, m->pid, m->start);
		if (proc == SOCK_NONE)
			return f->owners_percent >= 100;
	}
	return group_is_whole(f, m->kind, proc);
}

/* Descriptors of the processes that are no socket in the dump, by row; NAN where not known. NULL
 * without memory. */
static double *unseen_fds(const struct sample *s)
{
	const struct frame *f = s->frame;
	double *unseen = malloc((f->proc_count + 1) * sizeof *unseen);

	for (uint32_t i = 0; unseen && i < f->proc_count; i++)
		unseen[i] = f->procs[i].fds == PROC_UNKNOWN ? (double)NAN : f->procs[i].fds;
	for (uint32_t i = 0; unseen && i < s->proc_count; i++) {
		const struct proc_row *p = &s->procs[i];
		uint32_t held = p->udp;

		for (unsigned state = 0; state < SOCK_STATE_COUNT; state++)
			held += p->states[state];
		if (p->kind == PROC_ROW_PROCESS)
			unseen[p->proc] -= held;
	}
	return unseen;
}

/* How many of the sockets that vanished can have been closed: a descriptor that is still there was
 * not. It must be more than were there of late, for on a busy server their number goes up and down. */
static void weigh_vanished(
	const struct frame *f, struct leak_memory *m, const double *unseen, double seconds)
{
	uint32_t proc =
		m->kind == PROC_ROW_PROCESS ? frame_find_proc(f, m->pid, m->start) : SOCK_NONE;
	double now = proc == SOCK_NONE ? NAN : unseen[proc];
	double kept = exp2(-seconds / CALM_S), more;

	m->more = m->more * kept + (m->vanished ? fmax(0, now - m->unseen) : 0);
	m->gone = m->gone * kept + m->vanished;
	more = m->gone > 0 ? m->more / m->gone : 0;
	m->likely = more > 0.5 ? 0 : 1 - more;
	/* A dump misses one in ten thousand, where it misses any. */
	m->sure = m->vanished >= 3 && m->vanished >= m->count / 50;
	m->unseen = now > m->unseen ? now : now + (m->unseen - now) * kept;
	if (isnan(m->unseen))
		m->unseen = now;
	m->vanished = m->count = 0;
}

static int see_who_left(struct leak_collection *c, bool searching, const double *unseen)
{
	struct leak_history *h = c->history;
	const struct frame *f = c->s->frame;
	struct round round = { .h = h, .now = leak_now(f), .seconds = c->seconds };
	int32_t then = round.now - (int32_t)(c->seconds * 10);
	struct leak_members_witness witness = {
		.can_tell = can_tell, .missed = on_missed, .left = on_left, .context = &round
	};

	int err = note_held(&round, f);

	for (uint32_t i = 0; i < h->memories.count; i++)
		h->memories.all[i].judged = is_judged(f, &h->memories.all[i], searching);
	for (uint32_t i = 0; i < h->members.count; i++) {
		const struct leak_member *member = &h->members.all[i];
		struct leak_memory *m;

		if (member->missed || leak_time_between(member->since, then) < OLD ||
			is_held(&round, member))
			continue;
		m = leak_memories_find(&h->memories, member->row_key);
		if (!m)
			continue;
		m->count++;
		m->vanished += member->seen != h->members.round;
	}
	for (uint32_t i = 0; i < h->memories.count; i++)
		if (h->memories.all[i].judged)
			weigh_vanished(f, &h->memories.all[i], unseen, c->seconds);
	if (!err)
		err = leak_members_end(&h->members, &witness);
	hash_free(&round.held);
	return err;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* A row that was not there in the sample before begins with a point of 0 then, so that its first
 * sockets already count as growth, and with one as far back as we look if it never was there; unless
 * the owners of these samples were not all found yet. */
static int note_none(const struct leak_collection *c, const struct leak_draft *d, int64_t window_ns)
{
	struct leak_history *h = c->history;
	const struct frame *prev = c->prev ? c->prev->frame : NULL;
	int64_t times[] = { c->s->frame->mono_ns - window_ns, prev ? prev->mono_ns : 0 };

	if (!prev || prev->owners_percent < 100)
		return 0;
	/* The first sample cannot tell which queues stood still. */
	if (pile_rules[d->row.pile].queue && prev->mono_ns == h->begun_ns)
		return 0;
	times[0] = times[0] > h->whole_ns ? times[0] : h->whole_ns;
	for (unsigned i = 0; i < 2; i++)
		if ((i == 1 || (d->first && h->whole_ns && times[0] < times[1])) &&
			(!series_add(&h->counts, d->key, times[i], 0) ||
				!series_add(&h->entered, d->key, times[i], 0)))
			return -ENOMEM;
	return 0;
}

/* Both series of a row get the point of this sample. */
static int note_counts(
	const struct leak_collection *c, const struct leak_draft *d, int64_t window_ns)
{
	struct leak_history *h = c->history;
	const struct series *before = series_find(&h->entered, d->key);
	int64_t now = c->s->frame->mono_ns;
	int64_t total = (before ? series_newest(before) : 0) + d->entered;

	if (!before && note_none(c, d, window_ns))
		return -ENOMEM;
	if (!series_add(&h->counts, d->key, now, d->row.count) ||
		!series_add(&h->entered, d->key, now, total))
		return -ENOMEM;
	return 0;
}

/* Growth over the window, all sockets counted. */
static void tell_rates(const struct leak_collection *c, struct leak_draft *d, int64_t window_ns)
{
	const struct series *counts = series_find(&c->history->counts, d->key);
	uint32_t back = series_onset(counts, series_window(counts, window_ns));
	struct leak_row *l = &d->row;
	double covered;

	l->growth = series_change(counts, back, &covered);
	l->in_rate = series_change(series_find(&c->history->entered, d->key), back, &covered);
	l->out_rate = fmax(l->in_rate - l->growth, 0);
	if (isnan(l->growth))
		l->out_rate = NAN;
	c->s->window_s = fmax(c->s->window_s, covered);
	series_trend(counts, &l->trend);
}

/* A leaked socket whose port is used again is reset and gone from the dump, its descriptor is not:
 * then the leak is as fast as both grow together. */
static int tell_exhaustion(
	const struct leak_collection *c, struct leak_draft *d, double unseen, int64_t window_ns)
{
	int64_t long_ns = window_ns > FDS_WINDOW_NS ? window_ns : FDS_WINDOW_NS;
	struct leak_history *h = c->history;
	struct leak_row *l = &d->row;
	const struct series *fds;
	const struct proc *p;
	double rate;

	if (isnan(unseen))
		return 0;
	p = &c->s->frame->procs[l->proc];
	if (!series_add(&h->fds, d->key, c->s->frame->mono_ns, p->fds))
		return -ENOMEM;
	fds = series_add(&h->unseen, d->key, c->s->frame->mono_ns, (int64_t)unseen);
	if (!fds)
		return -ENOMEM;
	if (l->verdict != VERDICT_LEAK)
		return 0;
	l->growth = leak_fds_growth(l->growth, series_find(&h->counts, d->key), fds, long_ns);
	rate = leak_fds_rate(l->growth, series_find(&h->fds, d->key), long_ns);
	l->exhaustion = leak_fds_exhaustion(p, rate);
	return 0;
}

/* A leak that goes on began when it began, also when its first sockets are gone by now. */
static void keep_since(struct leak_memory *m, int32_t now, struct leak_row *l)
{
	int32_t from = now - (int32_t)fmin(l->since * 10, 1 << 28);

	if (m->verdict != VERDICT_LEAK || from < m->leak_from)
		m->leak_from = from;
	l->since = (now - m->leak_from) / 10.0;
}

/* The verdict, from when its sockets came. `times` has room for them. */
static void tell_verdict(
	const struct leak_collection *c, struct leak_draft *d, int64_t window_ns, int32_t *times)
{
	struct leak_memory *m = &c->history->memories.all[d->memory];
	struct leak_case x = {
		.memory = m,
		.times = times,
		.older_by = INT32_MAX,
		.counts = series_find(&c->history->counts, d->key),
		.now_ns = c->s->frame->mono_ns,
		.now = leak_now(c->s->frame),
		.window_s = (double)window_ns / 1e9,
	};

	for (uint32_t i = d->from; i < d->from + d->row.count + d->row.resets; i++) {
		int32_t since = leak_since(&c->socks[i]);

		if (!c->socks[i].tie)
			times[x.time_count++] = since;
		else if (x.older++ == 0)
			x.older_by = since;
	}
	leak_judge(&x, &d->row);
	if (d->row.verdict == VERDICT_LEAK)
		keep_since(m, x.now, &d->row);
	if (d->row.verdict != m->verdict)
		m->verdict_ns = x.now_ns;
	m->verdict = d->row.verdict;
	m->preliminary = d->row.preliminary;
}

static int finish_row(struct leak_collection *c, struct leak_draft *d, bool searching,
	const double *unseen, int64_t window_ns, int32_t *times)
{
	struct leak_history *h = c->history;
	struct leak_row *l = &d->row;
	int err;

	/* What the search for owners adds is no growth: the series begin when it has all. */
	l->growth = l->in_rate = l->out_rate = l->exhaustion = l->since = l->usual = NAN;
	l->preliminary = true;
	if (!group_is_whole(c->s->frame, l->kind, l->proc))
		return 0;
	/* Nor is there less because the owner of some is not found yet. */
	if (searching) {
		series_keep(&h->counts, d->key);
		series_keep(&h->entered, d->key);
		series_keep(&h->unseen, d->key);
		series_keep(&h->fds, d->key);
		return 0;
	}
	err = note_counts(c, d, window_ns);
	if (err)
		return err;
	tell_rates(c, d, window_ns);
	tell_verdict(c, d, window_ns, times);
	if (l->kind == PROC_ROW_PROCESS)
		err = tell_exhaustion(c, d, unseen[l->proc], window_ns);
	return err;
}

/* The worst first, then those that grow most. */
static int compare_rows(const void *left, const void *right)
{
	const struct leak_draft *a = left, *b = right;
	const struct leak_row *x = &a->row, *y = &b->row;
	double gx = isnan(x->growth) ? 0 : x->growth, gy = isnan(y->growth) ? 0 : y->growth;

	if (leak_is_shown(x) != leak_is_shown(y))
		return leak_is_shown(x) ? -1 : 1;
	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (gx != gy)
		return gx > gy ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

static int tell_ends(struct leak_collection *c)
{
	struct keyed *scratch = malloc((c->sock_count + 1) * sizeof *scratch);
	int err = scratch ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < c->count; i++) {
		struct leak_draft *d = &c->drafts[i];

		err = leak_ends_tell(
			c->s, &d->row, c->socks + d->from, d->row.count + d->row.resets, scratch);
	}
	free(scratch);
	return err;
}

static int hand_over(struct leak_collection *c)
{
	struct sample *s = c->s;
	uint32_t *room;

	s->leaks = malloc((c->count + 1) * sizeof *s->leaks);
	s->leak_socks = malloc((c->sock_count + 1) * sizeof *s->leak_socks);
	if (!s->leaks || !s->leak_socks)
		return -ENOMEM;
	room = s->leak_socks;
	if (c->count)
		qsort(c->drafts, c->count, sizeof *c->drafts, compare_rows);
	for (uint32_t i = 0; i < c->count; i++) {
		s->leaks[i] = c->drafts[i].row;
		s->leak_shown += leak_is_shown(&c->drafts[i].row);
		room = leak_collected_socks(c, &c->drafts[i], &s->leaks[i], room);
	}
	s->leak_count = c->count;
	return 0;
}

static int finish(struct leak_collection *c, int64_t window_ns)
{
	const struct frame *f = c->s->frame;
	uint32_t pending = 0;
	double *unseen = unseen_fds(c->s);
	int32_t *times = malloc((c->sock_count + 1) * sizeof *times);
	int err = unseen && times ? 0 : -ENOMEM;
	bool searching;

	for (uint32_t i = 0; i < c->count; i++)
		if (c->drafts[i].row.kind == PROC_ROW_PENDING)
			pending += c->drafts[i].row.count;
	searching = group_is_searching(f, pending);
	if (!err)
		err = see_who_left(c, searching, unseen);
	for (uint32_t i = 0; !err && i < c->count; i++)
		err = finish_row(c, &c->drafts[i], searching, unseen, window_ns, times);
	if (!err && f->asked & NEED_ADDRESSES)
		err = tell_ends(c);
	if (!err)
		err = hand_over(c);
	free(unseen);
	free(times);
	return err;
}

/* ---- The history ----------------------------------------------------------------------------- */

/* Nobody looked for a while: who was there is not known, how long they stay is. */
static void interrupt(struct leak_history *h)
{
	leak_members_free(&h->members);
	h->last_ns = h->begun_ns = h->whole_ns = 0;
}

/* Time goes by in the memories. */
static double advance(struct leak_history *h, int64_t now_ns)
{
	double seconds = h->last_ns ? fmin((double)(now_ns - h->last_ns) / 1e9, LEAK_PAST / 10) : 0;

	for (uint32_t i = 0; i < h->memories.count; i++) {
		if (h->last_ns)
			life_fade(&h->memories.all[i].life, seconds);
		else
			h->memories.all[i].watched_ns = now_ns;
	}
	if (!h->last_ns)
		h->begun_ns = now_ns;
	h->last_ns = now_ns;
	return seconds;
}

int group_leaks(struct sample *s, const struct sample *prev, struct leak_history *history,
	int64_t window_ns)
{
	struct leak_collection c = { .s = s, .history = history };
	int err;

	if (s->frame->preliminary)
		return 0;
	if (!prev || !s->frame->owners_known)
		interrupt(history);
	if (!s->frame->owners_known)
		return 0;
	c.prev = prev && prev->frame->owners_known ? prev : NULL;
	c.seconds = advance(history, s->frame->mono_ns);
	err = leak_collect(&c);
	if (!err)
		err = finish(&c, window_ns);
	if (!history->whole_ns && s->frame->owners_percent >= 100)
		history->whole_ns = s->frame->mono_ns;
	leak_collection_end(&c);
	return err;
}

int leak_history_sweep(struct leak_history *h, const struct sample *s)
{
	int err = series_sweep(&h->counts);

	if (!err)
		err = series_sweep(&h->entered);
	if (!err)
		err = series_sweep(&h->unseen);
	if (!err)
		err = series_sweep(&h->fds);
	if (!err)
		err = leak_memories_sweep(&h->memories, s->frame->mono_ns);
	return err;
}

void leak_history_free(struct leak_history *h)
{
	series_free(&h->counts);
	series_free(&h->entered);
	series_free(&h->unseen);
	series_free(&h->fds);
	leak_members_free(&h->members);
	leak_memories_free(&h->memories);
}
