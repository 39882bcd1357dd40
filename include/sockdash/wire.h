/* wire: numbers and texts as bytes of a file. Little-endian; numbers that are mostly small are
 * LEB128 (seven bits in each byte, the lowest first, the top bit says that more follow), signed
 * ones zigzag before (0, -1, 1, -2...). */
#ifndef SOCKDASH_WIRE_H
#define SOCKDASH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "sockdash/buf.h"

/* ---- Writing --------------------------------------------------------------------------------- */

void wire_add_u16(struct buf *b, uint16_t n);
void wire_add_u32(struct buf *b, uint32_t n);
void wire_add_u64(struct buf *b, uint64_t n);
void wire_add_uint(struct buf *b, uint64_t n);            /* LEB128 */
void wire_add_int(struct buf *b, int64_t n);              /* zigzag, LEB128 */
void wire_add_real(struct buf *b, double x);              /* IEEE 754 binary64 */
void wire_add_bytes(struct buf *b, const struct buf *in); /* length (LEB128), then as they are */
void wire_add_text(struct buf *b, const char *text);      /* the same, without the NUL */

/* ---- Reading --------------------------------------------------------------------------------- */

/* What is left to read. Reading beyond the end, or a number that is too large, sets `bad`, after
 * which everything reads as 0: a caller may read much and look once. */
struct wire {
	const uint8_t *at;
	size_t left;
	bool bad;
};

uint8_t wire_u8(struct wire *w);
uint16_t wire_u16(struct wire *w);
uint32_t wire_u32(struct wire *w);
uint64_t wire_u64(struct wire *w);
uint64_t wire_uint(struct wire *w);
uint32_t wire_uint32(struct wire *w); /* bad where it has more than 32 bits */
int64_t wire_int(struct wire *w);
double wire_real(struct wire *w);

/* The next `len` bytes, or NULL (and bad) where there are fewer. They are those of the file. */
const uint8_t *wire_take(struct wire *w, size_t len);

/* Length and bytes, as a part to read of its own. */
struct wire wire_bytes(struct wire *w);

/* CRC-32 (ISO 3309; that of gzip and PNG). */
uint32_t wire_crc32(const void *bytes, size_t len);

#endif
