/* leaker: a server that leaks its sockets in CLOSE-WAIT at an even rate, for the live tests.
 *
 * The server is this process. Its clients come from one child, which connects at the times of an
 * absolute schedule and closes at once. The kind of leak is what the server then does:
 *
 *     unread      the client's data is never read      Recv-Q >= 2
 *     eof         the end of file is never read        Recv-Q 1
 *     not-closed  all is read, nothing is closed       Recv-Q 0
 *     --healthy   not a leak: each connection is closed 50 ms after it came
 *
 *     --mix RATE  beside it as many healthy connections per second, to another port
 *     --workers N the same by N processes that share the listener
 *     --proxy     it asks a backend for each connection, which closes at once, and forgets the
 *                 connection to it: those are leaked, with the end of file not read
 *
 * It says "ready pid=N" (the server) when it listens, and ends after --seconds, or on a signal. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND        1000000000ll /* in nanoseconds */
#define HEALTHY_DELAY (SECOND / 20)
#define HEALTHY_MOST  4096 /* connections between their coming and their end */

enum kind { UNREAD, EOF_UNREAD, NOT_CLOSED, HEALTHY };

static const char *const kind_names[] = {
	[UNREAD] = "unread", [EOF_UNREAD] = "eof", [NOT_CLOSED] = "not-closed"
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "leaker: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void raise_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
		die("lo");
	if (!(lo.ifr_flags & IFF_UP)) {
		lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP);
		if (ioctl(fd, SIOCSIFFLAGS, &lo))
			die("lo up");
	}
	close(fd);
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

/* ---- The client ------------------------------------------------------------------------------ */

static void connect_once(const struct sockaddr_in *to, bool speak)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		die("connect");
	if (speak && send(fd, "unread", 6, MSG_NOSIGNAL) != 6)
		die("send");
	close(fd);
}

/* The n-th connection comes n / rate seconds after the start, however late the others were. */
static void be_client(const struct sockaddr_in *to, double rate, bool speak)
{
	int64_t start = now();

	for (int64_t n = 1;; n++) {
		int64_t due = start + (int64_t)((double)n * (double)SECOND / rate);
		struct timespec at = { due / SECOND, due % SECOND };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
			;
		connect_once(to, speak);
	}
}

/* ---- The server ------------------------------------------------------------------------------ */

/* Connections to be closed, oldest first. */
static struct {
	int fd;
	int64_t due;
} closing[HEALTHY_MOST];
static size_t closing_first, closing_count;

static void close_due(void)
{
	int64_t time = now();

	while (closing_count && closing[closing_first].due <= time) {
		close(closing[closing_first].fd);
		closing_first = (closing_first + 1) % HEALTHY_MOST;
		closing_count--;
	}
}

static void close_later(int fd)
{
	size_t last = (closing_first + closing_count) % HEALTHY_MOST;

	if (closing_count == HEALTHY_MOST) {
		fputs("leaker: too fast to be healthy\n", stderr);
		exit(1);
	}
	closing[last].fd = fd;
	closing[last].due = now() + HEALTHY_DELAY;
	closing_count++;
}

static struct sockaddr_in backend; /* of a proxy; port 0: it is none */

static void ask_backend(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&backend, sizeof(backend)))
		die("backend");
	/* And forgets it: that is the leak. */
}

static void treat(int fd, enum kind kind)
{
	char text[64];

	if (kind != HEALTHY && backend.sin_port)
		ask_backend();
	if (kind == HEALTHY || backend.sin_port)
		close_later(fd);
	else if (kind == NOT_CLOSED)
		while (read(fd, text, sizeof(text)) > 0)
			;
	/* Otherwise it is forgotten: that is the leak. */
}

/* Takes what there is; another worker may have been faster. */
static void take(int listener, enum kind kind)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= 0)
		treat(fd, kind);
	else if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

/* Signals come only while it waits, so that none is missed between the question and the wait.
 * `healthy` is the listener of the healthy ones, or -1. */
static void serve(int listener, int healthy, enum kind kind, int64_t until, const sigset_t *waiting)
{
	while (!stopped) {
		struct pollfd incoming[] = { { .fd = listener, .events = POLLIN },
			{ .fd = healthy, .events = POLLIN } };
		int64_t time = now(), next = until;
		struct timespec pause;

		if (time >= until)
			return;
		if (closing_count && closing[closing_first].due < next)
			next = closing[closing_first].due;
		next = next > time ? next - time : 0;
		pause = (struct timespec){ next / SECOND, next % SECOND };
		if (ppoll(incoming, 2, &pause, waiting) < 0) {
			if (errno != EINTR)
				die("ppoll");
			continue;
		}
		close_due();
		if (incoming[0].revents & POLLIN)
			take(listener, kind);
		if (incoming[1].revents & POLLIN)
			take(healthy, HEALTHY);
	}
}

static int listen_on(unsigned port, struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
	socklen_t length = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
		bind(fd, (struct sockaddr *)at, sizeof(*at)) || listen(fd, 1024) ||
		getsockname(fd, (struct sockaddr *)at, &length))
		die("listen");
	return fd;
}

static pid_t start_client(int listener, const struct sockaddr_in *to, double rate, bool speak)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		close(listener);
		close(STDOUT_FILENO); /* who reads it must not wait for us */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "leaker-client");
		if (getppid() == parent)
			be_client(to, rate, speak);
		_exit(1);
	}
	return child;
}

static bool is_worker;

/* The other workers: as this process but for its children; they end with it. */
static void start_workers(unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (!child) {
			is_worker = true;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return;
		}
	}
}

/* A process that closes what comes, at once. */
static pid_t start_backend(void)
{
	int listener = listen_on(0, &backend);
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		close(STDOUT_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "leaker-backend");
		for (;;) {
			struct pollfd incoming = { .fd = listener, .events = POLLIN };
			int fd;

			poll(&incoming, 1, -1);
			fd = accept(listener, NULL, NULL);
			if (fd >= 0)
				close(fd);
		}
	}
	close(listener);
	return child;
}

/* ---- Options --------------------------------------------------------------------------------- */

static double number(const char *text, double least, double most)
{
	char *rest;
	double value = strtod(text, &rest);

	if (*rest || !(value >= least && value <= most)) {
		fprintf(stderr, "leaker: a number from %g to %g, not '%s'\n", least, most, text);
		exit(2);
	}
	return value;
}

static enum kind kind_of(const char *name)
{
	for (enum kind k = 0; k < HEALTHY; k++)
		if (!strcmp(kind_names[k], name))
			return k;
	fprintf(stderr, "leaker: unread, eof or not-closed, not '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "rate", required_argument, NULL, 'r' },
		{ "kind", required_argument, NULL, 'k' },
		{ "seconds", required_argument, NULL, 's' },
		{ "port", required_argument, NULL, 'p' }, { "healthy", no_argument, NULL, 'h' },
		{ "mix", required_argument, NULL, 'm' },
		{ "workers", required_argument, NULL, 'w' }, { "proxy", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 } };
	double rate = 5, seconds = 60, port = 7100, mix = 0, workers = 1;
	enum kind kind = NOT_CLOSED;
	struct sigaction on_stop = { .sa_handler = stop };
	struct sockaddr_in at, mixed_at;
	int option, listener, healthy = -1, status = 0;
	pid_t client, mixed = 0, helper = 0;
	sigset_t ends, before;
	bool proxy = false;
	int64_t until;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r') {
			rate = number(optarg, 0.01, 5000);
		} else if (option == 'k') {
			kind = kind_of(optarg);
		} else if (option == 's') {
			seconds = number(optarg, 0.1, 3600);
		} else if (option == 'p') {
			port = number(optarg, 0, 65535);
		} else if (option == 'h') {
			kind = HEALTHY;
		} else if (option == 'm') {
			mix = number(optarg, 0.01, 5000);
		} else if (option == 'w') {
			workers = number(optarg, 1, 64);
		} else if (option == 'x') {
			proxy = true;
		} else {
			fputs("usage: leaker [--rate PER-SECOND] [--kind unread|eof|not-closed] "
			      "[--healthy]"
			      " [--seconds S] [--port P] [--mix PER-SECOND] [--workers N]"
			      " [--proxy]\n",
				stderr);
			return 2;
		}
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGCHLD);
	raise_loopback();
	raise_limit();
	until = now() + (int64_t)(seconds * (double)SECOND);
	if (proxy)
		helper = start_backend();
	listener = listen_on((unsigned)port, &at);
	if (mix > 0)
		healthy = listen_on(0, &mixed_at);
	printf("ready pid=%d\n", (int)getpid());
	fflush(stdout);
	client = start_client(listener, &at, rate, kind == UNREAD);
	if (mix > 0)
		mixed = start_client(healthy, &mixed_at, mix, false);
	sigprocmask(SIG_BLOCK, &ends, &before);
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);
	sigaction(SIGCHLD, &on_stop, NULL);
	start_workers((unsigned)workers);
	serve(listener, healthy, kind, until, &before);
	if (is_worker)
		_exit(0);
	kill(client, SIGKILL);
	waitpid(client, &status, 0);
	if (mixed) {
		kill(mixed, SIGKILL);
		waitpid(mixed, NULL, 0);
	}
	if (helper) {
		kill(helper, SIGKILL);
		waitpid(helper, NULL, 0);
	}
	return WIFEXITED(status); /* a client that ended by itself had an error */
}
