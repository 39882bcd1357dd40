/* counters: which of the kernel's counters we keep in a frame, and their names. */
#ifndef SOCKDASH_COUNTERS_H
#define SOCKDASH_COUNTERS_H

#include <stdint.h>

enum counter {
	COUNTER_ACTIVE_OPENS,
	COUNTER_PASSIVE_OPENS,
	COUNTER_OUT_RESETS,
	COUNTER_OUT_SEGMENTS,
	COUNTER_RETRANS_SEGMENTS,
	COUNTER_LISTEN_DROPS,
	COUNTER_TCP_MEM,       /* bytes */
	COUNTER_TCP_MEM_LIMIT, /* bytes */
	COUNTER_COUNT,
};

#define COUNTER_UNKNOWN INT64_MIN

/* Their names in the kernel's files, indexed by enum counter: snmp and netstat as nstat names them,
 * FILE:LINE:WORD in sockstat, sysctl:PATH:INDEX. */
extern const char *const counter_names[COUNTER_COUNT];

#endif
