/* The audit: runs its rules over a sample, puts what they find into order, and remembers since when
 * they find it. */
#include "sockdash/audit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/audit_run.h"
#include "sockdash/grow.h"
#include "sockdash/needs.h"

/* How long something may not be found and still be the same when it comes back, in seconds. */
#define HOLD_S 60

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_UNKNOWN] = "unknown",
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}

void audit_settings_init(struct audit_settings *s)
{
	*s = (struct audit_settings){ 0 };
	for (size_t i = 0; i < audit_threshold_count; i++)
		s->thresholds[i] = audit_thresholds[i].standard;
}

const struct audit_rule *audit_find(const char *id, size_t len)
{
	for (size_t i = 0; i < audit_rule_count; i++)
		if (strlen(audit_rules[i].id) == len && memcmp(audit_rules[i].id, id, len) == 0)
			return &audit_rules[i];
	return NULL;
}

/* ---- Since when ------------------------------------------------------------------------------ */

struct audit_seen *audit_seen_find(const struct audit_history *h, uint64_t identity)
{
	for (uint32_t i = 0; i < h->count; i++)
		if (h->seen[i].identity == identity)
			return &h->seen[i];
	return NULL;
}

/* Forgets what was not found for long. */
static void forget(struct audit_history *h, int64_t now_ns, double interval_s)
{
	double hold_s = fmax(HOLD_S, 3 * interval_s); /* no interval, no NAN: fmax() */
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->count; i++)
		if ((double)(now_ns - h->seen[i].last_ns) / 1e9 <= hold_s)
			h->seen[kept++] = h->seen[i];
	h->count = kept;
}

/* What is found in the first two samples, or before rates cover a window, may have been there
 * before. */
static int remember(const struct audit_run *run, struct finding *f)
{
	struct audit_history *h = run->history;
	int64_t now_ns = run->s->frame->mono_ns;
	struct audit_seen *seen = audit_seen_find(h, f->identity);
	double watched;

	if (!seen) {
		if (grow(&h->seen, h->count, &h->room, sizeof *h->seen))
			return -ENOMEM;
		seen = &h->seen[h->count++];
		*seen = (struct audit_seen){
			.identity = f->identity,
			.first_ns = now_ns,
			.at_least = h->round <= 1 || now_ns - h->begun_ns < run->window_ns,
		};
	}
	seen->last_ns = now_ns;
	seen->round = h->round;
	seen->severity = f->severity;
	watched = (double)(now_ns - seen->first_ns) / 1e9;
	if (f->since >= watched)
		return 0;
	f->since_at_least = seen->at_least;
	f->since = watched > 0 ? watched : NAN;
	return 0;
}

static int remember_all(struct audit_run *run)
{
	struct audit_history *h = run->history;
	int64_t now = run->s->frame->mono_ns;
	int err = 0;

	for (uint32_t i = 0; !err && i < run->count; i++)
		if (run->rows[i].finding.severity >= SEVERITY_INFO)
			err = remember(run, &run->rows[i].finding);
	if (!run->s->frame->preliminary) {
		forget(h, now, run->s->interval_s);
		h->round++;
	}
	return err;
}

/* ---- The rules ------------------------------------------------------------------------------- */

/* A reason why a rule that found nothing may have missed something; NULL there is none. */
static const char *blind_spot(struct audit_run *run)
{
	const struct frame *f = run->s->frame;

	if (run->note || !(run->rule->needs & NEED_OWNERS))
		return run->note;
	if (f->owners_percent < 100)
		return sample_text(run->s, "the search for owners has come to %.0f %%",
			floor(f->owners_percent));
	return NULL;
}

/* A rule without a finding has a row that says so. */
static int add_silent(struct audit_run *run)
{
	const char *why = blind_spot(run);
	struct audit_found found = { .severity = SEVERITY_OK, .since = NAN };

	found.subject = found.evidence = found.advice = found.command = "";
	if (why) {
		found.severity = SEVERITY_UNKNOWN;
		found.evidence = sample_text(run->s, "not checked: %s", why);
	}
	return audit_add(run, &found);
}

static int run_rule(struct audit_run *run, const struct audit_rule *rule)
{
	const struct frame *f = run->s->frame;
	uint32_t before = run->count;
	int err = 0;

	run->rule = rule;
	run->note = NULL;
	if (rule->needs & ~f->asked)
		run->note = "what it needs is not collected";
	else if (rule->needs & NEED_OWNERS && !f->owners_known)
		run->note = "it is not known which process owns a socket";
	else
		err = rule->check(run);
	return err || run->count > before ? err : add_silent(run);
}

/* The worst first, then as the rules stand, then the largest. */
static int compare_rows(const void *a, const void *b)
{
	const struct audit_row *x = a, *y = b;
	const struct finding *f = &x->finding, *g = &y->finding;

	if (f->severity != g->severity)
		return (f->severity < g->severity) - (f->severity > g->severity);
	if (f->rule != g->rule)
		return (f->rule > g->rule) - (f->rule < g->rule);
	if (x->size != y->size)
		return (x->size < y->size) - (x->size > y->size);
	return (f->identity > g->identity) - (f->identity < g->identity);
}

static int hand_over(struct audit_run *run)
{
	struct sample *s = run->s;

	s->findings = calloc(run->count ? run->count : 1, sizeof *s->findings);
	if (!s->findings)
		return -ENOMEM;
	if (run->count)
		qsort(run->rows, run->count, sizeof *run->rows, compare_rows);
	for (uint32_t i = 0; i < run->count; i++) {
		s->findings[s->finding_count++] = run->rows[i].finding;
		s->finding_shown += run->rows[i].finding.severity >= SEVERITY_INFO;
	}
	return 0;
}

int group_findings(struct sample *s, const struct sample *prev, struct audit_history *history,
	const struct audit_settings *settings, int64_t window_ns)
{
	struct audit_run run = {
		.s = s,
		.prev = prev,
		.history = history,
		.settings = settings,
		.window_ns = window_ns,
	};
	int err = 0;

	if (!history->round)
		history->begun_ns = s->frame->mono_ns;
	for (size_t i = 0; !err && i < audit_rule_count; i++)
		if (!settings->off[i])
			err = run_rule(&run, &audit_rules[i]);
	if (!err)
		err = remember_all(&run);
	if (!err)
		err = hand_over(&run);
	if (!err && !s->frame->preliminary)
		err = series_sweep(&history->fds);
	free(run.rows);
	return err;
}

void audit_history_free(struct audit_history *h)
{
	free(h->seen);
	series_free(&h->fds);
	*h = (struct audit_history){ 0 };
}
