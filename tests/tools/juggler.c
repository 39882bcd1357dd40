/* juggler: a process that does with sockets what it is told, for the test of owners.
 *
 * It reads lines from standard input, each a row of commands separated by ";" that are done at
 * once, and answers each line with "ok" (and the pids of new children):
 *
 *     listen PORT        a TCP listener
 *     accept N           takes N connections
 *     connect PORT N     makes N connections
 *     close N            closes the first N of its connections
 *     file N, shut N     opens N files, closes the first N of them
 *     dup N, move FD     duplicates the first N connections; moves the first one to a number
 *     fork               a child that holds what this process holds, and does nothing
 *     exec PATH          becomes another program, with all its connections
 *     drop PATH          the same, without them
 *     mailbox NAME       a UNIX socket that connections can be sent to
 *     send NAME N        sends the first N connections there (and keeps them)
 *     receive N          gets N connections
 *     exit
 *
 * `juggler walk` prints the owners of all TCP sockets of its network namespace, from a walk over
 * every descriptor: "INODE PID NAME OWNERS", those of the lowest pid first. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST 4096 /* descriptors */

struct hand {
	int fds[MOST];
	int count;
};

static struct hand conns, files;
static int listener = -1, mailbox = -1;
static char answer[256];

static void die(const char *what)
{
	fprintf(stderr, "juggler: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put(struct hand *h, int fd)
{
	if (fd < 0 || h->count == MOST)
		die("descriptor");
	h->fds[h->count++] = fd;
}

static int take_first(struct hand *h)
{
	int fd = h->count ? h->fds[0] : -1;

	if (fd < 0)
		die("nothing left");
	memmove(h->fds, h->fds + 1, (size_t)--h->count * sizeof *h->fds);
	return fd;
}

/* ---- Connections ----------------------------------------------------------------------------- */

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((uint16_t)atoi(port));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void do_listen(const char *port, const char *none)
{
	struct sockaddr_in a = loopback(port);
	int on = 1;

	(void)none;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 512))
		die("listen");
}

static void do_accept(const char *n, const char *none)
{
	(void)none;
	for (int i = atoi(n); i > 0; i--)
		put(&conns, accept(listener, NULL, NULL));
}

static void do_connect(const char *port, const char *n)
{
	struct sockaddr_in a = loopback(port);

	for (int i = atoi(n); i > 0; i--) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (struct sockaddr *)&a, sizeof a))
			die("connect");
		put(&conns, fd);
	}
}

static void do_close(const char *n, const char *none)
{
	(void)none;
	for (int i = atoi(n); i > 0; i--)
		close(take_first(&conns));
}

static void do_file(const char *n, const char *none)
{
	(void)none;
	for (int i = atoi(n); i > 0; i--)
		put(&files, open("/dev/null", O_RDONLY));
}

static void do_shut(const char *n, const char *none)
{
	(void)none;
	for (int i = atoi(n); i > 0; i--)
		close(take_first(&files));
}

static void do_dup(const char *n, const char *none)
{
	int count = atoi(n);

	(void)none;
	for (int i = 0; i < count; i++)
		put(&conns, dup(conns.fds[i]));
}

static void do_move(const char *to, const char *none)
{
	int fd = take_first(&conns);

	(void)none;
	put(&conns, dup2(fd, atoi(to)));
	close(fd);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void do_fork(const char *none, const char *none2)
{
	pid_t child = fork();

	(void)none;
	(void)none2;
	if (child < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(0);
		close(1);
		for (;;)
			pause();
	}
	snprintf(answer + strlen(answer), sizeof answer - strlen(answer), " %d", child);
}

static void do_exec(const char *path, const char *none)
{
	(void)none;
	execl(path, path, "again", NULL);
	die(path);
}

static void do_drop(const char *path, const char *none)
{
	for (int i = 0; i < conns.count; i++)
		fcntl(conns.fds[i], F_SETFD, FD_CLOEXEC);
	do_exec(path, none);
}

/* What a program finds that was executed with descriptors. */
static void find_again(void)
{
	for (int fd = 3; fd < MOST; fd++) {
		int type, accepts = 0;
		socklen_t size = sizeof type;
		struct stat st;

		if (fstat(fd, &st))
			continue;
		if (!S_ISSOCK(st.st_mode)) {
			put(&files, fd);
			continue;
		}
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size);
		if (type == SOCK_DGRAM)
			mailbox = fd;
		else if (accepts)
			listener = fd;
		else
			put(&conns, fd);
	}
}

static void do_exit(const char *none, const char *none2)
{
	(void)none;
	(void)none2;
	exit(0);
}

/* ---- Passing --------------------------------------------------------------------------------- */

static socklen_t box_address(struct sockaddr_un *a, const char *name)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "juggler-%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a->sun_path + 1));
}

static void do_mailbox(const char *name, const char *none)
{
	struct sockaddr_un a;
	socklen_t size = box_address(&a, name);

	(void)none;
	mailbox = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(mailbox, (struct sockaddr *)&a, size))
		die("mailbox");
}

static struct msghdr letter(struct iovec *io, void *control, size_t size)
{
	return (struct msghdr){
		.msg_iov = io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = size
	};
}

static void do_send(const char *name, const char *n)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), count = atoi(n);
	struct sockaddr_un a;
	socklen_t size = box_address(&a, name);

	if (connect(fd, (struct sockaddr *)&a, size))
		die("send");
	for (int i = 0; i < count; i++) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
		char byte = 'x';
		struct iovec io = { &byte, 1 };
		struct msghdr m = letter(&io, control, sizeof control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &conns.fds[i], sizeof(int));
		if (sendmsg(fd, &m, 0) < 0)
			die("sendmsg");
	}
	close(fd);
}

static void do_receive(const char *n, const char *none)
{
	(void)none;
	for (int i = atoi(n); i > 0; i--) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
		char byte;
		struct iovec io = { &byte, 1 };
		struct msghdr m = letter(&io, control, sizeof control);
		int fd;

		if (recvmsg(mailbox, &m, 0) < 0 || !CMSG_FIRSTHDR(&m))
			die("receive");
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
		put(&conns, fd);
	}
}

/* ---- A walk of our own ----------------------------------------------------------------------- */

struct owner {
	unsigned long inode;
	int pid, owners;
	char name[64];
};

static struct owner owners[65536];
static int owner_count;

static void read_inodes(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];

	while (f && fgets(line, sizeof line, f)) {
		unsigned long inode;

		if (sscanf(line, " %*d: %*s %*s %*s %*s %*s %*s %*s %*s %lu", &inode) == 1 &&
			inode && owner_count < 65536)
			owners[owner_count++].inode = inode;
	}
	if (f)
		fclose(f);
}

static void read_name(int pid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	f = fopen(path, "r");
	if (f && fgets(name, (int)size, f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* Counts the processes that own a socket, not the descriptors; keeps the lowest pid. */
static void note_owner(unsigned long inode, int pid)
{
	static int last[65536];

	for (int i = 0; i < owner_count; i++) {
		struct owner *o = &owners[i];

		if (o->inode != inode || last[i] == pid)
			continue;
		last[i] = pid;
		o->owners++;
		if (!o->pid || pid < o->pid) {
			o->pid = pid;
			read_name(pid, o->name, sizeof o->name);
		}
	}
}

static void walk_process(int pid)
{
	char path[300], link[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		unsigned long inode;
		ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof link - 1);

		link[n < 0 ? 0 : n] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1)
			note_owner(inode, pid);
	}
	if (d)
		closedir(d);
}

static int walk(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	read_inodes("/proc/net/tcp");
	read_inodes("/proc/net/tcp6");
	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			walk_process(atoi(e->d_name));
	for (int i = 0; i < owner_count; i++)
		printf("%lu %d %s %d\n", owners[i].inode, owners[i].pid, owners[i].name,
			owners[i].owners);
	return 0;
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*act)(const char *first, const char *second);
} acts[] = {
	{ "listen", do_listen },
	{ "accept", do_accept },
	{ "connect", do_connect },
	{ "close", do_close },
	{ "file", do_file },
	{ "shut", do_shut },
	{ "dup", do_dup },
	{ "move", do_move },
	{ "fork", do_fork },
	{ "exec", do_exec },
	{ "drop", do_drop },
	{ "mailbox", do_mailbox },
	{ "send", do_send },
	{ "receive", do_receive },
	{ "exit", do_exit },
};

static void obey(char *order)
{
	char name[32] = "", first[256] = "", second[32] = "";

	if (sscanf(order, " %31s %255s %31s", name, first, second) < 1)
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (strcmp(acts[i].name, name) == 0) {
			acts[i].act(first, second);
			return;
		}
	}
	errno = EINVAL;
	die(name);
}

/* Reads a byte at a time: a program that is executed goes on reading behind this line. */
static bool next_line(char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(0, line + n, 1) == 1) {
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
		n++;
	}
	return false;
}

int main(int argc, char **argv)
{
	char line[512], *rest;

	if (argc > 1 && strcmp(argv[1], "walk") == 0)
		return walk();
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc > 1)
		find_again();
	printf("ok %d\n", getpid());
	fflush(stdout);
	while (next_line(line, sizeof line)) {
		answer[0] = '\0';
		for (char *order = strtok_r(line, ";", &rest); order;
			order = strtok_r(NULL, ";", &rest))
			obey(order);
		printf("ok%s\n", answer);
		fflush(stdout);
	}
	return 0;
}
