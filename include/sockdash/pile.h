/* pile: which sockets wait for something that should soon come: for a close, an answer, a reader. */
#ifndef SOCKDASH_PILE_H
#define SOCKDASH_PILE_H

#include "sockdash/frame.h"
#include "sockdash/sample.h"

struct pile_rule {
	const char *name;
	/* Seconds that a socket may be there without being overdue, before it is known how long
	 * they usually stay. */
	double floor_s;
	/* Seconds after which one that is still there can be a leaked one. Longer than floor_s
	 * where the kernel itself ends the wait. */
	double leak_s;
	bool queue; /* a queue that does not move: the wait begins anew when it does */
};
extern const struct pile_rule pile_rules[PILES];

/* Whether a socket can be in a pile at all: most are established and idle, or in TIME-WAIT. */
static inline bool pile_is_possible(const struct sock *s)
{
	const unsigned states = 1u << SOCK_CLOSE_WAIT | 1u << SOCK_FIN_WAIT_2 |
				1u << SOCK_LAST_ACK | 1u << SOCK_SYN_SENT;

	if (s->state != SOCK_ESTAB)
		return states >> s->state & 1;
	return s->recv_q || (s->send_q && (s->timer == 4 || s->retrans));
}

/* How long the kernel must have waited, at least, to have sent again as often as it has; 0 where that
 * tells nothing. In seconds. */
double pile_waited_s(enum pile pile, const struct sock *s);

/* The pile that the mark of an established socket is about. */
static inline enum pile pile_marked(const struct sock *s)
{
	return s->recv_q ? PILE_RECV_Q : PILE_SEND_Q;
}

/* The piles a socket is in: bits 1 << enum pile. `then` is the same socket in the sample before, or
 * NULL: what its queues did since cannot be told without it; `looked` is when that was, SOCK_TIME
 * unit. A queue that has not shrunk may have been refilled: a mark tells whether it moved. */
static inline unsigned pile_mask(const struct sock *s, const struct sock *then, int32_t looked)
{
	static const uint8_t states[16] = {
		[SOCK_CLOSE_WAIT] = 1 << PILE_CLOSE_WAIT,
		[SOCK_FIN_WAIT_2] = 1 << PILE_FIN_WAIT_2,
		[SOCK_LAST_ACK] = 1 << PILE_LAST_ACK,
		[SOCK_SYN_SENT] = 1 << PILE_SYN_SENT,
	};
	unsigned mask;

	if (s->state != SOCK_ESTAB)
		return states[s->state];
	if (s->proto != SOCK_TCP || !then)
		return 0;
	mask = then->recv_q && s->recv_q >= then->recv_q ? 1u << PILE_RECV_Q : 0;
	/* The kernel's timer says that the peer does not take it: 4 probes a closed window. */
	if ((s->timer == 4 || s->retrans) && then->send_q && s->send_q >= then->send_q)
		mask |= 1u << PILE_SEND_Q;
	if (s->flags & SOCK_WAIT_LONGER) {
		mask &= ~(1u << pile_marked(s));
		mask |= s->wait_since <= looked ? 1u << pile_marked(s) : 0;
	}
	/* Last, for it is seldom in the cache. */
	if (mask && then->state != SOCK_ESTAB)
		return 0;
	return mask;
}

#endif
