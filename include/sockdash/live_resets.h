/* live_resets: leaked sockets that the kernel has reset. Part of the live source. */
#ifndef SOCKDASH_LIVE_RESETS_H
#define SOCKDASH_LIVE_RESETS_H

#include <stdatomic.h>

#include "sockdash/frame.h"

/* Looks at the descriptors of sockets that were in CLOSE-WAIT for a while and are gone, and again at
 * some of those that were found so before. To be called when the processes of the frame are there,
 * which was compared with `prev` (NULL: there is nothing to do). 0, -ENOMEM, or -ECANCELED once
 * *stop is set. */
int live_find_resets(struct frame *f, const struct frame *prev, const atomic_bool *stop);

#endif
