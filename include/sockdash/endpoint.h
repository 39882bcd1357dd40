/* endpoint: an end of a socket as text. */
#ifndef SOCKDASH_ENDPOINT_H
#define SOCKDASH_ENDPOINT_H

#include "sockdash/frame.h"
#include "sockdash/names.h"

/* An address and port as ss prints them: 10.0.0.1:443, [::1]:443, *:443 for a socket that serves
 * IPv4 and IPv6. In at most `width` columns (0: as many as it takes) as long as the port and two
 * columns of the address fit: the address is cut, the port is not. */
#define ENDPOINT_MAX 640
const char *endpoint_text(const struct frame *f, const struct sock *s, bool local, int width,
	char room[ENDPOINT_MAX]);

/* The same with the names of host and service, as far as they are known: web-07.example:https. A
 * service that would leave no more than half of the width stays a number. `names` may be NULL. */
const char *endpoint_named(const struct frame *f, struct names *names, const struct sock *s,
	bool local, int width, char room[ENDPOINT_MAX]);

#endif
