/* group: states, listeners, processes and totals, as their tables tell them. */
#include "lib/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `count` connections to one end; each call with another `from` makes others. */
static void conns(struct story *st, const char *state, const char *local, unsigned from,
	unsigned count, const char *words)
{
	const char *network = *local == '[' ? "[2001:db8::%x]" : "10.9.%u.1";

	for (unsigned i = from; i < from + count; i++) {
		char peer[64];

		snprintf(peer, sizeof peer, *network == '[' ? "[2001:db8::%x]" : "10.9.%u.1",
			i % 250 + 1);
		story_sock(st, "tcp %s %s %s:%u%s%s", state, local, peer, 20000 + i,
			*words ? " " : "", words);
	}
}

/* ---- States ---------------------------------------------------------------------------------- */

static void states_are_counted_with_share_and_change(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 6, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 10, 2, "");
	s = story_sample(&st);
	assert_row(s, "states", "state=ESTAB, proto=tcp", "count=6, percent=75.0%, delta=-");
	assert_row(s, "states", "state=LISTEN", "count=0, percent=0%, delta=-");

	story_frame(&st, 1);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 4, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 10, 2, "");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 4, 1, "");
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 *");
	story_sock(&st, "udp UNCONN 0.0.0.0:54 *");
	story_sock(&st, "udp ESTAB 10.0.0.1:55 10.0.0.2:53");
	s = story_sample(&st);
	assert_table(s, "states", "proto,state,count,percent,delta",
		"tcp LISTEN 1 12.5% +1\n"
		"tcp SYN-SENT 0 0% 0\n"
		"tcp SYN-RECV 0 0% 0\n"
		"tcp ESTAB 4 50.0% -2\n"
		"tcp FIN-WAIT-1 0 0% 0\n"
		"tcp FIN-WAIT-2 0 0% 0\n"
		"tcp CLOSE-WAIT 1 12.5% +1\n"
		"tcp CLOSING 0 0% 0\n"
		"tcp LAST-ACK 0 0% 0\n"
		"tcp TIME-WAIT 2 25.0% 0\n"
		"udp UNCONN 2 66.7% +2\n"
		"udp ESTAB 1 33.3% +1\n");
	story_end(&st);
}

/* By identity: a state may keep its number while all its sockets change. */
static void sockets_enter_and_leave_states(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 10, "");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 50, 4, "");
	s = story_sample(&st);
	assert_row(s, "states", "state=ESTAB, proto=tcp", "in_rate=-, out_rate=-");
	story_frame(&st, 2);
	conns(&st, "ESTAB", "10.0.0.1:80", 4, 6, "");
	conns(&st, "ESTAB", "10.0.0.1:80", 100, 4, "");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 0, 3, "");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 50, 2, "");
	s = story_sample(&st);
	assert_row(s, "states", "state=ESTAB, proto=tcp",
		"count=10, delta=0, in_rate=2.0, out_rate=2.0");
	assert_row(s, "states", "state=CLOSE-WAIT", "count=5, delta=+1, in_rate=1.5, out_rate=1.0");
	assert_row(s, "states", "state=LISTEN", "delta=0, in_rate=0, out_rate=0");
	story_end(&st);
}

static void a_closed_tcp_socket_shows_while_there_is_one(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp UNCONN 10.0.0.1:80 *");
	assert_row(story_sample(&st), "states", "proto=tcp, state=UNCONN", "count=1, delta=-");
	story_frame(&st, 1);
	assert_row(story_sample(&st), "states", "proto=tcp, state=UNCONN", "count=0, delta=-1");
	story_frame(&st, 2);
	assert_string_equal(
		row_text(story_sample(&st), "states", "proto=tcp, state=UNCONN", ""), "no row");
	story_end(&st);
}

static void an_absent_protocol_has_no_rows(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->absent = 1u << SOCK_UDP;
	s = story_sample(&st);
	assert_int_equal(s->state_count, 10);
	assert_string_equal(row_text(s, "states", "proto=udp, state=UNCONN", ""), "no row");
	story_frame(&st, 1)->absent = 1u << SOCK_TCP;
	s = story_sample(&st);
	assert_table(s, "states", "proto,state,count", "udp UNCONN 0\nudp ESTAB 0\n");
	story_end(&st);
}

/* What was not there to be counted has not changed by what is there now. */
static void the_change_of_a_protocol_that_was_absent_is_not_known(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->absent = 1u << SOCK_UDP;
	story_sample(&st);
	story_frame(&st, 1);
	story_sock(&st, "udp UNCONN 0.0.0.0:53 *");
	story_sock(&st, "tcp LISTEN 0.0.0.0:53 *");
	s = story_sample(&st);
	assert_row(
		s, "states", "proto=udp, state=UNCONN", "count=1, delta=-, in_rate=-, out_rate=-");
	assert_row(s, "states", "state=LISTEN", "count=1, delta=+1, in_rate=1.0, out_rate=0");
	story_end(&st);
}

/* ---- Listeners: whose connections ------------------------------------------------------------ */

/* Listeners and connections, and the connections that each listener shows, in order. */
static void connections_belong_to_their_listener(void **state)
{
	static const struct {
		const char *why, *listeners[4], *conns[8], *expected;
	} cases[] = {
		{ "the exact address before the wildcard",
			{ "0.0.0.0:80 *", "10.0.0.1:80 *", "10.0.0.1:81 *" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1", "ESTAB 10.0.0.2:80 10.9.0.1:2",
				"ESTAB 10.0.0.2:80 10.9.0.1:3", "ESTAB 10.0.0.2:81 10.9.0.1:4" },
			"2 1 0" },
		{ "states", { "0.0.0.0:80 *" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1", "CLOSE-WAIT 10.0.0.1:80 10.9.0.1:2",
				"SYN-RECV 10.0.0.1:80 10.9.0.1:3",
				"TIME-WAIT 10.0.0.1:80 10.9.0.1:4",
				"LAST-ACK 10.0.0.1:80 10.9.0.1:5",
				"FIN-WAIT-2 10.0.0.1:80 10.9.0.1:6" },
			"5" },
		{ "an IPv6 wildcard serves both", { "[::]:80 *" },
			{ "ESTAB [::ffff:10.0.0.1]:80 [::ffff:10.9.0.1]:1",
				"ESTAB [2001:db8::1]:80 [2001:db8::2]:1" },
			"2" },
		{ "but not when it is v6only", { "[::]:80 * v6only" },
			{ "ESTAB [::ffff:10.0.0.1]:80 [::ffff:10.9.0.1]:1",
				"ESTAB [2001:db8::1]:80 [2001:db8::2]:1" },
			"1" },
		{ "v6only belongs to a port, not to the address",
			{ "[::]:80 * v6only", "[::]:81 *", "0.0.0.0:80 *" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1",
				"ESTAB [::ffff:10.0.0.1]:81 [::ffff:10.9.0.1]:1",
				"ESTAB [2001:db8::1]:80 [2001:db8::2]:1",
				"ESTAB [2001:db8::1]:81 [2001:db8::2]:1" },
			"1 2 1" },
		{ "an IPv4 wildcard does not serve IPv6", { "0.0.0.0:80 *" },
			{ "ESTAB [2001:db8::1]:80 [2001:db8::2]:1" }, "0" },
		{ "IPv4 before IPv6 where both serve",
			{ "[::]:80 * cookie=1", "0.0.0.0:80 * cookie=2" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1",
				"ESTAB [2001:db8::1]:80 [2001:db8::2]:1" },
			"1 1" },
		{ "a mapped address is the IPv4 address", { "[::ffff:10.0.0.1]:80 *" },
			{ "ESTAB [::ffff:10.0.0.1]:80 [::ffff:10.9.0.1]:1" }, "1" },
		{ "a device", { "0.0.0.0%eth0:80 *", "0.0.0.0:80 * cookie=2" },
			{ "ESTAB 10.0.0.1%eth0:80 10.9.0.1%eth0:1",
				"ESTAB 10.0.0.1%eth1:80 10.9.0.1%eth1:1",
				"ESTAB 10.0.0.1:80 10.9.0.1:1",
				"ESTAB 10.0.0.1%eth0:80 10.9.0.1%eth0:2" },
			"2 2" },
		{ "a device only", { "0.0.0.0%eth0:80 *" },
			{ "ESTAB 10.0.0.1%eth1:80 10.9.0.1%eth1:1",
				"ESTAB 10.0.0.1:80 10.9.0.1:1" },
			"0" },
		{ "link-local", { "[fe80::1]%eth0:80 *", "[fe80::1]%eth1:80 *", "[::]:80 *" },
			{ "ESTAB [fe80::1]%eth1:80 [fe80::2]%eth1:1",
				"ESTAB [fe80::9]%eth0:80 [fe80::2]%eth0:1" },
			"0 1 1" },
		{ "SO_REUSEPORT: each shows all",
			{ "0.0.0.0:80 * cookie=1", "0.0.0.0:80 * cookie=2", "0.0.0.0:80 * cookie=3",
				"0.0.0.0:81 *" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1", "ESTAB 10.0.0.1:80 10.9.0.1:2",
				"ESTAB 10.0.0.1:81 10.9.0.1:2" },
			"2 2 2 1" },
		{ "a namespace", { "0.0.0.0:80 * netns=0", "0.0.0.0:80 * netns=1" },
			{ "ESTAB 10.0.0.1:80 10.9.0.1:1 netns=1",
				"ESTAB 10.0.0.1:80 10.9.0.1:2 netns=1" },
			"0 2" },
		{ "a client has none", { "0.0.0.0:80 *" },
			{ "ESTAB 10.0.0.1:5000 10.9.0.1:80", "SYN-SENT 10.0.0.1:5001 10.9.0.1:80" },
			"0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		const struct sample *s;
		char is[64] = "";

		story_begin(&st, 0);
		assert_int_equal(frame_add_netns(story_frame(&st, 0), 4026532001, "blue"), 1);
		for (size_t l = 0; l < 4 && cases[i].listeners[l]; l++)
			story_sock(&st, "tcp LISTEN %s", cases[i].listeners[l]);
		for (size_t c = 0; c < 8 && cases[i].conns[c]; c++)
			story_sock(&st, "tcp %s", cases[i].conns[c]);
		s = story_sample(&st);
		for (uint32_t row = 0; row < s->listener_count; row++)
			snprintf(is + strlen(is), sizeof is - strlen(is), "%s%u", row ? " " : "",
				s->listeners[row].conns);
		if (strcmp(is, cases[i].expected) != 0)
			fail_msg("%s: %s, not %s", cases[i].why, is, cases[i].expected);
		story_end(&st);
	}
}

static void end_some(struct frame *f, unsigned host, uint16_t port, uint32_t count)
{
	struct ended_row r = { .port = port, .count = count };

	r.address.bytes[10] = r.address.bytes[11] = 0xff;
	if (host) {
		r.address.bytes[12] = 10;
		r.address.bytes[15] = (uint8_t)host;
	}
	ended_add(&f->ended, port ? ENDED_LOCAL : ENDED_REMOTE, &r);
}

/* They come through the listener that a connection of their local end would belong to. */
static void what_ended_belongs_to_its_listener(void **state)
{
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 0);
	for (int n = 0; n < 2; n++) {
		f = story_frame(&st, n * 2);
		story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
		story_sock(&st, "tcp LISTEN 10.0.0.1:80 *");
		story_sock(&st, "tcp LISTEN 10.0.0.1:81 *");
		story_sock(&st, "udp UNCONN 10.0.0.1:81 *");
		f->ended.known = n > 0;
		end_some(f, 1, 80, 3);
		end_some(f, 2, 80, 4);
		end_some(f, 2, 50000, 9);
		/* Aborted, it has no address any more. */
		end_some(f, 0, 81, 5);
		end_some(f, 9, 0, 7);
		story_sample(&st);
		if (n == 0)
			assert_row(st.sample, "listen", "port=81, proto=tcp", "ended=-");
	}
	assert_row(st.sample, "listen", "address=10.0.0.1, port=80", "ended=3, ended_rate=1.5");
	assert_row(st.sample, "listen", "address=0.0.0.0, port=80", "ended=4");
	assert_row(st.sample, "listen", "port=81, proto=tcp", "ended=5");
	assert_row(st.sample, "listen", "port=81, proto=udp", "ended=-");
	story_end(&st);
}

static void a_listener_tells_states_apart(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 * recv_q=3 send_q=511 uid=33 pid=7 pid=8 pid=8");
	story_sock(&st, "udp UNCONN 10.0.0.1:53 * recv_q=2304 inode=9");
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 3, "pid=8");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 10, 2, "pid=8");
	conns(&st, "SYN-RECV", "10.0.0.1:80", 20, 4, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 30, 5, "");
	s = story_sample(&st);
	assert_row(s, "listen", "proto=tcp",
		"address=0.0.0.0, port=80, conns=9, estab=3, close_wait=2, syn_recv=4, "
		"accept_queue=3, backlog=511, recv_q=-, pid=7, process=p7, owners=2, "
		"user=www-data, netns=4026531840");
	assert_row(s, "listen", "proto=udp",
		"conns=-, estab=-, close_wait=-, syn_recv=-, accept_queue=-, backlog=-, "
		"recv_q=2304, pid=-, process=-, owners=-, inode=9, drops=-, drops_rate=-");
	story_end(&st);
}

static void connections_of_a_listener_are_compared(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 *");
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 5, "");
	assert_row(story_sample(&st), "listen", "port=80", "conns=5, delta=-");
	story_frame(&st, 1);
	story_sock(&st, "udp UNCONN 0.0.0.0:53 *");
	story_sock(&st, "tcp LISTEN 0.0.0.0:81 *");
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
	conns(&st, "ESTAB", "10.0.0.1:80", 2, 2, "");
	conns(&st, "ESTAB", "10.0.0.1:81", 0, 4, "");
	s = story_sample(&st);
	assert_row(s, "listen", "port=80", "conns=2, delta=-3");
	assert_row(s, "listen", "port=81", "conns=4, delta=+4");
	assert_row(s, "listen", "port=53", "conns=-, delta=-");
	story_end(&st);
}

static void a_backlog_is_not_known_without_sock_diag(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 * recv_q=3 no_backlog");
	assert_row(story_sample(&st), "listen", "port=80", "accept_queue=3, backlog=-");
	story_end(&st);
}

/* ---- Listeners: drops and queues ------------------------------------------------------------- */

static void drops_are_counted_per_second(void **state)
{
	static const struct {
		const char *then, *now; /* words of the listener, or NULL: not there */
		const char *rate;
	} cases[] = {
		{ "drops=10", "drops=10", "0" }, { "drops=10", "drops=15", "2.5" },
		{ "drops=4294967290", "drops=4", "5.0" }, /* 32 bits */
		{ NULL, "drops=6", "3.0" },               /* all that it dropped is new */
		{ "uid=0", "drops=6", "-" },              /* was not told then */
		{ "drops=6", "uid=0", "-" },              /* is not told now */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		char expected[32];

		story_begin(&st, 0);
		story_frame(&st, 0);
		if (cases[i].then)
			story_sock(&st, "tcp LISTEN 0.0.0.0:80 * %s", cases[i].then);
		story_sample(&st);
		story_frame(&st, 2);
		story_sock(&st, "tcp LISTEN 0.0.0.0:80 * %s", cases[i].now);
		snprintf(expected, sizeof expected, "drops_rate=%s", cases[i].rate);
		assert_row(story_sample(&st), "listen", "port=80", expected);
		story_end(&st);
	}
}

static void drops_of_the_first_sample_have_no_rate(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 * drops=100");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 * drops=7");
	assert_row(story_sample(&st), "listen", "port=80", "drops=100, drops_rate=-");
	assert_row(st.sample, "listen", "port=53", "drops=7, drops_rate=-");
	story_end(&st);
}

static void a_queue_has_a_trend(void **state)
{
	static const unsigned lengths[] = { 0, 3, 129, 40 };
	struct story st;
	const struct trend *t;

	(void)state;
	story_begin(&st, 0);
	for (unsigned i = 0; i < COUNT_OF(lengths); i++) {
		story_frame(&st, i);
		story_sock(&st, "tcp LISTEN 0.0.0.0:80 * recv_q=%u", lengths[i]);
		story_sock(&st, "tcp LISTEN 0.0.0.0:81 * recv_q=5");
		story_sample(&st);
	}
	t = &st.sample->listeners[0].queue;
	assert_int_equal(t->count, 4);
	for (uint32_t i = 0; i < t->count; i++)
		assert_int_equal(t->values[i], lengths[i]);
	assert_int_equal(st.sample->listeners[1].queue.values[3], 5);
	story_end(&st);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void a_process_counts_what_it_holds(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .name = "nginx", .user = "www-data", .unit = "nginx.service",
		.cmdline = "nginx: master process", .cgroup = "/system.slice/nginx.service",
		.fds = 30, .fd_limit = 120);
	story_proc(&st, .pid = 8, .name = "nginx", .fds = 9, .fd_limit = PROC_UNLIMITED);
	story_proc(&st, .pid = 9, .name = "idle");
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 * pid=7 pid=8");
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 4, "pid=7");
	conns(&st, "ESTAB", "10.0.0.1:80", 10, 2, "pid=7 pid=7 pid=8"); /* shared, and dup'ed */
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 20, 3, "pid=7");
	conns(&st, "SYN-SENT", "10.0.0.1:5000", 30, 1, "pid=7");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 * pid=7");
	s = story_sample(&st);
	assert_row(s, "procs", "pid=7",
		"process=nginx, user=www-data, unit=nginx.service, conns=10, estab=6, "
		"close_wait=3, syn_sent=1, listen=1, udp=1, time_wait=0, lingering=0, delta=-, "
		"opened_rate=-, closed_rate=-, fds=30, fd_limit=120, fd_percent=25.0%");
	assert_row(s, "procs", "pid=8",
		"conns=2, estab=2, listen=1, user=-, unit=-, fds=9, fd_limit=-, fd_percent=-");
	assert_int_equal(s->proc_count, 2);
	story_end(&st);
}

static void closed_sockets_are_counted_apart(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 8, "pid=7");
	story_sample(&st);
	story_frame(&st, 2);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 2, "pid=7");
	conns(&st, "FIN-WAIT-2", "10.0.0.1:80", 2, 1, "");
	conns(&st, "LAST-ACK", "10.0.0.1:80", 3, 1, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 4, 3, "");
	conns(&st, "FIN-WAIT-2", "10.0.0.1:80", 7, 1, "pid=7"); /* shutdown(), not close() */
	s = story_sample(&st);
	assert_row(s, "procs", "process=p7",
		"conns=3, estab=2, lingering=2, time_wait=3, delta=-5, opened_rate=0, "
		"closed_rate=2.5");
	/* Now all of it is gone but what lingers. */
	story_frame(&st, 4);
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 4, 3, "");
	s = story_sample(&st);
	assert_row(s, "procs", "process=p7",
		"conns=0, lingering=0, time_wait=3, delta=-3, closed_rate=1.5, fds=-");
	story_end(&st);
}

static void opened_and_closed_are_counted_by_socket(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 10, "pid=7");
	conns(&st, "ESTAB", "10.0.0.1:80", 100, 1, "");
	story_sample(&st);
	story_frame(&st, 2);
	/* 4 went, 6 came, one of them out of the accept queue; one changed its state. */
	conns(&st, "ESTAB", "10.0.0.1:80", 4, 5, "pid=7");
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 9, 1, "pid=7");
	conns(&st, "ESTAB", "10.0.0.1:80", 100, 6, "pid=7");
	s = story_sample(&st);
	assert_row(s, "procs", "pid=7", "conns=12, delta=+2, opened_rate=3.0, closed_rate=2.0");
	story_end(&st);
}

static void a_connection_that_changes_hands_is_closed_and_opened(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 4, "pid=7");
	conns(&st, "ESTAB", "10.0.0.1:80", 10, 1, "pid=8");
	story_sample(&st);
	story_frame(&st, 1);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 1, "pid=7");
	conns(&st, "ESTAB", "10.0.0.1:80", 1, 3, "pid=8");
	conns(&st, "ESTAB", "10.0.0.1:80", 10, 1, "pid=8");
	s = story_sample(&st);
	assert_row(s, "procs", "pid=7", "conns=1, delta=-3, opened_rate=0, closed_rate=3.0");
	assert_row(s, "procs", "pid=8", "conns=4, delta=+3, opened_rate=3.0, closed_rate=0");
	story_end(&st);
}

static void a_new_process_has_opened_all_it_has(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .start = 100, .name = "old");
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 4, "pid=7");
	story_sample(&st);
	/* The same pid, another process. */
	story_frame(&st, 1);
	story_proc(&st, .pid = 7, .start = 200, .name = "new");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 0, 4, "");
	conns(&st, "ESTAB", "10.0.0.1:80", 10, 2, "pid=7");
	s = story_sample(&st);
	assert_row(s, "procs", "process=new",
		"pid=7, conns=2, delta=+2, opened_rate=2.0, closed_rate=0, time_wait=0");
	assert_row(s, "procs", "process=old",
		"pid=7, conns=0, delta=-4, opened_rate=0, closed_rate=4.0, time_wait=4");
	story_end(&st);
}

static void sockets_without_a_process_have_rows(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->seer_uid = 1000;
	st.frame->procs_hidden = 1;
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 3, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 10, 2, "");
	conns(&st, "ESTAB", "10.0.0.1:22", 0, 5, "inode=44");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 * inode=45");
	story_sample(&st);
	story_frame(&st, 1);
	conns(&st, "ESTAB", "10.0.0.1:80", 0, 1, "");
	conns(&st, "TIME-WAIT", "10.0.0.1:80", 10, 2, "");
	conns(&st, "ESTAB", "10.0.0.1:22", 0, 5, "inode=44");
	conns(&st, "ESTAB", "10.0.0.1:22", 50, 2, "inode=46"); /* new, and not found */
	story_sock(&st, "udp UNCONN 0.0.0.0:53 * inode=45");
	s = story_sample(&st);
	assert_row(s, "procs", "process=(unowned)",
		"pid=-, conns=1, estab=1, time_wait=2, delta=-2, opened_rate=-, closed_rate=-, "
		"fds=-, fd_limit=-, fd_percent=-, user=-, unit=-");
	assert_row(s, "procs", "process=(hidden)", "pid=-, conns=5, udp=1, delta=0, opened_rate=-");
	assert_row(s, "procs", "process=(closed)", "pid=-, conns=2, delta=+2");
	assert_int_equal(s->proc_count, 3);
	story_end(&st);
}

/* What a search for owners brings that takes three samples is no change. */
static void what_the_search_for_owners_brings_is_no_change(void **state)
{
	static const double percent[] = { 40, 99.9, 100, 100 };
	static const unsigned found[] = { 0, 2, 4, 5 };
	static const char *const whole_row[] = { "conns=3, delta=-, opened_rate=-",
		"conns=4, delta=+1, opened_rate=1.0", "conns=5, delta=+1, opened_rate=1.0",
		"conns=6, delta=+1, opened_rate=1.0" };
	static const char *const found_row[] = { "no row",
		"conns=2, delta=-, opened_rate=-, closed_rate=-",
		"conns=4, delta=-, opened_rate=-, closed_rate=-",
		"conns=5, delta=+1, opened_rate=1.0, closed_rate=0" };
	static const char *const pending_row[] = { "conns=4, delta=-", "conns=2, delta=-", "no row",
		"no row" };
	const struct sample *s;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned i = 0; i < 4; i++) {
		story_frame(&st, i)->owners_percent = percent[i];
		story_proc(&st, .pid = 6, .name = "whole");
		story_proc(&st, .pid = 7, .name = "found", .partial = i < 2);
		conns(&st, "ESTAB", "10.0.0.1:80", 0, 3 + i, "pid=6");
		conns(&st, "ESTAB", "10.0.0.1:90", 100, found[i], "pid=7");
		conns(&st, "ESTAB", "10.0.0.1:90", 100 + found[i], i < 2 ? 4 - found[i] : 0,
			"inode=1");
		if (i == 2) /* was not looked at before */
			conns(&st, "ESTAB", "10.0.0.1:70", 0, 3, "pid=8");
		s = story_sample(&st);
		assert_string_equal(row_text(s, "procs", "pid=6", whole_row[i]), whole_row[i]);
		assert_string_equal(
			row_text(s, "procs", "pid=7", found[i] ? found_row[i] : "conns=0"),
			found_row[i]);
		assert_string_equal(row_text(s, "procs", "process=(resolving)",
					    found[i] < 4 ? pending_row[i] : "conns=0"),
			pending_row[i]);
		assert_row(s, "procs", "pid=8", i == 2 ? "conns=3, delta=-" : "no row");
		assert_row(s, "procs", "process=(hidden)", "no row");
		assert_row(s, "procs", "process=(closed)", "no row");
	}
	story_end(&st);
}

static void without_owners_there_are_no_processes(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->owners_known = false;
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 0, 3, "inode=5");
	s = story_sample(&st);
	assert_int_equal(s->proc_count, 0);
	assert_int_equal(s->leak_count, 0);
	assert_row(s, "states", "state=CLOSE-WAIT", "count=3");
	/* And the next sample has nothing to compare its processes with. */
	story_frame(&st, 1);
	conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 0, 3, "pid=5");
	s = story_sample(&st);
	assert_row(s, "procs", "pid=5", "conns=3, delta=-, opened_rate=-, closed_rate=-");
	story_end(&st);
}

/* ---- Totals ---------------------------------------------------------------------------------- */

/* Two frames, two seconds apart, with a counter each; `words` is what one total then reads. */
static void totals_are_rates_of_counters(void **state)
{
	static const struct {
		enum counter counter;
		int64_t then, now;
		size_t total;
		double rate;
	} cases[] = {
#define TOTAL(name) offsetof(struct sample_totals, name)
		{ COUNTER_PASSIVE_OPENS, 100, 300, TOTAL(in_rate), 100 },
		{ COUNTER_PASSIVE_OPENS, 100, 100, TOTAL(in_rate), 0 },
		{ COUNTER_PASSIVE_OPENS, 100, 99, TOTAL(in_rate), NAN },
		{ COUNTER_PASSIVE_OPENS, COUNTER_UNKNOWN, 99, TOTAL(in_rate), NAN },
		{ COUNTER_PASSIVE_OPENS, 99, COUNTER_UNKNOWN, TOTAL(in_rate), NAN },
		{ COUNTER_ACTIVE_OPENS, 7, 10, TOTAL(out_rate), 1.5 },
		{ COUNTER_ACTIVE_OPENS, 10, 7, TOTAL(out_rate), NAN },
		{ COUNTER_OUT_RESETS, 0, 8, TOTAL(reset_rate), 4 },
		{ COUNTER_OUT_RESETS, COUNTER_UNKNOWN, COUNTER_UNKNOWN, TOTAL(reset_rate), NAN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		double rate;

		story_begin(&st, 0);
		story_frame(&st, 0)->counters[cases[i].counter] = cases[i].then;
		story_sample(&st);
		story_frame(&st, 2)->counters[cases[i].counter] = cases[i].now;
		story_sample(&st);
		memcpy(&rate, (const char *)&st.sample->totals + cases[i].total, sizeof rate);
		assert_real(rate, cases[i].rate);
		story_end(&st);
	}
}

static void retransmissions_are_a_share_of_segments(void **state)
{
	static const struct {
		int64_t segments, retransmitted; /* since the frame before, or COUNTER_UNKNOWN */
		double percent;
	} cases[] = {
		{ 197, 3, 1.5 },
		{ 0, 3, 100 },
		{ 200, 0, 0 },
		{ 0, 0, 0 },
		{ COUNTER_UNKNOWN, 3, NAN },
		{ 200, COUNTER_UNKNOWN, NAN },
		{ -1000, 0, 0 },
		{ -1000, -50, NAN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		struct frame *f;

		story_begin(&st, 0);
		f = story_frame(&st, 0);
		f->counters[COUNTER_OUT_SEGMENTS] = 10000;
		f->counters[COUNTER_RETRANS_SEGMENTS] = 100;
		story_sample(&st);
		f = story_frame(&st, 1);
		if (cases[i].segments != COUNTER_UNKNOWN)
			f->counters[COUNTER_OUT_SEGMENTS] = 10000 + cases[i].segments;
		if (cases[i].retransmitted != COUNTER_UNKNOWN)
			f->counters[COUNTER_RETRANS_SEGMENTS] = 100 + cases[i].retransmitted;
		assert_real(story_sample(&st)->totals.retrans_percent, cases[i].percent);
		story_end(&st);
	}
}

/* Connections that came and went between two dumps are in no dump: they are counted by the kernel's
 * counters. */
static void ends_are_what_was_opened_and_is_not_there(void **state)
{
	static const struct {
		int64_t in, out; /* opened since the frame before */
		unsigned there;  /* of the 10 connections before; more are new */
		double closed;   /* per second */
	} cases[] = {
		{ 0, 0, 10, 0 },
		{ 0, 0, 4, 3 },
		{ 20, 6, 10, 13 },
		{ 5, 0, 15, 0 },
		{ 3, 0, 15, 0 }, /* opened after the counters were read */
		{ COUNTER_UNKNOWN, 0, 4, NAN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		struct frame *f;

		story_begin(&st, 0);
		f = story_frame(&st, 0);
		f->counters[COUNTER_PASSIVE_OPENS] = 1000;
		f->counters[COUNTER_ACTIVE_OPENS] = 2000;
		conns(&st, "ESTAB", "10.0.0.1:80", 0, 10, "");
		conns(&st, "SYN-RECV", "10.0.0.1:80", 50, 9, "");
		story_sample(&st);
		f = story_frame(&st, 2);
		if (cases[i].in != COUNTER_UNKNOWN)
			f->counters[COUNTER_PASSIVE_OPENS] = 1000 + cases[i].in;
		f->counters[COUNTER_ACTIVE_OPENS] = 2000 + cases[i].out;
		conns(&st, "CLOSE-WAIT", "10.0.0.1:80", 0, cases[i].there, "");
		conns(&st, "TIME-WAIT", "10.0.0.1:80", 60, 30, "");
		story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
		assert_real(story_sample(&st)->totals.closed_rate, cases[i].closed);
		story_end(&st);
	}
}

static void without_tcp_nothing_is_said_of_its_ends(void **state)
{
	static const bool absent[] = { true, true, false, false, true };
	static const double rates[] = { NAN, NAN, NAN, 0, NAN };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (size_t i = 0; i < COUNT_OF(absent); i++) {
		struct frame *f = story_frame(&st, (double)i);

		f->absent = absent[i] ? 1u << SOCK_TCP : 0;
		f->counters[COUNTER_PASSIVE_OPENS] = 1000;
		f->counters[COUNTER_ACTIVE_OPENS] = 2000;
		assert_real(story_sample(&st)->totals.closed_rate, rates[i]);
	}
	story_end(&st);
}

static void the_first_sample_has_no_rates(void **state)
{
	struct story st;
	struct frame *f;
	const struct sample_totals *t;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		f->counters[i] = 1000;
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
	story_sock(&st, "udp UNCONN 0.0.0.0:80 *");
	story_sock(&st, "udp UNCONN 0.0.0.0:81 *");
	t = &story_sample(&st)->totals;
	assert_real(t->in_rate, NAN);
	assert_real(t->out_rate, NAN);
	assert_real(t->closed_rate, NAN);
	assert_real(t->reset_rate, NAN);
	assert_real(t->retrans_percent, NAN);
	assert_true(isnan(t->drop_rate));
	assert_int_equal(t->sockets[SOCK_TCP], 1);
	assert_int_equal(t->sockets[SOCK_UDP], 2);
	assert_int_equal(t->mem, 1000);
	assert_true(isnan(st.sample->interval_s));
	story_end(&st);
}

/* The kernel's counts are of both families: with one of them in the dump they tell nothing of ends. */
static void ends_are_not_known_of_one_family(void **state)
{
	(void)state;
	for (unsigned one = 0; one <= 1; one++) {
		struct story st;
		double ended;

		story_begin(&st, 0);
		for (unsigned at = 0; at <= 1; at++) {
			struct frame *f = story_frame(&st, at);

			f->one_family = one;
			f->counters[COUNTER_PASSIVE_OPENS] = 10 * at;
			f->counters[COUNTER_ACTIVE_OPENS] = 0;
			story_sample(&st);
		}
		ended = st.sample->totals.closed_rate;
		assert_true(one ? isnan(ended) : ended == 10);
		story_end(&st);
	}
}

static void accept_drops_are_a_rate(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->counters[COUNTER_LISTEN_DROPS] = 70;
	story_sample(&st);
	story_frame(&st, 2)->counters[COUNTER_LISTEN_DROPS] = 75;
	assert_real(story_sample(&st)->totals.drop_rate, 2.5);
	assert_real(st.sample->interval_s, 2);
	story_frame(&st, 4)->counters[COUNTER_LISTEN_DROPS] = 3;
	assert_true(isnan(story_sample(&st)->totals.drop_rate));
	story_end(&st);
}

/* The quick first sample is told again: what it says is remembered once. */
static void a_preliminary_sample_leaves_no_trace(void **state)
{
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < 3; n++) {
		f = story_frame(&st, n);
		f->preliminary = n == 0;
		f->owners_known = n > 0;
		story_sock(&st, "tcp LISTEN 10.0.0.1:80 * recv_q=%u send_q=8", n);
		story_sample(&st);
		assert_int_equal(st.sample->listeners[0].queue.count, n);
	}
	assert_int_equal(st.sample->listeners[0].queue.values[0], 1);
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_preliminary_sample_leaves_no_trace),
		cmocka_unit_test(states_are_counted_with_share_and_change),
		cmocka_unit_test(sockets_enter_and_leave_states),
		cmocka_unit_test(a_closed_tcp_socket_shows_while_there_is_one),
		cmocka_unit_test(an_absent_protocol_has_no_rows),
		cmocka_unit_test(the_change_of_a_protocol_that_was_absent_is_not_known),
		cmocka_unit_test(connections_belong_to_their_listener),
		cmocka_unit_test(what_ended_belongs_to_its_listener),
		cmocka_unit_test(a_listener_tells_states_apart),
		cmocka_unit_test(connections_of_a_listener_are_compared),
		cmocka_unit_test(a_backlog_is_not_known_without_sock_diag),
		cmocka_unit_test(drops_are_counted_per_second),
		cmocka_unit_test(drops_of_the_first_sample_have_no_rate),
		cmocka_unit_test(a_queue_has_a_trend),
		cmocka_unit_test(a_process_counts_what_it_holds),
		cmocka_unit_test(closed_sockets_are_counted_apart),
		cmocka_unit_test(opened_and_closed_are_counted_by_socket),
		cmocka_unit_test(a_connection_that_changes_hands_is_closed_and_opened),
		cmocka_unit_test(a_new_process_has_opened_all_it_has),
		cmocka_unit_test(sockets_without_a_process_have_rows),
		cmocka_unit_test(what_the_search_for_owners_brings_is_no_change),
		cmocka_unit_test(without_owners_there_are_no_processes),
		cmocka_unit_test(totals_are_rates_of_counters),
		cmocka_unit_test(retransmissions_are_a_share_of_segments),
		cmocka_unit_test(ends_are_what_was_opened_and_is_not_there),
		cmocka_unit_test(without_tcp_nothing_is_said_of_its_ends),
		cmocka_unit_test(the_first_sample_has_no_rates),
		cmocka_unit_test(ends_are_not_known_of_one_family),
		cmocka_unit_test(accept_drops_are_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
