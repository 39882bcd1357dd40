/* peer_key: what two sockets have in common that have the same peer. */
#ifndef SOCKDASH_PEER_KEY_H
#define SOCKDASH_PEER_KEY_H

#include <string.h>

#include "sockdash/frame.h"

/* The bits of an address that count, of IPv4 and of IPv6 addresses. */
struct peer_mask {
	uint64_t ipv4[2], ipv6[2];
};

/* Of prefixes of so many bits; 0: all. */
struct peer_mask peer_mask(uint8_t prefix4, uint8_t prefix6);

/* An IPv4 address in an IPv6 socket is that IPv4 address. */
static inline bool peer_is_ipv4(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(bytes, mapped, sizeof mapped) == 0;
}

/* The same link-local address is another host on another link. */
static inline bool peer_is_link_local(const uint8_t bytes[16])
{
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

struct peer_key {
	uint64_t high, low;
	uint64_t netns; /* inode */
	uint32_t scope;
};

static inline struct peer_key peer_key(
	const struct frame *f, const struct sock *s, const struct peer_mask *mask)
{
	const struct address *a = frame_address(f, s->remote);
	const uint64_t *bits = peer_is_ipv4(a->bytes) ? mask->ipv4 : mask->ipv6;
	uint64_t halves[2];

	memcpy(halves, a->bytes, sizeof halves);
	return (struct peer_key){
		.high = halves[0] & bits[0],
		.low = halves[1] & bits[1],
		.netns = frame_netns_inode(f, s),
		.scope = peer_is_link_local(a->bytes) ? a->scope : 0,
	};
}

static inline bool peer_key_same(const struct peer_key *a, const struct peer_key *b)
{
	return a->low == b->low && a->high == b->high && a->netns == b->netns &&
	       a->scope == b->scope;
}

static inline uint64_t peer_key_hash(const struct peer_key *k)
{
	return hash_mix(hash_mix(k->high, k->low), k->netns ^ (uint64_t)k->scope << 32);
}

#endif
