/* utf8: the little that a table in a terminal must know of text. Widths are terminal columns, from
 * the C library's wcwidth() in the locale of the program (set with setlocale() by main). */
#ifndef SOCKDASH_UTF8_H
#define SOCKDASH_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "sockdash/buf.h"

/* Reads one code point from `len` > 0 bytes; answers the bytes used (>= 1). Anything malformed
 * (overlong, surrogate, cut off, stray byte) gives U+FFFD for one byte. */
size_t utf8_decode(const char *s, size_t len, uint32_t *code);

/* Writes a code point; answers its 1 to 4 bytes. Not a scalar value: U+FFFD. */
size_t utf8_encode(uint32_t code, char out[4]);

/* Columns of one code point: 0 (combining), 1 or 2. Control characters and unknown ones: 1. */
int utf8_width(uint32_t code);

/* Columns of a text. */
int utf8_text_width(const char *s, size_t len);

/* Bytes of the longest beginning that fits into `width` columns; *used, if given, gets its
 * columns. */
size_t utf8_fit(const char *s, size_t len, int width, int *used);

/* Adds a text from outside in a form that is safe to print anywhere: valid UTF-8, with control
 * characters (C0, DEL, C1), invalid bytes, line separators, bidirectional controls, zero-width and
 * other invisible format characters made visible as \xNN or \u{NNNN} and backslash itself left as
 * it is. */
void utf8_add_safe(struct buf *out, const char *s, size_t len);

#endif
