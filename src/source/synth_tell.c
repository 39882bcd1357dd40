/* Rows of a made-up server. What a socket is, the server tells; how it looks follows from that and
 * from chance, which is a hash of the seed and its cookie: there is nothing to remember. Owners
 * come in the order in which a frame wants them. */
#include "sockdash/synth_tell.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_MS  7200000
#define SEGMENT_BYTES 1448
#define LISTEN_FD     6
#define CONN_FD       10

struct worker {
	uint32_t fds, row;
};

struct telling {
	const struct synth_now *now;
	const struct source_request *request;
	unsigned needs;
	struct frame *frame;
	struct worker *workers; /* by number of the process */
	uint32_t last_uid;      /* whose name is known */
};

/* What the kernel tells of a connection because of its state. */
static const struct {
	bool held; /* by a process */
	uint8_t timer, send_q;
	uint32_t expire_ms; /* the longest that the timer runs */
} facts[SOCK_STATE_COUNT] = {
	[SOCK_ESTAB] = { .held = true },
	[SOCK_SYN_SENT] = { .held = true, .timer = 1, .send_q = 1, .expire_ms = 1000 },
	[SOCK_SYN_RECV] = { .timer = 1, .expire_ms = 1000 },
	[SOCK_FIN_WAIT_1] = { .timer = 1, .send_q = 1, .expire_ms = 400 },
	[SOCK_FIN_WAIT_2] = { .timer = 3, .expire_ms = 60000 },
	[SOCK_TIME_WAIT] = { .timer = 3, .expire_ms = 60000 },
	[SOCK_CLOSE_WAIT] = { .held = true },
	[SOCK_LAST_ACK] = { .timer = 1, .send_q = 1, .expire_ms = 400 },
	[SOCK_CLOSING] = { .timer = 1, .send_q = 1, .expire_ms = 400 },
};

/* ---- Owners ---------------------------------------------------------------------------------- */

static int add_user(struct telling *t, const struct synth_program *p, uint32_t uid)
{
	if (!(t->needs & NEED_USERS) || uid == t->last_uid)
		return 0;
	t->last_uid = uid;
	return frame_add_user(t->frame, uid, uid == p->uid ? p->user : "root");
}

static int add_details(
	struct telling *t, const struct synth_service *v, const char *cmdline, struct proc *p)
{
	char text[160];

	p->fd_limit = v->fd_limit;
	p->cmdline = cmdline;
	p->unit = v->program->unit;
	if (!v->program->port) {
		snprintf(text, sizeof text, "%s --port %u", cmdline, v->port);
		p->cmdline = frame_text(t->frame, text, strlen(text));
		snprintf(text, sizeof text, "%s@%u.service", v->program->unit, v->port);
		p->unit = frame_text(t->frame, text, strlen(text));
	}
	if (!p->cmdline || !p->unit)
		return -ENOMEM;
	snprintf(text, sizeof text, "/system.slice/%s", p->unit);
	p->cgroup = frame_text(t->frame, text, strlen(text));
	return p->cgroup ? 0 : -ENOMEM;
}

/* Adds the n-th process of the server, which is one of the service's. */
static int add_proc(struct telling *t, const struct synth_service *v, uint32_t n)
{
	const struct synth_program *program = v->program;
	bool boss = program->boss && n == v->first_proc;
	uint32_t pid = 800 + 9 * n + (uint32_t)(hash_mix(t->now->seed, n) % 9);
	struct proc p = {
		.start = 3000 + 40 * (uint64_t)pid,
		.pid = pid,
		.uid = boss ? program->boss_uid : program->uid,
		.fds = PROC_UNKNOWN,
		.fd_limit = PROC_UNKNOWN,
		.name = program->name,
		.user = "",
		.cmdline = "",
		.unit = "",
		.cgroup = "",
	};
	int err = add_user(t, program, p.uid);

	if (!err && t->needs & NEED_USERS)
		p.user = frame_user(t->frame, p.uid);
	if (!err && t->needs & NEED_PROC_DETAILS)
		err = add_details(t, v, boss ? program->boss : program->cmdline, &p);
	return err ? err : frame_add_proc(t->frame, &p, &t->workers[n].row);
}

/* The n-th process has the newest socket of the frame. Only who has one is a row of the frame. */
static int own(struct telling *t, const struct synth_service *v, uint32_t n, uint32_t fd)
{
	int err = t->workers[n].row == SOCK_NONE ? add_proc(t, v, n) : 0;

	return err ? err : frame_push_owner(t->frame, t->workers[n].row, fd);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

/* Each kind has cookies of its own. */
enum kind { KIND_LISTENER = 1, KIND_SLOT, KIND_SEAT, KIND_BURST, KIND_LEAKED };

static uint64_t cookie_of(enum kind kind, uint64_t n)
{
	return n << 3 | kind;
}

/* Gives the socket its ends and adds it. 1: it is the newest; 0: nobody asked for it; or
 * -ENOMEM. */
static int add_sock(struct telling *t, const struct synth_service *v, struct sock *s,
	const struct synth_ends *e, bool has_file)
{
	const struct source_request *r = t->request;
	int err;

	s->flags |= e->flags;
	if (!(r->protocols & 1u << v->proto) || !(e->flags & SOCK_IPV4 ? r->ipv4 : r->ipv6))
		return 0;
	sock_set_state(s, v->proto, s->state);
	s->local_port = e->local_port;
	s->remote_port = e->remote_port;
	s->owner = SOCK_NONE;
	s->first_seen = SOCK_TIME_NONE;
	/* Never 0, and alike only where cookies are billions apart. */
	s->inode = has_file ? 10000 + (uint32_t)(s->cookie % 4000000000) : 0;
	s->uid = has_file ? s->uid : 0;
	err = has_file ? add_user(t, v->program, s->uid) : 0;
	if (!err)
		err = frame_intern_ends(t->frame, e->local, e->remote, 0, s);
	if (!err)
		err = frame_add_sock(t->frame, s);
	return err ? err : 1;
}

static int tell_listener(struct telling *t, const struct synth_service *v)
{
	const struct synth_now *now = t->now;
	const struct synth_program *p = v->program;
	bool crowded = v->number == now->plan->crowded;
	struct synth_ends ends = synth_listener_ends(v);
	struct sock s = {
		.cookie = cookie_of(KIND_LISTENER, v->number),
		.uid = p->boss_uid,
		.state = v->proto == SOCK_TCP ? SOCK_LISTEN : SOCK_CLOSE,
		.send_q = v->backlog,
	};
	uint32_t holders = p->workers_listen ? v->procs : 1;
	int there, err = 0;

	if (crowded)
		s.recv_q = now->arrived - now->accepted;
	if (p->loses_datagrams)
		s.recv_q = 1 + (uint32_t)(hash_mix(now->seed, now->step) % 8192);
	if (t->needs & NEED_DROPS) {
		s.flags = SOCK_HAS_DROPS;
		if (crowded)
			s.drops = now->drops;
		if (p->loses_datagrams)
			s.drops = (uint32_t)(now->elapsed_ms / 400);
	}
	there = add_sock(t, v, &s, &ends, true);
	for (uint32_t n = v->first_proc; !err && n < v->first_proc + holders; n++) {
		t->workers[n].fds++;
		if (there > 0 && t->needs & NEED_OWNERS)
			err = own(t, v, n, LISTEN_FD);
	}
	return there < 0 ? there : err;
}

/* What a connection is. Its ends and its descriptor follow from its index in the service. */
struct conn {
	uint64_t cookie;
	uint32_t index, generation;
	int32_t since;
	uint8_t state;
	bool waiting; /* to be accepted */
	bool leaked;
};

/* `chance` stays with the connection, `dice` is another in each frame. */
static void look_established(const struct telling *t, const struct conn *c, struct sock *s,
	uint64_t chance, uint64_t dice)
{
	if (c->waiting) {
		s->recv_q = 300 + (uint32_t)(chance % 1000); /* the request */
	} else if (dice % 32 == 0) {
		s->send_q = SEGMENT_BYTES * (uint32_t)(1 + (dice >> 8) % 20);
		s->retrans = (dice >> 16) % 16 == 0;
		sock_set_timer(s, 1, 200 + (uint32_t)(dice >> 32) % 200);
	} else if (dice % 32 == 1) {
		s->recv_q = 1 + (uint32_t)(dice >> 32) % 4000;
	} else if ((chance >> 8) % 16 == 0) {
		uint64_t idle = (uint64_t)t->now->elapsed_ms + (chance >> 16);

		sock_set_timer(s, 2, KEEPALIVE_MS - (uint32_t)(idle % KEEPALIVE_MS));
	}
}

static void look(const struct telling *t, const struct conn *c, struct sock *s, uint64_t chance)
{
	uint64_t dice = hash_mix(chance, t->now->step);
	uint32_t expire_ms = facts[c->state].expire_ms;
	unsigned cause = (unsigned)(chance >> 32) % 32;

	s->send_q = facts[c->state].send_q;
	if (facts[c->state].timer == 3)
		expire_ms -= (uint32_t)(t->now->time - c->since) * 100 + (uint32_t)(chance % 100);
	else if (expire_ms)
		expire_ms = 1 + (uint32_t)dice % expire_ms;
	sock_set_timer(s, facts[c->state].timer, expire_ms);
	if (c->state == SOCK_ESTAB)
		look_established(t, c, s, chance, dice);
	if (c->state == SOCK_CLOSE_WAIT) {
		/* Nearly all that leaks was read to its end; the others will be, and closed. */
		if (cause == 0 || (!c->leaked && cause < 12))
			s->recv_q = 2 + (uint32_t)(chance >> 8) % 2000;
		else if (cause == 1 || !c->leaked)
			s->recv_q = 1;
		s->wait_since = t->needs & NEED_WAIT_AGE ? c->since : SOCK_TIME_NONE;
	}
}

static int tell_conn(struct telling *t, const struct synth_service *v, const struct conn *c)
{
	const struct synth_program *p = v->program;
	bool held = facts[c->state].held && !c->waiting;
	/* All workers behind the boss take their turns, but one of them leaks. */
	uint32_t worker =
		v->first_proc + (v->procs - p->workers) + (c->leaked ? 0 : c->index % p->workers);
	struct sock s = { .cookie = c->cookie, .uid = p->uid, .state = c->state & 15u };
	struct synth_ends ends;
	uint64_t chance;
	int there;

	if (*t->now->stop)
		return -ECANCELED;
	t->workers[worker].fds += held;
	if (!(t->request->protocols & 1u << v->proto))
		return 0;
	chance = hash_mix(t->now->seed, c->cookie);
	ends = synth_conn_ends(v, c->index, c->generation, chance);
	if (v->proto == SOCK_TCP)
		look(t, c, &s, chance);
	else if (t->needs & NEED_DROPS)
		s.flags = SOCK_HAS_DROPS;
	there = add_sock(t, v, &s, &ends, held);
	if (there > 0 && held && t->needs & NEED_OWNERS)
		return own(t, v, worker, CONN_FD + c->index / p->workers);
	return there < 0 ? there : 0;
}

/* ---- The i-th connection of each kind -------------------------------------------------------- */

static struct conn slot_at(const struct synth_now *now, const struct synth_service *v, uint32_t i)
{
	uint32_t place = v->first_slot + i;
	const struct synth_slot *slot = &now->slots[place];

	return (struct conn){
		.cookie = cookie_of(
			KIND_SLOT, (uint64_t)slot->generation * now->plan->slot_count + place),
		.generation = slot->generation,
		.since = synth_since(slot),
		.state = slot->state,
	};
}

/* A seat at the crowded listener keeps its connection, first waiting, then accepted, until another
 * one comes in the next turn. */
static struct conn seat_at(const struct synth_now *now, const struct synth_service *v, uint32_t i)
{
	uint64_t turn = now->queue_turn - (i >= now->arrived);

	(void)v;
	return (struct conn){
		.cookie = cookie_of(KIND_SEAT, turn * now->plan->seats + i),
		.generation = (uint32_t)turn,
		.state = SOCK_ESTAB,
		.waiting = i < now->arrived && i >= now->accepted,
	};
}

static struct conn burst_at(const struct synth_now *now, const struct synth_service *v, uint32_t i)
{
	(void)v;
	return (struct conn){
		.cookie = cookie_of(KIND_BURST, now->burst_turn * now->plan->burst + i),
		.generation = (uint32_t)now->burst_turn,
		.state = SOCK_ESTAB,
	};
}

static struct conn leaked_at(const struct synth_now *now, const struct synth_service *v, uint32_t i)
{
	uint32_t first = now->plan->leaked;
	double since = i < first ? -10.0 * SYNTH_LEAKS_FOR_S * (first - i) / first
				 : fmin((i - first + 1.0) * 10 / now->leak, now->time);

	(void)v;
	return (struct conn){
		.cookie = cookie_of(KIND_LEAKED, i),
		.since = (int32_t)since,
		.state = SOCK_CLOSE_WAIT,
		.leaked = true,
	};
}

static struct conn udp_at(const struct synth_now *now, const struct synth_service *v, uint32_t i)
{
	(void)i;
	return (struct conn){
		.cookie = cookie_of(KIND_LISTENER, now->plan->service_count + v->number),
		.state = SOCK_ESTAB,
	};
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* Those of one kind, from `from` to before `to`. `index`: of the first that there could be. */
static int tell_conns(struct telling *t, const struct synth_service *v,
	struct conn (*at)(const struct synth_now *, const struct synth_service *, uint32_t),
	uint32_t index, uint32_t from, uint32_t to)
{
	int err = 0;

	for (uint32_t i = from; !err && i < to; i++) {
		struct conn c = at(t->now, v, i);

		c.index = index + i;
		err = tell_conn(t, v, &c);
	}
	return err;
}

static int tell_service(struct telling *t, const struct synth_service *v)
{
	const struct synth_now *now = t->now;
	const struct synth_plan *p = now->plan;
	uint32_t index = v->slots;
	int err = tell_listener(t, v);

	if (!err && v->proto == SOCK_UDP && v->program->calls)
		err = tell_conns(t, v, udp_at, SYNTH_CALL, 0, 1);
	if (!err)
		err = tell_conns(t, v, slot_at, 0, 0, v->slots);
	if (!err && v->number == p->crowded) {
		err = tell_conns(t, v, seat_at, index, 0, p->seats);
		index += p->seats;
	}
	if (!err && v->number == p->bursting) {
		err = tell_conns(t, v, burst_at, index, now->closed, now->opened);
		index += p->burst;
	}
	if (!err && v->number == p->leaking)
		err = tell_conns(t, v, leaked_at, index, 0, now->leaked);
	return err;
}

int synth_tell(const struct synth_now *now, const struct source_request *request, unsigned needs,
	struct frame *f)
{
	const struct synth_plan *p = now->plan;
	struct telling t = {
		.now = now,
		.request = request,
		.needs = needs,
		.frame = f,
		.workers = calloc(p->proc_count, sizeof *t.workers),
		.last_uid = PROC_UNKNOWN,
	};
	int err = t.workers ? 0 : -ENOMEM;

	for (uint32_t n = 0; !err && n < p->proc_count; n++)
		t.workers[n] = (struct worker){ .fds = CONN_FD - 1, .row = SOCK_NONE };
	for (uint32_t n = 0; !err && n < p->service_count; n++)
		err = tell_service(&t, &p->services[n]);
	for (uint32_t n = 0; !err && n < p->proc_count; n++)
		if (t.workers[n].row != SOCK_NONE)
			f->procs[t.workers[n].row].fds = t.workers[n].fds;
	free(t.workers);
	return err;
}
