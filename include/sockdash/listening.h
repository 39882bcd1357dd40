/* listening: the ports that TCP listens on, to tell connections that came in from those begun
 * here. */
#ifndef SOCKDASH_LISTENING_H
#define SOCKDASH_LISTENING_H

#include "sockdash/sample.h"

/* A bitmap of all ports for each namespace: a look into it is all that a socket costs. */
struct listening {
	uint8_t *ports;
};

/* From the listeners of the sample, or of the whole one where it is narrowed. 0 or -ENOMEM. */
int listening_make(struct listening *l, const struct sample *s);
void listening_free(struct listening *l);

/* Whether somebody listens on the local port of a socket, in its namespace. */
static inline bool listening_has(const struct listening *l, const struct sock *s)
{
	size_t bit = (size_t)s->netns << 16 | s->local_port;

	return l->ports[bit / 8] >> bit % 8 & 1;
}

#endif
