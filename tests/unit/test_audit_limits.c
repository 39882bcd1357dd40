/* The rules about limits and losses in each of their cases. */
#include "lib/audit_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set(struct scene *sc, enum counter c, int64_t value)
{
	sc->s->frame->counters[c] = value;
}

static void rate(struct scene *sc, enum counter c, double per_second)
{
	sc->s->counter_rates[c] = per_second;
}

static void assert_severity(const struct scene *sc, const char *id, enum severity severity)
{
	const struct finding *f = scene_finding(sc, id);

	assert_non_null(f);
	assert_string_equal(severity_name(f->severity), severity_name(severity));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void a_process_that_needs_them_or_leaks_them(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_proc(&sc.st, .pid = 7, .name = "java", .fds = 95, .fd_limit = 100);
	scene_sample(&sc);
	scene_audit(&sc);
	assert_severity(&sc, "fds-low", SEVERITY_CRITICAL);
	assert_advice(&sc, "fds-low", "ls -l /proc/7/fd");
	assert_advice(&sc, "fds-low", "LimitNOFILE=200 of its unit for good");
	assert_command(&sc, "fds-low", "prlimit --pid 7 --nofile=200:200");
	sc.s->frame->procs[0].unit = "app.service";
	scene_audit(&sc);
	assert_advice(&sc, "fds-low", "LimitNOFILE=200 in app.service for good");
	/* No command asks for more than fs.nr_open allows. */
	sc.s->frame->procs[0].fds = sc.s->frame->procs[0].fd_limit = 600000;
	scene_audit(&sc);
	assert_command(&sc, "fds-low", "prlimit --pid 7 --nofile=1048576:1048576");
	sc.s->frame->procs[0].fds = sc.s->frame->procs[0].fd_limit = 1048576;
	scene_audit(&sc);
	assert_command(&sc, "fds-low", "sysctl fs.nr_open");
	scene_leak(&sc, .verdict = VERDICT_LEAK, .count = 50, .causes = { 0, 0, 50 }, .growth = 1);
	scene_audit(&sc);
	assert_advice(&sc, "fds-low", "a higher limit buys time, no more");
	scene_end(&sc);
}

static void a_process_without_a_limit_is_never_near_it(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_proc(&sc.st, .pid = 7, .fds = 1000000, .fd_limit = PROC_UNLIMITED);
	story_proc(&sc.st, .pid = 8, .fds = 1000000);
	story_proc(&sc.st, .pid = 9, .fd_limit = 10);
	scene_sample(&sc);
	scene_audit(&sc);
	assert_calm(&sc, "fds-low");
	scene_end(&sc);
}

/* Opens `per_step` more every 2 seconds; answers whether that was told, and when. */
static int told_at(uint32_t first, uint32_t per_step, bool once)
{
	struct scene sc;
	int at = -1;

	scene_begin(&sc);
	for (int i = 0; i < 60 && at < 0; i++) {
		uint32_t steps = once ? i >= 10 : (uint32_t)i;

		if (i)
			scene_next(&sc, 10 + 2 * i);
		story_proc(&sc.st, .pid = 7, .name = "java", .fds = first + per_step * steps,
			.fd_limit = 20000);
		scene_sample(&sc);
		free(sc.s->findings);
		sc.s->findings = NULL;
		sc.s->finding_count = sc.s->finding_shown = 0;
		assert_int_equal(
			group_findings(sc.s, NULL, &sc.history, &sc.settings, (int64_t)60e9), 0);
		if (scene_finding(&sc, "fds-low")->severity >= SEVERITY_WARNING)
			at = 2 * i;
	}
	scene_end(&sc);
	return at;
}

static void descriptors_that_grow_steadily_are_told_before_the_limit(void **state)
{
	(void)state;
	/* 5 per second of 10,000 left: half an hour. */
	assert_int_equal(told_at(10000, 10, false), 30);
	/* A day. */
	assert_int_equal(told_at(10000, 0, false), -1);
	/* One burst that stays. */
	assert_int_equal(told_at(10000, 900, true), -1);
	/* There is still much room. */
	assert_int_equal(told_at(5000, 10, false), -1);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void memory_of_tcp(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	set(&sc, COUNTER_TCP_MEM, 95 << 20);
	set(&sc, COUNTER_TCP_MEM_PRESSURE, 70 << 20);
	set(&sc, COUNTER_TCP_MEM_LIMIT, 100 << 20);
	scene_audit(&sc);
	assert_severity(&sc, "tcp-memory", SEVERITY_CRITICAL);
	/* Resets are critical also where the limits cannot be read. */
	set(&sc, COUNTER_TCP_MEM_PRESSURE, COUNTER_UNKNOWN);
	set(&sc, COUNTER_TCP_MEM_LIMIT, COUNTER_UNKNOWN);
	rate(&sc, COUNTER_ABORT_ON_MEMORY, 0.5);
	scene_audit(&sc);
	assert_finding(&sc, "tcp-memory", "critical", "TCP memory",
		"95M for the TCP buffers of the whole host; 0.50 connections reset per second for "
		"want "
		"of it");
	rate(&sc, COUNTER_ABORT_ON_MEMORY, 0.2);
	scene_audit(&sc);
	assert_severity(&sc, "tcp-memory", SEVERITY_UNKNOWN);
	scene_end(&sc);
}

static void a_limit_without_an_end_is_never_near(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	set(&sc, COUNTER_FILES, 1000000);
	set(&sc, COUNTER_FILES_LIMIT, INT64_MAX);
	scene_audit(&sc);
	assert_calm(&sc, "files-full");
	scene_end(&sc);
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static void scene_ports(struct scene *sc, const char *socket, uint32_t time_wait, int64_t first)
{
	scene_begin(sc);
	story_sock(&sc->st, "%s", socket);
	scene_sample(sc);
	scene_port(sc, 0, 100, time_wait);
	set(sc, COUNTER_PORT_FIRST, first);
	set(sc, COUNTER_PORT_LAST, 65535);
	scene_audit(sc);
}

static void ports_in_time_wait_and_ports_in_use(void **state)
{
	const char *reuse = "tcp_tw_reuse=1 lets outgoing connections take a port that has been in "
			    "TIME-WAIT for a second, if both ends send timestamps";
	struct scene sc;

	(void)state;
	scene_ports(&sc, "tcp TIME-WAIT 10.0.0.1:40000 10.0.0.5:5432", 90, 32768);
	assert_severity(&sc, "ports-exhausted", SEVERITY_CRITICAL);
	assert_advice(&sc, "ports-exhausted", "reuse them (keep-alive, a pool)");
	assert_advice(&sc, "ports-exhausted", reuse);
	assert_command(
		&sc, "ports-exhausted", "sysctl -w net.ipv4.ip_local_port_range='10240 65535'");
	scene_end(&sc);

	/* It would not help where they are in use, and is on by itself on loopback. */
	scene_ports(&sc, "tcp ESTAB [2001:db8::1]:40000 [2001:db8::5]:5432", 10, 1024);
	assert_advice(&sc, "ports-exhausted", "These connections are open");
	assert_null(strstr(scene_finding(&sc, "ports-exhausted")->evidence, "enough for"));
	assert_null(strstr(scene_finding(&sc, "ports-exhausted")->advice, "tw_reuse"));
	assert_command(&sc, "ports-exhausted", "ss -tanp 'dst = [2001:db8::5]:5432'");
	scene_end(&sc);
	scene_ports(&sc, "tcp TIME-WAIT 127.0.0.1:40000 127.0.0.1:5432", 90, 32768);
	assert_null(strstr(scene_finding(&sc, "ports-exhausted")->advice, "tw_reuse"));
	scene_end(&sc);
}

/* ---- Losses ---------------------------------------------------------------------------------- */

static void retransmissions_count_from_many_segments_on(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	rate(&sc, COUNTER_OUT_SEGMENTS, 49);
	rate(&sc, COUNTER_RETRANS_SEGMENTS, 20);
	scene_audit(&sc);
	assert_calm(&sc, "retransmission");
	rate(&sc, COUNTER_OUT_SEGMENTS, 50);
	scene_audit(&sc);
	assert_severity(&sc, "retransmission", SEVERITY_CRITICAL);
	/* SYNs to a dead host are not the network's. */
	rate(&sc, COUNTER_SYN_RETRANS, 19);
	scene_audit(&sc);
	assert_calm(&sc, "retransmission");
	scene_end(&sc);
}

static void datagrams_lost_by_sockets_that_are_not_listed(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "udp UNCONN 10.0.0.1:53 * drops=1234");
	scene_sample(&sc);
	sc.s->listeners[0].drops_window = 0;
	rate(&sc, COUNTER_UDP_RCVBUF_ERRORS, 3);
	rate(&sc, COUNTER_UDP6_RCVBUF_ERRORS, 4);
	set(&sc, COUNTER_RMEM_MAX, 212992);
	scene_audit(&sc);
	assert_finding(&sc, "udp-drops", "warning", "UDP sockets",
		"7.0 datagrams dropped per second (RcvbufErrors), by sockets that are connected or "
		"gone; "
		"rmem_max is 208K");
	/* Told of the socket, they are not told of all again. */
	sc.s->listeners[0].drops_window = 7;
	scene_audit(&sc);
	assert_non_null(strstr(scene_finding(&sc, "udp-drops")->subject, "10.0.0.1:53"));
	scene_end(&sc);
}

/* ---- What listeners tell over time ----------------------------------------------------------- */

static const struct listener_row *listen_at(
	struct story *st, int at_s, uint32_t queue, uint32_t drops)
{
	story_frame(st, at_s);
	story_sock(st, "tcp LISTEN 0.0.0.0:80 * recv_q=%u send_q=8 drops=%u", queue, drops);
	return &story_sample(st)->listeners[0];
}

static void how_long_a_queue_is_full(void **state)
{
	const struct listener_row *l;
	struct story st;

	(void)state;
	story_begin(&st, 60);
	/* Of one sample: it is, or is not. */
	l = listen_at(&st, 0, 9, 0);
	assert_real(l->full_share, 1);
	l = listen_at(&st, 2, 8, 0);
	assert_real(l->full_share, 0.5);
	l = listen_at(&st, 4, 0, 0);
	assert_real(l->full_share, 0.25);
	l = listen_at(&st, 6, 9, 0);
	l = listen_at(&st, 8, 9, 0);
	assert_real(l->full_share, 0.5);
	for (int at = 10; at <= 20; at += 2)
		l = listen_at(&st, at, 9, 0);
	assert_real(l->full_share, 1);
	for (int at = 22; at <= 32; at += 2)
		l = listen_at(&st, at, 0, 0);
	assert_real(l->full_share, 0);
	story_end(&st);
}

static void drops_over_the_window(void **state)
{
	const struct listener_row *l;
	struct story st;

	(void)state;
	story_begin(&st, 10);
	l = listen_at(&st, 0, 0, 100);
	assert_true(isnan(l->drops_window));
	l = listen_at(&st, 2, 0, 100);
	assert_real(l->drops_window, 0);
	l = listen_at(&st, 4, 0, 120);
	assert_real(l->drops_rate, 10);
	assert_real(l->drops_window, 10);
	for (int at = 6; at <= 12; at += 2)
		l = listen_at(&st, at, 0, 120);
	assert_real(l->drops_rate, 0);
	assert_real(l->drops_window, 2);
	l = listen_at(&st, 14, 0, 120);
	assert_real(l->drops_window, 0);
	story_end(&st);
}

static void backlogs_that_are_not_told_are_not_full(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:80 * recv_q=9 no_backlog");
	story_sock(&st, "udp UNCONN 0.0.0.0:80 * recv_q=9");
	assert_true(isnan(story_sample(&st)->listeners[0].full_share));
	assert_true(isnan(st.sample->listeners[1].full_share));
	story_end(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_needs_them_or_leaks_them),
		cmocka_unit_test(a_process_without_a_limit_is_never_near_it),
		cmocka_unit_test(descriptors_that_grow_steadily_are_told_before_the_limit),
		cmocka_unit_test(memory_of_tcp),
		cmocka_unit_test(a_limit_without_an_end_is_never_near),
		cmocka_unit_test(ports_in_time_wait_and_ports_in_use),
		cmocka_unit_test(retransmissions_count_from_many_segments_on),
		cmocka_unit_test(datagrams_lost_by_sockets_that_are_not_listed),
		cmocka_unit_test(how_long_a_queue_is_full),
		cmocka_unit_test(drops_over_the_window),
		cmocka_unit_test(backlogs_that_are_not_told_are_not_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
