/* group: the tables of a sample, one file each. Called by the tracker in this order; each fills its
 * part of `s` from s->frame, compared with `prev` (NULL: nothing to compare with). 0 or -ENOMEM.
 * Those of states, listeners and processes look at the sockets of the sample alone, and so make the
 * tables of a narrowed one too. */
#ifndef SOCKDASH_GROUP_H
#define SOCKDASH_GROUP_H

#include "sockdash/kernel_items.h"
#include "sockdash/leak_members.h"
#include "sockdash/leak_memory.h"
#include "sockdash/sample.h"
#include "sockdash/series.h"

/* The row that a socket had in the sample before, or SOCK_NONE: it was not one of that. */
static inline uint32_t group_then(const struct sample *s, const struct sample *prev, uint32_t row)
{
	uint32_t then = prev ? s->frame->diff.previous[row] : SOCK_NONE;

	return then != SOCK_NONE && sample_has_sock(prev, then) ? then : SOCK_NONE;
}

int group_states(struct sample *s, const struct sample *prev);

/* What is remembered of listeners, by socket. */
struct listener_history {
	struct series_set queues; /* length of the accept queue */
	struct series_set drops;  /* counted since we watched it */
	struct series_set full;   /* milliseconds in which the accept queue was full */
};
int group_listeners(struct sample *s, const struct sample *prev, struct listener_history *history,
	int64_t window_ns);
/* The same for a narrowed sample: listeners that are in it, or have a connection in it, which alone
 * are counted. Queues, drops and trends are those of the whole. For any thread. */
int group_listeners_selected(struct sample *s, const struct sample *prev);
int listener_history_sweep(struct listener_history *h);
void listener_history_free(struct listener_history *h);
int group_procs(struct sample *s, const struct sample *prev);
/* What is remembered of the piles, by group_pile_key(). */
struct leak_history {
	struct series_set counts;      /* sockets in the pile */
	struct series_set entered;     /* sockets that ever entered it while we watched */
	struct series_set unseen;      /* descriptors that are no socket in the dump */
	struct series_set fds;         /* all descriptors */
	struct leak_members members;   /* the sockets */
	struct leak_memories memories; /* how long they stay */
	int64_t begun_ns, last_ns;     /* the first and the newest sample that we looked at */
	int64_t whole_ns;              /* the first since then that knew all owners; 0 none */
};
/* After group_procs(). */
int group_leaks(struct sample *s, const struct sample *prev, struct leak_history *history,
	int64_t window_ns);
/* Ends a round, of a sample that is not preliminary. 0 or -ENOMEM. */
int leak_history_sweep(struct leak_history *h, const struct sample *s);
void leak_history_free(struct leak_history *h);
void group_totals(struct sample *s, const struct sample *prev);

/* Who takes the ephemeral ports. After group_listeners(). */
int group_ports(struct sample *s, const struct sample *prev);

/* How many of them the busiest destination takes, and in percent; NAN not known. */
uint32_t group_ports_busiest(const struct sample *s);
double group_ports_percent(const struct sample *s);

/* The remote addresses; of a narrowed sample those of its sockets. Prefixes as in struct narrowing.
 * For any thread, after group_listeners(). */
int group_peers(struct sample *s, const struct sample *prev, uint8_t prefix4, uint8_t prefix6);

/* What there is to say of one of them. */
struct peer_sums peer_sums_of(const struct sample *s, uint32_t row);

/* The same in every sample. */
uint64_t peer_identity(const struct sample *s, uint32_t row);

/* What is remembered of the kernel's counters. */
struct kernel_history {
	struct series_set counters; /* by enum counter + 1 and the number of its resets */
	uint32_t resets[COUNTER_COUNT];
	double highest[KERNEL_ROWS_MAX]; /* of each item; NAN, once begun */
	bool begun;
};
int group_kernel(struct sample *s, const struct sample *prev, struct kernel_history *history,
	int64_t window_ns);

/* What is remembered of findings: since when they have been there. */
struct audit_history {
	struct audit_seen *seen;
	uint32_t count, room;
	uint32_t round;        /* samples that were audited */
	int64_t begun_ns;      /* time of the first */
	struct series_set fds; /* open descriptors, by process row, where they are many */
};
int group_findings(struct sample *s, const struct sample *prev, struct audit_history *history,
	const struct audit_settings *settings, int64_t window_ns);
void audit_history_free(struct audit_history *h);

/* The kind of row a socket without a visible owner belongs to. */
static inline enum proc_row_kind group_kind_without_owner(
	const struct frame *f, const struct sock *s)
{
	if (frame_is_pending(f, s))
		return PROC_ROW_PENDING;
	if (s->flags & SOCK_HIDDEN)
		return PROC_ROW_HIDDEN;
	return s->inode ? PROC_ROW_BRIEF : PROC_ROW_NONE;
}

/* Places for the rows of a frame: its processes, then the kinds without one. */
static inline uint32_t group_places(const struct frame *f)
{
	return f->proc_count + PROC_ROW_KINDS - 1;
}

static inline uint32_t group_place_without_owner(const struct frame *f, const struct sock *s)
{
	return f->proc_count + group_kind_without_owner(f, s) - 1;
}

static inline enum proc_row_kind group_kind_at(const struct frame *f, uint32_t place)
{
	return place < f->proc_count ? PROC_ROW_PROCESS
				     : (enum proc_row_kind)(place - f->proc_count + 1);
}

/* Identity of a process row across samples: of the process, or of the kind. */
static inline uint64_t group_proc_key(const struct frame *f, enum proc_row_kind kind, uint32_t proc)
{
	return kind == PROC_ROW_PROCESS ? hash_mix(f->procs[proc].pid, f->procs[proc].start)
					: (uint64_t)kind;
}

/* The same of a pile of such a row; never 0. */
static inline uint64_t group_pile_key(
	const struct frame *f, enum proc_row_kind kind, uint32_t proc, enum pile pile)
{
	uint64_t key = hash_mix(group_proc_key(f, kind, proc), (uint64_t)pile + 1);

	return key ? key : 1;
}

/* Whether all sockets of a row are in it: of a process whose descriptors were all looked at, or of no
 * process when the search for owners has come to its end. */
static inline bool group_is_whole(const struct frame *f, enum proc_row_kind kind, uint32_t proc)
{
	return kind == PROC_ROW_PROCESS ? !f->procs[proc].partial : f->owners_percent >= 100;
}

/* Whether sockets of a kind that are still without an owner (`pending` of them) may be those of any
 * process, and not only of those that have not been looked at. */
static inline bool group_is_searching(const struct frame *f, uint32_t pending)
{
	for (uint32_t i = 0; pending && i < f->proc_count; i++)
		if (f->procs[i].partial)
			return false;
	return pending;
}

/* A change per second; NAN where the interval is not known. */
static inline double group_rate(double change, double interval_s)
{
	return change / interval_s;
}

#endif
