/* Keys by their names, and grids to look at. */
#include "lib/keyboard.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/utf8.h"

static const struct {
	const char *name;
	int key;
} key_names[] = {
	{ "Up", KEYCODE_UP },
	{ "Down", KEYCODE_DOWN },
	{ "Left", KEYCODE_LEFT },
	{ "Right", KEYCODE_RIGHT },
	{ "PgUp", KEYCODE_PAGE_UP },
	{ "PgDn", KEYCODE_PAGE_DOWN },
	{ "Home", KEYCODE_HOME },
	{ "End", KEYCODE_END },
	{ "Tab", KEYCODE_TAB },
	{ "BackTab", KEYCODE_BACK_TAB },
	{ "Enter", KEYCODE_RETURN },
	{ "Esc", KEYCODE_ESCAPE },
	{ "Rubout", KEYCODE_RUBOUT },
	{ "Space", ' ' },
	{ "Ctrl-U", KEYCODE_CTRL('u') },
	{ "Ctrl-L", KEYCODE_CTRL('l') },
	{ "Ctrl-A", KEYCODE_CTRL('a') },
	{ "Ctrl-E", KEYCODE_CTRL('e') },
	{ "Ctrl-K", KEYCODE_CTRL('k') },
	{ "Ctrl-W", KEYCODE_CTRL('w') },
	{ "Del", KEYCODE_DELETE },
	{ "Umlaut", KEYCODE_TEXT | 0xfc },
	{ "Han", KEYCODE_TEXT | 0x6570 },
	{ "F1", KEYCODE_FUNCTION + 1 },
	{ "F3", KEYCODE_FUNCTION + 3 },
	{ "F4", KEYCODE_FUNCTION + 4 },
	{ "F6", KEYCODE_FUNCTION + 6 },
	{ "F10", KEYCODE_FUNCTION + 10 },
};

int key_of(const char *word)
{
	if (!word[1])
		return *word;
	for (size_t i = 0; i < COUNT_OF(key_names); i++)
		if (strcmp(key_names[i].name, word) == 0)
			return key_names[i].key;
	fail_msg("'%s' is no key", word);
	return KEYCODE_NONE;
}

int key_number(unsigned n)
{
	return key_names[n % COUNT_OF(key_names)].key;
}

void press(struct app *a, struct cells *c, const char *keys)
{
	char line[256], *rest;

	assert_true(snprintf(line, sizeof line, "%s", keys) < (int)sizeof line);
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		app_key(a, key_of(word));
		if (c)
			app_draw(a, c);
	}
}

void size(struct cells *c, int width, int height)
{
	*c = (struct cells){ 0 };
	assert_int_equal(cells_resize(c, width, height), 0);
}

void check_grid(const struct cells *c)
{
	for (int i = 0; i < c->width * c->height; i++) {
		const struct cell *at = &c->grid[i];
		bool wide = at->code && utf8_width(at->code) == 2;

		assert_true(at->role < ROLE_COUNT);
		assert_true(at->code != 0x7f && (at->code == 0 || at->code >= 0x20));
		if (c->ascii)
			assert_in_range(at->code, 0x20, 0x7e);
		if (!at->code)
			assert_true(i % c->width && at[-1].code && utf8_width(at[-1].code) == 2);
		if (wide)
			assert_true(i % c->width + 1 < c->width && !at[1].code);
	}
}
