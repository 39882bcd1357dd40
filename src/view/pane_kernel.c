/* The pane of what the kernel counts. */
#include "sockdash/kernel_items.h"
#include "sockdash/pane.h"
#include "sockdash/widgets.h"

static const struct kernel_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->kernel[row];
}

static const struct kernel_item *item_of(const struct rowset *rows, uint32_t row)
{
	return &kernel_items[row_of(rows, row)->item];
}

/* Strong in the first row of a group, as a heading. */
static enum role group_role(const struct rowset *rows, uint32_t row)
{
	bool first = row == 0 || item_of(rows, row)->group != item_of(rows, row - 1)->group;

	return first ? ROLE_STRONG : ROLE_DIM;
}

/* What it means that a counter moves now. */
static enum role weight_role(enum kernel_weight weight)
{
	static const enum role roles[] = {
		[KERNEL_CONTEXT] = ROLE_TEXT,
		[KERNEL_NOTICE] = ROLE_TEXT,
		[KERNEL_TROUBLE] = ROLE_WARNING,
		[KERNEL_LOSS] = ROLE_CRITICAL,
	};

	return roles[weight];
}

static enum role gauge_role(double percent)
{
	return percent >= KERNEL_CRITICAL_PERCENT ? ROLE_CRITICAL
	       : percent >= KERNEL_HIGH_PERCENT   ? ROLE_WARNING
						  : ROLE_TEXT;
}

static enum role role_now(const struct rowset *rows, uint32_t row)
{
	const struct kernel_item *item = item_of(rows, row);
	const struct kernel_row *r = row_of(rows, row);

	if (kernel_is_gauge(item->kind))
		return gauge_role(r->percent);
	return r->rate > 0 ? weight_role(item->weight) : ROLE_TEXT;
}

/* It was worse than it is. */
static enum role role_worst(const struct rowset *rows, uint32_t row)
{
	const struct kernel_item *item = item_of(rows, row);
	const struct kernel_row *r = row_of(rows, row);

	if (kernel_is_gauge(item->kind))
		return gauge_role(100 * r->highest / r->limit);
	return r->highest > 0 ? weight_role(item->weight) : ROLE_TEXT;
}

/* The share of a counter is not that of a limit: there is only one, and 2 % of segments sent again
 * are many. */
static enum role percent_role(const struct rowset *rows, uint32_t row)
{
	const struct kernel_row *r = row_of(rows, row);

	if (kernel_is_gauge(item_of(rows, row)->kind))
		return gauge_role(r->percent);
	return r->percent >= 2 ? ROLE_WARNING : r->percent > 0 ? ROLE_TEXT : ROLE_DIM;
}

static void draw_gauge(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	double percent = row_of(rows, row)->percent;

	if (kernel_is_gauge(item_of(rows, row)->kind) && percent >= 0)
		widget_bar(c, cell, 0, 0, cell.width, percent / 100);
}

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
	{ .field = "group", .width = 9, .role = group_role },
	{ .field = "name", .width = 20, .role = role_now },
	{ .field = "rate", .width = 7, .role = role_now },
	{ .field = "highest", .width = 7, .role = role_worst },
	{ .field = "percent", .width = 6, .role = percent_role },
	{ .field = "meaning", .width = 26, .full = 60, .grow = 8, .least = 20 },
	{ .field = "percent", .title = "", .width = 8, .grow = 12, .draw = draw_gauge },
};

const struct pane pane_kernel = {
	.table = &table_kernel,
	.title = "Kernel",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "value,limit",
	.empty = "no counter that matters has moved, and no limit is near: a shows all",
	.empty_role = ROLE_GOOD,
	.detail = detail,
	.unfiltered = true,
	.no_drill = "what the kernel counts is not about single sockets",
	.detail_of = "meaning",
};
