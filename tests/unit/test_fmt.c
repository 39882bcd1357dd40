/* fmt: tables of values, widths and texts; and, for every function, values and widths by the
 * thousand: never wider than asked, never a text that reads as another number. */
#include "sockdash/fmt.h"

#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void counts(void **state)
{
	static const struct {
		uint64_t n;
		int width;
		const char *text;
	} cases[] = {
		{ 0, 0, "0" },
		{ 0, 1, "0" },
		{ 999, 0, "999" },
		{ 999, 3, "999" },
		{ 999, 2, "##" },
		{ 1000, 0, "1,000" },
		{ 1000, 4, "1000" },
		{ 1000, 3, "1k" },
		{ 1000, 2, "1k" },
		{ 1000, 1, "#" },
		{ 198010, 0, "198,010" },
		{ 198010, 7, "198,010" },
		{ 198010, 6, "198010" },
		{ 198010, 5, "198k" },
		{ 198010, 4, "198k" },
		{ 198010, 3, "###" },
		{ 999499, 4, "999k" },
		{ 999500, 4, "1.0M" },
		{ 999999, 2, "1M" },
		{ 1234567, 4, "1.2M" },
		{ 1250000, 4, "1.3M" },
		{ 9949999, 4, "9.9M" },
		{ 9950000, 4, "10M" },
		{ 9500000, 4, "9.5M" },
		{ 9500000, 3, "10M" },
		{ 9499999, 2, "9M" },
		{ 12345678, 7, "12M" },
		{ 3400000000, 4, "3.4G" },
		{ UINT64_MAX, 0, "18,446,744,073,709,551,615" },
		{ UINT64_MAX, 25, "18446744073709551615" },
		{ UINT64_MAX, 19, "18E" },
		{ UINT64_MAX, 2, "##" },
		{ 1, -1, "" },
		{ 1000, -100, "" },
	};
	char out[FMT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(fmt_count(out, cases[i].n, cases[i].width), cases[i].text);
}

static void deltas(void **state)
{
	static const struct {
		int64_t n;
		int width;
		const char *text;
	} cases[] = {
		{ 0, 0, "0" },
		{ 120, 0, "+120" },
		{ 120, 3, "###" },
		{ -11, 0, "-11" },
		{ -11, 2, "##" },
		{ -198010, 0, "-198,010" },
		{ -198010, 7, "-198010" },
		{ 198010, 6, "+198k" },
		{ -1234567, 5, "-1.2M" },
		{ -1234567, 3, "-1M" },
		{ INT64_MAX, 0, "+9,223,372,036,854,775,807" },
		{ INT64_MIN, 0, "-9,223,372,036,854,775,808" },
		{ INT64_MIN, 5, "-9.2E" },
	};
	char out[FMT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(fmt_delta(out, cases[i].n, cases[i].width), cases[i].text);
}

static const struct real_case {
	char *(*fmt)(char *, double, int);
	double n;
	int width;
	const char *text;
} real_cases[] = {
	{ fmt_rate, 0, 0, "0" },
	{ fmt_rate, -0.0, 0, "0" },
	{ fmt_rate, 1e-300, 0, "<0.01" },
	{ fmt_rate, 0.0049, 0, "<0.01" },
	{ fmt_rate, 0.0049, 4, "<0.1" },
	{ fmt_rate, 0.0049, 3, "<1" },
	{ fmt_rate, 0.0049, 1, "#" },
	{ fmt_rate, 0.02, 0, "0.02" },
	{ fmt_rate, 0.02, 3, "<1" },
	{ fmt_rate, 0.35, 0, "0.35" },
	{ fmt_rate, 0.34, 3, "0.3" },
	{ fmt_rate, 0.34, 2, "<1" },
	{ fmt_rate, 0.999, 0, "1.0" },
	{ fmt_rate, 4.9, 0, "4.9" },
	{ fmt_rate, 4.9, 2, "5" },
	{ fmt_rate, 9.96, 0, "10.0" },
	{ fmt_rate, 9.96, 1, "#" },
	{ fmt_rate, 37.5, 0, "37.5" },
	{ fmt_rate, 37.5, 3, "38" },
	{ fmt_rate, 99.94, 0, "99.9" },
	{ fmt_rate, 99.96, 0, "100" },
	{ fmt_rate, 1204.4, 0, "1,204" },
	{ fmt_rate, 1204.4, 4, "1204" },
	{ fmt_rate, 1204.4, 3, "1k" },
	{ fmt_rate, 1e15, 5, "1.0P" },
	{ fmt_rate, 1e25, 0, "1e+25" },
	{ fmt_rate, 1e25, 4, "####" },
	{ fmt_rate, 1.7976931348623157e308, 0, "2e+308" },
	{ fmt_rate, -4.9, 0, "-4.9" },
	{ fmt_rate, -0.001, 0, "-<0.01" },
	{ fmt_rate, NAN, 0, "-" },
	{ fmt_rate, INFINITY, 1, "-" },
	{ fmt_rate, -INFINITY, 5, "-" },
	{ fmt_rate, NAN, -1, "" },

	{ fmt_trend, 0, 0, "0" },
	{ fmt_trend, -0.0, 0, "0" },
	{ fmt_trend, 5, 0, "+5.0" },
	{ fmt_trend, -0.3, 0, "-0.30" },
	{ fmt_trend, -0.3, 4, "-0.3" },
	{ fmt_trend, 0.001, 0, "+<0.01" },
	{ fmt_trend, 1204, 0, "+1,204" },
	{ fmt_trend, NAN, 0, "-" },

	{ fmt_percent, 0, 0, "0%" },
	{ fmt_percent, 0.04, 0, "<0.1%" },
	{ fmt_percent, 0.04, 4, "<1%" },
	{ fmt_percent, 0.05, 0, "0.1%" },
	{ fmt_percent, 0.6, 0, "0.6%" },
	{ fmt_percent, 0.6, 3, "<1%" },
	{ fmt_percent, 90, 0, "90.0%" },
	{ fmt_percent, 90, 4, "90%" },
	{ fmt_percent, 90, 2, "##" },
	{ fmt_percent, 99.94, 0, "99.9%" },
	{ fmt_percent, 99.96, 0, "100%" },
	{ fmt_percent, 100, 0, "100%" },
	{ fmt_percent, 250.4, 0, "250%" },
	{ fmt_percent, 12345, 5, "12k%" },
	{ fmt_percent, NAN, 0, "-" },
	{ fmt_percent, INFINITY, 0, "-" },

	{ fmt_span, 0, 0, "0" },
	{ fmt_span, 0.000023, 0, "23us" },
	{ fmt_span, 0.0000231, 0, "23us" },
	{ fmt_span, 0.000999, 5, "999us" },
	{ fmt_span, 0.000999, 4, "<1ms" },
	{ fmt_span, 0.00125, 0, "1.25ms" },
	{ fmt_span, 0.00125, 5, "1ms" },
	{ fmt_span, 0.0125, 0, "12.5ms" },
	{ fmt_span, 0.0125, 4, "12ms" },
	{ fmt_span, 0.204, 0, "204ms" },
	{ fmt_span, 0.204, 4, "<1s" },
	{ fmt_span, 1.2, 0, "1.20s" },
	{ fmt_span, 1.2, 4, "1s" },
	{ fmt_span, 75, 0, "1m 15s" },
	{ fmt_age, 0, 0, "0s" },
	{ fmt_age, 0.04, 0, "<0.1s" },
	{ fmt_age, 0.04, 3, "<1s" },
	{ fmt_age, 0.3, 0, "0.3s" },
	{ fmt_age, 0.4, 0, "0.4s" },
	{ fmt_age, 0.4, 3, "<1s" },
	{ fmt_age, 9.99, 0, "9.9s" },
	{ fmt_age, 9.99, 3, "9s" },
	{ fmt_age, 10, 0, "10s" },
	{ fmt_age, 12.9, 0, "12s" },
	{ fmt_age, 59.99, 0, "59s" },
	{ fmt_age, 60, 0, "1m 00s" },
	{ fmt_age, 842, 0, "14m 02s" },
	{ fmt_age, 842, 6, "14m" },
	{ fmt_age, 842, 2, "##" },
	{ fmt_age, 3599.9, 0, "59m 59s" },
	{ fmt_age, 7500, 0, "2h 05m" },
	{ fmt_age, 7500, 5, "2h" },
	{ fmt_age, 86399, 0, "23h 59m" },
	{ fmt_age, 86400, 0, "1d 00h" },
	{ fmt_age, 3553200, 0, "41d 03h" },
	{ fmt_age, 3553200, 3, "41d" },
	{ fmt_age, 31536000, 0, "1y 0d" },
	{ fmt_age, 96336000, 0, "3y 20d" },
	{ fmt_age, 96336000, 5, "3y" },
	{ fmt_age, 1e12, 9, "31,709y" },
	{ fmt_age, 1e12, 4, "32ky" },
	{ fmt_age, 1e30, 0, "3e+22y" },
	{ fmt_age, -842, 0, "-14m 02s" },
	{ fmt_age, NAN, 0, "-" },
	{ fmt_age, -INFINITY, 2, "-" },
};

static void reals(void **state)
{
	char out[FMT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(real_cases); i++) {
		const struct real_case *c = &real_cases[i];

		assert_string_equal(c->fmt(out, c->n, c->width), c->text);
	}
}

static void sizes(void **state)
{
	static const struct {
		uint64_t n;
		int width;
		const char *text;
	} cases[] = {
		{ 0, 0, "0" },
		{ 512, 0, "512" },
		{ 512, 2, "##" },
		{ 1023, 4, "1023" },
		{ 1023, 3, "###" },
		{ 1024, 0, "1.0K" },
		{ 1024, 3, "1K" },
		{ 37888, 0, "37K" },
		{ 10188, 0, "9.9K" },
		{ 10189, 0, "10K" },
		{ 1048063, 0, "1023K" },
		{ 1048064, 0, "1.0M" },
		{ 1181116006, 0, "1.1G" },
		{ UINT64_MAX, 0, "16E" },
		{ UINT64_MAX, 2, "##" },
		{ 1, -1, "" },
	};
	char out[FMT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(fmt_bytes(out, cases[i].n, cases[i].width), cases[i].text);
}

/* Reads a text back: *low and *high get the values it may stand for. */
static void read_back(const char *text, double base, double *low, double *high)
{
	static const char units[] = "kMGTPE";
	bool minus = *text == '-', below;
	double value = 0, step = 1, unit = 1;
	const char *found;

	text += *text == '-' || *text == '+';
	below = *text == '<';
	text += below;
	assert_true(*text >= '0' && *text <= '9');
	for (; (*text >= '0' && *text <= '9') || *text == ','; text++)
		if (*text != ',')
			value = value * 10 + (*text - '0');
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++) {
			step /= 10;
			value += (*text - '0') * step;
		}
	found = *text == 'K' ? units : *text ? strchr(units, *text) : NULL;
	if (found) {
		for (; found >= units; found--)
			unit *= base;
		text++;
	}
	text += *text == '%';
	assert_string_equal(text, "");
	*low = below ? 0 : (value - step / 2) * unit;
	*high = below ? value : (value + step / 2) * unit;
	if (minus) {
		step = *low;
		*low = -*high;
		*high = -step;
	}
}

/* What must hold for any text: the width, "#" only if all of it, and the full form where it fits.
 */
static void check_text(const char *text, int width, const char *full, double n, double base)
{
	size_t len = strlen(text);
	double low, high, slack = fabs(n) * 1e-12 + 1e-12;

	assert_true(width == 0 || len <= (size_t)width);
	if (width == 0 || strlen(full) <= (size_t)width)
		assert_string_equal(text, full);
	if (*text == '#') {
		assert_int_equal(len, width);
		assert_int_equal(strspn(text, "#"), len);
	} else if (base > 0) {
		read_back(text, base, &low, &high);
		if (!(n >= low - slack && n <= high + slack))
			fail_msg("%s for %.17g in %d columns", text, n, width);
	}
}

static void check_value(uint64_t n)
{
	char text[FMT_MAX], full[FMT_MAX];
	int64_t delta = (int64_t)n;
	double real = (double)delta / 1000;

	for (int width = 0; width <= 12; width++) {
		fmt_count(full, n, 0);
		check_text(fmt_count(text, n, width), width, full, (double)n, 1000);
		fmt_bytes(full, n, 0);
		check_text(fmt_bytes(text, n, width), width, full, (double)n, 1024);
		fmt_delta(full, delta, 0);
		check_text(fmt_delta(text, delta, width), width, full, (double)delta, 1000);
		fmt_rate(full, real, 0);
		check_text(fmt_rate(text, real, width), width, full, real, 1000);
		fmt_trend(full, real, 0);
		check_text(fmt_trend(text, real, width), width, full, real, 1000);
		fmt_percent(full, real, 0);
		check_text(fmt_percent(text, real, width), width, full, real, 1000);
		fmt_age(full, real, 0);
		check_text(fmt_age(text, real, width), width, full, real, 0);
	}
}

/* The neighbours of all powers of 2 and 10 and their fives, and numbers of every length. */
static void no_width_is_overrun_and_no_number_cut(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (uint64_t n = 0; n < 1100; n++) {
		check_value(n);
		check_value(-n);
	}
	for (int bit = 0; bit < 64; bit++)
		for (uint64_t near = 0; near < 3; near++)
			check_value((UINT64_C(1) << bit) - 1 + near);
	for (uint64_t power = 1; power <= UINT64_MAX / 100; power *= 10)
		for (uint64_t times = 1; times < 100; times++) {
			check_value(power * times);
			check_value(power * times - 1);
			check_value(power * times + power / 2);
			check_value(power * times + power / 2 - 1);
		}
	for (int i = 0; i < 5000; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		check_value(random >> (random >> 33) % 64);
	}
}

/* Doubles that no integer gives: the widths hold and nothing crashes. */
static void strange_doubles(void **state)
{
	static const double strange[] = { NAN, -NAN, INFINITY, -INFINITY, 4.9e-324, -4.9e-324, 1e17,
		1e18, 1.8446744073709552e19, 1e19, -1e19, 1e100, 1.7976931348623157e308,
		-1.7976931348623157e308 };
	char *(*const all[])(char *, double, int) = { fmt_rate, fmt_trend, fmt_percent, fmt_age };
	char out[FMT_MAX];

	(void)state;
	for (size_t f = 0; f < COUNT(all); f++)
		for (size_t i = 0; i < COUNT(strange); i++) {
			assert_in_range(strlen(all[f](out, strange[i], 0)), 1, FMT_MAX - 1);
			if (!isfinite(strange[i]))
				assert_string_equal(out, "-");
			for (int width = 1; width <= 12; width++)
				assert_in_range(strlen(all[f](out, strange[i], width)), 1, width);
			assert_string_equal(all[f](out, strange[i], -1), "");
			assert_in_range(strlen(all[f](out, strange[i], 1000)), 1, FMT_MAX - 1);
		}
}

static void addresses(void **state)
{
	static const struct {
		const char *in;
		bool ipv4;
		const char *text;
	} cases[] = {
		{ "::", false, "::" },
		{ "::", true, "::" },
		{ "::1", false, "::1" },
		{ "::ffff:0.0.0.0", true, "0.0.0.0" },
		{ "::ffff:0.0.0.0", false, "::ffff:0.0.0.0" },
		{ "::ffff:10.0.0.1", true, "10.0.0.1" },
		{ "::ffff:10.0.0.1", false, "::ffff:10.0.0.1" },
		{ "::ffff:255.255.255.255", true, "255.255.255.255" },
		{ "2001:db8::1", true, "2001:db8::1" },
		{ "2001:0db8:0:0:1:0:0:1", false, "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", false, "2001:db8:0:1:1:1:1:1" },
		{ "fe80::ABCD", false, "fe80::abcd" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false,
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	char out[FMT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t address[16];

		assert_int_equal(inet_pton(AF_INET6, cases[i].in, address), 1);
		assert_string_equal(fmt_address(out, address, cases[i].ipv4), cases[i].text);
	}
}

static void addresses_read_back(void **state)
{
	uint64_t random = 7;
	char out[FMT_MAX];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t address[16] = { 0 }, again[16];

		for (size_t k = 0; k < sizeof(address); k++) {
			random = random * UINT64_C(6364136223846793005) + 1;
			if (random >> 62)
				address[k] = (uint8_t)(random >> 40);
		}
		assert_int_equal(inet_pton(AF_INET6, fmt_address(out, address, false), again), 1);
		assert_memory_equal(address, again, sizeof(address));
	}
}

static void times(void **state)
{
	static const struct {
		int64_t ns;
		const char *iso, *day; /* in a zone two hours before UTC */
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z", "02:00:00" },
		{ 1795344787120999999, "2026-11-22T10:53:07.120Z", "12:53:07" },
		{ 1709164799999999999, "2024-02-28T23:59:59.999Z", "01:59:59" },
		{ 1709164800000000000, "2024-02-29T00:00:00.000Z", "02:00:00" },
		{ -1, "1969-12-31T23:59:59.999Z", "01:59:59" },
		{ INT64_MAX, "2262-04-11T23:47:16.854Z", "01:47:16" },
		{ INT64_MIN, "1677-09-21T00:12:43.145Z", "02:12:43" },
	};
	char out[FMT_MAX];

	(void)state;
	setenv("TZ", "XXX-2", 1);
	tzset();
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(fmt_iso_time(out, cases[i].ns), cases[i].iso);
		assert_string_equal(fmt_time_of_day(out, cases[i].ns), cases[i].day);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(deltas),
		cmocka_unit_test(reals),
		cmocka_unit_test(sizes),
		cmocka_unit_test(no_width_is_overrun_and_no_number_cut),
		cmocka_unit_test(strange_doubles),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_read_back),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
