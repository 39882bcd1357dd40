/* hash owns a map from u64 to u32. It must not know what a key means.
 *
 * Emptiness is in the values, not in the keys, so every 64-bit number is a key and forgetting all
 * keys touches a third of the memory. Keys and values are two arrays in one block: a probe reads
 * both at the same index at once, so their cache misses overlap. */
#include "sockdash/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef HASH_FIRST
#define HASH_FIRST 16 /* slots of the first allocation, a power of two; tests make it tiny */
#endif
#define HASH_SLOTS_MAX (UINT32_C(1) << 31)

/* The finalizer of splitmix64: a bijection in which each input bit changes half of the output
 * bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* For a given a, two different b never give the same key, and the other way round: cookies of one
 * namespace cannot collide. */
uint64_t hash_mix(uint64_t a, uint64_t b)
{
	return mix(mix(a + UINT64_C(0x9e3779b97f4a7c15)) ^ b);
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t key = len, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		key = hash_mix(key, word);
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	return hash_mix(key, word);
}

/* Keys that `slots` slots may hold: longer probes than at 70 % cost more than the memory saves. */
static uint32_t limit(uint32_t slots)
{
	return (uint32_t)((uint64_t)slots * 7 / 10);
}

/* The slot of the key, or the empty one where it would go. There is always an empty one. */
static uint32_t probe(const struct hash *h, uint64_t key)
{
	uint32_t mask = h->slots - 1;
	uint32_t i = (uint32_t)mix(key) & mask;

	while (h->values[i] != HASH_NONE && h->keys[i] != key)
		i = (i + 1) & mask;
	return i;
}

static int resize(struct hash *h, uint32_t slots)
{
	struct hash bigger = { .slots = slots, .count = h->count };

	bigger.keys = reallocarray(NULL, slots, sizeof(*bigger.keys) + sizeof(*bigger.values));
	if (!bigger.keys)
		return -ENOMEM;
	bigger.values = (uint32_t *)(bigger.keys + slots);
	memset(bigger.values, 0xff, slots * sizeof(*bigger.values));
	for (uint32_t i = 0; i < h->slots; i++) {
		uint32_t to;

		if (h->values[i] == HASH_NONE)
			continue;
		to = probe(&bigger, h->keys[i]);
		bigger.keys[to] = h->keys[i];
		bigger.values[to] = h->values[i];
	}
	hash_free(h);
	*h = bigger;
	return 0;
}

int hash_reserve(struct hash *h, uint32_t expected)
{
	uint32_t slots = h->slots ? h->slots : HASH_FIRST;

	while (limit(slots) < expected) {
		if (slots >= HASH_SLOTS_MAX)
			return -ENOMEM;
		slots *= 2;
	}
	return slots == h->slots ? 0 : resize(h, slots);
}

uint32_t hash_get(const struct hash *h, uint64_t key)
{
	return h->slots ? h->values[probe(h, key)] : HASH_NONE;
}

/* The slot where the key is or may be written, growing the map for a new key. 0 or -ENOMEM. */
static int slot_for(struct hash *h, uint64_t key, uint32_t *slot)
{
	int err;

	if (h->slots) {
		*slot = probe(h, key);
		if (h->values[*slot] != HASH_NONE || h->count < limit(h->slots))
			return 0;
	}
	err = hash_reserve(h, h->count + 1);
	if (err)
		return err;
	*slot = probe(h, key);
	return 0;
}

static void store(struct hash *h, uint32_t slot, uint64_t key, uint32_t value)
{
	assert(value != HASH_NONE);
	h->count += h->values[slot] == HASH_NONE;
	h->keys[slot] = key;
	h->values[slot] = value;
}

int hash_put(struct hash *h, uint64_t key, uint32_t value)
{
	uint32_t slot;
	int err = slot_for(h, key, &slot);

	if (!err)
		store(h, slot, key, value);
	return err;
}

int hash_add(struct hash *h, uint64_t key, uint32_t value, uint32_t *found)
{
	uint32_t slot;
	int err = slot_for(h, key, &slot);

	if (err)
		return err;
	if (h->values[slot] == HASH_NONE)
		store(h, slot, key, value);
	*found = h->values[slot];
	return 0;
}

void hash_clear(struct hash *h)
{
	if (h->slots)
		memset(h->values, 0xff, h->slots * sizeof(*h->values));
	h->count = 0;
}

void hash_free(struct hash *h)
{
	free(h->keys);
	*h = (struct hash){ 0 };
}
