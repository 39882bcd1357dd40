/* synth_tell: how a made-up server at one time looks in a frame: its sockets as the kernel would
 * tell them, and the processes that own them. */
#ifndef SOCKDASH_SYNTH_TELL_H
#define SOCKDASH_SYNTH_TELL_H

#include <stdatomic.h>

#include "sockdash/synth_plan.h"

/* One place for a connection; when that is gone another one comes. */
struct synth_slot {
	uint32_t generation;
	uint32_t biased : 28; /* since when it is in its state */
	uint32_t state : 4;   /* enum sock_state */
};

#define SYNTH_SINCE_BIAS (1 << 27) /* 155 days, either way */

/* SOCK_TIME unit. */
static inline int32_t synth_since(const struct synth_slot *slot)
{
	return (int32_t)slot->biased - SYNTH_SINCE_BIAS;
}

static inline void synth_slot_enter(struct synth_slot *slot, unsigned state, int32_t since)
{
	slot->state = state & 15u;
	slot->biased = (uint32_t)(since + SYNTH_SINCE_BIAS) & ((1u << 28) - 1);
}

/* The server at a time. */
struct synth_now {
	const struct synth_plan *plan;
	const struct synth_slot *slots; /* plan->slot_count of them */
	const atomic_bool *stop;
	uint64_t seed, step; /* what chance follows from */
	int64_t elapsed_ms;
	int32_t time; /* SOCK_TIME unit */
	/* At the crowded listener: its turns are numbered from 1, and each fills all seats. */
	uint64_t queue_turn;
	uint32_t arrived, accepted; /* in this turn */
	uint32_t drops;
	/* The burst: likewise. */
	uint64_t burst_turn;
	uint32_t opened, closed; /* in this turn */
	/* The leak. */
	uint32_t leaked;
	double leak; /* per second */
};

/* Adds the sockets, processes and owners that are asked for to an empty frame with a namespace.
 * `needs`: those of the request that count. 0, -ENOMEM, or -ECANCELED once *stop is set. */
int synth_tell(const struct synth_now *now, const struct source_request *request, unsigned needs,
	struct frame *f);

#endif
