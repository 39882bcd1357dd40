/* sight: which sockets are on the screen, so that somebody looks at them one by one, and what was seen. */
#ifndef SOCKDASH_SIGHT_H
#define SOCKDASH_SIGHT_H

#include "sockdash/looks.h"

struct app;

/* Adds the sockets that are on the screen, where more is shown of them than a sample has; `out` comes
 * empty. Never of a recording. To be asked after drawing. 0 or -ENOMEM. */
int app_wish_looks(const struct app *a, struct looks_wish *out);

/* Takes what was seen of them. */
void app_take_looks(struct app *a, struct looks *looks);

#endif
