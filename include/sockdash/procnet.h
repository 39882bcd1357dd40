/* procnet: sockets from /proc/net/{tcp,tcp6,udp,udp6}, for where sock_diag is not to be had. Three
 * to four times slower than netlink, without cookies, cgroups and (but for UDP) drops; LISTEN rows
 * have the accept queue in recv_q and no backlog. */
#ifndef SOCKDASH_PROCNET_H
#define SOCKDASH_PROCNET_H

#include "sockdash/diag.h"

/* Parses one line without its newline. 0, or -EBADMSG where it is not a socket (the title line).
 * Pure. */
int procnet_parse_line(
	const char *line, size_t len, uint8_t family, uint8_t protocol, struct diag_sock *out);

/* Reads one table of the calling thread's network namespace. 0 or -errno (-ENOENT: no such
 * protocol). Only states with a bit in `states` reach the sink. */
int procnet_read(uint8_t family, uint8_t protocol, uint32_t states, diag_sink *sink, void *context);

#endif
