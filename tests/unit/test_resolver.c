/* resolver: what is wished comes, whatever takes how long, and nobody waits for what hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/resolver.h"

#define SECOND INT64_C(1000000000)

/* A name server. */
struct server {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned asked;   /* lookups begun */
	unsigned hanging; /* lookups that wait until `open` */
	bool open;
};

static struct names_address host(uint8_t which, uint8_t number)
{
	return (struct names_address){ { [10] = 0xff, [11] = 0xff, 10, 0, which, number } };
}

/* 10.0.1.N hangs, 10.0.2.N has no name, 10.0.3.N fails, 10.0.4.N has one that is none. */
static enum names_answer look_up(void *context, const uint8_t bytes[16], char *name)
{
	struct server *s = context;

	pthread_mutex_lock(&s->lock);
	s->asked++;
	if (bytes[14] == 1) {
		s->hanging++;
		pthread_cond_broadcast(&s->changed);
		while (!s->open)
			pthread_cond_wait(&s->changed, &s->lock);
		s->hanging--;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	if (bytes[14] == 2)
		return NAMES_NONE;
	if (bytes[14] == 3)
		return NAMES_FAILED;
	snprintf(name, RESOLVER_NAME_MAX, bytes[14] == 4 ? "\x1b[2J10.0.0.%u" : "h%u", bytes[15]);
	return NAMES_FOUND;
}

struct scene {
	struct server server;
	struct resolver *resolver;
	struct names *names;
};

static void begin(struct scene *s, int64_t limit_ns)
{
	const struct resolver_settings settings = { look_up, &s->server, limit_ns };

	*s = (struct scene){ .server = { .lock = PTHREAD_MUTEX_INITIALIZER,
				     .changed = PTHREAD_COND_INITIALIZER } };
	assert_int_equal(resolver_start(&settings, &s->resolver), 0);
	s->names = names_create();
	names_begin(s->names, 1, 1000);
}

static void end(struct scene *s)
{
	names_destroy(s->names);
	pthread_mutex_lock(&s->server.lock);
	s->server.open = true;
	pthread_cond_broadcast(&s->server.changed);
	while (s->server.hanging)
		pthread_cond_wait(&s->server.changed, &s->server.lock);
	pthread_mutex_unlock(&s->server.lock);
}

static void wish(struct scene *s, uint8_t which, uint8_t from, uint8_t to)
{
	struct names_address list[256];
	size_t count = 0;

	for (unsigned i = from; i <= to; i++)
		list[count++] = host(which, (uint8_t)i);
	resolver_wish(s->resolver, list, count);
}

static bool take(struct scene *s)
{
	struct pollfd p = { .fd = resolver_fd(s->resolver), .events = POLLIN };

	assert_int_equal(poll(&p, 1, 10000), 1);
	return resolver_take(s->resolver, s->names);
}

static const char *name_of(struct scene *s, uint8_t which, uint8_t number)
{
	return names_host(s->names, host(which, number).bytes);
}

static size_t unknown(struct scene *s, uint8_t which, uint8_t from, uint8_t to)
{
	size_t count;

	names_begin(s->names, 1, 1000);
	for (unsigned i = from; i <= to; i++)
		name_of(s, which, (uint8_t)i);
	names_wanted(s->names, &count);
	return count;
}

static void await(struct scene *s, uint8_t which, uint8_t from, uint8_t to)
{
	while (unknown(s, which, from, to))
		take(s);
}

static void await_hanging(struct scene *s, unsigned count)
{
	pthread_mutex_lock(&s->server.lock);
	while (s->server.hanging < count)
		pthread_cond_wait(&s->server.changed, &s->server.lock);
	pthread_mutex_unlock(&s->server.lock);
}

static void answers_all(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 100 * SECOND);
	wish(&s, 0, 1, 200);
	await(&s, 0, 1, 200);
	assert_string_equal(name_of(&s, 0, 200), "h200");
	assert_int_equal(resolver_left(s.resolver), 0);
	assert_int_equal(s.server.asked, 200);
	resolver_stop(s.resolver);
	end(&s);
}

static void answers_without_a_name(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 100 * SECOND);
	for (uint8_t which = 2; which <= 4; which++) {
		wish(&s, which, 1, 1);
		await(&s, which, 1, 1);
		assert_null(name_of(&s, which, 1));
	}
	resolver_stop(s.resolver);
	end(&s);
}

/* As many as work at a time hang: those that answer get through all the same. */
static void goes_on_beside_what_hangs(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 0);
	wish(&s, 1, 1, 8);
	await_hanging(&s, 8);
	/* Their time is over at once, which is an answer too. */
	wish(&s, 0, 1, 50);
	await(&s, 1, 1, 8);
	assert_null(name_of(&s, 1, 1));
	while (unknown(&s, 0, 1, 50)) {
		resolver_left(s.resolver);
		take(&s);
	}
	assert_int_equal(resolver_left(s.resolver), 0);
	/* Who hangs is not asked for twice; when it answers late, that counts. */
	wish(&s, 1, 1, 8);
	assert_int_equal(s.server.asked, 58);
	pthread_mutex_lock(&s.server.lock);
	s.server.open = true;
	pthread_cond_broadcast(&s.server.changed);
	pthread_mutex_unlock(&s.server.lock);
	while (!name_of(&s, 1, 1) || !name_of(&s, 1, 8))
		take(&s);
	resolver_stop(s.resolver);
	end(&s);
}

/* What is on the screen now comes before what was. */
static void forgets_older_wishes(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 100 * SECOND);
	wish(&s, 1, 1, 200);
	await_hanging(&s, 8);
	wish(&s, 0, 1, 1);
	assert_int_equal(resolver_left(s.resolver), 9);
	pthread_mutex_lock(&s.server.lock);
	s.server.open = true;
	pthread_cond_broadcast(&s.server.changed);
	pthread_mutex_unlock(&s.server.lock);
	await(&s, 0, 1, 1);
	while (resolver_left(s.resolver))
		take(&s);
	assert_int_equal(s.server.asked, 9);
	resolver_stop(s.resolver);
	end(&s);
}

static void stops_while_they_hang(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 100 * SECOND);
	wish(&s, 1, 1, 20);
	await_hanging(&s, 8);
	resolver_stop(s.resolver);
	end(&s);
}

static void stops_unused(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 100 * SECOND);
	assert_false(resolver_take(s.resolver, s.names));
	assert_int_equal(resolver_left(s.resolver), 0);
	resolver_stop(s.resolver);
	resolver_stop(NULL);
	end(&s);
}

static void reads_services(void **state)
{
	struct names *n = names_create();

	(void)state;
	assert_int_equal(resolver_read_services(n), 0);
	/* A host may have no such file; where it has, it has these. */
	if (names_service(n, SOCK_TCP, 22)) {
		assert_string_equal(names_service(n, SOCK_TCP, 22), "ssh");
		assert_string_equal(names_service(n, SOCK_TCP, 443), "https");
	}
	names_destroy(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_all),
		cmocka_unit_test(answers_without_a_name),
		cmocka_unit_test(goes_on_beside_what_hangs),
		cmocka_unit_test(forgets_older_wishes),
		cmocka_unit_test(stops_while_they_hang),
		cmocka_unit_test(stops_unused),
		cmocka_unit_test(reads_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
