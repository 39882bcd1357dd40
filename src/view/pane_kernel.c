/* The pane of what the kernel counts. */
#include "sockdash/pane.h"

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
};
