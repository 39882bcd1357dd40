/* The line that tells where we are: the way from its beginning, the filter, and how many sockets it
 * leaves. Where room is short the way loses its beginning, the filter its end. */
#include <stdio.h>
#include <string.h>

#include "sockdash/screen.h"
#include "sockdash/utf8.h"

#define GAP       3  /* between the pieces */
#define LEAST     12 /* of a filter that is worth showing */
#define ARROW     " \xe2\x80\xba "
#define ELLIPSIS  "\xe2\x80\xa6"
#define FILTER_IS "filter: "

static int width_of(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

/* In as many words as half the line has room for. */
static int draw_count(struct cells *c, struct area a, const struct screen_way *w)
{
	char few[FMT_MAX], all[FMT_MAX], forms[3][2 * FMT_MAX + 16];

	if (!w->counted)
		return 0;
	fmt_count(few, w->selected, 0);
	fmt_count(all, w->all, 0);
	snprintf(forms[0], sizeof *forms, "%s of %s sockets", few, all);
	snprintf(forms[1], sizeof *forms, "%s of %s", few, all);
	snprintf(forms[2], sizeof *forms, "%s", few);
	for (size_t i = 0; i < 3; i++) {
		int width = width_of(forms[i]);

		if (width > a.width / 2)
			continue;
		cells_put(c, a, a.width - width, 0, width, ROLE_STRONG, forms[i]);
		return width + GAP;
	}
	return 0;
}

static int steps_width(const struct screen_way *w, size_t from)
{
	int total = from ? width_of(ELLIPSIS ARROW) : 0;

	for (size_t i = from; i < w->count; i++)
		total += width_of(w->steps[i]) + (i > from ? width_of(ARROW) : 0);
	return total;
}

static int draw_steps(struct cells *c, struct area a, const struct screen_way *w, int room)
{
	size_t from = 0;
	int x = 0;

	while (from + 1 < w->count && steps_width(w, from) > room)
		from++;
	if (from)
		x += cells_put(c, a, x, 0, room - x, ROLE_DIM, ELLIPSIS ARROW);
	for (size_t i = from; i < w->count; i++) {
		if (i > from)
			x += cells_put(c, a, x, 0, room - x, ROLE_DIM, ARROW);
		x += cells_put(c, a, x, 0, room - x, i + 1 < w->count ? ROLE_TEXT : ROLE_STRONG,
			w->steps[i]);
	}
	return x;
}

static void draw_filter(struct cells *c, struct area a, int x, int room, const char *filter)
{
	struct buf safe = { 0 };

	utf8_add_safe(&safe, filter, strlen(filter));
	x += cells_put(c, a, x, 0, room, ROLE_DIM, FILTER_IS);
	if (safe.data)
		cells_put(c, a, x, 0, room - (int)strlen(FILTER_IS), ROLE_TEXT, safe.data);
	buf_free(&safe);
}

void screen_way(struct cells *c, struct area a, const struct screen_way *w)
{
	int room = a.width - draw_count(c, a, w);
	int steps = steps_width(w, 0), filter = 0, most = room, x = 0;

	if (*w->filter)
		filter = (int)strlen(FILTER_IS) + width_of(w->filter);
	/* The filter can do with two fifths, or what the steps leave. */
	if (filter && !(w->repeats && steps <= room) && steps + GAP + filter > room &&
		filter > room * 2 / 5)
		most = room - GAP - room * 2 / 5;
	if (w->count)
		x = draw_steps(c, a, w, most) + GAP;
	if (filter && room - x >= LEAST)
		draw_filter(c, a, x, room - x, w->filter);
}
