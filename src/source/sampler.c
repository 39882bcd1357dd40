/* The sampling thread. One lock guards what both threads touch and is never held while sampling.
 * Two eventfds: one wakes this thread when a setting changes, the other tells the screen that there
 * is a sample. */
#include "sockdash/sampler.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/log.h"

#define STOP_MSEC 1000

struct sampler {
	struct source *source;
	struct tracker *tracker;
	struct source_request request;
	pthread_t thread;
	bool running;
	int wake_fd, ready_fd, done_fd;

	pthread_mutex_t lock; /* guards all below */
	struct sample *newest;
	int error;
	int64_t interval_ns;
	bool paused, now, stop;

	/* The thread's own. */
	int64_t cpu_then, wall_then;
};

static void signal_fd(int fd)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the other side is awake anyway. */
	if (write(fd, &one, sizeof one) < 0)
		return;
}

static void drain_fd(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof n) < 0)
		return;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The share of one core this process took since the call before. */
static double cpu_percent(struct sampler *s)
{
	int64_t cpu = clock_process_cpu_ns(), wall = clock_mono_ns();
	double percent = NAN;

	if (s->wall_then && wall > s->wall_then)
		percent = 100.0 * (double)(cpu - s->cpu_then) / (double)(wall - s->wall_then);
	s->cpu_then = cpu;
	s->wall_then = wall;
	return percent;
}

static int take(struct sampler *s, const struct source_request *request, struct sample **out)
{
	struct frame *frame;
	int err = source_next(s->source, request, tracker_previous(s->tracker), &frame);

	if (err)
		return err;
	return tracker_step(s->tracker, frame, request->preliminary ? NAN : cpu_percent(s), out);
}

static void publish(struct sampler *s, struct sample *sample, int error)
{
	struct sample *older = NULL;

	if (error)
		log_line("sample dropped: %s", strerror(-error));
	pthread_mutex_lock(&s->lock);
	if (sample) {
		older = s->newest;
		s->newest = sample;
	}
	if (error && error != -ECANCELED)
		s->error = error;
	pthread_mutex_unlock(&s->lock);
	sample_put(older);
	signal_fd(s->ready_fd);
}

static void sample_once(struct sampler *s, bool preliminary)
{
	struct source_request request = s->request;
	struct sample *sample = NULL;
	int err;

	if (preliminary) {
		request.preliminary = true;
		request.needs &=
			~(unsigned)(NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE | NEED_USERS);
	}
	err = take(s, &request, &sample);
	publish(s, sample, err);
}

/* Sleeps until the sample after the one that was due at *due. False when it is time to stop. The
 * schedule does not drift, and begins anew where it was left: by a sample that took too long, by a
 * pause, by a sample asked for. */
static bool wait_until_due(struct sampler *s, int64_t *due)
{
	for (;;) {
		struct pollfd p = { .fd = s->wake_fd, .events = POLLIN };
		int64_t interval, late;
		bool stop, now, paused;

		pthread_mutex_lock(&s->lock);
		stop = s->stop;
		now = s->now;
		paused = s->paused;
		interval = s->interval_ns;
		s->now = false;
		pthread_mutex_unlock(&s->lock);
		late = clock_mono_ns() - (*due + interval);
		if (stop || now || (!paused && late >= 0)) {
			*due += interval;
			if (now || late > interval / 2)
				*due = clock_mono_ns();
			return !stop;
		}
		poll(&p, 1, paused ? -1 : (int)(-late / NSEC_PER_MSEC + 1));
		if (p.revents)
			drain_fd(s->wake_fd);
	}
}

static void *run(void *context)
{
	struct sampler *s = context;
	int64_t due;

	if (s->request.needs & NEED_OWNERS)
		sample_once(s, true);
	due = clock_mono_ns();
	do
		sample_once(s, false);
	while (wait_until_due(s, &due));
	signal_fd(s->done_fd);
	return NULL;
}

int sampler_start(
	struct source *source, const struct sampler_settings *settings, struct sampler **out)
{
	struct sampler *s = calloc(1, sizeof *s);
	int err = -ENOMEM;

	if (!s) {
		source_close(source);
		return err;
	}
	s->source = source;
	s->request = settings->request;
	s->interval_ns = (int64_t)(settings->interval_s * 1e9);
	s->tracker = tracker_create(settings->window_s);
	pthread_mutex_init(&s->lock, NULL);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0 || s->ready_fd < 0 || s->done_fd < 0)
		err = -errno;
	else if (s->tracker)
		err = -pthread_create(&s->thread, NULL, run, s);
	s->running = !err;
	if (err) {
		sampler_stop(s);
		return err;
	}
	*out = s;
	return 0;
}

/* Whether the thread comes to its end within a second. */
static bool ends_soon(const struct sampler *s)
{
	struct pollfd p = { .fd = s->done_fd, .events = POLLIN };

	return poll(&p, 1, STOP_MSEC) > 0;
}

bool sampler_stop(struct sampler *s)
{
	if (!s)
		return true;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_mutex_unlock(&s->lock);
		source_cancel(s->source);
		signal_fd(s->wake_fd);
		if (!ends_soon(s))
			return false;
		pthread_join(s->thread, NULL);
	}
	sample_put(s->newest);
	tracker_destroy(s->tracker);
	source_close(s->source);
	close_fd(s->wake_fd);
	close_fd(s->ready_fd);
	close_fd(s->done_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return true;
}

int sampler_fd(const struct sampler *s)
{
	return s->ready_fd;
}

struct sample *sampler_take(struct sampler *s, int *error)
{
	struct sample *newest;

	drain_fd(s->ready_fd);
	pthread_mutex_lock(&s->lock);
	newest = s->newest;
	s->newest = NULL;
	if (error)
		*error = s->error;
	s->error = 0;
	pthread_mutex_unlock(&s->lock);
	return newest;
}

void sampler_set_interval(struct sampler *s, double interval_s)
{
	pthread_mutex_lock(&s->lock);
	s->interval_ns = (int64_t)(interval_s * 1e9);
	pthread_mutex_unlock(&s->lock);
	signal_fd(s->wake_fd);
}

void sampler_pause(struct sampler *s, bool paused)
{
	pthread_mutex_lock(&s->lock);
	s->paused = paused;
	pthread_mutex_unlock(&s->lock);
	signal_fd(s->wake_fd);
}

void sampler_now(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->now = true;
	pthread_mutex_unlock(&s->lock);
	signal_fd(s->wake_fd);
}
