/* buf: text that grows. Running out of memory is remembered in `failed`, so a caller can add many
 * pieces and look once at the end. */
#ifndef SOCKDASH_BUF_H
#define SOCKDASH_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* An all-zero struct buf is empty and ready. `data` is NUL-terminated once anything was added. */
struct buf {
	char *data;
	size_t len, cap;
	bool failed; /* some addition was lost for want of memory */
};

void buf_free(struct buf *b);

/* Forgets the text and the failure, keeps the memory. */
void buf_clear(struct buf *b);

/* Makes room for `more` bytes and a NUL; false without memory, and ever after a failure. */
bool buf_room(struct buf *b, size_t more);

/* Adds `len` bytes, which the caller fills in: answers where they stand, or NULL. */
static inline char *buf_extend(struct buf *b, size_t len)
{
	char *bytes;

	if ((b->failed || b->cap - b->len <= len) && !buf_room(b, len))
		return NULL;
	bytes = b->data + b->len;
	bytes[len] = '\0';
	b->len += len;
	return bytes;
}

static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *to = buf_extend(b, len);

	if (to && len)
		memcpy(to, bytes, len);
}

static inline void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static inline void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

/* `count` times the character c; nothing for count <= 0. */
static inline void buf_fill(struct buf *b, char c, int count)
{
	char *to = count > 0 ? buf_extend(b, (size_t)count) : NULL;

	if (to)
		memset(to, c, (size_t)count);
}

void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
