/* Lines wrap at words, and what is wrapped stands under what it belongs to. */
#include "sockdash/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/grow.h"
#include "sockdash/widgets.h"
#include "sockdash/wrap.h"

#define LABEL_WIDTH 14
#define LABEL_SMALL 11
#define WIDE        60
#define INDENT      1

void page_free(struct page *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		buf_free(&p->lines[i].text);
	free(p->lines);
	*p = (struct page){ 0 };
}

static struct page_line *add(struct page *p, const char *label, enum role role)
{
	if (grow(&p->lines, p->count, &p->room, sizeof *p->lines)) {
		p->failed = true;
		return NULL;
	}
	p->lines[p->count] = (struct page_line){ .label = label, .role = role };
	return &p->lines[p->count++];
}

void page_group(struct page *p, const char *title)
{
	struct page_line *line = add(p, NULL, ROLE_STRONG);

	if (line)
		buf_adds(&line->text, title);
}

struct page_line *page_add(
	struct page *p, const char *label, enum role role, const char *format, ...)
{
	struct page_line *line = add(p, label, role);
	char text[1024];
	va_list args;

	if (!line)
		return NULL;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_adds(&line->text, text);
	p->failed |= line->text.failed;
	return line;
}

static int label_width(int width)
{
	return width < WIDE ? LABEL_SMALL : LABEL_WIDTH;
}

/* Where the text of a line begins, and how many columns it has; at least one. */
static int text_place(const struct page_line *line, int width, int *room)
{
	int x = INDENT;

	if (line->label)
		x += label_width(width) + 1 + (line->trend.count ? TREND_POINTS + 1 : 0);
	*room = width - x > 1 ? width - x : 1;
	return x;
}

static uint32_t line_height(const struct page *p, uint32_t i, int width)
{
	const struct page_line *line = &p->lines[i];
	uint32_t height = 1;
	int room;

	text_place(line, width, &room);
	if (line->text.len)
		height = (uint32_t)wrap_count(line->text.data, room);
	return height + (!line->label && i > 0);
}

uint32_t page_height(const struct page *p, int width)
{
	uint32_t height = 0;

	for (uint32_t i = 0; i < p->count; i++)
		height += line_height(p, i, width);
	return height;
}

/* From the line `y` of the area on, which may be above it. */
static void draw_line(const struct page *p, uint32_t i, struct cells *c, struct area a, int y)
{
	const struct page_line *line = &p->lines[i];
	const char *rest = line->text.len ? line->text.data : "", *piece;
	int room, x = text_place(line, a.width, &room);
	size_t len;

	y += !line->label && i > 0;
	if (line->label && y >= 0 && y < a.height) {
		cells_put(c, a, INDENT, y, label_width(a.width), ROLE_DIM, line->label);
		if (line->trend.count)
			widget_sparkline(c, a, INDENT + label_width(a.width) + 1, y, TREND_POINTS,
				ROLE_BAR, &line->trend, 0);
	}
	for (; y < a.height && (piece = wrap_next(&rest, room, &len)); y++) {
		struct buf one = { 0 };

		buf_add(&one, piece, len);
		if (y >= 0 && !one.failed)
			cells_put(c, a, x, y, room, line->role, one.data);
		buf_free(&one);
	}
}

void page_draw(const struct page *p, struct cells *c, struct area a, uint32_t top)
{
	int y = -(int)top;

	for (uint32_t i = 0; i < p->count && y < a.height; i++) {
		int height = (int)line_height(p, i, a.width);

		if (y + height > 0)
			draw_line(p, i, c, a, y);
		y += height;
	}
}
