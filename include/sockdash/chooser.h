/* chooser: the menu of columns: which of them the pane in focus shows, and in which order. What is
 * chosen holds at once. */
#ifndef SOCKDASH_CHOOSER_H
#define SOCKDASH_CHOOSER_H

#include "sockdash/keys.h"
#include "sockdash/rowset.h"

struct app;
struct cells;

/* All fields of the pane's table: first those that are shown, in their order. */
struct chooser {
	const struct field *fields[COLUMNS_MAX];
	bool shown[COLUMNS_MAX];
	uint32_t count;
};

void chooser_open(struct app *a);
void chooser_key(struct app *a, int key);
void chooser_draw(struct app *a, struct cells *c);

/* Makes its keys known to the help. */
extern const struct key_binding chooser_keys[];
extern const size_t chooser_key_count;

#endif
