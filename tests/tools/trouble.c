/* trouble: what goes wrong with a server's sockets, made on purpose, for the live tests of the audit.
 *
 *     no-accept PORT BACKLOG   listens and never accepts; others connect 20 times a second
 *     ports PORT               connects to itself until there is no local port left
 *     fds LIMIT OPEN           has OPEN descriptors of LIMIT
 *     syn PORT BACKLOG         listens; SYNs of false addresses (10.66.0.0/16) come, 200 a second
 *     udp PORT                 reads nothing of 500 datagrams a second
 *     stuck PORT COUNT         COUNT connections to itself, full of data that nobody reads
 *     refilled PORT COUNT      the same with small queues, of which all is read ten times a second
 *     dead ADDRESS COUNT       COUNT connections to port 443 of an address that does not answer
 *     time-wait PORT           connections that are closed at once, 50 a second
 *
 * It says "ready" when the trouble is there or has begun, and lasts until its standard input
 * ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "trouble: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address(const char *host, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(host);
	return a;
}

static int new_socket(int type)
{
	int fd = socket(AF_INET, type, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on))
		die("socket");
	return fd;
}

static int bound(int type, int port)
{
	struct sockaddr_in a = address("127.0.0.1", port);
	int fd = new_socket(type);

	if (bind(fd, (const struct sockaddr *)&a, sizeof a))
		die("bind");
	return fd;
}

static int listening(int port, int backlog)
{
	int fd = bound(SOCK_STREAM, port);

	if (listen(fd, backlog))
		die("listen");
	return fd;
}

/* Does not wait; -1 where there is no port. */
static int connecting(const char *host, int port)
{
	struct sockaddr_in a = address(host, port);
	int fd = new_socket(SOCK_STREAM | SOCK_NONBLOCK);

	if (connect(fd, (const struct sockaddr *)&a, sizeof a) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* Waits so long; the end of standard input is the end of everything. */
static void pause_ms(int ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	if (poll(&in, 1, ms) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
		exit(0);
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void no_accept(const char *port, const char *backlog)
{
	listening(atoi(port), atoi(backlog));
	for (int i = 0;; i++) {
		connecting("127.0.0.1", atoi(port));
		if (i == 40)
			ready();
		pause_ms(i < 40 ? 0 : 50);
	}
}

static void ports(const char *port, const char *unused)
{
	int listener = listening(atoi(port), 100);

	(void)unused;
	while (connecting("127.0.0.1", atoi(port)) >= 0)
		accept(listener, NULL, NULL);
	ready();
	for (;;)
		pause_ms(-1);
}

static void fds(const char *limit, const char *open)
{
	struct rlimit r = { (rlim_t)atoi(limit), (rlim_t)atoi(limit) };

	if (setrlimit(RLIMIT_NOFILE, &r))
		die("setrlimit");
	while (new_socket(SOCK_DGRAM) < atoi(open) - 1)
		;
	listening(0, 1);
	ready();
	for (;;)
		pause_ms(-1);
}

static uint16_t checksum(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void send_syn(int raw, int port, uint32_t n)
{
	struct {
		uint8_t ip[20];
		struct tcphdr tcp;
	} packet = { .ip = { 0x45, [8] = 64, [9] = IPPROTO_TCP } };
	struct sockaddr_in to = address("127.0.0.1", port), from = address("10.66.0.0", 0);
	uint32_t sum = IPPROTO_TCP + sizeof packet.tcp;

	from.sin_addr.s_addr |= htonl(n % 60000 + 1);
	memcpy(packet.ip + 12, &from.sin_addr, 4);
	memcpy(packet.ip + 16, &to.sin_addr, 4);
	packet.tcp.source = htons((uint16_t)(1024 + n % 50000));
	packet.tcp.dest = to.sin_port;
	packet.tcp.seq = htonl(n);
	packet.tcp.doff = 5;
	packet.tcp.syn = 1;
	packet.tcp.window = htons(1024);
	for (int i = 12; i < 20; i += 2)
		sum += (uint32_t)(packet.ip[i] << 8 | packet.ip[i + 1]);
	packet.tcp.check = checksum(&packet.tcp, sizeof packet.tcp, sum);
	if (sendto(raw, &packet, sizeof packet, 0, (const struct sockaddr *)&to, sizeof to) < 0)
		die("sendto");
}

static void syn(const char *port, const char *backlog)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (raw < 0)
		die("raw socket");
	listening(atoi(port), atoi(backlog));
	for (uint32_t n = 0;; n++) {
		send_syn(raw, atoi(port), n);
		if (n == 100)
			ready();
		pause_ms(n < 100 ? 0 : 5);
	}
}

static void udp(const char *port, const char *unused)
{
	struct sockaddr_in to = address("127.0.0.1", atoi(port));
	int from = new_socket(SOCK_DGRAM), few = 4096, reader = bound(SOCK_DGRAM, atoi(port));
	char data[512] = { 0 };

	(void)unused;
	if (setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &few, sizeof few))
		die("SO_RCVBUF");
	for (int i = 0;; i++) {
		sendto(from, data, sizeof data, 0, (const struct sockaddr *)&to, sizeof to);
		if (i == 40)
			ready();
		pause_ms(i < 40 ? 0 : 2);
	}
}

static void stuck(const char *port, const char *count)
{
	int listener = listening(atoi(port), 100);
	char data[65536] = { 0 };

	for (int i = 0; i < atoi(count); i++) {
		int fd = connecting("127.0.0.1", atoi(port));

		if (fd < 0 || accept(listener, NULL, NULL) < 0)
			die("connect");
		/* Until nothing more goes into it, also after a while. */
		for (int k = 0; k < 3; k++, pause_ms(10))
			while (send(fd, data, sizeof data, MSG_NOSIGNAL) > 0)
				;
	}
	ready();
	for (;;)
		pause_ms(-1);
}

static void refilled(const char *port, const char *count)
{
	int listener = listening(atoi(port), 100), few = 2048, n = atoi(count);
	int *ends = calloc((size_t)n * 2, sizeof *ends);
	char data[2048] = { 0 };

	if (!ends || setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &few, sizeof few))
		die("SO_RCVBUF");
	for (int i = 0; i < n; i++) {
		ends[2 * i] = connecting("127.0.0.1", atoi(port));
		ends[2 * i + 1] = accept(listener, NULL, NULL);
		if (ends[2 * i] < 0 || ends[2 * i + 1] < 0)
			die("connect");
	}
	for (int round = 0;; round++) {
		for (int i = 0; i < n; i++) {
			while (send(ends[2 * i], data, sizeof data, MSG_NOSIGNAL) > 0)
				;
			if (round > 0)
				recv(ends[2 * i + 1], data, sizeof data, MSG_DONTWAIT);
		}
		if (round == 0)
			ready();
		pause_ms(100);
	}
}

static void dead(const char *host, const char *count)
{
	for (int i = 0; i < atoi(count); i++)
		if (connecting(host, 443) < 0)
			die("connect");
	ready();
	for (;;)
		pause_ms(-1);
}

static void time_wait(const char *port, const char *unused)
{
	int listener = listening(atoi(port), 100);

	(void)unused;
	for (int i = 0;; i++) {
		int here = connecting("127.0.0.1", atoi(port));
		int there = accept(listener, NULL, NULL);

		close(here);
		close(there);
		if (i == 10)
			ready();
		pause_ms(i < 10 ? 0 : 20);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(const char *first, const char *second);
		int arguments;
	} kinds[] = {
		{ "no-accept", no_accept, 2 },
		{ "ports", ports, 1 },
		{ "fds", fds, 2 },
		{ "syn", syn, 2 },
		{ "udp", udp, 1 },
		{ "stuck", stuck, 2 },
		{ "refilled", refilled, 2 },
		{ "dead", dead, 2 },
		{ "time-wait", time_wait, 1 },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (argc == kinds[i].arguments + 2 && strcmp(argv[1], kinds[i].name) == 0)
			kinds[i].make(argv[2], argv[3]);
	fputs("usage: see the top of tests/tools/trouble.c\n", stderr);
	return 2;
}
