/* A source's samples, on a schedule that does not drift, and begins anew where it was left: by a
 * sample that took too long, by a pause, by a sample asked for. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/feed.h"

#define OWNERS_BUDGET_NS 100000000 /* of a sample for looking for owners */

struct source_feed {
	struct feed base;
	struct source *source;
	struct source_request request;
	struct tracker *tracker;
	bool preliminary; /* the next sample is the quick first one */
	bool begun;
	int64_t last_ns; /* when the last one was due */
};

static int64_t interval_ns(const struct feed_control *c)
{
	return (int64_t)(c->interval_s * 1e9);
}

static int64_t due(struct feed *feed, const struct feed_control *c, int64_t now_ns)
{
	const struct source_feed *f = (struct source_feed *)feed;

	if (!f->begun)
		return now_ns;
	return c->paused ? INT64_MAX : f->last_ns + interval_ns(c);
}

static void keep_schedule(struct source_feed *f, const struct feed_control *c, int64_t now_ns)
{
	int64_t next = f->last_ns + interval_ns(c);

	if (!f->begun || c->now || now_ns - next > interval_ns(c) / 2)
		next = now_ns;
	f->last_ns = next;
	f->begun = true;
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
	request.owners_budget_ns = OWNERS_BUDGET_NS;
	if (f->preliminary) {
		f->preliminary = false;
		request.preliminary = true;
		request.needs &=
			~(unsigned)(NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE | NEED_USERS);
	} else {
		keep_schedule(f, c, now_ns);
	}
	err = source_next(f->source, &request, tracker_previous(f->tracker), &frame);
	return err ? err : tracker_step(f->tracker, frame, out);
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

int feed_open_source(struct source *source, const struct source_request *request, double window_s,
	struct feed **out)
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
	f->preliminary = request->needs & NEED_OWNERS;
	f->tracker = tracker_create(window_s);
	if (!f->tracker) {
		close_feed(&f->base);
		return -ENOMEM;
	}
	*out = &f->base;
	return 0;
}
