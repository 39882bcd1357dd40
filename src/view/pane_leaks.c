/* The pane of CLOSE-WAIT growth. */
#include "sockdash/format.h"
#include "sockdash/pane.h"
#include "sockdash/widgets.h"

static const struct leak_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->leaks[row];
}

static enum role growth_role(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->growth > 0 ? ROLE_WARNING : ROLE_GOOD;
}

static enum role process_role(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->kind == PROC_ROW_PROCESS ? ROLE_TEXT : ROLE_DIM;
}

static enum role fds_role(const struct rowset *rows, uint32_t row)
{
	const struct leak_row *l = row_of(rows, row);
	const struct proc *p = &rows->sample->frame->procs[l->proc];
	uint64_t percent = (uint64_t)p->fds * 100 / p->fd_limit;

	return percent >= 90 ? ROLE_CRITICAL : percent >= 70 ? ROLE_WARNING : ROLE_TEXT;
}

/* Less than an hour is an incident, less than a day will be one. */
static enum role exhaustion_role(const struct rowset *rows, uint32_t row)
{
	double left = row_of(rows, row)->exhaustion;

	return left < 3600 ? ROLE_CRITICAL : left < 86400 ? ROLE_WARNING : ROLE_TEXT;
}

static void draw_trend(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	widget_sparkline(c, cell, 0, 0, cell.width, ROLE_BAR, &row_of(rows, row)->trend, 0);
}

static const struct pane_column columns[] = {
	{ .field = "pid", .width = 7, .priority = 2 },
	{ .field = "process", .width = 9, .full = 15, .grow = 7, .role = process_role },
	{ .field = "close_wait", .width = 7 },
	{ .field = "growth", .title = "GROW/s", .width = 6, .role = growth_role },
	{ .field = "close_wait",
		.title = "",
		.width = 6,
		.grow = 10,
		.draw = draw_trend,
		.priority = 7 },
	{ .field = "oldest", .width = 7, .priority = 3 },
	{ .field = "why", .width = 10, .full = 12, .grow = 2, .priority = 1 },
	{ .field = "fd_percent", .width = 5, .role = fds_role, .priority = 4 },
	{ .field = "fds", .width = 7, .priority = 6 },
	{ .field = "exhaustion", .width = 7, .role = exhaustion_role, .priority = 5 },
};

const struct pane pane_leaks = {
	.table = &table_leaks,
	.title = "CLOSE-WAIT growth",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "in_rate,out_rate,unread,eof_unread,not_closed,fd_limit,user,unit",
	.empty = "no socket is in CLOSE-WAIT",
	.empty_role = ROLE_GOOD,
	.shows_owners = true,
};
