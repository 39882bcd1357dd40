/* Text: columns as wide as what is in them. Of a very long table only the first rows are measured,
 * so that printing begins at once; a longer cell further down shifts its line, as in ps. */
#include <errno.h>
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/output.h"
#include "sockdash/utf8.h"

#define MEASURED_ROWS 10000
#define FLUSH_BYTES   (64 * 1024)

static int width_of(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

static void measure(const struct output_table *t, int widths[COLUMNS_MAX])
{
	uint32_t rows = t->rows.count < MEASURED_ROWS ? t->rows.count : MEASURED_ROWS;

	for (size_t c = 0; c < t->columns->count; c++) {
		widths[c] = t->header ? width_of(t->columns->fields[c]->title) : 1;
		for (uint32_t i = 0; i < rows; i++) {
			struct value v = rowset_value(
				&t->rows, rowset_row(t->order, i), t->columns->fields[c]);
			char room[FORMAT_MAX];
			int width = width_of(format_plain(&v, room));

			if (width > widths[c])
				widths[c] = width;
		}
	}
}

static void add_cell(struct buf *b, const char *text, int width, bool right, bool last)
{
	int blank = width - width_of(text);

	if (right)
		buf_fill(b, ' ', blank);
	buf_adds(b, text);
	if (!right && !last)
		buf_fill(b, ' ', blank);
	buf_adds(b, last ? "\n" : "  ");
}

static void add_header(const struct output_table *t, const int widths[COLUMNS_MAX], struct buf *b)
{
	for (size_t c = 0; c < t->columns->count; c++) {
		const struct field *f = t->columns->fields[c];

		add_cell(b, f->title, widths[c], format_is_right(f->type),
			c + 1 == t->columns->count);
	}
}

int output_text(const struct output_table *t, output_flush *flush, void *context)
{
	int widths[COLUMNS_MAX];
	struct buf b = { 0 };
	int err = 0;

	measure(t, widths);
	if (t->header)
		add_header(t, widths, &b);
	for (uint32_t i = 0; !err && i < t->rows.count; i++) {
		for (size_t c = 0; c < t->columns->count; c++) {
			const struct field *f = t->columns->fields[c];
			struct value v = rowset_value(&t->rows, rowset_row(t->order, i), f);
			char room[FORMAT_MAX];

			add_cell(&b, format_plain(&v, room), widths[c], format_is_right(f->type),
				c + 1 == t->columns->count);
		}
		if (b.len >= FLUSH_BYTES)
			err = b.failed ? -ENOMEM : flush(context, &b);
	}
	if (!err)
		err = b.failed ? -ENOMEM : flush(context, &b);
	buf_free(&b);
	return err;
}
