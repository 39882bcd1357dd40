/* mouse: what a pointer does to what is on the screen. */
#ifndef SOCKDASH_MOUSE_H
#define SOCKDASH_MOUSE_H

#include <stdbool.h>

struct app;

enum mouse_button { MOUSE_LEFT, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

/* A button that was pressed, or a step of the wheel. */
struct mouse_event {
	int x, y; /* cell of the screen, from 0 */
	enum mouse_button button;
};

/* Rows that a step of the wheel scrolls. */
#define MOUSE_WHEEL_ROWS 3

/* Reads what a terminal sends for it behind the ESC: "[<0;10;5M". False for anything else, also for
 * what nobody acts on: other buttons, a button that is let go, a pointer that moves. */
bool mouse_parse(const char *sequence, struct mouse_event *out);

/* Acts on what was drawn last: rows, titles of columns and panes, keys of the footer, menus. */
void app_mouse(struct app *a, const struct mouse_event *e);

#endif
