/* frame: everything one sample saw, in one value. A source fills it, seals it by handing it over,
 * and from then on nobody changes it. */
#ifndef SOCKDASH_FRAME_H
#define SOCKDASH_FRAME_H

#include <stddef.h>

#include "sockdash/addresses.h"
#include "sockdash/arena.h"
#include "sockdash/counters.h"
#include "sockdash/ended.h"
#include "sockdash/hash.h"
#include "sockdash/sock.h"
#include "sockdash/sock_info.h"

/* A process that holds sockets, or held one that still lingers. Texts are safe to print, never
 * NULL; "" not known. */
struct proc {
	uint64_t start; /* ticks since boot; with the pid the identity of a process */
	uint32_t pid;
	uint32_t uid;      /* effective; PROC_UNKNOWN */
	uint32_t fds;      /* open descriptors; PROC_UNKNOWN */
	uint32_t fd_limit; /* soft RLIMIT_NOFILE; PROC_UNKNOWN, PROC_UNLIMITED */
	bool partial;      /* not all of its descriptors have been looked at yet */

	const char *name, *user, *cmdline, *unit, *cgroup;
};
#define PROC_UNKNOWN   UINT32_MAX
#define PROC_UNLIMITED (UINT32_MAX - 1)

/* One descriptor that refers to a socket. The edges of a socket stand together, ordered by pid and
 * descriptor; those of different sockets in any order, and some may be of none. */
struct owner_edge {
	uint32_t proc; /* row of the frame's process table */
	uint32_t fd : 31;
	uint32_t last : 1; /* the last edge of this socket */
};

struct user {
	uint32_t uid;
	const char *name;
};

struct device {
	uint32_t index;
	const char *name;
};

struct netns {
	uint64_t inode;   /* 0 not known */
	const char *name; /* "" without a name */
};

/* What kept a frame from being whole. Each has 0 or the -errno that says why. */
enum frame_problem {
	FRAME_NO_SOCK_DIAG, /* no sock_diag here; /proc/net was read instead */
	FRAME_NO_TCP,       /* TCP sockets are missing */
	FRAME_NO_UDP,       /* UDP sockets are missing */
	FRAME_NO_PROC,      /* /proc cannot be read: no owners at all */
	FRAME_NO_WAIT_AGE,  /* the ages of CLOSE-WAIT sockets could not be asked for */
	FRAME_RAW_DUMP,     /* the bytes of a TCP dump only: no owners, counters, names or times */
	FRAME_PROBLEMS,
};

/* How the rows of a frame follow from those of the one before. */
struct diff {
	bool known;       /* false in the first frame: there was nothing to compare with */
	uint64_t against; /* number of the frame before */
	uint32_t *
		previous; /* per row of this frame: its row in the one before, or SOCK_NONE (new) */
	uint32_t *gone;   /* rows of the frame before that are not in this one */
	uint32_t gone_count;
};

/* A socket missed by the last dump (a dump is not a snapshot); if it comes back its times go on. */
struct frame_ghost {
	uint64_t key;
	int32_t first_seen, wait_since;
	uint8_t state, flags;
};

/* A socket that was in CLOSE-WAIT and is in the dump no more, while a descriptor of it is still open:
 * its remote port was used again, so the kernel has reset it. The process leaks it all the same. */
struct frame_reset {
	uint64_t cookie;    /* of the socket; not 0 */
	int32_t wait_since; /* when the FIN arrived, SOCK_TIME unit */
	uint32_t proc;      /* row of the frame's process table */
	uint32_t fd, inode;
	uint16_t netns; /* row of the frame's namespace table */
	bool ipv4;      /* SOCK_IPV4 */
};

/* Arrays beside the sockets, one element for each, of what is only there where it was asked for. */
enum frame_column {
	FRAME_INFOS,
	FRAME_MARKS,
	FRAME_CGROUPS,
	FRAME_AUTOBOUND,
	FRAME_COLUMNS,
};

struct frame {
	struct arena arena;
	unsigned references; /* atomic */
	uint64_t number;     /* from 1, another one for each frame of the process */

	/* Header. Times in ns; CPU is that of the sampling thread. */
	int64_t wall_ns;  /* since 1970, when the dump began */
	int64_t mono_ns;  /* on a clock that never jumps; differences count */
	int64_t epoch_ns; /* mono_ns of the first frame of this series: the zero of SOCK_TIME */
	int64_t cost_wall_ns, cost_cpu_ns;
	double cpu_percent; /* of the sampling process since its last frame, of one core; NAN */
	double uptime_s;    /* NAN not known */
	const char *host;
	const char *release; /* of the kernel, "" not known */
	const char *kind;    /* "sock_diag", "procfs"... who told */
	uint32_t seer_uid;   /* whose eyes saw it: PROC_UNKNOWN for root, which sees all */
	const char *seer;    /* their name, "" not known */
	bool one_family;     /* IPv4 or IPv6 was not asked for */
	unsigned absent;     /* bit 1 << enum sock_proto: not asked for, or not to be had */
	bool preliminary;    /* for the first screen: without owners, not to be compared with */
	/* Sockets that a filter does not select may be missing: the numbers are not of all there
	 * are. By state: one that was not in the frame before may have been there all the same. */
	bool filtered, by_state;
	bool owners_known; /* the owners were asked for (whether or not all could be seen) */
	unsigned
		asked; /* NEED_... that were asked for; all of a recording, which has what it has */
	int problems[FRAME_PROBLEMS];
	uint32_t procs_hidden;  /* processes whose descriptors we may not see */
	uint32_t lost;          /* samples right before this one that a tape has lost */
	bool pids_hidden;       /* /proc does not even list the processes of others (hidepid) */
	uint32_t owners_hidden; /* sockets with SOCK_HIDDEN */
	double owners_percent;  /* how far the search for owners has come; below 100 a socket with
				   a file and no owner may get one yet (frame_is_pending()) */
	int64_t counters[COUNTER_COUNT]; /* COUNTER_UNKNOWN */

	/* Tables. */
	struct sock *socks;
	uint32_t sock_count, sock_room;
	/* Columns beside them: NULL where nobody asked for it; an element is 0 until it is filled. */
	struct sock_info *infos;
	uint32_t *marks;             /* fwmark */
	uint64_t *cgroups;           /* id of the control group */
	uint8_t *autobound;          /* 1: bind() did not name the local port */
	struct addresses *addresses; /* of this frame and others of its source */
	struct proc *procs;
	uint32_t proc_count, proc_room;
	struct owner_edge *edges;
	uint32_t edge_count, edge_room;
	struct user *users;
	uint32_t user_count, user_room;
	struct device *devices; /* that addresses are bound to */
	uint32_t device_count, device_room;
	struct netns *namespaces;
	uint32_t netns_count;
	struct frame_ghost *ghosts;
	uint32_t ghost_count;
	struct frame_reset *resets; /* in the order in which they were found */
	uint32_t reset_count, reset_room;
	struct ended ended; /* since the frame before; known only where NEED_EVENTS was asked for */

	struct diff diff;
	struct match *match; /* until it is compared */

	/* Indexes. */
	struct hash by_process, by_user, by_device;
};

/* An empty frame with one reference, or NULL without memory. The last frame_put() gives all of it
 * back; NULL is fine. Once sealed, a frame may be shared between threads. */
struct frame *frame_create(void);

/* The same, to be filled with what became of `prev` (NULL: there is none; else sealed, and there
 * until frame_compare()), by the thread that filled it: its rows are found while they are added, and
 * it shares the table of addresses. */
struct frame *frame_create_after(const struct frame *prev);

struct frame *frame_get(struct frame *f);
void frame_put(struct frame *f);

/* ---- Filling: 0 or a row on success, -ENOMEM without memory ---------------------------------- */

/* Adds a namespace; answers its row. */
int frame_add_netns(struct frame *f, uint64_t inode, const char *name);

/* The row of an address, added if it is not there. */
int frame_intern_address(struct frame *f, const uint8_t bytes[16], uint32_t scope, uint32_t *row);

/* Both addresses of the socket that is to be added next, which most often are those of the row that
 * is expected. */
int frame_intern_ends(struct frame *f, const uint8_t local[16], const uint8_t remote[16],
	uint32_t scope, struct sock *s);

/* The row of an address that is there, or SOCK_NONE. By the thread that fills the frame. */
uint32_t frame_find_address(const struct frame *f, const uint8_t bytes[16], uint32_t scope);

/* Adds a socket. A dump may repeat rows: after frame_compare() or frame_settle() the first of them has
 * what the last one told, and there is no other. */
int frame_add_sock(struct frame *f, const struct sock *s);

/* The same; *row gets the row that it stands in now, for what is to be told beside it. */
int frame_add_sock_row(struct frame *f, const struct sock *s, uint32_t *row);

/* Makes a column for the sockets that are to be added: before the first of them. 0 or -ENOMEM. */
int frame_keep_column(struct frame *f, enum frame_column column);

/* Does without it: it turns out not to be known. */
void frame_drop_column(struct frame *f, enum frame_column column);

/* Lets a socket, and what is told beside it, stand in another row. */
void frame_move_sock(struct frame *f, uint32_t to, uint32_t from);

/* For who does not compare the frame: all sockets are there, and each once. */
int frame_settle(struct frame *f);

/* A copy of a text from outside that is safe to print; NULL without memory. Every text of a frame
 * comes through here. */
const char *frame_text(struct frame *f, const char *text, size_t len);

/* Adds a process; its texts must come from frame_text() or be constants. *row gets its place. */
int frame_add_proc(struct frame *f, const struct proc *p, uint32_t *row);

/* The row of a process by identity, or SOCK_NONE. */
uint32_t frame_find_proc(const struct frame *f, uint32_t pid, uint64_t start);

/* Remembers the name of a user (from frame_text()). */
int frame_add_user(struct frame *f, uint32_t uid, const char *name);

/* The name of a user, or "". */
const char *frame_user(const struct frame *f, uint32_t uid);

/* Remembers the name of a network device (from frame_text()). */
int frame_add_device(struct frame *f, uint32_t index, const char *name);

/* The name of a device; "" for index 0, "?" for one that was not added. */
const char *frame_device(const struct frame *f, uint32_t index);

/* ---- Owners (frame_owners.c) ----------------------------------------------------------------- */

/* One found owner of a socket, in any order. */
struct owner_found {
	uint32_t sock, proc, fd;
};

/* Adds an owner of the newest socket. Several come in the order of their edges: by pid, then by
 * descriptor. 0 or -ENOMEM. */
int frame_push_owner(struct frame *f, uint32_t proc, uint32_t fd);

/* Replaces the owner edges of all sockets named in `found` (which it sorts); other sockets keep
 * none. */
int frame_set_owners(struct frame *f, struct owner_found *found, size_t count);

/* Makes room for `count` more edges at the end, which the caller fills and counts. NULL without
 * memory. */
struct owner_edge *frame_edge_room(struct frame *f, uint64_t count);

/* Adds a socket that was reset and not closed. 0 or -ENOMEM. */
int frame_add_reset(struct frame *f, const struct frame_reset *r);

/* ---- Looking --------------------------------------------------------------------------------- */

/* The identity of a socket across frames; that of one that was reset is the one it had. */
uint64_t frame_sock_key(const struct frame *f, const struct sock *s);
uint64_t frame_reset_key(const struct frame *f, const struct frame_reset *r);

static inline const struct address *frame_address(const struct frame *f, uint32_t row)
{
	return addresses_at(f->addresses, row);
}

/* The inode of a socket's namespace; 0 not known. */
static inline uint64_t frame_netns_inode(const struct frame *f, const struct sock *s)
{
	return s->netns < f->netns_count ? f->namespaces[s->netns].inode : 0;
}

/* Walks the distinct processes that own a socket:
 * 	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) f->edges[e].proc ...
 */
uint32_t frame_next_owner(const struct frame *f, uint32_t edge);

/* The first owner, or NULL. */
const struct proc *frame_owner(const struct frame *f, const struct sock *s);

/* Whether a process of frame `f`, known by its identity, owns the socket. */
bool frame_owned_by(const struct frame *f, const struct sock *s, uint32_t pid, uint64_t start);

/* Times of a socket, in seconds before this frame; NAN if not known. */
double frame_age(const struct frame *f, const struct sock *s);
double frame_wait_age(const struct frame *f, const struct sock *s); /* CLOSE-WAIT only */

/* This frame's own time as a SOCK_TIME. */
int32_t frame_now(const struct frame *f);

/* Whether the owner of a socket is still being looked for. */
static inline bool frame_is_pending(const struct frame *f, const struct sock *s)
{
	return f->owners_percent < 100 && s->inode && s->owner == SOCK_NONE &&
	       !(s->flags & SOCK_HIDDEN);
}

/* True if sockets may be missing from the frame. */
bool frame_is_partial(const struct frame *f);

/* ---- Copying (frame_copy.c): 0 or -ENOMEM ---------------------------------------------------- */

/* A text of another frame, and those of a process, into the memory of this one. */
int frame_copy_text(struct frame *f, const char **text);
int frame_copy_proc_texts(struct frame *f, struct proc *p);

/* All rows of a small table, behind those that are there. */
int frame_copy_namespaces(struct frame *f, const struct frame *from);
int frame_copy_devices(struct frame *f, const struct frame *from);
int frame_copy_users(struct frame *f, const struct frame *from);

/* ---- Comparing (diff.c) ---------------------------------------------------------------------- */

/* Fills cur->diff and the ghosts against the frame before (NULL: there is none). To be called when
 * all sockets are there. 0 or -ENOMEM. */
int frame_compare(struct frame *cur, const struct frame *prev);

/* Sets the rates of connections that both frames know; after frame_compare(). */
void frame_compare_infos(struct frame *cur, const struct frame *prev);

/* Gives the memory of cur->diff back but for `known`, once all tables are made: 4 bytes a socket
 * that would be held until the frame after the next. Tables that are made anew later (narrow.h) know
 * no changes then. */
void frame_forget_diff(struct frame *f);

/* Carries over what a dump cannot tell, for rows that frame_compare() matched: first-seen time,
 * CLOSE-WAIT time, and the owner of sockets that have lost their file (FIN-WAIT, LAST-ACK,
 * TIME-WAIT). 0 or -ENOMEM. To be called once, after frame_compare() and after
 * frame_set_owners(). */
int frame_carry_times(struct frame *cur, const struct frame *prev);
int frame_carry_owners(struct frame *cur, const struct frame *prev);

/* The same for one socket without an owner, row `then` of the frame before. 0 or -ENOMEM. */
int frame_carry_owner(struct frame *cur, const struct frame *prev, uint32_t row, uint32_t then);

/* Whether the frame before knew the owners, so that they can be compared. */
static inline bool frame_owners_compare(const struct frame *cur, const struct frame *prev)
{
	return prev && cur->diff.known && prev->owners_known;
}

/* Marks and counts the sockets that have a file but no owner that was found: SOCK_HIDDEN. One
 * whose owner is looked for for the first time (`prev`, which may be NULL, did not have it, or did
 * not ask for owners) was more likely closed between the dump and the search, and is not marked, nor
 * is any before the search has come to its end; unless it is another user's that the seer may not
 * look into. To be called last. */
void frame_mark_hidden(struct frame *cur, const struct frame *prev);

#endif
