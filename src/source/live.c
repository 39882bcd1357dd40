/* The live source: asks the kernel, in an order that loses nothing, and turns what the kernel
 * layer tells into a frame. The order: counters, listeners (with their drops), all other TCP,
 * UDP; what became of the rows of the frame before; the owners of what is new, before sockets are
 * closed; then the ages of CLOSE-WAIT sockets that are not known yet, and whether queues move. */
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/diag_rows.h"
#include "sockdash/kcounters.h"
#include "sockdash/live_dump.h"
#include "sockdash/live_events.h"
#include "sockdash/live_owners.h"
#include "sockdash/live_resets.h"
#include "sockdash/live_still.h"
#include "sockdash/log.h"
#include "sockdash/procnet.h"
#include "sockdash/source.h"

/* A single socket is asked for by its addresses. */
#define WANTS_ADDRESSES (NEED_ADDRESSES | NEED_WAIT_AGE | NEED_OWNERS)

struct live {
	struct source base;
	struct diag *diag;
	struct live_filter filter;
	struct live_owners *owners;
	struct live_still still;
	bool plain;      /* the kernel is not asked to filter */
	int64_t walk_ns; /* CPU of the last dump of TCP that was filtered; 0: it was not */
	struct live_events *events; /* or NULL */
	int64_t events_from_ns;     /* mono_ns of the frame since which they are counted */
	int64_t epoch_ns;
	int open_error; /* of the last try to open sock_diag */
	char user[64];  /* who we are */
	int64_t cpu_then, wall_then;
};

static const struct {
	uint8_t ipproto; /* for /proc/net */
	enum frame_problem problem;
} protocols[SOCK_PROTO_COUNT] = {
	[SOCK_TCP] = { IPPROTO_TCP, FRAME_NO_TCP },
	[SOCK_UDP] = { IPPROTO_UDP, FRAME_NO_UDP },
};

/* ---- Dumps ----------------------------------------------------------------------------------- */

static int ensure_diag(struct live *l)
{
	if (!l->diag)
		l->open_error = diag_open(&l->diag);
	return l->open_error;
}

static struct live_dump conversation(struct live *l, const struct source_request *r)
{
	return (struct live_dump){ .diag = l->diag, .request = r, .stop = &l->base.cancelled };
}

static int dump_tcp(struct live *l, const struct source_request *r, struct diag_rows *rows)
{
	struct live_dump filtered = conversation(l, r), whole = filtered;
	uint32_t states = live_filter_states(&l->filter, SOCK_TCP), listen = 1u << SOCK_LISTEN;
	bool listeners = r->needs & NEED_LISTENERS;
	unsigned drops = r->needs & NEED_DROPS ? DIAG_WANT_DROPS : 0;
	int64_t cpu;
	int err;

	filtered.filter = &l->filter;
	/* A mask of LISTEN alone does not walk the table of connections. */
	err = live_dump(listeners ? &whole : &filtered, SOCK_TCP,
		listeners ? listen : states & listen, drops, diag_rows_add, rows);
	cpu = clock_thread_cpu_ns();
	if (!err)
		err = live_dump(&filtered, SOCK_TCP, states & ~listen,
			rows->frame->infos ? DIAG_WANT_INFO | DIAG_WANT_CONGESTION : 0,
			diag_rows_add, rows);
	l->walk_ns = clock_thread_cpu_ns() - cpu;
	return err;
}

static int dump_udp(struct live *l, const struct source_request *r, struct diag_rows *rows)
{
	struct live_dump d = conversation(l, r);

	d.filter = &l->filter;
	return live_dump(&d, SOCK_UDP, live_filter_states(&l->filter, SOCK_UDP),
		r->needs & NEED_DROPS ? DIAG_WANT_DROPS : 0, diag_rows_add, rows);
}

static int dump_once(
	struct live *l, const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	struct diag_rows rows = { f, if_indextoname, !(r->needs & WANTS_ADDRESSES) };

	return (proto == SOCK_TCP ? dump_tcp : dump_udp)(l, r, &rows);
}

/* Errors that will be there again: a part of the kernel is missing, or we may not. */
static bool is_lasting(int err)
{
	static const int lasting[] = { ENOENT, EOPNOTSUPP, EPROTONOSUPPORT, EPERM, EACCES, EINVAL };

	for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
		if (err == -lasting[i])
			return true;
	return false;
}

/* A dump that broke off (ENOBUFS on a server in trouble) is tried once more: its rows replace
 * those already there. */
static int dump_protocol(
	struct live *l, const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	int err = dump_once(l, r, proto, f);

	if (err && err != -ECANCELED && !is_lasting(err)) {
		log_line("%s: %s, trying again", sock_proto_name(proto), strerror(-err));
		err = dump_once(l, r, proto, f);
	}
	return err;
}

static int read_procnet(const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	struct diag_rows rows = { f, if_indextoname, false };
	uint8_t ipproto = protocols[proto].ipproto;
	int err = 0, err6 = 0;

	if (r->ipv4)
		err = procnet_read(AF_INET, ipproto, LIVE_STATES_ALL, diag_rows_add, &rows);
	if (r->ipv6)
		err6 = procnet_read(AF_INET6, ipproto, LIVE_STATES_ALL, diag_rows_add, &rows);
	/* A kernel without IPv6 has no tcp6. */
	return err6 && !(err6 == -ENOENT && r->ipv4) ? err6 : err;
}

static bool is_missing(int err)
{
	return err == -ENOENT || err == -EOPNOTSUPP;
}

/* One protocol from sock_diag, or where that cannot tell it, from /proc/net. A sample in which a
 * protocol broke off is no sample: compared with it, everything would have vanished. */
static int collect_protocol(
	struct live *l, const struct source_request *r, enum sock_proto proto, struct frame *f)
{
	int err = l->open_error ? l->open_error : dump_protocol(l, r, proto, f);

	if (l->open_error || is_missing(err)) {
		f->problems[FRAME_NO_SOCK_DIAG] = err;
		f->kind = "procfs";
		err = read_procnet(r, proto, f);
	}
	if (!err)
		return 0;
	log_line("%s: %s", sock_proto_name(proto), strerror(-err));
	if (!is_lasting(err))
		return err;
	f->problems[protocols[proto].problem] = err;
	f->absent |= 1u << proto;
	return 0;
}

static int collect_sockets(struct live *l, const struct source_request *r, struct frame *f)
{
	int err = live_filter_set(&l->filter, l->plain ? NULL : r->filter, r->single, f);

	ensure_diag(l);
	f->kind = "sock_diag";
	for (unsigned proto = 0; !err && proto < SOCK_PROTO_COUNT; proto++) {
		if (r->protocols & 1u << proto)
			err = collect_protocol(l, r, proto, f);
		else
			f->absent |= 1u << proto;
	}
	f->filtered = l->filter.narrows;
	f->by_state = l->filter.by_state;
	return err;
}

/* ---- What is asked about single sockets ------------------------------------------------------ */

static int collect_wait_ages(
	struct live *l, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	struct live_dump d = conversation(l, r);
	int err;

	if (f->problems[FRAME_NO_SOCK_DIAG])
		return 0;
	if (f->filtered) {
		d.filter = &l->filter;
		d.walk_ns = l->walk_ns;
	}
	err = live_ask_wait_ages(&d, f);
	if (!err)
		err = live_still_ask(&d, &l->still, prev, f);
	f->problems[FRAME_NO_WAIT_AGE] = err == -ECANCELED ? 0 : err;
	return err == -ECANCELED || err == -ENOMEM ? err : 0;
}

static int ask_autobound(struct live *l, const struct source_request *r, struct frame *f)
{
	struct live_dump d = conversation(l, r);

	if (f->problems[FRAME_NO_SOCK_DIAG]) {
		frame_drop_column(f, FRAME_AUTOBOUND);
		return 0;
	}
	d.filter = &l->filter;
	d.autobound = true;
	return live_ask_autobound(&d, f);
}

/* The first frame with owners cannot tell a socket that was closed during the search from one whose
 * owner is out of sight: it looks once more whether it is there. */
static int confirm_hidden(struct live *l, const struct source_request *r, struct frame *f)
{
	struct live_dump d = conversation(l, r);
	int err = f->problems[FRAME_NO_SOCK_DIAG] ? 0 : live_confirm_hidden(&d, f);

	return err == -ECANCELED || err == -ENOMEM ? err : 0;
}

static bool has_files(const struct frame *f)
{
	for (uint32_t row = 0; row < f->sock_count; row++)
		if (f->socks[row].inode)
			return true;
	return false;
}

static int collect_owners(
	struct live *l, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	int err;

	/* Nothing to look for: that would still be to look at all descriptors there are. */
	if (f->filtered && !has_files(f)) {
		f->owners_known = true;
		return 0;
	}
	err = live_owners_resolve(l->owners, f, prev, r, &l->base.cancelled);
	/* A socket that is gone from a filtered frame may only be in another state. */
	if (!err && frame_owners_compare(f, prev) && !f->filtered)
		err = live_find_resets(f, prev, &l->base.cancelled);
	if (err || frame_owners_compare(f, prev) || f->owners_percent < 100)
		return err;
	return confirm_hidden(l, r, f);
}

/* ---- Connections that ended ------------------------------------------------------------------ */

static void stop_events(struct live *l)
{
	live_events_close(l->events);
	l->events = NULL;
	l->events_from_ns = 0;
}

/* The first frame that asks for them begins to listen: what ended before is not known. Nobody listens
 * where nobody asks, for each event costs the kernel too. */
static void collect_events(
	struct live *l, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	if (!(r->needs & NEED_EVENTS) || !(r->protocols & 1u << SOCK_TCP)) {
		stop_events(l);
	} else if (!l->events) {
		f->ended.error = live_events_open(r, LIVE_EVENTS_BUFFER, &l->events);
	} else if (!r->preliminary) {
		int err = live_events_take(l->events, &f->ended);

		f->ended.known = !err && prev && prev->mono_ns == l->events_from_ns;
		if (!f->ended.known)
			ended_free(&f->ended);
		f->ended.error = err;
		if (err)
			stop_events(l);
	}
}

/* What one frame has counted and nobody gets to see, the next one has. */
static void settle_events(struct live *l, struct frame *f, int err)
{
	if (l->events && err && f && f->ended.known)
		live_events_give_back(l->events, &f->ended);
	else if (l->events && !err && !f->preliminary)
		l->events_from_ns = f->mono_ns;
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
	if (geteuid() != 0)
		f->seer_uid = geteuid();
	f->seer = frame_text(f, l->user, strlen(l->user));
	f->uptime_s = kcounters_uptime();
	if (f->uptime_s < 0)
		f->uptime_s = NAN;
	if (uname(&uts) == 0) {
		f->host = frame_text(f, uts.nodename, strlen(uts.nodename));
		f->release = frame_text(f, uts.release, strlen(uts.release));
	}
	if (!f->host || !f->release || !f->seer)
		return -ENOMEM;
	return frame_add_netns(f, kcounters_netns_inode(), "") < 0 ? -ENOMEM : 0;
}

/* The kernel tells memory in pages of its own size, and where it has no limit a number that
 * nothing reaches. */
static void read_counters(struct frame *f)
{
	static const enum counter in_pages[] = { COUNTER_TCP_MEM, COUNTER_TCP_MEM_PRESSURE,
		COUNTER_TCP_MEM_LIMIT, COUNTER_UDP_MEM, COUNTER_UDP_MEM_LIMIT };
	static const enum counter limits[] = { COUNTER_TCP_MEM_PRESSURE, COUNTER_TCP_MEM_LIMIT,
		COUNTER_UDP_MEM_LIMIT, COUNTER_FILES_LIMIT };
	long page = sysconf(_SC_PAGESIZE);

	kcounters_read(counter_names, COUNTER_COUNT, f->counters);
	for (size_t i = 0; i < sizeof in_pages / sizeof *in_pages; i++) {
		int64_t *c = &f->counters[in_pages[i]];

		if (*c != COUNTER_UNKNOWN && __builtin_mul_overflow(*c, page, c))
			*c = COUNTER_UNKNOWN;
	}
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (f->counters[limits[i]] > INT64_MAX >> 12)
			f->counters[limits[i]] = COUNTER_UNKNOWN;
}

static int keep_columns(unsigned needs, struct frame *f)
{
	static const struct {
		unsigned need;
		enum frame_column column;
	} columns[] = {
		{ NEED_INFO, FRAME_INFOS },
		{ NEED_MARKS, FRAME_MARKS },
		{ NEED_CGROUPS, FRAME_CGROUPS },
		{ NEED_AUTOBOUND, FRAME_AUTOBOUND },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof columns / sizeof *columns; i++)
		if (needs & columns[i].need)
			err = frame_keep_column(f, columns[i].column);
	return err;
}

static int fill(
	struct live *l, const struct source_request *r, const struct frame *prev, struct frame *f)
{
	int err = fill_header(l, f);

	f->preliminary = r->preliminary;
	f->asked = r->needs;
	f->one_family = !r->ipv4 || !r->ipv6;
	if (!err && r->needs & NEED_COUNTERS)
		read_counters(f);
	if (!err)
		err = keep_columns(r->needs, f);
	if (!err)
		collect_events(l, r, prev, f);
	if (!err)
		err = collect_sockets(l, r, f);
	if (!err)
		err = frame_compare(f, prev);
	if (!err)
		frame_compare_infos(f, prev);
	if (!err)
		err = frame_carry_times(f, prev);
	if (!err && f->autobound)
		err = ask_autobound(l, r, f);
	if (!err && r->needs & NEED_OWNERS)
		err = collect_owners(l, r, prev, f);
	if (!err && r->needs & NEED_WAIT_AGE && r->protocols & 1u << SOCK_TCP)
		err = collect_wait_ages(l, r, prev, f);
	if (!err && r->needs & NEED_USERS)
		err = live_owners_users(l->owners, f);
	return err;
}

/* The share of one core this process took since the frame before. */
static double cpu_percent(struct live *l)
{
	int64_t cpu = clock_process_cpu_ns(), wall = clock_mono_ns();
	double percent = NAN;

	if (l->wall_then && wall > l->wall_then)
		percent = 100.0 * (double)(cpu - l->cpu_then) / (double)(wall - l->wall_then);
	l->cpu_then = cpu;
	l->wall_then = wall;
	return percent;
}

static int live_next(struct source *s, const struct source_request *r, const struct frame *prev,
	struct frame **out)
{
	struct live *l = (struct live *)s;
	struct frame *f = frame_create_after(prev);
	int64_t wall = clock_mono_ns(), cpu = clock_thread_cpu_ns();
	int err = f ? fill(l, r, prev, f) : -ENOMEM;

	settle_events(l, f, err);
	if (err) {
		frame_put(f);
		return err;
	}
	f->cost_wall_ns = clock_mono_ns() - wall;
	f->cost_cpu_ns = clock_thread_cpu_ns() - cpu;
	if (!r->preliminary)
		f->cpu_percent = cpu_percent(l);
	*out = f;
	return 0;
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;

	diag_close(l->diag);
	live_events_close(l->events);
	live_filter_free(&l->filter);
	live_owners_destroy(l->owners);
	live_still_free(&l->still);
	free(l);
}

int source_open_live(bool plain, struct source **out)
{
	static const struct source_ops ops = { .next = live_next, .close = live_close };
	struct live *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	l->base.ops = &ops;
	l->plain = plain;
	live_filter_init(&l->filter);
	live_owners_name(geteuid(), l->user, sizeof l->user);
	l->owners = live_owners_create();
	if (!l->owners) {
		live_close(&l->base);
		return -ENOMEM;
	}
	*out = &l->base;
	return 0;
}
