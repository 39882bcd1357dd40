/* commands: what the program can be asked to do. Each answers the exit status. */
#ifndef SOCKDASH_COMMANDS_H
#define SOCKDASH_COMMANDS_H

#include "sockdash/options.h"
#include "sockdash/rowset.h"
#include "sockdash/tape.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Writes "sockdash: ..." and a newline to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* complain(), and where to find help. Answers EXIT_USAGE. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "a, b, c": the names of all tables, or of the fields of one. */
void list_tables(struct buf *out);
void list_fields(const struct table *t, struct buf *out);

/* Says what kept a frame from being whole, each time that this changes: `told` is what was said
 * last. */
void tell_problems(struct buf *told, const struct frame *f);

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

/* Writes samples to a file, or "-" for standard output: record. */
int cmd_record(const char *path, const struct options *o);

/* Prints one table: VIEW. */
int cmd_table(const struct table *t, const struct options *o);

/* Opens the dashboard, on one table or (NULL) on all panes. */
int cmd_top(const struct table *t, const struct options *o);

#endif
