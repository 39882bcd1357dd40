/* arena owns chunks of memory and hands out pieces of them. It must not know what is in a piece.
 *
 * Zeroing costs next to nothing: chunks come from calloc(), which gets big ones zeroed from the
 * kernel, and a piece is never handed out twice. A piece too big for the common chunk gets a chunk
 * of its own behind the first, so the room left in the first is not lost. */
#include "sockdash/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef ARENA_CHUNK
#define ARENA_CHUNK 4096 /* bytes of the smallest chunk; tests make it tiny */
#endif
#define ARENA_CHUNK_MAX (1 << 20)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

/* Chunks grow with the arena: small arenas stay small, big ones take few calls. */
static size_t chunk_size(const struct arena *a)
{
	if (a->bytes < ARENA_CHUNK)
		return ARENA_CHUNK;
	return a->bytes < ARENA_CHUNK_MAX ? a->bytes : ARENA_CHUNK_MAX;
}

static struct arena_chunk *chunk_create(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	a->bytes += sizeof(*chunk) + size;
	return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = a->chunks;
	size_t common = chunk_size(a);
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + !size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		bool alone = size > common / 4;

		chunk = chunk_create(a, alone ? size : common);
		if (!chunk)
			return NULL;
		if (alone && a->chunks) {
			chunk->next = a->chunks->next;
			a->chunks->next = chunk;
		} else {
			chunk->next = a->chunks;
			a->chunks = chunk;
		}
	}
	piece = chunk->data + chunk->used;
	chunk->used += size;
	return piece;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *chunk = a->chunks, *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*a = (struct arena){ 0 };
}
