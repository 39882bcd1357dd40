/* The table of addresses and its index. Readers in other threads need no lock: a chunk that holds
 * rows of a frame was there before the frame was handed over, and stays where it is. */
#include "sockdash/addresses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/hash.h"

#define ROWS_MAX (UINT32_C(1) << 30)

struct addresses *addresses_create(void)
{
	struct addresses *a = calloc(1, sizeof *a);

	if (a)
		a->references = 1;
	return a;
}

struct addresses *addresses_get(struct addresses *a)
{
	__atomic_add_fetch(&a->references, 1, __ATOMIC_RELAXED);
	return a;
}

void addresses_put(struct addresses *a)
{
	if (!a || __atomic_sub_fetch(&a->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (unsigned i = 0; i < ADDRESSES_CHUNKS; i++)
		free(a->chunks[i]);
	rowindex_free(&a->index);
	free(a);
}

static uint64_t hash_of(const uint8_t bytes[16], uint32_t scope)
{
	uint64_t halves[2];

	memcpy(halves, bytes, 16);
	return hash_mix(halves[0] ^ (uint64_t)scope << 32, halves[1]);
}

static uint32_t find(
	const struct addresses *a, uint64_t hash, const uint8_t bytes[16], uint32_t scope)
{
	uint32_t at = rowindex_first(&a->index, hash), row;

	while ((row = rowindex_next(&a->index, hash, &at)) != ROWINDEX_NONE) {
		const struct address *there = addresses_at(a, row);

		if (there->scope == scope && memcmp(there->bytes, bytes, 16) == 0)
			break;
	}
	return row;
}

uint32_t addresses_find(const struct addresses *a, const uint8_t bytes[16], uint32_t scope)
{
	return find(a, hash_of(bytes, scope), bytes, scope);
}

/* An index of all rows, with slots for as many again. */
static int index_again(struct addresses *a)
{
	int err = rowindex_make(&a->index, a->count * 2 + 1);

	for (uint32_t row = 0; !err && row < a->count; row++) {
		const struct address *there = addresses_at(a, row);

		rowindex_add(&a->index, hash_of(there->bytes, there->scope), row);
	}
	return err;
}

/* The place of a row that is not there yet; NULL without memory. */
static struct address *make_place(struct addresses *a, uint32_t row)
{
	uint32_t place = row + (1u << ADDRESSES_CHUNK_BITS);
	uint32_t chunk = 31 - (uint32_t)__builtin_clz(place);
	struct address **rows = &a->chunks[chunk - ADDRESSES_CHUNK_BITS];

	if (!*rows)
		*rows = malloc(((size_t)1 << chunk) * sizeof **rows);
	return *rows ? *rows + (place - (1u << chunk)) : NULL;
}

int addresses_add(struct addresses *a, const uint8_t bytes[16], uint32_t scope, uint32_t *row)
{
	uint64_t hash = hash_of(bytes, scope);
	struct address *place;

	*row = find(a, hash, bytes, scope);
	if (*row != ROWINDEX_NONE)
		return 0;
	if (a->count >= ROWS_MAX || (!rowindex_has_room(&a->index, a->count) && index_again(a)))
		return -ENOMEM;
	place = make_place(a, a->count);
	if (!place)
		return -ENOMEM;
	place->scope = scope;
	memcpy(place->bytes, bytes, 16);
	*row = a->count++;
	rowindex_add(&a->index, hash, *row);
	return 0;
}
