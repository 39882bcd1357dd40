/* names: of hosts and services, in place of their numbers: as far as they are known. Whoever looks for
 * one that is not gets none, and the address is wanted from then on; somebody else (resolver.h) finds
 * out, and puts the answer here. All by one thread: nothing here waits or reads a clock. */
#ifndef SOCKDASH_NAMES_H
#define SOCKDASH_NAMES_H

#include <stddef.h>

#include "sockdash/sock.h"

struct names;

/* At most so many hosts are remembered: at least half of them, those that were looked for last. */
#define NAMES_HOSTS_MAX 16384

/* A name is cut behind so many bytes. */
#define NAMES_TEXT_MAX 255

enum names_answer {
	NAMES_FOUND,
	NAMES_NONE,   /* it has no name */
	NAMES_FAILED, /* nobody could say so: one does not ask again for a while */
	NAMES_ANSWERS,
};

/* An address that is wanted: IPv4 as ::ffff:a.b.c.d. */
struct names_address {
	uint8_t bytes[16];
};

/* NULL without memory. */
struct names *names_create(void);
void names_destroy(struct names *n); /* NULL is fine */

/* Begins a picture or a page: nothing is wanted yet, and of what will be looked for at most so many
 * addresses. */
void names_begin(struct names *n, int64_t now_ns, size_t wanted_max);

/* The name of an address, or NULL: it is not known, or there is none. Good until the next call of
 * any of these. Addresses that mean no host (the unspecified one, link-local ones, which are
 * somebody else's on another link) have none. */
const char *names_host(struct names *n, const uint8_t bytes[16]);

/* The name of a service, or NULL. Good as long as `n` is. */
const char *names_service(const struct names *n, enum sock_proto proto, uint16_t port);

/* Addresses that were looked for since names_begin() and are not known, in this order: good until the
 * next call. */
const struct names_address *names_wanted(const struct names *n, size_t *count);

/* Puts an answer. The text comes from outside: it is made safe here, and is no name at all where it
 * could be taken for something else (an address, an address and port). 0 or -ENOMEM. */
int names_put_host(
	struct names *n, const uint8_t bytes[16], enum names_answer answer, const char *text);

/* The same for a service; the first name of a port stays. */
int names_put_service(struct names *n, enum sock_proto proto, uint16_t port, const char *text);

#endif
