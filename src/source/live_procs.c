/* Processes and their descriptors between the samples. What is known of a process belongs to it as
 * long as its directory in /proc has the same number; when that changes, the start time says
 * whether it is still the same process. */
#include "sockdash/live_procs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/grow.h"
#include "sockdash/procs.h"

enum {
	PEEK_AGAIN = 16,       /* frames after which what cannot be seen is tried again */
	OTHERS_PROCESSES = 16, /* processes asked for what no dump shows, in each frame */
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

int live_procs_note_change(struct live_procs *ps, uint32_t inode)
{
	if (!inode)
		return 0;
	if (grow(&ps->changed, ps->changed_count, &ps->changed_room, sizeof *ps->changed))
		return -ENOMEM;
	ps->changed[ps->changed_count++] = inode;
	return 0;
}

int live_proc_note_open(struct live_procs *ps, struct live_proc *p, uint32_t fd, uint32_t inode)
{
	uint32_t was;
	int err = fd_table_set(&p->table, fd, inode, &was);

	/* With the first look there are too many, and most are in the dump. */
	if (!err && inode && p->looked)
		fd_table_mark_young(&p->table, fd, was != inode);
	if (err || was == inode)
		return err;
	err = live_procs_note_change(ps, was);
	return err ? err : live_procs_note_change(ps, inode);
}

/* Notes that all numbers from `from` up to before `to` are closed. */
int live_proc_note_closed(struct live_procs *ps, struct live_proc *p, uint32_t from, uint32_t to)
{
	int err = 0;

	for (uint32_t fd = fd_table_next_open(&p->table, from); !err && fd != FD_NONE && fd < to;
		fd = fd_table_next_open(&p->table, fd + 1))
		err = live_procs_note_change(ps, fd_table_clear(&p->table, fd));
	return err;
}

/* Forgets what is known of its descriptors. */
static int forget(struct live_procs *ps, struct live_proc *p)
{
	int err = live_proc_note_closed(ps, p, 0, FD_NONE);

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
int live_proc_meet_again(struct live_procs *ps, struct live_proc *p, uint64_t directory)
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

int live_proc_take_error(struct live_procs *ps, struct live_proc *p, int err)
{
	if (is_gone(err)) {
		p->gone = true;
		return forget(ps, p);
	}
	return is_forbidden(err) ? hide(ps, p) : err;
}

static int peek(struct live_procs *ps, struct live_proc *p)
{
	struct procs_peek now;
	bool again = (ps->now + p->pid) % PEEK_AGAIN == 0;
	int err;

	p->row = SOCK_NONE;
	err = procs_peek(ps->proc_fd, p->pid, &now);
	p->gone = is_gone(err);
	if (is_forbidden(err)) {
		p->fds = ps->counted; /* nothing is known but that it is there */
		return hide(ps, p);
	}
	if (err)
		return p->gone ? 0 : err;
	p->fds = now.fds;
	if (p->directory && p->directory != now.directory)
		return live_proc_meet_again(ps, p, now.directory);
	p->directory = now.directory;
	if (again)
		p->hidden = false;
	if (ps->counted)
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

int live_procs_begin(struct live_procs *ps, int proc_fd, const atomic_bool *stop)
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
		ps->late = clock_mono_ns() >= ps->deadline_ns ||
			   clock_thread_cpu_ns() >= ps->deadline_cpu_ns;
	return ps->late;
}
