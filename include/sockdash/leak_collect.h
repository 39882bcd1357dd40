/* leak_collect: the piles of a frame and the sockets in them, met again in the history. */
#ifndef SOCKDASH_LEAK_COLLECT_H
#define SOCKDASH_LEAK_COLLECT_H

#include "sockdash/group.h"
#include "sockdash/keysort.h"

/* A row of the leaks that is being made. */
struct leak_draft {
	struct leak_row row;
	uint64_t key;     /* group_pile_key() */
	uint32_t memory;  /* its place in the history */
	uint32_t entered; /* sockets that came since the sample before */
	uint32_t from;    /* of its sockets, row.count and row.resets of them */
	bool first;       /* there was no such pile before */
};

struct leak_collection {
	struct sample *s;
	const struct sample *prev; /* NULL where it cannot be compared with */
	struct leak_history *history;
	double seconds; /* since the sample before that the history has; 0: there is none */
	struct leak_draft *drafts;
	uint32_t count, room;
	/* Their sockets: key is the draft and when the socket came, tie whether it came earlier, row
	 * that of the frame or (reset, no more in the dump) SOCK_NONE. After leak_collect() those of a draft stand together, oldest first. */
	struct keyed *socks;
	uint32_t sock_count, sock_room;
	uint32_t *places; /* of the drafts, by place and pile, from 1 */
};

/* 0 or -ENOMEM. In any case it wants its end. */
int leak_collect(struct leak_collection *c);
void leak_collection_end(struct leak_collection *c);

/* Lists the sockets of a draft that are in the dump for its row, in `room` that the sample has for
 * all; answers where those of the next one come. */
uint32_t *leak_collected_socks(const struct leak_collection *c, const struct leak_draft *d,
	struct leak_row *out, uint32_t *room);

/* Whether a row is shown unless all are asked for. */
static inline bool leak_is_shown(const struct leak_row *l)
{
	return l->pile == PILE_CLOSE_WAIT || l->verdict >= VERDICT_STUCK ||
	       (l->verdict != VERDICT_OK && !l->preliminary);
}

/* The time of a frame as a SOCK_TIME. A recording may tell any time: these are kept so near to each
 * other that differences of them, and of times at most LEAK_PAST before, fit. */
#define LEAK_PAST (1 << 28) /* tenths: 310 days */
static inline int32_t leak_now(const struct frame *f)
{
	int32_t now = frame_now(f);

	return now > 4 * LEAK_PAST ? 4 * LEAK_PAST : now < -2 * LEAK_PAST ? -2 * LEAK_PAST : now;
}

/* When a collected socket came, SOCK_TIME unit. */
static inline int32_t leak_since(const struct keyed *e)
{
	return (int32_t)((uint32_t)e->key ^ UINT32_C(0x80000000));
}

#endif
