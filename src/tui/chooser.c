/* The menu of columns. While it is open its rows keep their places; what it says becomes the pane's
 * choice after every key. */
#include "sockdash/chooser.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/app.h"
#include "sockdash/keys.h"
#include "sockdash/menus.h"

/* ---- What is chosen -------------------------------------------------------------------------- */

static void add(struct chooser *h, const struct field *field, bool shown)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (h->fields[i] == field)
			return;
	if (h->count == COLUMNS_MAX)
		return;
	h->fields[h->count] = field;
	h->shown[h->count++] = shown;
}

static void fill(struct chooser *h, const struct pane_state *p)
{
	const struct table *t = p->pane->table;
	struct columns now;

	h->count = 0;
	pane_fields(p, true, &now);
	for (size_t i = 0; i < now.count; i++)
		add(h, now.fields[i], true);
	for (size_t i = 0; i < t->field_count; i++)
		add(h, &t->fields[i], false);
}

static void apply(struct app *a)
{
	const struct chooser *h = &a->chooser;
	struct columns *chosen = &app_pane(a)->chosen;

	chosen->count = 0;
	for (uint32_t i = 0; i < h->count; i++)
		if (h->shown[i])
			chosen->fields[chosen->count++] = h->fields[i];
}

static uint32_t count_shown(const struct chooser *h)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->count; i++)
		n += h->shown[i];
	return n;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static void toggle(struct app *a, int key)
{
	bool *shown = &a->chooser.shown[a->menu];

	(void)key;
	if (*shown && count_shown(&a->chooser) == 1) {
		app_say(a, "the last column stays");
		return;
	}
	*shown = !*shown;
	apply(a);
}

static void swap(struct chooser *h, uint32_t i, uint32_t k)
{
	const struct field *field = h->fields[i];
	bool shown = h->shown[i];

	h->fields[i] = h->fields[k];
	h->shown[i] = h->shown[k];
	h->fields[k] = field;
	h->shown[k] = shown;
}

static void move_left(struct app *a, int key)
{
	(void)key;
	if (!a->menu)
		return;
	swap(&a->chooser, a->menu, a->menu - 1);
	a->menu--;
	apply(a);
}

static void move_right(struct app *a, int key)
{
	(void)key;
	if (a->menu + 1 >= a->chooser.count)
		return;
	swap(&a->chooser, a->menu, a->menu + 1);
	a->menu++;
	apply(a);
}

static void choose_own(struct app *a, int key)
{
	(void)key;
	app_pane(a)->chosen.count = 0;
	fill(&a->chooser, app_pane(a));
	a->menu = 0;
}

static void leave(struct app *a, int key)
{
	(void)key;
	a->mode = APP_PANES;
}

const struct key_binding chooser_keys[] = {
	{ { ' ', KEYCODE_RETURN, '\n' }, "Space", "show or hide the column (Enter too)", NO_FOOTER,
		toggle, KEY_ANYWHERE },
	{ { '<', 'K' }, "< K", "move it to the left", NO_FOOTER, move_left, KEY_ANYWHERE },
	{ { '>', 'J' }, "> J", "move it to the right", NO_FOOTER, move_right, KEY_ANYWHERE },
	{ { '0', 'd' }, "0 d", "the columns that the pane has by itself", NO_FOOTER, choose_own,
		KEY_ANYWHERE },
	{ { KEYCODE_ESCAPE, 'q', 'c', KEYCODE_FUNCTION + 2 }, "Esc q", "leave the menu", NO_FOOTER,
		leave, KEY_ANYWHERE },
};
const size_t chooser_key_count = sizeof chooser_keys / sizeof *chooser_keys;

void chooser_open(struct app *a)
{
	a->mode = APP_COLUMNS;
	a->menu = 0;
	fill(&a->chooser, app_pane(a));
}

void chooser_key(struct app *a, int key)
{
	const struct key_binding *b = key_find_in(chooser_keys, chooser_key_count, key, a->replay);

	if (b)
		b->act(a, key);
	else
		menu_move(a, key, a->page, a->chooser.count - 1);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void draw_entry(const struct chooser *h, uint32_t i, struct cells *c, struct area line)
{
	enum role role = h->shown[i] ? ROLE_TEXT : ROLE_DIM;

	cells_put(c, line, 0, 0, 3, h->shown[i] ? ROLE_KEY : ROLE_DIM, h->shown[i] ? "[x]" : "[ ]");
	cells_put(c, line, 4, 0, 16, role, h->fields[i]->name);
	cells_put(c, line, 21, 0, line.width - 21, ROLE_DIM, h->fields[i]->help);
}

void chooser_draw(struct app *a, struct cells *c)
{
	const struct chooser *h = &a->chooser;
	char title[96];

	snprintf(title, sizeof title, " Columns of %s (Space, < >, 0: its own, Esc) ",
		app_pane(a)->pane->title);
	menu_begin(a, c, h->count, title);
	for (int y = 0; y < a->menu_box.height && a->menu_top + (uint32_t)y < h->count; y++) {
		struct area line = a->menu_box;

		line.y += y;
		line.height = 1;
		draw_entry(h, a->menu_top + (uint32_t)y, c, line);
	}
}
