/* buf: text that grows. Running out of memory is remembered in `failed`, so a caller can add many
 * pieces and look once at the end. */
#ifndef SOCKDASH_BUF_H
#define SOCKDASH_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* An all-zero struct buf is empty and ready. `data` is NUL-terminated once anything was added. */
struct buf {
	char *data;
	size_t len, cap;
	bool failed; /* some addition was lost for want of memory */
};

void buf_free(struct buf *b);

/* Forgets the text and the failure, keeps the memory. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);

/* `count` times the character c; nothing for count <= 0. */
void buf_fill(struct buf *b, char c, int count);

void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
