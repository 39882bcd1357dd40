/* arena: memory of many small pieces that is given back in one call. */
#ifndef SOCKDASH_ARENA_H
#define SOCKDASH_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* An all-zero struct arena is empty and ready to use. */
struct arena {
	struct arena_chunk *chunks;
	size_t bytes; /* held from malloc, for reporting our own memory */
};

/* Memory for `size` bytes, zeroed, aligned for any type; NULL when there is none. */
void *arena_alloc(struct arena *a, size_t size);

/* A NUL-terminated copy of `len` bytes (which may contain anything); NULL without memory. */
char *arena_text(struct arena *a, const char *text, size_t len);

/* Gives everything back; the arena is empty and usable again. */
void arena_free(struct arena *a);

#endif
