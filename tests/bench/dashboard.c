/* What the dashboard costs in steady state, and how soon it answers keys: measured from outside, in a
 * terminal. What a sample costs is what the process has used from one picture to the next. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE (20 * SECOND_NS)

enum { SAMPLES_MOST = 1000, SETTLED = 3, UNSETTLED_MOST = 40 };

static void next_sample(struct pty *p)
{
	if (pty_picture(p, PATIENCE))
		return;
	fprintf(stderr, "bench: the dashboard has no more samples\n");
	pty_end(p);
	exit(1);
}

/* Until it has known all owners for some samples; says how many it took. */
static void settle(struct pty *p)
{
	int settled = 0, samples = 0;

	for (; settled < SETTLED && samples < UNSETTLED_MOST; samples++) {
		next_sample(p);
		settled = screen_has(&p->screen, "resolving owners") ? 0 : settled + 1;
	}
	say("settle", "samples", samples);
}

/* ---- Samples --------------------------------------------------------------------------------- */

struct samples {
	int64_t cost[SAMPLES_MOST], floor[SAMPLES_MOST], ratio[SAMPLES_MOST];
	int64_t wall;
};

/* What comes within that time belongs to the picture before: on a busy machine it may come in pieces. */
static void drain(struct pty *p, int64_t ns)
{
	int64_t until = now_ns(CLOCK_MONOTONIC) + ns, left;

	while ((left = until - now_ns(CLOCK_MONOTONIC)) > 0)
		pty_pump(p, left);
}

/* What the process has used when a picture is complete. */
static int64_t cost_so_far(struct pty *p, int64_t interval)
{
	next_sample(p);
	drain(p, interval / 5);
	return now_ns(p->cpu);
}

/* The floor comes between two samples: after a rest as they, so that the caches are as cold for it. */
static void measure(struct pty *p, int64_t interval, size_t count, int netlink, struct samples *out)
{
	int64_t then = cost_so_far(p, interval), start = now_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < count; i++) {
		int64_t cpu;

		if (netlink >= 0) {
			cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
			floor_dump(netlink);
			out->floor[i] = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
		}
		cpu = cost_so_far(p, interval);
		out->cost[i] = cpu - then;
		then = cpu;
		if (netlink >= 0)
			out->ratio[i] = out->cost[i] * 1000 / out->floor[i];
	}
	out->wall = now_ns(CLOCK_MONOTONIC) - start;
}

/* The interval, how many samples, whether to compare with the bare dump (0: made-up sockets have
 * none), and the command. */
int bench_refresh(int argc, char **argv)
{
	static struct samples s;
	static struct pty p;
	int64_t interval = (int64_t)(number(argv[0], 60) * SECOND_NS);
	size_t count = (size_t)number(argv[1], SAMPLES_MOST);
	int netlink = number(argv[2], 1) > 0 ? floor_open() : -1;

	(void)argc;
	pty_start(&p, argv + 3);
	settle(&p);
	measure(&p, interval, count, netlink, &s);
	say("refresh", "rss", pty_status(&p, "VmRSS"));
	say("refresh", "peak", pty_status(&p, "VmHWM"));
	pty_end(&p);
	say("refresh", "mean", mean(s.cost, count));
	say("refresh", "cpu", median(s.cost, count));
	say("refresh", "interval", s.wall / (int64_t)(count ? count : 1));
	if (netlink < 0)
		return 0;
	say("floor", "mean", mean(s.floor, count));
	say("floor", "cpu", median(s.floor, count));
	say("refresh", "permille", median(s.ratio, count));
	say("sockets", "", floor_count(netlink));
	return 0;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* What keys change in the picture of a pane, and samples do not. */
struct place {
	uint32_t pane;   /* its digit */
	uint32_t sorted; /* a mixture of the characters of the title that tell by what, and how */
	int64_t top;     /* the number of the first row that is shown */
	int selected;    /* the line of the cursor */
};

enum { TITLE_LINE = 2, TITLE_LEFT = 40, NOT_FOUND = -1 };

/* The title is "5 Sockets ▼AGE" at the left and "1-31 of 1,000,000" at the right. */
static struct place place_of(const struct screen *s)
{
	const uint32_t *title = s->code[TITLE_LINE];
	struct place p = { .pane = title[1], .top = NOT_FOUND, .selected = NOT_FOUND };
	bool sorted = false;

	for (int x = 0; x < TITLE_LEFT; x++) {
		sorted |= title[x] == 0x25b2 || title[x] == 0x25bc;
		if (title[x] == ' ' || title[x] == 0x2500)
			sorted = false;
		if (sorted)
			p.sorted = p.sorted * 31 + title[x];
	}
	for (int x = TITLE_LEFT; x < SCREEN_WIDTH && title[x] != '-'; x++)
		if (title[x] >= '0' && title[x] <= '9')
			p.top = (p.top < 0 ? 0 : p.top * 10) + (title[x] - '0');
	for (int y = TITLE_LINE + 1; y < SCREEN_HEIGHT - 1 && p.selected < 0; y++)
		if (s->reverse[y][0])
			p.selected = y;
	return p;
}

static bool same_place(struct place a, struct place b)
{
	return a.pane == b.pane && a.sorted == b.sorted && a.top == b.top &&
	       a.selected == b.selected;
}

static bool is_home(struct place p)
{
	return p.top <= 1 && p.selected == TITLE_LINE + 2;
}

/* A key stands between two that lead home: from there no sample moves the cursor. */
static const struct {
	const char *name, *keys;
	bool leads_home;
} typed[] = {
	{ "key.1", "1", false },
	{ "key.5", "5", false },
	{ "key.Down", "\x1bOB", false },
	{ "key.Down-Home", "\x1bOH", true },
	{ "key.PgDn", "\x1b[6~", false },
	{ "key.PgDn-Home", "\x1bOH", true },
	{ "key.End", "\x1bOF", false },
	{ "key.End-Home", "\x1bOH", true },
	{ "key.reverse", "r", false },
	{ "key.sort", ">", false },
};
enum { TYPED = sizeof typed / sizeof *typed };

/* From the key to the picture that has its effect; PATIENCE where it does not come. */
static int64_t answer_time(struct pty *p, size_t which)
{
	struct place before = place_of(&p->screen), now;
	int64_t start = now_ns(CLOCK_MONOTONIC), taken;

	pty_type(p, typed[which].keys);
	do {
		bool came = pty_pump(p, PATIENCE);

		taken = now_ns(CLOCK_MONOTONIC) - start;
		if (!came || taken >= PATIENCE) {
			fprintf(stderr, "bench: no answer to %s\n", typed[which].name);
			return PATIENCE;
		}
		now = place_of(&p->screen);
	} while (typed[which].leads_home ? !is_home(now) : same_place(now, before));
	return taken;
}

/* A pause of its own length before each key: keys come at any time of a sample. */
static void rest(struct pty *p, size_t i)
{
	drain(p, (int64_t)(20 + i * 37 % 71) * MSEC_NS);
}

static void say_times(const char *name, int64_t *times, size_t count)
{
	if (!count)
		return;
	qsort(times, count, sizeof *times, compare_ns);
	say(name, "count", (int64_t)count);
	say(name, "p50", times[count / 2]);
	say(name, "p99", times[count * 99 / 100]);
	say(name, "worst", times[count - 1]);
}

/* How many keys at most and for how many seconds, and the command: a dashboard opened on the pane
 * of sockets. */
int bench_keys(int argc, char **argv)
{
	static int64_t times[SAMPLES_MOST], of_one[SAMPLES_MOST];
	static struct pty p;
	size_t most = (size_t)number(argv[0], SAMPLES_MOST), count = 0;
	int64_t lasts = (int64_t)(number(argv[1], 3600) * SECOND_NS), start;

	(void)argc;
	pty_start(&p, argv + 2);
	settle(&p);
	while (!is_home(place_of(&p.screen)))
		next_sample(&p);
	start = now_ns(CLOCK_MONOTONIC);
	while (count < most && now_ns(CLOCK_MONOTONIC) - start < lasts) {
		rest(&p, count);
		times[count] = answer_time(&p, count % TYPED);
		if (times[count++] >= PATIENCE)
			break;
	}
	say("keys", "peak", pty_status(&p, "VmHWM"));
	pty_end(&p);
	for (size_t k = 0; k < TYPED; k++) {
		size_t n = 0;

		for (size_t i = k; i < count; i += TYPED)
			of_one[n++] = times[i];
		say_times(typed[k].name, of_one, n);
	}
	say_times("keys", times, count);
	return 0;
}
