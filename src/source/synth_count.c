/* The counters of a made-up server. Connections, resets and drops are those of its sockets; the
 * others follow from these in proportions that one finds on a web server in good health, but for
 * its crowded listener and its tracked connections, which are many. */
#include "sockdash/synth_count.h"

#define PAGE        4096
#define LIMIT_BYTES (INT64_C(1126) << 20)

enum { OF_NOTHING, OF_PASSIVE, OF_ACTIVE, OF_RESETS, OF_SEGMENTS, OF_RETRANS, OF_MS, BASES };

/* A counter was `first`, and grows by one for each `every` of something. */
static const struct growth {
	enum counter counter;
	int64_t first;
	uint8_t base;
	uint32_t every;
} growths[] = {
	{ COUNTER_OUT_RESETS, 7000, OF_RESETS, 1 },
	{ COUNTER_OUT_SEGMENTS, 90000000, OF_SEGMENTS, 1 },
	{ COUNTER_RETRANS_SEGMENTS, 400000, OF_RETRANS, 1 },
	{ COUNTER_REQQ_COOKIES, 4, OF_NOTHING, 1 },
	{ COUNTER_REQQ_DROPS, 0, OF_NOTHING, 1 },
	{ COUNTER_SYNCOOKIES_SENT, 4, OF_NOTHING, 1 },
	{ COUNTER_SYNCOOKIES_RECV, 3, OF_NOTHING, 1 },
	{ COUNTER_SYNCOOKIES_FAILED, 1, OF_NOTHING, 1 },
	{ COUNTER_EMBRYONIC_RESETS, 800, OF_PASSIVE, 500 },
	{ COUNTER_ATTEMPT_FAILS, 5100, OF_ACTIVE, 60 },
	{ COUNTER_SYN_RETRANS, 9300, OF_ACTIVE, 40 },
	{ COUNTER_MEMORY_PRESSURES, 0, OF_NOTHING, 1 },
	{ COUNTER_PRUNE_CALLED, 12, OF_NOTHING, 1 },
	{ COUNTER_RCV_PRUNED, 0, OF_NOTHING, 1 },
	{ COUNTER_OFO_PRUNED, 0, OF_NOTHING, 1 },
	{ COUNTER_RCVQ_DROPS, 0, OF_NOTHING, 1 },
	{ COUNTER_ZERO_WINDOW_DROPS, 2, OF_NOTHING, 1 },
	{ COUNTER_BACKLOG_DROPS, 0, OF_NOTHING, 1 },
	{ COUNTER_ABORT_ON_MEMORY, 0, OF_NOTHING, 1 },
	{ COUNTER_TIME_WAITS, 2400000, OF_PASSIVE, 2 },
	{ COUNTER_TIME_WAIT_OVERFLOWS, 0, OF_NOTHING, 1 },
	{ COUNTER_TIME_WAIT_REUSED, 310, OF_NOTHING, 1 },
	{ COUNTER_ABORT_ON_CLOSE, 1400, OF_RESETS, 5 },
	{ COUNTER_ABORT_ON_DATA, 2100, OF_RESETS, 3 },
	{ COUNTER_ABORT_ON_TIMEOUT, 640, OF_RESETS, 30 },
	{ COUNTER_ABORT_ON_LINGER, 0, OF_NOTHING, 1 },
	{ COUNTER_ABORT_FAILED, 0, OF_NOTHING, 1 },
	{ COUNTER_ESTAB_RESETS, 11000, OF_RESETS, 1 },
	{ COUNTER_IN_SEGMENTS, 81000000, OF_SEGMENTS, 1 },
	{ COUNTER_IN_ERRORS, 17, OF_NOTHING, 1 },
	{ COUNTER_TIMEOUTS, 90000, OF_RETRANS, 4 },
	{ COUNTER_LOST_RETRANSMIT, 8000, OF_RETRANS, 50 },
	{ COUNTER_FAST_RETRANS, 210000, OF_RETRANS, 2 },
	{ COUNTER_SPURIOUS_RTOS, 4000, OF_RETRANS, 100 },
	{ COUNTER_RETRANS_FAILS, 0, OF_NOTHING, 1 },
	{ COUNTER_OFO_QUEUED, 300000, OF_SEGMENTS, 250 },
	{ COUNTER_PAWS_ESTAB, 25, OF_NOTHING, 1 },
	{ COUNTER_TO_ZERO_WINDOW, 7700, OF_SEGMENTS, 20000 },
	{ COUNTER_UDP_IN, 3000000, OF_MS, 25 },
	{ COUNTER_UDP_OUT, 2900000, OF_MS, 27 },
	/* What the UDP socket loses that loses datagrams. */
	{ COUNTER_UDP_IN_ERRORS, 62, OF_MS, 400 },
	{ COUNTER_UDP_RCVBUF_ERRORS, 60, OF_MS, 400 },
	{ COUNTER_UDP_SNDBUF_ERRORS, 0, OF_NOTHING, 1 },
	{ COUNTER_UDP_NO_PORTS, 440, OF_MS, 9000 },
	{ COUNTER_UDP6_IN, 1200, OF_MS, 4000 },
	{ COUNTER_UDP6_OUT, 1300, OF_MS, 4000 },
	{ COUNTER_UDP6_IN_ERRORS, 0, OF_NOTHING, 1 },
	{ COUNTER_UDP6_RCVBUF_ERRORS, 0, OF_NOTHING, 1 },
	{ COUNTER_UDP6_SNDBUF_ERRORS, 0, OF_NOTHING, 1 },
	{ COUNTER_UDP6_NO_PORTS, 0, OF_NOTHING, 1 },
	{ COUNTER_SOFTNET_DROPS, 0, OF_NOTHING, 1 },
	{ COUNTER_SOFTNET_SQUEEZES, 1900, OF_SEGMENTS, 10000 },
	/* Settings. */
	{ COUNTER_PORT_FIRST, 32768, OF_NOTHING, 1 },
	{ COUNTER_PORT_LAST, 60999, OF_NOTHING, 1 },
	{ COUNTER_PORTS_RESERVED, 0, OF_NOTHING, 1 },
	{ COUNTER_SOMAXCONN, 4096, OF_NOTHING, 1 },
	{ COUNTER_SYN_BACKLOG, 4096, OF_NOTHING, 1 },
	{ COUNTER_SYNCOOKIES, 1, OF_NOTHING, 1 },
	{ COUNTER_ABORT_ON_OVERFLOW, 0, OF_NOTHING, 1 },
	{ COUNTER_RMEM_MAX, 212992, OF_NOTHING, 1 },
};

/* What is taken, and the limits: as large as somebody sets them who has so many sockets. */
static void count_gauges(
	const struct synth_now *now, const struct synth_totals *t, int64_t counters[COUNTER_COUNT])
{
	int64_t *c = counters, scale = 1 + t->sockets / 500000;
	int64_t there = (int64_t)t->sockets + now->opened - now->closed;
	int64_t waver = (int64_t)(hash_mix(now->seed, now->step) % 64);

	c[COUNTER_TCP_MEM] = (there / 8 + 16 * now->arrived + waver) * PAGE;
	c[COUNTER_TCP_MEM_LIMIT] = LIMIT_BYTES * scale;
	c[COUNTER_TCP_MEM_PRESSURE] = c[COUNTER_TCP_MEM_LIMIT] / 3 * 2;
	c[COUNTER_UDP_MEM] = (3 + waver / 8) * PAGE;
	c[COUNTER_UDP_MEM_LIMIT] = 2 * LIMIT_BYTES;
	c[COUNTER_ORPHANS] = 1 + t->lingering / 60;
	c[COUNTER_ORPHANS_LIMIT] = 65536 * scale;
	c[COUNTER_TIME_WAIT_BUCKETS] = t->lingering;
	c[COUNTER_TIME_WAIT_LIMIT] = 262144 * scale;
	c[COUNTER_CONNTRACK] = there + waver;
	c[COUNTER_CONNTRACK_LIMIT] = (t->sockets / 5 * 8 / 1024 + 1) * 1024;
	c[COUNTER_FILES] = 1500 + there + now->leaked;
	c[COUNTER_FILES_LIMIT] = (INT64_C(1) << 21) * scale;
}

void synth_count(
	const struct synth_now *now, const struct synth_totals *t, int64_t counters[COUNTER_COUNT])
{
	const struct synth_plan *p = now->plan;
	uint64_t seats = (now->queue_turn - 1) * p->seats + now->arrived;
	uint64_t bursts = (now->burst_turn - 1) * p->burst + now->opened;
	const uint64_t bases[BASES] = {
		[OF_PASSIVE] = t->passive,
		[OF_ACTIVE] = t->active,
		[OF_RESETS] = t->resets,
		[OF_SEGMENTS] = t->segments,
		[OF_RETRANS] = t->retrans,
		[OF_MS] = (uint64_t)now->elapsed_ms,
	};

	for (size_t i = 0; i < sizeof growths / sizeof *growths; i++) {
		const struct growth *g = &growths[i];

		counters[g->counter] = g->first + (int64_t)(bases[g->base] / g->every);
	}
	counters[COUNTER_ACTIVE_OPENS] = 800000 + (int64_t)t->active;
	counters[COUNTER_PASSIVE_OPENS] =
		5000000 + (int64_t)(t->passive + seats + bursts + now->leaked);
	/* All of it because the queue of the crowded listener is full. */
	counters[COUNTER_LISTEN_DROPS] = 900 + now->drops;
	counters[COUNTER_LISTEN_OVERFLOWS] = 880 + now->drops;
	count_gauges(now, t, counters);
}
