/* Each rule of the audit: a sample in which it just finds something, with all it says, and one just
 * below in which it does not. */
#include "lib/audit_scene.h"

#include <math.h>
#include <string.h>

/* What a case puts into the frame, and then into the sample; `below` is the calm one. */
struct rule_case {
	const char *id;
	void (*frame)(struct story *st, bool below);
	void (*sample)(struct scene *sc, bool below);
	const char *severity, *subject, *evidence;
};

static void set(struct scene *sc, enum counter c, int64_t value)
{
	sc->s->frame->counters[c] = value;
}

static void rate(struct scene *sc, enum counter c, double per_second)
{
	sc->s->counter_rates[c] = per_second;
}

/* ---- Piles ----------------------------------------------------------------------------------- */

static void a_process(struct story *st, bool below)
{
	(void)below;
	story_proc(st, .pid = 2291, .name = "java", .fds = 421, .fd_limit = 1024);
	for (int i = 0; i < 200; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%d pid=2291", 1000 + i);
}

static void close_wait_leak(struct scene *sc, bool below)
{
	scene_leak(sc, .pile = PILE_CLOSE_WAIT, .count = 412, .causes = { 1, 2, 409 },
		.verdict = below ? VERDICT_SLOW : VERDICT_LEAK, .growth = 0.1, .overdue = 400,
		.oldest = 842, .since = 842, .exhaustion = 6030, .peer = "10.9.0.1",
		.peer_count = 300, .local = "10.0.0.1:80", .local_count = 412);
}

static void close_wait_stuck(struct scene *sc, bool below)
{
	scene_leak(sc, .pile = PILE_CLOSE_WAIT, .count = 12, .causes = { 0, 12, 0 },
		.verdict = VERDICT_STUCK, .overdue = below ? 9 : 10, .oldest = 842);
}

static void reader_stuck(struct scene *sc, bool below)
{
	scene_leak(sc, .pile = PILE_RECV_Q, .count = 3, .bytes = 12345, .overdue = below ? 0 : 3,
		.verdict = VERDICT_STUCK, .oldest = 30, .local = "10.0.0.1:80", .local_count = 3);
}

static void peer_stuck(struct scene *sc, bool below)
{
	scene_leak(sc, .pile = PILE_SEND_Q, .count = 11, .bytes = 1000000, .overdue = 10,
		.verdict = below ? VERDICT_SLOW : VERDICT_STUCK, .oldest = 30, .peer = "10.9.0.1",
		.peer_count = 11);
}

static void fin_wait_2(struct scene *sc, bool below)
{
	scene_leak(sc, .pile = PILE_FIN_WAIT_2, .count = 10, .overdue = below ? 9 : 10,
		.verdict = VERDICT_LEAK, .growth = 0.5, .oldest = 70);
}

static void last_ack(struct scene *sc, bool below)
{
	scene_leak(sc, .kind = PROC_ROW_NONE, .pile = PILE_LAST_ACK, .count = 10,
		.overdue = below ? 9 : 10, .verdict = VERDICT_STUCK, .oldest = 70);
}

/* ---- Listeners and handshakes ---------------------------------------------------------------- */

static void a_full_listener(struct story *st, bool below)
{
	story_proc(st, .pid = 7, .name = "nginx", .fds = 10, .fd_limit = 1024);
	story_sock(st, "tcp LISTEN 10.0.0.1:443 * recv_q=%d send_q=128 drops=40 pid=7",
		below ? 128 : 129);
	st->frame->counters[COUNTER_SOMAXCONN] = 4096;
}

static void accept_queue_full(struct scene *sc, bool below)
{
	scene_full(sc, 0, below ? 0.49 : 0.5);
	sc->s->listeners[0].drops_window = 0;
}

static void accept_drops(struct scene *sc, bool below)
{
	sc->s->listeners[0].full_share = 0;
	rate(sc, COUNTER_LISTEN_DROPS, below ? 0.2 : 0.3);
	/* Two in the ten seconds are an accident. */
	sc->s->listeners[0].drops_window = below ? 0.2 : 0.3;
}

static void a_half_open_listener(struct story *st, bool below)
{
	int n = below ? 199 : 200;

	story_sock(st, "tcp LISTEN 10.0.0.1:443 * send_q=511 pid=7");
	for (int i = 0; i < n; i++)
		story_sock(
			st, "tcp SYN-RECV 10.0.0.1:443 10.9.1.1:%d retrans=%d", 1000 + i, i < 100);
}

static void syn_queue_full(struct scene *sc, bool below)
{
	set(sc, COUNTER_SYNCOOKIES, 1);
	rate(sc, COUNTER_REQQ_COOKIES, below ? 0.4 : 100);
	rate(sc, COUNTER_SYNCOOKIES_SENT, 100);
	rate(sc, COUNTER_SYNCOOKIES_RECV, 5);
}

static void dead_calls(struct story *st, bool below)
{
	story_proc(st, .pid = 9, .name = "curl");
	for (int i = 0; i < 3; i++)
		story_sock(st, "tcp SYN-SENT 10.0.0.1:%d 192.0.2.1:443 retrans=%d pid=9", 1000 + i,
			below ? 0 : 1 + i);
}

static void open_listeners(struct story *st, bool below)
{
	story_proc(st, .pid = 7, .name = "nginx");
	story_sock(st, "tcp LISTEN 127.0.0.1:25 * pid=7");
	story_sock(st, "tcp LISTEN 0.0.0.0%%lo:26 * pid=7");
	story_sock(st, "udp UNCONN 0.0.0.0:53 * pid=7");
	if (below)
		return;
	story_sock(st, "tcp LISTEN [::]:443 * pid=7");
	story_sock(st, "tcp LISTEN 0.0.0.0:443 * pid=7");
	story_sock(st, "tcp LISTEN 0.0.0.0:80 *");
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void a_full_process(struct story *st, bool below)
{
	story_proc(st, .pid = 7, .name = "nginx", .fds = below ? 79 : 80, .fd_limit = 100);
	story_sock(st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.1:1000 pid=7");
	story_sock(st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1001 pid=7");
}

static void tcp_memory(struct scene *sc, bool below)
{
	set(sc, COUNTER_TCP_MEM, below ? 6 << 20 : 7 << 20);
	set(sc, COUNTER_TCP_MEM_PRESSURE, 7 << 20);
	set(sc, COUNTER_TCP_MEM_LIMIT, 10 << 20);
}

static void udp_memory(struct scene *sc, bool below)
{
	set(sc, COUNTER_UDP_MEM, below ? 79 << 20 : 80 << 20);
	set(sc, COUNTER_UDP_MEM_LIMIT, 100 << 20);
}

static void orphans(struct scene *sc, bool below)
{
	set(sc, COUNTER_ORPHANS, below ? 799 : 800);
	set(sc, COUNTER_ORPHANS_LIMIT, 1000);
}

static void conntrack(struct scene *sc, bool below)
{
	set(sc, COUNTER_CONNTRACK, below ? 94000 : 95000);
	set(sc, COUNTER_CONNTRACK_LIMIT, below ? 1000000 : 100000);
}

static void files(struct scene *sc, bool below)
{
	set(sc, COUNTER_FILES, below ? 799 : 800);
	set(sc, COUNTER_FILES_LIMIT, 1000);
}

static void a_caller(struct story *st, bool below)
{
	(void)below;
	story_proc(st, .pid = 9, .name = "api");
	story_sock(st, "tcp ESTAB 10.0.0.1:40000 10.0.0.5:5432 pid=9");
}

static void ports(struct scene *sc, bool below)
{
	scene_port(sc, 0, below ? 79 : 80, 60);
	set(sc, COUNTER_PORT_FIRST, 32768);
	set(sc, COUNTER_PORT_LAST, 32867);
}

static void time_wait_overflow(struct scene *sc, bool below)
{
	set(sc, COUNTER_TIME_WAIT_BUCKETS, 4096);
	set(sc, COUNTER_TIME_WAIT_LIMIT, 4096);
	rate(sc, COUNTER_TIME_WAIT_OVERFLOWS, below ? 0.2 : 0.3);
}

static void time_wait_many(struct scene *sc, bool below)
{
	for (uint32_t i = 0; i < sc->s->state_count; i++)
		if (sc->s->states[i].state == SOCK_TIME_WAIT)
			sc->s->states[i].count = below ? 9999 : 10000;
	scene_port(sc, 0, 20, 20);
}

/* ---- Losses ---------------------------------------------------------------------------------- */

static void retransmission(struct scene *sc, bool below)
{
	rate(sc, COUNTER_OUT_SEGMENTS, 95);
	rate(sc, COUNTER_RETRANS_SEGMENTS, below ? 6.9 : 7);
	rate(sc, COUNTER_SYN_RETRANS, 2);
	rate(sc, COUNTER_TIMEOUTS, 1.5);
}

static void a_udp_server(struct story *st, bool below)
{
	(void)below;
	story_proc(st, .pid = 53, .name = "named");
	story_sock(st, "udp UNCONN 10.0.0.1:53 * recv_q=212992 drops=1234 pid=53");
}

static void udp_drops(struct scene *sc, bool below)
{
	sc->s->listeners[0].drops_window = below ? 0.9 : 1;
	set(sc, COUNTER_RMEM_MAX, 212992);
}

static void receive_drops(struct scene *sc, bool below)
{
	rate(sc, COUNTER_RCVQ_DROPS, below ? 0.4 : 0.5);
	rate(sc, COUNTER_BACKLOG_DROPS, 0.5);
}

static void softnet(struct scene *sc, bool below)
{
	rate(sc, COUNTER_SOFTNET_DROPS, below ? 0.9 : 1);
	rate(sc, COUNTER_SOFTNET_SQUEEZES, 7);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const struct rule_case cases[] = {
	{ "close-wait-leak", a_process, close_wait_leak, "warning", "java (pid 2291)",
		"412 in CLOSE-WAIT, 0.10 more per second; the oldest for 14m 02s; 409 never "
		"closed, 2 with the end of file not read, 1 with data not read; 421 of 1,024 "
		"descriptors open, none left "
		"in "
		"1h 40m; most with 10.9.0.1 (300); all here at 10.0.0.1:80" },
	{ "close-wait-stuck", a_process, close_wait_stuck, "warning", "java (pid 2291)",
		"12 in CLOSE-WAIT, 10 of them for too long, no more coming; the oldest for 14m "
		"02s; the end of file not read; 421 of 1,024 descriptors open" },
	{ "reader-stuck", a_process, reader_stuck, "warning", "java (pid 2291)",
		"3 connections with received data that the process does not read, 12,345 bytes in "
		"all; "
		"the oldest for 30s; all here at 10.0.0.1:80" },
	{ "peer-stuck", a_process, peer_stuck, "warning", "java (pid 2291)",
		"10 connections whose peer does not take the data sent to it, 1,000,000 bytes in "
		"all; "
		"the oldest for 30s; all with 10.9.0.1" },
	{ "fin-wait-2", a_process, fin_wait_2, "warning", "java (pid 2291)",
		"10 in FIN-WAIT-2: closed for sending here, not closed by the peer, 0.50 more per "
		"second; the oldest for 1m 10s" },
	{ "last-ack", NULL, last_ack, "warning", "sockets of no process",
		"10 in LAST-ACK: both ends have closed, the peer does not acknowledge; the oldest "
		"for "
		"1m 10s" },
	{ "fds-low", a_full_process, NULL, "warning", "nginx (pid 7)",
		"80 of 100 descriptors open (80.0%); 2 are connections, 1 of them in CLOSE-WAIT" },
	{ "accept-queue-full", a_full_listener, accept_queue_full, "warning",
		"nginx (pid 7) on 10.0.0.1:443",
		"129 connections wait for accept(), 128 may; the queue is full 50.0% of the time; "
		"40 "
		"dropped since it listens" },
	{ "accept-drops", a_full_listener, accept_drops, "warning", "nginx (pid 7) on 10.0.0.1:443",
		"129 connections wait for accept(), 128 may; 0.30 dropped per second; 40 dropped "
		"since "
		"it listens" },
	{ "syn-queue-full", a_half_open_listener, syn_queue_full, "warning",
		"p7 (pid 7) on 10.0.0.1:443",
		"100 SYNs per second answered with a cookie because the SYN queue is full; 5.0% of "
		"the "
		"cookies come back; 200 handshakes are not finished, 100 of them answered again; "
		"backlog "
		"511; tcp_syncookies is 1" },
	{ "syn-flood", a_half_open_listener, NULL, "warning", "p7 (pid 7) on 10.0.0.1:443",
		"200 handshakes are not finished, 100 of them answered again; the SYN queue has "
		"room for "
		"511" },
	{ "syn-sent-dead", dead_calls, NULL, "warning", "192.0.2.1:443",
		"3 attempts without an answer, SYN sent again up to 3 times; the oldest for at "
		"least 3.0s; by curl (pid 9)" },
	{ "listen-all", open_listeners, NULL, "info", "2 ports",
		"listening on all addresses: 80, 443 (nginx)" },
	{ "ports-exhausted", a_caller, ports, "warning", "10.0.0.1 to 10.0.0.5:5432",
		"80 of 100 local ports taken (80.0%), 60 of them in TIME-WAIT; enough for 1.7 new "
		"connections per second; one of them is of api (pid 9)" },
	{ "tcp-memory", NULL, tcp_memory, "warning", "TCP memory",
		"7.0M of 10M for the TCP buffers of the whole host (70.0%), limited by "
		"net.ipv4.tcp_mem; "
		"the kernel is under memory pressure" },
	{ "udp-memory", NULL, udp_memory, "warning", "UDP memory",
		"80M of 100M for the UDP buffers of the whole host (80.0%), limited by "
		"net.ipv4.udp_mem" },
	{ "orphans", NULL, orphans, "warning", "orphans",
		"800 of 1,000 connections closed here that their peers hold up, on the whole host "
		"(80.0%), limited by net.ipv4.tcp_max_orphans" },
	{ "conntrack-full", NULL, conntrack, "critical", "connection tracking",
		"95,000 of 100,000 tracked connections (95.0%), limited by "
		"net.netfilter.nf_conntrack_max" },
	{ "files-full", NULL, files, "warning", "open files",
		"800 of 1,000 open files on the whole host (80.0%), limited by fs.file-max" },
	{ "time-wait-overflow", NULL, time_wait_overflow, "warning", "TIME-WAIT",
		"0.30 connections per second skip TIME-WAIT; 4,096 of 4,096 places taken "
		"(net.ipv4.tcp_max_tw_buckets)" },
	{ "time-wait-many", a_caller, time_wait_many, "info", "TIME-WAIT",
		"10,000 in TIME-WAIT, about 2.4M of memory; the busiest destination takes 20.0% of "
		"the "
		"local ports" },
	{ "retransmission", NULL, retransmission, "warning", "TCP segments",
		"5.0% of the segments are sent again: 5.0 of 100 per second; 1.5 timeouts per "
		"second" },
	{ "udp-drops", a_udp_server, udp_drops, "warning", "named (pid 53) on 10.0.0.1:53",
		"1.0 datagrams dropped per second, 1,234 since it was made; 208K wait to be read, "
		"rmem_max is 208K" },
	{ "receive-drops", NULL, receive_drops, "warning", "TCP segments",
		"1.0 received segments dropped per second: receive buffer 0.50, pruned 0, backlog "
		"0.50, "
		"window closed 0" },
	{ "softnet-drops", NULL, softnet, "warning", "received packets",
		"1.0 packets dropped per second before the network stack saw them; 7.0 times per "
		"second "
		"a processor ran out of its time" },
};

static void play(struct scene *sc, const struct rule_case *c, bool below)
{
	scene_begin(sc);
	if (c->frame)
		c->frame(&sc->st, below);
	scene_sample(sc);
	if (c->sample)
		c->sample(sc, below);
	scene_audit(sc);
}

static void each_rule_finds_what_it_should_and_no_less(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct rule_case *c = &cases[i];
		struct scene sc;

		play(&sc, c, false);
		assert_finding(&sc, c->id, c->severity, c->subject, c->evidence);
		scene_end(&sc);
		play(&sc, c, true);
		assert_calm(&sc, c->id);
		scene_end(&sc);
	}
}

static void each_rule_is_tested(void **state)
{
	(void)state;
	for (size_t i = 0; i < audit_rule_count; i++) {
		bool found = false;

		for (size_t k = 0; k < COUNT_OF(cases); k++)
			found |= strcmp(cases[k].id, audit_rules[i].id) == 0;
		if (!found)
			fail_msg("%s has no case", audit_rules[i].id);
	}
	assert_int_equal(audit_rule_count, COUNT_OF(cases));
}

static void a_rule_that_is_off_says_nothing_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct rule_case *c = &cases[i];
		struct scene sc;

		scene_begin(&sc);
		sc.settings.off[audit_find(c->id, strlen(c->id)) - audit_rules] = true;
		if (c->frame)
			c->frame(&sc.st, false);
		scene_sample(&sc);
		if (c->sample)
			c->sample(&sc, false);
		scene_audit(&sc);
		assert_null(scene_finding(&sc, c->id));
		assert_int_equal(sc.s->finding_count, audit_rule_count - 1);
		scene_end(&sc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_what_it_should_and_no_less),
		cmocka_unit_test(each_rule_is_tested),
		cmocka_unit_test(a_rule_that_is_off_says_nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
