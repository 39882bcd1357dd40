/* sample: a sealed frame and the tables that follow from it and from the frames before it: states,
 * listeners, processes, what piles up, what the kernel counts, findings. Samples are immutable and shared by counting references,
 * so the screen can keep one while the next is made. */
#ifndef SOCKDASH_SAMPLE_H
#define SOCKDASH_SAMPLE_H

#include "sockdash/audit.h"
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
	uint32_t syn_again; /* of syn_recv: the answer to the SYN was sent more than once */
	int64_t delta;      /* of conns */
	uint64_t ended;     /* connections that did since the sample before, where that is known */
	double drops_rate;
	double drops_window; /* the same over the window */
	double full_share;   /* of the last seconds in which the accept queue was full, 0 to 1 */
	struct trend queue;  /* of the accept queue */
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

/* What piles up: sockets that should soon go on to another state, or whose queue should move. */
enum pile {
	PILE_CLOSE_WAIT, /* the peer has closed, the process has not */
	PILE_FIN_WAIT_2, /* we have closed, the peer has not */
	PILE_LAST_ACK,   /* both have closed, the peer does not acknowledge */
	PILE_SYN_SENT,   /* the peer does not answer */
	PILE_RECV_Q,     /* established, data that the process does not read */
	PILE_SEND_Q,     /* established, data that the peer does not take */
	PILES,
};

/* "CLOSE-WAIT", "FIN-WAIT-2"... "RECV-Q", "SEND-Q". */
const char *pile_name(enum pile pile);

/* What becomes of a pile; each is worse than those before it. */
enum verdict {
	VERDICT_OK,       /* they come and go */
	VERDICT_DRAINING, /* there are fewer and fewer */
	VERDICT_SLOW,     /* they leave, but late */
	VERDICT_STUCK,    /* old ones stay, no more come */
	VERDICT_LEAK,     /* they stay, and more come */
	VERDICTS,
};

/* "ok", "draining", "slow", "stuck", "leak". */
const char *verdict_name(enum verdict verdict);

/* One pile of one process, or of the sockets without a process we can see. */
struct leak_row {
	enum proc_row_kind kind;
	uint32_t proc; /* row of the frame, for PROC_ROW_PROCESS */
	enum pile pile;
	uint32_t count;                    /* sockets in it */
	uint32_t causes[SOCK_WAIT_CAUSES]; /* CLOSE-WAIT */
	uint32_t resets;  /* CLOSE-WAIT: more that the process holds, but the kernel has reset */
	uint64_t bytes;   /* RECV-Q, SEND-Q: in these queues */
	uint32_t overdue; /* of them there for longer than is usual here */
	double usual;     /* that time in seconds; NAN not known yet */
	double growth;    /* sockets per second: a leak: that stay; else all, over the window */
	double in_rate, out_rate; /* entering and leaving, over the window */
	bool oldest_at_least;     /* its age is a lower bound */
	double oldest;            /* seconds; NAN if no age is known */
	double exhaustion; /* seconds until the descriptors run out; NAN when it does not grow */
	enum verdict verdict;
	bool preliminary;  /* the verdict may still become another: there is little evidence */
	double since;      /* seconds that this has been so; NAN */
	const char *peer;  /* the busiest remote end: an address, with the port they share; "" */
	const char *local; /* the busiest local end, likewise */
	uint32_t peer_count, local_count; /* sockets of these ends */
	struct trend trend;
	const uint32_t *socks; /* rows of the frame: those of them that are in the dump */
	uint32_t sock_count;
};

/* How many ports of the ephemeral range are taken between an address of this host and a service
 * elsewhere. */
struct port_row {
	uint32_t sock; /* row of the frame: one of them */
	uint32_t used; /* in all states, TIME-WAIT too */
	uint32_t time_wait;

	/* In the table of all of them alone. */
	uint32_t proc;         /* the process that takes most, or SOCK_NONE */
	uint32_t proc_used;    /* how many that takes */
	double rate;           /* connections begun */
	const uint32_t *socks; /* rows of the frame: those that are used */
};
#define PORT_ROWS_MAX 16

/* A remote address, or those that have a prefix in common. Most have one socket: what there is to
 * say of these is asked of that (peer_sums_of()), so that a million of them take little. */
struct peer_row {
	uint32_t sock; /* row of the frame: one of its sockets; SOCK_NONE: has none, but... */
	const struct ended_row *brief; /* ...connections that ended, in the frame; else NULL */
	uint32_t sums;                 /* of the sample; SOCK_NONE: it has that socket alone */
	bool is_ours;                  /* that one: somebody listens on its local port */
	uint32_t opened, closed;       /* connections, since the sample before */
	uint64_t ended;                /* those that did, also the shortest, where that is known */
};

struct peer_sums {
	uint64_t recv_q, send_q;
	uint32_t socks; /* of all protocols, in all states */
	uint32_t conns, estab, close_wait, syn_sent, syn_recv, closing, time_wait, udp;
	uint32_t in;                      /* of conns, to a port that listens */
	uint32_t procs, proc, proc_socks; /* that have them; the busiest, or SOCK_NONE */
	uint32_t in_port, out_port;       /* the busiest of those that came in, and of the others;
	                                      SOCK_NONE */
};

/* One line of what the kernel counts: a counter, or something that has a limit. */
struct kernel_row {
	uint32_t item;  /* of kernel_items[] */
	double value;   /* the counter, or how much of the limit is taken; NAN */
	double rate;    /* per second since the sample before; NAN */
	double highest; /* of the rates since we look, of a gauge: of its values; NAN */
	double limit;   /* NAN: has none */
	double percent; /* of the limit; of a counter: of its whole in this interval; NAN */
	bool calm; /* has not moved and was not near its limit since we look, or means nothing */
};

/* One thing that the audit found, or (severity SEVERITY_OK, SEVERITY_UNKNOWN) a rule that found
 * nothing, or that could not be checked. Texts live as long as the sample, "" none. */
struct finding {
	const struct audit_rule *rule;
	enum severity severity;
	uint64_t identity;    /* of rule and subject, the same in every sample */
	double since;         /* seconds that it has been so, as far as is known; NAN */
	bool since_at_least;  /* it was so when we began to look */
	const char *subject;  /* process, listener, destination */
	const char *evidence; /* in numbers */
	const char *advice;   /* what it means and what to do */
	const char *command;  /* to look closer, or to change it */
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
	double ports_percent;     /* of the ephemeral ports, to the busiest destination */
};

struct sample {
	struct frame *frame;
	uint64_t
		serial; /* from 1, another one for each sample of a tracker, and each narrowed one */
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
	/* Piles that call for attention and all of CLOSE-WAIT, then the others. */
	struct leak_row *leaks;
	uint32_t leak_count, leak_shown; /* all, and the first that are shown unless asked */
	uint32_t *leak_socks;            /* the sockets of all of them */
	struct port_row *ports;          /* the busiest, in this order; at most PORT_ROWS_MAX */
	uint32_t port_count;
	struct port_row *port_rows; /* all, in any order, where they were asked for */
	uint32_t port_row_count;
	uint32_t *port_socks;   /* the sockets of all of them */
	double port_capacity;   /* ephemeral ports between two addresses; NAN not known */
	struct peer_row *peers; /* in any order, where they were asked for */
	uint32_t peer_count;
	struct peer_sums *peer_sums;
	uint8_t prefix4, prefix6;  /* bits of an address that make a peer; 0: all of them */
	bool peers_compared;       /* it is known how many connections were opened and closed */
	struct kernel_row *kernel; /* those that are not calm, then the others */
	uint32_t kernel_count, kernel_shown;
	struct finding *findings; /* the worst first; then the rules without one */
	uint32_t finding_count, finding_shown;
	/* Of each counter, over the window; NAN not known. */
	double counter_rates[COUNTER_COUNT];
	struct arena texts;
	unsigned references; /* atomic */

	/* Made anew from another one (narrow.h), else NULL: the sample of which this is a part (a
	 * reference). It has the same frame; tables that are no different are borrowed from it. */
	struct sample *whole;
	uint32_t *selected; /* rows of the frame, in their order; NULL: all of them */
	uint32_t selected_count;
	uint64_t *is_selected; /* the same as a bitmap */
};

/* Sockets of a sample, the selected ones where it is narrowed, and the row in the frame of the
 * n-th of them. */
static inline uint32_t sample_sock_count(const struct sample *s)
{
	return s->selected ? s->selected_count : s->frame->sock_count;
}

static inline uint32_t sample_sock_row(const struct sample *s, uint32_t n)
{
	return s->selected ? s->selected[n] : n;
}

/* Whether the socket in a row of the frame is one of them. */
static inline bool sample_has_sock(const struct sample *s, uint32_t row)
{
	return !s->selected || (s->is_selected[row / 64] >> row % 64 & 1);
}

/* A text that lives as long as the sample, which is still being made; NULL without memory. */
const char *sample_text(struct sample *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same: an end of a socket, as ss prints it: 10.0.0.1:443, [::1]:443, *:443. */
const char *sample_endpoint(struct sample *s, const struct sock *sock, bool local);

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

struct tracker_settings {
	/* How far growth looks back at least (never over fewer than three intervals once they are
	 * there). */
	double window_s;
	struct audit_settings audit;
};

/* NULL without memory. */
struct tracker *tracker_create(const struct tracker_settings *settings);
void tracker_destroy(struct tracker *t);

/* Makes the next sample from a frame, which it takes (also on error). The caller owns one reference
 * to *out. 0 or -ENOMEM. */
int tracker_step(struct tracker *t, struct frame *frame, struct sample **out);

/* The frame of the last sample that was not preliminary, to compare the next with, or NULL. */
const struct frame *tracker_previous(const struct tracker *t);

#endif
