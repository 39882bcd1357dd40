/* live_events: what ends is counted, in a network namespace of its own; where there was no room for
 * all, the counts say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/live_events.h"

static const struct source_request both = {
	.protocols = 1u << SOCK_TCP,
	.ipv4 = true,
	.ipv6 = true,
};

static bool has_namespace;
static int listener;
static struct sockaddr_in place = { .sin_family = AF_INET };

static int enter_namespace(void **state)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	socklen_t len = sizeof place;
	int fd;

	(void)state;
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&place, sizeof place), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&place, &len), 0);
	has_namespace = true;
	return 0;
}

static void connect_some(int count)
{
	const struct linger reset = { 1, 0 };

	while (count--) {
		int to = socket(AF_INET, SOCK_STREAM, 0), from;

		assert_int_equal(connect(to, (struct sockaddr *)&place, sizeof place), 0);
		from = accept(listener, NULL, NULL);
		setsockopt(to, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(to);
		close(from);
	}
}

/* Of the listener. */
static uint32_t count_of(const struct ended *e)
{
	static const uint8_t loopback[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	const struct ended_table *t = &e->ends[ENDED_LOCAL];

	for (uint32_t i = 0; i < t->count; i++)
		if (t->rows[i].port == ntohs(place.sin_port) &&
			memcmp(t->rows[i].address.bytes, loopback, 16) == 0)
			return t->rows[i].count;
	return 0;
}

static struct live_events *open_events(const struct source_request *r, size_t buffer)
{
	struct live_events *e;
	int err = has_namespace ? live_events_open(r, buffer, &e) : -EPERM;

	if (err)
		skip();
	return e;
}

static void add_next(struct live_events *e, struct ended *all)
{
	struct ended more;

	assert_int_equal(live_events_take(e, &more), 0);
	ended_add_all(all, &more);
	ended_free(&more);
}

/* The kernel tells a moment later. */
static void counts_all(void **state)
{
	struct live_events *e = open_events(&both, LIVE_EVENTS_BUFFER);
	struct ended all = { 0 };

	(void)state;
	connect_some(300);
	while (count_of(&all) < 300)
		add_next(e, &all);
	assert_int_equal(count_of(&all), 300);
	assert_false(all.at_least);
	/* What is given back comes again. */
	live_events_give_back(e, &all);
	connect_some(1);
	while (count_of(&all) < 301)
		add_next(e, &all);
	ended_free(&all);
	live_events_close(e);
}

static void counts_the_family_that_is_asked_for(void **state)
{
	const struct source_request ipv6 = { .protocols = 1u << SOCK_TCP, .ipv6 = true };
	struct live_events *e = open_events(&ipv6, LIVE_EVENTS_BUFFER);
	struct live_events *witness = open_events(&both, LIVE_EVENTS_BUFFER);
	struct ended all = { 0 }, none = { 0 };

	(void)state;
	connect_some(10);
	while (count_of(&all) < 10)
		add_next(witness, &all);
	add_next(e, &none);
	assert_int_equal(count_of(&none), 0);
	ended_free(&all);
	live_events_close(witness);
	live_events_close(e);
}

/* There is room for one event or two. */
static void says_that_some_are_lost(void **state)
{
	struct live_events *e = open_events(&both, 1);
	struct ended all = { 0 };
	uint32_t made = 0;

	(void)state;
	while (!all.at_least && made < 100000) {
		connect_some(100);
		made += 100;
		add_next(e, &all);
	}
	assert_true(all.at_least);
	assert_true(count_of(&all) < made);
	ended_free(&all);
	live_events_close(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_all),
		cmocka_unit_test(counts_the_family_that_is_asked_for),
		cmocka_unit_test(says_that_some_are_lost),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
