/* The text of the help: the keys from their table, the columns from the field tables. */
#include "sockdash/app.h"
#include "sockdash/keys.h"
#include "sockdash/menus.h"

/* One table of the help: a heading, its rows, an empty line. */
static size_t section_lines(size_t rows)
{
	return rows + 2;
}

/* Keys in panes, and where something else has them. */
static const struct {
	const char *title;
	const struct key_binding *keys;
	const size_t *count;
} key_tables[] = {
	{ "Keys", key_bindings, &key_binding_count },
	{ "Keys in menus and in this help", menu_keys, &menu_key_count },
	{ "Keys in the menu of columns", chooser_keys, &chooser_key_count },
};
#define KEY_TABLES (sizeof key_tables / sizeof *key_tables)

static size_t count_keys(size_t table, bool replay)
{
	size_t n = 0;

	for (size_t i = 0; i < *key_tables[table].count; i++)
		n += key_applies(&key_tables[table].keys[i], replay);
	return n;
}

static const struct key_binding *nth_key(size_t table, bool replay, size_t n)
{
	const struct key_binding *b = key_tables[table].keys;

	for (;; b++)
		if (key_applies(b, replay) && n-- == 0)
			return b;
}

size_t app_help_lines(bool replay)
{
	size_t lines = 0;

	for (size_t i = 0; i < KEY_TABLES; i++)
		lines += section_lines(count_keys(i, replay));
	lines += section_lines(prompt_key_count);
	for (size_t i = 0; i < table_count; i++)
		lines += section_lines(tables[i]->field_count);
	return lines - 1;
}

/* A line of the section of a table of keys. */
static void key_line(
	size_t table, bool replay, size_t line, struct buf *keys, struct buf *text, enum role *role)
{
	if (line == 0) {
		buf_adds(text, key_tables[table].title);
		*role = ROLE_STRONG;
	} else if (line <= count_keys(table, replay)) {
		const struct key_binding *b = nth_key(table, replay, line - 1);

		buf_adds(keys, b->shown);
		buf_adds(text, b->help);
	}
}

/* The same of the keys while something is typed. */
static void prompt_line(size_t line, struct buf *keys, struct buf *text, enum role *role)
{
	if (line == 0) {
		buf_adds(text, "Keys in a line that is typed");
		*role = ROLE_STRONG;
	} else if (line <= prompt_key_count) {
		buf_adds(keys, prompt_keys[line - 1].shown);
		buf_adds(text, prompt_keys[line - 1].help);
	}
}

void app_help_line(bool replay, size_t line, struct buf *keys, struct buf *text, enum role *role)
{
	*role = ROLE_TEXT;
	for (size_t i = 0; i < KEY_TABLES; i++) {
		size_t lines = section_lines(count_keys(i, replay));

		if (line < lines) {
			key_line(i, replay, line, keys, text, role);
			return;
		}
		line -= lines;
	}
	if (line < section_lines(prompt_key_count)) {
		prompt_line(line, keys, text, role);
		return;
	}
	line -= section_lines(prompt_key_count);
	for (size_t i = 0; i < table_count; line -= section_lines(tables[i]->field_count), i++) {
		const struct table *t = tables[i];

		if (line == 0) {
			buf_addf(text, "%s: %s", t->title, t->help);
			*role = ROLE_STRONG;
		} else if (line <= t->field_count) {
			buf_adds(keys, t->fields[line - 1].title);
			buf_adds(text, t->fields[line - 1].help);
		} else if (line < section_lines(t->field_count)) {
			return;
		} else {
			continue;
		}
		return;
	}
}
