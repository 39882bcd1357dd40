/* Text: columns as wide as what is in them. Of a very long table only the first rows are measured,
 * so that printing begins at once; a longer cell further down shifts its line, as in ps. Where
 * lines may only be so wide, the widest columns give: texts are cut, numbers take a shorter form. */
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/output.h"
#include "sockdash/utf8.h"

#define MEASURED_ROWS 10000
#define GAP           2 /* between two columns */
#define TEXT_LEAST    8 /* what is left of a text while others can give */
#define LEAST         4

/* How wide each column is. */
struct text_form {
	struct output_form base;
	int widths[COLUMNS_MAX];
	bool limited;
	const char *ellipsis;
};

static int width_of(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

/* People read a page of so many columns, scripts what has none. */
static const char *cell_text(const struct value *v, bool limited, int width, char room[FORMAT_MAX])
{
	return limited ? format_value(v, width, room) : format_plain(v, room);
}

static int widest(const struct output_table *t, const struct field *f, int width)
{
	uint32_t rows = t->rows.count < MEASURED_ROWS ? t->rows.count : MEASURED_ROWS;

	for (uint32_t i = 0; i < rows; i++) {
		struct value v = rowset_value(&t->rows, rowset_row(t->order, i), f);
		char room[FORMAT_MAX];
		int columns = width_of(cell_text(&v, t->width, 0, room));

		if (columns > width)
			width = columns;
	}
	return width;
}

static bool is_right(const struct output_table *t, size_t column)
{
	return format_is_right(t->columns->fields[column]->type);
}

/* The widest of the columns that can give one more; numbers after all texts. */
static int *giver(struct text_form *form, const struct output_table *t, bool numbers)
{
	int *widest_one = NULL;

	for (size_t c = 0; c < t->columns->count; c++) {
		int *width = &form->widths[c];

		if (*width > (numbers ? LEAST : TEXT_LEAST) && (numbers || !is_right(t, c)) &&
			(!widest_one || *width > *widest_one))
			widest_one = width;
	}
	return widest_one || numbers ? widest_one : giver(form, t, true);
}

static void limit_widths(struct text_form *form, const struct output_table *t)
{
	int total = -GAP;
	int *width;

	for (size_t c = 0; c < t->columns->count; c++)
		total += form->widths[c] + GAP;
	for (; total > t->width && (width = giver(form, t, false)); total--)
		--*width;
}

static void add_cut(const struct text_form *form, const char *text, int width, struct buf *b)
{
	int dots = width_of(form->ellipsis), used;
	size_t len = utf8_fit(text, strlen(text), width > dots ? width - dots : width, &used);

	buf_add(b, text, len);
	if (width > dots)
		buf_adds(b, form->ellipsis);
	buf_fill(b, ' ', width - used - (width > dots ? dots : 0));
}

static void add_text(const struct output_form *form, const struct output_table *t, size_t column,
	const char *text, struct buf *b)
{
	const struct text_form *own = (const struct text_form *)form;
	int blank = own->widths[column] - width_of(text);
	bool right = is_right(t, column);
	bool last = column + 1 == t->columns->count;

	if (blank < 0 && own->limited) {
		add_cut(own, text, own->widths[column], b);
		buf_adds(b, last ? "\n" : "  ");
		return;
	}
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
	const struct text_form *own = (const struct text_form *)form;
	char room[FORMAT_MAX];

	add_text(form, t, column, cell_text(v, own->limited, own->widths[column], room), b);
}

int output_text(const struct output_table *t, output_flush *flush, void *context)
{
	struct text_form form = {
		.base = { "", "", "", "", add_cell },
		.limited = t->width,
		.ellipsis = t->ascii ? "..." : "\xe2\x80\xa6",
	};
	struct buf b = { 0 };

	for (size_t c = 0; c < t->columns->count; c++)
		form.widths[c] = widest(t, t->columns->fields[c],
			t->header ? width_of(t->columns->fields[c]->title) : 1);
	if (t->width)
		limit_widths(&form, t);
	for (size_t c = 0; t->header && c < t->columns->count; c++)
		add_text(&form.base, t, c, t->columns->fields[c]->title, &b);
	return output_rows(t, &form.base, &b, flush, context);
}
