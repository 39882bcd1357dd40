/* ssdump: a file of `ss -D`: what the kernel answered when ss asked for TCP, as it came, one dump
 * after another (ss asks once for IPv4 and once for IPv6, and files may be put together). It has no
 * header, its numbers are of the machine's byte order, and it tells neither when nor where it was
 * made. Only the states that ss was asked for are in it (without -a neither LISTEN nor SYN-RECV nor
 * TIME-WAIT); other filters of ss do not count. Pure: no system calls. */
#ifndef SOCKDASH_SSDUMP_H
#define SOCKDASH_SSDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockdash/frame.h"

/* Whether bytes could be the beginning of a raw dump: enough to tell it from a tape, from text and
 * from a dump of the other byte order. The first SSDUMP_SIGN bytes decide; fewer are none. */
#define SSDUMP_SIGN 16
bool ssdump_is(const uint8_t *bytes, size_t len);

/* One frame of all dumps in the bytes; the later of two rows of one socket counts. Devices and
 * users are called by their numbers. wall_ns: when the file was written; the frame's other clocks
 * stand at 0. What is no TCP socket, and errors of the kernel (a missing protocol), are skipped.
 *
 * *lost, also where there is no frame, gets the bytes at the end that are no whole message: the
 * file was cut, or is damaged from there on. The rows before them stay.
 *
 * 0, the frame is the caller's; -EBADMSG: no raw dump, or neither a socket nor the end of a dump
 * that may be empty could be read; -ENOMEM. The frame takes a few times the memory of the bytes. */
int ssdump_read(
	const uint8_t *bytes, size_t len, int64_t wall_ns, struct frame **out, size_t *lost);

#endif
