/* ports: who takes the ephemeral ports, and how many there are. */
#include "lib/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/narrow.h"
#include "sockdash/needs.h"

/* A frame with a range of ports, some of them reserved. */
static void begin(struct story *st, int64_t first, int64_t last, int64_t reserved)
{
	struct frame *f = story_frame(st, 0);

	f->asked = NEED_ALL;
	f->counters[COUNTER_PORT_FIRST] = first;
	f->counters[COUNTER_PORT_LAST] = last;
	f->counters[COUNTER_PORTS_RESERVED] = reserved;
}

/* `count` connections from one address to a service, on local ports from `port` on. */
static void call(struct story *st, const char *state, const char *local, const char *remote,
	unsigned port, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		story_sock(st, "tcp %s %s:%u %s", state, local, port + i, remote);
}

static void each_destination_has_all_ports(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
	call(&st, "TIME-WAIT", "10.0.0.1", "10.9.0.1:5432", 40003, 4);
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:6379", 40000, 2);    /* another port */
	call(&st, "SYN-SENT", "10.0.0.1", "10.9.0.2:5432", 40000, 1); /* another address */
	call(&st, "ESTAB", "10.0.0.2", "10.9.0.1:5432", 40000, 5);    /* another one of ours */
	s = story_sample(&st);
	assert_int_equal(s->port_count, 4);
	assert_real(s->port_capacity, 10);
	assert_int_equal(s->ports[0].used, 7);
	assert_int_equal(s->ports[0].time_wait, 4);
	assert_int_equal(s->frame->socks[s->ports[0].sock].remote_port, 5432);
	assert_int_equal(s->ports[1].used, 5);
	assert_int_equal(s->ports[2].used, 2);
	assert_int_equal(s->ports[3].used, 1);
	assert_real(s->totals.ports_percent, 70);
	story_end(&st);
}

/* Whoever wrote the address: an IPv4 connection of an IPv6 socket takes the same port. */
static void both_families_share_ipv4_ports(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
	call(&st, "ESTAB", "[::ffff:10.0.0.1]", "[::ffff:10.9.0.1]:5432", 40003, 3);
	call(&st, "ESTAB", "[2001:db8::1]", "[2001:db8::2]:5432", 40000, 2);
	s = story_sample(&st);
	assert_int_equal(s->port_count, 2);
	assert_int_equal(s->ports[0].used, 6);
	story_end(&st);
}

static void what_is_not_begun_here_is_not_counted(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:40001 *");
	story_sock(&st, "tcp LISTEN 0.0.0.0:443 *");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40001 10.9.0.1:5432"); /* came in */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:40002");
	story_sock(&st, "tcp ESTAB 10.0.0.1:39999 10.9.0.1:5432"); /* out of the range */
	story_sock(&st, "tcp ESTAB 10.0.0.1:40010 10.9.0.1:5432");
	story_sock(&st, "udp ESTAB 10.0.0.1:40003 10.9.0.1:5432");
	story_sock(&st, "udp UNCONN 0.0.0.0:40004 *");
	s = story_sample(&st);
	assert_int_equal(s->port_count, 0);
	/* Nobody can be called from a port that listens. */
	assert_real(s->port_capacity, 9);
	assert_real(s->totals.ports_percent, 0);
	story_end(&st);
}

static void a_port_is_held_once_however_many_listen(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 2);
	story_sock(&st, "tcp LISTEN 10.0.0.1:40000 *");
	story_sock(&st, "tcp LISTEN 10.0.0.2:40000 *");
	story_sock(&st, "tcp LISTEN [::]:40009 *");
	story_sock(&st, "tcp LISTEN [::]:40010 *");
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40001, 6);
	s = story_sample(&st);
	assert_real(s->port_capacity, 6);
	assert_real(s->totals.ports_percent, 100);
	story_end(&st);
}

static void namespaces_have_their_own_ports(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	assert_true(frame_add_netns(st.frame, STORY_NETNS + 1, "blue") > 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:40001 * netns=1");
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
	story_sock(&st, "tcp ESTAB 10.0.0.1:40000 10.9.0.1:5432 netns=1 cookie=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40001 10.9.0.1:5432 netns=1 cookie=8");
	s = story_sample(&st);
	assert_int_equal(s->port_count, 2);
	assert_int_equal(s->ports[0].used, 3);
	assert_int_equal(s->ports[1].used, 1);
	/* The range that is known is that of the first. */
	assert_real(s->port_capacity, 10);
	story_end(&st);
}

/* The busiest of very many, in their order. */
static void only_the_busiest_are_kept(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40099, 0);
	for (unsigned i = 0; i < 60; i++)
		for (unsigned k = 0; k <= i * 7 % 60; k++)
			story_sock(&st, "tcp ESTAB 10.0.0.1:%u 10.9.%u.1:80", 40000 + k, i);
	s = story_sample(&st);
	assert_int_equal(s->port_count, PORT_ROWS_MAX);
	for (unsigned i = 0; i < PORT_ROWS_MAX; i++)
		assert_int_equal(s->ports[i].used, 60 - i);
	story_end(&st);
}

/* For who looks at them. */
static void all_rows_are_in_the_table(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40099, 0);
	st.frame->asked |= NEED_PORT_ROWS;
	for (unsigned i = 0; i < 60; i++)
		for (unsigned k = 0; k <= i * 7 % 60; k++)
			story_sock(&st, "tcp ESTAB 10.0.0.1:%u 10.9.%u.1:80", 40000 + k, i);
	story_sample(&st);
	assert_int_equal(st.sample->port_count, PORT_ROWS_MAX);
	assert_int_equal(st.sample->port_row_count, 60);
	for (unsigned i = 0; i < 60; i++) {
		char where[40], expected[64];

		snprintf(where, sizeof where, "remote_address=10.9.%u.1", i);
		snprintf(expected, sizeof expected, "used=%u, capacity=100", i * 7 % 60 + 1);
		assert_row(st.sample, "ports", where, expected);
	}
	story_end(&st);
}

static void a_row_tells_who_and_how_fast(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40119, 0);
	st.frame->asked |= NEED_PORT_ROWS;
	story_proc(&st, .pid = 7, .name = "php-fpm");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40000 10.9.0.1:5432 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40001 10.9.0.1:5432 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40002 10.9.0.1:5432 pid=8");
	assert_row(story_sample(&st), "ports", "remote_port=5432",
		"local_address=10.0.0.1, used=3, percent=2.5%, time_wait_percent=0%, "
		"opened_rate=-, "
		"sustainable_rate=2.0");
	assert_row(
		st.sample, "ports", "remote_port=5432", "pid=7, process=php-fpm, process_used=2");
	story_frame(&st, 2);
	st.frame->asked |= NEED_PORT_ROWS;
	st.frame->counters[COUNTER_PORT_FIRST] = 40000;
	st.frame->counters[COUNTER_PORT_LAST] = 40119;
	story_proc(&st, .pid = 7, .name = "php-fpm");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:40000 10.9.0.1:5432"); /* was open */
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:40003 10.9.0.1:5432"); /* came and went */
	story_sock(&st, "tcp ESTAB 10.0.0.1:40002 10.9.0.1:5432 pid=8");
	story_sock(&st, "tcp SYN-SENT 10.0.0.1:40004 10.9.0.1:5432 pid=8"); /* new */
	assert_row(story_sample(&st), "ports", "remote_port=5432",
		"used=4, time_wait=2, time_wait_percent=50.0%, opened_rate=1.0, pid=8, "
		"process_used=2");
	story_end(&st);
}

/* Rows that have one of them, with the numbers of all. */
static void a_filter_chooses_rows(void **state)
{
	static const char words[] = "state time-wait";
	struct filter_error error;
	struct narrowing n = { 0 };
	struct filter *f = NULL;
	struct sample *s = NULL;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	st.frame->asked |= NEED_PORT_ROWS;
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
	call(&st, "TIME-WAIT", "10.0.0.1", "10.9.0.1:5432", 40003, 1);
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:6379", 40000, 5);
	assert_int_equal(filter_parse(words, strlen(words), &f, &error), 0);
	n.filter = f;
	assert_int_equal(sample_narrow(story_sample(&st), &n, NULL, NULL, &s), 0);
	assert_table(s, "ports", "remote_port,used,time_wait", "5432 4 1\n");
	/* The header's. */
	assert_real(s->totals.ports_percent, 50);
	filter_put(f);
	sample_put(s);
	story_end(&st);
}

/* The range and the settings are those of the namespace that we are in. */
static void of_other_namespaces_the_capacity_is_not_known(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	st.frame->asked |= NEED_PORT_ROWS;
	assert_true(frame_add_netns(st.frame, STORY_NETNS + 1, "blue") > 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:40000 10.9.0.1:5432 netns=1 cookie=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40000 10.9.0.1:5432 netns=0 cookie=8");
	story_sample(&st);
	assert_row(st.sample, "ports", "netns=4026531841",
		"used=1, capacity=-, percent=-, sustainable_rate=-");
	assert_row(st.sample, "ports", "netns=4026531840", "used=1, capacity=10, percent=10.0%");
	story_end(&st);
}

static void assert_unknown(struct story *st)
{
	const struct sample *s = story_sample(st);

	assert_int_equal(s->port_count, 0);
	assert_true(isnan(s->port_capacity));
	assert_true(isnan(s->totals.ports_percent));
	story_end(st);
}

static void what_is_not_known_is_not_0(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0); /* a recording without the range */
	begin(&st, COUNTER_UNKNOWN, COUNTER_UNKNOWN, COUNTER_UNKNOWN);
	call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
	assert_unknown(&st);
	story_begin(&st, 0); /* a tape may say anything */
	begin(&st, 0, INT64_MAX / 2, 0);
	assert_unknown(&st);
	story_begin(&st, 0);
	begin(&st, 40000, 40009, 0);
	st.frame->absent = 1u << SOCK_TCP;
	assert_unknown(&st);
	story_begin(&st, 0); /* nobody asked */
	begin(&st, 40000, 40009, 0);
	st.frame->asked = 0;
	assert_unknown(&st);
}

/* Without reserved ports known there are none; and when all are reserved all are taken. */
static void reserved_ports_are_not_to_be_had(void **state)
{
	static const struct {
		int64_t reserved;
		double capacity, percent;
	} cases[] = {
		{ 2, 8, 37.5 },
		{ COUNTER_UNKNOWN, 10, 30 },
		{ 10, 0, 100 },
		{ 99, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		const struct sample *s;

		story_begin(&st, 0);
		begin(&st, 40000, 40009, cases[i].reserved);
		call(&st, "ESTAB", "10.0.0.1", "10.9.0.1:5432", 40000, 3);
		s = story_sample(&st);
		assert_real(s->port_capacity, cases[i].capacity);
		assert_real(s->totals.ports_percent, cases[i].percent);
		story_end(&st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_destination_has_all_ports),
		cmocka_unit_test(both_families_share_ipv4_ports),
		cmocka_unit_test(what_is_not_begun_here_is_not_counted),
		cmocka_unit_test(a_port_is_held_once_however_many_listen),
		cmocka_unit_test(namespaces_have_their_own_ports),
		cmocka_unit_test(only_the_busiest_are_kept),
		cmocka_unit_test(all_rows_are_in_the_table),
		cmocka_unit_test(a_row_tells_who_and_how_fast),
		cmocka_unit_test(a_filter_chooses_rows),
		cmocka_unit_test(of_other_namespaces_the_capacity_is_not_known),
		cmocka_unit_test(what_is_not_known_is_not_0),
		cmocka_unit_test(reserved_ports_are_not_to_be_had),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
