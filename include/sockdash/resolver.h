/* resolver: threads that ask for the names of addresses, so that nobody waits for a name server that
 * does not answer. */
#ifndef SOCKDASH_RESOLVER_H
#define SOCKDASH_RESOLVER_H

#include <stdbool.h>

#include "sockdash/names.h"

struct resolver;

#define RESOLVER_NAME_MAX 1025 /* NI_MAXHOST */

/* Finds the name of an address, in any thread, for as long as it takes; `name` is of
 * RESOLVER_NAME_MAX bytes. */
typedef enum names_answer resolver_lookup(void *context, const uint8_t bytes[16], char *name);

/* What the system's own resolver says. Asks whoever /etc/nsswitch.conf names. */
resolver_lookup resolver_ask_system;

struct resolver_settings {
	resolver_lookup *lookup;
	void *context;    /* there for as long as any lookup may last */
	int64_t limit_ns; /* whoever takes longer counts as without a name until it answers */
};

/* No thread runs before something is wished. 0 or -errno. */
int resolver_start(const struct resolver_settings *settings, struct resolver **out);

/* Does not wait: threads that hang in a lookup end when that does, or with the process. NULL is
 * fine. */
void resolver_stop(struct resolver *r);

/* A descriptor that is readable when resolver_take() has something. */
int resolver_fd(const struct resolver *r);

/* What is wished from now on, the most wished first: what was wished before and not begun is
 * forgotten. To be told as often as one likes. */
void resolver_wish(struct resolver *r, const struct names_address *addresses, size_t count);

/* How many wishes have no answer yet, but for those that take too long. To be asked, or a wish to be
 * told, now and then while one waits: that is when it is seen that a lookup does. */
size_t resolver_left(struct resolver *r);

/* Puts the answers that are there. False where there was none. */
bool resolver_take(struct resolver *r, struct names *into);

/* Puts the names of services of /etc/services. 0 or -ENOMEM. */
int resolver_read_services(struct names *into);

#endif
