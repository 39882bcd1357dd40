/* Which commands there are besides the views, and the names of all that can be named. */
#include "sockdash/commands.h"

const struct command commands[] = {
	{ "top", "the dashboard, on all panes or on one", "view", true },
	{ "report", "one page with all that matters", "nothing", true },
	{ "record", "write samples to a file", "file", true },
	{ "replay", "show such a file", "tape", false },
	{ "completions", "a script with which a shell completes command lines", "shell", false },
};
const size_t command_count = sizeof commands / sizeof *commands;

void list_commands(struct buf *out)
{
	for (size_t i = 0; i < command_count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", commands[i].name);
}

void list_tables(struct buf *out)
{
	for (size_t i = 0; i < table_count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", tables[i]->name);
}

void list_fields(const struct table *t, struct buf *out)
{
	for (size_t i = 0; i < t->field_count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", t->fields[i].name);
}
