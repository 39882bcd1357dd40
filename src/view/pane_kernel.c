/* The pane of what the kernel counts. */
#include "sockdash/kernel_items.h"
#include "sockdash/pane.h"

/* What a counter means is a sentence: in a narrow screen it stands below. */
static void detail(const struct rowset *rows, uint32_t row, struct pane_detail *out)
{
	const struct kernel_item *item = &kernel_items[rows->sample->kernel[row].item];

	out->role = ROLE_TEXT;
	buf_addf(&out->title, "%s (%s)", item->name, kernel_group_name(item->group));
	out->notes[out->count++] = (struct pane_note){ .mark = "", .role = ROLE_TEXT };
	buf_adds(&out->notes[0].text, item->meaning);
}

static const struct pane_column columns[] = {
	{ .field = "name", .width = 22 },
	{ .field = "rate", .width = 8 },
};

const struct pane pane_kernel = {
	.table = &table_kernel,
	.title = "Kernel",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "",
	.empty = "no counter that matters has moved yet: a shows all",
	.detail = detail,
	.detail_of = "meaning",
};
