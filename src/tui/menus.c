/* The lists that come over the panes: the fields to sort by, and the help. Both are moved in with the
 * same keys. */
#include "sockdash/menus.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/screen.h"

/* ---- Lists ----------------------------------------------------------------------------------- */

/* The keys that move in the menu and in the help, between 0 and `last`. False for any other key. */
static bool move_in_list(struct app *a, int key, uint32_t page, uint32_t last)
{
	int64_t to = a->menu;

	switch (key) {
	case KEYCODE_UP:
	case 'k':
		to--;
		break;
	case KEYCODE_DOWN:
	case 'j':
		to++;
		break;
	case KEYCODE_PAGE_UP:
		to -= page;
		break;
	case KEYCODE_PAGE_DOWN:
	case ' ':
		to += page;
		break;
	case KEYCODE_HOME:
	case 'g':
		to = 0;
		break;
	case KEYCODE_END:
	case 'G':
		to = last;
		break;
	default:
		return false;
	}
	a->menu = to < 0 ? 0 : to > last ? last : (uint32_t)to;
	return true;
}

/* ---- Choosing the column that sorts ---------------------------------------------------------- */

void menu_open_sort(struct app *a)
{
	const struct pane_state *p = app_pane(a);

	a->mode = APP_SORT;
	a->menu = 0;
	if (p->sort.field)
		a->menu = (uint32_t)(p->sort.field - p->pane->table->fields);
}

void menu_sort_key(struct app *a, int key)
{
	struct pane_state *p = app_pane(a);
	uint32_t last = (uint32_t)p->pane->table->field_count - 1;

	/* The menu is short: a page is all of it. */
	if (move_in_list(a, key, last, last))
		return;
	if (key == KEYCODE_RETURN || key == '\n')
		pane_sort(p, &p->pane->table->fields[a->menu]);
	else if (key != KEYCODE_ESCAPE && key != 'q')
		return;
	a->mode = APP_PANES;
}

void menu_draw_sort(struct app *a, struct cells *c)
{
	const struct pane_state *p = app_pane(a);
	const struct table *t = p->pane->table;
	int names = 0, rows = (int)t->field_count;
	char title[80];
	struct area in;
	int top = 0;

	for (size_t i = 0; i < t->field_count; i++)
		if ((int)strlen(t->fields[i].name) > names)
			names = (int)strlen(t->fields[i].name);
	snprintf(title, sizeof title, " Sort %s by (Enter, Esc) ", p->pane->title);
	in = screen_box(c, cells_all(c), 90, rows + 2, title);
	if ((int)a->menu >= in.height)
		top = (int)a->menu - in.height + 1;
	for (int y = 0; y < in.height && top + y < rows; y++) {
		const struct field *f = &t->fields[top + y];
		bool sorts = f == p->sort.field;

		if (top + y == (int)a->menu)
			cells_select(c, in, y);
		cells_put(c, in, 0, y, 1, ROLE_KEY,
			!sorts               ? " "
			: p->sort.descending ? "\xe2\x96\xbc"
					     : "\xe2\x96\xb2");
		cells_put(c, in, 2, y, in.width - 2, ROLE_TEXT, f->name);
		cells_put(c, in, names + 4, y, in.width - names - 4, ROLE_DIM, f->help);
	}
}

/* ---- Help ------------------------------------------------------------------------------------ */

/* The end of the text does not leave the end of the screen. */
static void keep_help_in_sight(struct app *a)
{
	uint32_t lines = (uint32_t)app_help_lines(a->replay);

	if (a->menu + a->page > lines)
		a->menu = lines > a->page ? lines - a->page : 0;
}

void menu_help_key(struct app *a, int key)
{
	uint32_t last = (uint32_t)app_help_lines(a->replay) - 1,
		 page = a->page > 1 ? a->page - 1 : 1;

	if (!move_in_list(a, key, page, last))
		a->mode = APP_PANES;
	keep_help_in_sight(a);
}

void menu_draw_help(struct app *a, struct cells *c)
{
	struct area in;

	cells_clear(c);
	in = screen_box(c, cells_all(c), c->width, c->height,
		" Help: \xe2\x86\x91\xe2\x86\x93 PgUp PgDn scroll, any other key goes back ");
	a->page = (uint32_t)in.height;
	keep_help_in_sight(a);
	for (int y = 0; y < in.height && a->menu + (uint32_t)y < app_help_lines(a->replay); y++) {
		struct buf keys = { 0 }, text = { 0 };
		enum role role;
		int x = 0;

		app_help_line(a->replay, a->menu + (uint32_t)y, &keys, &text, &role);
		if (keys.len) {
			cells_put(c, in, 2, y, 10, ROLE_KEY, keys.data);
			x = 13;
		}
		if (text.len)
			cells_put(c, in, x, y, in.width - x, role, text.data);
		buf_free(&keys);
		buf_free(&text);
	}
}
