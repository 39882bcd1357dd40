/* The options: one table has their names, their help, what they set, and whether that can stand in
 * the configuration file too. How many samples of which sockets, what of them and in which format
 * is said anew each time. */
#include "sockdash/options.h"
#include "sockdash/sampler.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONG_ONLY 256 /* values of options without a letter begin here */

/* Sets what an option says; false where its argument cannot be read, with `wanted` saying what
 * would be right. A switch may come without an argument, or with yes or no. */
typedef bool option_setter(struct options *o, const char *argument, const char **wanted);

struct option_row {
	int letter; /* or LONG_ONLY and above */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;     /* NULL: not in the help */
	option_setter *set;
	bool setting; /* can stand in the configuration file; its setter keeps no text */
};

bool options_read_real(const char *text, double min, double max, double *out)
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
	return options_read_real(
		argument, SAMPLER_INTERVAL_MIN, SAMPLER_INTERVAL_MAX, &o->interval_s);
}

static bool set_window(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "seconds, from 0 to 86400";
	return options_read_real(argument, 0, SAMPLER_INTERVAL_MAX, &o->tracker.window_s);
}

static bool set_cpu_limit(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "percent of one core, from 0.1 to 100";
	return options_read_real(argument, 0.1, 100, &o->cpu_limit);
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

static const char *const color_words[] = {
	[COLOR_AUTO] = "auto",
	[COLOR_ALWAYS] = "always",
	[COLOR_NEVER] = "never",
	NULL,
};

static bool set_color(struct options *o, const char *argument, const char **wanted)
{
	*wanted = "auto, always or never";
	for (unsigned i = 0; color_words[i]; i++) {
		if (strcmp(argument, color_words[i]) == 0) {
			o->color = (enum color)i;
			return true;
		}
	}
	return false;
}

/* "24" or "24,64". */
static bool set_prefix(struct options *o, const char *argument, const char **wanted)
{
	unsigned long bits[2] = { 0, 0 };
	const char *at = argument;
	char *end = NULL;

	*wanted = "bits of IPv4 addresses, from 0 to 32, and after a comma of IPv6, from 0 to 128";
	for (unsigned i = 0; i < 2; i++) {
		if (*at < '0' || *at > '9')
			return false;
		bits[i] = strtoul(at, &end, 10);
		if (*end != ',' || i)
			break;
		at = end + 1;
	}
	if (at == argument && bits[0])
		bits[1] = 64;
	if (*end || bits[0] > 32 || bits[1] > 128)
		return false;
	o->prefix4 = (uint8_t)bits[0];
	o->prefix6 = (uint8_t)bits[1];
	return true;
}

static bool set_source(struct options *o, const char *argument, const char **wanted)
{
	static const char tape[] = "tape:", synth[] = "synth";
	const size_t tape_len = sizeof tape - 1, synth_len = sizeof synth - 1;

	*wanted = "live, tape:FILE, synth or synth:WORD=N,...";
	o->tape = o->synth = NULL;
	o->plain = strcmp(argument, "live:plain") == 0;
	if (o->plain || strcmp(argument, "live") == 0)
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

static bool read_switch(const char *argument, bool *out, const char **wanted)
{
	*wanted = "yes or no";
	*out = !argument || strcmp(argument, "yes") == 0;
	return *out || strcmp(argument, "no") == 0;
}

/* Like a switch, but what is locked stays locked. */
static bool set_secure(struct options *o, const char *argument, const char **wanted)
{
	bool secure = false, understood = read_switch(argument, &secure, wanted);

	o->secure |= secure;
	return understood;
}

static void set_output(struct options *o, enum output output)
{
	o->two_outputs |= o->output != OUTPUT_TEXT && o->output != output;
	o->output = output;
}

#define SETTER(name, statement)                                                                    \
	static bool name(struct options *o, const char *argument, const char **wanted)             \
	{                                                                                          \
		(void)argument;                                                                    \
		(void)wanted;                                                                      \
		statement;                                                                         \
		return true;                                                                       \
	}
#define SWITCH(name, member)                                                                       \
	static bool name(struct options *o, const char *argument, const char **wanted)             \
	{                                                                                          \
		return read_switch(argument, &o->member, wanted);                                  \
	}
SETTER(set_json, set_output(o, OUTPUT_JSON))
SETTER(set_csv, set_output(o, OUTPUT_CSV))
SETTER(set_sort, o->sort = argument)
SETTER(set_columns, o->columns = argument)
SWITCH(set_processes, processes)
SWITCH(set_all, all)
SWITCH(set_resolve, resolve)
SWITCH(set_events, events)
SETTER(set_tcp, o->protocols |= 1u << SOCK_TCP)
SETTER(set_udp, o->protocols |= 1u << SOCK_UDP)
SETTER(set_ipv4, o->ipv4 = true)
SETTER(set_ipv6, o->ipv6 = true)
SWITCH(set_no_header, no_header)
SWITCH(set_ascii, ascii)
SWITCH(set_mouse, mouse)
SETTER(set_anonymize, o->anonymize = true)
SETTER(set_config, o->config = argument)
SETTER(set_debug, o->debug = argument)
SETTER(set_version, o->version = true)
SETTER(set_help, o->help = true)

static const struct option_row rows[] = {
	{ 'd', "interval", "SECONDS", "time between samples (default 2, at least 0.1)",
		set_interval, true },
	{ 'n', "count", "N", "stop after N samples (commands: 1 unless told)", set_count, false },
	{ 'w', "window", "SECONDS", "how long to observe before speaking (default 3)", set_window,
		true },
	{ LONG_ONLY + 6, "cpu-limit", "PERCENT", "most CPU to take, in % of one core (default 10)",
		set_cpu_limit, true },
	{ 'j', "json", NULL, "one JSON document per sample, each on a line", set_json, false },
	{ LONG_ONLY, "csv", NULL, "CSV with a header line", set_csv, false },
	{ 's', "sort", "FIELD", "sort by a field; -FIELD for largest first", set_sort, false },
	{ 'c', "columns", "LIST", "fields to print, separated by commas", set_columns, false },
	{ 'p', "processes", NULL, "sockets: the processes that own them, too", set_processes,
		true },
	{ 'r', "resolve", NULL, "names of hosts and services in place of numbers", set_resolve,
		true },
	{ LONG_ONLY + 20, "events", NULL, "count connections that end, also the shortest",
		set_events, true },
	{ 'a', "all", NULL, "all rows, also of what is as it should be", set_all, true },
	{ LONG_ONLY + 12, "prefix", "N[,M]", "peers: by so many bits of IPv4, IPv6 addresses",
		set_prefix, true },
	{ 't', "tcp", NULL, "TCP sockets only (default: both)", set_tcp, false },
	{ 'u', "udp", NULL, "UDP sockets only", set_udp, false },
	{ '4', "ipv4", NULL, "IPv4 sockets only (default: both)", set_ipv4, false },
	{ '6', "ipv6", NULL, "IPv6 sockets only", set_ipv6, false },
	{ 'H', "no-header", NULL, "no header line", set_no_header, true },
	{ LONG_ONLY + 1, "color", "WHEN", "colours of the dashboard: auto, always, never",
		set_color, true },
	{ LONG_ONLY + 2, "ascii", NULL, "draw with ASCII characters only", set_ascii, true },
	{ LONG_ONLY + 11, "mouse", NULL, "clicks and wheel in the dashboard (yes; --mouse=no)",
		set_mouse, true },
	{ LONG_ONLY + 8, "secure", NULL, "only look: no actions, no files written", set_secure,
		true },
	{ LONG_ONLY + 4, "anonymize", NULL, "record: other names and addresses, for a bug report",
		set_anonymize, false },
	{ LONG_ONLY + 5, "source", "SOURCE", NULL, set_source, false },
	{ LONG_ONLY + 7, "config", "FILE", "settings, instead of ~/.config/sockdash/config",
		set_config, false },
	{ LONG_ONLY + 3, "debug", "FILE", "append a log of what goes on inside", set_debug, false },
	{ 'V', "version", NULL, "print the version", set_version, false },
	{ 'h', "help", NULL, "print this help", set_help, false },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static const struct option_row *find_row(int letter)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

static bool is_switch(const struct option_row *row)
{
	return row->setting && !row->argument;
}

/* The two forms getopt_long() wants, made from the table. */
static void make_tables(struct option longs[ROW_COUNT + 1], char shorts[2 * ROW_COUNT + 2])
{
	char *s = shorts;

	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument      ? required_argument
				   : is_switch(&rows[i]) ? optional_argument
							 : no_argument,
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

static void explain(char **argv, int got, struct buf *error)
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
}

void options_init(struct options *o)
{
	*o = (struct options){ .interval_s = 2, .cpu_limit = 10, .mouse = true };
	o->tracker.window_s = NAN;
	audit_settings_init(&o->tracker.audit);
}

int options_parse(int argc, char **argv, struct options *o, int *first_word, struct buf *error)
{
	struct option longs[ROW_COUNT + 1];
	char shorts[2 * ROW_COUNT + 2];
	int got, err = 0;

	make_tables(longs, shorts);
	opterr = 0;
	optind = 0;
	/* Goes on after what is wrong: the words behind it say whose answer that is. */
	while (optopt = 0, (got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = find_row(got);
		const char *wanted = "";

		if (row && row->set(o, optarg, &wanted))
			continue;
		if (!err && !row)
			explain(argv, got, error);
		else if (!err)
			buf_addf(error, "--%s: '%s' is not right; it takes %s", row->name, optarg,
				wanted);
		err = -EINVAL;
	}
	if (!err && o->two_outputs) {
		buf_adds(error, "--json and --csv are two formats; the output can have only one");
		err = -EINVAL;
	}
	if (!o->protocols)
		o->protocols = 1u << SOCK_TCP | 1u << SOCK_UDP;
	if (!o->ipv4 && !o->ipv6)
		o->ipv4 = o->ipv6 = true;
	*first_word = optind;
	return err;
}

int options_set(struct options *o, const char *name, const char *value, const char **wanted)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (!rows[i].setting)
			return -EPERM;
		return rows[i].set(o, value, wanted) ? 0 : -EINVAL;
	}
	return -ENOENT;
}

void options_list_settings(struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].setting)
			buf_addf(out, "%s%s", n++ ? ", " : "", rows[i].name);
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

/* What the argument is called in the help says what it is. */
static void describe_argument(const struct option_row *row, struct option_entry *out)
{
	static const char *const source_words[] = { "live", "tape:", "synth", NULL };
	static const struct {
		const char *argument;
		enum option_kind kind;
		const char *const *words;
	} kinds[] = {
		{ "FILE", OPTION_FILE, NULL },
		{ "FIELD", OPTION_FIELD, NULL },
		{ "LIST", OPTION_FIELDS, NULL },
		{ "WHEN", OPTION_WORDS, color_words },
		{ "SOURCE", OPTION_WORDS, source_words },
	};

	out->kind = OPTION_OTHER;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(row->argument, kinds[i].argument) != 0)
			continue;
		out->kind = kinds[i].kind;
		out->words = kinds[i].words;
	}
}

bool options_entry(size_t place, struct option_entry *out)
{
	static const char *const switch_words[] = { "yes", "no", NULL };
	const struct option_row *row;

	if (place >= ROW_COUNT)
		return false;
	row = &rows[place];
	*out = (struct option_entry){ .name = row->name, .help = row->help };
	if (row->letter < LONG_ONLY)
		out->letter = (char)row->letter;
	if (row->argument) {
		describe_argument(row, out);
	} else if (is_switch(row)) {
		out->kind = OPTION_SWITCH;
		out->words = switch_words;
	}
	return true;
}

const struct columns *options_columns(const struct options *o, const struct table *t)
{
	for (size_t i = 0; i < table_count && i < OPTIONS_VIEWS; i++)
		if (tables[i] == t && o->views[i].count)
			return &o->views[i];
	return NULL;
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
