/* grow: arrays that get longer. */
#ifndef SOCKDASH_GROW_H
#define SOCKDASH_GROW_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for one more element of `size` bytes behind the first `count`. `array` is the address
 * of the pointer to them, which may move; *room is how many have room, and at first 0 beside NULL.
 * 0 or -ENOMEM, and then nothing has changed. */
int grow(void *array, uint32_t count, uint32_t *room, size_t size);

/* A list of row numbers; all zero it is empty. Its user frees `rows`. */
struct row_list {
	uint32_t *rows;
	uint32_t count, room;
};

/* 0 or -ENOMEM. */
int row_list_add(struct row_list *l, uint32_t row);

#endif
