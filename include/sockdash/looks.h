/* looks: what was seen of some sockets beside a sample: of those on the screen, one by one. */
#ifndef SOCKDASH_LOOKS_H
#define SOCKDASH_LOOKS_H

#include "sockdash/frame.h"
#include "sockdash/sock_facts.h"

/* One socket, as the kernel is asked for it. */
struct sock_id {
	uint64_t key; /* frame_sock_key() */
	uint64_t cookie;
	struct address local, remote; /* with the device they are bound to */
	uint16_t local_port, remote_port;
	uint8_t proto; /* enum sock_proto */
	bool ipv4;
};

/* The id of a socket of a frame. */
struct sock_id sock_id_of(const struct frame *f, const struct sock *s);

struct sock_look {
	uint64_t key;
	int64_t mono_ns; /* when */
	struct sock_info info;
	/* What its rates are measured from: an earlier look. */
	int64_t base_ns;
	uint64_t base_acked, base_received;
};

/* What to look at. */
struct looks_wish {
	struct sock_id *ids; /* malloc'ed */
	uint32_t count, room;
	uint64_t watched; /* key of one of them, of which everything is wanted; 0: of none */
};

/* 0 or -ENOMEM. */
int looks_wish_add(struct looks_wish *w, const struct sock_id *id);
bool looks_wish_same(const struct looks_wish *a, const struct looks_wish *b);
void looks_wish_free(struct looks_wish *w);

/* A set of looks. It does not change once it is shared. */
struct looks {
	struct sock_look *all;
	uint32_t count, room;
	struct hash by_key; /* → index */
	int error;          /* 0, or -errno: why there is nothing */
	/* Of one of them, all that there is to tell. */
	uint64_t watched; /* its key, 0: none */
	struct sock_facts facts;
};

struct looks *looks_create(void);                /* NULL without memory */
struct looks *looks_copy(const struct looks *l); /* the same */
void looks_free(struct looks *l);                /* NULL is fine */

/* Adds what was seen of a socket, with rates since the look before (`before` may be NULL). 0 or
 * -ENOMEM. */
int looks_add(struct looks *l, const struct looks *before, uint64_t key, int64_t mono_ns,
	const struct sock_info *info);

/* The look at a socket, or NULL. `l` may be NULL. */
const struct sock_look *looks_find(const struct looks *l, uint64_t key);

/* What TCP knows of a socket of a frame, or NULL. `l` may be NULL. */
const struct sock_info *looks_info(
	const struct looks *l, const struct frame *f, const struct sock *s);

#endif
