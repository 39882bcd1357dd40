/* A source's samples, on a schedule that does not drift, and begins anew where it was left: by a
 * sample that took too long or cost too much, by a pause, by a sample asked for. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/feed.h"

/* CPU of a sample for looking for owners: a quarter of the interval, within limits. It is spent on the
 * first samples only. */
#define OWNERS_SHARE    4
#define OWNERS_LEAST_NS INT64_C(100000000)
#define OWNERS_MOST_NS  INT64_C(1000000000)

struct source_feed {
	struct feed base;
	struct source *source;
	struct source_request request;
	struct tracker *tracker;
	bool looked; /* the quick first sample was taken, or nobody needs one */
	bool begun;
	int64_t last_ns; /* when the last one was due */

	/* What the last one costs, and so how long it must last. */
	int64_t begin_ns, begin_cpu_ns; /* clock and CPU time then */
	int64_t frame_cpu_ns;           /* of its frame alone */
	int64_t beside_ns;              /* of all else with the one before: tables, drawing, keys */
	int64_t cost_ns;                /* of all */
	bool counted;                   /* cost_ns is final */
	int64_t told_ns;                /* when we said last that the next one is due */
};

int64_t feed_least_ns(int64_t cpu_ns, double cpu_limit)
{
	return cpu_limit > 0 && cpu_ns > 0 ? (int64_t)((double)cpu_ns / cpu_limit * 100) : 0;
}

static int64_t interval_ns(const struct feed_control *c)
{
	return (int64_t)(c->interval_s * 1e9);
}

/* The picture of a sample is drawn after it: what that costs is known when the time is over that
 * the sample itself must last. The cost is final then: looking at the clock costs something too,
 * and would put the next sample off again and again. */
static void count_cost(struct source_feed *f, int64_t now_ns)
{
	if (f->counted)
		return;
	f->cost_ns = f->base.cpu_ns - f->begin_cpu_ns;
	f->counted = now_ns >= f->told_ns;
}

/* When the next one may begin, by the CPU limit. */
static int64_t earliest(const struct source_feed *f, const struct feed_control *c)
{
	return f->begin_ns + feed_least_ns(f->cost_ns, c->cpu_limit);
}

static int64_t due(struct feed *feed, const struct feed_control *c, int64_t now_ns)
{
	struct source_feed *f = (struct source_feed *)feed;

	if (!f->begun)
		return now_ns;
	if (c->paused)
		return INT64_MAX;
	count_cost(f, now_ns);
	f->told_ns = f->last_ns + interval_ns(c);
	if (f->told_ns < earliest(f, c))
		f->told_ns = earliest(f, c);
	return f->told_ns;
}

static void keep_schedule(struct source_feed *f, const struct feed_control *c, int64_t now_ns)
{
	int64_t next = f->last_ns + interval_ns(c);

	if (!f->begun || c->now || earliest(f, c) > next || now_ns - next > interval_ns(c) / 2)
		next = now_ns;
	f->last_ns = next;
}

static void begin(struct source_feed *f, const struct feed_control *c, int64_t now_ns)
{
	count_cost(f, now_ns);
	keep_schedule(f, c, now_ns);
	f->beside_ns = f->begun && f->cost_ns > f->frame_cpu_ns ? f->cost_ns - f->frame_cpu_ns : 0;
	f->begun = true;
	f->begin_ns = now_ns;
	f->begin_cpu_ns = f->base.cpu_ns;
	f->frame_cpu_ns = f->cost_ns = 0;
	f->counted = false;
	f->told_ns = INT64_MAX;
}

/* What the limit will make of the interval that follows, with tables and picture costing what they
 * did for the one before. */
static void foretell(struct source_feed *f, const struct feed_control *c, struct sample *s)
{
	f->frame_cpu_ns = s->frame->cost_cpu_ns;
	s->least_s = (double)feed_least_ns(f->frame_cpu_ns + f->beside_ns, c->cpu_limit) / 1e9;
}

static int64_t owners_budget(double interval_s)
{
	int64_t share = (int64_t)(interval_s * 1e9) / OWNERS_SHARE;

	return share < OWNERS_LEAST_NS  ? OWNERS_LEAST_NS
	       : share > OWNERS_MOST_NS ? OWNERS_MOST_NS
					: share;
}

static int take(
	struct feed *feed, const struct feed_control *c, int64_t now_ns, struct sample **out)
{
	struct source_feed *f = (struct source_feed *)feed;
	struct source_request request = f->request;
	struct frame *frame;
	int err;

	*out = NULL;
	request.interval_s = c->interval_s;
	request.needs = c->needs;
	request.owners_budget_ns = owners_budget(c->interval_s);
	if (!f->looked && c->needs & NEED_OWNERS) {
		request.preliminary = true;
		request.needs &= ~(unsigned)(NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE |
					     NEED_USERS | NEED_PORTS | NEED_FINDINGS);
	} else {
		begin(f, c, now_ns);
	}
	f->looked = true;
	err = source_next(f->source, &request, tracker_previous(f->tracker), &frame);
	if (!err)
		err = tracker_step(f->tracker, frame, out);
	if (!err && !request.preliminary)
		foretell(f, c, *out);
	if (!err && !c->narrowed)
		frame_forget_diff(frame);
	return err;
}

static void cancel(struct feed *feed)
{
	source_cancel(((struct source_feed *)feed)->source);
}

static void close_feed(struct feed *feed)
{
	struct source_feed *f = (struct source_feed *)feed;

	tracker_destroy(f->tracker);
	source_close(f->source);
	free(f);
}

int feed_open_source(struct source *source, const struct source_request *request,
	const struct tracker_settings *settings, struct feed **out)
{
	static const struct feed_ops ops = {
		.due = due, .take = take, .cancel = cancel, .close = close_feed
	};
	struct source_feed *f = calloc(1, sizeof *f);

	if (!f) {
		source_close(source);
		return -ENOMEM;
	}
	f->base.ops = &ops;
	f->base.wait_fd = -1;
	f->source = source;
	f->request = *request;
	f->tracker = tracker_create(settings);
	if (!f->tracker) {
		close_feed(&f->base);
		return -ENOMEM;
	}
	*out = &f->base;
	return 0;
}
