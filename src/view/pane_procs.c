/* The pane of processes. */
#include "sockdash/drill.h"
#include "sockdash/pane.h"

static enum role process_role(const struct rowset *rows, uint32_t row)
{
	return rows->sample->procs[row].kind == PROC_ROW_PROCESS ? ROLE_TEXT : ROLE_DIM;
}

static const struct pane_column columns[] = {
	{ .field = "pid", .width = 7 },
	{ .field = "user", .width = 8, .priority = 3 },
	{ .field = "process", .width = 9, .full = 15, .grow = 7, .role = process_role },
	{ .field = "conns", .width = 8 },
	{ .field = "estab", .width = 8, .priority = 4 },
	{ .field = "close_wait", .width = 7, .priority = 1 },
	{ .field = "time_wait", .width = 7, .priority = 6 },
	{ .field = "syn_sent", .width = 6, .priority = 7 },
	{ .field = "delta", .width = 6, .priority = 2 },
	{ .field = "opened_rate", .width = 7, .priority = 5 },
	{ .field = "closed_rate", .width = 7, .priority = 5 },
};

static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	const struct proc_row *p = &rows->sample->procs[row];
	const struct proc_subject who = { p->kind, p->proc };

	drill_add_owner(filter, rows->sample->frame, who);
	drill_add_owner_name(name, rows->sample->frame, who);
	return true;
}

const struct pane pane_procs = {
	.table = &table_procs,
	.title = "Processes",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "lingering,listen,udp,fds,fd_limit,fd_percent,unit,cmdline,cgroup",
	.empty = "no sockets",
	.empty_role = ROLE_DIM,
	.shows_owners = true,
	.drill = drill,
};
