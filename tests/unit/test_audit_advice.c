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
	l = scene_leak(&sc, .verdict = VERDICT_STUCK, .count = 50, .overdue = 50, .oldest = 59,
		.preliminary = true);
	scene_audit(&sc);
	assert_calm(&sc, "close-wait-stuck");
	l->oldest = 60;
	scene_audit(&sc);
	assert_severity(&sc, "close-wait-stuck", SEVERITY_WARNING);
	assert_true(scene_finding(&sc, "close-wait-stuck")->since == 60);
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
	assert_severity(&sc, "reader-stuck", SEVERITY_INFO);
	l->pile = PILE_SEND_Q;
	l->overdue = 49;
	scene_audit(&sc);
	assert_severity(&sc, "peer-stuck", SEVERITY_INFO);
	l->overdue = 50;
	scene_audit(&sc);
	assert_severity(&sc, "peer-stuck", SEVERITY_WARNING);
	scene_end(&sc);
}

/* ---- Accept queues --------------------------------------------------------------------------- */

struct accept_case {
	uint32_t fds, backlog;
	double full_share;
	const char *advice, *command;
};

static void who_is_the_limit_of_an_accept_queue(void **state)
{
	static const struct accept_case cases[] = {
		{ 10, 128, 1, "does not call accept(), or far too rarely",
			"tail -n +1 /proc/7/task/*/stack" },
		{ 10, 128, 0.6,
			"The limit of 128 is the backlog that the program passes to listen(); "
			"somaxconn "
			"would allow 4,096. Raise it in the program's configuration and restart "
			"it.",
			"ss -ltnp 'sport = :443'" },
		{ 10, 4096, 0.6,
			"The limit of 4,096 is net.core.somaxconn, perhaps the program's own "
			"backlog "
			"too. Raise both, then restart the program: a listener keeps its limit "
			"until it "
			"calls listen() again.",
			"sysctl -w net.core.somaxconn=8192" },
		{ 10, 8192, 0.6, "was lowered to 4,096 since",
			"sysctl -w net.core.somaxconn=16384" },
		{ 1024, 128, 1, "at its limit of descriptors, so accept() fails (EMFILE)",
			"prlimit --nofile --pid 7" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene sc;

		scene_begin(&sc);
		story_proc(
			&sc.st, .pid = 7, .name = "nginx", .fds = cases[i].fds, .fd_limit = 1024);
		story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9000 send_q=%u drops=0 pid=7",
			cases[i].backlog);
		scene_sample(&sc);
		set(&sc, COUNTER_SOMAXCONN, 4096);
		sc.s->listeners[0].full_share = cases[i].full_share;
		scene_audit(&sc);
		assert_advice(&sc, "accept-queue-full", cases[i].advice);
		assert_command(&sc, "accept-queue-full", cases[i].command);
		scene_end(&sc);
	}
}

static void no_open_files_on_the_host_is_told_as_that(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8 drops=0");
	scene_sample(&sc);
	sc.s->listeners[0].full_share = 1;
	set(&sc, COUNTER_FILES, 1000);
	set(&sc, COUNTER_FILES_LIMIT, 1000);
	set(&sc, COUNTER_ABORT_ON_OVERFLOW, 1);
	scene_audit(&sc);
	assert_advice(&sc, "accept-queue-full", "ENFILE");
	assert_finding(&sc, "accept-queue-full", "warning", "0.0.0.0:443",
		"9 connections wait for accept(), 8 may; the queue is full 100% of the time; "
		"clients are "
		"reset (tcp_abort_on_overflow)");
	scene_end(&sc);
}

static void a_full_queue_that_drops_is_critical_and_told_once(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	for (int i = 0; i < 3; i++)
		story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * cookie=%d recv_q=9 send_q=8 drops=5",
			100 + i);
	scene_sample(&sc);
	for (int i = 0; i < 3; i++) {
		sc.s->listeners[i].full_share = 1;
		sc.s->listeners[i].drops_window = 1;
	}
	rate(&sc, COUNTER_LISTEN_DROPS, 3);
	rate(&sc, COUNTER_LISTEN_OVERFLOWS, 3);
	scene_audit(&sc);
	assert_finding(&sc, "accept-queue-full", "critical", "0.0.0.0:443",
		"9 connections wait for accept(), 8 may; the queue is full 100% of the time (the "
		"worst "
		"of 3 listeners here); 3.0 dropped per second; 15 dropped since it listens");
	assert_calm(&sc, "accept-drops");
	scene_end(&sc);
}

static void drops_that_are_no_connections_are_not_told(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * send_q=8 drops=50");
	scene_sample(&sc);
	sc.s->listeners[0].drops_window = 5;
	scene_audit(&sc);
	assert_calm(&sc, "accept-drops");
	rate(&sc, COUNTER_LISTEN_DROPS, 5);
	scene_audit(&sc);
	assert_severity(&sc, "accept-drops", SEVERITY_WARNING);
	/* Those of a full SYN queue are told there. */
	rate(&sc, COUNTER_REQQ_DROPS, 5);
	scene_audit(&sc);
	assert_calm(&sc, "accept-drops");
	assert_severity(&sc, "syn-queue-full", SEVERITY_CRITICAL);
	scene_end(&sc);
}

static void drops_without_a_listener_are_told_of_all(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * no_backlog");
	scene_sample(&sc);
	rate(&sc, COUNTER_LISTEN_DROPS, 12);
	rate(&sc, COUNTER_LISTEN_OVERFLOWS, 11);
	scene_audit(&sc);
	assert_finding(&sc, "accept-drops", "critical", "all listeners",
		"12.0 connections dropped per second (ListenDrops), 11.0 of them because an accept "
		"queue was "
		"full");
	assert_unknown(&sc, "accept-queue-full", "not checked: backlogs cannot be read here");
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
		sc.s->listeners[0].full_share = 1;
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
		cmocka_unit_test(who_is_the_limit_of_an_accept_queue),
		cmocka_unit_test(no_open_files_on_the_host_is_told_as_that),
		cmocka_unit_test(a_full_queue_that_drops_is_critical_and_told_once),
		cmocka_unit_test(drops_that_are_no_connections_are_not_told),
		cmocka_unit_test(drops_without_a_listener_are_told_of_all),
		cmocka_unit_test(cookies_that_are_off_are_switched_on),
		cmocka_unit_test(cookies_for_everybody_are_no_full_queue),
		cmocka_unit_test(a_busy_server_is_told_from_a_flood),
		cmocka_unit_test(a_full_queue_here_is_not_a_dead_host_too),
		cmocka_unit_test(one_attempt_that_is_not_answered_is_a_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
