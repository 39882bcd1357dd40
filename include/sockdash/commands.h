/* commands: what the program can be asked to do. Each answers the exit status. */
#ifndef SOCKDASH_COMMANDS_H
#define SOCKDASH_COMMANDS_H

#include "sockdash/filter.h"
#include "sockdash/options.h"
#include "sockdash/output.h"
#include "sockdash/rowset.h"
#include "sockdash/tape.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Writes "sockdash: ..." and a newline to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* complain(), and where to find help. Answers EXIT_USAGE. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command that is no view. */
struct command {
	const char *name, *help;
	const char *wants;  /* what its next word is, as completions call it */
	bool of_recordings; /* may follow "replay FILE" */
};
extern const struct command commands[];
extern const size_t command_count;

/* "a, b, c": the names of all commands, of all tables, or of the fields of one. */
void list_commands(struct buf *out);
void list_tables(struct buf *out);
void list_fields(const struct table *t, struct buf *out);

/* Says what kept a frame from being whole, each time that this changes: `told` is what was said
 * last. */
void tell_problems(struct buf *told, const struct frame *f);

/* Makes a filter of words; NULL of none. Says what is wrong with them, and answers the exit status. */
int filter_of_words(int count, char **words, struct filter **out);

/* Where frames come from, as the options say. */
struct origin {
	struct source *source; /* NULL where `tape` is for the dashboard */
	struct tape *tape;     /* or NULL */
};

/* Opens it; says what is wrong where that fails, and answers the exit status. A tape's source does
 * not outlive it. */
int origin_open(const struct options *o, struct origin *out);
void origin_close(struct origin *g);

/* Says what of a tape is lost at its end. Answers the exit status. */
int origin_tell_end(const struct options *o, const struct origin *g);

/* Writes to standard output; an output_flush without context. */
int output_stdout(void *context, struct buf *b);

/* ---- Samples to print (watch.c) -------------------------------------------------------------- */

/* What a command wants of samples. */
struct watch {
	const struct options *options;
	unsigned needs; /* NEED_... */
	bool window;    /* observes before it speaks, unless it reads a tape */
	bool whole;     /* samples must have all sockets, also those that are not wanted */
	/* Prints a sample: 0 or -errno of the output. */
	int (*print)(void *context, const struct sample *s);
	void *context;
};

/* Takes samples and has as many printed as the options say. Says what went wrong; answers the exit
 * status: also EXIT_FAILED where the last sample had nothing of what was asked for. */
int watch_samples(const struct watch *w);

/* Whether that is more than one. */
bool watch_is_series(const struct options *o);

/* ---- Tables (cmd_table.c) -------------------------------------------------------------------- */

/* A view, and how it is not like others. */
struct table_command {
	const struct table *table;
	output_writer *text; /* instead of output_text() where no columns were chosen; or NULL */
	void (*add_members)(const struct sample *s, struct buf *b); /* of struct output_table */
	/* Looks at each sample that is to be printed; or NULL. */
	void (*look)(void *context, const struct sample *s);
	void *context;
};
int table_command_run(const struct table_command *c, const struct options *o);

/* ---- Commands -------------------------------------------------------------------------------- */

/* Writes samples to a file, or "-" for standard output: record. */
int cmd_record(const char *path, const struct options *o);

/* Prints one table: VIEW. */
int cmd_table(const struct table *t, const struct options *o);

/* Prints findings: audit. Answers one of its own exit statuses, for the worst of all samples. */
int cmd_audit(const struct options *o);

/* Prints one page with all that matters: report. */
int cmd_report(const struct options *o);

/* Opens the dashboard, on one table or (NULL) on all panes. */
int cmd_top(const struct table *t, const struct options *o);

/* Prints a script with which a shell completes our command lines: completions. */
int cmd_completions(const char *shell);

#endif
