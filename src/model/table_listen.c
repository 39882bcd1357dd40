/* The table of listening ports: TCP listeners and UDP sockets without a peer. */
#include "sockdash/needs.h"
#include "sockdash/rowset.h"
#include "sockdash/sock_fields.h"

static const struct listener_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->listeners[row];
}

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[row_of(rows, row)->sock];
}

/* Getters of the socket's own fields, and of counts that only TCP has. */
#define SOCK_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		sock_field_##name(rows->sample->frame, sock_of(rows, row), out);                   \
	}
#define TCP_COUNT(name, member)                                                                    \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		if (sock_of(rows, row)->proto == SOCK_TCP)                                         \
			value_number(out, VALUE_COUNT, (member));                                  \
	}

SOCK_FIELD(netns)
SOCK_FIELD(proto)
SOCK_FIELD(local_address)
SOCK_FIELD(local_port)
SOCK_FIELD(pid)
SOCK_FIELD(process)
SOCK_FIELD(owners)
SOCK_FIELD(user)
SOCK_FIELD(unit)
SOCK_FIELD(inode)
TCP_COUNT(conns, row_of(rows, row)->conns)
TCP_COUNT(estab, row_of(rows, row)->estab)
TCP_COUNT(close_wait, row_of(rows, row)->close_wait)
TCP_COUNT(syn_recv, row_of(rows, row)->syn_recv)
TCP_COUNT(accept_queue, sock_of(rows, row)->recv_q)

static void get_backlog(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct sock *s = sock_of(rows, row);

	if (s->proto == SOCK_TCP && !(s->flags & SOCK_NO_BACKLOG))
		value_number(out, VALUE_COUNT, s->send_q);
}

static void get_recv_q(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (sock_of(rows, row)->proto == SOCK_UDP)
		value_number(out, VALUE_BYTES, sock_of(rows, row)->recv_q);
}

static void get_delta(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (row_of(rows, row)->delta != SAMPLE_UNKNOWN)
		value_number(out, VALUE_DELTA, row_of(rows, row)->delta);
}

static void get_drops(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (sock_of(rows, row)->flags & SOCK_HAS_DROPS)
		value_number(out, VALUE_COUNT, sock_of(rows, row)->drops);
}

static void get_drops_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->drops_rate);
}

/* Through a narrowed sample they are those of all connections: nobody can say which of them a filter
 * would have selected. */
static void get_ended(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct ended *e = &rows->sample->frame->ended;

	if (!e->known || sock_of(rows, row)->proto != SOCK_TCP)
		return;
	value_number(out, VALUE_COUNT, (int64_t)row_of(rows, row)->ended);
	out->at_least = e->at_least;
}

static void get_ended_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct ended *e = &rows->sample->frame->ended;

	if (!e->known || sock_of(rows, row)->proto != SOCK_TCP)
		return;
	value_real(out, VALUE_RATE, (double)row_of(rows, row)->ended / rows->sample->interval_s);
	out->at_least = e->at_least;
}

static const struct field fields[] = {
	{ "netns", "NETNS", "network namespace, by inode", VALUE_ID, .get = get_netns },
	{ "proto", "PROTO", "protocol: tcp or udp", VALUE_TEXT, .get = get_proto },
	{ "address", "ADDRESS", "local address; :: most often serves IPv4 as well", VALUE_ADDRESS,
		.get = get_local_address },
	{ "port", "PORT", "local port", VALUE_ID, .get = get_local_port },
	{ "pid", "PID", "process that owns it (the lowest pid of several)", VALUE_ID, NEED_OWNERS,
		.get = get_pid },
	{ "process", "PROCESS", "name of that process", VALUE_TEXT, NEED_OWNERS,
		.get = get_process },
	{ "owners", "OWNERS", "processes that own it", VALUE_COUNT, NEED_OWNERS,
		.get = get_owners },
	{ "user", "USER", "user that made the socket", VALUE_TEXT, NEED_OWNERS | NEED_USERS,
		.get = get_user },
	{ "unit", "UNIT", "systemd unit or container of that process", VALUE_TEXT,
		NEED_OWNERS | NEED_PROC_DETAILS, .get = get_unit },
	{ "conns", "CONNS", "TCP connections to it in every state but TIME-WAIT", VALUE_COUNT,
		.get = get_conns },
	{ "estab", "ESTAB", "of them established", VALUE_COUNT, .get = get_estab },
	{ "close_wait", "C-WAIT", "of them in CLOSE-WAIT", VALUE_COUNT, .get = get_close_wait },
	{ "syn_recv", "SYN", "of them in SYN-RECV: the handshake is not finished", VALUE_COUNT,
		.get = get_syn_recv },
	{ "delta", "DELTA", "change of conns since the sample before", VALUE_DELTA,
		.get = get_delta },
	{ "accept_queue", "QUEUE", "connections that wait for accept()", VALUE_COUNT,
		.get = get_accept_queue },
	{ "backlog", "BACKLOG", "how many may wait: min(listen() argument, somaxconn at that time)",
		VALUE_COUNT, .get = get_backlog },
	{ "recv_q", "RECV-Q", "UDP: bytes received and not read", VALUE_BYTES, .get = get_recv_q },
	{ "drops", "DROPS", "connections (UDP: datagrams) dropped here since it listens",
		VALUE_COUNT, NEED_DROPS, .get = get_drops },
	{ "drops_rate", "DROPS/s", "of them per second since the sample before", VALUE_RATE,
		NEED_DROPS, .get = get_drops_rate },
	{ "ended", "ENDED", "connections that ended since the sample before, also the shortest",
		VALUE_COUNT, NEED_EVENTS, .on_request = true, .get = get_ended },
	{ "ended_rate", "ENDED/s", "of them per second", VALUE_RATE, NEED_EVENTS,
		.on_request = true, .get = get_ended_rate },
	{ "inode", "INODE", "inode of the socket", VALUE_ID, .on_request = true, .get = get_inode },
};

static uint32_t count(const struct sample *sample)
{
	return sample->listener_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return frame_sock_key(rows->sample->frame, sock_of(rows, row)) | 1;
}

const struct table table_listen = {
	.name = "listen",
	.title = "Listening",
	.help = "listening ports, their connections and accept queues",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns =
		"proto,address,port,pid,process,user,conns,estab,close_wait,syn_recv,accept_queue,"
		"backlog,drops,drops_rate",
	.sort = "-conns",
	.then = "port",
	.needs = NEED_ADDRESSES | NEED_SOCKETS | NEED_LISTENERS,
	.count = count,
	.identity = identity,
};
