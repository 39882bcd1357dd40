/* Descriptors in chunks of 64 numbers. Numbers are dense, for the kernel gives the lowest that is
 * free, so the chunk of a number is nearly always where its number says; programs that ask for high
 * numbers make a chunk each, and those are searched for. */
#include "sockdash/fd_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void fd_table_free(struct fd_table *t)
{
	free(t->chunks);
	*t = (struct fd_table){ 0 };
}

/* The place of the first chunk that holds `fd` or higher numbers. */
static uint32_t find_chunk(const struct fd_table *t, uint32_t fd)
{
	uint32_t base = fd - fd % FD_CHUNK, guess = fd / FD_CHUNK, low = 0, high = t->count;

	if (guess < t->count && t->chunks[guess].base == base)
		return guess;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->chunks[middle].base < base)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool holds(const struct fd_table *t, uint32_t at, uint32_t fd)
{
	return at < t->count && t->chunks[at].base == fd - fd % FD_CHUNK;
}

static int insert_chunk(struct fd_table *t, uint32_t at, uint32_t fd)
{
	if (t->count == t->room) {
		uint32_t room = t->room + t->room / 2 + 1;
		struct fd_chunk *more = realloc(t->chunks, room * sizeof *more);

		if (!more)
			return -ENOMEM;
		t->chunks = more;
		t->room = room;
	}
	memmove(&t->chunks[at + 1], &t->chunks[at], (t->count - at) * sizeof *t->chunks);
	t->chunks[at] = (struct fd_chunk){ .base = fd - fd % FD_CHUNK };
	t->count++;
	return 0;
}

static void set_young(struct fd_table *t, struct fd_chunk *c, uint64_t bit, bool young)
{
	t->young += young;
	t->young -= !!(c->young & bit);
	c->young = young ? c->young | bit : c->young & ~bit;
}

void fd_table_mark_young(struct fd_table *t, uint32_t fd, bool young)
{
	uint32_t at = find_chunk(t, fd);

	if (holds(t, at, fd))
		set_young(t, &t->chunks[at], UINT64_C(1) << fd % FD_CHUNK, young);
}

void fd_table_mark_dumped(struct fd_table *t, struct fd_chunk *c, uint32_t n)
{
	set_young(t, c, UINT64_C(1) << n, false);
	c->dumped |= UINT64_C(1) << n;
}

int fd_table_set(struct fd_table *t, uint32_t fd, uint32_t inode, uint32_t *was)
{
	uint64_t bit = UINT64_C(1) << fd % FD_CHUNK;
	uint32_t at = find_chunk(t, fd);
	struct fd_chunk *c;

	if (!holds(t, at, fd)) {
		int err = insert_chunk(t, at, fd);

		if (err)
			return err;
	}
	c = &t->chunks[at];
	*was = c->inodes[fd % FD_CHUNK];
	t->open += !(c->open & bit);
	c->open |= bit;
	if (*was != inode) {
		set_young(t, c, bit, false);
		c->dumped &= ~bit;
	}
	c->inodes[fd % FD_CHUNK] = inode;
	return 0;
}

uint32_t fd_table_clear(struct fd_table *t, uint32_t fd)
{
	uint64_t bit = UINT64_C(1) << fd % FD_CHUNK;
	uint32_t at = find_chunk(t, fd), was;
	struct fd_chunk *c;

	if (!holds(t, at, fd))
		return 0;
	c = &t->chunks[at];
	was = c->inodes[fd % FD_CHUNK];
	t->open -= !!(c->open & bit);
	set_young(t, c, bit, false);
	c->open &= ~bit;
	c->dumped &= ~bit;
	c->inodes[fd % FD_CHUNK] = 0;
	return was;
}

void fd_table_release(struct fd_table *t, uint32_t fd, uint32_t inode)
{
	uint32_t at = find_chunk(t, fd);

	if (inode && holds(t, at, fd) && t->chunks[at].inodes[fd % FD_CHUNK] == inode)
		fd_table_clear(t, fd);
}

void fd_table_doubt(struct fd_table *t)
{
	uint64_t dumped = 0;

	for (uint32_t i = 0; i < t->count; i++)
		dumped |= t->chunks[i].dumped;
	for (uint32_t i = 0; dumped && i < t->count; i++) {
		struct fd_chunk *c = &t->chunks[i];

		for (uint32_t n = 0; n < FD_CHUNK; n++)
			if (c->inodes[n] && !(c->dumped >> n & 1))
				set_young(t, c, UINT64_C(1) << n, true);
	}
}

enum sought { FREE, OPEN, YOUNG, OTHER };

static uint64_t bits_of(const struct fd_chunk *c, enum sought what)
{
	const uint64_t bits[] = { [FREE] = ~c->open,
		[OPEN] = c->open,
		[YOUNG] = c->young,
		[OTHER] = c->open & ~c->dumped };

	return bits[what];
}

static uint32_t next(const struct fd_table *t, uint32_t from, enum sought what)
{
	for (uint32_t at = find_chunk(t, from); at < t->count; at++) {
		const struct fd_chunk *c = &t->chunks[at];
		uint64_t bits = bits_of(c, what);

		if (what == FREE && from < c->base)
			return from; /* of a chunk that is not there */
		if (from > c->base)
			bits &= ~UINT64_C(0) << (from - c->base);
		if (bits)
			return c->base + (uint32_t)__builtin_ctzll(bits);
		from = c->base + FD_CHUNK;
	}
	return what == FREE ? from : FD_NONE;
}

uint32_t fd_table_next_free(const struct fd_table *t, uint32_t from)
{
	return next(t, from, FREE);
}

uint32_t fd_table_next_open(const struct fd_table *t, uint32_t from)
{
	return next(t, from, OPEN);
}

uint32_t fd_table_next_young(const struct fd_table *t, uint32_t from)
{
	return next(t, from, YOUNG);
}

uint32_t fd_table_next_other(const struct fd_table *t, uint32_t from)
{
	return next(t, from, OTHER);
}
