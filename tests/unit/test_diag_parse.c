/* test_diag_parse: hand-built netlink messages through the real parser. Each block of bytes is
 * copied into memory of exactly its size, so that a sanitizer sees any read beyond it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/diag.h"

enum { SEQUENCE = 77, PORT = 4321, CGROUP_ID = 21, ROWS_MAX = 8 };

/* ---- Building -------------------------------------------------------------------------------- */

struct bytes {
	uint8_t data[4096];
	size_t len, message; /* where the open message begins */
};

static void add(struct bytes *b, const void *data, size_t len)
{
	assert_true(b->len + len + 4 <= sizeof(b->data));
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void patch_length(struct bytes *b, uint32_t len)
{
	memcpy(b->data + b->message, &len, sizeof(len));
}

static void open_message(struct bytes *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr head = {
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = SEQUENCE,
		.nlmsg_pid = PORT,
	};

	b->message = b->len;
	add(b, &head, sizeof(head));
}

static void close_message(struct bytes *b)
{
	patch_length(b, (uint32_t)(b->len - b->message));
	while (b->len % 4)
		b->data[b->len++] = 0xee;
}

/* `claimed` is the length in the attribute's head, whatever is behind it. */
static void add_attribute(
	struct bytes *b, uint16_t type, const void *data, size_t len, size_t claimed)
{
	struct nlattr head = { .nla_len = (uint16_t)claimed, .nla_type = type };

	add(b, &head, sizeof(head));
	add(b, data, len);
	while (b->len % 4)
		b->data[b->len++] = 0;
}

static void good_attribute(struct bytes *b, uint16_t type, const void *data, size_t len)
{
	add_attribute(b, type, data, len, len + sizeof(struct nlattr));
}

static struct inet_diag_msg ipv4_socket(void)
{
	struct inet_diag_msg msg = {
		.idiag_family = AF_INET,
		.idiag_state = 8,
		.idiag_timer = 2,
		.idiag_retrans = 3,
		.id.idiag_sport = htons(443),
		.id.idiag_dport = htons(51000),
		.id.idiag_src = { htonl(0x0a000001) },
		.id.idiag_dst = { htonl(0xc0a80102) },
		.id.idiag_if = 5,
		.id.idiag_cookie = { 0x11223344, 0x55 },
		.idiag_expires = 7100,
		.idiag_rqueue = 17,
		.idiag_wqueue = 18,
		.idiag_uid = 1000,
		.idiag_inode = 123456,
	};

	return msg;
}

static struct inet_diag_msg ipv6_listener(void)
{
	struct inet_diag_msg msg = {
		.idiag_family = AF_INET6,
		.idiag_state = 10,
		.id.idiag_sport = htons(80),
		.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		.idiag_rqueue = 129,
		.idiag_wqueue = 128,
	};

	memset(msg.id.idiag_src, 0xab, sizeof(msg.id.idiag_src));
	memset(msg.id.idiag_dst, 0xcd, sizeof(msg.id.idiag_dst));
	return msg;
}

static void add_row(struct bytes *b, const struct inet_diag_msg *msg)
{
	open_message(b, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI);
	add(b, msg, sizeof(*msg));
}

static void add_done(struct bytes *b, int error)
{
	open_message(b, NLMSG_DONE, NLM_F_MULTI);
	add(b, &error, sizeof(error));
	close_message(b);
}

/* A listener with everything, then a connection with everything. */
static void add_full_dump(struct bytes *b)
{
	struct inet_diag_msg v6 = ipv6_listener(), v4 = ipv4_socket();
	uint32_t meminfo[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 99 };
	struct tcp_info info = {
		.tcpi_last_ack_recv = 5012,
		.tcpi_last_data_recv = 8012,
		.tcpi_rtt = 250,
		.tcpi_rttvar = 125,
		.tcpi_snd_cwnd = 10,
		.tcpi_total_retrans = 4,
		.tcpi_bytes_acked = UINT64_C(0x100000001),
		.tcpi_bytes_received = UINT64_C(0x200000002),
	};
	uint64_t cgroup = UINT64_C(0x1234567890);
	uint8_t one = 1;

	add_row(b, &v6);
	good_attribute(b, INET_DIAG_SHUTDOWN, &one, 1);
	good_attribute(b, INET_DIAG_SKV6ONLY, &one, 1);
	good_attribute(b, INET_DIAG_SKMEMINFO, meminfo, sizeof(meminfo));
	close_message(b);
	add_row(b, &v4);
	good_attribute(b, INET_DIAG_INFO, &info, sizeof(info));
	good_attribute(b, INET_DIAG_CONG, "cubic", 6);
	good_attribute(b, CGROUP_ID, &cgroup, sizeof(cgroup));
	good_attribute(b, 200, "unknown", 7);
	good_attribute(b, INET_DIAG_SKMEMINFO, meminfo, sizeof(meminfo));
	close_message(b);
	add_done(b, 0);
}

/* ---- Running --------------------------------------------------------------------------------- */

struct catch
{
	struct diag_sock rows[ROWS_MAX];
	size_t count;
	int answer; /* of the sink */
};

static int catch_row(void *context, const struct diag_sock *row)
{
	struct catch *c = context;

	assert_true(c->count < ROWS_MAX);
	c->rows[c->count++] = *row;
	return c->answer;
}

static const struct diag_expect from_us = { SEQUENCE, PORT, IPPROTO_TCP };

static int parse_as(const struct diag_expect *expect, const void *data, size_t len, struct catch *c,
	bool *interrupted)
{
	uint8_t *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, data, len);
	rc = diag_parse(exact, len, expect, catch_row, c, interrupted);
	free(exact);
	return rc;
}

static int parse(const struct bytes *b, struct catch *c)
{
	return parse_as(&from_us, b->data, b->len, c, NULL);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void test_full_rows(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	const struct diag_sock *v6 = &c.rows[0], *v4 = &c.rows[1];
	uint8_t address[16] = { 10, 0, 0, 1 };

	(void)state;
	add_full_dump(&b);
	assert_int_equal(parse(&b, &c), 0);
	assert_int_equal(c.count, 2);

	assert_int_equal(v6->family, AF_INET6);
	assert_int_equal(v6->state, 10);
	assert_int_equal(v6->local[0], 0xab);
	assert_int_equal(v6->local[15], 0xab);
	assert_int_equal(v6->remote[15], 0xcd);
	assert_int_equal(v6->local_port, 80);
	assert_int_equal(v6->recv_q, 129);
	assert_int_equal(v6->send_q, 128);
	assert_int_equal(v6->cookie, 0);
	assert_true(v6->has_v6only && v6->v6only);
	assert_true(v6->has_drops);
	assert_int_equal(v6->drops, 99);
	assert_false(v6->has_info);
	assert_false(v6->has_cgroup);

	assert_int_equal(v4->family, AF_INET);
	assert_int_equal(v4->protocol, IPPROTO_TCP);
	assert_int_equal(v4->state, 8);
	assert_int_equal(v4->timer, 2);
	assert_int_equal(v4->retrans, 3);
	assert_int_equal(v4->expires_ms, 7100);
	assert_memory_equal(v4->local, address, 16);
	assert_int_equal(v4->remote[0], 192);
	assert_int_equal(v4->remote[3], 2);
	assert_int_equal(v4->remote[4], 0);
	assert_int_equal(v4->local_port, 443);
	assert_int_equal(v4->remote_port, 51000);
	assert_int_equal(v4->iface, 5);
	assert_int_equal(v4->cookie, UINT64_C(0x5511223344));
	assert_int_equal(v4->recv_q, 17);
	assert_int_equal(v4->send_q, 18);
	assert_int_equal(v4->uid, 1000);
	assert_int_equal(v4->inode, 123456);
	assert_true(v4->has_cgroup);
	assert_int_equal(v4->cgroup, UINT64_C(0x1234567890));
	assert_false(v4->has_v6only);
	assert_true(v4->has_info);
	assert_int_equal(v4->info.last_ack_recv_ms, 5012);
	assert_int_equal(v4->info.last_data_recv_ms, 8012);
	assert_int_equal(v4->info.rtt_us, 250);
	assert_int_equal(v4->info.rttvar_us, 125);
	assert_int_equal(v4->info.cwnd, 10);
	assert_int_equal(v4->info.total_retrans, 4);
	assert_int_equal(v4->info.bytes_acked, UINT64_C(0x100000001));
	assert_int_equal(v4->info.bytes_received, UINT64_C(0x200000002));
}

/* What one row had must not be left in the next one. */
static void test_rows_are_independent(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	uint8_t zero[12] = { 0 };

	(void)state;
	add_full_dump(&b);
	b.len -= sizeof(struct nlmsghdr) + sizeof(int); /* the NLMSG_DONE */
	add_row(&b, &v4);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_int_equal(c.count, 3);
	assert_false(c.rows[2].has_info);
	assert_false(c.rows[2].has_drops);
	assert_false(c.rows[2].has_cgroup);
	assert_false(c.rows[2].has_v6only);
	assert_int_equal(c.rows[2].drops, 0);
	assert_memory_equal(c.rows[2].local + 4, zero, sizeof(zero));
}

static void test_reply_to_the_old_request(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	open_message(&b, TCPDIAG_GETSOCK, NLM_F_MULTI);
	add(&b, &v4, sizeof(v4));
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_int_equal(c.count, 1);
}

static void test_udp_has_no_timer(void **state)
{
	struct diag_expect expect = { SEQUENCE, PORT, IPPROTO_UDP };
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	add_row(&b, &v4);
	close_message(&b);
	assert_int_equal(parse_as(&expect, b.data, b.len, &c, NULL), 1);
	assert_int_equal(c.rows[0].protocol, IPPROTO_UDP);
	assert_int_equal(c.rows[0].timer, 0);
	assert_int_equal(c.rows[0].retrans, 0);
	assert_int_equal(c.rows[0].expires_ms, 0);
	assert_int_equal(c.rows[0].recv_q, 17);
}

static void test_states_and_families(void **state)
{
	struct inet_diag_msg msg = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	msg.idiag_state = 0;
	add_row(&b, &msg);
	close_message(&b);
	msg.idiag_state = 13; /* BOUND_INACTIVE */
	add_row(&b, &msg);
	close_message(&b);
	msg.idiag_state = 11;
	msg.idiag_timer = 9;
	add_row(&b, &msg);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.rows[0].state, 11);
	assert_int_equal(c.rows[0].timer, 0);

	msg.idiag_family = AF_UNIX;
	add_row(&b, &msg);
	close_message(&b);
	assert_int_equal(parse(&b, &c), -EBADMSG);
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static void test_attribute_shorter_than_its_kind(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	uint8_t data[64] = { 1 };
	uint64_t cgroup = 42;

	(void)state;
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_SKV6ONLY, data, 0);
	good_attribute(&b, INET_DIAG_SKMEMINFO, data, 32);
	good_attribute(&b, INET_DIAG_INFO, data, 64);
	good_attribute(&b, CGROUP_ID, data, 4);
	good_attribute(&b, CGROUP_ID, &cgroup, 8);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_false(c.rows[0].has_v6only);
	assert_false(c.rows[0].has_drops);
	assert_false(c.rows[0].has_info);
	assert_true(c.rows[0].has_cgroup);
	assert_int_equal(c.rows[0].cgroup, 42);
}

/* An attribute that claims fewer bytes than its head ends the list: nothing behind it can be found.
 */
static void test_zero_length_attribute(void **state)
{
	static const size_t claims[] = { 0, 1, 3 };
	uint64_t cgroup = 42;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct inet_diag_msg v4 = ipv4_socket();
		struct bytes b = { .len = 0 };
		struct catch c = { .count = 0 };

		add_row(&b, &v4);
		add_attribute(&b, INET_DIAG_SHUTDOWN, "", 0, claims[i]);
		good_attribute(&b, CGROUP_ID, &cgroup, sizeof(cgroup));
		close_message(&b);
		assert_int_equal(parse(&b, &c), 1);
		assert_int_equal(c.count, 1);
		assert_false(c.rows[0].has_cgroup);
	}
}

static void test_attribute_over_the_end(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	uint64_t cgroup = 42;
	uint8_t one = 1;

	(void)state;
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_SKV6ONLY, &one, 1);
	add_attribute(&b, CGROUP_ID, &cgroup, sizeof(cgroup), 13);
	close_message(&b);
	add_done(&b, 0);
	assert_int_equal(parse(&b, &c), 0);
	assert_true(c.rows[0].has_v6only);
	assert_false(c.rows[0].has_cgroup);
}

static void test_old_tcp_info(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	struct tcp_info info = { .tcpi_total_retrans = 4 };

	(void)state;
	info.tcpi_bytes_acked = 7;
	info.tcpi_bytes_received = 8;
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_INFO, &info, offsetof(struct tcp_info, tcpi_bytes_received));
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_true(c.rows[0].has_info);
	assert_int_equal(c.rows[0].info.total_retrans, 4);
	assert_int_equal(c.rows[0].info.bytes_acked, 7);
	assert_true(c.rows[0].info.bytes_received == DIAG_INFO_NONE);
}

/* Every kernel tells a struct of its own length: what it has is read, of the rest nothing is known. */
static void test_tcp_info_of_every_kernel(void **state)
{
	static const size_t lengths[] = { 104, 136, 192, 200, 224, 232, 240, 248, 280, 400 };
	uint8_t bytes[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 127 + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct inet_diag_msg v4 = ipv4_socket();
		struct bytes b = { .len = 0 };
		struct catch c = { .count = 0 };
		const struct diag_tcp_info *info = &c.rows[0].info;
		size_t len = lengths[i];

		add_row(&b, &v4);
		good_attribute(&b, INET_DIAG_INFO, bytes, len);
		close_message(&b);
		assert_int_equal(parse(&b, &c), 1);
		assert_true(c.rows[0].has_info);
		assert_int_equal(info->options, 6);
		assert_int_equal(info->wscale, 7);
		assert_int_equal(info->total_retrans, 0x68676665);
		assert_true(
			info->bytes_received == (len >= 136 ? 0x0908070605040302 : DIAG_INFO_NONE));
		assert_true(info->sndbuf_limited_us ==
			    (len >= 192 ? 0x41403f3e3d3c3b3a : DIAG_INFO_NONE));
		assert_true(info->delivered_ce == (len >= 200 ? 0x49484746 : DIAG_INFO_NONE));
		assert_true(info->reord_seen == (len >= 224 ? 0x61605f5e : DIAG_INFO_NONE));
		assert_true(info->snd_wnd == (len >= 232 ? 0x69686766 : DIAG_INFO_NONE));
		assert_true(info->rehash == (len >= 240 ? 0x71706f6e : DIAG_INFO_NONE));
		assert_true(info->total_rto == (len >= 248 ? 0x7372 : DIAG_INFO_NONE));
		assert_true(info->total_rto_time_ms == (len >= 248 ? 0x79787776 : DIAG_INFO_NONE));
	}
}

static void test_tcp_info_cut_at_every_byte(void **state)
{
	uint8_t bytes[280];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct inet_diag_msg v4 = ipv4_socket();
		struct bytes b = { .len = 0 };
		struct catch c = { .count = 0 };
		const struct diag_tcp_info *info = &c.rows[0].info;

		add_row(&b, &v4);
		good_attribute(&b, INET_DIAG_INFO, bytes, len);
		close_message(&b);
		assert_int_equal(parse(&b, &c), 1);
		assert_true(c.rows[0].has_info == (len >= 104));
		if (len < 104)
			continue;
		assert_true(info->max_pacing_rate == (len >= 120 ? INT64_MAX : DIAG_INFO_NONE));
		assert_true(info->snd_wnd == (len >= 232 ? (int64_t)UINT32_MAX : DIAG_INFO_NONE));
		assert_true(info->total_rto_recoveries == (len >= 244 ? 0xffff : DIAG_INFO_NONE));
	}
}

/* What is told of a single socket beside tcp_info. */
static void test_other_attributes(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 }, ulp = { .len = 0 };
	struct catch c = { .count = 0 };
	uint32_t memory[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	uint8_t tos = 0x10, class = 0x20, shutdown = 1, sockopt[2] = { 0x03, 0x01 };
	const struct diag_sock *row = &c.rows[0];

	(void)state;
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_CONG, "cubic", 6);
	good_attribute(&b, INET_DIAG_TOS, &tos, 1);
	good_attribute(&b, INET_DIAG_TCLASS, &class, 1);
	good_attribute(&b, INET_DIAG_SHUTDOWN, &shutdown, 1);
	good_attribute(&b, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	good_attribute(&b, 22, sockopt, 2);
	good_attribute(&ulp, 1, "tls", 4);
	good_attribute(&b, 19, ulp.data, ulp.len);
	close_message(&b);
	/* A name without an end, and one that is too long. */
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_CONG, "bbr", 3);
	close_message(&b);
	add_row(&b, &v4);
	good_attribute(&b, INET_DIAG_CONG, "abcdefghijklmnopqrstuvwxyz", 26);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 1);
	assert_string_equal(row->congestion, "cubic");
	assert_string_equal(row->ulp, "tls");
	assert_true(row->has_tos && row->has_tclass && row->has_shutdown && row->has_sockopt);
	assert_int_equal(row->tos, 0x10);
	assert_int_equal(row->tclass, 0x20);
	assert_int_equal(row->shutdown, 1);
	assert_int_equal(row->sockopt, 0x0103);
	assert_true(row->has_memory && row->has_drops);
	assert_memory_equal(row->memory, memory, sizeof(memory));
	assert_int_equal(row->drops, 9);
	assert_string_equal(c.rows[1].congestion, "bbr");
	assert_string_equal(c.rows[1].ulp, "");
	assert_false(c.rows[1].has_tos || c.rows[1].has_sockopt || c.rows[1].has_memory);
	assert_string_equal(c.rows[2].congestion, "abcdefghijklmno");
}

/* ---- Messages -------------------------------------------------------------------------------- */

static bool is_border(const struct bytes *b, size_t at)
{
	size_t border = 0;
	uint32_t len;

	while (border < at) {
		memcpy(&len, b->data + border, sizeof(len));
		border += (len + 3) & ~3u;
	}
	return border == at;
}

static void test_cut_at_every_byte(void **state)
{
	struct bytes b = { .len = 0 };

	(void)state;
	add_full_dump(&b);
	for (size_t len = 0; len < b.len; len++) {
		struct catch c = { .count = 0 };
		int rc = parse_as(&from_us, b.data, len, &c, NULL);

		assert_int_equal(rc, is_border(&b, len) ? 1 : -EBADMSG);
	}
}

/* Here the head of the message knows of the cut: only attributes are lost. */
static void test_message_ends_at_every_byte(void **state)
{
	struct inet_diag_msg v4 = ipv4_socket();
	struct bytes b = { .len = 0 };
	uint64_t cgroup = 42;
	size_t fixed = sizeof(struct nlmsghdr) + sizeof(v4);

	(void)state;
	add_row(&b, &v4);
	good_attribute(&b, CGROUP_ID, &cgroup, sizeof(cgroup));
	close_message(&b);
	for (size_t len = sizeof(struct nlmsghdr); len <= b.len; len++) {
		struct catch c = { .count = 0 };
		int rc;

		patch_length(&b, (uint32_t)len);
		rc = parse_as(&from_us, b.data, len, &c, NULL);
		assert_int_equal(rc, len < fixed ? -EBADMSG : 1);
		assert_int_equal(c.count, len < fixed ? 0 : 1);
		if (len >= fixed)
			assert_int_equal(c.rows[0].has_cgroup, len == b.len);
	}
}

static void test_impossible_message_length(void **state)
{
	static const uint32_t lengths[] = { 0, 15, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bytes b = { .len = 0 };
		struct catch c = { .count = 0 };

		add_done(&b, 0);
		patch_length(&b, lengths[i]);
		assert_int_equal(parse(&b, &c), -EBADMSG);
	}
}

static void test_other_conversations_are_skipped(void **state)
{
	struct diag_expect other_sequence = { SEQUENCE + 1, PORT, IPPROTO_TCP };
	struct diag_expect other_port = { SEQUENCE, PORT + 1, IPPROTO_TCP };
	struct diag_expect any = { 0, 0, IPPROTO_TCP };
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	add_full_dump(&b);
	assert_int_equal(parse_as(&other_sequence, b.data, b.len, &c, NULL), 1);
	assert_int_equal(parse_as(&other_port, b.data, b.len, &c, NULL), 1);
	assert_int_equal(c.count, 0);
	assert_int_equal(parse_as(&any, b.data, b.len, &c, NULL), 0);
	assert_int_equal(c.count, 2);
}

static void test_unknown_message_type(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	open_message(&b, NLMSG_NOOP, 0);
	close_message(&b);
	open_message(&b, 999, 0);
	add(&b, "???", 3);
	close_message(&b);
	add_full_dump(&b);
	assert_int_equal(parse(&b, &c), 0);
	assert_int_equal(c.count, 2);
}

static void test_done(void **state)
{
	static const struct {
		int error, rc;
	} cases[] = {
		{ 0, 0 },
		{ -ENOENT, -ENOENT },
		{ 5, -EBADMSG },
		{ INT32_MIN, -EBADMSG },
	};
	struct catch c = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .len = 0 };

		add_done(&b, cases[i].error);
		assert_int_equal(parse(&b, &c), cases[i].rc);
	}
}

static void test_done_without_payload(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	open_message(&b, NLMSG_DONE, NLM_F_MULTI);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 0);
}

static void test_nothing_is_read_behind_done(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };

	(void)state;
	add_done(&b, 0);
	add_full_dump(&b);
	assert_int_equal(parse(&b, &c), 0);
	assert_int_equal(c.count, 0);
}

static void test_kernel_error(void **state)
{
	static const struct {
		int error;
		size_t len;
		int rc;
	} cases[] = {
		{ -EINVAL, 4, -EINVAL },
		{ 0, 4, 0 },
		{ 1, 4, -EBADMSG },
		{ -EINVAL, 3, -EBADMSG },
		{ -EINVAL, 0, -EBADMSG },
	};
	struct catch c = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .len = 0 };

		open_message(&b, NLMSG_ERROR, 0);
		add(&b, &cases[i].error, cases[i].len);
		close_message(&b);
		assert_int_equal(parse(&b, &c), cases[i].rc);
	}
}

static void test_sink_ends_the_dump(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .answer = -ENOMEM };

	(void)state;
	add_full_dump(&b);
	assert_int_equal(parse(&b, &c), -ENOMEM);
	assert_int_equal(c.count, 1);
}

static void test_interrupted(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	bool interrupted = false;

	(void)state;
	add_full_dump(&b);
	assert_int_equal(parse_as(&from_us, b.data, b.len, &c, &interrupted), 0);
	assert_false(interrupted);
	b.len = 0;
	open_message(&b, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR);
	close_message(&b);
	assert_int_equal(parse(&b, &c), 0);
	assert_int_equal(parse_as(&from_us, b.data, b.len, &c, &interrupted), 0);
	assert_true(interrupted);
}

static void test_bytes_need_no_alignment(void **state)
{
	struct bytes b = { .len = 0 };
	struct catch c = { .count = 0 };
	uint8_t shifted[sizeof(b.data) + 1];

	(void)state;
	add_full_dump(&b);
	memcpy(shifted + 1, b.data, b.len);
	assert_int_equal(diag_parse(shifted + 1, b.len, &from_us, catch_row, &c, NULL), 0);
	assert_int_equal(c.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_rows),
		cmocka_unit_test(test_rows_are_independent),
		cmocka_unit_test(test_reply_to_the_old_request),
		cmocka_unit_test(test_udp_has_no_timer),
		cmocka_unit_test(test_states_and_families),
		cmocka_unit_test(test_attribute_shorter_than_its_kind),
		cmocka_unit_test(test_zero_length_attribute),
		cmocka_unit_test(test_attribute_over_the_end),
		cmocka_unit_test(test_old_tcp_info),
		cmocka_unit_test(test_tcp_info_of_every_kernel),
		cmocka_unit_test(test_tcp_info_cut_at_every_byte),
		cmocka_unit_test(test_other_attributes),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_message_ends_at_every_byte),
		cmocka_unit_test(test_impossible_message_length),
		cmocka_unit_test(test_other_conversations_are_skipped),
		cmocka_unit_test(test_unknown_message_type),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_done_without_payload),
		cmocka_unit_test(test_nothing_is_read_behind_done),
		cmocka_unit_test(test_kernel_error),
		cmocka_unit_test(test_sink_ends_the_dump),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_bytes_need_no_alignment),
	};

	return cmocka_run_group_tests_name("diag_parse", tests, NULL, NULL);
}
