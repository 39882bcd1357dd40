/* frame: rows that are the same and rows that are not, owners in any order, texts from hostile
 * processes. */
#include "lib/fixture.h"
#include "lib/frames.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_new_frame_knows_nothing(void **state)
{
	struct frame *f = frame_create();

	(void)state;
	assert_non_null(f);
	assert_string_equal(f->host, "");
	assert_string_equal(f->kind, "");
	assert_true(isnan(f->uptime_s));
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		assert_true(f->counters[i] == COUNTER_UNKNOWN);
	assert_false(frame_is_partial(f));
	assert_int_equal(find_sock(f, 1), SOCK_NONE);
	assert_int_equal(frame_find_proc(f, 1, 1), SOCK_NONE);
	assert_string_equal(frame_user(f, 0), "");
	frame_put(f);
	frame_put(NULL);
}

/* ---- Identity -------------------------------------------------------------------------------- */

static void the_second_row_of_a_cookie_replaces_the_first(void **state)
{
	struct story st;
	struct frame *f;
	uint32_t row;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	row = story_sock(&st, "tcp SYN-RECV 10.0.0.1:80 10.0.0.2:5000 cookie=9");
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.3:5000 cookie=10");
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=9 recv_q=7");
	assert_int_equal(frame_settle(f), 0);
	assert_int_equal(f->sock_count, 2);
	assert_int_equal(f->socks[row].state, SOCK_ESTAB);
	assert_int_equal(f->socks[row].recv_q, 7);
	assert_int_equal(f->socks[row + 1].cookie, 10);
	story_end(&st);
}

/* Which pairs of rows are two sockets. Two namespaces number their cookies alike. */
static void sockets_are_told_apart(void **state)
{
	static const struct {
		const char *one, *other;
		unsigned sockets;
	} cases[] = {
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=1",
			"tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=2", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=1",
			"tcp CLOSE-WAIT 10.9.9.9:1 10.0.0.2:6 cookie=1", 1 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=1",
			"tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=1 netns=1", 2 },
		/* Without a cookie, by both ends. */
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp TIME-WAIT 10.0.0.1:80 10.0.0.2:5 cookie=0", 1 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp ESTAB 10.0.0.9:80 10.0.0.2:5 cookie=0", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp ESTAB 10.0.0.1:81 10.0.0.2:5 cookie=0", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp ESTAB 10.0.0.1:80 10.0.0.3:5 cookie=0", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp ESTAB 10.0.0.1:80 10.0.0.2:6 cookie=0", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"udp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0",
			"tcp ESTAB 10.0.0.1:80 10.0.0.2:5 cookie=0 netns=1", 2 },
		{ "tcp ESTAB 10.0.0.1:80 10.0.0.2:80 cookie=0",
			"tcp ESTAB 10.0.0.2:80 10.0.0.1:80 cookie=0", 2 },
		{ "tcp ESTAB [fe80::1]%eth0:80 [fe80::2]%eth0:5 cookie=0",
			"tcp ESTAB [fe80::1]%eth1:80 [fe80::2]%eth1:5 cookie=0", 2 },
		/* Sockets that share a port have nothing else to tell them apart. */
		{ "tcp LISTEN 0.0.0.0:80 * cookie=0 inode=1",
			"tcp LISTEN 0.0.0.0:80 * cookie=0 inode=2", 2 },
		{ "udp UNCONN 0.0.0.0:53 * cookie=0 inode=1",
			"udp UNCONN 0.0.0.0:53 * cookie=0 inode=2", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		struct frame *f;

		story_begin(&st, 0);
		f = story_frame(&st, 0);
		assert_int_equal(frame_add_netns(f, 4026532001, "blue"), 1);
		story_sock(&st, "%s", cases[i].one);
		story_sock(&st, "%s", cases[i].other);
		assert_int_equal(frame_settle(f), 0);
		if (f->sock_count != cases[i].sockets)
			fail_msg(
				"%u sockets: %s / %s", f->sock_count, cases[i].one, cases[i].other);
		story_end(&st);
	}
}

static void ten_thousand_sockets_are_found(void **state)
{
	enum { SOCKETS = 10000 };
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	for (unsigned i = 0; i < SOCKETS; i++)
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.1.%u.%u:%u cookie=%u", i / 250, i % 250,
			1024 + i, 7 * i + 1);
	assert_int_equal(f->sock_count, SOCKETS);
	assert_int_equal(f->addresses->count, SOCKETS + 1);
	for (unsigned i = 0; i < SOCKETS; i++) {
		assert_ptr_equal(story_find(f, 7 * i + 1), &f->socks[i]);
		assert_null(story_find(f, 7 * i + 2));
	}
	story_end(&st);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static void equal_addresses_have_one_row(void **state)
{
	static const struct {
		uint8_t last;
		uint32_t scope, row;
	} cases[] = { { 1, 0, 0 }, { 2, 0, 1 }, { 1, 0, 0 }, { 1, 2, 2 }, { 1, 3, 3 }, { 1, 2, 2 },
		{ 2, 2, 4 } };
	struct frame *f = frame_create();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint8_t bytes[16] = { 0xfe, 0x80, [15] = cases[i].last };
		uint32_t row;

		assert_int_equal(frame_intern_address(f, bytes, cases[i].scope, &row), 0);
		assert_int_equal(row, cases[i].row);
		assert_memory_equal(frame_address(f, row)->bytes, bytes, 16);
		assert_int_equal(frame_address(f, row)->scope, cases[i].scope);
	}
	assert_int_equal(f->addresses->count, 5);
	frame_put(f);
}

static void users_and_devices_have_names(void **state)
{
	struct frame *f = frame_create();

	(void)state;
	assert_int_equal(frame_add_user(f, 33, "www-data"), 0);
	assert_int_equal(frame_add_user(f, 33, "another"), 0);
	assert_string_equal(frame_user(f, 33), "www-data");
	assert_string_equal(frame_user(f, 34), "");
	assert_int_equal(frame_add_device(f, 2, "eth0"), 0);
	assert_string_equal(frame_device(f, 2), "eth0");
	assert_string_equal(frame_device(f, 3), "?");
	assert_string_equal(frame_device(f, 0), "");
	frame_put(f);
}

static void a_pid_is_a_process_with_its_start_time(void **state)
{
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	assert_int_equal(story_proc(&st, .pid = 7, .start = 100, .name = "old"), 0);
	assert_int_equal(story_proc(&st, .pid = 7, .start = 200, .name = "new"), 1);
	assert_int_equal(frame_find_proc(f, 7, 100), 0);
	assert_int_equal(frame_find_proc(f, 7, 200), 1);
	assert_int_equal(frame_find_proc(f, 7, 300), SOCK_NONE);
	story_end(&st);
}

static void texts_from_outside_are_made_safe(void **state)
{
	static const struct {
		const char *raw;
		size_t len;
		const char *safe;
	} cases[] = {
#define BYTES(text) text, sizeof text - 1
		{ BYTES("nginx: worker"), "nginx: worker" },
		{ BYTES(""), "" },
		{ BYTES("\x1b[2J\x1b]0;owned\a"), "\\x1B[2J\\x1B]0;owned\\x07" },
		{ BYTES("two\nlines\t"), "two\\x0Alines\\x09" },
		{ BYTES("nul\0byte"), "nul\\x00byte" },
		{ BYTES("\xff\xfe"), "\\xFF\\xFE" },
		{ BYTES("cut \xe2\x94"), "cut \\xE2\\x94" },
		{ BYTES("\xc2\x9b"
			"31m"),
			"\\u{009B}31m" },
		{ BYTES("\xe2\x80\xae"
			"abc"),
			"\\u{202E}abc" },
		{ BYTES("caf\xc3\xa9"), "caf\xc3\xa9" },
#undef BYTES
	};
	struct frame *f = frame_create();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(frame_text(f, cases[i].raw, cases[i].len), cases[i].safe);
	frame_put(f);
}

/* ---- Owners ---------------------------------------------------------------------------------- */

/* The processes that own a socket, in the order of the walk: "0 2 ". */
static const char *owners_of(const struct frame *f, uint32_t row)
{
	static char out[64];
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t e = f->socks[row].owner; e != SOCK_NONE; e = frame_next_owner(f, e))
		used += (size_t)snprintf(out + used, sizeof out - used, "%u ", f->edges[e].proc);
	return out;
}

static void owners_are_processes_not_descriptors(void **state)
{
	/* In the order a walk of /proc finds them: by process, not by socket. */
	struct owner_found found[] = {
		{ .sock = 3, .proc = 0, .fd = 9 },
		{ .sock = 1, .proc = 0, .fd = 3 },
		{ .sock = 0, .proc = 1, .fd = 8 },
		{ .sock = 1, .proc = 1, .fd = 4 },
		{ .sock = 1, .proc = 1, .fd = 5 },
		{ .sock = 0, .proc = 1, .fd = 3 },
		{ .sock = 1, .proc = 2, .fd = 4 },
		{ .sock = 0, .proc = 1, .fd = 7 },
	};
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	for (uint32_t pid = 10; pid < 13; pid++)
		story_proc(&st, .pid = pid);
	for (unsigned i = 0; i < 4; i++)
		story_sock(&st, "udp UNCONN 10.0.0.1:%u * inode=%u", i + 1, i + 1);
	assert_int_equal(frame_set_owners(f, found, COUNT_OF(found)), 0);
	assert_int_equal(f->edge_count, COUNT_OF(found));
	assert_string_equal(owners_of(f, 0), "1 ");
	assert_string_equal(owners_of(f, 1), "0 1 2 ");
	assert_string_equal(owners_of(f, 2), "");
	assert_string_equal(owners_of(f, 3), "0 ");

	assert_int_equal(frame_owner(f, &f->socks[0])->pid, 11);
	assert_int_equal(frame_owner(f, &f->socks[1])->pid, 10);
	assert_null(frame_owner(f, &f->socks[2]));
	assert_true(frame_owned_by(f, &f->socks[1], 12, 12));
	assert_false(frame_owned_by(f, &f->socks[1], 12, 13));
	assert_false(frame_owned_by(f, &f->socks[0], 12, 12));
	assert_false(frame_owned_by(f, &f->socks[2], 10, 10));
	story_end(&st);
}

static void no_owners_are_no_edges(void **state)
{
	struct story st;
	struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	story_sock(&st, "udp UNCONN 10.0.0.1:1 * inode=1");
	assert_int_equal(frame_set_owners(f, NULL, 0), 0);
	assert_int_equal(f->edge_count, 0);
	assert_null(frame_owner(f, &f->socks[0]));
	story_end(&st);
}

/* ---- Times and problems ---------------------------------------------------------------------- */

static void times_are_seconds_before_the_frame(void **state)
{
	struct frame f = { .mono_ns = 7000000000123, .epoch_ns = 1000000000123 };
	struct sock s = { .state = SOCK_CLOSE_WAIT, .first_seen = 0, .wait_since = -25 };

	(void)state;
	assert_int_equal(frame_now(&f), 60000);
	assert_real(frame_age(&f, &s), 6000);
	assert_real(frame_wait_age(&f, &s), 6002.5);
	s.state = SOCK_ESTAB;
	assert_real(frame_wait_age(&f, &s), NAN);
	s.first_seen = SOCK_TIME_NONE;
	assert_real(frame_age(&f, &s), NAN);
}

static void a_frame_without_a_protocol_is_partial(void **state)
{
	static const bool partial[FRAME_PROBLEMS] = {
		[FRAME_NO_TCP] = true,
		[FRAME_NO_UDP] = true,
	};

	(void)state;
	for (size_t i = 0; i < FRAME_PROBLEMS; i++) {
		struct frame f = { 0 };

		f.problems[i] = -EPERM;
		assert_int_equal(frame_is_partial(&f), partial[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_frame_knows_nothing),
		cmocka_unit_test(the_second_row_of_a_cookie_replaces_the_first),
		cmocka_unit_test(sockets_are_told_apart),
		cmocka_unit_test(ten_thousand_sockets_are_found),
		cmocka_unit_test(equal_addresses_have_one_row),
		cmocka_unit_test(users_and_devices_have_names),
		cmocka_unit_test(a_pid_is_a_process_with_its_start_time),
		cmocka_unit_test(texts_from_outside_are_made_safe),
		cmocka_unit_test(owners_are_processes_not_descriptors),
		cmocka_unit_test(no_owners_are_no_edges),
		cmocka_unit_test(times_are_seconds_before_the_frame),
		cmocka_unit_test(a_frame_without_a_protocol_is_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
