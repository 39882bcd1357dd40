/* The lines of what the kernel counts. A new one is a line here. A meaning has its most important
 * words first, since the end may be cut off, and says what it is, then what is normal or why. */
#include "sockdash/kernel_items.h"

#include <assert.h>

const char *kernel_group_name(enum kernel_group group)
{
	static const char *const names[KERNEL_GROUPS] = {
		[KERNEL_ACCEPTING] = "accepting",
		[KERNEL_MEMORY] = "memory",
		[KERNEL_CLOSING] = "closing",
		[KERNEL_NETWORK] = "network",
		[KERNEL_LIMITS] = "limits",
	};

	return names[group];
}

#define ONE(c)         .addends = 1, .counters = { COUNTER_##c }
#define TWO(c, d)      .addends = 2, .counters = { COUNTER_##c, COUNTER_##d }
#define OF(c)          .has_whole = true, .whole = COUNTER_##c
#define COUNTS(g, w)   .group = KERNEL_##g, .kind = KERNEL_COUNTER, .weight = KERNEL_##w
#define LIMITED(kind_) .group = KERNEL_LIMITS, .kind = KERNEL_##kind_

/* clang-format off */
const struct kernel_item kernel_items[] = {
	{ "ListenDrops", COUNTS(ACCEPTING, LOSS), ONE(LISTEN_DROPS),
		.meaning = "connections dropped at a listener, whatever the reason" },
	{ "ListenOverflows", COUNTS(ACCEPTING, LOSS), ONE(LISTEN_OVERFLOWS),
		.meaning = "accept queue full: the process accepts too slowly" },
	{ "TCPReqQFullDrop", COUNTS(ACCEPTING, LOSS), ONE(REQQ_DROPS),
		.meaning = "handshakes dropped: SYN queue full, and no SYN cookies" },
	{ "TCPReqQFullDoCookies", COUNTS(ACCEPTING, TROUBLE), ONE(REQQ_COOKIES),
		.meaning = "SYN queue full, answered with a cookie: a burst or a flood" },
	{ "SyncookiesSent", COUNTS(ACCEPTING, TROUBLE), ONE(SYNCOOKIES_SENT),
		.meaning = "SYN cookies sent; normal: none" },
	{ "SyncookiesRecv", COUNTS(ACCEPTING, NOTICE), ONE(SYNCOOKIES_RECV),
		.meaning = "SYN cookies that came back: these clients are real" },
	{ "SyncookiesFailed", COUNTS(ACCEPTING, NOTICE), ONE(SYNCOOKIES_FAILED),
		.meaning = "ACKs to a listener that are no cookie of ours: late, or forged" },
	{ "EmbryonicRsts", COUNTS(ACCEPTING, NOTICE), ONE(EMBRYONIC_RESETS),
		.meaning = "handshakes reset before their end: port scans, impatient clients" },
	{ "AttemptFails", COUNTS(ACCEPTING, NOTICE), ONE(ATTEMPT_FAILS),
		.meaning = "connection attempts that failed, to here or from here" },
	{ "TCPSynRetrans", COUNTS(ACCEPTING, NOTICE), ONE(SYN_RETRANS),
		.meaning = "SYNs sent again, both ways: the peer is dead, slow or drops" },
	{ "PassiveOpens", COUNTS(ACCEPTING, CONTEXT), ONE(PASSIVE_OPENS),
		.meaning = "connections that came in" },

	{ "TCPMemoryPressures", COUNTS(MEMORY, TROUBLE), ONE(MEMORY_PRESSURES),
		.meaning = "times that TCP memory passed the second number of tcp_mem" },
	{ "TCPAbortOnMemory", COUNTS(MEMORY, LOSS), ONE(ABORT_ON_MEMORY),
		.meaning = "connections aborted: no TCP memory, or too many orphans" },
	{ "PruneCalled", COUNTS(MEMORY, TROUBLE), ONE(PRUNE_CALLED),
		.meaning = "receive buffers full and compressed: readers too slow" },
	{ "RcvPruned", COUNTS(MEMORY, TROUBLE), ONE(RCV_PRUNED),
		.meaning = "segments dropped: compressing a receive buffer did not help" },
	{ "OfoPruned", COUNTS(MEMORY, TROUBLE), ONE(OFO_PRUNED),
		.meaning = "out-of-order segments thrown away to make room" },
	{ "TCPRcvQDrop", COUNTS(MEMORY, TROUBLE), ONE(RCVQ_DROPS),
		.meaning = "segments dropped: no memory for the receive queue" },
	{ "TCPZeroWindowDrop", COUNTS(MEMORY, TROUBLE), ONE(ZERO_WINDOW_DROPS),
		.meaning = "segments dropped: they came while our window was closed" },
	{ "TCPBacklogDrop", COUNTS(MEMORY, TROUBLE), ONE(BACKLOG_DROPS),
		.meaning = "segments dropped: a process held its socket for too long" },

	{ "TCPTimeWaitOverflow", COUNTS(CLOSING, TROUBLE), ONE(TIME_WAIT_OVERFLOWS),
		.meaning = "TIME-WAIT left out: tcp_max_tw_buckets reached" },
	{ "TWRecycled", COUNTS(CLOSING, NOTICE), ONE(TIME_WAIT_REUSED),
		.meaning = "ports taken again out of TIME-WAIT: tcp_tw_reuse at work" },
	{ "TW", COUNTS(CLOSING, CONTEXT), ONE(TIME_WAITS),
		.meaning = "sockets that went into TIME-WAIT" },
	{ "TCPAbortOnTimeout", COUNTS(CLOSING, NOTICE), ONE(ABORT_ON_TIMEOUT),
		.meaning = "connections given up: the peer did not answer any more" },
	{ "TCPAbortOnClose", COUNTS(CLOSING, NOTICE), ONE(ABORT_ON_CLOSE),
		.meaning = "closed here with data unread: the peer got a reset" },
	{ "TCPAbortOnData", COUNTS(CLOSING, NOTICE), ONE(ABORT_ON_DATA),
		.meaning = "reset: data came after close(), or closed with SO_LINGER 0" },
	{ "TCPAbortOnLinger", COUNTS(CLOSING, NOTICE), ONE(ABORT_ON_LINGER),
		.meaning = "FIN-WAIT-2 left out: the process set TCP_LINGER2 below 0" },
	{ "TCPAbortFailed", COUNTS(CLOSING, TROUBLE), ONE(ABORT_FAILED),
		.meaning = "resets that were not sent: no memory" },
	{ "EstabResets", COUNTS(CLOSING, NOTICE), ONE(ESTAB_RESETS),
		.meaning = "connections that ended in a reset, from either side" },
	{ "OutRsts", COUNTS(CLOSING, NOTICE), ONE(OUT_RESETS),
		.meaning = "resets sent: nobody listens, or aborted here" },

	{ "RetransSegs", COUNTS(NETWORK, NOTICE), ONE(RETRANS_SEGMENTS), OF(OUT_SEGMENTS),
		.meaning = "segments sent again; normal: below 1 % of those sent" },
	{ "TCPTimeouts", COUNTS(NETWORK, NOTICE), ONE(TIMEOUTS),
		.meaning = "retransmission timers that ran out: no answer at all" },
	{ "TCPLostRetransmit", COUNTS(NETWORK, NOTICE), ONE(LOST_RETRANSMIT),
		.meaning = "segments sent again and lost again: heavy loss" },
	{ "TCPRetransFail", COUNTS(NETWORK, TROUBLE), ONE(RETRANS_FAILS),
		.meaning = "segments that could not be sent again: route, memory, qdisc" },
	{ "TCPToZeroWindowAdv", COUNTS(NETWORK, NOTICE), ONE(TO_ZERO_WINDOW),
		.meaning = "windows closed: a process here does not read, peers wait" },
	{ "InErrs", COUNTS(NETWORK, TROUBLE), ONE(IN_ERRORS),
		.meaning = "bad segments received: checksum, length; normal: none" },
	{ "PAWSEstab", COUNTS(NETWORK, NOTICE), ONE(PAWS_ESTAB),
		.meaning = "segments refused for an old timestamp: late duplicates, NAT" },
	{ "TCPFastRetrans", COUNTS(NETWORK, CONTEXT), ONE(FAST_RETRANS),
		.meaning = "segments sent again at once: ordinary loss, soon mended" },
	{ "TCPSpuriousRTOs", COUNTS(NETWORK, CONTEXT), ONE(SPURIOUS_RTOS),
		.meaning = "timeouts for nothing: the answer was only late" },
	{ "TCPOFOQueue", COUNTS(NETWORK, CONTEXT), ONE(OFO_QUEUED),
		.meaning = "segments that came out of order: loss on the way to here" },
	{ "UdpRcvbufErrors", COUNTS(NETWORK, LOSS),
		TWO(UDP_RCVBUF_ERRORS, UDP6_RCVBUF_ERRORS),
		.meaning = "datagrams lost: receive buffer full, reader too slow" },
	{ "UdpInErrors", COUNTS(NETWORK, LOSS), TWO(UDP_IN_ERRORS, UDP6_IN_ERRORS),
		.meaning = "datagrams lost: buffer full, or bad (checksum)" },
	{ "UdpSndbufErrors", COUNTS(NETWORK, TROUBLE),
		TWO(UDP_SNDBUF_ERRORS, UDP6_SNDBUF_ERRORS),
		.meaning = "datagrams not sent: send buffer or queue full" },
	{ "UdpNoPorts", COUNTS(NETWORK, NOTICE), TWO(UDP_NO_PORTS, UDP6_NO_PORTS),
		.meaning = "datagrams to ports that nobody has open" },
	{ "softnet_drops", COUNTS(NETWORK, LOSS), ONE(SOFTNET_DROPS),
		.meaning = "packets lost on arrival, whole host: netdev_max_backlog full" },
	{ "softnet_squeezes", COUNTS(NETWORK, CONTEXT), ONE(SOFTNET_SQUEEZES),
		.meaning = "turns of a CPU that ended with packets left: busy, no loss" },
	{ "ActiveOpens", COUNTS(NETWORK, CONTEXT), ONE(ACTIVE_OPENS),
		.meaning = "connections begun from here" },
	{ "InSegs", COUNTS(NETWORK, CONTEXT), ONE(IN_SEGMENTS),
		.meaning = "TCP segments received" },
	{ "OutSegs", COUNTS(NETWORK, CONTEXT), ONE(OUT_SEGMENTS),
		.meaning = "TCP segments sent, without those sent again" },
	{ "UdpInDatagrams", COUNTS(NETWORK, CONTEXT), TWO(UDP_IN, UDP6_IN),
		.meaning = "datagrams received" },
	{ "UdpOutDatagrams", COUNTS(NETWORK, CONTEXT), TWO(UDP_OUT, UDP6_OUT),
		.meaning = "datagrams sent" },

	{ "ephemeral_ports", LIMITED(PORTS),
		.meaning = "ports to the busiest destination; full: connect() fails" },
	{ "time_wait", LIMITED(GAUGE), ONE(TIME_WAIT_BUCKETS), OF(TIME_WAIT_LIMIT),
		.meaning = "TIME-WAIT, of tcp_max_tw_buckets; full: cut short, harmless" },
	{ "orphans", LIMITED(GAUGE), ONE(ORPHANS), OF(ORPHANS_LIMIT),
		.meaning = "closed, not yet finished, of tcp_max_orphans; full: resets" },
	{ "tcp_memory", LIMITED(BYTES), ONE(TCP_MEM), OF(TCP_MEM_LIMIT),
		.meaning = "all TCP buffers of the host, of tcp_mem; full: drops, aborts" },
	{ "udp_memory", LIMITED(BYTES), ONE(UDP_MEM), OF(UDP_MEM_LIMIT),
		.meaning = "all UDP buffers of the host, of udp_mem; full: drops" },
	{ "conntrack", LIMITED(GAUGE), ONE(CONNTRACK), OF(CONNTRACK_LIMIT),
		.meaning = "tracked flows, of nf_conntrack_max; full: new ones dropped" },
	{ "open_files", LIMITED(GAUGE), ONE(FILES), OF(FILES_LIMIT),
		.meaning = "open files of the host, of fs.file-max; full: accept() fails" },
};
/* clang-format on */
const size_t kernel_item_count = sizeof kernel_items / sizeof *kernel_items;
static_assert(sizeof kernel_items / sizeof *kernel_items <= KERNEL_ROWS_MAX,
	"there is room to remember each of them");
