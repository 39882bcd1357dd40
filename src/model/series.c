/* Rings of values over time. Knows nothing of what they count. A ring holds 96 points at most, so
 * points come no closer than a step that makes the window fit. */
#include "sockdash/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/grow.h"

void series_free(struct series_set *set)
{
	free(set->all);
	hash_free(&set->by_key);
	*set = (struct series_set){ 0 };
}

static void push(struct series *s, struct series_point p, int64_t step_ns)
{
	bool crowded =
		s->count >= 2 && series_back(s, 0)->time_ns - series_back(s, 1)->time_ns < step_ns;

	if (!crowded) {
		if (s->count < SERIES_POINTS)
			s->count++;
		else
			s->first = (s->first + 1) % SERIES_POINTS;
	}
	s->points[(s->first + s->count - 1) % SERIES_POINTS] = p;
}

const struct series *series_add(
	struct series_set *set, uint64_t key, int64_t time_ns, int64_t value)
{
	uint32_t row;

	if (grow(&set->all, set->count, &set->room, sizeof *set->all))
		return NULL;
	if (hash_add(&set->by_key, key, set->count, &row))
		return NULL;
	if (row == set->count)
		set->all[set->count++] = (struct series){ .key = key };
	set->all[row].touched = set->round;
	push(&set->all[row], (struct series_point){ time_ns, value }, set->step_ns);
	return &set->all[row];
}

const struct series *series_find(const struct series_set *set, uint64_t key)
{
	uint32_t row = hash_get(&set->by_key, key);

	return row == HASH_NONE ? NULL : &set->all[row];
}

void series_keep(struct series_set *set, uint64_t key)
{
	uint32_t row = hash_get(&set->by_key, key);

	if (row != HASH_NONE)
		set->all[row].touched = set->round;
}

int64_t series_newest(const struct series *s)
{
	return series_back(s, 0)->value;
}

int series_sweep(struct series_set *set)
{
	uint32_t kept = 0;

	hash_clear(&set->by_key);
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->all[i].touched != set->round)
			continue;
		if (kept != i)
			set->all[kept] = set->all[i];
		if (hash_put(&set->by_key, set->all[kept].key, kept)) {
			set->count = kept;
			return -ENOMEM;
		}
		kept++;
	}
	set->count = kept;
	set->round++;
	return 0;
}

uint32_t series_window(const struct series *s, int64_t window_ns)
{
	const struct series_point *now;
	uint32_t back = 0;

	if (s->count < 2)
		return 0;
	now = series_back(s, 0);
	while (back + 1 < s->count &&
		(back < 3 || now->time_ns - series_back(s, back + 1)->time_ns <= window_ns))
		back++;
	return back;
}

uint32_t series_onset(const struct series *s, uint32_t back)
{
	uint32_t rising = 0;
	int64_t before;

	while (rising < back && series_back(s, rising)->value > series_back(s, rising + 1)->value)
		rising++;
	if (rising < 3)
		return back;
	before = series_back(s, rising)->value;
	for (uint32_t i = rising + 1; i <= back; i++)
		if (series_back(s, i)->value != before)
			return back;
	return rising < back || before == 0 ? rising - 1 : back;
}

double series_change(const struct series *s, uint32_t back, double *covered_s)
{
	const struct series_point *now, *then;

	*covered_s = 0;
	if (back == 0)
		return NAN;
	now = series_back(s, 0);
	then = series_back(s, back);
	*covered_s = (double)(now->time_ns - then->time_ns) / 1e9;
	return *covered_s > 0 ? (double)(now->value - then->value) / *covered_s : NAN;
}

double series_slope(const struct series *s, int64_t window_ns, double *covered_s)
{
	return series_change(s, series_window(s, window_ns), covered_s);
}

void series_trend(const struct series *s, struct trend *out)
{
	out->count = s->count < TREND_POINTS ? s->count : TREND_POINTS;
	for (uint32_t i = 0; i < out->count; i++)
		out->values[i] = (uint32_t)series_back(s, out->count - 1 - i)->value;
}
