/* errands: a thread that does for the screen what only the kernel can, so that no key waits for it: it
 * looks at the sockets on the screen, destroys sockets and sends signals to processes. It works in
 * the network namespace in which it was started. */
#ifndef SOCKDASH_ERRANDS_H
#define SOCKDASH_ERRANDS_H

#include "sockdash/looks.h"

enum errand_kind {
	ERRAND_NONE,
	ERRAND_DESTROY, /* the sockets */
	ERRAND_AIM,     /* at the processes, so that a signal later hits them and no others */
	ERRAND_SIGNAL,  /* to the processes that were aimed at */
};

/* A process: its pid, and when it was started. */
struct errand_target {
	uint32_t pid;
	uint64_t start;
	int aim; /* a descriptor; negative: -errno, there is none */
};

/* Something to do once, and what came of it. */
struct errand {
	enum errand_kind kind;
	struct sock_id *socks;         /* malloc'ed, DESTROY */
	struct errand_target *targets; /* malloc'ed, the others */
	uint32_t count, room;
	int signal;

	uint32_t done;        /* sockets destroyed, processes aimed at, signals sent */
	uint32_t gone;        /* were not there any more */
	uint32_t denied;      /* that takes a privilege */
	uint32_t unsupported; /* this kernel cannot do it */
	uint32_t failed;      /* by any other error */
	int error;            /* 0, or the last of these, or why all ended early: -errno */
	bool cancelled;
};

/* More processes are not aimed at in one errand: each takes a descriptor. */
#define ERRAND_TARGETS_MAX 500

/* Takes what an errand has, aims too. */
void errand_free(struct errand *e);

/* Counts what became of one socket or process: 0 or -errno. */
void errand_count(struct errand *e, int error);

struct errands;

/* Starts the thread. 0 or -errno. */
int errands_start(struct errands **out);

/* Ends the thread; what it has not done is left. NULL is fine. */
void errands_stop(struct errands *e);

/* A descriptor that is readable when there are looks, results or progress to take. */
int errands_fd(const struct errands *e);

/* Looks once at some sockets, and takes the list; one that was not begun is left for it. */
void errands_look(struct errands *e, struct looks_wish *wish);

/* The newest looks that were not taken yet (the caller's), or NULL. */
struct looks *errands_take_looks(struct errands *e);

/* Takes something to do, behind which nothing else waits: one at a time. */
void errands_do(struct errands *e, struct errand *errand);

/* Ends what is being done; the result comes soon. */
void errands_cancel(struct errands *e);

/* What came of it, the caller's now. False where it is not done yet, or there is nothing; then
 * *progress is how much of it is. */
bool errands_take(struct errands *e, struct errand *out, uint32_t *progress);

#endif
