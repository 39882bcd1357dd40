/* synth: the made-up server: its words, that it is the same each time, that what happens on it is
 * what was asked for, and that its rows are such as a kernel would tell. */
#include "lib/fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/synth.h"

#define BIT(n)        (1u << (n))
#define ALL_PROTOCOLS (BIT(SOCK_PROTO_COUNT) - 1)

/* A server that is looked at again and again. */
struct watch {
	struct source *source;
	struct source_request request;
	struct story story; /* has the newest sample */
};

/* The words need not end with a NUL. */
static int parse(const char *words, struct synth_spec *out, const char **bad, size_t *bad_len,
	const char **wanted)
{
	size_t len = strlen(words);
	char *copy = malloc(len ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, words, len);
	err = synth_parse(copy, len, out, bad, bad_len, wanted);
	if (err)
		*bad = words + (*bad - copy);
	free(copy);
	return err;
}

static void watch_begin(struct watch *w, const char *words, double interval_s)
{
	struct synth_spec spec;
	const char *bad, *wanted;
	size_t bad_len;

	assert_int_equal(parse(words, &spec, &bad, &bad_len, &wanted), 0);
	*w = (struct watch){
		.request = { .needs = NEED_ALL,
			.protocols = ALL_PROTOCOLS,
			.ipv4 = true,
			.ipv6 = true,
			.interval_s = interval_s },
	};
	story_begin(&w->story, 10);
	assert_int_equal(source_open_synth(&spec, &w->source), 0);
	assert_true(w->source->own_time);
}

static const struct frame *watch_next(struct watch *w)
{
	struct story *st = &w->story;
	struct frame *f;

	assert_int_equal(source_next(w->source, &w->request, tracker_previous(st->tracker), &f), 0);
	sample_put(st->sample);
	st->sample = NULL;
	assert_int_equal(tracker_step(st->tracker, f, &st->sample), 0);
	return f;
}

static void watch_end(struct watch *w)
{
	story_end(&w->story);
	source_close(w->source);
}

static double seconds(const struct frame *f)
{
	return (double)(f->mono_ns - f->epoch_ns) / 1e9;
}

static uint32_t count_state(const struct frame *f, unsigned proto, unsigned state)
{
	uint32_t n = 0;

	for (uint32_t row = 0; row < f->sock_count; row++)
		n += f->socks[row].proto == proto && f->socks[row].state == state;
	return n;
}

static uint32_t count_tcp(const struct frame *f)
{
	uint32_t n = 0;

	for (unsigned state = 1; state < SOCK_STATE_COUNT; state++)
		n += count_state(f, SOCK_TCP, state);
	return n;
}

/* CLOSE-WAIT sockets of a unit, which are all of one process. */
static uint32_t count_leaked(const struct frame *f, const char *unit)
{
	const struct proc *one = NULL;
	uint32_t n = 0;

	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct proc *p = frame_owner(f, &f->socks[row]);

		if (f->socks[row].state != SOCK_CLOSE_WAIT || !p || strcmp(p->unit, unit) != 0)
			continue;
		assert_true(!one || one == p);
		one = p;
		n++;
	}
	return n;
}

/* The listener with that port, which must be there. */
static const struct sock *listener(const struct frame *f, uint16_t port)
{
	for (uint32_t row = 0; row < f->sock_count; row++)
		if (f->socks[row].state == SOCK_LISTEN && f->socks[row].local_port == port)
			return &f->socks[row];
	fail_msg("nobody listens at %u", port);
	return NULL;
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void words_describe_a_server(void **state)
{
	static const struct {
		const char *words;
		struct synth_spec spec;
	} cases[] = {
		{ "", { 20000, 0.01, 5, 12, 1 } },
		{ "sockets=100000,churn=0.01,leak=5,listeners=200,seed=7",
			{ 100000, 0.01, 5, 200, 7 } },
		{ "seed=0", { 20000, 0.01, 5, 12, 0 } },
		{ "seed=18446744073709551615", { 20000, 0.01, 5, 12, UINT64_MAX } },
		{ "leak=0,churn=0", { 20000, 0, 0, 12, 1 } },
		{ "churn=1.0", { 20000, 1, 5, 12, 1 } },
		{ "churn=.5", { 20000, 0.5, 5, 12, 1 } },
		{ "leak=100000", { 20000, 0.01, 100000, 12, 1 } },
		{ "leak=0.25", { 20000, 0.01, 0.25, 12, 1 } },
		{ "sockets=20000000,listeners=10000", { 20000000, 0.01, 5, 10000, 1 } },
		{ "listeners=3,sockets=3", { 3, 0.01, 5, 3, 1 } },
		/* What is not said fits in with what is. */
		{ "sockets=5", { 5, 0.01, 5, 5, 1 } },
		{ "sockets=1", { 1, 0.01, 5, 1, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct synth_spec *want = &cases[i].spec;
		const char *bad, *wanted;
		struct synth_spec got;
		size_t len;

		assert_int_equal(parse(cases[i].words, &got, &bad, &len, &wanted), 0);
		assert_int_equal(got.sockets, want->sockets);
		assert_real(got.churn, want->churn);
		assert_real(got.leak, want->leak);
		assert_int_equal(got.listeners, want->listeners);
		assert_true(got.seed == want->seed);
	}
}

static void wrong_words_are_told(void **state)
{
	static const char any[] = "sockets=, churn=, leak=, listeners= or seed=";
	static const char sockets[] = "sockets=N, a whole number from 1 to 20000000";
	static const char churn[] = "churn=SHARE, a number from 0 to 1";
	static const char leak[] = "leak=N, a number per second from 0 to 100000";
	static const char listeners[] =
		"listeners=N, a whole number from 1 to 10000, and no more than sockets";
	static const char seed[] = "seed=N, a whole number from 0 to 18446744073709551615";
	static const char once[] = "each word once";
	static const struct {
		const char *words, *bad, *wanted;
	} cases[] = {
		{ "sokets=5", "sokets=5", any },
		{ "socket=5", "socket=5", any },
		{ "Sockets=5", "Sockets=5", any },
		{ "=5", "=5", any },
		{ "5", "5", any },
		{ ",", "", any },
		{ "seed=1,", "", any },
		{ "seed=1,,leak=2", "", any },
		{ " seed=1", " seed=1", any },
		{ "sockets", "sockets", sockets },
		{ "seed=1,leak", "leak", leak },
		{ "sockets=", "sockets=", sockets },
		{ "sockets=0", "sockets=0", sockets },
		{ "sockets=20000001", "sockets=20000001", sockets },
		{ "sockets=4294967297", "sockets=4294967297", sockets },
		{ "sockets=18446744073709551617", "sockets=18446744073709551617", sockets },
		{ "sockets=-1", "sockets=-1", sockets },
		{ "sockets=+1", "sockets=+1", sockets },
		{ "sockets= 1", "sockets= 1", sockets },
		{ "sockets=1k", "sockets=1k", sockets },
		{ "sockets=1.5", "sockets=1.5", sockets },
		{ "sockets=1e3", "sockets=1e3", sockets },
		{ "sockets=0x10", "sockets=0x10", sockets },
		{ "sockets==1", "sockets==1", sockets },
		{ "churn=1.01", "churn=1.01", churn },
		{ "churn=-0.1", "churn=-0.1", churn },
		{ "churn=nan", "churn=nan", churn },
		{ "churn=inf", "churn=inf", churn },
		{ "churn=.", "churn=.", churn },
		{ "churn=0.1.2", "churn=0.1.2", churn },
		{ "churn=0x1p-1", "churn=0x1p-1", churn },
		{ "churn=1%", "churn=1%", churn },
		{ "churn=", "churn=", churn },
		{ "leak=100000.1", "leak=100000.1", leak },
		{ "leak=infinity", "leak=infinity", leak },
		{ "leak=5/s", "leak=5/s", leak },
		{ "leak=0000000000000000000000000000000000000000000001",
			"leak=0000000000000000000000000000000000000000000001", leak },
		{ "listeners=0", "listeners=0", listeners },
		{ "listeners=10001", "listeners=10001", listeners },
		{ "listeners=3,sockets=2", "listeners=3", listeners },
		{ "sockets=2,listeners=3,seed=1", "listeners=3", listeners },
		{ "seed=18446744073709551616", "seed=18446744073709551616", seed },
		{ "seed=-1", "seed=-1", seed },
		{ "seed=1,leak=2,seed=1", "seed=1", once },
		{ "seed=1;leak=2", "seed=1;leak=2", seed },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct synth_spec got = { .sockets = 77 };
		const char *bad, *wanted;
		size_t len;

		if (parse(cases[i].words, &got, &bad, &len, &wanted) != -EINVAL)
			fail_msg("'%s' was taken", cases[i].words);
		assert_string_equal(wanted, cases[i].wanted);
		assert_int_equal(len, strlen(cases[i].bad));
		assert_memory_equal(bad, cases[i].bad, len);
		assert_true(bad >= cases[i].words && bad + len <= strchr(cases[i].words, '\0'));
		assert_int_equal(got.sockets, 77);
	}
}

static void a_word_ends_with_the_text_not_with_a_nul(void **state)
{
	const char *bad, *wanted;
	struct synth_spec got;
	size_t len;

	(void)state;
	assert_int_equal(synth_parse("seed=1,leak=23", 13, &got, &bad, &len, &wanted), 0);
	assert_int_equal(synth_parse("seed=12", 6, &got, &bad, &len, &wanted), 0);
	assert_true(got.seed == 1);
	assert_int_equal(synth_parse("seed=1\0", 7, &got, &bad, &len, &wanted), -EINVAL);
	assert_int_equal(synth_parse("leak=2\0"
				     "5",
				 8, &got, &bad, &len, &wanted),
		-EINVAL);
	assert_int_equal(len, 8);
}

/* ---- The same each time ---------------------------------------------------------------------- */

static bool same_sock(const struct frame *f, const struct frame *g, uint32_t row)
{
	const struct sock *a = &f->socks[row], *b = &g->socks[row];

	return a->cookie == b->cookie && a->inode == b->inode && a->uid == b->uid &&
	       a->recv_q == b->recv_q && a->send_q == b->send_q && a->local == b->local &&
	       a->remote == b->remote && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && a->owner == b->owner &&
	       a->first_seen == b->first_seen && a->drops == b->drops &&
	       a->expires_ms == b->expires_ms && a->netns == b->netns && a->proto == b->proto &&
	       a->state == b->state && a->timer == b->timer && a->retrans == b->retrans &&
	       a->flags == b->flags;
}

static bool same_proc(const struct proc *a, const struct proc *b)
{
	return a->start == b->start && a->pid == b->pid && a->uid == b->uid && a->fds == b->fds &&
	       a->fd_limit == b->fd_limit && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->user, b->user) == 0 && strcmp(a->cmdline, b->cmdline) == 0 &&
	       strcmp(a->unit, b->unit) == 0 && strcmp(a->cgroup, b->cgroup) == 0;
}

static void same_frame(const struct frame *f, const struct frame *g)
{
	assert_true(f->wall_ns == g->wall_ns && f->mono_ns == g->mono_ns);
	assert_real(f->uptime_s, g->uptime_s);
	assert_memory_equal(f->counters, g->counters, sizeof f->counters);
	assert_int_equal(f->sock_count, g->sock_count);
	assert_int_equal(f->addresses->count, g->addresses->count);
	for (uint32_t row = 0; row < f->addresses->count; row++)
		assert_memory_equal(
			frame_address(f, row), frame_address(g, row), sizeof(struct address));
	assert_int_equal(f->proc_count, g->proc_count);
	assert_int_equal(f->edge_count, g->edge_count);
	assert_memory_equal(f->edges, g->edges, f->edge_count * sizeof *f->edges);
	assert_int_equal(f->diff.gone_count, g->diff.gone_count);
	for (uint32_t row = 0; row < f->sock_count; row++)
		assert_true(same_sock(f, g, row));
	for (uint32_t row = 0; row < f->proc_count; row++)
		assert_true(same_proc(&f->procs[row], &g->procs[row]));
}

static void the_same_words_make_the_same_frames(void **state)
{
	struct watch a, b, other;
	uint32_t differ = 0;

	(void)state;
	watch_begin(&a, "sockets=3000,churn=0.05,seed=7", 2);
	watch_begin(&b, "seed=7,churn=0.05,sockets=3000", 2);
	watch_begin(&other, "sockets=3000,churn=0.05,seed=8", 2);
	for (unsigned n = 0; n < 25; n++) {
		const struct frame *f = watch_next(&a), *g = watch_next(&other);

		same_frame(f, watch_next(&b));
		for (uint32_t row = 0; row < f->sock_count && row < g->sock_count; row++)
			differ += !same_sock(f, g, row);
	}
	assert_true(differ > 25 * 2000);
	watch_end(&a);
	watch_end(&b);
	watch_end(&other);
}

static void time_begins_where_it_always_does(void **state)
{
	struct watch w;
	const struct frame *f;
	int64_t began;

	(void)state;
	watch_begin(&w, "sockets=100", 2);
	f = watch_next(&w);
	assert_true(f->wall_ns == STORY_WALL_NS);
	assert_false(f->diff.known);
	assert_int_equal(frame_now(f), 0);
	assert_string_equal(f->host, "synth");
	assert_string_equal(f->kind, "synthetic");
	assert_string_equal(f->seer, "root");
	assert_int_equal(f->seer_uid, PROC_UNKNOWN);
	assert_real(f->uptime_s, 41 * 86400 + 3 * 3600 + 12 * 60);
	assert_int_equal(f->cost_wall_ns, 0);
	assert_int_equal(f->cost_cpu_ns, 0);
	assert_true(isnan(f->cpu_percent));
	assert_int_equal(f->netns_count, 1);
	assert_false(frame_is_partial(f));
	began = f->mono_ns;
	w.request.interval_s = 0.1;
	f = watch_next(&w);
	assert_true(f->diff.known);
	assert_true(f->mono_ns == began + 100000000 && f->epoch_ns == began);
	w.request.interval_s = 86400;
	f = watch_next(&w);
	assert_true(f->wall_ns == STORY_WALL_NS + INT64_C(86400100000000));
	assert_real(f->uptime_s, 42 * 86400 + 3 * 3600 + 12 * 60 + 0.1);
	watch_end(&w);
}

static void a_preliminary_frame_is_of_now_and_changes_nothing(void **state)
{
	struct watch a, b;

	(void)state;
	watch_begin(&a, "sockets=500,churn=0.1", 2);
	watch_begin(&b, "sockets=500,churn=0.1", 2);
	for (unsigned n = 0; n < 3; n++) {
		const struct frame *f = watch_next(&b);
		struct frame *quick;

		a.request.preliminary = true;
		assert_int_equal(source_next(a.source, &a.request, NULL, &quick), 0);
		assert_true(quick->preliminary);
		assert_false(quick->owners_known);
		assert_int_equal(quick->proc_count, 0);
		/* The first is of the time of the first frame, the others of the one before. */
		assert_true(quick->wall_ns == f->wall_ns - (n ? 2000000000 : 0));
		assert_int_equal(quick->addresses->count > 0, 1);
		frame_put(quick);
		a.request.preliminary = false;
		same_frame(watch_next(&a), f);
	}
	watch_end(&a);
	watch_end(&b);
}

/* ---- What happens ---------------------------------------------------------------------------- */

/* Whether there is no burst. */
static bool is_calm(const struct frame *f)
{
	double s = fmod(seconds(f), 60);

	return s <= 20 || s >= 40;
}

static void there_are_as_many_sockets_as_asked_for(void **state)
{
	static const struct {
		const char *words;
		uint32_t sockets, listeners;
		double leak, interval_s;
	} cases[] = {
		{ "sockets=2500", 2500, 12, 5, 2 },
		{ "sockets=1000,listeners=200,churn=0.2", 1000, 200, 5, 1 },
		{ "sockets=700,churn=0,leak=0", 700, 12, 0, 0.5 },
		{ "sockets=1500,churn=1,leak=100,listeners=1", 1500, 1, 100, 0.1 },
		{ "sockets=100,listeners=100,leak=0.3", 100, 100, 0.3, 10 },
		/* Hardly room for anything. */
		{ "sockets=1,leak=0", 1, 1, 0, 2 },
		{ "sockets=1,leak=3", 1, 1, 3, 1 },
		{ "sockets=2,listeners=1", 2, 1, 5, 1 },
		{ "sockets=3,churn=1", 3, 3, 5, 1 },
		{ "sockets=40,listeners=2", 40, 2, 5, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct watch w;

		watch_begin(&w, cases[i].words, cases[i].interval_s);
		for (unsigned n = 0; n < 62; n++) {
			const struct frame *f = watch_next(&w);
			uint32_t want = cases[i].sockets +
					(uint32_t)floor(cases[i].leak * seconds(f) + 1e-6);
			uint32_t tcp = count_tcp(f);

			if (is_calm(f))
				assert_int_equal(tcp, want);
			assert_in_range(tcp, want, want + cases[i].sockets / 10);
			assert_int_equal(count_state(f, SOCK_TCP, SOCK_LISTEN), cases[i].listeners);
			assert_int_equal(f->sock_count - tcp, 4);
			if (cases[i].sockets > 100 && cases[i].listeners < 100)
				assert_in_range(count_state(f, SOCK_TCP, SOCK_TIME_WAIT), 0,
					cases[i].sockets / 8);
		}
		watch_end(&w);
	}
}

static void connections_are_replaced_as_asked_for(void **state)
{
	static const double churns[] = { 0.004, 0.02, 0.3 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(churns); i++) {
		double came = 0, went = 0, expected = 0;
		struct watch w;
		char words[64];

		snprintf(words, sizeof words, "sockets=4500,leak=0,churn=%g", churns[i]);
		watch_begin(&w, words, 0.5);
		watch_next(&w);
		/* Before the burst, during which others come. */
		for (unsigned n = 0; n < 39; n++) {
			const struct frame *f;

			expected += churns[i] * count_state(tracker_previous(w.story.tracker),
							SOCK_TCP, SOCK_ESTAB);
			f = watch_next(&w);
			went += f->diff.gone_count;
			for (uint32_t row = 0; row < f->sock_count; row++)
				came += f->diff.previous[row] == SOCK_NONE;
			/* What the accept queue gets, and gives up for it. */
			came -= 129 * 0.5 / 25;
			went -= 129 * 0.5 / 25;
		}
		assert_true(fabs(came / expected - 1) < 0.06);
		assert_true(fabs(went / expected - 1) < 0.06);
		watch_end(&w);
	}
}

static void without_churn_only_the_queue_moves(void **state)
{
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=2000,leak=0,churn=0", 0.5);
	watch_next(&w);
	for (unsigned n = 0; n < 38; n++) {
		const struct frame *f = watch_next(&w);

		for (uint32_t row = 0; row < f->sock_count; row++)
			assert_true(f->diff.previous[row] != SOCK_NONE ||
				    f->socks[row].local_port == 9000);
		assert_int_equal(count_state(f, SOCK_TCP, SOCK_TIME_WAIT), 0);
	}
	watch_end(&w);
}

static void states_are_as_on_a_busy_server(void **state)
{
	static const struct {
		uint8_t state;
		uint32_t from, to;
	} cases[] = {
		{ SOCK_ESTAB, 15000, 19500 },
		{ SOCK_SYN_SENT, 1, 40 },
		{ SOCK_SYN_RECV, 1, 40 },
		{ SOCK_FIN_WAIT_2, 1, 200 },
		{ SOCK_TIME_WAIT, 1000, 2000 },
		{ SOCK_LAST_ACK, 1, 60 },
		{ SOCK_LISTEN, 12, 12 },
	};
	struct watch w;

	(void)state;
	watch_begin(&w, "leak=0,churn=0.02", 2);
	for (unsigned n = 0; n < 10; n++) {
		const struct frame *f = watch_next(&w);

		for (size_t i = 0; i < COUNT_OF(cases); i++)
			assert_in_range(count_state(f, SOCK_TCP, cases[i].state), cases[i].from,
				cases[i].to);
	}
	watch_end(&w);
}

/* However many there are: what is closed at last must not look like a leak. */
static void few_wait_to_be_closed(void **state)
{
	struct watch w;

	(void)state;
	watch_begin(&w, "leak=0,churn=0.6", 2);
	for (unsigned n = 0; n < 5; n++)
		assert_in_range(count_state(watch_next(&w), SOCK_TCP, SOCK_CLOSE_WAIT), 100, 200);
	watch_end(&w);
}

static void the_leak_is_exact(void **state)
{
	static const struct {
		const char *words;
		double leak, interval_s;
		uint32_t first;
		const char *oldest;
	} cases[] = {
		{ "sockets=43000", 5, 2, 4210, "14m02s" },
		{ "sockets=2000,leak=5", 5, 0.7, 198, "14m02s" },
		{ "sockets=2000,leak=0.1", 0.1, 3, 84, "14m02s" },
		{ "sockets=2000,leak=33.3,churn=0.5", 33.3, 1, 198, "14m02s" },
		{ "sockets=1,leak=2", 2, 1, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *unit = cases[i].oldest ? "api.service" : "nginx.service";
		struct watch w;

		watch_begin(&w, cases[i].words, cases[i].interval_s);
		for (unsigned n = 0; n < (i ? 40 : 3); n++) {
			const struct frame *f = watch_next(&w);
			double want = floor(cases[i].leak * seconds(f) + 1e-6);

			assert_int_equal(count_leaked(f, unit), cases[i].first + want);
			if (n == 0 && cases[i].oldest)
				assert_string_equal(row_text(w.story.sample, "leaks",
							    "unit=api.service", "oldest="),
					"oldest=14m02s");
		}
		watch_end(&w);
	}
}

/* Each has waited since it came. */
static void what_leaks_gets_older(void **state)
{
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=500,leak=3", 2);
	for (unsigned n = 0; n < 20; n++) {
		const struct frame *f = watch_next(&w);

		for (uint32_t row = 0; row < f->sock_count; row++) {
			const struct sock *s = &f->socks[row];
			double waits = frame_wait_age(f, s);

			if (s->state != SOCK_CLOSE_WAIT)
				continue;
			assert_true(waits >= 0);
			if (n && f->diff.previous[row] == SOCK_NONE)
				assert_true(waits < 2.05);
		}
	}
	watch_end(&w);
}

static void it_leaks_until_the_descriptors_run_out(void **state)
{
	const struct frame *f;
	uint32_t full = 0;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=100,leak=8", 3000);
	for (unsigned n = 0; n < 5; n++) {
		const struct proc *p;

		f = watch_next(&w);
		p = frame_owner(f, listener(f, 8080));
		assert_string_equal(p->name, "java");
		assert_in_range(p->fds, count_leaked(f, "api.service"), p->fd_limit);
		assert_in_range(p->fds, n < 3 ? 0 : 65400, n < 2 ? 50000 : 65536);
		if (n == 3)
			full = count_leaked(f, "api.service");
	}
	assert_int_equal(count_leaked(f, "api.service"), full);
	watch_end(&w);
}

static void the_accept_queue_fills_overflows_and_drains(void **state)
{
	uint32_t full_s = 0, empty_s = 0, full_again_s = 0, rose_s = 0, drops_then = 0;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=2500", 1);
	for (uint32_t at = 0; at < 90; at++) {
		const struct frame *f = watch_next(&w);
		const struct sock *l = listener(f, 9000);
		uint32_t waiting = 0;

		/* Those that wait are in the dump, and nobody has them yet. */
		for (uint32_t row = 0; row < f->sock_count; row++) {
			const struct sock *s = &f->socks[row];

			waiting += s->state == SOCK_ESTAB && s->local_port == 9000 && !s->inode;
		}
		assert_int_equal(waiting, l->recv_q);
		assert_int_equal(l->send_q, 128);
		assert_in_range(l->recv_q, 0, 129);
		if (l->recv_q > 0 && !rose_s)
			rose_s = at;
		if (l->recv_q == 129 && !full_s)
			full_s = at;
		if (full_s && l->recv_q == 0 && !empty_s)
			empty_s = at;
		if (empty_s && l->recv_q == 129 && !full_again_s)
			full_again_s = at;
		/* Only a full queue drops. */
		if (at)
			assert_int_equal(l->drops > drops_then, at % 45 > 25 && at % 45 <= 33);
		assert_true(l->flags & SOCK_HAS_DROPS);
		drops_then = l->drops;
	}
	assert_in_range(full_s - rose_s, 20, 30);
	assert_in_range(empty_s, full_s + 5, full_s + 15);
	assert_in_range(full_again_s, 61, 75);
	assert_in_range(drops_then, 2 * 129, 4 * 129);
	watch_end(&w);
}

static void a_burst_comes_every_minute(void **state)
{
	uint32_t most[2] = { 0 };
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=2000,leak=0", 1);
	for (uint32_t at = 0; at < 120; at++) {
		uint32_t more = count_tcp(watch_next(&w)) - 2000;
		const char *delta = row_text(w.story.sample, "listen", "port=443", "delta=");

		most[at / 60] = more > most[at / 60] ? more : most[at / 60];
		if (is_calm(w.story.sample->frame))
			assert_int_equal(more, 0);
		/* It is the web server's. */
		if (at % 60 == 24)
			assert_true(strtol(strchr(delta, '=') + 1, NULL, 10) > 20);
		if (at % 60 == 36)
			assert_true(strtol(strchr(delta, '=') + 1, NULL, 10) < -15);
	}
	assert_int_equal(most[0], 200);
	assert_int_equal(most[1], 200);
	watch_end(&w);
}

/* ---- What it tells --------------------------------------------------------------------------- */

static void only_what_was_asked_for_is_told(void **state)
{
	static const struct {
		unsigned protocols;
		bool ipv4, ipv6;
	} cases[] = {
		{ ALL_PROTOCOLS, true, true },
		{ ALL_PROTOCOLS, true, false },
		{ ALL_PROTOCOLS, false, true },
		{ BIT(SOCK_TCP), true, true },
		{ BIT(SOCK_UDP), true, true },
		{ BIT(SOCK_UDP), false, true },
	};
	struct watch all;

	(void)state;
	watch_begin(&all, "sockets=2000,listeners=20", 30);
	watch_next(&all);
	watch_next(&all);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct frame *f, *whole = all.story.sample->frame;
		struct watch w;
		uint32_t want = 0;

		watch_begin(&w, "sockets=2000,listeners=20", 30);
		w.request.protocols = cases[i].protocols;
		w.request.ipv4 = cases[i].ipv4;
		w.request.ipv6 = cases[i].ipv6;
		watch_next(&w);
		f = watch_next(&w);
		for (uint32_t row = 0; row < whole->sock_count; row++) {
			const struct sock *s = &whole->socks[row], *there;
			bool ipv4 = s->flags & SOCK_IPV4;
			bool asked = cases[i].protocols & BIT(s->proto) &&
				     (ipv4 ? cases[i].ipv4 : cases[i].ipv6);

			there = story_find(f, s->cookie);
			assert_int_equal(there != NULL, asked);
			want += asked;
		}
		assert_int_equal(f->sock_count, want);
		assert_true(want > 0);
		assert_int_equal(f->one_family, !cases[i].ipv4 || !cases[i].ipv6);
		assert_int_equal(f->absent, ALL_PROTOCOLS & ~cases[i].protocols);
		/* What a process holds does not depend on what of it is shown. */
		for (uint32_t row = 0; row < f->proc_count; row++) {
			const struct proc *p = &f->procs[row];
			uint32_t same = frame_find_proc(whole, p->pid, p->start);

			assert_true(same != SOCK_NONE);
			assert_true(same_proc(p, &whole->procs[same]));
		}
		watch_end(&w);
	}
	watch_end(&all);
}

static void nothing_is_told_that_nobody_needs(void **state)
{
	static const unsigned needs[] = { NEED_OWNERS, NEED_OWNERS | NEED_PROC_DETAILS,
		NEED_WAIT_AGE, NEED_DROPS, NEED_OWNERS | NEED_USERS, NEED_USERS, NEED_COUNTERS };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(needs); i++) {
		bool owners = needs[i] & NEED_OWNERS, users = needs[i] & NEED_USERS;
		bool details = needs[i] & NEED_PROC_DETAILS;
		const struct frame *f;
		struct watch w;

		watch_begin(&w, "sockets=1500", 2);
		w.request.needs = NEED_SOCKETS | needs[i];
		watch_next(&w);
		f = watch_next(&w);
		assert_int_equal(f->owners_known, owners);
		assert_int_equal(f->proc_count > 0, owners);
		assert_int_equal(f->edge_count > 0, owners);
		assert_int_equal(f->user_count > 0, users);
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			assert_int_equal(
				f->counters[c] != COUNTER_UNKNOWN, !!(needs[i] & NEED_COUNTERS));
		for (uint32_t row = 0; row < f->sock_count; row++) {
			const struct sock *s = &f->socks[row];

			assert_int_equal(!!(s->flags & SOCK_HAS_DROPS),
				needs[i] & NEED_DROPS &&
					(s->proto == SOCK_UDP || s->state == SOCK_LISTEN));
			if (s->state == SOCK_CLOSE_WAIT)
				assert_int_equal(s->wait_since != SOCK_TIME_NONE,
					!!(needs[i] & NEED_WAIT_AGE));
			if (s->inode && users)
				assert_string_not_equal(frame_user(f, s->uid), "");
		}
		for (uint32_t row = 0; row < f->proc_count; row++) {
			const struct proc *p = &f->procs[row];

			assert_int_equal(*p->user != '\0', users);
			assert_int_equal(*p->unit != '\0', details);
			assert_int_equal(*p->cmdline != '\0', details);
			assert_int_equal(*p->cgroup != '\0', details);
			assert_int_equal(p->fd_limit != PROC_UNKNOWN, details);
			assert_in_range(p->fds, 10, 1000);
		}
		watch_end(&w);
	}
}

/* What KERNEL.md says of rows, for one of them. */
static void check_row(const struct frame *f, const struct sock *s)
{
	static const bool held[SOCK_STATE_COUNT] = {
		[SOCK_ESTAB] = true,
		[SOCK_SYN_SENT] = true,
		[SOCK_CLOSE_WAIT] = true,
		[SOCK_LISTEN] = true,
		[SOCK_CLOSE] = true,
	};
	bool waits = s->state == SOCK_ESTAB && s->proto == SOCK_TCP && s->local_port == 9000 &&
		     !s->inode;

	assert_int_equal(s->inode != 0, held[s->state] && !waits);
	assert_true(s->cookie != 0);
	assert_true(s->inode || s->uid == 0);
	/* The owner is there, or is remembered, or nobody has it. */
	if (s->inode)
		assert_true(s->owner != SOCK_NONE && !(s->flags & SOCK_CARRIED));
	else
		assert_int_equal(s->owner != SOCK_NONE, !!(s->flags & SOCK_CARRIED));
	if (s->inode && s->state != SOCK_LISTEN)
		assert_int_equal(s->uid, frame_owner(f, s)->uid);
	assert_int_equal(s->timer == 3, s->state == SOCK_TIME_WAIT || s->state == SOCK_FIN_WAIT_2);
	if (s->timer == 3)
		assert_in_range(s->expires_ms, 1, 60000);
	if (s->timer == 0)
		assert_int_equal(s->expires_ms, 0);
	if (s->timer == 2)
		assert_in_range(s->expires_ms, 1, 7200000);
	if (s->state == SOCK_SYN_SENT || s->state == SOCK_SYN_RECV || s->state == SOCK_LAST_ACK)
		assert_int_equal(s->timer, 1);
	if (s->flags & SOCK_V6ONLY)
		assert_true(s->state == SOCK_LISTEN && !(s->flags & SOCK_IPV4));
	if (s->flags & SOCK_IPV4)
		assert_memory_equal(
			frame_address(f, s->local)->bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
}

static void rows_are_such_as_a_kernel_tells(void **state)
{
	uint32_t timers[5] = { 0 }, carried = 0, retrans = 0, mapped = 0, plain = 0, shared = 0;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=6000,churn=0.03,leak=20", 2);
	for (unsigned n = 0; n < 25; n++) {
		const struct frame *f = watch_next(&w);

		assert_int_equal(f->owners_hidden, 0);
		for (uint32_t row = 0; row < f->sock_count; row++) {
			const struct sock *s = &f->socks[row];
			const uint8_t *remote = frame_address(f, s->remote)->bytes;

			check_row(f, s);
			timers[s->timer]++;
			retrans += s->retrans;
			carried += s->state == SOCK_TIME_WAIT && s->flags & SOCK_CARRIED;
			if (s->local_port == 443 && s->state == SOCK_ESTAB)
				*(remote[10] == 0xff ? &mapped : &plain) += 1;
			shared += s->state == SOCK_LISTEN && !f->edges[s->owner].last;
		}
	}
	assert_true(timers[0] && timers[1] && timers[2] && timers[3] && !timers[4]);
	assert_true(carried && retrans && shared);
	assert_true(listener(w.story.sample->frame, 80)->flags & SOCK_V6ONLY);
	assert_false(listener(w.story.sample->frame, 443)->flags & SOCK_V6ONLY);
	/* One listener serves both. */
	assert_true(plain > 1000 && mapped > 3 * plain);
	assert_string_equal(row_text(w.story.sample, "listen", "port=443", "address=, owners="),
		"address=::, owners=5");
	watch_end(&w);
}

/* From one frame to the next: what can become of a state, and how timers run. */
static void sockets_change_as_they_can(void **state)
{
	static const uint16_t can[SOCK_STATE_COUNT] = {
		[SOCK_ESTAB] = BIT(SOCK_TIME_WAIT) | BIT(SOCK_FIN_WAIT_1) | BIT(SOCK_FIN_WAIT_2) |
			       BIT(SOCK_CLOSING) | BIT(SOCK_CLOSE_WAIT) | BIT(SOCK_LAST_ACK),
		[SOCK_SYN_SENT] = BIT(SOCK_ESTAB),
		[SOCK_SYN_RECV] = BIT(SOCK_ESTAB),
		[SOCK_FIN_WAIT_1] = BIT(SOCK_FIN_WAIT_2),
		[SOCK_FIN_WAIT_2] = BIT(SOCK_TIME_WAIT),
		[SOCK_CLOSING] = BIT(SOCK_TIME_WAIT),
		[SOCK_CLOSE_WAIT] = BIT(SOCK_LAST_ACK),
	};
	uint32_t changed[SOCK_STATE_COUNT] = { 0 };
	struct frame *prev = NULL;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=4000,churn=0.1", 2);
	for (unsigned n = 0; n < 36; n++) {
		const struct frame *f = watch_next(&w);

		for (uint32_t row = 0; prev && row < f->sock_count; row++) {
			uint32_t then = f->diff.previous[row];
			const struct sock *s = &f->socks[row], *old;

			if (then == SOCK_NONE)
				continue;
			old = &prev->socks[then];
			if (old->state != s->state) {
				if (!(can[old->state] & BIT(s->state)))
					fail_msg("%s became %s", sock_state_name(old->state),
						sock_state_name(s->state));
				changed[old->state]++;
			} else if (s->timer == 3) {
				assert_int_equal(old->expires_ms - s->expires_ms, 2000);
			}
			assert_true(s->first_seen != SOCK_TIME_NONE);
			assert_int_equal(old->first_seen, s->first_seen);
			assert_int_equal(old->local_port, s->local_port);
			assert_int_equal(old->remote_port, s->remote_port);
			assert_memory_equal(frame_address(prev, old->remote),
				frame_address(f, s->remote), sizeof(struct address));
		}
		frame_put(prev);
		prev = frame_get(w.story.sample->frame);
	}
	for (unsigned i = 1; i < SOCK_STATE_COUNT; i++)
		if (can[i] && !changed[i])
			fail_msg("%s never changed", sock_state_name(i));
	frame_put(prev);
	watch_end(&w);
}

static uint64_t ends_key(const struct frame *f, const struct sock *s)
{
	struct sock like = *s;

	like.cookie = 0;
	return frame_sock_key(f, &like);
}

static void no_identity_is_used_twice(void **state)
{
	static const char *const cases[] = { "sockets=2500,churn=0.3,leak=50",
		"sockets=60,listeners=1,churn=1,leak=10", "sockets=6000,listeners=2,churn=0.05" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct hash ever = { 0 }, ends_then = { 0 };
		struct watch w;

		watch_begin(&w, cases[i], 3);
		for (unsigned n = 0; n < 30; n++) {
			const struct frame *f = watch_next(&w);
			struct hash ends = { 0 }, inodes = { 0 };
			uint32_t first;

			for (uint32_t row = 0; row < f->sock_count; row++) {
				const struct sock *s = &f->socks[row];
				bool is_new = !n || f->diff.previous[row] == SOCK_NONE;

				assert_int_equal(hash_add(&ever, s->cookie, n, &first), 0);
				assert_int_equal(is_new, first == n);
				assert_int_equal(hash_add(&ends, ends_key(f, s), row, &first), 0);
				assert_int_equal(first, row);
				if (is_new)
					assert_true(
						hash_get(&ends_then, ends_key(f, s)) == HASH_NONE);
				if (!s->inode)
					continue;
				assert_int_equal(hash_add(&inodes, s->inode, row, &first), 0);
				assert_int_equal(first, row);
			}
			hash_free(&inodes);
			hash_free(&ends_then);
			ends_then = ends;
		}
		hash_free(&ends_then);
		hash_free(&ever);
		watch_end(&w);
	}
}

/* Descriptors of a process are not shared by two sockets, and not more than it says. */
static void descriptors_are_a_process_own(void **state)
{
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=3000,listeners=30,churn=0.1", 5);
	for (unsigned n = 0; n < 6; n++) {
		const struct frame *f = watch_next(&w);
		struct hash seen = { 0 };
		uint32_t first, *held = calloc(f->proc_count, sizeof *held);

		assert_non_null(held);
		for (uint32_t row = 0; row < f->sock_count; row++) {
			const struct sock *s = &f->socks[row];

			if (s->flags & SOCK_CARRIED)
				continue;
			for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
				const struct owner_edge *o = &f->edges[e];

				held[o->proc]++;
				assert_int_equal(hash_add(&seen, (uint64_t)o->proc << 32 | o->fd,
							 row, &first),
					0);
				assert_int_equal(first, row);
			}
		}
		for (uint32_t i = 0; i < f->proc_count; i++)
			assert_int_equal(f->procs[i].fds, held[i] + 9);
		hash_free(&seen);
		free(held);
	}
	watch_end(&w);
}

/* Connections in the sense of ActiveOpens and PassiveOpens. */
static bool is_open(const struct sock *s)
{
	return sock_is_conn(s) && s->state != SOCK_SYN_RECV;
}

static void counters_agree_with_the_sockets(void **state)
{
	struct frame *prev = NULL;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=2500,churn=0.05", 1);
	for (unsigned n = 0; n < 70; n++) {
		const struct frame *f = watch_next(&w);
		const int64_t *now = f->counters, *then = prev ? prev->counters : now;
		int64_t active = 0, passive = 0;

		for (uint32_t row = 0; prev && row < f->sock_count; row++) {
			uint32_t old = f->diff.previous[row];
			const struct sock *s = &f->socks[row];
			bool call = s->remote_port < 32768;

			if (!is_open(s) || (old != SOCK_NONE && is_open(&prev->socks[old])))
				continue;
			*(call ? &active : &passive) += 1;
		}
		assert_int_equal(now[COUNTER_ACTIVE_OPENS] - then[COUNTER_ACTIVE_OPENS], active);
		assert_int_equal(now[COUNTER_PASSIVE_OPENS] - then[COUNTER_PASSIVE_OPENS], passive);
		assert_int_equal(now[COUNTER_LISTEN_DROPS] - listener(f, 9000)->drops, 900);
		assert_true(now[COUNTER_LISTEN_OVERFLOWS] <= now[COUNTER_LISTEN_DROPS]);
		for (unsigned c = 0; c < COUNTER_COUNT; c++)
			assert_true(!counter_only_grows(c) || now[c] >= then[c]);
		if (prev) {
			assert_true(now[COUNTER_OUT_SEGMENTS] > then[COUNTER_OUT_SEGMENTS]);
			assert_true(now[COUNTER_OUT_RESETS] >= then[COUNTER_OUT_RESETS]);
			assert_true(w.story.sample->totals.retrans_percent > 0.05);
			assert_true(w.story.sample->totals.retrans_percent < 2);
			assert_true(w.story.sample->totals.closed_rate > 10);
		}
		assert_true(now[COUNTER_TCP_MEM] > 0);
		assert_true(now[COUNTER_TCP_MEM] < now[COUNTER_TCP_MEM_LIMIT]);
		frame_put(prev);
		prev = frame_get(w.story.sample->frame);
	}
	frame_put(prev);
	watch_end(&w);
}

/* ---- What tables say ------------------------------------------------------------------------- */

static void the_leaking_process_grows_most(void **state)
{
	static const struct {
		const char *words;
		double leak;
		uint32_t fd_limit;
	} cases[] = {
		{ "", 5, 65536 },
		{ "sockets=15000,churn=0.1,leak=5,seed=3", 5, 65536 },
		{ "sockets=1000,leak=40,listeners=60", 40, 262144 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct leak_row *most = NULL;
		uint32_t others = 0;
		struct watch w;

		watch_begin(&w, cases[i].words, 2);
		for (unsigned n = 0; n < 12; n++) {
			watch_next(&w);
			others += w.story.sample->leak_count - 1;
		}
		for (uint32_t row = 0; row < w.story.sample->leak_count; row++) {
			const struct leak_row *l = &w.story.sample->leaks[row];

			/* Things like LAST-ACK and SYN-SENT come and go elsewhere. */
			if (l->pile == PILE_CLOSE_WAIT && (!most || l->growth > most->growth))
				most = l;
		}
		assert_non_null(most);
		assert_string_equal(w.story.sample->frame->procs[most->proc].unit, "api.service");
		assert_true(fabs(most->growth / cases[i].leak - 1) < 0.1);
		assert_true(most->causes[SOCK_WAIT_NOT_CLOSED] > most->count * 3 / 4);
		assert_true(most->causes[SOCK_WAIT_UNREAD] > 0);
		assert_int_equal(
			w.story.sample->frame->procs[most->proc].fd_limit, cases[i].fd_limit);
		assert_int_equal(most->verdict, VERDICT_LEAK);
		assert_true(most->exhaustion > 3000);
		assert_true(most->oldest > 842);
		/* Others have some, for a short time. */
		assert_true(others > 0);
		for (uint32_t row = 0; row < w.story.sample->leak_count; row++)
			if (w.story.sample->leaks[row].pile == PILE_CLOSE_WAIT &&
				&w.story.sample->leaks[row] != most) {
				assert_true(w.story.sample->leaks[row].verdict < VERDICT_STUCK);
				assert_true(w.story.sample->leaks[row].oldest < 7);
			}
		watch_end(&w);
	}
}

static void programs_have_names_users_and_units(void **state)
{
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=2000,listeners=14", 2);
	watch_next(&w);
	assert_row(w.story.sample, "listen", "port=443", "process=nginx, user=root, backlog=511");
	assert_row(
		w.story.sample, "listen", "port=5432", "process=postgres, user=postgres, owners=1");
	assert_row(w.story.sample, "listen", "port=10010",
		"process=memcached, unit=memcached@10010.service");
	assert_row(w.story.sample, "procs", "cmdline=nginx: master process /usr/sbin/nginx",
		"user=root, conns=0, listen=1");
	assert_row(w.story.sample, "procs", "process=redis-server",
		"user=redis, unit=redis.service, fd_limit=10032");
	assert_row(w.story.sample, "listen", "proto=udp, port=8125", "process=statsd, address=::");
	watch_end(&w);
}

static void more_listeners_are_more_processes(void **state)
{
	uint32_t then = 0;

	(void)state;
	for (unsigned listeners = 1; listeners <= 1000; listeners *= 10) {
		struct watch w;
		char words[64];
		const struct frame *f;

		snprintf(words, sizeof words, "sockets=2000,listeners=%u", listeners);
		watch_begin(&w, words, 2);
		f = watch_next(&w);
		assert_true(f->proc_count > then && f->proc_count >= listeners);
		then = f->proc_count;
		watch_end(&w);
	}
}

/* ---- Being stopped --------------------------------------------------------------------------- */

static void a_frame_can_be_cancelled(void **state)
{
	struct frame *f = NULL;
	struct watch w;

	(void)state;
	watch_begin(&w, "sockets=1000", 2);
	watch_next(&w);
	source_cancel(w.source);
	assert_int_equal(source_next(w.source, &w.request, NULL, &f), -ECANCELED);
	w.request.preliminary = true;
	assert_int_equal(source_next(w.source, &w.request, NULL, &f), -ECANCELED);
	assert_null(f);
	watch_end(&w);
	/* Before the first. */
	watch_begin(&w, "sockets=1000", 2);
	source_cancel(w.source);
	assert_int_equal(source_next(w.source, &w.request, NULL, &f), -ECANCELED);
	watch_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_describe_a_server),
		cmocka_unit_test(wrong_words_are_told),
		cmocka_unit_test(a_word_ends_with_the_text_not_with_a_nul),
		cmocka_unit_test(the_same_words_make_the_same_frames),
		cmocka_unit_test(time_begins_where_it_always_does),
		cmocka_unit_test(a_preliminary_frame_is_of_now_and_changes_nothing),
		cmocka_unit_test(there_are_as_many_sockets_as_asked_for),
		cmocka_unit_test(connections_are_replaced_as_asked_for),
		cmocka_unit_test(without_churn_only_the_queue_moves),
		cmocka_unit_test(states_are_as_on_a_busy_server),
		cmocka_unit_test(few_wait_to_be_closed),
		cmocka_unit_test(the_leak_is_exact),
		cmocka_unit_test(what_leaks_gets_older),
		cmocka_unit_test(it_leaks_until_the_descriptors_run_out),
		cmocka_unit_test(the_accept_queue_fills_overflows_and_drains),
		cmocka_unit_test(a_burst_comes_every_minute),
		cmocka_unit_test(only_what_was_asked_for_is_told),
		cmocka_unit_test(nothing_is_told_that_nobody_needs),
		cmocka_unit_test(rows_are_such_as_a_kernel_tells),
		cmocka_unit_test(sockets_change_as_they_can),
		cmocka_unit_test(no_identity_is_used_twice),
		cmocka_unit_test(descriptors_are_a_process_own),
		cmocka_unit_test(counters_agree_with_the_sockets),
		cmocka_unit_test(the_leaking_process_grows_most),
		cmocka_unit_test(programs_have_names_users_and_units),
		cmocka_unit_test(more_listeners_are_more_processes),
		cmocka_unit_test(a_frame_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
