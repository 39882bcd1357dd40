/* The keys. They are those of top, htop and less where these agree. */
#include "sockdash/keys.h"

#include "sockdash/app.h"
#include "sockdash/ask.h"
#include "sockdash/extras.h"
#include "sockdash/menus.h"
#include "sockdash/pace.h"

static void quit(struct app *a, int key)
{
	(void)key;
	a->quit = true;
}

static void help(struct app *a, int key)
{
	(void)key;
	a->mode = APP_HELP;
	a->menu = 0;
}

static void open_numbered(struct app *a, int key)
{
	app_open_pane(a, key == '0' ? APP_OVERVIEW : key - '1');
}

static void open_row(struct app *a, int key)
{
	(void)key;
	place_open(a);
}

static void back(struct app *a, int key)
{
	(void)key;
	place_back(a);
}

static void type_filter(struct app *a, int key)
{
	(void)key;
	ask(a, APP_FILTER);
}

static void type_search(struct app *a, int key)
{
	(void)key;
	ask(a, APP_SEARCH);
}

static void search_on(struct app *a, int key)
{
	search_next(a, key == 'M');
}

static void turn_pane(struct app *a, int key)
{
	unsigned step = key == KEYCODE_BACK_TAB ? PANE_COUNT - 1 : 1;

	if (a->full != APP_OVERVIEW)
		app_open_pane(a, (int)(((unsigned)a->full + step) % PANE_COUNT));
	else
		a->focus = (a->focus + (key == KEYCODE_BACK_TAB ? PANE_OVERVIEW - 1 : 1)) %
			   PANE_OVERVIEW;
}

static void move_up(struct app *a, int key)
{
	(void)key;
	pane_move(app_pane(a), -1);
}

static void move_down(struct app *a, int key)
{
	(void)key;
	pane_move(app_pane(a), 1);
}

static int64_t page(const struct pane_state *p)
{
	return p->page > 1 ? p->page - 1 : 1;
}

static void page_up(struct app *a, int key)
{
	struct pane_state *p = app_pane(a);

	(void)key;
	pane_move(p, -page(p));
}

static void page_down(struct app *a, int key)
{
	struct pane_state *p = app_pane(a);

	(void)key;
	pane_move(p, page(p));
}

static void move_first(struct app *a, int key)
{
	(void)key;
	pane_home(app_pane(a));
}

static void move_last(struct app *a, int key)
{
	(void)key;
	pane_move(app_pane(a), UINT32_MAX);
}

static void scroll_columns(struct app *a, int key)
{
	struct pane_state *p = app_pane(a);

	if (a->full == APP_OVERVIEW)
		app_say(a, "columns scroll in full screen: press %u", a->focus + 1);
	else if (key == KEYCODE_RIGHT && p->more_columns)
		p->shift++;
	else if (key == KEYCODE_LEFT && p->shift)
		p->shift--;
}

static void sort_menu(struct app *a, int key)
{
	(void)key;
	menu_open_sort(a);
}

static void sort_neighbour(struct app *a, int key)
{
	pane_sort_neighbour(app_pane(a), key == '<' ? -1 : 1);
}

static void choose_columns(struct app *a, int key)
{
	(void)key;
	chooser_open(a);
}

static void write_file(struct app *a, int key)
{
	(void)key;
	saving_ask(a);
}

static void reverse(struct app *a, int key)
{
	(void)key;
	if (app_pane(a)->sort.field)
		pane_reverse(app_pane(a));
	else
		app_say(a, "no column sorts this table yet: press s");
}

static void toggle_all(struct app *a, int key)
{
	struct pane_state *p = app_pane(a);

	(void)key;
	if (pane_has_all(p))
		pane_toggle_all(p);
	else
		app_say(a, "%s: all rows are shown always", p->pane->title);
}

/* Each for itself, by smaller networks, by larger ones. */
static void group_peers(struct app *a, int key)
{
	static const uint8_t steps[][2] = { { 0, 0 }, { 24, 64 }, { 16, 48 }, { 8, 32 } };
	const size_t count = sizeof steps / sizeof *steps;
	size_t at = 0;

	(void)key;
	if (app_pane(a)->pane != &pane_peers) {
		app_say(a, "addresses are put together by prefix in the pane of peers: press 8");
		return;
	}
	while (at < count && (steps[at][0] != a->prefix4 || steps[at][1] != a->prefix6))
		at++;
	at = at < count ? (at + 1) % count : 0;
	a->prefix4 = steps[at][0];
	a->prefix6 = steps[at][1];
	if (at)
		app_say(a, "peers by network: /%u, of IPv6 /%u", a->prefix4, a->prefix6);
	else
		app_say(a, "each peer for itself");
}

static void pause(struct app *a, int key)
{
	(void)key;
	app_wish(a)->paused = !a->control.paused;
}

static void sample_now(struct app *a, int key)
{
	(void)key;
	app_wish(a)->now = true;
}

static void change_interval(struct app *a, int key)
{
	pace_step_interval(a, key == '-' ? -1 : 1);
}

static void type_interval(struct app *a, int key)
{
	(void)key;
	ask(a, APP_INTERVAL);
}

static void step_forward(struct app *a, int key)
{
	(void)key;
	app_wish(a)->paused = true;
	a->control.step++;
}

static void step_back(struct app *a, int key)
{
	(void)key;
	app_wish(a)->paused = true;
	a->control.step--;
}

static void step_ten(struct app *a, int key)
{
	app_wish(a)->paused = true;
	a->control.step += key == '[' ? -10 : 10;
}

static void type_jump(struct app *a, int key)
{
	(void)key;
	ask(a, APP_JUMP);
}

static void change_speed(struct app *a, int key)
{
	pace_step_speed(a, key == '-' ? -1 : 1);
}

static void destroy(struct app *a, int key)
{
	(void)key;
	deed_begin_destroy(a);
}

static void send_signal(struct app *a, int key)
{
	(void)key;
	deed_begin_signal(a);
}

static void toggle_names(struct app *a, int key)
{
	(void)key;
	extras_show_names(a, !a->shows_names);
}

static void toggle_events(struct app *a, int key)
{
	(void)key;
	extras_count_events(a, !a->counts_events);
}

static void repaint(struct app *a, int key)
{
	(void)key;
	a->repaint = true;
}

#define UP         "\xe2\x86\x91"
#define DOWN       "\xe2\x86\x93"
#define LEFT_RIGHT "\xe2\x86\x90 \xe2\x86\x92"

const struct key_binding key_bindings[] = {
	{ { 'p', ' ', 'Z' }, "p Space Z", "pause, and play on", { "p", "pause" }, pause,
		KEY_REPLAY },
	{ { '.', 't' }, ". t", "the next sample", { ", .", "step" }, step_forward, KEY_REPLAY },
	{ { ',', 'T' }, ", T", "the sample before", NO_FOOTER, step_back, KEY_REPLAY },
	{ { ']', '[' }, "[ ]", "ten samples back, or on", NO_FOOTER, step_ten, KEY_REPLAY },
	{ { 'b' }, "b", "jump to a time: 10:53, 2026-11-22 10:53:07, +90s, -5m, 50%, #12",
		{ "b", "jump" }, type_jump, KEY_REPLAY },
	{ { '+', '-', '=' }, "+ -", "faster or slower", { "+ -", "speed" }, change_speed,
		KEY_REPLAY },
	{ { '1', '2', '3', '4', '5', '6', '7', '8', '9' }, "1-9",
		"open states, listen, procs, leaks, sockets, kernel, audit, peers, ports",
		{ "1-9", "view" }, open_numbered, KEY_ANYWHERE },
	{ { '0' }, "0", "the overview", NO_FOOTER, open_numbered, KEY_ANYWHERE },
	{ { KEYCODE_ESCAPE, KEYCODE_RUBOUT, 8 }, "Esc Backspace",
		"back to where the row was opened, or to the overview", NO_FOOTER, back,
		KEY_ANYWHERE },
	{ { KEYCODE_TAB, KEYCODE_BACK_TAB }, "Tab", "next pane (Shift-Tab: the one before)",
		{ "Tab", "pane" }, turn_pane, KEY_ANYWHERE },
	{ { KEYCODE_UP, 'k', KEYCODE_CTRL('p') }, UP " k", "up a row", { UP DOWN, "select" },
		move_up, KEY_ANYWHERE },
	{ { KEYCODE_DOWN, 'j', KEYCODE_CTRL('n') }, DOWN " j", "down a row", NO_FOOTER, move_down,
		KEY_ANYWHERE },
	{ { KEYCODE_RETURN, '\n' }, "Enter",
		"open the row: its connections; a connection: all about it", { "Enter", "open" },
		open_row, KEY_ANYWHERE },
	{ { 'f', '\\', KEYCODE_FUNCTION + 4 }, "f \\ F4",
		"type a filter: only the sockets that it selects are there", { "f", "filter" },
		type_filter, KEY_ANYWHERE },
	{ { '/' }, "/",
		"search in the rows, in any case of letters; Enter alone: the last one again",
		{ "/", "search" }, type_search, KEY_ANYWHERE },
	{ { 'm', 'M', KEYCODE_FUNCTION + 3 }, "m M F3", "the next match (M: the one before)",
		NO_FOOTER, search_on, KEY_ANYWHERE },
	{ { KEYCODE_PAGE_UP, KEYCODE_CTRL('b') }, "PgUp Ctrl-B", "up a page", NO_FOOTER, page_up,
		KEY_ANYWHERE },
	{ { KEYCODE_PAGE_DOWN, KEYCODE_CTRL('f') }, "PgDn Ctrl-F", "down a page", NO_FOOTER,
		page_down, KEY_ANYWHERE },
	{ { KEYCODE_HOME, 'g' }, "Home g", "to the first row, and stay there", NO_FOOTER,
		move_first, KEY_ANYWHERE },
	{ { KEYCODE_END, 'G' }, "End G", "to the last row", NO_FOOTER, move_last, KEY_ANYWHERE },
	{ { KEYCODE_LEFT, KEYCODE_RIGHT }, LEFT_RIGHT, "scroll the columns (full screen)",
		NO_FOOTER, scroll_columns, KEY_ANYWHERE },
	{ { 's', KEYCODE_FUNCTION + 6 }, "s F6", "choose the column to sort by", { "s", "sort" },
		sort_menu, KEY_ANYWHERE },
	{ { '<', '>' }, "< >", "sort by the column to the left or right", NO_FOOTER, sort_neighbour,
		KEY_ANYWHERE },
	{ { 'c', KEYCODE_FUNCTION + 2 }, "c F2", "choose the columns and their order", NO_FOOTER,
		choose_columns, KEY_ANYWHERE },
	{ { 'w' }, "w", "write the table to a file: .json, .csv, or text", NO_FOOTER, write_file,
		KEY_ANYWHERE },
	{ { 'r', 'R', 'I' }, "r", "reverse the order", { "r", "reverse" }, reverse, KEY_ANYWHERE },
	{ { 'a' }, "a", "all rows of leaks, kernel, audit, also what is as it should be", NO_FOOTER,
		toggle_all, KEY_ANYWHERE },
	{ { 'n' }, "n", "names of hosts and services, or numbers", NO_FOOTER, toggle_names,
		KEY_ANYWHERE },
	{ { 'e' }, "e", "count connections that end, also the shortest, or not", NO_FOOTER,
		toggle_events, KEY_ANYWHERE },
	{ { 'x' }, "x", "peers by network: /24, /16, /8, each for itself (IPv6: /64, /48, /32)",
		NO_FOOTER, group_peers, KEY_ANYWHERE },
	{ { 'p', 'Z' }, "p Z", "pause, and go on", { "p", "pause" }, pause, KEY_LIVE },
	{ { ' ' }, "Space", "sample now, also while paused", NO_FOOTER, sample_now, KEY_LIVE },
	{ { '+', '-', '=' }, "+ -", "longer or shorter interval", { "+ -", "interval" },
		change_interval, KEY_LIVE },
	{ { 'd' }, "d", "type the interval in seconds", NO_FOOTER, type_interval, KEY_LIVE },
	{ { 'K' }, "K", "destroy the socket, or those of the row; asks before", NO_FOOTER, destroy,
		KEY_ANYWHERE },
	{ { 'S', KEYCODE_FUNCTION + 9 }, "S F9", "send a signal to the process; asks before",
		NO_FOOTER, send_signal, KEY_ANYWHERE },
	{ { KEYCODE_CTRL('l') }, "Ctrl-L", "paint the screen again", NO_FOOTER, repaint,
		KEY_ANYWHERE },
	{ { '?', 'h', KEYCODE_FUNCTION + 1 }, "? h F1", "this help", { "?", "help" }, help,
		KEY_ANYWHERE },
	{ { 'q', 'Q', KEYCODE_FUNCTION + 10 }, "q F10", "quit (Ctrl-C too); Ctrl-Z suspends",
		{ "q", "quit" }, quit, KEY_ANYWHERE },
};
const size_t key_binding_count = sizeof key_bindings / sizeof *key_bindings;

bool key_applies(const struct key_binding *b, bool replay)
{
	return b->place != (replay ? KEY_LIVE : KEY_REPLAY);
}

const struct key_binding *key_find_in(
	const struct key_binding *all, size_t count, int key, bool replay)
{
	for (size_t i = 0; i < count; i++) {
		const struct key_binding *b = &all[i];

		if (!key_applies(b, replay))
			continue;
		for (size_t k = 0; k < sizeof b->keys / sizeof(int) && b->keys[k]; k++)
			if (b->keys[k] == key)
				return b;
	}
	return NULL;
}

const struct key_binding *key_find(int key, bool replay)
{
	return key_find_in(key_bindings, key_binding_count, key, replay);
}

size_t key_footer(bool replay, struct screen_key *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < key_binding_count && n < max; i++)
		if (key_bindings[i].footer.keys && key_applies(&key_bindings[i], replay))
			out[n++] = key_bindings[i].footer;
	return n;
}
