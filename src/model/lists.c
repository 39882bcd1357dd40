/* Sorting by counting: two passes over the things, whatever the groups are. */
#include "sockdash/lists.h"

#include <errno.h>
#include <stdlib.h>

int lists_make(struct lists *l, const uint32_t *group_of, uint32_t things, uint32_t groups)
{
	uint32_t at = 0;

	/* One more in front: after the items are put down each begins where it should. */
	l->from = calloc((size_t)groups + 2, sizeof *l->from);
	if (!l->from)
		return -ENOMEM;
	for (uint32_t i = 0; i < things; i++)
		if (group_of[i] != UINT32_MAX)
			l->from[group_of[i] + 1]++;
	for (uint32_t g = 0; g <= groups; g++) {
		uint32_t count = l->from[g + 1];

		l->from[g + 1] = at;
		at += count;
	}
	l->items = malloc(((size_t)at + 1) * sizeof *l->items);
	if (!l->items) {
		lists_free(l);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < things; i++)
		if (group_of[i] != UINT32_MAX)
			l->items[l->from[group_of[i] + 1]++] = i;
	return 0;
}

void lists_free(struct lists *l)
{
	free(l->from);
	free(l->items);
	*l = (struct lists){ 0 };
}

int tally_make(struct tally *t, uint32_t most)
{
	uint32_t room = 2;

	while (room < most)
		room *= 2;
	*t = (struct tally){
		.slots = calloc((size_t)room * 2, sizeof *t->slots),
		.seen = malloc(((size_t)most + 1) * sizeof *t->seen),
		.mask = room * 2 - 1,
	};
	return t->slots && t->seen ? 0 : -ENOMEM;
}

void tally_free(struct tally *t)
{
	free(t->slots);
	free(t->seen);
	*t = (struct tally){ 0 };
}

struct tally_most tally_end(struct tally *t)
{
	struct tally_most most = { .number = UINT32_MAX, .different = t->seen_count };

	for (uint32_t i = 0; i < t->seen_count; i++) {
		struct tally_slot *slot = &t->slots[t->seen[i]];

		if (slot->count > most.count ||
			(slot->count == most.count && slot->number < most.number)) {
			most.number = slot->number;
			most.count = slot->count;
		}
		slot->count = 0;
	}
	t->seen_count = 0;
	return most;
}
