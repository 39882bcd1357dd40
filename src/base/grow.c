/* grow owns how arrays get longer: by half, so that no element is copied more than three times. It
 * must not know what is in them. */
#include "sockdash/grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef GROW_FIRST
#define GROW_FIRST 64 /* elements of the first room; tests make it tiny */
#endif

int grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t wanted = *room ? *room + *room / 2 + 1 : GROW_FIRST;
	void *now, *bigger;

	if (count < *room)
		return 0;
	if (*room > UINT32_MAX / 2)
		return -ENOMEM;
	/* Whatever the pointer points to, it has the bytes of a pointer. */
	memcpy(&now, array, sizeof now);
	bigger = reallocarray(now, wanted, size);
	if (!bigger)
		return -ENOMEM;
	memcpy(array, &bigger, sizeof bigger);
	*room = wanted;
	return 0;
}

int row_list_add(struct row_list *l, uint32_t row)
{
	int err = grow(&l->rows, l->count, &l->room, sizeof *l->rows);

	if (!err)
		l->rows[l->count++] = row;
	return err;
}
