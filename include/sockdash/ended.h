/* ended: how many connections ended between two frames, those included that were too short for any of
 * them, by their local and by their remote end. */
#ifndef SOCKDASH_ENDED_H
#define SOCKDASH_ENDED_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/addresses.h"
#include "sockdash/hash.h"

enum ended_end {
	ENDED_LOCAL,  /* by address and port: those of a listener are found by that */
	ENDED_REMOTE, /* by address: `port` is 0 */
	ENDED_ENDS,
};

struct ended_row {
	struct address address;
	uint16_t port;
	uint16_t netns; /* row of the frame's namespace table */
	uint32_t count; /* UINT32_MAX: at least that */
};

/* Ends that are told apart; those of more are lost. */
#define ENDED_ROWS_MAX 131072

struct ended_table {
	struct ended_row *rows;
	uint32_t count, room;
	struct hash by_end;
};

/* All zero it is empty, and nothing is known. */
struct ended {
	bool known;    /* all that ended since the frame before are there, unless... */
	bool at_least; /* ...some were lost */
	int error;     /* 0, or the -errno that says why nothing is known */
	struct ended_table ends[ENDED_ENDS];
};

/* Counts so many more; a row without a count does nothing. Where there is no room or memory they are
 * lost, and at_least says so. */
void ended_add(struct ended *e, enum ended_end end, const struct ended_row *row);

/* Counts all that another one has. */
void ended_add_all(struct ended *e, const struct ended *from);

/* Gives the memory back; it is empty then. */
void ended_free(struct ended *e);

#endif
