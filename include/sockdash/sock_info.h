/* sock_info: what TCP knows of a connection, as much of it as tables show. */
#ifndef SOCKDASH_SOCK_INFO_H
#define SOCKDASH_SOCK_INFO_H

#include <stdbool.h>
#include <stdint.h>

/* A number that the kernel did not tell (an older one), or that means nothing. */
#define SOCK_INFO_NONE   UINT32_MAX
#define SOCK_INFO_NONE64 UINT64_MAX

struct sock_info {
	uint64_t bytes_acked, bytes_received; /* over the life of the connection */
	uint64_t pacing_rate, delivery_rate;  /* bytes per second */
	char congestion[16]; /* name of its congestion control, safe to print, "" not known */
	uint32_t rtt_us, rttvar_us, min_rtt_us;
	uint32_t rto_us;
	uint32_t cwnd, ssthresh; /* segments */
	uint32_t retrans;        /* segments, over the life of the connection */
	uint32_t unacked, lost;  /* segments, now */
	uint32_t notsent;        /* bytes that have not been sent once */
	uint32_t mss, pmtu;      /* bytes */
	uint32_t last_sent_ms, last_recv_ms,
		last_ack_ms;    /* since data was sent, came, an ACK came */
	float rx_rate, tx_rate; /* bytes per second that came, that were acknowledged; NAN */
	bool known;             /* false: nothing of it is */
};

/* Bytes per second between two looks at a connection so many nanoseconds apart; NAN where one of
 * them is not known or the count went back. */
float sock_info_rate(uint64_t then, uint64_t now, int64_t apart_ns);

/* Sets the rates of a connection from an earlier look at it. */
void sock_info_set_rates(struct sock_info *now, const struct sock_info *then, int64_t apart_ns);

#endif
