/* Text: columns as wide as what is in them. Of a very long table only the first rows are measured,
 * so that printing begins at once; a longer cell further down shifts its line, as in ps. */
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/output.h"
#include "sockdash/utf8.h"

#define MEASURED_ROWS 10000

/* How wide each column is. */
struct text_form {
	struct output_form base;
	int widths[COLUMNS_MAX];
};

static int width_of(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

static int widest(const struct output_table *t, const struct field *f, int width)
{
	uint32_t rows = t->rows.count < MEASURED_ROWS ? t->rows.count : MEASURED_ROWS;

	for (uint32_t i = 0; i < rows; i++) {
		struct value v = rowset_value(&t->rows, rowset_row(t->order, i), f);
		char room[FORMAT_MAX];
		int columns = width_of(format_plain(&v, room));

		if (columns > width)
			width = columns;
	}
	return width;
}

static void add_text(const struct output_form *form, const struct output_table *t, size_t column,
	const char *text, struct buf *b)
{
	const struct text_form *own = (const struct text_form *)form;
	int blank = own->widths[column] - width_of(text);
	bool right = format_is_right(t->columns->fields[column]->type);
	bool last = column + 1 == t->columns->count;

	if (right)
		buf_fill(b, ' ', blank);
	buf_adds(b, text);
	if (!right && !last)
		buf_fill(b, ' ', blank);
	buf_adds(b, last ? "\n" : "  ");
}

static void add_cell(const struct output_form *form, const struct output_table *t, size_t column,
	const struct value *v, struct buf *b)
{
	char room[FORMAT_MAX];

	add_text(form, t, column, format_plain(v, room), b);
}

int output_text(const struct output_table *t, output_flush *flush, void *context)
{
	struct text_form form = { { "", "", "", "", add_cell }, { 0 } };
	struct buf b = { 0 };

	for (size_t c = 0; c < t->columns->count; c++) {
		const struct field *f = t->columns->fields[c];

		form.widths[c] = widest(t, f, t->header ? width_of(f->title) : 1);
		if (t->header)
			add_text(&form.base, t, c, f->title, &b);
	}
	return output_rows(t, &form.base, &b, flush, context);
}
