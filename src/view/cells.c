/* The grid. The only place that decides what happens to characters: wide ones take two cells,
 * combining ones are left out, and in ASCII mode drawing characters get their plain
 * counterparts. */
#include "sockdash/cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/utf8.h"

#define ELLIPSIS 0x2026

static const struct cell blank = { .code = ' ' };

int cells_resize(struct cells *c, int width, int height)
{
	struct cell *grid;
	size_t count;

	if (width < 1)
		width = 1;
	if (height < 1)
		height = 1;
	count = (size_t)width * (size_t)height;
	grid = calloc(count, sizeof *grid);
	if (!grid)
		return -ENOMEM;
	free(c->grid);
	c->grid = grid;
	c->width = width;
	c->height = height;
	cells_clear(c);
	return 0;
}

void cells_free(struct cells *c)
{
	free(c->grid);
	c->grid = NULL;
	c->width = c->height = 0;
}

void cells_clear(struct cells *c)
{
	for (int i = 0; i < c->width * c->height; i++)
		c->grid[i] = blank;
}

struct area cells_all(const struct cells *c)
{
	return (struct area){ 0, 0, c->width, c->height };
}

/* ---- Characters ------------------------------------------------------------------------------ */

static uint32_t plain_counterpart(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		const char *plain; /* one character for all, or one each */
	} ranges[] = {
		{ 0x2500, 0x2501, "-" },
		{ 0x2502, 0x2503, "|" },
		{ 0x2504, 0x257f, "+" },
		{ 0x2581, 0x2588, "_.,-~=*#" },
		{ 0x2589, 0x258b, "#" },
		{ 0x258c, 0x258f, ":" },
		{ ELLIPSIS, ELLIPSIS, "~" },
		{ 0xb7, 0xb7, "|" },
		{ 0x2190, 0x2193, "<^>v" },
		{ 0x25b2, 0x25b2, "^" },
		{ 0x25bc, 0x25bc, "v" },
		{ 0x2039, 0x2039, "<" },
		{ 0x203a, 0x203a, ">" },
		{ 0x2265, 0x2265, ">" },
	};

	if (code < 0x80)
		return code;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return (uint32_t)(ranges[i].plain[1]
						  ? ranges[i].plain[code - ranges[i].first]
						  : ranges[i].plain[0]);
	return '?';
}

/* Blanks both halves of a wide character that stands across the left edge of column x: it is
 * about to lose one. */
static void blank_halves(struct cells *c, struct cell *line, int x)
{
	if (x > 0 && x < c->width && !line[x].code)
		line[x - 1].code = line[x].code = ' ';
}

/* Puts one character where it fits whole into the area; answers its columns. */
static int put_code(struct cells *c, struct area a, int x, int y, enum role role, uint32_t code)
{
	int width = utf8_width(code);
	struct cell *line, *at;

	if (width == 0)
		return 0;
	if (c->ascii) {
		code = plain_counterpart(code);
		width = 1;
	}
	if (y < 0 || y >= a.height || a.y + y < 0 || a.y + y >= c->height || x < 0 ||
		x + width > a.width || a.x + x < 0 || a.x + x + width > c->width)
		return width;
	line = &c->grid[(a.y + y) * c->width];
	blank_halves(c, line, a.x + x);
	blank_halves(c, line, a.x + x + width);
	at = &line[a.x + x];
	at->code = code;
	at->role = (uint8_t)role;
	/* Bars and sparklines are pictures: in reverse they would show the opposite. */
	if (code >= 0x2581 && code <= 0x258f)
		at->selected = false;
	if (width == 2)
		at[1] = (struct cell){ .code = 0, .role = (uint8_t)role, .selected = at->selected };
	return width;
}

int cells_put(
	struct cells *c, struct area a, int x, int y, int width, enum role role, const char *text)
{
	size_t len = strlen(text);
	bool cut = utf8_text_width(text, len) > width;
	int used = 0, room = cut ? width - 1 : width;

	if (width <= 0)
		return 0;
	while (len) {
		uint32_t code;
		size_t bytes = utf8_decode(text, len, &code);

		if (used + utf8_width(code) > room)
			break;
		used += put_code(c, a, x + used, y, role, code);
		text += bytes;
		len -= bytes;
	}
	if (cut)
		used += put_code(c, a, x + used, y, role, ELLIPSIS);
	return used;
}

void cells_put_right(
	struct cells *c, struct area a, int x, int y, int width, enum role role, const char *text)
{
	int used = utf8_text_width(text, strlen(text));
	int blanks = used < width ? width - used : 0;

	cells_put(c, a, x + blanks, y, width - blanks, role, text);
}

void cells_repeat(
	struct cells *c, struct area a, int x, int y, int count, enum role role, uint32_t code)
{
	for (int i = 0; i < count; i++)
		put_code(c, a, x + i, y, role, code);
}

void cells_select(struct cells *c, struct area a, int y)
{
	if (y < 0 || y >= a.height || a.y + y < 0 || a.y + y >= c->height)
		return;
	for (int x = a.x < 0 ? 0 : a.x; x < a.x + a.width && x < c->width; x++)
		c->grid[(a.y + y) * c->width + x].selected = true;
}

/* ---- As text --------------------------------------------------------------------------------- */

static void add_line(const struct cell *line, int width, struct buf *out, bool mark)
{
	int end = width, marked = -1;

	while (end > 0 && line[end - 1].code == ' ')
		end--;
	for (int x = 0; mark && marked < 0 && x < width; x++)
		if (line[x].selected && line[x].code == ' ')
			marked = x;
	for (int x = 0; x < end || x <= marked; x++) {
		char bytes[4];

		if (x == marked)
			buf_addc(out, '>');
		else if (line[x].code)
			buf_add(out, bytes, utf8_encode(line[x].code, bytes));
	}
	buf_addc(out, '\n');
}

void cells_text(const struct cells *c, struct buf *out, bool mark)
{
	for (int y = 0; y < c->height; y++)
		add_line(&c->grid[y * c->width], c->width, out, mark);
}

void cells_roles(const struct cells *c, struct buf *out)
{
	static const char letters[ROLE_COUNT + 1] = ".dthsbrcgwxkef";
	static const char selected[ROLE_COUNT + 1] = ",DTHSBRCGWXKEF";

	for (int y = 0; y < c->height; y++) {
		for (int x = 0; x < c->width; x++) {
			const struct cell *at = &c->grid[y * c->width + x];

			buf_addc(out, (at->selected ? selected : letters)[at->role]);
		}
		buf_addc(out, '\n');
	}
}
