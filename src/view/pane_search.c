/* Whether a row shows a text. What a column draws in a way of its own is drawn, in more room than any
 * needs, and read from the grid. */
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/pane.h"

#define SCRATCH_WIDTH 160

/* Pictures: a bar, a trend. */
static bool is_picture(const struct pane_column *column)
{
	return column->draw && column->title && !*column->title;
}

static bool is_drawn(const struct pane_column *column, const struct rowset *rows, uint32_t row,
	const struct needle *n, struct cells *scratch)
{
	const struct area all = { 0, 0, SCRATCH_WIDTH, 1 };

	if (scratch->width != SCRATCH_WIDTH && cells_resize(scratch, SCRATCH_WIDTH, 1))
		return false;
	cells_clear(scratch);
	column->draw(scratch, all, rows, row);
	return needle_is_drawn(n, scratch, all, 0);
}

static bool is_in_value(
	const struct rowset *rows, uint32_t row, const struct field *field, const struct needle *n)
{
	bool words = field->type == VALUE_TEXT || field->type == VALUE_ADDRESS;
	char room[FORMAT_MAX];
	struct value v;

	if (!words && !n->number)
		return false;
	v = rowset_value(rows, row, field);
	return v.type != VALUE_NONE && needle_is_in(n, format_value(&v, 0, room));
}

bool pane_has_needle(const struct pane_state *p, uint32_t place, const struct needle *n, bool full,
	struct cells *scratch)
{
	const struct pane *pane = p->pane;
	struct rowset rows = pane_rows(p);
	uint32_t row = pane_row(p, place);
	struct columns more;

	for (size_t i = 0; i < pane->column_count; i++) {
		const struct pane_column *column = &pane->columns[i];
		const struct field *field =
			table_field(pane->table, column->field, strlen(column->field));

		if (is_picture(column))
			continue;
		if (column->draw ? is_drawn(column, &rows, row, n, scratch)
				 : is_in_value(&rows, row, field, n))
			return true;
	}
	if (!full || pane_more(pane, &more))
		return false;
	for (size_t i = 0; i < more.count; i++)
		if (is_in_value(&rows, row, more.fields[i], n))
			return true;
	return false;
}
