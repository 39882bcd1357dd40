/* Words for a place in a recording. */
#include "sockdash/jump.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NSEC        INT64_C(1000000000)
#define MAX_SECONDS 3e9 /* a century */

/* A number and no more than a unit behind it; NAN where there is anything else. */
static double read_number(const char *text, const char **unit)
{
	char *end;
	double n;

	/* Not all that strtod() takes: neither 0x10 nor 1e3. */
	*unit = text + (*text == '+' || *text == '-');
	*unit += strspn(*unit, "0123456789.");
	n = strtod(text, &end);
	return end != text && end == *unit && fabs(n) < 1e9 ? n : NAN;
}

static int read_distance(const char *text, int64_t wall_ns, struct feed_control *out)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	const char *unit;
	double n = read_number(text, &unit);

	for (size_t i = 0; !isnan(n) && i < sizeof units / sizeof *units; i++) {
		if (strcmp(unit, units[i].unit) != 0)
			continue;
		n *= units[i].seconds;
		if (fabs(n) > MAX_SECONDS)
			return -EINVAL;
		out->jump = true;
		out->jump_ns = wall_ns + (int64_t)(n * NSEC);
		return 0;
	}
	return -EINVAL;
}

static int read_number_of(
	const char *text, const struct feed_position *position, struct feed_control *out)
{
	const char *unit;
	bool hash = *text == '#';
	double n = read_number(text + hash, &unit);

	if (isnan(n) || n < 0 || strcmp(unit, hash ? "" : "%") != 0)
		return -EINVAL;
	if (!hash)
		n = 1 + floor(fmin(n, 100) / 100 * (position->count ? position->count - 1 : 0));
	out->step = (int32_t)(fmin(n, 1e9) - position->number);
	return 0;
}

/* "10:53" or "10:53:07", nothing behind it. */
static bool read_clock(const char *text, struct tm *tm)
{
	int used = 0;

	tm->tm_sec = 0;
	if (sscanf(text, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &used) != 2)
		return false;
	if (text[used] == ':') {
		text += used + 1;
		if (sscanf(text, "%2d%n", &tm->tm_sec, &used) != 1)
			return false;
	}
	return !text[used] && tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 &&
	       tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec < 60;
}

static int read_time(const char *text, int64_t wall_ns, struct feed_control *out)
{
	time_t seconds = (time_t)(wall_ns / NSEC);
	int year, month, day, used = 0;
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return -EINVAL;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3) {
		tm.tm_year = year - 1900;
		tm.tm_mon = month - 1;
		tm.tm_mday = day;
		if (text[used] != ' ' && text[used] != 'T')
			return -EINVAL;
		text += used + 1;
	}
	tm.tm_isdst = -1;
	if (!read_clock(text, &tm))
		return -EINVAL;
	day = tm.tm_mday;
	month = tm.tm_mon;
	seconds = mktime(&tm);
	/* There is no 31st of November. */
	if (seconds < 0 || tm.tm_mday != day || tm.tm_mon != month)
		return -EINVAL;
	/* The samples of that second are not after it. */
	out->jump = true;
	out->jump_ns = (int64_t)seconds * NSEC + NSEC - 1;
	return 0;
}

int jump_parse(const char *text, int64_t wall_ns, const struct feed_position *position,
	struct feed_control *out)
{
	if (*text == '+' || *text == '-')
		return read_distance(text, wall_ns, out);
	if (*text == '#' || strchr(text, '%'))
		return read_number_of(text, position, out);
	return read_time(text, wall_ns, out);
}
