/* problems: what a frame could not see, in words. */
#ifndef SOCKDASH_PROBLEMS_H
#define SOCKDASH_PROBLEMS_H

#include "sockdash/buf.h"
#include "sockdash/frame.h"

/* One sentence for each, in order of weight; answers how many were written to `out` (at most
 * `max`). The caller frees each. */
#define PROBLEMS_MAX (FRAME_PROBLEMS + 8)
size_t problems_of(const struct frame *f, struct buf out[PROBLEMS_MAX]);

#endif
