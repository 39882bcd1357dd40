/* options: values, defaults, and what is said of what cannot be read. */
#include "lib/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/needs.h"
#include "sockdash/options.h"

#define BOTH (1u << SOCK_TCP | 1u << SOCK_UDP)

/* A command line from words; "''" stands for an empty one. */
struct line {
	char words[256];
	char *argv[32];
	int argc;
	struct options options;
	int first;
	struct buf error;
	int err;
};

static void parse(struct line *l, const char *words)
{
	char *rest;

	memset(l, 0, sizeof *l);
	assert_true(
		snprintf(l->words, sizeof l->words, "sockdash %s", words) < (int)sizeof l->words);
	for (char *w = strtok_r(l->words, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		if (strcmp(w, "''") == 0)
			*w = '\0';
		l->argv[l->argc++] = w;
	}
	options_init(&l->options);
	l->err = options_parse(l->argc, l->argv, &l->options, &l->first, &l->error);
	buf_adds(&l->error, "");
}

static void without_options_there_are_defaults(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "");
	assert_int_equal(l.err, 0);
	assert_real(l.options.interval_s, 2);
	assert_real(options_tracker(&l.options, 3).window_s, 3);
	assert_real(l.options.cpu_limit, 10);
	assert_int_equal(l.options.count, 0);
	assert_int_equal(l.options.output, OUTPUT_TEXT);
	assert_null(l.options.sort);
	assert_null(l.options.columns);
	assert_int_equal(l.options.protocols, BOTH);
	assert_true(l.options.ipv4 && l.options.ipv6);
	assert_false(l.options.no_header);
	assert_false(l.options.ascii);
	assert_int_equal(l.options.color, COLOR_AUTO);
	assert_null(l.options.debug);
	assert_false(l.options.help || l.options.version);
	assert_int_equal(l.first, 1);
	buf_free(&l.error);
}

static void numbers_and_words_are_read(void **state)
{
	static const struct {
		const char *words;
		double interval_s, window_s;
		uint64_t count;
		enum color color;
	} cases[] = {
		{ "-d 5", 5, 3, 0, COLOR_AUTO },
		{ "-d5", 5, 3, 0, COLOR_AUTO },
		{ "--interval=0.1", 0.1, 3, 0, COLOR_AUTO },
		{ "--interval 86400", 86400, 3, 0, COLOR_AUTO },
		{ "-d 5 -d 7", 7, 3, 0, COLOR_AUTO },
		{ "-w 0", 2, 0, 0, COLOR_AUTO },
		{ "--window=600.5", 2, 600.5, 0, COLOR_AUTO },
		{ "-n 1", 2, 3, 1, COLOR_AUTO },
		{ "-n 007", 2, 3, 7, COLOR_AUTO },
		{ "--count 18446744073709551615", 2, 3, UINT64_MAX, COLOR_AUTO },
		{ "--color=always", 2, 3, 0, COLOR_ALWAYS },
		{ "--color never", 2, 3, 0, COLOR_NEVER },
		{ "--color never --color auto", 2, 3, 0, COLOR_AUTO },
		{ "--inter 4", 4, 3, 0, COLOR_AUTO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		assert_real(l.options.interval_s, cases[i].interval_s);
		assert_real(options_tracker(&l.options, 3).window_s, cases[i].window_s);
		assert_true(l.options.count == cases[i].count);
		assert_int_equal(l.options.color, cases[i].color);
		assert_string_equal(l.error.data, "");
		buf_free(&l.error);
	}
}

static void prefixes_are_read(void **state)
{
	static const struct {
		const char *words;
		unsigned prefix4, prefix6;
	} cases[] = {
		{ "", 0, 0 },
		{ "--prefix 24", 24, 64 },
		{ "--prefix=16,48", 16, 48 },
		{ "--prefix 0", 0, 0 },
		{ "--prefix 0,128", 0, 128 },
		{ "--prefix 32,0", 32, 0 },
	};
	static const char *const wrong[] = { "33", "24,129", "24,", ",64", "24,64,", "24,64,1",
		"-1", "+1", "x", "24x", "24,x", "''", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		assert_int_equal(l.options.prefix4, cases[i].prefix4);
		assert_int_equal(l.options.prefix6, cases[i].prefix6);
		buf_free(&l.error);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct line l;
		char words[64];

		snprintf(words, sizeof words, "--prefix %s", wrong[i]);
		parse(&l, words);
		assert_int_equal(l.err, -EINVAL);
		assert_non_null(strstr(l.error.data, "it takes bits of IPv4 addresses"));
		buf_free(&l.error);
	}
}

static void the_cpu_limit_is_read(void **state)
{
	static const struct {
		const char *words;
		double cpu_limit;
	} cases[] = {
		{ "--cpu-limit 1", 1 },
		{ "--cpu-limit=0.1", 0.1 },
		{ "--cpu-limit 100", 100 },
		{ "--cpu 2.5", 2.5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		assert_real(l.options.cpu_limit, cases[i].cpu_limit);
		buf_free(&l.error);
	}
}

static void switches_are_set(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-j -H -p --ascii -V -h -s -pid -c pid,fds --debug log");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.options.output, OUTPUT_JSON);
	assert_true(l.options.no_header && l.options.ascii && l.options.processes);
	assert_true(l.options.version && l.options.help);
	assert_string_equal(l.options.sort, "-pid");
	assert_string_equal(l.options.columns, "pid,fds");
	assert_string_equal(l.options.debug, "log");
	buf_free(&l.error);
	parse(&l, "--csv --no-header --version --help --sort=-pid --columns=pid");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.options.output, OUTPUT_CSV);
	assert_false(l.options.processes);
	assert_true(l.options.no_header && l.options.version && l.options.help);
	buf_free(&l.error);
	parse(&l, "-j --json");
	assert_int_equal(l.err, 0);
	assert_int_equal(l.options.output, OUTPUT_JSON);
	buf_free(&l.error);
}

static void output_has_one_format(void **state)
{
	static const char *const both[] = { "--csv --json", "-j states --csv", "-j --csv -j" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		struct line l;

		parse(&l, both[i]);
		assert_int_equal(l.err, -EINVAL);
		assert_non_null(strstr(l.error.data, "--json and --csv"));
		buf_free(&l.error);
	}
}

static void protocols_and_families_are_chosen(void **state)
{
	static const struct {
		const char *words;
		unsigned protocols;
		bool ipv4, ipv6;
	} cases[] = {
		{ "", BOTH, true, true },
		{ "-t", 1u << SOCK_TCP, true, true },
		{ "-u", 1u << SOCK_UDP, true, true },
		{ "-tu", BOTH, true, true },
		{ "--tcp --udp", BOTH, true, true },
		{ "-4", BOTH, true, false },
		{ "-6", BOTH, false, true },
		{ "-46", BOTH, true, true },
		{ "-t4", 1u << SOCK_TCP, true, false },
		{ "--ipv4 --ipv6", BOTH, true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct source_request r;
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		r = options_request(&l.options, NEED_SOCKETS | NEED_DROPS);
		assert_int_equal(r.needs, NEED_SOCKETS | NEED_DROPS);
		assert_int_equal(r.protocols, cases[i].protocols);
		assert_int_equal(r.ipv4, cases[i].ipv4);
		assert_int_equal(r.ipv6, cases[i].ipv6);
		assert_false(r.preliminary);
		buf_free(&l.error);
	}
}

static void words_may_stand_anywhere(void **state)
{
	static const struct {
		const char *words, *rest;
	} cases[] = {
		{ "states -j", "states " },
		{ "-j states", "states " },
		{ "top -d 5 procs", "top procs " },
		{ "-- -j states", "-j states " },
		{ "states -- -j", "states -j " },
		{ "- -j", "- " },
		{ "states ''", "states  " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char rest[64] = "";
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		for (int k = l.first; k < l.argc; k++)
			snprintf(rest + strlen(rest), sizeof rest - strlen(rest), "%s ", l.argv[k]);
		assert_string_equal(rest, cases[i].rest);
		buf_free(&l.error);
	}
}

static void what_cannot_be_read_is_explained(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
#define INTERVAL "; it takes seconds, from 0.1 to 86400"
#define WINDOW   "; it takes seconds, from 0 to 86400"
#define WHOLE    "; it takes a whole number from 1"
#define PERCENT  "; it takes percent of one core, from 0.1 to 100"
		{ "--cpu-limit 0", "--cpu-limit: '0' is not right" PERCENT },
		{ "--cpu-limit 0.09", "--cpu-limit: '0.09' is not right" PERCENT },
		{ "--cpu-limit 101", "--cpu-limit: '101' is not right" PERCENT },
		{ "--cpu-limit -5", "--cpu-limit: '-5' is not right" PERCENT },
		{ "--cpu-limit 5%", "--cpu-limit: '5%' is not right" PERCENT },
		{ "--cpu-limit", "option --cpu-limit needs an argument: PERCENT" },
		{ "-d 0", "--interval: '0' is not right" INTERVAL },
		{ "-d 0.09", "--interval: '0.09' is not right" INTERVAL },
		{ "-d 86401", "--interval: '86401' is not right" INTERVAL },
		{ "-d -1", "--interval: '-1' is not right" INTERVAL },
		{ "-d 5s", "--interval: '5s' is not right" INTERVAL },
		{ "-d nan", "--interval: 'nan' is not right" INTERVAL },
		{ "-d inf", "--interval: 'inf' is not right" INTERVAL },
		{ "-d 1e999", "--interval: '1e999' is not right" INTERVAL },
		{ "-d ''", "--interval: '' is not right" INTERVAL },
		{ "--interval=", "--interval: '' is not right" INTERVAL },
		{ "-w -1", "--window: '-1' is not right" WINDOW },
		{ "-w x", "--window: 'x' is not right" WINDOW },
		{ "-n 0", "--count: '0' is not right" WHOLE },
		{ "-n -3", "--count: '-3' is not right" WHOLE },
		{ "-n 1.5", "--count: '1.5' is not right" WHOLE },
		{ "-n +5", "--count: '+5' is not right" WHOLE },
		{ "-n ''", "--count: '' is not right" WHOLE },
		{ "-n 18446744073709551616", "--count: '18446744073709551616' is not right" WHOLE },
		{ "--color maybe",
			"--color: 'maybe' is not right; it takes auto, always or never" },
		{ "--color=", "--color: '' is not right; it takes auto, always or never" },
		{ "-d", "option --interval needs an argument: SECONDS" },
		{ "--interval", "option --interval needs an argument: SECONDS" },
		{ "states -n", "option --count needs an argument: N" },
		{ "-s", "option --sort needs an argument: FIELD" },
		{ "-c", "option --columns needs an argument: LIST" },
		{ "-w", "option --window needs an argument: SECONDS" },
		{ "--color", "option --color needs an argument: WHEN" },
		{ "--debug", "option --debug needs an argument: FILE" },
		{ "--json=1", "option --json takes no argument" },
		{ "--csv=1", "option --csv takes no argument" },
		{ "-x", "unknown option '-x'" },
		{ "-jx", "unknown option '-x'" },
		{ "--frobnicate", "unknown option '--frobnicate'" },
		{ "states --frobnicate=3 -j", "unknown option '--frobnicate=3'" },
		{ "--co 3", "unknown option '--co'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;

		parse(&l, cases[i].words);
		assert_int_equal(l.err, -EINVAL);
		assert_string_equal(l.error.data, cases[i].error);
		buf_free(&l.error);
	}
}

static void a_switch_may_be_taken_back(void **state)
{
	static const struct {
		const char *words;
		bool ascii, all, processes, no_header, secure;
	} cases[] = {
		{ "--secure", false, false, false, false, true },
		{ "--secure=no", false, false, false, false, false },
		{ "--secure=yes --secure=no", false, false, false, false, true },
		{ "--ascii=yes -a", true, true, false, false, false },
		{ "--ascii --ascii=no", false, false, false, false, false },
		{ "--ascii=no --ascii", true, false, false, false, false },
		{ "-a -p -H --all=no --processes=no --no-header=no", false, false, false, false,
			false },
		{ "--processes=yes", false, false, true, false, false },
	};
	struct line l;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		parse(&l, cases[i].words);
		assert_int_equal(l.err, 0);
		assert_int_equal(l.options.ascii, cases[i].ascii);
		assert_int_equal(l.options.all, cases[i].all);
		assert_int_equal(l.options.processes, cases[i].processes);
		assert_int_equal(l.options.no_header, cases[i].no_header);
		assert_int_equal(l.options.secure, cases[i].secure);
		buf_free(&l.error);
	}
	parse(&l, "--ascii=maybe");
	assert_int_equal(l.err, -EINVAL);
	assert_string_equal(l.error.data, "--ascii: 'maybe' is not right; it takes yes or no");
	buf_free(&l.error);
}

/* Whoever answers must know what was asked. */
static void words_are_found_behind_what_is_wrong(void **state)
{
	static const char *const cases[] = { "--frobnicate audit", "-d 0 audit", "audit -Z",
		"--interval=x -Z audit -n 0", "-Z -- audit" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line l;

		parse(&l, cases[i]);
		assert_int_equal(l.err, -EINVAL);
		assert_int_equal(l.first, l.argc - 1);
		assert_string_equal(l.argv[l.first], "audit");
		assert_null(strchr(l.error.data, '\n'));
		buf_free(&l.error);
	}
	/* The first mistake is told, and it alone. */
	{
		struct line l;

		parse(&l, "-d 0 -Z");
		assert_string_equal(l.error.data, "--interval: '0' is not right; it takes "
						  "seconds, from 0.1 to 86400");
		buf_free(&l.error);
	}
}

static void what_can_be_set_in_a_file(void **state)
{
	const char *wanted = "";
	struct options o;
	struct buf names = { 0 };

	(void)state;
	options_init(&o);
	assert_int_equal(options_set(&o, "interval", "5", &wanted), 0);
	assert_real(o.interval_s, 5);
	assert_int_equal(options_set(&o, "interval", "0", &wanted), -EINVAL);
	assert_string_equal(wanted, "seconds, from 0.1 to 86400");
	assert_real(o.interval_s, 5);
	assert_int_equal(options_set(&o, "ascii", "yes", &wanted), 0);
	assert_true(o.ascii);
	assert_int_equal(options_set(&o, "ascii", "no", &wanted), 0);
	assert_false(o.ascii);
	assert_int_equal(options_set(&o, "ascii", "", &wanted), -EINVAL);
	assert_int_equal(options_set(&o, "d", "5", &wanted), -ENOENT);
	assert_int_equal(options_set(&o, "inter", "5", &wanted), -ENOENT);
	assert_int_equal(options_set(&o, "", "5", &wanted), -ENOENT);
	assert_int_equal(options_set(&o, "count", "5", &wanted), -EPERM);
	assert_int_equal(options_set(&o, "config", "x", &wanted), -EPERM);
	options_list_settings(&names);
	assert_string_equal(names.data,
		"interval, window, cpu-limit, processes, resolve, events, all, prefix, "
		"no-header, color, ascii, mouse, secure");
	buf_free(&names);
}

static void help_lists_every_option_once(void **state)
{
	static const char *const names[] = { "  -d, --interval SECONDS ", "  -n, --count N ",
		"  -w, --window SECONDS ", "      --cpu-limit PERCENT ", "  -j, --json ",
		"      --csv ", "  -s, --sort FIELD ", "  -c, --columns LIST ",
		"  -p, --processes ", "  -r, --resolve ", "      --events ", "  -a, --all ",
		"      --prefix N[,M] ", "  -t, --tcp ", "  -u, --udp ", "  -4, --ipv4 ",
		"  -6, --ipv6 ", "  -H, --no-header ", "      --color WHEN ", "      --ascii ",
		"      --mouse ", "      --secure ", "      --anonymize ", "      --config FILE ",
		"      --debug FILE ", "  -V, --version ", "  -h, --help " };
	struct buf b = { 0 };
	size_t lines = 0;

	(void)state;
	options_help(&b);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_non_null(strstr(b.data, names[i]));
	for (char *line = b.data; *line; line = strchr(line, '\n') + 1, lines++) {
		size_t len = strcspn(line, "\n");

		/* Two columns, in a terminal's width. */
		assert_in_range(len, 30, 81);
		assert_true(line[28] == ' ' && line[29] != ' ');
	}
	assert_int_equal(lines, COUNT_OF(names));
	/* Not for everybody. */
	assert_null(strstr(b.data, "--source"));
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_there_are_defaults),
		cmocka_unit_test(numbers_and_words_are_read),
		cmocka_unit_test(prefixes_are_read),
		cmocka_unit_test(the_cpu_limit_is_read),
		cmocka_unit_test(switches_are_set),
		cmocka_unit_test(output_has_one_format),
		cmocka_unit_test(protocols_and_families_are_chosen),
		cmocka_unit_test(words_may_stand_anywhere),
		cmocka_unit_test(what_cannot_be_read_is_explained),
		cmocka_unit_test(a_switch_may_be_taken_back),
		cmocka_unit_test(words_are_found_behind_what_is_wrong),
		cmocka_unit_test(what_can_be_set_in_a_file),
		cmocka_unit_test(help_lists_every_option_once),
	};

	unsetenv("POSIXLY_CORRECT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
