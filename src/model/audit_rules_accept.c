/* Rules about listeners: accept queues that are full, connections that are dropped, addresses that
 * are open to all. Listeners that share address and port (SO_REUSEPORT) are one subject. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"
#include "sockdash/buf.h"
#include "sockdash/grow.h"

/* ---- Places that are in trouble -------------------------------------------------------------- */

struct spot {
	uint64_t key;
	const struct listener_row *worst; /* the fullest listener there */
	uint32_t sockets;                 /* listeners there in trouble */
	double drops_rate;                /* over the window, of all of them; NAN */
	double drops;                     /* in all since they listen; NAN */
};

struct spots {
	struct spot *all;
	uint32_t count, room;
};

static double or_zero(double x)
{
	return isnan(x) ? 0 : x;
}

static const struct sock *sock_of(const struct audit_run *run, const struct listener_row *l)
{
	return &run->s->frame->socks[l->sock];
}

static int add_to_spot(struct audit_run *run, struct spots *spots, const struct listener_row *l)
{
	const struct sock *sock = sock_of(run, l);
	uint64_t key = audit_place(run, sock);
	struct spot *spot = NULL;

	for (uint32_t i = 0; i < spots->count && !spot; i++)
		if (spots->all[i].key == key)
			spot = &spots->all[i];
	if (!spot) {
		if (grow(&spots->all, spots->count, &spots->room, sizeof *spots->all))
			return -ENOMEM;
		spot = &spots->all[spots->count++];
		*spot = (struct spot){ .key = key, .worst = l, .drops_rate = NAN, .drops = NAN };
	}
	spot->sockets++;
	if (or_zero(l->full_share) > or_zero(spot->worst->full_share))
		spot->worst = l;
	if (!isnan(l->drops_window))
		spot->drops_rate = or_zero(spot->drops_rate) + l->drops_window;
	if (sock->flags & SOCK_HAS_DROPS)
		spot->drops = or_zero(spot->drops) + sock->drops;
	return 0;
}

static int collect(struct audit_run *run, struct spots *spots)
{
	const struct sample *s = run->s;
	int err = 0;

	for (uint32_t i = 0; !err && i < s->listener_count; i++) {
		const struct listener_row *l = &s->listeners[i];

		if (sock_of(run, l)->proto == SOCK_TCP &&
			(l->full_share > 0 || l->drops_window > 0))
			err = add_to_spot(run, spots, l);
	}
	return err;
}

/* ---- Why, and what to do --------------------------------------------------------------------- */

enum cause { CAUSE_FDS, CAUSE_FILES, CAUSE_PROCESS, CAUSE_BURSTS };

/* Full all the time: a longer queue would be full too. */
#define ALL_THE_TIME 0.9

static enum cause cause_of(const struct audit_run *run, const struct spot *spot)
{
	const struct proc *p = frame_owner(run->s->frame, sock_of(run, spot->worst));

	if (p && p->fds != PROC_UNKNOWN && p->fd_limit < PROC_UNLIMITED && p->fds >= p->fd_limit)
		return CAUSE_FDS;
	if (audit_counter(run, COUNTER_FILES) >= audit_counter(run, COUNTER_FILES_LIMIT))
		return CAUSE_FILES;
	return spot->worst->full_share >= ALL_THE_TIME ? CAUSE_PROCESS : CAUSE_BURSTS;
}

static const char *const cause_advice[] = {
	[CAUSE_FDS] =
		"The process is at its limit of descriptors, so accept() fails (EMFILE): see what "
		"holds them, or raise its limit (LimitNOFILE= of the unit).",
	[CAUSE_FILES] =
		"The host has no open files left, so accept() fails (ENFILE): find who holds "
		"them, or raise fs.file-max.",
	[CAUSE_PROCESS] =
		"The process does not call accept(), or far too rarely: it is stuck, out of "
		"CPU, or has too few workers. A longer queue would be full too.",
	[CAUSE_BURSTS] =
		"Connections come in bursts faster than the process accepts them. If it is "
		"healthy otherwise, a longer queue helps.",
};

/* Which number is the limit, and that a listener keeps it until it listens again. */
static const char *limit_advice(struct audit_run *run, const struct sock *sock)
{
	double most = audit_counter(run, COUNTER_SOMAXCONN), backlog = sock->send_q;

	if (sock->flags & SOCK_NO_BACKLOG || isnan(most))
		return "The limit is the smaller of the backlog that the program passes to "
		       "listen() "
		       "and net.core.somaxconn when it does so: a change needs its restart.";
	if (backlog < most)
		return sample_text(run->s,
			"The limit of %s is the backlog that the program passes to listen(); "
			"somaxconn "
			"would allow %s. Raise it in the program's configuration and restart it.",
			audit_count(run, backlog), audit_count(run, most));
	if (backlog == most)
		return sample_text(run->s,
			"The limit of %s is net.core.somaxconn, perhaps the program's own backlog "
			"too. "
			"Raise both, then restart the program: a listener keeps its limit until it "
			"calls listen() again.",
			audit_count(run, backlog));
	return sample_text(run->s,
		"The listener still has its limit of %s, but net.core.somaxconn was lowered to %s "
		"since: raise that before the program is restarted.",
		audit_count(run, backlog), audit_count(run, most));
}

static const char *spot_advice(struct audit_run *run, const struct spot *spot, enum cause cause)
{
	const char *limit = limit_advice(run, sock_of(run, spot->worst));

	if (cause == CAUSE_FDS || cause == CAUSE_FILES)
		return cause_advice[cause];
	return limit ? sample_text(run->s, "%s %s", cause_advice[cause], limit) : NULL;
}

static const char *spot_command(struct audit_run *run, const struct spot *spot, enum cause cause)
{
	const struct sock *sock = sock_of(run, spot->worst);
	const struct proc *p = frame_owner(run->s->frame, sock);
	double most = audit_counter(run, COUNTER_SOMAXCONN);

	if (cause == CAUSE_FDS)
		return sample_text(run->s, "prlimit --nofile --pid %u", p->pid);
	if (cause == CAUSE_FILES)
		return "sysctl fs.file-nr";
	if (cause == CAUSE_PROCESS && p)
		return sample_text(run->s, "tail -n +1 /proc/%u/task/*/stack", p->pid);
	if (cause == CAUSE_BURSTS && sock->send_q >= most && !(sock->flags & SOCK_NO_BACKLOG))
		return sample_text(run->s, "sysctl -w net.core.somaxconn=%u", sock->send_q * 2);
	return sample_text(run->s, "ss -ltnp 'sport = :%u'", sock->local_port);
}

static const char *spot_evidence(struct audit_run *run, const struct spot *spot)
{
	const struct sock *sock = sock_of(run, spot->worst);
	double abort = audit_counter(run, COUNTER_ABORT_ON_OVERFLOW);
	struct buf b = { 0 };
	const char *text;

	buf_addf(&b, "%s connections wait for accept()", audit_count(run, sock->recv_q));
	if (!(sock->flags & SOCK_NO_BACKLOG))
		buf_addf(&b, ", %s may", audit_count(run, sock->send_q));
	if (spot->worst->full_share > 0)
		buf_addf(&b, "; the queue is full %s of the time",
			audit_percent(run, 100 * spot->worst->full_share));
	if (spot->sockets > 1)
		buf_addf(&b, " (the worst of %s listeners here)", audit_count(run, spot->sockets));
	if (spot->drops_rate > 0)
		buf_addf(&b, "; %s dropped per second", audit_per_second(run, spot->drops_rate));
	if (spot->drops > 0)
		buf_addf(&b, "; %s dropped since it listens", audit_count(run, spot->drops));
	if (abort > 0)
		buf_adds(&b, "; clients are reset (tcp_abort_on_overflow)");
	text = b.failed ? NULL : sample_text(run->s, "%s", b.data);
	buf_free(&b);
	return text;
}

static int add_spot(struct audit_run *run, const struct spot *spot, enum severity severity)
{
	enum cause cause = cause_of(run, spot);
	const char *subject = audit_listener(run, sock_of(run, spot->worst));

	return audit_add(
		run, &(struct audit_found){
			     .severity = severity,
			     .key = spot->key,
			     .size = or_zero(spot->drops_rate) + or_zero(spot->worst->full_share),
			     .since = NAN,
			     .subject = subject,
			     .evidence = spot_evidence(run, spot),
			     .advice = spot_advice(run, spot, cause),
			     .command = spot_command(run, spot, cause),
		     });
}

/* ---- The rules ------------------------------------------------------------------------------- */

static bool is_dropping(const struct audit_run *run, const struct spot *spot)
{
	return audit_happens(run, spot->drops_rate, LIMIT_ACCEPT_DROPS, spot->key);
}

/* What was seen of it just now goes on until the queue is hardly ever full. */
static bool is_full(const struct audit_run *run, const struct spot *spot)
{
	double limit = run->settings->thresholds[LIMIT_ACCEPT_FULL] / 100;

	if (audit_limit(run, LIMIT_ACCEPT_FULL, spot->key) / 100 < limit)
		limit /= 5;
	return spot->worst->full_share >= limit;
}

/* Without backlogs there is no telling, as where sock_diag is missing. */
static bool knows_backlogs(struct audit_run *run)
{
	const struct sample *s = run->s;

	for (uint32_t i = 0; i < s->listener_count; i++)
		if (sock_of(run, &s->listeners[i])->proto == SOCK_TCP &&
			isnan(s->listeners[i].full_share)) {
			audit_unknown(run, "backlogs cannot be read here");
			return false;
		}
	return true;
}

int audit_accept_queue_full(struct audit_run *run)
{
	struct spots spots = { 0 };
	int err;

	if (!audit_sees(run, SOCK_TCP) || !knows_backlogs(run))
		return 0;
	err = collect(run, &spots);
	for (uint32_t i = 0; !err && i < spots.count; i++) {
		const struct spot *spot = &spots.all[i];

		if (!is_full(run, spot))
			continue;
		err = add_spot(run, spot,
			spot->worst->full_share >= ALL_THE_TIME && is_dropping(run, spot)
				? SEVERITY_CRITICAL
				: SEVERITY_WARNING);
	}
	free(spots.all);
	return err;
}

/* A listener drops what its SYN queue has no room for, too, where cookies are off: syn-queue-full
 * tells that. */
static bool is_syn_queue(const struct audit_run *run)
{
	return audit_rate(run, COUNTER_LISTEN_OVERFLOWS) == 0 &&
	       audit_rate(run, COUNTER_REQQ_DROPS) > 0;
}

/* What ListenDrops counts beyond the listeners that accept-queue-full has told. A listener also
 * counts what a socket filter throws away, or what makes no sense: these drop no connection. NAN
 * not known. */
static double drops_left(const struct audit_run *run, const struct spots *spots)
{
	double left = audit_rate(run, COUNTER_LISTEN_DROPS);

	for (uint32_t i = 0; i < spots->count; i++)
		if (is_full(run, &spots->all[i]))
			left -= or_zero(spots->all[i].drops_rate);
	return left;
}

static int add_dropping(struct audit_run *run, const struct spots *spots)
{
	double left = drops_left(run, spots);
	int err = 0;

	for (uint32_t i = 0; !err && i < spots->count; i++) {
		const struct spot *spot = &spots->all[i];

		if (!is_dropping(run, spot) || left < spot->drops_rate / 2 ||
			audit_has_subject(run, "accept-queue-full", spot->key))
			continue;
		err = add_spot(run, spot,
			audit_severity(run, spot->drops_rate, LIMIT_ACCEPT_DROPS,
				LIMIT_ACCEPT_DROPS_CRITICAL, spot->key));
	}
	return err;
}

int audit_accept_drops(struct audit_run *run)
{
	double drops = audit_rate(run, COUNTER_LISTEN_DROPS);
	struct spots spots = { 0 };
	int err;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	if (isnan(drops))
		audit_unknown(run, "ListenDrops is not known yet, or cannot be read");
	if (is_syn_queue(run))
		return 0;
	err = collect(run, &spots);
	if (!err)
		err = add_dropping(run, &spots);
	/* Where the kernel does not tell drops of each listener, or it has just ended. */
	if (!err && !audit_has(run, "accept-queue-full") && !audit_has(run, "accept-drops") &&
		audit_happens(run, drops, LIMIT_ACCEPT_DROPS, 0))
		err = audit_add(run,
			&(struct audit_found){
				.severity = audit_severity(run, drops, LIMIT_ACCEPT_DROPS,
					LIMIT_ACCEPT_DROPS_CRITICAL, 0),
				.size = drops,
				.since = NAN,
				.subject = "all listeners",
				.evidence = sample_text(run->s,
					"%s connections dropped per second (ListenDrops), %s of "
					"them because "
					"an accept queue was full",
					audit_per_second(run, drops),
					audit_per_second(
						run, audit_rate(run, COUNTER_LISTEN_OVERFLOWS))),
				.advice = "Which listener it is cannot be seen: compare the accept "
					  "queues, "
					  "Recv-Q of the listeners, with their backlogs, Send-Q.",
				.command = "ss -ltnp",
			});
	free(spots.all);
	return err;
}

/* ---- Open to all ----------------------------------------------------------------------------- */

struct opening {
	uint16_t port;
	const struct sock *sock;
};

static int compare_openings(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

static bool is_open_to_all(const struct audit_run *run, const struct sock *sock)
{
	static const uint8_t any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };
	const struct frame *f = run->s->frame;
	const struct address *a = frame_address(f, sock->local);

	return sock->proto == SOCK_TCP &&
	       (!memcmp(a->bytes, any6, sizeof any6) || !memcmp(a->bytes, any4, sizeof any4)) &&
	       strcmp(frame_device(f, a->scope), "lo") != 0;
}

/* One per port, by port. */
static uint32_t find_openings(const struct audit_run *run, struct opening *out)
{
	const struct sample *s = run->s;
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct sock *sock = sock_of(run, &s->listeners[i]);

		if (is_open_to_all(run, sock))
			out[n++] = (struct opening){ sock->local_port, sock };
	}
	if (n)
		qsort(out, n, sizeof *out, compare_openings);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || out[kept - 1].port != out[i].port)
			out[kept++] = out[i];
	return kept;
}

#define OPENINGS_NAMED 12

int audit_listen_all(struct audit_run *run)
{
	struct opening *open;
	struct buf b = { 0 };
	uint32_t n;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP) || run->s->listener_count == 0)
		return 0;
	open = calloc(run->s->listener_count, sizeof *open);
	if (!open)
		return -ENOMEM;
	n = find_openings(run, open);
	for (uint32_t i = 0; i < n && i < OPENINGS_NAMED; i++) {
		const struct proc *p = frame_owner(run->s->frame, open[i].sock);

		buf_addf(&b, "%s%u", i ? ", " : "", open[i].port);
		if (p && *p->name)
			buf_addf(&b, " (%s)", p->name);
	}
	if (n > OPENINGS_NAMED)
		buf_addf(&b, " and %u more", n - OPENINGS_NAMED);
	if (n)
		err = b.failed ? -ENOMEM
			       : audit_add(run,
					 &(struct audit_found){
						 .severity = SEVERITY_INFO,
						 .size = n,
						 .since = NAN,
						 .subject = sample_text(run->s,
							 n == 1 ? "%u port" : "%u ports", n),
						 .evidence = sample_text(run->s,
							 "listening on all addresses: %s", b.data),
						 .advice =
							 "Whoever reaches this host reaches these, "
							 "unless a firewall keeps them out. Bind "
							 "what is for this host only to 127.0.0.1 "
							 "or ::1.",
						 .command = "sockdash listen -t -s port",
					 });
	buf_free(&b);
	free(open);
	return err;
}
