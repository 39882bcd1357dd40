/* naming: names for what a command prints. */
#ifndef SOCKDASH_NAMING_H
#define SOCKDASH_NAMING_H

#include "sockdash/rowset.h"

struct naming;

/* Says what is wrong where that fails, and answers the exit status. */
int naming_open(struct naming **out);
void naming_close(struct naming *n); /* NULL is fine */

/* Finds the names of all addresses in these columns, as far as they come within some seconds, and
 * shows them in the rows: what has none stays a number. */
void naming_find(struct naming *n, const struct columns *columns, struct rowset *rows);

#endif
