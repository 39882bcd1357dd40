/* Tables of descriptors, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sockdash/fd_table.h"

enum { MOST = 400 };

static void an_empty_table_has_nothing(void **state)
{
	struct fd_table t = { 0 };

	(void)state;
	assert_int_equal(fd_table_next_free(&t, 0), 0);
	assert_int_equal(fd_table_next_free(&t, 77), 77);
	assert_int_equal(fd_table_next_open(&t, 0), FD_NONE);
	assert_int_equal(fd_table_next_young(&t, 0), FD_NONE);
	assert_int_equal(fd_table_next_other(&t, 0), FD_NONE);
	assert_int_equal(fd_table_clear(&t, 5), 0);
	fd_table_release(&t, 5, 1);
	fd_table_mark_young(&t, 5, true);
	fd_table_doubt(&t);
	assert_int_equal(t.open, 0);
	fd_table_free(&t);
}

static void what_was_there_is_told(void **state)
{
	struct fd_table t = { 0 };
	uint32_t was;

	(void)state;
	assert_int_equal(fd_table_set(&t, 3, 100, &was), 0);
	assert_int_equal(was, 0);
	assert_int_equal(fd_table_set(&t, 3, 200, &was), 0);
	assert_int_equal(was, 100);
	assert_int_equal(fd_table_set(&t, 3, 0, &was), 0);
	assert_int_equal(was, 200);
	assert_int_equal(t.open, 1);
	assert_int_equal(fd_table_clear(&t, 3), 0);
	assert_int_equal(t.open, 0);
	fd_table_free(&t);
}

static void only_the_same_socket_is_released(void **state)
{
	struct fd_table t = { 0 };
	uint32_t was;

	(void)state;
	assert_int_equal(fd_table_set(&t, 70, 100, &was), 0);
	assert_int_equal(fd_table_set(&t, 71, 0, &was), 0);
	fd_table_release(&t, 70, 101);
	fd_table_release(&t, 71, 0);
	fd_table_release(&t, 6, 100);
	assert_int_equal(t.open, 2);
	fd_table_release(&t, 70, 100);
	assert_int_equal(t.open, 1);
	assert_int_equal(fd_table_next_open(&t, 0), 71);
	fd_table_free(&t);
}

static void high_numbers_have_room(void **state)
{
	static const uint32_t fds[] = { 1000000, 5, 1048575, 999999, 64, 0, 2147483646 };
	static const uint32_t sorted[] = { 0, 5, 64, 999999, 1000000, 1048575, 2147483646 };
	struct fd_table t = { 0 };
	uint32_t was, at = 0;

	(void)state;
	for (uint32_t i = 0; i < sizeof fds / sizeof *fds; i++)
		assert_int_equal(fd_table_set(&t, fds[i], fds[i] + 1, &was), 0);
	assert_true(t.count <= 7);
	for (uint32_t fd = fd_table_next_open(&t, 0); fd != FD_NONE;
		fd = fd_table_next_open(&t, fd + 1))
		assert_int_equal(fd, sorted[at++]);
	assert_int_equal(at, 7);
	assert_int_equal(fd_table_next_free(&t, 0), 1);
	assert_int_equal(fd_table_next_free(&t, 63), 63);
	assert_int_equal(fd_table_next_free(&t, 64), 65);
	assert_int_equal(fd_table_next_free(&t, 5000), 5000);
	assert_int_equal(fd_table_next_free(&t, 999999), 1000001);
	for (uint32_t i = 0; i < sizeof fds / sizeof *fds; i++)
		assert_int_equal(fd_table_clear(&t, fds[i]), fds[i] + 1);
	assert_int_equal(t.open, 0);
	fd_table_free(&t);
}

/* What no dump has shown is other, and young where that may be because it is too new. */
static void dumps_tell_the_end_of_what_they_show(void **state)
{
	struct fd_table t = { 0 };
	uint32_t was;

	(void)state;
	for (uint32_t fd = 0; fd < 6; fd++)
		assert_int_equal(fd_table_set(&t, fd, fd < 2 ? 0 : 100 + fd, &was), 0);
	fd_table_doubt(&t);
	assert_int_equal(t.young, 0); /* perhaps no socket of this process is ever in a dump */
	fd_table_mark_dumped(&t, &t.chunks[0], 3);
	assert_int_equal(fd_table_next_other(&t, 2), 2);
	assert_int_equal(fd_table_next_other(&t, 3), 4);
	fd_table_doubt(&t);
	assert_int_equal(t.young, 3);
	assert_int_equal(fd_table_next_young(&t, 0), 2);
	assert_int_equal(fd_table_next_young(&t, 3), 4);
	fd_table_mark_dumped(&t, &t.chunks[0], 4);
	fd_table_mark_young(&t, 2, false);
	assert_int_equal(t.young, 1);
	assert_int_equal(fd_table_clear(&t, 5), 105);
	assert_int_equal(t.young, 0);
	/* Another socket under the same number is in no dump yet. */
	assert_int_equal(fd_table_set(&t, 3, 300, &was), 0);
	assert_int_equal(fd_table_next_other(&t, 3), 3);
	fd_table_free(&t);
}

static uint32_t next_in(const int64_t *model, uint32_t from, int want_open)
{
	for (uint32_t fd = from; fd < MOST; fd++)
		if ((model[fd] >= 0) == want_open)
			return fd;
	return want_open ? FD_NONE : from > MOST ? from : MOST;
}

static void anything_done_in_any_order(void **state)
{
	struct fd_table t = { 0 };
	int64_t model[MOST];
	uint32_t seed = 1, open = 0, was;

	(void)state;
	for (uint32_t fd = 0; fd < MOST; fd++)
		model[fd] = -1;
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t fd, inode, from;

		seed = seed * 1664525 + 1013904223;
		fd = (seed >> 8) % MOST;
		from = (seed >> 12) % MOST;
		inode = (seed >> 20) % 3;
		if (seed >> 31) {
			assert_int_equal(fd_table_set(&t, fd, inode, &was), 0);
			assert_int_equal(was, model[fd] < 0 ? 0 : model[fd]);
			open += model[fd] < 0;
			model[fd] = inode;
		} else {
			assert_int_equal(fd_table_clear(&t, fd), model[fd] < 0 ? 0 : model[fd]);
			open -= model[fd] >= 0;
			model[fd] = -1;
		}
		assert_int_equal(t.open, open);
		assert_int_equal(fd_table_next_open(&t, from), next_in(model, from, 1));
		if (next_in(model, from, 0) < MOST)
			assert_int_equal(fd_table_next_free(&t, from), next_in(model, from, 0));
	}
	fd_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(what_was_there_is_told),
		cmocka_unit_test(only_the_same_socket_is_released),
		cmocka_unit_test(high_numbers_have_room),
		cmocka_unit_test(dumps_tell_the_end_of_what_they_show),
		cmocka_unit_test(anything_done_in_any_order),
	};

	return cmocka_run_group_tests_name("fd_table", tests, NULL, NULL);
}
