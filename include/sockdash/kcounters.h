/* kcounters: the kernel's own counts and limits, looked up by name (their columns differ between
 * kernels).
 *
 * Names are those of nstat for /proc/net/snmp and netstat ("TcpPassiveOpens", "TcpExtListenDrops"),
 * and FILE:LINE:WORD for sockstat and sockstat6 ("sockstat:TCP:mem"), and
 * "sysctl:net/ipv4/tcp_mem:2" for the number at an index (from 0) in a file below /proc/sys. */
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

/* The number at `index` of blank-separated numbers; KCOUNTER_UNKNOWN if there is none. Pure. */
int64_t kcounters_parse_number(const char *bytes, size_t len, unsigned index);

/* Reads all that are named, in the calling thread's network namespace; the others become
 * KCOUNTER_UNKNOWN. Reads only the files that some name needs. */
void kcounters_read(const char *const *names, size_t count, int64_t *values);

/* Seconds since boot, or a negative number where /proc/uptime cannot be read. */
double kcounters_uptime(void);

/* The inode of the calling thread's network namespace, 0 if not known. */
uint64_t kcounters_netns_inode(void);

#endif
