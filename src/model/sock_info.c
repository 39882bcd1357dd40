/* Rates of a connection. */
#include "sockdash/sock_info.h"

#include <math.h>

float sock_info_rate(uint64_t then, uint64_t now, int64_t apart_ns)
{
	if (then == SOCK_INFO_NONE64 || now == SOCK_INFO_NONE64 || now < then || apart_ns <= 0)
		return NAN;
	return (float)((double)(now - then) * 1e9 / (double)apart_ns);
}

void sock_info_set_rates(struct sock_info *now, const struct sock_info *then, int64_t apart_ns)
{
	if (!now->known || !then->known)
		return;
	now->rx_rate = sock_info_rate(then->bytes_received, now->bytes_received, apart_ns);
	now->tx_rate = sock_info_rate(then->bytes_acked, now->bytes_acked, apart_ns);
}
