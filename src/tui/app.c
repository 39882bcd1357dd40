/* The dashboard's state machine: what a key means in each mode, and which parts make up the
 * picture. */
#include "sockdash/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/ask.h"
#include "sockdash/keycodes.h"
#include "sockdash/keys.h"
#include "sockdash/menus.h"
#include "sockdash/needs.h"
#include "sockdash/screen.h"
#include "sockdash/widgets.h"
#include "sockdash/wrap.h"

#define MESSAGE_LINES 3  /* at most, */
#define MESSAGE_FROM  16 /* on a screen of so many; on a smaller one it is one line */

void app_init(struct app *a, const struct app_settings *s)
{
	*a = (struct app){
		.full = s->pane,
		.focus = 0,
		.secure = s->secure,
		.live = s->live,
		.shows_names = s->names,
		.counts_events = s->events,
		.replay = s->replay,
		.control = { .interval_s = s->interval_s, .speed = 1, .cpu_limit = s->cpu_limit },
	};
	for (size_t i = 0; i < PANE_COUNT; i++) {
		pane_init(&a->panes[i], panes[i]);
		a->panes[i].all = s->all;
		if (s->columns)
			a->panes[i].chosen = s->columns[i];
		a->panes[i].beside = &a->beside;
	}
	shown_init(&a->shown);
	a->prefix4 = s->prefix4;
	a->prefix6 = s->prefix6;
	a->filter = filter_get(s->filter);
	a->control.needs = app_needs(a);
	a->control.narrowed = !filter_is_all(a->filter);
}

void app_free(struct app *a)
{
	for (size_t i = 0; i < PANE_COUNT; i++)
		pane_free(&a->panes[i]);
	shown_free(&a->shown);
	detail_free(&a->detail);
	deed_free(&a->deed);
	app_take_looks(a, NULL);
	places_free(&a->places);
	filter_put(a->filter);
	filter_put(a->filter_before);
	a->filter = a->filter_before = NULL;
	save_job_drop(&a->saving);
	prompt_free(&a->prompt);
	prompt_forget(&a->filters);
	prompt_forget(&a->searches);
	prompt_forget(&a->paths);
	search_free(&a->search);
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
	app_follow(a);
	detail_follow(a);
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
	detail_close(a);
	if (a->full != APP_OVERVIEW && a->full < PANE_OVERVIEW)
		a->focus = (unsigned)a->full;
	a->full = pane;
	if (pane != APP_OVERVIEW && pane < PANE_OVERVIEW)
		a->focus = (unsigned)pane;
}

static struct narrowing narrowing_of(const struct app *a)
{
	return (struct narrowing){ a->filter, a->prefix4, a->prefix6 };
}

/* ---- What is looked at ----------------------------------------------------------------------- */

/* The header has the findings, which want all that there is. Only who looks at the states alone asks
 * for the cheapest sample: there the audit finds what it finds in the header's own needs. */
unsigned app_needs(const struct app *a)
{
	unsigned needs = a->filter ? filter_needs(a->filter) : 0;

	needs |= a->counts_events ? NEED_EVENTS : 0;
	if (a->full == APP_OVERVIEW) {
		for (size_t i = 0; i < PANE_OVERVIEW; i++)
			if (a->panes[i].chosen.count)
				needs |= pane_needs(&a->panes[i]);
		return NEED_ALL | needs;
	}
	/* The source does not know the filter: listeners are all there, and ages too. */
	needs |= pane_needs(&a->panes[a->full]) & ~(unsigned)(NEED_LISTENERS | NEED_AGE);
	if (panes[a->full] != &pane_states)
		return NEED_ALL | needs;
	return NEED_COUNTERS | NEED_ADDRESSES | NEED_PORTS | NEED_FINDINGS | needs;
}

/* What has come into sight and is not in the sample comes at once, with a new one. */
void app_follow_needs(struct app *a)
{
	unsigned needs = app_needs(a), more = needs & ~a->control.needs;
	struct narrowing how = narrowing_of(a);
	bool narrowed = !narrowing_is_none(&how);

	if (needs == a->control.needs && narrowed == a->control.narrowed)
		return;
	app_wish(a)->needs = needs;
	a->control.narrowed = narrowed;
	if (more && !a->replay && (!a->sample || more & ~a->sample->frame->asked))
		a->control.now = true;
}

/* ---- The sample that is shown ---------------------------------------------------------------- */

static void say_no_memory(struct app *a)
{
	app_say(a, "out of memory: a pane cannot be shown");
}

void app_follow(struct app *a)
{
	struct narrowing how = narrowing_of(a);

	if (shown_update(&a->shown, a->sample, &how))
		app_say(a, "out of memory: what is shown is not filtered as it should be");
	for (size_t i = 0; i < PANE_COUNT; i++) {
		a->panes[i].filtered = !filter_is_all(a->filter);
		a->panes[i].filtering = a->sample && !shown_is(&a->shown, &how);
	}
}

/* Under another filter a pane goes on showing what it has, and begins with nothing. */
static void update_pane(struct app *a, size_t pane)
{
	struct pane_state *p = &a->panes[pane];

	if (p->filtering && !p->sample)
		pane_await(p);
	else if (pane_update(p, a->shown.sample))
		say_no_memory(a);
}

void app_set_filter(struct app *a, struct filter *f)
{
	/* One that was typed away is none. */
	if (filter_is_all(f)) {
		filter_put(f);
		f = NULL;
	}
	filter_put(a->filter);
	a->filter = f;
	a->shown.failed = 0;
	app_follow(a);
}

bool app_wish_narrowing(const struct app *a, struct narrow_job *out)
{
	struct narrowing how = narrowing_of(a);

	return shown_wish(&a->shown, a->sample, &how, out);
}

void app_take_narrowing(struct app *a, struct narrow_job *made)
{
	struct narrowing how = narrowing_of(a);

	if (shown_take(&a->shown, &how, made))
		app_say(a, "out of memory: what is shown is not filtered as it should be");
	app_follow(a);
}

/* ---- Orders ---------------------------------------------------------------------------------- */

bool app_wish_order(const struct app *a, size_t pane, struct pane_order *out)
{
	const struct pane_state *p = &a->panes[pane];
	bool waits = pane_wish(p, a->shown.sample, out);

	/* There may be nothing to order yet. */
	return waits && a->shown.sample && !(p->filtering && !p->sample);
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

/* ---- Keys and picture ------------------------------------------------------------------------ */

static void take_key(struct app *a, int key)
{
	static void (*const modes[])(struct app *, int) = {
		[APP_HELP] = menu_help_key,
		[APP_SORT] = menu_sort_key,
		[APP_COLUMNS] = chooser_key,
		[APP_INTERVAL] = ask_key,
		[APP_JUMP] = ask_key,
		[APP_FILTER] = ask_key,
		[APP_DEED] = deed_key,
		[APP_SEARCH] = ask_key,
		[APP_SAVE] = ask_key,
		[APP_OVERWRITE] = ask_key,
	};
	const struct key_binding *binding;

	if (key == KEYCODE_NONE)
		return;
	a->message[0] = '\0';
	if (a->mode != APP_PANES) {
		modes[a->mode](a, key);
		return;
	}
	if (key == KEYCODE_ESCAPE && deed_cancel(a)) {
		app_say(a, "stopping\xe2\x80\xa6");
		return;
	}
	if (a->detail.open && detail_key(a, key))
		return;
	search_stop(a);
	/* The cursor moves over what is newest, as far as it is there. */
	app_follow(a);
	update_pane(a, (size_t)(app_pane(a) - a->panes));
	binding = key_find(key, a->replay);
	if (binding)
		binding->act(a, key);
	else if (key > ' ' && key < KEYCODE_RUBOUT)
		app_say(a, "'%c' does nothing: ? shows the keys", key);
	else if (key > KEYCODE_FUNCTION && key <= KEYCODE_FUNCTION + 12)
		app_say(a, "F%d does nothing: ? shows the keys", key - KEYCODE_FUNCTION);
}

void app_key(struct app *a, int key)
{
	take_key(a, key);
	app_follow_needs(a);
}

bool app_is_busy(const struct app *a)
{
	return search_is_ready(a);
}

void app_work(struct app *a)
{
	search_work(a);
}

/* What is asked, or said; or one line of keys. */
static int bottom_height(const struct app *a, const struct cells *c)
{
	int asked = ask_height(a, c->height), said;

	if (asked)
		return asked;
	said = c->height < MESSAGE_FROM ? 1 : (int)wrap_count(a->message, c->width);
	return said < 1 ? 1 : said > MESSAGE_LINES ? MESSAGE_LINES : said;
}

static void draw_bottom(struct app *a, struct cells *c, struct area lines)
{
	struct screen_key keys[24];

	a->footer = (struct area){ 0 };
	if (ask_height(a, c->height)) {
		ask_draw(a, c, lines);
	} else if (a->message[0]) {
		widget_text(c, lines, ROLE_STRONG, a->message);
	} else {
		a->footer = lines;
		screen_footer(
			c, lines, keys, key_footer(a->replay, keys, sizeof keys / sizeof *keys));
	}
}

static bool is_visible(const struct app *a, size_t pane)
{
	if (a->mode == APP_HELP || a->detail.open)
		return false;
	return a->full == APP_OVERVIEW ? pane < PANE_OVERVIEW : (int)pane == a->full;
}

static void update_panes(struct app *a)
{
	app_follow(a);
	for (size_t i = 0; i < PANE_COUNT; i++) {
		a->panes[i].drawn = (struct area){ 0 };
		if (is_visible(a, i))
			update_pane(a, i);
		else
			pane_hide(&a->panes[i], a->shown.sample);
	}
}

static void draw_header(const struct app *a, struct cells *c, struct area all)
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
		.names = a->shows_names,
		.events = a->counts_events,
	};

	screen_header(c, all, a->sample, &h);
}

/* The panes and what stands between them and the header. */
static void draw_body(struct app *a, struct cells *c, struct area body)
{
	struct area line = body;

	line.height = 1;
	if (body.height > 6 && place_draw_way(a, c, line)) {
		body.y++;
		body.height--;
	}
	line.y = body.y + body.height - 1;
	if (a->sample && body.height > 6 && screen_problems(c, line, a->sample->frame))
		body.height--;
	if (a->detail.open)
		detail_draw(a, c, body);
	else if (a->full == APP_OVERVIEW)
		screen_overview(c, body, a->panes, a->focus);
	else
		pane_draw(&a->panes[a->full], c, body, a->full + 1, PANE_FOCUSED | PANE_FULL);
}

void app_draw(struct app *a, struct cells *c)
{
	struct area all = cells_all(c), body = all, bottom = all;

	cells_clear(c);
	update_panes(a);
	if (a->mode == APP_HELP) {
		menu_draw_help(a, c);
		return;
	}
	draw_header(a, c, all);
	bottom.height = bottom_height(a, c);
	bottom.y = c->height - bottom.height;
	body.y = SCREEN_HEADER_LINES;
	body.height = bottom.y - body.y;
	draw_body(a, c, body);
	draw_bottom(a, c, bottom);
	if (a->mode == APP_SORT)
		menu_draw_sort(a, c);
	if (a->mode == APP_DEED)
		deed_draw(a, c);
	if (a->mode == APP_COLUMNS)
		chooser_draw(a, c);
}
