/* The pane of leaks: what piles up, and what becomes of it. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "sockdash/drill.h"
#include "sockdash/fmt.h"
#include "sockdash/pane.h"
#include "sockdash/widgets.h"

static const struct leak_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->leaks[row];
}

static enum role growth_role(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->verdict == VERDICT_LEAK ? ROLE_WARNING : ROLE_TEXT;
}

/* A leak that leaves less than an hour is an incident. */
static enum role verdict_role(const struct rowset *rows, uint32_t row)
{
	static const enum role roles[VERDICTS] = {
		[VERDICT_OK] = ROLE_GOOD,
		[VERDICT_DRAINING] = ROLE_GOOD,
		[VERDICT_SLOW] = ROLE_TEXT,
		[VERDICT_STUCK] = ROLE_WARNING,
		[VERDICT_LEAK] = ROLE_WARNING,
	};
	const struct leak_row *l = row_of(rows, row);

	if (l->verdict == VERDICT_LEAK && (!l->preliminary || l->exhaustion < 3600))
		return ROLE_CRITICAL;
	return roles[l->verdict];
}

/* "LEAK 1h 17m", the time that is left. */
static void draw_verdict(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct leak_row *l = row_of(rows, row);
	char text[32], left[FMT_MAX];
	int used;

	if (isnan(l->since)) {
		cells_put(c, cell, 0, 0, cell.width, ROLE_DIM, "-");
		return;
	}
	snprintf(text, sizeof text, "%s%s", verdict_name(l->verdict), l->preliminary ? "?" : "");
	for (char *t = text; l->verdict == VERDICT_LEAK && *t; t++)
		*t = (char)toupper((unsigned char)*t);
	used = cells_put(c, cell, 0, 0, cell.width, verdict_role(rows, row), text) + 1;
	if (!isnan(l->exhaustion))
		cells_put(c, cell, used, 0, cell.width - used, verdict_role(rows, row),
			fmt_age(left, l->exhaustion, cell.width - used));
}

/* Most are in CLOSE-WAIT: others strike the eye. */
static enum role pile_role(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->pile == PILE_CLOSE_WAIT ? ROLE_TEXT : ROLE_WARNING;
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
	{ .field = "pid", .width = 7, .priority = 5 },
	{ .field = "process", .width = 8, .full = 15, .grow = 7, .role = process_role },
	{ .field = "pile", .width = 10, .role = pile_role, .priority = 2 },
	{ .field = "count", .width = 6 },
	{ .field = "verdict", .width = 10, .full = 14, .grow = 4, .draw = draw_verdict },
	{ .field = "growth", .title = "GROW/s", .width = 6, .role = growth_role, .priority = 1 },
	{ .field = "count",
		.title = "",
		.width = 6,
		.grow = 10,
		.draw = draw_trend,
		.priority = 9 },
	{ .field = "why", .width = 10, .full = 12, .grow = 2, .priority = 3 },
	{ .field = "oldest", .width = 7, .priority = 4 },
	{ .field = "fd_percent", .width = 5, .role = fds_role, .priority = 6 },
	{ .field = "fds", .width = 7, .priority = 8 },
	{ .field = "exhaustion", .width = 7, .role = exhaustion_role, .priority = 7 },
};

/* The sockets that are in the state of the pile now, or that have something in the queue: how long it
 * has stood still is not asked. */
static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	static const struct {
		unsigned state;
		const char *more;
	} piles[PILES] = {
		[PILE_CLOSE_WAIT] = { SOCK_CLOSE_WAIT, "" },
		[PILE_FIN_WAIT_2] = { SOCK_FIN_WAIT_2, "" },
		[PILE_LAST_ACK] = { SOCK_LAST_ACK, "" },
		[PILE_SYN_SENT] = { SOCK_SYN_SENT, "" },
		[PILE_RECV_Q] = { SOCK_ESTAB, " recv_q > 0" },
		[PILE_SEND_Q] = { SOCK_ESTAB, " send_q > 0" },
	};
	const struct leak_row *l = row_of(rows, row);
	const struct proc_subject who = { l->kind, l->proc };

	drill_add_owner(filter, rows->sample->frame, who);
	buf_adds(filter, " proto = tcp");
	drill_add_state(filter, piles[l->pile].state);
	buf_adds(filter, piles[l->pile].more);
	drill_add_owner_name(name, rows->sample->frame, who);
	buf_addf(name, " %s", pile_name(l->pile));
	return true;
}

const struct pane pane_leaks = {
	.table = &table_leaks,
	.title = "Leaks",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "preliminary,since,close_wait,reset,overdue,usual,peer,peer_count,local,local_"
		"count,in_"
		"rate,out_rate,unread,"
		"eof_unread,not_closed,bytes,fd_limit,user,unit",
	.empty = "nothing piles up",
	.empty_role = ROLE_GOOD,
	.shows_owners = true,
	.drill = drill,
};
