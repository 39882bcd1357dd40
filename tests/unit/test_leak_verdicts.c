/* leak verdicts: servers that leak and servers that do not, watched in simulated time. Each is a few
 * streams of sockets that come to CLOSE-WAIT and stay for some time; what is said of them is looked
 * at in every sample.
 *
 * ONLY=name watches one server, SHOW=1 prints what is said in each sample, SEED=N makes other chance. */
#include "lib/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER  INFINITY
#define STREAMS  3
#define PID      7
#define FD_LIMIT 100000
#define FD_OTHER 50
#define EPOCH_NS INT64_C(1000000000000)

enum stay {
	FIXED,  /* so long */
	RANDOM, /* about so long: exponential */
	TAILED, /* at least so long, some much longer, up to 15 minutes: Pareto */
	REAPED, /* until somebody closes all, every so often */
};

struct stream {
	double rate;         /* per second */
	double from, until;  /* seconds; 0: to the end. Watching begins at 0 */
	double every, burst; /* they come in bursts: every so often, for so long */
	enum stay how;
	double stay;
	double reset; /* the peer uses the port again after about so long, if it is still there */
	bool random;  /* they come by chance, not evenly */
};

struct server {
	const char *name;
	struct stream streams[STREAMS];
	double seconds, interval; /* 0: 600, 2 */
	double noise;             /* descriptors that are open between dump and look */
	double misses;            /* share of the sockets that a dump misses */
	bool seen;                /* the source tells which were reset */

	/* What must be said. */
	bool healthy;     /* never leak once one has left, never sure of it before */
	double leak_s;    /* leak, from then on until end_s */
	double certain_s; /* and sure of it from then on; 0: does not matter */
	double end_s;     /* 0: to the end */
	double growth;    /* from exact_s on, within 10 % */
	double exhausts;  /* descriptors per second, from exact_s on, within 15 %; 0: as growth */
	double exact_s;   /* 0: 60 */
	const char *at_end;
};

struct conn {
	uint64_t cookie;
	double came, closed, reset;
};

struct sim {
	const struct server *server;
	struct tracker *tracker;
	struct sample *sample;
	struct conn *conns;
	uint32_t count, room;
	struct conn *kept; /* descriptors of sockets that were reset */
	uint32_t kept_count, kept_room;
	uint64_t cookie, random;
	double next[STREAMS];
	uint32_t left;      /* after a while */
	uint32_t left_then; /* the same, one sample ago: a dump may miss a socket once */
	uint32_t too_early; /* samples that said leak before one had left */
	bool failed;
};

static uint64_t draw(struct sim *m)
{
	m->random += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(m->random, 1);
}

/* In (0, 1]. */
static double chance(struct sim *m)
{
	return (double)((draw(m) >> 11) + 1) * 0x1p-53;
}

static double stay_of(struct sim *m, const struct stream *s, double at)
{
	switch (s->how) {
	case RANDOM:
		return -log(chance(m)) * s->stay;
	case TAILED:
		return fmin(s->stay / chance(m), 900);
	case REAPED:
		return (floor(at / s->stay) + 1) * s->stay - at;
	default:
		return s->stay;
	}
}

static void push(struct conn **conns, uint32_t *count, uint32_t *room, const struct conn *c)
{
	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		*conns = realloc(*conns, *room * sizeof **conns);
		assert_non_null(*conns);
	}
	(*conns)[(*count)++] = *c;
}

static void keep(struct sim *m, const struct conn *c)
{
	push(&m->kept, &m->kept_count, &m->kept_room, c);
}

static void come(struct sim *m, const struct stream *s, double at)
{
	struct conn c = { .cookie = ++m->cookie, .came = at, .reset = INFINITY };

	c.closed = at + stay_of(m, s, at);
	if (s->reset > 0)
		c.reset = at + s->reset * (0.5 + chance(m));
	push(&m->conns, &m->count, &m->room, &c);
}

static double after(struct sim *m, const struct stream *s, double at)
{
	at += s->random ? -log(chance(m)) / s->rate : 1 / s->rate;
	if (s->every > 0 && fmod(at - s->from, s->every) >= s->burst)
		at = s->from + (floor((at - s->from) / s->every) + 1) * s->every;
	return at;
}

static void go_on(struct sim *m, double now)
{
	uint32_t kept = 0;

	for (unsigned i = 0; i < STREAMS; i++) {
		const struct stream *s = &m->server->streams[i];
		double until = s->until != 0 ? s->until : INFINITY;

		while (s->rate > 0 && m->next[i] <= now && m->next[i] < until) {
			come(m, s, m->next[i]);
			m->next[i] = after(m, s, m->next[i]);
		}
	}
	for (uint32_t i = 0; i < m->count; i++) {
		const struct conn *c = &m->conns[i];

		if (c->closed <= now) {
			m->left += c->closed - c->came > 6;
			continue;
		}
		if (c->reset <= now) {
			keep(m, c);
			continue;
		}
		m->conns[kept++] = *c;
	}
	m->count = kept;
}

static void add_conn(struct sim *m, struct frame *f, const struct conn *c, uint32_t proc)
{
	static const uint8_t here[16] = { [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 };
	static const uint8_t there[16] = { [10] = 0xff, [11] = 0xff, 10, 9, 0, 1 };
	struct sock s = { .cookie = c->cookie, .owner = SOCK_NONE, .flags = SOCK_IPV4 };

	if (m->server->misses > 0 && chance(m) <= m->server->misses)
		return;
	s.inode = (uint32_t)c->cookie;
	s.first_seen = SOCK_TIME_NONE;
	s.local_port = 80;
	s.remote_port = (uint16_t)(c->cookie % 60000 + 1024);
	s.wait_since = (int32_t)floor(c->came * 10);
	sock_set_state(&s, SOCK_TCP, SOCK_CLOSE_WAIT);
	assert_int_equal(frame_intern_ends(f, here, there, 0, &s), 0);
	assert_int_equal(frame_add_sock(f, &s), 0);
	assert_int_equal(frame_push_owner(f, proc, (uint32_t)c->cookie & 0xffff), 0);
}

/* Those that an earlier dump had. */
static void add_resets(const struct sim *m, struct frame *f, uint32_t proc)
{
	for (uint32_t i = 0; m->server->seen && i < m->kept_count; i++) {
		const struct conn *c = &m->kept[i];
		struct frame_reset r = { .cookie = c->cookie,
			.wait_since = (int32_t)floor(c->came * 10),
			.proc = proc,
			.fd = (uint32_t)c->cookie & 0xffff,
			.inode = (uint32_t)c->cookie,
			.ipv4 = true };

		if (c->reset > 0)
			assert_int_equal(frame_add_reset(f, &r), 0);
	}
}

static const struct leak_row *look(struct sim *m, double now)
{
	struct frame *f = frame_create_after(tracker_previous(m->tracker));
	const struct frame *prev = tracker_previous(m->tracker);
	struct proc p = { .pid = PID,
		.start = PID,
		.name = "java",
		.user = "",
		.cmdline = "",
		.unit = "",
		.cgroup = "",
		.fd_limit = FD_LIMIT };
	uint32_t row;

	assert_non_null(f);
	f->mono_ns = EPOCH_NS + (int64_t)llround(now * 1e9);
	f->epoch_ns = EPOCH_NS;
	f->wall_ns = STORY_WALL_NS;
	f->owners_known = true;
	assert_int_equal(frame_add_netns(f, STORY_NETNS, ""), 0);
	p.fds = FD_OTHER + m->count + m->kept_count + (uint32_t)(m->server->noise * chance(m));
	assert_int_equal(frame_add_proc(f, &p, &row), 0);
	for (uint32_t i = 0; i < m->count; i++)
		add_conn(m, f, &m->conns[i], row);
	add_resets(m, f, row);
	assert_int_equal(frame_compare(f, prev), 0);
	assert_int_equal(frame_carry_times(f, prev), 0);
	sample_put(m->sample);
	m->sample = NULL;
	assert_int_equal(tracker_step(m->tracker, f, &m->sample), 0);
	return m->sample->leak_count ? &m->sample->leaks[0] : NULL;
}

static bool near(double is, double want, double share)
{
	return is >= want * (1 - share) && is <= want * (1 + share);
}

/* The first thing that is wrong with a server; the others are looked at all the same. */
static void complain(struct sim *m, double now, const struct leak_row *l, const char *what)
{
	if (!m->failed)
		print_message("# %s, after %g s: %s (%s%s, %u of %u overdue, usual %g, growth %g, "
			      "runs out in %g)\n",
			m->server->name, now, what, verdict_name(l->verdict),
			l->preliminary ? "?" : "", l->overdue, l->count, l->usual, l->growth,
			l->exhaustion);
	m->failed = true;
}

static void check_healthy(struct sim *m, double now, const struct leak_row *l)
{
	if (l->verdict != VERDICT_LEAK)
		return;
	if (m->left_then >= 3)
		complain(m, now, l, "called a leak after some have left");
	else if (!l->preliminary)
		complain(m, now, l, "called a leak for sure");
	m->too_early++;
}

static void check_leak(struct sim *m, double now, const struct leak_row *l)
{
	const struct server *v = m->server;
	double end = v->end_s > 0 ? v->end_s : INFINITY, exact = v->exact_s > 0 ? v->exact_s : 60;
	double rate = v->exhausts > 0 ? v->exhausts : v->growth;
	double left = FD_LIMIT - FD_OTHER - m->count - m->kept_count;

	if (now < v->leak_s || now > end)
		return;
	if (l->verdict != VERDICT_LEAK)
		complain(m, now, l, "not called a leak");
	if (v->certain_s > 0 && now >= v->certain_s && l->preliminary)
		complain(m, now, l, "not sure");
	if (now < exact)
		return;
	if (!near(l->growth, v->growth, 0.1))
		complain(m, now, l, "growth");
	if (!near(l->exhaustion, left / rate, 0.15))
		complain(m, now, l, "time until descriptors run out");
}

static double begin(struct sim *m, const struct server *v)
{
	double earliest = 0;

	*m = (struct sim){ .server = v, .tracker = tracker_create(standard_settings(60)) };
	assert_non_null(m->tracker);
	m->random = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) << 32 : 0;
	for (unsigned i = 0; i < STREAMS; i++) {
		m->next[i] = v->streams[i].from;
		earliest = fmin(earliest, m->next[i]);
	}
	return earliest;
}

static bool watch(const struct server *given)
{
	struct server v = *given;
	const struct leak_row *l = NULL;
	struct sim m;

	v.interval = v.interval > 0 ? v.interval : 2;
	v.seconds = v.seconds > 0 ? v.seconds : 600;
	/* What was before must not be in memory all at once. */
	for (double at = begin(&m, &v); at < 0; at += 10)
		go_on(&m, at);
	m.left = 0;
	for (double now = 0; now <= v.seconds; now += v.interval) {
		go_on(&m, now);
		if (now <= 0)
			m.left = 0;
		l = look(&m, now);
		if (getenv("SHOW") && l)
			printf("%-20s %6g %s%s n=%u over=%u usual=%.3g grow=%.3g out=%.5g "
			       "since=%.4g "
			       "in=%.3g\n",
				v.name, now, verdict_name(l->verdict), l->preliminary ? "?" : "",
				l->count, l->overdue, l->usual, l->growth, l->exhaustion, l->since,
				l->in_rate);
		if (l && v.healthy)
			check_healthy(&m, now, l);
		if (l && v.growth > 0)
			check_leak(&m, now, l);
		m.left_then = m.left;
	}
	if (v.at_end && (!l || strcmp(verdict_name(l->verdict), v.at_end) != 0)) {
		print_message("# %s: %s at the end, not %s\n", v.name,
			l ? verdict_name(l->verdict) : "nothing", v.at_end);
		m.failed = true;
	}
	if (m.too_early)
		print_message(
			"# %s: %u samples said leak? before one had left\n", v.name, m.too_early);
	sample_put(m.sample);
	tracker_destroy(m.tracker);
	free(m.conns);
	free(m.kept);
	return !m.failed;
}

static void watch_all(const struct server *servers, size_t count)
{
	const char *only = getenv("ONLY");
	unsigned failed = 0;

	for (size_t i = 0; i < count; i++)
		if (!only || strcmp(only, servers[i].name) == 0)
			failed += !watch(&servers[i]);
	assert_int_equal(failed, 0);
}

#define SHORT_ONES                                                                                 \
	{                                                                                          \
		.from = -20, .rate = 2000, .how = RANDOM, .stay = 0.4, .random = true              \
	}

static void healthy_servers_do_not_leak(void **state)
{
	static const struct server servers[] = {
		{ "short", { SHORT_ONES }, .healthy = true, .at_end = "ok" },
		{ "30 s each", { { .rate = 5, .how = FIXED, .stay = 30 } }, .healthy = true,
			.seconds = 3600, .at_end = "slow" },
		{ "30 s each, there before", { { .from = -300, .rate = 5, .stay = 30 } },
			.healthy = true, .at_end = "slow" },
		{ "20 s or so", { { .rate = 3, .random = true, .how = RANDOM, .stay = 20 } },
			.healthy = true, .seconds = 3600 },
		{ "200 s or so",
			{ { .from = -3000,
				.rate = 0.2,
				.random = true,
				.how = RANDOM,
				.stay = 200 } },
			.healthy = true, .seconds = 3600 },
		{ "long tail",
			{ { .from = -3000,
				.rate = 100,
				.random = true,
				.how = TAILED,
				.stay = 0.1 } },
			.healthy = true, .seconds = 1800 },
		{ "very long tail",
			{ { .from = -3000, .rate = 10, .random = true, .how = TAILED, .stay = 1 } },
			.healthy = true, .seconds = 3600 },
		{ "reaped every 60 s", { { .rate = 2, .random = true, .how = REAPED, .stay = 60 } },
			.healthy = true, .seconds = 3600 },
		{ "reaped every 300 s",
			{ { .rate = 2, .random = true, .how = REAPED, .stay = 300 } },
			.healthy = true, .seconds = 3600 },
		{ "reaped every 500 s, evenly", { { .rate = 1, .how = REAPED, .stay = 500 } },
			.healthy = true, .seconds = 3600 },
		{ "reaped every 300 s, every 10 s",
			{ { .rate = 2, .random = true, .how = REAPED, .stay = 300 } },
			.interval = 10, .healthy = true, .seconds = 3600 },
		{ "short, and a pool that is reaped",
			{ SHORT_ONES, { .rate = 1, .random = true, .how = REAPED, .stay = 180 } },
			.healthy = true, .seconds = 900 },
		{ "bursts", { { .rate = 100, .every = 60, .burst = 1, .how = RANDOM, .stay = 8 } },
			.healthy = true, .seconds = 3600 },
		{ "bursts, closed late",
			{ { .rate = 50, .every = 45, .burst = 2, .how = FIXED, .stay = 100 } },
			.healthy = true, .seconds = 3600 },
		{ "one burst that stays",
			{ { .from = 20, .rate = 100, .until = 24, .how = FIXED, .stay = FOREVER } },
			.healthy = true, .at_end = "stuck" },
		{ "one burst that stays, beside short ones",
			{ SHORT_ONES, { .from = 20,
					      .rate = 100,
					      .until = 24,
					      .how = FIXED,
					      .stay = FOREVER } },
			.healthy = true, .at_end = "stuck" },
		{ "draining",
			{ { .from = -20, .rate = 100, .until = -10, .how = FIXED, .stay = FOREVER },
				{ .from = -600,
					.rate = 3,
					.until = -1,
					.how = FIXED,
					.stay = 900 } },
			.seconds = 500, .healthy = true, .at_end = "draining" },
		{ "misses", { { .rate = 20, .how = FIXED, .stay = 30 } }, .misses = 0.0005,
			.healthy = true, .seconds = 1800, .at_end = "slow" },
		{ "every 10 s", { { .rate = 5, .random = true, .how = RANDOM, .stay = 20 } },
			.interval = 10, .healthy = true, .seconds = 3600 },
		{ "noisy descriptors", { { .rate = 5, .how = FIXED, .stay = 30 } }, .noise = 100,
			.healthy = true, .seconds = 1800 },
	};

	(void)state;
	watch_all(servers, COUNT_OF(servers));
}

#define LEAK(per_second)                                                                           \
	{                                                                                          \
		.from = -1.3, .rate = per_second, .how = FIXED, .stay = FOREVER                    \
	}
#define OLD_LEAK(per_second)                                                                       \
	{                                                                                          \
		.from = -1000.3, .rate = per_second, .how = FIXED, .stay = FOREVER                 \
	}

static void leaks_are_found(void **state)
{
	static const struct server servers[] = {
		{ "0.02/s", { OLD_LEAK(0.02) }, .leak_s = 2, .growth = 0.02, .certain_s = 250 },
		{ "0.02/s from now", { LEAK(0.02) }, .leak_s = 120, .growth = 0.02, .exact_s = 120,
			.certain_s = 640, .seconds = 1000 },
		{ "0.5/s", { LEAK(0.5) }, .leak_s = 14, .growth = 0.5, .certain_s = 610,
			.seconds = 3600 },
		{ "5/s", { LEAK(5) }, .leak_s = 14, .growth = 5 },
		{ "50/s", { LEAK(50) }, .leak_s = 14, .growth = 50, .seconds = 120 },
		{ "50/s, every 10 s", { LEAK(50) }, .interval = 10, .leak_s = 20, .growth = 50,
			.seconds = 120 },
		{ "1 a minute, beside short ones", { SHORT_ONES, LEAK(1 / 60.0) }, .leak_s = 260,
			.certain_s = 400, .growth = 1 / 60.0, .exact_s = 260, .seconds = 700 },
		{ "1 a minute, every 10 s", { SHORT_ONES, LEAK(1 / 60.0) }, .interval = 10,
			.leak_s = 440, .certain_s = 450, .growth = 1 / 60.0, .exact_s = 440,
			.seconds = 700 },
		{ "5/s, beside short ones", { SHORT_ONES, LEAK(5) }, .leak_s = 30, .growth = 5,
			.seconds = 400, .certain_s = 330 },
		{ "0.5/s, beside slow ones",
			{ { .from = -100, .rate = 5, .random = true, .how = FIXED, .stay = 30 },
				LEAK(0.5) },
			.leak_s = 200, .growth = 0.5, .exact_s = 200, .seconds = 1200,
			.certain_s = 500 },
		{ "0.5/s, noisy descriptors", { OLD_LEAK(0.5) }, .noise = 100, .leak_s = 10,
			.growth = 0.5, .certain_s = 30 },
		{ "5/s, and misses", { LEAK(5) }, .misses = 0.0005, .leak_s = 14, .growth = 5 },
		{ "5/s, beside short ones, and misses", { SHORT_ONES, LEAK(5) }, .misses = 0.0005,
			.leak_s = 40, .growth = 5, .seconds = 400 },
		{ "20 each minute",
			{ { .from = -600, .rate = 10, .every = 60, .burst = 2, .stay = FOREVER } },
			.leak_s = 120, .growth = 1 / 3.0, .exact_s = 120 },
		{ "5/s, ports used again",
			{ { .from = -1.3, .rate = 5, .stay = FOREVER, .reset = 60 } }, .leak_s = 20,
			.growth = 5 },
		{ "1 a minute, ports used again, beside short ones",
			{ SHORT_ONES,
				{ .from = -1.3, .rate = 1 / 60.0, .stay = FOREVER, .reset = 120 } },
			.seen = true, .leak_s = 260, .certain_s = 400, .growth = 1 / 60.0,
			.exact_s = 260, .seconds = 3600 },
		{ "1 in 10 s, ports used again at once",
			{ { .from = -1.3, .rate = 0.1, .stay = FOREVER, .reset = 10 } },
			.seen = true, .leak_s = 40, .growth = 0.1, .exact_s = 80, .seconds = 1200 },
		{ "stops",
			{
				OLD_LEAK(2),
			},
			.leak_s = 2, .growth = 2, .end_s = 600 },
	};

	(void)state;
	watch_all(servers, COUNT_OF(servers));
}

static void a_leak_that_stops_is_stuck(void **state)
{
	static const struct server servers[] = {
		{ "stops", { { .from = -100, .rate = 2, .until = 200, .stay = FOREVER } },
			.leak_s = 2, .growth = 2, .end_s = 200, .seconds = 230, .at_end = "stuck" },
		{ "stops, slow", { { .from = -1000, .rate = 0.05, .until = 400, .stay = FOREVER } },
			.leak_s = 2, .growth = 0.05, .end_s = 400, .seconds = 600,
			.at_end = "stuck" },
		{ "stops, beside short ones",
			{ SHORT_ONES, { .from = -100, .rate = 2, .until = 100, .stay = FOREVER } },
			.leak_s = 30, .growth = 2, .end_s = 100, .seconds = 130,
			.at_end = "stuck" },
	};

	(void)state;
	watch_all(servers, COUNT_OF(servers));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_servers_do_not_leak),
		cmocka_unit_test(leaks_are_found),
		cmocka_unit_test(a_leak_that_stops_is_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
