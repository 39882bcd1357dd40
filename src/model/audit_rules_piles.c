/* Rules about what piles up: sockets that a process does not close, queues that nobody empties.
 * The verdicts are those of the leaks; here they become words. No setting of the kernel cures any of
 * them, and none is named. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"
#include "sockdash/buf.h"

/* The text of a buffer, which it frees, as one of the sample; NULL without memory. */
static const char *keep(struct audit_run *run, struct buf *b)
{
	const char *text = b->failed ? NULL : sample_text(run->s, "%s", b->len ? b->data : "");

	buf_free(b);
	return text;
}

static uint64_t key_of(const struct audit_run *run, const struct leak_row *l)
{
	return group_proc_key(run->s->frame, l->kind, l->proc);
}

static const struct proc *process_of(const struct audit_run *run, const struct leak_row *l)
{
	return l->kind == PROC_ROW_PROCESS ? &run->s->frame->procs[l->proc] : NULL;
}

/* Sockets whose owner is still looked for, or never will be found, are nobody's fault yet. */
static bool is_of(const struct leak_row *l, enum pile pile)
{
	return l->pile == pile && l->kind != PROC_ROW_PENDING && l->kind != PROC_ROW_BRIEF;
}

/* ---- CLOSE-WAIT ------------------------------------------------------------------------------ */

static void add_causes(struct audit_run *run, struct buf *b, const struct leak_row *l)
{
	static const struct {
		enum sock_wait_cause cause;
		const char *words;
	} causes[] = {
		{ SOCK_WAIT_NOT_CLOSED, "never closed" },
		{ SOCK_WAIT_EOF_UNREAD, "the end of file not read" },
		{ SOCK_WAIT_UNREAD, "data not read" },
	};
	bool first = true;

	for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
		uint32_t n = l->causes[causes[i].cause];

		if (n == 0)
			continue;
		buf_adds(b, first ? "; " : ", ");
		if (n < l->count)
			buf_addf(b, "%s %s", audit_count(run, n),
				causes[i].cause == SOCK_WAIT_NOT_CLOSED ? "" : "with ");
		buf_adds(b, causes[i].words);
		first = false;
	}
}

static void add_fds(struct audit_run *run, struct buf *b, const struct leak_row *l)
{
	const struct proc *p = process_of(run, l);

	if (p && p->fds != PROC_UNKNOWN && p->fd_limit != PROC_UNKNOWN &&
		p->fd_limit != PROC_UNLIMITED && p->fd_limit)
		buf_addf(b, "; %s of %s descriptors open", audit_count(run, p->fds),
			audit_count(run, p->fd_limit));
	if (l->exhaustion > 0)
		buf_addf(b, ", none left in %s", audit_age(run, l->exhaustion));
	else if (l->exhaustion == 0)
		buf_adds(b, ", none left");
}

static void add_end(struct audit_run *run, struct buf *b, const struct leak_row *l,
	const char *where, const char *end, uint32_t count)
{
	if (!end || !*end)
		return;
	buf_addf(b, "; %s%s %s",
		l->count == 1       ? ""
		: count == l->count ? "all "
				    : "most ",
		where, end);
	if (count < l->count)
		buf_addf(b, " (%s)", audit_count(run, count));
}

static void add_ends(struct audit_run *run, struct buf *b, const struct leak_row *l)
{
	add_end(run, b, l, "with", l->peer, l->peer_count);
	add_end(run, b, l, "here at", l->local, l->local_count);
}

static void add_oldest(struct audit_run *run, struct buf *b, const struct leak_row *l)
{
	if (!isnan(l->oldest))
		buf_addf(b, "; the oldest for %s%s", l->oldest_at_least ? "over " : "",
			audit_age(run, l->oldest));
}

/* That no more come takes long to be sure of; that none goes is seen. */
static const char *stuck_words(const struct leak_row *l)
{
	if (!l->preliminary)
		return ", no more coming";
	return l->out_rate == 0 ? ", none of them is being closed" : "";
}

/* When the verdicts are certain (leak_judge.c). */
static const char *certainty(const struct leak_row *l)
{
	return l->verdict == VERDICT_LEAK
		       ? "; likely, certain only after 5 to 10 minutes of watching"
		       : "; likely, certain only when no more come for 2 minutes or longer";
}

static const char *close_wait_evidence(struct audit_run *run, const struct leak_row *l)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s in CLOSE-WAIT", audit_count(run, l->count));
	if (l->verdict == VERDICT_LEAK && l->growth > 0)
		buf_addf(&b, ", %s more per second", audit_per_second(run, l->growth));
	if (l->verdict == VERDICT_STUCK)
		buf_addf(&b, ", %s of them for too long%s", audit_count(run, l->overdue),
			stuck_words(l));
	add_oldest(run, &b, l);
	add_causes(run, &b, l);
	if (l->resets)
		buf_addf(&b, "; %s more reset by the kernel, %s still open",
			audit_count(run, l->resets),
			l->resets == 1 ? "its descriptor" : "their descriptors");
	add_fds(run, &b, l);
	add_ends(run, &b, l);
	if (l->preliminary)
		buf_adds(&b, certainty(l));
	return keep(run, &b);
}

static enum sock_wait_cause main_cause(const struct leak_row *l)
{
	enum sock_wait_cause most = SOCK_WAIT_NOT_CLOSED;

	if (l->causes[SOCK_WAIT_EOF_UNREAD] > l->causes[most])
		most = SOCK_WAIT_EOF_UNREAD;
	if (l->causes[SOCK_WAIT_UNREAD] > l->causes[most])
		most = SOCK_WAIT_UNREAD;
	return most;
}

static const char *const causes_advice[SOCK_WAIT_CAUSES] = {
	[SOCK_WAIT_NOT_CLOSED] =
		"The peers have closed, the process has read that, and it never calls close(): a "
		"bug in "
		"its code, often on an error path or a response that is not closed.",
	[SOCK_WAIT_EOF_UNREAD] =
		"The peers have closed and the process has not looked: most often a pool of idle "
		"connections that nobody checks. Give the pool an idle timeout.",
	[SOCK_WAIT_UNREAD] = "The peers have sent data, then closed, and the process reads "
			     "neither: it is stuck or "
			     "overloaded. Save what its threads wait for before you restart it.",
};

/* "10.0.0.5:443" or "[::1]:443", not "10.0.0.5" or "::1". */
static bool has_port(const char *end)
{
	const char *colon = strchr(end, ':');

	return *end == '[' ? strstr(end, "]:") != NULL : colon && colon == strrchr(end, ':');
}

/* Which code it is: connections to one service, or those that came in at one port. */
static const char *code_advice(struct audit_run *run, const struct leak_row *l)
{
	if (l->peer && has_port(l->peer))
		return sample_text(run->s, " Most are connections to %s.", l->peer);
	if (l->local && has_port(l->local))
		return sample_text(run->s, " Most came in at %s.", l->local);
	return "";
}

/* Only the process can close them, and only with its own close(). */
static const char *close_wait_advice(struct audit_run *run, const struct leak_row *l)
{
	const char *code = code_advice(run, l);

	if (l->kind == PROC_ROW_NONE)
		return "Peers have given up waiting for accept(): look at the accept queue of the "
		       "listener.";
	if (!code)
		return NULL;
	return sample_text(run->s,
		"%s%s No setting of the kernel helps: only the process can close them. %s.",
		causes_advice[main_cause(l)], code,
		l->verdict == VERDICT_LEAK ? "Restart it before its descriptors run out"
					   : "A restart frees them");
}

static const char *close_wait_command(struct audit_run *run, const struct leak_row *l)
{
	const struct proc *p = process_of(run, l);

	if (!p)
		return l->kind == PROC_ROW_HIDDEN ? "sudo sockdash leaks"
						  : "ss -tanp state close-wait";
	if (main_cause(l) == SOCK_WAIT_UNREAD)
		return sample_text(run->s, "tail -n +1 /proc/%u/task/*/stack", p->pid);
	return sample_text(run->s, "ss -tanpo state close-wait | grep pid=%u,", p->pid);
}

/* A leak that was only seen for moments is critical when there is no time to be sure. */
static enum severity leak_severity(const struct audit_run *run, const struct leak_row *l)
{
	double limit = audit_limit(run, LIMIT_EXHAUSTION, key_of(run, l));

	return l->exhaustion <= (l->preliminary ? limit / 6 : limit) ? SEVERITY_CRITICAL
								     : SEVERITY_WARNING;
}

static int add_close_wait(struct audit_run *run, const struct leak_row *l, enum severity severity)
{
	return audit_add(run, &(struct audit_found){
				      .severity = severity,
				      .key = key_of(run, l),
				      .size = l->verdict == VERDICT_LEAK ? l->growth : l->count,
				      .since = isnan(l->since) ? l->oldest : l->since,
				      .subject = audit_process(run, l->kind, l->proc),
				      .evidence = close_wait_evidence(run, l),
				      .advice = close_wait_advice(run, l),
				      .command = close_wait_command(run, l),
			      });
}

int audit_close_wait_leak(struct audit_run *run)
{
	const struct sample *s = run->s;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	for (uint32_t i = 0; !err && i < s->leak_count; i++) {
		const struct leak_row *l = &s->leaks[i];

		if (is_of(l, PILE_CLOSE_WAIT) && l->verdict == VERDICT_LEAK)
			err = add_close_wait(run, l, leak_severity(run, l));
	}
	return err;
}

/* At first sight a process that is only slow to close looks the same. One that closes none meanwhile
 * is believed sooner. */
#define STUCK_AGE_S      60
#define STUCK_AGE_NONE_S 10

static bool is_stuck(const struct audit_run *run, const struct leak_row *l)
{
	double age = l->out_rate == 0 ? STUCK_AGE_NONE_S : STUCK_AGE_S;

	return l->verdict == VERDICT_STUCK && (!l->preliminary || l->oldest >= age) &&
	       l->overdue >= audit_limit(run, LIMIT_STUCK_SOCKETS, key_of(run, l));
}

int audit_close_wait_stuck(struct audit_run *run)
{
	const struct sample *s = run->s;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	for (uint32_t i = 0; !err && i < s->leak_count; i++) {
		const struct leak_row *l = &s->leaks[i];

		if (is_of(l, PILE_CLOSE_WAIT) && is_stuck(run, l))
			err = add_close_wait(run, l, SEVERITY_WARNING);
	}
	return err;
}

/* ---- The other piles ------------------------------------------------------------------------- */

/* What is said of a pile; %s is the peer, or "the peers". */
struct words {
	enum pile pile;
	enum audit_limit limit;
	const char *one, *what; /* behind the number of sockets: of 1, of several */
	const char *advice;     /* with the peer for its %s */
	const char *filter;     /* of ss */
	bool stack;             /* the process itself is to blame */
};

static const char *pile_evidence(
	struct audit_run *run, const struct leak_row *l, const struct words *w)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s %s", audit_count(run, l->overdue),
		l->overdue == 1 && w->one ? w->one : w->what);
	if (l->bytes)
		buf_addf(&b, ", %s bytes in all", audit_count(run, (double)l->bytes));
	if (l->verdict == VERDICT_LEAK && l->growth > 0)
		buf_addf(&b, ", %s more per second", audit_per_second(run, l->growth));
	add_oldest(run, &b, l);
	add_ends(run, &b, l);
	return keep(run, &b);
}

static const char *pile_command(
	struct audit_run *run, const struct leak_row *l, const struct words *w)
{
	const struct proc *p = process_of(run, l);

	if (p && w->stack)
		return sample_text(run->s, "tail -n +1 /proc/%u/task/*/stack", p->pid);
	if (p)
		return sample_text(run->s, "ss -tanpo %s | grep pid=%u,", w->filter, p->pid);
	return sample_text(run->s, "ss -tanpo %s", w->filter);
}

static int add_pile(struct audit_run *run, const struct leak_row *l, const struct words *w,
	enum severity severity)
{
	const char *evidence = pile_evidence(run, l, w), *command = pile_command(run, l, w);

	return audit_add(run, &(struct audit_found){
				      .severity = severity,
				      .key = key_of(run, l),
				      .size = l->overdue,
				      .since = isnan(l->since) ? l->oldest : l->since,
				      .subject = audit_process(run, l->kind, l->proc),
				      .evidence = evidence,
				      .advice = w->advice,
				      .command = command,
			      });
}

/* Established connections of a row; a few stuck ones among many are the peers' own affair. */
static uint32_t established(const struct sample *s, const struct leak_row *l)
{
	for (uint32_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].kind == l->kind && s->procs[i].proc == l->proc)
			return s->procs[i].states[SOCK_ESTAB];
	return 0;
}

static int check_pile(struct audit_run *run, const struct words *w)
{
	const struct sample *s = run->s;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	for (uint32_t i = 0; !err && i < s->leak_count; i++) {
		const struct leak_row *l = &s->leaks[i];
		bool queue = w->pile == PILE_RECV_Q || w->pile == PILE_SEND_Q;
		bool many;

		if (!is_of(l, w->pile) || l->verdict < VERDICT_STUCK || l->overdue == 0)
			continue;
		many = l->overdue >= audit_limit(run, w->limit, key_of(run, l)) &&
		       (w->pile != PILE_SEND_Q || l->overdue >= 0.05 * established(s, l));
		if (many || queue)
			err = add_pile(run, l, w, many ? SEVERITY_WARNING : SEVERITY_INFO);
	}
	return err;
}

int audit_reader_stuck(struct audit_run *run)
{
	static const struct words words = {
		.pile = PILE_RECV_Q,
		.limit = LIMIT_STUCK_READERS,
		.one = "connection with received data that the process does not read",
		.what = "connections with received data that the process does not read",
		.advice =
			"Data waits in the receive queue: the process is stuck, overloaded, or has "
			"forgotten these connections, and soon the peers cannot send any more. See "
			"what "
			"its threads wait for before you restart it.",
		.filter = "state established",
		.stack = true,
	};

	return check_pile(run, &words);
}

int audit_peer_stuck(struct audit_run *run)
{
	static const struct words words = {
		.pile = PILE_SEND_Q,
		.limit = LIMIT_STUCK_PEERS,
		.one = "connection whose peer does not take the data sent to it",
		.what = "connections whose peer does not take the data sent to it",
		.advice = "The other end does not read (timer persist), or does not answer at all "
			  "(timer "
			  "on): look at that host and the path to it. Slow clients of a busy "
			  "server look "
			  "like this too; a timeout for sending in the server drops them.",
		.filter = "state established",
	};

	return check_pile(run, &words);
}

int audit_fin_wait_2(struct audit_run *run)
{
	static const struct words words = {
		.pile = PILE_FIN_WAIT_2,
		.limit = LIMIT_STUCK_SOCKETS,
		.what = "in FIN-WAIT-2: closed for sending here, not closed by the peer",
		.advice = "The other ends do not close: look for CLOSE-WAIT there. The process "
			  "still holds "
			  "these sockets (it called shutdown(), not close()), so the kernel does "
			  "not time "
			  "them out: it needs a timeout of its own.",
		.filter = "state fin-wait-2",
	};

	return check_pile(run, &words);
}

int audit_last_ack(struct audit_run *run)
{
	static const struct words words = {
		.pile = PILE_LAST_ACK,
		.limit = LIMIT_STUCK_SOCKETS,
		.what = "in LAST-ACK: both ends have closed, the peer does not acknowledge",
		.advice = "The other end, or a firewall or load balancer in between, has forgotten "
			  "the "
			  "connection and drops what is sent to it. The kernel gives each up by "
			  "itself after "
			  "some retransmissions; look at that path.",
		.filter = "state last-ack",
	};

	return check_pile(run, &words);
}
