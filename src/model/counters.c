/* The names of the kernel counters a frame keeps. A new counter is a line here and one in the
 * enum. */
#include "sockdash/counters.h"

const char *const counter_names[COUNTER_COUNT] = {
	[COUNTER_ACTIVE_OPENS] = "TcpActiveOpens",
	[COUNTER_PASSIVE_OPENS] = "TcpPassiveOpens",
	[COUNTER_OUT_RESETS] = "TcpOutRsts",
	[COUNTER_OUT_SEGMENTS] = "TcpOutSegs",
	[COUNTER_RETRANS_SEGMENTS] = "TcpRetransSegs",
	[COUNTER_LISTEN_DROPS] = "TcpExtListenDrops",
	[COUNTER_TCP_MEM] = "sockstat:TCP:mem",
	[COUNTER_TCP_MEM_LIMIT] = "sysctl:net/ipv4/tcp_mem:2",
};
