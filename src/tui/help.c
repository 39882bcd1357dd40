/* The text of the help: the keys from their table, the columns from the field tables. */
#include "sockdash/app.h"
#include "sockdash/keys.h"

/* One table of the help: a heading, its rows, an empty line. */
static size_t section_lines(size_t rows)
{
	return rows + 2;
}

size_t app_help_lines(void)
{
	size_t lines = section_lines(key_binding_count);

	for (size_t i = 0; i < table_count; i++)
		lines += section_lines(tables[i]->field_count);
	return lines - 1;
}

void app_help_line(size_t line, struct buf *keys, struct buf *text, enum role *role)
{
	*role = ROLE_TEXT;
	if (line == 0) {
		buf_adds(text, "Keys");
		*role = ROLE_STRONG;
		return;
	}
	if (line <= key_binding_count) {
		buf_adds(keys, key_bindings[line - 1].shown);
		buf_adds(text, key_bindings[line - 1].help);
		return;
	}
	line -= section_lines(key_binding_count);
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
