/* The options: one table has their names, their help and what they set. */
#include "sockdash/options.h"
#include "sockdash/sampler.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONG_ONLY 256 /* values of options without a letter begin here */

/* Sets what an option says; false where its argument cannot be read, with `wanted` saying what
 * would be right. */
typedef bool option_setter(struct options *o, const char *argument, const char **wanted);

struct option_row {
	int letter; /* or LONG_ONLY and above */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;     /* NULL: not in the help */
	option_setter *set;
};

static bool read_real(const char *text, double min, double max, double *out)
{
	char *end;
	double x;

	errno = 0;
	x = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(x) || x < min || x > max)
		return false;
	*out = x;
	return true;
}

static bool set_interval(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "seconds, from 0.1 to 86400";
	return read_real(argument, SAMPLER_INTERVAL_MIN, SAMPLER_INTERVAL_MAX, &o->interval_s);
}

static bool set_window(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "seconds, from 0 to 86400";
	return read_real(argument, 0, SAMPLER_INTERVAL_MAX, &o->tracker.window_s);
}

static bool set_cpu_limit(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "percent of one core, from 0.1 to 100";
	return read_real(argument, 0.1, 100, &o->cpu_limit);
}

static bool set_count(struct options *o, const char *argument, const char **wanted)
{
	char *end;
	unsigned long long n;

	*wanted = "a whole number from 1";
	errno = 0;
	n = strtoull(argument, &end, 10);
	if (*argument < '0' || *argument > '9' || *end || errno || n == 0)
		return false;
	o->count = n;
	return true;
}

static bool set_color(struct options *o, const char *argument, const char **wanted)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto",
		[COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never",
	};

	*wanted = "auto, always or never";
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(argument, words[i]) == 0) {
			o->color = (enum color)i;
			return true;
		}
	}
	return false;
}

static bool set_source(struct options *o, const char *argument, const char **wanted)
{
	static const char tape[] = "tape:", synth[] = "synth";
	const size_t tape_len = sizeof tape - 1, synth_len = sizeof synth - 1;

	*wanted = "live, tape:FILE, synth or synth:WORD=N,...";
	o->tape = o->synth = NULL;
	if (strcmp(argument, "live") == 0)
		return true;
	if (strncmp(argument, tape, tape_len) == 0 && argument[tape_len]) {
		o->tape = argument + tape_len;
		return true;
	}
	if (strncmp(argument, synth, synth_len) != 0)
		return false;
	argument += synth_len;
	if (*argument && *argument != ':')
		return false;
	o->synth = argument + (*argument == ':');
	return true;
}

#define SETTER(name, statement)                                                                    \
	static bool name(struct options *o, const char *argument, const char **wanted)             \
	{                                                                                          \
		(void)argument;                                                                    \
		(void)wanted;                                                                      \
		statement;                                                                         \
		return true;                                                                       \
	}
SETTER(set_json, o->output = OUTPUT_JSON)
SETTER(set_csv, o->output = OUTPUT_CSV)
SETTER(set_sort, o->sort = argument)
SETTER(set_columns, o->columns = argument)
SETTER(set_processes, o->processes = true)
SETTER(set_all, o->all = true)
SETTER(set_tcp, o->protocols |= 1u << SOCK_TCP)
SETTER(set_udp, o->protocols |= 1u << SOCK_UDP)
SETTER(set_ipv4, o->ipv4 = true)
SETTER(set_ipv6, o->ipv6 = true)
SETTER(set_no_header, o->no_header = true)
SETTER(set_ascii, o->ascii = true)
SETTER(set_anonymize, o->anonymize = true)
SETTER(set_debug, o->debug = argument)
SETTER(set_version, o->version = true)
SETTER(set_help, o->help = true)

static const struct option_row rows[] = {
	{ 'd', "interval", "SECONDS", "time between samples (default 2, at least 0.1)",
		set_interval },
	{ 'n', "count", "N", "stop after N samples (commands: 1 unless told)", set_count },
	{ 'w', "window", "SECONDS", "how long leaks observes before speaking (default 3)",
		set_window },
	{ LONG_ONLY + 6, "cpu-limit", "PERCENT", "most CPU to take, in % of one core (default 10)",
		set_cpu_limit },
	{ 'j', "json", NULL, "one JSON document per sample, each on a line", set_json },
	{ LONG_ONLY, "csv", NULL, "CSV with a header line", set_csv },
	{ 's', "sort", "FIELD", "sort by a field; -FIELD for largest first", set_sort },
	{ 'c', "columns", "LIST", "fields to print, separated by commas", set_columns },
	{ 'p', "processes", NULL, "sockets: the processes that own them, too", set_processes },
	{ 'a', "all", NULL, "leaks, kernel, audit: the calm rows, too", set_all },
	{ 't', "tcp", NULL, "TCP sockets only (default: both)", set_tcp },
	{ 'u', "udp", NULL, "UDP sockets only", set_udp },
	{ '4', "ipv4", NULL, "IPv4 sockets only (default: both)", set_ipv4 },
	{ '6', "ipv6", NULL, "IPv6 sockets only", set_ipv6 },
	{ 'H', "no-header", NULL, "no header line", set_no_header },
	{ LONG_ONLY + 1, "color", "WHEN", "colours of the dashboard: auto, always, never",
		set_color },
	{ LONG_ONLY + 2, "ascii", NULL, "draw with ASCII characters only", set_ascii },
	{ LONG_ONLY + 4, "anonymize", NULL, "record: other names and addresses, for a bug report",
		set_anonymize },
	{ LONG_ONLY + 5, "source", "SOURCE", NULL, set_source },
	{ LONG_ONLY + 3, "debug", "FILE", "append a log of what goes on inside", set_debug },
	{ 'V', "version", NULL, "print the version", set_version },
	{ 'h', "help", NULL, "print this help", set_help },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static const struct option_row *find_row(int letter)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* The two forms getopt_long() wants, made from the table. */
static void make_tables(struct option longs[ROW_COUNT + 1], char shorts[2 * ROW_COUNT + 2])
{
	char *s = shorts;

	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = rows[i].letter,
		};
		if (rows[i].letter < LONG_ONLY)
			*s++ = (char)rows[i].letter;
		if (rows[i].letter < LONG_ONLY && rows[i].argument)
			*s++ = ':';
	}
	longs[ROW_COUNT] = (struct option){ 0 };
	*s = '\0';
}

static int explain(char **argv, int got, struct buf *error)
{
	const struct option_row *row = find_row(optopt);

	if (got == ':' && row)
		buf_addf(error, "option --%s needs an argument: %s", row->name, row->argument);
	else if (row)
		buf_addf(error, "option --%s takes no argument", row->name);
	else if (optopt)
		buf_addf(error, "unknown option '-%c'", optopt);
	else
		buf_addf(error, "unknown option '%s'", argv[optind - 1]);
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct options *out, int *first_word, struct buf *error)
{
	struct option longs[ROW_COUNT + 1];
	char shorts[2 * ROW_COUNT + 2];
	int got;

	*out = (struct options){ .interval_s = 2, .cpu_limit = 10 };
	out->tracker.window_s = NAN;
	audit_settings_init(&out->tracker.audit);
	make_tables(longs, shorts);
	opterr = 0;
	optind = 0;
	while (optopt = 0, (got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = find_row(got);
		const char *wanted = "";

		if (!row)
			return explain(argv, got, error);
		if (!row->set(out, optarg, &wanted)) {
			buf_addf(error, "--%s: '%s' is not right; it takes %s", row->name, optarg,
				wanted);
			return -EINVAL;
		}
	}
	if (!out->protocols)
		out->protocols = 1u << SOCK_TCP | 1u << SOCK_UDP;
	if (!out->ipv4 && !out->ipv6)
		out->ipv4 = out->ipv6 = true;
	*first_word = optind;
	return 0;
}

void options_help(struct buf *out)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *r = &rows[i];
		size_t start = out->len;

		if (!r->help)
			continue;
		if (r->letter < LONG_ONLY)
			buf_addf(out, "  -%c, --%s", r->letter, r->name);
		else
			buf_addf(out, "      --%s", r->name);
		if (r->argument)
			buf_addf(out, " %s", r->argument);
		buf_fill(out, ' ', 28 - (int)(out->len - start));
		buf_addf(out, " %s\n", r->help);
	}
}

struct tracker_settings options_tracker(const struct options *o, double standard_s)
{
	struct tracker_settings s = o->tracker;

	if (isnan(s.window_s))
		s.window_s = standard_s;
	return s;
}

struct source_request options_request(const struct options *o, unsigned needs)
{
	return (struct source_request){
		.needs = needs,
		.protocols = o->protocols,
		.ipv4 = o->ipv4,
		.ipv6 = o->ipv6,
		.interval_s = o->interval_s,
	};
}
