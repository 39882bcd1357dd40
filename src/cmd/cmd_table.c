/* VIEW: prints one table, once or every interval. Of a view it knows nothing but its table. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sockdash/commands.h"
#include "sockdash/naming.h"

/* What to print of each sample. */
struct printing {
	const struct table_command *command;
	const struct table *table;
	const struct options *options;
	struct columns columns;
	struct sort_key sort;
	struct naming *naming; /* or NULL */
	bool blocks;           /* not a table but as the command has it */
	struct buf told;       /* the problems that were told last */
	uint64_t printed;
};

/* ---- What to print --------------------------------------------------------------------------- */

static int choose_columns(struct printing *r)
{
	const struct options *o = r->options;
	const struct table *t = r->table;
	const char *list = o->processes && t->owner_columns ? t->owner_columns : t->columns;
	const struct columns *chosen = options_columns(o, r->command->table);
	const char *bad = "";
	size_t bad_len = 0;
	int err;
	struct buf fields = { 0 };

	if (!o->columns && o->output != OUTPUT_TEXT) {
		columns_all(t, o->processes, &r->columns);
		if (o->events)
			columns_add_events(t, &r->columns);
		return EXIT_DONE;
	}
	if (!o->columns && chosen && !o->processes) {
		r->columns = *chosen;
		return EXIT_DONE;
	}
	err = columns_parse(t, o->columns ? o->columns : list, &r->columns, &bad, &bad_len);
	if (!err && o->events && !o->columns)
		columns_add_events(t, &r->columns);
	if (!err)
		return EXIT_DONE;
	if (err == -E2BIG)
		return complain_usage("--columns: no more than %d fields", COLUMNS_MAX);
	list_fields(t, &fields);
	complain_usage("--columns: '%.*s' is not a field of %s; fields are: %s", (int)bad_len, bad,
		t->name, fields.data);
	buf_free(&fields);
	return EXIT_USAGE;
}

static int choose_sort(struct printing *r)
{
	const char *text = r->options->sort;
	struct buf fields = { 0 };

	if (sort_parse(r->table, text ? text : r->table->sort, &r->sort) == 0 &&
		(r->sort.field || !text))
		return EXIT_DONE;
	list_fields(r->table, &fields);
	complain_usage("--sort: '%s' is not a field of %s; fields are: %s", text, r->table->name,
		fields.data);
	buf_free(&fields);
	return EXIT_USAGE;
}

static unsigned needs_of(const struct printing *r)
{
	unsigned needs = r->table->needs | (r->sort.field ? r->sort.field->needs : 0);

	for (size_t i = 0; i < r->columns.count; i++)
		needs |= r->columns.fields[i]->needs;
	return needs;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* The terminal's, or 0 where there is none. */
static int terminal_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
										     : 0;
}

/* Samples in text are separated by an empty line. */
static int separate(const struct printing *r)
{
	struct buf blank = { 0 };
	int err;

	if (r->options->output != OUTPUT_TEXT || !r->printed ||
		(r->options->no_header && !r->blocks))
		return 0;
	buf_addc(&blank, '\n');
	err = blank.failed ? -ENOMEM : output_stdout(NULL, &blank);
	buf_free(&blank);
	return err;
}

static int print_sample(void *context, const struct sample *s)
{
	static output_writer *const writers[] = {
		[OUTPUT_TEXT] = output_text,
		[OUTPUT_JSON] = output_json,
		[OUTPUT_CSV] = output_csv,
	};
	struct printing *r = context;
	const struct options *o = r->options;
	bool text = o->output == OUTPUT_TEXT;
	struct rowset rows = rowset_of(r->table, s);
	uint32_t *order;
	int err = rowset_order(&rows, r->sort, NULL, &order);
	struct output_table t = {
		.rows = rows,
		.columns = &r->columns,
		.order = order,
		.header = !o->no_header && (text || r->printed == 0),
		.with_time = watch_is_series(o),
		.width = r->blocks ? terminal_width() : 0,
		.add_members = r->command->add_members,
		.filter = o->filter,
	};

	if (r->naming)
		naming_find(r->naming, &r->columns, &t.rows);
	if (r->command->look)
		r->command->look(r->command->context, s);
	if (o->output != OUTPUT_JSON)
		tell_problems(&r->told, s->frame); /* JSON has them inside */
	if (!err)
		err = separate(r);
	if (!err)
		err = (r->blocks ? r->command->text : writers[o->output])(&t, output_stdout, NULL);
	free(order);
	r->printed++;
	return err;
}

/* ---- The command ----------------------------------------------------------------------------- */

int table_command_run(const struct table_command *c, const struct options *o)
{
	struct printing r = {
		.command = c,
		.table = o->all && c->table->all ? c->table->all : c->table,
		.options = o,
		.blocks = c->text && o->output == OUTPUT_TEXT && !o->columns,
	};
	struct watch watch = {
		.options = o,
		.window = c->table->window,
		.whole = c->table->whole,
		.print = print_sample,
		.context = &r,
	};
	int status = choose_columns(&r);

	if (!status)
		status = choose_sort(&r);
	if (status)
		return status;
	if (o->resolve && o->output == OUTPUT_TEXT && !r.blocks)
		status = naming_open(&r.naming);
	watch.needs = needs_of(&r);
	if (!status)
		status = watch_samples(&watch);
	naming_close(r.naming);
	buf_free(&r.told);
	return status;
}

int cmd_table(const struct table *t, const struct options *o)
{
	struct table_command c = { .table = t };

	return table_command_run(&c, o);
}
