/* leak_memory: what is remembered of a pile of a process: how long its sockets stay, since when we
 * watch it, what was said of it last. It outlives the pile, so that a process that closes all of its
 * sockets now and then is known for it. */
#ifndef SOCKDASH_LEAK_MEMORY_H
#define SOCKDASH_LEAK_MEMORY_H

#include "sockdash/leak_life.h"
#include "sockdash/sample.h"

struct leak_memory {
	uint64_t key;
	enum proc_row_kind kind;
	uint32_t pid;
	uint64_t start;
	struct life life;
	int64_t watched_ns; /* since then */
	int64_t there_ns;   /* it was last not empty */

	/* Descriptors that are no socket in the dump: a socket that vanishes and leaves one behind
	 * was reset, not closed. */
	double unseen;     /* the most there were of late; NAN */
	double more, gone; /* how many more that makes, and sockets that vanished: of late */
	double likely;     /* that a socket which vanished since then was closed */
	uint32_t vanished; /* since then, of those that were there for a while */
	uint32_t count;    /* of these then */
	bool sure;         /* so many vanished that a dump cannot have missed them */

	enum verdict verdict; /* of the last sample */
	bool preliminary;
	int64_t verdict_ns; /* since then it has been so */
	int32_t leak_from;  /* a leak: since then, SOCK_TIME unit */

	bool judged; /* it can be told in this sample who left */
};

/* All-zero is empty. */
struct leak_memories {
	struct leak_memory *all;
	uint32_t count, room;
	struct hash by_key;
};

void leak_memories_free(struct leak_memories *m);

/* The memory of a key, which begins with `like`. NULL without memory; good until the next call. */
struct leak_memory *leak_memories_meet(struct leak_memories *m, const struct leak_memory *like);

/* The same, if it is there. */
struct leak_memory *leak_memories_find(const struct leak_memories *m, uint64_t key);

/* Forgets what has been empty for long, and where there are very many, what is empty now. 0 or
 * -ENOMEM. */
int leak_memories_sweep(struct leak_memories *m, int64_t now_ns);

#endif
