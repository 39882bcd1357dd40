/* test_procnet: lines of /proc/net/{tcp,tcp6,udp,udp6} as kernels print them. The words of an
 * address are in host order, so the lines are made for this machine's byte order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/procnet.h"

#define TCP_REST "00000000     0        0 19172 1 00000000a6719551 20 4 32 10 -1"

static int parse(const char *line, uint8_t family, uint8_t protocol, struct diag_sock *out)
{
	size_t len = strlen(line);
	char *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, line, len);
	rc = procnet_parse_line(exact, len, family, protocol, out);
	free(exact);
	return rc;
}

/* An address as the kernel prints it, from its text. */
static const char *words(uint8_t family, const char *text)
{
	static char out[2][33];
	static int turn;
	uint32_t address[4];
	char *to = out[turn ^= 1];

	assert_int_equal(inet_pton(family, text, address), 1);
	for (int i = 0; i < (family == AF_INET ? 1 : 4); i++)
		snprintf(to + i * 8, 9, "%08X", address[i]);
	return to;
}

static void check_address(uint8_t family, const uint8_t address[16], const char *text)
{
	uint8_t expected[16] = { 0 };

	assert_int_equal(inet_pton(family, text, expected), 1);
	assert_memory_equal(address, expected, 16);
}

static void test_tcp(void **state)
{
	struct diag_sock s;
	char line[256];

	(void)state;
	snprintf(line, sizeof(line),
		"  12: %s:1B59 %s:C410 08 0000000A:000003E8 01:00000040 00000003  1000        7 "
		"4000000000 1 00000000a6719551 20 4 32 10 -1   ",
		words(AF_INET, "127.0.0.1"), words(AF_INET, "10.1.2.3"));
	assert_int_equal(parse(line, AF_INET, IPPROTO_TCP, &s), 0);
	assert_int_equal(s.family, AF_INET);
	assert_int_equal(s.protocol, IPPROTO_TCP);
	check_address(AF_INET, s.local, "127.0.0.1");
	check_address(AF_INET, s.remote, "10.1.2.3");
	assert_int_equal(s.local_port, 0x1b59);
	assert_int_equal(s.remote_port, 0xc410);
	assert_int_equal(s.state, 8);
	assert_int_equal(s.send_q, 10);
	assert_int_equal(s.recv_q, 1000);
	assert_int_equal(s.timer, 1);
	assert_int_equal(s.expires_ms, 640);
	assert_int_equal(s.retrans, 3);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.inode, 4000000000u);
	assert_int_equal(s.cookie, 0);
	assert_false(s.has_cgroup || s.has_drops || s.has_v6only || s.has_info);
}

static void test_tcp6(void **state)
{
	struct diag_sock s;
	char line[256];

	(void)state;
	snprintf(line, sizeof(line),
		"   0: %s:0050 %s:0000 0A 00000000:00000081 00:00000000 " TCP_REST,
		words(AF_INET6, "2001:db8::1:2"), words(AF_INET6, "::"));
	assert_int_equal(parse(line, AF_INET6, IPPROTO_TCP, &s), 0);
	check_address(AF_INET6, s.local, "2001:db8::1:2");
	check_address(AF_INET6, s.remote, "::");
	assert_int_equal(s.state, 10);
	assert_int_equal(s.recv_q, 129);
	assert_int_equal(s.send_q, 0);
	assert_int_equal(s.inode, 19172);
}

/* TIME-WAIT lines end after the reference count. */
static void test_time_wait(void **state)
{
	struct diag_sock s;

	(void)state;
	assert_int_equal(parse("   5: 0100007F:9BEC 0100007F:1B59 06 00000000:00000000 "
			       "03:0000174C 00000000     0        0 0 3 00000000b26e1e0a   ",
				 AF_INET, IPPROTO_TCP, &s),
		0);
	assert_int_equal(s.state, 6);
	assert_int_equal(s.timer, 3);
	assert_int_equal(s.expires_ms, 59640);
	assert_int_equal(s.inode, 0);
}

/* Keepalive and window probes are counted in the column that is titled "timeout". */
static void test_probes_are_the_retransmits(void **state)
{
	static const struct {
		const char *timer;
		unsigned retrans;
	} cases[] = { { "01", 2 }, { "02", 5 }, { "04", 5 } };
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag_sock s;

		snprintf(line, sizeof(line),
			"   0: 0100007F:0001 0100007F:0002 01 00000000:00000000 %s:00000001 "
			"00000002     0        5 9 1 0000000000000000 20 0 0 10 -1",
			cases[i].timer);
		assert_int_equal(parse(line, AF_INET, IPPROTO_TCP, &s), 0);
		assert_int_equal(s.retrans, cases[i].retrans);
	}
}

static void test_udp_drops(void **state)
{
	static const char *const pointers[] = { "00000000a6719551", "(____ptrval____)", "0" };
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		struct diag_sock s;

		snprintf(line, sizeof(line),
			"  407: 0100007F:1388 0100007F:1389 01 00000000:00000010 02:00000009 "
			"00000001   104        0 19184 2 %s 321   ",
			pointers[i]);
		assert_int_equal(parse(line, AF_INET, IPPROTO_UDP, &s), 0);
		assert_true(s.has_drops);
		assert_int_equal(s.drops, 321);
		assert_int_equal(s.timer, 0);
		assert_int_equal(s.retrans, 0);
		assert_int_equal(s.expires_ms, 0);
		assert_int_equal(s.recv_q, 16);
		assert_int_equal(s.uid, 104);
	}
}

static void test_udp_without_drops(void **state)
{
	struct diag_sock s;

	(void)state;
	assert_int_equal(parse("  407: 0100007F:1388 00000000:0000 07 00000000:00000000 "
			       "00:00000000 00000000   104        0 19184",
				 AF_INET, IPPROTO_UDP, &s),
		0);
	assert_int_equal(s.inode, 19184);
	assert_false(s.has_drops);
}

static void test_not_a_socket(void **state)
{
	static const char *const lines[] = {
		"",
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid "
		" timeout inode",
		"   0: 0100007F:1B59 0100007F:9BF6 00 00000000:00000000 00:00000000 " TCP_REST,
		"   0: 0100007F:1B59 0100007F:9BF6 0C 00000000:00000000 00:00000000 " TCP_REST,
		"   0: 0100007F:1B59 0100007F:9BF6 01 00000000:00000000 05:00000000 " TCP_REST,
		"   0: 0100007F:1B590 0100007F:9BF6 01 00000000:00000000 00:00000000 " TCP_REST,
		"   0: 0100007:1B59 0100007F:9BF6 01 00000000:00000000 00:00000000 " TCP_REST,
		"   0: 0100007F0:1B59 0100007F:9BF6 01 00000000:00000000 00:00000000 " TCP_REST,
		"   0: 0100007F:1B59 0100007F:9BF6 01 000000000:100000000 00:00000000 " TCP_REST,
		"   0: 0100007F:1B59 0100007F:9BF6 01 00000000-00000000 00:00000000 " TCP_REST,
		"   0: 0100007F:1B59 0100007F:9BF6 01 00000000:00000000 00:00000000 00000000 -1 0 "
		"1 1",
		"   0: 0100007F:1B59 0100007F:9BF6 01 00000000:00000000 00:00000000 00000000 0 0 "
		"99999999999999999999999 1",
	};
	struct diag_sock s;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i], AF_INET, IPPROTO_TCP, &s), -EBADMSG);
}

/* An IPv4 line is no IPv6 line and the other way round. */
static void test_wrong_family(void **state)
{
	struct diag_sock s;

	(void)state;
	assert_int_equal(parse("   0: 0100007F:1B59 0100007F:9BF6 01 00000000:00000000 "
			       "00:00000000 " TCP_REST,
				 AF_INET6, IPPROTO_TCP, &s),
		-EBADMSG);
	assert_int_equal(parse("   0: 00000000000000000000000001000000:1B59 "
			       "00000000000000000000000001000000:9BF6 01 00000000:00000000 "
			       "00:00000000 " TCP_REST,
				 AF_INET, IPPROTO_TCP, &s),
		-EBADMSG);
}

/* Whatever is cut off before the end of the inode's column is refused; nothing is read behind the
 * end. */
static void test_cut_at_every_byte(void **state)
{
	static const char line[] = "   0: 0100007F:1B59 0100007F:9BF6 01 00000000:00000000 "
				   "00:00000000 00000000     0        0 ";
	char cut[sizeof(line)];
	struct diag_sock s;

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++) {
		memcpy(cut, line, len);
		cut[len] = '\0';
		assert_int_equal(parse(cut, AF_INET, IPPROTO_TCP, &s), -EBADMSG);
	}
}

static int count_row(void *context, const struct diag_sock *row)
{
	(void)row;
	++*(unsigned *)context;
	return 0;
}

static int refuse_row(void *context, const struct diag_sock *row)
{
	(void)row;
	(void)context;
	return -ENOMEM;
}

/* Our own listener is in the table, and only where its state is asked for. */
static void test_read(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = { .sin_family = AF_INET };
	unsigned count = 0, none = 0;

	(void)state;
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1) < 0)
		skip();
	assert_int_equal(procnet_read(AF_INET, IPPROTO_TCP, 1u << 10, count_row, &count), 0);
	assert_true(count > 0);
	assert_int_equal(procnet_read(AF_INET, IPPROTO_TCP, 0, count_row, &none), 0);
	assert_int_equal(none, 0);
	assert_int_equal(procnet_read(AF_INET, IPPROTO_TCP, 1u << 10, refuse_row, NULL), -ENOMEM);
	assert_int_equal(procnet_read(AF_UNIX, IPPROTO_TCP, 0xffe, count_row, &none), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_time_wait),
		cmocka_unit_test(test_probes_are_the_retransmits),
		cmocka_unit_test(test_udp_drops),
		cmocka_unit_test(test_udp_without_drops),
		cmocka_unit_test(test_not_a_socket),
		cmocka_unit_test(test_wrong_family),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("procnet", tests, NULL, NULL);
}
