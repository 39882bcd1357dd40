/* kfile: small files of /proc, and the lines, words and numbers in their text.
 *
 * A span is a piece of somebody's bytes: it owns nothing and has no NUL at its end. */
#ifndef SOCKDASH_KFILE_H
#define SOCKDASH_KFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Reading --------------------------------------------------------------------------------- */

/* Reads a file of the open `directory`, or AT_FDCWD, into `out` (without a NUL); what does not fit
 * is cut. Bytes, or -errno of open(2) or read(2): -ESRCH when the process it tells of ends
 * meanwhile. */
ssize_t kfile_read(int directory, const char *path, char *out, size_t size);

/* The same, but of a file that does not fit only whole lines: a number cut off would be another
 * number. */
ssize_t kfile_read_lines(int directory, const char *path, char *out, size_t size);

/* ---- Lines, words and numbers (pure) --------------------------------------------------------- */

struct span {
	const char *at;
	size_t len;
};

/* Takes the next line, without its newline, off the front of `rest`. False when nothing is left. */
bool kfile_next_line(struct span *rest, struct span *line);

/* Takes the next word off the front of `rest`; blanks, tabs and newlines stand between words. False
 * when there is none. */
bool kfile_next_word(struct span *rest, struct span *word);

/* The whole span as a decimal number without a sign. False where it is none or does not fit into 64
 * bits. */
bool kfile_number(struct span text, uint64_t *value);

#endif
