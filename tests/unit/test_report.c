/* report, and what it shares with audit: findings as blocks, tables in a width, pages and documents. */
#include "lib/fixture.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/server.h"
#include "sockdash/findings.h"
#include "sockdash/paragraph.h"
#include "sockdash/report.h"
#include "sockdash/utf8.h"

static int take(void *context, struct buf *b)
{
	struct buf *all = context;

	buf_add(all, b->data, b->len);
	buf_clear(b);
	return 0;
}

#define assert_buf(b, expected)                                                                    \
	do {                                                                                       \
		buf_adds(b, "");                                                                   \
		assert_string_equal((b)->data, expected);                                          \
		buf_free(b);                                                                       \
	} while (0)

/* Puts these findings in the place of those that a sample has. */
static void find(struct sample *s, const struct finding *findings, uint32_t count)
{
	free(s->findings);
	s->findings = calloc(count + 1, sizeof *s->findings);
	assert_non_null(s->findings);
	if (count)
		memcpy(s->findings, findings, count * sizeof *findings);
	s->finding_count = count;
	s->finding_shown = 0;
	for (uint32_t i = 0; i < count; i++)
		s->finding_shown += findings[i].severity >= SEVERITY_INFO;
}

static struct sample *some_sample(struct story *st)
{
	story_begin(st, 10);
	story_frame(st, 0);
	story_sock(st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000");
	return story_sample(st);
}

/* The rules there are change; one is enough. */
#define RULE (&audit_rules[0])

/* ---- Paragraphs ------------------------------------------------------------------------------ */

static void commands_can_be_copied(void **state)
{
	struct buf b = { 0 };

	(void)state;
	paragraph_add_command(&b, "", 4, 40);
	buf_adds(&b, "");
	assert_int_equal(b.len, 0);
	paragraph_add_command(&b, "ss -tn state close-wait", 4, 27);
	assert_buf(&b, "    ss -tn state close-wait\n");
	paragraph_add_command(&b, "ss -tn state close-wait", 4, 26);
	assert_buf(&b, "    ss -tn state \\\n      close-wait\n");
	/* Within quotes a line break would be another argument. */
	paragraph_add_command(&b, "ss -tn 'dport = :443 and dst 10.0.0.1' | wc", 2, 26);
	assert_buf(&b, "  ss -tn \\\n    'dport = :443 and dst 10.0.0.1' \\\n    | wc\n");
	paragraph_add_command(&b, "echo \"a \\\" b c d e f g h\" 'i\\' j k l m n", 0, 20);
	assert_buf(&b, "echo \\\n  \"a \\\" b c d e f g h\" \\\n  'i\\' j k l m n\n");
	paragraph_add_command(&b, "averylongwordthatcannotbebroken", 2, 20);
	assert_buf(&b, "  averylongwordthatcannotbebroken\n");
	paragraph_add_command(&b, "a b c d e f g h i j k l m n o p", 1, 0);
	assert_buf(&b, " a b c d e f g h i j k l m n o p\n");
}

static void paragraphs_keep_to_their_width(void **state)
{
	struct buf b = { 0 };

	(void)state;
	paragraph_add(&b, "one two three four", 2, 0, 15);
	assert_buf(&b, "  one two three\n  four\n");
	paragraph_add(&b, "one two three four five", 0, 2, 14);
	assert_buf(&b, "one two three\n  four five\n");
	paragraph_add(&b, "", 2, 0, 15);
	assert_int_equal(b.len, 0);
	/* Whatever the indentation takes, something is left. */
	paragraph_add(&b, "0123456789ab", 10, 0, 12);
	assert_buf(&b, "          0123456789\n          ab\n");
}

/* ---- Findings -------------------------------------------------------------------------------- */

/* A finding as findings_add() has it, put into a sample. */
static void add_block(
	struct sample *s, struct buf *b, const struct finding *f, int width, bool wrap)
{
	struct rowset rows;

	find(s, f, 1);
	rows = rowset_of(table_audit.all, s);
	findings_add(b, &rows, NULL, 0, width, wrap);
}

static void a_finding_is_a_block(void **state)
{
	const struct finding f = { .rule = RULE,
		.severity = SEVERITY_CRITICAL,
		.since = 842,
		.subject = "java (2291)",
		.evidence = "9,870 sockets in CLOSE-WAIT, +12/s",
		.advice = "The process does not close its connections.",
		.command = "sockdash sockets -p -s -wait_age -c wait_age,pid,process" };
	struct finding bare = { .rule = RULE, .severity = SEVERITY_INFO, .since = NAN };
	struct buf b = { 0 }, expected = { 0 };
	struct story st;
	struct sample *s = some_sample(&st);

	(void)state;
	add_block(s, &b, &f, 80, false);
	buf_addf(&expected,
		"CRITICAL %s: java (2291), for 14m 02s\n"
		"  9,870 sockets in CLOSE-WAIT, +12/s\n"
		"  The process does not close its connections.\n"
		"    sockdash sockets -p -s -wait_age -c wait_age,pid,process\n",
		RULE->id);
	assert_buf(&b, expected.data);
	add_block(s, &b, &f, 40, true);
	buf_adds(&b, "");
	assert_non_null(strstr(b.data, "  The process does not close its\n  connections.\n"));
	assert_non_null(strstr(b.data, "    sockdash sockets -p -s -wait_age \\\n"
				       "      -c wait_age,pid,process\n"));
	buf_free(&b);
	/* However narrow, a command stays whole where it need not be broken. */
	add_block(s, &b, &f, 30, false);
	assert_non_null(
		strstr(b.data, "\n    sockdash sockets -p -s -wait_age -c wait_age,pid,process\n"));
	buf_free(&b);
	buf_clear(&expected);
	buf_addf(&expected, "INFO %s\n", RULE->id);
	add_block(s, &b, &bare, 80, false);
	assert_buf(&b, expected.data);
	buf_free(&expected);
	story_end(&st);
}

/* Twelve listeners with one trouble are not twelve times the same paragraph. */
static void the_same_advice_is_given_once(void **state)
{
	const struct finding rows[] = {
		{ .rule = RULE,
			.severity = SEVERITY_WARNING,
			.since = NAN,
			.subject = "a",
			.evidence = "1 waits",
			.advice = "Wake it.",
			.command = "ss -a" },
		{ .rule = RULE,
			.severity = SEVERITY_WARNING,
			.since = NAN,
			.subject = "b",
			.evidence = "2 wait",
			.advice = "Wake it.",
			.command = "ss -b" },
		{ .rule = RULE,
			.severity = SEVERITY_WARNING,
			.since = NAN,
			.subject = "c",
			.evidence = "3 wait",
			.advice = "Restart it.",
			.command = "ss -c" },
		{ .rule = RULE + 1,
			.severity = SEVERITY_WARNING,
			.since = NAN,
			.subject = "d",
			.evidence = "4 wait",
			.advice = "Wake it.",
			.command = "ss -d" },
	};
	/* That it is in the table does not help who does not see it. */
	static const uint32_t order[] = { 1, 2, 0 };
	struct buf b = { 0 }, expected = { 0 };
	struct output_table t = { 0 };
	struct sample *s;
	struct story st;

	(void)state;
	s = some_sample(&st);
	find(s, rows, COUNT_OF(rows));
	t.rows = rowset_of(&table_audit, s);
	assert_int_equal(output_findings(&t, take, &b), 0);
	buf_addf(&expected,
		"WARNING %s: a\n  1 waits\n  Wake it.\n    ss -a\n\n"
		"WARNING %s: b\n  2 wait\n    ss -b\n\n"
		"WARNING %s: c\n  3 wait\n  Restart it.\n    ss -c\n\n"
		"WARNING %s: d\n  4 wait\n  Wake it.\n    ss -d\n\n"
		"4 warnings; 2 rules checked\n",
		RULE->id, RULE->id, RULE->id, RULE[1].id);
	assert_buf(&b, expected.data);
	t.rows.count = COUNT_OF(order);
	t.order = order;
	assert_int_equal(output_findings(&t, take, &b), 0);
	assert_non_null(strstr(b.data, ": b\n  2 wait\n  Wake it.\n"));
	assert_non_null(strstr(b.data, ": a\n  1 waits\n    ss -a\n"));
	buf_free(&b);
	buf_free(&expected);
	story_end(&st);
}

static void a_rule_without_a_finding_is_a_line(void **state)
{
	static const struct {
		enum severity severity;
		const char *evidence, *line;
	} cases[] = {
		{ SEVERITY_OK, "", "OK %s (looks for %s)\n" },
		{ SEVERITY_OK, "0 drops", "OK %s: 0 drops\n" },
		{ SEVERITY_UNKNOWN, "not checked: no owners", "NOT CHECKED %s: no owners\n" },
		{ SEVERITY_UNKNOWN, "no owners", "NOT CHECKED %s: no owners\n" },
	};
	struct story st;
	struct sample *s = some_sample(&st);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct finding f = { .rule = RULE,
			.severity = cases[i].severity,
			.evidence = cases[i].evidence,
			.since = NAN };
		struct buf b = { 0 };
		char expected[300];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(expected, sizeof expected, cases[i].line, RULE->id, RULE->help);
#pragma GCC diagnostic pop
		add_block(s, &b, &f, 200, false);
		assert_buf(&b, expected);
	}
	story_end(&st);
}

static void findings_are_counted(void **state)
{
	static const struct {
		struct findings_count count;
		const char *text;
	} cases[] = {
		{ { 2, 1, 3, 18, 2 },
			"2 critical, 1 warning, 3 notes; 18 rules checked, 2 not checked" },
		{ { 0, 2, 0, 1, 0 }, "2 warnings; 1 rule checked" },
		{ { 0, 0, 1, 5, 0 }, "1 note; 5 rules checked" },
		{ { 0, 0, 0, 20, 0 }, "nothing found; 20 rules checked" },
		{ { 0, 0, 0, 0, 20 }, "nothing could be checked" },
		{ { 0, 0, 0, 0, 0 }, "nothing could be checked" },
	};
	const struct finding rows[] = { { .rule = RULE, .severity = SEVERITY_CRITICAL },
		{ .rule = RULE, .severity = SEVERITY_WARNING },
		{ .rule = RULE, .severity = SEVERITY_WARNING },
		{ .rule = RULE, .severity = SEVERITY_INFO },
		{ .rule = RULE, .severity = SEVERITY_UNKNOWN } };
	struct findings_count c;
	struct sample *s;
	struct story st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf b = { 0 };

		findings_add_summary(&b, &cases[i].count);
		assert_buf(&b, cases[i].text);
	}
	s = some_sample(&st);
	find(s, rows, COUNT_OF(rows));
	c = findings_count(s);
	assert_int_equal(c.critical, 1);
	assert_int_equal(c.warnings, 2);
	assert_int_equal(c.notes, 1);
	/* One rule, which was checked for something. */
	assert_int_equal(c.checked, 1);
	assert_int_equal(c.not_checked, 0);
	find(s, rows + 4, 1);
	c = findings_count(s);
	assert_int_equal(c.checked, 0);
	assert_int_equal(c.not_checked, 1);
	find(s, rows, 0);
	c = findings_count(s);
	assert_int_equal(c.checked + c.not_checked, 0);
	story_end(&st);
}

static void the_worst_is_the_exit_status(void **state)
{
	static const struct {
		struct findings_count all;
		bool failed;
		int status;
	} cases[] = {
		{ { 0, 0, 0, 9, 0 }, false, 0 },
		{ { 0, 0, 5, 9, 9 }, false, 0 },
		{ { 0, 1, 0, 9, 0 }, false, 1 },
		{ { 1, 0, 0, 9, 0 }, false, 2 },
		{ { 1, 9, 9, 9, 0 }, true, 2 },
		{ { 0, 1, 0, 9, 0 }, true, 1 },
		{ { 0, 0, 1, 9, 0 }, true, 3 },
		{ { 0, 0, 0, 0, 9 }, false, 3 },
		{ { 0, 0, 0, 0, 0 }, false, 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(findings_status(&cases[i].all, cases[i].failed), cases[i].status);
}

static void the_audit_ends_with_how_many(void **state)
{
	const struct finding rows[] = {
		{ .rule = RULE, .severity = SEVERITY_CRITICAL, .since = NAN, .subject = "a" },
		{ .rule = RULE, .severity = SEVERITY_WARNING, .since = NAN, .subject = "b" },
		{ .rule = RULE, .severity = SEVERITY_OK, .since = NAN, .evidence = "fine" },
	};
	struct buf b = { 0 }, expected = { 0 };
	struct output_table t = { 0 };
	struct sample *s;
	struct story st;

	(void)state;
	s = some_sample(&st);
	find(s, rows, COUNT_OF(rows));
	t.rows = rowset_of(&table_audit, s);
	assert_int_equal(output_findings(&t, take, &b), 0);
	buf_addf(&expected,
		"CRITICAL %s: a\n\nWARNING %s: b\n\n1 critical, 1 warning; 1 rule checked\n",
		RULE->id, RULE->id);
	assert_buf(&b, expected.data);
	/* All rules. */
	t.rows = rowset_of(table_audit.all, s);
	assert_int_equal(output_findings(&t, take, &b), 0);
	buf_clear(&expected);
	buf_addf(&expected,
		"CRITICAL %s: a\n\nWARNING %s: b\n\nOK %s: fine\n\n"
		"1 critical, 1 warning; 1 rule checked\n",
		RULE->id, RULE->id, RULE->id);
	assert_buf(&b, expected.data);
	find(s, rows + 2, 1);
	t.rows = rowset_of(&table_audit, s);
	assert_int_equal(output_findings(&t, take, &b), 0);
	assert_buf(&b, "nothing found; 1 rule checked\n");
	buf_free(&expected);
	story_end(&st);
}

/* ---- Tables in a width ----------------------------------------------------------------------- */

static void columns_give_until_a_table_fits(void **state)
{
	static const struct {
		int width;
		bool ascii;
		const char *text;
	} cases[] = {
		{ 80, false,
			"PID  PROCESS          COMMAND            CONNS\n"
			"  7  a-longer-name-x  /usr/bin/x --y=zz  1,200\n" },
		{ 40, false,
			"PID  PROCESS        COMMAND        CONNS\n"
			"  7  a-longer-nam…  /usr/bin/x -…  1,200\n" },
		{ 40, true,
			"PID  PROCESS        COMMAND        CONNS\n"
			"  7  a-longer-n...  /usr/bin/x...  1,200\n" },
		{ 27, false,
			"PID  PROCE…  COMMAND  CONNS\n"
			"  7  a-lon…  /usr/b…  1,200\n" },
		/* Texts have given all they can: a number takes a shorter form. */
		{ 21, false,
			"PID  PRO…  COM…  CON…\n"
			"  7  a-l…  /us…  1200\n" },
	};
	struct story st;
	const struct sample *s;
	struct columns columns;
	const char *bad;
	size_t bad_len;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .name = "a-longer-name-x", .cmdline = "/usr/bin/x --y=zz");
	for (unsigned i = 0; i < 1200; i++)
		story_sock(
			&st, "tcp ESTAB 10.0.0.1:80 10.9.%u.%u:5000 pid=7", i / 250, i % 250 + 1);
	s = story_sample(&st);
	assert_int_equal(
		columns_parse(&table_procs, "pid,process,cmdline,conns", &columns, &bad, &bad_len),
		0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct output_table t = { .rows = rowset_of(&table_procs, s),
			.columns = &columns,
			.header = true,
			.width = cases[i].width,
			.ascii = cases[i].ascii };
		struct buf b = { 0 };

		assert_int_equal(output_text(&t, take, &b), 0);
		assert_buf(&b, cases[i].text);
	}
	for (int width = 21; width < 60; width++) {
		struct output_table t = {
			.rows = rowset_of(&table_procs, s), .columns = &columns, .width = width
		};
		struct buf b = { 0 };

		assert_int_equal(output_text(&t, take, &b), 0);
		for (char *line = strtok(b.data, "\n"); line; line = strtok(NULL, "\n"))
			assert_in_range(utf8_text_width(line, strlen(line)), 10, width);
		buf_free(&b);
	}
	story_end(&st);
}

/* ---- The page -------------------------------------------------------------------------------- */

static char *page_of(const struct sample *s, bool all, bool ascii)
{
	struct report_settings settings = { .all = all, .titles = true, .ascii = ascii };
	struct buf page = { 0 };

	assert_int_equal(report_text(s, &settings, &page), 0);
	assert_false(page.failed);
	return page.data;
}

static void assert_narrow(const char *page)
{
	for (const char *line = page; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (utf8_text_width(line, len) > REPORT_WIDTH)
			fail_msg("too wide: %.*s", (int)len, line);
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
				fail_msg("a control character: %.*s", (int)len, line);
	}
}

static void the_page_has_its_sections(void **state)
{
	static const char *const parts[] = {
		"sockdash report  web-07  Linux 6.18.0  2026-11-22T10:53:", "\nup 41d 03h; ",
		" sockets (sock_diag), sampled in ", "\nFindings: 1 critical; 1 rule checked\n",
		"\nStates\nPROTO  STATE", "\nListening", "\nProcesses", "\nLeaks", "\nKernel",
		"\nFindings\nCRITICAL ", ": java (2291), for 14m 02s\n  9,870 of them\n"
	};
	const struct finding f = { .rule = RULE,
		.severity = SEVERITY_CRITICAL,
		.since = 842,
		.subject = "java (2291)",
		.evidence = "9,870 of them" };
	const struct server server = { .samples = 3, .clients = 20 };
	struct story st;
	struct sample *s;
	const char *at;
	char *page;

	(void)state;
	story_begin(&st, 10);
	s = server_tell(&st, &server);
	s->frame->uptime_s = 41 * 86400 + 3 * 3600 + 12 * 60;
	find(s, &f, 1);
	at = page = page_of(s, false, false);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		const char *found = strstr(at, parts[i]);

		if (!found)
			fail_msg("no '%s' in %s", parts[i], page);
		at = found;
	}
	assert_narrow(page);
	assert_null(strstr(page, "SYN-SENT       0"));
	free(page);
	page = page_of(s, true, true);
	assert_narrow(page);
	assert_null(strstr(page, "\xe2\x80\xa6"));
	free(page);
	story_end(&st);
}

/* Names of any length and any script. */
static void the_page_is_never_wider(void **state)
{
	char name[200];
	struct frame *f;
	struct story st;
	struct sample *s;
	struct finding finding = { .rule = RULE, .severity = SEVERITY_WARNING, .since = 1 };
	char *page;

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	story_begin(&st, 10);
	for (unsigned i = 0; i < 2; i++) {
		f = story_frame(&st, i * 2.0);
		f->host = frame_text(f, name, strlen(name));
		f->owners_hidden = 3;
		story_proc(&st, .pid = 4194304, .name = frame_text(f, name, strlen(name)),
			.user = frame_text(f, name, strlen(name)), .fds = 1000000,
			.fd_limit = 1048576);
		story_proc(&st, .pid = 2,
			.name = "\xe6\x95\xb0\xe6\x8d\xae\xe6\x95\xb0\xe6\x8d\xae"
				"\xe6\x95\xb0\xe6\x8d\xae\xe6\x95\xb0\xe6\x8d\xae");
		story_sock(&st, "tcp LISTEN [fe80:1111:2222:3333:4444:5555:6666:7777]%%eth0:65535 "
				"* recv_q=4294967295 send_q=4294967295 drops=4294967295 "
				"pid=4194304");
		for (unsigned k = 0; k < 40; k++)
			story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:%u 10.0.0.2:1 pid=%u waits=1e9",
				k + 1, k % 2 ? 2 : 4194304);
		s = story_sample(&st);
	}
	finding.subject = finding.evidence = finding.advice = name;
	finding.command = "sysctl -w net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=4096 "
			  "net.ipv4.tcp_syncookies=1";
	find(s, &finding, 1);
	page = page_of(s, false, false);
	assert_narrow(page);
	assert_non_null(strstr(page, "2026-11-22T10:53:09.120Z\n"));
	assert_non_null(strstr(page, "tcp_max_syn_backlog=4096 \\\n"));
	free(page);
	page = page_of(s, true, true);
	assert_narrow(page);
	free(page);
	story_end(&st);
}

static void what_is_not_known_is_said(void **state)
{
	struct story st;
	struct sample *s;
	struct frame *f;
	char *page;

	(void)state;
	story_begin(&st, 10);
	f = story_frame(&st, 0);
	f->owners_known = false;
	f->release = "";
	f->host = "";
	f->problems[FRAME_NO_PROC] = -ENOENT;
	s = story_sample(&st);
	find(s, NULL, 0);
	page = page_of(s, false, false);
	assert_non_null(strstr(page, "sockdash report  (unknown host)  2026"));
	assert_non_null(strstr(page, "\n! owners are not known: /proc is not mounted\n"));
	assert_non_null(strstr(page, "\nFindings: nothing could be checked\n"));
	assert_non_null(strstr(page, "\nStates: no sockets\n"));
	assert_non_null(strstr(page, "\nListening: none\n"));
	assert_non_null(strstr(page, "\nProcesses: not known\n"));
	assert_non_null(strstr(page, "\nLeaks: not known\n"));
	assert_non_null(strstr(page, "\nFindings: not known\n"));
	free(page);
	story_end(&st);
}

/* What drops, then what waits, then who has most. */
static void listeners_in_trouble_come_first(void **state)
{
	struct report_settings settings = { .titles = true };
	struct story st;
	struct sample *s;
	char *at, *page;

	(void)state;
	story_begin(&st, 10);
	for (unsigned i = 0; i < 2; i++) {
		story_frame(&st, i * 2.0);
		for (unsigned k = 1; k <= 14; k++) {
			story_sock(&st, "tcp LISTEN 10.0.0.1:%u * recv_q=%u send_q=9 drops=%u",
				8000 + k, k == 14 ? 7 : 0, k == 1 ? 100 * (i + 1) : 5);
			for (unsigned n = 0; n < k; n++)
				story_sock(&st, "tcp ESTAB 10.0.0.1:%u 10.0.0.2:%u", 8000 + k,
					1000 + n);
		}
		s = story_sample(&st);
	}
	page = page_of(s, false, false);
	at = strstr(page, "\nListening: 10 of 14\n");
	assert_non_null(at);
	for (unsigned i = 0; i < 10; i++) {
		char port[8];

		snprintf(port, sizeof port, " %u ", i ? 8015 - i : 8001);
		at = strstr(at, port);
		assert_non_null(at);
		assert_null(strstr(at + 1, port)); /* once */
	}
	assert_null(strstr(page, " 8005 "));
	free(page);
	settings.titles = false;
	{
		struct buf b = { 0 };

		assert_int_equal(report_text(s, &settings, &b), 0);
		assert_null(strstr(b.data, "PROTO"));
		buf_free(&b);
	}
	story_end(&st);
}

/* ---- The document ---------------------------------------------------------------------------- */

static void the_document_has_the_rows_of_the_views(void **state)
{
	static const struct table *const views[] = { &table_states, &table_listen, &table_procs,
		&table_leaks, &table_kernel, &table_audit };
	const struct server server = { .samples = 3, .clients = 20 };
	const struct finding f = { .rule = RULE, .severity = SEVERITY_WARNING, .since = NAN };
	const struct report_settings settings = { .titles = true };
	struct buf all = { 0 };
	struct story st;
	struct sample *s;
	const char *at;

	(void)state;
	story_begin(&st, 10);
	s = server_tell(&st, &server);
	s->frame->uptime_s = 100.5;
	find(s, &f, 1);
	assert_int_equal(report_json(s, &settings, take, &all), 0);
	at = all.data;
	assert_non_null(strstr(at, "\"view\":\"report\",\"time\":\"2026-"));
	assert_non_null(strstr(at, "\"release\":\"6.18.0\",\"uptime\":100.5,\"summary\":{\"critical"
				   "\":0,\"warning\":1,\"info\":0,\"checked\":1,\"not_checked\":0},"
				   "\"sample\":{"));
	for (size_t i = 0; i < COUNT_OF(views); i++) {
		struct columns columns;
		struct sort_key sort = { 0 };
		struct output_table t = { .rows = rowset_of(views[i], s), .columns = &columns };
		uint32_t *order;
		struct buf one = { 0 };
		char begin[40], *rows;

		columns_all(views[i], false, &columns);
		sort_parse(views[i], views[i]->sort, &sort);
		assert_int_equal(rowset_order(&t.rows, sort, NULL, &order), 0);
		t.order = order;
		assert_int_equal(output_json(&t, take, &one), 0);
		free(order);
		rows = strstr(one.data, "\"rows\":[") + strlen("\"rows\":[");
		one.data[one.len - 2] = '\0'; /* the end of the document */
		snprintf(begin, sizeof begin, ",\"%s\":[", views[i]->name);
		at = strstr(at, begin);
		assert_non_null(at);
		at += strlen(begin);
		assert_memory_equal(at, rows, strlen(rows));
		at += strlen(rows);
		buf_free(&one);
	}
	assert_string_equal(at, "}\n");
	buf_free(&all);
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_can_be_copied),
		cmocka_unit_test(paragraphs_keep_to_their_width),
		cmocka_unit_test(a_finding_is_a_block),
		cmocka_unit_test(the_same_advice_is_given_once),
		cmocka_unit_test(a_rule_without_a_finding_is_a_line),
		cmocka_unit_test(findings_are_counted),
		cmocka_unit_test(the_worst_is_the_exit_status),
		cmocka_unit_test(the_audit_ends_with_how_many),
		cmocka_unit_test(columns_give_until_a_table_fits),
		cmocka_unit_test(the_page_has_its_sections),
		cmocka_unit_test(the_page_is_never_wider),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(listeners_in_trouble_come_first),
		cmocka_unit_test(the_document_has_the_rows_of_the_views),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
