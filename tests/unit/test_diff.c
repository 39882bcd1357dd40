/* diff: what opened and closed between frames, and what later frames remember of earlier ones. */
#include "lib/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A connection with a cookie, in a state, with further words. */
static void conn(struct story *st, unsigned cookie, const char *state, const char *words)
{
	story_sock(st, "tcp %s 10.0.0.1:80 10.9.0.%u:5000 cookie=%u%s%s", state, cookie, cookie,
		*words ? " " : "", words);
}

/* The same connections, established, in a frame at a time; makes a sample of it. */
static const struct frame *conns(struct story *st, double at_s, const unsigned *cookies)
{
	story_frame(st, at_s);
	for (; *cookies; cookies++)
		conn(st, *cookies, "ESTAB", "inode=1");
	return story_sample(st)->frame;
}
#define CONNS(st, at_s, ...) conns(st, at_s, (const unsigned[]){ __VA_ARGS__, 0 })

static uint32_t row_of(const struct frame *f, uint64_t cookie)
{
	const struct sock *s = story_find(f, cookie);

	assert_non_null(s);
	return (uint32_t)(s - f->socks);
}

static double age_of(const struct frame *f, uint64_t cookie)
{
	return frame_age(f, story_find(f, cookie));
}

static double wait_age_of(const struct frame *f, uint64_t cookie)
{
	return frame_wait_age(f, story_find(f, cookie));
}

/* ---- Opened, closed, kept -------------------------------------------------------------------- */

static void a_first_frame_has_nothing_to_compare_with(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = CONNS(&st, 0, 1, 2);
	assert_false(f->diff.known);
	assert_null(f->diff.previous);
	assert_int_equal(f->diff.gone_count, 0);
	assert_int_equal(f->ghost_count, 0);
	story_end(&st);
}

static void sockets_are_kept_opened_and_closed(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	CONNS(&st, 0, 1, 2, 3, 4);
	f = CONNS(&st, 1, 5, 4, 2);
	assert_true(f->diff.known);
	assert_int_equal(f->diff.previous[row_of(f, 5)], SOCK_NONE);
	assert_int_equal(f->diff.previous[row_of(f, 4)], 3);
	assert_int_equal(f->diff.previous[row_of(f, 2)], 1);
	assert_int_equal(f->diff.gone_count, 2);
	assert_int_equal(f->diff.gone[0], 0);
	assert_int_equal(f->diff.gone[1], 2);
	story_end(&st);
}

static void empty_frames_are_compared_too(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	conns(&st, 0, (const unsigned[]){ 0 });
	f = CONNS(&st, 1, 1);
	assert_true(f->diff.known);
	assert_int_equal(f->diff.previous[0], SOCK_NONE);
	f = conns(&st, 2, (const unsigned[]){ 0 });
	assert_true(f->diff.known);
	assert_int_equal(f->diff.gone_count, 1);
	story_end(&st);
}

/* ---- Ages ------------------------------------------------------------------------------------ */

static void sockets_of_the_first_frame_are_at_least_that_old(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	f = CONNS(&st, 0, 1);
	assert_true(story_find(f, 1)->flags & SOCK_OLDER);
	f = CONNS(&st, 2.5, 1, 2);
	f = CONNS(&st, 4, 1, 2, 3);
	assert_true(story_find(f, 1)->flags & SOCK_OLDER);
	assert_false(story_find(f, 2)->flags & SOCK_OLDER);
	assert_false(story_find(f, 3)->flags & SOCK_OLDER);
	assert_real(age_of(f, 1), 4);
	assert_real(age_of(f, 2), 1.5);
	assert_real(age_of(f, 3), 0);
	story_end(&st);
}

/* The first frame after a preliminary one is the first. */
static void a_preliminary_frame_is_not_compared_with(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0)->preliminary = true;
	conn(&st, 1, "ESTAB", "");
	story_sample(&st);
	f = CONNS(&st, 1, 1, 2);
	assert_false(f->diff.known);
	assert_true(story_find(f, 2)->flags & SOCK_OLDER);
	story_end(&st);
}

static void a_socket_missed_once_keeps_its_age(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	CONNS(&st, 0, 1);
	CONNS(&st, 1, 1, 2);
	f = CONNS(&st, 2, 9);
	assert_int_equal(f->ghost_count, 2);
	f = CONNS(&st, 3, 1, 2, 9);
	assert_int_equal(f->diff.previous[row_of(f, 1)], SOCK_NONE);
	assert_real(age_of(f, 1), 3);
	assert_true(story_find(f, 1)->flags & SOCK_OLDER);
	assert_real(age_of(f, 2), 2);
	assert_false(story_find(f, 2)->flags & SOCK_OLDER);
	story_end(&st);
}

static void a_socket_missed_twice_is_new(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	CONNS(&st, 0, 1);
	CONNS(&st, 1, 9);
	CONNS(&st, 2, 9);
	f = CONNS(&st, 3, 1, 9);
	assert_real(age_of(f, 1), 0);
	assert_false(story_find(f, 1)->flags & SOCK_OLDER);
	story_end(&st);
}

/* ---- CLOSE-WAIT ------------------------------------------------------------------------------ */

static void the_time_in_close_wait_goes_on(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conn(&st, 1, "CLOSE-WAIT", "waits=100");
	conn(&st, 2, "ESTAB", "");
	f = story_sample(&st)->frame;
	assert_real(wait_age_of(f, 1), 100);
	assert_real(wait_age_of(f, 2), NAN);
	/* Another answer of the kernel's does not move what is known. */
	story_frame(&st, 5);
	conn(&st, 1, "CLOSE-WAIT", "waits=3");
	conn(&st, 2, "CLOSE-WAIT", "waits=1.5");
	f = story_sample(&st)->frame;
	assert_real(wait_age_of(f, 1), 105);
	assert_real(wait_age_of(f, 2), 1.5);
	/* Missed by one dump. */
	CONNS(&st, 6, 9);
	story_frame(&st, 7);
	conn(&st, 1, "CLOSE-WAIT", "");
	conn(&st, 2, "CLOSE-WAIT", "");
	f = story_sample(&st)->frame;
	assert_real(wait_age_of(f, 1), 107);
	assert_real(wait_age_of(f, 2), 3.5);
	story_end(&st);
}

static void a_time_in_close_wait_is_not_invented(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conn(&st, 1, "CLOSE-WAIT", "");
	conn(&st, 2, "ESTAB", "");
	/* Where drops stand in a listener's row, times stand in these. */
	story_sock(&st, "tcp LISTEN 10.0.0.1:80 * cookie=3 drops=77");
	f = story_sample(&st)->frame;
	assert_real(wait_age_of(f, 1), NAN);
	story_frame(&st, 1);
	conn(&st, 1, "CLOSE-WAIT", "");
	conn(&st, 2, "CLOSE-WAIT", "");
	conn(&st, 3, "CLOSE-WAIT", "");
	f = story_sample(&st)->frame;
	for (unsigned cookie = 1; cookie <= 3; cookie++)
		assert_real(wait_age_of(f, cookie), NAN);
	story_end(&st);
}

/* ---- Owners ---------------------------------------------------------------------------------- */

static const char *owners(const struct sample *s, unsigned cookie)
{
	char where[32];

	snprintf(where, sizeof where, "cookie=%u", cookie);
	return row_text(s, "sockets", where, "process=, owners=");
}

static void lingering_sockets_keep_their_owner(void **state)
{
	static const char *const ways[][3] = {
		{ "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT" },
		{ "LAST-ACK", "LAST-ACK", "LAST-ACK" },
		{ "CLOSING", "TIME-WAIT", "TIME-WAIT" },
		{ "TIME-WAIT", "TIME-WAIT", "TIME-WAIT" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct story st;
		const struct sample *s;

		story_begin(&st, 0);
		story_frame(&st, 0);
		story_proc(&st, .pid = 7, .name = "nginx", .unit = "nginx.service");
		conn(&st, 1, "ESTAB", "pid=7");
		story_sample(&st);
		for (unsigned step = 0; step < 3; step++) {
			story_frame(&st, step + 1);
			story_proc(&st, .pid = 6, .name = "other");
			/* From the second step on the process is not there any more. */
			if (step == 0)
				story_proc(&st, .pid = 7, .name = "nginx", .unit = "nginx.service");
			conn(&st, 1, ways[i][step], "");
			s = story_sample(&st);
			assert_string_equal(owners(s, 1), "process=nginx, owners=1");
			assert_row(s, "sockets", "cookie=1", "pid=7, unit=nginx.service");
			assert_true(story_find(s->frame, 1)->flags & SOCK_CARRIED);
		}
		story_end(&st);
	}
}

static void all_owners_are_remembered(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_proc(&st, .pid = 7, .name = "parent");
	story_proc(&st, .pid = 8, .name = "child");
	conn(&st, 1, "ESTAB", "pid=8 pid=7 pid=7");
	conn(&st, 2, "ESTAB", "pid=8");
	story_sample(&st);
	story_frame(&st, 1);
	story_proc(&st, .pid = 8, .name = "child");
	story_proc(&st, .pid = 9, .name = "newer");
	conn(&st, 1, "TIME-WAIT", "");
	conn(&st, 2, "TIME-WAIT", "");
	conn(&st, 3, "ESTAB", "pid=9");
	s = story_sample(&st);
	assert_string_equal(owners(s, 1), "process=parent, owners=2");
	assert_string_equal(owners(s, 2), "process=child, owners=1");
	assert_string_equal(owners(s, 3), "process=newer, owners=1");
	assert_true(frame_owned_by(s->frame, story_find(s->frame, 1), 8, 8));
	/* Ended processes are brought along once. */
	assert_int_equal(s->frame->proc_count, 3);
	story_end(&st);
}

static void owners_are_not_made_up(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conn(&st, 1, "ESTAB", "pid=7");
	conn(&st, 2, "SYN-RECV", "");
	conn(&st, 3, "ESTAB", "inode=30");
	story_sample(&st);
	story_frame(&st, 1);
	conn(&st, 1, "ESTAB", "pid=8"); /* passed on */
	conn(&st, 2, "TIME-WAIT", "");  /* never had one */
	conn(&st, 3, "FIN-WAIT-1", ""); /* had one that we could not see */
	conn(&st, 4, "TIME-WAIT", "");  /* never seen before */
	s = story_sample(&st);
	assert_string_equal(owners(s, 1), "process=p8, owners=1");
	assert_false(story_find(s->frame, 1)->flags & SOCK_CARRIED);
	assert_string_equal(owners(s, 2), "process=-, owners=0");
	assert_string_equal(owners(s, 3), "process=-, owners=0");
	assert_string_equal(owners(s, 4), "process=-, owners=0");
	story_end(&st);
}

/* A file without an owner that was found: hidden if it stays so, closed in the meantime if it was
 * just opened. */
static void hidden_owners_are_told_from_closed_files(void **state)
{
	static const struct {
		const char *then, *now; /* words, or NULL: not there */
		bool hidden;
	} cases[] = {
		{ "inode=5", "inode=5", true },
		{ NULL, "inode=5", false },
		{ "pid=7", "inode=5", false },
		{ "pid=7", "pid=7", false },
		{ "inode=5", "", false },
		{ "", "inode=5", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		const struct frame *f;

		story_begin(&st, 0);
		story_frame(&st, 0);
		if (cases[i].then)
			conn(&st, 1, "ESTAB", cases[i].then);
		story_sample(&st);
		story_frame(&st, 1);
		conn(&st, 1, "ESTAB", cases[i].now);
		f = story_sample(&st)->frame;
		assert_int_equal(f->owners_hidden, cases[i].hidden);
		assert_int_equal(!!(story_find(f, 1)->flags & SOCK_HIDDEN), cases[i].hidden);
		story_end(&st);
	}
}

/* Where the frame before did not ask for owners, this one looks for them for the first time. */
static void a_file_is_not_hidden_at_the_first_look(void **state)
{
	struct story st;
	const struct frame *f;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conn(&st, 1, "ESTAB", "pid=7");
	story_sample(&st);
	story_frame(&st, 1)->owners_known = false;
	conn(&st, 1, "ESTAB", "inode=5");
	story_sample(&st);
	for (unsigned look = 0; look < 2; look++) {
		story_frame(&st, 2 + look);
		conn(&st, 1, "ESTAB", "inode=5");
		f = story_sample(&st)->frame;
		assert_int_equal(f->owners_hidden, look);
		assert_int_equal(!!(story_find(f, 1)->flags & SOCK_HIDDEN), look);
	}
	story_end(&st);
}

/* A new socket without an owner was closed meanwhile, unless it is another's that we may not see. */
static void new_files_without_owner_are_hidden_where_we_may_not_look(void **state)
{
	static const struct {
		uint32_t seer_uid, procs_hidden, hidden;
	} cases[] = {
		{ 1000, 3, 1 },         /* another user's, and some processes cannot be read */
		{ 1000, 0, 0 },         /* all could be read */
		{ 33, 3, 0 },           /* our own */
		{ PROC_UNKNOWN, 3, 0 }, /* root */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (unsigned first = 0; first <= 1; first++) {
			struct story st;
			const struct frame *f;

			story_begin(&st, 0);
			if (!first) {
				story_frame(&st, 0);
				story_sample(&st);
			}
			story_frame(&st, 1)->seer_uid = cases[i].seer_uid;
			st.frame->procs_hidden = cases[i].procs_hidden;
			conn(&st, 1, "ESTAB", "inode=5 uid=33");
			conn(&st, 2, "ESTAB", "");
			conn(&st, 3, "ESTAB", "pid=7");
			f = story_sample(&st)->frame;
			assert_int_equal(f->owners_hidden, cases[i].hidden);
			assert_int_equal(
				!!(story_find(f, 1)->flags & SOCK_HIDDEN), cases[i].hidden);
			story_end(&st);
		}
	}
}

/* A socket that was closed between the dump and the search for its owner still has that of the
 * frame before. */
static void an_owner_bridges_a_gap(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	conn(&st, 1, "ESTAB", "pid=7 inode=5");
	story_sample(&st);
	story_frame(&st, 1);
	conn(&st, 1, "ESTAB", "inode=5");
	s = story_sample(&st);
	assert_string_equal(owners(s, 1), "process=p7, owners=1");
	assert_int_equal(s->frame->owners_hidden, 0);
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_frame_has_nothing_to_compare_with),
		cmocka_unit_test(sockets_are_kept_opened_and_closed),
		cmocka_unit_test(empty_frames_are_compared_too),
		cmocka_unit_test(sockets_of_the_first_frame_are_at_least_that_old),
		cmocka_unit_test(a_preliminary_frame_is_not_compared_with),
		cmocka_unit_test(a_socket_missed_once_keeps_its_age),
		cmocka_unit_test(a_socket_missed_twice_is_new),
		cmocka_unit_test(the_time_in_close_wait_goes_on),
		cmocka_unit_test(a_time_in_close_wait_is_not_invented),
		cmocka_unit_test(lingering_sockets_keep_their_owner),
		cmocka_unit_test(all_owners_are_remembered),
		cmocka_unit_test(owners_are_not_made_up),
		cmocka_unit_test(hidden_owners_are_told_from_closed_files),
		cmocka_unit_test(a_file_is_not_hidden_at_the_first_look),
		cmocka_unit_test(new_files_without_owner_are_hidden_where_we_may_not_look),
		cmocka_unit_test(an_owner_bridges_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
