/* prompt: keys to text, the history, and what is in sight of a long line. */
#include "lib/keyboard.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/prompt.h"

/* Types words as press() does; answers the last event. */
static enum prompt_event type(struct prompt *p, const char *keys)
{
	enum prompt_event event = PROMPT_SAME;
	char line[256], *rest;

	assert_true(snprintf(line, sizeof line, "%s", keys) < (int)sizeof line);
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		event = prompt_key(p, key_of(word));
	return event;
}

static void keys_edit_the_line(void **state)
{
	static const struct {
		const char *before, *keys, *text;
		size_t at;
	} cases[] = {
		{ "", "a b", "ab", 2 },
		{ "ab", "Left x", "axb", 2 },
		{ "ab", "Home x", "xab", 1 },
		{ "ab", "Home End x", "abx", 3 },
		{ "ab", "Ctrl-A x Ctrl-E y", "xaby", 4 },
		{ "ab", "Left Left Left Del", "b", 0 },
		{ "ab", "Del", "ab", 2 },
		{ "ab", "Rubout", "a", 1 },
		{ "ab", "Home Rubout", "ab", 0 },
		{ "ab cd", "Left Ctrl-U", "d", 0 },
		{ "ab cd", "Left Ctrl-K", "ab c", 4 },
		{ "ab  cd ", "Ctrl-W", "ab  ", 4 },
		{ "ab cd", "Ctrl-W Ctrl-W Ctrl-W", "", 0 },
		{ "ab", "Tab F1 PgUp Ctrl-L", "ab", 2 },
		{ "", "Umlaut Han", "\xc3\xbc\xe6\x95\xb0", 5 },
		{ "", "Umlaut Han Left Rubout", "\xe6\x95\xb0", 0 },
		{ "\xc3\xbc\xe6\x95\xb0", "Home Right Del x", "\xc3\xbcx", 3 },
		{ "", "Space Space", "  ", 2 },
		{ "ab", "Up Down", "ab", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct prompt p = { 0 };

		prompt_open(&p, cases[i].before, NULL);
		type(&p, cases[i].keys);
		assert_string_equal(prompt_text(&p), cases[i].text);
		assert_int_equal(p.at, cases[i].at);
		prompt_free(&p);
	}
}

static void events_tell_what_happened(void **state)
{
	static const struct {
		const char *keys;
		enum prompt_event event;
	} cases[] = {
		{ "a", PROMPT_EDITED },
		{ "Left", PROMPT_SAME },
		{ "Home Rubout", PROMPT_SAME },
		{ "Rubout", PROMPT_EDITED },
		{ "Ctrl-W", PROMPT_EDITED },
		{ "Ctrl-K", PROMPT_SAME },
		{ "Enter", PROMPT_DONE },
		{ "Esc", PROMPT_LEFT },
		{ "F6", PROMPT_SAME },
		{ "Up", PROMPT_SAME },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct prompt p = { 0 };

		prompt_open(&p, "text", NULL);
		assert_int_equal(type(&p, cases[i].keys), cases[i].event);
		prompt_free(&p);
	}
}

static void lines_of_before_come_back(void **state)
{
	struct prompt_history h = { 0 };
	struct prompt p = { 0 };
	char line[16];

	(void)state;
	prompt_remember(&h, "");
	assert_int_equal(h.count, 0);
	prompt_remember(&h, "one");
	prompt_remember(&h, "two");
	prompt_remember(&h, "three");
	prompt_remember(&h, "two"); /* once, and last */
	assert_int_equal(h.count, 3);
	prompt_open(&p, "own", &h);
	assert_int_equal(type(&p, "Up"), PROMPT_EDITED);
	assert_string_equal(prompt_text(&p), "two");
	type(&p, "Up");
	assert_string_equal(prompt_text(&p), "three");
	assert_int_equal(type(&p, "Up Up"), PROMPT_SAME);
	assert_string_equal(prompt_text(&p), "one");
	type(&p, "x Down");
	assert_string_equal(prompt_text(&p), "three");
	type(&p, "Down Down");
	assert_string_equal(prompt_text(&p), "own");
	assert_int_equal(type(&p, "Down"), PROMPT_SAME);
	for (int i = 0; i < 2 * PROMPT_HISTORY; i++) {
		snprintf(line, sizeof line, "%d", i);
		prompt_remember(&h, line);
	}
	assert_int_equal(h.count, PROMPT_HISTORY);
	assert_string_equal(h.lines[0], "50");
	prompt_free(&p);
	prompt_forget(&h);
	assert_int_equal(h.count, 0);
}

/* The line as it is drawn, and the column of the mistake. */
static char *drawn(struct prompt *p, int width, size_t bad, size_t len, int *column)
{
	struct buf b = { 0 };
	struct cells c;

	size(&c, width, 1);
	*column = prompt_draw(p, &c, cells_all(&c), "find: ", bad, len);
	check_grid(&c);
	cells_text(&c, &b, false);
	cells_free(&c);
	return b.data;
}

static void the_cursor_is_in_sight(void **state)
{
	static const struct {
		const char *keys;
		int width;
		size_t bad;
		const char *line;
		int column;
	} cases[] = {
		{ "", 30, 2, "find: 0123456789abcdef_\n", 8 },
		{ "", 30, 16, "find: 0123456789abcdef_\n", 22 },
		{ "", 12, 14,
			"find: \xe2\x80\xb9"
			"cdef_\n",
			9 },
		{ "", 12, 2,
			"find: \xe2\x80\xb9"
			"cdef_\n",
			-1 },
		{ "Home", 12, 2, "find: 01234\xe2\x80\xba\n", 8 },
		{ "Home Right Right Right Right Right Right Right", 12, 99,
			"find: \xe2\x80\xb9"
			"4567\xe2\x80\xba\n",
			-1 },
		{ "Left Left Left Left Left Left Left", 12, 99,
			"find: \xe2\x80\xb9"
			"6789\xe2\x80\xba\n",
			-1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct prompt p = { 0 };
		char *line;
		int column;

		prompt_open(&p, "0123456789abcdef", NULL);
		type(&p, cases[i].keys);
		line = drawn(&p, cases[i].width, cases[i].bad, 1, &column);
		assert_string_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
		free(line);
		prompt_free(&p);
	}
}

/* Of any length, at any width, wherever the cursor is; also what nobody can see. */
static void any_line_can_be_drawn(void **state)
{
	struct buf text = { 0 };
	struct prompt p = { 0 };

	(void)state;
	for (int i = 0; i < 300; i++)
		buf_adds(&text, i % 7 == 0   ? "\xe6\x95\xb0"
				: i % 7 == 1 ? "\xcc\x88"
				: i % 7 == 2 ? "\x1b"
				: i % 7 == 3 ? "\xff"
					     : "a");
	prompt_open(&p, text.data, NULL);
	for (int width = 1; width < 90; width++) {
		for (int i = 0; i < 5; i++) {
			int column;

			free(drawn(&p, width, (size_t)width, 5, &column));
			assert_true(column < width);
			type(&p, i % 2 ? "Home Right" : "Left Left Left");
		}
		type(&p, "End");
	}
	prompt_free(&p);
	buf_free(&text);
}

static void a_line_has_an_end(void **state)
{
	struct prompt p = { 0 };

	(void)state;
	for (int i = 0; i < PROMPT_MAX + 10; i++)
		prompt_key(&p, 'x');
	assert_int_equal(p.text.len, PROMPT_MAX);
	assert_int_equal(prompt_key(&p, 'x'), PROMPT_SAME);
	assert_int_equal(type(&p, "Rubout"), PROMPT_EDITED);
	prompt_free(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_edit_the_line),
		cmocka_unit_test(events_tell_what_happened),
		cmocka_unit_test(lines_of_before_come_back),
		cmocka_unit_test(the_cursor_is_in_sight),
		cmocka_unit_test(any_line_can_be_drawn),
		cmocka_unit_test(a_line_has_an_end),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
