/* tape: a recording of samples, in a file or from a pipe. The format is documented in
 * sockdash-tape(5); a raw dump of ss is read as a tape of one sample. */
#ifndef SOCKDASH_TAPE_H
#define SOCKDASH_TAPE_H

#include "sockdash/source.h"

/* ---- The format ------------------------------------------------------------------------------ */

/* File: magic, version (u16), 0 (u16), length of sections (u32), sections, CRC-32 of all that.
 * Samples: mark, length of the payload (u32), number (u32), flags (u32), wall and
 * monotonic time (u64), CRC-32 of the payload, CRC-32 of the head up to here; then the payload. */
#define TAPE_MAGIC       "\x89SDTAPE\n"
#define TAPE_MAGIC_LEN   8
#define TAPE_VERSION     1
#define TAPE_FILE_HEAD   16 /* before the sections */
#define TAPE_MARK        "\xd5SMP"
#define TAPE_MARK_LEN    4
#define TAPE_SAMPLE_HEAD 40
#define TAPE_FILE_CRC    4 /* after them */
#define TAPE_WHOLE       1 /* flag; samples with others cannot be read */
#define TAPE_PAYLOAD_MAX (UINT32_C(1) << 30)

/* What the header of a sample says. */
struct tape_entry {
	uint64_t offset;  /* of the payload in the file */
	uint32_t length;  /* of the payload */
	uint32_t number;  /* from 0, counted by who recorded */
	uint32_t skipped; /* samples before this one that are damaged, as far as numbers tell */
	bool whole;       /* not changes only */
	int64_t wall_ns, mono_ns;
};

/* ---- Reading --------------------------------------------------------------------------------- */

struct tape;

/* Opens what can be read from a descriptor, which is the tape's from now on, also on error. 0 or
 * -errno: -ENODATA nothing is there, -EBADMSG neither a tape nor a raw dump, -EPROTO a tape of
 * another version (*version gets it), -EILSEQ the head of the tape is damaged, -EISDIR, -ENOMEM and
 * what read(2) gives. Waits for the first bytes of a pipe. */
int tape_open(int fd, struct tape **out, unsigned *version);
void tape_close(struct tape *t); /* NULL is fine */

/* A pipe: samples can be read once, in their order. */
bool tape_is_stream(const struct tape *t);

/* Looks for samples that have come; a pipe is waited for where `wait` says so. Answers 1 where
 * there may be more later, 0 at the end of a pipe, or -errno. */
int tape_look(struct tape *t, bool wait);

/* The descriptor of a pipe that is readable when tape_look() may find more; -1 none. */
int tape_fd(const struct tape *t);

/* The samples that have been found. */
uint32_t tape_count(const struct tape *t);
const struct tape_entry *tape_entry(const struct tape *t, uint32_t index);

/* Bytes at the end that are no whole sample: lost, or still being written. */
uint64_t tape_torn(const struct tape *t);

/* Samples behind the last that could be read, which are damaged. */
uint32_t tape_damaged(const struct tape *t);

/* The frame of a sample: a reference, the caller's. It is compared with that of the sample that was
 * read before it, if this is its next; f->lost tells of damaged ones between. 0, -ENOMEM, -EBADMSG
 * where it, or what it builds on, is damaged, -ESPIPE where a pipe has it no more, or what read(2)
 * gives. */
int tape_read(struct tape *t, uint32_t index, struct frame **out);

/* Forgets what was read before: the next frame is compared with none. */
void tape_rewind(struct tape *t);

/* What of a frame a request asks for: the frame itself (its reference is taken), or a copy with
 * fewer rows, compared with `prev` where the frame was compared. 0 or -ENOMEM. */
int tape_select(struct frame *f, const struct source_request *request, const struct frame *prev,
	struct frame **out);

/* The samples as a source, one after the other; damaged ones are left out. Waits for a pipe. Does
 * not take the tape, which must live longer. 0 or -ENOMEM. */
int source_open_tape(struct tape *tape, struct source **out);

/* ---- Writing --------------------------------------------------------------------------------- */

struct tape_writer;

/* Begins a tape on a descriptor, which stays the caller's. 0 or -errno, also of write(2). */
int tape_writer_open(int fd, struct tape_writer **out);
void tape_writer_close(struct tape_writer *w); /* NULL is fine; writes nothing */

/* Writes the next sample. Where that fails, what was written of it is taken back from a file, which
 * can be read up to the sample before. 0, -ENOMEM, or -errno of write(2). */
int tape_writer_add(struct tape_writer *w, struct frame *f);

/* How much has been written. */
uint64_t tape_writer_bytes(const struct tape_writer *w);

#endif
