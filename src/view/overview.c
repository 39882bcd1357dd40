/* The overview's four panes, the line of problems, the footer and boxes. Left: states over
 * processes; right: listeners over leaks. The states get as many lines as there are
 * states, if the others keep enough. */
#include <string.h>

#include "sockdash/problems.h"
#include "sockdash/screen.h"
#include "sockdash/utf8.h"

#define OVERVIEW_WIDTH  60
#define OVERVIEW_HEIGHT 12
#define PANE_LINES_MIN  5 /* title, columns and three rows */

bool screen_has_overview(int width, int height)
{
	return width >= OVERVIEW_WIDTH && height >= OVERVIEW_HEIGHT;
}

/* Lines of the upper panes: the states fit, the lower ones keep their minimum and at least two
 * fifths. */
static int upper_height(const struct pane_state *states, int height)
{
	int wanted = (states[0].count ? (int)states[0].count : 13) + 2;
	int most = height * 3 / 5;

	if (wanted > most)
		wanted = most;
	if (wanted < height / 2)
		wanted = height / 2 < 15 ? height / 2 : 15;
	if (wanted > height - PANE_LINES_MIN)
		wanted = height - PANE_LINES_MIN;
	return wanted;
}

void screen_overview(struct cells *c, struct area a, struct pane_state *states, unsigned focus)
{
	int upper, left, right, gap = a.width >= 100 ? 1 : 0;
	struct area areas[PANE_OVERVIEW];

	if (!screen_has_overview(a.width, a.height)) {
		pane_draw(&states[focus], c, a, (int)focus + 1, PANE_FOCUSED);
		return;
	}
	upper = upper_height(states, a.height);
	/* The right side has more to tell. */
	left = gap ? a.width * 11 / 25 : a.width * 9 / 20;
	right = left + 1 + gap;
	areas[0] = (struct area){ a.x, a.y, left - gap, upper };
	areas[1] = (struct area){ a.x + right, a.y, a.width - right, upper };
	areas[2] = (struct area){ a.x, a.y + upper, left - gap, a.height - upper };
	areas[3] = (struct area){ a.x + right, a.y + upper, a.width - right, a.height - upper };
	cells_repeat(c, a, 0, 0, a.width, ROLE_BORDER, 0x2500);
	cells_repeat(c, a, 0, upper, a.width, ROLE_BORDER, 0x2500);
	for (unsigned i = 0; i < PANE_OVERVIEW; i++)
		pane_draw(&states[i], c, areas[i], (int)i + 1,
			i == focus ? PANE_FOCUSED : PANE_PLAIN);
	for (int y = 0; y < a.height; y++)
		cells_repeat(c, a, left, y, 1, ROLE_BORDER,
			y == 0       ? 0x252c
			: y == upper ? 0x253c
				     : 0x2502);
}

bool screen_problems(struct cells *c, struct area a, const struct frame *f)
{
	struct buf texts[PROBLEMS_MAX];
	size_t n = problems_of(f, texts);
	int x = 0;

	for (size_t i = 0; i < n; i++) {
		if (texts[i].data) {
			x += cells_put(c, a, x, 0, a.width - x, ROLE_WARNING, i ? "; " : "! ");
			x += cells_put(c, a, x, 0, a.width - x, ROLE_WARNING, texts[i].data);
		}
		buf_free(&texts[i]);
	}
	return n > 0;
}

static int key_width(const struct screen_key *k)
{
	return utf8_text_width(k->keys, strlen(k->keys)) +
	       utf8_text_width(k->label, strlen(k->label)) + 3;
}

/* Where the entry stands that would come at `x`, or -1: it has no room. The last two, help and quit,
 * are what a lost user looks for: they keep their room. */
static int footer_place(int width, const struct screen_key *keys, size_t count, size_t i, int x)
{
	int kept = 0;

	for (size_t k = count > 2 ? count - 2 : 0; k < count; k++)
		kept += key_width(&keys[k]);
	return x + key_width(&keys[i]) + (i + 2 >= count ? -2 : kept - 2) > width ? -1 : x;
}

void screen_footer(struct cells *c, struct area a, const struct screen_key *keys, size_t count)
{
	int x = 0;

	for (size_t i = 0; i < count; i++) {
		if (footer_place(a.width, keys, count, i, x) < 0)
			continue;
		x += cells_put(c, a, x, 0, a.width - x, ROLE_KEY, keys[i].keys) + 1;
		x += cells_put(c, a, x, 0, a.width - x, ROLE_DIM, keys[i].label) + 2;
	}
}

int screen_footer_at(int width, const struct screen_key *keys, size_t count, int x, int *column)
{
	int at = 0;

	for (size_t i = 0; i < count; i++) {
		int next = at + key_width(&keys[i]);

		if (footer_place(width, keys, count, i, at) < 0)
			continue;
		*column = x - at;
		if (x >= at && x < next - 2)
			return (int)i;
		at = next;
	}
	return -1;
}

struct area screen_box(struct cells *c, struct area a, int width, int height, const char *title)
{
	struct area box, inside;

	if (width > a.width)
		width = a.width;
	if (height > a.height)
		height = a.height;
	box = (struct area){ a.x + (a.width - width) / 2, a.y + (a.height - height) / 2, width,
		height };
	for (int y = 0; y < height; y++) {
		bool edge = y == 0 || y == height - 1;

		cells_repeat(c, box, 0, y, width, ROLE_BORDER, edge ? 0x2500 : ' ');
		cells_repeat(c, box, 0, y, 1, ROLE_BORDER,
			y == 0            ? 0x250c
			: y == height - 1 ? 0x2514
					  : 0x2502);
		cells_repeat(c, box, width - 1, y, 1, ROLE_BORDER,
			y == 0            ? 0x2510
			: y == height - 1 ? 0x2518
					  : 0x2502);
	}
	cells_put(c, box, 2, 0, width - 4, ROLE_STRONG, title);
	inside = (struct area){ box.x + 2, box.y + 1, width > 4 ? width - 4 : 0,
		height > 2 ? height - 2 : 0 };
	return inside;
}
