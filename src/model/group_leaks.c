/* CLOSE-WAIT per process: how many, why, for how long, and how they grow. What enters and leaves is counted by
 * identity, so that a busy server whose sockets come and go is told from one that keeps them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"

static bool waited_then(const struct sample *s, const struct sample *prev, uint32_t row)
{
	uint32_t then = s->frame->diff.previous[row];

	return then != SOCK_NONE && prev->frame->socks[then].state == SOCK_CLOSE_WAIT;
}

struct tally {
	struct leak_row
		*rows; /* per process of the frame, then PROC_ROW_NONE and PROC_ROW_HIDDEN */
	uint32_t *entered;
};

static void count_one(
	struct tally *t, uint32_t place, const struct sock *sock, double age, bool entered)
{
	struct leak_row *l = &t->rows[place];

	l->close_wait++;
	l->causes[sock_wait_cause(sock)]++;
	l->oldest = fmax(l->oldest, age);
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
			count_one(t, f->proc_count + group_kind_without_owner(sock) - 1, sock, age,
				entered);
		for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e))
			count_one(t, f->edges[e].proc, sock, age, entered);
	}
}

static uint32_t count_then(const struct sample *prev, const struct hash *then, uint64_t key)
{
	uint32_t row = hash_get(then, key);

	return row == HASH_NONE ? 0 : prev->leaks[row].close_wait;
}

static int index_rows(const struct sample *prev, struct hash *out)
{
	int err = hash_reserve(out, prev->leak_count);

	for (uint32_t i = 0; !err && i < prev->leak_count; i++)
		err = hash_put(out,
			group_proc_key(prev->frame, prev->leaks[i].kind, prev->leaks[i].proc), i);
	return err;
}

static double exhaustion(const struct frame *f, const struct leak_row *l)
{
	const struct proc *p;

	if (l->kind != PROC_ROW_PROCESS || !(l->growth > 0))
		return NAN;
	p = &f->procs[l->proc];
	if (p->fds == PROC_UNKNOWN || p->fd_limit == PROC_UNKNOWN || p->fd_limit == PROC_UNLIMITED)
		return NAN;
	return p->fds >= p->fd_limit ? 0 : (p->fd_limit - p->fds) / l->growth;
}

static int finish_row(struct sample *s, const struct sample *prev, const struct hash *then,
	struct leak_row *l, uint32_t entered, struct series_set *counts, int64_t window_ns)
{
	uint64_t key = group_proc_key(s->frame, l->kind, l->proc);
	const struct series *series;
	double covered;

	/* There were none in the sample before: the first ones already count as growth. */
	if (prev && hash_get(then, key) == HASH_NONE &&
		!series_add(counts, key, prev->frame->mono_ns, 0))
		return -ENOMEM;
	series = series_add(counts, key, s->frame->mono_ns, l->close_wait);
	if (!series)
		return -ENOMEM;
	l->growth = series_slope(series, window_ns, &covered);
	s->window_s = fmax(s->window_s, covered);
	series_trend(series, &l->trend);
	l->exhaustion = exhaustion(s->frame, l);
	l->in_rate = l->out_rate = NAN;
	if (prev) {
		double left = (double)count_then(prev, then, key) + entered - l->close_wait;

		l->in_rate = group_rate(entered, s->interval_s);
		l->out_rate = group_rate(left, s->interval_s);
	}
	return 0;
}

int group_leaks(
	struct sample *s, const struct sample *prev, struct series_set *counts, int64_t window_ns)
{
	const struct frame *f = s->frame;
	size_t places = (size_t)f->proc_count + 2;
	struct tally t = { calloc(places, sizeof *t.rows), calloc(places, sizeof *t.entered) };
	struct hash then = { 0 };
	int err = t.rows && t.entered ? 0 : -ENOMEM;

	if (prev && !prev->frame->owners_known)
		prev = NULL;
	if (!err && prev)
		err = index_rows(prev, &then);
	if (err || !f->owners_known)
		goto out;
	for (uint32_t i = 0; i < places; i++)
		t.rows[i] = (struct leak_row){
			.kind = i < f->proc_count ? PROC_ROW_PROCESS
						  : PROC_ROW_NONE + i - f->proc_count,
			.proc = i < f->proc_count ? i : SOCK_NONE,
			.oldest = NAN,
		};
	count_all(&t, s, prev);
	for (uint32_t i = 0; !err && i < places; i++) {
		struct leak_row *l = &t.rows[i];

		if (!l->close_wait)
			continue;
		err = finish_row(s, prev, &then, l, t.entered[i], counts, window_ns);
		t.rows[s->leak_count++] = *l;
	}
	s->leaks = t.rows;
	t.rows = NULL;
out:
	hash_free(&then);
	free(t.entered);
	free(t.rows);
	return err;
}
