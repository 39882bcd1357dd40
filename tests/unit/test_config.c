/* config: what a file says, where it is, and what is told of one that is wrong. */
#include "lib/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/config.h"

/* What a file of these bytes sets; answers the error text, "" none. Lives until the next call. */
static const char *parse_bytes(const char *bytes, size_t len, struct options *o)
{
	static char text[4096];
	struct buf error = { 0 };
	char *exact = malloc(len + 1); /* so that reading beyond it is seen */
	int err;

	memcpy(exact, bytes, len);
	exact = realloc(exact, len ? len : 1);
	options_init(o);
	err = config_parse(exact, len, "F", o, &error);
	assert_int_equal(err, error.len ? -EBADMSG : 0);
	snprintf(text, sizeof text, "%s", error.data ? error.data : "");
	buf_free(&error);
	free(exact);
	return text;
}

static const char *parse(const char *bytes, struct options *o)
{
	return parse_bytes(bytes, strlen(bytes), o);
}

static void lines_are_names_and_values(void **state)
{
	struct options o;

	(void)state;
	assert_string_equal(parse("", &o), "");
	assert_real(o.interval_s, 2);
	assert_string_equal(parse("# nothing\n\n   \n\t# either\n#\n", &o), "");
	assert_string_equal(parse("interval = 5\nwindow=60\n\tcolor \t=  never \t\r\n"
				  "ascii = yes # because\ncpu-limit = 1#",
				    &o),
		"F:5: cpu-limit: '1#' is not right; it takes percent of one core, from 0.1 to "
		"100");
	assert_string_equal(parse("interval = 5\nwindow=60\n\tcolor \t=  never \t\r\n"
				  "ascii = yes # because\ncpu-limit = 1",
				    &o),
		"");
	assert_real(o.interval_s, 5);
	assert_real(o.tracker.window_s, 60);
	assert_int_equal(o.color, COLOR_NEVER);
	assert_true(o.ascii);
	assert_real(o.cpu_limit, 1);
	/* The last one counts. */
	assert_string_equal(parse("interval = 5\ninterval = 7\nascii = yes\nascii = no\n", &o), "");
	assert_real(o.interval_s, 7);
	assert_false(o.ascii);
}

static void columns_of_views_are_set(void **state)
{
	const struct columns *procs;
	struct options o;

	(void)state;
	assert_string_equal(parse("columns.procs = conns, pid\n", &o), "");
	procs = options_columns(&o, &table_procs);
	assert_non_null(procs);
	assert_int_equal(procs->count, 2);
	assert_string_equal(procs->fields[0]->name, "conns");
	assert_string_equal(procs->fields[1]->name, "pid");
	assert_null(options_columns(&o, &table_states));
	assert_non_null(strstr(parse("columns.procs = conns,nix\n", &o),
		"F:1: columns.procs: 'nix' is not a field of procs"));
	assert_non_null(strstr(parse("columns.nix = conns\n", &o),
		"F:1: 'columns.nix': 'nix' is not a view; views are: states, "));
}

static void a_lock_is_not_opened_again(void **state)
{
	struct options o;

	(void)state;
	assert_string_equal(parse("secure = no\n", &o), "");
	assert_false(o.secure);
	assert_string_equal(parse("secure = yes\nsecure = no\n", &o), "");
	assert_true(o.secure);
	assert_string_equal(
		parse("secure = on\n", &o), "F:1: secure: 'on' is not right; it takes yes or no");
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
#define SETTINGS                                                                                   \
	"; settings are: interval, window, cpu-limit, processes, resolve, events, all, prefix, "   \
	"no-header, color, ascii, "                                                                \
	"mouse, secure, columns.VIEW, audit.off, audit.THRESHOLD"
#define FORM ": not understood; a line reads NAME = VALUE"
	static const struct {
		const char *bytes, *error;
	} cases[] = {
		{ "x", "F:1" FORM },
		{ "\n\n interval 5\n", "F:3" FORM },
		{ "= 5", "F:1" FORM },
		{ "# a\n=\n", "F:2" FORM },
		{ "interval =", "F:1: interval: '' is not right; it takes seconds, from 0.1 to "
				"86400" },
		{ "interval = 5s", "F:1: interval: '5s' is not right; it takes seconds, from 0.1 "
				   "to 86400" },
		{ "interval = 5 = 6", "F:1: interval: '5 = 6' is not right; it takes seconds, "
				      "from 0.1 to 86400" },
		{ "ascii = maybe", "F:1: ascii: 'maybe' is not right; it takes yes or no" },
		{ "colour = never", "F:1: 'colour' is not a setting" SETTINGS },
		{ "INTERVAL = 5", "F:1: 'INTERVAL' is not a setting" SETTINGS },
		{ "ascii=yes\ncount = 5", "F:2: 'count' is for the command line only" SETTINGS },
		{ "json = yes", "F:1: 'json' is for the command line only" SETTINGS },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(parse(cases[i].bytes, &o), cases[i].error);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static char line[4096];
	struct options o;

	(void)state;
	assert_string_equal(
		parse_bytes("ascii = yes\0x\n", 14, &o), "F:1: has a NUL byte: this is no text");
	assert_string_equal(parse_bytes("\n#\0\n", 4, &o), "F:2: has a NUL byte: this is no text");
	memset(line, 'x', sizeof line - 1);
	assert_string_equal(parse(line, &o), "F:1: is too long a line");
	memset(line, ' ', sizeof line - 1);
	memcpy(line, "interval = 5", 12);
	assert_string_equal(parse_bytes(line, 2000, &o), "");
	assert_real(o.interval_s, 5);
	assert_string_equal(parse_bytes(line, 2001, &o), "F:1: is too long a line");
}

static void the_audit_has_thresholds(void **state)
{
	struct options o, standard;
	char text[200], error[300];

	(void)state;
	options_init(&standard);
	for (size_t i = 0; i < audit_threshold_count; i++) {
		const struct audit_threshold *t = &audit_thresholds[i];

		snprintf(text, sizeof text, "audit.%s = %.17g\n", t->name, t->max);
		assert_string_equal(parse(text, &o), "");
		for (size_t k = 0; k < audit_threshold_count; k++)
			assert_real(o.tracker.audit.thresholds[k],
				k == i ? t->max : standard.tracker.audit.thresholds[k]);
		snprintf(text, sizeof text, "audit.%s = %.17g\n", t->name, t->min);
		assert_string_equal(parse(text, &o), "");
		assert_real(o.tracker.audit.thresholds[i], t->min);
		snprintf(text, sizeof text, "\naudit.%s = %.17g", t->name, t->max * 2 + 1);
		snprintf(error, sizeof error,
			"F:2: audit.%s: '%.17g' is not right; it takes %s, from %g to %g", t->name,
			t->max * 2 + 1, t->unit, t->min, t->max);
		assert_string_equal(parse(text, &o), error);
	}
	assert_non_null(strstr(parse("audit.nothing = 1", &o),
		"F:1: 'audit.nothing' is not a setting; audit has off and these thresholds: "));
	assert_non_null(strstr(parse("audit.nothing = 1", &o), audit_thresholds[0].name));
	assert_non_null(strstr(parse("audit. = 1", &o), "F:1: 'audit.' is not a setting"));
}

static void rules_are_switched_off(void **state)
{
	const char *first = audit_rules[0].id, *last = audit_rules[audit_rule_count - 1].id;
	struct options o;
	char text[200];

	(void)state;
	snprintf(text, sizeof text, "audit.off = %s\n", first);
	assert_string_equal(parse(text, &o), "");
	for (size_t i = 0; i < audit_rule_count; i++)
		assert_int_equal(o.tracker.audit.off[i], i == 0);
	snprintf(text, sizeof text, "audit.off = %s,%s ,\naudit.off =\n", last, first);
	assert_string_equal(parse(text, &o), "");
	assert_true(o.tracker.audit.off[0] && o.tracker.audit.off[audit_rule_count - 1]);
	/* Several lines add up. */
	snprintf(text, sizeof text, "audit.off = %s\naudit.off = %s", last, first);
	assert_string_equal(parse(text, &o), "");
	assert_true(o.tracker.audit.off[0] && o.tracker.audit.off[audit_rule_count - 1]);
	snprintf(text, sizeof text, "audit.off = %s, nothing", first);
	assert_non_null(strstr(parse(text, &o), "F:1: audit.off: 'nothing' is not a rule; rules "
						"are: "));
	assert_non_null(strstr(parse(text, &o), first));
}

/* ---- Where the file is ----------------------------------------------------------------------- */

static char home[] = "/tmp/sockdash-config-XXXXXX";

static void write_file(const char *path, const char *text)
{
	char full[200];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", home, path);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void make_folder(const char *path)
{
	char full[200];

	snprintf(full, sizeof full, "%s/%s", home, path);
	assert_int_equal(mkdir(full, 0755), 0);
}

/* The error of config_options() for a line of words, "" none; %s is the home. */
static const char *read_options(struct options *o, const char *words)
{
	static char error_text[1000], text[300];
	char format[300], *argv[16], *rest;
	struct buf error = { 0 };
	int argc = 0, first, err;

	snprintf(format, sizeof format, "sockdash %s", words);
	text[0] = '\0';
	for (char *at = format; *at; at++) {
		size_t len = strlen(text);

		if (*at == '~')
			snprintf(text + len, sizeof text - len, "%s", home);
		else
			snprintf(text + len, sizeof text - len, "%c", *at);
	}
	for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	argv[argc] = NULL;
	err = config_options(argc, argv, o, &first, &error);
	assert_int_equal(err != 0, error.len > 0);
	snprintf(error_text, sizeof error_text, "%s", error.data ? error.data : "");
	buf_free(&error);
	return error_text;
}

static void the_usual_file_is_looked_for(void **state)
{
	struct options o;
	char base[200];

	(void)state;
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 2);
	make_folder(".config");
	make_folder(".config/sockdash");
	assert_string_equal(read_options(&o, "states"), "");
	write_file(".config/sockdash/config", "interval = 11\nascii = yes\n");
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 11);
	assert_true(o.ascii);
	/* The command line wins, wherever it says it. */
	assert_string_equal(read_options(&o, "states -d 3 --ascii=no"), "");
	assert_real(o.interval_s, 3);
	assert_false(o.ascii);
	assert_int_equal(o.protocols, 1u << SOCK_TCP | 1u << SOCK_UDP);
	snprintf(base, sizeof base, "%s/xdg", home);
	setenv("XDG_CONFIG_HOME", base, 1);
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 2);
	make_folder("xdg");
	make_folder("xdg/sockdash");
	write_file("xdg/sockdash/config", "interval = 13\n");
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 13);
	/* One that is not absolute does not count. */
	setenv("XDG_CONFIG_HOME", "xdg", 1);
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 11);
	unsetenv("HOME");
	unsetenv("XDG_CONFIG_HOME");
	assert_string_equal(read_options(&o, "states"), "");
	assert_real(o.interval_s, 2);
	setenv("HOME", home, 1);
}

static void another_file_can_be_named(void **state)
{
	struct options o;
	char expected[400];

	(void)state;
	write_file("mine", "secure = yes\n");
	assert_string_equal(read_options(&o, "--config ~/mine top --secure=no"), "");
	assert_true(o.secure);
	write_file("mine", "interval = 17\n");
	assert_string_equal(read_options(&o, "--config ~/mine states"), "");
	assert_real(o.interval_s, 17);
	assert_false(o.secure);
	assert_false(o.ascii); /* the usual file is not read as well */
	assert_string_equal(read_options(&o, "-d 4 states --config=~/mine"), "");
	assert_real(o.interval_s, 4);
	assert_string_equal(read_options(&o, "--config /dev/null states"), "");
	assert_real(o.interval_s, 2);
	snprintf(expected, sizeof expected, "%s/none: No such file or directory", home);
	assert_string_equal(read_options(&o, "--config ~/none states"), expected);
	snprintf(expected, sizeof expected, "%s: Is a directory", home);
	assert_string_equal(read_options(&o, "--config ~ states"), expected);
	assert_string_equal(
		read_options(&o, "--config /dev/zero states"), "/dev/zero: File too large");
}

static void mistakes_are_told_in_order(void **state)
{
	struct options o;
	char expected[400];

	(void)state;
	write_file("wrong", "# a\nnonsense\n");
	snprintf(expected, sizeof expected, "%s/wrong:2: not understood; a line reads NAME = VALUE",
		home);
	assert_string_equal(read_options(&o, "--config ~/wrong states"), expected);
	/* The command line is the nearer one. */
	assert_string_equal(read_options(&o, "--config ~/wrong states -Z"), "unknown option '-Z'");
	/* Help is there for those whose file is wrong. */
	assert_string_equal(read_options(&o, "--config ~/wrong --help"), "");
	assert_true(o.help);
	assert_string_equal(read_options(&o, "--version --config ~/wrong"), "");
	if (geteuid() == 0)
		return;
	write_file(".config/sockdash/config", "");
	snprintf(expected, sizeof expected, "%s/.config/sockdash/config", home);
	assert_int_equal(chmod(expected, 0), 0);
	strcat(expected, ": Permission denied");
	assert_string_equal(read_options(&o, "states"), expected);
}

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_names_and_values),
		cmocka_unit_test(columns_of_views_are_set),
		cmocka_unit_test(a_lock_is_not_opened_again),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(the_audit_has_thresholds),
		cmocka_unit_test(rules_are_switched_off),
		cmocka_unit_test(the_usual_file_is_looked_for),
		cmocka_unit_test(another_file_can_be_named),
		cmocka_unit_test(mistakes_are_told_in_order),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
