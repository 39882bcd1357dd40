/* live_filter: a filter on its way to the kernel, which tells only what it may select. Part of the
 * live source. */
#ifndef SOCKDASH_LIVE_FILTER_H
#define SOCKDASH_LIVE_FILTER_H

#include "sockdash/diag_filter.h"
#include "sockdash/filter.h"

struct live_filter {
	/* What this kernel can test, as far as it has not refused it yet. */
	enum diag_filter_level level;
	bool marks;
	/* Of the filter that was set last. */
	const struct filter *filter; /* a reference; NULL: all sockets */
	struct diag_cond *conds; /* and behind them two for those whose port was not named, too */
	uint32_t count;
	uint32_t states;    /* bit 1 << enum sock_state: asked for */
	uint16_t low, high; /* ports that the kernel gives; low > high: not known */
	/* Of the dumps since then: not all sockets were asked for, or not those in all states. */
	bool narrows, by_state;
};

void live_filter_init(struct live_filter *k);
void live_filter_free(struct live_filter *k);

/* Takes a filter (NULL: all) for the dumps of a frame whose counters are there and which may be the
 * only one. 0 or -ENOMEM. */
int live_filter_set(
	struct live_filter *k, const struct filter *filter, bool single, const struct frame *f);

/* States to ask for, of a protocol. */
uint32_t live_filter_states(struct live_filter *k, enum sock_proto proto);

/* The program for a dump of these states; or only of those sockets whose port bind() did not name. 0 or
 * -ENOMEM. */
int live_filter_compile(
	struct live_filter *k, uint32_t states, bool autobound, struct diag_program *out);

/* Whether the kernel has refused a program with this error; the next one asks for less. */
bool live_filter_refused(struct live_filter *k, const struct diag_program *p, int err);

#endif
