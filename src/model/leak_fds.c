/* Descriptors. A dump and a look at the descriptors are not of the same moment, so on a busy server
 * their difference goes up and down: only a slope that is far from chance counts. */
#include "sockdash/leak_fds.h"

#include <math.h>

#define LEAST_POINTS 5
#define LEAST_MORE   3
#define FAR          6    /* standard errors */
#define LONG_S       40   /* in which descriptors may tell more than the sockets of a pile */
#define PLAINLY      1.4  /* times their growth */
#define WORTH        0.05 /* of the growth that is seen */

/* A straight line through the points of a window. */
struct line {
	double slope, error; /* per second */
	double covered_s;    /* 0: there are too few points */
};

static struct line line_of(const struct series *s, int64_t window_ns)
{
	uint32_t n = (s ? series_window(s, window_ns) : 0) + 1;
	double t = 0, v = 0, tt = 0, tv = 0, vv = 0;
	const struct series_point *now;
	struct line l = { 0 };

	if (n < LEAST_POINTS)
		return l;
	now = series_back(s, 0);
	for (uint32_t i = 0; i < n; i++) {
		t += (double)(series_back(s, i)->time_ns - now->time_ns) / 1e9 / n;
		v += (double)(series_back(s, i)->value - now->value) / n;
	}
	for (uint32_t i = 0; i < n; i++) {
		double dt = (double)(series_back(s, i)->time_ns - now->time_ns) / 1e9 - t;
		double dv = (double)(series_back(s, i)->value - now->value) - v;

		tt += dt * dt;
		tv += dt * dv;
		vv += dv * dv;
	}
	if (!(tt > 0))
		return l;
	l.slope = tv / tt;
	l.error = sqrt(fmax(vv - l.slope * tv, 0) / (n - 2) / tt);
	l.covered_s = (double)(now->time_ns - series_back(s, n - 1)->time_ns) / 1e9;
	return l;
}

double leak_fds_growth(
	double growth, const struct series *counts, const struct series *unseen, int64_t window_ns)
{
	struct line more = line_of(unseen, window_ns);

	if (more.slope * more.covered_s < LEAST_MORE || more.slope < FAR * more.error ||
		more.slope < growth * WORTH)
		return growth;
	return fmax(growth, more.slope + line_of(counts, window_ns).slope);
}

/* Whether it grows at least so fast in each third of the time: not in a burst, nor by chance. */
static bool grows_throughout(const struct series *s, uint32_t back, double least)
{
	for (uint32_t part = 0; part < 3; part++) {
		const struct series_point *now = series_back(s, back * part / 3),
					  *then = series_back(s, back * (part + 1) / 3);

		if ((double)(now->value - then->value) <
			least * (double)(now->time_ns - then->time_ns) / 1e9)
			return false;
	}
	return true;
}

double leak_fds_rate(double growth, const struct series *fds, int64_t window_ns)
{
	struct line all = line_of(fds, window_ns);

	if (all.covered_s < LONG_S || all.slope * all.covered_s < LEAST_MORE ||
		all.slope < FAR * all.error || all.slope < growth * PLAINLY ||
		!grows_throughout(fds, series_window(fds, window_ns), growth * PLAINLY))
		return growth;
	return all.slope;
}

double leak_fds_exhaustion(const struct proc *p, double rate)
{
	if (p->fds == PROC_UNKNOWN || p->fd_limit == PROC_UNKNOWN ||
		p->fd_limit == PROC_UNLIMITED || !(rate > 0))
		return NAN;
	return p->fds >= p->fd_limit ? 0 : (p->fd_limit - p->fds) / rate;
}
