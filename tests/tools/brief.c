/* brief: connections too short to be seen.
 *
 *	brief serve PORT...               listens on 127.0.0.1, on all IPv6 addresses too where the port
 *	                                  has a 6 in front (6:PORT); accepts, reads to the end, closes;
 *	                                  says "ready"
 *	brief call ADDRESS PORT COUNT     so many connections, one after the other: sends a byte, closes
 *	                                  for sending, waits for the end
 *	brief abort ADDRESS PORT COUNT    the same, but resets each */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_MAX 16

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void serve_one(int listener)
{
	char byte[64];
	int fd = accept(listener, NULL, NULL);

	while (fd >= 0 && read(fd, byte, sizeof byte) > 0)
		;
	close(fd);
}

static int listen_on(const char *port)
{
	bool ipv6 = strncmp(port, "6:", 2) == 0;
	uint16_t number = htons((uint16_t)atoi(ipv6 ? port + 2 : port));
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = number, .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = number };
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, ipv6 ? (struct sockaddr *)&to6 : (struct sockaddr *)&to4,
		    ipv6 ? sizeof to6 : sizeof to4) ||
		listen(fd, 128))
		die(port);
	return fd;
}

static int serve(int count, char **ports)
{
	struct pollfd fds[PORTS_MAX];

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = listen_on(ports[i]), .events = POLLIN };
	puts("ready");
	fflush(stdout);
	while (poll(fds, (nfds_t)count, -1) > 0)
		for (int i = 0; i < count; i++)
			if (fds[i].revents)
				serve_one(fds[i].fd);
	return 1;
}

static int call(const char *address, const char *port, long count, bool aborts)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM },
			*to;
	const struct linger reset = { 1, 0 };
	char byte = 'x';

	if (getaddrinfo(address, port, &hints, &to))
		die(address);
	while (count-- > 0) {
		int fd = socket(to->ai_family, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) || write(fd, &byte, 1) != 1)
			die("connect");
		if (aborts) {
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		} else {
			shutdown(fd, SHUT_WR);
			while (read(fd, &byte, 1) > 0)
				;
		}
		close(fd);
	}
	freeaddrinfo(to);
	return 0;
}

int main(int argc, char **argv)
{
	bool aborts = argc == 5 && strcmp(argv[1], "abort") == 0;

	if (argc > 2 && argc - 2 <= PORTS_MAX && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	if (aborts || (argc == 5 && strcmp(argv[1], "call") == 0))
		return call(argv[2], argv[3], atol(argv[4]), aborts);
	fprintf(stderr, "usage: brief serve PORT... | call|abort ADDRESS PORT COUNT\n");
	return 2;
}
