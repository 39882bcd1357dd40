/* The pane of listening ports. */
#include <stdio.h>
#include <string.h>

#include "sockdash/drill.h"
#include "sockdash/endpoint.h"
#include "sockdash/format.h"
#include "sockdash/pane.h"
#include "sockdash/widgets.h"

static const struct listener_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->listeners[row];
}

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[row_of(rows, row)->sock];
}

static void draw_address(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct sock *s = sock_of(rows, row);
	char room[ENDPOINT_MAX];
	int used = 0;

	if (s->proto == SOCK_UDP)
		used = cells_put(c, cell, 0, 0, cell.width, ROLE_DIM, "udp ");
	cells_put(c, cell, used, 0, cell.width - used, ROLE_TEXT,
		endpoint_named(
			rows->sample->frame, rowset_names(rows), s, true, cell.width - used, room));
}

/* The kernel drops when the queue is longer than the backlog. */
static enum role queue_role(const struct sock *s)
{
	if (s->flags & SOCK_NO_BACKLOG)
		return s->recv_q ? ROLE_TEXT : ROLE_DIM;
	if (s->recv_q > s->send_q)
		return ROLE_CRITICAL;
	if (s->recv_q && s->recv_q >= s->send_q - s->send_q / 4)
		return ROLE_WARNING;
	return s->recv_q ? ROLE_TEXT : ROLE_DIM;
}

static void draw_queue(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct sock *s = sock_of(rows, row);
	char text[2 * FMT_MAX], queue[FMT_MAX], backlog[FMT_MAX];

	if (s->proto != SOCK_TCP) {
		cells_put_right(c, cell, 0, 0, cell.width, ROLE_DIM, "-");
		return;
	}
	fmt_count(queue, s->recv_q, 4);
	snprintf(text, sizeof text, "%s/%s", queue,
		s->flags & SOCK_NO_BACKLOG
			? "-"
			: fmt_count(backlog, s->send_q, cell.width - 1 - (int)strlen(queue)));
	cells_put_right(c, cell, 0, 0, cell.width, queue_role(s), text);
}

static void draw_trend(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct listener_row *l = row_of(rows, row);
	const struct sock *s = sock_of(rows, row);
	uint32_t any = 0;

	for (uint32_t i = 0; i < l->queue.count; i++)
		any |= l->queue.values[i];
	if (any)
		widget_sparkline(c, cell, 0, 0, cell.width, queue_role(s), &l->queue,
			s->flags & SOCK_NO_BACKLOG ? 0 : s->send_q);
}

static enum role drops_role(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->drops_rate > 0 ? ROLE_CRITICAL : ROLE_TEXT;
}

static enum role syn_role(const struct rowset *rows, uint32_t row)
{
	const struct sock *s = sock_of(rows, row);
	bool full = !(s->flags & SOCK_NO_BACKLOG) && row_of(rows, row)->syn_recv >= s->send_q;

	return full ? ROLE_WARNING : ROLE_TEXT;
}

static const struct pane_column columns[] = {
	{ .field = "address",
		.also = "port",
		.width = 15,
		.full = 22,
		.grow = 32,
		.draw = draw_address },
	{ .field = "process", .width = 9, .full = 15, .grow = 7, .priority = 1 },
	{ .field = "conns", .width = 6 },
	{ .field = "delta", .width = 6, .priority = 6 },
	{ .field = "syn_recv", .width = 4, .role = syn_role, .priority = 3 },
	{ .field = "accept_queue",
		.also = "backlog",
		.title = "QUEUE/MAX",
		.width = 9,
		.draw = draw_queue },
	{ .field = "accept_queue",
		.title = "",
		.width = 6,
		.grow = 10,
		.draw = draw_trend,
		.priority = 5 },
	{ .field = "drops", .width = 7, .role = drops_role, .priority = 4 },
	{ .field = "drops_rate", .width = 7, .role = drops_role, .priority = 2 },
	{ .field = "ended_rate", .width = 8, .priority = 2 },
};

/* The wildcard of IPv6 most often serves IPv4 as well. */
static void add_wildcard(struct buf *filter, const struct sock *s)
{
	if (s->flags & SOCK_IPV4)
		buf_adds(filter, " src 0.0.0.0/0");
	else if (s->flags & SOCK_V6ONLY)
		buf_adds(filter, " src [::]/0");
}

/* Its connections: what the column counts, and of UDP the sockets of its port. */
static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	static const uint8_t any[16] = { 0 }, any4[16] = { [10] = 0xff, [11] = 0xff };
	const struct frame *f = rows->sample->frame;
	const struct sock *s = sock_of(rows, row);
	const struct address *a = frame_address(f, s->local);
	char room[ENDPOINT_MAX];

	buf_addf(filter, "proto = %s sport = :%u", sock_proto_name(s->proto), s->local_port);
	if (memcmp(a->bytes, any, sizeof any) == 0 || memcmp(a->bytes, any4, sizeof any4) == 0) {
		add_wildcard(filter, s);
	} else {
		buf_addc(filter, ' ');
		drill_add_end(filter, f, s, true, -1);
	}
	if (s->proto == SOCK_TCP)
		buf_adds(filter, row_of(rows, row)->conns ? " state connected exclude time-wait"
							  : " state listening");
	buf_addf(name, "%s%s", s->proto == SOCK_UDP ? "udp " : "",
		endpoint_text(f, s, true, 0, room));
	return true;
}

const struct pane pane_listen = {
	.table = &table_listen,
	.title = "Listening",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "ended,pid,user,owners,estab,close_wait,recv_q,unit,proto,netns,inode",
	.empty = "nothing listens",
	.drill = drill,
};
