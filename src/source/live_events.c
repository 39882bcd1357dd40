/* The thread that counts what ends. One lock guards the conversation and the counts: both the thread
 * and the sampler read events. It sleeps in poll() and, once something has come, for a moment more:
 * a batch costs a third of what as many single events do (2 us each instead of 6, of which there may
 * be 50,000 a second). Its priority is that of the screen: who is late loses events. */
#include "sockdash/live_events.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/diag_events.h"
#include "sockdash/log.h"

#define NAP_NS    (2 * NSEC_PER_MSEC)
#define NAP_BYTES ((size_t)2 << 20) /* with less room for events there is no time for it */
#define READ_MOST 2048              /* events in one go, so that nobody waits long for the lock */
#define TAKE_MOST 131072            /* before a sample: they may come as fast as they are read */

struct live_events {
	pthread_t thread;
	bool running;
	bool naps;
	int stop_fd;
	atomic_bool stop;

	pthread_mutex_t lock; /* guards all below */
	struct diag_events *events;
	struct ended ended;
	int error;
};

/* ---- Counting -------------------------------------------------------------------------------- */

/* An IPv4 address as an IPv6 one. */
static void set_address(struct ended_row *r, const struct diag_sock *d, const uint8_t *bytes)
{
	if (d->family != AF_INET) {
		memcpy(r->address.bytes, bytes, 16);
		return;
	}
	r->address.bytes[10] = r->address.bytes[11] = 0xff;
	memcpy(r->address.bytes + 12, bytes, 4);
}

/* A socket without a peer was no connection. One that was aborted by its own process, or never got
 * through, has lost its local address and the peer's port by now, but not the peer's address. */
static bool had_peer(const struct diag_sock *d)
{
	static const uint8_t nobody[16];

	return d->remote_port || memcmp(d->remote, nobody, sizeof nobody) != 0;
}

static int count(void *context, const struct diag_sock *d)
{
	struct live_events *e = context;
	struct ended_row local = { .port = d->local_port, .count = 1 };
	struct ended_row remote = { .count = 1 };

	if (!had_peer(d))
		return 0;
	set_address(&local, d, d->local);
	set_address(&remote, d, d->remote);
	local.address.scope = remote.address.scope = d->iface;
	ended_add(&e->ended, ENDED_LOCAL, &local);
	ended_add(&e->ended, ENDED_REMOTE, &remote);
	return 0;
}

/* With the lock. */
static void read_events(struct live_events *e, size_t most)
{
	int rc = e->error ? 0 : diag_events_read(e->events, most, count, e);

	if (rc < 0) {
		log_line("events: %s", strerror(-rc));
		e->error = rc;
	}
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void *run(void *context)
{
	struct live_events *e = context;
	struct pollfd fds[] = {
		{ .fd = e->stop_fd, .events = POLLIN },
		{ .fd = diag_events_fd(e->events), .events = POLLIN },
	};

	while (!e->stop) {
		if (poll(fds, sizeof fds / sizeof *fds, -1) < 0 && errno != EINTR)
			break;
		if (e->stop)
			break;
		if (e->naps)
			clock_sleep_until(clock_mono_ns() + NAP_NS);
		pthread_mutex_lock(&e->lock);
		read_events(e, READ_MOST);
		if (e->error)
			fds[1].fd = -1;
		pthread_mutex_unlock(&e->lock);
	}
	return NULL;
}

static int start(struct live_events *e, const struct source_request *r, size_t buffer)
{
	size_t room;
	int err = diag_events_open(r->ipv4, r->ipv6, buffer, &room, &e->events);

	if (err)
		return err;
	e->naps = room >= NAP_BYTES;
	e->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (e->stop_fd < 0)
		return -errno;
	err = -pthread_create(&e->thread, NULL, run, e);
	e->running = !err;
	return err;
}

int live_events_open(const struct source_request *request, size_t buffer, struct live_events **out)
{
	struct live_events *e = calloc(1, sizeof *e);
	int err;

	*out = NULL;
	if (!e)
		return -ENOMEM;
	e->stop_fd = -1;
	pthread_mutex_init(&e->lock, NULL);
	err = start(e, request, buffer);
	if (err) {
		log_line("events: %s", strerror(-err));
		live_events_close(e);
		return err;
	}
	*out = e;
	return 0;
}

void live_events_close(struct live_events *e)
{
	uint64_t one = 1;

	if (!e)
		return;
	e->stop = true;
	if (e->running && write(e->stop_fd, &one, sizeof one) == sizeof one)
		pthread_join(e->thread, NULL);
	if (e->stop_fd >= 0)
		close(e->stop_fd);
	diag_events_close(e->events);
	ended_free(&e->ended);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

int live_events_take(struct live_events *e, struct ended *out)
{
	int err;

	pthread_mutex_lock(&e->lock);
	read_events(e, TAKE_MOST);
	e->ended.at_least |= diag_events_lost(e->events) > 0;
	err = e->error;
	*out = e->ended;
	e->ended = (struct ended){ 0 };
	pthread_mutex_unlock(&e->lock);
	return err;
}

void live_events_give_back(struct live_events *e, struct ended *counted)
{
	pthread_mutex_lock(&e->lock);
	ended_add_all(&e->ended, counted);
	pthread_mutex_unlock(&e->lock);
	ended_free(counted);
}
