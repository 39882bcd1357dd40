/* synth: a source that makes up a busy server, for tests, demonstrations and benchmarks: programs
 * with their listeners, connections that come and go, a CLOSE-WAIT leak, a burst of connections
 * every minute, an accept queue that fills, overflows and drains. The same words and intervals make
 * the same frames on any machine. */
#ifndef SOCKDASH_SYNTH_H
#define SOCKDASH_SYNTH_H

#include "sockdash/source.h"

/* What the server is like. */
struct synth_spec {
	uint32_t sockets;   /* TCP, of all states, without what leaks later and without the burst */
	double churn;       /* share of the connections that are replaced from frame to frame */
	double leak;        /* CLOSE-WAIT sockets per second that one process never closes */
	uint32_t listeners; /* TCP, at most `sockets` */
	uint64_t seed;      /* another one makes another server of the same kind */
};

/* Reads words like "sockets=100000,churn=0.01", of `len` bytes; what is not said has its default
 * (of listeners, no more than there are sockets). 0; or -EINVAL, with *bad and *bad_len telling the
 * word that is wrong, inside `text`, and *wanted what would be right. *out is written only on
 * success. */
int synth_parse(const char *text, size_t len, struct synth_spec *out, const char **bad,
	size_t *bad_len, const char **wanted);

/* That server, from its first frame. `spec` must be one that synth_parse() could have made. 0 or
 * -ENOMEM. */
int source_open_synth(const struct synth_spec *spec, struct source **out);

#endif
