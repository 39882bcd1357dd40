/* Colour carries meaning only, from the 8 colours every terminal has, and weight says the same
 * without it. */
#include "sockdash/theme.h"

struct look theme_look(enum role role, bool colors)
{
	static const struct look looks[ROLE_COUNT] = {
		[ROLE_TEXT] = { THEME_DEFAULT },
		[ROLE_DIM] = { THEME_DEFAULT, .dim = true },
		[ROLE_STRONG] = { THEME_DEFAULT, .bold = true },
		[ROLE_HEADER] = { THEME_CYAN },
		[ROLE_SORT] = { THEME_CYAN, .bold = true, .underline = true },
		[ROLE_BORDER] = { THEME_DEFAULT, .dim = true },
		[ROLE_BAR] = { THEME_CYAN },
		[ROLE_CHANGED] = { THEME_DEFAULT, .bold = true },
		[ROLE_GOOD] = { THEME_GREEN },
		[ROLE_WARNING] = { THEME_YELLOW, .bold = true },
		[ROLE_CRITICAL] = { THEME_RED, .bold = true },
		[ROLE_KEY] = { THEME_DEFAULT, .bold = true },
		[ROLE_MISTAKE] = { THEME_RED, .bold = true, .underline = true },
		[ROLE_MATCH] = { THEME_YELLOW, .underline = true },
	};
	struct look look = looks[role < ROLE_COUNT ? role : ROLE_TEXT];

	if (!colors)
		look.color = THEME_DEFAULT;
	return look;
}
