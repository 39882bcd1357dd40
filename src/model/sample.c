/* Samples: references to them, and the texts they own. */
#include "sockdash/sample.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sockdash/endpoint.h"

struct sample *sample_get(struct sample *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

/* A table, unless it is borrowed. */
static void free_own(void *table, const void *of_whole)
{
	if (table != of_whole)
		free(table);
}

void sample_put(struct sample *s)
{
	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL))
		return;
	frame_put(s->frame);
	free_own(s->states, s->whole ? s->whole->states : NULL);
	free_own(s->listeners, s->whole ? s->whole->listeners : NULL);
	free_own(s->procs, s->whole ? s->whole->procs : NULL);
	free_own(s->leaks, s->whole ? s->whole->leaks : NULL);
	free_own(s->ports, s->whole ? s->whole->ports : NULL);
	free_own(s->kernel, s->whole ? s->whole->kernel : NULL);
	free_own(s->findings, s->whole ? s->whole->findings : NULL);
	free_own(s->port_rows, s->whole ? s->whole->port_rows : NULL);
	free_own(s->peers, s->whole ? s->whole->peers : NULL);
	free_own(s->peer_sums, s->whole ? s->whole->peer_sums : NULL);
	free(s->leak_socks);
	free(s->port_socks);
	free(s->selected);
	free(s->is_selected);
	arena_free(&s->texts);
	sample_put(s->whole);
	free(s);
}

bool sample_is_last(const struct sample *s)
{
	return __atomic_load_n(&s->references, __ATOMIC_ACQUIRE) == 1;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

const char *sample_text(struct sample *s, const char *format, ...)
{
	va_list args, again;
	char *text = NULL;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len >= 0)
		text = arena_alloc(&s->texts, (size_t)len + 1);
	if (text)
		vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

const char *sample_endpoint(struct sample *s, const struct sock *sock, bool local)
{
	char room[ENDPOINT_MAX];

	return sample_text(s, "%s", endpoint_text(s->frame, sock, local, 0, room));
}
