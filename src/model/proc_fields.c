/* What every table of processes shows of one. */
#include "sockdash/proc_fields.h"

static const struct proc *find(const struct frame *f, struct proc_subject p)
{
	return p.kind == PROC_ROW_PROCESS ? &f->procs[p.proc] : NULL;
}

void proc_field_pid(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p))
		value_number(out, VALUE_ID, find(f, p)->pid);
}

void proc_field_process(const struct frame *f, struct proc_subject p, struct value *out)
{
	static const char *const without[] = {
		[PROC_ROW_NONE] = "(unowned)",
		[PROC_ROW_HIDDEN] = "(hidden)",
		[PROC_ROW_BRIEF] = "(closed)",
		[PROC_ROW_PENDING] = "(resolving)",
	};

	value_text(out, find(f, p) ? find(f, p)->name : without[p.kind]);
}

void proc_field_user(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p))
		value_text(out, find(f, p)->user);
}

void proc_field_unit(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p))
		value_text(out, find(f, p)->unit);
}

void proc_field_cgroup(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p))
		value_text(out, find(f, p)->cgroup);
}

void proc_field_cmdline(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p))
		value_text(out, find(f, p)->cmdline);
}

void proc_field_fds(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (find(f, p) && find(f, p)->fds != PROC_UNKNOWN)
		value_number(out, VALUE_COUNT, find(f, p)->fds);
}

static bool has_limit(const struct proc *p)
{
	return p && p->fd_limit != PROC_UNKNOWN && p->fd_limit != PROC_UNLIMITED;
}

void proc_field_fd_limit(const struct frame *f, struct proc_subject p, struct value *out)
{
	if (has_limit(find(f, p)))
		value_number(out, VALUE_COUNT, find(f, p)->fd_limit);
}

void proc_field_fd_percent(const struct frame *f, struct proc_subject p, struct value *out)
{
	const struct proc *proc = find(f, p);

	if (has_limit(proc) && proc->fds != PROC_UNKNOWN && proc->fd_limit)
		value_real(out, VALUE_PERCENT, 100.0 * proc->fds / proc->fd_limit);
}
