/* keyboard: keys by their names, and grids to look at. */
#ifndef TESTS_KEYBOARD_H
#define TESTS_KEYBOARD_H

#include "lib/fixture.h"
#include "sockdash/app.h"

/* The key of a word: "x", "Down", "Enter", "F6", "Ctrl-L". */
int key_of(const char *word);

/* Any of the keys that have a name. */
int key_number(unsigned n);

/* Presses "3 s Down Enter", with a picture after each key where there is a grid. */
void press(struct app *a, struct cells *c, const char *keys);

/* An empty grid of that size. */
void size(struct cells *c, int width, int height);

/* Every cell of a picture is one that a terminal can show. */
void check_grid(const struct cells *c);

#endif
