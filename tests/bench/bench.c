/* bench: the tool of the benchmark; one command for each thing that a script cannot do. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
	const char *name, *arguments;
	int (*run)(int argc, char **argv); /* without the name */
	int least;                         /* arguments */
} commands[] = {
	{ "load", "SOCKETS CHURN FIRST SECONDS", bench_load, 4 },
	{ "count", "", bench_count, 0 },
	{ "race", "ROUNDS NAME=COMMAND...", bench_race, 2 },
	{ "refresh", "SECONDS SAMPLES FLOOR COMMAND [ARGUMENT...]", bench_refresh, 4 },
	{ "keys", "COUNT SECONDS COMMAND [ARGUMENT...]", bench_keys, 3 },
};

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		die("clock");
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

void sleep_ns(int64_t ns)
{
	struct timespec t = { ns / SECOND_NS, ns % SECOND_NS };

	if (ns > 0)
		nanosleep(&t, NULL);
}

int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t median(int64_t *values, size_t count)
{
	qsort(values, count, sizeof *values, compare_ns);
	return count ? (values[(count - 1) / 2] + values[count / 2]) / 2 : 0;
}

int64_t mean(const int64_t *values, size_t count)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count ? sum / (int64_t)count : 0;
}

double number(const char *text, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end != text && !*end && value >= 0 && value <= most)
		return value;
	fprintf(stderr, "bench: '%s' is not a number from 0 to %g\n", text, most);
	exit(2);
}

void say(const char *name, const char *part, int64_t value)
{
	printf("%s%s%s\t%lld\n", name, *name && *part ? "." : "", part, (long long)value);
}

int main(int argc, char **argv)
{
	size_t count = sizeof commands / sizeof *commands;

	for (size_t i = 0; argc > 1 && i < count; i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least)
			return commands[i].run(argc - 2, argv + 2);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "bench %s %s\n", commands[i].name, commands[i].arguments);
	return 2;
}
