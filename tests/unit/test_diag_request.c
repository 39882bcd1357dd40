/* test_diag_request: requests as the kernel will read them, byte by byte (little-endian or
 * big-endian). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/diag.h"

/* Writes into memory of exactly DIAG_REQUEST_MAX bytes; whatever is not written must stay 0x5a. */
static size_t request(uint8_t out[DIAG_REQUEST_MAX], const struct diag_query *query)
{
	uint8_t *exact = malloc(DIAG_REQUEST_MAX);
	size_t len;

	assert_non_null(exact);
	memset(exact, 0x5a, DIAG_REQUEST_MAX);
	len = diag_request(exact, query, 0x01020304);
	assert_true(len <= DIAG_REQUEST_MAX);
	for (size_t i = len; i < DIAG_REQUEST_MAX; i++)
		assert_int_equal(exact[i], 0x5a);
	memcpy(out, exact, DIAG_REQUEST_MAX);
	free(exact);
	return len;
}

static void check_head(const uint8_t *bytes, uint32_t len, uint16_t type)
{
	struct nlmsghdr head;

	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.nlmsg_len, len);
	assert_int_equal(head.nlmsg_type, type);
	assert_int_equal(head.nlmsg_flags, 0x301); /* NLM_F_REQUEST | NLM_F_DUMP */
	assert_int_equal(head.nlmsg_seq, 0x01020304);
	assert_int_equal(head.nlmsg_pid, 0);
}

static uint32_t u32_at(const uint8_t *bytes, size_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static void test_one_family(void **state)
{
	struct diag_query query = { AF_INET6, IPPROTO_UDP, 1u << 10 | 1u << 7, DIAG_WANT_DROPS,
		NULL };
	uint8_t bytes[DIAG_REQUEST_MAX], zero[48] = { 0 };

	(void)state;
	assert_int_equal(request(bytes, &query), 72);
	check_head(bytes, 72, 20);
	assert_int_equal(bytes[16], AF_INET6);
	assert_int_equal(bytes[17], IPPROTO_UDP);
	assert_int_equal(bytes[18], 0x40); /* 1 << (SKMEMINFO - 1) */
	assert_int_equal(bytes[19], 0);
	assert_int_equal(u32_at(bytes, 20), 0x480);
	assert_memory_equal(bytes + 24, zero, 48);
}

static void test_both_families(void **state)
{
	struct diag_query query = { 0, IPPROTO_TCP, 1u << 1, DIAG_WANT_DROPS | DIAG_WANT_INFO,
		NULL };
	uint8_t bytes[DIAG_REQUEST_MAX], zero[48] = { 0 };

	(void)state;
	assert_int_equal(request(bytes, &query), 16 + sizeof(struct inet_diag_req));
	check_head(bytes, 16 + sizeof(struct inet_diag_req), 18);
	assert_int_equal(bytes[19], 0x42);
	assert_memory_equal(bytes + 20, zero, 48);
	assert_int_equal(u32_at(bytes, 68), 2);
	assert_int_equal(u32_at(bytes, 72), 0);
}

static void test_extensions(void **state)
{
	static const struct {
		unsigned want;
		uint8_t bits;
	} cases[] = {
		{ 0, 0 },
		{ DIAG_WANT_INFO, 0x02 },
		{ DIAG_WANT_DROPS, 0x40 },
		{ DIAG_WANT_CONGESTION, 0x08 },
		{ DIAG_WANT_TOS, 0x30 },
		{ ~0u, 0x7a },
	};
	uint8_t bytes[DIAG_REQUEST_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag_query query = { AF_INET, IPPROTO_TCP, 2, cases[i].want, NULL };

		request(bytes, &query);
		assert_int_equal(bytes[18], cases[i].bits);
	}
}

/* Bit 13 would make the kernel walk the table of bound ports, bit 0 is no state. */
static void test_only_real_states_are_sent(void **state)
{
	struct diag_query one = { AF_INET, IPPROTO_TCP, UINT32_MAX, 0, NULL };
	struct diag_query both = { 0, IPPROTO_TCP, UINT32_MAX, 0, NULL };
	uint8_t bytes[DIAG_REQUEST_MAX];

	(void)state;
	request(bytes, &one);
	assert_int_equal(u32_at(bytes, 20), 0xffe);
	request(bytes, &both);
	assert_int_equal(u32_at(bytes, 68), 0xffe);
}

static void test_what_cannot_be_asked(void **state)
{
	struct diag_query query = { 0, IPPROTO_UDP, 0xffe, 0, NULL };
	uint8_t bytes[DIAG_REQUEST_MAX];

	(void)state;
	assert_int_equal(request(bytes, &query), 0);
}

static void test_program(void **state)
{
	static uint8_t ops[DIAG_PROGRAM_MAX + 4] = { 12, 8, 12, 0, 0, 0, 187, 1 };
	struct diag_program program = { .bytes = ops, .len = 8 };
	struct diag_query query = { AF_INET, IPPROTO_UDP, 0xffe, 0, &program };
	const uint8_t families[] = { AF_INET, 0 };
	struct nlattr attribute;
	uint8_t bytes[DIAG_REQUEST_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t bare = families[i] ? 72 : 76;

		query.family = families[i];
		query.protocol = families[i] ? IPPROTO_UDP : IPPROTO_TCP;
		assert_int_equal(request(bytes, &query), bare + 4 + 8);
		check_head(bytes, (uint32_t)bare + 4 + 8, families[i] ? 20 : 18);
		memcpy(&attribute, bytes + bare, sizeof(attribute));
		assert_int_equal(attribute.nla_type, INET_DIAG_REQ_BYTECODE);
		assert_int_equal(attribute.nla_len, 4 + 8);
		assert_memory_equal(bytes + bare + 4, ops, 8);
	}
	program.len = DIAG_PROGRAM_MAX;
	assert_int_equal(request(bytes, &query), 76 + 4 + DIAG_PROGRAM_MAX);
	program.len = DIAG_PROGRAM_MAX + 4;
	assert_int_equal(request(bytes, &query), 0);
	program.len = 0; /* accepts all */
	assert_int_equal(request(bytes, &query), 76);
}

static void test_one_socket(void **state)
{
	struct diag_id id = {
		.cookie = UINT64_C(0x1122334455667788),
		.local = { 127, 0, 0, 1 },
		.remote = { 10, 9, 8, 7 },
		.local_port = 0x1234,
		.remote_port = 443,
		.iface = 3,
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
	};
	uint8_t bytes[DIAG_REQUEST_MAX];
	struct inet_diag_req_v2 sent;
	struct nlmsghdr head;

	(void)state;
	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(diag_request_one(bytes, &id, DIAG_WANT_INFO, 77), 72);
	assert_int_equal(bytes[72], 0x5a);
	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.nlmsg_len, 72);
	assert_int_equal(head.nlmsg_type, 20);
	assert_int_equal(head.nlmsg_flags, NLM_F_REQUEST); /* not a dump */
	assert_int_equal(head.nlmsg_seq, 77);
	memcpy(&sent, bytes + sizeof(head), sizeof(sent));
	assert_int_equal(sent.sdiag_family, AF_INET);
	assert_int_equal(sent.sdiag_protocol, IPPROTO_TCP);
	assert_int_equal(sent.idiag_ext, 1u << (INET_DIAG_INFO - 1));
	assert_memory_equal(&sent.id.idiag_sport, "\x12\x34", 2);
	assert_memory_equal(&sent.id.idiag_dport, "\x01\xbb", 2);
	assert_memory_equal(sent.id.idiag_src, id.local, 16);
	assert_memory_equal(sent.id.idiag_dst, id.remote, 16);
	assert_int_equal(sent.id.idiag_if, 3);
	assert_int_equal(sent.id.idiag_cookie[0], 0x55667788);
	assert_int_equal(sent.id.idiag_cookie[1], 0x11223344);
}

/* The kernel looks for a UDP socket as for a packet to it: from the peer, to this end. */
static void test_one_udp_socket(void **state)
{
	struct diag_id id = {
		.local = { 10, 0, 0, 1 },
		.remote = { 10, 2, 3, 4 },
		.local_port = 53,
		.remote_port = 5555,
		.family = AF_INET,
		.protocol = IPPROTO_UDP,
	};
	uint8_t bytes[DIAG_REQUEST_MAX];
	struct inet_diag_req_v2 sent;

	(void)state;
	diag_request_one(bytes, &id, 0, 77);
	memcpy(&sent, bytes + sizeof(struct nlmsghdr), sizeof(sent));
	assert_int_equal(sent.id.idiag_sport, htons(5555));
	assert_int_equal(sent.id.idiag_dport, htons(53));
	assert_memory_equal(sent.id.idiag_src, id.remote, 16);
	assert_memory_equal(sent.id.idiag_dst, id.local, 16);
	diag_request_destroy(bytes, &id, 77);
	memcpy(&sent, bytes + sizeof(struct nlmsghdr), sizeof(sent));
	assert_int_equal(sent.id.idiag_sport, htons(53));
	assert_memory_equal(sent.id.idiag_src, id.local, 16);
}

/* To destroy a socket is asked as it is asked for, and wants an answer. */
static void test_destroy(void **state)
{
	struct diag_id id = {
		.cookie = UINT64_C(0x1122334455667788),
		.local = { 10, 0, 0, 1 },
		.remote = { 10, 2, 3, 4 },
		.local_port = 443,
		.remote_port = 5555,
		.iface = 7,
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
	};
	uint8_t bytes[DIAG_REQUEST_MAX], look[DIAG_REQUEST_MAX];
	struct nlmsghdr head;

	(void)state;
	assert_int_equal(diag_request_destroy(bytes, &id, 77), 72);
	assert_int_equal(diag_request_one(look, &id, 0, 77), 72);
	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.nlmsg_type, 21); /* SOCK_DESTROY */
	assert_int_equal(head.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(head.nlmsg_seq, 77);
	assert_memory_equal(bytes + sizeof(head), look + sizeof(head), 72 - sizeof(head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_destroy),
		cmocka_unit_test(test_one_family),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_one_socket),
		cmocka_unit_test(test_one_udp_socket),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_only_real_states_are_sent),
		cmocka_unit_test(test_what_cannot_be_asked),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests_name("diag_request", tests, NULL, NULL);
}
