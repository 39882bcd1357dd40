/* Bars and sparklines, from the block characters U+2581 to U+258F; texts of several lines. */
#include "sockdash/widgets.h"

#include "sockdash/buf.h"
#include "sockdash/wrap.h"

void widget_bar(struct cells *c, struct area a, int x, int y, int width, double share)
{
	int eighths = (int)(share * width * 8 + 0.5);

	if (share > 0 && eighths == 0)
		eighths = 1;
	if (eighths > width * 8)
		eighths = width * 8;
	cells_repeat(c, a, x, y, eighths / 8, ROLE_BAR, 0x2588);
	/* U+258F is one eighth, U+2589 seven. */
	if (eighths % 8 > 0)
		cells_repeat(
			c, a, x + eighths / 8, y, 1, ROLE_BAR, (uint32_t)(0x2590 - eighths % 8));
}

static uint32_t largest(const struct trend *t)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < t->count; i++)
		most = t->values[i] > most ? t->values[i] : most;
	return most;
}

void widget_sparkline(struct cells *c, struct area a, int x, int y, int width, enum role role,
	const struct trend *t, uint32_t full)
{
	uint32_t shown = t->count < (uint32_t)(width > 0 ? width : 0) ? t->count : (uint32_t)width;

	if (width <= 0)
		return;
	if (!full)
		full = largest(t);
	for (uint32_t i = 0; i < shown; i++) {
		uint64_t value = t->values[t->count - shown + i];
		uint64_t level = full ? (value * 7 + full / 2) / full : 0;

		cells_repeat(c, a, x + width - (int)shown + (int)i, y, 1, role,
			(uint32_t)(0x2581 + (level > 7 ? 7 : level)));
	}
}

int widget_text(struct cells *c, struct area a, enum role role, const char *text)
{
	const char *line;
	size_t len;
	int y = 0;

	while (y < a.height && a.width > 0 && (line = wrap_next(&text, a.width, &len))) {
		struct buf one = { 0 };

		buf_add(&one, line, len);
		buf_adds(&one, y + 1 == a.height && *text ? " \xe2\x80\xa6" : "");
		if (!one.failed)
			cells_put(c, a, 0, y, a.width, role, one.data);
		buf_free(&one);
		y++;
	}
	return y;
}
