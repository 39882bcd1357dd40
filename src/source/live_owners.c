/* Owners of sockets: a full walk of every process's descriptors for each sample, matched by inode.
 * Right whatever was forked, passed or duplicated meanwhile. Names of users are remembered, since
 * asking for one may ask a network. */
#include "sockdash/live_owners.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/needs.h"
#include "sockdash/procs.h"

struct live_owners {
	struct hash user_rows; /* uid → user_names */
	char (*user_names)[64];
	uint32_t user_count, user_room;
};

/* One resolution. */
struct walk {
	struct live_owners *owners;
	struct frame *frame;
	struct hash by_inode; /* → socket row */
	struct owner_found *found;
	size_t found_count, found_room;
	int proc_fd;
	uint32_t proc; /* row of the process being walked; SOCK_NONE until it owns a socket */
	unsigned needs;
	const volatile bool *stop;
};

struct live_owners *live_owners_create(void)
{
	return calloc(1, sizeof(struct live_owners));
}

void live_owners_destroy(struct live_owners *o)
{
	if (!o)
		return;
	hash_free(&o->user_rows);
	free(o->user_names);
	free(o);
}

/* ---- Users ----------------------------------------------------------------------------------- */

void live_owners_name(uint32_t uid, char *out, size_t size)
{
	char room[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
		snprintf(out, size, "%s", entry.pw_name);
	else
		snprintf(out, size, "%u", uid);
}

/* The name of a user, asked for once; NULL without memory. */
static const char *user_name(struct live_owners *o, uint32_t uid)
{
	uint32_t row = hash_get(&o->user_rows, uid);

	if (row != HASH_NONE)
		return o->user_names[row];
	if (o->user_count == o->user_room) {
		uint32_t room = o->user_room ? o->user_room * 2 : 16;
		void *bigger = realloc(o->user_names, room * sizeof *o->user_names);

		if (!bigger)
			return NULL;
		o->user_names = bigger;
		o->user_room = room;
	}
	if (hash_put(&o->user_rows, uid, o->user_count))
		return NULL;
	live_owners_name(uid, o->user_names[o->user_count], sizeof *o->user_names);
	return o->user_names[o->user_count++];
}

static int add_user(struct live_owners *o, struct frame *f, uint32_t uid)
{
	const char *name;

	if (*frame_user(f, uid))
		return 0;
	name = user_name(o, uid);
	if (name)
		name = frame_text(f, name, strlen(name));
	return name ? frame_add_user(f, uid, name) : -ENOMEM;
}

int live_owners_users(struct live_owners *o, struct frame *f)
{
	uint32_t last = UINT32_MAX;
	int err = 0;

	for (uint32_t row = 0; !err && row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		if (!s->inode || s->uid == last)
			continue;
		last = s->uid;
		err = add_user(o, f, s->uid);
	}
	return err;
}

/* ---- Processes ------------------------------------------------------------------------------- */

static const char *text_of(struct frame *f, const char *text)
{
	return frame_text(f, text, strlen(text));
}

static int add_process(struct walk *w, uint32_t pid)
{
	struct frame *f = w->frame;
	struct proc_facts facts;
	struct proc p = {
		.pid = pid, .fds = PROC_UNKNOWN, .user = "", .cmdline = "", .unit = "", .cgroup = ""
	};
	char unit[PROCS_TEXT_MAX];
	int err = procs_read(w->proc_fd, pid, w->needs & NEED_PROC_DETAILS, &facts);

	if (err)
		return err;
	p.start = facts.start_ticks;
	p.uid = facts.uid;
	p.fd_limit = facts.fd_limit;
	p.name = text_of(f, facts.comm);
	if (facts.uid != PROCS_UNKNOWN && w->needs & NEED_USERS) {
		err = add_user(w->owners, f, facts.uid);
		if (err)
			return err;
		p.user = frame_user(f, facts.uid);
	}
	if (w->needs & NEED_PROC_DETAILS) {
		procs_unit(facts.cgroup, unit, sizeof unit);
		p.unit = text_of(f, unit);
		p.cmdline = text_of(f, facts.cmdline);
		p.cgroup = text_of(f, facts.cgroup);
	}
	if (!p.name || !p.unit || !p.cmdline || !p.cgroup)
		return -ENOMEM;
	return frame_add_proc(f, &p, &w->proc);
}

static int note_socket(void *context, uint32_t pid, uint32_t fd, uint32_t inode)
{
	struct walk *w = context;
	uint32_t row = hash_get(&w->by_inode, inode);
	int err;

	if (*w->stop)
		return -ECANCELED;
	if (row == HASH_NONE)
		return 0;
	if (w->proc == SOCK_NONE) {
		err = add_process(w, pid);
		if (err)
			return err;
	}
	if (w->found_count == w->found_room) {
		size_t room = w->found_room ? w->found_room * 2 : 1024;
		void *bigger = realloc(w->found, room * sizeof *w->found);

		if (!bigger)
			return -ENOMEM;
		w->found = bigger;
		w->found_room = room;
	}
	w->found[w->found_count++] = (struct owner_found){ row, w->proc, fd };
	return 0;
}

static int walk_process(struct walk *w, uint32_t pid)
{
	uint32_t fds = PROC_UNKNOWN;
	int err;

	w->proc = SOCK_NONE;
	err = procs_walk_sockets(w->proc_fd, pid, note_socket, w, &fds);
	if (w->proc != SOCK_NONE)
		w->frame->procs[w->proc].fds = fds;
	if (err == -EACCES || err == -EPERM) {
		w->frame->procs_hidden += !procs_has_no_files(w->proc_fd, pid);
		return 0;
	}
	return err == -ENOENT || err == -ESRCH ? 0 : err;
}

static int index_inodes(struct walk *w)
{
	const struct frame *f = w->frame;
	int err = hash_reserve(&w->by_inode, f->sock_count);

	for (uint32_t row = 0; !err && row < f->sock_count; row++)
		if (f->socks[row].inode)
			err = hash_put(&w->by_inode, f->socks[row].inode, row);
	return err;
}

/* Moves the processes that had sockets before to the front: their sockets are found before they are
 * closed. */
static void put_known_first(uint32_t *pids, size_t count, const struct frame *prev)
{
	struct hash known = { 0 };
	size_t front = 0;

	for (uint32_t i = 0; prev && i < prev->proc_count; i++)
		if (hash_put(&known, prev->procs[i].pid, 1))
			break; /* only the order is at stake */
	for (size_t i = 0; known.count && i < count; i++) {
		if (hash_get(&known, pids[i]) != HASH_NONE) {
			uint32_t pid = pids[i];

			pids[i] = pids[front];
			pids[front++] = pid;
		}
	}
	hash_free(&known);
}

static int walk_all(struct walk *w, const struct frame *prev)
{
	uint32_t *pids = NULL;
	size_t count = 0;
	int err = procs_list(w->proc_fd, &pids, &count);

	/* Every pid namespace has a process 1. */
	w->frame->pids_hidden = !err && faccessat(w->proc_fd, "1", F_OK, 0) != 0;
	if (err && err != -ENOMEM) {
		w->frame->problems[FRAME_NO_PROC] = err;
		return 0;
	}
	put_known_first(pids, count, prev);
	for (size_t i = 0; !err && i < count; i++)
		err = *w->stop ? -ECANCELED : walk_process(w, pids[i]);
	free(pids);
	if (err && err != -ENOMEM && err != -ECANCELED) {
		w->frame->problems[FRAME_NO_PROC] = err;
		err = 0;
	}
	return err ? err : frame_set_owners(w->frame, w->found, w->found_count);
}

int live_owners_resolve(struct live_owners *o, struct frame *f, const struct frame *prev,
	unsigned needs, const volatile bool *stop)
{
	struct walk w = { .owners = o, .frame = f, .needs = needs, .stop = stop };
	int err = 0;

	f->owners_known = true;
	w.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* An empty directory where it is not mounted. */
	if (w.proc_fd < 0 || faccessat(w.proc_fd, "self", F_OK, 0))
		f->problems[FRAME_NO_PROC] = -errno;
	else
		err = index_inodes(&w);
	if (!err && !f->problems[FRAME_NO_PROC])
		err = walk_all(&w, prev);
	if (w.proc_fd >= 0)
		close(w.proc_fd);
	hash_free(&w.by_inode);
	free(w.found);
	return err;
}
