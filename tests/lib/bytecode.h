/* bytecode: what Linux makes of a program in a dump: the rules by which it refuses one
 * (inet_diag_bc_audit()) and how it runs it (inet_diag_bc_run(), both in net/ipv4/inet_diag.c). */
#ifndef TESTS_BYTECODE_H
#define TESTS_BYTECODE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/diag_filter.h"

/* A socket, as the kernel sees it. */
struct bytecode_sock {
	uint8_t family, local[16], remote[16]; /* AF_INET: in the first 4 bytes */
	uint16_t local_port, remote_port;
	uint32_t device, mark;
	uint64_t cgroup;
	bool autobound;
};

struct bytecode_op {
	uint8_t code, yes;
	uint16_t no;
};

struct bytecode_host {
	uint8_t family, prefix;
	int32_t port;
};

enum { BYTECODE_CODES = 14 };

static inline struct bytecode_op bytecode_op(const uint8_t *at)
{
	struct bytecode_op op;

	memcpy(&op, at, sizeof op);
	return op;
}

static inline struct bytecode_host bytecode_host(const uint8_t *at)
{
	struct bytecode_host host;

	memcpy(&host, at + 4, 2);
	memcpy(&host.port, at + 8, 4);
	return host;
}

/* The length of an operation with what it compares with; 0 for one that is not valid. */
static inline int bytecode_size(const uint8_t *at, int len)
{
	/* By code; -1: has an address behind it. */
	static const int sizes[BYTECODE_CODES] = { 4, 4, 8, 8, 8, 8, 4, -1, -1, 8, 12, 8, 8, 12 };
	uint8_t code = bytecode_op(at).code;
	int size, bytes;

	if (code >= BYTECODE_CODES)
		return 0;
	size = sizes[code];
	if (size > 0)
		return size <= len ? size : 0;
	if (len < 12)
		return 0;
	switch (bytecode_host(at).family) {
	case AF_UNSPEC:
		bytes = 0;
		break;
	case AF_INET:
		bytes = 4;
		break;
	case AF_INET6:
		bytes = 16;
		break;
	default:
		return 0;
	}
	return len < 12 + bytes || bytecode_host(at).prefix > 8 * bytes ? 0 : 12 + bytes;
}

/* Whether an operation begins where `left` bytes are left. */
static inline bool bytecode_begins(const uint8_t *bytes, int len, int left)
{
	while (len >= 0) {
		uint8_t yes;

		if (left > len)
			return false;
		if (left == len)
			return true;
		yes = bytecode_op(bytes).yes;
		if (yes < 4 || yes & 3)
			return false;
		bytes += yes;
		len -= yes;
	}
	return false;
}

/* 0, -EINVAL, or -EPERM for who may not test marks. A kernel of that level. */
static inline int bytecode_audit(
	const uint8_t *bytes, size_t size, enum diag_filter_level level, bool marks)
{
	/* By code: since which level there is one. */
	static const uint8_t since[BYTECODE_CODES] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4 };
	const uint8_t *at = bytes;
	int len = (int)size;

	if (size < 4)
		return -EINVAL;
	while (len > 0) {
		struct bytecode_op op = bytecode_op(at);
		int least = bytecode_size(at, len);

		if (!least || since[op.code] > level)
			return -EINVAL;
		if (op.code == 10 && !marks)
			return -EPERM;
		if (op.code != 0) {
			if (op.no < least || op.no > len + 4 || op.no & 3)
				return -EINVAL;
			if (op.no < len && !bytecode_begins(bytes, (int)size, len - op.no))
				return -EINVAL;
		}
		if (op.yes < least || op.yes > len + 4 || op.yes & 3)
			return -EINVAL;
		at += op.yes;
		len -= op.yes;
	}
	return len == 0 ? 0 : -EINVAL;
}

static inline bool bytecode_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || ((a[bits / 8] ^ b[bits / 8]) & (0xff00u >> rest) & 0xff) == 0;
}

static inline bool bytecode_in_prefix(const uint8_t *address, uint8_t family, const uint8_t *prefix,
	uint8_t prefix_family, unsigned bits)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (prefix_family == AF_UNSPEC || prefix_family == family)
		return bytecode_prefix(address, prefix, bits);
	return family == AF_INET6 && prefix_family == AF_INET &&
	       memcmp(address, mapped, sizeof mapped) == 0 &&
	       bytecode_prefix(address + 12, prefix, bits);
}

static inline bool bytecode_test(const uint8_t *at, const struct bytecode_sock *s)
{
	uint8_t code = bytecode_op(at).code;
	bool local = code == 2 || code == 3 || code == 7 || code == 11;
	uint16_t port = local ? s->local_port : s->remote_port;
	uint32_t words[2];
	uint64_t id;

	switch (code) {
	case 0:
		return true;
	case 2:
	case 4:
		return port >= bytecode_op(at + 4).no;
	case 3:
	case 5:
		return port <= bytecode_op(at + 4).no;
	case 6:
		return s->autobound;
	case 7:
	case 8:
		if (bytecode_host(at).port != -1 && bytecode_host(at).port != port)
			return false;
		return bytecode_in_prefix(local ? s->local : s->remote, s->family, at + 12,
			bytecode_host(at).family, bytecode_host(at).prefix);
	case 9:
		memcpy(words, at + 4, 4);
		return words[0] == s->device;
	case 10:
		memcpy(words, at + 4, 8);
		return (s->mark & words[1]) == words[0];
	case 11:
	case 12:
		return port == bytecode_op(at + 4).no;
	case 13:
		memcpy(&id, at + 4, 8);
		return id == s->cgroup;
	default:
		return false; /* a jump */
	}
}

/* Whether a program that passed the audit accepts the socket. */
static inline bool bytecode_run(const uint8_t *bytes, size_t size, const struct bytecode_sock *s)
{
	int len = (int)size;

	while (len > 0) {
		struct bytecode_op op = bytecode_op(bytes);
		int step = bytecode_test(bytes, s) ? op.yes : op.no;

		bytes += step;
		len -= step;
	}
	return len == 0;
}

#endif
