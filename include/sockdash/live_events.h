/* live_events: counts the connections that end, in a thread of its own, for they come faster than
 * samples are made. Part of the live source. */
#ifndef SOCKDASH_LIVE_EVENTS_H
#define SOCKDASH_LIVE_EVENTS_H

#include "sockdash/ended.h"
#include "sockdash/source.h"

struct live_events;

/* Room for so many bytes of events that were not read yet: 26,000 of them. */
#define LIVE_EVENTS_BUFFER ((size_t)16 << 20)

/* Begins to listen in the calling thread's network namespace, for the families that the request
 * wants. 0 or -errno. */
int live_events_open(const struct source_request *request, size_t buffer, struct live_events **out);

/* Ends the thread, which is at most some milliseconds. NULL is fine. */
void live_events_close(struct live_events *e);

/* What has been counted since the last call, also what the thread has not read yet. *out, which comes
 * empty, is the caller's. 0, or the -errno that has put an end to it. */
int live_events_take(struct live_events *e, struct ended *out);

/* Takes it back, to be counted with what comes next: nobody has seen it. */
void live_events_give_back(struct live_events *e, struct ended *counted);

#endif
