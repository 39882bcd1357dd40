/* The questions, a row each: how they are asked, and what becomes of the answer. */
#include "sockdash/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/jump.h"
#include "sockdash/keycodes.h"
#include "sockdash/pace.h"
#include "sockdash/saving.h"
#include "sockdash/utf8.h"

/* ---- Interval and place in time -------------------------------------------------------------- */

static void label_interval(const struct app *a, char *out, size_t size)
{
	snprintf(out, size, "seconds between samples (%g): ", a->control.interval_s);
}

static bool finish_interval(struct app *a, const char *text)
{
	pace_type_interval(a, text);
	return true;
}

static void label_jump(const struct app *a, char *out, size_t size)
{
	(void)a;
	snprintf(out, size, "jump to (time, +90s, -5m, 50%%, #12): ");
}

static bool finish_jump(struct app *a, const char *text)
{
	if (!*text || !a->sample)
		return true;
	if (jump_parse(text, a->sample->frame->wall_ns, &a->position, app_wish(a)))
		app_say(a,
			"'%s' is no place in time: 10:53, 2026-11-22 10:53:07, +90s, -5m, 50%%, "
			"#12",
			text);
	return true;
}

/* ---- Filter ---------------------------------------------------------------------------------- */

static void label_filter(const struct app *a, char *out, size_t size)
{
	(void)a;
	snprintf(out, size, "filter: ");
}

static void begin_filter(struct app *a)
{
	a->filter_before = filter_get(a->filter);
	a->mistaken = false;
	prompt_open(&a->prompt, a->filter ? filter_text(a->filter) : "", &a->filters);
}

/* What is typed holds as soon as it means something. */
static void follow_filter(struct app *a, const char *text)
{
	struct filter *f = NULL;
	int err = filter_parse(text, strlen(text), &f, &a->mistake);

	a->mistaken = err == -EINVAL;
	if (!err)
		app_set_filter(a, f);
	else if (err != -EINVAL)
		app_say(a, "out of memory: the filter stays as it was");
}

/* What is mistaken is not taken: it stays there to be put right. */
static bool finish_filter(struct app *a, const char *text)
{
	if (a->mistaken)
		return false;
	prompt_remember(&a->filters, text);
	filter_put(a->filter_before);
	a->filter_before = NULL;
	return true;
}

static void leave_filter(struct app *a)
{
	app_set_filter(a, a->filter_before);
	a->filter_before = NULL;
}

/* ---- Search ---------------------------------------------------------------------------------- */

static void label_search(const struct app *a, char *out, size_t size)
{
	(void)a;
	snprintf(out, size, "/");
}

static void begin_search(struct app *a)
{
	search_begin(a);
	prompt_open(&a->prompt, "", &a->searches);
}

static bool finish_search(struct app *a, const char *text)
{
	search_finish(a, text);
	return true;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void label_save(const struct app *a, char *out, size_t size)
{
	(void)a;
	snprintf(out, size, "write to: ");
}

static void begin_save(struct app *a)
{
	char path[128];

	saving_offer(a, path, sizeof path);
	prompt_open(&a->prompt, path, &a->paths);
}

static bool finish_save(struct app *a, const char *text)
{
	prompt_remember(&a->paths, text);
	saving_take_path(a, text);
	return true;
}

static void label_overwrite(const struct app *a, char *out, size_t size)
{
	snprintf(out, size, "%.30s is there already; write over it? (y, n) ", a->saving.path);
}

static bool finish_overwrite(struct app *a, const char *text)
{
	saving_take_answer(a, text);
	return true;
}

static void leave_overwrite(struct app *a)
{
	saving_take_answer(a, "");
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* The mistake stands below its place, or else beside it, as far as there is room. */
static void draw_mistake(const struct app *a, struct cells *c, struct area line, int column)
{
	const char *wanted = a->mistake.wanted;
	int width = utf8_text_width(wanted, strlen(wanted)), marks;

	if (column < 0) {
		cells_put(c, line, 0, 0, line.width, ROLE_WARNING, wanted);
		return;
	}
	marks = utf8_text_width(prompt_text(&a->prompt) + a->mistake.at, a->mistake.len);
	marks = marks < 1 ? 1 : marks < line.width - column ? marks : line.width - column;
	if (column + marks + 1 + width <= line.width) {
		cells_repeat(c, line, column, 0, marks, ROLE_MISTAKE, '^');
		cells_put(c, line, column + marks + 1, 0, width, ROLE_WARNING, wanted);
	} else if (width + 1 <= column) {
		cells_put(c, line, column - width - 1, 0, width, ROLE_WARNING, wanted);
		cells_repeat(c, line, column, 0, marks, ROLE_MISTAKE, '^');
	} else {
		cells_put(c, line, 0, 0, line.width, ROLE_WARNING, wanted);
	}
}

static const struct question {
	void (*label)(const struct app *a, char *out, size_t size);
	void (*begin)(struct app *a);                    /* NULL: with an empty line */
	void (*follow)(struct app *a, const char *text); /* every change, or NULL */
	bool (*finish)(struct app *a, const char *text); /* false: it asks on */
	void (*leave)(struct app *a);                    /* or NULL */
	const char *hint;                                /* in a second line; NULL: there is none */
} questions[] = {
	[APP_INTERVAL] = { .label = label_interval, .finish = finish_interval },
	[APP_JUMP] = { .label = label_jump, .finish = finish_jump },
	[APP_FILTER] = { label_filter, begin_filter, follow_filter, finish_filter, leave_filter,
		"Enter keeps it, Esc gives back what was there before; nothing typed: all "
		"sockets" },
	[APP_SEARCH] = { label_search, begin_search, search_follow, finish_search, search_leave,
		"Enter stays there, m goes on to the next, M back; Esc goes back to where it "
		"began" },
	[APP_SAVE] = { .label = label_save,
		.begin = begin_save,
		.finish = finish_save,
		.hint = ".json: all fields; .csv; anything else: text. Esc: nothing is written" },
	[APP_OVERWRITE] = { .label = label_overwrite,
		.finish = finish_overwrite,
		.leave = leave_overwrite },
};

/* The question that is being asked, or NULL. */
static const struct question *question(const struct app *a)
{
	size_t n = sizeof questions / sizeof *questions;

	return a->mode < n && questions[a->mode].finish ? &questions[a->mode] : NULL;
}

void ask(struct app *a, enum app_mode mode)
{
	a->mode = mode;
	prompt_open(&a->prompt, "", NULL);
	if (question(a)->begin)
		question(a)->begin(a);
}

void ask_key(struct app *a, int key)
{
	const struct question *q = question(a);

	switch (prompt_key(&a->prompt, key)) {
	case PROMPT_EDITED:
		if (q->follow)
			q->follow(a, prompt_text(&a->prompt));
		break;
	case PROMPT_DONE:
		if (q->finish(a, prompt_text(&a->prompt)))
			a->mode = APP_PANES;
		break;
	case PROMPT_LEFT:
		a->mode = APP_PANES;
		if (q->leave)
			q->leave(a);
		break;
	default:
		break;
	}
}

int ask_height(const struct app *a, int height)
{
	const struct question *q = question(a);

	return !q ? 0 : q->hint && height > 4 ? 2 : 1;
}

void ask_draw(struct app *a, struct cells *c, struct area lines)
{
	const struct question *q = question(a);
	struct area first = { lines.x, lines.y, lines.width, 1 };
	struct area second = { lines.x, lines.y + 1, lines.width, 1 };
	bool mistaken = a->mode == APP_FILTER && a->mistaken;
	char label[64];
	int column;

	q->label(a, label, sizeof label);
	column = prompt_draw(&a->prompt, c, first, label, mistaken ? a->mistake.at : SIZE_MAX,
		mistaken ? a->mistake.len : 0);
	if (lines.height < 2)
		return;
	if (mistaken)
		draw_mistake(a, c, second, column);
	else if (a->message[0])
		cells_put(c, second, 0, 0, second.width, ROLE_STRONG, a->message);
	else
		cells_put(c, second, 0, 0, second.width, ROLE_DIM, q->hint);
}
