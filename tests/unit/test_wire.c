/* wire: numbers there and back at the edges of every width, what is too long or not there, and the
 * checksum. What is read stands at the end of its block: a sanitizer sees any read beyond. */
#include "sockdash/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* A copy of bytes to read, at the end of a block that the test frees. */
static struct wire open_wire(const void *bytes, size_t len, uint8_t **block)
{
	*block = malloc(len + 1);
	assert_non_null(*block);
	memcpy(*block + 1, bytes, len);
	return (struct wire){ .at = *block + 1, .left = len };
}

/* Everything that is read from now on is nothing. */
static void assert_bad(struct wire *w)
{
	assert_true(w->bad);
	for (unsigned again = 0; again < 2; again++) {
		struct wire part = wire_bytes(w);

		assert_true(part.bad);
		assert_int_equal(part.left, 0);
		assert_int_equal(wire_u8(w), 0);
		assert_int_equal(wire_u16(w), 0);
		assert_int_equal(wire_u32(w), 0);
		assert_int_equal(wire_u64(w), 0);
		assert_int_equal(wire_uint(w), 0);
		assert_int_equal(wire_uint32(w), 0);
		assert_int_equal(wire_int(w), 0);
		assert_true(wire_real(w) == 0);
		assert_null(wire_take(w, 0));
		assert_null(wire_take(w, 1));
		assert_true(w->bad);
		assert_int_equal(w->left, 0);
	}
}

static void assert_all_read(const struct wire *w)
{
	assert_false(w->bad);
	assert_int_equal(w->left, 0);
}

/* ---- There and back -------------------------------------------------------------------------- */

static void numbers_of_a_fixed_width_are_little_endian(void **state)
{
	static const uint8_t want[] = { 0x34, 0x12, 0xef, 0xcd, 0xab, 0x89, 0x88, 0x77, 0x66, 0x55,
		0x44, 0x33, 0x22, 0x11, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0 };
	struct buf b = { 0 };
	uint8_t *block;
	struct wire w;

	(void)state;
	wire_add_u16(&b, 0x1234);
	wire_add_u32(&b, 0x89abcdef);
	wire_add_u64(&b, 0x1122334455667788);
	wire_add_u16(&b, UINT16_MAX);
	wire_add_u32(&b, UINT32_MAX);
	wire_add_u16(&b, 0);
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.data, want, sizeof want);
	w = open_wire(b.data, b.len, &block);
	assert_int_equal(wire_u16(&w), 0x1234);
	assert_int_equal(wire_u32(&w), 0x89abcdef);
	assert_int_equal(wire_u64(&w), 0x1122334455667788);
	assert_int_equal(wire_u8(&w), 0xff);
	assert_int_equal(wire_u8(&w), 0xff);
	assert_int_equal(wire_u32(&w), UINT32_MAX);
	assert_int_equal(wire_u16(&w), 0);
	assert_all_read(&w);
	assert_int_equal(wire_u8(&w), 0);
	assert_bad(&w);
	free(block);
	buf_free(&b);
}

/* One with seven more bits has one byte more. */
static void check_uint(uint64_t n, size_t bytes)
{
	struct buf b = { 0 };
	uint8_t *block;
	struct wire w;

	wire_add_uint(&b, n);
	assert_int_equal(b.len, bytes);
	w = open_wire(b.data, b.len, &block);
	assert_int_equal(wire_uint(&w), n);
	assert_all_read(&w);
	free(block);
	w = open_wire(b.data, b.len, &block);
	if (n <= UINT32_MAX) {
		assert_int_equal(wire_uint32(&w), n);
		assert_all_read(&w);
	} else {
		assert_int_equal(wire_uint32(&w), 0);
		assert_bad(&w);
	}
	free(block);
	for (size_t cut = 0; cut < b.len; cut++) {
		w = open_wire(b.data, cut, &block);
		assert_int_equal(wire_uint(&w), 0);
		assert_bad(&w);
		free(block);
	}
	buf_free(&b);
}

static void unsigned_numbers_are_as_long_as_they_are_large(void **state)
{
	(void)state;
	check_uint(0, 1);
	for (unsigned bits = 7; bits < 64; bits += 7) {
		check_uint((UINT64_C(1) << bits) - 1, bits / 7);
		check_uint(UINT64_C(1) << bits, bits / 7 + 1);
	}
	check_uint(127, 1);
	check_uint(128, 2);
	check_uint(UINT32_MAX, 5);
	check_uint(UINT64_C(1) << 32, 5);
	check_uint(INT64_MAX, 9);
	check_uint(UINT64_C(1) << 63, 10);
	check_uint(UINT64_MAX, 10);
}

static void signed_numbers_are_short_on_both_sides(void **state)
{
	static const struct {
		int64_t n;
		size_t bytes;
	} cases[] = {
		{ 0, 1 },
		{ -1, 1 },
		{ 63, 1 },
		{ -64, 1 },
		{ 64, 2 },
		{ -65, 2 },
		{ INT32_MAX, 5 },
		{ INT32_MIN, 5 },
		{ UINT32_MAX, 5 },
		{ -(int64_t)UINT32_MAX, 5 },
		{ INT64_MAX / 2, 9 },
		{ INT64_MIN / 2, 9 },
		{ INT64_MAX, 10 },
		{ INT64_MIN, 10 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 };
		uint8_t *block;
		struct wire w;

		wire_add_int(&b, cases[i].n);
		assert_int_equal(b.len, cases[i].bytes);
		w = open_wire(b.data, b.len, &block);
		assert_true(wire_int(&w) == cases[i].n);
		assert_all_read(&w);
		free(block);
		buf_free(&b);
	}
}

static void reals_keep_every_bit(void **state)
{
	static const uint64_t cases[] = { 0, UINT64_C(1) << 63, /* -0 */
		0x3fb999999999999a, 1, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
		0x7ff8000000000000, 0xfff8000000001234, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = { 0 };
		uint64_t got;
		uint8_t *block;
		struct wire w;
		double x;

		memcpy(&x, &cases[i], sizeof x);
		wire_add_real(&b, x);
		assert_int_equal(b.len, 8);
		w = open_wire(b.data, b.len, &block);
		x = wire_real(&w);
		memcpy(&got, &x, sizeof got);
		assert_true(got == cases[i]);
		assert_all_read(&w);
		free(block);
		buf_free(&b);
	}
}

static void texts_are_bytes_with_their_length(void **state)
{
	char long_text[301];
	struct buf b = { 0 }, part = { 0 };
	uint8_t *block;
	struct wire w, bytes;

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	wire_add_text(&b, "tcp");
	wire_add_text(&b, "");
	wire_add_text(&b, long_text);
	wire_add_bytes(&b, &part); /* one that never had memory */
	buf_add(&part, "a\0b", 3);
	wire_add_bytes(&b, &part);
	assert_int_equal(b.len, 4 + 1 + 2 + 300 + 1 + 4);
	w = open_wire(b.data, b.len, &block);
	bytes = wire_bytes(&w);
	assert_int_equal(bytes.left, 3);
	assert_memory_equal(bytes.at, "tcp", 3);
	bytes = wire_bytes(&w);
	assert_all_read(&bytes);
	bytes = wire_bytes(&w);
	assert_int_equal(bytes.left, 300);
	assert_memory_equal(bytes.at, long_text, 300);
	bytes = wire_bytes(&w);
	assert_all_read(&bytes);
	bytes = wire_bytes(&w);
	assert_int_equal(bytes.left, 3);
	assert_memory_equal(bytes.at, "a\0b", 3);
	assert_all_read(&w);
	free(block);
	buf_free(&b);
	buf_free(&part);
}

static void a_part_that_was_lost_is_not_forgotten(void **state)
{
	struct buf b = { 0 }, part = { .failed = true };

	(void)state;
	wire_add_bytes(&b, &part);
	assert_true(b.failed);
	buf_free(&b);
}

/* ---- What is not right ----------------------------------------------------------------------- */

/* Longer than it needs to be is the same number; one that does not fit into 64 bits is none. */
static void numbers_that_are_too_long(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		uint64_t n;
		bool bad;
	} cases[] = {
		{ { 0x80, 0 }, 2, 0, false },
		{ { 0x81, 0x80, 0x80, 0 }, 4, 1, false },
		{ { 0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 }, 10, 127, false },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 10, UINT64_MAX,
			false },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 }, 10, 0, true },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f }, 10, 0, true },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 }, 11, 0, true },
		{ { 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 }, 12, 0,
			true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *block;
		struct wire w = open_wire(cases[i].bytes, cases[i].len, &block);

		assert_true(wire_uint(&w) == cases[i].n);
		if (cases[i].bad)
			assert_bad(&w);
		else
			assert_all_read(&w);
		free(block);
	}
}

static uint64_t read_fixed(struct wire *w, size_t width)
{
	switch (width) {
	case 1:
		return wire_u8(w);
	case 2:
		return wire_u16(w);
	case 4:
		return wire_u32(w);
	default:
		return wire_u64(w);
	}
}

static void nothing_is_read_beyond_the_end(void **state)
{
	static const uint8_t eight[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const struct {
		size_t width;
		uint64_t n;
	} cases[] = { { 1, 1 }, { 2, 0x0201 }, { 4, 0x04030201 }, { 8, 0x0807060504030201 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t len = 0; len <= sizeof eight; len++) {
			uint8_t *block;
			struct wire w = open_wire(eight, len, &block);
			bool there = len >= cases[i].width;

			assert_true(read_fixed(&w, cases[i].width) == (there ? cases[i].n : 0));
			assert_int_equal(w.bad, !there);
			assert_int_equal(w.left, there ? len - cases[i].width : 0);
			if (!there)
				assert_bad(&w);
			free(block);
		}
}

static void lengths_are_looked_at_before_they_are_believed(void **state)
{
	static const uint64_t lengths[] = { 4, 5, 127, 128, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
		(uint64_t)UINT32_MAX + 4, INT64_MAX, UINT64_MAX - 3, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct buf b = { 0 };
		struct wire w, bytes;
		uint8_t *block;

		wire_add_uint(&b, lengths[i]);
		buf_add(&b, "abc", 3);
		w = open_wire(b.data, b.len, &block);
		bytes = wire_bytes(&w);
		assert_bad(&bytes);
		assert_bad(&w);
		free(block);
		buf_free(&b);
	}
	for (size_t len = 0; len <= 5; len++) {
		uint8_t *block;
		struct wire w = open_wire("abc", 3, &block);
		const uint8_t *at = wire_take(&w, len == 5 ? SIZE_MAX : len);

		if (len <= 3) {
			assert_ptr_equal(at, block + 1);
			assert_int_equal(w.left, 3 - len);
			assert_false(w.bad);
		} else {
			assert_null(at);
			assert_bad(&w);
		}
		free(block);
	}
}

/* A caller reads on after a number that was bad: what it gets then does not come from the bytes. */
static void what_is_bad_stays_bad(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff, 0xff, 0x1f, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
	uint8_t *block;
	struct wire w = open_wire(bytes, sizeof bytes, &block);

	(void)state;
	assert_int_equal(wire_uint32(&w), 0); /* has 33 bits */
	assert_bad(&w);
	free(block);
}

/* ---- Checksum -------------------------------------------------------------------------------- */

static void checksums_are_those_of_others(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t crc;
	} cases[] = {
		{ "", 0, 0 },
		{ "123456789", 9, 0xcbf43926 },
		{ "a", 1, 0xe8b7be43 },
		{ "\0", 1, 0xd202ef8d },
		{ "\xff\xff\xff\xff", 4, 0xffffffff },
		{ "The quick brown fox jumps over the lazy dog", 43, 0x414fa339 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(wire_crc32(cases[i].bytes, cases[i].len), cases[i].crc);
	assert_int_equal(wire_crc32(NULL, 0), 0);
}

/* Every row of the table follows from the polynomial. */
static void checksums_follow_from_the_polynomial(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t bytes[3] = { (uint8_t)byte, 0x5a, (uint8_t)~byte };
		uint32_t crc = UINT32_MAX;

		for (size_t i = 0; i < sizeof bytes; i++) {
			crc ^= bytes[i];
			for (unsigned bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
		assert_int_equal(wire_crc32(bytes, sizeof bytes), ~crc);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_a_fixed_width_are_little_endian),
		cmocka_unit_test(unsigned_numbers_are_as_long_as_they_are_large),
		cmocka_unit_test(signed_numbers_are_short_on_both_sides),
		cmocka_unit_test(reals_keep_every_bit),
		cmocka_unit_test(texts_are_bytes_with_their_length),
		cmocka_unit_test(a_part_that_was_lost_is_not_forgotten),
		cmocka_unit_test(numbers_that_are_too_long),
		cmocka_unit_test(nothing_is_read_beyond_the_end),
		cmocka_unit_test(lengths_are_looked_at_before_they_are_believed),
		cmocka_unit_test(what_is_bad_stays_bad),
		cmocka_unit_test(checksums_are_those_of_others),
		cmocka_unit_test(checksums_follow_from_the_polynomial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
