/* leak_members: the sockets of all piles, remembered from sample to sample: since when each is in its
 * pile, and which have left it. */
#ifndef SOCKDASH_LEAK_MEMBERS_H
#define SOCKDASH_LEAK_MEMBERS_H

#include <stdbool.h>

#include "sockdash/hash.h"

/* One socket in one pile of one process row. */
struct leak_member {
	uint64_t key;     /* of socket and row */
	uint64_t row_key; /* of the row it is in */
	int32_t since;    /* when it came, SOCK_TIME unit */
	uint32_t seen;    /* the round it was last seen in */
	bool at_least;    /* it came earlier */
	bool known;       /* it was there in the round before */
	bool missed;      /* it was not there in the last round; a dump may miss a socket once */
	bool brisk;       /* and then has left at once, all the same */
	int32_t age;      /* when it was missed, tenths of a second */
	float seconds;    /* between the looks then */
	float likely;     /* that it was closed then */
};

/* Tenths of a second from one SOCK_TIME to another; a recording may tell any two. */
static inline int32_t leak_time_between(int32_t from, int32_t to)
{
	int64_t d = (int64_t)to - from;

	return d > INT32_MAX ? INT32_MAX : d < -INT32_MAX ? -INT32_MAX : (int32_t)d;
}

/* All-zero is empty. */
struct leak_members {
	struct leak_member *all;
	uint32_t count, room;
	uint32_t round;
	struct hash by_key;
};

void leak_members_free(struct leak_members *m);

/* The member with that key is there in this round; one that was not there gets `like`. NULL without
 * memory; good until the next call. */
struct leak_member *leak_members_meet(struct leak_members *m, const struct leak_member *like);

/* The member with that key, or NULL; good until the next leak_members_meet(). */
const struct leak_member *leak_members_find(const struct leak_members *m, uint64_t key);

/* Who is told, of each member that was not there, that it was missed for the first time, and, in a
 * later round, that it has left. */
struct leak_members_witness {
	/* Whether anything can be told of its row in this round; else it stays as it is. */
	bool (*can_tell)(void *context, const struct leak_member *member);
	/* Sets age, seconds and likely of one that is missed. */
	void (*missed)(void *context, struct leak_member *member);
	void (*left)(void *context, const struct leak_member *member);
	void *context;
};

/* Ends a round. 0 or -ENOMEM. */
int leak_members_end(struct leak_members *m, const struct leak_members_witness *w);

#endif
