/* ended: counts of connections that ended, with limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sockdash/ended.h"

static struct ended_row end_at(uint32_t n, uint16_t port, uint32_t count)
{
	struct ended_row r = { .port = port, .count = count };

	for (unsigned i = 0; i < 4; i++)
		r.address.bytes[i] = (uint8_t)(n >> 8 * i);
	return r;
}

static void add(struct ended *e, uint32_t n, uint16_t port, uint32_t count)
{
	struct ended_row r = end_at(n, port, count);

	ended_add(e, ENDED_LOCAL, &r);
}

static void counts_by_end(void **state)
{
	struct ended e = { 0 };
	struct ended_row scoped = end_at(1, 80, 3);

	(void)state;
	add(&e, 1, 80, 1);
	add(&e, 1, 80, 2);
	add(&e, 1, 81, 1);
	add(&e, 2, 80, 1);
	add(&e, 3, 80, 0);
	scoped.address.scope = 7;
	ended_add(&e, ENDED_LOCAL, &scoped);
	scoped.netns = 1;
	ended_add(&e, ENDED_LOCAL, &scoped);
	assert_int_equal(e.ends[ENDED_LOCAL].count, 5);
	assert_int_equal(e.ends[ENDED_LOCAL].rows[0].count, 3);
	assert_int_equal(e.ends[ENDED_LOCAL].rows[3].count, 3);
	assert_int_equal(e.ends[ENDED_REMOTE].count, 0);
	assert_false(e.at_least);
	ended_free(&e);
}

static void adds_another(void **state)
{
	struct ended e = { 0 }, more = { .at_least = true };

	(void)state;
	add(&e, 1, 80, 1);
	add(&more, 1, 80, 4);
	add(&more, 2, 80, 5);
	ended_add_all(&e, &more);
	assert_int_equal(e.ends[ENDED_LOCAL].count, 2);
	assert_int_equal(e.ends[ENDED_LOCAL].rows[0].count, 5);
	assert_int_equal(e.ends[ENDED_LOCAL].rows[1].count, 5);
	assert_true(e.at_least);
	ended_free(&more);
	ended_free(&e);
	assert_null(e.ends[ENDED_LOCAL].rows);
	assert_false(e.at_least);
}

static void says_that_more_are_lost(void **state)
{
	struct ended e = { 0 };

	(void)state;
	for (uint32_t n = 0; n < ENDED_ROWS_MAX; n++)
		add(&e, n, 80, 1);
	assert_false(e.at_least);
	add(&e, 5, 80, 1);
	assert_false(e.at_least);
	add(&e, ENDED_ROWS_MAX, 80, 1);
	assert_true(e.at_least);
	assert_int_equal(e.ends[ENDED_LOCAL].count, ENDED_ROWS_MAX);
	ended_free(&e);
}

static void stays_at_the_most(void **state)
{
	struct ended e = { 0 };

	(void)state;
	add(&e, 1, 80, UINT32_MAX);
	assert_false(e.at_least);
	add(&e, 1, 80, 2);
	assert_true(e.at_least);
	assert_int_equal(e.ends[ENDED_LOCAL].rows[0].count, UINT32_MAX);
	ended_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_end),
		cmocka_unit_test(adds_another),
		cmocka_unit_test(says_that_more_are_lost),
		cmocka_unit_test(stays_at_the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
