/* The pane of remote addresses. */
#include "sockdash/drill.h"
#include "sockdash/format.h"
#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"

/* Who waits for an answer, or does not close, strikes the eye. */
static enum role close_wait_role(const struct rowset *rows, uint32_t row)
{
	return peer_sums_of(rows->sample, row).close_wait ? ROLE_WARNING : ROLE_DIM;
}

static enum role syn_sent_role(const struct rowset *rows, uint32_t row)
{
	return peer_sums_of(rows->sample, row).syn_sent ? ROLE_WARNING : ROLE_DIM;
}

static const struct pane_column columns[] = {
	{ .field = "remote_address", .title = "PEER", .width = 18, .grow = 25 },
	{ .field = "conns", .width = 7 },
	{ .field = "estab", .width = 7 },
	{ .field = "close_wait", .width = 6, .role = close_wait_role },
	{ .field = "syn_sent", .width = 6, .role = syn_sent_role },
	{ .field = "time_wait", .width = 7 },
	{ .field = "delta", .width = 6 },
	{ .field = "opened_rate", .width = 7 },
	{ .field = "closed_rate", .width = 7 },
	{ .field = "ended_rate", .width = 8 },
	{ .field = "process", .width = 12, .grow = 8 },
	{ .field = "in", .width = 6 },
	{ .field = "out", .width = 6 },
	{ .field = "in_port", .width = 6 },
	{ .field = "out_port", .width = 6 },
	{ .field = "recv_q", .width = 7 },
	{ .field = "send_q", .width = 7 },
};

static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	struct value v = rowset_value(rows, row, table_field(&table_peers, "remote_address", 14));
	char room[FORMAT_MAX];

	drill_add_address(filter, "dst", &v, -1);
	buf_adds(name, format_value(&v, 0, room));
	return true;
}

static void say_empty(const struct sample *s, bool all, struct buf *text, enum role *role)
{
	(void)all;
	*role = ROLE_DIM;
	buf_adds(text, s->frame->asked & NEED_PEERS ? "no connections" : "counting\xe2\x80\xa6");
}

const struct pane pane_peers = {
	.table = &table_peers,
	.title = "Peers",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "ended,pid,processes,process_sockets,sockets,udp,syn_recv,closing,unit,netns",
	.empty = "no connections",
	.empty_role = ROLE_DIM,
	.say_empty = say_empty,
	.drill = drill,
};
