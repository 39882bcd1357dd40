/* Rules about listeners: accept queues that are full, connections that are dropped. Listeners that
 * share address and port (SO_REUSEPORT) are one subject. */
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

enum cause { CAUSE_FDS, CAUSE_FILES, CAUSE_PROCESS, CAUSE_UNSEEN, CAUSE_BURSTS };

/* Full all the time: a longer queue would be full too. */
#define ALL_THE_TIME 0.9

/* Only accept() takes from the queue: one that is full now and was never seen to shrink has only
 * begun to be full all the time. */
static bool never_shrank(const struct audit_run *run, const struct listener_row *l)
{
	const struct sock *sock = sock_of(run, l);

	for (uint32_t i = 1; i < l->queue.count; i++)
		if (l->queue.values[i] < l->queue.values[i - 1])
			return false;
	return l->queue.count > 1 && sock->recv_q > sock->send_q;
}

static enum cause cause_of(const struct audit_run *run, const struct spot *spot)
{
	const struct proc *p = frame_owner(run->s->frame, sock_of(run, spot->worst));
	bool seen = p && p->fds != PROC_UNKNOWN && p->fd_limit != PROC_UNKNOWN;

	if (seen && p->fd_limit != PROC_UNLIMITED && p->fds >= p->fd_limit)
		return CAUSE_FDS;
	if (audit_counter(run, COUNTER_FILES) >= audit_counter(run, COUNTER_FILES_LIMIT))
		return CAUSE_FILES;
	if (spot->worst->full_share < ALL_THE_TIME && !never_shrank(run, spot->worst))
		return CAUSE_BURSTS;
	return seen ? CAUSE_PROCESS : CAUSE_UNSEEN;
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
		"CPU, or has too few workers. See what its threads wait for before you restart "
		"it.",
	[CAUSE_UNSEEN] =
		"Nobody accepts these connections, or far too rarely: the process is stuck, out of "
		"CPU, has too few workers, or is out of descriptors (EMFILE), which could not be "
		"seen. Look at its descriptors and threads before you restart it.",
	[CAUSE_BURSTS] =
		"Connections come in bursts faster than the process accepts them. If it is "
		"healthy otherwise, a longer queue helps.",
};

/* Which number is the limit, where it does not matter. */
static const char *length_advice(struct audit_run *run, const struct sock *sock)
{
	double most = audit_counter(run, COUNTER_SOMAXCONN), backlog = sock->send_q;

	if (sock->flags & SOCK_NO_BACKLOG || isnan(most))
		return "A longer queue would be full too.";
	return sample_text(run->s, "The limit of %s is %s, but a longer queue would be full too.",
		audit_count(run, backlog),
		backlog < most    ? "the backlog that the program passes to listen()"
		: backlog == most ? "net.core.somaxconn"
				  : "what net.core.somaxconn was before");
}

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
	const struct sock *sock = sock_of(run, spot->worst);
	const char *limit;

	if (cause == CAUSE_FDS || cause == CAUSE_FILES)
		return cause_advice[cause];
	limit = cause == CAUSE_BURSTS ? limit_advice(run, sock) : length_advice(run, sock);
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
	if (cause == CAUSE_UNSEEN && run->s->frame->seer_uid != PROC_UNKNOWN)
		return "sudo sockdash audit";
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

	buf_addf(&b, "%s connection%s for accept()", audit_count(run, sock->recv_q),
		sock->recv_q == 1 ? " waits" : "s wait");
	if (!(sock->flags & SOCK_NO_BACKLOG))
		buf_addf(&b, ", %s may", audit_count(run, sock->send_q));
	if (spot->worst->full_share > 0 && spot->worst->queue.count < 2)
		buf_adds(&b, "; the queue is full now");
	else if (spot->worst->full_share > 0)
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

/* A share of fewer samples is chance. */
#define SAMPLES_LEAST 3

/* One that is full whenever we look counts from the first sample: there may be no other. */
static bool is_full(const struct audit_run *run, const struct spot *spot)
{
	const struct listener_row *l = spot->worst;

	if (l->queue.count < SAMPLES_LEAST)
		return l->full_share >= ALL_THE_TIME;
	return l->full_share >= audit_limit(run, LIMIT_ACCEPT_FULL, spot->key) / 100;
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
		if (audit_has_subject(run, "accept-queue-full", spots->all[i].key))
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

/* Whether the listeners that are there tell what they have dropped, and which do. */
enum known { KNOWN_NOT, KNOWN_NONE, KNOWN_SOME };

static enum known known_drops(const struct audit_run *run)
{
	const struct sample *s = run->s;
	enum known known = KNOWN_NOT;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct listener_row *l = &s->listeners[i];

		if (sock_of(run, l)->proto != SOCK_TCP || isnan(l->drops_window))
			continue;
		if (l->drops_window > 0)
			return KNOWN_SOME;
		known = KNOWN_NONE;
	}
	return known;
}

/* Drops that no single listener accounts for. */
static int add_all_drops(struct audit_run *run, double drops)
{
	static const struct {
		const char *advice, *command;
	} says[] = {
		[KNOWN_NOT] = { "Which listener it is cannot be seen: compare the accept queues, "
				"Recv-Q of the listeners, with their backlogs, Send-Q.",
			"ss -ltnp" },
		[KNOWN_NONE] = { "None of the listeners that are there now has dropped any: it was "
				 "one that has ended since, or was started again.",
			"ss -ltnp" },
		[KNOWN_SOME] = { "No single listener drops that many: see which ones do, and how "
				 "full their accept queues are.",
			"sockdash listen -t -s -drops" },
	};
	enum known known = known_drops(run);

	return audit_add(run,
		&(struct audit_found){
			.severity = audit_severity(
				run, drops, LIMIT_ACCEPT_DROPS, LIMIT_ACCEPT_DROPS_CRITICAL, 0),
			.size = drops,
			.since = NAN,
			.subject = "all listeners",
			.evidence = sample_text(run->s,
				"%s connections dropped per second (ListenDrops), %s of them "
				"because an accept queue was full",
				audit_per_second(run, drops),
				audit_per_second(run, audit_rate(run, COUNTER_LISTEN_OVERFLOWS))),
			.advice = says[known].advice,
			.command = says[known].command,
		});
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
		err = add_all_drops(run, drops);
	free(spots.all);
	return err;
}
