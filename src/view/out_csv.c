/* CSV as RFC 4180 has it, with plain newlines: what is not known is an empty cell. */
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/output.h"

static void add_string(struct buf *b, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		buf_adds(b, text);
		return;
	}
	buf_addc(b, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(b, '"');
		buf_addc(b, *text);
	}
	buf_addc(b, '"');
}

static void add_cell(const struct output_form *form, const struct output_table *t, size_t column,
	const struct value *v, struct buf *b)
{
	char room[FORMAT_MAX];

	(void)form;
	(void)t;
	if (column)
		buf_addc(b, ',');
	if (v->type != VALUE_NONE && !output_number(v, b))
		add_string(b, output_word(v, room));
}

static void add_header(const struct output_table *t, struct buf *b)
{
	if (t->with_time)
		buf_adds(b, "time,");
	for (size_t c = 0; c < t->columns->count; c++)
		buf_addf(b, "%s%s", c ? "," : "", t->columns->fields[c]->name);
	buf_addc(b, '\n');
}

int output_csv(const struct output_table *t, output_flush *flush, void *context)
{
	char time[FMT_MAX + 1] = "";
	struct output_form form = {
		.first = time, .next = time, .end = "\n", .after = "", .add_cell = add_cell
	};
	struct buf b = { 0 };

	if (t->with_time)
		strcat(fmt_iso_time(time, t->rows.sample->frame->wall_ns), ",");
	if (t->header)
		add_header(t, &b);
	return output_rows(t, &form, &b, flush, context);
}
