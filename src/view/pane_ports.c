/* The pane of ephemeral ports: how near connect() is to finding none. */
#include <math.h>

#include "sockdash/drill.h"
#include "sockdash/endpoint.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"
#include "sockdash/peer_key.h"
#include "sockdash/widgets.h"

static const struct port_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->port_rows[row];
}

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[row_of(rows, row)->sock];
}

static double share(const struct rowset *rows, uint32_t row)
{
	double capacity = rows->sample->port_capacity;

	return sock_of(rows, row)->netns ? (double)NAN : row_of(rows, row)->used / capacity;
}

static void draw_remote(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	char room[ENDPOINT_MAX];

	cells_put(c, cell, 0, 0, cell.width, ROLE_TEXT,
		endpoint_named(rows->sample->frame, rowset_names(rows), sock_of(rows, row), false,
			cell.width, room));
}

static void draw_bar(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	if (!isnan(share(rows, row)))
		widget_bar(c, cell, 0, 0, cell.width, fmin(share(rows, row), 1));
}

/* As the audit warns. */
static enum role percent_role(const struct rowset *rows, uint32_t row)
{
	return share(rows, row) >= 0.95  ? ROLE_CRITICAL
	       : share(rows, row) >= 0.8 ? ROLE_WARNING
					 : ROLE_TEXT;
}

/* As many new ones as can go on for ever. */
static enum role rate_role(const struct rowset *rows, uint32_t row)
{
	double most = rows->sample->port_capacity / 60;

	return row_of(rows, row)->rate > most ? ROLE_WARNING : ROLE_TEXT;
}

static const struct pane_column columns[] = {
	{ .field = "local_address", .width = 15, .grow = 24 },
	{ .field = "remote_address",
		.also = "remote_port",
		.title = "DESTINATION",
		.width = 21,
		.grow = 26,
		.draw = draw_remote },
	{ .field = "used", .width = 7, .role = percent_role },
	{ .field = "capacity", .title = "MAX", .width = 7 },
	{ .field = "percent", .width = 6, .role = percent_role },
	{ .field = "percent", .title = "", .width = 8, .grow = 12, .draw = draw_bar },
	{ .field = "time_wait", .width = 7 },
	{ .field = "opened_rate", .width = 7, .role = rate_role },
	{ .field = "sustainable_rate", .width = 7 },
	{ .field = "process", .width = 12, .grow = 8 },
};

static struct value address_of(const struct rowset *rows, uint32_t row, bool local)
{
	struct value v = { .type = VALUE_NONE };

	value_address(&v, rows->sample->frame, sock_of(rows, row), local);
	v.ipv4 = peer_is_ipv4(v.address->bytes);
	return v;
}

static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	struct value local = address_of(rows, row, true), remote = address_of(rows, row, false);
	const struct sock *s = sock_of(rows, row);
	char room[ENDPOINT_MAX];

	buf_adds(filter, "proto = tcp ");
	drill_add_address(filter, "src", &local, -1);
	buf_addc(filter, ' ');
	drill_add_address(filter, "dst", &remote, s->remote_port);
	buf_adds(name, endpoint_text(rows->sample->frame, s, false, 0, room));
	return true;
}

static void say_empty(const struct sample *s, bool all, struct buf *text, enum role *role)
{
	(void)all;
	*role = ROLE_DIM;
	if (~s->frame->asked & (NEED_PORTS | NEED_PORT_ROWS))
		buf_adds(text, "counting\xe2\x80\xa6");
	else if (isnan(s->port_capacity))
		buf_adds(text, "net.ipv4.ip_local_port_range is not known");
	else
		buf_adds(text, "no connections from ephemeral ports");
}

const struct pane pane_ports = {
	.table = &table_ports,
	.title = "Ports",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "time_wait_percent,pid,process_used,unit,netns",
	.empty = "no connections from ephemeral ports",
	.empty_role = ROLE_DIM,
	.say_empty = say_empty,
	.drill = drill,
};
