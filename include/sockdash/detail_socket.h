/* detail_socket: all that there is to tell of one socket, as a page. */
#ifndef SOCKDASH_DETAIL_SOCKET_H
#define SOCKDASH_DETAIL_SOCKET_H

#include "sockdash/looks.h"
#include "sockdash/page.h"

/* What a socket was at one time. */
struct sock_moment {
	int64_t wall_ns;
	uint32_t recv_q, send_q;
	uint32_t rtt_us;        /* SOCK_INFO_NONE */
	float tx_rate, rx_rate; /* NAN */
	uint8_t state;
};

/* What became of it since somebody watches: the newest moments, and when its state changed. */
#define SOCK_CHANGES_MAX 8
struct sock_history {
	struct sock_moment moments[TREND_POINTS]; /* the oldest first */
	uint32_t count;
	struct sock_moment changes[SOCK_CHANGES_MAX]; /* the first moments in other states */
	uint8_t states_before[SOCK_CHANGES_MAX];
	uint32_t change_count;
};

/* Adds a moment, in place of the oldest where there is no room. */
void sock_history_add(struct sock_history *h, const struct sock_moment *m);

struct sock_story {
	const struct sample *sample; /* whole */
	uint32_t row;                /* of its frame */
	const struct sock_facts *facts;
	const struct sock_look *look; /* or NULL */
	const struct sock_history *history;
	bool live;   /* facts can be asked for */
	bool replay; /* of a recording */
};

/* Fills an empty page. */
void detail_socket(const struct sock_story *s, struct page *out);

/* The part of TCP, memory and settings (detail_tcp.c). */
void detail_tcp(const struct sock_story *s, struct page *out);

/* The other end of a socket, where that is a socket of the same frame: its row, or SOCK_NONE. Looks
 * through all: some milliseconds for a million. */
uint32_t detail_peer(const struct frame *f, uint32_t row);

/* The listener that a connection came through, or SOCK_NONE. */
uint32_t detail_listener(const struct sample *s, uint32_t row);

#endif
