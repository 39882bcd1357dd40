/* live_dump: what the live source asks sock_diag. Part of the live source. */
#ifndef SOCKDASH_LIVE_DUMP_H
#define SOCKDASH_LIVE_DUMP_H

#include "sockdash/diag.h"
#include "sockdash/grow.h"
#include "sockdash/live_filter.h"
#include "sockdash/source.h"

#define LIVE_STATES_ALL (((1u << SOCK_STATE_COUNT) - 1) & ~1u)

/* A conversation, and what it is about. */
struct live_dump {
	struct diag *diag;
	const struct source_request *request;
	const atomic_bool *stop;
	struct live_filter *filter; /* for the kernel, or NULL: all sockets */
	/* What it costs to walk through the sockets of the host, in ns of CPU; 0: as many as the
	 * frame has. */
	int64_t walk_ns;
	bool autobound; /* with a filter: only sockets whose port bind() did not name */
};

/* Dumps one protocol in the families of the request: TCP in one walk of the kernel's table where
 * both are wanted. Where the filter selects none of these states, nothing is asked. 0 or -errno as
 * diag_dump() has it. */
int live_dump(const struct live_dump *d, enum sock_proto proto, uint32_t states, unsigned want,
	diag_sink *sink, void *context);

/* Learns of which sockets of the frame bind() did not name the port; where the kernel does not tell,
 * the frame does not either. 0 or -errno as diag_dump(). */
int live_ask_autobound(const struct live_dump *d, struct frame *f);

/* Asks for the sockets in these rows of a frame one by one, without an answer for those that are
 * gone. 0 or -errno as diag_get(). */
int live_dump_get(const struct live_dump *d, const struct frame *f, const struct row_list *rows,
	unsigned want, diag_sink *sink, void *context);

/* Sets the time since when sockets of the frame are in CLOSE-WAIT where it is not known. Few are
 * asked for one by one, many by a dump of that state. 0 or -errno as diag_dump(). */
int live_ask_wait_ages(const struct live_dump *d, struct frame *f);

/* Marks as hidden those sockets without a known owner that are still there with the same file: their
 * owner is out of sight (the kernel, another pid namespace), and they were not just closed between
 * the dump and the search. 0 or -errno. */
int live_confirm_hidden(const struct live_dump *d, struct frame *f);

#endif
