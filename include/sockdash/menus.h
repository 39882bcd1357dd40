/* menus: the lists that come over the panes. */
#ifndef SOCKDASH_MENUS_H
#define SOCKDASH_MENUS_H

#include "sockdash/app.h"
#include "sockdash/keys.h"

/* The fields of the pane in focus, with the one that sorts now under the cursor. */
void menu_open_sort(struct app *a);
void menu_sort_key(struct app *a, int key);
void menu_draw_sort(struct app *a, struct cells *c);

/* For menus: the box for so many lines, drawn with the line under the cursor marked and in sight; what
 * it has room for is in the app. */
void menu_begin(struct app *a, struct cells *c, uint32_t lines, const char *title);

/* The keys that move between line 0 and `last`. False for any other key. */
extern const struct key_binding menu_keys[];
extern const size_t menu_key_count;
bool menu_move(struct app *a, int key, uint32_t page, uint32_t last);

/* The help fills the screen. */
void menu_help_key(struct app *a, int key);
void menu_draw_help(struct app *a, struct cells *c);

#endif
