/* A bit for each port of each namespace. */
#include "sockdash/listening.h"

#include <errno.h>
#include <stdlib.h>

#define PORTS 65536

int listening_make(struct listening *l, const struct sample *s)
{
	const struct sample *whole = s->whole ? s->whole : s;
	const struct frame *f = s->frame;

	/* What nobody looks at of it takes no memory: the kernel gives zeros. */
	l->ports = calloc(f->netns_count ? f->netns_count : 1, PORTS / 8);
	if (!l->ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < whole->listener_count; i++) {
		const struct sock *sock = &f->socks[whole->listeners[i].sock];
		size_t bit = (size_t)sock->netns << 16 | sock->local_port;

		if (sock->proto == SOCK_TCP)
			l->ports[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
	return 0;
}

void listening_free(struct listening *l)
{
	free(l->ports);
	l->ports = NULL;
}
