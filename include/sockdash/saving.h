/* saving: writing what is on the screen to a file, as the app sees it: it asks for the path, wishes for the
 * work, and tells what came of it. */
#ifndef SOCKDASH_SAVING_H
#define SOCKDASH_SAVING_H

#include "sockdash/saver.h"

struct app;

/* Asks where to write the table of the pane in focus, unless there is a reason not to. */
void saving_ask(struct app *a);

/* The path that is offered. */
void saving_offer(const struct app *a, char *out, size_t size);

/* The path that was typed. */
void saving_take_path(struct app *a, const char *path);

/* Whether a file that is there may be written over. */
void saving_take_answer(struct app *a, const char *answer);

/* The job that is wished for, which becomes the caller's. False where there is none. */
bool app_wish_saving(struct app *a, struct save_job *out);

/* Takes what came of it. */
void app_take_saving(struct app *a, struct save_job *done);

#endif
