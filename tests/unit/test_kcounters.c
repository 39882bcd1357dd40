/* test_kcounters: counters by name from bytes, and the few of the real /proc that are always there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sockdash/kcounters.h"

enum { NOT_SET = 12345 };

static char *exact_copy(const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);
	return exact;
}

static void pairs(const char *text, const char *const *names, size_t count, int64_t *values)
{
	char *exact = exact_copy(text, strlen(text));

	for (size_t i = 0; i < count; i++)
		values[i] = NOT_SET;
	kcounters_parse_pairs(exact, strlen(text), names, count, values);
	free(exact);
}

static int64_t pair(const char *text, const char *name)
{
	int64_t value;

	pairs(text, &name, 1, &value);
	return value;
}

static void test_pairs(void **state)
{
	static const char text[] = "Tcp: RtoAlgorithm MaxConn PassiveOpens\n"
				   "Tcp: 1 -1 77\n"
				   "TcpExt: SyncookiesSent ListenDrops\n"
				   "TcpExt: 5 9223372036854775807\n";
	static const char *const names[] = { "TcpPassiveOpens", "TcpExtListenDrops", "TcpMaxConn",
		"TcpNoSuch", "TcpExtPassiveOpens", "ListenDrops", "TcpPassive", "" };
	int64_t values[8];

	(void)state;
	pairs(text, names, 8, values);
	assert_int_equal(values[0], 77);
	assert_int_equal(values[1], INT64_MAX);
	assert_int_equal(values[2], -1);
	for (size_t i = 3; i < 8; i++)
		assert_int_equal(values[i], NOT_SET);
}

static void test_pairs_malformed(void **state)
{
	(void)state;
	assert_int_equal(pair("", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nUdp: 1\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcpExt: 1\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcp: 3\nTcp: 4\n", "Tcp3"), NOT_SET);
	assert_int_equal(pair("Tcp: A B\nTcp: 1\n", "TcpB"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcp: x1\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcp: 1x\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcp: -\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp: A\nTcp: 9223372036854775808\n", "TcpA"), NOT_SET);
	assert_int_equal(pair("Tcp A\nTcp 1\n", "TcpA"), NOT_SET);
}

/* A line out of place must not shift the pairs behind it. */
static void test_pairs_after_a_stray_line(void **state)
{
	(void)state;
	assert_int_equal(pair("stray\n\nUdp: X\nTcp: A\nTcp: 3\n", "TcpA"), 3);
	assert_int_equal(pair("Tcp: A\nTcp: 3", "TcpA"), 3);
}

static void test_sockstat(void **state)
{
	static const char text[] = "sockets: used 12\n"
				   "TCP: inuse 1 orphan 2 tw 3 alloc 4 mem 207\n"
				   "UDP: inuse 6 mem\n"
				   "FRAG: inuse 0 memory 0\n";
	static const char *const names[] = { "sockstat:TCP:mem", "sockstat:sockets:used",
		"sockstat:UDP:inuse", "sockstat:UDP:mem", "sockstat6:TCP:mem", "sockstat:TCP:used",
		"sockstat:TCP", "sockstat:TCP:207" };
	int64_t values[8];
	char *exact = exact_copy(text, sizeof(text) - 1);

	(void)state;
	for (size_t i = 0; i < 8; i++)
		values[i] = NOT_SET;
	kcounters_parse_sockstat("sockstat", exact, sizeof(text) - 1, names, 8, values);
	free(exact);
	assert_int_equal(values[0], 207);
	assert_int_equal(values[1], 12);
	assert_int_equal(values[2], 6);
	for (size_t i = 3; i < 8; i++)
		assert_int_equal(values[i], NOT_SET);
}

static void test_number(void **state)
{
	static const struct {
		const char *text;
		unsigned index;
		int64_t value;
	} cases[] = {
		{ "128\n", 0, 128 },
		{ "1\t2\t3\n", 2, 3 },
		{ "1\t2\t3\n", 3, KCOUNTER_UNKNOWN },
		{ "  -5  ", 0, -5 },
		{ "0", 0, 0 },
		{ "", 0, KCOUNTER_UNKNOWN },
		{ "\n", 0, KCOUNTER_UNKNOWN },
		{ "cubic reno", 0, KCOUNTER_UNKNOWN },
		{ "cubic 7", 1, 7 },
		{ "12a", 0, KCOUNTER_UNKNOWN },
		{ "1,2", 0, KCOUNTER_UNKNOWN },
		{ "18446744073709551615", 0, KCOUNTER_UNKNOWN },
		{ "7", UINT32_MAX, KCOUNTER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		char *exact = exact_copy(cases[i].text, len);

		assert_int_equal(
			kcounters_parse_number(exact, len, cases[i].index), cases[i].value);
		free(exact);
	}
}

/* snmp6 has a name and a number in each line. */
static void test_list(void **state)
{
	static const char text[] = "Ip6InReceives                   \t4\n"
				   "Udp6InErrors                    \t17\n"
				   "Udp6NoPorts\n"
				   "Udp6RcvbufErrors\tx\n";
	static const char *const names[] = { "Udp6InErrors", "Ip6InReceives", "Udp6NoPorts",
		"Udp6RcvbufErrors", "Udp6In", "Udp6InErrorsX" };
	char *exact = exact_copy(text, sizeof(text) - 1);
	int64_t values[6];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		values[i] = NOT_SET;
	kcounters_parse_list(exact, sizeof(text) - 1, names, 6, values);
	free(exact);
	assert_int_equal(values[0], 17);
	assert_int_equal(values[1], 4);
	for (size_t i = 2; i < 6; i++)
		assert_int_equal(values[i], NOT_SET);
}

static int64_t softnet(const char *text, unsigned column)
{
	char *exact = exact_copy(text, strlen(text));
	int64_t value = kcounters_parse_softnet(exact, strlen(text), column);

	free(exact);
	return value;
}

static void test_softnet(void **state)
{
	static const char text[] = "022216ee 0000019e 00000004 00000000\n"
				   "ffffffff 00000666 0000000a 00000000\n";

	(void)state;
	assert_int_equal(softnet(text, 0), 0x022216eeLL + 0xffffffffLL);
	assert_int_equal(softnet(text, 1), 0x19e + 0x666);
	assert_int_equal(softnet(text, 2), 14);
	assert_int_equal(softnet(text, 3), 0);
	assert_int_equal(softnet(text, 4), KCOUNTER_UNKNOWN);
	assert_int_equal(softnet("", 0), KCOUNTER_UNKNOWN);
	assert_int_equal(softnet("0000000g\n", 0), KCOUNTER_UNKNOWN);
	assert_int_equal(softnet("000000001\n", 0), KCOUNTER_UNKNOWN);
	assert_int_equal(softnet("1 2\n1\n", 1), KCOUNTER_UNKNOWN);
}

static void test_ports(void **state)
{
	static const struct {
		const char *text;
		int64_t first, last, count;
	} cases[] = {
		{ "\n", 32768, 60999, 0 },
		{ "", 32768, 60999, 0 },
		{ "8080\n", 32768, 60999, 0 },
		{ "40000\n", 32768, 60999, 1 },
		{ "32768,60999\n", 32768, 60999, 2 },
		{ "32767,61000\n", 32768, 60999, 0 },
		{ "8080,9000-9010,40000-40009\n", 32768, 60999, 10 },
		{ "30000-32770\n", 32768, 60999, 3 },
		{ "60990-65535\n", 32768, 60999, 10 },
		{ "1-65535\n", 32768, 60999, 28232 },
		{ "40000-40000", 32768, 60999, 1 },
		{ "40000\n", 7, 3, 0 },
		{ "40000,\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ ",40000\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "40000-\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "40002-40001\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "70000\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "99999999999999999999\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "40000 40001\n", 32768, 60999, KCOUNTER_UNKNOWN },
		{ "x\n", 32768, 60999, KCOUNTER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		char *exact = exact_copy(cases[i].text, len);

		assert_int_equal(kcounters_parse_ports(exact, len, cases[i].first, cases[i].last),
			cases[i].count);
		free(exact);
	}
}

static void test_parsers_at_every_length(void **state)
{
	static const char text[] = "Tcp: A B\nTcp: 11 22\nTCP: inuse 5 mem 66\n";
	static const char *const names[] = { "TcpA", "TcpB", "sockstat:TCP:mem" };

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *exact = exact_copy(text, len);
		int64_t values[3] = { NOT_SET, NOT_SET, NOT_SET };

		kcounters_parse_pairs(exact, len, names, 3, values);
		kcounters_parse_sockstat("sockstat", exact, len, names, 3, values);
		kcounters_parse_list(exact, len, names, 3, values);
		kcounters_parse_softnet(exact, len, 1);
		kcounters_parse_ports(exact, len, 0, 65535);
		kcounters_parse_number(exact, len, 3);
		free(exact);
	}
}

static void test_read(void **state)
{
	static const char *const names[] = { "TcpPassiveOpens", "TcpExtListenDrops",
		"sockstat:TCP:inuse", "sysctl:kernel/pid_max:0", "softnet:0",
		"ports:net/ipv4/ip_local_reserved_ports", "sysctl:net/ipv4/ip_local_port_range:0",
		"sysctl:net/ipv4/ip_local_port_range:1",
		/* And what is not there. */
		"TcpExtNoSuch", "Udp6NoSuch", "softnet:99", "softnet:", "softnet:x",
		"ports:no/such", "ports:kernel/ostype", "sysctl:net/ipv4/ip_local_port_range:2",
		"sockstat:TCP:nosuch", "sysctl:no/such:0", "sysctl:kernel/pid_max:1",
		"sysctl:kernel/pid_max", "sysctl:kernel/pid_max:x", "sysctl:", "nonsense", "" };
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	int64_t values[COUNT] = { 0 };

	(void)state;
	kcounters_read(names, COUNT, values);
	assert_true(values[0] >= 0);
	assert_true(values[1] >= 0);
	assert_true(values[2] >= 0);
	assert_true(values[3] > 0);
	assert_true(values[4] > 0);
	assert_true(values[5] >= 0);
	assert_true(values[6] > 0);
	assert_true(values[7] >= values[6]);
	for (size_t i = 8; i < COUNT; i++)
		assert_int_equal(values[i], KCOUNTER_UNKNOWN);
}

static void test_uptime(void **state)
{
	double before = kcounters_uptime(), after = kcounters_uptime();

	(void)state;
	assert_true(before > 0 && after >= before && after < before + 3600);
}

static void test_netns(void **state)
{
	(void)state;
	assert_true(kcounters_netns_inode() != 0);
	assert_true(kcounters_netns_inode() == kcounters_netns_inode());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_pairs_malformed),
		cmocka_unit_test(test_pairs_after_a_stray_line),
		cmocka_unit_test(test_sockstat),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_softnet),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_parsers_at_every_length),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_uptime),
		cmocka_unit_test(test_netns),
	};

	return cmocka_run_group_tests_name("kcounters", tests, NULL, NULL);
}
