/* sock: one socket, as a row of 56 bytes, and the words for its states. */
#ifndef SOCKDASH_SOCK_H
#define SOCKDASH_SOCK_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* The numbers are the kernel's (net/tcp_states.h); UDP uses ESTAB and CLOSE (shown as UNCONN). */
enum sock_state {
	SOCK_ESTAB = 1,
	SOCK_SYN_SENT,
	SOCK_SYN_RECV,
	SOCK_FIN_WAIT_1,
	SOCK_FIN_WAIT_2,
	SOCK_TIME_WAIT,
	SOCK_CLOSE,
	SOCK_CLOSE_WAIT,
	SOCK_LAST_ACK,
	SOCK_LISTEN,
	SOCK_CLOSING,
	SOCK_STATE_COUNT, /* one past the last; 0 is no state */
};

enum sock_proto { SOCK_TCP, SOCK_UDP, SOCK_PROTO_COUNT };

enum sock_flag {
	SOCK_IPV4 = 1,      /* AF_INET; an IPv4 address in an AF_INET6 socket has it not */
	SOCK_V6ONLY = 2,    /* AF_INET6 listener that does not serve IPv4 */
	SOCK_HAS_DROPS = 4, /* `drops` is known */
	SOCK_OLDER = 8,     /* was there when we first looked: its age is at least that */
	SOCK_CARRIED =
		16, /* its owner let go of it; who that was is remembered from an earlier frame */
	SOCK_HIDDEN = 32, /* some process owns it that we cannot see */
	/* CLOSE-WAIT: it has waited at least since wait_since. ESTAB: wait_since is known: its
	 * receive queue, or where that is empty the send queue, has stood still since then (the
	 * frame's own time: it has moved since the frame before). */
	SOCK_WAIT_LONGER = 128,
	SOCK_NO_BACKLOG = 64, /* LISTEN: send_q does not tell the backlog */
};

/* A time in tenths of a second since the frame's epoch (may be before it: negative), or not
 * known. */
#define SOCK_TIME_NONE INT32_MIN

/* No row: no owner, not found. */
#define SOCK_NONE UINT32_MAX

struct sock {
	uint64_t cookie;         /* the kernel's identity of the socket for its life; 0 not known */
	uint32_t inode;          /* 0: no file (TIME-WAIT, SYN-RECV, orphan, not accepted yet) */
	uint32_t uid;            /* means something only with an inode */
	uint32_t recv_q, send_q; /* bytes; LISTEN: accept queue now, backlog */
	uint32_t local, remote;  /* rows of the frame's address table */
	uint16_t local_port, remote_port;
	uint32_t owner;     /* first of its owner edges in the frame, or SOCK_NONE */
	int32_t first_seen; /* SOCK_TIME unit */
	union {
		int32_t wait_since; /* CLOSE-WAIT: when the FIN arrived, SOCK_TIME unit; ESTAB:
				       with SOCK_WAIT_LONGER */
		uint32_t drops;     /* LISTEN, UDP: lost here, with SOCK_HAS_DROPS */
	};
	uint32_t expires_ms : 26; /* of the timer, at most SOCK_EXPIRES_MAX */
	uint32_t state : 4;       /* enum sock_state */
	uint32_t proto : 2;       /* enum sock_proto */
	uint16_t netns : 13;      /* row of the frame's namespace table */
	uint16_t timer : 3; /* 0 off, 1 retransmit, 2 keepalive, 3 time-wait, 4 window probe */
	uint8_t retrans;
	uint8_t flags; /* enum sock_flag */
};
static_assert(sizeof(struct sock) == 56, "a million of these are held twice");

/* 18 hours: longer than any timer of TCP can run (a keepalive time has 32,767 seconds at most). */
#define SOCK_EXPIRES_MAX ((UINT32_C(1) << 26) - 1)
#define SOCK_TIMER_MAX   7u
#define SOCK_NETNS_MAX   ((1u << 13) - 1)

static inline void sock_set_state(struct sock *s, unsigned proto, unsigned state)
{
	s->proto = proto & 3u;
	s->state = state & 15u;
}

/* A longer time than the longest becomes that. */
static inline void sock_set_timer(struct sock *s, unsigned timer, uint32_t expires_ms)
{
	s->timer = timer & SOCK_TIMER_MAX;
	s->expires_ms =
		(expires_ms < SOCK_EXPIRES_MAX ? expires_ms : SOCK_EXPIRES_MAX) & SOCK_EXPIRES_MAX;
}

/* The name ss prints: "ESTAB", "CLOSE-WAIT", "UNCONN"; "?" for no state. */
const char *sock_state_name(unsigned state);

/* "tcp", "udp". */
const char *sock_proto_name(unsigned proto);

/* "on", "keepalive", "timewait", "persist" as ss prints; "off" for 0, "?" for a kind we do not
 * know. */
const char *sock_timer_name(unsigned timer);

/* A connection in the sense of our counts: TCP, any state but LISTEN, TIME-WAIT and closed. */
static inline bool sock_is_conn(const struct sock *s)
{
	return s->proto == SOCK_TCP && s->state != SOCK_LISTEN && s->state != SOCK_TIME_WAIT &&
	       s->state != SOCK_CLOSE;
}

/* Waits for peers: a TCP listener, or a UDP socket without a peer. */
static inline bool sock_is_listener(const struct sock *s)
{
	return s->state == (s->proto == SOCK_TCP ? SOCK_LISTEN : SOCK_CLOSE);
}

/* Why a CLOSE-WAIT socket is stuck, from its receive queue, in which the peer's FIN counts 1 (the
 * kernel's tcp_inq(); measured). */
enum sock_wait_cause {
	SOCK_WAIT_UNREAD,     /* data the application did not read */
	SOCK_WAIT_EOF_UNREAD, /* only the end of file was not read */
	SOCK_WAIT_NOT_CLOSED, /* everything was read; the descriptor was never closed */
	SOCK_WAIT_CAUSES,
};

static inline enum sock_wait_cause sock_wait_cause(const struct sock *s)
{
	return s->recv_q >= 2 ? SOCK_WAIT_UNREAD
	       : s->recv_q    ? SOCK_WAIT_EOF_UNREAD
			      : SOCK_WAIT_NOT_CLOSED;
}

#endif
