/* The pane of findings. */
#include "sockdash/pane.h"

static const struct pane_column columns[] = {
	{ .field = "severity", .width = 8 },
	{ .field = "id", .width = 18 },
	{ .field = "subject", .width = 24 },
	{ .field = "evidence", .width = 20, .grow = 60 },
	{ .field = "since", .width = 8 },
};

const struct pane pane_audit = {
	.table = &table_audit,
	.title = "Findings",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "advice,command",
	.empty = "nothing found: a shows what was checked",
	.empty_role = ROLE_GOOD,
};
