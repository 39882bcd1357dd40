/* The sockets of a sample: rows of the sample before, new ones and what has changed, then their
 * owners, and what became of each. */
#include "sockdash/tape_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/grow.h"

static int read_address(struct tape_decoder *d, struct wire *w, uint32_t *row)
{
	uint8_t bytes[16] = { 0 };
	uint64_t tag = wire_uint(w), kind = tag & ~(uint64_t)TAPE_ADDRESS_SCOPE;
	size_t len = kind == TAPE_ADDRESS_IPV4 ? 4 : kind == TAPE_ADDRESS_IPV6 ? 16 : 0;
	const uint8_t *at = wire_take(w, len);
	uint32_t scope = tag & TAPE_ADDRESS_SCOPE ? wire_uint32(w) : 0;

	if (w->bad || kind > TAPE_ADDRESS_IPV6)
		return -EBADMSG;
	if (kind == TAPE_ADDRESS_IPV4)
		bytes[10] = bytes[11] = 0xff;
	if (len)
		memcpy(bytes + 16 - len, at, len);
	return frame_intern_address(d->f, bytes, scope, row);
}

static int read_owners(
	struct tape_decoder *d, struct wire *w, uint32_t row, struct owner_found *last)
{
	uint64_t count = wire_uint(w);

	d->rows[row].owners = count ? d->told_count : OWNERS_NONE;
	for (uint64_t i = 0; i < count; i++) {
		int64_t proc = (int64_t)((uint64_t)wire_int(w) + last->proc);
		int64_t fd = (int64_t)((uint64_t)wire_int(w) + last->fd);

		if (w->bad || proc < 0 || proc >= d->proc_count || fd < 0 || fd > INT32_MAX)
			return -EBADMSG;
		*last = (struct owner_found){ row, (uint32_t)proc, (uint32_t)fd };
		if (grow(&d->told, d->told_count, &d->told_room, sizeof *d->told))
			return -ENOMEM;
		d->told[d->told_count++] = *last;
	}
	return 0;
}

/* A time or a number next to that of the model. */
static int32_t read_near(struct wire *w, int32_t model)
{
	int64_t n = (int64_t)((uint64_t)wire_int(w) + (uint64_t)(int64_t)model);

	if (n < INT32_MIN || n > INT32_MAX)
		w->bad = true;
	return (int32_t)n;
}

static uint8_t read_small(struct wire *w, uint64_t limit)
{
	uint64_t n = wire_uint(w);

	if (n >= limit)
		w->bad = true;
	return (uint8_t)n;
}

static uint32_t read_expires(struct wire *w)
{
	uint32_t ms = wire_uint32(w);

	if (ms > SOCK_EXPIRES_MAX)
		w->bad = true;
	return ms;
}

static uint16_t read_netns(const struct tape_decoder *d, struct wire *w)
{
	uint64_t row = wire_uint(w);

	if (row >= d->f->netns_count)
		w->bad = true;
	return (uint16_t)row;
}

/* What is told of a row, in the order of enum tape_sock_field; the rest is there already. */
static int read_sock_fields(
	struct tape_decoder *d, struct wire *w, uint32_t row, struct owner_found *last)
{
	struct sock *s = &d->rows[row].sock;
	uint64_t mask = wire_uint(w);
	int err = mask && mask < TAPE_SOCK_FIELDS ? 0 : -EBADMSG;

	if (mask & TAPE_SOCK_COOKIE)
		s->cookie += (uint64_t)wire_int(w);
	if (mask & TAPE_SOCK_INODE)
		s->inode += (uint32_t)wire_int(w);
	if (mask & TAPE_SOCK_REMOTE_PORT)
		s->remote_port = wire_u16(w);
	if (!err && mask & TAPE_SOCK_REMOTE)
		err = read_address(d, w, &s->remote);
	if (!err && mask & TAPE_SOCK_OWNERS)
		err = read_owners(d, w, row, last);
	if (mask & TAPE_SOCK_RECV_Q)
		s->recv_q = wire_uint32(w);
	if (mask & TAPE_SOCK_SEND_Q)
		s->send_q = wire_uint32(w);
	if (mask & TAPE_SOCK_STATE)
		sock_set_state(s, s->proto, read_small(w, SOCK_STATE_COUNT));
	if (!err && mask & TAPE_SOCK_LOCAL)
		err = read_address(d, w, &s->local);
	if (mask & TAPE_SOCK_LOCAL_PORT)
		s->local_port = wire_u16(w);
	if (mask & TAPE_SOCK_TIMER)
		sock_set_timer(s, read_small(w, SOCK_TIMER_MAX + 1), s->expires_ms);
	if (mask & TAPE_SOCK_EXPIRES)
		sock_set_timer(s, s->timer, read_expires(w));
	if (mask & TAPE_SOCK_RETRANS)
		s->retrans = read_small(w, 256);
	if (mask & TAPE_SOCK_FLAGS)
		s->flags = (uint8_t)wire_uint32(w); /* a later version may know more */
	if (mask & TAPE_SOCK_UID)
		s->uid = wire_uint32(w);
	if (mask & TAPE_SOCK_FIRST_SEEN)
		s->first_seen = read_near(w, s->first_seen);
	if (mask & TAPE_SOCK_DETAIL)
		s->wait_since = read_near(w, s->wait_since);
	if (mask & TAPE_SOCK_NETNS)
		s->netns = read_netns(d, w) & SOCK_NETNS_MAX;
	if (mask & TAPE_SOCK_PROTO)
		sock_set_state(s, read_small(w, SOCK_PROTO_COUNT), s->state);
	if (!err && (w->bad || !s->state))
		err = -EBADMSG;
	return err;
}

static int push_row(struct tape_decoder *d, const struct tape_row *r)
{
	if (grow(&d->rows, d->row_count, &d->row_room, sizeof *d->rows))
		return -ENOMEM;
	d->rows[d->row_count++] = *r;
	return 0;
}

static int carry_address(struct tape_decoder *d, uint32_t *row)
{
	const struct address *a = frame_address(d->prev, *row);
	uint32_t *is;
	int err = 0;

	if (d->f->addresses == d->prev->addresses)
		return 0;
	is = &d->address_is[*row];

	if (*is == SOCK_NONE)
		err = frame_intern_address(d->f, a->bytes, a->scope, is);
	*row = *is;
	return err;
}

static int copy_sock(struct tape_decoder *d, uint32_t was)
{
	struct tape_row r = { d->prev->socks[was], was, OWNERS_AS_BEFORE };

	if (d->taken[was])
		return -EBADMSG;
	d->taken[was] = 1;
	if (carry_address(d, &r.sock.local) || carry_address(d, &r.sock.remote))
		return -ENOMEM;
	return push_row(d, &r);
}

/* The model is the new row before this one, but for its owners. */
static int read_sock(struct tape_decoder *d, struct wire *w)
{
	static const uint8_t none[16];
	struct tape_row r = { .was = SOCK_NONE };
	int err;

	if (d->last_new != SOCK_NONE)
		r.sock = d->rows[d->last_new].sock;
	else if (frame_intern_address(d->f, none, 0, &r.sock.local))
		return -ENOMEM;
	else
		r.sock.remote = r.sock.local;
	r.owners = OWNERS_NONE;
	err = push_row(d, &r);
	d->last_new = d->row_count - 1;
	return err ? err : read_sock_fields(d, w, d->last_new, &d->last_told);
}

static int read_timers(struct tape_decoder *d)
{
	struct wire *w = &d->sections[TAPE_TIMERS];
	int64_t elapsed_ms = d->prev ? (d->f->mono_ns - d->prev->mono_ns) / 1000000 : 0;

	for (uint32_t i = 0; i < d->row_count; i++) {
		struct tape_row *r = &d->rows[i];
		int64_t expires;

		if (r->was == SOCK_NONE || !d->prev->socks[r->was].timer)
			continue;
		expires = (int64_t)((uint64_t)wire_int(w) +
				    tape_expected_timer(r->sock.expires_ms, elapsed_ms));
		if (w->bad || expires < 0 || expires > SOCK_EXPIRES_MAX)
			return -EBADMSG;
		sock_set_timer(&r->sock, r->sock.timer, (uint32_t)expires);
	}
	return w->left ? -EBADMSG : 0;
}

static int read_sock_changes(struct tape_decoder *d)
{
	struct wire *w = &d->sections[TAPE_SOCKET_CHANGES];
	struct owner_found last = { 0 };
	uint32_t told = 0;
	int err = 0;

	while (!err && w->left) {
		uint32_t row = tape_next_change(w, &told, d->row_count);

		if (row == SOCK_NONE || d->rows[row].was == SOCK_NONE)
			return -EBADMSG;
		err = read_sock_fields(d, w, row, &last);
	}
	return err;
}

/* ---- Into the frame -------------------------------------------------------------------------- */

/* The owners of a row that has those of the row before. */
static int copy_owners(struct tape_decoder *d, struct owner_found **found, uint32_t *count,
	uint32_t *room, uint32_t row)
{
	uint32_t edge = d->prev->socks[d->rows[row].was].owner;

	while (edge != SOCK_NONE) {
		const struct owner_edge *o = &d->prev->edges[edge];
		uint32_t proc = d->proc_is[o->proc];

		if (proc == SOCK_NONE)
			return -EBADMSG;
		if (grow(found, *count, room, sizeof **found))
			return -ENOMEM;
		(*found)[(*count)++] = (struct owner_found){ row, proc, o->fd };
		edge = o->last ? SOCK_NONE : edge + 1;
	}
	return 0;
}

static int set_owners(struct tape_decoder *d)
{
	struct owner_found *found = NULL;
	uint32_t count = 0, room = 0;
	int err = 0;

	for (uint32_t row = 0; !err && row < d->row_count; row++) {
		uint32_t told = d->rows[row].owners;

		if (told == OWNERS_AS_BEFORE)
			err = copy_owners(d, &found, &count, &room, row);
		if (told >= OWNERS_NONE)
			continue;
		for (; !err && told < d->told_count && d->told[told].sock == row; told++) {
			if (grow(&found, count, &room, sizeof *found))
				err = -ENOMEM;
			else
				found[count++] = d->told[told];
		}
	}
	if (!err)
		err = frame_set_owners(d->f, found, count);
	free(found);
	return err;
}

/* What became of the sockets before, which the bytes have told. */
static int set_diff(struct tape_decoder *d)
{
	struct diff *diff = &d->f->diff;

	diff->previous = tape_new_map(d->row_count);
	diff->gone = tape_new_map(d->prev->sock_count);
	if (!diff->previous || !diff->gone)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->row_count; i++)
		diff->previous[i] = d->rows[i].was;
	for (uint32_t i = 0; i < d->prev->sock_count; i++)
		if (!d->taken[i])
			diff->gone[diff->gone_count++] = i;
	diff->known = true;
	return 0;
}

int tape_read_socks(struct tape_decoder *d)
{
	int err = tape_read_runs(d, &d->sections[TAPE_SOCKETS], d->prev ? d->prev->sock_count : 0,
		copy_sock, read_sock);

	if (!err)
		err = read_timers(d);
	if (!err)
		err = read_sock_changes(d);
	for (uint32_t i = 0; !err && i < d->row_count; i++) {
		struct sock *s = &d->rows[i].sock;

		s->owner = SOCK_NONE;
		err = s->netns < d->f->netns_count ? frame_add_sock(d->f, s) : -EBADMSG;
	}
	if (!err)
		err = frame_settle(d->f);
	if (!err && d->f->sock_count != d->row_count)
		err = -EBADMSG; /* two rows of one socket */
	if (!err)
		err = set_owners(d);
	return err || !d->prev ? err : set_diff(d);
}
