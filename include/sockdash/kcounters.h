/* kcounters: the kernel's own counts and limits, looked up by name (their columns differ between
 * kernels).
 *
 * Names are
 *	TcpPassiveOpens, TcpExtListenDrops, Udp6InErrors	of /proc/net/snmp, netstat and snmp6, as
 *			nstat has them
 *	sockstat:TCP:mem	FILE:LINE:WORD of sockstat and sockstat6
 *	softnet:1	a column (from 0) of softnet_stat, summed over the CPUs: the whole host's
 *	sysctl:net/ipv4/tcp_mem:2	the number at an index (from 0) in a file below /proc/sys
 *	ports:net/ipv4/ip_local_reserved_ports	how many ports of such a list are in ip_local_port_range */
#ifndef SOCKDASH_KCOUNTERS_H
#define SOCKDASH_KCOUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* Not told by this kernel, or hidden. */
#define KCOUNTER_UNKNOWN INT64_MIN

/* Finds `names` in the text of snmp or netstat (pairs of lines: names, numbers); values of names
 * that are not there stay as they are. Pure. */
void kcounters_parse_pairs(
	const char *bytes, size_t len, const char *const *names, size_t count, int64_t *values);

/* The same for sockstat or sockstat6 (`file` is that word): "TCP: inuse 5 orphan 0 ...". Pure. */
void kcounters_parse_sockstat(const char *file, const char *bytes, size_t len,
	const char *const *names, size_t count, int64_t *values);

/* The same for snmp6: lines of a name and a number. Pure. */
void kcounters_parse_list(
	const char *bytes, size_t len, const char *const *names, size_t count, int64_t *values);

/* The number at `index` of blank-separated numbers; KCOUNTER_UNKNOWN if there is none. Pure. */
int64_t kcounters_parse_number(const char *bytes, size_t len, unsigned index);

/* The sum of a column of softnet_stat, which is hexadecimal; KCOUNTER_UNKNOWN if a line lacks it.
 * Pure. */
int64_t kcounters_parse_softnet(const char *bytes, size_t len, unsigned column);

/* How many ports of a list as "8080,9000-9010" are within first and last, both included;
 * KCOUNTER_UNKNOWN if it is no such list. An empty one has none. Pure. */
int64_t kcounters_parse_ports(const char *bytes, size_t len, int64_t first, int64_t last);

/* Reads all that are named, in the calling thread's network namespace; the others become
 * KCOUNTER_UNKNOWN. Reads only the files that some name needs, each of them once. */
void kcounters_read(const char *const *names, size_t count, int64_t *values);

/* Seconds since boot, or a negative number where /proc/uptime cannot be read. */
double kcounters_uptime(void);

/* The inode of the calling thread's network namespace, 0 if not known. */
uint64_t kcounters_netns_inode(void);

#endif
