/* What is usual for each pile. The floors are times that a healthy server does not reach: a process
 * closes, a network answers, a reader reads in less. */
#include "sockdash/pile.h"

/* An orphan in FIN-WAIT-2 is ended by the kernel after 60 seconds (tcp_fin_timeout), one in LAST-ACK
 * after some two minutes of retransmissions (tcp_orphan_retries). */
const struct pile_rule pile_rules[PILES] = {
	[PILE_CLOSE_WAIT] = { "CLOSE-WAIT", 5, 5, false },
	[PILE_FIN_WAIT_2] = { "FIN-WAIT-2", 65, 65, false },
	[PILE_LAST_ACK] = { "LAST-ACK", 5, 130, false },
	[PILE_SYN_SENT] = { "SYN-SENT", 3, 3, false },
	[PILE_RECV_Q] = { "RECV-Q", 10, 10, true },
	[PILE_SEND_Q] = { "SEND-Q", 10, 10, true },
};

/* Timeouts double from 0.2 seconds on (TCP_RTO_MIN); those of a SYN begin with a second, and newer
 * kernels do not double the first ones (tcp_syn_linear_timeouts). */
double pile_waited_s(enum pile pile, const struct sock *s)
{
	unsigned n = s->retrans < 12 ? s->retrans : 12;

	if (pile == PILE_SYN_SENT)
		return n;
	/* Probes of a closed window are not counted: each answer begins anew. */
	return s->timer == 1 ? 0.2 * ((1u << n) - 1) : 0;
}

const char *pile_name(enum pile pile)
{
	return pile_rules[pile].name;
}
