/* keysort: keys of every kind, in numbers around those where it goes another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sockdash/hash.h"
#include "sockdash/keysort.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static uint64_t any(uint32_t i)
{
	return hash_mix(i, 7);
}

static uint64_t all_equal(uint32_t i)
{
	(void)i;
	return UINT64_MAX;
}

static uint64_t rising(uint32_t i)
{
	return i;
}

static uint64_t falling(uint32_t i)
{
	return UINT64_MAX - i;
}

static uint64_t few(uint32_t i)
{
	return hash_mix(i, 1) % 3;
}

/* Most equal, a few that differ in the first and the last bit. */
static uint64_t rare(uint32_t i)
{
	return i % 97 == 0 ? UINT64_C(1) << 63 | (i & 1) : i % 89 == 0;
}

static uint64_t one_bit(uint32_t i)
{
	return UINT64_C(1) << hash_mix(i, 3) % 64;
}

/* Parted only by the lowest bits, far below the first that differs. */
static uint64_t sparse(uint32_t i)
{
	uint64_t key = hash_mix(i, 5);

	return (key & 1) << 63 | (key >> 1 & 1) << 31 | (key >> 2 & 3);
}

static uint64_t (*const kinds[])(
	uint32_t) = { any, all_equal, rising, falling, few, rare, one_bit, sparse };

static void every_kind_of_key_sorts(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 23, 24, 25, 26, 255, 1000, 20011 };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		for (size_t c = 0; c < COUNT_OF(counts); c++) {
			uint32_t n = counts[c];
			struct keyed *e = calloc(n + 1, sizeof *e);
			uint8_t *seen = calloc(n + 1, 1);

			assert_non_null(e);
			assert_non_null(seen);
			for (uint32_t i = 0; i < n; i++)
				e[i] = (struct keyed){ kinds[k](i), ~i, i };
			keysort(e, n, NULL);
			for (uint32_t i = 0; i < n; i++) {
				/* Each record once, whole, and none before a smaller one. */
				assert_true(e[i].row < n && !seen[e[i].row]);
				seen[e[i].row] = 1;
				assert_int_equal(e[i].tie, ~e[i].row);
				assert_true(e[i].key == kinds[k](e[i].row));
				assert_true(i == 0 || e[i - 1].key <= e[i].key);
			}
			free(seen);
			free(e);
		}
	}
}

static int compare_keys(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* The places asked for are right, no key is on both sides of a border, and the others are beyond. */
static void check_part(uint64_t (*kind)(uint32_t), uint32_t n, uint32_t from, uint32_t to)
{
	struct keysort_range part = { from, to };
	struct keyed *e = calloc(n, sizeof *e);
	uint64_t *sorted = calloc(n, sizeof *sorted);

	assert_non_null(e);
	assert_non_null(sorted);
	for (uint32_t i = 0; i < n; i++) {
		e[i] = (struct keyed){ kind(i), ~i, i };
		sorted[i] = e[i].key;
	}
	qsort(sorted, n, sizeof *sorted, compare_keys);
	keysort_part(e, n, &part, NULL);
	assert_true(part.from <= from && part.to >= to && part.to <= n);
	for (uint32_t i = part.from; i < part.to; i++)
		assert_true(e[i].key == sorted[i]);
	for (uint32_t i = 0; i < n; i++) {
		assert_true(i >= part.from || e[i].key < e[part.from].key);
		assert_true(i < part.to || e[i].key > e[part.to - 1].key);
	}
	keysort(e, n, NULL);
	for (uint32_t i = 0; i < n; i++)
		assert_true(e[i].key == sorted[i] && e[i].tie == ~e[i].row);
	free(sorted);
	free(e);
}

static void a_part_is_that_of_the_whole(void **state)
{
	static const uint32_t counts[] = { 1, 24, 25, 300, 20011 };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		for (size_t c = 0; c < COUNT_OF(counts); c++) {
			uint32_t n = counts[c];

			check_part(kinds[k], n, 0, 1);
			check_part(kinds[k], n, n - 1, n);
			check_part(kinds[k], n, n / 3, n / 3 + 1);
			check_part(kinds[k], n, n / 3, n / 2 + 1);
			check_part(kinds[k], n, 0, n);
		}
	}
}

static void cancelling_leaves_the_rest(void **state)
{
	enum { N = 20000 };
	struct keyed *e = calloc(N, sizeof *e);
	atomic_bool cancel = true;
	uint32_t wrong = 0;

	(void)state;
	assert_non_null(e);
	for (uint32_t i = 0; i < N; i++)
		e[i].key = any(i);
	keysort(e, N, &cancel);
	for (uint32_t i = 1; i < N; i++)
		wrong += e[i - 1].key > e[i].key;
	assert_true(wrong > 0);
	cancel = false;
	keysort(e, N, &cancel);
	for (uint32_t i = 1; i < N; i++)
		assert_true(e[i - 1].key <= e[i].key);
	free(e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_sorts),
		cmocka_unit_test(a_part_is_that_of_the_whole),
		cmocka_unit_test(cancelling_leaves_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
