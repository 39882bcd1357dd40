/* CLOSE-WAIT per process: how many, why, for how long, and how they grow. What enters and leaves is
 * counted by identity, so that a busy server whose sockets come and go is told from one that keeps
 * them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"

const char *pile_name(enum pile pile)
{
	static const char *const names[PILES] = {
		[PILE_CLOSE_WAIT] = "CLOSE-WAIT",
		[PILE_FIN_WAIT_2] = "FIN-WAIT-2",
		[PILE_LAST_ACK] = "LAST-ACK",
		[PILE_SYN_SENT] = "SYN-SENT",
		[PILE_RECV_Q] = "RECV-Q",
		[PILE_SEND_Q] = "SEND-Q",
	};

	return names[pile];
}

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

static bool waited_then(const struct sample *s, const struct sample *prev, uint32_t row)
{
	uint32_t then = s->frame->diff.previous[row];

	return then != SOCK_NONE && prev->frame->socks[then].state == SOCK_CLOSE_WAIT;
}

struct tally {
	struct leak_row *rows; /* by place: processes of the frame, then the kinds without one */
	uint32_t *entered;
};

static void count_one(
	struct tally *t, uint32_t place, const struct sock *sock, double age, bool entered)
{
	struct leak_row *l = &t->rows[place];

	l->count++;
	l->causes[sock_wait_cause(sock)]++;
	if (!(age <= l->oldest)) {
		l->oldest = fmax(l->oldest, age);
		l->oldest_at_least = sock->flags & SOCK_WAIT_LONGER;
	}
	t->entered[place] += entered;
}

static void count_all(struct tally *t, const struct sample *s, const struct sample *prev)
{
	const struct frame *f = s->frame;

	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *sock = &f->socks[row];
		bool entered;
		double age;

		if (sock->state != SOCK_CLOSE_WAIT)
			continue;
		age = frame_wait_age(f, sock);
		entered = prev && !waited_then(s, prev, row);
		if (sock->owner == SOCK_NONE)
			count_one(t, group_place_without_owner(f, sock), sock, age, entered);
		for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e))
			count_one(t, f->edges[e].proc, sock, age, entered);
	}
}

/* When the descriptors run out. What counts is how they grow: a leaked socket whose port is used
 * again is reset and gone from the dump, its descriptor is not. One socket more or less is not a
 * leak. */
static double exhaustion(
	const struct frame *f, const struct leak_row *l, double fds_growth, double covered_s)
{
	const struct proc *p;

	if (l->kind != PROC_ROW_PROCESS || !(l->growth * covered_s >= 2))
		return NAN;
	p = &f->procs[l->proc];
	if (p->fds == PROC_UNKNOWN || p->fd_limit == PROC_UNKNOWN || p->fd_limit == PROC_UNLIMITED)
		return NAN;
	return p->fds >= p->fd_limit ? 0 : (p->fd_limit - p->fds) / fmax(l->growth, fds_growth);
}

/* How the descriptors of the row's process grow, per second; NAN not known. */
static int fds_growth(const struct sample *s, const struct leak_row *l, uint64_t key,
	struct leak_history *h, int64_t window_ns, double *out)
{
	const struct proc *p = l->kind == PROC_ROW_PROCESS ? &s->frame->procs[l->proc] : NULL;
	const struct series *fds;
	double covered;

	*out = NAN;
	if (!p || p->fds == PROC_UNKNOWN)
		return 0;
	fds = series_add(&h->fds, key, s->frame->mono_ns, p->fds);
	if (!fds)
		return -ENOMEM;
	*out = series_slope(fds, window_ns, &covered);
	return 0;
}

/* Both series of a row get the point of this sample. A row that was not there in the sample before
 * begins with a point of 0 then, so that its first sockets already count as growth; unless the
 * owners of that sample were not all found yet. */
static int note_counts(struct sample *s, const struct sample *prev, const struct leak_row *l,
	uint64_t key, uint32_t entered, struct leak_history *h)
{
	const struct series *before = series_find(&h->entered, key);
	int64_t now = s->frame->mono_ns, total = (before ? series_newest(before) : 0) + entered;

	if (!before && prev && prev->frame->owners_percent >= 100 &&
		(!series_add(&h->counts, key, prev->frame->mono_ns, 0) ||
			!series_add(&h->entered, key, prev->frame->mono_ns, 0)))
		return -ENOMEM;
	if (!series_add(&h->counts, key, now, l->count) ||
		!series_add(&h->entered, key, now, total))
		return -ENOMEM;
	return 0;
}

static int finish_row(struct sample *s, const struct sample *prev, struct leak_row *l,
	uint32_t entered, struct leak_history *h, int64_t window_ns, bool searching)
{
	uint64_t key = group_proc_key(s->frame, l->kind, l->proc);
	const struct series *counts;
	double covered, fds;
	uint32_t back;
	int err;

	/* What the search for owners adds is no growth: the series begin when it has all. */
	l->growth = l->in_rate = l->out_rate = l->exhaustion = NAN;
	if (!group_is_whole(s->frame, l->kind, l->proc))
		return 0;
	/* Nor is there less because the owner of some is not found yet. */
	if (searching) {
		series_keep(&h->counts, key);
		series_keep(&h->entered, key);
		series_keep(&h->fds, key);
		return 0;
	}
	err = note_counts(s, prev, l, key, entered, h);
	if (!err)
		err = fds_growth(s, l, key, h, window_ns, &fds);
	if (err)
		return err;
	counts = series_find(&h->counts, key);
	back = series_onset(counts, series_window(counts, window_ns));
	l->growth = series_change(counts, back, &covered);
	l->in_rate = series_change(series_find(&h->entered, key), back, &covered);
	l->out_rate = fmax(l->in_rate - l->growth, 0);
	if (isnan(l->growth))
		l->out_rate = NAN;
	s->window_s = fmax(s->window_s, covered);
	series_trend(counts, &l->trend);
	l->exhaustion = exhaustion(s->frame, l, fds, covered);
	return 0;
}

int group_leaks(struct sample *s, const struct sample *prev, struct leak_history *history,
	int64_t window_ns)
{
	const struct frame *f = s->frame;
	uint32_t places = group_places(f);
	struct tally t = { calloc(places, sizeof *t.rows), calloc(places, sizeof *t.entered) };
	int err = t.rows && t.entered ? 0 : -ENOMEM;
	bool searching;

	if (prev && !prev->frame->owners_known)
		prev = NULL;
	if (err || !f->owners_known)
		goto out;
	for (uint32_t i = 0; i < places; i++)
		t.rows[i] = (struct leak_row){
			.kind = group_kind_at(f, i),
			.proc = i < f->proc_count ? i : SOCK_NONE,
			.oldest = NAN,
		};
	count_all(&t, s, prev);
	searching = group_is_searching(f, t.rows[f->proc_count + PROC_ROW_PENDING - 1].count);
	for (uint32_t i = 0; !err && i < places; i++) {
		struct leak_row *l = &t.rows[i];

		if (!l->count)
			continue;
		err = finish_row(s, prev, l, t.entered[i], history, window_ns, searching);
		t.rows[s->leak_count++] = *l;
	}
	s->leaks = t.rows;
	s->leak_shown = s->leak_count;
	t.rows = NULL;
out:
	free(t.entered);
	free(t.rows);
	return err;
}
