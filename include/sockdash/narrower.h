/* narrower: a thread that narrows big samples by the filter of the screen, so that no key waits for
 * it. */
#ifndef SOCKDASH_NARROWER_H
#define SOCKDASH_NARROWER_H

#include "sockdash/shown.h"

struct narrower;

/* Starts the thread. 0 or -errno. */
int narrower_start(struct narrower **out);

/* Ends the thread, which leaves its work where it is. NULL is fine. */
void narrower_stop(struct narrower *n);

/* A descriptor that is readable when narrower_take() has something, and until it says that it has
 * nothing. */
int narrower_fd(const struct narrower *n);

/* What is wished for now, with everything borrowed; NULL: nothing. To be told as often as one likes.
 * What is being made goes on where it is made in the way that is wished, whatever newer sample that
 * is of, so that something comes now and then however fast samples do; else it is left. */
void narrower_wish(struct narrower *n, const struct narrow_job *wish);

/* What was made and not taken yet, the caller's to drop. False where there is none. */
bool narrower_take(struct narrower *n, struct narrow_job *made);

#endif
