/* The samples that a command prints: it observes for a window where it must, then has them printed
 * on a schedule. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/commands.h"
#include "sockdash/feed.h"
#include "sockdash/narrow.h"
#include "sockdash/needs.h"

/* How long a command observes where nothing else is wished. */
#define COMMAND_WINDOW_S 3

/* Everything between the first sample and the last. */
struct run {
	const struct watch *watch;
	const struct options *options;
	struct origin origin;
	uint64_t wanted; /* samples to print */
	double window_s; /* to observe before speaking */
	struct source_request request;
	struct tracker *tracker;
	struct sample *before; /* as the filter has made it, to compare with; or NULL */
	uint64_t printed;
	bool blind; /* the last sample had nothing of what was asked for */
};

bool watch_is_series(const struct options *o)
{
	return o->count ? o->count > 1 : o->tape != NULL;
}

int output_stdout(void *context, struct buf *b)
{
	size_t done = 0;

	(void)context;
	while (done < b->len) {
		ssize_t n = write(STDOUT_FILENO, b->data + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	buf_clear(b);
	return 0;
}

static int print_sample(struct run *r, const struct sample *s)
{
	int err = r->watch->print(r->watch->context, s);

	r->printed++;
	r->blind = (s->frame->absent & r->options->protocols) == r->options->protocols;
	return err;
}

/* Leaves of a sample what the filter selects, and puts peers together. */
static int narrow(struct run *r, struct sample **sample)
{
	bool peers = r->watch->needs & NEED_PEERS;
	const struct narrowing n = {
		.filter = r->options->filter,
		.prefix4 = peers ? r->options->prefix4 : 0,
		.prefix6 = peers ? r->options->prefix6 : 0,
	};
	struct sample *narrowed;
	int err = 0;

	if (narrowing_is_none(&n))
		return 0;
	err = sample_narrow(*sample, &n, r->before, NULL, &narrowed);
	sample_put(*sample);
	if (err)
		return err;
	sample_put(r->before);
	r->before = sample_get(narrowed);
	*sample = narrowed;
	return 0;
}

static int take_sample(struct run *r, struct sample **out)
{
	struct frame *frame;
	int err = source_next(r->origin.source, &r->request, tracker_previous(r->tracker), &frame);

	if (!err)
		err = tracker_step(r->tracker, frame, out);
	if (!err)
		err = narrow(r, out);
	if (!err)
		frame_forget_diff(frame);
	return err;
}

/* When the next sample is to be taken, after one that was due at `when`, began at `began` and cost
 * so much CPU time. A sample that took longer than the interval, or more than its share of the
 * processor, begins the schedule anew rather than that we hurry after it. What is only observed
 * does not put off the answer, which is due at `speak`. */
static int64_t next_time(
	const struct run *r, int64_t when, int64_t began, int64_t cpu_ns, int64_t speak)
{
	int64_t now = clock_mono_ns();
	int64_t least = began + feed_least_ns(cpu_ns, r->options->cpu_limit);

	if (when <= speak && least > speak)
		least = speak;
	when = when > least ? when : least;
	return when > now ? when : now;
}

/* How long to observe before speaking. A recording is printed as it is: its first samples are not
 * observed silently. What ended is counted from one sample to the next. */
static double silence(const struct run *r)
{
	if (r->origin.tape)
		return 0;
	return r->watch->window                ? r->window_s
	       : r->watch->needs & NEED_EVENTS ? r->options->interval_s
					       : 0;
}

/* Samples every so often, on a schedule that does not drift. A source that has its own time is not
 * waited for. */
static int observe(struct run *r)
{
	const struct options *o = r->options;
	bool own_time = r->origin.source->own_time;
	double window_s = silence(r);
	int64_t when = clock_mono_ns(), speak = when + (int64_t)(window_s * 1e9);
	/* Three intervals at least in the window that growth is measured over. */
	double least_s = r->watch->window ? window_s / 3 : window_s;
	double step_s = least_s < o->interval_s ? least_s : o->interval_s;
	int err = 0;

	while (!err) {
		struct sample *s;
		bool speaks = when >= speak;
		int64_t began = clock_mono_ns(), cpu = clock_process_cpu_ns();

		err = take_sample(r, &s);
		if (err)
			break;
		if (speaks)
			err = print_sample(r, s);
		sample_put(s);
		if (err || r->printed == r->wanted)
			break;
		r->request.interval_s = speaks ? o->interval_s : step_s;
		when += (int64_t)(r->request.interval_s * 1e9);
		if (!speaks && speak - when < (int64_t)(step_s * 1e8))
			when = speak;
		if (own_time)
			continue;
		when = next_time(r, when, began, clock_process_cpu_ns() - cpu, speak);
		err = clock_sleep_until(when);
	}
	return err;
}

static int tell_end(struct run *r, int err)
{
	int status = EXIT_DONE;

	if (err == -ENODATA && r->origin.tape) {
		status = origin_tell_end(r->options, &r->origin);
		err = 0;
	}
	if (!err || err == -EPIPE)
		return r->blind ? EXIT_FAILED : status;
	complain("%s%s", r->printed && !r->origin.tape ? "standard output: " : "", strerror(-err));
	return EXIT_FAILED;
}

int watch_samples(const struct watch *w)
{
	const struct options *o = w->options;
	struct tracker_settings settings = options_tracker(o, COMMAND_WINDOW_S);
	struct run r = { .watch = w, .options = o, .window_s = settings.window_s };
	int status = origin_open(o, &r.origin), err;

	if (status)
		return status;
	r.request = options_request(o, w->needs | filter_needs(o->filter));
	r.request.filter = w->whole ? NULL : o->filter;
	r.wanted = o->count ? o->count : watch_is_series(o) ? UINT64_MAX : 1;
	r.request.single = r.wanted == 1 && !w->window;
	r.tracker = tracker_create(&settings);
	err = r.tracker ? observe(&r) : -ENOMEM;
	status = tell_end(&r, err);
	sample_put(r.before);
	origin_close(&r.origin);
	tracker_destroy(r.tracker);
	return status;
}
