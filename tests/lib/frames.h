/* Looking into frames. */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include "sockdash/frame.h"

/* The row of the socket with that identity, or SOCK_NONE. */
static inline uint32_t find_sock(const struct frame *f, uint64_t key)
{
	for (uint32_t row = f->sock_count; row-- > 0;)
		if (frame_sock_key(f, &f->socks[row]) == key)
			return row;
	return SOCK_NONE;
}

#endif
