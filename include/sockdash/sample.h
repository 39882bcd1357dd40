/* sample: a sealed frame and the tables that follow from it and from the frames before it: states,
 * listeners, processes, CLOSE-WAIT growth. Samples are immutable and shared by counting references,
 * so the screen can keep one while the next is made. */
#ifndef SOCKDASH_SAMPLE_H
#define SOCKDASH_SAMPLE_H

#include "sockdash/frame.h"

/* A rate or a share is NAN, a difference SAMPLE_UNKNOWN, where it is not known (first sample,
 * counter missing). */
#define SAMPLE_UNKNOWN INT64_MIN

/* The last values of a series, oldest first, for a sparkline. */
#define TREND_POINTS 16
struct trend {
	uint32_t values[TREND_POINTS];
	uint32_t count;
};

struct state_row {
	uint8_t proto, state;
	uint32_t count;
	double percent; /* of the sockets of this protocol */
	int64_t delta;
	double in_rate, out_rate; /* sockets that entered and left the state, by identity */
};

/* One listening TCP socket or UDP socket without a peer. */
struct listener_row {
	uint32_t sock;                               /* row of the frame */
	uint32_t conns, estab, close_wait, syn_recv; /* of its address and port (TCP) */
	int64_t delta;                               /* of conns */
	double drops_rate;
	struct trend queue; /* of the accept queue */
};

/* One process that holds sockets, or of which some linger; the last rows may be those without. */
enum proc_row_kind {
	PROC_ROW_PROCESS,
	PROC_ROW_NONE, /* sockets that belong to no process: not accepted yet, orphans, TIME-WAIT */
	PROC_ROW_HIDDEN,  /* sockets with an owner that we cannot see */
	PROC_ROW_BRIEF,   /* sockets that were closed before their owner was found */
	PROC_ROW_PENDING, /* sockets whose owner is still being looked for */
	PROC_ROW_KINDS,
};

struct proc_row {
	enum proc_row_kind kind;
	uint32_t proc;                     /* row of the frame, for PROC_ROW_PROCESS */
	uint32_t states[SOCK_STATE_COUNT]; /* TCP sockets it holds, by state */
	uint32_t conns;                    /* TCP it holds but LISTEN and TIME-WAIT */
	uint32_t udp;
	uint32_t lingering;              /* FIN-WAIT, CLOSING, LAST-ACK that it has closed */
	uint32_t time_wait;              /* TIME-WAIT that it has left behind */
	int64_t delta;                   /* of conns */
	double opened_rate, closed_rate; /* connections got and let go */
};

/* One process with CLOSE-WAIT sockets, or those without a process we can see. */
struct leak_row {
	enum proc_row_kind kind;
	uint32_t proc; /* row of the frame, for PROC_ROW_PROCESS */
	uint32_t close_wait;
	uint32_t causes[SOCK_WAIT_CAUSES];
	double growth;            /* sockets per second over the window */
	double in_rate, out_rate; /* entering and leaving over the window */
	bool oldest_at_least;     /* its age is a lower bound */
	double oldest;            /* seconds; NAN if no age is known */
	double exhaustion; /* seconds until the descriptors run out; NAN when it does not grow */
	struct trend trend;
};

/* What the header lines show. */
struct sample_totals {
	uint32_t sockets[SOCK_PROTO_COUNT];
	double in_rate, out_rate; /* connections accepted and begun, from the kernel's counters */
	double closed_rate;       /* connections that ended */
	double reset_rate;        /* RSTs sent */
	double retrans_percent;   /* of the segments sent */
	double drop_rate;         /* connections dropped at listeners */
	int64_t mem, mem_limit;   /* COUNTER_UNKNOWN */
};

struct sample {
	struct frame *frame;
	uint64_t serial;   /* from 1, another one for each sample of a tracker */
	double interval_s; /* since the sample before; NAN for the first */
	double window_s;   /* that the growth covers so far */
	double least_s;    /* seconds until the next, at least, by the CPU limit; 0: no limit */
	struct sample_totals totals;
	struct state_row *states;
	uint32_t state_count;
	struct listener_row *listeners;
	uint32_t listener_count;
	struct proc_row *procs;
	uint32_t proc_count;
	struct leak_row *leaks;
	uint32_t leak_count;
	unsigned references; /* atomic */
};

/* Whether the CPU limit makes an interval noticeably longer than wished. */
static inline bool sample_is_held(const struct sample *s, double interval_s)
{
	return s->least_s > interval_s * 1.05;
}

struct sample *sample_get(struct sample *s);
void sample_put(struct sample *s); /* NULL is fine */

/* Whether nobody but the caller keeps it: putting it frees it. */
bool sample_is_last(const struct sample *s);

/* ---- Making samples -------------------------------------------------------------------------- */

/* What is remembered from sample to sample. */
struct tracker;

/* `window_s`: how far growth looks back at least (never over fewer than three intervals once they
 * are there). NULL without memory. */
struct tracker *tracker_create(double window_s);
void tracker_destroy(struct tracker *t);

/* Makes the next sample from a frame, which it takes (also on error). The caller owns one reference
 * to *out. 0 or -ENOMEM. */
int tracker_step(struct tracker *t, struct frame *frame, struct sample **out);

/* The frame of the last sample that was not preliminary, to compare the next with, or NULL. */
const struct frame *tracker_previous(const struct tracker *t);

#endif
