/* peers: remote addresses, what they have, and what became of it. */
#include "lib/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/narrow.h"
#include "sockdash/needs.h"

/* Made anew with prefixes; it is the caller's. */
static struct sample *grouped(
	struct sample *whole, uint8_t prefix4, uint8_t prefix6, struct sample *before)
{
	struct narrowing n = { .prefix4 = prefix4, .prefix6 = prefix6 };
	struct sample *s = NULL;

	assert_int_equal(sample_narrow(whole, &n, before, NULL, &s), 0);
	return s;
}

static void a_peer_has_its_sockets(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .name = "nginx");
	story_proc(&st, .pid = 8, .name = "java", .unit = "java.service");
	story_sock(&st, "tcp LISTEN 0.0.0.0:443 * pid=7");
	story_sock(&st, "udp UNCONN 0.0.0.0:53 * pid=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1 pid=7 recv_q=5 send_q=7");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:2 pid=7 send_q=70");
	story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:443 10.9.0.1:3 pid=7 recv_q=1");
	story_sock(&st, "tcp SYN-RECV 10.0.0.1:443 10.9.0.1:4");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.1:5");
	story_sock(&st, "tcp FIN-WAIT-2 10.0.0.1:443 10.9.0.1:6");
	story_sock(&st, "tcp SYN-SENT 10.0.0.1:40000 10.9.0.1:5432 pid=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40001 10.9.0.1:5432 pid=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1:40002 10.9.0.1:80 pid=8 pid=7");
	story_sock(&st, "udp ESTAB 10.0.0.1:40003 10.9.0.1:53 pid=8");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.2:9 pid=7 recv_q=3");
	story_sock(&st, "udp ESTAB 10.0.0.1:40003 10.9.0.3:53 pid=8");
	s = story_sample(&st);
	assert_int_equal(s->peer_count, 3);
	assert_row(s, "peers", "remote_address=10.9.0.1",
		"sockets=10, conns=8, estab=4, close_wait=1, syn_sent=1, syn_recv=1, closing=1, "
		"time_wait=1, udp=1");
	assert_row(s, "peers", "remote_address=10.9.0.1",
		"in=5, out=3, recv_q=6, send_q=77, in_port=443, out_port=5432");
	assert_row(s, "peers", "remote_address=10.9.0.1",
		"processes=2, pid=7, process=nginx, process_sockets=4, delta=-, opened_rate=-");
	/* Of one socket the same is told. */
	assert_row(s, "peers", "remote_address=10.9.0.2",
		"sockets=1, conns=1, estab=1, in=1, out=0, recv_q=3, in_port=443, "
		"out_port=-, processes=1, pid=7, process_sockets=1, udp=0");
	assert_row(s, "peers", "remote_address=10.9.0.3",
		"sockets=1, conns=0, estab=0, udp=1, in=0, in_port=-, out_port=53, pid=8");
	assert_row(s, "peers", "remote_address=10.9.0.3", "process=java, unit=java.service");
	story_end(&st);
}

/* Nobody is at the other end of these. */
static void who_has_no_peer_is_not_there(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:443 *");
	story_sock(&st, "tcp UNCONN 10.0.0.1:5 *");
	story_sock(&st, "tcp UNCONN [::1]:5 *");
	story_sock(&st, "udp UNCONN [::]:53 *");
	assert_int_equal(story_sample(&st)->peer_count, 0);
	assert_table(st.sample, "peers", "remote_address", "");
	story_end(&st);
}

static void an_ipv4_address_is_one_in_both_families(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB [::ffff:10.0.0.1]:443 [::ffff:10.9.0.1]:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:2");
	/* Bound to a device: it is the same host all the same. */
	story_sock(&st, "tcp ESTAB 10.0.0.1%%eth0:443 10.9.0.1:3");
	story_sock(&st, "tcp ESTAB [2001:db8::1]:443 [2001:db8::2]:3");
	/* On another link it is another host. */
	story_sock(&st, "tcp ESTAB [fe80::1]%%eth0:443 [fe80::2]:1");
	s = story_sample(&st);
	assert_row(s, "peers", "remote_address=10.9.0.1", "conns=3");
	assert_row(s, "peers", "remote_address=2001:db8::2", "conns=1");
	assert_int_equal(s->peer_count, 3);
	story_end(&st);
}

static void a_namespace_has_its_own(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	assert_true(frame_add_netns(st.frame, STORY_NETNS + 1, "blue") > 0);
	story_sock(&st, "tcp LISTEN 0.0.0.0:443 * netns=1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1 cookie=5");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1 netns=1 cookie=6");
	story_sample(&st);
	assert_row(st.sample, "peers", "netns=4026531840", "conns=1, in=0, out=1");
	assert_row(st.sample, "peers", "netns=4026531841", "conns=1, in=1, out=0");
	story_end(&st);
}

/* What the tables of two samples say: both of the whole or both narrowed. */
static void changes_are_counted_by_socket(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:2"); /* to TIME-WAIT */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:3"); /* goes */
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.1:4");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.2:1"); /* goes, and its peer */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.3:1");
	assert_row(story_sample(&st), "peers", "remote_address=10.9.0.1", "conns=3, delta=-");
	story_frame(&st, 2);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:1");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.1:2");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.1:4");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.1:5");     /* new */
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:443 10.9.0.1:6"); /* came and went */
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.3:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.0.4:1"); /* new, and its peer */
	story_sample(&st);
	assert_row(st.sample, "peers", "remote_address=10.9.0.1",
		"conns=2, time_wait=3, delta=-1, opened_rate=1.0, closed_rate=1.5");
	assert_row(st.sample, "peers", "remote_address=10.9.0.2", "no row");
	assert_row(st.sample, "peers", "remote_address=10.9.0.3",
		"delta=0, opened_rate=0, closed_rate=0");
	assert_row(st.sample, "peers", "remote_address=10.9.0.4",
		"delta=+1, opened_rate=0.50, closed_rate=0");
	story_end(&st);
}

static void prefixes_put_them_together(void **state)
{
	struct story st;
	struct sample *first, *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.1:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.2:1");
	story_sock(&st, "tcp ESTAB [::]:443 [::ffff:10.9.1.255]:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.2.1:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.10.2.1:1");
	story_sock(&st, "tcp ESTAB [2001:db8:1::1]:443 [2001:db8:7:0:1::2]:1");
	story_sock(&st, "tcp ESTAB [2001:db8:1::1]:443 [2001:db8:7:0:2::2]:1");
	story_sock(&st, "tcp ESTAB [2001:db8:1::1]:443 [2001:db8:7:1::2]:1");
	story_sample(&st);
	assert_int_equal(st.sample->peer_count, 8);
	first = grouped(st.sample, 24, 64, NULL);
	assert_int_equal(first->peer_count, 5);
	assert_row(first, "peers", "remote_address=10.9.1.0/24", "conns=3");
	assert_row(first, "peers", "remote_address=2001:db8:7::/64", "conns=2");
	assert_row(first, "peers", "remote_address=2001:db8:7:1::/64", "conns=1");
	s = grouped(st.sample, 15, 48, NULL);
	assert_row(s, "peers", "remote_address=10.8.0.0/15", "conns=4");
	assert_row(s, "peers", "remote_address=2001:db8:7::/48", "conns=3");
	/* Another prefix is another row, also where it has the same address. */
	assert_true(peer_identity(s, 0) != peer_identity(first, 0));
	sample_put(s);
	s = grouped(st.sample, 0, 32, NULL);
	assert_row(s, "peers", "remote_address=10.9.1.1", "conns=1");
	assert_row(s, "peers", "remote_address=2001:db8::/32", "conns=3");
	sample_put(s);
	story_frame(&st, 1);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.1:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.7:1");
	story_sample(&st);
	s = grouped(st.sample, 24, 64, first);
	assert_row(s, "peers", "remote_address=10.9.1.0/24",
		"conns=2, delta=-1, opened_rate=1.0, closed_rate=2.0");
	sample_put(s);
	sample_put(first);
	story_end(&st);
}

/* Made anew as they were they are borrowed. */
static void what_is_no_different_is_not_made_again(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.1:1");
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.1:2");
	story_sample(&st);
	s = grouped(st.sample, 0, 0, NULL);
	assert_ptr_equal(s->peers, st.sample->peers);
	story_end(&st);
	assert_row(s, "peers", "remote_address=10.9.1.1", "conns=2");
	sample_put(s);
}

static void nobody_asked(void **state)
{
	struct story st;
	struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->asked = NEED_ALL;
	story_sock(&st, "tcp ESTAB 10.0.0.1:443 10.9.1.1:1");
	assert_int_equal(story_sample(&st)->peer_count, 0);
	s = grouped(st.sample, 24, 64, NULL);
	assert_int_equal(s->peer_count, 0);
	sample_put(s);
	story_end(&st);
}

/* So many that the tables grow, in no order, against counts made by hand. */
static void many(void **state)
{
	enum { PEERS = 700 };
	uint32_t counts[PEERS] = { 0 }, random = 1;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned peer;

		random = random * 1664525 + 1013904223;
		peer = (random >> 16) % PEERS;
		counts[peer]++;
		story_sock(
			&st, "tcp ESTAB 10.0.0.1:443 10.9.%u.%u:%u", peer / 256, peer % 256, 1 + i);
	}
	story_sample(&st);
	for (unsigned i = 0; i < st.sample->peer_count; i++) {
		struct peer_sums sums = peer_sums_of(st.sample, i);
		const struct sock *s = &st.sample->frame->socks[st.sample->peers[i].sock];
		const uint8_t *bytes = frame_address(st.sample->frame, s->remote)->bytes;
		uint32_t *count = &counts[bytes[14] * 256 + bytes[15]];

		assert_true(sums.conns > 0);
		assert_int_equal(sums.conns, *count);
		*count = 0;
	}
	for (unsigned i = 0; i < PEERS; i++)
		assert_int_equal(counts[i], 0);
	story_end(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_has_its_sockets),
		cmocka_unit_test(who_has_no_peer_is_not_there),
		cmocka_unit_test(an_ipv4_address_is_one_in_both_families),
		cmocka_unit_test(a_namespace_has_its_own),
		cmocka_unit_test(changes_are_counted_by_socket),
		cmocka_unit_test(prefixes_put_them_together),
		cmocka_unit_test(what_is_no_different_is_not_made_again),
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
