/* What commands cost that run to their end, next to each other: in every round each of them once,
 * so that a machine that slows down does so for all. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNERS_MOST = 16, ROUNDS_MOST = 100, WORDS_MOST = 32 };

struct runner {
	const char *name;
	char *words[WORDS_MOST]; /* a floor has one that begins with '@' */
	int64_t cpu[ROUNDS_MOST], wall[ROUNDS_MOST], memory, bytes;
};

static void split(char *text, char **words)
{
	size_t count = 0;

	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		if (count + 1 == WORDS_MOST) {
			fprintf(stderr, "bench: too many words\n");
			exit(2);
		}
		words[count++] = word;
	}
	words[count] = NULL;
}

static void read_runner(char *argument, struct runner *r)
{
	char *equals = strchr(argument, '=');

	if (!equals || !equals[1]) {
		fprintf(stderr, "bench: '%s' is not NAME=COMMAND\n", argument);
		exit(2);
	}
	*equals = '\0';
	*r = (struct runner){ .name = argument };
	split(equals + 1, r->words);
}

static void run_floor(struct runner *r, int round, int netlink)
{
	int64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), wall = now_ns(CLOCK_MONOTONIC);

	if (strcmp(r->words[0], "@walk") == 0)
		floor_walk();
	else if (strcmp(r->words[0], "@filtered") == 0)
		floor_filtered(netlink);
	else if (strcmp(r->words[0], "@state") == 0)
		floor_state(netlink);
	else
		floor_dump(netlink);
	r->cpu[round] = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	r->wall[round] = now_ns(CLOCK_MONOTONIC) - wall;
}

static int64_t of_timeval(struct timeval t)
{
	return t.tv_sec * SECOND_NS + t.tv_usec * 1000;
}

/* The command writes into a pipe that is emptied at once: ss is slower on a terminal, and both would
 * be quicker where nobody reads. */
static void run_command(struct runner *r, int round)
{
	static char bytes[64 * 1024];
	int64_t wall = now_ns(CLOCK_MONOTONIC);
	struct rusage used;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execvp(r->words[0], r->words);
		die(r->words[0]);
	}
	close(ends[1]);
	r->bytes = 0;
	while ((n = read(ends[0], bytes, sizeof bytes)) > 0)
		r->bytes += n;
	close(ends[0]);
	if (wait4(pid, &status, 0, &used) < 0)
		die("wait");
	r->wall[round] = now_ns(CLOCK_MONOTONIC) - wall;
	if (status) {
		fprintf(stderr, "bench: %s: it failed\n", r->name);
		exit(1);
	}
	r->cpu[round] = of_timeval(used.ru_utime) + of_timeval(used.ru_stime);
	r->memory = used.ru_maxrss * 1024ll;
}

/* ROUNDS, and NAME=COMMAND for each runner; @dump, @walk, @filtered and @state are the floors. */
int bench_race(int argc, char **argv)
{
	static struct runner runners[RUNNERS_MOST];
	int rounds = (int)number(argv[0], ROUNDS_MOST), count = argc - 1, netlink = floor_open();

	if (count > RUNNERS_MOST) {
		fprintf(stderr, "bench: too many commands\n");
		return 2;
	}
	for (int i = 0; i < count; i++)
		read_runner(argv[i + 1], &runners[i]);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			if (*runners[i].words[0] == '@')
				run_floor(&runners[i], round, netlink);
			else
				run_command(&runners[i], round);
		}
	for (int i = 0; i < count; i++) {
		struct runner *r = &runners[i];

		say(r->name, "cpu", median(r->cpu, (size_t)rounds));
		say(r->name, "wall", median(r->wall, (size_t)rounds));
		say(r->name, "memory", r->memory);
		say(r->name, "bytes", r->bytes);
	}
	return 0;
}
