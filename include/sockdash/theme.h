/* theme: how roles look. */
#ifndef SOCKDASH_THEME_H
#define SOCKDASH_THEME_H

#include "sockdash/cells.h"

enum theme_color {
	THEME_DEFAULT = -1,
	THEME_BLACK,
	THEME_RED,
	THEME_GREEN,
	THEME_YELLOW,
	THEME_BLUE,
	THEME_MAGENTA,
	THEME_CYAN,
	THEME_WHITE,
};

struct look {
	enum theme_color color;
	bool bold, dim, reverse, underline;
};

/* With colours, or with weight alone (also where colours are not wanted). A selected cell is
 * reversed on top of this. */
struct look theme_look(enum role role, bool colors);

#endif
