/* A frame to bytes. Rows are told as runs of rows of the frame before, and new ones between them;
 * a new row is told by what differs from the new row before it, a row that was there by what
 * differs from itself. Timers run down in every row and have a section of their own: how far each
 * is from what it should show by now. */
#include "sockdash/tape_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The owner that was told last in a section: the next is told by its distance. */
struct place {
	uint32_t proc, fd;
};

/* One encoding. */
struct encoder {
	const struct frame *cur, *prev;
	uint32_t *proc_was; /* rows of processes: now → before, or SOCK_NONE */
	struct buf *out;
	struct buf changes, timers;
	struct place new_place, changed_place;
};

static void add_section(struct buf *out, enum tape_section type, const struct buf *bytes)
{
	wire_add_uint(out, type);
	wire_add_bytes(out, bytes);
}

void tape_add_section_if_any(struct buf *out, enum tape_section type, const struct buf *bytes)
{
	if (bytes->len || bytes->failed)
		add_section(out, type, bytes);
}

/* ---- Small tables ---------------------------------------------------------------------------- */

static void add_head(const struct frame *f, struct buf *b)
{
	wire_add_int(b, f->wall_ns);
	wire_add_int(b, f->mono_ns);
	wire_add_int(b, f->epoch_ns);
	wire_add_uint(b, (uint64_t)f->cost_wall_ns);
	wire_add_uint(b, (uint64_t)f->cost_cpu_ns);
	wire_add_real(b, f->cpu_percent);
	wire_add_real(b, f->uptime_s);
	wire_add_uint(b, (f->one_family ? TAPE_ONE_FAMILY : 0) |
				 (f->owners_known ? TAPE_OWNERS_KNOWN : 0) |
				 (f->pids_hidden ? TAPE_PIDS_HIDDEN : 0));
	wire_add_uint(b, f->absent);
	wire_add_uint(b, f->procs_hidden);
	wire_add_uint(b, f->owners_hidden);
	wire_add_uint(b, (uint32_t)(f->seer_uid + 1));
	wire_add_text(b, f->seer);
	wire_add_text(b, f->host);
	wire_add_text(b, f->kind);
	wire_add_uint(b, FRAME_PROBLEMS);
	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		wire_add_uint(b, (uint64_t)-f->problems[i]);
	wire_add_uint(b, f->lost);
	wire_add_text(b, f->release);
}

static void add_counters(const struct frame *f, const struct frame *prev, struct buf *b)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		int64_t now = f->counters[i];

		if (prev ? now == prev->counters[i] : now == COUNTER_UNKNOWN)
			continue;
		wire_add_text(b, counter_names[i]);
		/* What nothing can have counted would make the sample one that nobody reads. */
		wire_add_uint(b, now < 0 || now >= INT64_MAX / 2 ? 0 : (uint64_t)now + 1);
	}
}

static void add_namespaces(const struct frame *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->netns_count; i++) {
		wire_add_uint(b, f->namespaces[i].inode);
		wire_add_text(b, f->namespaces[i].name);
	}
}

static void add_devices(const struct frame *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->device_count; i++) {
		wire_add_uint(b, f->devices[i].index);
		wire_add_text(b, f->devices[i].name);
	}
}

static void add_users(const struct frame *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->user_count; i++) {
		wire_add_uint(b, f->users[i].uid);
		wire_add_text(b, f->users[i].name);
	}
}

/* Tables of a few rows are told whole, where they are not as they were. */
static void add_small_table(struct encoder *e, enum tape_section type,
	void (*add)(const struct frame *f, struct buf *b))
{
	struct buf now = { 0 }, then = { 0 };

	add(e->cur, &now);
	if (e->prev)
		add(e->prev, &then);
	if (!e->prev || now.len != then.len ||
		(now.len && memcmp(now.data, then.data, now.len) != 0))
		add_section(e->out, type, &now);
	e->out->failed |= now.failed || then.failed;
	buf_free(&now);
	buf_free(&then);
}

/* ---- Processes ------------------------------------------------------------------------------- */

/* What differs from the model, in the order of enum tape_proc_field. */
static void add_proc_fields(struct buf *b, const struct proc *p, const struct proc *model)
{
	const struct {
		unsigned bit;
		const char *now, *then;
	} texts[] = {
		{ TAPE_PROC_NAME, p->name, model->name },
		{ TAPE_PROC_USER, p->user, model->user },
		{ TAPE_PROC_CMDLINE, p->cmdline, model->cmdline },
		{ TAPE_PROC_UNIT, p->unit, model->unit },
		{ TAPE_PROC_CGROUP, p->cgroup, model->cgroup },
	};
	const size_t count = sizeof texts / sizeof *texts;
	unsigned mask = (p->fds != model->fds ? TAPE_PROC_FDS : 0) |
			(p->uid != model->uid ? TAPE_PROC_UID : 0) |
			(p->fd_limit != model->fd_limit ? TAPE_PROC_LIMIT : 0);

	for (size_t i = 0; i < count; i++)
		if (strcmp(texts[i].now, texts[i].then) != 0)
			mask |= texts[i].bit;
	wire_add_uint(b, mask);
	/* So that what is not known is short. */
	if (mask & TAPE_PROC_FDS)
		wire_add_uint(b, (uint32_t)(p->fds + 2));
	if (mask & TAPE_PROC_UID)
		wire_add_uint(b, (uint32_t)(p->uid + 2));
	if (mask & TAPE_PROC_LIMIT)
		wire_add_uint(b, (uint32_t)(p->fd_limit + 2));
	for (size_t i = 0; i < count; i++)
		if (mask & texts[i].bit)
			wire_add_text(b, texts[i].now);
}

static bool same_proc(const struct proc *a, const struct proc *b)
{
	return a->uid == b->uid && a->fds == b->fds && a->fd_limit == b->fd_limit &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->user, b->user) == 0 &&
	       strcmp(a->cmdline, b->cmdline) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       strcmp(a->cgroup, b->cgroup) == 0;
}

static void add_procs(struct encoder *e)
{
	const struct frame *f = e->cur;
	struct tape_runs runs = { 0 };
	struct buf rows = { 0 };
	uint32_t told = 0; /* one past the last row with changes */
	uint8_t *taken = calloc(e->prev ? e->prev->proc_count + 1 : 1, 1);

	if (!taken) {
		e->out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < f->proc_count; i++) {
		const struct proc *p = &f->procs[i];
		uint32_t was = e->prev ? frame_find_proc(e->prev, p->pid, p->start) : SOCK_NONE;

		/* A process that was walked twice is told as a new one. */
		if (was != SOCK_NONE && taken[was])
			was = SOCK_NONE;
		else if (was != SOCK_NONE)
			taken[was] = 1;
		e->proc_was[i] = was;
		if (was == SOCK_NONE) {
			wire_add_uint(&runs.rows, p->pid);
			wire_add_uint(&runs.rows, p->start);
			add_proc_fields(&runs.rows, p, &tape_no_proc);
			runs.fresh++;
			continue;
		}
		tape_run_copy(&runs, was, &rows);
		if (same_proc(p, &e->prev->procs[was]))
			continue;
		wire_add_uint(&e->changes, i - told);
		told = i + 1;
		add_proc_fields(&e->changes, p, &e->prev->procs[was]);
	}
	tape_run_end(&runs, &rows);
	add_section(e->out, TAPE_PROCS, &rows);
	tape_add_section_if_any(e->out, TAPE_PROC_CHANGES, &e->changes);
	buf_clear(&e->changes);
	free(taken);
	buf_free(&rows);
	buf_free(&runs.rows);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void add_address(struct buf *b, const struct address *a)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t none[16];
	unsigned kind = TAPE_ADDRESS_IPV6;

	if (memcmp(a->bytes, mapped, sizeof mapped) == 0)
		kind = TAPE_ADDRESS_IPV4;
	else if (memcmp(a->bytes, none, sizeof none) == 0)
		kind = TAPE_ADDRESS_NONE;
	wire_add_uint(b, kind | (a->scope ? TAPE_ADDRESS_SCOPE : 0));
	if (kind == TAPE_ADDRESS_IPV4)
		buf_add(b, a->bytes + 12, 4);
	else if (kind == TAPE_ADDRESS_IPV6)
		buf_add(b, a->bytes, 16);
	if (a->scope)
		wire_add_uint(b, a->scope);
}

static bool same_address(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 && a->scope == b->scope;
}

/* All edges of a socket are told, also several of one process. */
static void add_owners(const struct encoder *e, struct buf *b, uint32_t edge, struct place *last)
{
	const struct owner_edge *edges = e->cur->edges;
	uint32_t count = 0;

	while (edge != SOCK_NONE && !edges[edge + count++].last)
		;
	wire_add_uint(b, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct owner_edge *o = &edges[edge + i];

		wire_add_int(b, (int64_t)o->proc - last->proc);
		wire_add_int(b, (int64_t)o->fd - last->fd);
		*last = (struct place){ o->proc, o->fd };
	}
}

/* Whether the same descriptors of the same processes own the socket as before. */
static bool same_owners(const struct encoder *e, uint32_t now, uint32_t then)
{
	if (now == SOCK_NONE || then == SOCK_NONE)
		return now == then;
	for (;; now++, then++) {
		const struct owner_edge *a = &e->cur->edges[now], *b = &e->prev->edges[then];

		if (e->proc_was[a->proc] != b->proc || a->fd != b->fd || a->last != b->last)
			return false;
		if (a->last)
			return true;
	}
}

/* What a row is told against. */
struct model {
	const struct sock *sock;
	const struct address *local, *remote;
	bool same_owners;
};

static uint32_t differences(const struct encoder *e, const struct sock *s, const struct model *m)
{
	const struct sock *o = m->sock;

	return (s->cookie != o->cookie ? TAPE_SOCK_COOKIE : 0u) |
	       (s->inode != o->inode ? TAPE_SOCK_INODE : 0u) |
	       (s->remote_port != o->remote_port ? TAPE_SOCK_REMOTE_PORT : 0u) |
	       (same_address(frame_address(e->cur, s->remote), m->remote) ? 0u : TAPE_SOCK_REMOTE) |
	       (m->same_owners ? 0u : TAPE_SOCK_OWNERS) |
	       (s->recv_q != o->recv_q ? TAPE_SOCK_RECV_Q : 0u) |
	       (s->send_q != o->send_q ? TAPE_SOCK_SEND_Q : 0u) |
	       (s->state != o->state ? TAPE_SOCK_STATE : 0u) |
	       (same_address(frame_address(e->cur, s->local), m->local) ? 0u : TAPE_SOCK_LOCAL) |
	       (s->local_port != o->local_port ? TAPE_SOCK_LOCAL_PORT : 0u) |
	       (s->timer != o->timer ? TAPE_SOCK_TIMER : 0u) |
	       (s->expires_ms != o->expires_ms ? TAPE_SOCK_EXPIRES : 0u) |
	       (s->retrans != o->retrans ? TAPE_SOCK_RETRANS : 0u) |
	       (s->flags != o->flags ? TAPE_SOCK_FLAGS : 0u) |
	       (s->uid != o->uid ? TAPE_SOCK_UID : 0u) |
	       (s->first_seen != o->first_seen ? TAPE_SOCK_FIRST_SEEN : 0u) |
	       (s->drops != o->drops ? TAPE_SOCK_DETAIL : 0u) |
	       (s->netns != o->netns ? TAPE_SOCK_NETNS : 0u) |
	       (s->proto != o->proto ? TAPE_SOCK_PROTO : 0u);
}

/* The fields in the order of enum tape_sock_field. */
static void add_sock_fields(const struct encoder *e, struct buf *b, const struct sock *s,
	const struct sock *model, uint32_t mask, struct place *last)
{

	wire_add_uint(b, mask);
	if (mask & TAPE_SOCK_COOKIE)
		wire_add_int(b, (int64_t)(s->cookie - model->cookie));
	if (mask & TAPE_SOCK_INODE)
		wire_add_int(b, (int64_t)s->inode - model->inode);
	if (mask & TAPE_SOCK_REMOTE_PORT)
		wire_add_u16(b, s->remote_port);
	if (mask & TAPE_SOCK_REMOTE)
		add_address(b, frame_address(e->cur, s->remote));
	if (mask & TAPE_SOCK_OWNERS)
		add_owners(e, b, s->owner, last);
	if (mask & TAPE_SOCK_RECV_Q)
		wire_add_uint(b, s->recv_q);
	if (mask & TAPE_SOCK_SEND_Q)
		wire_add_uint(b, s->send_q);
	if (mask & TAPE_SOCK_STATE)
		wire_add_uint(b, s->state);
	if (mask & TAPE_SOCK_LOCAL)
		add_address(b, frame_address(e->cur, s->local));
	if (mask & TAPE_SOCK_LOCAL_PORT)
		wire_add_u16(b, s->local_port);
	if (mask & TAPE_SOCK_TIMER)
		wire_add_uint(b, s->timer);
	if (mask & TAPE_SOCK_EXPIRES)
		wire_add_uint(b, s->expires_ms);
	if (mask & TAPE_SOCK_RETRANS)
		wire_add_uint(b, s->retrans);
	if (mask & TAPE_SOCK_FLAGS)
		wire_add_uint(b, s->flags);
	if (mask & TAPE_SOCK_UID)
		wire_add_uint(b, s->uid);
	if (mask & TAPE_SOCK_FIRST_SEEN)
		wire_add_int(b, (int64_t)s->first_seen - model->first_seen);
	if (mask & TAPE_SOCK_DETAIL)
		wire_add_int(b, (int64_t)s->wait_since - model->wait_since);
	if (mask & TAPE_SOCK_NETNS)
		wire_add_uint(b, s->netns);
	if (mask & TAPE_SOCK_PROTO)
		wire_add_uint(b, s->proto);
}

static void add_new_sock(
	struct encoder *e, struct tape_runs *runs, uint32_t row, uint32_t *last_new)
{
	static const struct sock no_sock;
	static const struct address no_address;
	const struct sock *s = &e->cur->socks[row];
	struct model m = { &no_sock, &no_address, &no_address, s->owner == SOCK_NONE };

	if (*last_new != SOCK_NONE) {
		m.sock = &e->cur->socks[*last_new];
		m.local = frame_address(e->cur, m.sock->local);
		m.remote = frame_address(e->cur, m.sock->remote);
	}
	add_sock_fields(e, &runs->rows, s, m.sock, differences(e, s, &m), &e->new_place);
	*last_new = row;
	runs->fresh++;
}

/* A row that was there: its timer, and the mask of what else has changed, 0 for nothing. */
static uint32_t compare_sock(struct encoder *e, const struct sock *s, uint32_t was,
	int64_t elapsed_ms, struct sock *model)
{
	struct model m = { .sock = model };

	*model = e->prev->socks[was];
	if (model->timer) {
		wire_add_int(
			&e->timers, (int64_t)s->expires_ms -
					    tape_expected_timer(model->expires_ms, elapsed_ms));
		model->expires_ms = s->expires_ms;
	}
	m.local = frame_address(e->prev, model->local);
	m.remote = frame_address(e->prev, model->remote);
	m.same_owners = same_owners(e, s->owner, model->owner);
	return differences(e, s, &m);
}

static void add_socks(struct encoder *e)
{
	const struct frame *f = e->cur;
	int64_t elapsed_ms = e->prev ? (f->mono_ns - e->prev->mono_ns) / 1000000 : 0;
	uint32_t told = 0, last_new = SOCK_NONE;
	struct tape_runs runs = { 0 };
	struct buf rows = { 0 };

	for (uint32_t i = 0; i < f->sock_count; i++) {
		uint32_t was = e->prev ? f->diff.previous[i] : SOCK_NONE, mask;
		struct sock model;

		if (was == SOCK_NONE) {
			add_new_sock(e, &runs, i, &last_new);
			continue;
		}
		tape_run_copy(&runs, was, &rows);
		mask = compare_sock(e, &f->socks[i], was, elapsed_ms, &model);
		if (!mask)
			continue;
		wire_add_uint(&e->changes, i - told);
		told = i + 1;
		add_sock_fields(e, &e->changes, &f->socks[i], &model, mask, &e->changed_place);
	}
	tape_run_end(&runs, &rows);
	add_section(e->out, TAPE_SOCKETS, &rows);
	tape_add_section_if_any(e->out, TAPE_SOCKET_CHANGES, &e->changes);
	tape_add_section_if_any(e->out, TAPE_TIMERS, &e->timers);
	buf_free(&rows);
	buf_free(&runs.rows);
}

void tape_encode(const struct frame *cur, const struct frame *prev, struct buf *out)
{
	struct encoder e = { .cur = cur, .prev = cur->diff.known ? prev : NULL, .out = out };
	struct buf part = { 0 };

	e.proc_was = malloc((cur->proc_count + 1) * sizeof *e.proc_was);
	if (!e.proc_was) {
		out->failed = true;
		return;
	}
	add_head(cur, &part);
	add_section(out, TAPE_HEAD, &part);
	buf_clear(&part);
	add_counters(cur, e.prev, &part);
	tape_add_section_if_any(out, TAPE_COUNTERS, &part);
	buf_free(&part);
	add_small_table(&e, TAPE_NAMESPACES, add_namespaces);
	add_small_table(&e, TAPE_DEVICES, add_devices);
	add_small_table(&e, TAPE_USERS, add_users);
	add_procs(&e);
	add_socks(&e);
	tape_add_resets(out, cur, e.prev, e.proc_was);
	buf_free(&e.changes);
	buf_free(&e.timers);
	free(e.proc_was);
}
