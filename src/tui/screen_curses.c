/* The curses terminal: the only file that knows curses. One blit of the grid in runs of equal
 * looks; curses sends the difference. What gives the terminal back is prepared at the start, so
 * that even a crash can do it with write() and tcsetattr() alone. */
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "sockdash/buf.h"
#include "sockdash/crash.h"
#include "sockdash/keycodes.h"
#include "sockdash/terminal.h"
#include "sockdash/theme.h"

struct curses_terminal {
	struct terminal base;
	SCREEN *screen;
	bool colors, mouse;
	attr_t attributes[ROLE_COUNT];
	short pairs[ROLE_COUNT];
};

/* Curses knows how to ask for the mouse, but not in every description for columns behind the 223rd. Off
 * means whatever may be on. */
#define MOUSE_LARGE_ON  "\033[?1006h"
#define MOUSE_LARGE_OFF "\033[?1006l"
#define MOUSE_OFF       "\033[?1000l\033[?1002l\033[?1003l" MOUSE_LARGE_OFF

/* ---- Giving the terminal back in a crash ----------------------------------------------------- */

static void prepare_crash(const struct termios *original, bool mouse)
{
	static const char *const capabilities[] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
		const char *value = tigetstr(capabilities[i]);

		/* Not a string: -1; the terminal has none: NULL. */
		if (value && value != (const char *)-1)
			buf_adds(&text, value);
	}
	if (mouse)
		buf_adds(&text, MOUSE_OFF);
	crash_prepare(original, text.data ? text.data : "", text.len);
	buf_free(&text);
}

/* ---- Looks ----------------------------------------------------------------------------------- */

static void make_looks(struct curses_terminal *t)
{
	if (t->colors) {
		start_color();
		if (use_default_colors() == ERR)
			assume_default_colors(COLOR_WHITE, COLOR_BLACK);
	}
	for (int role = 0; role < ROLE_COUNT; role++) {
		struct look look = theme_look((enum role)role, t->colors);

		t->attributes[role] = A_NORMAL;
		if (look.bold)
			t->attributes[role] |= A_BOLD;
		if (look.dim)
			t->attributes[role] |= A_DIM;
		if (look.underline)
			t->attributes[role] |= A_UNDERLINE;
		if (look.color != THEME_DEFAULT) {
			t->pairs[role] = (short)(look.color);
			init_pair(t->pairs[role], (short)look.color, -1);
		}
	}
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void get_size(struct terminal *base, int *width, int *height)
{
	struct winsize size;

	(void)base;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		int wide = size.ws_col < TERMINAL_MAX ? size.ws_col : TERMINAL_MAX;
		int high = size.ws_row < TERMINAL_MAX ? size.ws_row : TERMINAL_MAX;

		if (wide != COLS || high != LINES)
			resizeterm(high, wide);
	}
	*width = COLS;
	*height = LINES;
}

static bool same_look(const struct cell *a, const struct cell *b)
{
	return a->role == b->role && a->selected == b->selected;
}

static void draw_run(struct curses_terminal *t, int y, int x, const struct cell *run, int length)
{
	wchar_t text[256];
	int n = 0;
	attr_t attributes = t->attributes[run->role] | (run->selected ? A_REVERSE : A_NORMAL);

	/* Dim and reversed at once is hard to read on most terminals. */
	if (run->selected)
		attributes &= ~(attr_t)A_DIM;
	for (int i = 0; i < length; i++)
		if (run[i].code)
			text[n++] = (wchar_t)run[i].code;
	attr_set(attributes, t->pairs[run->role], NULL);
	mvaddnwstr(y, x, text, n);
}

static void draw(struct terminal *base, const struct cells *c)
{
	struct curses_terminal *t = (struct curses_terminal *)base;

	erase();
	for (int y = 0; y < c->height && y < LINES; y++) {
		const struct cell *line = &c->grid[y * c->width];

		for (int x = 0; x < c->width;) {
			int end = x + 1;

			while (end < c->width && end - x < 255 && same_look(&line[x], &line[end]))
				end++;
			draw_run(t, y, x, &line[x], end - x);
			x = end;
		}
	}
	move(LINES - 1, COLS - 1);
	refresh();
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* What the mouse did and nobody acts on, as a button that was let go: no key was pressed, and what waits
 * for any key must not take it for one. */
#define NOT_A_KEY (-2)

static int translate(int code)
{
	static const struct {
		int from, to;
	} table[] = {
		{ KEY_UP, KEYCODE_UP },
		{ KEY_DOWN, KEYCODE_DOWN },
		{ KEY_LEFT, KEYCODE_LEFT },
		{ KEY_RIGHT, KEYCODE_RIGHT },
		{ KEY_PPAGE, KEYCODE_PAGE_UP },
		{ KEY_NPAGE, KEYCODE_PAGE_DOWN },
		{ KEY_HOME, KEYCODE_HOME },
		{ KEY_END, KEYCODE_END },
		{ KEY_FIND, KEYCODE_HOME },
		{ KEY_SELECT, KEYCODE_END },
		{ KEY_BTAB, KEYCODE_BACK_TAB },
		{ KEY_BACKSPACE, KEYCODE_RUBOUT },
		{ KEY_DC, KEYCODE_DELETE },
		{ KEY_ENTER, KEYCODE_RETURN },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (code == table[i].from)
			return table[i].to;
	if (code > KEY_F(0) && code <= KEY_F(12))
		return KEYCODE_FUNCTION + code - KEY_F(0);
	return KEYCODE_OTHER;
}

/* What terminals send for keys besides what their description says: behind the ESC. */
static int sequence_key(const char *sequence)
{
	static const struct {
		const char *sequence;
		int key;
	} table[] = {
		{ "[A", KEYCODE_UP },
		{ "OA", KEYCODE_UP },
		{ "[B", KEYCODE_DOWN },
		{ "OB", KEYCODE_DOWN },
		{ "[C", KEYCODE_RIGHT },
		{ "OC", KEYCODE_RIGHT },
		{ "[D", KEYCODE_LEFT },
		{ "OD", KEYCODE_LEFT },
		{ "[H", KEYCODE_HOME },
		{ "OH", KEYCODE_HOME },
		{ "[1~", KEYCODE_HOME },
		{ "[7~", KEYCODE_HOME },
		{ "[F", KEYCODE_END },
		{ "OF", KEYCODE_END },
		{ "[4~", KEYCODE_END },
		{ "[8~", KEYCODE_END },
		{ "[5~", KEYCODE_PAGE_UP },
		{ "[6~", KEYCODE_PAGE_DOWN },
		{ "[Z", KEYCODE_BACK_TAB },
		{ "[3~", KEYCODE_DELETE },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(sequence, table[i].sequence) == 0)
			return table[i].key;
	return KEYCODE_OTHER;
}

/* After an ESC: takes the rest of a control sequence that curses does not know, so that its
 * characters are not read as keys. The key it stands for, or KEYCODE_ESCAPE, with nothing taken,
 * where the ESC was a key of its own. */
static int take_sequence(struct terminal *base)
{
	char sequence[24];
	size_t len = 0;
	wint_t code;
	int kind = get_wch(&code);

	if (kind == KEY_CODE_YES)
		ungetch((int)code);
	else if (kind == OK && code != '[' && code != 'O')
		unget_wch((wchar_t)code);
	if (kind != OK || (code != '[' && code != 'O'))
		return KEYCODE_ESCAPE;
	/* Parameters until a letter or one of "@[\\]^_`{|}~" ends it; what is too long is
	 * nothing we know. */
	do {
		if (len + 1 < sizeof sequence)
			sequence[len++] = (char)code;
		kind = get_wch(&code);
	} while (kind == OK && (code < 0x40 || code > 0x7e));
	if (kind == OK && len + 1 < sizeof sequence)
		sequence[len++] = (char)code;
	sequence[len] = '\0';
	if (strncmp(sequence, "[<", 2) == 0)
		return mouse_parse(sequence, &base->mouse) ? KEYCODE_MOUSE : NOT_A_KEY;
	return sequence_key(sequence);
}

/* A button as curses has read it. */
static int take_mouse(struct terminal *base)
{
	static const struct {
		mmask_t state;
		enum mouse_button button;
	} states[] = {
		{ BUTTON1_PRESSED, MOUSE_LEFT },
		{ BUTTON4_PRESSED, MOUSE_WHEEL_UP },
		{ BUTTON5_PRESSED, MOUSE_WHEEL_DOWN },
	};
	MEVENT event;

	if (getmouse(&event) != OK)
		return NOT_A_KEY;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		if (!(event.bstate & states[i].state))
			continue;
		base->mouse = (struct mouse_event){ event.x, event.y, states[i].button };
		return KEYCODE_MOUSE;
	}
	return NOT_A_KEY;
}

static void ask_for_mouse(struct curses_terminal *t)
{
	if (!t->mouse)
		return;
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	putp(MOUSE_LARGE_ON);
	fflush(stdout);
}

static void let_mouse_go(struct curses_terminal *t)
{
	if (!t->mouse)
		return;
	mousemask(0, NULL);
	putp(MOUSE_LARGE_OFF);
	fflush(stdout);
}

static int read_one(struct terminal *base)
{
	wint_t code;
	int kind;

	/* resizeterm() puts a key into the queue that nobody has pressed. */
	do
		kind = get_wch(&code);
	while (kind == KEY_CODE_YES && code == KEY_RESIZE);
	if (kind == OK && code == KEYCODE_ESCAPE)
		return take_sequence(base);
	if (kind == ERR)
		return KEYCODE_NONE;
	if (kind == KEY_CODE_YES)
		return code == KEY_MOUSE ? take_mouse(base) : translate((int)code);
	if (code < 128)
		return (int)code;
	/* C1 controls are nothing that is typed. */
	return code >= 0xa0 && code <= 0x10ffff ? KEYCODE_TEXT | (int)code : KEYCODE_OTHER;
}

static int read_key(struct terminal *base)
{
	int key;

	do
		key = read_one(base);
	while (key == NOT_A_KEY);
	return key;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static void repaint(struct terminal *base)
{
	(void)base;
	clearok(curscr, TRUE);
}

static void leave(struct terminal *base)
{
	let_mouse_go((struct curses_terminal *)base);
	endwin();
}

static void enter(struct terminal *base)
{
	/* A stop from outside gave us no chance to leave: the modes are the shell's. */
	reset_prog_mode();
	repaint(base);
	refresh();
	ask_for_mouse((struct curses_terminal *)base);
}

static void close_terminal(struct terminal *base)
{
	struct curses_terminal *t = (struct curses_terminal *)base;

	crash_forget();
	let_mouse_go(t);
	endwin();
	delscreen(t->screen);
	free(t);
}

/* Places the cursor and clears the screen: less is no screen for us. */
static bool can_paint(void)
{
	const char *place = tigetstr("cup"), *clear_screen_text = tigetstr("clear");

	return place && place != (const char *)-1 && clear_screen_text &&
	       clear_screen_text != (const char *)-1;
}

int terminal_open_curses(const struct terminal_settings *s, struct terminal **out)
{
	static const struct terminal_ops ops = {
		.size = get_size,
		.draw = draw,
		.key = read_key,
		.repaint = repaint,
		.leave = leave,
		.enter = enter,
		.close = close_terminal,
	};
	struct termios original;
	struct curses_terminal *t;
	int status;

	if (tcgetattr(STDIN_FILENO, &original))
		return -errno;
	if (setupterm(NULL, STDOUT_FILENO, &status) != OK || !can_paint())
		return -ENOTSUP;
	t = calloc(1, sizeof *t);
	if (!t)
		return -ENOMEM;
	t->base.ops = &ops;
	del_curterm(cur_term); /* newterm() makes its own */
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen) {
		free(t);
		return -ENOTSUP;
	}
	/* Only where the description knows of a mouse: others may show what we ask with. */
	t->mouse = s->mouse && tigetstr("kmous") && tigetstr("kmous") != (const char *)-1;
	prepare_crash(&original, t->mouse);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	leaveok(stdscr, TRUE);
	t->colors = s->colors && has_colors();
	make_looks(t);
	ask_for_mouse(t);
	*out = &t->base;
	return 0;
}
