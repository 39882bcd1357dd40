/* CSV as RFC 4180 has it, with plain newlines: what is not known is an empty cell. */
#include <errno.h>
#include <string.h>

#include "sockdash/format.h"
#include "sockdash/output.h"

#define FLUSH_BYTES (64 * 1024)

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

static void add_value(struct buf *b, const struct value *v)
{
	char room[FORMAT_MAX];

	if (v->type != VALUE_NONE && !output_number(v, b))
		add_string(b, format_value(v, 0, room));
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
	char time[FMT_MAX];
	struct buf b = { 0 };
	int err = 0;

	fmt_iso_time(time, t->rows.sample->frame->wall_ns);
	if (t->header)
		add_header(t, &b);
	for (uint32_t i = 0; !err && i < t->rows.count; i++) {
		if (t->with_time)
			buf_addf(&b, "%s,", time);
		for (size_t c = 0; c < t->columns->count; c++) {
			struct value v = rowset_value(
				&t->rows, rowset_row(t->order, i), t->columns->fields[c]);

			if (c)
				buf_addc(&b, ',');
			add_value(&b, &v);
		}
		buf_addc(&b, '\n');
		if (b.len >= FLUSH_BYTES)
			err = b.failed ? -ENOMEM : flush(context, &b);
	}
	if (!err)
		err = b.failed ? -ENOMEM : flush(context, &b);
	buf_free(&b);
	return err;
}
