/* screen: the whole picture: header lines, panes, footer. */
#ifndef SOCKDASH_SCREEN_H
#define SOCKDASH_SCREEN_H

#include "sockdash/cells.h"
#include "sockdash/fmt.h"
#include "sockdash/pane.h"

/* What the header lines show besides the sample. */
struct screen_header {
	double interval_s;
	bool paused;
	bool replay; /* of a recording: what follows */
	double speed;
	uint32_t number, count; /* of the sample shown, of all; 0 not known */
	bool stream, ended;
	bool damaged;       /* something is lost behind the last of them */
	bool names, events; /* what is looked for besides */
};

/* Seconds between samples, for people: 0.35, 4.1, 12, 240. */
char *screen_seconds(char out[FMT_MAX], double seconds);

/* Draws the two header lines at the top of the area. */
#define SCREEN_HEADER_LINES 2
void screen_header(
	struct cells *c, struct area a, const struct sample *sample, const struct screen_header *h);

/* Draws the four panes of the overview, with `focus` (0 to 3) showing its cursor; one pane alone
 * where the area is too small for four. */
void screen_overview(struct cells *c, struct area a, struct pane_state *states, unsigned focus);

/* Whether an area of this size has room for the four panes. */
bool screen_has_overview(int width, int height);

/* The way that led to what is seen, from its beginning; all texts borrowed. */
#define SCREEN_STEPS_MAX 32
struct screen_way {
	const char *steps[SCREEN_STEPS_MAX];
	bool repeats; /* the filter says what the steps do, and comes after them */
	size_t count;
	const char *filter;     /* its text, "" none */
	bool counted;           /* it is known: */
	uint32_t selected, all; /* how many sockets are left, of how many */
};

/* Draws it in one line. */
void screen_way(struct cells *c, struct area a, const struct screen_way *w);

/* One line of problems of the frame; false, and nothing drawn, where there are none. */
bool screen_problems(struct cells *c, struct area a, const struct frame *f);

/* A key and what it does, for footer and help. */
struct screen_key {
	const char *keys, *label;
};

/* The keys in one line, as many as fit, the last two first. */
void screen_footer(struct cells *c, struct area a, const struct screen_key *keys, size_t count);

/* The entry in column x of such a line, and the column from its beginning on; -1: there is none. */
int screen_footer_at(int width, const struct screen_key *keys, size_t count, int x, int *column);

/* A framed box in the middle of the area, `width` × `height` with its frame (cut to fit), blanked,
 * with a title; answers its inside. */
struct area screen_box(struct cells *c, struct area a, int width, int height, const char *title);

#endif
