/* Processes and their descriptors between the samples. What is known of a process belongs to it as
 * long as its directory in /proc has the same number; when that changes, the start time says
 * whether it is still the same process. */
#include "sockdash/live_procs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/procs.h"

enum {
	HIDDEN_AGAIN = 16,  /* frames after which a forbidden process is tried again */
	CLOCK_EVERY = 16,   /* descriptors between two looks at the clock */
	MISSES_MAX = 64,    /* numbers that may be closed before it is better to ask for a list */
	MISSES_ENOUGH = 16, /* the same where it is not sure that anything is open */
	OTHERS_MAX = 64, /* descriptors that a process is asked for again when its count differs */
	OTHERS_PROCESSES = 16, /* so many processes in each frame */
	SMALL_PROCESS = 128 /* descriptors of one that is looked at as a whole without much ado */
};

static void free_proc(struct live_proc *p)
{
	fd_table_free(&p->table);
	live_facts_free(&p->facts);
}

void live_procs_free(struct live_procs *ps)
{
	for (uint32_t i = 0; i < ps->count; i++)
		free_proc(&ps->all[i]);
	free(ps->all);
	free(ps->changed);
	*ps = (struct live_procs){ 0 };
}

/* ---- What changed ---------------------------------------------------------------------------- */

static int note_change(struct live_procs *ps, uint32_t inode)
{
	if (!inode)
		return 0;
	if (ps->changed_count == ps->changed_room) {
		uint32_t room = ps->changed_room ? ps->changed_room * 2 : 256;
		uint32_t *more = realloc(ps->changed, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		ps->changed = more;
		ps->changed_room = room;
	}
	ps->changed[ps->changed_count++] = inode;
	return 0;
}

static int note_open(struct live_procs *ps, struct live_proc *p, uint32_t fd, uint32_t inode)
{
	uint32_t was;
	int err = fd_table_set(&p->table, fd, inode, &was);

	/* With the first look there are too many, and most are in the dump. */
	if (!err && inode && p->looked)
		fd_table_mark_young(&p->table, fd, was != inode);
	if (err || was == inode)
		return err;
	err = note_change(ps, was);
	return err ? err : note_change(ps, inode);
}

/* Notes that all numbers from `from` up to before `to` are closed. */
static int note_closed(struct live_procs *ps, struct live_proc *p, uint32_t from, uint32_t to)
{
	int err = 0;

	for (uint32_t fd = fd_table_next_open(&p->table, from); !err && fd != FD_NONE && fd < to;
		fd = fd_table_next_open(&p->table, fd + 1))
		err = note_change(ps, fd_table_clear(&p->table, fd));
	return err;
}

/* Forgets what is known of its descriptors. */
static int forget(struct live_procs *ps, struct live_proc *p)
{
	int err = note_closed(ps, p, 0, FD_NONE);

	fd_table_free(&p->table);
	p->cursor = p->look_began = p->looked = 0;
	p->in_doubt = false;
	return err;
}

/* ---- The list -------------------------------------------------------------------------------- */

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ESRCH;
}

static bool is_forbidden(int err)
{
	return err == -EACCES || err == -EPERM;
}

/* Another number of its directory: is it another process? What was never looked at may be. */
static int meet_again(struct live_procs *ps, struct live_proc *p, uint64_t directory)
{
	struct proc_facts now;

	p->directory = directory;
	p->hidden = false;
	if (p->facts.read && !procs_read(ps->proc_fd, p->pid, false, &now) &&
		now.start_ticks == p->facts.start)
		return 0;
	live_facts_free(&p->facts);
	return forget(ps, p);
}

static int hide(struct live_procs *ps, struct live_proc *p)
{
	p->hidden = true;
	p->no_files = ps->counted ? !p->fds : procs_has_no_files(ps->proc_fd, p->pid);
	return forget(ps, p);
}

static int peek(struct live_procs *ps, struct live_proc *p)
{
	struct procs_peek now;
	int err = procs_peek(ps->proc_fd, p->pid, &now);

	p->row = SOCK_NONE;
	p->gone = is_gone(err);
	if (is_forbidden(err)) {
		p->fds = ps->counted; /* nothing is known but that it is there */
		return hide(ps, p);
	}
	if (err)
		return p->gone ? 0 : err;
	p->fds = now.fds;
	if (p->directory && p->directory != now.directory)
		return meet_again(ps, p, now.directory);
	p->directory = now.directory;
	if (p->hidden && (ps->now + p->pid) % HIDDEN_AGAIN == 0)
		p->hidden = false;
	if (p->hidden && ps->counted)
		p->no_files = !now.fds;
	return 0;
}

static int compare_pids(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Takes over what is known of the processes that are still there. Both lists are in order. */
static int merge(struct live_procs *ps, const uint32_t *pids, size_t count)
{
	struct live_proc *all = malloc((count ? count : 1) * sizeof *all);
	uint32_t old = 0;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		while (old < ps->count && ps->all[old].pid < pids[i])
			free_proc(&ps->all[old++]);
		if (old < ps->count && ps->all[old].pid == pids[i])
			all[i] = ps->all[old++];
		else
			all[i] = (struct live_proc){ .pid = pids[i] };
	}
	while (old < ps->count)
		free_proc(&ps->all[old++]);
	free(ps->all);
	ps->all = all;
	ps->count = (uint32_t)count;
	return 0;
}

int live_procs_begin(struct live_procs *ps, int proc_fd, const volatile bool *stop)
{
	struct procs_peek ourselves;
	uint32_t *pids;
	size_t count;
	int err;

	ps->proc_fd = proc_fd;
	ps->stop = stop;
	ps->now++;
	ps->changed_count = 0;
	ps->late = false;
	ps->looks = 0;
	ps->others_left = OTHERS_PROCESSES;
	err = procs_list(proc_fd, &pids, &count);
	if (err)
		return err;
	/* Without our own number in this /proc (a foreign one) it is not known, either. */
	ps->counted = !procs_peek(proc_fd, (uint32_t)getpid(), &ourselves) && ourselves.fds > 0;
	qsort(pids, count, sizeof *pids, compare_pids);
	err = merge(ps, pids, count);
	free(pids);
	for (uint32_t i = 0; !err && i < ps->count; i++)
		err = *stop ? -ECANCELED : peek(ps, &ps->all[i]);
	return err;
}

struct live_proc *live_procs_find(struct live_procs *ps, uint32_t pid)
{
	uint32_t low = 0, high = ps->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ps->all[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ps->count && ps->all[low].pid == pid ? &ps->all[low] : NULL;
}

bool live_procs_late(struct live_procs *ps)
{
	if (!ps->late && ps->deadline_ns)
		ps->late = clock_mono_ns() >= ps->deadline_ns;
	return ps->late;
}

/* ---- Looks ----------------------------------------------------------------------------------- */

/* One look at some of the descriptors of a process. */
struct look {
	struct live_procs *ps;
	struct live_proc *p;
	int files_fd;
	uint32_t left; /* descriptors it may still look at */
};

/* What an error says of the process; others are the caller's. */
static int take_error(struct live_procs *ps, struct live_proc *p, int err)
{
	if (is_gone(err)) {
		p->gone = true;
		return forget(ps, p);
	}
	return is_forbidden(err) ? hide(ps, p) : err;
}

/* Opens the descriptors of a process. `l->files_fd` is negative where there is nothing to see. */
static int open_look(struct look *l, struct live_procs *ps, struct live_proc *p, uint32_t most)
{
	struct procs_peek now;

	*l = (struct look){ .ps = ps, .p = p, .left = most };
	l->files_fd = procs_open_files(ps->proc_fd, p->pid, &now);
	if (l->files_fd < 0)
		return take_error(ps, p, l->files_fd);
	p->fds = now.fds;
	return now.directory == p->directory ? 0 : meet_again(ps, p, now.directory);
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
		err = note_change(l->ps, fd_table_clear(&l->p->table, fd));
		return err ? err : 0;
	}
	if (!err)
		err = note_open(l->ps, l->p, fd, inode);
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
	int err = note_closed(l->ps, l->p, l->p->cursor, fd);

	l->ps->looks++;
	if (!err)
		err = note_open(l->ps, l->p, fd, inode);
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
		err = note_closed(ps, p, p->cursor, FD_NONE);
	if (!err) {
		p->met = p->looked ? p->met : ps->now;
		p->looked = p->look_began;
		p->look_began = 0;
		p->in_doubt = false;
	}
	if (err == 1)
		err = 0;
	else if (err)
		err = take_error(ps, p, err);
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
		err = take_error(ps, p, err);
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
			err = take_error(ps, p, err);
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
}

int live_procs_look_again(struct live_procs *ps, struct live_proc *p, uint32_t fd)
{
	struct look l;
	int err = open_look(&l, ps, p, 1);

	if (!err && l.files_fd >= 0) {
		err = probe(&l, fd);
		err = err < 0 ? take_error(ps, p, err) : 0;
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
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
			err = take_error(ps, p, err);
	}
	if (l.files_fd >= 0)
		close(l.files_fd);
	return err;
}
