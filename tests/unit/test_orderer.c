/* orderer: what is wished is made, what is not wished any more is not, and nothing is freed that
 * somebody keeps. A field whose values wait for the test stands for a table that takes long. */
#include "lib/fixture.h"

#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/orderer.h"

#define PATIENCE_MS 10000

static sem_t begun, gate;

static void wait_at_the_gate(void)
{
	sem_post(&begun);
	sem_wait(&gate);
}

/* The first row says that it has begun, and waits until it may go on. */
static void get_slowly(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	if (row == 0)
		wait_at_the_gate();
	value_number(out, VALUE_COUNT, -(int64_t)row);
}

/* Where rows are told apart by more, once those of the part are there: the first value of all but
 * those waits. Far more rows than a part has, in two halves. */
#define HALF 100000

static void get_in_halves(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	value_number(out, VALUE_COUNT, row < HALF ? 0 : 1);
}

static void get_late(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	if (row == HALF)
		wait_at_the_gate();
	value_number(out, VALUE_COUNT, row);
}

static void get_quickly(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	value_number(out, VALUE_COUNT, row);
}

static uint32_t count(const struct sample *sample)
{
	return (uint32_t)sample->serial + 2;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	(void)rows;
	return row + 100;
}

static const struct field fields[] = {
	{ "slow", "S", "slow", VALUE_COUNT, .get = get_slowly },
	{ "quick", "Q", "quick", VALUE_COUNT, .get = get_quickly },
};
static const struct table table = {
	.name = "rows",
	.fields = fields,
	.field_count = COUNT_OF(fields),
	.count = count,
	.identity = identity,
};

static uint32_t count_many(const struct sample *sample)
{
	(void)sample;
	return 2 * HALF;
}

static const struct field half_fields[] = {
	{ "half", "H", "half", VALUE_COUNT, .get = get_in_halves },
	{ "late", "L", "late", VALUE_COUNT, .get = get_late },
};
static const struct table halves = {
	.name = "halves",
	.fields = half_fields,
	.field_count = COUNT_OF(half_fields),
	.then = "late",
	.count = count_many,
	.identity = identity,
};

/* Three samples, of 3, 4 and 5 rows. */
#define SAMPLES 3

struct stage {
	struct story story;
	struct sample *samples[SAMPLES];
	struct orderer *orderer;
};

static void begin(struct stage *s)
{
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&gate, 0, 0), 0);
	story_begin(&s->story, 0);
	for (unsigned i = 0; i < SAMPLES; i++) {
		story_frame(&s->story, i);
		s->samples[i] = sample_get(story_sample(&s->story));
	}
	assert_int_equal(orderer_start(&s->orderer), 0);
}

static void end(struct stage *s)
{
	orderer_stop(s->orderer);
	for (unsigned i = 0; i < SAMPLES; i++)
		sample_put(s->samples[i]);
	story_end(&s->story);
}

static void wish_first(
	struct stage *s, size_t pane, unsigned sample, unsigned field, bool part_first)
{
	struct pane_order w = {
		.table = &table,
		.sample = s->samples[sample],
		.key = { &fields[field], false },
		.cursor = 102,
		.part_first = part_first,
	};

	orderer_wish(s->orderer, pane, &w);
}

static void wish(struct stage *s, size_t pane, unsigned sample, unsigned field)
{
	wish_first(s, pane, sample, field, false);
}

static bool is_ready(struct stage *s, int patience_ms)
{
	struct pollfd p = { .fd = orderer_fd(s->orderer), .events = POLLIN };

	return poll(&p, 1, patience_ms) == 1;
}

/* The next order, or part of one, must be this one. */
static void expect_made(struct stage *s, size_t pane, unsigned sample, unsigned field, bool is_part)
{
	struct pane_order made;
	size_t which;

	do
		assert_true(is_ready(s, PATIENCE_MS));
	while (!orderer_take(s->orderer, &which, &made));
	assert_int_equal(which, pane);
	assert_int_equal(made.is_part, is_part);
	assert_ptr_equal(made.sample, s->samples[sample]);
	assert_ptr_equal(made.key.field, &fields[field]);
	assert_int_equal(made.error, 0);
	for (uint32_t i = 0, n = count(made.sample); i < n; i++)
		assert_int_equal(made.order[i], field == 0 ? n - 1 - i : i);
	assert_int_equal(made.order[made.place], 2);
	orderer_give(s->orderer, &made);
	assert_null(made.sample);
}

static void expect(struct stage *s, size_t pane, unsigned sample, unsigned field)
{
	expect_made(s, pane, sample, field, false);
}

static void nothing_is_there(struct stage *s)
{
	struct pane_order made;
	size_t pane;

	assert_false(orderer_take(s->orderer, &pane, &made));
}

/* ---- Wishes ---------------------------------------------------------------------------------- */

static void what_is_wished_is_made(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	nothing_is_there(&s);
	wish(&s, 2, 0, 1);
	expect(&s, 2, 0, 1);
	nothing_is_there(&s);
	/* The same once more. */
	wish(&s, 2, 0, 1);
	expect(&s, 2, 0, 1);
	end(&s);
}

static void a_newer_sample_waits_for_what_is_being_made(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	sem_wait(&begun);
	wish(&s, 0, 1, 0);
	wish(&s, 0, 2, 0);
	sem_post(&gate);
	expect(&s, 0, 0, 0);
	/* It was left to whoever wishes to say it again. */
	wish(&s, 0, 2, 0);
	sem_wait(&begun);
	sem_post(&gate);
	expect(&s, 0, 2, 0);
	nothing_is_there(&s);
	end(&s);
}

static void a_newer_wish_replaces_one_that_was_not_begun(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	sem_wait(&begun);
	wish(&s, 1, 0, 0);
	wish(&s, 1, 1, 0);
	wish(&s, 1, 2, 1);
	sem_post(&gate);
	expect(&s, 0, 0, 0);
	expect(&s, 1, 2, 1);
	nothing_is_there(&s);
	end(&s);
}

static void another_key_cancels_what_is_being_made(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	sem_wait(&begun);
	wish(&s, 0, 0, 1);
	sem_post(&gate);
	expect(&s, 0, 0, 1);
	nothing_is_there(&s);
	end(&s);
}

static void what_nobody_wishes_any_more_is_not_made(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	wish(&s, 1, 0, 1);
	sem_wait(&begun);
	orderer_wish(s.orderer, 0, NULL);
	orderer_wish(s.orderer, 1, NULL);
	wish(&s, 2, 1, 1);
	sem_post(&gate);
	expect(&s, 2, 1, 1);
	nothing_is_there(&s);
	/* It was wished no more, and is now again. */
	wish(&s, 0, 0, 1);
	expect(&s, 0, 0, 1);
	end(&s);
}

static void stopping_leaves_the_work(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	wish(&s, 1, 0, 0);
	sem_wait(&begun);
	/* For the second too, if it is begun before we are done. */
	sem_post(&gate);
	sem_post(&gate);
	end(&s);
	orderer_stop(NULL);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static void wish_halves(struct stage *s, size_t pane, bool descending)
{
	struct pane_order w = {
		.table = &halves,
		.sample = s->samples[0],
		.key = { &half_fields[0], descending },
		.part_first = true,
	};

	orderer_wish(s->orderer, pane, &w);
}

/* Waits for the part of the first half; answers the order of it, for the caller. */
static struct pane_order expect_half(struct stage *s)
{
	struct pane_order made;
	size_t which;

	do
		assert_true(is_ready(s, PATIENCE_MS));
	while (!orderer_take(s->orderer, &which, &made));
	assert_int_equal(made.error, 0);
	for (uint32_t i = made.from; i < made.to; i++)
		assert_int_equal(made.order[i - made.from], i);
	return made;
}

static void a_part_is_there_before_the_rest_is_made(void **state)
{
	struct pane_order made;
	struct stage s;

	(void)state;
	begin(&s);
	wish_halves(&s, 3, false);
	made = expect_half(&s);
	assert_true(made.is_part);
	assert_int_equal(made.to, PANE_PART);
	orderer_give(s.orderer, &made);
	/* The screen has it, and says again what it wishes: it comes. */
	wish_halves(&s, 3, false);
	sem_wait(&begun);
	nothing_is_there(&s);
	wish_halves(&s, 3, false);
	sem_post(&gate);
	made = expect_half(&s);
	assert_false(made.is_part);
	assert_int_equal(made.to, 2 * HALF);
	orderer_give(s.orderer, &made);
	nothing_is_there(&s);
	end(&s);
}

static void all_replace_a_part_that_nobody_took(void **state)
{
	struct pane_order made;
	struct stage s;

	(void)state;
	begin(&s);
	wish_halves(&s, 3, false);
	sem_wait(&begun);
	assert_true(is_ready(&s, 0));
	/* Made after it, so that both are there. */
	wish(&s, 4, 0, 1);
	sem_post(&gate);
	wish(&s, 2, 0, 0);
	sem_wait(&begun);
	made = expect_half(&s);
	assert_false(made.is_part);
	orderer_give(s.orderer, &made);
	sem_post(&gate);
	expect(&s, 2, 0, 0);
	expect(&s, 4, 0, 1);
	nothing_is_there(&s);
	end(&s);
}

static void a_part_that_is_not_wished_any_more_is_left(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish_halves(&s, 3, false);
	sem_wait(&begun);
	assert_true(is_ready(&s, 0));
	orderer_wish(s.orderer, 3, NULL);
	nothing_is_there(&s);
	sem_post(&gate);
	wish(&s, 1, 0, 1);
	expect(&s, 1, 0, 1);
	nothing_is_there(&s);
	end(&s);
}

static void a_pane_with_nothing_to_show_comes_first(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	sem_wait(&begun);
	wish(&s, 1, 0, 0);
	wish_first(&s, 4, 1, 0, true);
	sem_post(&gate);
	expect(&s, 0, 0, 0);
	/* That of the first is not begun before it. */
	sem_wait(&begun);
	assert_int_equal(sem_trywait(&begun), -1);
	sem_post(&gate);
	sem_wait(&begun);
	expect_made(&s, 4, 1, 0, false);
	sem_post(&gate);
	expect(&s, 1, 0, 0);
	nothing_is_there(&s);
	end(&s);
}

/* Two that were made before the first was taken: the descriptor tells of both. */
static void the_descriptor_tells_until_all_are_taken(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	wish(&s, 0, 0, 0);
	sem_wait(&begun);
	wish(&s, 1, 0, 1);
	wish(&s, 2, 0, 1);
	wish(&s, 3, 0, 0);
	sem_post(&gate);
	sem_wait(&begun);
	expect(&s, 0, 0, 0);
	assert_true(is_ready(&s, 0));
	expect(&s, 1, 0, 1);
	assert_true(is_ready(&s, 0));
	expect(&s, 2, 0, 1);
	nothing_is_there(&s);
	assert_false(is_ready(&s, 0));
	sem_post(&gate);
	expect(&s, 3, 0, 0);
	end(&s);
}

/* ---- Samples --------------------------------------------------------------------------------- */

static void a_sample_is_kept_until_nobody_else_does(void **state)
{
	struct stage s;
	struct sample *first;

	(void)state;
	begin(&s);
	first = s.samples[0];
	s.samples[0] = NULL;
	assert_true(sample_is_last(first));
	orderer_keep(s.orderer, first);
	assert_false(sample_is_last(first));
	/* Both threads have come by: it is still there. */
	orderer_tidy(s.orderer);
	wish(&s, 0, 1, 1);
	expect(&s, 0, 1, 1);
	assert_false(sample_is_last(first));
	sample_put(first);
	orderer_tidy(s.orderer);
	wish(&s, 0, 1, 1);
	expect(&s, 0, 1, 1);
	/* That it was freed, and once, is what the sanitizer watches. */
	for (unsigned i = 0; i < 100; i++)
		orderer_keep(s.orderer, s.samples[2]);
	end(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wished_is_made),
		cmocka_unit_test(a_newer_sample_waits_for_what_is_being_made),
		cmocka_unit_test(a_newer_wish_replaces_one_that_was_not_begun),
		cmocka_unit_test(another_key_cancels_what_is_being_made),
		cmocka_unit_test(what_nobody_wishes_any_more_is_not_made),
		cmocka_unit_test(stopping_leaves_the_work),
		cmocka_unit_test(a_part_is_there_before_the_rest_is_made),
		cmocka_unit_test(all_replace_a_part_that_nobody_took),
		cmocka_unit_test(a_part_that_is_not_wished_any_more_is_left),
		cmocka_unit_test(a_pane_with_nothing_to_show_comes_first),
		cmocka_unit_test(the_descriptor_tells_until_all_are_taken),
		cmocka_unit_test(a_sample_is_kept_until_nobody_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
