/* tape_codec: a frame as bytes and back. Pure. The format is documented in sockdash-tape(5), which
 * has to change with this. */
#ifndef SOCKDASH_TAPE_CODEC_H
#define SOCKDASH_TAPE_CODEC_H

#include "sockdash/frame.h"
#include "sockdash/wire.h"

/* Appends the payload of a sample: the whole frame or, with `prev`, what has changed since that
 * frame, which must be the one that cur->diff tells of. Failure is buf's. */
void tape_encode(const struct frame *cur, const struct frame *prev, struct buf *out);

/* Makes the frame of a payload again; `prev` is the frame of the sample before, for one that tells
 * changes, and then the frame is compared with it. 0, -ENOMEM, or -EBADMSG for bytes that
 * tape_encode() does not write. Takes any bytes; memory is bounded by them and `prev`. */
int tape_decode(const uint8_t *bytes, size_t len, const struct frame *prev, struct frame **out);

/* ---- What both know -------------------------------------------------------------------------- */

enum tape_section {
	TAPE_HEAD = 1,
	TAPE_COUNTERS,
	TAPE_NAMESPACES,
	TAPE_DEVICES,
	TAPE_USERS,
	TAPE_PROCS,
	TAPE_PROC_CHANGES,
	TAPE_SOCKETS,
	TAPE_SOCKET_CHANGES,
	TAPE_TIMERS,
	TAPE_RESETS,
	TAPE_SECTIONS, /* one past the last */
};

enum tape_head_flag {
	TAPE_ONE_FAMILY = 1,
	TAPE_OWNERS_KNOWN = 2,
	TAPE_PIDS_HIDDEN = 4,
};

enum tape_reset_flag { TAPE_RESET_IPV4 = 1 };

/* Which fields of a process are told; the others are as in its model. */
enum tape_proc_field {
	TAPE_PROC_FDS = 1,
	TAPE_PROC_UID = 2,
	TAPE_PROC_LIMIT = 4,
	TAPE_PROC_NAME = 8,
	TAPE_PROC_USER = 16,
	TAPE_PROC_CMDLINE = 32,
	TAPE_PROC_UNIT = 64,
	TAPE_PROC_CGROUP = 128,
	TAPE_PROC_FIELDS = 256, /* one past the last */
};

/* The model of a new process. */
static const struct proc tape_no_proc = {
	.uid = PROC_UNKNOWN,
	.fds = PROC_UNKNOWN,
	.fd_limit = PROC_UNKNOWN,
	.name = "",
	.user = "",
	.cmdline = "",
	.unit = "",
	.cgroup = "",
};

/* The same of a socket. Those that differ most often have the lowest bits. */
enum tape_sock_field {
	TAPE_SOCK_COOKIE = 1 << 0,
	TAPE_SOCK_INODE = 1 << 1,
	TAPE_SOCK_REMOTE_PORT = 1 << 2,
	TAPE_SOCK_REMOTE = 1 << 3,
	TAPE_SOCK_OWNERS = 1 << 4,
	TAPE_SOCK_RECV_Q = 1 << 5,
	TAPE_SOCK_SEND_Q = 1 << 6,
	TAPE_SOCK_STATE = 1 << 7,
	TAPE_SOCK_LOCAL = 1 << 8,
	TAPE_SOCK_LOCAL_PORT = 1 << 9,
	TAPE_SOCK_TIMER = 1 << 10,
	TAPE_SOCK_EXPIRES = 1 << 11,
	TAPE_SOCK_RETRANS = 1 << 12,
	TAPE_SOCK_FLAGS = 1 << 13,
	TAPE_SOCK_UID = 1 << 14,
	TAPE_SOCK_FIRST_SEEN = 1 << 15,
	TAPE_SOCK_DETAIL = 1 << 16, /* when it went to CLOSE-WAIT, or its drops */
	TAPE_SOCK_NETNS = 1 << 17,
	TAPE_SOCK_PROTO = 1 << 18,
	TAPE_SOCK_FIELDS = 1 << 19, /* one past the last */
};

/* How an address is told; TAPE_ADDRESS_SCOPE may be added. */
enum tape_address {
	TAPE_ADDRESS_NONE, /* :: */
	TAPE_ADDRESS_IPV4, /* ::ffff:a.b.c.d, the last 4 bytes follow */
	TAPE_ADDRESS_IPV6, /* 16 bytes follow */
	TAPE_ADDRESS_SCOPE = 4,
};

/* What the timer of a socket would show now if it had only run on. */
static inline uint32_t tape_expected_timer(uint32_t expires_ms, int64_t elapsed_ms)
{
	return (int64_t)expires_ms > elapsed_ms ? (uint32_t)(expires_ms - elapsed_ms) : 0;
}

#endif
