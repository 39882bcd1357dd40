/* menus: the lists that come over the panes. */
#ifndef SOCKDASH_MENUS_H
#define SOCKDASH_MENUS_H

#include "sockdash/app.h"

/* The fields of the pane in focus, with the one that sorts now under the cursor. */
void menu_open_sort(struct app *a);
void menu_sort_key(struct app *a, int key);
void menu_draw_sort(struct app *a, struct cells *c);

/* The help fills the screen. */
void menu_help_key(struct app *a, int key);
void menu_draw_help(struct app *a, struct cells *c);

#endif
