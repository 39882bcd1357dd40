/* diag_info: what the kernel tells of one socket, in the terms of the model. */
#ifndef SOCKDASH_DIAG_INFO_H
#define SOCKDASH_DIAG_INFO_H

#include "sockdash/diag.h"
#include "sockdash/sock_info.h"

/* What tables show of it; not known where the row has no tcp_info. Rates come later. */
void diag_info_take(const struct diag_sock *d, struct sock_info *out);

#endif
