/* Masks of prefixes. */
#include "sockdash/peer_key.h"

/* The first `bits` bits of 16 bytes, at most all, as they lie in memory. */
static void mask_bits(uint64_t out[2], unsigned bits)
{
	uint8_t bytes[16] = { 0 };

	memset(bytes, 0xff, bits / 8);
	if (bits % 8)
		bytes[bits / 8] = (uint8_t)(0xff00 >> bits % 8);
	memcpy(out, bytes, sizeof bytes);
}

struct peer_mask peer_mask(uint8_t prefix4, uint8_t prefix6)
{
	struct peer_mask m;

	mask_bits(m.ipv4, 96 + (prefix4 ? prefix4 : 32u));
	mask_bits(m.ipv6, prefix6 ? prefix6 : 128u);
	return m;
}
