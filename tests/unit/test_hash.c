/* hash against a model so simple that it is right: an array searched by counting. */
#include "sockdash/hash.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 100000 };

/* Families of keys as they come: inodes, pointers, ports in the upper bits, mixed ones. Each is
 * different for different i. */
static uint64_t key_plain(uint64_t i)
{
	return i;
}

static uint64_t key_aligned(uint64_t i)
{
	return i << 12;
}

static uint64_t key_high(uint64_t i)
{
	return i << 44;
}

static uint64_t key_down(uint64_t i)
{
	return UINT64_MAX - i;
}

static uint64_t key_mixed(uint64_t i)
{
	return hash_mix(7, i);
}

static uint64_t (*const families[])(uint64_t) = {
	key_plain,
	key_aligned,
	key_high,
	key_down,
	key_mixed,
};

static void an_empty_map_answers(void **state)
{
	struct hash h = { 0 };

	(void)state;
	assert_int_equal(hash_get(&h, 0), HASH_NONE);
	assert_int_equal(hash_get(&h, UINT64_MAX), HASH_NONE);
	hash_clear(&h);
	hash_free(&h);
	assert_int_equal(hash_reserve(&h, 0), 0);
	assert_int_equal(hash_get(&h, 0), HASH_NONE);
	hash_free(&h);
	assert_int_equal(h.slots, 0);
}

static void every_number_is_a_key(void **state)
{
	static const uint64_t keys[] = { 0, 1, UINT32_MAX, UINT64_MAX, UINT64_MAX - 1, 1ull << 63 };
	enum { N = sizeof(keys) / sizeof(*keys) };
	struct hash h = { 0 };

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(hash_get(&h, keys[i]), HASH_NONE);
		assert_int_equal(hash_put(&h, keys[i], i), 0);
		assert_int_equal(h.count, i + 1);
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(hash_get(&h, keys[i]), i);
	hash_free(&h);
}

static void put_replaces_add_does_not(void **state)
{
	struct hash h = { 0 };
	uint32_t found = 99;

	(void)state;
	assert_int_equal(hash_add(&h, 5, 1, &found), 0);
	assert_int_equal(found, 1);
	assert_int_equal(hash_add(&h, 5, 2, &found), 0);
	assert_int_equal(found, 1);
	assert_int_equal(hash_get(&h, 5), 1);
	assert_int_equal(hash_put(&h, 5, 3), 0);
	assert_int_equal(hash_get(&h, 5), 3);
	assert_int_equal(hash_put(&h, 5, 0), 0);
	assert_int_equal(hash_get(&h, 5), 0);
	assert_int_equal(hash_put(&h, 5, HASH_NONE - 1), 0);
	assert_int_equal(hash_get(&h, 5), HASH_NONE - 1);
	assert_int_equal(h.count, 1);
	hash_free(&h);
}

static void many_keys_of_each_family(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		struct hash h = { 0 };

		for (uint32_t i = 0; i < KEYS; i++) {
			assert_int_equal(hash_put(&h, families[f](i), i), 0);
			assert_int_equal(h.count, i + 1);
			assert_true(h.count < h.slots);
		}
		for (uint32_t i = 0; i < KEYS; i++)
			assert_int_equal(hash_get(&h, families[f](i)), i);
		for (uint32_t i = KEYS; i < 2 * KEYS; i++)
			assert_int_equal(hash_get(&h, families[f](i)), HASH_NONE);
		assert_true(h.count > h.slots / 4);
		hash_free(&h);
	}
}

/* A random mixture of put, add, get and clear; the model is an array, since keys come from few. */
static void a_random_walk_follows_the_model(void **state)
{
	static uint32_t model[KEYS];
	struct hash h = { 0 };
	uint32_t count = 0;

	(void)state;
	memset(model, 0xff, sizeof(model));
	for (uint32_t step = 0; step < 400000; step++) {
		uint64_t random = hash_mix(step, 42);
		uint32_t k = (uint32_t)(random >> 32) % KEYS, found;
		uint64_t key = key_mixed(k);

		switch (random % 4) {
		case 0:
			assert_int_equal(hash_put(&h, key, step), 0);
			count += model[k] == HASH_NONE;
			model[k] = step;
			break;
		case 1:
			assert_int_equal(hash_add(&h, key, step, &found), 0);
			count += model[k] == HASH_NONE;
			if (model[k] == HASH_NONE)
				model[k] = step;
			assert_int_equal(found, model[k]);
			break;
		default:
			assert_int_equal(hash_get(&h, key), model[k]);
		}
		if (step == 300000) {
			hash_clear(&h);
			memset(model, 0xff, sizeof(model));
			count = 0;
		}
		assert_int_equal(h.count, count);
	}
	for (uint32_t k = 0; k < KEYS; k++)
		assert_int_equal(hash_get(&h, key_mixed(k)), model[k]);
	hash_free(&h);
}

static void a_reserved_map_does_not_grow(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 6, 7, 10, 11, 12, 13, 1000, 65536, KEYS };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		struct hash h = { 0 };
		uint32_t slots;

		assert_int_equal(hash_reserve(&h, sizes[s]), 0);
		slots = h.slots;
		for (uint32_t i = 0; i < sizes[s]; i++)
			assert_int_equal(hash_put(&h, i, i), 0);
		assert_int_equal(h.slots, slots);
		assert_int_equal(hash_reserve(&h, 1), 0);
		assert_int_equal(h.slots, slots);
		for (uint32_t i = 0; i < sizes[s]; i++)
			assert_int_equal(hash_get(&h, i), i);
		hash_clear(&h);
		assert_int_equal(h.slots, slots);
		assert_int_equal(h.count, 0);
		assert_int_equal(hash_get(&h, 0), HASH_NONE);
		hash_free(&h);
	}
}

static void a_map_too_big_is_refused(void **state)
{
	struct hash h = { 0 };

	(void)state;
	assert_int_equal(hash_put(&h, 1, 2), 0);
	assert_int_equal(hash_reserve(&h, UINT32_MAX), -ENOMEM);
	assert_int_equal(hash_get(&h, 1), 2);
	hash_free(&h);
}

/* Neighbours in either number, and each length of bytes, give keys of their own; half the bits
 * flip. */
static void mixing_mixes(void **state)
{
	static const unsigned char zeroes[64];
	struct hash seen = { 0 };
	uint32_t found, n = 0;
	unsigned flips = 0;

	(void)state;
	for (uint64_t a = 0; a < 200; a++)
		for (uint64_t b = 0; b < 200; b++, n++) {
			assert_int_equal(hash_add(&seen, hash_mix(a, b), n, &found), 0);
			assert_int_equal(found, n);
		}
	hash_clear(&seen);
	for (size_t len = 0; len <= sizeof(zeroes); len++, n++) {
		assert_int_equal(hash_add(&seen, hash_bytes(zeroes, len), n, &found), 0);
		assert_int_equal(found, n);
	}
	for (int bit = 0; bit < 64; bit++) {
		uint64_t change = hash_mix(3, 5) ^ hash_mix(3, 5 ^ (1ull << bit));

		flips += (unsigned)__builtin_popcountll(change);
	}
	assert_in_range(flips, 64 * 28, 64 * 36);
	hash_free(&seen);
}

static void bytes_all_count(void **state)
{
	unsigned char bytes[41] = { 0 };

	(void)state;
	for (size_t len = 1; len < sizeof(bytes); len++)
		for (size_t i = 0; i < len; i++) {
			uint64_t before = hash_bytes(bytes, len);

			bytes[i] ^= 0x10;
			assert_true(hash_bytes(bytes, len) != before);
			bytes[i] ^= 0x10;
			assert_true(hash_bytes(bytes, len) == before);
		}
	/* A byte behind the end does not count, nor does where the bytes are. */
	bytes[8] = 1;
	assert_true(hash_bytes(bytes, 8) == hash_bytes(bytes + 9, 8));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_answers),
		cmocka_unit_test(every_number_is_a_key),
		cmocka_unit_test(put_replaces_add_does_not),
		cmocka_unit_test(many_keys_of_each_family),
		cmocka_unit_test(a_random_walk_follows_the_model),
		cmocka_unit_test(a_reserved_map_does_not_grow),
		cmocka_unit_test(a_map_too_big_is_refused),
		cmocka_unit_test(mixing_mixes),
		cmocka_unit_test(bytes_all_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
