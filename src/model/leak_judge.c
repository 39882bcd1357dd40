/* Verdicts. The sockets that are there for longer than those which leave ever stay are the evidence:
 * when they come again and again, it is a leak; one burst of them is stuck. A false leak is worse
 * than a late one, so that a verdict is preliminary until a reaper that comes round every few minutes
 * would have come. Pure. */
#include "sockdash/leak_judge.h"

#include <math.h>

#include "sockdash/leak_evidence.h"

#define LEAST_TOLD     3   /* sockets that a leak is suspected of */
#define LEAST_SPAN_S   10  /* and the time in which they came */
#define CERTAIN_COUNT  5   /* sockets that a leak is sure of */
#define CERTAIN_SPAN_S 300 /* and the time, where others are seen to leave */
#define LONE_SPAN_S    600 /* the same where none does */
#define CERTAIN_SEEN   4   /* of them while we watched */
#define SEEN           3   /* sockets that became overdue while we watched, where others leave */
#define SEEN_LATE      6   /* the same, where others leave late */
#define LATE           4   /* times the floor */
#define STAY           0.7 /* of the overdue ones */
#define STOPPED_AFTER  5   /* usual times between two without another one */
#define STOPPED_LATER  8   /* the same where it was sure */
#define SLOW           1.2 /* floors: a usual stay is known to a fifth only */
#define OLD_ENOUGH_S   120

struct proof {
	double patience;
	int32_t until;    /* who came before may be leaked */
	uint32_t ripe;    /* how many did */
	uint32_t overdue; /* of those of which it is known when they came */
	int32_t newest;   /* of all that are overdue */
	bool lone;        /* none has left yet */
	struct leak_evidence evidence;
};

static uint32_t count_until(const int32_t *times, uint32_t count, int32_t until)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (times[mid] <= until)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct proof gather(const struct leak_case *c, const struct leak_row *row)
{
	const struct pile_rule *rule = &pile_rules[row->pile];
	struct proof p = { .lone = life_left(&c->memory->life) < 0.5 };

	p.patience = life_patience(&c->memory->life, rule->floor_s);
	p.until = c->now - (int32_t)ceil(p.patience * 10);
	p.overdue = count_until(c->times, c->time_count, p.until);
	p.newest = p.overdue ? c->times[p.overdue - 1] : c->older_by;
	/* What leaks and when it is overdue may be two things. */
	p.patience = fmax(p.patience, rule->leak_s);
	/* Where none leaves, the young ones too will stay. */
	p.until = p.lone ? c->now : c->now - (int32_t)ceil(p.patience * 10);
	p.ripe = count_until(c->times, c->time_count, p.until);
	p.evidence = leak_evidence_of(c->times, p.ripe, p.until, c->now, c->window_s);
	return p;
}

static bool is_certain(const struct leak_case *c, const struct leak_evidence *e)
{
	double watched = (double)(c->now_ns - c->memory->watched_ns) / 1e9;

	return e->count >= CERTAIN_COUNT && watched * e->rate >= CERTAIN_SEEN &&
	       e->span_s >= (life_left(&c->memory->life) >= 5 ? CERTAIN_SPAN_S : LONE_SPAN_S);
}

/* Whether they still come. */
static bool goes_on(const struct leak_case *c, const struct proof *p)
{
	bool sure = c->memory->verdict == VERDICT_LEAK && !c->memory->preliminary;
	double quiet = p->evidence.newest_s - (p->lone ? 0 : p->patience);

	return leak_evidence_goes_on(&p->evidence, quiet, sure ? STOPPED_LATER : STOPPED_AFTER);
}

/* Whether they come evenly. */
static bool keeps_coming(const struct leak_case *c, const struct proof *p)
{
	return p->evidence.count >= LEAST_TOLD && p->evidence.spread && goes_on(c, p);
}

/* Two that stay are no leak yet, but the time between them is the best there is to tell growth by. */
static bool is_even(const struct leak_case *c, const struct proof *p)
{
	if (!p->lone)
		return false;
	if (p->evidence.count == 2)
		return p->evidence.span_s >= LEAST_SPAN_S && goes_on(c, p);
	return keeps_coming(c, p);
}

/* Whether those that become overdue stay: of some that do while we watch, few leave later. What was
 * there before us may be as many as ever. */
static bool they_stay(const struct leak_case *c, const struct leak_row *row, const struct proof *p)
{
	unsigned least = p->patience > LATE * pile_rules[row->pile].leak_s ? SEEN_LATE : SEEN;
	double floor_s = pile_rules[row->pile].floor_s;
	double watched = (double)(c->now_ns - c->memory->watched_ns) / 1e9;
	int32_t reach = p->until - (int32_t)(life_reach(watched) * 10);
	uint32_t came = p->ripe - count_until(c->times, p->ripe, reach);

	double left = life_left_after(&c->memory->life, p->patience);

	/* Ages tell of a leak that was there before us, as long as all that leave are young. */
	if (p->lone || (p->evidence.count >= CERTAIN_COUNT &&
			       life_left_after(&c->memory->life, floor_s) < 0.5))
		return true;
	/* By chance fewer left than would have. */
	left += sqrt(left);
	return watched >= p->patience && came - left / (1 - STAY) >= least;
}

static bool is_leak(const struct leak_case *c, const struct leak_row *row, const struct proof *p)
{
	double floor_s = pile_rules[row->pile].floor_s;

	return p->overdue >= LEAST_TOLD && p->evidence.span_s >= LEAST_SPAN_S &&
	       keeps_coming(c, p) && they_stay(c, row, p) &&
	       life_differs(&c->memory->life, floor_s, p->patience);
}

/* There are fewer and fewer: in both halves of the window, not at a stroke, and more than what comes
 * and goes by chance. */
static bool is_draining(const struct leak_case *c, const struct leak_row *row)
{
	uint32_t back = c->counts ? series_window(c->counts, (int64_t)(c->window_s * 1e9)) : 0;
	double then, middle, now, moved;

	if (back < 3)
		return false;
	then = (double)series_back(c->counts, back)->value;
	middle = (double)series_back(c->counts, back / 2)->value;
	now = (double)series_back(c->counts, 0)->value;
	moved = (row->in_rate + row->out_rate) *
		(double)(c->now_ns - series_back(c->counts, back)->time_ns) / 1e9;
	return then - now >= fmax(3, then * 0.05) && then - now >= 2 * sqrt(moved) &&
	       then - middle >= (then - now) / 5 && middle - now >= (then - now) / 5;
}

static double age_of(const struct leak_case *c, int32_t since)
{
	return (c->now - since) / 10.0;
}

static void tell_leak(const struct leak_case *c, const struct proof *p, struct leak_row *row)
{
	row->verdict = VERDICT_LEAK;
	row->preliminary = !is_certain(c, &p->evidence);
	row->since = p->evidence.since_s;
}

static void tell_other(const struct leak_case *c, const struct proof *p, struct leak_row *row)
{
	double watched = (double)(c->now_ns - c->memory->watched_ns) / 1e9;
	double floor_s = pile_rules[row->pile].floor_s;

	if (is_draining(c, row)) {
		row->verdict = VERDICT_DRAINING;
		row->preliminary = watched < 30;
	} else if (row->overdue) {
		row->verdict = VERDICT_STUCK;
		row->since = age_of(c, p->newest);
		row->preliminary = row->since < fmax(OLD_ENOUGH_S, 4 * p->patience) || watched < 60;
	} else if (row->usual > SLOW * floor_s) {
		row->verdict = VERDICT_SLOW;
		row->preliminary = life_left(&c->memory->life) < 5;
	} else {
		row->verdict = VERDICT_OK;
		row->preliminary = watched < 2 * floor_s;
	}
}

void leak_judge(const struct leak_case *c, struct leak_row *row)
{
	const struct leak_memory *m = c->memory;
	struct proof p = gather(c, row);
	double left = life_left(&m->life);

	row->overdue = p.overdue;
	if (c->older && age_of(c, c->older_by) > p.patience)
		row->overdue += c->older;
	row->usual = left * 5 >= left + row->overdue ? life_usual(&m->life) : NAN;
	row->since = NAN;
	if (is_leak(c, row, &p)) {
		tell_leak(c, &p, row);
		row->growth = p.evidence.rate;
	} else {
		tell_other(c, &p, row);
		if (is_even(c, &p))
			row->growth = p.evidence.rate;
	}
	if (isnan(row->since))
		row->since =
			row->verdict == m->verdict ? (double)(c->now_ns - m->verdict_ns) / 1e9 : 0;
}
