/* A deed goes from the key through a question to the errand and its result. The sockets are known by
 * their cookies from the question on, and processes are aimed at before it is asked: whatever happens
 * until it is answered, no other can be hit. */
#include "sockdash/deed.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/app.h"
#include "sockdash/fmt.h"
#include "sockdash/keycodes.h"
#include "sockdash/screen.h"
#include "sockdash/signal_names.h"
#include "sockdash/widgets.h"
#include "sockdash/wrap.h"

#define BOX_WIDTH 76

static void forget(struct deed *d)
{
	errand_free(&d->errand);
	buf_free(&d->what);
	buf_free(&d->note);
	*d = (struct deed){ .menu = d->menu };
}

void deed_free(struct deed *d)
{
	forget(d);
}

static void close_box(struct app *a)
{
	if (a->mode == APP_DEED)
		a->mode = APP_PANES;
}

static void give_up(struct app *a)
{
	forget(&a->deed);
	close_box(a);
}

/* ---- The beginning --------------------------------------------------------------------------- */

static bool may_act(struct app *a)
{
	if (a->deed.stage == DEED_READY || a->deed.stage == DEED_BUSY) {
		app_say(a, "the last deed is not done yet: Esc stops it");
		return false;
	}
	if (a->replay)
		app_say(a, "there is nothing to act on in a recording");
	else if (!a->live)
		app_say(a, "there is nothing to act on in a made-up server");
	else if (a->secure)
		app_say(a, "--secure: no actions on sockets and processes");
	return a->live && !a->replay && !a->secure;
}

static void ask_now(struct app *a)
{
	a->deed.stage = DEED_ASK;
	a->mode = APP_DEED;
}

void deed_begin_destroy(struct app *a)
{
	struct deed *d = &a->deed;

	if (!may_act(a))
		return;
	forget(d);
	d->errand.kind = ERRAND_DESTROY;
	if (deed_find_socks(a))
		ask_now(a);
	else
		forget(d);
}

void deed_begin_signal(struct app *a)
{
	struct deed *d = &a->deed;

	if (!may_act(a))
		return;
	forget(d);
	d->errand.kind = ERRAND_AIM;
	if (!deed_find_procs(a)) {
		forget(d);
		return;
	}
	d->stage = DEED_MENU;
	d->menu = 0;
	a->mode = APP_DEED;
}

/* ---- The menu -------------------------------------------------------------------------------- */

static void aim(struct app *a)
{
	a->deed.stage = DEED_READY;
	close_box(a);
}

static void menu_key(struct app *a, int key)
{
	struct deed *d = &a->deed;
	uint32_t last = (uint32_t)signal_name_count - 1;

	if ((key == KEYCODE_UP || key == 'k') && d->menu)
		d->menu--;
	else if ((key == KEYCODE_DOWN || key == 'j') && d->menu < last)
		d->menu++;
	else if (key == KEYCODE_HOME || key == KEYCODE_PAGE_UP)
		d->menu = 0;
	else if (key == KEYCODE_END || key == KEYCODE_PAGE_DOWN)
		d->menu = last;
	else if (key == KEYCODE_ESCAPE || key == 'q' || key == 'n')
		give_up(a);
	else if (key == KEYCODE_RETURN || key == '\n') {
		d->signal = signal_names[d->menu].number;
		aim(a);
	}
}

/* ---- The question ---------------------------------------------------------------------------- */

/* All that the filter selects instead of the row: that is asked once more. */
static void widen(struct app *a)
{
	struct deed *d = &a->deed;
	enum errand_kind kind = d->signal ? ERRAND_AIM : ERRAND_DESTROY;
	int signal = d->signal;

	forget(d);
	d->all = true;
	d->signal = signal;
	d->errand.kind = kind;
	if (!(signal ? deed_find_all_procs(a) : deed_find_all_socks(a)))
		give_up(a);
	else if (signal)
		aim(a);
	else
		ask_now(a);
}

static void confirm(struct app *a)
{
	if (a->deed.signal) {
		a->deed.errand.kind = ERRAND_SIGNAL;
		a->deed.errand.signal = a->deed.signal;
	}
	a->deed.stage = DEED_READY;
	close_box(a);
}

static bool can_widen(const struct deed *d)
{
	return !d->all && d->others;
}

static void question_key(struct app *a, int key)
{
	if (key == 'y' || key == 'Y')
		confirm(a);
	else if ((key == 'a' || key == 'A') && can_widen(&a->deed))
		widen(a);
	else if (key == 'n' || key == 'N' || key == 'q' || key == KEYCODE_ESCAPE) {
		give_up(a);
		app_say(a, "nothing was done");
	}
}

void deed_key(struct app *a, int key)
{
	if (a->deed.stage == DEED_MENU)
		menu_key(a, key);
	else
		question_key(a, key);
}

/* ---- The errand ------------------------------------------------------------------------------ */

bool app_wish_errand(struct app *a, struct errand *out)
{
	struct deed *d = &a->deed;

	if (d->stage != DEED_READY)
		return false;
	*out = d->errand;
	d->count = d->errand.count;
	d->errand = (struct errand){ 0 };
	d->stage = DEED_BUSY;
	d->progress = 0;
	return true;
}

bool deed_cancel(struct app *a)
{
	if (a->deed.stage != DEED_BUSY)
		return false;
	a->deed.cancel = true;
	return true;
}

void app_take_progress(struct app *a, uint32_t progress)
{
	char part[FMT_MAX], all[FMT_MAX];
	struct deed *d = &a->deed;

	if (d->stage != DEED_BUSY || d->signal || progress <= d->progress)
		return;
	d->progress = progress;
	app_say(a, "destroying: %s of %s, Esc stops", fmt_count(part, progress, 0),
		fmt_count(all, d->count, 0));
}

/* Nobody of them is there any more, or nobody can be aimed at. */
static bool has_missed(const struct errand *e)
{
	return !e->done;
}

static void say_result(struct app *a, const struct errand *done)
{
	struct buf text = { 0 };

	deed_result(&a->deed, done, &text);
	app_say(a, "%s", text.failed ? "done" : text.data);
	buf_free(&text);
}

void app_take_errand(struct app *a, struct errand *done)
{
	struct deed *d = &a->deed;

	if (done->kind == ERRAND_AIM && !has_missed(done) && !done->cancelled) {
		d->errand = *done;
		*done = (struct errand){ 0 };
		ask_now(a);
		return;
	}
	say_result(a, done);
	errand_free(done);
	forget(d);
	app_wish(a)->now = true;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void draw_menu(const struct app *a, struct cells *c)
{
	int rows = (int)signal_name_count, top = 0;
	char title[160], number[16];
	struct area in;

	snprintf(title, sizeof title, " Signal to %s (Enter, Esc) ", a->deed.what.data);
	in = screen_box(c, cells_all(c), BOX_WIDTH, rows + 2, title);
	if ((int)a->deed.menu >= in.height)
		top = (int)a->deed.menu - in.height + 1;
	for (int y = 0; y < in.height && top + y < rows; y++) {
		const struct signal_name *s = &signal_names[top + y];

		if (top + y == (int)a->deed.menu)
			cells_select(c, in, y);
		snprintf(number, sizeof number, "%d", s->number);
		cells_put_right(c, in, 0, y, 4, ROLE_DIM, number);
		cells_put(c, in, 6, y, 6, ROLE_STRONG, s->name);
		cells_put(c, in, 12, y, in.width - 12, ROLE_DIM, s->help);
	}
}

/* Answers the columns used. */
static int draw_answer(struct cells *c, struct area in, int x, const char *key, const char *text)
{
	int from = x;

	x += cells_put(c, in, x, in.height - 1, in.width - x, ROLE_KEY, key);
	x += cells_put(c, in, x + 1, in.height - 1, in.width - x - 1, ROLE_TEXT, text) + 1;
	return x - from + 3;
}

static void draw_answers(const struct deed *d, struct cells *c, struct area in)
{
	char text[80], count[FMT_MAX];
	int x = draw_answer(c, in, 0, "y", "yes");

	if (can_widen(d)) {
		snprintf(text, sizeof text,
			d->signal ? "all with the %s sockets selected" : "all %s selected",
			fmt_count(count, d->others, 0));
		x += draw_answer(c, in, x, "a", text);
	}
	draw_answer(c, in, x, "n", "no");
}

static void draw_question(const struct app *a, struct cells *c)
{
	struct area all = cells_all(c), in;
	struct buf text = { 0 };
	int width = all.width < BOX_WIDTH ? all.width - 2 : BOX_WIDTH - 2, lines;

	deed_question(&a->deed, a->filter ? filter_text(a->filter) : "", &text);
	if (text.failed || width < 1) {
		buf_free(&text);
		return;
	}
	lines = (int)wrap_count(text.data, width);
	in = screen_box(
		c, all, BOX_WIDTH, lines + 4, a->deed.signal ? " Send a signal " : " Destroy ");
	draw_answers(&a->deed, c, in);
	in.height--;
	widget_text(c, in, ROLE_STRONG, text.data);
	buf_free(&text);
}

void deed_draw(const struct app *a, struct cells *c)
{
	if (a->deed.stage == DEED_MENU)
		draw_menu(a, c);
	else
		draw_question(a, c);
}
