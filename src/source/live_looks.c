/* Looks at the descriptors of processes. Each costs 3 to 4 us, so they are made where something new
 * must be: the kernel gives a new descriptor the lowest number that is free. */
#include <errno.h>
#include <unistd.h>

#include "sockdash/live_procs.h"
#include "sockdash/procs.h"

enum {
	CLOCK_EVERY = 16,   /* descriptors between two looks at the clock */
	MISSES_MAX = 64,    /* numbers that may be closed before it is better to ask for a list */
	MISSES_ENOUGH = 16, /* the same where it is not sure that anything is open */
	OTHERS_MAX = 64, /* descriptors that a process is asked for again when its count differs */
	SMALL_PROCESS = 128 /* descriptors of one that is looked at as a whole without much ado */
};

/* One look at some of the descriptors of a process. */
struct look {
	struct live_procs *ps;
	struct live_proc *p;
	int files_fd;
	uint32_t left; /* descriptors it may still look at */
};

/* Opens the descriptors of a process. `l->files_fd` is negative where there is nothing to see. */
static int open_look(struct look *l, struct live_procs *ps, struct live_proc *p, uint32_t most)
{
	struct procs_peek now;

	*l = (struct look){ .ps = ps, .p = p, .left = most };
	l->files_fd = procs_open_files(ps->proc_fd, p->pid, &now);
	if (l->files_fd < 0)
		return live_proc_take_error(ps, p, l->files_fd);
	p->fds = now.fds;
	return now.directory == p->directory ? 0 : live_proc_meet_again(ps, p, now.directory);
}

/* Whether the look has to end here: it has had its share. *err gets 0, or that it was cancelled. */
static bool is_over(struct look *l, int *err)
{
	*err = *l->ps->stop ? -ECANCELED : 0;
	if (!l->left || *err)
		return true;
	l->left--;
	return l->left % CLOCK_EVERY == 0 && live_procs_late(l->ps);
}

/* Looks at one number; answers whether it is open, or -errno. */
static int probe(struct look *l, uint32_t fd)
{
	uint32_t inode;
	int err = procs_descriptor(l->files_fd, fd, &inode);

	l->ps->looks++;
	if (err == -ENOENT) {
		err = live_procs_note_change(l->ps, fd_table_clear(&l->p->table, fd));
		return err ? err : 0;
	}
	if (!err)
		err = live_proc_note_open(l->ps, l->p, fd, inode);
	return err ? err : 1;
}

/* Number by number, as long as most are open: that is cheaper than to read the directory first.
 * Answers 1 when the look is over before its end. */
static int look_by_number(struct look *l)
{
	uint32_t misses = 0;
	int err = 0;

	while (l->p->cursor < l->p->fds && misses < MISSES_MAX) {
		if (is_over(l, &err))
			return err ? err : 1;
		err = probe(l, l->p->cursor);
		if (err < 0)
			return err;
		misses += !err;
		l->p->cursor++;
	}
	return 0;
}

static int take_listed(void *context, uint32_t fd, uint32_t inode)
{
	struct look *l = context;
	int err = live_proc_note_closed(l->ps, l->p, l->p->cursor, fd);

	l->ps->looks++;
	if (!err)
		err = live_proc_note_open(l->ps, l->p, fd, inode);
	if (err)
		return err;
	l->p->cursor = fd + 1;
	return is_over(l, &err) ? err ? err : 1 : 0;
}

int live_procs_look(struct live_procs *ps, struct live_proc *p, uint32_t most)
{
	struct look l;
	int err = open_look(&l, ps, p, most);

	if (err || l.files_fd < 0)
		goto out;
	if (!p->look_began) {
		p->look_began = ps->now;
		p->cursor = 0;
	}
	err = look_by_number(&l);
	if (!err)
		err = procs_walk_from(l.files_fd, p->cursor, take_listed, &l);
	if (!err)
		err = live_proc_note_closed(ps, p, p->cursor, FD_NONE);
	if (!err) {
		p->met = p->looked ? p->met : ps->now;
		p->looked = p->look_began;
		p->look_began = 0;
		p->in_doubt = false;
	}
	if (err == 1)
		err = 0;
	else if (err)
		err = live_proc_take_error(ps, p, err);
out:
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
}

/* Asks for free numbers, lowest first, until too many in a row were closed: more while it has found
 * fewer than the kernel counts. That it has found as many does not end it, for some of those in the
 * table may have been closed since the dump. */
static int probe_free(struct look *l)
{
	struct fd_table *t = &l->p->table;
	uint32_t misses = 0;
	int err = 0;

	for (uint32_t fd = fd_table_next_free(t, 0);
		misses < (t->open < l->p->fds ? MISSES_MAX : MISSES_ENOUGH);
		fd = fd_table_next_free(t, fd + 1)) {
		if (is_over(l, &err))
			return err;
		err = probe(l, fd);
		if (err < 0)
			return err;
		misses = err ? 0 : misses + 1;
	}
	return 0;
}

/* Asks again for sockets that were seen after one dump and may have been closed before the next: no
 * dump tells their end. */
static int probe_young(struct look *l)
{
	const struct fd_table *t = &l->p->table;
	int err = 0;

	for (uint32_t fd = fd_table_next_young(t, 0); fd != FD_NONE && !is_over(l, &err);
		fd = fd_table_next_young(t, fd + 1)) {
		err = probe(l, fd);
		if (err < 0)
			return err;
	}
	return err < 0 ? err : 0;
}

/* Asks again for descriptors whose end no dump would show: files come and go at the lowest
 * numbers. */
static int probe_others(struct look *l)
{
	struct fd_table *t = &l->p->table;
	int err = 0;

	l->left = l->left < OTHERS_MAX ? l->left : OTHERS_MAX;
	l->ps->others_left -= l->ps->others_left ? 1 : 0;
	for (uint32_t fd = fd_table_next_other(t, 0); fd != FD_NONE && !is_over(l, &err);
		fd = fd_table_next_other(t, fd + 1)) {
		err = probe(l, fd);
		if (err < 0)
			return err;
	}
	return err < 0 ? err : 0;
}

int live_procs_settle(struct live_procs *ps, struct live_proc *p)
{
	struct look l;
	int err = open_look(&l, ps, p, UINT32_MAX);

	if (err || l.files_fd < 0 || !p->looked)
		goto out;
	err = probe_young(&l);
	if (!err)
		err = probe_free(&l);
	/* Sockets that were closed since the dump are gone from the next one. */
	if (!err && p->table.open != p->fds && p->in_doubt && ps->others_left)
		err = probe_others(&l);
	p->released = false;
	p->in_doubt = p->table.open != p->fds;
	if (err)
		err = live_proc_take_error(ps, p, err);
out:
	if (l.files_fd >= 0)
		close(l.files_fd);
	if (err || !p->in_doubt || p->fds > SMALL_PROCESS)
		return err;
	p->look_began = 0;
	return live_procs_look(ps, p, UINT32_MAX);
}

int live_procs_others(struct live_procs *ps, struct live_proc *p)
{
	struct look l;
	int err = open_look(&l, ps, p, UINT32_MAX);

	if (!err && l.files_fd >= 0) {
		err = probe_others(&l);
		l.left = UINT32_MAX;
		if (!err)
			err = probe_free(&l);
		if (err)
			err = live_proc_take_error(ps, p, err);
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
}

int live_procs_look_again(
	struct live_procs *ps, struct live_proc *p, const struct shared_fd *fds, uint32_t count)
{
	struct look l;
	int err = open_look(&l, ps, p, count);

	for (uint32_t i = 0; err >= 0 && l.files_fd >= 0 && i < count; i++)
		err = probe(&l, fds[i].fd);
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err < 0 ? live_proc_take_error(ps, p, err) : 0;
}

int live_procs_guess(struct live_procs *ps, struct live_proc *p, uint32_t most)
{
	struct look l;
	int err = open_look(&l, ps, p, most);

	if (!err && l.files_fd >= 0) {
		err = probe_young(&l);
		if (!err)
			err = probe_free(&l);
		if (err)
			err = live_proc_take_error(ps, p, err);
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
}
