/* The sampling thread. One lock guards what both threads touch and is never held while sampling.
 * Two eventfds: one wakes this thread when a wish changes, the other tells the screen that there is
 * a sample. */
#include "sockdash/sampler.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/log.h"

#define STOP_MSEC 1000
#define POLL_MSEC 60000 /* longer waits are made of these */
#define NICER     10    /* how much lower than the rest this thread's priority is */
#define NICEST    19

struct sampler {
	struct feed *feed;
	pthread_t thread;
	bool running;
	int wake_fd, ready_fd, done_fd;

	pthread_mutex_t lock; /* guards all below */
	struct sample *newest;
	int error;
	struct feed_position position;
	struct feed_control control;
	bool stop;
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

/* ---- The thread ------------------------------------------------------------------------------ */

static bool same_position(const struct feed_position *a, const struct feed_position *b)
{
	return a->number == b->number && a->count == b->count && a->damaged == b->damaged &&
	       a->torn == b->torn && a->stream == b->stream && a->ended == b->ended;
}

static void publish(struct sampler *s, struct sample *sample, int error)
{
	struct sample *older = NULL;
	bool moved;

	if (error)
		log_line("no sample: %s", strerror(-error));
	pthread_mutex_lock(&s->lock);
	if (sample) {
		older = s->newest;
		s->newest = sample;
	}
	if (error && error != -ECANCELED)
		s->error = error;
	moved = !same_position(&s->position, &s->feed->position);
	s->position = s->feed->position;
	pthread_mutex_unlock(&s->lock);
	sample_put(older);
	if (sample || error || moved)
		signal_fd(s->ready_fd);
}

/* What to do next; false: to stop. */
static bool take_wishes(struct sampler *s, struct feed_control *out)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	*out = s->control;
	s->control.now = s->control.jump = false;
	s->control.step = 0;
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return !stop;
}

/* True where the feed has something before its time. */
static bool wait_until(struct sampler *s, int64_t due_ns, int64_t now_ns)
{
	struct pollfd fds[] = {
		{ .fd = s->wake_fd, .events = POLLIN },
		{ .fd = s->feed->wait_fd, .events = POLLIN },
	};
	int64_t msec = POLL_MSEC;

	if (due_ns - now_ns < POLL_MSEC * NSEC_PER_MSEC)
		msec = (due_ns - now_ns) / NSEC_PER_MSEC + 1;
	poll(fds, 2, (int)msec);
	if (fds[0].revents)
		drain_fd(s->wake_fd);
	return fds[1].revents;
}

/* Whoever else wants the processor comes first: the server's own work, and the keys. On Linux
 * every thread has a priority, and 0 is this one. A host that does not allow it gets the samples all the same. */
static void lower_priority(void)
{
	int nice = getpriority(PRIO_PROCESS, 0) + NICER;

	setpriority(PRIO_PROCESS, 0, nice < NICEST ? nice : NICEST);
}

static void *run(void *context)
{
	struct sampler *s = context;
	struct feed *f = s->feed;
	struct feed_control c;

	lower_priority();
	while (take_wishes(s, &c)) {
		int64_t now = clock_mono_ns(), due = now;
		struct sample *sample = NULL;
		int err;

		f->cpu_ns = clock_process_cpu_ns();
		if (!feed_is_asked(&c))
			due = f->ops->due(f, &c, now);
		if (due > now && !wait_until(s, due, now))
			continue;
		err = f->ops->take(f, &c, clock_mono_ns(), &sample);
		publish(s, sample, err);
	}
	signal_fd(s->done_fd);
	return NULL;
}

/* ---- The other side -------------------------------------------------------------------------- */

int sampler_start(struct feed *feed, const struct feed_control *control, struct sampler **out)
{
	struct sampler *s = calloc(1, sizeof *s);
	int err;

	if (!s) {
		feed_close(feed);
		return -ENOMEM;
	}
	s->feed = feed;
	s->control = *control;
	pthread_mutex_init(&s->lock, NULL);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0 || s->ready_fd < 0 || s->done_fd < 0)
		err = -errno;
	else
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
		s->feed->ops->cancel(s->feed);
		signal_fd(s->wake_fd);
		if (!ends_soon(s))
			return false;
		pthread_join(s->thread, NULL);
	}
	sample_put(s->newest);
	feed_close(s->feed);
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

struct sample *sampler_take(struct sampler *s, struct feed_position *position, int *error)
{
	struct sample *newest;

	drain_fd(s->ready_fd);
	pthread_mutex_lock(&s->lock);
	newest = s->newest;
	s->newest = NULL;
	*position = s->position;
	*error = s->error;
	s->error = 0;
	pthread_mutex_unlock(&s->lock);
	return newest;
}

void sampler_control(struct sampler *s, const struct feed_control *control)
{
	pthread_mutex_lock(&s->lock);
	bool now = s->control.now;
	bool jump = s->control.jump;
	int64_t jump_ns = s->control.jump_ns;
	int32_t step = s->control.step;

	s->control = *control;
	s->control.now |= now;
	s->control.step += step;
	if (jump && !control->jump) {
		s->control.jump = true;
		s->control.jump_ns = jump_ns;
	}
	pthread_mutex_unlock(&s->lock);
	signal_fd(s->wake_fd);
}
