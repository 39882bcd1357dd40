/* A tape behind the source contract, and what of its frames is asked for: a tape has all that could
 * be seen, a command wants less. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/tape.h"

/* ---- Less of a frame ------------------------------------------------------------------------- */

static bool wants_wait_age(const struct source_request *r)
{
	return r->needs & NEED_WAIT_AGE && r->protocols & 1u << SOCK_TCP;
}

/* Of what no tape has. */
#define NEEDS_UNKNOWN (NEED_MARKS | NEED_CGROUPS)

static bool wants_all(const struct frame *f, const struct source_request *r)
{
	return !(r->needs & NEEDS_UNKNOWN) && r->ipv4 && r->ipv6 &&
	       (r->protocols & 1u << SOCK_TCP) && (r->protocols & 1u << SOCK_UDP) &&
	       r->needs & NEED_OWNERS && (wants_wait_age(r) || !f->problems[FRAME_NO_WAIT_AGE]);
}

static bool wants(const struct source_request *r, const struct sock *s)
{
	return (r->protocols & 1u << s->proto) && (s->flags & SOCK_IPV4 ? r->ipv4 : r->ipv6);
}

static int copy_head(struct frame *out, const struct frame *f, const struct source_request *r)
{
	static const struct {
		enum frame_problem problem;
		enum sock_proto proto;
	} of_protocol[] = { { FRAME_NO_TCP, SOCK_TCP }, { FRAME_NO_UDP, SOCK_UDP } };

	out->wall_ns = f->wall_ns;
	out->mono_ns = f->mono_ns;
	out->epoch_ns = f->epoch_ns;
	out->cost_wall_ns = f->cost_wall_ns;
	out->cost_cpu_ns = f->cost_cpu_ns;
	out->cpu_percent = f->cpu_percent;
	out->uptime_s = f->uptime_s;
	out->host = f->host;
	out->release = f->release;
	out->kind = f->kind;
	out->seer = f->seer;
	out->seer_uid = f->seer_uid;
	out->one_family = f->one_family || !r->ipv4 || !r->ipv6;
	out->absent = f->absent;
	out->lost = f->lost;
	out->asked |= r->needs & NEEDS_UNKNOWN; /* so that it is said */
	memcpy(out->counters, f->counters, sizeof out->counters);
	memcpy(out->problems, f->problems, sizeof out->problems);
	for (size_t i = 0; i < sizeof of_protocol / sizeof *of_protocol; i++) {
		if (r->protocols & 1u << of_protocol[i].proto)
			continue;
		out->absent |= 1u << of_protocol[i].proto;
		out->problems[of_protocol[i].problem] = 0;
	}
	if (!wants_wait_age(r))
		out->problems[FRAME_NO_WAIT_AGE] = 0;
	if (r->needs & NEED_OWNERS) {
		out->owners_known = f->owners_known;
		out->procs_hidden = f->procs_hidden;
		out->pids_hidden = f->pids_hidden;
	} else {
		out->problems[FRAME_NO_PROC] = 0;
	}
	return frame_copy_text(out, &out->host) || frame_copy_text(out, &out->kind) ||
			       frame_copy_text(out, &out->release) ||
			       frame_copy_text(out, &out->seer)
		       ? -ENOMEM
		       : 0;
}

static int copy_tables(struct frame *out, const struct frame *f)
{
	int err = frame_copy_namespaces(out, f);

	if (!err)
		err = frame_copy_devices(out, f);
	return err ? err : frame_copy_users(out, f);
}

/* The row in `out` of a process, added when its first socket comes. */
static int copy_proc(struct frame *out, const struct frame *f, uint32_t row, uint32_t *is)
{
	struct proc p = f->procs[row];

	if (*is != SOCK_NONE)
		return 0;
	if (frame_copy_proc_texts(out, &p))
		return -ENOMEM;
	return frame_add_proc(out, &p, is);
}

/* The owner edges of a socket, in `found` from *count on. */
static int copy_edges(struct frame *out, const struct frame *f, const struct sock *s, uint32_t row,
	uint32_t *proc_is, struct owner_found *found, uint32_t *count)
{
	for (uint32_t e = s->owner; e != SOCK_NONE; e = f->edges[e].last ? SOCK_NONE : e + 1) {
		uint32_t proc = f->edges[e].proc;
		int err = copy_proc(out, f, proc, &proc_is[proc]);

		if (err)
			return err;
		found[(*count)++] = (struct owner_found){ row, proc_is[proc], f->edges[e].fd };
	}
	return 0;
}

static int copy_sock(struct frame *out, const struct frame *f, const struct sock *s)
{
	const struct address *local = frame_address(f, s->local),
			     *remote = frame_address(f, s->remote);
	struct sock copy = *s;
	int err = frame_intern_address(out, local->bytes, local->scope, &copy.local);

	if (!err)
		err = frame_intern_address(out, remote->bytes, remote->scope, &copy.remote);
	copy.owner = SOCK_NONE;
	if (!out->owners_known)
		copy.flags &= (uint8_t) ~(SOCK_HIDDEN | SOCK_CARRIED);
	else if (s->flags & SOCK_HIDDEN)
		out->owners_hidden++;
	return err ? err : frame_add_sock(out, &copy);
}

/* Those whose descriptors a process holds that has no other socket, too. */
static int copy_resets(
	struct frame *out, const struct frame *f, const struct source_request *r, uint32_t *proc_is)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < f->reset_count; i++) {
		struct frame_reset reset = f->resets[i];

		if (!(r->protocols & 1u << SOCK_TCP) || !(reset.ipv4 ? r->ipv4 : r->ipv6))
			continue;
		err = copy_proc(out, f, reset.proc, &proc_is[reset.proc]);
		reset.proc = proc_is[reset.proc];
		if (!err)
			err = frame_add_reset(out, &reset);
	}
	return err;
}

static int copy_socks(struct frame *out, const struct frame *f, const struct source_request *r)
{
	struct owner_found *found = malloc((f->edge_count + 1) * sizeof *found);
	uint32_t *proc_is = malloc((f->proc_count + 1) * sizeof *proc_is);
	uint32_t count = 0;
	int err = found && proc_is ? 0 : -ENOMEM;

	if (proc_is)
		memset(proc_is, 0xff, (f->proc_count + 1) * sizeof *proc_is);
	for (uint32_t i = 0; !err && i < f->sock_count; i++) {
		const struct sock *s = &f->socks[i];

		if (!wants(r, s))
			continue;
		err = copy_sock(out, f, s);
		if (!err && r->needs & NEED_OWNERS)
			err = copy_edges(out, f, s, out->sock_count - 1, proc_is, found, &count);
	}
	if (!err)
		err = frame_set_owners(out, found, count);
	if (!err && r->needs & NEED_OWNERS)
		err = copy_resets(out, f, r, proc_is);
	free(found);
	free(proc_is);
	return err;
}

/* Asked for, and not on the tape: that is not the same as none. */
static void tell_missing(struct frame *out, const struct frame *f, const struct source_request *r)
{
	static const struct {
		enum sock_proto proto;
		enum frame_problem problem;
	} protocols[] = { { SOCK_TCP, FRAME_NO_TCP }, { SOCK_UDP, FRAME_NO_UDP } };
	bool no_family = f->one_family && r->ipv4 != r->ipv6 && !out->sock_count;

	/* A raw dump says itself what it has. */
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols && !f->problems[FRAME_RAW_DUMP];
		i++) {
		unsigned bit = 1u << protocols[i].proto;

		if (r->protocols & bit && (no_family || f->absent & bit) &&
			!out->problems[protocols[i].problem]) {
			out->problems[protocols[i].problem] = -ENODATA;
			out->absent |= bit;
		}
	}
}

int tape_select(struct frame *f, const struct source_request *request, const struct frame *prev,
	struct frame **out)
{
	struct frame *less;
	int err = -ENOMEM;

	if (wants_all(f, request)) {
		*out = f;
		return 0;
	}
	less = frame_create();
	if (less)
		err = copy_head(less, f, request);
	if (!err)
		err = copy_tables(less, f);
	if (!err)
		err = copy_socks(less, f, request);
	if (!err)
		tell_missing(less, f, request);
	if (!err)
		err = frame_compare(less, f->diff.known ? prev : NULL);
	frame_put(f);
	if (err) {
		frame_put(less);
		return err;
	}
	*out = less;
	return 0;
}

/* ---- The source ------------------------------------------------------------------------------ */

struct tape_source {
	struct source base;
	struct tape *tape;
	uint32_t next;
};

static int next_frame(struct source *source, const struct source_request *request,
	const struct frame *prev, struct frame **out)
{
	struct tape_source *s = (struct tape_source *)source;

	for (;;) {
		struct frame *f;
		int err;

		while (s->next >= tape_count(s->tape)) {
			int more = tape_look(s->tape, true);

			if (more < 0)
				return more;
			/* A file is read to the end that it has now. */
			if (s->next >= tape_count(s->tape))
				return -ENODATA;
		}
		err = tape_read(s->tape, s->next, &f);
		if (err != -ENOMEM)
			s->next++;
		if (err == -EBADMSG)
			continue;
		return err ? err : tape_select(f, request, prev, out);
	}
}

static void close_source(struct source *s)
{
	free(s);
}

int source_open_tape(struct tape *tape, struct source **out)
{
	static const struct source_ops ops = { .next = next_frame, .close = close_source };
	struct tape_source *s = calloc(1, sizeof *s);

	if (!s)
		return -ENOMEM;
	s->base.ops = &ops;
	s->base.own_time = true;
	s->tape = tape;
	*out = &s->base;
	return 0;
}
