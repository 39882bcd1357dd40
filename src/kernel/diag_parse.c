/* diag_parse: bytes of NETLINK_SOCK_DIAG to rows. Pure: no system call, no allocation, no state.
 *
 * It must not know where the bytes come from nor what the rows are for. They may be a stranger's
 * file, for which libmnl's walkers are not made (1.0.4 takes a length of 4 GB for a negative
 * number, and rounds the end of a message up beyond the end of the block): lengths are compared
 * here. Everything is copied out, so nothing need be aligned. */
#include "sockdash/diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Numbers that the headers of older distributions do not have (CGROUP_ID) stand here with the
 * others. */
enum {
	ATTR_INFO = 2,
	ATTR_CONG = 4,
	ATTR_TOS = 5,
	ATTR_TCLASS = 6,
	ATTR_SKMEMINFO = 7,
	ATTR_SHUTDOWN = 8,
	ATTR_SKV6ONLY = 11,
	ATTR_ULP_INFO = 19,
	ATTR_MARK = 15,
	ATTR_CGROUP_ID = 21,
	ATTR_SOCKOPT = 22,
	ULP_NAME = 1, /* nested in ULP_INFO */
};

enum {
	STATE_LAST = 11, /* TCP_CLOSING; we ask for none of those behind it */
	TIMER_LAST = 4,  /* zero-window probe */
	ERRNO_LAST = 4095,
};

static size_t align4(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t read_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* ---- tcp_info -------------------------------------------------------------------------------- */

/* Where each number is. The kernel only ever adds to the end of struct tcp_info, and what was added
 * since 4.9 is missing in the headers of some distribution: its places stand here as numbers. */
#define NUMBER(ours, theirs)                                                                       \
	{                                                                                          \
		offsetof(struct diag_tcp_info, ours), offsetof(struct tcp_info, tcpi_##theirs),    \
			sizeof(((struct tcp_info *)0)->tcpi_##theirs)                              \
	}
#define NEWER(ours, at, size)                                                                      \
	{                                                                                          \
		offsetof(struct diag_tcp_info, ours), at, size                                     \
	}

static const struct {
	uint16_t to, from, size;
} numbers[] = {
	NUMBER(ca_state, ca_state), NUMBER(retransmits, retransmits), NUMBER(probes, probes),
	NUMBER(backoff, backoff), NUMBER(options, options), NEWER(wscale, 6, 1), NEWER(flags, 7, 1),
	NUMBER(rto_us, rto), NUMBER(ato_us, ato), NUMBER(snd_mss, snd_mss),
	NUMBER(rcv_mss, rcv_mss), NUMBER(unacked, unacked), NUMBER(sacked, sacked),
	NUMBER(lost, lost), NUMBER(retrans, retrans), NUMBER(last_data_sent_ms, last_data_sent),
	NUMBER(last_data_recv_ms, last_data_recv), NUMBER(last_ack_recv_ms, last_ack_recv),
	NUMBER(pmtu, pmtu), NUMBER(rcv_ssthresh, rcv_ssthresh), NUMBER(rtt_us, rtt),
	NUMBER(rttvar_us, rttvar), NUMBER(ssthresh, snd_ssthresh), NUMBER(cwnd, snd_cwnd),
	NUMBER(advmss, advmss), NUMBER(reordering, reordering), NUMBER(rcv_rtt_us, rcv_rtt),
	NUMBER(rcv_space, rcv_space), NUMBER(total_retrans, total_retrans),
	NEWER(pacing_rate, 104, 8), NEWER(max_pacing_rate, 112, 8), NEWER(bytes_acked, 120, 8),
	NEWER(bytes_received, 128, 8), NEWER(segs_out, 136, 4), NEWER(segs_in, 140, 4),
	NEWER(notsent_bytes, 144, 4), NEWER(min_rtt_us, 148, 4), NEWER(data_segs_in, 152, 4),
	NEWER(data_segs_out, 156, 4), NEWER(delivery_rate, 160, 8), /* 4.9 */
	NEWER(busy_us, 168, 8), NEWER(rwnd_limited_us, 176, 8),
	NEWER(sndbuf_limited_us, 184, 8),                      /* 4.10 */
	NEWER(delivered, 192, 4), NEWER(delivered_ce, 196, 4), /* 4.18 */
	NEWER(bytes_sent, 200, 8), NEWER(bytes_retrans, 208, 8), NEWER(dsack_dups, 216, 4),
	NEWER(reord_seen, 220, 4),                          /* 4.19 */
	NEWER(rcv_ooopack, 224, 4), NEWER(snd_wnd, 228, 4), /* 5.4 */
	NEWER(rcv_wnd, 232, 4), NEWER(rehash, 236, 4),      /* 6.2 */
	NEWER(total_rto, 240, 2), NEWER(total_rto_recoveries, 242, 2),
	NEWER(total_rto_time_ms, 244, 4), /* 6.7 */
};

/* All kernels since 2.6 send tcp_info at least up to and with tcpi_total_retrans. */
#define TCP_INFO_MIN (offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(uint32_t))

/* A number of that size; one beyond what we hold is as much as that. */
static int64_t read_number(const uint8_t *at, size_t size)
{
	uint64_t n;
	uint16_t half;

	switch (size) {
	case 1:
		return *at;
	case 2:
		memcpy(&half, at, sizeof(half));
		return half;
	case 4:
		return read_u32(at);
	default:
		n = read_u64(at);
		return n > INT64_MAX ? INT64_MAX : (int64_t)n;
	}
}

static void set_info(struct diag_sock *row, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		size_t end = (size_t)numbers[i].from + numbers[i].size;
		int64_t n = DIAG_INFO_NONE;

		if (end <= len)
			n = read_number(data + numbers[i].from, numbers[i].size);
		memcpy((char *)&row->info + numbers[i].to, &n, sizeof(n));
	}
	row->has_info = true;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

struct attribute {
	size_t min_len;
	void (*set)(struct diag_sock *row, const uint8_t *data, size_t len);
};

static void parse_attributes(struct diag_sock *row, const uint8_t *at, size_t left,
	const struct attribute *attributes, size_t known)
{
	struct nlattr head;

	while (left >= sizeof(head)) {
		const struct attribute *attribute;
		size_t len, type;

		memcpy(&head, at, sizeof(head));
		if (head.nla_len < sizeof(head) || head.nla_len > left)
			return;
		len = head.nla_len - sizeof(head);
		type = head.nla_type & (uint16_t)NLA_TYPE_MASK;
		attribute = type < known ? &attributes[type] : NULL;
		if (attribute && attribute->set && len >= attribute->min_len)
			attribute->set(row, at + sizeof(head), len);
		if (align4(head.nla_len) >= left)
			return;
		at += align4(head.nla_len);
		left -= align4(head.nla_len);
	}
}

static void set_memory(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	memcpy(row->memory, data, sizeof(row->memory));
	row->has_memory = true;
	row->drops = row->memory[DIAG_MEM_DROPS];
	row->has_drops = true;
}

static void set_v6only(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->v6only = data[0] != 0;
	row->has_v6only = true;
}

static void set_mark(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->mark = read_u32(data);
	row->has_mark = true;
}

static void set_cgroup(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->cgroup = read_u64(data);
	row->has_cgroup = true;
}

static void set_tos(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->tos = data[0];
	row->has_tos = true;
}

static void set_tclass(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->tclass = data[0];
	row->has_tclass = true;
}

static void set_shutdown(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->shutdown = data[0];
	row->has_shutdown = true;
}

static void set_sockopt(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->sockopt = (uint16_t)(data[0] | data[1] << 8);
	row->has_sockopt = true;
}

/* A name as the kernel writes it, up to its NUL: the letters that fit. */
static void copy_name(char name[16], const uint8_t *data, size_t len)
{
	len = strnlen((const char *)data, len < 15 ? len : 15);
	memcpy(name, data, len);
	name[len] = '\0';
}

static void set_congestion(struct diag_sock *row, const uint8_t *data, size_t len)
{
	copy_name(row->congestion, data, len);
}

static void set_ulp_name(struct diag_sock *row, const uint8_t *data, size_t len)
{
	copy_name(row->ulp, data, len);
}

static void set_ulp(struct diag_sock *row, const uint8_t *data, size_t len)
{
	static const struct attribute inner[] = { [ULP_NAME] = { 1, set_ulp_name } };

	parse_attributes(row, data, len, inner, sizeof(inner) / sizeof(inner[0]));
}

/* What we read of each attribute: not called for payloads below min_len. */
static const struct attribute known_attributes[] = {
	[ATTR_INFO] = { TCP_INFO_MIN, set_info },
	[ATTR_CONG] = { 1, set_congestion },
	[ATTR_TOS] = { 1, set_tos },
	[ATTR_TCLASS] = { 1, set_tclass },
	[ATTR_SKMEMINFO] = { DIAG_MEM_COUNT * sizeof(uint32_t), set_memory },
	[ATTR_SHUTDOWN] = { 1, set_shutdown },
	[ATTR_SKV6ONLY] = { sizeof(uint8_t), set_v6only },
	[ATTR_ULP_INFO] = { 0, set_ulp },
	[ATTR_MARK] = { sizeof(uint32_t), set_mark },
	[ATTR_CGROUP_ID] = { sizeof(uint64_t), set_cgroup },
	[ATTR_SOCKOPT] = { 2, set_sockopt },
};

/* ---- Messages -------------------------------------------------------------------------------- */

/* 1: `row` is filled, 0: not a socket for us, -EBADMSG. row->info is written only where
 * has_info. */
static int parse_row(struct diag_sock *row, const uint8_t *data, size_t len, uint8_t protocol)
{
	struct inet_diag_msg msg;
	size_t address_len;

	if (len < sizeof(msg))
		return -EBADMSG;
	memcpy(&msg, data, sizeof(msg));
	if (msg.idiag_family != AF_INET && msg.idiag_family != AF_INET6)
		return -EBADMSG;
	if (msg.idiag_state == 0 || msg.idiag_state > STATE_LAST)
		return 0;

	memset(row, 0, offsetof(struct diag_sock, info));
	address_len = msg.idiag_family == AF_INET ? 4 : 16;
	memcpy(row->local, msg.id.idiag_src, address_len);
	memcpy(row->remote, msg.id.idiag_dst, address_len);
	row->cookie = (uint64_t)msg.id.idiag_cookie[1] << 32 | msg.id.idiag_cookie[0];
	if (row->cookie == UINT64_MAX) /* INET_DIAG_NOCOOKIE twice */
		row->cookie = 0;
	row->local_port = ntohs(msg.id.idiag_sport);
	row->remote_port = ntohs(msg.id.idiag_dport);
	row->iface = msg.id.idiag_if;
	row->recv_q = msg.idiag_rqueue;
	row->send_q = msg.idiag_wqueue;
	row->uid = msg.idiag_uid;
	row->inode = msg.idiag_inode;
	row->family = msg.idiag_family;
	row->protocol = protocol;
	row->state = msg.idiag_state;
	/* UDP has no timers, but before 5.16 the kernel left garbage in their fields. */
	if (protocol != IPPROTO_UDP && msg.idiag_timer <= TIMER_LAST) {
		row->timer = msg.idiag_timer;
		row->retrans = msg.idiag_retrans;
		row->expires_ms = msg.idiag_expires;
	}
	parse_attributes(row, data + sizeof(msg), len - sizeof(msg), known_attributes,
		sizeof(known_attributes) / sizeof(known_attributes[0]));
	return 1;
}

/* The -errno in front of a NLMSG_ERROR or NLMSG_DONE, 0 for none, -EBADMSG for what cannot be
 * one. */
static int parse_error(const uint8_t *data)
{
	int error;

	memcpy(&error, data, sizeof(error));
	return error > 0 || error < -ERRNO_LAST ? -EBADMSG : error;
}

static bool is_answer(const struct nlmsghdr *head, const struct diag_expect *expect)
{
	return (expect->sequence == 0 || head->nlmsg_seq == expect->sequence) &&
	       (expect->port == 0 || head->nlmsg_pid == expect->port);
}

int diag_parse(const void *bytes, size_t len, const struct diag_expect *expect, diag_sink *sink,
	void *context, bool *interrupted)
{
	const uint8_t *at = bytes;
	struct diag_sock row = { 0 };
	struct nlmsghdr head;
	size_t left = len, body, step;
	int rc;

	for (; left > 0; at += step, left -= step) {
		if (left < sizeof(head))
			return -EBADMSG;
		memcpy(&head, at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > left)
			return -EBADMSG;
		step = align4(head.nlmsg_len) < left ? align4(head.nlmsg_len) : left;
		if (!is_answer(&head, expect))
			continue;
		if (interrupted && head.nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;

		body = head.nlmsg_len - sizeof(head);
		switch (head.nlmsg_type) {
		case SOCK_DIAG_BY_FAMILY:
		case TCPDIAG_GETSOCK:
			rc = parse_row(&row, at + sizeof(head), body, expect->protocol);
			if (rc > 0)
				rc = sink(context, &row);
			if (rc < 0)
				return rc;
			break;
		case NLMSG_DONE:
			return body < sizeof(int) ? 0 : parse_error(at + sizeof(head));
		case NLMSG_ERROR:
			return body < sizeof(int) ? -EBADMSG : parse_error(at + sizeof(head));
		default:
			break;
		}
	}
	return 1;
}
