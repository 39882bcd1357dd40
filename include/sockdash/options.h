/* options: what can be set on the command line and, some of it, in the configuration file, through
 * one table. */
#ifndef SOCKDASH_OPTIONS_H
#define SOCKDASH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/buf.h"
#include "sockdash/rowset.h"
#include "sockdash/sample.h"
#include "sockdash/source.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define OPTIONS_VIEWS 16 /* no more tables than these */

struct options {
	double interval_s;
	uint64_t count;                  /* 0: not given */
	struct tracker_settings tracker; /* window_s: NAN where it is not given */
	double cpu_limit;                /* percent of one core */
	enum output output;
	bool two_outputs;           /* were asked for, which is refused */
	const char *sort, *columns; /* NULL: the table's own */
	/* Of each table in the order of `tables`, set in the configuration file; none: its own. */
	struct columns views[OPTIONS_VIEWS];
	bool processes;           /* sockets: with their owners */
	bool resolve;             /* names in place of numbers */
	bool events;              /* count connections that end, also the shortest */
	bool all;                 /* the rows of a view that are left out otherwise, too */
	uint8_t prefix4, prefix6; /* peers: bits by which they stand together; 0: not */
	unsigned protocols;       /* bit 1 << enum sock_proto */
	bool ipv4, ipv6;
	bool no_header;
	bool ascii;
	bool mouse; /* clicks and wheel are the dashboard's */
	enum color color;
	bool secure;           /* the dashboard only looks; once set it stays so */
	struct filter *filter; /* of the words; NULL: all sockets */
	const char *debug;     /* file, or NULL */
	const char *tape;      /* to read instead of the kernel, "-" standard input; or NULL */
	bool plain; /* the kernel is not asked to filter: to see whether that changes anything */
	const char *synth; /* the words of a made-up server; or NULL */
	bool anonymize;
	const char *config; /* file to read settings from, or NULL: the usual one */
	bool help, version;
};

/* All as it is where nothing is said. */
void options_init(struct options *o);

/* Reads options over those that are set already. They may stand anywhere before "--"; the words
 * that are not options are moved to the end of argv and *first_word gets the index of the first,
 * also where an option is wrong. Texts stay those of argv. 0, or -EINVAL with a sentence about the
 * first wrong one in `error`. May be called again with the same argv. */
int options_parse(int argc, char **argv, struct options *o, int *first_word, struct buf *error);

/* Sets what a line of the configuration file says; texts are not kept. 0; -EINVAL for a value that
 * cannot be read, with *wanted saying what would be right; -ENOENT for a name that is none, -EPERM
 * for that of an option that is for the command line only. */
int options_set(struct options *o, const char *name, const char *value, const char **wanted);

/* The columns that are set for a table, or NULL. */
const struct columns *options_columns(const struct options *o, const struct table *t);

/* Reads a number; false where it is none, or not between the two. */
bool options_read_real(const char *text, double min, double max, double *out);

/* "a, b, c": the names that options_set() takes. */
void options_list_settings(struct buf *out);

/* The lines of the help that list all options. */
void options_help(struct buf *out);

/* What an option takes, for who helps with typing it. */
enum option_kind {
	OPTION_PLAIN,  /* nothing */
	OPTION_SWITCH, /* nothing, or one of its words behind a "=" */
	OPTION_OTHER,  /* a number, a text */
	OPTION_FILE,
	OPTION_FIELD,
	OPTION_FIELDS, /* several, separated by commas */
	OPTION_WORDS,  /* one of its words */
};

struct option_entry {
	char letter; /* 0: it has none */
	const char *name;
	const char *help; /* NULL: not for everybody */
	enum option_kind kind;
	const char *const *words; /* the last one is NULL */
};

/* The entry in that place of the table; false behind the last one. */
bool options_entry(size_t place, struct option_entry *out);

/* What samples are made with; a window of `standard_s` seconds where none is given. */
struct tracker_settings options_tracker(const struct options *o, double standard_s);

/* What of a request the options decide. */
struct source_request options_request(const struct options *o, unsigned needs);

#endif
