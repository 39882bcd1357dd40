/* utf8: each malformed sequence, each code point there and back, widths, and text made safe. */
#include "sockdash/utf8.h"

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEXT(s)      s, sizeof(s) - 1

static bool is_scalar(uint32_t code)
{
	return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static void every_code_point_there_and_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x110010; code++) {
		uint32_t want = is_scalar(code) ? code : 0xfffd, got;
		char bytes[4];
		size_t len = utf8_encode(code, bytes);

		assert_int_equal(len, want < 0x80 ? 1 : want < 0x800 ? 2 : want < 0x10000 ? 3 : 4);
		assert_int_equal(utf8_decode(bytes, len, &got), len);
		assert_int_equal(got, want);
		for (size_t cut = 1; cut < len; cut++) {
			assert_int_equal(utf8_decode(bytes, cut, &got), 1);
			assert_int_equal(got, 0xfffd);
		}
	}
	assert_int_equal(utf8_encode(UINT32_MAX, (char[4]){ 0 }), 3);
}

/* All sequences of two bytes, and of three and four from bytes at the edges of the rules: a
 * sequence is well formed exactly if encoding what was read gives the same bytes. */
static void decoding_accepts_only_what_encoding_gives(void **state)
{
	static const unsigned char edges[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
		0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4,
		0xf5, 0xf8, 0xfc, 0xfe, 0xff };

	(void)state;
	for (unsigned first = 0; first < 256; first++)
		for (size_t b = 0; b < COUNT(edges); b++)
			for (size_t c = 0; c < COUNT(edges); c++)
				for (size_t d = 0; d < COUNT(edges); d++) {
					char in[4] = { (char)first, (char)edges[b], (char)edges[c],
						(char)edges[d] };
					char out[4];
					uint32_t code;
					size_t len = utf8_decode(in, 4, &code);

					assert_in_range(len, 1, 4);
					assert_true(is_scalar(code));
					if (len == 1 && first >= 0x80) {
						assert_int_equal(code, 0xfffd);
						continue;
					}
					assert_int_equal(utf8_encode(code, out), len);
					assert_memory_equal(in, out, len);
				}
}

static void malformed_is_one_byte(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ TEXT("\x80") },             /* stray */
		{ TEXT("\xbf\xbf") },         /* stray */
		{ TEXT("\xc0\x80") },         /* overlong NUL */
		{ TEXT("\xc1\xbf") },         /* overlong DEL */
		{ TEXT("\xe0\x80\xaf") },     /* overlong slash */
		{ TEXT("\xe0\x9f\xbf") },     /* overlong U+07FF */
		{ TEXT("\xf0\x80\x80\xaf") }, /* overlong slash */
		{ TEXT("\xf0\x8f\xbf\xbf") }, /* overlong U+FFFF */
		{ TEXT("\xed\xa0\x80") },     /* surrogate */
		{ TEXT("\xed\xbf\xbf") },     /* surrogate */
		{ TEXT("\xf4\x90\x80\x80") }, /* U+110000 */
		{ TEXT("\xf5\x80\x80\x80") },
		{ TEXT("\xf8\x88\x80\x80\x80") }, /* five bytes */
		{ TEXT("\xfe") },
		{ TEXT("\xff") },
		{ TEXT("\xc3") },         /* cut off */
		{ TEXT("\xe2\x82") },     /* cut off */
		{ TEXT("\xf0\x9f\x98") }, /* cut off */
		{ TEXT("\xc3(") },        /* no continuation */
		{ TEXT("\xe2\x82(") },    /* no continuation */
		{ TEXT("\xf0\x9f\x98(") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *exact = malloc(cases[i].len); /* so that reading beyond is seen */
		uint32_t code = 0;

		assert_non_null(exact);
		memcpy(exact, cases[i].bytes, cases[i].len);
		assert_int_equal(utf8_decode(exact, cases[i].len, &code), 1);
		assert_int_equal(code, 0xfffd);
		free(exact);
	}
}

static void widths(void **state)
{
	static const struct {
		uint32_t code;
		int width;
	} cases[] = {
		{ 0, 1 },
		{ '\t', 1 },
		{ 0x1b, 1 },
		{ ' ', 1 },
		{ 'a', 1 },
		{ '~', 1 },
		{ 0x7f, 1 },
		{ 0x85, 1 },
		{ 0xe9, 1 },     /* e with acute */
		{ 0x301, 0 },    /* combining acute */
		{ 0x2588, 1 },   /* full block */
		{ 0x2502, 1 },   /* box drawing */
		{ 0x4e2d, 2 },   /* CJK */
		{ 0xff21, 2 },   /* fullwidth A */
		{ 0x1f600, 2 },  /* emoji */
		{ 0xfffd, 1 },   /* replacement */
		{ 0xd800, 1 },   /* no character */
		{ 0xffff, 1 },   /* no character */
		{ 0x110000, 1 }, /* no character */
		{ UINT32_MAX, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_width(cases[i].code), cases[i].width);
	for (uint32_t code = 0; code < 0x20000; code++)
		assert_in_range(utf8_width(code), 0, 2);
}

static void fitting(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int width;
		size_t fits;
		int used;
	} cases[] = {
		{ TEXT(""), 0, 0, 0 },
		{ TEXT(""), 5, 0, 0 },
		{ TEXT("nginx"), 0, 0, 0 },
		{ TEXT("nginx"), -1, 0, 0 },
		{ TEXT("nginx"), INT_MIN, 0, 0 },
		{ TEXT("nginx"), 4, 4, 4 },
		{ TEXT("nginx"), 5, 5, 5 },
		{ TEXT("nginx"), INT_MAX, 5, 5 },
		{ TEXT("\xe4\xb8\xad\xe6\x96\x87"), 1, 0, 0 }, /* two wide characters */
		{ TEXT("\xe4\xb8\xad\xe6\x96\x87"), 2, 3, 2 },
		{ TEXT("\xe4\xb8\xad\xe6\x96\x87"), 3, 3, 2 },
		{ TEXT("\xe4\xb8\xad\xe6\x96\x87"), 4, 6, 4 },
		{ TEXT("a\xe4\xb8\xad"), 2, 1, 1 },
		{ TEXT("e\xcc\x81x"), 1, 3, 1 }, /* a mark goes with its letter */
		{ TEXT("e\xcc\x81\xcc\x81x"), 1, 5, 1 },
		{ TEXT("\xcc\x81x"), 0, 2, 0 },
		{ TEXT("\xff\xff\xff"), 2, 2, 2 },     /* a column for each bad byte */
		{ TEXT("\xf0\x9f\x98"), 2, 2, 2 },     /* cut off */
		{ TEXT("\xf0\x9f\x98\x80"), 1, 0, 0 }, /* emoji */
		{ TEXT("\xf0\x9f\x98\x80"), 2, 4, 2 },
		{ TEXT("a\0b"), 2, 2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int used = -1;

		assert_int_equal(utf8_fit(cases[i].text, cases[i].len, cases[i].width, &used),
			cases[i].fits);
		assert_int_equal(used, cases[i].used);
		assert_int_equal(
			utf8_fit(cases[i].text, cases[i].len, cases[i].width, NULL), cases[i].fits);
		assert_int_equal(utf8_text_width(cases[i].text, cases[i].fits), used);
	}
	assert_int_equal(utf8_text_width(TEXT("a\xe4\xb8\xad"
					      "e\xcc\x81\xff")),
		5);
	assert_int_equal(utf8_text_width(NULL, 0), 0);
}

static void text_made_safe(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *safe;
	} cases[] = {
		{ TEXT(""), "" }, { TEXT("nginx: worker"), "nginx: worker" },
		{ TEXT("a\\b\\x1B"), "a\\b\\x1B" }, { TEXT("\0"), "\\x00" },
		{ TEXT("a\tb\nc\rd"), "a\\x09b\\x0Ac\\x0Dd" },
		{ TEXT("\x1b[31mred"), "\\x1B[31mred" }, { TEXT("\x7f"), "\\x7F" },
		{ TEXT("\xc2\x9b"
		       "31m"),
			"\\u{009B}31m" }, /* CSI in one character */
		{ TEXT("\x9b"
		       "31m"),
			"\\x9B31m" }, /* the same as a byte */
		{ TEXT("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"),
			"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80" },
		{ TEXT("e\xcc\x81"), "e\xcc\x81" },
		{ TEXT("\xef\xbf\xbd"), "\xef\xbf\xbd" }, /* a true U+FFFD stays */
		{ TEXT("\xc3"), "\\xC3" }, { TEXT("\xc3("), "\\xC3(" },
		{ TEXT("\xed\xa0\x80"), "\\xED\\xA0\\x80" }, { TEXT("\xc0\x80"), "\\xC0\\x80" },
		{ TEXT("\xf0\x9f\x98"), "\\xF0\\x9F\\x98" }, { TEXT("\xc2\xad"), "\\u{00AD}" },
		{ TEXT("\xe2\x80\xae"
		       "gpj"),
			"\\u{202E}gpj" }, /* right-to-left override */
		{ TEXT("\xe2\x80\x8b\xe2\x81\xa6\xe2\x80\xa8"), "\\u{200B}\\u{2066}\\u{2028}" },
		{ TEXT("\xef\xbb\xbf#!"), "\\u{FEFF}#!" },
		{ TEXT("\xf3\xa0\x81\x81"), "\\u{E0041}" }, /* tag */
		{ TEXT("\xf4\x8f\xbf\xbf"), "\\u{10FFFF}" },
		{ TEXT("\xc2\xa0"), "\xc2\xa0" }, /* a space that is seen stays */
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&b);
		utf8_add_safe(&b, cases[i].text, cases[i].len);
		assert_string_equal(b.data, cases[i].safe);
	}
	buf_clear(&b);
	utf8_add_safe(&b, NULL, 0);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

/* Each code point alone: one that has no column, C0, DEL, C1 and those named here do not come
 * through; but combining marks do. */
static void nothing_invisible_comes_through(void **state)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe01ef } };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(hidden); i++)
		for (uint32_t code = hidden[i].from; code <= hidden[i].to; code++) {
			char bytes[4];
			size_t len = utf8_encode(code, bytes);

			buf_clear(&b);
			utf8_add_safe(&b, bytes, len);
			assert_int_equal(b.data[0], '\\');
			assert_int_equal(strspn(b.data, "\\xu{}0123456789ABCDEF"), b.len);
		}
	for (uint32_t code = 0x20; code < 0x3000; code++) {
		char bytes[4];
		size_t len = utf8_encode(code, bytes);

		buf_clear(&b);
		utf8_add_safe(&b, bytes, len);
		if (b.len == len)
			assert_memory_equal(b.data, bytes, len);
		else
			assert_true(code >= 0x7f && b.data[0] == '\\');
	}
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_there_and_back),
		cmocka_unit_test(decoding_accepts_only_what_encoding_gives),
		cmocka_unit_test(malformed_is_one_byte),
		cmocka_unit_test(widths),
		cmocka_unit_test(fitting),
		cmocka_unit_test(text_made_safe),
		cmocka_unit_test(nothing_invisible_comes_through),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
