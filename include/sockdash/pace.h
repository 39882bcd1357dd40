/* pace: how often samples come, and how fast a recording plays. */
#ifndef SOCKDASH_PACE_H
#define SOCKDASH_PACE_H

#include "sockdash/app.h"

/* A step longer (+1) or shorter (-1); faster or slower. */
void pace_step_interval(struct app *a, int direction);
void pace_step_speed(struct app *a, int direction);

/* Takes an interval as it was typed, or says what is wrong with it. */
void pace_type_interval(struct app *a, const char *text);

#endif
