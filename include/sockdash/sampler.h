/* sampler: the thread that runs a feed. Whoever shows its samples only ever borrows finished
 * ones. */
#ifndef SOCKDASH_SAMPLER_H
#define SOCKDASH_SAMPLER_H

#include "sockdash/feed.h"

/* Seconds between samples. */
#define SAMPLER_INTERVAL_MIN 0.1
#define SAMPLER_INTERVAL_MAX 86400.0

struct sampler;

/* Starts taking samples at once, at a priority below that of the rest. Takes the feed, also on error. 0 or -errno. */
int sampler_start(struct feed *feed, const struct feed_control *control, struct sampler **out);

/* Ends the thread and closes the feed. NULL is fine. False, and nothing freed, where the thread
 * does not come back within a second (it hangs in the kernel, or in asking for a name): the caller
 * must end the process. */
bool sampler_stop(struct sampler *s);

/* A descriptor that is readable when sampler_take() has something. */
int sampler_fd(const struct sampler *s);

/* The newest sample that was not taken yet (the caller's reference), or NULL. *position gets where
 * it is in a recording, *error the -errno of a sample that failed since the last call, else 0. */
struct sample *sampler_take(struct sampler *s, struct feed_position *position, int *error);

/* What is wished from now on. What is for once adds up until it is done. */
void sampler_control(struct sampler *s, const struct feed_control *control);

#endif
