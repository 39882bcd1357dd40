/* The lists that come over the panes: the fields to sort by, and the help. Both are moved in with the
 * same keys. */
#include "sockdash/menus.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/keys.h"
#include "sockdash/screen.h"

/* ---- Lists ----------------------------------------------------------------------------------- */

static void go(struct app *a, int64_t to)
{
	a->menu = to < 0 ? 0 : to > a->menu_last ? a->menu_last : (uint32_t)to;
}

static void up(struct app *a, int key)
{
	(void)key;
	go(a, (int64_t)a->menu - 1);
}

static void down(struct app *a, int key)
{
	(void)key;
	go(a, (int64_t)a->menu + 1);
}

static void page_up(struct app *a, int key)
{
	(void)key;
	go(a, (int64_t)a->menu - a->menu_page);
}

static void page_down(struct app *a, int key)
{
	(void)key;
	go(a, (int64_t)a->menu + a->menu_page);
}

static void first(struct app *a, int key)
{
	(void)key;
	go(a, 0);
}

static void last_line(struct app *a, int key)
{
	(void)key;
	go(a, a->menu_last);
}

const struct key_binding menu_keys[] = {
	{ { KEYCODE_UP, 'k' }, "\xe2\x86\x91 k", "up a line", NO_FOOTER, up, KEY_ANYWHERE },
	{ { KEYCODE_DOWN, 'j' }, "\xe2\x86\x93 j", "down a line", NO_FOOTER, down, KEY_ANYWHERE },
	{ { KEYCODE_PAGE_UP }, "PgUp", "up a page", NO_FOOTER, page_up, KEY_ANYWHERE },
	{ { KEYCODE_PAGE_DOWN, ' ' }, "PgDn", "down a page", NO_FOOTER, page_down, KEY_ANYWHERE },
	{ { KEYCODE_HOME, 'g' }, "Home g", "to the first line", NO_FOOTER, first, KEY_ANYWHERE },
	{ { KEYCODE_END, 'G' }, "End G", "to the last line", NO_FOOTER, last_line, KEY_ANYWHERE },
};
const size_t menu_key_count = sizeof menu_keys / sizeof *menu_keys;

bool menu_move(struct app *a, int key, uint32_t page, uint32_t last)
{
	const struct key_binding *b = key_find_in(menu_keys, menu_key_count, key, a->replay);

	a->menu_page = page;
	a->menu_last = last;
	if (b)
		b->act(a, key);
	return b;
}

void menu_begin(struct app *a, struct cells *c, uint32_t lines, const char *title)
{
	struct area in = screen_box(c, cells_all(c), 90, (int)lines + 2, title);

	a->menu_box = in;
	a->menu_last = lines - 1;
	a->page = in.height > 1 ? (uint32_t)in.height : 1;
	a->menu_top = a->menu >= a->page ? a->menu - a->page + 1 : 0;
	cells_select(c, in, (int)(a->menu - a->menu_top));
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
	if (menu_move(a, key, last, last))
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
	int names = 0;
	char title[80];

	for (size_t i = 0; i < t->field_count; i++)
		if ((int)strlen(t->fields[i].name) > names)
			names = (int)strlen(t->fields[i].name);
	snprintf(title, sizeof title, " Sort %s by (Enter, Esc) ", p->pane->title);
	menu_begin(a, c, (uint32_t)t->field_count, title);
	for (uint32_t i = a->menu_top;
		i < t->field_count && i < a->menu_top + (uint32_t)a->menu_box.height; i++) {
		const struct field *f = &t->fields[i];
		bool sorts = f == p->sort.field;
		int y = (int)(i - a->menu_top), width = a->menu_box.width;

		cells_put(c, a->menu_box, 0, y, 1, ROLE_KEY,
			!sorts               ? " "
			: p->sort.descending ? "\xe2\x96\xbc"
					     : "\xe2\x96\xb2");
		cells_put(c, a->menu_box, 2, y, width - 2, ROLE_TEXT, f->name);
		cells_put(c, a->menu_box, names + 4, y, width - names - 4, ROLE_DIM, f->help);
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

	if (!menu_move(a, key, page, last))
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
			cells_put(c, in, 2, y, 13, ROLE_KEY, keys.data);
			x = 16;
		}
		if (text.len)
			cells_put(c, in, x, y, in.width - x, role, text.data);
		buf_free(&keys);
		buf_free(&text);
	}
}
