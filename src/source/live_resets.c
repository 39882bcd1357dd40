/* A leaked socket leaves the dump when its remote port is used again: the SYN that comes is answered
 * and the peer's RST ends it. Its descriptor stays open, and only that tells it from one that was
 * closed. Each look costs some 4 us, so only those are looked at that were there for longer than
 * sockets are on their way through this state, and of those known already a share. */
#include "sockdash/live_resets.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sockdash/procs.h"

#define LONG_S     1   /* in CLOSE-WAIT: before pile_rules[].floor_s one more look must fit */
#define NEW_MOST   512 /* looks in a frame for those that are gone now... */
#define AGAIN_MOST 128 /* ...and for those that were found before */

struct looking {
	struct frame *f;
	int proc_fd, files_fd; /* files_fd is that of ... */
	uint32_t pid;          /* ... this process; 0 none */
	uint32_t left;
};

/* Whether the descriptor is still that of the socket. */
static bool is_open(struct looking *l, uint32_t pid, uint32_t fd, uint32_t inode)
{
	struct procs_peek peek;
	uint32_t now;

	if (pid != l->pid) {
		if (l->files_fd >= 0)
			close(l->files_fd);
		l->files_fd = procs_open_files(l->proc_fd, pid, &peek);
		l->pid = pid;
	}
	return l->files_fd >= 0 && procs_descriptor(l->files_fd, fd, &now) == 0 && now == inode;
}

/* The process of an earlier frame in this one, or SOCK_NONE. */
static uint32_t proc_now(const struct looking *l, const struct proc *p)
{
	return frame_find_proc(l->f, p->pid, p->start);
}

static int look_again(struct looking *l, const struct frame *prev)
{
	uint32_t step = prev->reset_count / AGAIN_MOST + 1;
	/* By chance, for samples come as regularly as any count of turns. */
	uint32_t turn = (uint32_t)(hash_mix((uint64_t)l->f->mono_ns, 0) % step);
	int err = 0;

	for (uint32_t i = 0; !err && i < prev->reset_count; i++) {
		struct frame_reset r = prev->resets[i];
		const struct proc *p = &prev->procs[r.proc];

		r.proc = proc_now(l, p);
		if (r.proc == SOCK_NONE)
			continue;
		if (i % step == turn && !is_open(l, p->pid, r.fd, r.inode))
			continue;
		err = frame_add_reset(l->f, &r);
	}
	return err;
}

static int look_at_gone(struct looking *l, const struct frame *prev, const struct sock *s)
{
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(prev, e)) {
		const struct proc *p = &prev->procs[prev->edges[e].proc];
		struct frame_reset r = {
			.cookie = s->cookie,
			.wait_since = s->wait_since,
			.proc = proc_now(l, p),
			.fd = prev->edges[e].fd,
			.inode = s->inode,
			.netns = s->netns,
			.ipv4 = s->flags & SOCK_IPV4,
		};

		l->left--;
		if (r.proc != SOCK_NONE && is_open(l, p->pid, r.fd, r.inode))
			return frame_add_reset(l->f, &r);
		if (!l->left)
			break;
	}
	return 0;
}

/* A dump may miss a socket once: what is back was not reset. */
static int drop_those_back(struct frame *f)
{
	struct hash by_key = { 0 };
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < f->reset_count; i++)
		err = hash_put(&by_key, frame_reset_key(f, &f->resets[i]), i);
	for (uint32_t row = 0; !err && f->reset_count && row < f->sock_count; row++) {
		uint32_t found;

		if (f->diff.previous[row] != SOCK_NONE || f->socks[row].state != SOCK_CLOSE_WAIT)
			continue;
		found = hash_get(&by_key, frame_sock_key(f, &f->socks[row]));
		if (found != HASH_NONE)
			f->resets[found].proc = SOCK_NONE;
	}
	for (uint32_t i = 0; i < f->reset_count; i++)
		if (f->resets[i].proc != SOCK_NONE)
			f->resets[kept++] = f->resets[i];
	f->reset_count = kept;
	hash_free(&by_key);
	return err;
}

static bool was_long(const struct frame *prev, const struct sock *s)
{
	return s->state == SOCK_CLOSE_WAIT && s->cookie && s->inode && s->owner != SOCK_NONE &&
	       s->wait_since != SOCK_TIME_NONE && frame_wait_age(prev, s) >= LONG_S;
}

int live_find_resets(struct frame *f, const struct frame *prev, const atomic_bool *stop)
{
	struct looking l = { .f = f, .files_fd = -1, .left = NEW_MOST };
	int err;

	if (!prev || !f->diff.known)
		return 0;
	l.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l.proc_fd < 0)
		return 0; /* the frame says so: it has no owners */
	err = look_again(&l, prev);
	if (!err)
		err = drop_those_back(f);
	for (uint32_t i = 0; !err && l.left && i < f->diff.gone_count; i++) {
		const struct sock *s = &prev->socks[f->diff.gone[i]];

		if (was_long(prev, s))
			err = look_at_gone(&l, prev, s);
		if (!err && *stop)
			err = -ECANCELED;
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	close(l.proc_fd);
	return err;
}
