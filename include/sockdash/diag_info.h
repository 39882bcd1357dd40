/* diag_info: what the kernel tells of one socket, in the terms of the model. */
#ifndef SOCKDASH_DIAG_INFO_H
#define SOCKDASH_DIAG_INFO_H

#include "sockdash/diag.h"
#include "sockdash/looks.h"

/* What tables show of it; not known where the row has no tcp_info. Rates come later. */
void diag_info_take(const struct diag_sock *d, struct sock_info *out);

/* All that there is. */
void diag_info_take_all(const struct diag_sock *d, struct sock_facts *out);

/* What to ask for it. */
#define DIAG_INFO_WANT     (DIAG_WANT_INFO | DIAG_WANT_CONGESTION)
#define DIAG_INFO_WANT_ALL (DIAG_INFO_WANT | DIAG_WANT_DROPS | DIAG_WANT_TOS)

/* A socket as the kernel is asked for it. */
struct diag_id diag_id_of(const struct sock_id *id);

#endif
