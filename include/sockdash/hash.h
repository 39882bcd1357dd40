/* hash: a map from 64-bit keys to 32-bit values, open addressing, no deletion. */
#ifndef SOCKDASH_HASH_H
#define SOCKDASH_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Never a value: marks an empty slot and answers "not there". */
#define HASH_NONE UINT32_MAX

/* An all-zero struct hash is an empty map. */
struct hash {
	uint64_t *keys;
	uint32_t *values;
	uint32_t slots; /* a power of two, or 0 */
	uint32_t count;
};

/* Makes room for `expected` keys so that putting them does not grow the map. 0 or -ENOMEM. */
int hash_reserve(struct hash *h, uint32_t expected);

/* The value of the key, or HASH_NONE. */
uint32_t hash_get(const struct hash *h, uint64_t key);

/* Sets the value of a key, replacing the old one. `value` must not be HASH_NONE. 0 or -ENOMEM. */
int hash_put(struct hash *h, uint64_t key, uint32_t value);

/* Puts the key unless it is there. *found gets the value there now: `value` if it was put, the
 * older one if not. 0 or -ENOMEM. One probe for the de-duplication of rows. */
int hash_add(struct hash *h, uint64_t key, uint32_t value, uint32_t *found);

/* Forgets all keys, keeps the memory. */
void hash_clear(struct hash *h);
void hash_free(struct hash *h);

/* One well-mixed key from two numbers, or from bytes. */
uint64_t hash_mix(uint64_t a, uint64_t b);
uint64_t hash_bytes(const void *bytes, size_t len);

#endif
