/* options: the command line, through one table. */
#ifndef SOCKDASH_OPTIONS_H
#define SOCKDASH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/buf.h"
#include "sockdash/sample.h"
#include "sockdash/source.h"

#define SOCKDASH_VERSION "0.1.0"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	double interval_s;
	uint64_t count;                  /* 0: not given */
	struct tracker_settings tracker; /* window_s: NAN where it is not given */
	double cpu_limit;                /* percent of one core */
	enum output output;
	const char *sort, *columns; /* NULL: the table's own */
	bool processes;             /* sockets: with their owners */
	bool all;                   /* the rows of a view that are left out otherwise, too */
	unsigned protocols;         /* bit 1 << enum sock_proto */
	bool ipv4, ipv6;
	bool no_header;
	bool ascii;
	enum color color;
	const char *debug; /* file, or NULL */
	const char *tape;  /* to read instead of the kernel, "-" standard input; or NULL */
	const char *synth; /* the words of a made-up server; or NULL */
	bool anonymize;
	bool help, version;
};

/* Reads options, which may stand anywhere before "--"; the words that are not options are moved to
 * the end of argv and *first_word gets the index of the first. 0, or -EINVAL with a sentence in
 * `error`. */
int options_parse(int argc, char **argv, struct options *out, int *first_word, struct buf *error);

/* The lines of the help that list all options. */
void options_help(struct buf *out);

/* What samples are made with; a window of `standard_s` seconds where none is given. */
struct tracker_settings options_tracker(const struct options *o, double standard_s);

/* What of a request the options decide. */
struct source_request options_request(const struct options *o, unsigned needs);

#endif
