/* The table of what the kernel counts. */
#include <math.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/rowset.h"

static const struct kernel_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->kernel[row];
}

static const struct kernel_item *item_of(const struct rowset *rows, uint32_t row)
{
	return &kernel_items[row_of(rows, row)->item];
}

static void get_group(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, kernel_group_name(item_of(rows, row)->group));
}

static void get_name(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, item_of(rows, row)->name);
}

static void put_amount(const struct rowset *rows, uint32_t row, double amount, struct value *out)
{
	bool bytes = item_of(rows, row)->kind == KERNEL_BYTES;

	if (!isnan(amount))
		value_number(out, bytes ? VALUE_BYTES : VALUE_COUNT, (int64_t)amount);
}

static void get_value(const struct rowset *rows, uint32_t row, struct value *out)
{
	put_amount(rows, row, row_of(rows, row)->value, out);
}

static void get_limit(const struct rowset *rows, uint32_t row, struct value *out)
{
	put_amount(rows, row, row_of(rows, row)->limit, out);
}

static void get_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	bool gauge = kernel_is_gauge(item_of(rows, row)->kind);

	value_real(out, gauge ? VALUE_TREND : VALUE_RATE, row_of(rows, row)->rate);
}

/* What fits into one column with rates is the share of a limit. */
static void get_highest(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct kernel_row *r = row_of(rows, row);

	if (!kernel_is_gauge(item_of(rows, row)->kind))
		value_real(out, VALUE_RATE, r->highest);
	else if (r->limit > 0)
		value_real(out, VALUE_PERCENT, 100 * r->highest / r->limit);
}

static void get_percent(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_PERCENT, row_of(rows, row)->percent);
}

static void get_meaning(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, item_of(rows, row)->meaning);
}

static const struct field fields[] = {
	{ "group", "GROUP",
		"the question that it answers: accepting, memory, closing, network or limits",
		VALUE_TEXT, .get = get_group },
	{ "name", "NAME", "of a counter the kernel's name for it, without Tcp or TcpExt before it",
		VALUE_TEXT, .get = get_name },
	{ "value", "VALUE",
		"the counter, since the system started, or how much of a limit is taken",
		VALUE_COUNT, .get = get_value },
	{ "rate", "RATE/s", "its change per second since the sample before", VALUE_RATE,
		.get = get_rate },
	{ "highest", "HIGHEST",
		"highest rate since sockdash looks; of what has a limit, the highest percent",
		VALUE_RATE, .get = get_highest },
	{ "limit", "LIMIT", "how much there may be", VALUE_COUNT, .get = get_limit },
	{ "percent", "%", "share of the limit that is taken; of RetransSegs, of the segments sent",
		VALUE_PERCENT, .get = get_percent },
	{ "meaning", "MEANING", "what it counts, and what it means that it moves", VALUE_TEXT,
		.get = get_meaning },
};

static uint32_t count(const struct sample *sample)
{
	return sample->kernel_shown;
}

static uint32_t count_all(const struct sample *sample)
{
	return sample->kernel_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->item + 1;
}

#define TABLE_KERNEL(counter)                                                                      \
	.name = "kernel", .title = "Kernel",                                                       \
	.help = "what the kernel counts and limits, as far as it moves or is near a limit",        \
	.fields = fields, .field_count = sizeof fields / sizeof *fields,                           \
	.columns = "name,value,rate,highest,percent,meaning", .sort = "",                          \
	.needs = NEED_COUNTERS | NEED_SOCKETS | NEED_ADDRESSES | NEED_PORTS, .window = true,       \
	.unfiltered = true, .count = counter, .identity = identity

static const struct table all = { TABLE_KERNEL(count_all) };
const struct table table_kernel = { TABLE_KERNEL(count), .all = &all };
