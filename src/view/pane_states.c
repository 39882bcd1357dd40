/* The pane of states: the histogram. */
#include "sockdash/drill.h"
#include "sockdash/pane.h"
#include "sockdash/widgets.h"

static void draw_bar(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	widget_bar(c, cell, 0, 0, cell.width, rows->sample->states[row].percent / 100);
}

/* UDP's states have TCP's names: they say whose they are. */
static void draw_state(struct cells *c, struct area cell, const struct rowset *rows, uint32_t row)
{
	const struct state_row *s = &rows->sample->states[row];
	enum role role = s->count ? ROLE_TEXT : ROLE_DIM;
	int used = 0;

	if (s->proto == SOCK_UDP)
		used = cells_put(c, cell, 0, 0, cell.width, role, "udp ");
	cells_put(c, cell, used, 0, cell.width - used, role, sock_state_name(s->state));
}

static const struct pane_column columns[] = {
	{ .field = "state", .also = "proto", .width = 10, .draw = draw_state },
	{ .field = "count", .width = 9 },
	{ .field = "percent", .width = 6, .priority = 1 },
	{ .field = "percent",
		.title = "",
		.width = 10,
		.grow = 60,
		.draw = draw_bar,
		.priority = 3 },
	{ .field = "delta", .width = 7, .priority = 2 },
	{ .field = "in_rate", .width = 6, .priority = 4 },
	{ .field = "out_rate", .width = 6, .priority = 4 },
};

static bool drill(const struct rowset *rows, uint32_t row, struct buf *filter, struct buf *name)
{
	const struct state_row *s = &rows->sample->states[row];

	buf_addf(filter, "proto = %s", sock_proto_name(s->proto));
	drill_add_state(filter, s->state);
	buf_addf(name, "%s%s", s->proto == SOCK_UDP ? "udp " : "", sock_state_name(s->state));
	return true;
}

const struct pane pane_states = {
	.table = &table_states,
	.title = "States",
	.columns = columns,
	.column_count = sizeof columns / sizeof *columns,
	.more = "proto",
	.empty = "no sockets can be seen",
	.drill = drill,
};
