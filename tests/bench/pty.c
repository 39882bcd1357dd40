/* A program in a terminal: its picture, its keys, what it costs. */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A picture is over when so long nothing came. It is written at once, or nearly. */
#define PICTURE_GAP (15 * MSEC_NS)

void pty_start(struct pty *p, char **command)
{
	struct winsize size = { .ws_row = SCREEN_HEIGHT, .ws_col = SCREEN_WIDTH };

	screen_clear(&p->screen);
	p->pid = forkpty(&p->fd, NULL, NULL, &size);
	if (p->pid < 0)
		die("terminal");
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("TERM", "xterm", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		execvp(command[0], command);
		die(command[0]);
	}
	if (clock_getcpuclockid(p->pid, &p->cpu))
		die("CPU clock");
}

static _Noreturn void ended(struct pty *p)
{
	fprintf(stderr, "bench: the dashboard ended by itself; its last picture:\n");
	for (int y = 0; y < SCREEN_HEIGHT; y++) {
		for (int x = 0; x < SCREEN_WIDTH; x++)
			fputc(p->screen.code[y][x] < 0x80 ? (int)p->screen.code[y][x] : '+',
				stderr);
		fputc('\n', stderr);
	}
	kill(p->pid, SIGKILL);
	exit(1);
}

bool pty_pump(struct pty *p, int64_t patience_ns)
{
	struct pollfd ready = { .fd = p->fd, .events = POLLIN };
	struct timespec t = { patience_ns / SECOND_NS, patience_ns % SECOND_NS };
	char bytes[16 * 1024];
	ssize_t n;

	if (ppoll(&ready, 1, &t, NULL) <= 0)
		return false;
	n = read(p->fd, bytes, sizeof bytes);
	if (n <= 0)
		ended(p);
	screen_feed(&p->screen, bytes, (size_t)n);
	return true;
}

bool pty_picture(struct pty *p, int64_t patience_ns)
{
	bool came = pty_pump(p, patience_ns);

	while (came && pty_pump(p, PICTURE_GAP))
		;
	return came;
}

void pty_type(struct pty *p, const char *keys)
{
	size_t len = strlen(keys);

	if (write(p->fd, keys, len) != (ssize_t)len)
		ended(p);
}

int64_t pty_status(const struct pty *p, const char *name)
{
	char path[40], line[256];
	long long kib = -1;
	size_t len = strlen(name);
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid);
	f = fopen(path, "re");
	if (!f)
		die(path);
	while (kib < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			kib = strtoll(line + len + 1, NULL, 10);
	fclose(f);
	return kib * 1024;
}

/* It is asked to end, and listened to meanwhile: it may have much to say. */
void pty_end(struct pty *p)
{
	int64_t patience = now_ns(CLOCK_MONOTONIC) + 3 * SECOND_NS;
	char bytes[4096];

	kill(p->pid, SIGTERM);
	while (waitpid(p->pid, NULL, WNOHANG) == 0) {
		struct pollfd ready = { .fd = p->fd, .events = POLLIN };

		if (poll(&ready, 1, 20) > 0 && read(p->fd, bytes, sizeof bytes) < 0)
			sleep_ns(20 * MSEC_NS);
		if (now_ns(CLOCK_MONOTONIC) > patience)
			kill(p->pid, SIGKILL);
	}
	close(p->fd);
}
