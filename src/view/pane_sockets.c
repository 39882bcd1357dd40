/* The pane of all sockets. */
#include "sockdash/endpoint.h"
#include "sockdash/format.h"
#include "sockdash/pane.h"

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[sample_sock_row(rows->sample, row)];
}

static void draw_local(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	char room[ENDPOINT_MAX];

	cells_put(c, cell, 0, 0, cell.width, ROLE_TEXT,
		endpoint_named(rows->sample->frame, rowset_names(rows), sock_of(rows, row), true,
			cell.width, room));
}

static void draw_remote(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	char room[ENDPOINT_MAX];

	if (sock_is_listener(sock_of(rows, row)))
		cells_put(c, cell, 0, 0, cell.width, ROLE_DIM, "-");
	else
		cells_put(c, cell, 0, 0, cell.width, ROLE_TEXT,
			endpoint_named(rows->sample->frame, rowset_names(rows), sock_of(rows, row),
				false, cell.width, room));
}

static enum role process_role(const struct rowset *rows, uint32_t row)
{
	return sock_of(rows, row)->flags & SOCK_CARRIED ? ROLE_DIM : ROLE_TEXT;
}

static const struct pane_column columns[] = {
	{ .field = "proto", .width = 5 },
	{ .field = "state", .width = 10 },
	{ .field = "recv_q", .width = 6 },
	{ .field = "send_q", .width = 6 },
	{ .field = "local_address",
		.also = "local_port",
		.title = "LOCAL ADDRESS",
		.width = 21,
		.grow = 26,
		.draw = draw_local },
	{ .field = "remote_address",
		.also = "remote_port",
		.title = "PEER ADDRESS",
		.width = 21,
		.grow = 26,
		.draw = draw_remote },
	{ .field = "pid", .width = 7 },
	{ .field = "process", .width = 12, .grow = 8, .role = process_role },
	{ .field = "age", .width = 8 },
	{ .field = "wait_age", .width = 8 },
	{ .field = "user", .width = 8 },
};

const struct pane pane_sockets = {
	.table = &table_sockets,
	.title = "Sockets",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "timer,timer_expires,timer_retrans,rtt,rttvar,min_rtt,rto,retrans,lost,unacked,"
		"cwnd,"
		"ssthresh,notsent,tx_rate,rx_rate,bytes_acked,bytes_received,delivery_rate,"
		"pacing_rate,last_sent,last_recv,last_ack,mss,pmtu,congestion,owners,unit,inode,"
		"cookie,netns",
	.empty = "no sockets",
	.empty_role = ROLE_DIM,
	.shows_owners = false,
};
