/* Rules about what has a limit: descriptors of a process, and what the whole host shares. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"

/* ---- Descriptors of a process ---------------------------------------------------------------- */

/* Growth that is to be believed was watched for so long, of a process that has used up half. */
#define GROWTH_COVERED_S 30
#define GROWTH_PERCENT   50

static double fds_percent(const struct proc *p)
{
	if (p->fds == PROC_UNKNOWN || p->fd_limit == PROC_UNKNOWN ||
		p->fd_limit == PROC_UNLIMITED || p->fd_limit == 0)
		return NAN;
	return 100.0 * p->fds / p->fd_limit;
}

/* Whether each quarter of the newest intervals has more than the one before: a burst has not. */
static bool grows_all_along(const struct series *fds, uint32_t back)
{
	double covered, before = 0;

	for (uint32_t quarter = 1; quarter <= 4; quarter++) {
		double change = series_change(fds, back * quarter / 4, &covered) * covered;

		if (!(change > before))
			return false;
		before = change;
	}
	return true;
}

/* When the descriptors run out at the growth of the window; NAN: they do not grow steadily. */
static int fds_left(struct audit_run *run, uint32_t proc, double *left_s)
{
	const struct frame *f = run->s->frame;
	const struct proc *p = &f->procs[proc];
	const struct series *fds;
	double covered, growth;
	uint32_t back;

	*left_s = NAN;
	if (!(fds_percent(p) >= GROWTH_PERCENT) || f->preliminary)
		return 0;
	fds = series_add(
		&run->history->fds, group_proc_key(f, PROC_ROW_PROCESS, proc), f->mono_ns, p->fds);
	if (!fds)
		return -ENOMEM;
	back = series_window(fds, run->window_ns);
	growth = series_change(fds, back, &covered);
	if (back >= 4 && covered >= GROWTH_COVERED_S && growth > 0 && grows_all_along(fds, back))
		*left_s = (p->fd_limit - fmin(p->fds, p->fd_limit)) / growth;
	return 0;
}

static const struct proc_row *row_of(const struct sample *s, uint32_t proc)
{
	for (uint32_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].kind == PROC_ROW_PROCESS && s->procs[i].proc == proc)
			return &s->procs[i];
	return NULL;
}

static const char *fds_evidence(struct audit_run *run, uint32_t proc, double left_s)
{
	const struct proc *p = &run->s->frame->procs[proc];
	const struct proc_row *r = row_of(run->s, proc);
	const char *sockets = "", *left = "";

	if (r && r->conns)
		sockets = sample_text(run->s, "; %s, %s of them in CLOSE-WAIT",
			r->conns == 1 ? "1 is a connection"
				      : sample_text(run->s, "%s are connections",
						audit_count(run, r->conns)),
			audit_count(run, r->states[SOCK_CLOSE_WAIT]));
	if (!isnan(left_s))
		left = sample_text(
			run->s, "; at its growth none left in %s", audit_age(run, left_s));
	if (!sockets || !left)
		return NULL;
	return sample_text(run->s, "%s of %s descriptors open (%s)%s%s", audit_count(run, p->fds),
		audit_count(run, p->fd_limit), audit_percent(run, fds_percent(p)), sockets, left);
}

/* Told by close-wait-leak already, with the reason. */
static bool is_leaking(const struct audit_run *run, uint32_t proc)
{
	return audit_has_subject(
		run, "close-wait-leak", group_proc_key(run->s->frame, PROC_ROW_PROCESS, proc));
}

/* fs.nr_open as it is by itself: the kernel refuses more. */
#define FDS_MOST 1048576

static uint32_t more_fds(const struct proc *p)
{
	if (p->fd_limit >= FDS_MOST)
		return p->fd_limit < UINT32_MAX / 4 ? p->fd_limit * 2 : p->fd_limit;
	return p->fd_limit > FDS_MOST / 2 ? FDS_MOST : p->fd_limit * 2;
}

static const char *fds_advice(struct audit_run *run, const struct proc *p, bool leaking)
{
	static const char service[] = ".service";
	size_t len = p->unit ? strlen(p->unit) : 0;
	bool is_service;

	if (leaking)
		return "It leaks (see close-wait-leak): a higher limit buys time, no more. At the "
		       "limit "
		       "accept(), connect() and open() fail.";
	is_service = len > strlen(service) && !strcmp(p->unit + len - strlen(service), service);
	return sample_text(run->s,
		"At the limit accept(), connect() and open() fail (EMFILE). See what they are: ls "
		"-l /proc/%u/fd. If it needs that many, raise its limit: LimitNOFILE=%u %s%s for "
		"good (it takes a restart), prlimit as root for now.%s",
		p->pid, more_fds(p), is_service ? "in " : "of its unit", is_service ? p->unit : "",
		p->fd_limit < FDS_MOST ? "" : " No limit is beyond fs.nr_open.");
}

/* Both limits: soft and hard are most often the same, and one alone cannot be raised. */
static const char *fds_command(struct audit_run *run, const struct proc *p)
{
	if (p->fd_limit >= FDS_MOST)
		return "sysctl fs.nr_open";
	return sample_text(
		run->s, "prlimit --pid %u --nofile=%u:%u", p->pid, more_fds(p), more_fds(p));
}

static int check_fds(struct audit_run *run, uint32_t proc)
{
	const struct proc *p = &run->s->frame->procs[proc];
	uint64_t key = group_proc_key(run->s->frame, PROC_ROW_PROCESS, proc);
	bool leaking = is_leaking(run, proc);
	enum severity severity =
		audit_severity(run, fds_percent(p), LIMIT_FDS_WARNING, LIMIT_FDS_CRITICAL, key);
	double left_s;
	int err = fds_left(run, proc, &left_s);

	if (severity == SEVERITY_OK && !leaking &&
		left_s <= run->settings->thresholds[LIMIT_EXHAUSTION])
		severity = SEVERITY_WARNING;
	if (err || severity == SEVERITY_OK)
		return err;
	return audit_add(run, &(struct audit_found){
				      .severity = severity,
				      .key = key,
				      .size = fds_percent(p),
				      .since = NAN,
				      .subject = audit_process(run, PROC_ROW_PROCESS, proc),
				      .evidence = fds_evidence(run, proc, left_s),
				      .advice = fds_advice(run, p, leaking),
				      .command = fds_command(run, p),
			      });
}

int audit_fds_low(struct audit_run *run)
{
	const struct frame *f = run->s->frame;
	int err = 0;

	if (f->owners_hidden && (f->procs_hidden || f->pids_hidden))
		audit_unknown(
			run, sample_text(run->s, "the processes of %u socket%s cannot be seen%s",
				     f->owners_hidden, f->owners_hidden == 1 ? "" : "s",
				     f->seer_uid == PROC_UNKNOWN ? "" : ": run it as root"));
	for (uint32_t i = 0; !err && i < f->proc_count; i++)
		err = check_fds(run, i);
	return err;
}

/* ---- What the whole host shares -------------------------------------------------------------- */

struct gauge {
	enum counter used, limit;
	bool bytes;
	const char *what;    /* of its limit: "1.0G of 1.1G of TCP memory" */
	const char *setting; /* that limits it */
	const char *subject, *advice, *command;
};

/* "900 of 1,000 open files (90.0%), limited by fs.file-max", or without a limit where that cannot be
 * read. */
static const char *gauge_evidence(struct audit_run *run, const struct gauge *g)
{
	const char *(*words)(struct audit_run *, double) = g->bytes ? audit_bytes : audit_count;
	double used = audit_counter(run, g->used), limit = audit_counter(run, g->limit);

	if (isnan(limit))
		return sample_text(run->s, "%s %s", words(run, used), g->what);
	return sample_text(run->s, "%s of %s %s (%s), limited by %s", words(run, used),
		words(run, limit), g->what, audit_percent(run, 100 * used / limit), g->setting);
}

static double gauge_percent(struct audit_run *run, const struct gauge *g)
{
	double used = audit_counter(run, g->used), limit = audit_counter(run, g->limit);

	if (isnan(used) || isnan(limit) || limit <= 0)
		audit_unknown(run, sample_text(run->s,
					   "%s cannot be read here, as in a network namespace or a "
					   "sandbox",
					   g->setting));
	return limit > 0 ? 100 * used / limit : NAN;
}

static int add_gauge(struct audit_run *run, const struct gauge *g, enum severity severity,
	double percent, const char *more)
{
	const char *evidence = gauge_evidence(run, g);

	return audit_add(run,
		&(struct audit_found){
			.severity = severity,
			.size = percent,
			.since = NAN,
			.subject = g->subject,
			.evidence = evidence && more ? sample_text(run->s, "%s%s", evidence, more)
						     : NULL,
			.advice = g->advice,
			.command = g->command,
		});
}

static int check_gauge(struct audit_run *run, const struct gauge *g)
{
	double percent = gauge_percent(run, g);
	enum severity severity =
		audit_severity(run, percent, LIMIT_HOST_WARNING, LIMIT_HOST_CRITICAL, 0);

	return severity == SEVERITY_OK ? 0 : add_gauge(run, g, severity, percent, "");
}

/* Beyond the second number of tcp_mem the kernel already saves: buffers shrink. */
int audit_tcp_memory(struct audit_run *run)
{
	static const struct gauge gauge = {
		.used = COUNTER_TCP_MEM,
		.limit = COUNTER_TCP_MEM_LIMIT,
		.bytes = true,
		.what = "for the TCP buffers of the whole host",
		.setting = "net.ipv4.tcp_mem",
		.subject = "TCP memory",
		.advice =
			"Under pressure the kernel shrinks buffers and drops data, at the limit it "
			"resets connections. Most often readers are stuck: find the largest "
			"queues. "
			"Raise tcp_mem (in pages) only if there is memory to spare.",
		.command = "sockdash sockets -t -p -s -recv_q | head -20",
	};
	double percent = gauge_percent(run, &gauge), mem = audit_counter(run, COUNTER_TCP_MEM);
	double aborts = audit_rate(run, COUNTER_ABORT_ON_MEMORY);
	enum severity severity =
		audit_severity(run, percent, LIMIT_HOST_WARNING, LIMIT_HOST_CRITICAL, 0);
	double pressure = audit_counter(run, COUNTER_TCP_MEM_PRESSURE);
	bool pressed = pressure > 0 && mem >= pressure;
	const char *more = pressed ? "; the kernel is under memory pressure" : "";

	/* The counter is there also where the limits cannot be read. */
	if (aborts * audit_covered(run) > AUDIT_EVENTS_LEAST - 0.1) {
		severity = SEVERITY_CRITICAL;
		more = sample_text(run->s, "%s; %s connections reset per second for want of it",
			more, audit_per_second(run, aborts));
	}
	if (severity == SEVERITY_OK && pressed)
		severity = SEVERITY_WARNING;
	return severity == SEVERITY_OK ? 0 : add_gauge(run, &gauge, severity, percent, more);
}

int audit_udp_memory(struct audit_run *run)
{
	static const struct gauge gauge = {
		.used = COUNTER_UDP_MEM,
		.limit = COUNTER_UDP_MEM_LIMIT,
		.bytes = true,
		.what = "for the UDP buffers of the whole host",
		.setting = "net.ipv4.udp_mem",
		.subject = "UDP memory",
		.advice = "At the limit datagrams are dropped whatever the buffer of a socket. "
			  "Find the "
			  "sockets with the largest queues: their processes do not read.",
		.command = "sockdash sockets -u -p -s -recv_q | head -20",
	};

	return check_gauge(run, &gauge);
}

int audit_orphans(struct audit_run *run)
{
	static const struct gauge gauge = {
		.used = COUNTER_ORPHANS,
		.limit = COUNTER_ORPHANS_LIMIT,
		.what = "connections closed here that their peers hold up, on the whole host",
		.setting = "net.ipv4.tcp_max_orphans",
		.subject = "orphans",
		.advice = "At the limit closed connections are reset and what was still to be sent "
			  "is "
			  "lost. See to which peers they are: they do not acknowledge. Each may "
			  "hold 64 "
			  "kB; with memory to spare raise tcp_max_orphans.",
		.command = "ss -tano state fin-wait-1 state last-ack state closing",
	};

	return check_gauge(run, &gauge);
}

/* Where nothing is tracked there is no table: then all is well. */
int audit_conntrack_full(struct audit_run *run)
{
	static const struct gauge gauge = {
		.used = COUNTER_CONNTRACK,
		.limit = COUNTER_CONNTRACK_LIMIT,
		.what = "tracked connections",
		.setting = "net.netfilter.nf_conntrack_max",
		.subject = "connection tracking",
		.advice = "When the table is full the firewall drops packets of new connections "
			  "(kernel "
			  "log: nf_conntrack: table full). Raise the limit, about 320 bytes an "
			  "entry; or "
			  "do not track the busiest traffic (notrack).",
	};
	double limit = audit_counter(run, COUNTER_CONNTRACK_LIMIT);
	struct gauge g = gauge;

	if (isnan(limit) && !isnan(audit_counter(run, COUNTER_FILES)))
		return 0;
	g.command = isnan(limit)
			    ? ""
			    : sample_text(run->s, "sysctl -w net.netfilter.nf_conntrack_max=%.0f",
				      limit * 2);
	return check_gauge(run, &g);
}

int audit_files_full(struct audit_run *run)
{
	static const struct gauge gauge = {
		.used = COUNTER_FILES,
		.limit = COUNTER_FILES_LIMIT,
		.what = "open files on the whole host",
		.setting = "fs.file-max",
		.subject = "open files",
		.advice = "At the limit accept(), connect() and open() fail for everybody "
			  "(ENFILE). See "
			  "who has most before you raise it.",
	};
	double limit = audit_counter(run, COUNTER_FILES_LIMIT);
	struct gauge g = gauge;

	g.command = sample_text(run->s, "sysctl -w fs.file-max=%.0f",
		isnan(limit) || limit > 1e15 ? 1e15 : limit * 2);
	return check_gauge(run, &g);
}
