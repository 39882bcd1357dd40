/* The table of what the kernel counts. */
#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/rowset.h"

static const struct kernel_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->kernel[row];
}

static void get_name(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, kernel_items[row_of(rows, row)->item].name);
}

static void get_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->rate);
}

static const struct field fields[] = {
	{ "name", "NAME", "name of the counter, as nstat prints it", VALUE_TEXT, .get = get_name },
	{ "rate", "RATE/s", "its change per second", VALUE_RATE, .get = get_rate },
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
	.fields = fields, .field_count = sizeof fields / sizeof *fields, .columns = "name,rate",   \
	.sort = "", .needs = NEED_COUNTERS | NEED_SOCKETS | NEED_ADDRESSES | NEED_PORTS,           \
	.window = true, .count = counter, .identity = identity

static const struct table all = { TABLE_KERNEL(count_all) };
const struct table table_kernel = { TABLE_KERNEL(count), .all = &all };
