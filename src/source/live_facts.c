/* Who a process is, remembered between samples: exec gives it another name, and what else changes
 * while it runs (its user, its limit, its control group) is read again now and then. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/buf.h"
#include "sockdash/live_procs.h"
#include "sockdash/procs.h"
#include "sockdash/utf8.h"

void live_facts_free(struct live_facts *facts)
{
	free(facts->name);
	free(facts->cmdline);
	free(facts->cgroup);
	free(facts->unit);
	*facts = (struct live_facts){ 0 };
}

/* Replaces a text by a copy that is safe to print. */
static int keep_text(char **text, const char *from)
{
	struct buf safe = { 0 };
	char *copy;

	utf8_add_safe(&safe, from, strlen(from));
	copy = safe.failed ? NULL : strndup(safe.len ? safe.data : "", safe.len);
	buf_free(&safe);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int live_facts_read(struct live_procs *ps, struct live_proc *p, bool details)
{
	struct live_facts *facts = &p->facts;
	struct proc_facts now;
	char unit[PROCS_TEXT_MAX];
	int err = procs_read(ps->proc_fd, p->pid, details, &now);

	if (err)
		return err;
	if (now.directory && now.directory != p->directory)
		return -ESRCH;
	if (facts->read && facts->start != now.start_ticks)
		return -ESRCH;
	err = keep_text(&facts->name, now.comm);
	if (!err && details) {
		procs_unit(now.cgroup, unit, sizeof unit);
		err = keep_text(&facts->unit, unit);
		if (!err)
			err = keep_text(&facts->cmdline, now.cmdline);
		if (!err)
			err = keep_text(&facts->cgroup, now.cgroup);
		facts->fd_limit = now.fd_limit;
	}
	if (err)
		return err;
	facts->start = now.start_ticks;
	facts->uid = now.uid;
	facts->details = facts->details || details;
	facts->read = facts->checked = ps->now;
	return 0;
}

int live_facts_check(struct live_procs *ps, struct live_proc *p, bool details)
{
	char name[PROCS_COMM_MAX], *safe = NULL;
	int err = procs_read_name(ps->proc_fd, p->pid, name);
	bool same;

	if (err)
		return err;
	err = keep_text(&safe, name);
	if (err)
		return err;
	same = p->facts.name && strcmp(safe, p->facts.name) == 0;
	free(safe);
	p->facts.checked = ps->now;
	return same ? 0 : live_facts_read(ps, p, details);
}
