/* leak_fds: what the descriptors of a process tell of a leak that its sockets do not. */
#ifndef SOCKDASH_LEAK_FDS_H
#define SOCKDASH_LEAK_FDS_H

#include "sockdash/series.h"

/* How fast a leak really is, per second: as fast as its sockets show (`growth`), or, where some of them
 * have vanished from the dump and left their descriptor behind, as fast as both together grow over a
 * window. `unseen` counts descriptors that are no socket in the dump. */
double leak_fds_growth(
	double growth, const struct series *counts, const struct series *unseen, int64_t window_ns);

/* How fast descriptors are taken, all of them, while it leaks: a proxy holds two sockets for each
 * connection, and only one of them is in the pile. At least `growth`. */
double leak_fds_rate(double growth, const struct series *fds, int64_t window_ns);

/* Seconds until the descriptors of a process run out at that rate; NAN where they are not known, or
 * have no limit, or nothing grows. */
double leak_fds_exhaustion(const struct proc *p, double rate);

#endif
