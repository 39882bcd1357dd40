/* Dumps, and questions about some sockets of a frame after its dump. A question costs the kernel as
 * much as five rows of a dump, or forty that a dump passes over: the cheaper way is taken. */
#include "sockdash/live_dump.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/diag_info.h"
#include "sockdash/diag_rows.h"
#include "sockdash/hash.h"

/* Measured, in nanoseconds: a question with struct tcp_info, and a row of a dump with it, without
 * it, and passed over. */
enum { COST_GET = 4500, COST_ROW_INFO = 1500, COST_ROW = 900, COST_PASSED = 120 };

static int dump_families(
	const struct live_dump *d, struct diag_query *q, diag_sink *sink, void *context)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct source_request *r = d->request;
	int err = 0;

	if (q->protocol == IPPROTO_TCP && r->ipv4 && r->ipv6)
		return diag_dump(d->diag, q, sink, context, d->stop);
	for (size_t i = 0; !err && i < sizeof families; i++) {
		q->family = families[i];
		if (q->family == AF_INET ? r->ipv4 : r->ipv6)
			err = diag_dump(d->diag, q, sink, context, d->stop);
	}
	return err;
}

int live_dump(const struct live_dump *d, enum sock_proto proto, uint32_t states, unsigned want,
	diag_sink *sink, void *context)
{
	struct diag_program program = { .never = !states };
	bool again;
	int err;

	do {
		err = 0;
		struct diag_query q = {
			.protocol = proto == SOCK_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			.states = states,
			.want = want,
			.program = &program,
		};

		if (d->filter && states)
			err = live_filter_compile(d->filter, states, d->autobound, &program);
		if (!err && d->autobound && !program.never && !program.len)
			err = -EOPNOTSUPP;
		if (!err && !program.never)
			err = dump_families(d, &q, sink, context);
		again = d->filter && live_filter_refused(d->filter, &program, err);
		diag_program_free(&program);
	} while (again);
	return err;
}

/* ---- Some sockets of a frame ----------------------------------------------------------------- */

/* The rows that are asked about. */
struct chosen {
	struct frame *f;
	struct row_list list;
	struct hash by_cookie; /* → row */
};

static void free_chosen(struct chosen *c)
{
	free(c->list.rows);
	hash_free(&c->by_cookie);
}

static int choose(struct chosen *c, uint32_t row)
{
	const struct sock *s = &c->f->socks[row];

	if (!s->cookie)
		return 0;
	return row_list_add(&c->list, row) ? -ENOMEM : hash_put(&c->by_cookie, s->cookie, row);
}

/* The chosen row that the kernel tells about, or NULL. */
static struct sock *chosen_sock(const struct chosen *c, const struct diag_sock *d)
{
	uint32_t row = hash_get(&c->by_cookie, d->cookie);

	return row == HASH_NONE ? NULL : &c->f->socks[row];
}

int live_dump_get(const struct live_dump *d, const struct frame *f, const struct row_list *rows,
	unsigned want, diag_sink *sink, void *context)
{
	struct diag_id *ids = malloc((rows->count + 1) * sizeof *ids);
	int err;

	if (!ids)
		return -ENOMEM;
	for (uint32_t i = 0; i < rows->count; i++) {
		struct sock_id id = sock_id_of(f, &f->socks[rows->rows[i]]);

		ids[i] = diag_id_of(&id);
	}
	err = diag_get(d->diag, ids, rows->count, want, sink, context, d->stop);
	free(ids);
	return err;
}

/* ---- Ages in CLOSE-WAIT ---------------------------------------------------------------------- */

static int take_wait_age(void *context, const struct diag_sock *d)
{
	const struct chosen *c = context;
	struct sock *s = chosen_sock(c, d);

	if (s)
		diag_rows_set_wait(c->f, s, d);
	return 0;
}

int live_ask_wait_ages(const struct live_dump *d, struct frame *f)
{
	struct chosen c = { .f = f };
	uint64_t walk = d->walk_ns ? (uint64_t)d->walk_ns : (uint64_t)f->sock_count * COST_PASSED;
	uint64_t waiting = 0;
	int err = 0;

	for (uint32_t row = 0; !err && row < f->sock_count; row++) {
		if (f->socks[row].state != SOCK_CLOSE_WAIT)
			continue;
		waiting++;
		if (f->socks[row].wait_since == SOCK_TIME_NONE)
			err = choose(&c, row);
	}
	if (!err && (uint64_t)c.list.count * COST_GET > waiting * COST_ROW_INFO + walk)
		err = live_dump(
			d, SOCK_TCP, 1u << SOCK_CLOSE_WAIT, DIAG_WANT_INFO, take_wait_age, &c);
	else if (!err && c.list.count)
		err = live_dump_get(d, f, &c.list, DIAG_WANT_INFO, take_wait_age, &c);
	free_chosen(&c);
	return err;
}

/* ---- Ports that were not named --------------------------------------------------------------- */

static int mark_autobound(void *context, const struct diag_sock *d)
{
	const struct chosen *c = context;
	const struct sock *s = chosen_sock(c, d);

	if (s)
		c->f->autobound[s - c->f->socks] = 1;
	return 0;
}

int live_ask_autobound(const struct live_dump *d, struct frame *f)
{
	struct chosen c = { .f = f };
	int err = 0;

	for (uint32_t row = 0; !err && row < f->sock_count; row++)
		err = choose(&c, row);
	for (unsigned proto = 0; !err && proto < SOCK_PROTO_COUNT; proto++)
		if (!(f->absent & 1u << proto))
			err = live_dump(d, (enum sock_proto)proto,
				live_filter_states(d->filter, (enum sock_proto)proto), 0,
				mark_autobound, &c);
	free_chosen(&c);
	if (err == -EOPNOTSUPP) {
		frame_drop_column(f, FRAME_AUTOBOUND);
		err = 0;
	}
	return err;
}

/* ---- Owners that cannot be seen -------------------------------------------------------------- */

static int mark_if_there(void *context, const struct diag_sock *d)
{
	const struct chosen *c = context;
	struct sock *s = chosen_sock(c, d);

	if (s && s->inode == d->inode && !(s->flags & SOCK_HIDDEN)) {
		s->flags |= SOCK_HIDDEN;
		c->f->owners_hidden++;
	}
	return 0;
}

static bool is_unclear(const struct sock *s, enum sock_proto proto)
{
	return s->proto == proto && s->inode && s->owner == SOCK_NONE && !(s->flags & SOCK_HIDDEN);
}

/* UDP sockets are few, and to ask for one of them is full of traps. Of a filtered frame nobody knows
 * how many there are of TCP. */
static int confirm_protocol(const struct live_dump *d, struct frame *f, enum sock_proto proto)
{
	struct chosen c = { .f = f };
	bool dumps;
	int err = 0;

	for (uint32_t row = 0; !err && row < f->sock_count; row++)
		if (is_unclear(&f->socks[row], proto))
			err = choose(&c, row);
	dumps = proto == SOCK_UDP || (!f->filtered && (uint64_t)c.list.count * COST_GET >
							      (uint64_t)f->sock_count * COST_ROW);
	if (!err && c.list.count)
		err = dumps ? live_dump(d, proto, LIVE_STATES_ALL & ~(1u << SOCK_TIME_WAIT), 0,
				      mark_if_there, &c)
			    : live_dump_get(d, f, &c.list, 0, mark_if_there, &c);
	free_chosen(&c);
	return err;
}

int live_confirm_hidden(const struct live_dump *d, struct frame *f)
{
	int err = 0;

	for (unsigned proto = 0; !err && proto < SOCK_PROTO_COUNT; proto++)
		if (!(f->absent & 1u << proto))
			err = confirm_protocol(d, f, (enum sock_proto)proto);
	return err;
}
