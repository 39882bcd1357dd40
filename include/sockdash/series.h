/* series: values over time, of many things, each known by a 64-bit key. */
#ifndef SOCKDASH_SERIES_H
#define SOCKDASH_SERIES_H

#include <stdint.h>

#include "sockdash/hash.h"
#include "sockdash/sample.h"

#define SERIES_POINTS 96

struct series_point {
	int64_t time_ns;
	int64_t value;
};

/* A ring of points. */
struct series {
	uint64_t key;
	struct series_point points[SERIES_POINTS];
	uint32_t first, count;
	uint32_t touched; /* the round it was last added to */
};

/* All-zero is empty. */
struct series_set {
	struct series *all;
	uint32_t count, room;
	uint32_t round;
	int64_t step_ns; /* points nearer than this to the one before take its place */
	struct hash by_key;
};

void series_free(struct series_set *set);

/* Adds a point to the series of a key, which begins if it is not there. The newest point is always
 * this one; the others are at least step_ns apart. NULL without memory; the pointer is good until
 * the next call. */
const struct series *series_add(
	struct series_set *set, uint64_t key, int64_t time_ns, int64_t value);

/* Keeps the series of a key, if there is one, over a round in which its value is not known. */
void series_keep(struct series_set *set, uint64_t key);

/* The series of a key, or NULL; good until the next series_add(). */
const struct series *series_find(const struct series_set *set, uint64_t key);

/* The point so many places before the newest; there must be one. */
static inline const struct series_point *series_back(const struct series *s, uint32_t back)
{
	return &s->points[(s->first + s->count - 1 - back) % SERIES_POINTS];
}

/* The newest value of a series. */
int64_t series_newest(const struct series *s);

/* Ends a round: forgets every series that got no point and was not kept since
 * the last call. 0 or -ENOMEM. */
int series_sweep(struct series_set *set);

/* How many points back from the newest a window reaches: to the oldest point not older than
 * `window_ns`, but at least three points where there are as many. 0 with fewer than two points. */
uint32_t series_window(const struct series *s, int64_t window_ns);

/* The same, less where a quiet series (flat, or at 0 from its first point) has begun to rise
 * within the window and rises in each of its three newest intervals at least: the first of them
 * was quiet in part, and is left out with what was before. */
uint32_t series_onset(const struct series *s, uint32_t back);

/* The change per second over the newest `back` intervals. NAN for 0. *covered_s gets the time
 * between the points. */
double series_change(const struct series *s, uint32_t back, double *covered_s);

/* The change per second over a window. */
double series_slope(const struct series *s, int64_t window_ns, double *covered_s);

/* The newest TREND_POINTS values. */
void series_trend(const struct series *s, struct trend *out);

#endif
