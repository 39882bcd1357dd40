/* The table of remote addresses. */
#include <math.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/peer_key.h"
#include "sockdash/proc_fields.h"
#include "sockdash/sock_fields.h"

static const struct peer_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->peers[row];
}

static const struct address *address_of(const struct rowset *rows, uint32_t row)
{
	const struct peer_row *r = row_of(rows, row);
	const struct frame *f = rows->sample->frame;

	return r->brief ? &r->brief->address : frame_address(f, f->socks[r->sock].remote);
}

#define SUM_FIELD(name, type)                                                                      \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		value_number(out, type, (int64_t)peer_sums_of(rows->sample, row).name);            \
	}
#define PORT_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		uint32_t port = peer_sums_of(rows->sample, row).name;                              \
                                                                                                   \
		if (port != SOCK_NONE)                                                             \
			value_port(out, SOCK_TCP, (uint16_t)port);                                 \
	}
#define RATE_FIELD(name, member)                                                                   \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		const struct sample *s = rows->sample;                                             \
                                                                                                   \
		if (s->peers_compared)                                                             \
			value_real(out, VALUE_RATE,                                                \
				group_rate(row_of(rows, row)->member, s->interval_s));             \
	}
#define PROC_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		uint32_t proc = peer_sums_of(rows->sample, row).proc;                              \
                                                                                                   \
		if (proc != SOCK_NONE)                                                             \
			proc_field_##name(rows->sample->frame,                                     \
				(struct proc_subject){ PROC_ROW_PROCESS, proc }, out);             \
	}

SUM_FIELD(socks, VALUE_COUNT)
SUM_FIELD(conns, VALUE_COUNT)
SUM_FIELD(estab, VALUE_COUNT)
SUM_FIELD(close_wait, VALUE_COUNT)
SUM_FIELD(syn_sent, VALUE_COUNT)
SUM_FIELD(syn_recv, VALUE_COUNT)
SUM_FIELD(closing, VALUE_COUNT)
SUM_FIELD(time_wait, VALUE_COUNT)
SUM_FIELD(udp, VALUE_COUNT)
SUM_FIELD(in, VALUE_COUNT)
SUM_FIELD(recv_q, VALUE_BYTES)
SUM_FIELD(send_q, VALUE_BYTES)
PORT_FIELD(in_port)
PORT_FIELD(out_port)
PROC_FIELD(pid)
PROC_FIELD(process)
PROC_FIELD(unit)
RATE_FIELD(opened_rate, opened)
RATE_FIELD(closed_rate, closed)

static void get_netns(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct peer_row *r = row_of(rows, row);
	const struct frame *f = rows->sample->frame;
	uint32_t netns = r->brief ? r->brief->netns : f->socks[r->sock].netns;

	if (netns < f->netns_count && f->namespaces[netns].inode)
		value_number(out, VALUE_ID, (int64_t)f->namespaces[netns].inode);
}

static void get_address(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct sample *s = rows->sample;

	out->type = VALUE_ADDRESS;
	out->address = address_of(rows, row);
	out->device = "";
	out->ipv4 = peer_is_ipv4(out->address->bytes);
	out->prefix = out->ipv4 ? s->prefix4 : s->prefix6;
	if (peer_is_link_local(out->address->bytes))
		out->device = frame_device(s->frame, out->address->scope);
}

static void get_out(const struct rowset *rows, uint32_t row, struct value *out)
{
	struct peer_sums sums = peer_sums_of(rows->sample, row);

	value_number(out, VALUE_COUNT, (int64_t)sums.conns - sums.in);
}

static void get_delta(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct peer_row *p = row_of(rows, row);

	if (rows->sample->peers_compared)
		value_number(out, VALUE_DELTA, (int64_t)p->opened - p->closed);
}

static void get_processes(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (rows->sample->frame->owners_known)
		value_number(out, VALUE_COUNT, peer_sums_of(rows->sample, row).procs);
}

/* Under a filter too those of all connections. */
static void get_ended(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct ended *e = &rows->sample->frame->ended;

	if (!e->known)
		return;
	value_number(out, VALUE_COUNT, (int64_t)row_of(rows, row)->ended);
	out->at_least = e->at_least;
}

static void get_ended_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct ended *e = &rows->sample->frame->ended;

	if (!e->known)
		return;
	value_real(out, VALUE_RATE, (double)row_of(rows, row)->ended / rows->sample->interval_s);
	out->at_least = e->at_least;
}

static void get_process_socks(const struct rowset *rows, uint32_t row, struct value *out)
{
	struct peer_sums sums = peer_sums_of(rows->sample, row);

	if (sums.proc != SOCK_NONE)
		value_number(out, VALUE_COUNT, sums.proc_socks);
}

static const struct field fields[] = {
	{ "netns", "NETNS", "network namespace, by inode", VALUE_ID, .get = get_netns },
	{ "remote_address", "REMOTE", "remote address, or with --prefix the bits that count",
		VALUE_ADDRESS, .get = get_address },
	{ "sockets", "SOCKETS", "sockets of all protocols, in all states", VALUE_COUNT,
		.get = get_socks },
	{ "conns", "CONNS", "TCP connections, in every state but TIME-WAIT", VALUE_COUNT,
		.get = get_conns },
	{ "estab", "ESTAB", "of them established", VALUE_COUNT, .get = get_estab },
	{ "close_wait", "C-WAIT", "of them in CLOSE-WAIT", VALUE_COUNT, .get = get_close_wait },
	{ "syn_sent", "SYN-S", "of them in SYN-SENT: no answer yet", VALUE_COUNT,
		.get = get_syn_sent },
	{ "syn_recv", "SYN", "of them in SYN-RECV: the handshake is not finished", VALUE_COUNT,
		.get = get_syn_recv },
	{ "closing", "CLOSING", "of them in FIN-WAIT-1, FIN-WAIT-2, CLOSING or LAST-ACK",
		VALUE_COUNT, .get = get_closing },
	{ "time_wait", "T-WAIT", "sockets in TIME-WAIT", VALUE_COUNT, .get = get_time_wait },
	{ "udp", "UDP", "UDP sockets that are connected to it", VALUE_COUNT, .get = get_udp },
	{ "in", "IN", "of conns those that came in: to a port that listens", VALUE_COUNT,
		.get = get_in },
	{ "out", "OUT", "of conns those that were begun here", VALUE_COUNT, .get = get_out },
	{ "recv_q", "RECV-Q", "bytes not read yet, of all sockets", VALUE_BYTES,
		.get = get_recv_q },
	{ "send_q", "SEND-Q", "bytes not acknowledged yet, of all sockets", VALUE_BYTES,
		.get = get_send_q },
	{ "in_port", "I-PORT", "the busiest port here, of what came in", VALUE_ID,
		.get = get_in_port },
	{ "out_port", "O-PORT", "the busiest port there, of what was begun here", VALUE_ID,
		.get = get_out_port },
	{ "delta", "DELTA", "change of conns since the sample before", VALUE_DELTA,
		.get = get_delta },
	{ "opened_rate", "OPEN/s", "connections opened per second, also those in TIME-WAIT by now",
		VALUE_RATE, .get = get_opened_rate },
	{ "closed_rate", "CLOSE/s", "connections that ended per second, likewise", VALUE_RATE,
		.get = get_closed_rate },
	{ "processes", "PROCS", "processes that have sockets to it", VALUE_COUNT, NEED_OWNERS,
		.get = get_processes },
	{ "pid", "PID", "the process with most of them (the lowest pid of several)", VALUE_ID,
		NEED_OWNERS, .get = get_pid },
	{ "process", "PROCESS", "its name", VALUE_TEXT, NEED_OWNERS, .get = get_process },
	{ "process_sockets", "OF-IT", "how many that one has", VALUE_COUNT, NEED_OWNERS,
		.get = get_process_socks },
	{ "unit", "UNIT", "systemd unit or container of that process", VALUE_TEXT,
		NEED_OWNERS | NEED_PROC_DETAILS, .get = get_unit },
	{ "ended", "ENDED", "connections that ended since the sample before, also the shortest",
		VALUE_COUNT, NEED_EVENTS, .on_request = true, .get = get_ended },
	{ "ended_rate", "ENDED/s", "of them per second", VALUE_RATE, NEED_EVENTS,
		.on_request = true, .get = get_ended_rate },
};

static uint32_t count(const struct sample *sample)
{
	return sample->peer_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return peer_identity(rows->sample, row);
}

const struct table table_peers = {
	.name = "peers",
	.title = "Peers",
	.help = "remote addresses: connections, states, processes",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = "remote_address,conns,estab,close_wait,syn_sent,time_wait,in,out,in_port,"
		   "out_port,recv_q,send_q,processes,pid,process",
	.sort = "-conns",
	.then = "remote_address",
	.needs = NEED_SOCKETS | NEED_ADDRESSES | NEED_LISTENERS | NEED_PEERS,
	.count = count,
	.identity = identity,
};
