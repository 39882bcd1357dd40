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
	ATTR_SKMEMINFO = 7,
	ATTR_SKV6ONLY = 11,
	ATTR_CGROUP_ID = 21,
};

enum {
	STATE_LAST = 11,   /* TCP_CLOSING; we ask for none of those behind it */
	TIMER_LAST = 4,    /* zero-window probe */
	MEMINFO_DROPS = 8, /* index in SKMEMINFO */
	ERRNO_LAST = 4095,
};

/* All kernels since 2.6 send tcp_info at least up to and with tcpi_total_retrans. */
#define TCP_INFO_MIN (offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(uint32_t))

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

/* ---- Attributes ------------------------------------------------------------------------------ */

static void set_info(struct diag_sock *row, const uint8_t *data, size_t len)
{
	struct diag_tcp_info *info = &row->info;
	size_t acked = offsetof(struct tcp_info, tcpi_bytes_acked);
	size_t received = offsetof(struct tcp_info, tcpi_bytes_received);

	info->last_ack_recv_ms = read_u32(data + offsetof(struct tcp_info, tcpi_last_ack_recv));
	info->last_data_sent_ms = read_u32(data + offsetof(struct tcp_info, tcpi_last_data_sent));
	info->last_data_recv_ms = read_u32(data + offsetof(struct tcp_info, tcpi_last_data_recv));
	info->rtt_us = read_u32(data + offsetof(struct tcp_info, tcpi_rtt));
	info->rttvar_us = read_u32(data + offsetof(struct tcp_info, tcpi_rttvar));
	info->cwnd = read_u32(data + offsetof(struct tcp_info, tcpi_snd_cwnd));
	info->total_retrans = read_u32(data + offsetof(struct tcp_info, tcpi_total_retrans));
	info->bytes_acked = len >= acked + 8 ? read_u64(data + acked) : 0;
	info->bytes_received = len >= received + 8 ? read_u64(data + received) : 0;
	row->has_info = true;
}

static void set_drops(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->drops = read_u32(data + MEMINFO_DROPS * sizeof(uint32_t));
	row->has_drops = true;
}

static void set_v6only(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->v6only = data[0] != 0;
	row->has_v6only = true;
}

static void set_cgroup(struct diag_sock *row, const uint8_t *data, size_t len)
{
	(void)len;
	row->cgroup = read_u64(data);
	row->has_cgroup = true;
}

/* What we read of each attribute: not called for payloads below min_len. */
static const struct attribute {
	size_t min_len;
	void (*set)(struct diag_sock *row, const uint8_t *data, size_t len);
} attributes[] = {
	[ATTR_INFO] = { TCP_INFO_MIN, set_info },
	[ATTR_SKMEMINFO] = { (MEMINFO_DROPS + 1) * sizeof(uint32_t), set_drops },
	[ATTR_SKV6ONLY] = { sizeof(uint8_t), set_v6only },
	[ATTR_CGROUP_ID] = { sizeof(uint64_t), set_cgroup },
};

static void parse_attributes(struct diag_sock *row, const uint8_t *at, size_t left)
{
	const size_t known = sizeof(attributes) / sizeof(attributes[0]);
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
	parse_attributes(row, data + sizeof(msg), len - sizeof(msg));
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
