/* The dashboard's state machine: what a key means in each mode, and which parts make up the
 * picture. */
#include "sockdash/app.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/fmt.h"
#include "sockdash/jump.h"
#include "sockdash/keys.h"
#include "sockdash/menus.h"
#include "sockdash/needs.h"
#include "sockdash/sampler.h"
#include "sockdash/screen.h"
#include "sockdash/utf8.h"

void app_init(struct app *a, const struct app_settings *s)
{
	*a = (struct app){
		.full = s->pane,
		.focus = 0,
		.secure = s->secure,
		.replay = s->replay,
		.control = { .interval_s = s->interval_s, .speed = 1, .cpu_limit = s->cpu_limit },
	};
	for (size_t i = 0; i < PANE_COUNT; i++) {
		pane_init(&a->panes[i], panes[i]);
		a->panes[i].all = s->all;
	}
	a->control.needs = app_needs(a);
}

void app_free(struct app *a)
{
	for (size_t i = 0; i < PANE_COUNT; i++)
		pane_free(&a->panes[i]);
	sample_put(a->sample);
	a->sample = NULL;
}

void app_take(struct app *a, struct sample *sample)
{
	sample_put(a->sample);
	a->sample = sample;
	if (a->lost)
		a->message[0] = '\0';
	a->lost = false;
}

void app_move(struct app *a, const struct feed_position *position)
{
	bool torn = position->torn && !a->position.torn;
	bool damaged = position->damaged && !a->position.damaged &&
		       position->number + position->damaged >= position->count;

	a->position = *position;
	if (damaged)
		app_say(a, "the last %u sample%s damaged and left out", position->damaged,
			position->damaged == 1 ? " is" : "s are");
	else if (torn)
		app_say(a, "the recording is torn: its last sample is cut off");
}

void app_lost_sample(struct app *a, int error)
{
	app_say(a, "a sample was lost: %s", strerror(-error));
	a->lost = true;
}

struct pane_state *app_pane(struct app *a)
{
	return &a->panes[a->full == APP_OVERVIEW ? (int)a->focus : a->full];
}

void app_say(struct app *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->message, sizeof a->message, format, args);
	va_end(args);
	a->lost = false;
}

struct feed_control *app_wish(struct app *a)
{
	a->wished = true;
	return &a->control;
}

void app_open_pane(struct app *a, int pane)
{
	if (a->full != APP_OVERVIEW && a->full < PANE_OVERVIEW)
		a->focus = (unsigned)a->full;
	a->full = pane;
	if (pane != APP_OVERVIEW && pane < PANE_OVERVIEW)
		a->focus = (unsigned)pane;
}

/* ---- What is looked at ----------------------------------------------------------------------- */

/* The header has the findings, which want all that there is. Only who looks at the states alone asks
 * for the cheapest sample: there the audit finds what it finds in the header's own needs. */
unsigned app_needs(const struct app *a)
{
	if (a->full == APP_OVERVIEW || panes[a->full] != &pane_states)
		return NEED_ALL;
	return NEED_COUNTERS | NEED_ADDRESSES | NEED_PORTS | NEED_FINDINGS |
	       pane_needs(&a->panes[a->full]);
}

/* What has come into sight and is not in the sample comes at once, with a new one. */
static void follow_needs(struct app *a)
{
	unsigned needs = app_needs(a), more = needs & ~a->control.needs;

	if (needs == a->control.needs)
		return;
	app_wish(a)->needs = needs;
	if (more && !a->replay && (!a->sample || more & ~a->sample->frame->asked))
		a->control.now = true;
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static void say_no_memory(struct app *a)
{
	app_say(a, "out of memory: a pane cannot be shown");
}

bool app_wish_order(const struct app *a, size_t pane, struct pane_order *out)
{
	return pane_wish(&a->panes[pane], a->sample, out);
}

void app_take_order(struct app *a, size_t pane, struct pane_order *made)
{
	if (pane_take(&a->panes[pane], made))
		say_no_memory(a);
}

void app_late_order(struct app *a, size_t pane)
{
	a->panes[pane].late = true;
}

/* ---- Interval -------------------------------------------------------------------------------- */

static void say_interval(struct app *a)
{
	double wished = a->control.interval_s;
	char held[FMT_MAX];

	if (a->sample && sample_is_held(a->sample, wished))
		app_say(a, "every %g seconds, %s by the CPU limit", wished,
			screen_seconds(held, a->sample->least_s));
	else
		app_say(a, "every %g seconds", wished);
}

void app_step_interval(struct app *a, int direction)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 600,
		3600 };
	size_t n = sizeof steps / sizeof *steps;
	double now = a->control.interval_s;

	for (size_t i = 0; i < n; i++) {
		double step = steps[direction > 0 ? i : n - 1 - i];

		if (direction > 0 ? step > now * 1.001 : step < now * 0.999) {
			app_wish(a)->interval_s = step;
			break;
		}
	}
	say_interval(a);
}

void app_step_speed(struct app *a, int direction)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 };
	const size_t n = sizeof steps / sizeof *steps;
	size_t at = 0;

	while (at + 1 < n && steps[at] < a->control.speed)
		at++;
	if (direction > 0 ? at + 1 < n : at > 0)
		app_wish(a)->speed = steps[direction > 0 ? at + 1 : at - 1];
	app_say(a, "%g times as fast as it was recorded", a->control.speed);
}

/* ---- Prompts --------------------------------------------------------------------------------- */

void app_prompt(struct app *a, enum app_mode mode)
{
	a->mode = mode;
	a->typed[0] = '\0';
}

static void finish_jump(struct app *a)
{
	a->mode = APP_PANES;
	if (!a->typed[0] || !a->sample)
		return;
	if (jump_parse(a->typed, a->sample->frame->wall_ns, &a->position, app_wish(a)))
		app_say(a,
			"'%s' is no place in time: 10:53, 2026-11-22 10:53:07, +90s, -5m, 50%%, "
			"#12",
			a->typed);
}

static void finish_interval(struct app *a)
{
	char *end;
	double typed = strtod(a->typed, &end);

	a->mode = APP_PANES;
	if (!a->typed[0])
		return;
	if (*end || !isfinite(typed) || typed < SAMPLER_INTERVAL_MIN ||
		typed > SAMPLER_INTERVAL_MAX) {
		app_say(a, "'%s' is not an interval: it takes %g to %g seconds", a->typed,
			SAMPLER_INTERVAL_MIN, SAMPLER_INTERVAL_MAX);
		return;
	}
	app_wish(a)->interval_s = typed;
	say_interval(a);
}

static void prompt_key(struct app *a, int key)
{
	size_t len = strlen(a->typed);

	if (key == KEYCODE_ESCAPE)
		a->mode = APP_PANES;
	else if (key == KEYCODE_RETURN || key == '\n')
		a->mode == APP_JUMP ? finish_jump(a) : finish_interval(a);
	else if (key == KEYCODE_CTRL('u'))
		a->typed[0] = '\0';
	else if ((key == KEYCODE_RUBOUT || key == 8) && len)
		a->typed[len - 1] = '\0';
	else if (key >= ' ' && key < KEYCODE_RUBOUT && len + 1 < sizeof a->typed) {
		a->typed[len] = (char)key;
		a->typed[len + 1] = '\0';
	}
}

/* ---- Keys and picture ------------------------------------------------------------------------ */

static void take_key(struct app *a, int key)
{
	static void (*const modes[])(struct app *, int) = {
		[APP_HELP] = menu_help_key,
		[APP_SORT] = menu_sort_key,
		[APP_INTERVAL] = prompt_key,
		[APP_JUMP] = prompt_key,
	};
	const struct key_binding *binding;

	if (key == KEYCODE_NONE)
		return;
	a->message[0] = '\0';
	if (a->mode != APP_PANES) {
		modes[a->mode](a, key);
		return;
	}
	/* The cursor moves over what is newest, as far as it is there. */
	if (pane_update(app_pane(a), a->sample))
		say_no_memory(a);
	binding = key_find(key, a->replay);
	if (binding)
		binding->act(a, key);
	else if (key > ' ' && key < KEYCODE_RUBOUT)
		app_say(a, "'%c' does nothing: ? shows the keys", key);
}

void app_key(struct app *a, int key)
{
	take_key(a, key);
	follow_needs(a);
}

static void draw_bottom(struct app *a, struct cells *c, struct area line)
{
	struct screen_key keys[24];
	char text[80];

	if (a->mode == APP_INTERVAL) {
		snprintf(text, sizeof text, "seconds between samples (%g): %s_",
			a->control.interval_s, a->typed);
		cells_put(c, line, 0, 0, line.width, ROLE_STRONG, text);
	} else if (a->mode == APP_JUMP) {
		snprintf(text, sizeof text, "jump to (time, +90s, -5m, 50%%, #12): %s_", a->typed);
		cells_put(c, line, 0, 0, line.width, ROLE_STRONG, text);
	} else if (a->message[0]) {
		cells_put(c, line, 0, 0, line.width, ROLE_STRONG, a->message);
	} else {
		screen_footer(
			c, line, keys, key_footer(a->replay, keys, sizeof keys / sizeof *keys));
	}
}

static bool is_visible(const struct app *a, size_t pane)
{
	if (a->mode == APP_HELP)
		return false;
	return a->full == APP_OVERVIEW ? pane < PANE_OVERVIEW : (int)pane == a->full;
}

static void update_panes(struct app *a)
{
	for (size_t i = 0; i < PANE_COUNT; i++) {
		if (!is_visible(a, i))
			pane_hide(&a->panes[i], a->sample);
		else if (pane_update(&a->panes[i], a->sample))
			say_no_memory(a);
	}
}

void app_draw(struct app *a, struct cells *c)
{
	struct screen_header h = {
		.interval_s = a->control.interval_s,
		.paused = a->control.paused,
		.replay = a->replay,
		.speed = a->control.speed,
		.number = a->position.number,
		.count = a->position.count,
		.stream = a->position.stream,
		.ended = a->position.ended,
		.damaged = a->position.damaged || a->position.torn,
	};
	struct area all = cells_all(c), body, line;

	cells_clear(c);
	update_panes(a);
	if (a->mode == APP_HELP) {
		menu_draw_help(a, c);
		return;
	}
	screen_header(c, all, a->sample, &h);
	body = (struct area){ 0, SCREEN_HEADER_LINES, c->width,
		c->height - SCREEN_HEADER_LINES - 1 };
	line = (struct area){ 0, c->height - 2, c->width, 1 };
	if (a->sample && body.height > 6 && screen_problems(c, line, a->sample->frame))
		body.height--;
	if (a->full == APP_OVERVIEW)
		screen_overview(c, body, a->panes, a->focus);
	else
		pane_draw(&a->panes[a->full], c, body, a->full + 1, PANE_FOCUSED | PANE_FULL);
	line.y = c->height - 1;
	draw_bottom(a, c, line);
	if (a->mode == APP_SORT)
		menu_draw_sort(a, c);
}
