/* The load: so many real TCP sockets, made by pairs of processes, a server and its client, because
 * a process may have 20,000 descriptors only. Connections come from many addresses of 127/8, as
 * those of a busy server do. A share of them is replaced every second: most are reset, so that their
 * number stays what it is; every eighth is closed in order and leaves a socket in TIME-WAIT. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PAIR_MOST = 8000, /* connections of a pair, where it may have so many descriptors */
	PAIRS_LEAST = 4,
	PAIRS_MOST = 4000,
	AHEAD = 1000, /* connections that wait for accept() */
	BACKLOG = 4096,
	TICK_MSEC = 20,
	IN_ORDER = 8, /* one in so many is closed with FIN */
	SHARING = 4,  /* connections from the same address */
	PORT = 8080,
};

/* Shared by all processes. */
struct progress {
	_Atomic uint64_t accepted, opened;
	_Atomic bool listening;
};

struct load {
	struct progress *pairs;
	int pair_count, first;
	double churn; /* share of the connections in a second */
};

static void become(const char *name, int index)
{
	char text[16];

	snprintf(text, sizeof text, "%s-%d", name, index);
	prctl(PR_SET_NAME, text);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	if (getppid() == 1)
		_exit(0);
}

static struct sockaddr_in server_address(int index)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x7f010000u + (uint32_t)index),
	};
}

/* ---- The server ------------------------------------------------------------------------------ */

static void watch(int poll_fd, int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e))
		die("epoll");
}

static void accept_all(int poll_fd, int listener, struct progress *p)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		watch(poll_fd, fd);
		p->accepted++;
	}
	if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		die("accept");
}

static _Noreturn void serve(const struct load *l, int pair)
{
	struct sockaddr_in self = server_address(l->first + pair);
	struct epoll_event events[256];
	int poll_fd = epoll_create1(EPOLL_CLOEXEC), one = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	become("server", l->first + pair);
	if (poll_fd < 0 || listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&self, sizeof self) || listen(listener, BACKLOG))
		die("listen");
	watch(poll_fd, listener);
	l->pairs[pair].listening = true;
	for (;;) {
		int n = epoll_wait(poll_fd, events, 256, -1);

		if (n < 0 && errno != EINTR)
			die("epoll");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(poll_fd, listener, &l->pairs[pair]);
			else
				close(events[i].data.fd);
		}
	}
}

/* ---- The client ------------------------------------------------------------------------------ */

static int open_one(const struct load *l, int pair, uint64_t serial)
{
	struct sockaddr_in to = server_address(l->first + pair);
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint32_t address = (uint32_t)(l->first + pair) * PAIR_MOST + (uint32_t)serial / SHARING;
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	/* Spread, but none of the servers'. */
	address = address * 2654435761u >> 9;
	from.sin_addr.s_addr = htonl(0x7f000000u + (2u << 16) + address % (253u << 16));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	while (l->pairs[pair].opened - l->pairs[pair].accepted >= AHEAD)
		sleep_ns(MSEC_NS);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
		connect(fd, (struct sockaddr *)&to, sizeof to))
		die("connect");
	l->pairs[pair].opened++;
	return fd;
}

static void close_one(int fd, bool in_order)
{
	struct linger at_once = { 1, 0 };

	if (!in_order)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

/* The oldest go, and as many come: the new ones get the descriptors that are free again. */
static void replace(const struct load *l, int pair, int *fds, uint64_t count, uint64_t *serial)
{
	uint64_t owed = 0, done = 0;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	for (;;) {
		double seconds;

		sleep_ns(TICK_MSEC * MSEC_NS);
		seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / SECOND_NS;
		owed = (uint64_t)(seconds * l->churn * (double)count) - done;
		if (owed > count)
			owed = count;
		for (uint64_t i = 0; i < owed; i++)
			close_one(fds[(done + i) % count], (done + i) % IN_ORDER == 0);
		for (uint64_t i = 0; i < owed; i++)
			fds[(done + i) % count] = open_one(l, pair, (*serial)++);
		done += owed;
	}
}

static _Noreturn void connect_all(const struct load *l, int pair, uint64_t count)
{
	int *fds = calloc(count + 1, sizeof *fds);
	uint64_t serial = 0;

	become("client", l->first + pair);
	if (!fds)
		die("memory");
	while (!l->pairs[pair].listening)
		sleep_ns(MSEC_NS);
	for (; serial < count; serial++)
		fds[serial] = open_one(l, pair, serial);
	if (l->churn > 0 && count)
		replace(l, pair, fds, count, &serial);
	for (;;)
		pause();
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void start(void (*run)(const struct load *, int, uint64_t), const struct load *l, int pair,
	uint64_t count)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		run(l, pair, count);
}

static void run_server(const struct load *l, int pair, uint64_t count)
{
	(void)count;
	serve(l, pair);
}

static void run_client(const struct load *l, int pair, uint64_t count)
{
	connect_all(l, pair, count);
}

/* A child that ended has said why. */
static void look_after_children(void)
{
	if (waitpid(-1, NULL, WNOHANG) > 0) {
		fprintf(stderr, "bench: a process of the load ended\n");
		exit(1);
	}
}

static void wait_for_all(const struct load *l, uint64_t wanted)
{
	uint64_t have = 0;

	while (have < wanted) {
		sleep_ns(5 * MSEC_NS);
		look_after_children();
		have = 0;
		for (int i = 0; i < l->pair_count; i++)
			have += l->pairs[i].accepted;
	}
}

/* As many descriptors as a process may have, less some for other things than connections. */
static int descriptors(void)
{
	struct rlimit files;
	rlim_t most = PAIR_MOST;

	if (getrlimit(RLIMIT_NOFILE, &files))
		die("descriptors");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < most + 100)
		most = files.rlim_cur - 100;
	return (int)most;
}

static void start_all(struct load *l, uint64_t connections)
{
	uint64_t left = connections;

	l->pairs = mmap(NULL, sizeof *l->pairs * (size_t)l->pair_count, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->pairs == MAP_FAILED)
		die("memory");
	for (int i = 0; i < l->pair_count; i++) {
		uint64_t share = left / (uint64_t)(l->pair_count - i);

		start(run_server, l, i, share);
		start(run_client, l, i, share);
		left -= share;
	}
}

/* SOCKETS, the share that is replaced in a second, the first number of a pair (loads beside each
 * other must not share one), and after how many seconds all ends. Says "ready" when they are there. */
int bench_load(int argc, char **argv)
{
	double sockets = number(argv[0], 10e6);
	struct load l = { .churn = number(argv[1], 1), .first = (int)number(argv[2], 60000) };
	uint64_t connections;

	(void)argc;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	alarm((unsigned)number(argv[3], 3600));
	l.pair_count = (int)(sockets / (2 * descriptors())) + 1;
	if (l.pair_count < PAIRS_LEAST)
		l.pair_count = PAIRS_LEAST;
	if (l.pair_count > PAIRS_MOST || sockets < PAIRS_LEAST) {
		fprintf(stderr, "bench: too many sockets, or too few\n");
		return 1;
	}
	/* A listener is a socket too. */
	connections = ((uint64_t)sockets - (uint64_t)l.pair_count) / 2;
	start_all(&l, connections);
	wait_for_all(&l, connections);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		sleep_ns(SECOND_NS / 5);
		look_after_children();
	}
}
