/* source: who fills a frame. The live kernel, a recording and a synthetic server are
 * interchangeable behind this contract. */
#ifndef SOCKDASH_SOURCE_H
#define SOCKDASH_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sockdash/frame.h"
#include "sockdash/needs.h"

struct filter;

/* What to collect. */
struct source_request {
	unsigned needs;           /* NEED_... */
	unsigned protocols;       /* bit 1 << enum sock_proto */
	bool ipv4, ipv6;          /* families */
	bool preliminary;         /* the frame is only for a first look: mark it so */
	double interval_s;        /* between frames, for a source that makes its own time */
	int64_t owners_budget_ns; /* CPU for looking for owners in this frame, more in the next;
				     0: all that it takes */
	/* Only sockets that it may select are wanted, NULL: all. A source may tell of more, and
	 * tells of all listeners where NEED_LISTENERS is asked for. */
	const struct filter *filter;
	bool single; /* the only frame: no other will be compared with it */
};

struct source;

struct source_ops {
	/* Makes the next frame, compared with `prev` (the frame before, or NULL; it is sealed and
	 * stays the caller's) and with what only `prev` knows carried over. *out is the caller's. 0
	 * or -errno: -ENOMEM, -ECANCELED after source_cancel(), -ENODATA after the last frame. What
	 * is missing is told in the frame, not here. */
	int (*next)(struct source *s, const struct source_request *request,
		const struct frame *prev, struct frame **out);
	void (*close)(struct source *s);
};

/* The beginning of every source. */
struct source {
	const struct source_ops *ops;
	bool own_time; /* its time is that of its frames: who only prints need not wait for it */
	atomic_bool cancelled;
};

static inline int source_next(struct source *s, const struct source_request *request,
	const struct frame *prev, struct frame **out)
{
	return s->ops->next(s, request, prev, out);
}

/* Makes a next() that runs in another thread come back soon. */
static inline void source_cancel(struct source *s)
{
	s->cancelled = true;
}

/* NULL is fine. */
static inline void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

/* The running kernel, seen from the calling thread's network namespace. Where `plain`, the kernel is
 * not asked to filter. 0 or -ENOMEM; a kernel without sock_diag is not an error but a problem told
 * in each frame. */
int source_open_live(bool plain, struct source **out);

#endif
