/* The pointer. What stands under it is what panes, menus and footer remember of the last picture. */
#include "sockdash/mouse.h"

#include <string.h>

#include "sockdash/app.h"
#include "sockdash/keys.h"
#include "sockdash/menus.h"
#include "sockdash/utf8.h"

/* ---- What terminals send --------------------------------------------------------------------- */

/* Up to five digits and what ends them; false for anything else. */
static bool take_number(const char **text, char end, int *out)
{
	const char *first = *text;

	for (*out = 0; **text >= '0' && **text <= '9' && *text - first < 5; ++*text)
		*out = *out * 10 + **text - '0';
	return *text > first && *(*text)++ == end;
}

bool mouse_parse(const char *sequence, struct mouse_event *out)
{
	static const struct {
		int code;
		enum mouse_button button;
	} codes[] = { { 0, MOUSE_LEFT }, { 64, MOUSE_WHEEL_UP }, { 65, MOUSE_WHEEL_DOWN } };
	int code, x, y;

	if (strncmp(sequence, "[<", 2) != 0)
		return false;
	sequence += 2;
	if (!take_number(&sequence, ';', &code) || !take_number(&sequence, ';', &x) ||
		!take_number(&sequence, 'M', &y) || *sequence || !x || !y)
		return false;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (codes[i].code != code)
			continue;
		*out = (struct mouse_event){ x - 1, y - 1, codes[i].button };
		return true;
	}
	return false;
}

static bool is_in(const struct area *a, int x, int y)
{
	return x >= a->x && x < a->x + a->width && y >= a->y && y < a->y + a->height;
}

/* ---- Panes ----------------------------------------------------------------------------------- */

/* A click on the row that is selected opens it, on any other selects it. */
static void click_row(struct app *a, struct pane_state *p, bool focused, int y)
{
	uint32_t place = p->top + (uint32_t)(y - p->drawn_rows.y);

	if (place >= p->to || place < p->from)
		return;
	if (focused && place == p->position)
		app_key(a, KEYCODE_RETURN);
	else
		pane_move(p, (int64_t)place - p->position - p->owed);
}

static void click_title(struct pane_state *p, int x)
{
	const struct field *field = NULL;

	for (size_t i = 0; i < p->drawn_titles.count && p->drawn_titles.x[i] <= x; i++)
		field = p->drawn_titles.fields[i];
	if (field)
		pane_sort(p, field);
}

static void click_pane(struct app *a, size_t pane, int x, int y)
{
	struct pane_state *p = &a->panes[pane];
	bool focused = p == app_pane(a);

	if (a->full == APP_OVERVIEW)
		a->focus = (unsigned)pane;
	if (y == p->drawn.y) {
		if (focused && a->full == APP_OVERVIEW)
			app_open_pane(a, (int)pane);
	} else if (y == p->drawn.y + 1) {
		click_title(p, x);
	} else if (is_in(&p->drawn_rows, x, y) && p->count) {
		click_row(a, p, focused, y);
	}
}

/* The one that was drawn there, or PANE_COUNT. */
static size_t pane_at(const struct app *a, int x, int y)
{
	for (size_t i = 0; i < PANE_COUNT; i++)
		if (is_in(&a->panes[i].drawn, x, y))
			return i;
	return PANE_COUNT;
}

/* ---- The footer ------------------------------------------------------------------------------ */

/* The word of "+ -" in that column, if it is a single character; else 0. */
static int key_in(const char *keys, int column)
{
	int x = 0;

	for (; *keys; keys++, x++)
		if (x == column)
			return *keys != ' ' && (unsigned char)*keys < 0x80 &&
					       (keys[1] == ' ' || !keys[1]) &&
					       (x == 0 || keys[-1] == ' ')
				       ? *keys
				       : 0;
	return 0;
}

static void click_footer(struct app *a, int x)
{
	struct screen_key keys[24];
	size_t count = key_footer(a->replay, keys, sizeof keys / sizeof *keys);
	int column, at = screen_footer_at(a->footer.width, keys, count, x - a->footer.x, &column);

	for (size_t i = 0; at >= 0 && i < key_binding_count; i++) {
		const struct key_binding *b = &key_bindings[i];

		if (b->footer.keys != keys[at].keys || !key_applies(b, a->replay))
			continue;
		app_key(a, key_in(b->footer.keys, column) ? key_in(b->footer.keys, column)
							  : b->keys[0]);
		return;
	}
}

static void act_on_panes(struct app *a, const struct mouse_event *e)
{
	size_t pane = pane_at(a, e->x, e->y);

	if (is_in(&a->footer, e->x, e->y) && e->button == MOUSE_LEFT)
		click_footer(a, e->x);
	else if (pane == PANE_COUNT)
		return;
	else if (e->button == MOUSE_LEFT)
		click_pane(a, pane, e->x, e->y);
	else
		pane_scroll(&a->panes[pane],
			e->button == MOUSE_WHEEL_UP ? -MOUSE_WHEEL_ROWS : MOUSE_WHEEL_ROWS);
}

/* ---- Menus ----------------------------------------------------------------------------------- */

static void turn_wheel(struct app *a, enum mouse_button button)
{
	for (int i = 0; i < MOUSE_WHEEL_ROWS; i++)
		app_key(a, button == MOUSE_WHEEL_UP ? KEYCODE_UP : KEYCODE_DOWN);
}

/* A click chooses the line under it, and outside leaves. */
static void act_on_menu(struct app *a, const struct mouse_event *e)
{
	uint32_t line = a->menu_top + (uint32_t)(e->y - a->menu_box.y);

	if (e->button != MOUSE_LEFT) {
		turn_wheel(a, e->button);
	} else if (!is_in(&a->menu_box, e->x, e->y)) {
		app_key(a, KEYCODE_ESCAPE);
	} else if (line <= a->menu_last) {
		a->menu = line;
		app_key(a, KEYCODE_RETURN);
	}
}

static void act_on_help(struct app *a, const struct mouse_event *e)
{
	if (e->button == MOUSE_LEFT)
		app_key(a, KEYCODE_ESCAPE);
	else
		turn_wheel(a, e->button);
}

void app_mouse(struct app *a, const struct mouse_event *e)
{
	static void (*const modes[])(struct app *, const struct mouse_event *) = {
		[APP_PANES] = act_on_panes,
		[APP_HELP] = act_on_help,
		[APP_SORT] = act_on_menu,
		[APP_COLUMNS] = act_on_menu,
	};

	if (a->mode >= sizeof modes / sizeof *modes || !modes[a->mode])
		return; /* what is being typed is not disturbed */
	a->message[0] = '\0';
	modes[a->mode](a, e);
	app_follow_needs(a);
}
