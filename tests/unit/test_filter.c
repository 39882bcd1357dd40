/* The language of filters: what is selected, and where mistakes are. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fixture.h"
#include "sockdash/filter.h"
#include "sockdash/needs.h"

static struct story st;

/* Local ports are the numbers of the rows. */
static int begin(void **state)
{
	struct frame *f;

	(void)state;
	story_begin(&st, 10);
	f = story_frame(&st, 0);
	f->counters[COUNTER_PORT_FIRST] = 4;
	f->counters[COUNTER_PORT_LAST] = 7;
	story_proc(&st, .pid = 7, .name = "nginx", .unit = "nginx.service");
	story_proc(&st, .pid = 9, .name = "java", .unit = "app.service");
	story_proc(&st, .pid = 11, .name = "web (1)");
	story_sock(&st, "tcp LISTEN 0.0.0.0:1 * recv_q=0 send_q=511 pid=7 pid=9");
	story_sock(&st, "tcp LISTEN [::]:2 * recv_q=3 send_q=128 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:3 10.9.0.1:443 recv_q=2048 pid=9 inode=4000000000");
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:4 10.9.0.2:443 recv_q=1 pid=9 waits=90");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:5 10.9.0.2:80 timer=3 expires=30000");
	story_sock(&st, "tcp ESTAB [::ffff:10.0.0.1]:6 [::ffff:10.9.0.2]:80 pid=11");
	story_sock(&st, "udp UNCONN [fe80::1]%%eth0:7 *");
	story_sock(&st, "tcp ESTAB [2001:db8::1]:8 [2001:db8::2]:53 pid=9");
	story_sock(&st, "udp ESTAB 127.0.0.1:9 127.0.0.53:53 pid=11");
	story_sample(&st);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	story_end(&st);
	return 0;
}

#define ALL "1 2 3 4 5 6 7 8 9"

static char *room(void)
{
	static char rooms[8][512];
	static unsigned next;

	return rooms[next++ % 8];
}

static struct filter *parse(const char *text)
{
	struct filter_error error;
	struct filter *f = NULL;

	if (filter_parse(text, strlen(text), &f, &error))
		fail_msg("%s: %zu+%zu: %s", text, error.at, error.len, error.wanted);
	return f;
}

static const char *rows_of(const struct filter *f)
{
	struct rowset rows = rowset_of(&table_sockets, st.sample);
	char *said = room();
	size_t len = 0;

	*said = '\0';
	for (uint32_t row = 0; row < rows.count; row++)
		if (filter_selects(f, &rows, row))
			len += (size_t)snprintf(said + len, 512 - len, "%s%u", len ? " " : "",
				st.sample->frame->socks[row].local_port);
	return said;
}

/* The local ports of the rows that a text selects. */
static const char *selects(const char *text)
{
	struct filter *f = parse(text);
	const char *said = rows_of(f);

	filter_put(f);
	return said;
}

#define assert_selects(text, expected) assert_string_equal(selects(text), expected)

/* What is wrong with a text: "AT+LEN: WANTED". */
static const char *wrong(const char *text, size_t len)
{
	struct filter_error error = { 0 };
	struct filter *f = NULL;
	char *said = room();
	int err = filter_parse(text, len, &f, &error);

	if (!err) {
		filter_put(f);
		return "nothing";
	}
	assert_int_equal(err, -EINVAL);
	assert_null(f);
	assert_true(error.at <= len && error.len <= len - error.at && *error.wanted);
	snprintf(said, 512, "%zu+%zu: %s", error.at, error.len, error.wanted);
	return said;
}

#define assert_wrong(text, expected) assert_string_equal(wrong(text, strlen(text)), expected)

/* ---- What ss has ----------------------------------------------------------------------------- */

static void test_everything(void **state)
{
	struct filter *f = parse(" \t\n");

	(void)state;
	assert_true(filter_is_all(f));
	assert_string_equal(filter_text(f), "");
	assert_string_equal(rows_of(f), ALL);
	filter_put(f);
	assert_true(filter_is_all(NULL));
	assert_string_equal(filter_text(NULL), "");
	assert_string_equal(rows_of(NULL), ALL);
	assert_int_equal(filter_needs(NULL), 0);
	assert_int_equal(filter_states(NULL), FILTER_ALL_STATES);
	assert_null(filter_get(NULL));
	filter_put(NULL);
	f = parse("  dport = *  ");
	assert_true(filter_is_all(f));
	assert_string_equal(filter_text(f), "dport = *");
	assert_ptr_equal(filter_get(f), f);
	filter_put(f);
	filter_put(f);
}

static void test_state_words(void **state)
{
	static const struct {
		const char *word;
		uint32_t states;
	} words[] = {
		{ "established", 1 << SOCK_ESTAB },
		{ "ESTABLISHED", 1 << SOCK_ESTAB },
		{ "ESTAB", 1 << SOCK_ESTAB },
		{ "syn-sent", 1 << SOCK_SYN_SENT },
		{ "syn-recv", 1 << SOCK_SYN_RECV },
		{ "syn-rcv", 1 << SOCK_SYN_RECV },
		{ "fin-wait-1", 1 << SOCK_FIN_WAIT_1 },
		{ "fin-wait-2", 1 << SOCK_FIN_WAIT_2 },
		{ "time-wait", 1 << SOCK_TIME_WAIT },
		{ "close", 1 << SOCK_CLOSE },
		{ "closed", 1 << SOCK_CLOSE },
		{ "unconnected", 1 << SOCK_CLOSE },
		{ "unconn", 1 << SOCK_CLOSE },
		{ "close-wait", 1 << SOCK_CLOSE_WAIT },
		{ "last-ack", 1 << SOCK_LAST_ACK },
		{ "listening", 1 << SOCK_LISTEN },
		{ "listen", 1 << SOCK_LISTEN },
		{ "closing", 1 << SOCK_CLOSING },
		{ "all", 0xffe },
		{ "connected", 0xb7e },
		{ "synchronized", 0xb7a },
		{ "bucket", 0x48 },
		{ "big", 0xfb6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct filter *f;
		char text[64];

		snprintf(text, sizeof text, "state %s", words[i].word);
		f = parse(text);
		assert_int_equal(filter_states(f), words[i].states);
		filter_put(f);
		snprintf(text, sizeof text, "not exclude %s", words[i].word);
		f = parse(text);
		assert_int_equal(filter_states(f), words[i].states);
		filter_put(f);
	}
}

static void test_states(void **state)
{
	(void)state;
	assert_selects("state established", "3 6 8 9");
	assert_selects("state established state close-wait", "3 4 6 8 9");
	assert_selects("exclude established", "1 2 4 5 7");
	assert_selects("excl established excl listening", "4 5 7");
	assert_selects("state connected exclude established", "4 5");
	assert_selects("exclude established state established", ALL);
	assert_selects("state established exclude established", "");
	/* At the beginning they are about all that follows, also in parentheses. */
	assert_selects("state established sport = 1 or sport = 3", "3");
	assert_selects("( state established sport = 1 or sport = 3 ) or sport = 5", "3 5");
	assert_selects("(state established sport = 1 or sport = 3) and (sport = 3)", "3");
	assert_selects("state established state listening not sport = 1 or sport = 3", "2 3 6 8 9");
	/* Elsewhere they are conditions. */
	assert_selects("state established or sport = 1", "1 3 6 8 9");
	assert_selects("state established and sport = 1 or sport = 4", "4");
	assert_selects("sport = 3 or state listening", "1 2 3");
	assert_selects("sport = 3 state listening state established", "");
	assert_selects("sport < 3 or exclude established", "1 2 4 5 7");
	assert_selects("not state established", "1 2 4 5 7");
	assert_selects("not state established state listening", "1 2");
}

static void test_order(void **state)
{
	(void)state;
	assert_selects("sport = 1 or sport = 3 and dport = 443", "3");
	assert_selects("sport = 1 or ( sport = 3 and dport = 443 )", "1 3");
	assert_selects("sport = 1 or sport = 3 dport = 443", "3");
	assert_selects("sport = 1 and sport = 2 or sport = 3", "3");
	assert_selects("! sport = 1 sport < 4", "2 3");
	assert_selects("not ( sport = 1 or sport = 3 )", "2 4 5 6 7 8 9");
	assert_selects("not not sport = 1", "1");
	assert_selects("not ! not sport = 1", "2 3 4 5 6 7 8 9");
	assert_selects("sport = 1 | sport = 2 || sport = 3 or sport = 4", "1 2 3 4");
	assert_selects("sport > 1 & sport > 2 && sport > 3 and sport > 4", "5 6 7 8 9");
	assert_selects("( ( ( sport = 1 ) ) )", "1");
	assert_selects("( sport = 1 ) ( sport = 2 )", "");
	assert_selects("not ( not ( sport = 1 or sport = 2 ) or sport = 2 )", "1");
	/* Without blanks, and with what a shell leaves of them. */
	assert_selects("!(sport=1 ||sport=3)&&sport<5", "2 4");
	assert_selects("(sport=1)or(sport=2)", "1 2");
	assert_selects("\\( sport \\> 7 \\) \\&\\& \\! sport \\!= 8", "8");
	assert_selects("sport = \\1", "1");
	assert_selects("sport=1 or\nsport\t=\r2", "1 2");
}

static void test_ports(void **state)
{
	static const struct {
		const char *op, *selected;
	} ops[] = {
		{ "", "3" },
		{ "=", "3" },
		{ "==", "3" },
		{ "eq", "3" },
		{ "!=", "1 2 4 5 6 7 8 9" },
		{ "ne", "1 2 4 5 6 7 8 9" },
		{ "neq", "1 2 4 5 6 7 8 9" },
		{ ">=", "3 4 5 6 7 8 9" },
		{ "ge", "3 4 5 6 7 8 9" },
		{ "geq", "3 4 5 6 7 8 9" },
		{ "<=", "1 2 3" },
		{ "le", "1 2 3" },
		{ "leq", "1 2 3" },
		{ ">", "4 5 6 7 8 9" },
		{ "gt", "4 5 6 7 8 9" },
		{ "<", "1 2" },
		{ "lt", "1 2" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		snprintf(text, sizeof text, "sport %s :3", ops[i].op);
		assert_selects(text, ops[i].selected);
		snprintf(text, sizeof text, "sport %s 0x3", ops[i].op);
		assert_selects(text, ops[i].selected);
	}
	assert_selects("dport = http", "5 6");
	assert_selects("dport = :https", "3 4");
	assert_selects("dport https", "3 4");
	assert_selects("sport = 010", "8"); /* octal, as in ss */
	assert_selects("dport = 0", "1 2 7");
	assert_selects("sport = 65535", "");
	assert_selects("sport = :*", ALL);
	assert_selects("sport = :", ALL);
	assert_selects("sport *", ALL);
	assert_selects("sport != *", "");
	assert_selects("dport = inet:80", "5");
	assert_selects("dport = inet6::http", "6");
}

static void test_hosts(void **state)
{
	(void)state;
	assert_selects("dst 10.9.0.2", "4 5 6");
	assert_selects("dst = 10.9.0.2", "4 5 6");
	assert_selects("dst eq 10.9.0.2", "4 5 6");
	assert_selects("dst != 10.9.0.2", "1 2 3 7 8 9"); /* ss has no such thing */
	assert_selects("dst 10.9/16", "3 4 5 6");
	assert_selects("dst 10.9/255.255.0.0", "3 4 5 6");
	assert_selects("dst 10.9", "");
	assert_selects("dst 0xa.011.0.1", "3");
	assert_selects("dst 10.9.0.2:80", "5 6");
	assert_selects("dst 10.9.0.0/30:443", "3 4");
	assert_selects("dst 10.9.0.0/30:https", "3 4");
	assert_selects("dst 10.9.0.2:*", "4 5 6");
	assert_selects("dst 10.9.0.2:", "4 5 6");
	assert_selects("dst :443", "3 4");
	assert_selects("dst *:443", "3 4");
	assert_selects("dst *443", "3 4");
	assert_selects("dst any:443", "3 4");
	assert_selects("dst *", ALL);
	assert_selects("dst any", ALL);
	assert_selects("dst all", ALL);
	assert_selects("dst default", ALL);
	assert_selects("dst :", ALL);
	/* IPv6: in brackets, or where the last colon is that of the port. */
	assert_selects("dst [2001:db8::2]", "8");
	assert_selects("dst [2001:db8::2]:53", "8");
	assert_selects("dst [2001:db8::2]53", "8");
	assert_selects("dst [2001:db8::2]:54", "");
	assert_selects("dst 2001:db8::2:53", "8");
	assert_selects("dst 2001:db8::/32", "8");
	assert_selects("dst 2001:db8::/32:53", "8");
	assert_selects("dst [2001:db8::/32]:53", "8");
	/* Ours alone. */
	assert_selects("dst 2001:db8::2", "8");
	assert_selects("dst 2001:db8:0:0:0:0:0:2", "8");
	assert_selects("dst [2001:db8::]/32", "8");
	assert_selects("dst [2001:db8::]/32:53", "8");
	/* Families: a prefix of IPv4 has IPv4 in IPv6 sockets too, one of IPv6 has no IPv4 sockets. */
	assert_selects("src ::/0", "2 6 7 8");
	assert_selects("src 0.0.0.0/0", "1 3 4 5 6 9");
	assert_selects("not src 0/0", "2 7 8");
	assert_selects("src ::ffff:10.0.0.1/128", "6");
	assert_selects("src ::ffff:0:0/96", "6");
	assert_selects("src inet:0.0.0.0/0", "1 3 4 5 9");
	assert_selects("src inet:any", "1 3 4 5 9");
	assert_selects("src inet6:any", "2 6 7 8");
	assert_selects("sport > 0 or src inet6:[::]", "2 6 7 8"); /* of all, as in ss */
	assert_selects("src 0.0.0.0", "1");
	assert_selects("src fe80::/10", "7");
	assert_selects("src fe80::/127", "7");
	assert_selects("src fe80::/128", "");
	assert_selects("src 10.0.0.1/31", "3 4 5 6");
	assert_selects("src 10.0.0.2/31", "");
}

static void test_others(void **state)
{
	struct frame *f = st.sample->frame;
	uint32_t marks[] = { 0, 1, 0x10, 0x11, 0xffffffff, 0, 0, 0, 0 };
	uint64_t cgroups[9] = { 0 };
	struct filter *group = NULL;
	struct filter_error error;

	(void)state;
	assert_selects("dev 1 or dev = 99", "");
	assert_selects("not dev 4711", ALL);
	assert_selects("dev != 4711", ALL);
	/* Not collected: neither equal nor different. */
	assert_selects("fwmark 1", "");
	assert_selects("fwmark != 1", "");
	assert_selects("not fwmark = 1", ALL);
	f->marks = marks;
	assert_selects("fwmark 1", "2");
	assert_selects("fwmark = 0x10/0x10", "3 4 5");
	assert_selects("fwmark = 0x10/0xff", "3");
	assert_selects("fwmark != 0", "2 3 4 5");
	assert_selects("fwmark 2/1", "");
	f->marks = NULL;
	/* Where this host has version 2 of control groups. */
	if (!filter_parse("cgroup /", 8, &group, &error)) {
		size_t count;
		const struct filter_node *nodes = filter_nodes(group, &count);

		assert_int_equal(count, 1);
		assert_int_equal(nodes->kind, FILTER_CGROUP);
		assert_string_equal(rows_of(group), "");
		cgroups[2] = nodes->cgroup;
		f->cgroups = cgroups;
		assert_string_equal(rows_of(group), "3");
		assert_selects("cgroup != /", "1 2 4 5 6 7 8 9");
		f->cgroups = NULL;
		filter_put(group);
	}
	/* The range is 4 to 7: "autobound" is in it and not bound by name, its denial neither. */
	assert_selects("autobound", "4 5 6 7");
	assert_selects("not autobound", "1 2 9");
	assert_selects("not ( autobound or sport = 2 )", "1 9");
	assert_selects("autobound or sport = 1", "1 4 5 6 7");
	assert_selects("autobound or not autobound", ALL);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static void test_owners(void **state)
{
	(void)state;
	assert_selects("process = java", "1 3 4 8");
	assert_selects("process = nginx", "1 2");
	assert_selects("process != nginx", "3 4 5 6 7 8 9");
	assert_selects("process != java", "2 5 6 7 9");
	assert_selects("process = '(unowned)'", "5 7");
	assert_selects("process = (unowned)", "5 7");
	assert_selects("( process = (unowned) )", "5 7");
	assert_selects("(process = (unowned))", "5 7");
	assert_selects("process = \"web (1)\"", "6 9");
	assert_selects("process = 'web (1)' or pid=7", "1 2 6 9");
	assert_selects("process = web\\ (1)", "6 9");
	assert_selects("process ~ ^web", "6 9");
	assert_selects("process ~ '(1)$'", "");
	assert_selects("process ~ '\\(1\\)$'", "6 9");
	assert_selects("process ~ ^(java|nginx)$", "1 2 3 4 8");
	assert_selects("process !~ a", "2 5 6 7 9");
	assert_selects("process ~ a", "1 3 4 8");
	assert_selects("pid = 9", "1 3 4 8");
	assert_selects("pid != 9", "2 6 9");
	assert_selects("pid > 9", "6 9");
	assert_selects("pid <= 7", "1 2");
	assert_selects("pid ~ ^1", "6 9");
	assert_selects("unit = nginx.service", "1 2");
	assert_selects("unit != nginx.service", "3 4 8");
	assert_selects("unit ~ nginx", "1 2");
	assert_selects("owners = 2", "1");
	assert_selects("owners > 0", "1 2 3 4 6 8 9");
}

/* Without a search for owners nothing is known of them. */
static void test_owners_unknown(void **state)
{
	struct frame *f = st.sample->frame;

	(void)state;
	f->owners_known = false;
	assert_selects("process = java or process != java or process ~ . or process !~ .", "");
	assert_selects("not process = java", ALL);
	f->owners_known = true;
	f->socks[4].flags |= SOCK_HIDDEN;
	assert_selects("process = (hidden)", "5");
	/* It may be any. */
	assert_selects("process != nobody and process = (hidden)", "");
	f->socks[4].flags &= (uint8_t)~SOCK_HIDDEN;
	f->socks[4].inode = 5;
	assert_selects("process = (closed)", "5");
	f->owners_percent = 50;
	assert_selects("process = (resolving)", "5");
	f->owners_percent = 100;
	f->socks[4].inode = 0;
}

static void test_numbers(void **state)
{
	(void)state;
	assert_selects("recv_q > 0", "2 3 4");
	assert_selects("recv_q = 2k", "3");
	assert_selects("recv_q = 2048", "3");
	assert_selects("recv_q >= 1.5k", "3");
	assert_selects("recv_q > 1M or recv_q > 1G", "");
	assert_selects("send_q = 511", "1");
	assert_selects("inode = 4000000000", "3");
	assert_selects("local_port ~ ^[12]$", "1 2");
	assert_selects("cookie ~ ^[0-9]+$ sport = 1", "1");
	assert_selects("cookie = 18446744073709551615", "");
	assert_selects("netns = 4026531840", ALL);
	assert_selects("timer_expires > 29.5s", "5");
	assert_selects("timer_expires <= 30", "5");
	assert_selects("timer_expires = 0.5m", "5");
	assert_selects("timer_expires != 30", "");
	assert_selects("timer = timewait", "5");
	assert_selects("timer != off", "5");
	assert_selects("wait_age >= 90", "4");
	assert_selects("wait_age > 1m", "4");
	assert_selects("wait_age < 1h30m", "4");
	assert_selects("wait_age < 1d2h", "4");
	assert_selects("wait_age > 2m", "");
	/* Unlike a number that is not known. */
	assert_selects("wait_age != 1", "4");
}

/* Of sockets that were there before us only the least age is known. */
static void test_least(void **state)
{
	struct story own, old = st;

	(void)state;
	story_begin(&own, 10);
	for (int i = 0; i < 2; i++) {
		story_frame(&own, 100.0 * i);
		story_sock(&own, "tcp ESTAB 10.0.0.1:1 10.9.0.1:443");
		if (i)
			story_sock(&own, "tcp ESTAB 10.0.0.1:2 10.9.0.1:443");
		story_sample(&own);
	}
	st = own;
	assert_selects("age >= 100", "1");
	assert_selects("age > 99", "1");
	assert_selects("age > 100", "");
	assert_selects("age < 1000", "2");
	assert_selects("age <= 100", "2");
	assert_selects("age = 100", "");
	assert_selects("age != 99", "1 2");
	assert_selects("age != 100", "2");
	story_end(&own);
	st = old;
}

static void test_texts(void **state)
{
	(void)state;
	assert_selects("proto = tcp", "1 2 3 4 5 6 8");
	assert_selects("proto != tcp", "7 9");
	assert_selects("proto ~ ^u", "7 9");
	assert_selects("proto ~ p$", ALL);
	assert_selects("proto ~ ^udp$", "7 9");
	assert_selects("proto ~ ud", "7 9");
	assert_selects("proto ~ [x-z]", "");
	assert_selects("proto ~ ^ud$", "");
	assert_selects("proto ~ dp$", "7 9");
	assert_selects("proto ~ cp$", "1 2 3 4 5 6 8");
	assert_selects("proto ~ ''", ALL);
	assert_selects("user = root", "1 2 3 4 6 8 9");
	assert_selects("state = ESTAB", "3 6 8 9");
	assert_selects("state = established", "3 6 8 9");
	assert_selects("state = connected", "3 4 5 6 8 9");
	assert_selects("state != ESTAB", "1 2 4 5 7");
	assert_selects("state ~ WAIT", "4 5");
	assert_selects("state !~ ^(ESTAB|LISTEN)$", "4 5 7");
	assert_selects("sport > 0 state ~ WAIT", "4 5");
}

static void test_ends(void **state)
{
	(void)state;
	assert_selects("remote = 10.9.0.2", "4 5 6");
	assert_selects("remote != 10.9.0.2", "3 8 9");
	assert_selects("remote = 10.9.0.0/16:443", "3 4");
	assert_selects("remote = :53", "8 9");
	assert_selects("remote = 0.0.0.0", "");
	assert_selects("remote ~ ^10\\.", "3 4 5");
	assert_selects("remote ~ '^10\\.'", "3 4 5");
	assert_selects("remote ~ :443$", "3 4");
	assert_selects("remote !~ :443$", "5 6 8 9");
	assert_selects("remote ~ '^\\[2001:db8::2]:53$'", "8");
	assert_selects("local = 10.0.0.1", "3 4 5 6");
	assert_selects("local ~ %eth0", "7");
	assert_selects("local ~ ^\\*:", "2");
	assert_selects("local != 10.0.0.1", "1 2 7 8 9");
	assert_selects("local_address = ::/0", "2 6 7 8");
	assert_selects("local_address ~ ^fe80", "7");
	assert_selects("remote_address = 10.9.0.2", "4 5 6");
	assert_selects("remote_port = https", "3 4");
	assert_selects("remote_port < 100", "5 6 8 9");
	assert_selects("remote_port != 443", "5 6 8 9");
	assert_selects("local_port >= 8", "8 9");
}

/* ---- What others see of it ------------------------------------------------------------------- */

static void test_nodes(void **state)
{
	struct filter *f = parse("state close-wait not dst 10.9.0.0/16:443 or sport >= 7");
	size_t count;
	const struct filter_node *n = filter_nodes(f, &count);

	(void)state;
	assert_int_equal(count, 6);
	assert_int_equal(n[0].kind, FILTER_STATE);
	assert_int_equal(n[0].states, 1 << SOCK_CLOSE_WAIT);
	assert_int_equal(n[1].kind, FILTER_HOST);
	assert_int_equal(n[1].op, FILTER_EQ);
	assert_true(n[1].ipv4 && !n[1].local);
	assert_int_equal(n[1].prefix, 16);
	assert_int_equal(n[1].port, 443);
	assert_memory_equal(n[1].bytes, ((uint8_t[]){ 10, 9, 0, 0 }), 4);
	assert_int_equal(n[2].kind, FILTER_NOT);
	assert_int_equal(n[2].left, 1);
	assert_int_equal(n[3].kind, FILTER_PORT);
	assert_int_equal(n[3].op, FILTER_GE);
	assert_true(n[3].local);
	assert_int_equal(n[3].port, 7);
	assert_int_equal(n[4].kind, FILTER_OR);
	assert_int_equal(n[4].left, 2);
	assert_int_equal(n[4].right, 3);
	assert_int_equal(n[5].kind, FILTER_AND);
	assert_int_equal(n[5].left, 0);
	assert_int_equal(n[5].right, 4);
	filter_put(f);
}

static void check_states(const char *text, uint32_t states)
{
	struct filter *f = parse(text);

	assert_int_equal(filter_states(f), states);
	filter_put(f);
}

static void test_possible_states(void **state)
{
	const uint32_t estab = 1 << SOCK_ESTAB, listen = 1 << SOCK_LISTEN;

	(void)state;
	check_states("sport = 1", FILTER_ALL_STATES);
	check_states("state established sport = 1", estab);
	check_states("state established or sport = 1", FILTER_ALL_STATES);
	check_states("not ( state established or sport = 1 )", FILTER_ALL_STATES & ~estab);
	check_states("not ( state established and sport = 1 )", FILTER_ALL_STATES);
	check_states("( state established ) or state listening and sport = 1", estab | listen);
	check_states("state ~ ^(ESTAB|LISTEN)$ process = java", estab | listen);
	check_states("sport = 1 and state established and state listening", 0);
	check_states("not ( dport = * )", 0);
	check_states("state = established or not sport = *", estab);
}

static void check_needs(const char *text, unsigned needs)
{
	struct filter *f = parse(text);

	assert_int_equal(filter_needs(f), needs);
	filter_put(f);
}

static void test_needs(void **state)
{
	(void)state;
	check_needs("", 0);
	check_needs("sport = 1 or not state established", 0);
	check_needs("dst 10.0.0.1", NEED_ADDRESSES);
	check_needs("dst :443", 0);
	check_needs("dev 1", NEED_ADDRESSES | NEED_DEVICES);
	check_needs("fwmark 1", NEED_MARKS);
	check_needs("autobound", NEED_AUTOBOUND | NEED_COUNTERS);
	check_needs("process = java", NEED_OWNERS);
	check_needs("unit = a", NEED_OWNERS | NEED_PROC_DETAILS);
	check_needs("user = root or pid = 1", NEED_OWNERS | NEED_USERS);
	check_needs("remote = :1", NEED_ADDRESSES);
	check_needs("wait_age > 1", NEED_WAIT_AGE);
}

/* ---- Mistakes -------------------------------------------------------------------------------- */

#define CONDITION "a condition, as state close-wait, dport = :443, src 10.0.0.0/8 or process = java"
#define PORT      "a port: a number up to 65535, or the name of a service"
#define PREFIX4   "a prefix of at most 32 bits for an address of IPv4, or a mask as 255.255.0.0"
#define PREFIX6   "a prefix of at most 128 bits for an address of IPv6"
#define HOST                                                                                       \
	"an address, as 10.0.0.5, 10.0.0.0/8:443, [2001:db8::1]:443 or :443 (no name of a host: "  \
	"none is looked up)"
#define STATE "a state: established, syn-sent, close-wait, time-wait, listening, connected..."

static void test_mistakes(void **state)
{
	(void)state;
	/* Where a condition should be. */
	assert_wrong("or", "0+2: " CONDITION);
	assert_wrong("sport = 1 or", "12+0: " CONDITION);
	assert_wrong("sport = 1 or or sport = 2", "13+2: " CONDITION);
	assert_wrong("sport = 1 and)", "13+1: no ): none is open");
	assert_wrong("(sport = 1 and)", "14+1: " CONDITION);
	assert_wrong("( )", "2+1: " CONDITION);
	assert_wrong("()", "1+1: " CONDITION);
	assert_wrong("not", "3+0: " CONDITION);
	assert_wrong("(sport = 1 ! )", "13+1: " CONDITION);
	assert_wrong("= 3", "0+1: " CONDITION);
	assert_wrong("sport = 1 and >= 3", "14+2: " CONDITION);
	assert_wrong("sport = 1 \xc3\xa4", "10+2: " CONDITION);
	/* Parentheses. */
	assert_wrong("sport = 1 )", "10+1: no ): none is open");
	assert_wrong("( ( sport = 1 )", "15+0: a ) for the ( at byte 1");
	assert_wrong("sport = 1 or ( sport = 2", "24+0: a ) for the ( at byte 14");
	/* Words that are like others. */
	assert_wrong("proces = java", "0+6: process, or another condition");
	assert_wrong("sprot = 3", "0+5: sport, or another condition");
	assert_wrong("recvq > 3", "0+5: recv_q, or another condition");
	assert_wrong("sport = 1 annd sport = 2", "10+4: and, or another condition");
	assert_wrong("established", "0+11: state established");
	assert_wrong("sport = 3 close-wait", "10+10: state close-wait");
	assert_wrong(":443", "0+4: what the port is of, as dport = :443");
	assert_wrong("10.0.0.1", "0+8: what it is of, as dst 10.0.0.1 or dport = 10.0.0.1");
	/* States. */
	assert_wrong("state", "5+0: " STATE);
	assert_wrong("state foo", "6+3: " STATE);
	assert_wrong("exclude", "7+0: " STATE);
	assert_wrong("exclude = foo", "8+1: " STATE);
	assert_wrong("sport = 1 state )", "16+0: " STATE);
	assert_wrong("state = foo", "8+3: " STATE);
	/* Ports. */
	assert_wrong("dport", "5+0: " PORT);
	assert_wrong("dport =", "7+0: " PORT);
	assert_wrong("( dport = )", "10+0: " PORT);
	assert_wrong("dport = bogus", "8+5: " PORT);
	assert_wrong("dport = :bogus", "9+5: " PORT);
	assert_wrong("dport = 65536", "8+5: " PORT);
	assert_wrong("dport = -1", "8+2: " PORT);
	assert_wrong("dport = 12x", "8+3: " PORT);
	assert_wrong("dport = 99999999999999999999", "8+20: " PORT);
	assert_wrong("dport >= *", "9+1: " PORT);
	assert_wrong("dport = 80-x", "8+4: " PORT);
	assert_wrong("dport = :80,443",
		"9+6: one port: several are joined with or, as ( dport = :80 or dport = :443 )");
	assert_wrong("local_port = 80,443",
		"13+6: one port: several are joined with or, as ( sport = :80 or sport = :443 )");
	assert_wrong("sport = 80:90",
		"8+5: one port: a range is written with >= and <=, as sport >= :80 sport <= :90");
	assert_wrong("dport = :80-90",
		"9+5: one port: a range is written with >= and <=, as dport >= :80 dport <= :90");
	assert_wrong("src 10.0.0.1:80-90",
		"13+5: one port: a range is written with >= and <=, as sport >= :80 sport <= :90");
	assert_wrong("dport ~ 3", "6+1: =, !=, >=, <=, > or <");
	assert_wrong("sport = 1 dport !~ 3", "16+2: =, !=, >=, <=, > or <");
	assert_wrong("dport = = 3", "8+1: " PORT);
	/* Hosts. */
	assert_wrong("dst", "3+0: " HOST);
	assert_wrong("dst example.com", "4+11: " HOST);
	assert_wrong("dst 10.0.0.256", "4+10: " HOST);
	assert_wrong("dst 10.0.0.0.1", "4+10: " HOST);
	assert_wrong("dst 10.0.0.0/33", "13+2: " PREFIX4);
	assert_wrong("dst 10.0.0.0/40:443", "13+2: " PREFIX4);
	assert_wrong("src inet:10.0.0.0/x", "18+1: " PREFIX4);
	assert_wrong("remote = '10.0.0.0/40'", "9+13: " PREFIX4);
	assert_wrong("dst 10.0.0/8/8", "11+3: " PREFIX4);
	assert_wrong("dst 10.0.0.0/255.0.255.0", "13+11: " PREFIX4);
	assert_wrong("dst any/8", "4+5: " HOST);
	assert_wrong("dst [::1", "4+4: " HOST);
	assert_wrong("dst [::1]/129", "10+3: " PREFIX6);
	assert_wrong("dst [::1/129]:80", "9+3: " PREFIX6);
	assert_wrong("dst 2001:db8::/200", "15+3: " PREFIX6);
	assert_wrong("dst 10.0.0.1:bogus", "13+5: " PORT);
	assert_wrong("dst [::1]:bogus", "10+5: " PORT);
	assert_wrong("dst inet:[::1]", "9+5: " HOST);
	assert_wrong("dst inet:10.0.0.1 or dst [::1]", "25+5: " HOST);
	assert_wrong("dst > 10.0.0.1", "4+1: = or !=");
	assert_wrong("dst unix:/run/x",
		"4+11: an address of IPv4 or IPv6: there are no other sockets here");
	/* Others. */
	assert_wrong("dev nosuchdevice",
		"4+12: the name of a network device of this host, or its number");
	assert_wrong("dev > 1", "4+1: = or !=");
	assert_wrong("fwmark x", "7+1: MARK or MARK/MASK, as 0x10/0xff");
	assert_wrong("fwmark 1/", "7+2: MARK or MARK/MASK, as 0x10/0xff");
	assert_wrong("fwmark 0x100000000", "7+11: MARK or MARK/MASK, as 0x10/0xff");
	assert_wrong("cgroup /no/such",
		"7+8: the path of a control group (version 2), as /system.slice/nginx.service");
}

static void test_mistakes_in_fields(void **state)
{
	(void)state;
	assert_wrong("process", "7+0: =, !=, ~ or !~ behind the name of a field");
	assert_wrong("process java", "8+4: =, !=, ~ or !~ behind the name of a field");
	assert_wrong("( process )", "10+0: =, !=, ~ or !~ behind the name of a field");
	assert_wrong("pid 3", "4+1: =, !=, <, <=, >, >=, ~ or !~ behind the name of a field");
	assert_wrong("process > a", "8+1: =, !=, ~ or !~: this field has no order");
	assert_wrong("process =", "9+0: a value");
	assert_wrong("(process =)", "10+0: a value");
	assert_wrong("process = 'a", "10+2: the same quote at the end");
	assert_wrong("process = \"a' or pid = 3", "10+14: the same quote at the end");
	assert_wrong("process = a(b", "10+3: a ) for each (, or quotes around the value");
	assert_wrong("process = a\\", "11+1: something behind the backslash");
	assert_wrong("pid = java", "6+4: a number");
	assert_wrong("pid = -3", "6+2: a number");
	assert_wrong("pid = 3k", "6+2: a number");
	assert_wrong("age > 5x", "6+2: a time, as 30, 30s, 5m, 1h30m or 2d");
	assert_wrong("age > 1h30", "6+4: a time, as 30, 30s, 5m, 1h30m or 2d");
	assert_wrong("age > .5", "6+2: a time, as 30, 30s, 5m, 1h30m or 2d");
	assert_wrong("age > 1e9", "6+3: a time, as 30, 30s, 5m, 1h30m or 2d");
	assert_wrong("age > nan", "6+3: a time, as 30, 30s, 5m, 1h30m or 2d");
	assert_wrong("recv_q > 1kk", "9+3: a number of bytes, as 0, 1460, 64k or 1M");
	assert_wrong("remote = foo", "9+3: " HOST);
	assert_wrong("remote > 10.0.0.1", "7+1: =, !=, ~ or !~: this field has no order");
	assert_wrong("remote_port = foo", "14+3: " PORT);
	assert_wrong("remote_address = 1.2.3.4.5", "17+9: " HOST);
}

static void test_patterns(void **state)
{
	char text[1200];

	(void)state;
	assert_wrong("process ~ [a",
		"10+2: an extended regular expression: Unmatched [, [^, [:, [., or "
		"[=");
	assert_wrong("process ~ '(a'", "10+4: an extended regular expression: Unmatched ( or \\(");
	assert_wrong("process ~ (a)\\1",
		"10+5: an extended regular expression: no references back, please");
	assert_wrong(
		"process ~ a{9}{99}", "10+8: an extended regular expression: too many repetitions");
	assert_wrong("state ~ a{999}", "8+6: an extended regular expression: too many repetitions");
	strcpy(text, "process ~ ");
	for (int i = 0; i < 40; i++)
		strcat(text, "(");
	for (int i = 0; i < 40; i++)
		strcat(text, ")");
	assert_wrong(text, "10+80: an extended regular expression: too many parentheses");
	memset(text + 10, 'a', 1000);
	text[1010] = '\0';
	assert_wrong(text, "10+1000: an extended regular expression: it is too long");
	assert_selects("process ~ [[:alpha:]]{3} and process ~ [^]a-m]{1,2}", "1 2 3 4 5 6 7 8 9");
	assert_selects("process ~ ^[jw]", "1 3 4 6 8 9");
	assert_selects("process ~ v*a$", "1 3 4 8");
	assert_selects("process ~ [\\1]", "6 9");
}

static void test_bytes(void **state)
{
	(void)state;
	assert_string_equal(wrong("sport\0= 1", 9), "5+1: no control characters");
	assert_string_equal(wrong("sport = \x1b[m", 11), "8+1: no control characters");
	assert_string_equal(wrong("sport = \x7f", 9), "8+1: no control characters");
	assert_string_equal(wrong("process = \xff\xfe", 12), "10+1: text in UTF-8");
	assert_string_equal(wrong("process = \xc3", 11), "10+1: text in UTF-8");
	assert_selects("process = j\xc3\xa4va or process = java", "1 3 4 8");
}

/* A word that means nothing is found wherever it stands. */
static void test_every_place(void **state)
{
	static const char *const words[] = { "state", "established", "sport", ">=", "3", "and",
		"not", "(", "dst", "=", "10.0.0.0/8:443", "or", "process", "~", "^java", ")",
		"recv_q", ">", "0" };
	static const bool any[COUNT_OF(words)] = { [14] = true }; /* any pattern is one */
	char text[256];

	(void)state;
	for (size_t bad = 0; bad < COUNT_OF(words); bad++) {
		char expected[32];
		size_t at = 0;

		*text = '\0';
		for (size_t i = 0; i < COUNT_OF(words); i++) {
			if (i == bad)
				at = strlen(text);
			strcat(strcat(text, i == bad ? "%%" : words[i]), " ");
		}
		if (any[bad]) {
			assert_string_equal(wrong(text, strlen(text)), "nothing");
			continue;
		}
		/* An operator may be left out, and then this is a value. */
		snprintf(expected, sizeof expected, "%zu+2: ", at);
		if (strncmp(wrong(text, strlen(text)), expected, strlen(expected)) != 0)
			fail_msg("%s: %s, not %s", text, wrong(text, strlen(text)), expected);
	}
}

/* Every beginning of a text, as it is typed, is either right or wrong at its end. */
static void test_every_beginning(void **state)
{
	static const char text[] =
		"state close-wait ( dport = :https or not src 10.0.0.0/8:80 ) and process ~ "
		"\"^(java|nginx)$\" recv_q >= 10k remote = [2001:db8::]/32:443 dst 2001:db8::1";

	(void)state;
	assert_string_equal(wrong(text, sizeof text - 1), "nothing");
	for (size_t len = 0; len < sizeof text; len++) {
		const char *said = wrong(text, len);
		size_t at = len, size = 0;

		if (strcmp(said, "nothing") == 0)
			continue;
		assert_int_equal(sscanf(said, "%zu+%zu:", &at, &size), 2);
		if (at + size != len && at != len)
			fail_msg("%.*s: %s", (int)len, text, said);
	}
}

/* ---- Much ------------------------------------------------------------------------------------ */

static char *repeated(const char *begin_with, const char *part, size_t times, const char *end_with)
{
	size_t len = strlen(part), from = strlen(begin_with);
	char *text = malloc(from + len * times + strlen(end_with) + 1);

	assert_non_null(text);
	memcpy(text, begin_with, from);
	for (size_t i = 0; i < times; i++)
		memcpy(text + from + i * len, part, len);
	strcpy(text + from + len * times, end_with);
	return text;
}

static void assert_much(char *text, const char *expected)
{
	assert_true(strlen(text) <= 65536);
	assert_selects(text, expected);
	free(text);
}

static void test_much(void **state)
{
	char *close = repeated("sport = 1 ", ") ", 15000, ""), *whole;

	(void)state;
	assert_much(repeated("sport = 1", " or sport = 1", 5000, " or sport = 2"), "1 2");
	assert_much(repeated("sport = 1", " sport = 1", 6000, ""), "1");
	assert_much(repeated("sport = 1 ", "or dport = :http ", 3800, ""), "1 5 6");
	assert_much(repeated("", "not ", 15000, "sport = 1"), "1");
	assert_much(repeated("", "not ", 15001, "sport = 1"), "2 3 4 5 6 7 8 9");
	whole = repeated("", "( ", 15000, close);
	assert_much(whole, "1");
	free(close);
	close = repeated("sport = 1", ")", 10000, "");
	whole = repeated("", "not (", 10000, close);
	assert_much(whole, "1");
	free(close);
	close = repeated("sport = 1", " )", 5000, "");
	whole = repeated("", "sport = 9 or ( ", 3000, close);
	assert_string_equal(wrong(whole, strlen(whole)), "51010+1: no ): none is open");
	free(whole);
	free(close);
	assert_much(repeated("", "process ~ a or ", 4000, "process ~ a"), "1 3 4 8");
	assert_much(repeated("", "process = 'a' or ", 3000, "pid = 7"), "1 2");
	whole = repeated("", "sport = 1 or ", 6000, "sport = 1");
	assert_string_equal(
		wrong(whole, strlen(whole)), "65536+12473: no more than 65536 bytes in all");
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_state_words),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_owners_unknown),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_possible_states),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_mistakes_in_fields),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_every_beginning),
		cmocka_unit_test(test_much),
	};
	return cmocka_run_group_tests(tests, begin, finish);
}
