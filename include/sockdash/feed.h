/* feed: who makes the samples that the dashboard shows, and when: a source at an interval, or a
 * recording at its own pace. No threads and no clocks: the time comes in. */
#ifndef SOCKDASH_FEED_H
#define SOCKDASH_FEED_H

#include "sockdash/sample.h"
#include "sockdash/source.h"

/* What the user wishes. The first part lasts, the second is for once. */
struct feed_control {
	double interval_s; /* between samples of a source */
	double cpu_limit;  /* percent of one core that a source's samples may take; 0: no limit */
	unsigned needs;    /* NEED_... of what is looked at; a recording has what it has */
	double speed;      /* recorded seconds in a second of ours */
	bool paused;
	bool narrowed; /* tables are made anew from samples (narrow.h): their diff stays */

	bool now;     /* a sample at once, also while paused */
	int32_t step; /* recordings: samples to go forward; negative: back */
	bool jump;    /* recordings: to the last sample not after `jump_ns` (since 1970) */
	int64_t jump_ns;
};

/* Where in a recording the sample is that was taken last. All 0: in none. */
struct feed_position {
	uint32_t number;  /* of the sample, from 1 */
	uint32_t count;   /* of samples so far */
	uint32_t damaged; /* samples at the end that cannot be read */
	uint64_t torn;    /* bytes at the end that are no whole sample */
	bool stream;      /* no way back but to what is remembered; more may come */
	bool ended;       /* the stream has */
};

struct feed;

struct feed_ops {
	/* When the next sample is due, in the time of `now_ns`; INT64_MAX: when it is asked for. */
	int64_t (*due)(struct feed *f, const struct feed_control *c, int64_t now_ns);
	/* Makes the sample that is due or asked for. *out is the caller's, NULL where there is
	 * nothing new. 0 or -errno. */
	int (*take)(
		struct feed *f, const struct feed_control *c, int64_t now_ns, struct sample **out);
	void (*cancel)(struct feed *f); /* makes take() in another thread come back soon */
	void (*close)(struct feed *f);
};

/* The beginning of every feed. */
struct feed {
	const struct feed_ops *ops;
	int wait_fd;    /* a sample may be due when this is readable; -1 none */
	int64_t cpu_ns; /* CPU time of the process so far: from whoever runs the feed, before each
			   due() and take() */
	struct feed_position position;
};

/* Whether something is asked for that does not wait for its time. */
static inline bool feed_is_asked(const struct feed_control *c)
{
	return c->now || c->step || c->jump;
}

static inline void feed_close(struct feed *f)
{
	if (f)
		f->ops->close(f);
}

/* How long what cost so much CPU time must last, to take no more than `cpu_limit` percent of one
 * core; 0 without a limit. */
int64_t feed_least_ns(int64_t cpu_ns, double cpu_limit);

/* Samples of a source every interval: the first at once, and before that, where owners are looked
 * at, a preliminary one without them. An interval is as long as the CPU limit wants it, from what
 * the process took for the last sample, its picture included. What is collected follows the
 * control's needs, not those of the request. `settings` are those of the samples. Takes the source,
 * also on error. 0 or -ENOMEM. */
int feed_open_source(struct source *source, const struct source_request *request,
	const struct tracker_settings *settings, struct feed **out);

struct tape;

/* The samples of a recording, from its first, at the pace they were taken. Steps and jumps show
 * what playing until there would have shown. Takes the tape, also on error. 0 or -ENOMEM. */
int feed_open_tape(struct tape *tape, const struct source_request *request,
	const struct tracker_settings *settings, struct feed **out);

#endif
