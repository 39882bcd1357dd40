/* widgets: small pictures of numbers, and texts of several lines. */
#ifndef SOCKDASH_WIDGETS_H
#define SOCKDASH_WIDGETS_H

#include "sockdash/cells.h"
#include "sockdash/sample.h"

/* A bar of `share` (0 to 1) of `width` columns, in eighths of a column where the terminal can. A
 * share above 0 shows at least its smallest mark. */
void widget_bar(struct cells *c, struct area a, int x, int y, int width, double share);

/* The newest values of a trend in at most `width` columns, scaled to `full` (0: to the largest of
 * them), right aligned. */
void widget_sparkline(struct cells *c, struct area a, int x, int y, int width, enum role role,
	const struct trend *t, uint32_t full);

/* A text in lines of the area's width, as many as it has; where some are missing the last one ends
 * in "…". Answers the lines used. */
int widget_text(struct cells *c, struct area a, enum role role, const char *text);

#endif
