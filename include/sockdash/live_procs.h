/* live_procs: the processes of this host and their descriptors, as they were last looked at, and
 * the few looks that bring them up to date. Part of the live source. */
#ifndef SOCKDASH_LIVE_PROCS_H
#define SOCKDASH_LIVE_PROCS_H

#include <stdatomic.h>

#include "sockdash/fd_table.h"
#include "sockdash/frame.h"

/* Who a process is. Texts are safe to print; NULL or "" not known. */
struct live_facts {
	uint64_t start;
	uint32_t read;    /* number of the frame in which all was read, 0 never */
	uint32_t checked; /* number of the frame in which at least the name was */
	bool details;     /* command line, control group and limit were read, too */
	uint32_t uid, fd_limit;
	char *name, *cmdline, *cgroup, *unit;
};

struct live_proc {
	uint32_t pid;
	uint32_t fds;       /* open descriptors as the kernel counts them, where it does */
	uint64_t directory; /* see struct procs_peek */
	struct fd_table table;
	uint32_t cursor;     /* the look that is going on has come to this descriptor */
	uint32_t look_began; /* in the frame with this number; 0: none is going on */
	uint32_t looked;     /* number of the frame in which the last whole look began; 0 never */
	uint32_t met;        /* number of the frame in which the first whole look ended */
	bool hidden;         /* we may not see its descriptors */
	bool no_files;       /* it has none: a thread of the kernel, or ending */
	bool gone;
	bool released; /* sockets that a dump does not show any more were taken out of the table */
	bool in_doubt; /* the table does not agree with the kernel's count */
	uint32_t row;  /* in the frame that is being filled, or SOCK_NONE */
	struct live_facts facts;
};

/* A descriptor of a socket that others refer to as well: that it was closed, no dump tells. */
struct shared_fd {
	uint32_t proc; /* place in the list of processes */
	uint32_t fd;
};

struct live_procs {
	struct live_proc *all; /* by pid */
	uint32_t count, room;
	int proc_fd;
	uint32_t now; /* number of the frame that is being filled, from 1 */
	bool counted; /* the kernel tells how many descriptors a process has open */
	/* Of the looks of this frame, by the clock and by the CPU time of the thread; 0 none. */
	int64_t deadline_ns, deadline_cpu_ns;
	bool late; /* one of them has passed */
	const atomic_bool *stop;
	uint32_t others_left; /* processes that may be asked again for what no dump shows */
	uint64_t looks;       /* descriptors that were looked at in this frame */
	uint32_t *changed;    /* sockets that a look found, or missed, in this frame */
	uint32_t changed_count, changed_room;
};

void live_procs_free(struct live_procs *ps);

/* Brings the list of processes up to date for the next frame: who came, who went, how many
 * descriptors each has. `proc_fd` is an open /proc, for as long as the frame is being filled. 0,
 * -ENOMEM, -ECANCELED once *stop is set, or another -errno of /proc. */
int live_procs_begin(struct live_procs *ps, int proc_fd, const atomic_bool *stop);

/* The process with that pid, or NULL. */
struct live_proc *live_procs_find(struct live_procs *ps, uint32_t pid);

/* Whether there is, or may be, something to see in a process. */
static inline bool live_proc_is_open(const struct live_procs *ps, const struct live_proc *p)
{
	return !p->gone && !p->hidden && !(ps->counted && !p->fds && !p->table.open);
}

/* Takes a socket that has lost its file out of the table of a process that held it. */
static inline void live_proc_release(struct live_proc *p, uint32_t fd, uint32_t inode)
{
	fd_table_release(&p->table, fd, inode);
	p->released = true;
}

/* ---- Notes: 0 or -ENOMEM --------------------------------------------------------------------- */

/* Notes that the owners of a socket are not what they were; 0 is none. */
int live_procs_note_change(struct live_procs *ps, uint32_t inode);

/* Notes that a descriptor is open, or that all from `from` up to before `to` are closed. */
int live_proc_note_open(struct live_procs *ps, struct live_proc *p, uint32_t fd, uint32_t inode);
int live_proc_note_closed(struct live_procs *ps, struct live_proc *p, uint32_t from, uint32_t to);

/* Notes that the directory of a pid has another number: if it is another process, nothing is known
 * of it. */
int live_proc_meet_again(struct live_procs *ps, struct live_proc *p, uint64_t directory);

/* Notes what an error says of a process: that it is gone, or hidden from us. Other errors are
 * answered. */
int live_proc_take_error(struct live_procs *ps, struct live_proc *p, int err);

/* ---- Looks (live_looks.c): 0, -ENOMEM, -ECANCELED, or an -errno that keeps us from going on ------ */

/* Looks at the descriptors of a process one after the other, from where the last look broke off, at
 * most `most` of them, and not beyond the deadline. p->look_began is 0 when it came to the end. */
int live_procs_look(struct live_procs *ps, struct live_proc *p, uint32_t most);

/* Brings a table up to date of which descriptors were released, or with whose number of them the
 * kernel does not agree: new ones have the lowest free numbers. A small process that still does not agree is looked at as a whole,
 * a big one stays in doubt. */
int live_procs_settle(struct live_procs *ps, struct live_proc *p);

/* Looks again at some descriptors whose end no dump would show, and for new ones. */
int live_procs_others(struct live_procs *ps, struct live_proc *p);

/* Looks again at some descriptors of one process. */
int live_procs_look_again(
	struct live_procs *ps, struct live_proc *p, const struct shared_fd *fds, uint32_t count);

/* As live_procs_settle() where the kernel does not count: tries the lowest free numbers. */
int live_procs_guess(struct live_procs *ps, struct live_proc *p, uint32_t most);

/* Whether a deadline has passed. */
bool live_procs_late(struct live_procs *ps);

/* ---- Facts (live_facts.c) -------------------------------------------------------------------- */

/* Reads who a process is; what was known stays where it cannot be read. 0, -ENOMEM, or
 * -ENOENT/-ESRCH when it is gone or another has its pid. */
int live_facts_read(struct live_procs *ps, struct live_proc *p, bool details);

/* Reads its name again, and all of it if that is another. Errors as live_facts_read(). */
int live_facts_check(struct live_procs *ps, struct live_proc *p, bool details);

void live_facts_free(struct live_facts *facts);

#endif
