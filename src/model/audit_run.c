/* What the rules of the audit share: telling what was found, comparing with thresholds, words. */
#include "sockdash/audit_run.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "sockdash/endpoint.h"
#include "sockdash/grow.h"

/* ---- Telling --------------------------------------------------------------------------------- */

static uint64_t identity_of(const char *id, uint64_t key)
{
	return hash_mix(hash_bytes(id, strlen(id)), key) | 1;
}

int audit_add(struct audit_run *run, const struct audit_found *found)
{
	struct audit_row *row;

	if (!found->subject || !found->evidence || !found->advice || !found->command ||
		grow(&run->rows, run->count, &run->room, sizeof *run->rows))
		return -ENOMEM;
	row = &run->rows[run->count++];
	row->size = found->size;
	row->finding = (struct finding){
		.rule = run->rule,
		.severity = found->severity,
		.identity = identity_of(run->rule->id, found->key),
		.since = found->since,
		.subject = found->subject,
		.evidence = found->evidence,
		.advice = found->advice,
		.command = found->command,
	};
	return 0;
}

void audit_unknown(struct audit_run *run, const char *why)
{
	if (!run->note)
		run->note = why ? why : "";
}

bool audit_has(const struct audit_run *run, const char *id)
{
	for (uint32_t i = 0; i < run->count; i++)
		if (run->rows[i].finding.severity >= SEVERITY_INFO &&
			strcmp(run->rows[i].finding.rule->id, id) == 0)
			return true;
	return false;
}

bool audit_has_subject(const struct audit_run *run, const char *id, uint64_t key)
{
	uint64_t identity = identity_of(id, key);

	for (uint32_t i = 0; i < run->count; i++)
		if (run->rows[i].finding.identity == identity)
			return true;
	return false;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* What the sample before said of a subject; SEVERITY_OK nothing. */
static enum severity severity_then(const struct audit_run *run, uint64_t key)
{
	const struct audit_seen *seen =
		audit_seen_find(run->history, identity_of(run->rule->id, key));

	return seen && seen->round + 1 == run->history->round ? seen->severity : SEVERITY_OK;
}

#define KEEPS 0.9 /* of a threshold is enough to stay */

double audit_limit(const struct audit_run *run, enum audit_limit limit, uint64_t key)
{
	double standard = run->settings->thresholds[limit];

	return severity_then(run, key) > SEVERITY_OK ? standard * KEEPS : standard;
}

enum severity audit_severity(const struct audit_run *run, double value, enum audit_limit warning,
	enum audit_limit critical, uint64_t key)
{
	double limit = run->settings->thresholds[critical];

	if (value >= (severity_then(run, key) == SEVERITY_CRITICAL ? limit * KEEPS : limit))
		return SEVERITY_CRITICAL;
	return value >= audit_limit(run, warning, key) ? SEVERITY_WARNING : SEVERITY_OK;
}

double audit_covered(const struct audit_run *run)
{
	int64_t passed = run->s->frame->mono_ns - run->history->begun_ns;

	if (isnan(run->s->interval_s))
		return 0;
	/* A window has three intervals at least (series_window()). */
	return fmin(
		(double)passed / 1e9, fmax((double)run->window_ns / 1e9, 3 * run->s->interval_s));
}

double audit_rate(const struct audit_run *run, enum counter c)
{
	return run->s->counter_rates[c];
}

bool audit_happens(const struct audit_run *run, double rate, enum audit_limit limit, uint64_t key)
{
	/* A hair less than three: a rate times a time is rounded. */
	return rate >= audit_limit(run, limit, key) &&
	       rate * audit_covered(run) > AUDIT_EVENTS_LEAST - 0.1;
}

double audit_counter(const struct audit_run *run, enum counter c)
{
	int64_t value = run->s->frame->counters[c];

	return value == COUNTER_UNKNOWN ? NAN : (double)value;
}

bool audit_sees(struct audit_run *run, enum sock_proto proto)
{
	if (!(run->s->frame->absent & 1u << proto))
		return true;
	audit_unknown(run, proto == SOCK_TCP ? "TCP sockets were left out, or cannot be read"
					     : "UDP sockets were left out, or cannot be read");
	return false;
}

/* ---- Words ----------------------------------------------------------------------------------- */

static char *room(struct audit_run *run)
{
	return run->rooms[run->next_room++ % AUDIT_ROOMS];
}

const char *audit_count(struct audit_run *run, double n)
{
	return isnan(n) ? "-" : fmt_count(room(run), (uint64_t)fmax(n, 0), 0);
}

const char *audit_per_second(struct audit_run *run, double rate)
{
	return isnan(rate) ? "-" : fmt_rate(room(run), rate, 0);
}

const char *audit_percent(struct audit_run *run, double percent)
{
	return isnan(percent) ? "-" : fmt_percent(room(run), percent, 0);
}

const char *audit_age(struct audit_run *run, double seconds)
{
	return isnan(seconds) ? "-" : fmt_age(room(run), seconds, 0);
}

const char *audit_bytes(struct audit_run *run, double bytes)
{
	return isnan(bytes) ? "-" : fmt_bytes(room(run), (uint64_t)fmax(bytes, 0), 0);
}

const char *audit_process(struct audit_run *run, enum proc_row_kind kind, uint32_t proc)
{
	static const char *const kinds[PROC_ROW_KINDS] = {
		[PROC_ROW_NONE] = "sockets of no process",
		[PROC_ROW_HIDDEN] = "processes that cannot be seen",
		[PROC_ROW_BRIEF] = "sockets closed since",
		[PROC_ROW_PENDING] = "processes still looked for",
	};
	const struct proc *p;

	if (kind != PROC_ROW_PROCESS)
		return kinds[kind];
	p = &run->s->frame->procs[proc];
	return sample_text(run->s, "%s (pid %u)", *p->name ? p->name : "?", p->pid);
}

const char *audit_owner(struct audit_run *run, const struct sock *sock)
{
	const struct frame *f = run->s->frame;
	const struct proc *p = frame_owner(f, sock);
	uint32_t others = 0;

	if (!p)
		return "";
	for (uint32_t e = frame_next_owner(f, sock->owner); e != SOCK_NONE;
		e = frame_next_owner(f, e))
		others++;
	if (others == 0)
		return audit_process(run, PROC_ROW_PROCESS, (uint32_t)(p - f->procs));
	return sample_text(
		run->s, "%s (pid %u and %u more)", *p->name ? p->name : "?", p->pid, others);
}

const char *audit_listener(struct audit_run *run, const struct sock *sock)
{
	const char *owner = audit_owner(run, sock);
	char place[ENDPOINT_MAX];

	endpoint_text(run->s->frame, sock, true, 0, place);
	return owner ? sample_text(run->s, "%s%s%s", owner, *owner ? " on " : "", place) : NULL;
}

uint64_t audit_place(const struct audit_run *run, const struct sock *sock)
{
	const struct frame *f = run->s->frame;
	uint64_t port = (uint64_t)sock->local_port << 8 | sock->proto;

	return hash_mix(hash_bytes(frame_address(f, sock->local), sizeof(struct address)),
		hash_mix(frame_netns_inode(f, sock), port));
}

const char *audit_destination(struct audit_run *run, const struct sock *sock)
{
	char place[ENDPOINT_MAX];

	return sample_text(run->s, "%s", endpoint_text(run->s->frame, sock, false, 0, place));
}
