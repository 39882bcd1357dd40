/* What happens on a made-up server. Chance is a hash of the seed, the socket and the number of the
 * step, so nothing depends on the order in which things are asked, and what is not asked for
 * changes nothing else. Most connections have a slot that remembers which one it holds and in what
 * state; those of the burst, the accept queue and the leak follow from the time alone. */
#include "sockdash/synth.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/clock.h"
#include "sockdash/synth_count.h"
#include "sockdash/synth_tell.h"

#define FIRST_WALL_NS INT64_C(1795344787120000000) /* 2026-11-22T10:53:07.120Z */
#define FIRST_UP_S    (41 * 86400 + 3 * 3600 + 12 * 60)
#define NETNS         UINT64_C(4026531840)
#define NSEC_PER_TICK 100000000 /* of SOCK_TIME */

#define WARM_UP   3   /* steps before the first frame, so that no state is missing */
#define BRIEF_MAX 200 /* sockets in CLOSE-WAIT that will be closed */

struct synth {
	struct source base;
	struct synth_spec spec;
	struct synth_plan plan;
	struct synth_slot *slots;
	int64_t elapsed_ns;
	uint64_t steps;
	bool populated, begun;
	uint32_t brief; /* slots in CLOSE-WAIT */
	struct synth_totals totals;
};

/* ---- What follows from the time alone -------------------------------------------------------- */

#define QUEUE_TURN_MS 45000
#define BURST_TURN_MS 60000

/* How much of `n` is done at a time, if it is done evenly between two others. */
static uint32_t ramp(int64_t at, int64_t from, int64_t to, uint32_t n)
{
	if (at <= from)
		return 0;
	return at >= to ? n : (uint32_t)(n * (at - from) / (to - from));
}

static struct synth_now now_of(const struct synth *s)
{
	const struct synth_plan *p = &s->plan;
	int64_t ms = s->elapsed_ns / NSEC_PER_MSEC;
	int64_t queue = ms % QUEUE_TURN_MS, burst = ms % BURST_TURN_MS;
	uint32_t drops = 2 * p->seats; /* in each turn */
	/* A little more, so that 20 s of 33.3 are 666. */
	double leaked = s->spec.leak * (double)s->elapsed_ns / 1e9 * (1 + 1e-12);

	return (struct synth_now){
		.plan = p,
		.slots = s->slots,
		.stop = &s->base.cancelled,
		.seed = s->spec.seed,
		.step = s->steps,
		.elapsed_ms = ms,
		.time = (int32_t)(s->elapsed_ns / NSEC_PER_TICK),
		.queue_turn = (uint64_t)(ms / QUEUE_TURN_MS) + 1,
		.arrived = ramp(queue, 0, 25000, p->seats),
		.drops = (uint32_t)(ms / QUEUE_TURN_MS) * drops + ramp(queue, 25000, 33000, drops),
		.accepted = ramp(queue, 33000, 37000, p->seats),
		.burst_turn = (uint64_t)(ms / BURST_TURN_MS) + 1,
		.opened = ramp(burst, 20000, 27000, p->burst),
		.closed = ramp(burst, 32000, 40000, p->burst),
		.leaked = p->leaked + (uint32_t)fmin(leaked, p->leaked_max - p->leaked),
		.leak = s->spec.leak,
	};
}

/* ---- Steps of the slots ---------------------------------------------------------------------- */

/* How a connection goes on that is not established. */
static const struct {
	uint8_t then;   /* the state that follows; 0: it is gone */
	bool lingers;   /* closed by this side first */
	int32_t stay_s; /* at least one step */
} states[SOCK_STATE_COUNT] = {
	[SOCK_SYN_SENT] = { .then = SOCK_ESTAB },
	[SOCK_SYN_RECV] = { .then = SOCK_ESTAB },
	[SOCK_FIN_WAIT_1] = { .then = SOCK_FIN_WAIT_2, .lingers = true },
	[SOCK_FIN_WAIT_2] = { .then = SOCK_TIME_WAIT, .lingers = true, .stay_s = 10 },
	[SOCK_CLOSING] = { .then = SOCK_TIME_WAIT, .lingers = true },
	[SOCK_TIME_WAIT] = { .then = 0, .lingers = true, .stay_s = 60 },
	[SOCK_CLOSE_WAIT] = { .then = SOCK_LAST_ACK, .stay_s = 3 },
	[SOCK_LAST_ACK] = { .then = 0 },
};

struct step {
	int32_t now, length; /* tenths of a second */
	uint32_t lingering_max;
	uint64_t churn; /* of 2^32 */
	uint64_t seed;
};

/* Comes into a state, at some time since the step before. */
static void enter(struct synth *s, const struct step *st, struct synth_slot *c, unsigned state,
	uint64_t chance)
{
	s->totals.lingering += (uint32_t)states[state].lingers - states[c->state].lingers;
	s->brief += (uint32_t)(state == SOCK_CLOSE_WAIT) - (c->state == SOCK_CLOSE_WAIT);
	s->totals.passive += c->state == SOCK_SYN_RECV;
	synth_slot_enter(c, state,
		st->now - (int32_t)((chance >> 8 & 0xffffff) % ((uint32_t)st->length + 1)));
}

static void open_next(
	struct synth *s, const struct step *st, struct synth_slot *c, bool calls, uint64_t chance)
{
	unsigned dice = chance >> 8 & 0xff;
	unsigned state = dice >= 40 ? SOCK_ESTAB
			 : calls    ? SOCK_SYN_SENT
			 : dice < 8 ? SOCK_SYN_RECV
				    : SOCK_ESTAB;

	c->generation++;
	s->totals.active += calls;
	s->totals.passive += !calls && state == SOCK_ESTAB;
	enter(s, st, c, state, chance);
}

/* Of 256 connections that end. */
#define LINGERING 135

/* The end of an established connection: it lingers, or waits to be closed, or is gone. */
static void end_conn(struct synth *s, const struct step *st, struct synth_slot *c, bool calls,
	bool leaks, uint64_t chance)
{
	static const struct {
		uint8_t below, state;
	} ways[] = {
		{ 115, SOCK_TIME_WAIT },
		{ 127, SOCK_FIN_WAIT_2 },
		{ 133, SOCK_FIN_WAIT_1 },
		{ LINGERING, SOCK_CLOSING },
		{ 145, SOCK_CLOSE_WAIT },
		{ 150, SOCK_LAST_ACK },
		{ 0, 0 },
	};
	unsigned dice = chance & 0xff, way = 0, state;

	while (dice >= ways[way].below && ways[way].state)
		way++;
	state = ways[way].state;
	s->totals.resets += dice > 250;
	if (states[state].lingers && s->totals.lingering >= st->lingering_max)
		state = 0;
	if (state == SOCK_CLOSE_WAIT && (leaks || s->brief >= BRIEF_MAX))
		state = 0;
	if (state)
		enter(s, st, c, state, chance);
	else
		open_next(s, st, c, calls, chance);
}

static void step_service(struct synth *s, const struct step *st, uint32_t n)
{
	const struct synth_service *v = &s->plan.services[n];
	struct synth_slot *slots = s->slots + v->first_slot;

	for (uint32_t i = 0; i < v->slots; i++) {
		struct synth_slot *c = &slots[i];
		uint64_t chance = hash_mix(st->seed, v->first_slot + i);

		if (c->state == SOCK_ESTAB) {
			if (chance >> 32 < st->churn)
				end_conn(s, st, c, synth_is_call(v, i), n == s->plan.leaking,
					chance);
		} else if (st->now - synth_since(c) >= 10 * states[c->state].stay_s) {
			if (states[c->state].then)
				enter(s, st, c, states[c->state].then, chance);
			else
				open_next(s, st, c, synth_is_call(v, i), chance);
		}
	}
}

static int step_slots(struct synth *s, int64_t length_ns)
{
	struct step st = {
		.now = (int32_t)(s->elapsed_ns / NSEC_PER_TICK),
		.length = (int32_t)(length_ns / NSEC_PER_TICK),
		.lingering_max = s->plan.slot_count / 10,
		.churn = (uint64_t)(s->spec.churn * 4294967296.0),
		.seed = hash_mix(s->spec.seed, ++s->steps),
	};
	uint64_t sent = (s->plan.slot_count + s->spec.sockets) *
			(uint64_t)(length_ns / NSEC_PER_MSEC) / 500;

	for (uint32_t n = 0; n < s->plan.tcp_count; n++) {
		if (s->base.cancelled)
			return -ECANCELED;
		step_service(s, &st, n);
	}
	s->totals.segments += sent;
	s->totals.retrans += sent * (2 + st.seed % 5) / 1000;
	return 0;
}

/* About as many linger at the beginning as the churn will keep so. */
static int populate(struct synth *s, int64_t step_ns)
{
	double inflow = s->spec.churn * LINGERING / 256;
	double per_conn =
		inflow * 60e9 / (double)(step_ns > NSEC_PER_TICK ? step_ns : NSEC_PER_TICK);
	double share = fmin(per_conn / (1 + per_conn), 0.09);
	int err = 0;

	for (uint32_t i = 0; i < s->plan.slot_count; i++) {
		uint64_t chance = hash_mix(hash_mix(s->spec.seed, 0), i);
		bool waits = (double)(chance >> 32) < share * 4294967296.0;

		synth_slot_enter(&s->slots[i], waits ? SOCK_TIME_WAIT : SOCK_ESTAB,
			-(int32_t)(chance % 600));
		s->totals.lingering += waits;
	}
	for (unsigned i = 0; !err && i < WARM_UP; i++)
		err = step_slots(s, step_ns);
	s->totals.passive = s->totals.active = s->totals.resets = 0;
	s->populated = !err;
	return err;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static int fill(
	struct synth *s, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	struct synth_now now = now_of(s);
	unsigned without_owners = NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE | NEED_USERS;
	unsigned needs = r->preliminary ? r->needs & ~without_owners : r->needs;
	int err;

	f->wall_ns = FIRST_WALL_NS + s->elapsed_ns;
	f->epoch_ns = FIRST_UP_S * NSEC_PER_SEC;
	f->mono_ns = f->epoch_ns + s->elapsed_ns;
	f->uptime_s = (double)f->mono_ns / 1e9;
	f->host = "synth";
	f->kind = "synthetic";
	f->seer = "root";
	f->preliminary = r->preliminary;
	f->one_family = !r->ipv4 || !r->ipv6;
	f->absent = ~r->protocols & ((1u << SOCK_PROTO_COUNT) - 1);
	f->owners_known = needs & NEED_OWNERS;
	/* Of marks and groups so that it is said that there are none. */
	f->asked = NEED_ALL | (needs & (NEED_TABLES | NEED_MARKS | NEED_CGROUPS));
	if (frame_add_netns(f, NETNS, "") < 0)
		return -ENOMEM;
	if (needs & NEED_COUNTERS)
		synth_count(&now, &s->totals, f->counters);
	err = synth_tell(&now, r, needs, f);
	if (!err)
		err = frame_compare(f, prev);
	if (!err)
		err = frame_carry_times(f, prev);
	if (!err && f->owners_known)
		err = frame_carry_owners(f, prev);
	if (!err && f->owners_known)
		frame_mark_hidden(f, prev);
	return err;
}

static int advance(struct synth *s, const struct source_request *r)
{
	int64_t step_ns = r->interval_s > 0 ? llround(r->interval_s * 1e9) : 0;
	int err = s->populated ? 0 : populate(s, step_ns);

	if (err || r->preliminary)
		return err;
	if (s->begun) {
		s->elapsed_ns += step_ns;
		err = step_slots(s, step_ns);
	}
	s->begun = true;
	return err;
}

static int synth_next(struct source *source, const struct source_request *r,
	const struct frame *prev, struct frame **out)
{
	struct synth *s = (struct synth *)source;
	struct frame *f = frame_create_after(prev);
	int err = f ? advance(s, r) : -ENOMEM;

	if (!err)
		err = fill(s, r, prev, f);
	if (err) {
		frame_put(f);
		return err;
	}
	*out = f;
	return 0;
}

static void synth_close(struct source *source)
{
	struct synth *s = (struct synth *)source;

	synth_plan_free(&s->plan);
	free(s->slots);
	free(s);
}

int source_open_synth(const struct synth_spec *spec, struct source **out)
{
	static const struct source_ops ops = { .next = synth_next, .close = synth_close };
	struct synth *s = calloc(1, sizeof *s);

	assert(spec->listeners >= 1 && spec->listeners <= spec->sockets);
	if (!s)
		return -ENOMEM;
	s->base.ops = &ops;
	s->base.own_time = true;
	s->spec = *spec;
	s->totals.sockets = spec->sockets;
	if (synth_plan(spec, &s->plan)) {
		free(s);
		return -ENOMEM;
	}
	s->slots = calloc(s->plan.slot_count + 1, sizeof *s->slots);
	if (!s->slots) {
		synth_close(&s->base);
		return -ENOMEM;
	}
	*out = &s->base;
	return 0;
}
