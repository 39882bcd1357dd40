/* What the audit says of accept queues in each case: who is the limit, what is not known, which of
 * its rules tells it. */
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

/* ---- Accept queues --------------------------------------------------------------------------- */

struct accept_case {
	uint32_t fds, backlog;
	double full_share;
	const char *advice, *command;
};

static void who_is_the_limit_of_an_accept_queue(void **state)
{
	static const struct accept_case cases[] = {
		{ 10, 128, 1,
			"does not call accept(), or far too rarely: it is stuck, out of CPU, or "
			"has "
			"too few workers. See what its threads wait for before you restart it. The "
			"limit of 128 is the backlog that the program passes to listen(), but a "
			"longer queue would be full too.",
			"tail -n +1 /proc/7/task/*/stack" },
		{ 10, 4096, 1, "The limit of 4,096 is net.core.somaxconn, but a longer",
			"tail -n +1 /proc/7/task/*/stack" },
		{ 10, 8192, 0.9, "is what net.core.somaxconn was before, but a longer",
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
		scene_full(&sc, 0, cases[i].full_share);
		scene_audit(&sc);
		assert_advice(&sc, "accept-queue-full", cases[i].advice);
		assert_command(&sc, "accept-queue-full", cases[i].command);
		scene_end(&sc);
	}
}

/* Nothing was accepted since it began to fill: no setting helps. */
static void a_queue_that_only_grows_is_not_a_burst(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_proc(&sc.st, .pid = 7, .name = "nginx", .fds = 10, .fd_limit = 1024);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8 drops=0 pid=7");
	scene_sample(&sc);
	set(&sc, COUNTER_SOMAXCONN, 8);
	scene_full(&sc, 0, 0.6);
	scene_audit(&sc);
	assert_command(&sc, "accept-queue-full", "sysctl -w net.core.somaxconn=16");
	sc.s->listeners[0].queue.values[1] = 9;
	scene_audit(&sc);
	assert_advice(&sc, "accept-queue-full", "does not call accept()");
	assert_null(strstr(scene_finding(&sc, "accept-queue-full")->advice, "aise"));
	assert_command(&sc, "accept-queue-full", "tail -n +1 /proc/7/task/*/stack");
	scene_end(&sc);
}

static void who_is_not_seen_is_not_accused(void **state)
{
	static const struct {
		const char *owner, *command;
		uint32_t fds, limit, seer;
	} cases[] = {
		{ "", "sudo sockdash audit", 0, 0, 1000 },
		{ "", "ss -ltnp 'sport = :443'", 0, 0, PROC_UNKNOWN },
		{ "pid=7", "sudo sockdash audit", PROC_UNKNOWN, 1024, 1000 },
		{ "pid=7", "sudo sockdash audit", 10, PROC_UNKNOWN, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene sc;

		scene_begin(&sc);
		story_proc(&sc.st, .pid = 7, .name = "nginx", .fds = cases[i].fds,
			.fd_limit = cases[i].limit);
		story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8 %s", cases[i].owner);
		scene_sample(&sc);
		for (uint32_t p = 0; p < sc.s->frame->proc_count; p++) {
			sc.s->frame->procs[p].fds = cases[i].fds;
			sc.s->frame->procs[p].fd_limit = cases[i].limit;
		}
		sc.s->frame->seer_uid = cases[i].seer;
		scene_full(&sc, 0, 1);
		scene_audit(&sc);
		assert_advice(&sc, "accept-queue-full",
			"is out of descriptors (EMFILE), which could not be seen");
		assert_null(strstr(scene_finding(&sc, "accept-queue-full")->advice, "does not "));
		assert_command(&sc, "accept-queue-full", cases[i].command);
		scene_end(&sc);
	}
}

static void a_share_of_few_samples_is_not_told(void **state)
{
	static const struct {
		uint32_t samples;
		double share;
		const char *words; /* NULL: nothing is found */
	} cases[] = {
		{ 1, 1, "; the queue is full now" },
		{ 2, 0.5, NULL },
		{ 2, 1, "full 100% of the time" },
		{ 3, 0.33, NULL },
		{ 3, 0.5, "full 50.0% of the time" },
	};
	struct scene sc;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		scene_begin(&sc);
		story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8");
		scene_sample(&sc);
		scene_full(&sc, 0, cases[i].share);
		sc.s->listeners[0].queue.count = cases[i].samples;
		scene_audit(&sc);
		if (cases[i].words)
			assert_non_null(strstr(
				scene_finding(&sc, "accept-queue-full")->evidence, cases[i].words));
		else
			assert_calm(&sc, "accept-queue-full");
		scene_end(&sc);
	}
	/* Full at first, then hardly ever: it is over. */
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=1 send_q=0");
	scene_sample(&sc);
	scene_full(&sc, 0, 1);
	scene_audit(&sc);
	assert_non_null(strstr(scene_finding(&sc, "accept-queue-full")->evidence,
		"1 connection waits for accept(), 0 may"));
	scene_full(&sc, 0, 0.33);
	scene_audit(&sc);
	assert_calm(&sc, "accept-queue-full");
	scene_end(&sc);
}

static void without_the_other_rule_drops_are_told_of_their_listener(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	sc.settings.off[audit_find("accept-queue-full", 17) - audit_rules] = true;
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8 drops=50");
	scene_sample(&sc);
	scene_full(&sc, 0, 1);
	sc.s->listeners[0].drops_window = 5;
	rate(&sc, COUNTER_LISTEN_DROPS, 5);
	rate(&sc, COUNTER_LISTEN_OVERFLOWS, 5);
	scene_audit(&sc);
	assert_string_equal(scene_finding(&sc, "accept-drops")->subject, "0.0.0.0:443");
	/* Fewer than the threshold, of each of many; then none that is there. */
	sc.s->listeners[0].drops_window = 0.05;
	scene_audit(&sc);
	assert_advice(&sc, "accept-drops", "No single listener drops that many");
	sc.s->listeners[0].drops_window = 0;
	scene_audit(&sc);
	assert_advice(&sc, "accept-drops", "None of the listeners that are there now");
	scene_end(&sc);
}

static void no_open_files_on_the_host_is_told_as_that(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:443 * recv_q=9 send_q=8 drops=0");
	scene_sample(&sc);
	scene_full(&sc, 0, 1);
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
		scene_full(&sc, (uint32_t)i, 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_the_limit_of_an_accept_queue),
		cmocka_unit_test(a_queue_that_only_grows_is_not_a_burst),
		cmocka_unit_test(who_is_not_seen_is_not_accused),
		cmocka_unit_test(a_share_of_few_samples_is_not_told),
		cmocka_unit_test(without_the_other_rule_drops_are_told_of_their_listener),
		cmocka_unit_test(no_open_files_on_the_host_is_told_as_that),
		cmocka_unit_test(a_full_queue_that_drops_is_critical_and_told_once),
		cmocka_unit_test(drops_that_are_no_connections_are_not_told),
		cmocka_unit_test(drops_without_a_listener_are_told_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
