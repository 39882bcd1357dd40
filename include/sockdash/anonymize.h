/* anonymize: frames with other names and addresses, to be shown to people who should not know
 * whose they are. What was equal stays equal and what was different stays different, in a frame and
 * across all frames of one anonymizer: every table but for its names says the same as before. */
#ifndef SOCKDASH_ANONYMIZE_H
#define SOCKDASH_ANONYMIZE_H

#include "sockdash/frame.h"

/* Remembers what stands for what. Not to be used by two threads at once. */
struct anonymizer;

/* NULL without memory. Destroying NULL is fine; copies that were made live on. */
struct anonymizer *anonymizer_create(void);
void anonymizer_destroy(struct anonymizer *a);

/* Makes a copy of a sealed frame, compared with the copy before (`prev`, or NULL: there is none).
 * The caller owns the one reference to *out. 0 or -ENOMEM: then *out is not touched.
 *
 * The copy has the same rows in the same order. Replaced, each by the number of its first sight:
 *
 *	addresses      IPv4: 10.0.0.1..., also in IPv6 sockets; link-local: fe80::1...;
 *	               other IPv6: 2001:db8::1...
 *	uids           1001...
 *	hosts, users   host1..., user1... (a uid without a name too)
 *	processes      command1..., which is also all of a command line
 *	units          unit1.service..., with the suffix they had
 *	cgroups        /cgroup1...
 *	namespaces     netns1...
 *	devices        dev1...
 *
 * Kept is what says nothing of a machine: the unspecified address, loopback, multicast, broadcast;
 * uid 0 and 65534 (nobody); root, lo, the root cgroup, and what has no name. Ports, pids, inodes,
 * cookies, interface indexes, counters and times stay as well. */
int anonymizer_frame(
	struct anonymizer *a, const struct frame *f, const struct frame *prev, struct frame **out);

#endif
