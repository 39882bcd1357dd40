/* buf owns text that grows. It must not know what the text is for.
 *
 * After a failure nothing more is added, so that what is there is always a true beginning of what
 * was meant and never a text with a hole in it. */
#include "sockdash/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef BUF_FIRST
#define BUF_FIRST 64 /* bytes of the first allocation; tests make it tiny */
#endif

bool buf_room(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	char *data;

	if (b->failed)
		return false;
	if (b->cap - b->len > more)
		return true;
	if (more >= SIZE_MAX / 2 - b->len)
		goto lost;
	while (cap - b->len <= more)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		goto lost;
	b->data = data;
	b->cap = cap;
	return true;
lost:
	b->failed = true;
	return false;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_addv(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int len;

	if (!buf_room(b, 0))
		return;
	va_copy(again, args);
	len = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
	if (len < 0)
		b->failed = true;
	else if ((size_t)len >= b->cap - b->len && buf_room(b, (size_t)len))
		vsnprintf(b->data + b->len, b->cap - b->len, format, again);
	va_end(again);
	if (!b->failed)
		b->len += (size_t)len;
	b->data[b->len] = '\0';
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(b, format, args);
	va_end(args);
}
