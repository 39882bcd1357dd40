/* cells: characters in a grid: what fits, what is cut, wide ones at every edge, ASCII; bars and
 * sparklines; roles and their looks. */
#include "lib/fixture.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/cells.h"
#include "sockdash/theme.h"
#include "sockdash/utf8.h"
#include "sockdash/widgets.h"

#define WIDE     "\xe6\x95\xb0" /* two columns */
#define ELLIPSIS "\xe2\x80\xa6"
#define ACCENT   "\xcc\x81" /* combining: no column */

static const struct area all = { 0, 0, 1000, 1000 };

static void begin(struct cells *c, int width, int height)
{
	*c = (struct cells){ 0 };
	assert_int_equal(cells_resize(c, width, height), 0);
}

#define assert_text(c, expected)                                                                   \
	do {                                                                                       \
		struct buf b = { 0 };                                                              \
                                                                                                   \
		cells_text(c, &b, false);                                                          \
		assert_string_equal(b.data, expected);                                             \
		buf_free(&b);                                                                      \
	} while (0)
#define assert_roles(c, expected)                                                                  \
	do {                                                                                       \
		struct buf b = { 0 };                                                              \
                                                                                                   \
		cells_roles(c, &b);                                                                \
		assert_string_equal(b.data, expected);                                             \
		buf_free(&b);                                                                      \
	} while (0)

/* Every wide character has its second half, and every second half a first. */
static void check_grid(const struct cells *c)
{
	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++) {
			const struct cell *at = &c->grid[y * c->width + x];
			bool wide = at->code && utf8_width(at->code) == 2;

			assert_true(at->role < ROLE_COUNT);
			if (!at->code)
				assert_true(x > 0 && at[-1].code && utf8_width(at[-1].code) == 2);
			if (wide)
				assert_true(x + 1 < c->width && !at[1].code);
		}
	}
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static void texts_are_cut_to_their_width(void **state)
{
	static const struct {
		const char *text;
		int width, used;
		const char *shown;
	} cases[] = {
		{ "nginx", 10, 5, "nginx\n" },
		{ "nginx", 5, 5, "nginx\n" },
		{ "nginx", 4, 4, "ngi" ELLIPSIS "\n" },
		{ "nginx", 1, 1, ELLIPSIS "\n" },
		{ "nginx", 0, 0, "\n" },
		{ "nginx", -3, 0, "\n" },
		{ "", 5, 0, "\n" },
		{ WIDE WIDE WIDE, 6, 6, WIDE WIDE WIDE "\n" },
		{ WIDE WIDE WIDE, 5, 5, WIDE WIDE ELLIPSIS "\n" },
		{ WIDE WIDE WIDE, 4, 3, WIDE ELLIPSIS "\n" },
		{ WIDE, 1, 1, ELLIPSIS "\n" },
		{ "a" WIDE, 2, 2, "a" ELLIPSIS "\n" },
		/* A cell holds one character. */
		{ "e" ACCENT "e", 2, 2, "ee\n" },
		{ "\xff", 2, 1, "\xef\xbf\xbd\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cells c;

		begin(&c, 20, 1);
		assert_int_equal(cells_put(&c, all, 0, 0, cases[i].width, ROLE_TEXT, cases[i].text),
			cases[i].used);
		assert_text(&c, cases[i].shown);
		check_grid(&c);
		cells_free(&c);
	}
}

static void texts_stand_at_the_right_edge(void **state)
{
	static const struct {
		const char *text;
		int width;
		const char *shown;
	} cases[] = {
		{ "42", 5, "[   42]\n" },
		{ "12345", 5, "[12345]\n" },
		{ "123456", 5, "[1234" ELLIPSIS "]\n" },
		{ WIDE, 5, "[   " WIDE "]\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cells c;

		begin(&c, 7, 1);
		cells_put(&c, all, 0, 0, 1, ROLE_TEXT, "[");
		cells_put(&c, all, 6, 0, 1, ROLE_TEXT, "]");
		cells_put_right(&c, all, 1, 0, cases[i].width, ROLE_TEXT, cases[i].text);
		assert_text(&c, cases[i].shown);
		cells_free(&c);
	}
}

/* Whatever is drawn, wherever, in whatever width: only the area changes. */
static void nothing_is_drawn_outside_of_an_area(void **state)
{
	static const struct area areas[] = { { 2, 1, 4, 2 }, { 0, 0, 8, 4 }, { 6, 3, 5, 5 },
		{ -2, -1, 5, 3 }, { 3, 1, 0, 2 }, { 3, 1, 2, 0 }, { 3, 1, -1, -1 },
		{ 20, 20, 3, 3 } };
	static const char *const texts[] = { "abcdefghijkl", WIDE WIDE WIDE WIDE WIDE WIDE };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(areas); i++) {
		struct area a = areas[i];
		struct cells c;

		begin(&c, 8, 4);
		cells_repeat(&c, all, 0, 0, 8, ROLE_TEXT, '.');
		cells_repeat(&c, all, 0, 1, 8, ROLE_TEXT, '.');
		cells_repeat(&c, all, 0, 2, 8, ROLE_TEXT, '.');
		cells_repeat(&c, all, 0, 3, 8, ROLE_TEXT, '.');
		for (int y = -2; y < 7; y++) {
			for (int x = -3; x < 12; x++) {
				for (int width = -1; width < 14; width++) {
					cells_put(&c, a, x, y, width, ROLE_GOOD, texts[x & 1]);
					cells_put_right(
						&c, a, x, y, width, ROLE_GOOD, texts[y & 1]);
					cells_repeat(&c, a, x, y, width, ROLE_GOOD, 0x2500);
				}
			}
			cells_select(&c, a, y);
		}
		for (int y = 0; y < 4; y++) {
			for (int x = 0; x < 8; x++) {
				const struct cell *at = &c.grid[y * 8 + x];
				bool inside = x >= a.x && x < a.x + a.width && y >= a.y &&
					      y < a.y + a.height;

				assert_int_equal(inside, at->selected);
				if (!inside)
					assert_int_equal(at->code, '.');
			}
		}
		check_grid(&c);
		cells_free(&c);
	}
}

static void half_of_a_wide_character_does_not_stay(void **state)
{
	static const struct {
		int x;
		const char *text, *shown;
	} cases[] = {
		{ 0, "a", "a " WIDE WIDE "\n" },
		{ 1, "a", " a" WIDE WIDE "\n" },
		{ 2, "ab", WIDE "ab" WIDE "\n" },
		{ 1, "ab", " ab " WIDE "\n" },
		{ 1, WIDE, " " WIDE " " WIDE "\n" },
		{ 5, "a", WIDE WIDE " a\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cells c;

		begin(&c, 6, 1);
		cells_put(&c, all, 0, 0, 6, ROLE_TEXT, WIDE WIDE WIDE);
		cells_put(&c, all, cases[i].x, 0, 6, ROLE_TEXT, cases[i].text);
		assert_text(&c, cases[i].shown);
		check_grid(&c);
		cells_free(&c);
	}
}

static void ascii_lets_only_ascii_in(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "\xe2\x94\x80\xe2\x94\x82\xe2\x94\x8c\xe2\x94\xbc", "-|++\n" },
		{ "\xe2\x86\x90\xe2\x86\x91\xe2\x86\x92\xe2\x86\x93", "<^>v\n" },
		{ "\xe2\x96\xb2\xe2\x96\xbc\xe2\x80\xb9\xe2\x80\xba\xc2\xb7", "^v<>|\n" },
		{ "caf\xc3\xa9", "caf?\n" },
		{ "waiting" ELLIPSIS, "waiting~\n" },
		{ "\xff", "?\n" },
	};
	struct cells c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		begin(&c, 12, 1);
		c.ascii = true;
		cells_put(&c, all, 0, 0, 12, ROLE_TEXT, cases[i].text);
		assert_text(&c, cases[i].shown);
		cells_free(&c);
	}
	begin(&c, 1, 1);
	c.ascii = true;
	for (uint32_t code = 0x20; code < 0x30000; code++) {
		cells_repeat(&c, all, 0, 0, 1, ROLE_TEXT, code);
		assert_in_range(c.grid[0].code, 0x20, 0x7f);
	}
	cells_free(&c);
}

/* What takes no column must not take one because it turns into a "?". */
static void ascii_texts_keep_to_their_width(void **state)
{
	static const char *const texts[] = { "e" ACCENT ACCENT ACCENT ACCENT ACCENT "!",
		WIDE WIDE WIDE WIDE, "a" WIDE "b" ACCENT "c" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		for (int width = 0; width < 10; width++) {
			struct cells c;

			begin(&c, 12, 1);
			c.ascii = true;
			assert_in_range(
				cells_put(&c, all, 0, 0, width, ROLE_TEXT, texts[i]), 0, width);
			for (int x = width; x < 12; x++)
				assert_int_equal(c.grid[x].code, ' ');
			cells_free(&c);
		}
	}
}

static void a_new_size_is_a_blank_grid(void **state)
{
	struct cells c;

	(void)state;
	begin(&c, 3, 2);
	cells_put(&c, all, 0, 0, 3, ROLE_GOOD, "abc");
	assert_int_equal(cells_resize(&c, 4, 1), 0);
	assert_text(&c, "\n");
	assert_roles(&c, "....\n");
	assert_int_equal(cells_resize(&c, 0, -5), 0);
	assert_int_equal(c.width, 1);
	assert_int_equal(c.height, 1);
	cells_free(&c);
	assert_null(c.grid);
}

/* ---- Roles ----------------------------------------------------------------------------------- */

static void roles_have_a_letter_each(void **state)
{
	struct cells c;

	(void)state;
	begin(&c, ROLE_COUNT, 2);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (int y = 0; y < 2; y++)
			cells_repeat(&c, all, (int)role, y, 1, role, 'x');
	cells_select(&c, all, 1);
	assert_roles(&c, ".dthsbrcgwxkef\n,DTHSBRCGWXKEF\n");
	cells_free(&c);
}

static void a_selected_row_can_be_marked(void **state)
{
	struct buf b = { 0 };
	struct cells c;

	(void)state;
	begin(&c, 4, 3);
	cells_put(&c, all, 0, 0, 4, ROLE_TEXT, "a b");
	cells_put(&c, all, 0, 1, 4, ROLE_TEXT, "c d");
	cells_select(&c, all, 1);
	cells_text(&c, &b, true);
	assert_string_equal(b.data, "a b\nc>d\n\n");
	buf_free(&b);
	cells_free(&c);
}

/* Whatever a colour says, weight or line says too where it matters. */
static void roles_that_warn_look_different_without_colours(void **state)
{
	static const enum role loud[] = { ROLE_WARNING, ROLE_CRITICAL, ROLE_CHANGED, ROLE_SORT,
		ROLE_KEY, ROLE_STRONG };
	struct look text = theme_look(ROLE_TEXT, false);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(loud); i++) {
		struct look look = theme_look(loud[i], false);

		assert_true(look.bold != text.bold || look.underline != text.underline);
	}
	for (enum role role = 0; role < ROLE_COUNT; role++)
		assert_int_equal(theme_look(role, false).color, THEME_DEFAULT);
	assert_int_equal(theme_look(ROLE_CRITICAL, true).color, THEME_RED);
	assert_int_equal(theme_look(ROLE_COUNT, true).color, THEME_DEFAULT);
}

/* ---- Widgets --------------------------------------------------------------------------------- */

static void bars_show_their_share(void **state)
{
	static const struct {
		double share;
		const char *shown, *ascii;
	} cases[] = {
		{ 0, "\n", "\n" },
		{ 1e-9, "\xe2\x96\x8f\n", ":\n" },
		{ 1.0 / 32, "\xe2\x96\x8f\n", ":\n" },
		{ 0.25, "\xe2\x96\x88\n", "#\n" },
		{ 0.375, "\xe2\x96\x88\xe2\x96\x8c\n", "#:\n" },
		{ 0.47, "\xe2\x96\x88\xe2\x96\x89\n", "##\n" },
		{ 0.999, "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\n", "####\n" },
		{ 1, "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\n", "####\n" },
		{ 7, "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\n", "####\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		struct cells c;

		begin(&c, 8, 1);
		c.ascii = i % 2;
		widget_bar(&c, all, 0, 0, 4, cases[i / 2].share);
		assert_text(&c, c.ascii ? cases[i / 2].ascii : cases[i / 2].shown);
		cells_free(&c);
	}
}

static void sparklines_show_the_newest_values(void **state)
{
	static const struct {
		struct trend trend;
		int width;
		uint32_t full;
		const char *ascii;
	} cases[] = {
		{ { { 0, 50, 100 }, 3 }, 5, 0, "  _~#\n" },
		{ { { 0, 50, 100 }, 3 }, 2, 0, "~#\n" },
		{ { { 0, 50, 100 }, 3 }, 3, 200, "_,~\n" },
		{ { { 0, 0, 300 }, 3 }, 3, 200, "__#\n" },
		{ { { 0, 0, 0 }, 3 }, 4, 0, " ___\n" },
		{ { { 0 }, 0 }, 4, 0, "\n" },
		{ { { 5 }, 1 }, 0, 0, "\n" },
		{ { { 5 }, 1 }, -1, 0, "\n" },
		{ { { UINT32_MAX, UINT32_MAX / 2 }, 2 }, 2, 0, "#-\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cells c;

		begin(&c, 8, 1);
		c.ascii = true;
		widget_sparkline(
			&c, all, 0, 0, cases[i].width, ROLE_BAR, &cases[i].trend, cases[i].full);
		assert_text(&c, cases[i].ascii);
		cells_free(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cut_to_their_width),
		cmocka_unit_test(texts_stand_at_the_right_edge),
		cmocka_unit_test(nothing_is_drawn_outside_of_an_area),
		cmocka_unit_test(half_of_a_wide_character_does_not_stay),
		cmocka_unit_test(ascii_lets_only_ascii_in),
		cmocka_unit_test(ascii_texts_keep_to_their_width),
		cmocka_unit_test(a_new_size_is_a_blank_grid),
		cmocka_unit_test(roles_have_a_letter_each),
		cmocka_unit_test(a_selected_row_can_be_marked),
		cmocka_unit_test(roles_that_warn_look_different_without_colours),
		cmocka_unit_test(bars_show_their_share),
		cmocka_unit_test(sparklines_show_the_newest_values),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
