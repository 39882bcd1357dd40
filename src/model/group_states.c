/* The state histogram: counted from the dump and from nothing else, since the kernel's own totals
 * mean other things (CurrEstab has CLOSE-WAIT in it, sockstat's tw has FIN-WAIT-2). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"

/* Order of the rows: the life of a connection. */
static const uint8_t tcp_order[] = {
	SOCK_LISTEN,
	SOCK_SYN_SENT,
	SOCK_SYN_RECV,
	SOCK_ESTAB,
	SOCK_FIN_WAIT_1,
	SOCK_FIN_WAIT_2,
	SOCK_CLOSE_WAIT,
	SOCK_CLOSING,
	SOCK_LAST_ACK,
	SOCK_TIME_WAIT,
	SOCK_CLOSE,
};
static const uint8_t udp_order[] = { SOCK_CLOSE, SOCK_ESTAB };

static const struct {
	uint8_t proto;
	const uint8_t *states;
	size_t count;
} order[] = {
	{ SOCK_TCP, tcp_order, sizeof tcp_order },
	{ SOCK_UDP, udp_order, sizeof udp_order },
};

static uint32_t count_then(const struct sample *prev, uint8_t proto, uint8_t state)
{
	for (uint32_t i = 0; i < prev->state_count; i++)
		if (prev->states[i].proto == proto && prev->states[i].state == state)
			return prev->states[i].count;
	return 0;
}

struct tally {
	uint32_t count[SOCK_PROTO_COUNT][SOCK_STATE_COUNT];
	uint32_t entered[SOCK_PROTO_COUNT][SOCK_STATE_COUNT]; /* new, or from another state */
	uint32_t all[SOCK_PROTO_COUNT];
};

static void count_all(const struct sample *s, const struct sample *prev, struct tally *t)
{
	const struct frame *f = s->frame;

	for (uint32_t n = 0; n < sample_sock_count(s); n++) {
		uint32_t row = sample_sock_row(s, n);
		const struct sock *sock = &f->socks[row];
		uint32_t then = group_then(s, prev, row);

		t->all[sock->proto]++;
		t->count[sock->proto][sock->state]++;
		t->entered[sock->proto][sock->state] +=
			then == SOCK_NONE || prev->frame->socks[then].state != sock->state;
	}
}

static void add_row(struct sample *s, const struct sample *prev, const struct tally *t,
	uint8_t proto, uint8_t state)
{
	uint32_t count = t->count[proto][state], entered = t->entered[proto][state];
	uint32_t total = t->all[proto], then;

	/* What was not there to be counted has not changed. */
	if (prev && prev->frame->absent & 1u << proto)
		prev = NULL;
	then = prev ? count_then(prev, proto, state) : 0;
	/* TCP's own closed state is seen only where a socket was caught between two states. */
	if (!count && !then && proto == SOCK_TCP && state == SOCK_CLOSE)
		return;
	s->states[s->state_count++] = (struct state_row){
		.proto = proto,
		.state = state,
		.count = count,
		.percent = total ? 100.0 * count / total : 0,
		.delta = prev ? (int64_t)count - then : SAMPLE_UNKNOWN,
		.in_rate = prev ? group_rate(entered, s->interval_s) : NAN,
		.out_rate = prev ? group_rate((double)then + entered - count, s->interval_s) : NAN,
	};
}

int group_states(struct sample *s, const struct sample *prev)
{
	struct tally t = { 0 };

	s->states = calloc(sizeof tcp_order + sizeof udp_order, sizeof *s->states);
	if (!s->states)
		return -ENOMEM;
	count_all(s, prev, &t);
	memcpy(s->totals.sockets, t.all, sizeof t.all);
	for (size_t p = 0; p < sizeof order / sizeof *order; p++) {
		if (s->frame->absent & 1u << order[p].proto)
			continue;
		for (size_t i = 0; i < order[p].count; i++)
			add_row(s, prev, &t, order[p].proto, order[p].states[i]);
	}
	return 0;
}
