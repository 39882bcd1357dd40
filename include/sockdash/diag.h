/* diag: sockets as the kernel tells them through NETLINK_SOCK_DIAG.
 *
 * struct diag_sock is the border: below it nothing prints, above it nothing knows netlink. */
#ifndef SOCKDASH_DIAG_H
#define SOCKDASH_DIAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockdash/diag_filter.h"

/* ---- One socket ------------------------------------------------------------------------------ */

/* What the kernel tells in struct tcp_info; -1 where it is too old to. Times of the kernel's are as
 * its fields are: the unit is in the name. */
#define DIAG_INFO_NONE (-1)
struct diag_tcp_info {
	int64_t ca_state;    /* of congestion: 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss */
	int64_t retransmits; /* of the segment that is being sent again */
	int64_t probes, backoff;
	int64_t options; /* 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen,
			    32 data in the SYN, 64 microsecond timestamps, 128 TFO child */
	int64_t wscale;  /* send in the lower 4 bits, receive above */
	int64_t flags;   /* 1: the delivery rate is limited by the application */
	int64_t rto_us, ato_us, snd_mss, rcv_mss;
	int64_t unacked, sacked, lost, retrans; /* segments, now */
	int64_t last_data_sent_ms;              /* probes of a closed window are not data */
	int64_t last_data_recv_ms;
	int64_t last_ack_recv_ms; /* on CLOSE-WAIT: since the FIN arrived */
	int64_t pmtu, rcv_ssthresh;
	int64_t rtt_us, rttvar_us;
	int64_t ssthresh, cwnd; /* segments */
	int64_t advmss, reordering, rcv_rtt_us, rcv_space;
	int64_t total_retrans; /* segments, over the life of the connection, as all below */
	int64_t pacing_rate, max_pacing_rate; /* bytes per second; INT64_MAX: no limit */
	int64_t bytes_acked, bytes_received;
	int64_t segs_out, segs_in;
	int64_t notsent_bytes; /* now */
	int64_t min_rtt_us;
	int64_t data_segs_in, data_segs_out;
	int64_t delivery_rate; /* bytes per second */
	int64_t busy_us, rwnd_limited_us, sndbuf_limited_us;
	int64_t delivered, delivered_ce;
	int64_t bytes_sent, bytes_retrans;
	int64_t dsack_dups, reord_seen, rcv_ooopack;
	int64_t snd_wnd, rcv_wnd, rehash;
	int64_t total_rto, total_rto_recoveries, total_rto_time_ms;
};

/* SKMEMINFO, in the kernel's order. */
enum diag_memory {
	DIAG_MEM_RMEM, /* bytes received and not read */
	DIAG_MEM_RCVBUF,
	DIAG_MEM_WMEM, /* sent and still held by the network */
	DIAG_MEM_SNDBUF,
	DIAG_MEM_FORWARD, /* set aside for it, not in use */
	DIAG_MEM_QUEUED,  /* in its send queue */
	DIAG_MEM_OPTION,
	DIAG_MEM_BACKLOG, /* came while it was locked */
	DIAG_MEM_DROPS,   /* a count */
	DIAG_MEM_COUNT,
};

/* One row of a dump, in host byte order but for the addresses. */
struct diag_sock {
	uint64_t cookie; /* identity for life (per netns before Linux 5.3); 0: not known */
	uint32_t mark;   /* fwmark, where has_mark: only with CAP_NET_ADMIN */
	uint64_t cgroup; /* id of the cgroup v2 directory, where has_cgroup (Linux 5.8) */
	uint8_t local[16], remote[16]; /* AF_INET: in the first 4 bytes, the rest 0 */
	uint16_t local_port, remote_port;
	uint32_t iface;          /* index of the bound device, 0: none */
	uint32_t recv_q, send_q; /* bytes; LISTEN: accept queue now, backlog */
	uint32_t expires_ms;     /* of the timer */
	uint32_t uid,
		inode;  /* 0 where the socket has no file (TIME-WAIT, not accepted yet, orphan) */
	uint32_t drops; /* where has_drops: of the memory, or of /proc/net */
	uint32_t memory[DIAG_MEM_COUNT]; /* where has_memory */
	uint8_t family;                  /* AF_INET or AF_INET6 */
	uint8_t protocol;                /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t state;                   /* TCP_ESTABLISHED (1) ... TCP_CLOSING (11) */
	uint8_t timer;   /* 0 off, 1 retransmit, 2 keepalive, 3 time-wait, 4 zero-window probe */
	uint8_t retrans; /* retransmits, keepalive or window probes so far */
	bool has_mark, has_cgroup, has_drops, has_memory, has_v6only, v6only, has_tos, has_tclass,
		has_shutdown, has_sockopt, has_info;
	uint8_t tos, tclass;       /* of IPv4, of IPv6 */
	uint8_t shutdown;          /* 1 receiving, 2 sending */
	uint16_t sockopt;          /* the bits of struct inet_diag_sockopt, in its order */
	char congestion[16];       /* "" not told */
	char ulp[16];              /* "tls", "mptcp", "" none or not told */
	struct diag_tcp_info info; /* where has_info */
};

/* Gets each row; 0 goes on, -errno ends the dump with that error. The row is valid during the call
 * only. */
typedef int diag_sink(void *context, const struct diag_sock *row);

/* ---- Bytes to rows (pure) -------------------------------------------------------------------- */

/* What a reply must carry to be the answer to a request. */
struct diag_expect {
	uint32_t sequence, port; /* of the request; 0 accepts any (files) */
	uint8_t protocol;        /* the kernel does not repeat it */
};

/* Parses one buffer of netlink messages and hands its rows to the sink. 1: the dump goes on, 0: it
 * is complete, -errno: the kernel's error (also the one that NLMSG_DONE carries: -ENOENT for a
 * missing protocol module), the sink's, or -EBADMSG for bytes that are not what was asked. Unknown
 * attributes and message types are skipped, cut-off attributes ignored; nothing outside the bytes
 * is read. *interrupted, if given, is set when a message carries NLM_F_DUMP_INTR. */
int diag_parse(const void *bytes, size_t len, const struct diag_expect *expect, diag_sink *sink,
	void *context, bool *interrupted);

/* ---- The conversation ------------------------------------------------------------------------ */

/* Attributes to ask for, OR-ed. */
#define DIAG_WANT_INFO       1u /* struct tcp_info: locks every socket, ask it for few states */
#define DIAG_WANT_DROPS      2u /* SKMEMINFO, with the other memory */
#define DIAG_WANT_CONGESTION 4u
#define DIAG_WANT_TOS        8u /* and the traffic class of IPv6 */

struct diag_query {
	uint8_t family;   /* AF_INET, AF_INET6, or 0 for both in one walk of the table (TCP only) */
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint32_t states;  /* bit 1 << state; only bits 1 to 11 are sent */
	unsigned want;    /* DIAG_WANT_... */
	/* The kernel tells only the sockets that it accepts; NULL or one of no bytes: all. */
	const struct diag_program *program;
};

/* One socket, as a row of a dump has told it. */
struct diag_id {
	uint64_t cookie;
	uint8_t local[16], remote[16]; /* AF_INET: in the first 4 bytes */
	uint16_t local_port, remote_port;
	uint32_t iface;   /* index of the bound device, 0: none */
	uint8_t family;   /* AF_INET or AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP; to be destroyed also IPPROTO_UDP */
};

/* Writes the request for a query into `out`; answers its length, 0 for what cannot be asked (family
 * 0 but for TCP). Pure. */
#define DIAG_REQUEST_MAX (256 + DIAG_PROGRAM_MAX)
size_t diag_request(void *out, const struct diag_query *query, uint32_t sequence);

/* The request for one socket, and the one to destroy it. */
size_t diag_request_one(void *out, const struct diag_id *id, unsigned want, uint32_t sequence);
size_t diag_request_destroy(void *out, const struct diag_id *id, uint32_t sequence);

struct diag;

/* Opens a conversation in the calling thread's network namespace. 0 or -errno: -EPROTONOSUPPORT no
 * sock_diag in this kernel, -EPERM, -EACCES or -EAFNOSUPPORT a sandbox forbids it. */
int diag_open(struct diag **out);
void diag_close(struct diag *d);

/* Asks and hands all rows to the sink. 0 or -errno as diag_parse() and recv(2) give. After an error
 * the conversation is closed and opened again by the next call (a half-read dump would answer
 * -EBUSY); -EINVAL also for a program that is too new for the kernel, -EPERM for one that tests marks
 * without CAP_NET_ADMIN; -ESTALE if the calling thread is in another network namespace by then. A dump is not a
 * snapshot: under churn it may repeat or miss a socket, and never says so. *stop, if given, is
 * looked at between buffers: true ends with -ECANCELED. */
int diag_dump(struct diag *d, const struct diag_query *query, diag_sink *sink, void *context,
	const atomic_bool *stop);

/* Asks for single sockets, a batch of them in flight at a time: 4 us each. The sink gets those that
 * are still there (with the same cookie), in order. Errors as with diag_dump(). */
int diag_get(struct diag *d, const struct diag_id *ids, size_t count, unsigned want,
	diag_sink *sink, void *context, const atomic_bool *stop);

/* Gets what became of a socket that was to be destroyed: 0, -ENOENT it was gone (or has another cookie),
 * -EPERM it takes CAP_NET_ADMIN, -EOPNOTSUPP a kernel without CONFIG_INET_DIAG_DESTROY, or one that
 * cannot do it in this state. */
typedef void diag_destroyed(void *context, size_t socket, int error);

/* Destroys sockets, as diag_get() asks for them: the owner of one that is established gets
 * ECONNABORTED, the peer a RST. A descriptor of it stays open. Errors as with diag_dump(), but not
 * those of single sockets. */
int diag_destroy(struct diag *d, const struct diag_id *ids, size_t count, diag_destroyed *told,
	void *context, const atomic_bool *stop);

#endif
