/* diag_events: connections that end, as the kernel tells whoever listens: also those that were too
 * short for any dump. Needs no privilege. The kernel tells of every TCP socket that is given up, most
 * often when the connection goes to TIME-WAIT or is closed: with its addresses and ports, without
 * its inode, in the state UNCONN. One that its own process has aborted (SO_LINGER 0) has lost its local
 * address and the remote port; one that never had a peer, a listener for example, has no remote
 * address either. */
#ifndef SOCKDASH_DIAG_EVENTS_H
#define SOCKDASH_DIAG_EVENTS_H

#include "sockdash/diag.h"

struct diag_events;

/* Listens in the calling thread's network namespace, for the families that are wanted, with room for
 * `buffer` bytes of what was not read yet; an event takes 640 of them. *room gets what it is: without
 * CAP_NET_ADMIN no more than net.core.rmem_max. 0 or -errno: as diag_open(), or -EINVAL for a kernel
 * that has no such events. */
int diag_events_open(bool ipv4, bool ipv6, size_t buffer, size_t *room, struct diag_events **out);
void diag_events_close(struct diag_events *e); /* NULL is fine */

/* Readable when there are some. */
int diag_events_fd(const struct diag_events *e);

/* Hands those that are there to the sink, but leaves after `most` of them. 1: there may be more, 0:
 * these were all, -errno as recv(2) gives or the sink's. */
int diag_events_read(struct diag_events *e, size_t most, diag_sink *sink, void *context);

/* How many the kernel could not hand over since the last call, for want of room. */
uint32_t diag_events_lost(struct diag_events *e);

#endif
