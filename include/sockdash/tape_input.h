/* tape_input: the bytes that a tape is read from: a file, or a pipe that cannot go back. */
#ifndef SOCKDASH_TAPE_INPUT_H
#define SOCKDASH_TAPE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/buf.h"

struct tape_input {
	int fd;
	bool stream, ended; /* a pipe, and one that has */
	struct buf window;  /* bytes from window_at on */
	uint64_t window_at;
	uint64_t size; /* of the file; of a pipe, so far */
};

/* How much is read at once. */
#define TAPE_INPUT_PIECE (64 * 1024)

/* Looks what the descriptor is, and how large a file is now; *written_ns gets when it was written,
 * since 1970. 0, -EISDIR or -errno. The descriptor is the input's in each case. */
int tape_input_open(struct tape_input *in, int fd, int64_t *written_ns);
void tape_input_close(struct tape_input *in);

/* Looks how large a file is now. 0 or -errno. */
int tape_input_look(struct tape_input *in);

/* The bytes at an offset; *at is good until the next call. 1: they are there, 0: not (yet), or
 * -errno: -ESPIPE where a pipe has them no more. */
int tape_input_at(struct tape_input *in, uint64_t offset, size_t len, const uint8_t **at);

/* The same with all that is at hand behind them, *len bytes. */
int tape_input_from(
	struct tape_input *in, uint64_t offset, size_t least, const uint8_t **at, size_t *len);

/* Reads once from a pipe, waiting for it. 0 or -errno: -EINTR after a signal; others end it. */
int tape_input_read(struct tape_input *in);

/* Makes the first `len` bytes of a pipe be there, or as many as there are. 0 or -errno. */
int tape_input_begin(struct tape_input *in, uint64_t len);

/* Whether a pipe has something to read now. */
bool tape_input_ready(const struct tape_input *in);

/* Forgets the bytes of a pipe before an offset. */
void tape_input_drop(struct tape_input *in, uint64_t offset);

#endif
