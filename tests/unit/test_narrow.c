/* narrow: tables of some of the sockets. What they count is checked by hand in small stories, and in
 * a large one against what the tables of a frame say that has these sockets alone. */
#include "lib/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/narrow.h"
#include "sockdash/needs.h"

#define NOTHING "sport = :1"
#define DATA    "exclude listening recv_q > 0"

/* It is the caller's. */
static struct sample *narrow(struct sample *whole, const char *text, struct sample *before)
{
	struct filter_error error;
	struct filter *f = NULL;
	struct sample *s = NULL;

	if (text && filter_parse(text, strlen(text), &f, &error))
		fail_msg("'%s': %s", text, error.wanted);
	assert_int_equal(
		sample_narrow(whole, &(struct narrowing){ .filter = f }, before, NULL, &s), 0);
	assert_non_null(s);
	filter_put(f);
	return s;
}

/* A server with two services. */
static void add_server(struct story *st)
{
	story_proc(st, .pid = 7, .name = "nginx");
	story_proc(st, .pid = 8, .name = "redis");
	story_sock(st, "tcp LISTEN 0.0.0.0:443 * recv_q=3 send_q=511 pid=7");
	story_sock(st, "tcp LISTEN 0.0.0.0:6379 * recv_q=1 send_q=128 pid=8");
	story_sock(st, "udp UNCONN 0.0.0.0:53 * pid=8");
}

static void only_what_is_selected_is_counted(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	add_server(&st);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:50000 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:50001 pid=7");
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.2:50000 pid=7 recv_q=1");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.3:50000");
	story_sock(&st, "tcp ESTAB 10.0.0.1:6379 10.9.0.1:50002 pid=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1:50003 10.9.0.1:443 pid=7");
	s = narrow(story_sample(&st), "sport = :443", NULL);
	assert_true(s->whole == st.sample);
	assert_true(s->serial != st.sample->serial);
	assert_int_equal(s->selected_count, 5);
	assert_row(s, "states", "state=ESTAB, proto=tcp", "count=2, percent=40.0%, delta=-");
	assert_row(s, "states", "state=CLOSE-WAIT", "count=1, in_rate=-, out_rate=-");
	assert_row(s, "states", "state=UNCONN", "count=0");
	assert_row(s, "procs", "pid=7", "conns=3, estab=2, close_wait=1, listen=1, delta=-");
	assert_row(s, "procs", "pid=8", "no row");
	assert_table(s, "listen", "port,conns,estab,close_wait,accept_queue,backlog,delta",
		"443 3 2 1 3 511 -\n");
	assert_table(s, "sockets", "state,local_port,remote_address,remote_port",
		"LISTEN 443 - -\n"
		"ESTAB 443 10.9.0.1 50000\n"
		"ESTAB 443 10.9.0.1 50001\n"
		"CLOSE-WAIT 443 10.9.0.2 50000\n"
		"TIME-WAIT 443 10.9.0.3 50000\n");
	/* The header's. */
	assert_int_equal(s->totals.sockets[SOCK_TCP], 8);
	assert_int_equal(s->totals.sockets[SOCK_UDP], 1);
	sample_put(s);
	story_end(&st);
}

/* They may be there for their connections alone. */
static void listeners_come_with_their_connections(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	add_server(&st);
	story_sock(&st, "tcp LISTEN [::]:80 * pid=7 send_q=1");
	story_sock(&st, "tcp LISTEN 10.0.0.1%%eth0:81 * pid=7 send_q=1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:50000 pid=7 recv_q=1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:50001 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:6379 10.9.0.1:50002 pid=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:50003 pid=7 recv_q=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1%%eth0:81 10.9.0.1:50003 pid=7 recv_q=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1%%eth0:443 10.9.0.1:50004 pid=7 recv_q=8");
	s = narrow(story_sample(&st), DATA, NULL);
	assert_table(s, "listen", "port,conns", "443 2\n80 1\n81 1\n");
	sample_put(s);
	s = narrow(st.sample, NOTHING, NULL);
	assert_table(s, "listen", "port", "");
	assert_table(s, "procs", "pid", "");
	assert_table(s, "sockets", "state", "");
	assert_row(s, "states", "state=ESTAB, proto=tcp", "count=0, percent=0%");
	sample_put(s);
	story_end(&st);
}

static void add_rest(struct story *st, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:6379 10.9.0.9:%u pid=8", 40000 + i);
}

static void changes_are_those_of_the_selected(void **state)
{
	struct story st;
	struct sample *before, *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	add_server(&st);
	add_rest(&st, 0, 50);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1 pid=7 recv_q=5"); /* will be read */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:2 pid=7 recv_q=5"); /* goes */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:3 pid=7");          /* goes */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:4 pid=7");          /* gets data */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:5 pid=7 recv_q=5");
	before = narrow(story_sample(&st), DATA, NULL);
	assert_row(before, "procs", "pid=7", "conns=3, delta=-");
	story_frame(&st, 2);
	add_server(&st);
	add_rest(&st, 20, 90);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1 pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:4 pid=7 recv_q=5");
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.1:5 pid=7 recv_q=6");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:6 pid=7 recv_q=5"); /* new */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:7 pid=7 recv_q=5"); /* new */
	s = narrow(story_sample(&st), DATA, before);
	assert_row(s, "states", "state=ESTAB, proto=tcp",
		"count=3, delta=0, in_rate=1.5, out_rate=1.5");
	assert_row(s, "states", "state=CLOSE-WAIT", "count=1, delta=+1, in_rate=0.50, out_rate=0");
	assert_row(s, "procs", "pid=7", "conns=4, delta=+1, opened_rate=1.5, closed_rate=1.0");
	assert_row(s, "listen", "port=443", "conns=4, delta=+1");
	assert_real(s->interval_s, 2);
	sample_put(s);
	/* One that is not of the sample before tells nothing. */
	s = narrow(st.sample, DATA, NULL);
	assert_row(s, "procs", "pid=7", "conns=4, delta=-, opened_rate=-");
	assert_row(s, "listen", "port=443", "conns=4, delta=-");
	sample_put(s);
	story_frame(&st, 4);
	add_server(&st);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:4 pid=7 recv_q=5");
	s = narrow(story_sample(&st), DATA, before);
	assert_row(s, "procs", "pid=7", "conns=1, delta=-, opened_rate=-, closed_rate=-");
	assert_row(s, "states", "state=ESTAB, proto=tcp", "count=1, delta=-");
	sample_put(s);
	sample_put(before);
	story_end(&st);
}

/* Who did not keep the diff has no changes, and does not crash. */
static void without_a_diff_changes_are_not_known(void **state)
{
	struct story st;
	struct sample *before, *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	add_server(&st);
	before = narrow(story_sample(&st), "sport = :443", NULL);
	story_frame(&st, 2);
	add_server(&st);
	frame_forget_diff(story_sample(&st)->frame);
	s = narrow(st.sample, "sport = :443", before);
	assert_row(s, "procs", "pid=7", "listen=1, delta=-");
	assert_row(s, "states", "state=LISTEN", "count=1, delta=-, in_rate=-");
	sample_put(before);
	sample_put(s);
	story_end(&st);
}

/* Those that have a selected socket, with all their numbers. */
static void leaks_are_chosen(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	for (unsigned i = 0; i < 3; i++) {
		story_frame(&st, i);
		story_proc(&st, .pid = 7, .name = "nginx");
		story_proc(&st, .pid = 8, .name = "java");
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.1:1 pid=7 waits=60");
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.1:2 pid=7 waits=60");
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.2:3 pid=7 waits=60");
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.1:4 pid=8 waits=60");
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.2:5 pid=8");
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.2:6 pid=8 recv_q=9");
		story_sock(&st, "tcp SYN-SENT 10.0.0.1:40000 10.9.0.3:80 pid=8");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7", "pile=CLOSE-WAIT, count=3");
	assert_int_equal(st.sample->leak_count, 4);
	s = narrow(st.sample, "dst 10.9.0.2", NULL);
	assert_int_equal(s->leak_count, 2);
	assert_row(s, "leaks", "pid=7", "pile=CLOSE-WAIT, count=3, peer=10.9.0.1, peer_count=2");
	assert_int_equal(s->leak_shown + 1, s->leak_count);
	assert_int_equal(s->leaks[1].pile, PILE_RECV_Q);
	/* The texts are those of the whole, which goes on with it. */
	story_end(&st);
	assert_row(s, "leaks", "pid=7", "peer=10.9.0.1");
	sample_put(s);
}

static void what_is_not_of_sockets_is_that_of_the_whole(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->counters[COUNTER_LISTEN_DROPS] = 5;
	add_server(&st);
	s = narrow(story_sample(&st), NOTHING, NULL);
	assert_int_equal(s->kernel_count, st.sample->kernel_count);
	assert_int_equal(s->finding_count, st.sample->finding_count);
	assert_true(s->finding_count > 0);
	sample_put(s);
	/* Without a filter all is. */
	s = narrow(st.sample, NULL, NULL);
	assert_row(s, "procs", "pid=7", "listen=1");
	assert_row(s, "sockets", "local_port=53", "proto=udp");
	assert_int_equal(sample_sock_count(s), 3);
	sample_put(s);
	story_end(&st);
}

static void it_ends_when_it_is_told_to(void **state)
{
	atomic_bool cancel = true;
	struct narrowing n = { 0 };
	struct filter_error error;
	struct filter *f;
	struct sample *s = NULL;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	add_server(&st);
	assert_int_equal(filter_parse(NOTHING, strlen(NOTHING), &f, &error), 0);
	n.filter = f;
	assert_int_equal(sample_narrow(story_sample(&st), &n, NULL, &cancel, &s), -ECANCELED);
	assert_null(s);
	cancel = false;
	assert_int_equal(sample_narrow(st.sample, &n, NULL, &cancel, &s), 0);
	sample_put(s);
	filter_put(f);
	story_end(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_selected_is_counted),
		cmocka_unit_test(listeners_come_with_their_connections),
		cmocka_unit_test(changes_are_those_of_the_selected),
		cmocka_unit_test(without_a_diff_changes_are_not_known),
		cmocka_unit_test(leaks_are_chosen),
		cmocka_unit_test(what_is_not_of_sockets_is_that_of_the_whole),
		cmocka_unit_test(it_ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests_name("narrow", tests, NULL, NULL);
}
