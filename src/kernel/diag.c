/* diag: the conversation with NETLINK_SOCK_DIAG: opens, asks, receives, recovers.
 *
 * It must not know what is inside a message. The socket is kept from dump to dump because the
 * kernel sizes its answers by the largest buffer that an earlier recv() on it passed: a fresh
 * socket gets 3.7 KB pieces, a used one 32 KB. */
#include "sockdash/diag.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sockdash/kcounters.h"

enum {
	BUFFER_SIZE = 64 * 1024,
	/* Answers of one batch must fit the receive buffer, which counts 1 to 2 KB for each. */
	GET_BATCH = 32,
	GET_REQUEST_MAX = 128,
};

struct diag {
	struct mnl_socket *socket; /* NULL after an error */
	uint64_t netns; /* inode of the network namespace it was opened in, 0: not known */
	uint32_t sequence;
	char buffer[BUFFER_SIZE]; /* of requests for dumps, and of answers */
};

static void disconnect(struct diag *d)
{
	if (d->socket)
		mnl_socket_close(d->socket);
	d->socket = NULL;
}

static int connect_kernel(struct diag *d)
{
	int rc = 0;

	d->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!d->socket)
		return -errno;
	if (mnl_socket_bind(d->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = -errno;
		disconnect(d);
	}
	return rc;
}

/* A thread that went to another namespace and back must not get the sockets of the wrong one. */
static int reconnect(struct diag *d)
{
	if (d->netns != kcounters_netns_inode())
		return -ESTALE;
	return connect_kernel(d);
}

int diag_open(struct diag **out)
{
	struct diag *d = malloc(sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return -ENOMEM;
	d->sequence = 0;
	d->netns = kcounters_netns_inode();
	rc = connect_kernel(d);
	if (rc < 0) {
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void diag_close(struct diag *d)
{
	if (!d)
		return;
	disconnect(d);
	free(d);
}

static uint32_t next_sequence(struct diag *d)
{
	if (++d->sequence == 0) /* 0 would accept any answer */
		d->sequence = 1;
	return d->sequence;
}

static int send_all(struct diag *d, const void *bytes, size_t len)
{
	ssize_t n;

	do {
		n = mnl_socket_sendto(d->socket, bytes, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int ask(struct diag *d, const struct diag_query *query)
{
	static_assert(DIAG_REQUEST_MAX <= BUFFER_SIZE, "a request is written where answers go");
	size_t len = diag_request(d->buffer, query, next_sequence(d));

	return len == 0 ? -EINVAL : send_all(d, d->buffer, len);
}

/* 1: there is more, 0: complete, -errno. libmnl answers a cut datagram (MSG_TRUNC) with ENOSPC. */
static int receive(struct diag *d, const struct diag_expect *expect, diag_sink *sink, void *context)
{
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(d->socket, d->buffer, sizeof(d->buffer));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EBADMSG;
	return diag_parse(d->buffer, (size_t)n, expect, sink, context, NULL);
}

int diag_dump(struct diag *d, const struct diag_query *query, diag_sink *sink, void *context,
	const atomic_bool *stop)
{
	struct diag_expect expect = { .protocol = query->protocol };
	int rc = d->socket ? 0 : reconnect(d);

	if (rc == 0)
		rc = ask(d, query);
	if (rc < 0)
		goto out;
	expect.sequence = d->sequence;
	expect.port = mnl_socket_get_portid(d->socket);
	do {
		rc = stop && *stop ? -ECANCELED : receive(d, &expect, sink, context);
	} while (rc > 0);
out:
	if (rc < 0)
		disconnect(d);
	return rc;
}

/* ---- Single sockets -------------------------------------------------------------------------- */

/* What is asked about each of some sockets: to tell of it, or to destroy it. */
struct errand {
	const struct diag_id *ids;
	size_t count;
	unsigned want;
	diag_sink *sink;
	diag_destroyed *destroyed; /* NULL: it is to tell */
	void *context;
};

/* Asks for some sockets with one system call; the kernel answers each in a datagram of its own. */
static int ask_batch(struct diag *d, const struct errand *e, size_t at, size_t count)
{
	_Alignas(struct nlmsghdr) char requests[GET_BATCH * GET_REQUEST_MAX];
	size_t len = 0;

	for (size_t i = at; i < at + count; i++)
		len += e->destroyed
			       ? diag_request_destroy(requests + len, &e->ids[i], next_sequence(d))
			       : diag_request_one(
					 requests + len, &e->ids[i], e->want, next_sequence(d));
	return send_all(d, requests, len);
}

/* Errors of the conversation, in which an answer may be missing. */
static bool is_broken(int error)
{
	return error == -ENOBUFS || error == -ENOSPC || error == -EBADMSG || error == -EBADF;
}

/* Takes the answer to one request: there, gone, or what became of it. */
static int take_answer(struct diag *d, const struct errand *e, size_t i)
{
	struct diag_expect expect = { .protocol = e->ids[i].protocol };
	int rc;

	/* Of the sequence any: there are no answers but those to this batch. */
	expect.port = mnl_socket_get_portid(d->socket);
	rc = receive(d, &expect, e->sink, e->context);
	if (!e->destroyed)
		return rc > 0 || rc == -ENOENT || rc == -ESTALE ? 0 : rc;
	if (is_broken(rc))
		return rc;
	e->destroyed(e->context, i, rc == -ESTALE ? -ENOENT : rc > 0 ? 0 : rc);
	return 0;
}

static int run_errand(struct diag *d, const struct errand *e, const atomic_bool *stop)
{
	int rc = d->socket ? 0 : reconnect(d);

	for (size_t at = 0; rc == 0 && at < e->count; at += GET_BATCH) {
		size_t n = e->count - at < GET_BATCH ? e->count - at : GET_BATCH;

		rc = stop && *stop ? -ECANCELED : ask_batch(d, e, at, n);
		for (size_t i = at; rc == 0 && i < at + n; i++)
			rc = take_answer(d, e, i);
	}
	if (rc < 0)
		disconnect(d);
	return rc;
}

int diag_get(struct diag *d, const struct diag_id *ids, size_t count, unsigned want,
	diag_sink *sink, void *context, const atomic_bool *stop)
{
	struct errand e = {
		.ids = ids, .count = count, .want = want, .sink = sink, .context = context
	};

	return run_errand(d, &e, stop);
}

/* An acknowledgement has no rows. */
static int no_row(void *context, const struct diag_sock *row)
{
	(void)context;
	(void)row;
	return 0;
}

int diag_destroy(struct diag *d, const struct diag_id *ids, size_t count, diag_destroyed *told,
	void *context, const atomic_bool *stop)
{
	struct errand e = {
		.ids = ids, .count = count, .sink = no_row, .destroyed = told, .context = context
	};

	return run_errand(d, &e, stop);
}
