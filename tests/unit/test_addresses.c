/* Tables of addresses and the index of rows, both against plain searches; with tiny capacities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWINDEX_FIRST 1
#include "../../src/base/rowindex.c"
#include "../../src/model/addresses.c"

static void make_address(uint32_t n, uint8_t bytes[16])
{
	memset(bytes, 0, 16);
	/* Some differ in the first bytes only, some in the last. */
	memcpy(n % 2 ? bytes : bytes + 12, &n, sizeof n);
}

static void equal_addresses_have_equal_rows(void **state)
{
	enum { COUNT = 3000 };
	struct addresses *a = addresses_create();
	const struct address *first;
	uint8_t bytes[16];
	uint32_t row;

	(void)state;
	assert_int_equal(addresses_find(a, (const uint8_t[16]){ 0 }, 0), ROWINDEX_NONE);
	for (uint32_t n = 0; n < COUNT; n++) {
		make_address(n, bytes);
		assert_int_equal(addresses_find(a, bytes, n % 3), ROWINDEX_NONE);
		assert_int_equal(addresses_add(a, bytes, n % 3, &row), 0);
		assert_int_equal(row, n);
		if (n == 0)
			first = addresses_at(a, 0);
	}
	for (uint32_t n = 0; n < COUNT; n++) {
		make_address(n, bytes);
		assert_int_equal(addresses_add(a, bytes, n % 3, &row), 0);
		assert_int_equal(row, n);
		assert_int_equal(addresses_find(a, bytes, n % 3), n);
		assert_int_equal(addresses_find(a, bytes, 77), ROWINDEX_NONE);
		assert_memory_equal(addresses_at(a, n)->bytes, bytes, 16);
		assert_int_equal(addresses_at(a, n)->scope, n % 3);
	}
	assert_int_equal(a->count, COUNT);
	/* Who holds a row finds it in its place for ever. */
	assert_ptr_equal(addresses_at(a, 0), first);
	assert_ptr_equal(addresses_get(a), a);
	addresses_put(a);
	assert_int_equal(addresses_at(a, 5)->scope, 2);
	addresses_put(a);
	addresses_put(NULL);
}

static void rows_are_found_by_their_hash(void **state)
{
	struct rowindex x = { 0 };
	uint32_t at = rowindex_first(&x, 5);

	(void)state;
	assert_int_equal(rowindex_next(&x, 5, &at), ROWINDEX_NONE);
	assert_false(rowindex_has_room(&x, 0));
	for (uint32_t rows = 0; rows < 70; rows++) {
		assert_int_equal(rowindex_make(&x, rows), 0);
		for (uint32_t row = 0; row < rows; row++) {
			assert_true(rowindex_has_room(&x, row));
			rowindex_add(&x, hash_mix(row / 2, 0), row); /* two of each */
		}
		for (uint32_t row = 0; row < rows; row++) {
			uint32_t found, times = 0, steps = 0;

			at = rowindex_first(&x, hash_mix(row / 2, 0));
			for (; (found = rowindex_next(&x, hash_mix(row / 2, 0), &at)) !=
				ROWINDEX_NONE;
				steps++)
				times += found == row;
			assert_int_equal(times, 1);
			assert_true(steps <= rows);
		}
	}
	rowindex_free(&x);
	assert_int_equal(rowindex_make(&x, UINT32_MAX), -ENOMEM);
	at = rowindex_first(&x, 5);
	assert_int_equal(rowindex_next(&x, 5, &at), ROWINDEX_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_addresses_have_equal_rows),
		cmocka_unit_test(rows_are_found_by_their_hash),
	};

	return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
