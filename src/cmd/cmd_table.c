/* VIEW: prints one table, once or every interval. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/commands.h"
#include "sockdash/feed.h"
#include "sockdash/output.h"

/* How long a command observes where nothing else is wished. */
#define COMMAND_WINDOW_S 3

/* Everything between the first sample and the last. */
struct run {
	const struct table *table;
	const struct options *options;
	struct columns columns;
	struct sort_key sort;
	struct origin origin;
	uint64_t wanted; /* samples to print */
	double window_s; /* to observe before speaking */
	struct source_request request;
	struct tracker *tracker;
	struct buf told; /* the problems that were told last */
	uint64_t printed;
	bool blind; /* the last sample had nothing of what was asked for */
};

/* ---- What to print --------------------------------------------------------------------------- */

static int choose_columns(struct run *r)
{
	const struct options *o = r->options;
	const struct table *t = r->table;
	const char *list = o->processes && t->owner_columns ? t->owner_columns : t->columns;
	const char *bad = "";
	size_t bad_len = 0;
	int err;
	struct buf fields = { 0 };

	if (!o->columns && o->output != OUTPUT_TEXT) {
		columns_all(t, o->processes, &r->columns);
		return EXIT_DONE;
	}
	err = columns_parse(t, o->columns ? o->columns : list, &r->columns, &bad, &bad_len);
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

static int choose_sort(struct run *r)
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

static unsigned needs_of(const struct run *r)
{
	unsigned needs = r->table->needs | (r->sort.field ? r->sort.field->needs : 0);

	for (size_t i = 0; i < r->columns.count; i++)
		needs |= r->columns.fields[i]->needs;
	return needs;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int flush_stdout(void *context, struct buf *b)
{
	size_t done = 0;

	(void)context;
	while (done < b->len) {
		ssize_t n = write(STDOUT_FILENO, b->data + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	buf_clear(b);
	return 0;
}

static int print_sample(struct run *r, const struct sample *s)
{
	static output_writer *const writers[] = {
		[OUTPUT_TEXT] = output_text,
		[OUTPUT_JSON] = output_json,
		[OUTPUT_CSV] = output_csv,
	};
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
		.with_time = r->wanted > 1,
	};
	struct buf blank = { 0 };

	if (o->output != OUTPUT_JSON)
		tell_problems(&r->told, s->frame); /* JSON has them inside */
	if (!err && text && r->printed && !o->no_header) {
		buf_addc(&blank, '\n');
		err = blank.failed ? -ENOMEM : flush_stdout(NULL, &blank);
	}
	if (!err)
		err = writers[o->output](&t, flush_stdout, NULL);
	buf_free(&blank);
	free(order);
	r->printed++;
	r->blind = (s->frame->absent & o->protocols) == o->protocols;
	return err;
}

/* ---- Sampling -------------------------------------------------------------------------------- */

static int take_sample(struct run *r, struct sample **out)
{
	struct frame *frame;
	int err = source_next(r->origin.source, &r->request, tracker_previous(r->tracker), &frame);

	if (!err)
		err = tracker_step(r->tracker, frame, out);
	if (!err)
		frame_forget_diff(frame);
	return err;
}

/* When the next sample is to be taken, after one that was due at `when`, began at `began` and cost
 * so much CPU time. A sample that took longer than the interval, or more than its share of the
 * processor, begins the schedule anew rather than that we hurry after it. What is only observed
 * does not put off the answer, which is due at `speak`. */
static int64_t next_time(
	const struct run *r, int64_t when, int64_t began, int64_t cpu_ns, int64_t speak)
{
	int64_t now = clock_mono_ns();
	int64_t least = began + feed_least_ns(cpu_ns, r->options->cpu_limit);

	if (when <= speak && least > speak)
		least = speak;
	when = when > least ? when : least;
	return when > now ? when : now;
}

/* Samples every so often, on a schedule that does not drift. A source that has its own time is not
 * waited for. */
static int observe(struct run *r)
{
	const struct options *o = r->options;
	bool own_time = r->origin.source->own_time;
	/* A recording is printed as it is: its first samples are not observed silently. */
	double window_s = r->table->window && !r->origin.tape ? r->window_s : 0;
	int64_t when = clock_mono_ns(), speak = when + (int64_t)(window_s * 1e9);
	/* Three intervals at least in the window that growth is measured over. */
	double step_s = window_s / 3 < o->interval_s ? window_s / 3 : o->interval_s;
	int err = 0;

	while (!err) {
		struct sample *s;
		bool speaks = when >= speak;
		int64_t began = clock_mono_ns(), cpu = clock_process_cpu_ns();

		err = take_sample(r, &s);
		if (err)
			break;
		if (speaks)
			err = print_sample(r, s);
		sample_put(s);
		if (err || r->printed == r->wanted)
			break;
		r->request.interval_s = speaks ? o->interval_s : step_s;
		when += (int64_t)(r->request.interval_s * 1e9);
		if (!speaks && speak - when < (int64_t)(step_s * 1e8))
			when = speak;
		if (own_time)
			continue;
		when = next_time(r, when, began, clock_process_cpu_ns() - cpu, speak);
		err = clock_sleep_until(when);
	}
	return err;
}

static int tell_end(struct run *r, int err)
{
	int status = EXIT_DONE;

	if (err == -ENODATA && r->origin.tape) {
		status = origin_tell_end(r->options, &r->origin);
		err = 0;
	}
	if (!err || err == -EPIPE)
		return r->blind ? EXIT_FAILED : status;
	complain("%s%s", r->printed && !r->origin.tape ? "standard output: " : "", strerror(-err));
	return EXIT_FAILED;
}

int cmd_table(const struct table *t, const struct options *o)
{
	struct tracker_settings settings = options_tracker(o, COMMAND_WINDOW_S);
	struct run r = { .table = t, .options = o, .window_s = settings.window_s };
	int status = choose_columns(&r), err;

	if (!status)
		status = choose_sort(&r);
	if (!status)
		status = origin_open(o, &r.origin);
	if (status)
		return status;
	if (o->all && t->all)
		r.table = t->all;
	r.request = options_request(o, needs_of(&r));
	r.wanted = o->count ? o->count : r.origin.tape ? UINT64_MAX : 1;
	r.tracker = tracker_create(&settings);
	err = r.tracker ? observe(&r) : -ENOMEM;
	status = tell_end(&r, err);
	origin_close(&r.origin);
	tracker_destroy(r.tracker);
	buf_free(&r.told);
	return status;
}
