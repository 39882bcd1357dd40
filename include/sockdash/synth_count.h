/* synth_count: what the kernel of a made-up server has counted. */
#ifndef SOCKDASH_SYNTH_COUNT_H
#define SOCKDASH_SYNTH_COUNT_H

#include "sockdash/counters.h"
#include "sockdash/synth_tell.h"

/* What has happened to its connections since the first frame, and how many there are of each kind
 * now. */
struct synth_totals {
	uint64_t passive, active, resets, segments, retrans;
	uint32_t sockets;   /* as the description has them */
	uint32_t lingering; /* connections that this side has closed */
};

/* Fills all counters of a frame. None that only grows ever gets less. */
void synth_count(const struct synth_now *now, const struct synth_totals *totals,
	int64_t counters[COUNTER_COUNT]);

#endif
