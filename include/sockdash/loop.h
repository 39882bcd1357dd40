/* loop: the event loop of the dashboard. */
#ifndef SOCKDASH_LOOP_H
#define SOCKDASH_LOOP_H

#include "sockdash/app.h"
#include "sockdash/sampler.h"
#include "sockdash/terminal.h"

/* Signals that the loop handles. They must be blocked before any thread begins. */
void loop_block_signals(void);

/* Lets them do what they did before. */
void loop_restore_signals(void);

/* Runs until the user quits, a signal ends it, or `count` whole samples were shown (0: no end). 0
 * or -errno; the terminal has been left in every case. *ended_by gets the signal that ended it, or
 * 0. */
int loop_run(struct app *a, struct sampler *sampler, struct terminal *terminal, bool ascii,
	uint64_t count, int *ended_by);

#endif
