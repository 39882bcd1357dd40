/* ask: what the app asks for in its last lines: an interval, a place in a recording, a filter. */
#ifndef SOCKDASH_ASK_H
#define SOCKDASH_ASK_H

#include "sockdash/app.h"

/* Begins to ask: APP_INTERVAL, APP_JUMP, APP_FILTER. */
void ask(struct app *a, enum app_mode mode);

/* A key while it is asked. */
void ask_key(struct app *a, int key);

/* Lines at the bottom of a screen of that height that it takes to ask; 0: nothing is asked. */
int ask_height(const struct app *a, int height);

/* Draws the question into these lines. */
void ask_draw(struct app *a, struct cells *c, struct area lines);

#endif
