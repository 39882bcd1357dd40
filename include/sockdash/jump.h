/* jump: words for a place in a recording. */
#ifndef SOCKDASH_JUMP_H
#define SOCKDASH_JUMP_H

#include "sockdash/feed.h"

/* Reads where to go from a sample taken at `wall_ns`, which is `position->number`:
 *
 *	10:53, 10:53:07                     that time on its day
 *	2026-11-22 10:53, ...T10:53:07      local time
 *	+90, -90s, +5m, -1h, +2d            so much later or earlier
 *	50%                                 of the samples
 *	#12                                 the sample of that number
 *
 * Sets step or jump of *out. 0, or -EINVAL for anything else. */
int jump_parse(const char *text, int64_t wall_ns, const struct feed_position *position,
	struct feed_control *out);

#endif
