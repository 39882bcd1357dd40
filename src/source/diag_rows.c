/* The conversion of the kernel's rows to those of a frame. Pure but for the naming of devices,
 * which its user lends. */
#include "sockdash/diag_rows.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/diag_info.h"

#define TIMER_KEEPALIVE 2
#define TIMER_TIME_WAIT 3

/* A stranger's bytes may name a device in each row, and frame_device() looks through all. */
#define STRANGE_DEVICES_MAX 1024

static int note_device(const struct diag_rows *r, uint32_t index)
{
	struct frame *f = r->frame;
	char name[IF_NAMESIZE];
	const char *text;

	if (strcmp(frame_device(f, index), "?") != 0)
		return 0;
	if (!r->device_name && f->device_count >= STRANGE_DEVICES_MAX)
		return 0;
	if (!r->device_name || !r->device_name(index, name))
		snprintf(name, sizeof name, "%u", index);
	text = frame_text(f, name, strlen(name));
	return text ? frame_add_device(f, index, text) : -ENOMEM;
}

/* An IPv4 address as an IPv6 one; any other as it stands. */
static const uint8_t *widen(const struct diag_sock *d, const uint8_t *bytes, uint8_t wide[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (d->family != AF_INET)
		return bytes;
	memcpy(wide, mapped, sizeof mapped);
	memcpy(wide + 12, bytes, 4);
	return wide;
}

/* The kernel counts drops of every socket; a row has room for them where they are waited for. */
static bool keeps_drops(const struct diag_sock *d)
{
	return d->has_drops && (d->protocol == IPPROTO_UDP || d->state == SOCK_LISTEN);
}

static uint8_t flags_of(const struct diag_sock *d)
{
	unsigned flags = d->family == AF_INET ? SOCK_IPV4 : 0;

	if (d->has_v6only && d->v6only)
		flags |= SOCK_V6ONLY;
	if (keeps_drops(d))
		flags |= SOCK_HAS_DROPS;
	/* Only /proc/net has no cookies, and it has no backlogs either. */
	if (!d->cookie && d->state == SOCK_LISTEN)
		flags |= SOCK_NO_BACKLOG;
	return (uint8_t)flags;
}

void diag_rows_set_wait(const struct frame *f, struct sock *s, const struct diag_sock *d)
{
	if (!d->has_info || s->state != SOCK_CLOSE_WAIT || s->wait_since != SOCK_TIME_NONE)
		return;
	/* On a CLOSE-WAIT socket this is the time since the FIN came. */
	s->wait_since = frame_now(f) - (int32_t)(d->info.last_ack_recv_ms / 100);
	/* An answered keepalive probe is an ACK too. */
	if (d->timer == TIMER_KEEPALIVE)
		s->flags |= SOCK_WAIT_LONGER;
}

void diag_rows_set_still(const struct frame *f, struct sock *s, const struct diag_sock *d)
{
	int64_t ms = d->recv_q ? d->info.last_data_recv_ms : d->info.last_data_sent_ms;

	if (!d->has_info || s->state != SOCK_ESTAB || !diag_rows_may_stand(s))
		return;
	s->wait_since = frame_now(f) - (int32_t)(ms / 100);
	s->flags |= SOCK_WAIT_LONGER;
}

/* Marks and groups are told of all sockets or of none; but what is left of one (which in FIN-WAIT-2
 * shows in the timer alone), and a request for one, may have no group. */
static void take_labels(struct frame *f, uint32_t row, const struct diag_sock *d)
{
	bool whole = d->state != SOCK_TIME_WAIT && d->state != SOCK_SYN_RECV &&
		     d->timer != TIMER_TIME_WAIT;

	if (f->marks && !d->has_mark && whole)
		frame_drop_column(f, FRAME_MARKS);
	if (f->cgroups && !d->has_cgroup && whole)
		frame_drop_column(f, FRAME_CGROUPS);
	if (f->marks)
		f->marks[row] = d->mark;
	if (f->cgroups)
		f->cgroups[row] = d->cgroup;
}

/* Adds the row, and what is kept beside it. */
static int add_row(struct frame *f, const struct sock *s, const struct diag_sock *d)
{
	uint32_t row;
	int err = frame_add_sock_row(f, s, &row);

	if (!err && f->infos)
		diag_info_take(d, &f->infos[row]);
	if (!err && (f->marks || f->cgroups))
		take_labels(f, row, d);
	return err;
}

int diag_rows_add(void *context, const struct diag_sock *d)
{
	const struct diag_rows *r = context;
	struct sock s = {
		.cookie = d->cookie,
		.inode = d->inode,
		.uid = d->uid,
		.recv_q = d->recv_q,
		.send_q = d->send_q,
		.local_port = d->local_port,
		.remote_port = d->remote_port,
		.owner = SOCK_NONE,
		.first_seen = SOCK_TIME_NONE,
		.retrans = d->retrans,
		.flags = flags_of(d),
	};
	static const uint8_t nowhere[16];
	uint8_t local[16], remote[16];
	int err;

	if (d->state == 0 || d->state >= SOCK_STATE_COUNT)
		return 0;
	sock_set_state(&s, d->protocol == IPPROTO_UDP ? SOCK_UDP : SOCK_TCP, d->state);
	sock_set_timer(&s, d->timer, d->expires_ms);
	if (keeps_drops(d))
		s.drops = d->drops;
	else if (d->state == SOCK_CLOSE_WAIT)
		s.wait_since = SOCK_TIME_NONE;
	diag_rows_set_wait(r->frame, &s, d);
	if (r->nameless && d->cookie) {
		err = frame_intern_ends(r->frame, nowhere, nowhere, 0, &s);
		return err ? err : add_row(r->frame, &s, d);
	}
	if (d->iface && note_device(r, d->iface))
		return -ENOMEM;
	err = frame_intern_ends(
		r->frame, widen(d, d->local, local), widen(d, d->remote, remote), d->iface, &s);
	return err ? err : add_row(r->frame, &s, d);
}
