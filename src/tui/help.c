/* The text of the help: the keys from their table, the columns from the field tables. */
#include "sockdash/app.h"
#include "sockdash/keys.h"

/* One table of the help: a heading, its rows, an empty line. */
static size_t section_lines(size_t rows)
{
	return rows + 2;
}

static size_t count_keys(bool replay)
{
	size_t n = 0;

	for (size_t i = 0; i < key_binding_count; i++)
		n += key_applies(&key_bindings[i], replay);
	return n;
}

static const struct key_binding *nth_key(bool replay, size_t n)
{
	const struct key_binding *b = key_bindings;

	for (;; b++)
		if (key_applies(b, replay) && n-- == 0)
			return b;
}

size_t app_help_lines(bool replay)
{
	size_t lines = section_lines(count_keys(replay));

	for (size_t i = 0; i < table_count; i++)
		lines += section_lines(tables[i]->field_count);
	return lines - 1;
}

void app_help_line(bool replay, size_t line, struct buf *keys, struct buf *text, enum role *role)
{
	size_t key_count = count_keys(replay);

	*role = ROLE_TEXT;
	if (line == 0) {
		buf_adds(text, "Keys");
		*role = ROLE_STRONG;
		return;
	}
	if (line <= key_count) {
		const struct key_binding *b = nth_key(replay, line - 1);

		buf_adds(keys, b->shown);
		buf_adds(text, b->help);
		return;
	}
	line -= section_lines(key_count);
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
