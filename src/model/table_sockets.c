/* The table of all sockets. */
#include "sockdash/looks.h"
#include "sockdash/needs.h"
#include "sockdash/sock_fields.h"

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[sample_sock_row(rows->sample, row)];
}

#define SOCK_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		sock_field_##name(rows->sample->frame, sock_of(rows, row), out);                   \
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

static void get_state(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, sock_state_name(sock_of(rows, row)->state));
}

static void get_recv_q(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct sock *s = sock_of(rows, row);

	value_number(out, s->state == SOCK_LISTEN ? VALUE_COUNT : VALUE_BYTES, s->recv_q);
}

static void get_send_q(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct sock *s = sock_of(rows, row);

	if (!(s->flags & SOCK_NO_BACKLOG))
		value_number(out, s->state == SOCK_LISTEN ? VALUE_COUNT : VALUE_BYTES, s->send_q);
}

static void get_remote_address(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (!sock_is_listener(sock_of(rows, row)))
		value_address(out, rows->sample->frame, sock_of(rows, row), false);
}

static void get_remote_port(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (!sock_is_listener(sock_of(rows, row)))
		value_port(out, sock_of(rows, row)->proto, sock_of(rows, row)->remote_port);
}

/* Of a socket that was there when we first looked, once, nothing is known. */
static void get_age(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct sock *s = sock_of(rows, row);

	out->at_least = s->flags & SOCK_OLDER;
	if (!out->at_least || s->first_seen < frame_now(rows->sample->frame))
		value_real(out, VALUE_AGE, frame_age(rows->sample->frame, s));
}

static void get_wait_age(const struct rowset *rows, uint32_t row, struct value *out)
{
	out->at_least = sock_of(rows, row)->flags & SOCK_WAIT_LONGER;
	value_real(out, VALUE_AGE, frame_wait_age(rows->sample->frame, sock_of(rows, row)));
}

static void get_timer(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, sock_timer_name(sock_of(rows, row)->timer));
}

static void get_timer_expires(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (sock_of(rows, row)->timer)
		value_real(out, VALUE_AGE, sock_of(rows, row)->expires_ms / 1000.0);
}

static void get_timer_retrans(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (sock_of(rows, row)->timer)
		value_number(out, VALUE_COUNT, sock_of(rows, row)->retrans);
}

static void get_cookie(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (sock_of(rows, row)->cookie)
		value_number(out, VALUE_ID, (int64_t)sock_of(rows, row)->cookie);
}

/* ---- What TCP knows of a connection ---------------------------------------------------------- */

static const struct sock_info *info_of(const struct rowset *rows, uint32_t row)
{
	const struct frame *f = rows->sample->frame;
	const struct sock_info *info =
		f->infos ? &f->infos[sample_sock_row(rows->sample, row)] : NULL;

	if (!info || !info->known)
		info = looks_info(rows->beside ? rows->beside->looks : NULL, f, sock_of(rows, row));
	return info;
}

static void put_span(struct value *out, uint32_t us)
{
	if (us != SOCK_INFO_NONE)
		value_real(out, VALUE_SPAN, us / 1e6);
}

static void put_age(struct value *out, uint32_t ms)
{
	if (ms != SOCK_INFO_NONE)
		value_real(out, VALUE_AGE, ms / 1000.0);
}

static void put_count(struct value *out, uint32_t n)
{
	if (n != SOCK_INFO_NONE)
		value_number(out, VALUE_COUNT, n);
}

static void put_size(struct value *out, uint32_t bytes)
{
	if (bytes != SOCK_INFO_NONE)
		value_number(out, VALUE_BYTES, bytes);
}

static void put_bytes(struct value *out, uint64_t bytes)
{
	if (bytes != SOCK_INFO_NONE64)
		value_number(out, VALUE_BYTES, bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX);
}

static void put_rate(struct value *out, float rate)
{
	if (rate == rate)
		value_number(out, VALUE_BYTES, (int64_t)((double)rate + 0.5));
}

#define INFO_FIELD(name, put)                                                                      \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		const struct sock_info *info = info_of(rows, row);                                 \
                                                                                                   \
		if (info)                                                                          \
			put;                                                                       \
	}

INFO_FIELD(rtt, put_span(out, info->rtt_us))
INFO_FIELD(rttvar, put_span(out, info->rttvar_us))
INFO_FIELD(min_rtt, put_span(out, info->min_rtt_us))
INFO_FIELD(rto, put_span(out, info->rto_us))
INFO_FIELD(cwnd, put_count(out, info->cwnd))
INFO_FIELD(ssthresh, put_count(out, info->ssthresh))
INFO_FIELD(retrans, put_count(out, info->retrans))
INFO_FIELD(unacked, put_count(out, info->unacked))
INFO_FIELD(lost, put_count(out, info->lost))
INFO_FIELD(notsent, put_size(out, info->notsent))
INFO_FIELD(mss, put_size(out, info->mss))
INFO_FIELD(pmtu, put_size(out, info->pmtu))
INFO_FIELD(bytes_acked, put_bytes(out, info->bytes_acked))
INFO_FIELD(bytes_received, put_bytes(out, info->bytes_received))
INFO_FIELD(tx_rate, put_rate(out, info->tx_rate))
INFO_FIELD(rx_rate, put_rate(out, info->rx_rate))
INFO_FIELD(pacing_rate, put_bytes(out, info->pacing_rate))
INFO_FIELD(delivery_rate, put_bytes(out, info->delivery_rate))
INFO_FIELD(last_sent, put_age(out, info->last_sent_ms))
INFO_FIELD(last_recv, put_age(out, info->last_recv_ms))
INFO_FIELD(last_ack, put_age(out, info->last_ack_ms))
INFO_FIELD(congestion, value_text(out, info->congestion))

/* ---- The table ------------------------------------------------------------------------------- */

/* To find the owners of all sockets takes longer than all the rest: here they come on request. */
#define OWNER_FIELD(more) .needs = NEED_OWNERS | (more), .on_request = true

/* To ask for this of all sockets takes longer than all the rest, too. */
#define INFO(name, title, type, help)                                                              \
	{                                                                                          \
#name, title, help, type, NEED_INFO, true, get_##name                              \
	}

static const struct field fields[] = {
	{ "netns", "NETNS", "network namespace, by inode", VALUE_ID, .get = get_netns },
	{ "proto", "PROTO", "protocol: tcp or udp", VALUE_TEXT, .get = get_proto },
	{ "state", "STATE", "state, as ss names it", VALUE_TEXT, .get = get_state },
	{ "recv_q", "RECV-Q", "bytes not read yet; LISTEN: connections that wait for accept()",
		VALUE_BYTES, .get = get_recv_q },
	{ "send_q", "SEND-Q", "bytes not acknowledged by the peer yet; LISTEN: the backlog",
		VALUE_BYTES, .get = get_send_q },
	{ "local_address", "LOCAL", "local address", VALUE_ADDRESS, NEED_ADDRESSES,
		.get = get_local_address },
	{ "local_port", "PORT", "local port", VALUE_ID, .get = get_local_port },
	{ "remote_address", "REMOTE", "address of the peer; a listener has none", VALUE_ADDRESS,
		NEED_ADDRESSES, .get = get_remote_address },
	{ "remote_port", "RPORT", "port of the peer", VALUE_ID, .get = get_remote_port },
	{ "pid", "PID", "process that owns it (the lowest pid of several), or did", VALUE_ID,
		OWNER_FIELD(0), .get = get_pid },
	{ "process", "PROCESS", "name of that process", VALUE_TEXT, OWNER_FIELD(0),
		.get = get_process },
	{ "owners", "OWNERS", "processes that own it, or did", VALUE_COUNT, OWNER_FIELD(0),
		.get = get_owners },
	{ "user", "USER", "user that made the socket", VALUE_TEXT, NEED_USERS, .get = get_user },
	{ "unit", "UNIT", "systemd unit or container of that process", VALUE_TEXT,
		OWNER_FIELD(NEED_PROC_DETAILS), .get = get_unit },
	{ "age", "AGE", "time since we first saw it; at least that where it was there before",
		VALUE_AGE, NEED_AGE, .get = get_age },
	{ "wait_age", "WAITING", "CLOSE-WAIT: time since the peer closed", VALUE_AGE, NEED_WAIT_AGE,
		.get = get_wait_age },
	{ "timer", "TIMER", "timer that runs: on (retransmit), keepalive, timewait, persist",
		VALUE_TEXT, .get = get_timer },
	{ "timer_expires", "EXPIRES", "time until it fires", VALUE_AGE, .get = get_timer_expires },
	{ "timer_retrans", "RETRANS", "times it has fired", VALUE_COUNT, .get = get_timer_retrans },
	{ "inode", "INODE", "inode of the socket", VALUE_ID, .get = get_inode },
	{ "cookie", "COOKIE", "the kernel's identity of the socket", VALUE_ID, .get = get_cookie },
	INFO(rtt, "RTT", VALUE_SPAN, "TCP: round trip time, smoothed"),
	INFO(rttvar, "RTTVAR", VALUE_SPAN, "TCP: how much the round trip time varies"),
	INFO(min_rtt, "MINRTT", VALUE_SPAN, "TCP: the shortest round trip of the last minutes"),
	INFO(rto, "RTO", VALUE_SPAN, "TCP: time after which a segment is sent again"),
	INFO(cwnd, "CWND", VALUE_COUNT, "TCP: congestion window, in segments"),
	INFO(ssthresh, "SSTHRESH", VALUE_COUNT,
		"TCP: congestion window up to which it starts slowly, in segments"),
	INFO(retrans, "RESENT", VALUE_COUNT,
		"TCP: segments that were sent again, since the connection began"),
	INFO(unacked, "UNACKED", VALUE_COUNT, "TCP: segments on their way"),
	INFO(lost, "LOST", VALUE_COUNT, "TCP: segments on their way that are taken for lost"),
	INFO(notsent, "NOTSENT", VALUE_BYTES,
		"TCP: bytes of the send queue that were not sent yet"),
	INFO(mss, "MSS", VALUE_BYTES, "TCP: bytes in a segment that it sends"),
	INFO(pmtu, "PMTU", VALUE_BYTES, "TCP: bytes in a packet that the path takes"),
	INFO(bytes_acked, "ACKED", VALUE_BYTES,
		"TCP: bytes that the peer acknowledged, since the connection began"),
	INFO(bytes_received, "RECEIVED", VALUE_BYTES,
		"TCP: bytes that came, since the connection began"),
	INFO(tx_rate, "TX/s", VALUE_BYTES,
		"TCP: bytes per second that the peer acknowledged since the look before"),
	INFO(rx_rate, "RX/s", VALUE_BYTES, "TCP: bytes per second that came since the look before"),
	INFO(pacing_rate, "PACING", VALUE_BYTES, "TCP: bytes per second that it sends at most"),
	INFO(delivery_rate, "DELIVERY", VALUE_BYTES,
		"TCP: bytes per second that lately reached the peer"),
	INFO(last_sent, "SENT", VALUE_AGE, "TCP: time since data was sent"),
	INFO(last_recv, "RECV", VALUE_AGE, "TCP: time since data came"),
	INFO(last_ack, "ACK", VALUE_AGE, "TCP: time since the peer acknowledged something"),
	INFO(congestion, "CONGESTION", VALUE_TEXT, "TCP: name of its congestion control"),
};

static uint32_t count(const struct sample *sample)
{
	return sample_sock_count(sample);
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return frame_sock_key(rows->sample->frame, sock_of(rows, row)) | 1;
}

#define COLUMNS "proto,state,recv_q,send_q,local_address,local_port,remote_address,remote_port"

const struct table table_sockets = {
	.name = "sockets",
	.title = "Sockets",
	.help = "every socket",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = COLUMNS,
	.owner_columns = COLUMNS ",pid,process",
	.sort = "",
	.needs = NEED_SOCKETS,
	.count = count,
	.identity = identity,
};
