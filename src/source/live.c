/* The live source: asks the kernel, in an order that loses nothing, and turns what the kernel layer
 * tells into a frame. The order: counters, UDP, listeners (with their drops), all other TCP; at
 * once the owners, before sockets are closed; then what became of the rows of the frame before;
 * then the ages of CLOSE-WAIT sockets that are not known yet. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "sockdash/clock.h"
#include "sockdash/diag.h"
#include "sockdash/kcounters.h"
#include "sockdash/live_owners.h"
#include "sockdash/log.h"
#include "sockdash/procnet.h"
#include "sockdash/source.h"

#define ALL_STATES   (((1u << SOCK_STATE_COUNT) - 1) & ~1u)
#define STATE_BIT(s) (1u << (s))

struct live {
	struct source base;
	struct diag *diag;
	struct live_owners *owners;
	int64_t epoch_ns;
	int open_error; /* of the last try to open sock_diag */
};

static const struct {
	uint8_t ipproto;
	enum frame_problem problem;
} protocols[SOCK_PROTO_COUNT] = {
	[SOCK_TCP] = { IPPROTO_TCP, FRAME_NO_TCP },
	[SOCK_UDP] = { IPPROTO_UDP, FRAME_NO_UDP },
};

/* ---- From the kernel's row to ours ----------------------------------------------------------- */

static int note_device(struct frame *f, uint32_t index)
{
	char name[IF_NAMESIZE];
	const char *text;

	if (strcmp(frame_device(f, index), "?") != 0)
		return 0;
	if (!if_indextoname(index, name))
		snprintf(name, sizeof name, "%u", index);
	text = frame_text(f, name, strlen(name));
	return text ? frame_add_device(f, index, text) : -ENOMEM;
}

static int intern(struct frame *f, const struct diag_sock *d, const uint8_t *bytes, uint32_t *row)
{
	uint8_t wide[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (d->iface && note_device(f, d->iface))
		return -ENOMEM;
	if (d->family != AF_INET)
		return frame_intern_address(f, bytes, d->iface, row);
	memcpy(wide + 12, bytes, 4);
	return frame_intern_address(f, wide, d->iface, row);
}

static uint8_t flags_of(const struct diag_sock *d)
{
	unsigned flags = d->family == AF_INET ? SOCK_IPV4 : 0;

	if (d->has_v6only && d->v6only)
		flags |= SOCK_V6ONLY;
	if (d->has_drops)
		flags |= SOCK_HAS_DROPS;
	/* Only /proc/net has no cookies, and it has no backlogs either. */
	if (!d->cookie && d->state == SOCK_LISTEN)
		flags |= SOCK_NO_BACKLOG;
	return (uint8_t)flags;
}

static int add_row(void *context, const struct diag_sock *d)
{
	struct frame *f = context;
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
		.expires_ms = d->expires_ms,
		.cgroup = SOCK_NONE,
		.proto = d->protocol == IPPROTO_UDP ? SOCK_UDP : SOCK_TCP,
		.state = d->state,
		.timer = d->timer,
		.retrans = d->retrans,
		.flags = flags_of(d),
	};
	int err;

	if (d->state == 0 || d->state >= SOCK_STATE_COUNT)
		return 0;
	if (d->has_drops)
		s.drops = d->drops;
	else if (d->state == SOCK_CLOSE_WAIT)
		s.wait_since = SOCK_TIME_NONE;
	err = intern(f, d, d->local, &s.local);
	if (!err)
		err = intern(f, d, d->remote, &s.remote);
	if (!err && d->has_cgroup)
		err = frame_intern_cgroup(f, d->cgroup, &s.cgroup);
	return err ? err : frame_add_sock(f, &s);
}

/* ---- Dumps ----------------------------------------------------------------------------------- */

static int ensure_diag(struct live *l)
{
	if (!l->diag)
		l->open_error = diag_open(&l->diag);
	return l->open_error;
}

/* Both families in one walk where both are wanted and the protocol can. */
static int dump(struct live *l, const struct source_request *r, enum sock_proto proto,
	uint32_t states, unsigned want, diag_sink *sink, void *context)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct diag_query q = {
		.protocol = protocols[proto].ipproto, .states = states, .want = want
	};
	int err = 0;

	if (proto == SOCK_TCP && r->ipv4 && r->ipv6)
		return diag_dump(l->diag, &q, sink, context, &l->base.cancelled);
	for (size_t i = 0; !err && i < sizeof families; i++) {
		q.family = families[i];
		if (q.family == AF_INET ? r->ipv4 : r->ipv6)
			err = diag_dump(l->diag, &q, sink, context, &l->base.cancelled);
	}
	return err;
}

static int dump_protocol(
	struct live *l, const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	unsigned drops = r->needs & NEED_DROPS ? DIAG_WANT_DROPS : 0;
	int err;

	if (proto == SOCK_UDP)
		return dump(l, r, proto, ALL_STATES, drops, add_row, f);
	/* A mask of LISTEN alone does not walk the table of connections. */
	err = dump(l, r, proto, STATE_BIT(SOCK_LISTEN), drops, add_row, f);
	if (!err)
		err = dump(l, r, proto, ALL_STATES & ~STATE_BIT(SOCK_LISTEN), 0, add_row, f);
	return err;
}

static int read_procnet(const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	int err = 0, err6 = 0;

	if (r->ipv4)
		err = procnet_read(AF_INET, protocols[proto].ipproto, ALL_STATES, add_row, f);
	if (r->ipv6)
		err6 = procnet_read(AF_INET6, protocols[proto].ipproto, ALL_STATES, add_row, f);
	/* A kernel without IPv6 has no tcp6. */
	return err6 && !(err6 == -ENOENT && r->ipv4) ? err6 : err;
}

/* Errors that end the sample; all others are a problem of one part of it. */
static bool is_fatal(int err)
{
	return err == -ENOMEM || err == -ECANCELED;
}

static int collect_sockets(struct live *l, const struct source_request *r, struct frame *f)
{
	f->problems[FRAME_NO_SOCK_DIAG] = ensure_diag(l);
	f->kind = l->open_error ? "procfs" : "sock_diag";
	for (unsigned proto = SOCK_PROTO_COUNT; proto-- > 0;) {
		uint32_t before = f->sock_count;
		int err;

		if (!(r->protocols & 1u << proto)) {
			f->absent |= 1u << proto;
			continue;
		}
		err = l->open_error ? read_procnet(r, proto, f) : dump_protocol(l, r, proto, f);
		if (is_fatal(err))
			return err;
		if (err)
			log_line("%s: %s", sock_proto_name(proto), strerror(-err));
		f->problems[protocols[proto].problem] = err;
		/* Nothing at all is not a count of 0. */
		if (err && f->sock_count == before)
			f->absent |= 1u << proto;
	}
	return 0;
}

/* ---- Ages in CLOSE-WAIT ---------------------------------------------------------------------- */

static int add_wait_age(void *context, const struct diag_sock *d)
{
	struct frame *f = context;
	struct sock probe = { .cookie = d->cookie };
	uint32_t row = d->cookie ? frame_find(f, frame_sock_key(f, &probe)) : SOCK_NONE;

	if (d->has_info && row != SOCK_NONE && f->socks[row].state == SOCK_CLOSE_WAIT &&
		f->socks[row].wait_since == SOCK_TIME_NONE)
		f->socks[row].wait_since = frame_now(f) - (int32_t)(d->info.last_ack_recv_ms / 100);
	return 0;
}

/* On a CLOSE-WAIT socket tcpi_last_ack_recv is the time since the FIN came. Asked only when some
 * age is not known, and for that state only. */
static int collect_wait_ages(struct live *l, const struct source_request *r, struct frame *f)
{
	bool unknown = false;
	int err;

	for (uint32_t row = 0; !unknown && row < f->sock_count; row++)
		unknown = f->socks[row].state == SOCK_CLOSE_WAIT &&
			  f->socks[row].wait_since == SOCK_TIME_NONE;
	if (!unknown || l->open_error)
		return 0;
	err = dump(l, r, SOCK_TCP, STATE_BIT(SOCK_CLOSE_WAIT), DIAG_WANT_INFO, add_wait_age, f);
	f->problems[FRAME_NO_WAIT_AGE] = err;
	return is_fatal(err) ? err : 0;
}

/* ---- A frame --------------------------------------------------------------------------------- */

static int fill_header(struct live *l, struct frame *f)
{
	struct utsname uts;

	f->wall_ns = clock_wall_ns();
	f->mono_ns = clock_mono_ns();
	if (!l->epoch_ns)
		l->epoch_ns = f->mono_ns;
	f->epoch_ns = l->epoch_ns;
	f->uptime_s = kcounters_uptime();
	if (uname(&uts) == 0)
		f->host = frame_text(f, uts.nodename, strlen(uts.nodename));
	if (!f->host)
		return -ENOMEM;
	return frame_add_netns(f, kcounters_netns_inode(), "") < 0 ? -ENOMEM : 0;
}

static int fill(
	struct live *l, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	int err = fill_header(l, f);

	f->preliminary = r->preliminary;
	if (!err && r->needs & NEED_COUNTERS)
		kcounters_read(counter_names, COUNTER_COUNT, f->counters);
	if (!err)
		err = collect_sockets(l, r, f);
	if (!err && r->needs & NEED_OWNERS)
		err = live_owners_resolve(l->owners, f, prev, r->needs, &l->base.cancelled);
	if (!err)
		err = frame_compare(f, prev);
	if (!err)
		err = frame_carry_times(f, prev);
	if (!err && r->needs & NEED_OWNERS)
		err = frame_carry_owners(f, prev);
	if (!err && r->needs & NEED_OWNERS)
		frame_mark_hidden(f, prev);
	if (!err && r->needs & NEED_WAIT_AGE && r->protocols & 1u << SOCK_TCP)
		err = collect_wait_ages(l, r, f);
	if (!err)
		err = live_owners_users(l->owners, f);
	return err;
}

static int live_next(struct source *s, const struct source_request *r, const struct frame *prev,
	struct frame **out)
{
	struct live *l = (struct live *)s;
	struct frame *f = frame_create();
	int64_t wall = clock_mono_ns(), cpu = clock_thread_cpu_ns();
	int err = f ? fill(l, r, prev, f) : -ENOMEM;

	if (err) {
		frame_destroy(f);
		return err;
	}
	f->cost_wall_ns = clock_mono_ns() - wall;
	f->cost_cpu_ns = clock_thread_cpu_ns() - cpu;
	*out = f;
	return 0;
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;

	diag_close(l->diag);
	live_owners_destroy(l->owners);
	free(l);
}

int source_open_live(struct source **out)
{
	static const struct source_ops ops = { .next = live_next, .close = live_close };
	struct live *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	l->base.ops = &ops;
	l->owners = live_owners_create();
	if (!l->owners) {
		live_close(&l->base);
		return -ENOMEM;
	}
	*out = &l->base;
	return 0;
}
