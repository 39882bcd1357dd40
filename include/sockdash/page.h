/* page: a text of groups and labelled lines that fills the screen and scrolls. */
#ifndef SOCKDASH_PAGE_H
#define SOCKDASH_PAGE_H

#include "sockdash/cells.h"
#include "sockdash/sample.h"

struct page_line {
	const char *label; /* NULL: `text` is the title of a group */
	struct buf text;
	enum role role;
	struct trend trend; /* drawn before the text, where it has points */
};

/* All zero it is empty. */
struct page {
	struct page_line *lines;
	uint32_t count, room;
	bool failed; /* lines were lost for want of memory */
};

void page_free(struct page *p);

/* Begins a group, after a blank line. */
void page_group(struct page *p, const char *title);

/* Adds a line; the label is a constant. Answers it, for more to be added; NULL without memory. */
struct page_line *page_add(struct page *p, const char *label, enum role role, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* Lines that it takes on a screen of this width. */
uint32_t page_height(const struct page *p, int width);

/* Draws what is in sight of it when its first `top` lines are not. */
void page_draw(const struct page *p, struct cells *c, struct area a, uint32_t top);

#endif
