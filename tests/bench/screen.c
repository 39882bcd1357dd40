/* What a terminal of xterm's kind would show, as far as curses makes use of it: so that a picture
 * can be told from what it says, whatever parts of it were sent. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

static int within(int value, int size)
{
	return value < 0 ? 0 : value >= size ? size - 1 : value;
}

static void blank(struct screen *s, int y, int from, int to)
{
	for (int x = from; x < to && x < SCREEN_WIDTH; x++) {
		s->code[y][x] = ' ';
		s->reverse[y][x] = false;
	}
}

void screen_clear(struct screen *s)
{
	memset(s, 0, sizeof *s);
	for (int y = 0; y < SCREEN_HEIGHT; y++)
		blank(s, y, 0, SCREEN_WIDTH);
	s->bottom = SCREEN_HEIGHT - 1;
}

/* Lines from y to the end of the region go up by n; down where n is negative. */
static void scroll(struct screen *s, int y, int n)
{
	int lines = y > s->bottom ? 0 : s->bottom + 1 - y, by = abs(n) < lines ? abs(n) : lines;
	int from = n > 0 ? y + by : y, to = n > 0 ? y : y + by;
	size_t moved = (size_t)(lines - by);

	memmove(s->code[to], s->code[from], moved * sizeof s->code[0]);
	memmove(s->reverse[to], s->reverse[from], moved * sizeof s->reverse[0]);
	for (int i = 0; i < by; i++)
		blank(s, n > 0 ? s->bottom - i : y + i, 0, SCREEN_WIDTH);
}

/* What is right of the cursor goes left by n; right where n is negative. */
static void shift(struct screen *s, int n)
{
	int cells = SCREEN_WIDTH - s->x, by = abs(n) < cells ? abs(n) : cells;
	int from = n > 0 ? s->x + by : s->x, to = n > 0 ? s->x : s->x + by;
	size_t moved = (size_t)(cells - by);

	memmove(&s->code[s->y][to], &s->code[s->y][from], moved * sizeof s->code[0][0]);
	memmove(&s->reverse[s->y][to], &s->reverse[s->y][from], moved * sizeof s->reverse[0][0]);
	if (n > 0)
		blank(s, s->y, SCREEN_WIDTH - by, SCREEN_WIDTH);
	else
		blank(s, s->y, s->x, s->x + by);
}

static void put(struct screen *s, uint32_t code)
{
	if (s->x >= SCREEN_WIDTH) {
		s->x = 0;
		s->y = within(s->y + 1, SCREEN_HEIGHT);
	}
	s->code[s->y][s->x] = code;
	s->reverse[s->y][s->x] = s->pen_reverse;
	s->x++;
	s->last = code;
}

/* ---- Control sequences ----------------------------------------------------------------------- */

static void erase_lines(struct screen *s, int how)
{
	int from = how == 0 ? s->y + 1 : 0, to = how == 1 ? s->y : SCREEN_HEIGHT;

	if (how == 0)
		blank(s, s->y, s->x, SCREEN_WIDTH);
	if (how == 1)
		blank(s, s->y, 0, s->x + 1);
	for (int y = from; y < to; y++)
		blank(s, y, 0, SCREEN_WIDTH);
}

static void erase_in_line(struct screen *s, int how)
{
	blank(s, s->y, how == 0 ? s->x : 0, how == 1 ? s->x + 1 : SCREEN_WIDTH);
}

/* Of all looks only this one is of interest. The colours that take parameters are not sent to a
 * program that asked for eight. */
static void set_looks(struct screen *s, const char *parameters)
{
	const char *at = parameters;

	do {
		int n = (int)strtol(at, (char **)&at, 10);

		if (n == 7)
			s->pen_reverse = true;
		if (n == 0 || n == 27)
			s->pen_reverse = false;
	} while (*at++ == ';');
}

static void move_to(struct screen *s, int x, int y)
{
	s->x = within(x, SCREEN_WIDTH);
	s->y = within(y, SCREEN_HEIGHT);
}

/* Only these lines scroll from now on. */
static void set_region(struct screen *s, int top, int bottom)
{
	s->top = within(top - 1, SCREEN_HEIGHT);
	s->bottom = within(bottom - 1, SCREEN_HEIGHT);
	move_to(s, 0, 0);
}

static void line_down(struct screen *s)
{
	if (s->y == s->bottom)
		scroll(s, s->top, 1);
	else
		move_to(s, s->x, s->y + 1);
}

static void line_up(struct screen *s)
{
	if (s->y == s->top)
		scroll(s, s->top, -1);
	else
		move_to(s, s->x, s->y - 1);
}

/* What a letter does with its one parameter, which is at least 1. */
static void up(struct screen *s, int n)
{
	move_to(s, s->x, s->y - n);
}

static void down(struct screen *s, int n)
{
	move_to(s, s->x, s->y + n);
}

static void right(struct screen *s, int n)
{
	move_to(s, s->x + n, s->y);
}

static void left(struct screen *s, int n)
{
	move_to(s, s->x - n, s->y);
}

static void to_column(struct screen *s, int n)
{
	move_to(s, n - 1, s->y);
}

static void to_line(struct screen *s, int n)
{
	move_to(s, s->x, n - 1);
}

static void erase_cells(struct screen *s, int n)
{
	blank(s, s->y, s->x, s->x + n);
}

static void delete_cells(struct screen *s, int n)
{
	shift(s, n);
}

static void insert_cells(struct screen *s, int n)
{
	shift(s, -n);
}

static void delete_lines(struct screen *s, int n)
{
	scroll(s, s->y, n);
}

static void insert_lines(struct screen *s, int n)
{
	scroll(s, s->y, -n);
}

static void scroll_up(struct screen *s, int n)
{
	scroll(s, s->top, n);
}

static void scroll_down(struct screen *s, int n)
{
	scroll(s, s->top, -n);
}

static void again(struct screen *s, int n)
{
	for (int i = 0; i < n && i < SCREEN_WIDTH; i++)
		put(s, s->last);
}

static const struct {
	char letter;
	void (*act)(struct screen *s, int n);
} acts[] = {
	{ 'A', up },
	{ 'B', down },
	{ 'C', right },
	{ 'D', left },
	{ 'G', to_column },
	{ 'd', to_line },
	{ 'X', erase_cells },
	{ 'P', delete_cells },
	{ '@', insert_cells },
	{ 'M', delete_lines },
	{ 'L', insert_lines },
	{ 'S', scroll_up },
	{ 'T', scroll_down },
	{ 'b', again },
};

/* ESC [ parameters letter; modes (a '?') change nothing here. */
static void control(struct screen *s, char letter)
{
	char *rest;
	const char *parameters = s->sequence + 1;
	int first = (int)strtol(parameters, &rest, 10), n = first ? first : 1;
	int second = *rest == ';' ? (int)strtol(rest + 1, NULL, 10) : 0;

	if (*parameters == '?' || *parameters == '>' || *parameters == '!')
		return;
	if (letter == 'H')
		move_to(s, second ? second - 1 : 0, n - 1);
	if (letter == 'J')
		erase_lines(s, first);
	if (letter == 'K')
		erase_in_line(s, first);
	if (letter == 'r')
		set_region(s, n, second ? second : SCREEN_HEIGHT);
	if (letter == 'm')
		set_looks(s, parameters);
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (acts[i].letter == letter)
			acts[i].act(s, n);
}

/* One byte behind an ESC. Sequences are "[ ... letter", "( letter" or a letter alone; titles are
 * not set by anybody here. */
static void continue_sequence(struct screen *s, char c)
{
	if (s->sequence_len + 1 < sizeof s->sequence)
		s->sequence[s->sequence_len++] = c;
	s->sequence[s->sequence_len] = '\0';
	if (s->sequence[0] == '[') {
		if (s->sequence_len == 1 || c < 0x40 || c > 0x7e)
			return;
		control(s, c);
	} else if (strchr("()#", s->sequence[0])) {
		if (s->sequence_len == 1)
			return;
	} else if (c == 'M') {
		line_up(s);
	} else if (c == '7') {
		s->saved_x = s->x;
		s->saved_y = s->y;
	} else if (c == '8') {
		move_to(s, s->saved_x, s->saved_y);
	}
	s->in_sequence = false;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static void feed_text(struct screen *s, unsigned char c)
{
	if (c < 0x80) {
		s->partial_left = 0;
		put(s, c);
	} else if (c < 0xc0) {
		s->partial = s->partial << 6 | (c & 0x3f);
		if (s->partial_left && --s->partial_left == 0)
			put(s, s->partial);
	} else {
		s->partial_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		s->partial = c & (0x3fu >> s->partial_left);
	}
}

static void feed_byte(struct screen *s, char c)
{
	if (s->in_sequence) {
		continue_sequence(s, c);
		return;
	}
	switch (c) {
	case '\x1b':
		s->in_sequence = true;
		s->sequence_len = 0;
		break;
	case '\r':
		s->x = 0;
		break;
	case '\b':
		move_to(s, s->x - 1, s->y);
		break;
	case '\t':
		move_to(s, (s->x / 8 + 1) * 8, s->y);
		break;
	case '\n':
		line_down(s);
		break;
	default:
		if ((unsigned char)c >= ' ' && c != 0x7f)
			feed_text(s, (unsigned char)c);
	}
}

void screen_feed(struct screen *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		feed_byte(s, bytes[i]);
}

bool screen_has(const struct screen *s, const char *ascii)
{
	int len = (int)strlen(ascii);

	for (int y = 0; y < SCREEN_HEIGHT; y++)
		for (int x = 0; x + len <= SCREEN_WIDTH; x++) {
			int i = 0;

			while (i < len && s->code[y][x + i] == (unsigned char)ascii[i])
				i++;
			if (i == len)
				return true;
		}
	return false;
}
