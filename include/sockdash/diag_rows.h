/* diag_rows: from the kernel's rows to those of a frame, wherever the kernel's rows come from. */
#ifndef SOCKDASH_DIAG_ROWS_H
#define SOCKDASH_DIAG_ROWS_H

#include "sockdash/diag.h"
#include "sockdash/frame.h"

/* Where rows go, and who names the devices they are bound to. */
struct diag_rows {
	struct frame *frame; /* all rows get its first namespace */
	/* Writes the name of a device to `name` (IF_NAMESIZE bytes): if_indextoname(3), or NULL for
	 * rows of another machine. A device without a name is called by its number. */
	char *(*device_name)(unsigned index, char *name);
	/* Where nobody looks at addresses: all sockets that have a cookie get the same one. */
	bool nameless;
};

/* Adds one row; a diag_sink whose context is a struct diag_rows. A row in a state we do not know is
 * left out. Drops are kept of listeners and UDP sockets only, the others have no room for them.
 * 0 or -ENOMEM. */
int diag_rows_add(void *context, const struct diag_sock *d);

/* Takes the time at which a socket of the frame entered CLOSE-WAIT from a row that tells of it.
 * Does nothing where the socket is in another state or has that time already, or the row has no
 * tcp_info. */
void diag_rows_set_wait(const struct frame *f, struct sock *s, const struct diag_sock *d);

/* Whether a queue of an established socket may stand still: data is not read, or the peer does not
 * take it (4: the timer that probes a closed window) or does not answer. */
static inline bool diag_rows_may_stand(const struct sock *s)
{
	return s->recv_q || (s->send_q && (s->timer == 4 || s->retrans));
}

/* The same: since when such a queue has stood still at least. The newest data came, or the last went
 * out, so long ago. */
void diag_rows_set_still(const struct frame *f, struct sock *s, const struct diag_sock *d);

#endif
