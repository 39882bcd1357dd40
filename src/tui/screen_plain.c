/* The plain terminal: prints the grid as a page of text whenever there is something new, for
 * TERM=dumb and terminals nobody knows. Keys come one by one, as with curses. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sockdash/crash.h"
#include "sockdash/keycodes.h"
#include "sockdash/terminal.h"
#include "sockdash/utf8.h"

#define WIDTH  80
#define HEIGHT 24

struct plain_terminal {
	struct terminal base;
	struct termios original;
};

/* One line less than there are, so that the page and the empty line before it fit. */
static void get_size(struct terminal *base, int *width, int *height)
{
	struct winsize size;

	(void)base;
	*width = WIDTH;
	*height = HEIGHT - 1;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_row > 1) {
		*width = size.ws_col < TERMINAL_MAX ? size.ws_col - 1 : TERMINAL_MAX;
		*height = size.ws_row < TERMINAL_MAX ? size.ws_row - 1 : TERMINAL_MAX;
	}
}

static void draw(struct terminal *base, const struct cells *c)
{
	struct buf b = { 0 };
	size_t done = 0;

	(void)base;
	buf_addc(&b, '\n');
	cells_text(c, &b, true);
	while (done < b.len) {
		ssize_t n = write(STDOUT_FILENO, b.data + done, b.len - done);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	buf_free(&b);
}

/* The rest of a character of UTF-8, which came with its beginning. */
static int read_character(unsigned char first)
{
	size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	char bytes[4] = { (char)first };
	uint32_t code;

	for (size_t i = 1; i < len; i++)
		if (read(STDIN_FILENO, &bytes[i], 1) != 1)
			return KEYCODE_OTHER;
	if (utf8_decode(bytes, len, &code) != len || code < 0xa0)
		return KEYCODE_OTHER;
	return KEYCODE_TEXT | (int)code;
}

static int read_key(struct terminal *base)
{
	unsigned char byte;
	ssize_t n;

	(void)base;
	n = read(STDIN_FILENO, &byte, 1);
	if (n != 1)
		return KEYCODE_NONE;
	if (byte >= 0xc2)
		return read_character(byte);
	return byte == '\n' ? KEYCODE_RETURN : byte < 128 ? byte : KEYCODE_OTHER;
}

static void repaint(struct terminal *base)
{
	(void)base;
}

static void leave(struct terminal *base)
{
	struct plain_terminal *t = (struct plain_terminal *)base;

	tcsetattr(STDIN_FILENO, TCSADRAIN, &t->original);
}

/* VMIN and VTIME 0: a read without a key answers at once. */
static void enter(struct terminal *base)
{
	struct plain_terminal *t = (struct plain_terminal *)base;
	struct termios raw = t->original;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void close_terminal(struct terminal *base)
{
	crash_forget();
	leave(base);
	free(base);
}

int terminal_open_plain(const struct terminal_settings *s, struct terminal **out)
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
	struct plain_terminal *t = calloc(1, sizeof *t);

	(void)s;
	if (!t)
		return -ENOMEM;
	t->base.ops = &ops;
	if (tcgetattr(STDIN_FILENO, &t->original)) {
		int err = -errno;

		free(t);
		return err;
	}
	crash_prepare(&t->original, "", 0);
	enter(&t->base);
	*out = &t->base;
	return 0;
}
