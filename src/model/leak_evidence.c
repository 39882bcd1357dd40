/* Times of leaked sockets. A leak is told from a burst by its gaps: one that is a large part of the
 * whole time stands between bursts. Pure. */
#include "sockdash/leak_evidence.h"

#include <math.h>

#define ENOUGH    20   /* times that a rate is drawn from, if there are as many */
#define GAP_SMALL 0.4  /* of the span: with larger gaps it is worth looking further back */
#define GAP_LARGE 0.6  /* of the span: nothing but a burst before it and one behind */
#define GAP_BURST 0.15 /* of the span: they come in bursts that want to be counted as one */

struct stretch {
	uint32_t from;  /* to the end */
	uint32_t after; /* the time behind the longest gap */
	int32_t gap, span;
};

static struct stretch stretch_of(const int32_t *times, uint32_t count, uint32_t from)
{
	struct stretch s = { .from = from, .after = from, .span = times[count - 1] - times[from] };

	for (uint32_t i = from + 1; i < count; i++) {
		if (times[i] - times[i - 1] >= s.gap) {
			s.gap = times[i] - times[i - 1];
			s.after = i;
		}
	}
	return s;
}

static bool is_spread(const struct stretch *s)
{
	return s->span > 0 && s->gap <= s->span * GAP_LARGE;
}

/* The longest gap, the one before the stretch counted: behind it may stand a single burst. */
static int32_t widest(const int32_t *times, const struct stretch *s)
{
	int32_t before = s->from ? times[s->from] - times[s->from - 1] : 0;

	return before > s->gap ? before : s->gap;
}

/* The end of the times that counts. */
static struct stretch choose(const int32_t *times, uint32_t count, int32_t since)
{
	uint32_t from = count > ENOUGH ? count - ENOUGH : 0;
	struct stretch s, tail;

	while (from > 0 && times[from - 1] >= since)
		from--;
	s = stretch_of(times, count, from);
	while (s.from > 0 && widest(times, &s) > s.span * GAP_SMALL) {
		uint32_t more = (count - s.from) / 2 + 1;

		s = stretch_of(times, count, s.from > more ? s.from - more : 0);
	}
	if (is_spread(&s))
		return s;
	/* Old ones, and after a long time others: these may be a leak that has begun. */
	tail = stretch_of(times, count, s.after);
	return is_spread(&tail) ? tail : s;
}

/* Where the last burst begins: times that are nearer to each other than `near`. */
static uint32_t last_burst(const int32_t *times, uint32_t count, uint32_t from, int32_t near)
{
	uint32_t at = count - 1;

	while (at > from && times[at] - times[at - 1] <= near)
		at--;
	return at;
}

/* Further back, as long as they came as they come now. */
static uint32_t chain_from(const int32_t *times, const struct stretch *s, double between)
{
	double most = fmax(6 * between, 2.0 * s->gap);
	uint32_t from = s->from;

	while (from > 0 && times[from] - times[from - 1] <= most)
		from--;
	return from;
}

struct leak_evidence leak_evidence_of(
	const int32_t *times, uint32_t count, int32_t until, int32_t now, double window_s)
{
	struct leak_evidence e = { .rate = NAN, .since_s = NAN, .newest_s = NAN };
	struct stretch s;
	uint32_t last, first;
	int32_t near;

	if (!count)
		return e;
	s = choose(times, count, until - (int32_t)(window_s * 10));
	near = s.gap > s.span * GAP_BURST ? s.gap / 4 : 0;
	while (near && s.from > 0 && times[s.from] - times[s.from - 1] <= near)
		s.from--;
	last = last_burst(times, count, s.from, near);
	if (last > s.from)
		e.rate = (last - s.from) * 10.0 / (times[last] - times[s.from]);
	e.count = count - s.from;
	e.spread = is_spread(&s);
	e.longest_s = s.gap / 10.0;
	first = isnan(e.rate) ? s.from : chain_from(times, &s, 10 / e.rate);
	e.span_s = (times[count - 1] - times[first]) / 10.0;
	e.since_s = (now - times[first]) / 10.0;
	e.newest_s = (now - times[count - 1]) / 10.0;
	return e;
}

bool leak_evidence_goes_on(const struct leak_evidence *e, double quiet_s, double patience)
{
	return quiet_s <= fmax(patience / e->rate, patience * 0.4 * e->longest_s);
}
