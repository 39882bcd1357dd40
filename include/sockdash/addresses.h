/* addresses: a table of addresses without repetition, shared by the frames of a source, which mostly
 * have the same. It only grows; who shares it decides when to begin a new one. One thread adds and
 * finds; others may read rows of frames that were handed to them. */
#ifndef SOCKDASH_ADDRESSES_H
#define SOCKDASH_ADDRESSES_H

#include <stdint.h>

#include "sockdash/rowindex.h"

struct address {
	uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d, also when the socket is AF_INET */
	uint32_t scope;    /* interface index of a link-local address or bound device, else 0 */
};

/* Rows stand in chunks, each twice as large as the one before, that never move. */
#define ADDRESSES_CHUNK_BITS 6
#define ADDRESSES_CHUNKS     (32 - ADDRESSES_CHUNK_BITS)

struct addresses {
	struct address *chunks[ADDRESSES_CHUNKS];
	uint32_t count;
	uint32_t
		used; /* rows that the first frame of the table had: those since then may be dead */
	unsigned references; /* atomic */
	struct rowindex index;
};

/* An empty table with one reference, or NULL without memory. */
struct addresses *addresses_create(void);
struct addresses *addresses_get(struct addresses *a);
void addresses_put(struct addresses *a); /* NULL is fine */

/* The row of an address, added if it is not there. 0 or -ENOMEM. */
int addresses_add(struct addresses *a, const uint8_t bytes[16], uint32_t scope, uint32_t *row);

/* The row of an address that is there, or ROWINDEX_NONE. */
uint32_t addresses_find(const struct addresses *a, const uint8_t bytes[16], uint32_t scope);

static inline const struct address *addresses_at(const struct addresses *a, uint32_t row)
{
	uint32_t place = row + (1u << ADDRESSES_CHUNK_BITS);
	uint32_t chunk = 31 - (uint32_t)__builtin_clz(place);

	return &a->chunks[chunk - ADDRESSES_CHUNK_BITS][place - (1u << chunk)];
}

#endif
