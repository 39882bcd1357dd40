/* From the kernel's numbers to the model's. Some of them mean that there is none: a threshold that
 * was never set, the shortest round trip before the first. */
#include "sockdash/diag_info.h"

#include <ctype.h>
#include <math.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/sock.h"

#define SSTHRESH_NEVER_SET 0x7fffffff
#define MIN_RTT_NONE       UINT32_MAX

static uint32_t number(int64_t n)
{
	return n < 0 ? SOCK_INFO_NONE : n < SOCK_INFO_NONE ? (uint32_t)n : SOCK_INFO_NONE - 1;
}

static uint64_t number64(int64_t n)
{
	return n < 0 ? SOCK_INFO_NONE64 : (uint64_t)n;
}

/* The kernel's letters are plain ones, but who knows which kernel that is. */
static void copy_name(char to[16], const char from[16])
{
	size_t i = 0;

	for (; i < 15 && from[i]; i++)
		to[i] = (char)(isgraph((unsigned char)from[i]) ? from[i] : '?');
	to[i] = '\0';
}

void diag_info_take(const struct diag_sock *d, struct sock_info *out)
{
	const struct diag_tcp_info *i = &d->info;

	*out = (struct sock_info){ .rx_rate = NAN, .tx_rate = NAN };
	/* What a listener tells are its queues, in places that mean something else. */
	if (!d->has_info || d->state == SOCK_LISTEN)
		return;
	out->known = true;
	out->bytes_acked = number64(i->bytes_acked);
	out->bytes_received = number64(i->bytes_received);
	out->pacing_rate = number64(i->pacing_rate == INT64_MAX ? DIAG_INFO_NONE : i->pacing_rate);
	out->delivery_rate = number64(i->delivery_rate);
	out->rtt_us = i->rtt_us ? number(i->rtt_us) : SOCK_INFO_NONE;
	out->rttvar_us = i->rtt_us ? number(i->rttvar_us) : SOCK_INFO_NONE;
	out->min_rtt_us = i->min_rtt_us == MIN_RTT_NONE ? SOCK_INFO_NONE : number(i->min_rtt_us);
	out->rto_us = i->rto_us ? number(i->rto_us) : SOCK_INFO_NONE;
	out->cwnd = number(i->cwnd);
	out->ssthresh = i->ssthresh >= SSTHRESH_NEVER_SET ? SOCK_INFO_NONE : number(i->ssthresh);
	out->retrans = number(i->total_retrans);
	out->unacked = number(i->unacked);
	out->lost = number(i->lost);
	out->notsent = number(i->notsent_bytes);
	out->mss = number(i->snd_mss);
	out->pmtu = i->pmtu ? number(i->pmtu) : SOCK_INFO_NONE;
	out->last_sent_ms = number(i->last_data_sent_ms);
	out->last_recv_ms = number(i->last_data_recv_ms);
	out->last_ack_ms = number(i->last_ack_recv_ms);
	copy_name(out->congestion, d->congestion);
}

/* ---- All that there is ----------------------------------------------------------------------- */

#define TCP(fact, field)                                                                           \
	{                                                                                          \
		FACT_##fact, offsetof(struct diag_tcp_info, field)                                 \
	}

static const struct {
	enum sock_fact fact;
	size_t at;
} tcp_facts[] = {
	TCP(CA_STATE, ca_state),
	TCP(RETRANSMITS, retransmits),
	TCP(PROBES, probes),
	TCP(BACKOFF, backoff),
	TCP(OPTIONS, options),
	TCP(RTO_US, rto_us),
	TCP(ATO_US, ato_us),
	TCP(SND_MSS, snd_mss),
	TCP(RCV_MSS, rcv_mss),
	TCP(UNACKED, unacked),
	TCP(SACKED, sacked),
	TCP(LOST, lost),
	TCP(RETRANS, retrans),
	TCP(PMTU, pmtu),
	TCP(RCV_SSTHRESH, rcv_ssthresh),
	TCP(RTT_US, rtt_us),
	TCP(RTTVAR_US, rttvar_us),
	TCP(SSTHRESH, ssthresh),
	TCP(CWND, cwnd),
	TCP(ADVMSS, advmss),
	TCP(REORDERING, reordering),
	TCP(RCV_RTT_US, rcv_rtt_us),
	TCP(RCV_SPACE, rcv_space),
	TCP(TOTAL_RETRANS, total_retrans),
	TCP(PACING_RATE, pacing_rate),
	TCP(MAX_PACING_RATE, max_pacing_rate),
	TCP(BYTES_ACKED, bytes_acked),
	TCP(BYTES_RECEIVED, bytes_received),
	TCP(SEGS_OUT, segs_out),
	TCP(SEGS_IN, segs_in),
	TCP(NOTSENT_BYTES, notsent_bytes),
	TCP(MIN_RTT_US, min_rtt_us),
	TCP(DATA_SEGS_IN, data_segs_in),
	TCP(DATA_SEGS_OUT, data_segs_out),
	TCP(DELIVERY_RATE, delivery_rate),
	TCP(BUSY_US, busy_us),
	TCP(RWND_LIMITED_US, rwnd_limited_us),
	TCP(SNDBUF_LIMITED_US, sndbuf_limited_us),
	TCP(DELIVERED, delivered),
	TCP(DELIVERED_CE, delivered_ce),
	TCP(BYTES_SENT, bytes_sent),
	TCP(BYTES_RETRANS, bytes_retrans),
	TCP(DSACK_DUPS, dsack_dups),
	TCP(REORD_SEEN, reord_seen),
	TCP(RCV_OOOPACK, rcv_ooopack),
	TCP(SND_WND, snd_wnd),
	TCP(RCV_WND, rcv_wnd),
	TCP(REHASH, rehash),
	TCP(TOTAL_RTO, total_rto),
	TCP(TOTAL_RTO_RECOVERIES, total_rto_recoveries),
	TCP(TOTAL_RTO_TIME_MS, total_rto_time_ms),
	TCP(LAST_SENT_MS, last_data_sent_ms),
	TCP(LAST_RECV_MS, last_data_recv_ms),
	TCP(LAST_ACK_MS, last_ack_recv_ms),
};

/* Numbers that mean that there is none. */
static void forget_nothings(int64_t *v)
{
	static const enum sock_fact zeros[] = { FACT_RTO_US, FACT_ATO_US, FACT_RTT_US, FACT_PMTU,
		FACT_RCV_RTT_US };

	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
		if (!v[zeros[i]])
			v[zeros[i]] = SOCK_FACT_NONE;
	if (v[FACT_RTT_US] == SOCK_FACT_NONE)
		v[FACT_RTTVAR_US] = SOCK_FACT_NONE;
	if (v[FACT_SSTHRESH] >= SSTHRESH_NEVER_SET)
		v[FACT_SSTHRESH] = SOCK_FACT_NONE;
	if (v[FACT_MIN_RTT_US] == MIN_RTT_NONE)
		v[FACT_MIN_RTT_US] = SOCK_FACT_NONE;
	if (v[FACT_MAX_PACING_RATE] == INT64_MAX)
		v[FACT_MAX_PACING_RATE] = SOCK_FACT_NONE;
	if (v[FACT_PACING_RATE] == INT64_MAX)
		v[FACT_PACING_RATE] = SOCK_FACT_NONE;
}

static void take_tcp(const struct diag_sock *d, int64_t *v)
{
	for (size_t i = 0; i < sizeof tcp_facts / sizeof *tcp_facts; i++)
		memcpy(&v[tcp_facts[i].fact], (const char *)&d->info + tcp_facts[i].at,
			sizeof(int64_t));
	if (d->info.wscale >= 0) {
		v[FACT_SND_WSCALE] = d->info.wscale & 15;
		v[FACT_RCV_WSCALE] = d->info.wscale >> 4;
	}
	if (d->info.flags >= 0)
		v[FACT_APP_LIMITED] = d->info.flags & 1;
	forget_nothings(v);
}

void diag_info_take_all(const struct diag_sock *d, struct sock_facts *out)
{
	int64_t *v = out->values;

	*out = (struct sock_facts){ .known = true };
	for (size_t i = 0; i < FACT_COUNT; i++)
		v[i] = SOCK_FACT_NONE;
	if (d->has_info && d->state != SOCK_LISTEN)
		take_tcp(d, v);
	if (d->has_memory)
		for (int i = 0; i < DIAG_MEM_COUNT; i++)
			v[FACT_RMEM + i] = d->memory[i];
	v[FACT_TOS] = d->has_tos ? d->tos : SOCK_FACT_NONE;
	v[FACT_TCLASS] = d->has_tclass ? d->tclass : SOCK_FACT_NONE;
	v[FACT_SHUTDOWN] = d->has_shutdown ? d->shutdown : SOCK_FACT_NONE;
	v[FACT_SOCKOPT] = d->has_sockopt ? d->sockopt : SOCK_FACT_NONE;
	v[FACT_V6ONLY] = d->has_v6only ? d->v6only : SOCK_FACT_NONE;
	v[FACT_CGROUP] = d->has_cgroup ? (int64_t)d->cgroup : SOCK_FACT_NONE;
	v[FACT_MARK] = d->has_mark ? (int64_t)d->mark : SOCK_FACT_NONE;
	v[FACT_STATE] = d->state;
	v[FACT_RECV_Q] = d->recv_q;
	v[FACT_SEND_Q] = d->send_q;
	v[FACT_TIMER] = d->timer;
	v[FACT_TIMER_MS] = d->expires_ms;
	v[FACT_TIMER_COUNT] = d->retrans;
	copy_name(out->congestion, d->congestion);
	copy_name(out->ulp, d->ulp);
}

struct diag_id diag_id_of(const struct sock_id *s)
{
	struct diag_id id = {
		.cookie = s->cookie,
		.local_port = s->local_port,
		.remote_port = s->remote_port,
		.iface = s->local.scope,
		.family = s->ipv4 ? AF_INET : AF_INET6,
		.protocol = s->proto == SOCK_UDP ? IPPROTO_UDP : IPPROTO_TCP,
	};

	memcpy(id.local, s->local.bytes + (s->ipv4 ? 12 : 0), s->ipv4 ? 4 : 16);
	memcpy(id.remote, s->remote.bytes + (s->ipv4 ? 12 : 0), s->ipv4 ? 4 : 16);
	return id;
}
