/* leaks: CLOSE-WAIT per process: why, since when, how fast it grows, and when the descriptors run
 * out. */
#include "lib/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/pile.h"

/* `count` sockets in CLOSE-WAIT, numbered from `from`. */
static void waiting(struct story *st, unsigned from, unsigned count, const char *words)
{
	for (unsigned i = from; i < from + count; i++)
		story_sock(st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.%u.%u:5000 cookie=%u %s", i / 250,
			i % 250 + 1, i + 1, words);
}

static void no_close_wait_is_no_row(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:5000 pid=7");
	assert_int_equal(story_sample(&st)->leak_count, 0);
	story_end(&st);
}

static void the_receive_queue_tells_the_cause(void **state)
{
	static const struct {
		unsigned unread, eof_unread, not_closed;
		const char *why;
	} cases[] = {
		{ 5, 1, 1, "unread" },
		{ 1, 5, 1, "eof unread" },
		{ 1, 1, 5, "not closed" },
		{ 0, 0, 1, "not closed" },
		{ 1, 0, 0, "unread" },
		{ 0, 1, 0, "eof unread" },
		/* Of equals the one that is nearer to a leak. */
		{ 2, 2, 2, "not closed" },
		{ 2, 2, 1, "eof unread" },
		{ 2, 1, 2, "not closed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char expected[96];
		struct story st;

		story_begin(&st, 10);
		story_frame(&st, 0);
		for (unsigned n = 0; n < cases[i].unread; n++)
			waiting(&st, n, 1, n % 2 ? "recv_q=2 pid=7" : "recv_q=70000 pid=7");
		waiting(&st, 10, cases[i].eof_unread, "recv_q=1 pid=7");
		waiting(&st, 20, cases[i].not_closed, "recv_q=0 pid=7");
		snprintf(expected, sizeof expected,
			"close_wait=%u, unread=%u, eof_unread=%u, not_closed=%u, why=%s",
			cases[i].unread + cases[i].eof_unread + cases[i].not_closed,
			cases[i].unread, cases[i].eof_unread, cases[i].not_closed, cases[i].why);
		assert_row(story_sample(&st), "leaks", "pid=7", expected);
		story_end(&st);
	}
}

static void the_oldest_age_is_told(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	waiting(&st, 0, 2, "waits=10 pid=7");
	waiting(&st, 2, 1, "waits=842 pid=7");
	waiting(&st, 3, 3, "pid=7");
	waiting(&st, 6, 3, "pid=8");
	story_sample(&st);
	assert_row(st.sample, "leaks", "pid=7", "oldest=14m02s");
	assert_row(st.sample, "leaks", "pid=8", "oldest=-");
	story_end(&st);
}

/* ---- Growth ---------------------------------------------------------------------------------- */

/* Five new ones a second that nobody closes, on top of a hundred that were there. */
static void a_leak_grows(void **state)
{
	struct story st;
	const struct sample *s = NULL;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 30; at += 2) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "java", .fds = 200 + 5 * at, .fd_limit = 1024);
		waiting(&st, 0, 100 + 5 * at, "pid=7");
		s = story_sample(&st);
		if (at == 0)
			assert_row(s, "leaks", "pid=7",
				"growth=-, in_rate=-, out_rate=-, exhaustion=-");
		else
			assert_row(s, "leaks", "pid=7", "growth=+5.0, in_rate=5.0, out_rate=0");
		assert_real(s->window_s, at < 10 ? at : 10);
	}
	/* (1024 - 350) / 5 */
	assert_row(s, "leaks", "pid=7", "close_wait=250, fds=350, fd_limit=1024, exhaustion=2m14s");
	story_end(&st);
}

/* A process that is found with many, in a search that takes some samples, does not grow. */
static void what_the_search_for_owners_brings_is_no_growth(void **state)
{
	struct story st;
	const struct sample *s = NULL;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 8; at += 2) {
		unsigned found = at < 4 ? 50 * at : 100;

		story_frame(&st, at)->owners_percent = at < 4 ? 50 : 100;
		story_proc(&st, .pid = 7, .name = "java", .fds = 200, .fd_limit = 1024,
			.partial = at < 4);
		waiting(&st, 0, found, "pid=7");
		waiting(&st, found, 100 - found, "inode=1");
		s = story_sample(&st);
		if (at < 4)
			assert_row(s, "leaks", at ? "pid=7" : "process=(resolving)",
				"close_wait=100, growth=-, in_rate=-, exhaustion=-");
		else
			assert_row(s, "leaks", "pid=7",
				at == 4 ? "close_wait=100, growth=-, in_rate=-"
					: "close_wait=100, growth=0, in_rate=0, exhaustion=-");
	}
	story_end(&st);
}

/* As many come as go: busy, and no leak. */
static void a_busy_server_does_not_grow(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 12; at++) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "nginx", .fds = 200, .fd_limit = 1024);
		waiting(&st, 8 * at, 40, "pid=7");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7",
		"close_wait=40, growth=0, in_rate=8.0, out_rate=8.0, exhaustion=-");
	story_end(&st);
}

static void what_shrinks_does_not_run_out(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 5; at++) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "nginx", .fds = 200, .fd_limit = 1024);
		waiting(&st, 3 * at, 40 - 3 * at, "pid=7");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7",
		"close_wait=25, growth=-3.0, in_rate=0, out_rate=3.0, exhaustion=-");
	story_end(&st);
}

static void the_first_leaked_sockets_are_growth(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:5000 pid=7");
	story_sample(&st);
	story_frame(&st, 2);
	waiting(&st, 0, 8, "pid=7");
	story_sample(&st);
	assert_row(st.sample, "leaks", "pid=7", "growth=+4.0, in_rate=4.0, out_rate=0");
	assert_int_equal(st.sample->leaks[0].trend.count, 2);
	assert_int_equal(st.sample->leaks[0].trend.values[0], 0);
	assert_int_equal(st.sample->leaks[0].trend.values[1], 8);
	story_end(&st);
}

/* A process that had none for a while begins anew. */
static void growth_forgets_what_was_closed(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 100);
	story_frame(&st, 0);
	waiting(&st, 0, 50, "pid=7");
	story_sample(&st);
	story_frame(&st, 2);
	assert_int_equal(story_sample(&st)->leak_count, 0);
	story_frame(&st, 4);
	waiting(&st, 100, 10, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7", "growth=+5.0, in_rate=5.0");
	story_end(&st);
}

/* Seen first by a sample without owners: its sockets have not entered CLOSE-WAIT since. */
static void sockets_that_were_there_have_not_entered(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0)->owners_known = false;
	waiting(&st, 0, 50, "inode=3");
	story_sample(&st);
	story_frame(&st, 2);
	waiting(&st, 0, 50, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7", "growth=-, in_rate=-, out_rate=-");
	story_frame(&st, 4);
	waiting(&st, 0, 50, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7", "growth=0, in_rate=0, out_rate=0");
	story_end(&st);
}

/* Nobody looked for a while, and no owners were asked for: what changed meanwhile is not growth
 * since the sample after it. */
static void growth_begins_anew_after_a_gap(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 100);
	story_frame(&st, 0);
	waiting(&st, 0, 10, "pid=7");
	story_sample(&st);
	story_frame(&st, 2);
	waiting(&st, 0, 14, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7", "growth=+2.0");
	story_frame(&st, 4)->owners_known = false;
	waiting(&st, 0, 20, "inode=3");
	assert_int_equal(story_sample(&st)->leak_count, 0);
	story_frame(&st, 6);
	waiting(&st, 0, 50, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7",
		"close_wait=50, growth=-, in_rate=-, out_rate=-, exhaustion=-");
	assert_int_equal(st.sample->leaks[0].trend.count, 1);
	story_frame(&st, 8);
	waiting(&st, 0, 52, "pid=7");
	assert_row(story_sample(&st), "leaks", "pid=7", "growth=+1.0, in_rate=1.0, out_rate=0");
	assert_real(st.sample->window_s, 2);
	story_end(&st);
}

static void rates_are_never_negative(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	waiting(&st, 0, 30, "");
	waiting(&st, 30, 1, "pid=7");
	story_sample(&st);
	/* Accepted at last, by a process that has not closed them either. */
	story_frame(&st, 2);
	waiting(&st, 0, 31, "pid=7");
	story_sample(&st);
	assert_row(st.sample, "leaks", "pid=7", "growth=+15.0, out_rate=0");
	assert_true(st.sample->leaks[0].in_rate >= 0);
	story_end(&st);
}

static void a_short_window_still_spans_three_samples(void **state)
{
	/* One sample in three has 6 more. */
	static const unsigned counts[] = { 0, 6, 6, 6, 12 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned at = 0; at < COUNT_OF(counts); at++) {
		story_frame(&st, at);
		waiting(&st, 0, 1 + counts[at], "pid=7");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7", "growth=+2.0");
	assert_real(st.sample->window_s, 3);
	story_end(&st);
}

/* Ten minutes at ten samples a second. */
static void a_long_window_is_remembered(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 600);
	for (unsigned n = 0; n <= 2400; n++) {
		story_frame(&st, n / 2.0);
		/* Nothing for the first half, then one in twenty seconds. */
		waiting(&st, 0, 1 + (n > 1200 ? (n - 1200) / 40 : 0), "pid=7");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7", "close_wait=31, growth=+0.05");
	assert_true(st.sample->window_s > 580 && st.sample->window_s <= 600);
	story_end(&st);
}

/* ---- Exhaustion ------------------------------------------------------------------------------ */

/* One every 0.2 s that stays: those of the first `at` seconds. */
static void leaking(struct story *st, unsigned at)
{
	for (unsigned i = 0; i < 5 * at; i++)
		story_sock(st,
			"tcp CLOSE-WAIT 10.0.0.1:80 10.9.%u.%u:5000 cookie=%u pid=7 waits=%g",
			i / 250, i % 250 + 1, i + 1, at - i / 5.0);
}

static void descriptors_run_out(void **state)
{
	static const struct {
		uint32_t fds, limit;
		const char *expected;
	} cases[] = {
		{ 900, 1000, "fd_percent=90.0%, exhaustion=20s" },
		{ 1000, 1000, "fd_percent=100%, exhaustion=0s" },
		{ 1200, 1000, "fd_percent=120%, exhaustion=0s" },
		{ 900, PROC_UNLIMITED, "fd_percent=-, exhaustion=-" },
		{ 900, PROC_UNKNOWN, "fd_percent=-, exhaustion=-" },
		{ PROC_UNKNOWN, 1000, "fd_percent=-, exhaustion=-" },
		{ 300, 1048576, "fd_percent=<0.1%, exhaustion=2d10h" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;

		story_begin(&st, 10);
		for (unsigned at = 18; at <= 20; at += 2) {
			story_frame(&st, at);
			story_proc(&st, .pid = 7, .name = "java", .fds = cases[i].fds,
				.fd_limit = cases[i].limit);
			leaking(&st, at);
			story_sample(&st);
		}
		assert_row(st.sample, "leaks", "pid=7", "verdict=leak?, growth=+5.0");
		assert_row(st.sample, "leaks", "pid=7", cases[i].expected);
		story_end(&st);
	}
}

/* Where CLOSE-WAIT is reset, the descriptors tell; where nothing leaks, they do not run out. */
static void growth_that_counts_for_running_out(void **state)
{
	static const struct {
		unsigned fds_rate;
		const char *expected;
	} cases[] = {
		{ 5, "verdict=leak?, growth=+5.0, exhaustion=2m00s" },
		{ 10, "verdict=leak?, growth=+10.0, exhaustion=1m00s" },
		{ 0, "verdict=leak?, growth=+5.0, exhaustion=2m00s" },
	};
	struct story st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		story_begin(&st, 60);
		for (unsigned at = 2; at <= 60; at += 2) {
			story_frame(&st, at);
			story_proc(&st, .pid = 7, .name = "java",
				.fds = 1000 - (60 - at) * cases[i].fds_rate, .fd_limit = 1600);
			leaking(&st, at);
			story_sample(&st);
		}
		assert_row(st.sample, "leaks", "pid=7", cases[i].expected);
		story_end(&st);
	}
	story_begin(&st, 60);
	for (unsigned at = 0; at <= 60; at += 2) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "java", .fds = 900 + at, .fd_limit = 1000);
		waiting(&st, 0, at < 30 ? 1 : 50, at < 30 ? "waits=3 pid=7" : "waits=1 pid=7");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7", "verdict=stuck?, exhaustion=-");
	story_end(&st);
}

/* ---- Other piles ----------------------------------------------------------------------------- */

/* Ten a second or so that stay for ever, of each kind, after half a minute. */
static void all_kinds_pile_up(void **state)
{
	static const struct {
		const char *pile, *state, *words;
		unsigned seconds;
	} cases[] = {
		{ "FIN-WAIT-2", "FIN-WAIT-2", "", 90 },
		{ "LAST-ACK", "LAST-ACK", "", 160 },
		{ "SYN-SENT", "SYN-SENT", "", 30 },
		{ "RECV-Q", "ESTAB", "recv_q=9", 30 },
		{ "SEND-Q", "ESTAB", "send_q=9 timer=4", 30 },
		{ "SEND-Q", "ESTAB", "send_q=9 timer=1 retrans=2", 30 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char where[32];
		struct story st;

		snprintf(where, sizeof where, "pile=%s", cases[i].pile);
		story_begin(&st, 60);
		for (unsigned at = 0; at <= cases[i].seconds; at += 2) {
			story_frame(&st, at);
			story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:5000 pid=7");
			for (unsigned n = 0; n < 2 * at; n++)
				story_sock(&st,
					"tcp %s 10.0.0.1:80 10.9.%u.%u:5000 cookie=%u pid=7 %s",
					cases[i].state, n / 250, n % 250 + 1, n + 1,
					cases[i].words);
			story_sample(&st);
			if (at < 3)
				assert_string_equal(
					row_text(st.sample, "leaks", where, "count"), "no row");
		}
		assert_row(st.sample, "leaks", where,
			"pid=7, verdict=leak?, growth=+2.0, close_wait=-, why=-, preliminary=yes");
		story_end(&st);
	}
}

/* A queue that moves is read, or sent. */
static void queues_that_move_are_no_pile(void **state)
{
	static const struct {
		const char *words;
		unsigned first, step; /* of the queue, and what it shrinks by */
	} cases[] = {
		{ "timer=0 recv_q", 9000, 100 },
		{ "timer=4 send_q", 9000, 100 },
		{ "timer=1 send_q", 9000, 0 },
		{ "timer=0 recv_q", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;

		story_begin(&st, 60);
		for (unsigned at = 0; at <= 60; at += 2) {
			story_frame(&st, at);
			for (unsigned n = 0; n < 10; n++)
				story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:%u pid=7 %s=%u",
					5000 + n, cases[i].words,
					cases[i].first - at / 2 * cases[i].step);
			assert_int_equal(story_sample(&st)->leak_count, 0);
		}
		story_end(&st);
	}
}

/* The wait begins anew when a queue has moved. */
static void since_when_a_queue_stands_still(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 60);
	for (unsigned at = 0; at <= 40; at += 2) {
		story_frame(&st, at);
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:5000 pid=7 recv_q=%u",
			at < 20 ? 500 : 400);
		story_sample(&st);
		if (at == 12)
			assert_row(st.sample, "leaks", "pid=7",
				"pile=RECV-Q, verdict=stuck?, oldest=>12s, bytes=500");
		if (at == 20)
			assert_int_equal(st.sample->leak_count, 0);
		if (at <= 20)
			continue;
		/* It moves, if late. */
		assert_int_equal(st.sample->leak_shown, 0);
		assert_int_equal(st.sample->leaks[0].verdict, VERDICT_SLOW);
		assert_real(st.sample->leaks[0].oldest, at - 20);
	}
	assert_int_equal(st.sample->leaks[0].pile, PILE_RECV_Q);
	assert_int_equal(st.sample->leaks[0].bytes, 400);
	story_end(&st);
}

/* What the first sample saw is seen to stand still in the second: that is no growth. */
static void queues_that_were_there_have_not_grown(void **state)
{
	const struct leak_row *l;
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 6; at += 2) {
		story_frame(&st, at);
		for (unsigned n = 0; n < 5; n++)
			story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:%u pid=7 recv_q=500",
				5000 + n);
		story_sample(&st);
		if (at < 2)
			continue;
		l = &st.sample->leaks[0];
		assert_int_equal(l->count, 5);
		assert_real(l->growth, at == 2 ? (double)NAN : 0);
		assert_real(l->in_rate, at == 2 ? (double)NAN : 0);
	}
	story_end(&st);
}

/* The kernel knows when data last came or went: told in the first sample, of one queue. */
static void queues_stood_still_before_the_first_look(void **state)
{
	static const struct {
		const char *words;
		enum pile pile;
		int32_t since;
		uint8_t flags;
		double oldest;
		enum verdict verdict;
	} cases[] = {
		{ "recv_q=9", PILE_RECV_Q, -120, SOCK_WAIT_LONGER, 14, VERDICT_STUCK },
		{ "recv_q=9", PILE_RECV_Q, -120, 0, 2.0, VERDICT_OK },
		{ "send_q=9 timer=4", PILE_SEND_Q, -150, SOCK_WAIT_LONGER, 17, VERDICT_STUCK },
		{ "send_q=9 timer=4 recv_q=9", PILE_RECV_Q, -120, SOCK_WAIT_LONGER, 14,
			VERDICT_STUCK },
		{ "send_q=9 timer=4 recv_q=9", PILE_SEND_Q, -120, SOCK_WAIT_LONGER, 2.0,
			VERDICT_OK },
		/* Five timeouts: 0.2 + 0.4 + ... + 3.2 seconds. */
		{ "send_q=9 timer=1 retrans=5", PILE_SEND_Q, 0, 0, 6.2, VERDICT_OK },
		{ "send_q=9 timer=1 retrans=6", PILE_SEND_Q, 0, 0, 12.6, VERDICT_STUCK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct leak_row *l;
		struct story st;

		story_begin(&st, 10);
		for (unsigned at = 0; at <= 2; at += 2) {
			struct frame *f = story_frame(&st, at);
			uint32_t row = story_sock(
				&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:50 pid=7 %s", cases[i].words);

			if (at == 0) {
				f->socks[row].wait_since = cases[i].since;
				f->socks[row].flags |= cases[i].flags;
			}
			story_sample(&st);
		}
		l = st.sample->leaks;
		while (l->pile != cases[i].pile)
			assert_true(++l < st.sample->leaks + st.sample->leak_count);
		assert_real(l->oldest, cases[i].oldest);
		assert_true(l->oldest_at_least);
		assert_int_equal(l->verdict, cases[i].verdict);
		story_end(&st);
	}
}

/* A queue that is as long as before may have been refilled: a mark tells. */
static void a_mark_says_whether_a_queue_moves(void **state)
{
	static const struct {
		const char *words, *pile;
		int32_t since[8]; /* in seconds, in the samples at 2, 4, ...; -1 without a mark */
		double oldest;    /* in the last; NAN: it is not there */
	} cases[] = {
		{ "recv_q=9", "RECV-Q", { 2, 4, 6, 8, 10, 12, 14, 16 }, NAN },
		{ "recv_q=9", "RECV-Q", { 0, 0, 0, 0, 0, 0, 0, 0 }, 16 },
		{ "recv_q=9", "RECV-Q", { 0, 0, 6, 8, 8, 8, 8, 8 }, 8 },
		{ "recv_q=9", "RECV-Q", { 2, 4, 6, 8, 10, 12, 14, 14 }, 2 },
		{ "recv_q=9", "RECV-Q", { -1, -1, -1, -1, -1, -1, -1, -1 }, 16 },
		{ "send_q=9 timer=4", "SEND-Q", { 2, 4, 6, 8, 10, 12, 14, 16 }, NAN },
		{ "send_q=9 timer=4", "SEND-Q", { 2, 4, 4, 4, 4, 4, 4, 4 }, 12 },
		/* The mark is about one queue, the other one tells for itself. */
		{ "recv_q=9 send_q=9 timer=4", "SEND-Q", { 2, 4, 6, 8, 10, 12, 14, 16 }, 16 },
		{ "recv_q=9 send_q=9 timer=4", "RECV-Q", { 2, 4, 6, 8, 10, 12, 14, 16 }, NAN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		double oldest = NAN;
		struct story st;

		story_begin(&st, 10);
		for (unsigned at = 0; at <= 16; at += 2) {
			struct frame *f = story_frame(&st, at);
			uint32_t row = story_sock(
				&st, "tcp ESTAB 10.0.0.1:80 10.9.9.9:50 pid=7 %s", cases[i].words);
			int32_t since = at ? cases[i].since[at / 2 - 1] : -1;

			if (since >= 0) {
				f->socks[row].wait_since = since * 10;
				f->socks[row].flags |= SOCK_WAIT_LONGER;
			}
			story_sample(&st);
		}
		for (uint32_t n = 0; n < st.sample->leak_count; n++)
			if (st.sample->leaks[n].count &&
				!strcmp(pile_name(st.sample->leaks[n].pile), cases[i].pile))
				oldest = st.sample->leaks[n].oldest;
		assert_real(oldest, cases[i].oldest);
		story_end(&st);
	}
}

static void how_long_the_kernel_has_waited(void **state)
{
	static const struct {
		enum pile pile;
		uint8_t timer, retrans;
		double seconds;
	} cases[] = {
		{ PILE_LAST_ACK, 1, 0, 0 },
		{ PILE_LAST_ACK, 1, 1, 0.2 },
		{ PILE_LAST_ACK, 1, 3, 1.4 },
		{ PILE_SEND_Q, 1, 12, 819 },
		{ PILE_SEND_Q, 1, 255, 819 },
		{ PILE_SEND_Q, 4, 5, 0 },
		{ PILE_FIN_WAIT_2, 2, 5, 0 },
		{ PILE_SYN_SENT, 1, 0, 0 },
		{ PILE_SYN_SENT, 1, 4, 4 },
		{ PILE_SYN_SENT, 1, 255, 12 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sock s = { .retrans = cases[i].retrans };

		sock_set_timer(&s, cases[i].timer, 100);
		assert_real(pile_waited_s(cases[i].pile, &s), cases[i].seconds);
	}
}

/* ---- Reset by the kernel --------------------------------------------------------------------- */

/* A process of which nothing but descriptors is left keeps its row, its rate and its verdict. */
static void a_leak_goes_on_where_all_were_reset(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 60);
	for (unsigned at = 0; at <= 200; at += 2) {
		unsigned came = at / 10, reset = at < 100 ? 0 : at < 106 ? came - 2 : came;

		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "java", .fds = 50 + came, .fd_limit = 1024);
		for (unsigned n = 0; n < came; n++) {
			struct frame_reset r = { .cookie = n + 1,
				.wait_since = (int32_t)n * 100 + 100,
				.fd = 40 + n,
				.inode = n + 1 };

			if (n < reset)
				assert_int_equal(frame_add_reset(st.frame, &r), 0);
			else
				waiting(&st, n, 1, "pid=7");
		}
		story_sample(&st);
		if (at == 104)
			assert_row(st.sample, "leaks", "pid=7", "close_wait=2, reset=8");
		if (at >= 40)
			assert_row(st.sample, "leaks", "pid=7", "verdict=leak?, growth=+0.10");
	}
	assert_row(st.sample, "leaks", "pid=7",
		"close_wait=0, reset=20, count=0, peer=-, local=-, peer_count=-, oldest=-");
	story_end(&st);
}

static void what_is_as_usual_is_not_shown(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 60);
	for (unsigned at = 0; at <= 20; at += 2) {
		story_frame(&st, at);
		story_sock(&st, "tcp FIN-WAIT-2 10.0.0.1:80 10.9.0.1:5000 cookie=%u pid=7", at + 1);
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.1:6000 cookie=%u pid=7 waits=1",
			at + 100);
		story_sample(&st);
	}
	assert_int_equal(st.sample->leak_shown, 1);
	assert_int_equal(st.sample->leak_count, 2);
	assert_row(st.sample, "leaks", "pid=7", "pile=CLOSE-WAIT, verdict=ok, preliminary=no");
	assert_int_equal(st.sample->leaks[1].pile, PILE_FIN_WAIT_2);
	assert_int_equal(rowset_of(table_leaks.all, st.sample).count, 2);
	story_end(&st);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void the_busiest_ends_are_told(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 60);
	story_frame(&st, 0);
	/* A server: clients have ports of their own, most come from one host. */
	for (unsigned i = 0; i < 9; i++)
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.%u:%u pid=7", i < 6 ? 1 : i,
			5000 + i);
	/* A client of one service, and of another. */
	for (unsigned i = 0; i < 9; i++)
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:%u 10.7.0.1:%u pid=8", 6000 + i,
			i < 5 ? 5432 : 443 + i);
	story_sock(&st, "tcp CLOSE-WAIT [fe80::1]%%eth0:80 [fe80::2]:700 pid=9");
	story_sample(&st);
	assert_row(st.sample, "leaks", "pid=7",
		"peer=10.9.0.1, peer_count=6, local=10.0.0.1:80, local_count=9");
	assert_row(st.sample, "leaks", "pid=8",
		"peer=10.7.0.1:5432, peer_count=9, local=10.0.0.1, local_count=9");
	assert_row(st.sample, "leaks", "pid=9",
		"peer=[fe80::2]:700, peer_count=1, local=[fe80::1]%eth0:80");
	story_end(&st);
}

/* ---- Rows without a process ------------------------------------------------------------------ */

static void sockets_that_nobody_accepted_have_a_row(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at <= 2; at += 2) {
		story_frame(&st, at)->seer_uid = 1000;
		st.frame->procs_hidden = 1;
		waiting(&st, 0, 10 + 2 * at, "recv_q=90");
		waiting(&st, 100, 3, "inode=9");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "process=(unowned)",
		"pid=-, close_wait=14, why=unaccepted, growth=+2.0, unread=14, fds=-, "
		"fd_percent=-, exhaustion=-");
	assert_row(st.sample, "leaks", "process=(hidden)",
		"close_wait=3, why=not closed, growth=0, exhaustion=-");
	assert_int_equal(st.sample->leak_count, 2);
	story_end(&st);
}

static void a_shared_socket_counts_for_each_process(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	waiting(&st, 0, 4, "pid=7 pid=7 pid=8");
	waiting(&st, 4, 1, "pid=8");
	story_sample(&st);
	assert_row(st.sample, "leaks", "pid=7", "close_wait=4");
	assert_row(st.sample, "leaks", "pid=8", "close_wait=5");
	story_end(&st);
}

/* Some sockets of a process that is known well are without an owner for a sample: it has not shrunk,
 * and does not jump afterwards. */
static void a_sample_without_all_owners_is_no_change(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned at = 0; at < 8; at++) {
		unsigned all = 100 + 20 * at, found = at == 5 ? all - 30 : all;
		const struct sample *s;

		story_frame(&st, at)->owners_percent = at == 5 ? 92 : 100;
		story_proc(&st, .pid = 7, .name = "java", .fds = 500, .fd_limit = 9000);
		waiting(&st, 0, found, "pid=7");
		waiting(&st, found, all - found, "inode=1");
		s = story_sample(&st);
		if (at == 5)
			assert_row(s, "leaks", "pid=7", "growth=-, in_rate=-, exhaustion=-");
		else if (at > 1)
			assert_row(s, "leaks", "pid=7", "growth=+20.0");
		if (at == 5 || at == 6)
			assert_row(s, "procs", "pid=7", "delta=-, opened_rate=-");
		else if (at > 1)
			assert_row(s, "procs", "pid=7", "delta=+20");
	}
	story_end(&st);
}

/* A command looks for three seconds. The sockets that leaked before it looked tell by their ages,
 * and the others leave too soon to be like them. */
static void ages_tell_of_a_leak_beside_busy_traffic(void **state)
{
	struct story st;
	char waits[48];

	(void)state;
	story_begin(&st, 3);
	for (unsigned at = 0; at <= 3; at++) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "java", .fds = 100 + 2 * at, .fd_limit = 1024);
		for (unsigned i = 0; i < 30 + 2 * at; i++) {
			snprintf(waits, sizeof waits, "pid=7 waits=%g", 15 - i * 0.5 + at);
			waiting(&st, i, 1, waits);
		}
		waiting(&st, 1000 + 100 * at, 50, "pid=7 waits=0.3");
		story_sample(&st);
	}
	assert_row(st.sample, "leaks", "pid=7", "verdict=leak?, growth=+2.0");
	story_end(&st);
}

/* A proxy holds a second socket for each connection that it leaks. */
static void descriptors_run_out_as_fast_as_all_of_them_grow(void **state)
{
	struct story st;
	char waits[48];

	(void)state;
	story_begin(&st, 60);
	for (unsigned at = 0; at <= 60; at += 2) {
		story_frame(&st, at);
		story_proc(&st, .pid = 7, .name = "haproxy", .fds = 100 + 4 * at, .fd_limit = 1000);
		for (unsigned i = 0; i < 2 * at; i++) {
			snprintf(waits, sizeof waits, "pid=7 waits=%g", at - i / 2.0);
			waiting(&st, i, 1, waits);
			story_sock(&st, "tcp FIN-WAIT-2 10.0.0.1:%u 10.8.0.1:90 cookie=%u pid=7",
				40000 + i, 20000 + i);
		}
		story_sample(&st);
	}
	/* 660 are left, at 4 a second. */
	assert_row(st.sample, "leaks", "pile=CLOSE-WAIT",
		"verdict=leak?, growth=+2.0, exhaustion=2m45s");
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_tell_of_a_leak_beside_busy_traffic),
		cmocka_unit_test(descriptors_run_out_as_fast_as_all_of_them_grow),
		cmocka_unit_test(a_sample_without_all_owners_is_no_change),
		cmocka_unit_test(no_close_wait_is_no_row),
		cmocka_unit_test(the_receive_queue_tells_the_cause),
		cmocka_unit_test(the_oldest_age_is_told),
		cmocka_unit_test(a_leak_grows),
		cmocka_unit_test(what_the_search_for_owners_brings_is_no_growth),
		cmocka_unit_test(a_busy_server_does_not_grow),
		cmocka_unit_test(what_shrinks_does_not_run_out),
		cmocka_unit_test(the_first_leaked_sockets_are_growth),
		cmocka_unit_test(growth_forgets_what_was_closed),
		cmocka_unit_test(sockets_that_were_there_have_not_entered),
		cmocka_unit_test(growth_begins_anew_after_a_gap),
		cmocka_unit_test(rates_are_never_negative),
		cmocka_unit_test(a_short_window_still_spans_three_samples),
		cmocka_unit_test(a_long_window_is_remembered),
		cmocka_unit_test(descriptors_run_out),
		cmocka_unit_test(growth_that_counts_for_running_out),
		cmocka_unit_test(all_kinds_pile_up),
		cmocka_unit_test(queues_that_move_are_no_pile),
		cmocka_unit_test(since_when_a_queue_stands_still),
		cmocka_unit_test(queues_that_were_there_have_not_grown),
		cmocka_unit_test(queues_stood_still_before_the_first_look),
		cmocka_unit_test(a_mark_says_whether_a_queue_moves),
		cmocka_unit_test(how_long_the_kernel_has_waited),
		cmocka_unit_test(a_leak_goes_on_where_all_were_reset),
		cmocka_unit_test(what_is_as_usual_is_not_shown),
		cmocka_unit_test(the_busiest_ends_are_told),
		cmocka_unit_test(sockets_that_nobody_accepted_have_a_row),
		cmocka_unit_test(a_shared_socket_counts_for_each_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
