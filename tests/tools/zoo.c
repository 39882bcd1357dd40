/* zoo: a known number of sockets in every state that loopback can show, for the live tests.
 *
 * Everything is made in this process and then handed out: each child closes what its role does not
 * own. States that TCP would leave by itself are held by making one end "deaf" (a socket filter
 * that drops all it receives): what needs an answer then only retransmits, for over 100 seconds.
 *
 *     zoo --scale 3 < fifo    says "ready" and stays until end of file, a signal or the time limit
 *     zoo --scale 3 --list    says what there will be: protocol, state, count
 *
 * It belongs in a network namespace of its own: where an interface besides lo is up, it refuses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS       10000 /* for a state to be reached */
#define LINGER2       120   /* seconds of an orphan in FIN-WAIT-2; the most the kernel takes */
#define SYN_RETRIES   12
#define DEFER_SECONDS 300

/* ---- Small things ---------------------------------------------------------------------------- */

static const char *doing = "start"; /* for messages: the exhibit under construction */

static void die(const char *what)
{
	fprintf(stderr, "zoo: %s: %s: %s\n", doing, what, strerror(errno));
	exit(1);
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		die("setsockopt");
}

/* From now on the socket drops whatever arrives for it. */
static void deafen(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("SO_ATTACH_FILTER");
}

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		die("TCP_INFO");
	return info;
}

static void await_state(int fd, unsigned state)
{
	for (int i = 0; info_of(fd).tcpi_state != state; i++) {
		if (i == WAIT_MS) {
			fprintf(stderr, "zoo: %s: state %u instead of %u\n", doing,
				info_of(fd).tcpi_state, state);
			exit(1);
		}
		nap();
	}
}

static int unread(int fd)
{
	int bytes;

	if (ioctl(fd, FIONREAD, &bytes))
		die("FIONREAD");
	return bytes;
}

static void await_unread(int fd, int least)
{
	for (int i = 0; unread(fd) < least; i++) {
		if (i == WAIT_MS) {
			errno = ETIMEDOUT;
			die("data");
		}
		nap();
	}
}

static socklen_t endpoint(const char *address, unsigned port, struct sockaddr_storage *at)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)at;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)at;

	memset(at, 0, sizeof(*at));
	if (strchr(address, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, address, &in6->sin6_addr);
		return sizeof(*in6);
	}
	in4->sin_family = AF_INET;
	in4->sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, address, &in4->sin_addr);
	return sizeof(*in4);
}

/* ---- Who owns what --------------------------------------------------------------------------- */

/* One process each; the first is this one. */
enum role { CLIENT, SERVER, WORKER_1, WORKER_2, WORKER_3, TWIN, EVIL, ROLES };

#define OF(role) (1u << (role))
#define WORKERS  (OF(WORKER_1) | OF(WORKER_2) | OF(WORKER_3))

static const char *const role_names[ROLES] = {
	[CLIENT] = "zoo",
	[SERVER] = "zoo-server",
	[WORKER_1] = "zoo-worker",
	[WORKER_2] = "zoo-worker",
	[WORKER_3] = "zoo-worker",
	[TWIN] = "zoo-twin",
	[EVIL] = "e\033[31mvil\n)",
};

struct kept {
	int fd;
	unsigned roles;
	bool twice; /* under two descriptors */
};

static struct kept *kept;
static size_t kept_count, kept_room;

static void keep(int fd, unsigned roles, bool twice)
{
	if (kept_count == kept_room) {
		kept_room = kept_room ? 2 * kept_room : 256;
		kept = realloc(kept, kept_room * sizeof(*kept));
		if (!kept)
			die("realloc");
	}
	kept[kept_count++] = (struct kept){ fd, roles, twice };
}

static void become(enum role role)
{
	prctl(PR_SET_NAME, role_names[role]);
	for (size_t i = 0; i < kept_count; i++) {
		if (!(kept[i].roles & OF(role)))
			close(kept[i].fd);
		else if (kept[i].twice && dup(kept[i].fd) < 0)
			die("dup");
	}
}

/* ---- Listeners ------------------------------------------------------------------------------- */

/* Port and backlog of each are its own, so that a mix-up shows. */
enum door_name {
	V4,
	V6,
	DUAL,
	ANY4,
	ANY6,
	QUEUE,
	FULL,
	DEFER,
	HALF,
	DEVICE,
	HOLE,
	HOLE6,
	PREFORK,
	REUSE_1,
	REUSE_2,
	SMALL,
	LEFT,
	DOORS
};

static struct door {
	const char *address;
	unsigned port;
	int backlog;
	unsigned roles; /* 0: SERVER */
	bool v6only, reuse, deaf, device;
	int syn_retries, defer, buffer; /* 0: the system's */
	int fd;
} doors[DOORS] = {
	[V4] = { "127.0.0.1", 7001, .backlog = 128 },
	[V6] = { "::1", 7002, .backlog = 129 },
	[DUAL] = { "::", 7003, .backlog = 130 },
	[ANY4] = { "0.0.0.0", 7004, .backlog = 131 },
	[ANY6] = { "::", 7004, .backlog = 132, .v6only = true },
	[QUEUE] = { "127.0.0.1", 7005, .backlog = 2000 },
	[FULL] = { "127.0.0.1", 7006, .backlog = 2 },
	[DEFER] = { "127.0.0.1", 7007, .backlog = 2001, .defer = DEFER_SECONDS },
	[HALF] = { "127.0.0.1", 7008, .backlog = 2002, .syn_retries = SYN_RETRIES },
	[DEVICE] = { "127.0.0.1", 7009, .backlog = 133, .device = true },
	[HOLE] = { "127.0.0.1", 7010, .backlog = 134, .deaf = true },
	[HOLE6] = { "::1", 7010, .backlog = 135, .deaf = true },
	[PREFORK] = { "127.0.0.1", 7011, .backlog = 136, .roles = WORKERS },
	[REUSE_1] = { "127.0.0.1", 7012, .backlog = 137, .roles = OF(WORKER_1), .reuse = true },
	[REUSE_2] = { "127.0.0.1", 7012, .backlog = 138, .roles = OF(WORKER_2), .reuse = true },
	[SMALL] = { "127.0.0.1", 7013, .backlog = 139, .buffer = 4096 },
	[LEFT] = { "127.0.0.1", 7014, .backlog = 2003 },
};

static bool has_ipv6;

/* Whether this host can show it. */
static bool possible(const char *address)
{
	return has_ipv6 || !strchr(address, ':');
}

static void open_door(struct door *d)
{
	struct sockaddr_storage at;
	socklen_t length = endpoint(d->address, d->port, &at);

	d->fd = socket(at.ss_family, SOCK_STREAM, 0);
	if (d->fd < 0)
		die("socket");
	set(d->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (at.ss_family == AF_INET6)
		set(d->fd, IPPROTO_IPV6, IPV6_V6ONLY, d->v6only);
	if (d->reuse)
		set(d->fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (d->device && setsockopt(d->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2))
		die("SO_BINDTODEVICE");
	if (d->deaf)
		deafen(d->fd);
	if (d->syn_retries)
		set(d->fd, IPPROTO_TCP, TCP_SYNCNT, d->syn_retries);
	if (d->defer)
		set(d->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, d->defer);
	if (d->buffer)
		set(d->fd, SOL_SOCKET, SO_RCVBUF, d->buffer);
	if (bind(d->fd, (struct sockaddr *)&at, length))
		die("bind");
	if (listen(d->fd, d->backlog))
		die("listen");
	keep(d->fd, d->roles ? d->roles : OF(SERVER), false);
}

/* ---- What is done to the two ends ------------------------------------------------------------ */

/* a connects, b is accepted; -1: closed, or not there. */
struct pair {
	int a, b;
};

static void say(int fd, size_t bytes)
{
	static const char text[1000];

	if (write(fd, text, bytes) != (ssize_t)bytes)
		die("write");
}

static void end(int fd)
{
	if (shutdown(fd, SHUT_WR))
		die("shutdown");
}

static void drop(int *fd)
{
	close(*fd);
	*fd = -1;
}

static void a_speaks(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(p[i].a, 100 + i % 10);
	for (size_t i = 0; i < n; i++)
		await_unread(p[i].b, 100 + (int)(i % 10));
}

static void a_speaks_b_deaf(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		deafen(p[i].b);
		say(p[i].a, 300 + i % 10);
	}
}

/* a in FIN-WAIT-2, b in CLOSE-WAIT. */
static void a_ends(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		end(p[i].a);
	for (size_t i = 0; i < n; i++) {
		await_state(p[i].a, TCP_FIN_WAIT2);
		if (p[i].b >= 0)
			await_state(p[i].b, TCP_CLOSE_WAIT);
	}
}

static void a_leaves(struct pair *p, size_t n)
{
	a_ends(p, n);
	for (size_t i = 0; i < n; i++) {
		set(p[i].a, IPPROTO_TCP, TCP_LINGER2, LINGER2);
		drop(&p[i].a);
	}
}

static void a_speaks_and_leaves(struct pair *p, size_t n)
{
	a_speaks(p, n);
	a_leaves(p, n);
}

/* One byte is the least that counts as unread. */
static void a_says_one_byte_and_leaves(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(p[i].a, 1);
	a_leaves(p, n);
}

static void b_reads_all(struct pair *p, size_t n)
{
	char text[1000];

	for (size_t i = 0; i < n; i++)
		while (read(p[i].b, text, sizeof(text)) > 0)
			;
}

static void a_leaves_b_reads_all(struct pair *p, size_t n)
{
	a_speaks_and_leaves(p, n);
	b_reads_all(p, n);
}

static void a_ends_b_reads_all(struct pair *p, size_t n)
{
	a_ends(p, n);
	b_reads_all(p, n);
}

/* The FIN does not reach b. */
static void a_ends_b_deaf(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		deafen(p[i].b);
		end(p[i].a);
		await_state(p[i].a, TCP_FIN_WAIT1);
	}
}

/* The FIN waits behind data for which b has no room. */
static void a_fills_and_leaves(struct pair *p, size_t n)
{
	static const char text[4096];

	for (size_t i = 0; i < n; i++) {
		set(p[i].a, SOL_SOCKET, SO_SNDBUF, 1);
		while (send(p[i].a, text, sizeof(text), MSG_DONTWAIT) > 0)
			;
	}
	/* Until window probes have filled what room was left. */
	for (int calm = 0, before = -1; calm < 600; calm++) {
		int now = 0;

		for (size_t i = 0; i < n; i++)
			now += unread(p[i].b);
		if (now != before)
			calm = 0;
		before = now;
		nap();
	}
	for (size_t i = 0; i < n; i++) {
		end(p[i].a);
		await_state(p[i].a, TCP_FIN_WAIT1);
		drop(&p[i].a);
	}
}

/* At once: b hears neither a's FIN nor the answer to its own. a in CLOSING, b in FIN-WAIT-1. */
static void both_end(struct pair *p, size_t n)
{
	a_ends_b_deaf(p, n);
	for (size_t i = 0; i < n; i++)
		end(p[i].b);
	for (size_t i = 0; i < n; i++) {
		await_state(p[i].a, TCP_CLOSING);
		await_state(p[i].b, TCP_FIN_WAIT1);
	}
}

static void both_leave(struct pair *p, size_t n)
{
	both_end(p, n);
	for (size_t i = 0; i < n; i++) {
		drop(&p[i].a);
		drop(&p[i].b);
	}
}

/* b does not hear the answer to its FIN and repeats it, which keeps a in TIME-WAIT. */
static void a_leaves_b_ends(struct pair *p, size_t n)
{
	a_ends(p, n);
	for (size_t i = 0; i < n; i++) {
		deafen(p[i].b);
		end(p[i].b);
	}
	for (size_t i = 0; i < n; i++) {
		await_state(p[i].b, TCP_LAST_ACK);
		await_state(p[i].a, TCP_CLOSE);
		drop(&p[i].a);
	}
}

static void a_leaves_b_leaves(struct pair *p, size_t n)
{
	a_leaves_b_ends(p, n);
	for (size_t i = 0; i < n; i++)
		drop(&p[i].b);
}

/* As servers see it every day: TIME-WAIT alone, which lasts a minute. */
static void both_close(struct pair *p, size_t n)
{
	a_ends(p, n);
	for (size_t i = 0; i < n; i++)
		drop(&p[i].b);
	for (size_t i = 0; i < n; i++) {
		await_state(p[i].a, TCP_CLOSE);
		drop(&p[i].a);
	}
}

/* With up to a minute to live the kernel keeps an orphan of FIN-WAIT-2 as a time-wait socket. */
static void a_leaves_soon(struct pair *p, size_t n)
{
	a_ends(p, n);
	for (size_t i = 0; i < n; i++) {
		set(p[i].a, IPPROTO_TCP, TCP_LINGER2, 60);
		drop(&p[i].a);
	}
}

static void a_sends_datagram(struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		say(p[i].a, 50);
		await_unread(p[i].b, 50);
	}
}

/* ---- What there is to see -------------------------------------------------------------------- */

enum how {
	ACCEPTED,  /* connected and accepted */
	QUEUED,    /* connected; nobody accepts */
	ATTEMPTED, /* connecting without hearing the answer */
	BOUND,     /* TCP, neither connected nor listening: no tool shows it */
	UDP_BOUND,
	UDP_PAIR,
};

static const struct exhibit {
	const char *name, *shows; /* states, one of each per piece */
	enum how how;
	enum door_name door; /* where TCP connects to */
	const char *address; /* by which name; UDP: which is bound */
	unsigned count;
	bool fixed; /* not multiplied by the scale */
	bool brief; /* gone within a minute: only when asked for */
	void (*act)(struct pair *p, size_t n);
	unsigned a_roles, b_roles; /* 0: CLIENT, SERVER */
	bool b_twice;
} exhibits[] = {
	{ "idle", "ESTAB ESTAB", ACCEPTED, V4, "127.0.0.1", .count = 5 },
	{ "idle IPv6", "ESTAB ESTAB", ACCEPTED, V6, "::1", .count = 3 },
	{ "idle IPv4 on IPv6", "ESTAB ESTAB", ACCEPTED, DUAL, "127.0.0.1", .count = 2 },
	{ "idle mapped", "ESTAB ESTAB", ACCEPTED, DUAL, "::ffff:127.0.0.1", .count = 1 },
	{ "idle IPv6 on any", "ESTAB ESTAB", ACCEPTED, DUAL, "::1", .count = 1 },
	{ "idle v6only", "ESTAB ESTAB", ACCEPTED, ANY6, "::1", .count = 1 },
	{ "idle any4", "ESTAB ESTAB", ACCEPTED, ANY4, "127.0.0.2", .count = 1 },
	{ "idle on device", "ESTAB ESTAB", ACCEPTED, DEVICE, "127.0.0.1", .count = 1 },
	{ "unread", "ESTAB ESTAB", ACCEPTED, V4, "127.0.0.1", 2, .act = a_speaks },
	{ "unsent", "ESTAB ESTAB", ACCEPTED, V4, "127.0.0.1", 2, .act = a_speaks_b_deaf },
	{ "shared", "ESTAB ESTAB", ACCEPTED, PREFORK, "127.0.0.1", 2, .b_roles = WORKERS },
	{ "worker's own", "ESTAB ESTAB", ACCEPTED, PREFORK, "127.0.0.1", 3,
		.b_roles = OF(WORKER_2) },
	{ "duplicated", "ESTAB ESTAB", ACCEPTED, V4, "127.0.0.1", 2, .b_roles = OF(TWIN),
		.b_twice = true },
	{ "evil", "ESTAB ESTAB", ACCEPTED, V4, "127.0.0.1", 2, .a_roles = OF(EVIL),
		.b_roles = OF(EVIL) },

	{ "not accepted", "ESTAB ESTAB", QUEUED, QUEUE, "127.0.0.1", .count = 3 },
	{ "queue full", "ESTAB ESTAB", QUEUED, FULL, "127.0.0.1", 3, .fixed = true },
	{ "refused by full queue", "SYN-SENT", ATTEMPTED, FULL, "127.0.0.1", .count = 2 },
	{ "no answer", "SYN-SENT", ATTEMPTED, HOLE, "127.0.0.1", .count = 2 },
	{ "no answer IPv6", "SYN-SENT", ATTEMPTED, HOLE6, "::1", .count = 1 },
	{ "half open", "SYN-SENT SYN-RECV", ATTEMPTED, HALF, "127.0.0.1", .count = 2 },
	{ "half open evil", "SYN-SENT SYN-RECV", ATTEMPTED, HALF, "127.0.0.1", 1,
		.a_roles = OF(EVIL) },
	{ "deferred", "ESTAB SYN-RECV", QUEUED, DEFER, "127.0.0.1", .count = 2 },

	{ "end not heard", "FIN-WAIT-1 ESTAB", ACCEPTED, V4, "127.0.0.1", 1, .act = a_ends_b_deaf },
	{ "end behind data", "FIN-WAIT-1 ESTAB", ACCEPTED, SMALL, "127.0.0.1", 1,
		.act = a_fills_and_leaves },
	{ "both end", "CLOSING FIN-WAIT-1", ACCEPTED, V4, "127.0.0.1", 1, .act = both_end },
	{ "both leave", "CLOSING FIN-WAIT-1", ACCEPTED, V4, "127.0.0.1", 1, .act = both_leave },

	{ "leak unread", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V4, "127.0.0.1", 2,
		.act = a_speaks_and_leaves },
	{ "leak unread byte", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V6, "::1", 1,
		.act = a_says_one_byte_and_leaves },
	{ "leak end", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V4, "127.0.0.1", 2, .act = a_ends },
	{ "leak not closed", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V4, "127.0.0.1", 3,
		.act = a_leaves_b_reads_all },
	{ "leak not closed IPv6", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V6, "::1", 1,
		.act = a_leaves_b_reads_all },
	{ "leak not closed mapped", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, DUAL, "::ffff:127.0.0.1", 1,
		.act = a_ends_b_reads_all },
	{ "leak of a worker", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, PREFORK, "127.0.0.1", 1,
		.act = a_leaves_b_reads_all, .b_roles = OF(WORKER_3) },
	{ "leak evil", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V4, "127.0.0.1", 4, .act = a_ends,
		.b_roles = OF(EVIL) },
	{ "left unaccepted", "FIN-WAIT-2 CLOSE-WAIT", QUEUED, LEFT, "127.0.0.1", 1,
		.act = a_leaves },

	{ "udp idle", "UNCONN", UDP_BOUND, .address = "127.0.0.1", .count = 3 },
	{ "udp any", "UNCONN", UDP_BOUND, .address = "0.0.0.0", .count = 1 },
	{ "udp idle IPv6", "UNCONN", UDP_BOUND, .address = "::1", .count = 1 },
	{ "udp any IPv6", "UNCONN", UDP_BOUND, .address = "::", .count = 1 },
	{ "udp pair", "ESTAB ESTAB", UDP_PAIR, .address = "127.0.0.1", .count = 1 },
	{ "udp pair IPv6", "ESTAB ESTAB", UDP_PAIR, .address = "::1", .count = 1 },
	{ "udp pair mapped", "ESTAB ESTAB", UDP_PAIR, .address = "::ffff:127.0.0.1", .count = 1 },
	{ "udp unread", "ESTAB ESTAB", UDP_PAIR, .address = "127.0.0.1", .count = 1,
		.act = a_sends_datagram },
	{ "bound", "", BOUND, .address = "127.0.0.1", .count = 1 },

	/* Last, because connect() may take over the port of a TIME-WAIT. */
	{ "last ack", "TIME-WAIT LAST-ACK", ACCEPTED, V4, "127.0.0.1", 2, .act = a_leaves_b_ends },
	{ "last ack orphan", "TIME-WAIT LAST-ACK", ACCEPTED, V4, "127.0.0.1", 1,
		.act = a_leaves_b_leaves },
	{ "last ack IPv6", "TIME-WAIT LAST-ACK", ACCEPTED, V6, "::1", 1, .act = a_leaves_b_ends },
	{ "last ack mapped", "TIME-WAIT LAST-ACK", ACCEPTED, DUAL, "::ffff:127.0.0.1", 1,
		.act = a_leaves_b_leaves },
	{ "brief FIN-WAIT-2", "FIN-WAIT-2 CLOSE-WAIT", ACCEPTED, V4, "127.0.0.1", 1, .brief = true,
		.act = a_leaves_soon },
	{ "brief TIME-WAIT", "TIME-WAIT", ACCEPTED, V4, "127.0.0.1", 7, .brief = true,
		.act = both_close },
};

#define EXHIBITS (sizeof(exhibits) / sizeof(*exhibits))

static unsigned scale = 1;
static bool brief;

static bool is_udp(const struct exhibit *e)
{
	return e->how == UDP_BOUND || e->how == UDP_PAIR;
}

/* How many pieces of it there will be. */
static size_t pieces(const struct exhibit *e)
{
	bool connects = e->how == ACCEPTED || e->how == QUEUED || e->how == ATTEMPTED;

	if ((e->brief && !brief) || !possible(e->address) ||
		(connects && !possible(doors[e->door].address)))
		return 0;
	return e->fixed ? e->count : (size_t)e->count * scale;
}

static int new_socket(const struct exhibit *e, struct sockaddr_storage *at, socklen_t *length)
{
	bool connects = e->how == ACCEPTED || e->how == QUEUED || e->how == ATTEMPTED;
	int fd;

	*length = endpoint(e->address, connects ? doors[e->door].port : 0, at);
	fd = socket(at->ss_family, is_udp(e) ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0)
		die("socket");
	return fd;
}

static void connect_tcp(const struct exhibit *e, struct pair *p)
{
	const struct door *d = &doors[e->door];
	struct sockaddr_storage at;
	socklen_t length;

	p->a = new_socket(e, &at, &length);
	if (e->how == ATTEMPTED) {
		deafen(p->a);
		set(p->a, IPPROTO_TCP, TCP_SYNCNT, SYN_RETRIES);
		fcntl(p->a, F_SETFL, O_NONBLOCK);
	}
	if (connect(p->a, (struct sockaddr *)&at, length) &&
		!(e->how == ATTEMPTED && errno == EINPROGRESS))
		die("connect");
	if (e->how == ACCEPTED) {
		p->b = accept(d->fd, NULL, NULL);
		if (p->b < 0)
			die("accept");
	}
}

static int bind_any_port(const struct exhibit *e, struct sockaddr_storage *at, socklen_t *length)
{
	int fd = new_socket(e, at, length);

	if (bind(fd, (struct sockaddr *)at, *length) ||
		getsockname(fd, (struct sockaddr *)at, length))
		die("bind");
	return fd;
}

static void connect_udp(const struct exhibit *e, struct pair *p)
{
	struct sockaddr_storage a, b;
	socklen_t a_length, b_length;

	p->a = bind_any_port(e, &a, &a_length);
	p->b = bind_any_port(e, &b, &b_length);
	if (connect(p->a, (struct sockaddr *)&b, b_length) ||
		connect(p->b, (struct sockaddr *)&a, a_length))
		die("connect");
}

/* Those nobody accepts must all be in the listener's queue. */
static void await_queued(const struct exhibit *e, size_t n)
{
	for (int i = 0; e->door != DEFER && info_of(doors[e->door].fd).tcpi_unacked < n; i++) {
		if (i == WAIT_MS) {
			errno = ETIMEDOUT;
			die("accept queue");
		}
		nap();
	}
}

static void make(const struct exhibit *e)
{
	struct sockaddr_storage at;
	socklen_t length;
	size_t n = pieces(e);
	struct pair *p;

	if (!n)
		return;
	doing = e->name;
	p = calloc(n, sizeof(*p));
	if (!p)
		die("calloc");
	for (size_t i = 0; i < n; i++) {
		p[i].a = p[i].b = -1;
		if (e->how == UDP_PAIR)
			connect_udp(e, &p[i]);
		else if (e->how == UDP_BOUND || e->how == BOUND)
			p[i].b = bind_any_port(e, &at, &length);
		else
			connect_tcp(e, &p[i]);
	}
	if (e->how == QUEUED)
		await_queued(e, n);
	if (e->act)
		e->act(p, n);
	for (size_t i = 0; i < n; i++) {
		if (p[i].a >= 0)
			keep(p[i].a, e->a_roles ? e->a_roles : OF(CLIENT), false);
		if (p[i].b >= 0)
			keep(p[i].b, e->b_roles ? e->b_roles : OF(SERVER), e->b_twice);
	}
	free(p);
}

/* ---- The catalogue --------------------------------------------------------------------------- */

static const char *const states[] = { "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
	"TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING" };

#define STATES (sizeof(states) / sizeof(*states))

static size_t times_shown(const struct exhibit *e, const char *state)
{
	size_t length = strlen(state), times = 0;

	for (const char *s = e->shows; (s = strstr(s, state)); s += length)
		times += s[length] == ' ' || !s[length];
	return times;
}

static void list(void)
{
	for (int udp = 0; udp < 2; udp++) {
		for (size_t s = 0; s < STATES; s++) {
			size_t total = 0;

			for (size_t i = 0; i < EXHIBITS; i++)
				if (is_udp(&exhibits[i]) == udp)
					total += pieces(&exhibits[i]) *
						 times_shown(&exhibits[i], states[s]);
			for (size_t i = 0; i < DOORS; i++)
				total += !udp && !strcmp(states[s], "LISTEN") &&
					 possible(doors[i].address);
			if (total)
				printf("%s %s %zu\n", udp ? "udp" : "tcp", states[s], total);
		}
	}
}

/* ---- The place and the time ------------------------------------------------------------------ */

/* Brings lo up; ends the program where another interface is up: that is no place for us. */
static void prepare_place(void)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (!all || fd < 0)
		die("interfaces");
	for (struct if_nameindex *i = all; i->if_name; i++) {
		struct ifreq request = { .ifr_flags = 0 };

		memcpy(request.ifr_name, i->if_name, strnlen(i->if_name, IFNAMSIZ - 1));
		if (ioctl(fd, SIOCGIFFLAGS, &request))
			die(i->if_name);
		if (!strcmp(i->if_name, "lo")) {
			request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
			if (ioctl(fd, SIOCSIFFLAGS, &request))
				die("lo up");
		} else if (request.ifr_flags & IFF_UP) {
			fprintf(stderr, "zoo: %s is up: no namespace of our own\n", i->if_name);
			exit(1);
		}
	}
	if_freenameindex(all);
	close(fd);
}

/* Orphans repeat their FIN for longer; without permission they do so for about 100 seconds. */
static void more_patience(void)
{
	int fd = open("/proc/sys/net/ipv4/tcp_orphan_retries", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "12\n", 3) != 3)
		fprintf(stderr, "zoo: tcp_orphan_retries: %s\n", strerror(errno));
	close(fd);
}

static bool find_ipv6(void)
{
	struct sockaddr_storage at;
	socklen_t length = endpoint("::1", 0, &at);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool found = fd >= 0 && !bind(fd, (struct sockaddr *)&at, length);

	if (fd >= 0)
		close(fd);
	return found;
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");
}

/* ---- Processes ------------------------------------------------------------------------------- */

static pid_t children[ROLES];

static void be_child(enum role role, pid_t parent, int told)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Whoever reads our output must not wait for the children. */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		die("/dev/null");
	close(null);
	become(role);
	if (write(told, "", 1) != 1)
		_exit(1);
	close(told);
	for (;;)
		pause();
}

static void hand_out(void)
{
	pid_t self = getpid();
	int tell[2];
	char byte;

	doing = "children";
	if (pipe(tell))
		die("pipe");
	for (enum role r = CLIENT + 1; r < ROLES; r++) {
		children[r] = fork();
		if (children[r] < 0)
			die("fork");
		if (!children[r]) {
			close(tell[0]);
			be_child(r, self, tell[1]);
		}
	}
	close(tell[1]);
	for (enum role r = CLIENT + 1; r < ROLES; r++) {
		if (read(tell[0], &byte, 1) != 1) {
			fputs("zoo: a child died\n", stderr);
			exit(1);
		}
	}
	close(tell[0]);
	become(CLIENT);
}

static void dismiss(void)
{
	for (enum role r = CLIENT + 1; r < ROLES; r++)
		kill(children[r], SIGKILL);
	for (enum role r = CLIENT + 1; r < ROLES; r++)
		waitpid(children[r], NULL, 0);
}

/* Until end of file or a signal; SIGALRM is the time limit. Returns the exit status. */
static int stay(int signals)
{
	struct pollfd wait_for[] = { { .fd = 0, .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo got;
	char rest[256];

	for (;;) {
		if (poll(wait_for, 2, -1) < 0)
			die("poll");
		if (wait_for[1].revents) {
			if (read(signals, &got, sizeof(got)) != (ssize_t)sizeof(got))
				die("signalfd");
			if (got.ssi_signo == SIGALRM)
				fputs("zoo: time limit\n", stderr);
			return got.ssi_signo == SIGALRM;
		}
		if (wait_for[0].revents && read(0, rest, sizeof(rest)) <= 0)
			return 0;
	}
}

static unsigned number(const char *text, unsigned most)
{
	char *rest;
	unsigned long value = strtoul(text, &rest, 10);

	if (*rest || !value || value > most) {
		fprintf(stderr, "zoo: a number from 1 to %u, not '%s'\n", most, text);
		exit(2);
	}
	return (unsigned)value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "scale", required_argument, NULL, 's' },
		{ "time", required_argument, NULL, 't' }, { "brief", no_argument, NULL, 'b' },
		{ "list", no_argument, NULL, 'l' }, { NULL, 0, NULL, 0 } };
	bool only_list = false;
	unsigned seconds = 120;
	int option, status, signals;
	sigset_t ends;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's') {
			scale = number(optarg, 500);
		} else if (option == 't') {
			seconds = number(optarg, 3600);
		} else if (option == 'b') {
			brief = true;
		} else if (option == 'l') {
			only_list = true;
		} else {
			fputs("usage: zoo [--scale N] [--time SECONDS] [--brief] [--list]\n",
				stderr);
			return 2;
		}
	}
	alarm(seconds);
	prepare_place();
	has_ipv6 = find_ipv6();
	if (only_list) {
		list();
		return 0;
	}
	more_patience();
	raise_limit();
	doing = "listeners";
	for (size_t i = 0; i < DOORS; i++)
		if (possible(doors[i].address))
			open_door(&doors[i]);
	for (size_t i = 0; i < EXHIBITS; i++)
		make(&exhibits[i]);
	hand_out();

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGALRM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		die("signalfd");
	puts("ready");
	fflush(stdout);
	status = stay(signals);
	dismiss();
	return status;
}
