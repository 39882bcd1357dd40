/* match: which row of the frame before is the same socket, found while the rows of a frame come in,
 * and which rows a dump has repeated.
 *
 * The kernel walks its table in the same order each time, so the row that comes is nearly always the
 * one behind the last match: no search, no index of a million keys. */
#ifndef SOCKDASH_MATCH_H
#define SOCKDASH_MATCH_H

#include "sockdash/frame.h"

struct match;

/* `prev` (NULL: there is none) must outlive the match. NULL without memory. */
struct match *match_create(const struct frame *prev);
void match_free(struct match *m); /* NULL is fine */

const struct frame *match_against(const struct match *m);

/* Takes the socket `s` of the frame `f` as its row number `next`, and the rows must come in that
 * order. *row gets `next`, or the row that has the same socket already, where that is known at
 * once. 0 or -ENOMEM. */
int match_add(
	struct match *m, const struct frame *f, const struct sock *s, uint32_t next, uint32_t *row);

/* When all are there: of sockets that several rows of `f` still have, the first row gets what the
 * last one tells, and the others go. To be called once. 0 or -ENOMEM. */
int match_finish(struct match *m, struct frame *f);

/* The socket of the frame before that probably comes next, or NULL. */
const struct sock *match_expected(const struct match *m);

/* Per row its row in the frame before, or SOCK_NONE: malloc'ed, the caller's from now on. Only with a
 * frame before, and once. */
uint32_t *match_take_previous(struct match *m);

/* Whether a row of the frame before is still there. */
bool match_is_kept(const struct match *m, uint32_t then);

#endif
