/* signals: a process that is aimed at, and a signal sent to it and to no other.
 *
 * A pid may be that of another process by the time somebody has answered a question about it. What is
 * aimed at once is meant for good. */
#ifndef SOCKDASH_SIGNALS_H
#define SOCKDASH_SIGNALS_H

#include <stdint.h>

/* Aims at the process with a pid and a start time (ticks since boot). A descriptor, which the caller
 * closes, or -errno: -ESRCH it is gone, also where its pid is another's by now; -ENOSYS a kernel
 * before 5.1, which has no way that could not hit another; -EMFILE. */
int signals_aim(uint32_t pid, uint64_t start);

/* Sends a signal to what was aimed at. 0 or -errno: -EPERM it is another user's, -ESRCH it is gone. */
int signals_send(int aim, int signal);

#endif
