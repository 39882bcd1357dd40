/* drill: pieces of the filters that rows stand for. */
#ifndef SOCKDASH_DRILL_H
#define SOCKDASH_DRILL_H

#include "sockdash/buf.h"
#include "sockdash/proc_fields.h"

/* "pid = 2291", or "process = (hidden)" for the sockets without a process. */
void drill_add_owner(struct buf *filter, const struct frame *f, struct proc_subject who);

/* "java (2291)", "(hidden)". */
void drill_add_owner_name(struct buf *name, const struct frame *f, struct proc_subject who);

/* " state close-wait": a word that ss takes too. */
void drill_add_state(struct buf *filter, unsigned state);

/* "src 10.0.0.1", "dst [::1]:443": one end of a socket. Port -1: any. */
void drill_add_end(
	struct buf *filter, const struct frame *f, const struct sock *s, bool local, int port);

/* "dst 10.9.0.0/16", "src [::1]:443": the same of a value that is an address. Port -1: any. */
void drill_add_address(struct buf *filter, const char *word, const struct value *v, int port);

#endif
