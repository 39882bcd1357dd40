/* fmt owns how a number looks in a column. It must not know what is counted nor where it is shown.
 *
 * Every function makes offers, best first, and the first that fits stays in `out`; each offer is
 * right by itself, none is cut. Decimals are made of integers, because printf's follow the locale.
 */
#include "sockdash/fmt.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sockdash/clock.h"
#include "sockdash/digits.h"

static_assert(FMT_MAX == DIGITS_MAX, "an address is written into either");

#define COUNT_MAX 1e18 /* doubles from here on are not turned into integers */

struct form {
	char *out;
	int width;
	const char *sign, *suffix;
};

static bool offer(const struct form *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes one form; true if it fits. */
static bool offer(const struct form *f, const char *format, ...)
{
	char body[FMT_MAX / 2];
	va_list args;
	int len;

	va_start(args, format);
	vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	len = snprintf(f->out, FMT_MAX, "%s%s%s", f->sign, body, f->suffix);
	return f->width == 0 || len <= f->width;
}

static void give_up(const struct form *f)
{
	int len = f->width < 0 ? 0 : f->width < FMT_MAX ? f->width : FMT_MAX - 1;

	memset(f->out, '#', (size_t)len);
	f->out[len] = '\0';
}

static bool offer_grouped(const struct form *f, uint64_t n)
{
	char text[FMT_MAX / 2];
	char *p = text + sizeof(text) - 1;

	*p = '\0';
	for (int digits = 0; n || !digits; digits++, n /= 10) {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + n % 10);
	}
	return offer(f, "%s", p);
}

/* n in the largest unit that leaves 1 or more before the point, rounded; one decimal below 10. */
static bool offer_scaled(const struct form *f, uint64_t n, uint64_t base, const char *units)
{
	uint64_t unit = 1, whole, tenths;

	if (n < base)
		return offer(f, "%" PRIu64, n);
	for (; n / unit >= base; units++)
		unit *= base;
	whole = n / unit + (n % unit >= unit / 2);
	tenths = n / unit * 10 + (n % unit * 10 + unit / 2) / unit;
	if (whole >= base) {
		whole = 1;
		tenths = 10;
		units++;
	}
	if (tenths < 100 && offer(f, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, *units))
		return true;
	return offer(f, "%" PRIu64 "%c", whole, *units);
}

static bool offer_count(const struct form *f, uint64_t n)
{
	return offer_grouped(f, n) || offer(f, "%" PRIu64, n) ||
	       offer_scaled(f, n, 1000, " kMGTPE");
}

/* The same for a number with a fraction. Scaling starts from the number cut, not rounded: rounded
 * twice, 1499.9 would be 1500 and then 2k. */
static bool offer_rounded(const struct form *f, double n)
{
	uint64_t cut = (uint64_t)n, rounded = (uint64_t)(n + 0.5);

	return offer_grouped(f, rounded) || offer(f, "%" PRIu64, rounded) ||
	       offer_scaled(f, cut < 1000 ? rounded : cut, 1000, " kMGTPE");
}

/* The forms of a number that is not whole, best first: each for absolute values from `from` to
 * below `below`, either a text or so many decimals. */
static const struct real_form {
	double from, below;
	const char *text;
	unsigned decimals, scale;
} real_forms[] = {
	{ 0, 0.005, "<0.01", 0, 0 },
	{ 0.005, 0.995, NULL, 2, 100 },
#define REAL_TENTHS 2 /* who wants one decimal at most begins here */
	{ 0, 0.05, "<0.1", 0, 0 },
	{ 0.05, 99.95, NULL, 1, 10 },
	{ 0, 1, "<1", 0, 0 },
	{ 1, 99.95, NULL, 0, 1 },
};

static bool offer_real(const struct form *f, double n, size_t first)
{
	if (n == 0)
		return offer(f, "0");
	if (n >= COUNT_MAX)
		return offer(f, "%.0e", n);
	if (n >= 99.95)
		return offer_rounded(f, n);
	for (size_t i = first; i < sizeof(real_forms) / sizeof(*real_forms); i++) {
		const struct real_form *r = &real_forms[i];
		unsigned scaled = (unsigned)(n * r->scale + 0.5);
		int decimals = (int)r->decimals;

		if (n < r->from || n >= r->below)
			continue;
		if (r->text && offer(f, "%s", r->text))
			return true;
		if (!r->text && !decimals && offer(f, "%u", scaled))
			return true;
		if (decimals && offer(f, "%u.%0*u", scaled / r->scale, decimals, scaled % r->scale))
			return true;
	}
	return false;
}

static char *finish_real(struct form *f, double n, size_t first)
{
	bool done;

	if (isfinite(n)) {
		if (n < 0)
			f->sign = "-";
		else if (n == 0)
			f->sign = "";
		done = offer_real(f, n < 0 ? -n : n, first);
	} else {
		f->sign = f->suffix = "";
		done = offer(f, "-");
	}
	if (!done)
		give_up(f);
	return f->out;
}

char *fmt_count(char out[FMT_MAX], uint64_t n, int width)
{
	struct form f = { out, width, "", "" };

	if (!offer_count(&f, n))
		give_up(&f);
	return out;
}

char *fmt_delta(char out[FMT_MAX], int64_t n, int width)
{
	struct form f = { out, width, n < 0 ? "-" : n > 0 ? "+" : "", "" };

	if (!offer_count(&f, n < 0 ? -(uint64_t)n : (uint64_t)n))
		give_up(&f);
	return out;
}

char *fmt_rate(char out[FMT_MAX], double per_second, int width)
{
	struct form f = { out, width, "", "" };

	return finish_real(&f, per_second, 0);
}

char *fmt_trend(char out[FMT_MAX], double per_second, int width)
{
	struct form f = { out, width, "+", "" };

	return finish_real(&f, per_second, 0);
}

char *fmt_percent(char out[FMT_MAX], double percent, int width)
{
	struct form f = { out, width, "", "%" };

	return finish_real(&f, percent, REAL_TENTHS);
}

#define MINUTE 60u
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (365 * DAY)

/* Ages are cut down, not rounded, as clocks do: 59.9 s have not been a minute. */
static bool offer_seconds(const struct form *f, double seconds)
{
	unsigned tenths = (unsigned)(seconds * 10 + 1e-6); /* 0.3 * 10 may be just below 3 */

	if (seconds == 0 || tenths >= 100)
		return offer(f, "%us", tenths / 10);
	if (!tenths)
		return offer(f, "<0.1s") || offer(f, "<1s");
	return offer(f, "%u.%us", tenths / 10, tenths % 10) ||
	       (tenths < 10 ? offer(f, "<1s") : offer(f, "%us", tenths / 10));
}

static bool offer_age(struct form *f, double seconds)
{
	static const struct {
		const char *unit, *part;
		unsigned seconds, part_seconds;
		int digits;
	} ages[] = {
		{ "y", "d", YEAR, DAY, 1 },
		{ "d", "h", DAY, HOUR, 2 },
		{ "h", "m", HOUR, MINUTE, 2 },
		{ "m", "s", MINUTE, 1, 2 },
	};
	uint64_t whole;

	if (seconds >= COUNT_MAX)
		return offer(f, "%.0ey", seconds / YEAR);
	whole = (uint64_t)seconds;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		uint64_t part = whole % ages[i].seconds / ages[i].part_seconds;

		if (whole < ages[i].seconds)
			continue;
		whole /= ages[i].seconds;
		if (offer(f, "%" PRIu64 "%s %0*" PRIu64 "%s", whole, ages[i].unit, ages[i].digits,
			    part, ages[i].part))
			return true;
		f->suffix = ages[i].unit;
		return offer_count(f, whole);
	}
	return offer_seconds(f, seconds);
}

char *fmt_age(char out[FMT_MAX], double seconds, int width)
{
	struct form f = { out, width, seconds < 0 ? "-" : "", "" };
	bool done;

	if (isfinite(seconds)) {
		done = offer_age(&f, seconds < 0 ? -seconds : seconds);
	} else {
		f.sign = "";
		done = offer(&f, "-");
	}
	if (!done)
		give_up(&f);
	return out;
}

/* Below a millisecond in whole microseconds, then with three digits. */
static bool offer_span(const struct form *f, uint64_t us)
{
	uint64_t ms = us / 1000;

	if (us < 1000)
		return offer(f, us ? "%" PRIu64 "us" : "%" PRIu64, us) || offer(f, "<1ms");
	if (us < 10000)
		return offer(f, "%" PRIu64 ".%02" PRIu64 "ms", ms, us / 10 % 100) ||
		       offer(f, "%" PRIu64 "ms", ms);
	if (us < 100000)
		return offer(f, "%" PRIu64 ".%" PRIu64 "ms", ms, us / 100 % 10) ||
		       offer(f, "%" PRIu64 "ms", ms);
	if (ms < 1000)
		return offer(f, "%" PRIu64 "ms", ms) || offer(f, "<1s");
	return offer(f, "%" PRIu64 ".%02" PRIu64 "s", ms / 1000, ms / 10 % 100) ||
	       offer(f, "%" PRIu64 "s", ms / 1000);
}

char *fmt_span(char out[FMT_MAX], double seconds, int width)
{
	struct form f = { out, width, "", "" };

	if (!(seconds >= 0 && seconds < 10))
		return fmt_age(out, seconds, width);
	if (!offer_span(&f, (uint64_t)(seconds * 1e6 + 0.5)))
		give_up(&f);
	return out;
}

char *fmt_bytes(char out[FMT_MAX], uint64_t bytes, int width)
{
	struct form f = { out, width, "", "" };

	if (!offer_scaled(&f, bytes, 1024, " KMGTPE"))
		give_up(&f);
	return out;
}

char *fmt_address(char out[FMT_MAX], const uint8_t address[16], bool ipv4)
{
	digits_address(out, address, ipv4);
	return out;
}

/* Splits into seconds, rounding down also before 1970, and milliseconds. */
static time_t split_ns(int64_t wall_ns, int *milliseconds)
{
	int64_t seconds = wall_ns / NSEC_PER_SEC, rest = wall_ns % NSEC_PER_SEC;

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		seconds--;
	}
	*milliseconds = (int)(rest / NSEC_PER_MSEC);
	return (time_t)seconds;
}

char *fmt_iso_time(char out[FMT_MAX], int64_t wall_ns)
{
	int milliseconds;
	time_t seconds = split_ns(wall_ns, &milliseconds);
	struct tm t = { 0 };

	gmtime_r(&seconds, &t);
	snprintf(out, FMT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900,
		t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, milliseconds);
	return out;
}

char *fmt_date_time(char out[FMT_MAX], int64_t wall_ns)
{
	int milliseconds;
	time_t seconds = split_ns(wall_ns, &milliseconds);
	struct tm t = { 0 };

	localtime_r(&seconds, &t);
	snprintf(out, FMT_MAX, "%04d-%02d-%02d %02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1,
		t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
	return out;
}

char *fmt_time_of_day(char out[FMT_MAX], int64_t wall_ns)
{
	int milliseconds;
	time_t seconds = split_ns(wall_ns, &milliseconds);
	struct tm t = { 0 };

	localtime_r(&seconds, &t);
	snprintf(out, FMT_MAX, "%02d:%02d:%02d", t.tm_hour, t.tm_min, t.tm_sec);
	return out;
}
