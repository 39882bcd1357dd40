/* test_ssdump: hand-built dumps of ss through the real parser into a frame. Each file is copied
 * into memory of exactly its size, so that a sanitizer sees any read beyond it. */
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
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/frames.h"
#include "sockdash/diag_rows.h"
#include "sockdash/problems.h"
#include "sockdash/ssdump.h"

enum {
	WALL_NS = 1234567890,
	SOCK_MESSAGE = sizeof(struct nlmsghdr) + sizeof(struct inet_diag_msg),
	DONE_MESSAGE = sizeof(struct nlmsghdr) + sizeof(int),
};

/* ---- Building -------------------------------------------------------------------------------- */

struct bytes {
	uint8_t data[1 << 19];
	size_t len, message; /* where the open message begins */
};

/* Too big for a stack; each test begins with an empty one. */
static struct bytes file;

static int empty_file(void **state)
{
	(void)state;
	memset(&file, 0, sizeof file);
	return 0;
}

static void add(const void *data, size_t len)
{
	assert_true(file.len + len + 4 <= sizeof file.data);
	memcpy(file.data + file.len, data, len);
	file.len += len;
}

static void claim_length(uint32_t len)
{
	memcpy(file.data + file.message, &len, sizeof len);
}

static void open_message(uint16_t type)
{
	struct nlmsghdr head = {
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = 123456, /* the one of ss */
		.nlmsg_pid = 4321,
	};

	file.message = file.len;
	add(&head, sizeof head);
}

static void close_message(void)
{
	claim_length((uint32_t)(file.len - file.message));
	while (file.len % 4)
		file.data[file.len++] = 0xee;
}

static void add_attribute(uint16_t type, const void *data, size_t len)
{
	struct nlattr head = { .nla_len = (uint16_t)(sizeof head + len), .nla_type = type };

	add(&head, sizeof head);
	add(data, len);
	while (file.len % 4)
		file.data[file.len++] = 0;
}

static void add_number(uint16_t type, int number)
{
	open_message(type);
	add(&number, sizeof number);
	close_message();
}

static void add_done(int error)
{
	add_number(NLMSG_DONE, error);
}

/* 10.0.0.1:443 from 192.168.1.2:51000. */
static struct inet_diag_msg ipv4_socket(uint8_t state, uint32_t cookie)
{
	struct inet_diag_msg msg = {
		.idiag_family = AF_INET,
		.idiag_state = state,
		.id.idiag_sport = htons(443),
		.id.idiag_dport = htons(51000),
		.id.idiag_src = { htonl(0x0a000001) },
		.id.idiag_dst = { htonl(0xc0a80102) },
		.id.idiag_cookie = { cookie, 0x55 },
		.idiag_rqueue = 17,
		.idiag_wqueue = 18,
		.idiag_uid = 1000,
		.idiag_inode = 123456,
	};

	return msg;
}

static struct inet_diag_msg ipv6_socket(uint8_t state, uint32_t cookie)
{
	struct inet_diag_msg msg = ipv4_socket(state, cookie);

	msg.idiag_family = AF_INET6;
	memset(msg.id.idiag_src, 0xab, sizeof msg.id.idiag_src);
	memset(msg.id.idiag_dst, 0xcd, sizeof msg.id.idiag_dst);
	return msg;
}

static void open_sock(const struct inet_diag_msg *msg)
{
	open_message(SOCK_DIAG_BY_FAMILY);
	add(msg, sizeof *msg);
}

static void add_sock(const struct inet_diag_msg *msg)
{
	open_sock(msg);
	close_message();
}

static void add_ipv4(uint8_t state, uint32_t cookie)
{
	struct inet_diag_msg msg = ipv4_socket(state, cookie);

	add_sock(&msg);
}

static void add_skmeminfo(uint32_t drops)
{
	uint32_t meminfo[9] = { 1, 2, 3, 4, 5, 6, 7, 8, drops };

	add_attribute(INET_DIAG_SKMEMINFO, meminfo, sizeof meminfo);
}

static void add_tcp_info(uint32_t last_ack_recv_ms)
{
	struct tcp_info info = { .tcpi_last_ack_recv = last_ack_recv_ms };

	add_attribute(INET_DIAG_INFO, &info, sizeof info);
}

/* As ss writes it: two sockets of IPv4, one of IPv6, each family with its end. */
static void add_both_families(void)
{
	struct inet_diag_msg v6 = ipv6_socket(SOCK_LISTEN, 3);
	uint8_t one = 1;

	add_ipv4(SOCK_ESTAB, 1);
	add_ipv4(SOCK_TIME_WAIT, 2);
	add_done(0);
	open_sock(&v6);
	add_attribute(INET_DIAG_SKV6ONLY, &one, 1);
	close_message();
	add_done(0);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static size_t lost;

static int read_bytes(const uint8_t *data, size_t len, struct frame **out)
{
	uint8_t *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, data, len);
	*out = NULL;
	lost = SIZE_MAX;
	rc = ssdump_read(exact, len, WALL_NS, out, &lost);
	assert_true(lost <= len);
	assert_int_equal(rc == 0, *out != NULL);
	free(exact);
	return rc;
}

/* The frame of the file, which must have one. */
static struct frame *read_frame(void)
{
	struct frame *f;

	assert_int_equal(read_bytes(file.data, file.len, &f), 0);
	return f;
}

static int read_error(void)
{
	struct frame *f;
	int rc = read_bytes(file.data, file.len, &f);

	frame_put(f);
	return rc;
}

/* The socket that was built with that cookie, or NULL. */
static const struct sock *find(const struct frame *f, uint32_t cookie)
{
	struct sock probe = { .cookie = UINT64_C(0x5500000000) | cookie };
	uint32_t row = find_sock(f, frame_sock_key(f, &probe));

	return row == SOCK_NONE ? NULL : &f->socks[row];
}

/* ---- What is a dump -------------------------------------------------------------------------- */

static void test_is(void **state)
{
	static const uint16_t types[] = { SOCK_DIAG_BY_FAMILY, TCPDIAG_GETSOCK, NLMSG_DONE,
		NLMSG_ERROR };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		empty_file(state);
		add_number(types[i], 0);
		assert_true(ssdump_is(file.data, file.len));
		assert_true(ssdump_is(file.data, SSDUMP_SIGN));
		for (size_t len = 0; len < SSDUMP_SIGN; len++)
			assert_false(ssdump_is(file.data, len));
	}
}

static void test_is_not(void **state)
{
	static const char *const others[] = {
		"sockdash tape 1\n........",
		"State  Recv-Q Send-Q Local Address:Port",
		"{\"sockdash\":\"0.1.0\"}",
		"\x1f\x8b\x08\0\0\0\0\0\0\x03the head of gzip",
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	};
	struct frame *f;

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const uint8_t *bytes = (const uint8_t *)others[i];

		assert_false(ssdump_is(bytes, SSDUMP_SIGN));
		assert_int_equal(read_bytes(bytes, SSDUMP_SIGN, &f), -EBADMSG);
		assert_int_equal(lost, SSDUMP_SIGN);
	}
	assert_int_equal(read_bytes(file.data, 0, &f), -EBADMSG);
	assert_int_equal(lost, 0);
}

/* The heads of a dump as a machine of the other byte order would have written them. */
static void swap_heads(void)
{
	struct nlmsghdr head;

	for (size_t at = 0, len; at < file.len; at += (len + 3) & ~(size_t)3) {
		memcpy(&head, file.data + at, sizeof head);
		len = head.nlmsg_len;
		head.nlmsg_len = __builtin_bswap32(head.nlmsg_len);
		head.nlmsg_type = __builtin_bswap16(head.nlmsg_type);
		head.nlmsg_flags = __builtin_bswap16(head.nlmsg_flags);
		memcpy(file.data + at, &head, sizeof head);
	}
}

static void test_other_byte_order(void **state)
{
	static const size_t pads[] = { 0, 36, 256 - SOCK_MESSAGE - 4, 512 - SOCK_MESSAGE - 4 };
	static const uint8_t zeros[512];
	struct inet_diag_msg msg = ipv4_socket(SOCK_ESTAB, 1);

	/* Lengths that are still short the other way round are among them. */
	for (size_t i = 0; i < sizeof pads / sizeof *pads; i++) {
		empty_file(state);
		open_sock(&msg);
		add_attribute(200, zeros, pads[i]);
		close_message();
		add_both_families();
		swap_heads();
		assert_false(ssdump_is(file.data, file.len));
		assert_int_equal(read_error(), -EBADMSG);
		assert_int_equal(lost, file.len);
	}
	empty_file(state);
	add_done(0);
	swap_heads();
	assert_int_equal(read_error(), -EBADMSG);
}

/* ---- The frame ------------------------------------------------------------------------------- */

static void test_header(void **state)
{
	struct frame *f;
	struct buf texts[PROBLEMS_MAX];

	(void)state;
	add_both_families();
	f = read_frame();
	assert_string_equal(f->kind, "ss dump");
	assert_string_equal(f->host, "");
	assert_string_equal(f->seer, "");
	assert_int_equal(f->wall_ns, WALL_NS);
	assert_int_equal(f->mono_ns, f->epoch_ns);
	assert_true(isnan(f->uptime_s));
	assert_false(f->owners_known);
	assert_false(f->diff.known);
	assert_int_equal(f->absent, 1 << SOCK_UDP);
	assert_false(frame_is_partial(f));
	assert_int_equal(f->netns_count, 1);
	assert_int_equal(f->namespaces[0].inode, 0);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		assert_true(f->counters[i] == COUNTER_UNKNOWN);
	assert_int_equal(f->problems[FRAME_RAW_DUMP], -ENODATA);
	assert_int_equal(problems_of(f, texts), 1);
	assert_string_equal(texts[0].data, "a raw dump of ss: TCP only, without processes, "
					   "counters, names or changes");
	buf_free(&texts[0]);
	frame_put(f);
}

static void test_rows(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };
	const struct sock *s;
	struct frame *f;

	(void)state;
	add_both_families();
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(lost, 0);

	s = find(f, 1);
	assert_int_equal(s->state, SOCK_ESTAB);
	assert_int_equal(s->proto, SOCK_TCP);
	assert_int_equal(s->flags, SOCK_IPV4 | SOCK_OLDER);
	assert_int_equal(s->first_seen, frame_now(f));
	assert_memory_equal(frame_address(f, s->local)->bytes, mapped, 16);
	assert_int_equal(s->local_port, 443);
	assert_int_equal(s->remote_port, 51000);
	assert_int_equal(s->recv_q, 17);
	assert_int_equal(s->send_q, 18);
	assert_int_equal(s->inode, 123456);
	assert_int_equal(s->owner, SOCK_NONE);

	assert_int_equal(find(f, 2)->state, SOCK_TIME_WAIT);
	s = find(f, 3);
	assert_int_equal(s->state, SOCK_LISTEN);
	assert_int_equal(s->flags, SOCK_V6ONLY | SOCK_OLDER);
	assert_int_equal(frame_address(f, s->local)->bytes[0], 0xab);
	assert_int_equal(frame_address(f, s->remote)->bytes[15], 0xcd);
	frame_put(f);
}

static void test_reply_to_the_old_request(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_ESTAB, 1);
	struct frame *f;

	(void)state;
	open_message(TCPDIAG_GETSOCK);
	add(&msg, sizeof msg);
	close_message();
	f = read_frame();
	assert_int_equal(f->sock_count, 1);
	frame_put(f);
}

/* Where the later file tells less, that is what is so now. */
static void test_later_row_counts(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_CLOSE_WAIT, 1);
	struct frame *f;

	(void)state;
	add_both_families();
	open_sock(&msg);
	add_tcp_info(1000);
	close_message();
	add_done(0);
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(find(f, 1)->state, SOCK_CLOSE_WAIT);
	frame_put(f);
	add_both_families();
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(find(f, 1)->state, SOCK_ESTAB);
	frame_put(f);
}

/* Nothing of this machine: its lo has the index 1, its root the number 0. */
static void test_names_are_numbers(void **state)
{
	struct inet_diag_msg msg = ipv6_socket(SOCK_ESTAB, 1);
	struct frame *f;

	(void)state;
	msg.id.idiag_if = 1;
	msg.idiag_uid = 0;
	add_sock(&msg);
	add_ipv4(SOCK_ESTAB, 2);
	add_ipv4(SOCK_CLOSE_WAIT, 3);
	msg.id.idiag_cookie[0] = 4;
	msg.idiag_uid = 4000000000;
	msg.idiag_inode = 0;
	add_sock(&msg);
	f = read_frame();
	assert_int_equal(frame_address(f, find(f, 1)->local)->scope, 1);
	assert_string_equal(frame_device(f, 1), "1");
	assert_string_equal(frame_user(f, 0), "0");
	assert_string_equal(frame_user(f, 1000), "1000");
	assert_string_equal(frame_user(f, 4000000000), "");
	assert_int_equal(f->user_count, 2);
	frame_put(f);
}

/* As many devices as sockets do not make it slow. */
static void test_many_devices(void **state)
{
	struct frame *f;

	(void)state;
	for (uint32_t i = 1; i <= 3000; i++) {
		struct inet_diag_msg msg = ipv4_socket(SOCK_ESTAB, i);

		msg.id.idiag_if = i;
		add_sock(&msg);
	}
	f = read_frame();
	assert_int_equal(f->sock_count, 3000);
	assert_true(f->device_count < 3000);
	assert_string_equal(frame_device(f, 7), "7");
	assert_string_equal(frame_device(f, 3000), "?");
	frame_put(f);
}

/* ---- Ages and drops -------------------------------------------------------------------------- */

static void test_wait_age(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_CLOSE_WAIT, 1);
	struct frame *f;

	(void)state;
	open_sock(&msg);
	add_tcp_info(5012);
	close_message();
	msg.id.idiag_cookie[0] = 2;
	msg.idiag_timer = 2;
	open_sock(&msg);
	add_tcp_info(UINT32_MAX);
	close_message();
	add_ipv4(SOCK_CLOSE_WAIT, 3);
	msg = ipv4_socket(SOCK_ESTAB, 4);
	open_sock(&msg);
	add_tcp_info(5012);
	close_message();
	f = read_frame();
	assert_true(frame_wait_age(f, find(f, 1)) == 5.0);
	assert_false(find(f, 1)->flags & SOCK_WAIT_LONGER);
	assert_true(frame_wait_age(f, find(f, 2)) == (double)(UINT32_MAX / 100) / 10);
	assert_true(find(f, 2)->flags & SOCK_WAIT_LONGER);
	assert_true(isnan(frame_wait_age(f, find(f, 3))));
	assert_true(isnan(frame_wait_age(f, find(f, 4))));
	frame_put(f);
}

static void test_drops(void **state)
{
	struct inet_diag_msg msg = ipv6_socket(SOCK_LISTEN, 1);
	struct frame *f;

	(void)state;
	open_sock(&msg);
	add_skmeminfo(99);
	close_message();
	msg = ipv4_socket(SOCK_LISTEN, 2);
	add_sock(&msg);
	msg = ipv4_socket(SOCK_ESTAB, 3);
	open_sock(&msg);
	add_skmeminfo(98);
	close_message();
	f = read_frame();
	assert_true(find(f, 1)->flags & SOCK_HAS_DROPS);
	assert_int_equal(find(f, 1)->drops, 99);
	assert_false(find(f, 2)->flags & SOCK_HAS_DROPS);
	assert_false(find(f, 3)->flags & SOCK_HAS_DROPS);
	assert_int_equal(find(f, 3)->drops, 0);
	frame_put(f);
}

/* ss -i -m: the age and the drops of a CLOSE-WAIT would stand in one place. */
static void test_drops_are_no_age(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_CLOSE_WAIT, 1);
	struct frame *f;

	(void)state;
	open_sock(&msg);
	add_skmeminfo(7);
	add_tcp_info(60000);
	close_message();
	msg.id.idiag_cookie[0] = 2;
	open_sock(&msg);
	add_skmeminfo(7);
	close_message();
	f = read_frame();
	assert_true(frame_wait_age(f, find(f, 1)) == 60.0);
	assert_false(find(f, 1)->flags & SOCK_HAS_DROPS);
	assert_true(isnan(frame_wait_age(f, find(f, 2))));
	frame_put(f);
}

/* The other way round: tcp_info of a listener does not overwrite its drops, whatever their
 * number. */
static void test_age_is_no_drops(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_LISTEN, 1);
	struct frame *f;

	(void)state;
	open_sock(&msg);
	add_tcp_info(60000);
	add_skmeminfo((uint32_t)SOCK_TIME_NONE);
	close_message();
	f = read_frame();
	assert_true(find(f, 1)->drops == (uint32_t)SOCK_TIME_NONE);
	frame_put(f);
}

/* ---- What the live source shares ------------------------------------------------------------- */

static void test_known_wait_stays(void **state)
{
	struct diag_sock d = { .has_info = true, .timer = 2, .info.last_ack_recv_ms = 1000 };
	struct sock s = { .state = SOCK_CLOSE_WAIT, .wait_since = -600 };
	struct frame *f = frame_create();

	(void)state;
	diag_rows_set_wait(f, &s, &d);
	assert_int_equal(s.wait_since, -600);
	assert_int_equal(s.flags, 0);
	s.wait_since = SOCK_TIME_NONE;
	diag_rows_set_wait(f, &s, &d);
	assert_int_equal(s.wait_since, -10);
	assert_int_equal(s.flags, SOCK_WAIT_LONGER);
	frame_put(f);
}

static void test_still_queues(void **state)
{
	static const struct {
		uint8_t state;
		uint32_t recv_q, send_q;
		uint8_t timer;
		uint8_t retrans;
		bool no_info;
		int32_t since; /* 0: not told */
	} cases[] = {
		{ .state = SOCK_ESTAB, .recv_q = 5, .since = -10 },
		{ .state = SOCK_ESTAB, .send_q = 5, .timer = 4, .since = -20 },
		{ .state = SOCK_ESTAB, .recv_q = 5, .send_q = 5, .timer = 4, .since = -10 },
		{ .state = SOCK_ESTAB, .recv_q = 5, .no_info = true },
		/* It is on its way. */
		{ .state = SOCK_ESTAB, .send_q = 5, .timer = 1 },
		{ .state = SOCK_ESTAB, .send_q = 5, .timer = 1, .retrans = 1, .since = -20 },
		{ .state = SOCK_ESTAB },
		{ .state = SOCK_CLOSE_WAIT, .recv_q = 5 },
	};
	struct frame *f = frame_create();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct diag_sock d = { .has_info = !cases[i].no_info,
			.recv_q = cases[i].recv_q,
			.send_q = cases[i].send_q,
			.timer = cases[i].timer,
			.info.last_data_recv_ms = 1000,
			.info.last_data_sent_ms = 2000,
			.info.last_ack_recv_ms = 4000 };
		struct sock s = {
			.recv_q = d.recv_q, .send_q = d.send_q, .retrans = cases[i].retrans
		};

		sock_set_state(&s, SOCK_TCP, cases[i].state);
		sock_set_timer(&s, d.timer, 100);
		diag_rows_set_still(f, &s, &d);
		assert_int_equal(s.wait_since, cases[i].since);
		assert_int_equal(s.flags, cases[i].since ? SOCK_WAIT_LONGER : 0);
	}
	frame_put(f);
}

static char *name_device(unsigned index, char *name)
{
	return index == 2 ? strcpy(name, "eth0") : NULL;
}

static void test_devices_get_names(void **state)
{
	struct frame *f = frame_create();
	struct diag_rows rows = { f, name_device, false };
	struct diag_sock d = { .cookie = 1, .family = AF_INET, .state = SOCK_ESTAB, .iface = 2 };

	(void)state;
	assert_true(frame_add_netns(f, 0, "") == 0);
	assert_int_equal(diag_rows_add(&rows, &d), 0);
	d.iface = 3;
	assert_int_equal(diag_rows_add(&rows, &d), 0);
	assert_string_equal(frame_device(f, 2), "eth0");
	assert_string_equal(frame_device(f, 3), "3");
	frame_put(f);
}

/* ---- Empty, refused, foreign ----------------------------------------------------------------- */

static void test_empty_dumps(void **state)
{
	struct frame *f;

	(void)state;
	add_done(0);
	add_done(0);
	f = read_frame();
	assert_int_equal(f->sock_count, 0);
	assert_int_equal(lost, 0);
	frame_put(f);
}

static void test_done_without_payload(void **state)
{
	(void)state;
	open_message(NLMSG_DONE);
	close_message();
	frame_put(read_frame());
}

/* One family is missing: the rows are those of the other. */
static void test_refused_family(void **state)
{
	static const struct {
		uint16_t type;
		int number;
	} refusals[] = {
		{ NLMSG_DONE, -ENOENT },
		{ NLMSG_DONE, -ENOMEM },
		{ NLMSG_DONE, 5 },
		{ NLMSG_ERROR, -EINVAL },
		{ NLMSG_ERROR, -ENOMEM },
		{ NLMSG_ERROR, 0 },
	};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct frame *f;

		empty_file(state);
		add_number(refusals[i].type, refusals[i].number);
		assert_int_equal(read_error(), -EBADMSG);
		add_number(refusals[i].type, refusals[i].number);
		assert_int_equal(read_error(), -EBADMSG);
		assert_int_equal(lost, 0);
		add_both_families();
		add_number(refusals[i].type, refusals[i].number);
		add_ipv4(SOCK_ESTAB, 4);
		f = read_frame();
		assert_int_equal(f->sock_count, 4);
		assert_int_equal(lost, 0);
		frame_put(f);
	}
}

static void test_foreign_messages(void **state)
{
	struct inet_diag_msg unix_socket = ipv4_socket(SOCK_ESTAB, 9);
	struct inet_diag_msg bound = ipv4_socket(13, 9); /* BOUND_INACTIVE */
	struct frame *f;

	(void)state;
	unix_socket.idiag_family = AF_UNIX;
	add_sock(&unix_socket);
	assert_int_equal(read_error(), -EBADMSG);
	add_number(SOCK_DIAG_BY_FAMILY, AF_INET); /* too short for a socket */
	assert_int_equal(read_error(), -EBADMSG);
	add_sock(&bound);
	assert_int_equal(read_error(), -EBADMSG);
	add_number(NLMSG_NOOP, 0);
	add_number(999, 0);
	add_both_families();
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(lost, 0);
	frame_put(f);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* What a file of that length has whole: rows, ends of dumps, bytes behind. */
static void count_whole(size_t len, size_t *rows, size_t *ends, size_t *behind)
{
	struct nlmsghdr head;
	size_t at = 0, step;

	for (*rows = *ends = 0; at + sizeof head <= len; at += step) {
		memcpy(&head, file.data + at, sizeof head);
		if (head.nlmsg_len > len - at)
			break;
		step = (head.nlmsg_len + 3) & ~(size_t)3;
		if (step > len - at)
			step = len - at;
		++*(head.nlmsg_type == NLMSG_DONE ? ends : rows);
	}
	*behind = len - at;
}

static void test_cut_at_every_byte(void **state)
{
	struct inet_diag_msg msg = ipv4_socket(SOCK_CLOSE_WAIT, 4);
	size_t frames = 0;

	(void)state;
	add_both_families();
	open_sock(&msg);
	add_tcp_info(60000);
	add_skmeminfo(7);
	add_attribute(INET_DIAG_CONG, "cubic", 6);
	add("odd", 3); /* the message ends in its padding */
	close_message();
	add_done(0);
	for (size_t len = 0; len <= file.len; len++) {
		size_t rows, ends, behind;
		struct frame *f;
		int rc = read_bytes(file.data, len, &f);

		count_whole(len, &rows, &ends, &behind);
		assert_int_equal(rc, rows || ends ? 0 : -EBADMSG);
		assert_int_equal(lost, behind);
		if (!rc)
			assert_int_equal(f->sock_count, rows);
		frames += !rc;
		frame_put(f);
	}
	assert_int_equal(frames, file.len - SOCK_MESSAGE + 1);
}

static void test_impossible_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 15, DONE_MESSAGE + 1, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xfffffffc, 0xfffffffd, 0xffffffff };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct frame *f;

		empty_file(state);
		add_done(0);
		claim_length(lengths[i]);
		assert_int_equal(read_error(), -EBADMSG);
		assert_int_equal(lost, DONE_MESSAGE);
		empty_file(state);
		add_both_families();
		claim_length(lengths[i]);
		f = read_frame();
		assert_int_equal(f->sock_count, 3);
		assert_int_equal(lost, DONE_MESSAGE);
		frame_put(f);
	}
}

/* A length that the file has, but no message. */
static void test_too_long_a_message(void **state)
{
	struct frame *f;
	size_t end;

	(void)state;
	add_both_families();
	end = file.len;
	open_message(999);
	file.len += 300000;
	close_message();
	add_ipv4(SOCK_ESTAB, 4);
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(lost, file.len - end);
	frame_put(f);
}

static void test_text_behind(void **state)
{
	static const char text[] = "Connection closed by remote host\n";
	struct frame *f;

	(void)state;
	add_both_families();
	add(text, sizeof text - 1);
	f = read_frame();
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(lost, sizeof text - 1);
	frame_put(f);
}

/* xorshift32: the same bytes in each run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	return *seed ^= *seed << 5;
}

static void test_random_bytes(void **state)
{
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		empty_file(state);
		/* Every second one behind rows that can be read. */
		if (round % 2)
			add_both_families();
		for (size_t n = next_random(&seed) % 600; n; n--)
			add(&(uint8_t){ (uint8_t)(next_random(&seed) >> 8) }, 1);
		assert_int_equal(read_error(), round % 2 ? 0 : -EBADMSG);
	}
}

static void test_damaged_bytes(void **state)
{
	uint32_t seed = 2;

	for (int round = 0; round < 2000; round++) {
		empty_file(state);
		add_both_families();
		for (int n = 0; n < 4; n++)
			file.data[next_random(&seed) % file.len] =
				(uint8_t)(next_random(&seed) >> 8);
		read_error();
	}
}

static void test_bytes_need_no_alignment(void **state)
{
	struct frame *f;

	(void)state;
	add_both_families();
	memmove(file.data + 1, file.data, file.len);
	assert_true(ssdump_is(file.data + 1, file.len));
	assert_int_equal(ssdump_read(file.data + 1, file.len, WALL_NS, &f, &lost), 0);
	assert_int_equal(f->sock_count, 3);
	frame_put(f);
}

#define test(function) cmocka_unit_test_setup(function, empty_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_is),
		test(test_is_not),
		test(test_other_byte_order),
		test(test_header),
		test(test_rows),
		test(test_reply_to_the_old_request),
		test(test_later_row_counts),
		test(test_names_are_numbers),
		test(test_many_devices),
		test(test_wait_age),
		test(test_drops),
		test(test_drops_are_no_age),
		test(test_age_is_no_drops),
		test(test_known_wait_stays),
		test(test_still_queues),
		test(test_devices_get_names),
		test(test_empty_dumps),
		test(test_done_without_payload),
		test(test_refused_family),
		test(test_foreign_messages),
		test(test_cut_at_every_byte),
		test(test_impossible_lengths),
		test(test_too_long_a_message),
		test(test_text_behind),
		test(test_random_bytes),
		test(test_damaged_bytes),
		test(test_bytes_need_no_alignment),
	};

	return cmocka_run_group_tests_name("ssdump", tests, NULL, NULL);
}
