/* The curses terminal: the only file that knows curses. One blit of the grid in runs of equal
 * looks; curses sends the difference. What gives the terminal back is prepared at the start, so
 * that even a crash can do it with write() and tcsetattr() alone. */
#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "sockdash/keycodes.h"
#include "sockdash/terminal.h"
#include "sockdash/theme.h"

struct curses_terminal {
	struct terminal base;
	SCREEN *screen;
	bool colors;
	attr_t attributes[ROLE_COUNT];
	short pairs[ROLE_COUNT];
};

/* ---- Giving the terminal back in a crash ----------------------------------------------------- */

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct termios original;
static char restore_text[256];
static size_t restore_len;

static void add_restore(const char *capability)
{
	/* Not a capability: -1; none: NULL. */
	const char *text = tigetstr(capability);

	if (text == NULL || text == (const char *)-1)
		return;
	if (restore_len + strlen(text) < sizeof restore_text) {
		memcpy(restore_text + restore_len, text, strlen(text));
		restore_len += strlen(text);
	}
}

static void crash(int signal_number)
{
	if (write(STDOUT_FILENO, restore_text, restore_len) >= 0)
		tcsetattr(STDIN_FILENO, TCSANOW, &original);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void prepare_crash(void)
{
	struct sigaction action = { .sa_handler = crash, .sa_flags = (int)SA_RESETHAND };

	restore_len = 0;
	add_restore("sgr0");
	add_restore("op");
	add_restore("rmkx");
	add_restore("cnorm");
	add_restore("rmcup");
	for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
		sigaction(crash_signals[i], &action, NULL);
}

static void forget_crash(void)
{
	for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
		signal(crash_signals[i], SIG_DFL);
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
		if (size.ws_col != COLS || size.ws_row != LINES)
			resizeterm(size.ws_row, size.ws_col);
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
		{ KEY_ENTER, KEYCODE_RETURN },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (code == table[i].from)
			return table[i].to;
	if (code > KEY_F(0) && code <= KEY_F(12))
		return KEYCODE_FUNCTION + code - KEY_F(0);
	return KEYCODE_OTHER;
}

static int read_key(struct terminal *base)
{
	wint_t code;
	int kind = get_wch(&code);

	(void)base;
	if (kind == ERR)
		return KEYCODE_NONE;
	if (kind == KEY_CODE_YES)
		return code == KEY_RESIZE ? KEYCODE_OTHER : translate((int)code);
	return code < 128 ? (int)code : KEYCODE_OTHER;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static void repaint(struct terminal *base)
{
	(void)base;
	clearok(curscr, TRUE);
}

static void leave(struct terminal *base)
{
	(void)base;
	endwin();
}

static void enter(struct terminal *base)
{
	repaint(base);
	refresh();
}

static void close_terminal(struct terminal *base)
{
	struct curses_terminal *t = (struct curses_terminal *)base;

	forget_crash();
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
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen) {
		free(t);
		return -ENOTSUP;
	}
	prepare_crash();
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
	*out = &t->base;
	return 0;
}
