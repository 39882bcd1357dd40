/* diag_events: listens to NETLINK_SOCK_DIAG. Each event is a datagram of its own and looks like a
 * row of a dump. There may be 50,000 a second: a batch of them costs one system call.
 *
 * Who is slow loses events. The error that says so (ENOBUFS) comes once for any number of them;
 * the socket's counter of drops has all. */
#include "sockdash/diag_events.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	MESSAGE_SIZE = 1024, /* an event has 380 bytes */

	/* Numbers that older headers do not have stand here with the others. */
	GROUP_TCP = 1,       /* SKNLGRP_INET_TCP_DESTROY */
	GROUP_TCP6 = 3,      /* SKNLGRP_INET6_TCP_DESTROY */
	OPTION_MEMINFO = 55, /* SO_MEMINFO */
	MEMINFO_DROPS = 8,
	MEMINFO_VARS = 9,
};

struct diag_events {
	struct mnl_socket *socket;
	uint32_t drops; /* the socket's counter, when it was asked last */
	struct mmsghdr heads[BATCH];
	struct iovec pieces[BATCH];
	_Alignas(struct nlmsghdr) char messages[BATCH][MESSAGE_SIZE];
};

static int join(struct diag_events *e, int group)
{
	return mnl_socket_setsockopt(e->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0
		       ? -errno
		       : 0;
}

/* Whoever may not have more than the limit gets as much as that; answers how much that is. The kernel
 * doubles the number, and tells the double. */
static size_t set_buffer(struct diag_events *e, size_t buffer)
{
	int fd = mnl_socket_get_fd(e->socket), size = (int)buffer;
	socklen_t len = sizeof size;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0 || size < 0)
		return 0;
	return (size_t)size / 2;
}

/* A socket that joins before it is bound receives nothing, and is not told. */
static int listen_to(struct diag_events *e, bool ipv4, bool ipv6, size_t buffer, size_t *room)
{
	int err = 0;

	e->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!e->socket)
		return -errno;
	if (mnl_socket_bind(e->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	*room = set_buffer(e, buffer);
	if (ipv4)
		err = join(e, GROUP_TCP);
	if (!err && ipv6)
		err = join(e, GROUP_TCP6);
	return err;
}

int diag_events_open(bool ipv4, bool ipv6, size_t buffer, size_t *room, struct diag_events **out)
{
	struct diag_events *e = calloc(1, sizeof *e);
	int err;

	*out = NULL;
	if (!e)
		return -ENOMEM;
	for (size_t i = 0; i < BATCH; i++) {
		e->pieces[i] = (struct iovec){ e->messages[i], MESSAGE_SIZE };
		e->heads[i].msg_hdr.msg_iov = &e->pieces[i];
		e->heads[i].msg_hdr.msg_iovlen = 1;
	}
	err = listen_to(e, ipv4, ipv6, buffer, room);
	if (err) {
		diag_events_close(e);
		return err;
	}
	*out = e;
	return 0;
}

void diag_events_close(struct diag_events *e)
{
	if (!e)
		return;
	if (e->socket)
		mnl_socket_close(e->socket);
	free(e);
}

int diag_events_fd(const struct diag_events *e)
{
	return mnl_socket_get_fd(e->socket);
}

/* What is not understood is not an event. */
static int hand_over(struct diag_events *e, int count, diag_sink *sink, void *context)
{
	const struct diag_expect expect = { .protocol = IPPROTO_TCP };

	for (int i = 0; i < count; i++) {
		int rc = diag_parse(
			e->messages[i], e->heads[i].msg_len, &expect, sink, context, NULL);

		if (rc < 0 && rc != -EBADMSG)
			return rc;
	}
	return 0;
}

int diag_events_read(struct diag_events *e, size_t most, diag_sink *sink, void *context)
{
	int fd = mnl_socket_get_fd(e->socket);

	for (size_t done = 0; done < most; done += BATCH) {
		int n = recvmmsg(fd, e->heads, BATCH, MSG_DONTWAIT, NULL);
		int err = n > 0 ? hand_over(e, n, sink, context) : 0;

		if (n < 0 && errno == EAGAIN)
			return 0;
		/* Some were lost: the counter tells how many. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		if (err)
			return err;
	}
	return 1;
}

uint32_t diag_events_lost(struct diag_events *e)
{
	uint32_t info[MEMINFO_VARS] = { 0 }, before = e->drops;
	socklen_t len = sizeof info;

	if (getsockopt(mnl_socket_get_fd(e->socket), SOL_SOCKET, OPTION_MEMINFO, info, &len) < 0 ||
		len < sizeof info)
		return 0;
	e->drops = info[MEMINFO_DROPS];
	return e->drops - before; /* it wraps */
}
