/* procnet: sockets from the tables in /proc/net, for where sock_diag is not to be had.
 *
 * It must not know why it is used. /proc/net is the namespace of the process; that of the calling
 * thread is /proc/thread-self/net. Addresses are printed as words in host order: read as a number,
 * the bytes of each word are in network order. */
#include "sockdash/procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STATE_LAST = 11, /* TCP_CLOSING */
	TIMER_KEEPALIVE = 2,
	TIMER_PROBE = 4,
	BUFFER_SIZE = 32 * 1024,
};

/* ---- One line -------------------------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && *c->at == ' ')
		c->at++;
}

/* Reads a number that is at most `max` and goes up to `stop`, or up to the end where `stop` is a
 * blank. */
static bool number(struct cursor *c, unsigned base, char stop, uint64_t max, uint64_t *value)
{
	const char *start;

	skip_blanks(c);
	*value = 0;
	for (start = c->at; c->at < c->end; c->at++) {
		unsigned digit = (unsigned)digit_value(*c->at);

		if (digit >= base)
			break;
		*value = *value * base + digit;
		if (*value > max)
			return false;
	}
	if (c->at == start)
		return false;
	if (c->at == c->end)
		return stop == ' ';
	return *c->at++ == stop;
}

/* Reads 8 hexadecimal digits per word and the colon before the port. */
static bool address(struct cursor *c, uint8_t family, uint8_t out[16])
{
	size_t words = family == AF_INET ? 1 : 4;

	skip_blanks(c);
	if ((size_t)(c->end - c->at) <= words * 8)
		return false;
	for (size_t i = 0; i < words; i++) {
		uint32_t word = 0;

		for (int k = 0; k < 8; k++) {
			unsigned digit = (unsigned)digit_value(*c->at++);

			if (digit >= 16)
				return false;
			word = word << 4 | digit;
		}
		memcpy(out + i * sizeof(word), &word, sizeof(word));
	}
	return *c->at++ == ':';
}

/* After the inode UDP has "ref pointer drops", where the pointer may be a word in parentheses. */
static void read_drops(struct cursor *c, struct diag_sock *out)
{
	uint64_t value;

	if (!number(c, 10, ' ', UINT32_MAX, &value))
		return;
	skip_blanks(c);
	while (c->at < c->end && *c->at != ' ')
		c->at++;
	if (number(c, 10, ' ', UINT32_MAX, &value)) {
		out->drops = (uint32_t)value;
		out->has_drops = true;
	}
}

/* The kernel counts timers in ticks of 1/USER_HZ second, which is 100 on all architectures but
 * alpha. */
static uint32_t ticks_to_ms(uint64_t ticks)
{
	return ticks > UINT32_MAX / 10 ? UINT32_MAX : (uint32_t)ticks * 10;
}

int procnet_parse_line(
	const char *line, size_t len, uint8_t family, uint8_t protocol, struct diag_sock *out)
{
	struct cursor c = { line, line + len };
	uint64_t slot, local_port, remote_port, state, send_q, recv_q, timer, ticks, retrans, uid;
	uint64_t probes, inode;

	memset(out, 0, sizeof(*out));
	if (!number(&c, 10, ':', UINT32_MAX, &slot) || !address(&c, family, out->local) ||
		!number(&c, 16, ' ', UINT16_MAX, &local_port) ||
		!address(&c, family, out->remote) ||
		!number(&c, 16, ' ', UINT16_MAX, &remote_port) ||
		!number(&c, 16, ' ', STATE_LAST, &state) ||
		!number(&c, 16, ':', UINT32_MAX, &send_q) ||
		!number(&c, 16, ' ', UINT32_MAX, &recv_q) ||
		!number(&c, 16, ':', TIMER_PROBE, &timer) ||
		!number(&c, 16, ' ', UINT32_MAX, &ticks) ||
		!number(&c, 16, ' ', UINT32_MAX, &retrans) ||
		!number(&c, 10, ' ', UINT32_MAX, &uid) ||
		!number(&c, 10, ' ', UINT32_MAX, &probes) ||
		!number(&c, 10, ' ', UINT32_MAX, &inode) || state == 0)
		return -EBADMSG;

	out->local_port = (uint16_t)local_port;
	out->remote_port = (uint16_t)remote_port;
	out->recv_q = (uint32_t)recv_q;
	out->send_q = (uint32_t)send_q;
	out->uid = (uint32_t)uid;
	out->inode = (uint32_t)inode;
	out->family = family;
	out->protocol = protocol;
	out->state = (uint8_t)state;
	if (protocol == IPPROTO_UDP) {
		read_drops(&c, out);
		return 0;
	}
	if (timer == TIMER_KEEPALIVE || timer == TIMER_PROBE)
		retrans = probes;
	out->timer = (uint8_t)timer;
	out->retrans = retrans > UINT8_MAX ? UINT8_MAX : (uint8_t)retrans;
	out->expires_ms = ticks_to_ms(ticks);
	return 0;
}

/* ---- A table --------------------------------------------------------------------------------- */

static const struct table {
	uint8_t family, protocol;
	const char *path;
} tables[] = {
	{ AF_INET, IPPROTO_TCP, "/proc/thread-self/net/tcp" },
	{ AF_INET6, IPPROTO_TCP, "/proc/thread-self/net/tcp6" },
	{ AF_INET, IPPROTO_UDP, "/proc/thread-self/net/udp" },
	{ AF_INET6, IPPROTO_UDP, "/proc/thread-self/net/udp6" },
};

static const struct table *find_table(uint8_t family, uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].family == family && tables[i].protocol == protocol)
			return &tables[i];
	}
	return NULL;
}

struct reading {
	const struct table *table;
	uint32_t states;
	diag_sink *sink;
	void *context;
	bool title_seen;
};

static int take_line(struct reading *r, const char *line, size_t len)
{
	struct diag_sock row;
	int rc;

	if (!r->title_seen) {
		r->title_seen = true;
		return 0;
	}
	rc = procnet_parse_line(line, len, r->table->family, r->table->protocol, &row);
	if (rc < 0 || !(r->states & 1u << row.state))
		return rc;
	return r->sink(r->context, &row);
}

/* Takes all whole lines in the buffer and moves what is left to its front. */
static int take_lines(struct reading *r, char *buffer, size_t *filled)
{
	const char *at = buffer, *newline;
	size_t left = *filled;
	int rc;

	while ((newline = memchr(at, '\n', left))) {
		rc = take_line(r, at, (size_t)(newline - at));
		if (rc < 0)
			return rc;
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
	}
	memmove(buffer, at, left);
	*filled = left;
	return 0;
}

int procnet_read(uint8_t family, uint8_t protocol, uint32_t states, diag_sink *sink, void *context)
{
	struct reading r = { find_table(family, protocol), states, sink, context, false };
	char buffer[BUFFER_SIZE];
	size_t filled = 0;
	ssize_t n;
	int fd, rc = 0;

	if (!r.table)
		return -ENOENT;
	fd = open(r.table->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (rc == 0) {
		n = read(fd, buffer + filled, sizeof(buffer) - filled);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = -errno;
		if (n <= 0)
			break;
		filled += (size_t)n;
		rc = take_lines(&r, buffer, &filled);
		if (rc == 0 && filled == sizeof(buffer))
			rc = -EBADMSG;
	}
	if (rc == 0 && filled > 0)
		rc = -EBADMSG;
	close(fd);
	return rc;
}
