/* lists: things in groups, each with its list, and what is most frequent in a list. */
#ifndef SOCKDASH_LISTS_H
#define SOCKDASH_LISTS_H

#include <stdint.h>

/* Things are numbers from 0. Those of group g are items[from[g]] to before items[from[g + 1]], in
 * their order. */
struct lists {
	uint32_t *from, *items;
};

/* group_of[i] is the group of thing i, or UINT32_MAX: it is in none. 0 or -ENOMEM. */
int lists_make(struct lists *l, const uint32_t *group_of, uint32_t things, uint32_t groups);
void lists_free(struct lists *l);

/* Counts numbers, again and again; each time takes no longer than there are numbers. */
struct tally {
	struct tally_slot {
		uint32_t number, count; /* count 0: the slot is free */
	} * slots;
	uint32_t *seen; /* slots that are not free */
	uint32_t seen_count, mask;
};

/* For at most so many different numbers at a time. 0 or -ENOMEM. */
int tally_make(struct tally *t, uint32_t most);
void tally_free(struct tally *t);

/* A number's slot is its own where there are as many slots as numbers. */
static inline void tally_add(struct tally *t, uint32_t number)
{
	uint32_t at = number & t->mask;

	while (t->slots[at].count && t->slots[at].number != number)
		at = (at + 1) & t->mask;
	t->slots[at].number = number;
	if (t->slots[at].count++ == 0)
		t->seen[t->seen_count++] = at;
}

struct tally_most {
	uint32_t number, count; /* UINT32_MAX and 0: there are none */
	uint32_t different;     /* numbers that there were */
};

/* Answers the most frequent number, of equals the smallest, and begins anew. */
struct tally_most tally_end(struct tally *t);

#endif
