/* Queues that stand still: which are asked for, and what two answers tell. No kernel is asked. */
#include "lib/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "sockdash/live_still.h"

enum { S = 10 }; /* a second, SOCK_TIME unit */

struct rounds {
	struct live_still still;
	struct frame *prev, *f;
};

/* The next frame, with connections of cookies 1 to `count`. */
static void begin(struct rounds *r, int second, unsigned count, const struct sock *like)
{
	static const uint8_t ends[2][16];

	frame_put(r->prev);
	r->prev = r->f;
	r->f = frame_create();
	assert_non_null(r->f);
	r->f->mono_ns = r->f->epoch_ns + second * INT64_C(1000000000);
	assert_int_equal(frame_add_netns(r->f, 1, ""), 0);
	for (unsigned i = 1; i <= count; i++) {
		struct sock s = *like;

		s.cookie = i;
		s.owner = SOCK_NONE;
		assert_int_equal(frame_intern_ends(r->f, ends[0], ends[1], 0, &s), 0);
		assert_int_equal(frame_add_sock(r->f, &s), 0);
	}
	assert_int_equal(frame_compare(r->f, r->prev), 0);
}

/* Data that `recv_q` bytes of are not read, or that the peer does not take. */
static struct sock queue(uint32_t recv_q, uint32_t send_q, unsigned timer)
{
	struct sock s = { .recv_q = recv_q, .send_q = send_q };

	sock_set_state(&s, SOCK_TCP, SOCK_ESTAB);
	sock_set_timer(&s, timer, 100);
	return s;
}

static struct diag_sock answer(const struct sock *s, uint64_t read, uint64_t acked)
{
	return (struct diag_sock){ .cookie = s->cookie,
		.state = SOCK_ESTAB,
		.recv_q = s->recv_q,
		.send_q = s->send_q,
		.timer = s->timer & SOCK_TIMER_MAX,
		.has_info = true,
		.info = { .bytes_received = (int64_t)(read + s->recv_q),
			.bytes_acked = (int64_t)acked,
			.last_data_recv_ms = 30000,
			.last_data_sent_ms = 40000 } };
}

/* One socket in one frame; its time, or SOCK_TIME_NONE without a mark. */
static int32_t look(struct rounds *r, int second, struct sock like, uint64_t read, uint64_t acked)
{
	struct diag_sock d;
	struct sock *s;

	begin(r, second, 1, &like);
	s = &r->f->socks[0];
	d = answer(s, read, acked);
	assert_int_equal(live_still_take(&r->still, r->prev, r->f, 0, &d), 0);
	live_still_end(&r->still);
	return s->flags & SOCK_WAIT_LONGER ? s->wait_since : SOCK_TIME_NONE;
}

static void end(struct rounds *r)
{
	live_still_free(&r->still);
	frame_put(r->prev);
	frame_put(r->f);
}

static uint32_t chosen(struct rounds *r, uint32_t *first)
{
	struct row_list list = { 0 };

	assert_int_equal(live_still_choose(&r->still, r->prev, r->f, &list), 0);
	*first = list.count ? list.rows[0] : SOCK_NONE;
	free(list.rows);
	return list.count;
}

static void what_is_read_moves_however_long_the_queue(void **state)
{
	struct rounds r = { 0 };

	(void)state;
	assert_int_equal(look(&r, 100, queue(50, 0, 0), 1000, 0), 70 * S);
	assert_int_equal(look(&r, 102, queue(50, 0, 0), 1000, 0), 70 * S);
	assert_int_equal(look(&r, 104, queue(90, 0, 0), 1000, 0), 70 * S);
	assert_int_equal(look(&r, 106, queue(90, 0, 0), 1001, 0), 106 * S);
	assert_int_equal(look(&r, 108, queue(90, 0, 0), 1001, 0), 106 * S);
	assert_int_equal(look(&r, 110, queue(99, 0, 0), 1100, 0), 110 * S);
	/* Numbers of two moments. */
	assert_int_equal(look(&r, 112, queue(99, 0, 0), 1090, 0), 110 * S);
	assert_int_equal(look(&r, 114, queue(99, 0, 0), 1100, 0), 110 * S);
	end(&r);
}

static void what_the_peer_takes_moves(void **state)
{
	struct rounds r = { 0 };

	(void)state;
	assert_int_equal(look(&r, 100, queue(0, 50, 4), 0, 1), 60 * S);
	assert_int_equal(look(&r, 102, queue(0, 50, 4), 9, 1), 60 * S);
	assert_int_equal(look(&r, 104, queue(0, 70, 4), 9, 2), 104 * S);
	assert_int_equal(look(&r, 106, queue(0, 70, 4), 9, 2), 104 * S);
	/* The other queue begins anew. */
	assert_int_equal(look(&r, 108, queue(5, 70, 4), 9, 2), 106 * S);
	end(&r);
}

/* Nothing but its queue is known of a socket that comes later. */
static void a_first_look_proves_little(void **state)
{
	struct rounds r = { 0 };
	struct sock none = queue(0, 0, 0), some = queue(50, 0, 0), less = queue(40, 0, 0);
	struct diag_sock d;

	(void)state;
	begin(&r, 100, 1, &none);
	begin(&r, 102, 1, &some);
	assert_int_equal(look(&r, 104, some, 1000, 0), 102 * S);
	end(&r);
	r = (struct rounds){ 0 };
	begin(&r, 102, 1, &some);
	assert_int_equal(look(&r, 104, less, 1000, 0), 104 * S);
	end(&r);
	/* Before Linux 4.1 nobody counts. */
	r = (struct rounds){ 0 };
	for (int i = 0; i < 2; i++) {
		begin(&r, 100 + i, 1, &some);
		d = answer(&r.f->socks[0], 0, 0);
		d.info.bytes_received = 0;
		assert_int_equal(live_still_take(&r.still, r.prev, r.f, 0, &d), 0);
		assert_int_equal(r.f->socks[0].flags, i ? 0 : SOCK_WAIT_LONGER);
		live_still_end(&r.still);
	}
	end(&r);
}

static void a_round_that_fails_is_not_one(void **state)
{
	struct rounds r = { 0 };
	struct sock some = queue(50, 0, 0);
	struct diag_sock d;

	(void)state;
	look(&r, 100, some, 1000, 0);
	begin(&r, 102, 1, &some);
	d = answer(&r.f->socks[0], 2000, 0);
	assert_int_equal(live_still_take(&r.still, r.prev, r.f, 0, &d), 0);
	live_still_undo(&r.still);
	assert_int_equal(look(&r, 104, some, 1000, 0), 70 * S);
	end(&r);
}

static void candidates_are_those_of_two_frames(void **state)
{
	static const struct {
		uint32_t recv_q, send_q;
		unsigned timer, retrans;
		bool may;
	} cases[] = {
		{ 1, 0, 0, 0, true },
		{ 0, 1, 0, 0, false },
		{ 0, 1, 1, 0, false },
		{ 0, 1, 1, 1, true },
		{ 0, 1, 4, 0, true },
		{ 0, 0, 4, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sock s = queue(cases[i].recv_q, cases[i].send_q, cases[i].timer),
			    none = queue(0, 0, 0);
		struct rounds r = { 0 };
		uint32_t first;

		s.retrans = (uint8_t)cases[i].retrans;
		begin(&r, 100, 1, &s);
		assert_int_equal(chosen(&r, &first), cases[i].may);
		begin(&r, 102, 1, &s);
		assert_int_equal(chosen(&r, &first), cases[i].may);
		begin(&r, 104, 1, &none);
		assert_int_equal(chosen(&r, &first), 0);
		begin(&r, 106, 1, &s);
		assert_int_equal(chosen(&r, &first), 0);
		end(&r);
	}
}

static void known_ones_come_first_and_others_while_there_is_room(void **state)
{
	struct sock some = queue(50, 0, 0);
	struct rounds r = { 0 };
	uint32_t first;

	(void)state;
	begin(&r, 100, 2 * LIVE_STILL_MOST, &some);
	assert_int_equal(chosen(&r, &first), 2 * LIVE_STILL_MOST);
	/* Of the last ones alone there is an answer, and room for so many. */
	for (uint32_t row = LIVE_STILL_MOST - 2; row < 2 * LIVE_STILL_MOST; row++) {
		struct diag_sock d = answer(&r.f->socks[row], 1, 0);

		assert_int_equal(live_still_take(&r.still, r.prev, r.f, row, &d), 0);
		assert_int_equal(r.f->socks[row].flags, SOCK_WAIT_LONGER);
	}
	live_still_end(&r.still);
	assert_int_equal(r.still.then.count, LIVE_STILL_MOST);
	begin(&r, 102, 2 * LIVE_STILL_MOST, &some);
	assert_int_equal(chosen(&r, &first), LIVE_STILL_MOST);
	assert_int_equal(first, LIVE_STILL_MOST - 2);
	/* Who is not told of is forgotten. */
	live_still_end(&r.still);
	assert_int_equal(r.still.then.count, 0);
	assert_int_equal(chosen(&r, &first), LIVE_STILL_MOST);
	assert_int_equal(first, 0);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_moves_however_long_the_queue),
		cmocka_unit_test(what_the_peer_takes_moves),
		cmocka_unit_test(a_first_look_proves_little),
		cmocka_unit_test(a_round_that_fails_is_not_one),
		cmocka_unit_test(candidates_are_those_of_two_frames),
		cmocka_unit_test(known_ones_come_first_and_others_while_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
