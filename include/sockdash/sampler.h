/* sampler: the thread that runs a source and makes samples of its frames. Whoever shows them only
 * ever borrows finished ones. */
#ifndef SOCKDASH_SAMPLER_H
#define SOCKDASH_SAMPLER_H

#include "sockdash/sample.h"
#include "sockdash/source.h"

/* Seconds between samples. */
#define SAMPLER_INTERVAL_MIN 0.1
#define SAMPLER_INTERVAL_MAX 86400.0

struct sampler_settings {
	struct source_request request;
	double interval_s;
	double window_s; /* of the growth */
};

struct sampler;

/* Starts sampling at once: first a preliminary sample without owners, then whole ones at the
 * interval. Takes the source, also on error. 0 or -errno. */
int sampler_start(
	struct source *source, const struct sampler_settings *settings, struct sampler **out);

/* Ends the thread and closes the source. NULL is fine. False, and nothing freed, where the
 * thread does not come back within a second (it hangs in the kernel, or in asking for a name):
 * the caller must end the process. */
bool sampler_stop(struct sampler *s);

/* A descriptor that is readable when sampler_take() has something. */
int sampler_fd(const struct sampler *s);

/* The newest sample that was not taken yet (the caller's reference), or NULL. *error, if given,
 * gets the -errno of a sample that failed since the last call, else 0. */
struct sample *sampler_take(struct sampler *s, int *error);

void sampler_set_interval(struct sampler *s, double interval_s);
void sampler_pause(struct sampler *s, bool paused);

/* Samples once now, also while paused. */
void sampler_now(struct sampler *s);

#endif
