/* The language of filters: what is selected, and where mistakes are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fixture.h"
#include "sockdash/filter.h"
#include "sockdash/needs.h"

static struct story st;

/* The local ports of the rows that a text selects, or what is wrong: "at+len: wanted". */
static const char *selects(const char *text)
{
	static char said[8][512];
	static unsigned next;
	char *to = said[next++ % 8];
	struct rowset rows = rowset_of(&table_sockets, st.sample);
	struct filter *f;
	struct filter_error error;
	size_t len = 0;

	*to = '\0';
	if (filter_parse(text, strlen(text), &f, &error)) {
		snprintf(to, 512, "%zu+%zu: %s", error.at, error.len, error.wanted);
		return to;
	}
	for (uint32_t row = 0; row < rows.count; row++)
		if (filter_selects(f, &rows, row))
			len += (size_t)snprintf(to + len, 512 - len, "%s%u", len ? " " : "",
				st.sample->frame->socks[row].local_port);
	filter_put(f);
	return to;
}

#define assert_selects(text, expected) assert_string_equal(selects(text), expected)

static int begin(void **state)
{
	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .name = "nginx");
	story_proc(&st, .pid = 9, .name = "java");
	story_sock(&st, "tcp LISTEN 0.0.0.0:1 * recv_q=0 send_q=511 pid=7 pid=9");
	story_sock(&st, "tcp LISTEN [::]:2 * recv_q=3 send_q=128 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:3 10.9.0.1:443 recv_q=2048 pid=9");
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:4 10.9.0.2:443 recv_q=1 pid=9");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:5 10.9.0.2:80");
	story_sock(&st, "tcp ESTAB [::ffff:10.0.0.1]:6 [::ffff:10.9.0.2]:80 pid=7");
	story_sock(&st, "udp UNCONN [fe80::1]%%eth0:7 *");
	story_sock(&st, "tcp ESTAB [2001:db8::1]:8 [2001:db8::2]:53 pid=9");
	story_sample(&st);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	story_end(&st);
	return 0;
}

static void test_everything(void **state)
{
	(void)state;
	assert_selects("", "1 2 3 4 5 6 7 8");
	assert_selects(" \t ", "1 2 3 4 5 6 7 8");
}

static void test_states(void **state)
{
	(void)state;
	assert_selects("state established", "3 6 8");
	assert_selects("state established state close-wait", "3 4 6 8");
	assert_selects("exclude established", "1 2 4 5 7");
	assert_selects("state connected exclude established", "4 5");
	assert_selects("state established sport = 1 or sport = 3", "3");
	assert_selects("( state established sport = 1 or sport = 3 ) or sport = 5", "3 5");
	assert_selects("state established or sport = 1", "1 3 6 8");
	assert_selects("sport = 3 or state listening", "1 2 3");
	assert_selects("not state established", "1 2 4 5 7");
}

static void test_order(void **state)
{
	(void)state;
	assert_selects("sport = 1 or sport = 3 and dport = 443", "3");
	assert_selects("sport = 1 or ( sport = 3 and dport = 443 )", "1 3");
	assert_selects("sport = 1 or sport = 3 dport = 443", "3");
	assert_selects("! sport = 1 sport < 4", "2 3");
	assert_selects("not ( sport = 1 or sport = 3 )", "2 4 5 6 7 8");
	assert_selects("not not sport = 1", "1");
	assert_selects("!(sport=1 ||sport=3)&&sport<5", "2 4");
	assert_selects("\\( sport \\> 6 \\)", "7 8");
}

static void test_hosts(void **state)
{
	(void)state;
	assert_selects("dst 10.9/16", "3 4 5 6");
	assert_selects("dst 10.9.0.2:80", "5 6");
	assert_selects("dst :443", "3 4");
	assert_selects("dst 2001:db8::2", "8");
	assert_selects("dst [2001:db8::]/32", "8");
	assert_selects("src ::/0", "2 6 7 8");
	assert_selects("src 0.0.0.0/0", "1 3 4 5 6");
	assert_selects("src inet:0.0.0.0/0", "1 3 4 5");
}

static void test_fields(void **state)
{
	(void)state;
	assert_selects("process = java", "1 3 4 8");
	assert_selects("process = nginx", "1 2 6");
	assert_selects("process != nginx", "3 4 5 7 8");
	assert_selects("process = '(unowned)'", "5 7");
	assert_selects("pid = 9", "1 3 4 8");
	assert_selects("recv_q > 1k", "3");
	assert_selects("remote = 10.9.0.2", "4 5 6");
	assert_selects("remote ~ ^10\\.", "3 4 5");
	assert_selects("state ~ WAIT", "4 5");
	assert_selects("state = ESTAB", "3 6 8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_fields),
	};
	return cmocka_run_group_tests(tests, begin, finish);
}
