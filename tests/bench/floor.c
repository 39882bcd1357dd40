/* The floors that everything is measured against: the least a program can do to hear of every
 * socket, and to learn what every descriptor is. Nothing here looks at what comes. */
#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_STATES 0xffeu
#define LISTENING  (1u << TCP_LISTEN)
#define MEMORY     (1u << (INET_DIAG_SKMEMINFO - 1))

struct request {
	struct nlmsghdr head;
	union {
		struct inet_diag_req_v2 one;
		struct inet_diag_req both;
	} body;
	char filter[sizeof(struct nlattr) + 2 * sizeof(struct inet_diag_bc_op)];
};

struct asked {
	uint16_t type;
	uint8_t family, protocol, ext;
	uint32_t states;
};

/* As src/source/live.c asks: listeners with their drops, all other TCP in one walk, UDP. */
static const struct asked asked[] = {
	{ TCPDIAG_GETSOCK, AF_INET, IPPROTO_TCP, MEMORY, LISTENING },
	{ TCPDIAG_GETSOCK, AF_INET, IPPROTO_TCP, 0, ALL_STATES & ~LISTENING },
	{ SOCK_DIAG_BY_FAMILY, AF_INET, IPPROTO_UDP, MEMORY, ALL_STATES },
	{ SOCK_DIAG_BY_FAMILY, AF_INET6, IPPROTO_UDP, MEMORY, ALL_STATES },
};
enum { ASKED = sizeof asked / sizeof *asked };

/* "dport = :443": jumps behind the end, which rejects, where it is not. */
static const struct inet_diag_bc_op program[] = {
	{ .code = INET_DIAG_BC_D_EQ, .yes = 8, .no = 12 },
	{ .no = 443 },
};

static _Alignas(struct nlmsghdr) char buffer[64 * 1024];

static void ask(int fd, const struct asked *a, bool filtered)
{
	struct request r = { .head = {
				     .nlmsg_type = a->type,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
				     .nlmsg_seq = 1,
			     } };
	struct nlattr attribute = {
		.nla_len = sizeof attribute + sizeof program,
		.nla_type = INET_DIAG_REQ_BYTECODE,
	};
	size_t len = sizeof r.head;

	if (a->type == TCPDIAG_GETSOCK) {
		r.body.both.idiag_family = a->family;
		r.body.both.idiag_ext = a->ext;
		r.body.both.idiag_states = a->states;
		len += sizeof r.body.both;
	} else {
		r.body.one.sdiag_family = a->family;
		r.body.one.sdiag_protocol = a->protocol;
		r.body.one.idiag_ext = a->ext;
		r.body.one.idiag_states = a->states;
		len += sizeof r.body.one;
	}
	if (filtered) {
		memcpy((char *)&r + len, &attribute, sizeof attribute);
		memcpy((char *)&r + len + sizeof attribute, program, sizeof program);
		len += attribute.nla_len;
	}
	r.head.nlmsg_len = (uint32_t)len;
	if (send(fd, &r, len, 0) < 0)
		die("sock_diag: send");
}

static size_t receive(int fd)
{
	ssize_t n = recv(fd, buffer, sizeof buffer, 0);

	if (n < (ssize_t)sizeof(struct nlmsghdr))
		die("sock_diag: recv");
	return (size_t)n;
}

/* NLMSG_DONE is 20 bytes and the last, alone or behind rows. An error comes alone; a protocol that
 * the kernel does not have is one. */
static bool is_last(size_t len)
{
	const size_t done = NLMSG_LENGTH(sizeof(int));
	struct nlmsghdr h;

	memcpy(&h, buffer, sizeof h);
	if (h.nlmsg_type == NLMSG_ERROR)
		return true;
	if (len < done)
		return false;
	memcpy(&h, buffer + len - done, sizeof h);
	return h.nlmsg_type == NLMSG_DONE && h.nlmsg_len == done;
}

static void dump(int fd, const struct asked *a, bool filtered)
{
	ask(fd, a, filtered);
	while (!is_last(receive(fd)))
		;
}

void floor_dump(int fd)
{
	for (size_t i = 0; i < ASKED; i++)
		dump(fd, &asked[i], false);
}

void floor_filtered(int fd)
{
	for (size_t i = 0; i < ASKED; i++)
		dump(fd, &asked[i], true);
}

void floor_state(int fd)
{
	const struct asked waiting = { TCPDIAG_GETSOCK, AF_INET, IPPROTO_TCP, 0,
		1u << TCP_CLOSE_WAIT };

	dump(fd, &waiting, false);
}

int floor_open(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof self))
		die("sock_diag");
	floor_dump(fd);
	return fd;
}

static int64_t rows_in(size_t len)
{
	struct nlmsghdr h;
	int64_t rows = 0;

	for (size_t at = 0; at + sizeof h <= len; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, buffer + at, sizeof h);
		if (h.nlmsg_len < sizeof h)
			break;
		rows += h.nlmsg_type != NLMSG_DONE && h.nlmsg_type != NLMSG_ERROR;
	}
	return rows;
}

int64_t floor_count(int fd)
{
	int64_t rows = 0;

	for (size_t i = 0; i < ASKED; i++) {
		size_t len;

		ask(fd, &asked[i], false);
		do {
			len = receive(fd);
			rows += rows_in(len);
		} while (!is_last(len));
	}
	return rows;
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* As the kernel has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

static long read_entries(int fd, void *out, size_t size)
{
	return syscall(SYS_getdents64, fd, out, size);
}

static int64_t walk_process(int proc, const char *pid)
{
	char path[32], target[64];
	int64_t count = 0;
	long len;
	int fd;

	snprintf(path, sizeof path, "%.20s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while ((len = read_entries(fd, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < len;) {
			const struct entry *e = (const void *)(buffer + at);

			at += e->len;
			if (e->name[0] == '.')
				continue;
			count += readlinkat(fd, e->name, target, sizeof target) > 0;
		}
	}
	close(fd);
	return count;
}

int64_t floor_walk(void)
{
	int64_t count = 0;
	DIR *dir = opendir("/proc");
	const struct dirent *d;

	if (!dir)
		die("/proc");
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
			count += walk_process(dirfd(dir), d->d_name);
	closedir(dir);
	return count;
}

int bench_count(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say("sockets", "", floor_count(floor_open()));
	say("descriptors", "", floor_walk());
	return 0;
}
