/* commands: what the program can be asked to do. Each answers the exit status. */
#ifndef SOCKDASH_COMMANDS_H
#define SOCKDASH_COMMANDS_H

#include "sockdash/options.h"
#include "sockdash/rowset.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Writes "sockdash: ..." and a newline to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* complain(), and where to find help. Answers EXIT_USAGE. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "a, b, c": the names of all tables, or of the fields of one. */
void list_tables(struct buf *out);
void list_fields(const struct table *t, struct buf *out);

/* Prints one table: VIEW. */
int cmd_table(const struct table *t, const struct options *o);

/* Opens the dashboard, on one table or (NULL) on all panes. */
int cmd_top(const struct table *t, const struct options *o);

#endif
