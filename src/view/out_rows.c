/* The rows of every format: each column keeps the cell it wrote last ready to be copied. In a long
 * table most cells are what they were a row above (protocol, state, a server's own address), and
 * whatever is dear in a cell, it costs once for a run of equal ones. */
#include <errno.h>

#include "sockdash/output.h"

#define FLUSH_BYTES (64 * 1024)

struct cell {
	struct value value;
	struct buf bytes;
};

/* Texts and addresses stay where they are as long as the sample: the same place is the same text. */
static bool is_same(const struct value *a, const struct value *b)
{
	return a->type == b->type && a->number == b->number && a->at_least == b->at_least &&
	       a->ipv4 == b->ipv4 && a->device == b->device && a->name == b->name;
}

static void add_row(const struct output_table *t, const struct output_form *form,
	struct cell cells[COLUMNS_MAX], uint32_t row, struct buf *b)
{
	for (size_t c = 0; c < t->columns->count; c++) {
		struct value v = rowset_value(&t->rows, row, t->columns->fields[c]);
		struct cell *cell = &cells[c];

		if (!is_same(&v, &cell->value)) {
			buf_clear(&cell->bytes);
			form->add_cell(form, t, c, &v, &cell->bytes);
			b->failed |= cell->bytes.failed;
			cell->value = v;
		}
		buf_add(b, cell->bytes.data, cell->bytes.len);
	}
}

static int flush_some(struct buf *b, output_flush *flush, void *context)
{
	return b->failed ? -ENOMEM : flush(context, b);
}

int output_rows(const struct output_table *t, const struct output_form *form, struct buf *b,
	output_flush *flush, void *context)
{
	struct cell cells[COLUMNS_MAX];
	int err = 0;

	for (size_t c = 0; c < t->columns->count; c++)
		cells[c] = (struct cell){ .value.type = VALUE_TYPES }; /* equals none */
	for (uint32_t i = 0; !err && i < t->rows.count; i++) {
		buf_adds(b, i ? form->next : form->first);
		add_row(t, form, cells, rowset_row(t->order, i), b);
		buf_adds(b, form->end);
		if (b->len >= FLUSH_BYTES)
			err = flush_some(b, flush, context);
	}
	buf_adds(b, form->after);
	if (!err)
		err = flush_some(b, flush, context);
	for (size_t c = 0; c < t->columns->count; c++)
		buf_free(&cells[c].bytes);
	buf_free(b);
	return err;
}
