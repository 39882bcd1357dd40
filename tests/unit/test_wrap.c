/* wrap: texts in lines of a width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>

#include "sockdash/buf.h"
#include "sockdash/utf8.h"
#include "sockdash/wrap.h"

/* The lines of a text, each between brackets; their count is what wrap_count() says. */
static void check(const char *text, int width, const char *expected)
{
	struct buf b = { 0 };
	const char *line, *rest = text;
	size_t len, lines = 0;

	while ((line = wrap_next(&rest, width, &len))) {
		buf_addf(&b, "[%.*s]", (int)len, line);
		lines++;
	}
	buf_adds(&b, "");
	assert_string_equal(b.data, expected);
	assert_int_equal(wrap_count(text, width), lines);
	buf_free(&b);
}

static void test_breaks_at_blanks(void **state)
{
	(void)state;
	check("", 10, "");
	check("one", 10, "[one]");
	check("one two three", 13, "[one two three]");
	check("one two three", 12, "[one two][three]");
	check("one two three", 7, "[one two][three]");
	check("one two three", 6, "[one][two][three]");
	check("one   two", 4, "[one][two]");
	check("one   two", 3, "[one][two]");
	check("one  two  three", 8, "[one  two][three]");
	check("  one ", 10, "[one]");
	check("   ", 2, "[]");
}

static void test_cuts_long_words(void **state)
{
	(void)state;
	check("abcdefgh", 3, "[abc][def][gh]");
	check("a bcdefgh i", 4, "[a][bcde][fgh][i]");
	check("ab", 1, "[a][b]");
}

static void test_breaks_at_newlines(void **state)
{
	(void)state;
	check("one\ntwo", 10, "[one][two]");
	check("one \n two\n", 10, "[one][two]");
	check("one\n\ntwo three", 5, "[one][][two][three]");
	check("\n", 5, "[]");
}

static void test_measures_columns(void **state)
{
	(void)state;
	/* Two bytes and one column each; three bytes and two columns; a combining mark. */
	check("\xc3\xa4\xc3\xb6\xc3\xbc x", 3, "[\xc3\xa4\xc3\xb6\xc3\xbc][x]");
	check("\xe4\xb8\xad\xe6\x96\x87 x", 5, "[\xe4\xb8\xad\xe6\x96\x87][x]");
	check("\xe4\xb8\xad\xe6\x96\x87", 3, "[\xe4\xb8\xad][\xe6\x96\x87]");
	check("\xe4\xb8\xad\xe6\x96\x87", 1, "[\xe4\xb8\xad][\xe6\x96\x87]");
	check("e\xcc\x81t", 1, "[e\xcc\x81][t]");
}

/* Whatever the text and the width: nothing but blanks and newlines is lost, and no line is wider
 * than it may be unless a character is. */
static void test_loses_nothing(void **state)
{
	static const char *const pieces[] = { "a", "bc", " ", "  ", "\n", "\xc3\xa4",
		"\xe4\xb8\xad", "\xff", "wordword" };
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct buf text = { 0 }, in = { 0 }, out = { 0 };
		const char *rest, *line;
		int width = 1 + rand_r(&seed) % 9;
		size_t len;

		for (int i = rand_r(&seed) % 12; i > 0; i--)
			buf_adds(&text,
				pieces[(size_t)rand_r(&seed) % (sizeof pieces / sizeof *pieces)]);
		buf_adds(&text, "");
		buf_adds(&in, "");
		for (rest = text.data; *rest; rest++)
			if (!strchr(" \n", *rest))
				buf_addc(&in, *rest);
		buf_adds(&out, "");
		rest = text.data;
		while ((line = wrap_next(&rest, width, &len))) {
			assert_true(utf8_text_width(line, len) <= (width < 2 ? 2 : width));
			for (size_t i = 0; i < len; i++)
				if (line[i] != ' ')
					buf_addc(&out, line[i]);
		}
		assert_string_equal(in.data, out.data);
		buf_free(&text);
		buf_free(&in);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_breaks_at_blanks),
		cmocka_unit_test(test_cuts_long_words),
		cmocka_unit_test(test_breaks_at_newlines),
		cmocka_unit_test(test_measures_columns),
		cmocka_unit_test(test_loses_nothing),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
