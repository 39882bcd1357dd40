/* Owners of sockets, from frame to frame: what is known (live_procs), what stays and what is looked
 * up (owner_edges), what is looked at in /proc (owner_search), and who the processes are. */
#include "sockdash/live_owners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/live_procs.h"
#include "sockdash/live_users.h"
#include "sockdash/log.h"
#include "sockdash/owner_search.h"

enum {
	FACTS_LEAST = 4,  /* processes that are read anew in each frame */
	NAMES_LEAST = 16, /* processes that are asked for their name again */
	NAMES_SHARE = 16, /* and one for so many that own sockets */
	WAITS = 2,        /* where others have the CPU, the budget ends after so much longer */
};

struct live_owners {
	struct live_procs procs;
	struct live_users users;
	struct owner_search search;
	uint32_t shared_from; /* row where shared descriptors are looked at again */
	int64_t last_ns;      /* mono_ns of the last frame that got its owners; 0 none */
};

struct live_owners *live_owners_create(void)
{
	return calloc(1, sizeof(struct live_owners));
}

void live_owners_destroy(struct live_owners *o)
{
	if (!o)
		return;
	live_procs_free(&o->procs);
	live_users_free(&o->users);
	owner_search_free(&o->search);
	free(o);
}

void live_owners_name(uint32_t uid, char *out, size_t size)
{
	live_users_name(uid, out, size);
}

int live_owners_users(struct live_owners *o, struct frame *f)
{
	return live_users_add_all(&o->users, f);
}

/* ---- Who they are ---------------------------------------------------------------------------- */

/* Copies of what is known of a process, in the memory of the frame; the texts are safe already. */
static int describe(
	struct live_owners *o, struct frame *f, const struct live_proc *p, unsigned needs)
{
	const struct live_facts *facts = &p->facts;
	struct proc *proc = &f->procs[p->row];
	bool details = facts->details && needs & NEED_PROC_DETAILS;
	bool known = facts->uid != PROC_UNKNOWN && needs & NEED_USERS;

	proc->uid = facts->uid;
	proc->fds = o->procs.counted ? p->fds : p->looked ? p->table.open : PROC_UNKNOWN;
	proc->fd_limit = details ? facts->fd_limit : PROC_UNKNOWN;
	proc->partial = !p->looked && live_proc_is_open(&o->procs, p);
	/* It may be gone, or another process, before its name was read. */
	proc->name = facts->name ? facts->name : "";
	proc->cmdline = details ? facts->cmdline : "";
	proc->cgroup = details ? facts->cgroup : "";
	proc->unit = details ? facts->unit : "";
	proc->user = "";
	if (known) {
		int err = live_users_add(&o->users, f, facts->uid);

		if (err)
			return err;
		proc->user = frame_user(f, facts->uid);
	}
	return frame_copy_proc_texts(f, proc);
}

/* Of each owner the first time all, and then, in turn, of some their names and of a few all. */
static int read_facts(struct live_owners *o, const struct frame *f, bool details)
{
	struct live_procs *ps = &o->procs;
	uint32_t names = NAMES_LEAST + f->proc_count / NAMES_SHARE, all = FACTS_LEAST;
	int err = 0;

	for (uint32_t i = 0; err != -ENOMEM && i < ps->count; i++) {
		struct live_proc *p = &ps->all[i];
		uint32_t checked_age = ps->now - p->facts.checked;
		uint32_t read_age = ps->now - p->facts.read;

		if (p->row == SOCK_NONE || p->gone)
			continue;
		if ((details && !p->facts.details) ||
			(read_age * all > f->proc_count && (ps->now + i) % NAMES_LEAST == 0))
			err = live_facts_read(ps, p, details);
		else if (checked_age * names > f->proc_count)
			err = live_facts_check(ps, p, details);
	}
	/* Who is gone meanwhile keeps what was known. */
	return err == -ENOMEM ? err : 0;
}

static int describe_all(struct live_owners *o, struct frame *f, unsigned needs)
{
	int err = read_facts(o, f, needs & NEED_PROC_DETAILS);

	for (uint32_t i = 0; !err && i < o->procs.count; i++)
		if (o->procs.all[i].row != SOCK_NONE)
			err = describe(o, f, &o->procs.all[i], needs);
	return err;
}

/* ---- A frame --------------------------------------------------------------------------------- */

static void count_hidden(struct live_owners *o, struct frame *f)
{
	const struct live_procs *ps = &o->procs;

	f->procs_hidden = 0;
	for (uint32_t i = 0; i < ps->count; i++)
		f->procs_hidden += ps->all[i].hidden && !ps->all[i].no_files;
	/* Every pid namespace has a process 1. */
	f->pids_hidden = !ps->count || ps->all[0].pid != 1;
}

/* Tells what a stage cost since `since`; answers the CPU time now. */
static int64_t note_cost(const char *stage, int64_t since)
{
	int64_t now = clock_thread_cpu_ns();

	log_line("owners: %s %.2f ms", stage, (double)(now - since) / 1e6);
	return now;
}

static int search(struct live_owners *o, struct owner_edges *e, unsigned needs)
{
	int64_t cpu = clock_thread_cpu_ns();
	int err = owner_search_run(&o->search, e);

	cpu = note_cost("search", cpu);
	if (err && err != -ENOMEM && err != -ECANCELED) {
		e->f->problems[FRAME_NO_PROC] = err;
		err = 0;
	}
	if (err)
		return err;
	err = owner_edges_match(e);
	if (err)
		return err;
	cpu = note_cost("match", cpu);
	count_hidden(o, e->f);
	err = describe_all(o, e->f, needs);
	if (!err)
		err = owner_search_conclude(&o->search, e);
	note_cost("conclusion", cpu);
	log_line("owners: %.1f %%, %llu looks, %u of %u sockets new, %u without owner",
		e->f->owners_percent, (unsigned long long)o->procs.looks, e->fresh.count, e->files,
		e->bare.count);
	return err;
}

static int resolve(struct live_owners *o, int proc_fd, struct frame *f, const struct frame *prev,
	const struct source_request *request, const atomic_bool *stop)
{
	struct owner_edges e = { .ps = &o->procs,
		.f = f,
		.prev = prev,
		.goes_on = prev && o->last_ns && prev->mono_ns == o->last_ns,
		.shared_from = o->shared_from };
	int64_t cpu = clock_thread_cpu_ns(), budget = request->owners_budget_ns;
	int err;

	o->last_ns = 0;
	o->procs.deadline_ns = budget ? clock_mono_ns() + WAITS * budget : 0;
	o->procs.deadline_cpu_ns = budget ? clock_thread_cpu_ns() + budget : 0;
	err = live_procs_begin(&o->procs, proc_fd, stop);
	if (err && err != -ENOMEM && err != -ECANCELED) {
		f->problems[FRAME_NO_PROC] = err;
		frame_mark_hidden(f, prev);
		return frame_carry_owners(f, prev);
	}
	if (err)
		return err;
	count_hidden(o, f);
	cpu = note_cost("processes", cpu);
	err = owner_edges_begin(&e);
	note_cost("edges", cpu);
	if (!err)
		err = search(o, &e, request->needs);
	o->shared_from = e.shared_next;
	owner_edges_end(&e);
	if (!err)
		o->last_ns = f->mono_ns;
	return err;
}

int live_owners_resolve(struct live_owners *o, struct frame *f, const struct frame *prev,
	const struct source_request *request, const atomic_bool *stop)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	f->owners_known = true;
	/* An empty directory where it is not mounted. */
	if (proc_fd < 0 || faccessat(proc_fd, "self", F_OK, 0)) {
		f->problems[FRAME_NO_PROC] = -errno;
		err = frame_carry_owners(f, prev);
		frame_mark_hidden(f, prev);
	} else {
		err = resolve(o, proc_fd, f, prev, request, stop);
	}
	if (proc_fd >= 0)
		close(proc_fd);
	return err;
}
