/* feed_source: when a source is asked for samples, and for what. No threads, no clocks. */
#include "lib/fixture.h"
#include "lib/settings.h"

#include <errno.h>
#include <stdlib.h>

#include "sockdash/feed.h"
#include "sockdash/needs.h"

#define MSEC  INT64_C(1000000)
#define NEVER INT64_MAX

/* A source that notes what it is asked for. */
struct fake {
	struct source base;
	unsigned calls, closed;
	struct source_request asked;      /* the last request */
	const struct frame *prev, *given; /* the last frame to compare with, and the answer */
	int64_t mono_ns;
	int64_t cpu_ns; /* that a frame costs */
	int err;        /* what to answer instead */
};

static int fake_next(struct source *s, const struct source_request *request,
	const struct frame *prev, struct frame **out)
{
	struct fake *k = (struct fake *)s;
	struct frame *f;

	k->calls++;
	k->asked = *request;
	k->prev = prev;
	if (k->base.cancelled)
		return -ECANCELED;
	if (k->err)
		return k->err;
	f = frame_create();
	assert_non_null(f);
	f->mono_ns = k->mono_ns += 1000 * MSEC;
	f->cost_cpu_ns = k->cpu_ns;
	f->preliminary = request->preliminary;
	assert_int_equal(frame_compare(f, prev), 0);
	k->given = *out = f;
	return 0;
}

static void fake_close(struct source *s)
{
	((struct fake *)s)->closed++;
}

/* ---- A feed of it ---------------------------------------------------------------------------- */

struct scene {
	struct fake fake;
	struct feed *feed;
	struct feed_control c;
	int64_t now_ns;
	bool fresh;     /* there was a sample with the last take() */
	double least_s; /* of that sample */
};

static void scene_open(struct scene *e, unsigned needs, double interval_s)
{
	static const struct source_ops ops = { .next = fake_next, .close = fake_close };
	struct source_request request = { .protocols = 3, .ipv4 = true };

	*e = (struct scene){ .fake.base.ops = &ops, .now_ns = 7000 * MSEC };
	e->c.interval_s = interval_s;
	e->c.speed = 1;
	e->c.needs = needs;
	assert_int_equal(
		feed_open_source(&e->fake.base, &request, standard_settings(3), &e->feed), 0);
	assert_int_equal(e->feed->wait_fd, -1);
}

static void scene_close(struct scene *e)
{
	assert_int_equal(e->fake.closed, 0);
	feed_close(e->feed);
	assert_int_equal(e->fake.closed, 1);
}

static int64_t due(struct scene *e)
{
	return e->feed->ops->due(e->feed, &e->c, e->now_ns);
}

static int take(struct scene *e)
{
	struct sample *s = NULL;
	int err = e->feed->ops->take(e->feed, &e->c, e->now_ns, &s);

	e->c.now = false;
	e->fresh = s != NULL;
	if (s) {
		assert_ptr_equal(s->frame, e->fake.given);
		e->least_s = s->least_s;
		e->feed->cpu_ns += e->fake.cpu_ns;
	}
	sample_put(s);
	return err;
}

/* The first full sample. */
static void begin(struct scene *e, unsigned needs, double interval_s)
{
	scene_open(e, needs, interval_s);
	if (needs & NEED_OWNERS)
		assert_int_equal(take(e), 0);
	assert_int_equal(take(e), 0);
	assert_false(e->fake.asked.preliminary);
}

static void the_first_is_quick_where_owners_take_time(void **state)
{
	struct scene e;

	(void)state;
	scene_open(&e, NEED_ALL, 2);
	assert_int_equal(due(&e), e.now_ns);
	assert_int_equal(take(&e), 0);
	assert_true(e.fresh);
	assert_true(e.fake.asked.preliminary);
	assert_int_equal(
		e.fake.asked.needs, NEED_SOCKETS | NEED_DROPS | NEED_COUNTERS | NEED_ADDRESSES);
	assert_int_equal(e.fake.asked.protocols, 3);
	assert_true(e.fake.asked.ipv4 && !e.fake.asked.ipv6);
	/* The other one follows at once, and is compared with none. */
	e.now_ns += 80 * MSEC;
	assert_int_equal(due(&e), e.now_ns);
	assert_int_equal(take(&e), 0);
	assert_false(e.fake.asked.preliminary);
	assert_int_equal(e.fake.asked.needs, NEED_ALL);
	assert_null(e.fake.prev);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	scene_close(&e);
}

static void without_owners_none_is_quicker(void **state)
{
	struct scene e;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	assert_int_equal(take(&e), 0);
	assert_false(e.fake.asked.preliminary);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	scene_close(&e);
}

static void each_is_compared_with_the_one_before(void **state)
{
	const struct frame *before;
	struct scene e;

	(void)state;
	begin(&e, NEED_ALL, 2);
	for (unsigned i = 0; i < 3; i++) {
		before = e.fake.given;
		e.now_ns = due(&e);
		assert_int_equal(take(&e), 0);
		assert_ptr_equal(e.fake.prev, before);
	}
	scene_close(&e);
}

/* Whatever each of them takes. */
static void the_schedule_does_not_drift(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	begin(&e, NEED_SOCKETS, 0.3);
	begun = e.now_ns;
	for (int64_t i = 1; i <= 1000; i++) {
		assert_int_equal(due(&e), begun + i * 300 * MSEC);
		e.now_ns = due(&e) + i * 37 % 149 * MSEC;
		assert_int_equal(take(&e), 0);
		assert_true(e.fake.asked.interval_s == 0.3);
	}
	scene_close(&e);
}

static void it_begins_anew_where_it_was_left(void **state)
{
	struct scene e;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	/* Too late by more than half of the interval. */
	e.now_ns = due(&e) + 1001 * MSEC;
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	e.now_ns = due(&e) + 999 * MSEC;
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), e.now_ns - 999 * MSEC + 2000 * MSEC);
	scene_close(&e);
}

static void another_interval_counts_from_the_last_sample(void **state)
{
	struct scene e;
	int64_t last;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	last = e.now_ns;
	e.now_ns += 100 * MSEC;
	e.c.interval_s = 60;
	assert_int_equal(due(&e), last + 60000 * MSEC);
	e.c.interval_s = 0.1;
	assert_int_equal(due(&e), last + 100 * MSEC);
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), e.now_ns + 100 * MSEC);
	scene_close(&e);
}

static void a_pause_takes_none(void **state)
{
	struct scene e;

	(void)state;
	/* Not before there is one to look at. */
	scene_open(&e, NEED_ALL, 2);
	e.c.paused = true;
	assert_int_equal(due(&e), e.now_ns);
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), e.now_ns);
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), NEVER);
	e.now_ns += 100000 * MSEC;
	assert_int_equal(due(&e), NEVER);
	e.c.paused = false;
	assert_true(due(&e) <= e.now_ns);
	assert_int_equal(take(&e), 0);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	scene_close(&e);
}

static void a_sample_now_begins_the_schedule_anew(void **state)
{
	struct scene e;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	e.now_ns += 300 * MSEC;
	e.c.now = true;
	assert_true(feed_is_asked(&e.c));
	assert_int_equal(take(&e), 0);
	assert_true(e.fresh);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	/* Also while it is paused, which it stays. */
	e.c.paused = e.c.now = true;
	e.now_ns += 5000 * MSEC;
	assert_int_equal(take(&e), 0);
	assert_true(e.fresh);
	assert_int_equal(due(&e), NEVER);
	scene_close(&e);
}

static void what_fails_is_tried_again_in_its_turn(void **state)
{
	const struct frame *good;
	struct scene e;
	int64_t begun;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	begun = e.now_ns;
	good = e.fake.given;
	e.fake.err = -ENOBUFS;
	for (int64_t i = 1; i < 4; i++) {
		assert_int_equal(due(&e), begun + i * 2000 * MSEC);
		e.now_ns = due(&e);
		assert_int_equal(take(&e), -ENOBUFS);
		assert_false(e.fresh);
	}
	e.fake.err = 0;
	e.now_ns = due(&e);
	assert_int_equal(take(&e), 0);
	assert_ptr_equal(e.fake.prev, good);
	scene_close(&e);
}

static void also_the_first(void **state)
{
	struct scene e;

	(void)state;
	scene_open(&e, NEED_ALL, 2);
	e.fake.err = -EIO;
	assert_int_equal(take(&e), -EIO);
	assert_int_equal(due(&e), e.now_ns);
	assert_int_equal(take(&e), -EIO);
	assert_false(e.fake.asked.preliminary);
	assert_int_equal(due(&e), e.now_ns + 2000 * MSEC);
	e.fake.err = 0;
	e.now_ns = due(&e);
	assert_int_equal(take(&e), 0);
	assert_true(e.fresh);
	scene_close(&e);
}

static void who_does_not_want_to_wait_cancels(void **state)
{
	struct scene e;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	e.feed->ops->cancel(e.feed);
	assert_int_equal(take(&e), -ECANCELED);
	assert_false(e.fresh);
	scene_close(&e);
}

/* Steps and jumps are for recordings. */
static void it_is_at_no_place_of_a_recording(void **state)
{
	struct feed_position none = { 0 };
	struct scene e;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	assert_memory_equal(&e.feed->position, &none, sizeof none);
	scene_close(&e);
}

/* ---- What is looked at ----------------------------------------------------------------------- */

static void only_what_is_looked_at_is_asked_for(void **state)
{
	static const unsigned looks[] = { NEED_ALL, NEED_SOCKETS | NEED_COUNTERS,
		NEED_SOCKETS | NEED_OWNERS, NEED_SOCKETS, NEED_ALL };
	struct scene e;

	(void)state;
	begin(&e, NEED_ALL, 2);
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		e.now_ns = due(&e);
		e.c.needs = looks[i];
		assert_int_equal(take(&e), 0);
		assert_int_equal(e.fake.asked.needs, looks[i]);
		assert_false(e.fake.asked.preliminary);
	}
	scene_close(&e);
}

/* Who begins without owners has seen a picture: the first one with them is no first look. */
static void owners_that_are_wanted_later_come_whole(void **state)
{
	struct scene e;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	e.c.needs = NEED_ALL;
	e.c.now = true;
	assert_int_equal(take(&e), 0);
	assert_int_equal(e.fake.asked.needs, NEED_ALL);
	assert_false(e.fake.asked.preliminary);
	scene_close(&e);
}

/* ---- The CPU limit --------------------------------------------------------------------------- */

static void a_share_of_time_is_the_time_for_a_cost(void **state)
{
	static const struct {
		int64_t cpu_ns;
		double limit;
		int64_t least_ns;
	} cases[] = {
		{ 400 * MSEC, 10, 4000 * MSEC },
		{ 400 * MSEC, 100, 400 * MSEC },
		{ 400 * MSEC, 0.5, 80000 * MSEC },
		{ 0, 10, 0 },
		{ 400 * MSEC, 0, 0 },
		{ -1, 10, 0 },
		{ 100000 * MSEC, 0.1, 100000000 * MSEC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(feed_least_ns(cases[i].cpu_ns, cases[i].limit), cases[i].least_ns);
}

/* So much CPU time goes by. */
static void spend(struct scene *e, int64_t msec)
{
	e->feed->cpu_ns += msec * MSEC;
}

/* The next sample as the sampling thread takes it: it looks at the time after each wait. Answers
 * how long after the last one it begins, in milliseconds. */
static int64_t next(struct scene *e, int64_t begun_ns)
{
	int looks = 0;

	while (due(e) > e->now_ns) {
		e->now_ns = due(e);
		assert_true(++looks < 4);
	}
	assert_int_equal(take(e), 0);
	return (e->now_ns - begun_ns) / MSEC;
}

static void a_sample_that_costs_more_than_its_share_lasts_longer(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.feed->cpu_ns = 5000 * MSEC; /* whatever was before does not count */
	e.fake.cpu_ns = 400 * MSEC;
	assert_int_equal(take(&e), 0);
	assert_true(e.least_s == 4);
	begun = e.now_ns;
	e.now_ns += 450 * MSEC;
	assert_int_equal(due(&e), begun + 4000 * MSEC);
	assert_int_equal(next(&e, begun), 4000);
	/* The same again. */
	begun = e.now_ns;
	assert_true(e.least_s == 4);
	assert_int_equal(next(&e, begun), 4000);
	/* Cheap enough: as wished. */
	begun = e.now_ns;
	e.fake.cpu_ns = 20 * MSEC;
	assert_int_equal(next(&e, begun), 4000);
	assert_true(e.least_s == 0.2);
	begun = e.now_ns;
	assert_int_equal(next(&e, begun), 2000);
	scene_close(&e);
}

static void one_that_was_an_exception_puts_off_one_sample_only(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.cpu_ns = 3000 * MSEC;
	assert_int_equal(take(&e), 0);
	e.fake.cpu_ns = 50 * MSEC;
	begun = e.now_ns;
	assert_int_equal(next(&e, begun), 30000);
	for (int i = 0; i < 5; i++) {
		begun = e.now_ns;
		assert_int_equal(next(&e, begun), 2000);
	}
	scene_close(&e);
}

/* Drawing follows the sample, in another thread. It counts, once; what comes while we wait because
 * of it, our own looking at the clock included, does not put it off again. */
static void the_picture_costs_too(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.cpu_ns = 300 * MSEC;
	assert_int_equal(take(&e), 0);
	begun = e.now_ns;
	assert_int_equal(due(&e), begun + 3000 * MSEC);
	spend(&e, 100);
	e.now_ns = begun + 3000 * MSEC;
	assert_int_equal(due(&e), begun + 4000 * MSEC);
	spend(&e, 100);
	e.now_ns = begun + 3900 * MSEC;
	assert_int_equal(due(&e), begun + 4000 * MSEC);
	e.now_ns = begun + 4000 * MSEC;
	spend(&e, 100);
	assert_int_equal(due(&e), begun + 4000 * MSEC);
	assert_int_equal(take(&e), 0);
	/* It is expected to cost so much once more. */
	assert_true(e.least_s == 4);
	scene_close(&e);
}

static void a_sample_that_is_asked_for_does_not_wait(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.cpu_ns = 1000 * MSEC;
	assert_int_equal(take(&e), 0);
	e.now_ns += 1100 * MSEC;
	e.c.now = true;
	e.fake.cpu_ns = 500 * MSEC;
	assert_int_equal(take(&e), 0);
	assert_true(e.fresh);
	begun = e.now_ns;
	e.now_ns += 600 * MSEC;
	assert_int_equal(next(&e, begun), 5000);
	scene_close(&e);
}

static void a_wish_beyond_the_limit_is_kept(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.cpu_ns = 1000 * MSEC;
	assert_int_equal(take(&e), 0);
	begun = e.now_ns;
	e.c.interval_s = 60;
	assert_int_equal(next(&e, begun), 60000);
	/* And shorter again: as short as may be. */
	begun = e.now_ns;
	e.c.interval_s = 0.1;
	assert_int_equal(next(&e, begun), 10000);
	scene_close(&e);
}

/* After one that was put off by less than half of an interval the next does not hurry. */
static void what_was_put_off_is_not_caught_up_with(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	scene_open(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.cpu_ns = 250 * MSEC;
	assert_int_equal(take(&e), 0);
	begun = e.now_ns;
	e.fake.cpu_ns = 0;
	assert_int_equal(next(&e, begun), 2500);
	begun = e.now_ns;
	assert_int_equal(next(&e, begun), 2000);
	scene_close(&e);
}

static void the_limit_holds_for_samples_that_fail(void **state)
{
	struct scene e;
	int64_t begun;

	(void)state;
	begin(&e, NEED_SOCKETS, 2);
	e.c.cpu_limit = 10;
	e.fake.err = -ENOBUFS;
	e.now_ns = due(&e);
	assert_int_equal(take(&e), -ENOBUFS);
	begun = e.now_ns;
	spend(&e, 700);
	assert_int_equal(due(&e), begun + 7000 * MSEC);
	scene_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_quick_where_owners_take_time),
		cmocka_unit_test(without_owners_none_is_quicker),
		cmocka_unit_test(each_is_compared_with_the_one_before),
		cmocka_unit_test(the_schedule_does_not_drift),
		cmocka_unit_test(it_begins_anew_where_it_was_left),
		cmocka_unit_test(another_interval_counts_from_the_last_sample),
		cmocka_unit_test(a_pause_takes_none),
		cmocka_unit_test(a_sample_now_begins_the_schedule_anew),
		cmocka_unit_test(what_fails_is_tried_again_in_its_turn),
		cmocka_unit_test(also_the_first),
		cmocka_unit_test(who_does_not_want_to_wait_cancels),
		cmocka_unit_test(it_is_at_no_place_of_a_recording),
		cmocka_unit_test(only_what_is_looked_at_is_asked_for),
		cmocka_unit_test(owners_that_are_wanted_later_come_whole),
		cmocka_unit_test(a_share_of_time_is_the_time_for_a_cost),
		cmocka_unit_test(a_sample_that_costs_more_than_its_share_lasts_longer),
		cmocka_unit_test(one_that_was_an_exception_puts_off_one_sample_only),
		cmocka_unit_test(the_picture_costs_too),
		cmocka_unit_test(a_sample_that_is_asked_for_does_not_wait),
		cmocka_unit_test(a_wish_beyond_the_limit_is_kept),
		cmocka_unit_test(what_was_put_off_is_not_caught_up_with),
		cmocka_unit_test(the_limit_holds_for_samples_that_fail),
	};

	return cmocka_run_group_tests_name("feed_source", tests, NULL, NULL);
}
