/* What the rules of the audit say in each of their cases: how bad, why, what to do. That no case
 * gives advice that is wrong today is looked at in all of them (lib/audit_scene.c). */
#include "lib/audit_scene.h"

#include <math.h>
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

/* ---- CLOSE-WAIT ------------------------------------------------------------------------------ */

static void a_leak_is_critical_when_the_descriptors_run_out_soon(void **state)
{
	static const struct {
		double exhaustion;
		bool preliminary;
		enum severity severity;
	} cases[] = {
		{ NAN, false, SEVERITY_WARNING },
		{ 3601, false, SEVERITY_WARNING },
		{ 3600, false, SEVERITY_CRITICAL },
		{ 3600, true, SEVERITY_WARNING },
		{ 601, true, SEVERITY_WARNING },
		{ 600, true, SEVERITY_CRITICAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene sc;

		scene_begin(&sc);
		story_proc(&sc.st, .pid = 7, .name = "java", .fds = 10, .fd_limit = 100);
		scene_sample(&sc);
		scene_leak(&sc, .verdict = VERDICT_LEAK, .count = 5, .causes = { 0, 0, 5 },
			.growth = 1, .exhaustion = cases[i].exhaustion,
			.preliminary = cases[i].preliminary);
		scene_audit(&sc);
		assert_severity(&sc, "close-wait-leak", cases[i].severity);
		assert_int_equal(cases[i].preliminary,
			strstr(scene_finding(&sc, "close-wait-leak")->evidence,
				"; likely, certain only after 5 to 10 minutes of watching") !=
				NULL);
		scene_end(&sc);
	}
}

static void the_cause_decides_what_to_do(void **state)
{
	static const struct {
		uint32_t causes[SOCK_WAIT_CAUSES];
		const char *advice, *command;
	} cases[] = {
		{ { 1, 1, 5 }, "never calls close()", "ss -tanpo state close-wait | grep pid=7," },
		{ { 1, 5, 1 }, "pool of idle connections",
			"ss -tanpo state close-wait | grep pid=7," },
		{ { 5, 1, 1 }, "stuck or overloaded", "tail -n +1 /proc/7/task/*/stack" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const uint32_t *c = cases[i].causes;
		struct scene sc;

		scene_begin(&sc);
		story_proc(&sc.st, .pid = 7, .name = "java");
		scene_sample(&sc);
		scene_leak(&sc, .verdict = VERDICT_LEAK, .count = 7, .growth = 1,
			.causes = { c[0], c[1], c[2] }, .peer = "10.9.0.1:443", .peer_count = 7);
		scene_audit(&sc);
		assert_advice(&sc, "close-wait-leak", cases[i].advice);
		assert_advice(&sc, "close-wait-leak", "No setting of the kernel helps");
		assert_advice(&sc, "close-wait-leak", "Most are connections to 10.9.0.1:443.");
		assert_command(&sc, "close-wait-leak", cases[i].command);
		scene_end(&sc);
	}
}

static void the_busiest_end_tells_which_code_it_is(void **state)
{
	static const struct {
		const char *peer, *local, *advice;
	} cases[] = {
		{ "10.9.0.1", "10.0.0.1:80", "Most came in at 10.0.0.1:80." },
		{ "[::1]:443", "[::1]", "Most are connections to [::1]:443." },
		{ "::1", "[::1]:80", "Most came in at [::1]:80." },
		{ "", "", "a response that is not closed. No setting" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene sc;

		scene_begin(&sc);
		story_proc(&sc.st, .pid = 7, .name = "java");
		scene_sample(&sc);
		scene_leak(&sc, .verdict = VERDICT_LEAK, .count = 7, .growth = 1,
			.causes = { 0, 0, 7 }, .peer = cases[i].peer, .peer_count = 7,
			.local = cases[i].local, .local_count = 7);
		scene_audit(&sc);
		assert_advice(&sc, "close-wait-leak", cases[i].advice);
		scene_end(&sc);
	}
}

static void leaks_without_a_process_have_commands_too(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	scene_leak(&sc, .kind = PROC_ROW_HIDDEN, .verdict = VERDICT_LEAK, .count = 7, .growth = 1,
		.causes = { 0, 0, 7 });
	scene_audit(&sc);
	assert_finding(&sc, "close-wait-leak", "warning", "processes that cannot be seen",
		"7 in CLOSE-WAIT, 1.0 more per second; never closed");
	assert_command(&sc, "close-wait-leak", "sudo sockdash leaks");
	sc.s->leaks[0].kind = PROC_ROW_NONE;
	scene_audit(&sc);
	assert_advice(&sc, "close-wait-leak", "accept queue");
	/* Whose owner is only not found yet. */
	sc.s->leaks[0].kind = PROC_ROW_PENDING;
	scene_audit(&sc);
	assert_calm(&sc, "close-wait-leak");
	scene_end(&sc);
}

static void stuck_at_first_sight_may_be_only_slow(void **state)
{
	struct scene sc;
	struct leak_row *l;

	(void)state;
	scene_begin(&sc);
	story_proc(&sc.st, .pid = 7, .name = "java");
	scene_sample(&sc);
	l = scene_leak(&sc, .verdict = VERDICT_STUCK, .count = 50, .overdue = 50, .oldest = 9.9,
		.causes = { 0, 0, 50 }, .preliminary = true);
	scene_audit(&sc);
	assert_calm(&sc, "close-wait-stuck");
	l->oldest = 39;
	scene_audit(&sc);
	assert_finding(&sc, "close-wait-stuck", "warning", "java (pid 7)",
		"50 in CLOSE-WAIT, 50 of them for too long, none of them is being closed; the "
		"oldest for 39s; never closed; likely, certain only when no more come for 2 "
		"minutes or longer");
	assert_true(scene_finding(&sc, "close-wait-stuck")->since == 39);
	/* Some are closed: it may be slow. */
	l->out_rate = 0.1;
	scene_audit(&sc);
	assert_calm(&sc, "close-wait-stuck");
	l->oldest = 60;
	scene_audit(&sc);
	assert_finding(&sc, "close-wait-stuck", "warning", "java (pid 7)",
		"50 in CLOSE-WAIT, 50 of them for too long; the oldest for 1m 00s; never closed; "
		"likely, certain only when no more come for 2 minutes or longer");
	/* Few of them are no warning. */
	l->overdue = 8;
	scene_audit(&sc);
	assert_calm(&sc, "close-wait-stuck");
	scene_end(&sc);
}

/* A single connection that nobody reads may be a pager in a shell. */
static void a_few_stuck_queues_are_a_note(void **state)
{
	struct scene sc;
	struct leak_row *l;

	(void)state;
	scene_begin(&sc);
	story_proc(&sc.st, .pid = 7, .name = "less");
	for (int i = 0; i < 1000; i++)
		story_sock(&sc.st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%d pid=7", 1000 + i);
	scene_sample(&sc);
	l = scene_leak(&sc, .pile = PILE_RECV_Q, .verdict = VERDICT_STUCK, .count = 1, .overdue = 1,
		.bytes = 9);
	scene_audit(&sc);
	assert_finding(&sc, "reader-stuck", "info", "less (pid 7)",
		"1 connection with received data that the process does not read, 9 bytes in all");
	l->pile = PILE_SEND_Q;
	l->overdue = 49;
	scene_audit(&sc);
	assert_severity(&sc, "peer-stuck", SEVERITY_INFO);
	l->overdue = 50;
	scene_audit(&sc);
	assert_severity(&sc, "peer-stuck", SEVERITY_WARNING);
	scene_end(&sc);
}

/* ---- Handshakes ------------------------------------------------------------------------------ */

static void cookies_that_are_off_are_switched_on(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * send_q=8");
	scene_sample(&sc);
	rate(&sc, COUNTER_REQQ_DROPS, 5);
	set(&sc, COUNTER_SYNCOOKIES, 0);
	scene_audit(&sc);
	assert_command(&sc, "syn-queue-full", "sysctl -w net.ipv4.tcp_syncookies=1");
	assert_advice(&sc, "syn-queue-full", "as long as the backlog of listen()");
	assert_finding(&sc, "syn-queue-full", "critical", "all listeners",
		"5.0 SYNs dropped per second because the SYN queue is full; tcp_syncookies is 0");
	scene_end(&sc);
}

static void cookies_for_everybody_are_no_full_queue(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	rate(&sc, COUNTER_REQQ_COOKIES, 500);
	set(&sc, COUNTER_SYNCOOKIES, 2);
	scene_audit(&sc);
	assert_calm(&sc, "syn-queue-full");
	scene_end(&sc);
}

static void a_busy_server_is_told_from_a_flood(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	set(&sc, COUNTER_SYNCOOKIES, 1);
	rate(&sc, COUNTER_REQQ_COOKIES, 100);
	rate(&sc, COUNTER_SYNCOOKIES_SENT, 100);
	rate(&sc, COUNTER_SYNCOOKIES_RECV, 90);
	scene_audit(&sc);
	assert_advice(&sc, "syn-queue-full", "Clients do finish their handshakes");
	rate(&sc, COUNTER_SYNCOOKIES_RECV, 9);
	scene_audit(&sc);
	assert_advice(&sc, "syn-queue-full", "SYN flood");
	scene_end(&sc);
}

static void one_attempt_that_is_not_answered_is_a_note(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp SYN-SENT [2001:db8::1]:1000 [2001:db8::2]:443 retrans=2");
	scene_sample(&sc);
	scene_audit(&sc);
	assert_finding(&sc, "syn-sent-dead", "info", "[2001:db8::2]:443",
		"1 attempt without an answer, SYN sent again up to 2 times; the oldest for at "
		"least "
		"2.0s");
	assert_command(&sc, "syn-sent-dead", "ss -tanpo state syn-sent 'dst = [2001:db8::2]:443'");
	scene_end(&sc);
}

/* A proxy here whose application here does not accept: one trouble. */
static void a_full_queue_here_is_not_a_dead_host_too(void **state)
{
	static const struct {
		const char *listener, *caller;
		bool told;
	} cases[] = {
		{ "127.0.0.1:9000", "127.0.0.1:9000", false },
		{ "0.0.0.0:9000", "127.0.0.1:9000", false },
		{ "[::]:9000", "127.0.0.1:9000", false },
		{ "[::]:9000", "192.0.2.1:9000", true },
		{ "127.0.0.1:9001", "127.0.0.1:9000", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene sc;

		scene_begin(&sc);
		story_sock(&sc.st, "tcp LISTEN %s * recv_q=9 send_q=8", cases[i].listener);
		story_sock(&sc.st, "tcp SYN-SENT 127.0.0.1:1000 %s retrans=2", cases[i].caller);
		scene_sample(&sc);
		scene_full(&sc, 0, 1);
		scene_audit(&sc);
		assert_severity(&sc, "accept-queue-full", SEVERITY_WARNING);
		assert_severity(&sc, "syn-sent-dead", cases[i].told ? SEVERITY_INFO : SEVERITY_OK);
		scene_end(&sc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_critical_when_the_descriptors_run_out_soon),
		cmocka_unit_test(the_cause_decides_what_to_do),
		cmocka_unit_test(the_busiest_end_tells_which_code_it_is),
		cmocka_unit_test(leaks_without_a_process_have_commands_too),
		cmocka_unit_test(stuck_at_first_sight_may_be_only_slow),
		cmocka_unit_test(a_few_stuck_queues_are_a_note),
		cmocka_unit_test(cookies_that_are_off_are_switched_on),
		cmocka_unit_test(cookies_for_everybody_are_no_full_queue),
		cmocka_unit_test(a_busy_server_is_told_from_a_flood),
		cmocka_unit_test(a_full_queue_here_is_not_a_dead_host_too),
		cmocka_unit_test(one_attempt_that_is_not_answered_is_a_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
