/* Sockets per process. A process counts the sockets it holds a descriptor of, once each however
 * many descriptors; what it has closed but the kernel still keeps is counted apart. A socket shared
 * by several processes counts for each. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"

static void count_sock(struct proc_row *p, const struct sock *s)
{
	if (s->proto == SOCK_UDP) {
		p->udp++;
	} else if (s->state == SOCK_TIME_WAIT) {
		p->time_wait++;
	} else if (s->flags & SOCK_CARRIED) {
		p->lingering++;
	} else {
		p->states[s->state]++;
		p->conns += sock_is_conn(s);
	}
}

/* Whether a process held this connection in the frame before. */
static bool held_then(
	const struct sample *s, const struct sample *prev, uint32_t row, const struct proc *p)
{
	uint32_t then = group_then(s, prev, row);
	const struct sock *old;

	if (then == SOCK_NONE)
		return false;
	old = &prev->frame->socks[then];
	return sock_is_conn(old) && !(old->flags & SOCK_CARRIED) &&
	       frame_owned_by(prev->frame, old, p->pid, p->start);
}

/* Counts all sockets into rows[proc], with the rows of no process at the end; `opened`, with the
 * same places, gets the connections that are new to a process. */
static void count_all(struct sample *s, const struct sample *prev, uint32_t *opened)
{
	const struct frame *f = s->frame;

	for (uint32_t n = 0; n < sample_sock_count(s); n++) {
		uint32_t row = sample_sock_row(s, n);
		const struct sock *sock = &f->socks[row];
		bool conn = sock_is_conn(sock) && !(sock->flags & SOCK_CARRIED);

		if (sock->owner == SOCK_NONE)
			count_sock(&s->procs[group_place_without_owner(f, sock)], sock);
		for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
			uint32_t proc = f->edges[e].proc;

			count_sock(&s->procs[proc], sock);
			if (prev && conn && !held_then(s, prev, row, &f->procs[proc]))
				opened[proc]++;
		}
	}
}

static bool has_sockets(const struct proc_row *p)
{
	uint32_t held = p->udp + p->time_wait + p->lingering;

	for (unsigned state = 0; state < SOCK_STATE_COUNT; state++)
		held += p->states[state];
	return held > 0;
}

/* The rows of the sample before by identity, to find what each process had then. */
static int index_rows(const struct sample *prev, struct hash *out)
{
	int err = hash_reserve(out, prev->proc_count);

	for (uint32_t i = 0; !err && i < prev->proc_count; i++)
		err = hash_put(out,
			group_proc_key(prev->frame, prev->procs[i].kind, prev->procs[i].proc), i);
	return err;
}

/* Whether what a row has more or less than in the sample before is a change, and does not only come
 * from the search for owners. `old` is its row then, HASH_NONE if there was none. */
static bool is_comparable(
	const struct sample *s, const struct sample *prev, const struct proc_row *p, uint32_t old)
{
	const struct proc_row *then = old == HASH_NONE ? NULL : &prev->procs[old];

	return group_is_whole(s->frame, p->kind, p->proc) &&
	       (then ? group_is_whole(prev->frame, then->kind, then->proc)
		     : prev->frame->owners_percent >= 100);
}

static void compare(struct sample *s, const struct sample *prev, const struct hash *then,
	struct proc_row *p, uint32_t opened, bool searching)
{
	uint32_t old;
	int64_t conns_then;

	p->delta = SAMPLE_UNKNOWN;
	p->opened_rate = p->closed_rate = NAN;
	if (!prev || (searching && p->kind == PROC_ROW_PROCESS))
		return;
	old = hash_get(then, group_proc_key(s->frame, p->kind, p->proc));
	if (!is_comparable(s, prev, p, old))
		return;
	conns_then = old == HASH_NONE ? 0 : (int64_t)prev->procs[old].conns;
	p->delta = p->conns - conns_then;
	if (p->kind != PROC_ROW_PROCESS)
		return;
	p->opened_rate = group_rate(opened, s->interval_s);
	p->closed_rate = group_rate((double)(opened - p->delta), s->interval_s);
}

/* Connections of a sample whose owner was still being looked for. */
static uint32_t pending_conns(const struct sample *s)
{
	for (uint32_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].kind == PROC_ROW_PENDING)
			return s->procs[i].conns;
	return 0;
}

int group_procs(struct sample *s, const struct sample *prev)
{
	const struct frame *f = s->frame;
	uint32_t places = group_places(f);
	uint32_t *opened = calloc(places, sizeof *opened);
	struct hash then = { 0 };
	bool searching;
	int err;

	if (prev && !prev->frame->owners_known)
		prev = NULL;
	s->procs = calloc(places, sizeof *s->procs);
	err = s->procs && opened ? 0 : -ENOMEM;
	if (!err && prev)
		err = index_rows(prev, &then);
	if (err || !f->owners_known)
		goto out;
	count_all(s, prev, opened);
	searching = group_is_searching(f, s->procs[f->proc_count + PROC_ROW_PENDING - 1].conns) ||
		    (prev && group_is_searching(prev->frame, pending_conns(prev)));
	for (uint32_t i = 0; i < places; i++) {
		struct proc_row *p = &s->procs[i];

		p->kind = group_kind_at(f, i);
		p->proc = i < f->proc_count ? i : SOCK_NONE;
		if (!has_sockets(p))
			continue;
		compare(s, prev, &then, p, opened[i], searching);
		s->procs[s->proc_count++] = *p;
	}
out:
	hash_free(&then);
	free(opened);
	return err;
}
