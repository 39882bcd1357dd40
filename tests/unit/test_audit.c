/* The audit itself: order, since when, what cannot be checked, values that waver. */
#include "lib/audit_scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/needs.h"

static void files(struct scene *sc, int64_t used, int64_t limit)
{
	sc->s->frame->counters[COUNTER_FILES] = used;
	sc->s->frame->counters[COUNTER_FILES_LIMIT] = limit;
}

static const struct finding *must(const struct scene *sc, const char *id)
{
	const struct finding *f = scene_finding(sc, id);

	assert_non_null(f);
	return f;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static bool is_name(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static void the_tables_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < audit_rule_count; i++) {
		const struct audit_rule *r = &audit_rules[i];

		assert_true(is_name(r->id));
		assert_true(*r->help && r->help[strlen(r->help) - 1] != '.');
		assert_ptr_equal(audit_find(r->id, strlen(r->id)), r);
	}
	assert_null(audit_find("fds", 3));
	for (size_t i = 0; i < audit_threshold_count; i++) {
		const struct audit_threshold *t = &audit_thresholds[i];

		assert_true(is_name(t->name));
		assert_true(*t->help && t->help[strlen(t->help) - 1] != '.');
		assert_true(t->min <= t->standard && t->standard <= t->max);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(t->name, audit_thresholds[k].name);
	}
}

/* ---- Order ----------------------------------------------------------------------------------- */

static void the_worst_comes_first_and_the_calm_last(void **state)
{
	struct scene sc;
	enum severity before = SEVERITY_CRITICAL;
	uint32_t shown = 0;

	(void)state;
	scene_begin(&sc);
	story_sock(&sc.st, "tcp LISTEN 0.0.0.0:80 * pid=7");
	for (int i = 0; i < 3; i++)
		story_proc(&sc.st, .pid = 1 + (uint32_t)i, .name = "p",
			.fds = (uint32_t[]){ 81, 96, 85 }[i], .fd_limit = 100);
	scene_sample(&sc);
	files(&sc, 96, 100);
	scene_audit(&sc);
	for (uint32_t i = 0; i < sc.s->finding_count; i++) {
		const struct finding *f = &sc.s->findings[i];

		assert_true(f->severity <= before);
		before = f->severity;
		shown += f->severity >= SEVERITY_INFO;
		for (uint32_t k = 0; k < i; k++)
			assert_true(f->identity != sc.s->findings[k].identity);
	}
	assert_int_equal(sc.s->finding_shown, shown);
	assert_int_equal(shown, 5);
	assert_string_equal(sc.s->findings[0].subject, "p (pid 2)");
	assert_string_equal(sc.s->findings[1].rule->id, "files-full");
	/* Of one rule and severity the largest first. */
	assert_string_equal(sc.s->findings[2].subject, "p (pid 3)");
	assert_string_equal(sc.s->findings[3].subject, "p (pid 1)");
	assert_string_equal(sc.s->findings[4].rule->id, "listen-all");
	assert_table(sc.s, "audit", "severity,id,since",
		"critical fds-low -\ncritical files-full -\nwarning fds-low -\nwarning fds-low -\n"
		"info listen-all -\n");
	scene_end(&sc);
}

/* ---- What cannot be checked ------------------------------------------------------------------ */

static void what_is_not_known_is_not_fine(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		sc.s->counter_rates[i] = NAN;
	sc.s->port_capacity = NAN;
	scene_audit(&sc);
	assert_unknown(
		&sc, "retransmission", "not checked: OutSegs is not known yet, or cannot be read");
	assert_unknown(&sc, "tcp-memory",
		"not checked: net.ipv4.tcp_mem cannot be read here, as in a network namespace or a "
		"sandbox");
	assert_unknown(
		&sc, "ports-exhausted", "not checked: net.ipv4.ip_local_port_range cannot be read");
	assert_calm(&sc, "close-wait-leak");
	assert_int_equal(sc.s->finding_shown, 0);
	scene_end(&sc);
}

static void what_was_not_asked_for_is_not_checked(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	sc.s->frame->asked = NEED_COUNTERS | NEED_FINDINGS;
	files(&sc, 96, 100);
	scene_audit(&sc);
	assert_unknown(&sc, "listen-all", "not checked: what it needs is not collected");
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_CRITICAL);
	sc.s->frame->asked = NEED_ALL;
	sc.s->frame->owners_known = false;
	sc.s->frame->absent = 1u << SOCK_TCP;
	scene_audit(&sc);
	assert_unknown(&sc, "fds-low", "not checked: it is not known which process owns a socket");
	assert_unknown(
		&sc, "syn-flood", "not checked: TCP sockets were left out, or cannot be read");
	scene_end(&sc);
}

static void an_unfinished_search_and_hidden_processes_are_told(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	sc.s->frame->owners_percent = 40.7;
	scene_audit(&sc);
	assert_unknown(
		&sc, "close-wait-leak", "not checked: the search for owners has come to 40 %");
	sc.s->frame->owners_percent = 100;
	sc.s->frame->owners_hidden = 3;
	sc.s->frame->procs_hidden = 1;
	sc.s->frame->seer_uid = 1000;
	scene_audit(&sc);
	assert_unknown(&sc, "fds-low",
		"not checked: the processes of 3 sockets cannot be seen: run it as root");
	/* They have a row of their own there. */
	assert_calm(&sc, "close-wait-leak");
	scene_end(&sc);
}

static void no_conntrack_is_no_trouble(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	scene_audit(&sc);
	assert_int_equal(must(&sc, "conntrack-full")->severity, SEVERITY_UNKNOWN);
	files(&sc, 1, 100);
	scene_audit(&sc);
	assert_calm(&sc, "conntrack-full");
	scene_end(&sc);
}

/* ---- Since when ------------------------------------------------------------------------------ */

static void next(struct scene *sc, double at_s, int64_t used)
{
	scene_next(sc, at_s);
	scene_sample(sc);
	files(sc, used, 1000);
	scene_audit(sc);
}

static void a_finding_remembers_since_when(void **state)
{
	struct scene sc;
	uint64_t identity;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	files(&sc, 900, 1000);
	scene_audit(&sc);
	identity = must(&sc, "files-full")->identity;
	assert_true(isnan(must(&sc, "files-full")->since));
	next(&sc, 20, 900);
	assert_int_equal(must(&sc, "files-full")->identity, identity);
	assert_real(must(&sc, "files-full")->since, 10);
	assert_false(must(&sc, "files-full")->since_at_least);
	/* Gone for a moment it goes on, gone for long it begins anew. */
	next(&sc, 30, 0);
	assert_calm(&sc, "files-full");
	next(&sc, 40, 900);
	assert_real(must(&sc, "files-full")->since, 30);
	for (int at = 50; at <= 110; at += 10)
		next(&sc, at, 0);
	next(&sc, 120, 900);
	assert_true(isnan(must(&sc, "files-full")->since));
	scene_end(&sc);
}

static void what_was_there_at_the_beginning_is_older(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	for (int i = 0; i < 3; i++) {
		story_frame(&st, 2 * i);
		story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
		s = story_sample(&st);
	}
	assert_string_equal(s->findings[0].rule->id, "listen-all");
	assert_real(s->findings[0].since, 4);
	assert_true(s->findings[0].since_at_least);
	story_end(&st);
}

/* Rates do not cover the window yet: it may have been found late. */
static void what_is_found_within_the_first_window_is_at_least_as_old(void **state)
{
	(void)state;
	for (int window_s = 3; window_s <= 60; window_s += 57) {
		const struct sample *s = NULL;
		struct story st;

		story_begin(&st, window_s);
		for (int i = 0; i < 6; i++) {
			story_frame(&st, 2 * i);
			if (i >= 3)
				story_sock(&st, "tcp LISTEN 0.0.0.0:80 *");
			s = story_sample(&st);
		}
		assert_string_equal(s->findings[0].rule->id, "listen-all");
		assert_real(s->findings[0].since, 4);
		assert_int_equal(s->findings[0].since_at_least, window_s == 60);
		story_end(&st);
	}
}

static void a_value_at_the_threshold_does_not_come_and_go(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	scene_sample(&sc);
	files(&sc, 799, 1000);
	scene_audit(&sc);
	assert_calm(&sc, "files-full");
	next(&sc, 20, 800);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_WARNING);
	next(&sc, 30, 721);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_WARNING);
	next(&sc, 40, 719);
	assert_calm(&sc, "files-full");
	next(&sc, 50, 721);
	assert_calm(&sc, "files-full");
	next(&sc, 60, 949);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_WARNING);
	next(&sc, 70, 950);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_CRITICAL);
	next(&sc, 80, 856);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_CRITICAL);
	next(&sc, 90, 854);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_WARNING);
	scene_end(&sc);
}

static void thresholds_are_those_of_the_settings(void **state)
{
	struct scene sc;

	(void)state;
	scene_begin(&sc);
	sc.settings.thresholds[LIMIT_HOST_WARNING] = 10;
	sc.settings.thresholds[LIMIT_HOST_CRITICAL] = 20;
	scene_sample(&sc);
	files(&sc, 11, 100);
	scene_audit(&sc);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_WARNING);
	files(&sc, 21, 100);
	scene_audit(&sc);
	assert_int_equal(must(&sc, "files-full")->severity, SEVERITY_CRITICAL);
	scene_end(&sc);
}

/* ---- Through the tracker --------------------------------------------------------------------- */

/* A healthy server: nothing but the note on its open ports. */
static void a_healthy_server_has_no_findings(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 60);
	for (int i = 0; i < 60; i++) {
		struct frame *f = story_frame(&st, 2 * i);

		for (size_t c = 0; c < COUNTER_COUNT; c++)
			f->counters[c] = 0;
		story_proc(&st, .pid = 7, .name = "nginx", .fds = 400, .fd_limit = 1024);
		story_sock(&st, "tcp LISTEN 0.0.0.0:443 * recv_q=%d send_q=511 drops=12 pid=7",
			i % 7 == 0 ? 300 : 0);
		for (int k = 0; k < 40; k++)
			story_sock(&st, "tcp %s 10.0.0.1:443 10.9.%d.%d:5000 recv_q=%d pid=7",
				(k + i) % 9 ? "ESTAB" : "CLOSE-WAIT", i, k, (k + i) % 9 ? 0 : 1);
		story_sock(&st, "tcp SYN-SENT 10.0.0.1:%d 10.2.0.1:80 pid=7", 1000 + i);
		for (int k = 0; k < 100; k++)
			story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.8.%d.%d:5000", i, k);
		s = story_sample(&st);
		for (uint32_t n = 0; n < s->finding_shown; n++)
			assert_string_equal(s->findings[n].rule->id, "listen-all");
	}
	story_end(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_well_formed),
		cmocka_unit_test(the_worst_comes_first_and_the_calm_last),
		cmocka_unit_test(what_is_not_known_is_not_fine),
		cmocka_unit_test(what_was_not_asked_for_is_not_checked),
		cmocka_unit_test(an_unfinished_search_and_hidden_processes_are_told),
		cmocka_unit_test(no_conntrack_is_no_trouble),
		cmocka_unit_test(a_finding_remembers_since_when),
		cmocka_unit_test(what_was_there_at_the_beginning_is_older),
		cmocka_unit_test(what_is_found_within_the_first_window_is_at_least_as_old),
		cmocka_unit_test(a_value_at_the_threshold_does_not_come_and_go),
		cmocka_unit_test(thresholds_are_those_of_the_settings),
		cmocka_unit_test(a_healthy_server_has_no_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
