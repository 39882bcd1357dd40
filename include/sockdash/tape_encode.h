/* tape_encode: what the parts of the encoder share. Nobody else includes this. */
#ifndef SOCKDASH_TAPE_ENCODE_H
#define SOCKDASH_TAPE_ENCODE_H

#include "sockdash/tape_codec.h"

/* A section that is left out where it says nothing, unless that is for want of memory. */
void tape_add_section_if_any(struct buf *out, enum tape_section type, const struct buf *bytes);

/* "n rows as before, from there on; m new rows": told whenever the next run begins. */
struct tape_runs {
	uint32_t from, copied; /* the run that is open */
	uint32_t expected;     /* row before that would go on where the last run ended */
	uint32_t fresh;
	struct buf rows; /* the new rows of the open run; its user frees it */
};

/* Row `was` of the frame before is the next one. */
void tape_run_copy(struct tape_runs *r, uint32_t was, struct buf *out);

/* Ends the run that is open, if any. */
void tape_run_end(struct tape_runs *r, struct buf *out);

/* Appends the section RESETS, if there are any. `proc_was` has the rows of processes, now → before,
 * or SOCK_NONE. Failure is that of `out`. */
void tape_add_resets(struct buf *out, const struct frame *cur, const struct frame *prev,
	const uint32_t *proc_was);

#endif
