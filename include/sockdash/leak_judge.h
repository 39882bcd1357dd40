/* leak_judge: what becomes of a pile, from what is remembered of it and the times at which its
 * sockets came. */
#ifndef SOCKDASH_LEAK_JUDGE_H
#define SOCKDASH_LEAK_JUDGE_H

#include "sockdash/leak_memory.h"
#include "sockdash/pile.h"
#include "sockdash/series.h"

struct leak_case {
	const struct leak_memory *memory;
	/* When its sockets came, oldest first, SOCK_TIME unit: those of which that is known. */
	const int32_t *times;
	uint32_t time_count;
	uint32_t older;   /* the others: they are older than we know */
	int32_t older_by; /* the oldest of them came before this */
	const struct series *counts;
	int64_t now_ns;
	int32_t now; /* the same as a SOCK_TIME */
	double window_s;
};

/* Fills verdict, preliminary, since, overdue, usual and, where it grows evenly, the growth of a row
 * that has all the rest. */
void leak_judge(const struct leak_case *c, struct leak_row *row);

#endif
