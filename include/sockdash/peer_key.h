/* peer_key: a number that two sockets have in common that have the same peer. */
#ifndef SOCKDASH_PEER_KEY_H
#define SOCKDASH_PEER_KEY_H

#include <string.h>

#include "sockdash/sample.h"

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

/* The same for addresses that have these bits in common, in one namespace (an inode). */
static inline uint64_t peer_key_at(
	const struct address *a, uint64_t netns, const struct peer_mask *mask)
{
	const uint64_t *bits = peer_is_ipv4(a->bytes) ? mask->ipv4 : mask->ipv6;
	uint64_t scope = peer_is_link_local(a->bytes) ? a->scope : 0;
	uint64_t halves[2];

	memcpy(halves, a->bytes, sizeof halves);
	return hash_mix(hash_mix(halves[0] & bits[0], halves[1] & bits[1]), netns ^ scope << 32);
}

static inline uint64_t peer_key(
	const struct frame *f, const struct sock *s, const struct peer_mask *mask)
{
	return peer_key_at(frame_address(f, s->remote), frame_netns_inode(f, s), mask);
}

static inline uint64_t peer_key_of_ended(
	const struct frame *f, const struct ended_row *r, const struct peer_mask *mask)
{
	uint64_t netns = r->netns < f->netns_count ? f->namespaces[r->netns].inode : 0;

	return peer_key_at(&r->address, netns, mask);
}

/* Of a peer, which has a socket or else a connection that ended. */
static inline uint64_t peer_key_of_row(
	const struct frame *f, const struct peer_row *r, const struct peer_mask *mask)
{
	return r->brief ? peer_key_of_ended(f, r->brief, mask)
			: peer_key(f, &f->socks[r->sock], mask);
}

#endif
