/* From the kernel's numbers to the model's. Some of them mean that there is none: a threshold that
 * was never set, the shortest round trip before the first. */
#include "sockdash/diag_info.h"

#include <ctype.h>
#include <math.h>

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
