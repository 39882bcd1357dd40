/* top: opens the dashboard on the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/commands.h"
#include "sockdash/loop.h"

/* How far growth looks back where nothing else is wished. */
#define DASHBOARD_WINDOW_S 60

static bool wants_colors(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return !no_color || !*no_color;
}

static bool wants_ascii(const struct options *o)
{
	return o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static int find_pane(const struct table *t)
{
	for (int i = 0; i < PANE_COUNT; i++)
		if (panes[i]->table == t)
			return i;
	return APP_OVERVIEW;
}

/* Where the tape comes through standard input, the keys come from the terminal itself. */
static void read_keys_from_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	close(fd);
}

static int open_terminal(const struct options *o, struct terminal **out)
{
	struct terminal_settings settings = { .colors = wants_colors(o), .mouse = o->mouse };
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		complain("the dashboard needs a terminal; 'sockdash states' and the other views "
			 "print to files and pipes");
		return -ENOTTY;
	}
	err = terminal_open_curses(&settings, out);
	if (err == -ENOTSUP)
		err = terminal_open_plain(&settings, out);
	if (err)
		complain("the terminal: %s", strerror(-err));
	return err;
}

static void apply_sort(struct app *a, const struct sort_key *sort)
{
	if (sort->field)
		app_pane(a)->sort = *sort;
	a->control.needs = app_needs(a);
}

/* The field to sort by belongs to the view that was asked for. */
static int read_sort(const struct table *t, const struct options *o, struct sort_key *out)
{
	struct buf fields = { 0 };

	*out = (struct sort_key){ 0 };
	if (!o->sort)
		return EXIT_DONE;
	if (!t)
		return complain_usage(
			"--sort needs a view to sort: sockdash top VIEW --sort %s", o->sort);
	if (sort_parse(t, o->sort, out) == 0 && out->field)
		return EXIT_DONE;
	list_fields(t, &fields);
	complain_usage(
		"--sort: '%s' is not a field of %s; fields are: %s", o->sort, t->name, fields.data);
	buf_free(&fields);
	return EXIT_USAGE;
}

/* What is configured, and for the view that was asked for what the command line says. */
static int read_columns(
	const struct table *t, const struct options *o, struct columns out[PANE_COUNT])
{
	struct buf fields = { 0 };
	const char *bad = "";
	size_t bad_len = 0;

	for (int i = 0; i < PANE_COUNT; i++) {
		const struct columns *chosen = options_columns(o, panes[i]->table);

		out[i] = chosen ? *chosen : (struct columns){ .count = 0 };
	}
	if (!o->columns)
		return EXIT_DONE;
	if (!t)
		return complain_usage(
			"--columns needs a view that has them: sockdash top VIEW --columns %s",
			o->columns);
	if (columns_parse(t, o->columns, &out[find_pane(t)], &bad, &bad_len) == 0)
		return EXIT_DONE;
	list_fields(t, &fields);
	complain_usage(
		"--columns: '%.*s' is not a field of %s, or there are too many; fields are: %s",
		(int)bad_len, bad, t->name, fields.data);
	buf_free(&fields);
	return EXIT_USAGE;
}

/* Takes what the origin has. */
static int open_feed(struct origin *g, const struct source_request *request,
	const struct tracker_settings *settings, struct feed **out)
{
	if (!g->tape)
		return feed_open_source(g->source, request, settings, out);
	source_close(g->source);
	return feed_open_tape(g->tape, request, settings, out);
}

int cmd_top(const struct table *t, const struct options *o)
{
	struct source_request request = options_request(o, NEED_ALL);
	struct columns columns[PANE_COUNT];
	struct app_settings settings = {
		.pane = find_pane(t),
		.interval_s = o->interval_s,
		.live = !o->tape && !o->synth,
		.replay = o->tape != NULL,
		.cpu_limit = o->cpu_limit,
		.all = o->all,
		.filter = o->filter,
		.prefix4 = o->prefix4,
		.prefix6 = o->prefix6,
		.secure = o->secure,
		.columns = columns,
		.names = o->resolve,
		.events = o->events,
	};
	struct tracker_settings tracker = options_tracker(o, DASHBOARD_WINDOW_S);
	struct terminal *terminal = NULL;
	struct sampler *sampler = NULL;
	struct origin origin;
	struct feed *feed = NULL;
	struct sort_key sort;
	struct app app;
	int err, ended_by = 0, status = read_sort(t, o, &sort);

	if (status)
		return status;
	if (o->output != OUTPUT_TEXT)
		return complain_usage("--json and --csv are for views: sockdash VIEW --json");
	status = read_columns(t, o, columns);
	if (status)
		return status;
	status = origin_open(o, &origin);
	if (status)
		return status;
	if (o->tape && strcmp(o->tape, "-") == 0)
		read_keys_from_terminal();
	if (open_terminal(o, &terminal)) {
		origin_close(&origin);
		return EXIT_FAILED;
	}
	app_init(&app, &settings);
	apply_sort(&app, &sort);
	loop_block_signals();
	err = open_feed(&origin, &request, &tracker, &feed);
	if (!err)
		err = sampler_start(feed, &app.control, &sampler);
	if (!err)
		err = loop_run(&app, sampler, terminal, wants_ascii(o), o->count, &ended_by);
	terminal->ops->close(terminal);
	app_free(&app);
	/* From here on Ctrl-C ends us whatever the sampler does. */
	loop_restore_signals();
	if (err && !ended_by)
		complain("%s", strerror(-err));
	status = ended_by ? 128 + ended_by : err ? EXIT_FAILED : EXIT_DONE;
	if (!sampler_stop(sampler))
		_exit(status);
	/* So that whoever started us learns what ended us. */
	if (ended_by)
		raise(ended_by);
	return status;
}
