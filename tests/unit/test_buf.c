/* buf and arena: growth across every boundary, and failures that are noticed. Useful also with
 * -DBUF_FIRST=1 and -DARENA_CHUNK=16, where each piece is a boundary. */
#include "sockdash/arena.h"
#include "sockdash/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More than there is, in a form the compiler does not complain of. */
static volatile size_t enormous = SIZE_MAX;

static void buf_starts_empty(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_free(&b);
	buf_clear(&b);
	assert_null(b.data);
	buf_fill(&b, 'x', 0);
	buf_fill(&b, 'x', -3);
	assert_int_equal(b.len, 0);
	assert_true(buf_room(&b, 0));
	assert_int_equal(b.len, 0);
	buf_adds(&b, "");
	assert_string_equal(b.data, "");
	buf_free(&b);
	assert_null(b.data);
}

static void buf_adds_pieces(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, "Recv-Q");
	buf_addc(&b, ' ');
	buf_add(&b, "a\0b", 3);
	buf_fill(&b, '.', 4);
	buf_addf(&b, "%s=%d", "port", 443);
	assert_int_equal(b.len, 22);
	assert_memory_equal(b.data, "Recv-Q a\0b....port=443", 23);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_addf(&b, "%s", "");
	assert_string_equal(b.data, "");
	assert_false(b.failed);
	buf_free(&b);
}

/* Each length of text by each function, from an empty buffer and behind another text. */
static void buf_grows(void **state)
{
	char text[301];

	(void)state;
	memset(text, 'y', sizeof(text));
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		for (int how = 0; how < 4; how++) {
			struct buf b = { 0 };

			text[len] = '\0';
			for (int twice = 0; twice < 2; twice++) {
				if (how == 0)
					buf_adds(&b, text);
				else if (how == 1)
					buf_addf(&b, "%s", text);
				else if (how == 2)
					buf_fill(&b, 'y', (int)len);
				else
					memset(buf_extend(&b, len), 'y', len);
			}
			text[len] = 'y';
			assert_false(b.failed);
			assert_int_equal(b.len, 2 * len);
			if (len) {
				assert_int_equal(strlen(b.data), 2 * len);
				assert_int_equal(strspn(b.data, "y"), 2 * len);
			}
			buf_free(&b);
		}
	}
}

static void buf_keeps_a_true_beginning(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, "one");
	buf_add(&b, "two", enormous);
	assert_true(b.failed);
	buf_adds(&b, "three");
	buf_addc(&b, '4');
	buf_addf(&b, "%d", 5);
	buf_fill(&b, '6', 6);
	assert_null(buf_extend(&b, 1));
	assert_string_equal(b.data, "one");
	buf_clear(&b);
	assert_false(b.failed);
	buf_adds(&b, "again");
	assert_string_equal(b.data, "again");
	buf_free(&b);

	buf_add(&b, "x", enormous / 2);
	assert_true(b.failed);
	buf_addf(&b, "%d", 5);
	assert_null(b.data);
	buf_free(&b);
	assert_false(b.failed);
}

static void arena_gives_zeroed_aligned_pieces(void **state)
{
	enum { PIECES = 2000 };
	struct arena a = { 0 };
	unsigned char *pieces[PIECES];
	size_t sizes[PIECES], sum = 0;

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		sizes[i] = i % 97 == 0 ? i * 13 : i % 61;
		pieces[i] = arena_alloc(&a, sizes[i]);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)(i & 0xff), sizes[i]);
		sum += sizes[i];
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i & 0xff);
	assert_true(a.bytes >= sum);
	arena_free(&a);
	assert_null(a.chunks);
	assert_int_equal(a.bytes, 0);
	arena_free(&a);
	assert_non_null(arena_alloc(&a, 1));
	arena_free(&a);
}

static void arena_wastes_little(void **state)
{
	struct arena a = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_non_null(arena_alloc(&a, 64));
	assert_in_range(a.bytes, 6400000, 6400000 + (2 << 20));
	arena_free(&a);

	/* A big piece does not throw away the chunk in use. */
	for (int i = 0; i < 100; i++) {
		assert_non_null(arena_alloc(&a, 16));
		assert_non_null(arena_alloc(&a, 1 << 20));
	}
	assert_in_range(a.bytes, 100u << 20, (100u << 20) + (2 << 20));
	arena_free(&a);
}

static void arena_refuses_what_overflows(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_null(arena_alloc(&a, enormous));
	assert_null(arena_alloc(&a, enormous - 64));
	assert_null(arena_text(&a, "x", enormous));
	assert_null(a.chunks);
	arena_free(&a);
}

static void arena_copies_text(void **state)
{
	struct arena a = { 0 };
	const char *text;

	(void)state;
	text = arena_text(&a, "nginx: worker", 5);
	assert_string_equal(text, "nginx");
	text = arena_text(&a, NULL, 0);
	assert_string_equal(text, "");
	text = arena_text(&a, "a\0b", 3);
	assert_memory_equal(text, "a\0b", 4);
	arena_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_starts_empty),
		cmocka_unit_test(buf_adds_pieces),
		cmocka_unit_test(buf_grows),
		cmocka_unit_test(buf_keeps_a_true_beginning),
		cmocka_unit_test(arena_gives_zeroed_aligned_pieces),
		cmocka_unit_test(arena_wastes_little),
		cmocka_unit_test(arena_refuses_what_overflows),
		cmocka_unit_test(arena_copies_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
