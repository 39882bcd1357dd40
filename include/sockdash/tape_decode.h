/* tape_decode: what the two halves of the decoder share. Nobody else includes this. */
#ifndef SOCKDASH_TAPE_DECODE_H
#define SOCKDASH_TAPE_DECODE_H

#include "sockdash/tape_codec.h"

#define OWNERS_AS_BEFORE SOCK_NONE
#define OWNERS_NONE      (SOCK_NONE - 1)

/* A socket on its way into the frame. */
struct tape_row {
	struct sock sock; /* without its owner */
	uint32_t was;     /* row before, or SOCK_NONE */
	uint32_t owners;  /* the first in `told`, or one of the above */
};

/* One decoding. */
struct tape_decoder {
	struct frame *f;
	const struct frame *prev; /* NULL: a whole frame */
	struct wire sections[TAPE_SECTIONS];
	bool has[TAPE_SECTIONS];

	/* Processes as they come; then they go to the frame. */
	struct proc *procs;
	uint32_t proc_count, proc_room;
	uint32_t *proc_is; /* before → now, SOCK_NONE: gone */

	struct tape_row *rows;
	uint32_t row_count, row_room;
	uint8_t *taken;       /* per socket before */
	uint32_t *address_is; /* before → now, SOCK_NONE: not seen yet */

	struct owner_found *told; /* owners of rows that tell theirs */
	uint32_t told_count, told_room;
	struct owner_found last_told;
	uint32_t last_new; /* row that the next new one is told against */

	uint32_t next_reset; /* of those before: one past the last that was taken */
	struct frame_reset last_reset;
};

/* `count` times SOCK_NONE, or NULL without memory; the caller frees it. */
uint32_t *tape_new_map(uint32_t count);

/* Takes a row of the sample before; reads a new one. 0, -ENOMEM or -EBADMSG. */
typedef int tape_copy_row(struct tape_decoder *d, uint32_t was);
typedef int tape_read_row(struct tape_decoder *d, struct wire *w);

/* Reads the runs of a table, of which the sample before had `prev_count` rows. */
int tape_read_runs(struct tape_decoder *d, struct wire *w, uint32_t prev_count, tape_copy_row *copy,
	tape_read_row *read);

/* The row that the next change is about, or SOCK_NONE where there is none. *told is one past the
 * last that was. */
uint32_t tape_next_change(struct wire *w, uint32_t *told, uint32_t count);

/* Reads the sockets into the frame, whose processes are there already. */
int tape_read_socks(struct tape_decoder *d);

/* Reads the sockets that were reset, likewise. */
int tape_read_resets(struct tape_decoder *d);

#endif
