/* The names of the kernel counters a frame keeps. A new counter is a line here and one in the
 * enum. */
#include "sockdash/counters.h"

#include <stddef.h>
#include <string.h>

const char *const counter_names[COUNTER_COUNT] = {
	[COUNTER_ACTIVE_OPENS] = "TcpActiveOpens",
	[COUNTER_PASSIVE_OPENS] = "TcpPassiveOpens",
	[COUNTER_OUT_RESETS] = "TcpOutRsts",
	[COUNTER_OUT_SEGMENTS] = "TcpOutSegs",
	[COUNTER_RETRANS_SEGMENTS] = "TcpRetransSegs",
	[COUNTER_LISTEN_DROPS] = "TcpExtListenDrops",
	[COUNTER_TCP_MEM] = "sockstat:TCP:mem",
	[COUNTER_TCP_MEM_LIMIT] = "sysctl:net/ipv4/tcp_mem:2",

	[COUNTER_LISTEN_OVERFLOWS] = "TcpExtListenOverflows",
	[COUNTER_REQQ_COOKIES] = "TcpExtTCPReqQFullDoCookies",
	[COUNTER_REQQ_DROPS] = "TcpExtTCPReqQFullDrop",
	[COUNTER_SYNCOOKIES_SENT] = "TcpExtSyncookiesSent",
	[COUNTER_SYNCOOKIES_RECV] = "TcpExtSyncookiesRecv",
	[COUNTER_SYNCOOKIES_FAILED] = "TcpExtSyncookiesFailed",
	[COUNTER_EMBRYONIC_RESETS] = "TcpExtEmbryonicRsts",
	[COUNTER_ATTEMPT_FAILS] = "TcpAttemptFails",
	[COUNTER_SYN_RETRANS] = "TcpExtTCPSynRetrans",

	[COUNTER_MEMORY_PRESSURES] = "TcpExtTCPMemoryPressures",
	[COUNTER_PRUNE_CALLED] = "TcpExtPruneCalled",
	[COUNTER_RCV_PRUNED] = "TcpExtRcvPruned",
	[COUNTER_OFO_PRUNED] = "TcpExtOfoPruned",
	[COUNTER_RCVQ_DROPS] = "TcpExtTCPRcvQDrop",
	[COUNTER_ZERO_WINDOW_DROPS] = "TcpExtTCPZeroWindowDrop",
	[COUNTER_BACKLOG_DROPS] = "TcpExtTCPBacklogDrop",
	[COUNTER_ABORT_ON_MEMORY] = "TcpExtTCPAbortOnMemory",
	[COUNTER_TCP_MEM_PRESSURE] = "sysctl:net/ipv4/tcp_mem:1",
	[COUNTER_UDP_MEM] = "sockstat:UDP:mem",
	[COUNTER_UDP_MEM_LIMIT] = "sysctl:net/ipv4/udp_mem:2",

	[COUNTER_TIME_WAITS] = "TcpExtTW",
	[COUNTER_TIME_WAIT_OVERFLOWS] = "TcpExtTCPTimeWaitOverflow",
	[COUNTER_TIME_WAIT_REUSED] = "TcpExtTWRecycled",
	[COUNTER_ABORT_ON_CLOSE] = "TcpExtTCPAbortOnClose",
	[COUNTER_ABORT_ON_DATA] = "TcpExtTCPAbortOnData",
	[COUNTER_ABORT_ON_TIMEOUT] = "TcpExtTCPAbortOnTimeout",
	[COUNTER_ABORT_ON_LINGER] = "TcpExtTCPAbortOnLinger",
	[COUNTER_ABORT_FAILED] = "TcpExtTCPAbortFailed",
	[COUNTER_ESTAB_RESETS] = "TcpEstabResets",

	[COUNTER_IN_SEGMENTS] = "TcpInSegs",
	[COUNTER_IN_ERRORS] = "TcpInErrs",
	[COUNTER_TIMEOUTS] = "TcpExtTCPTimeouts",
	[COUNTER_LOST_RETRANSMIT] = "TcpExtTCPLostRetransmit",
	[COUNTER_FAST_RETRANS] = "TcpExtTCPFastRetrans",
	[COUNTER_SPURIOUS_RTOS] = "TcpExtTCPSpuriousRTOs",
	[COUNTER_RETRANS_FAILS] = "TcpExtTCPRetransFail",
	[COUNTER_OFO_QUEUED] = "TcpExtTCPOFOQueue",
	[COUNTER_PAWS_ESTAB] = "TcpExtPAWSEstab",
	[COUNTER_TO_ZERO_WINDOW] = "TcpExtTCPToZeroWindowAdv",
	[COUNTER_UDP_IN] = "UdpInDatagrams",
	[COUNTER_UDP_OUT] = "UdpOutDatagrams",
	[COUNTER_UDP_IN_ERRORS] = "UdpInErrors",
	[COUNTER_UDP_RCVBUF_ERRORS] = "UdpRcvbufErrors",
	[COUNTER_UDP_SNDBUF_ERRORS] = "UdpSndbufErrors",
	[COUNTER_UDP_NO_PORTS] = "UdpNoPorts",
	[COUNTER_UDP6_IN] = "Udp6InDatagrams",
	[COUNTER_UDP6_OUT] = "Udp6OutDatagrams",
	[COUNTER_UDP6_IN_ERRORS] = "Udp6InErrors",
	[COUNTER_UDP6_RCVBUF_ERRORS] = "Udp6RcvbufErrors",
	[COUNTER_UDP6_SNDBUF_ERRORS] = "Udp6SndbufErrors",
	[COUNTER_UDP6_NO_PORTS] = "Udp6NoPorts",
	[COUNTER_SOFTNET_DROPS] = "softnet:1",
	[COUNTER_SOFTNET_SQUEEZES] = "softnet:2",

	[COUNTER_PORT_FIRST] = "sysctl:net/ipv4/ip_local_port_range:0",
	[COUNTER_PORT_LAST] = "sysctl:net/ipv4/ip_local_port_range:1",
	[COUNTER_PORTS_RESERVED] = "ports:net/ipv4/ip_local_reserved_ports",
	[COUNTER_ORPHANS] = "sockstat:TCP:orphan",
	[COUNTER_ORPHANS_LIMIT] = "sysctl:net/ipv4/tcp_max_orphans:0",
	[COUNTER_TIME_WAIT_BUCKETS] = "sockstat:TCP:tw",
	[COUNTER_TIME_WAIT_LIMIT] = "sysctl:net/ipv4/tcp_max_tw_buckets:0",
	[COUNTER_CONNTRACK] = "sysctl:net/netfilter/nf_conntrack_count:0",
	[COUNTER_CONNTRACK_LIMIT] = "sysctl:net/netfilter/nf_conntrack_max:0",
	[COUNTER_FILES] = "sysctl:fs/file-nr:0",
	[COUNTER_FILES_LIMIT] = "sysctl:fs/file-nr:2",
	[COUNTER_SOMAXCONN] = "sysctl:net/core/somaxconn:0",
	[COUNTER_SYN_BACKLOG] = "sysctl:net/ipv4/tcp_max_syn_backlog:0",
	[COUNTER_SYNCOOKIES] = "sysctl:net/ipv4/tcp_syncookies:0",
	[COUNTER_ABORT_ON_OVERFLOW] = "sysctl:net/ipv4/tcp_abort_on_overflow:0",
	[COUNTER_RMEM_MAX] = "sysctl:net/core/rmem_max:0",
};

bool counter_only_grows(enum counter c)
{
	static const char *const others[] = { "sysctl:", "sockstat:", "ports:" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strncmp(counter_names[c], others[i], strlen(others[i])) == 0)
			return false;
	return true;
}
