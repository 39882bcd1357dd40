/* digits: against printf() and inet_ntop(), on edges and on very many random values. */
#include "sockdash/digits.h"

#include <arpa/inet.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRIES = 200000 };

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The same numbers in every run. */
static uint64_t dice(void)
{
	static uint64_t state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static void check_integer(int64_t n)
{
	char got[DIGITS_MAX], wanted[DIGITS_MAX];
	int len = snprintf(wanted, sizeof wanted, "%" PRId64, n);

	assert_int_equal(digits_integer(got, n), len);
	assert_string_equal(got, wanted);
}

static void integers_are_those_of_printf(void **state)
{
	(void)state;
	check_integer(0);
	check_integer(INT64_MAX);
	check_integer(INT64_MIN);
	for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10)
		for (int64_t n = power - 1; n <= power + 1; n++) {
			check_integer(n);
			check_integer(-n);
		}
	for (int i = 0; i < TRIES; i++)
		check_integer((int64_t)(dice() >> (dice() % 64)));
}

static void check_decimal(double x)
{
	for (unsigned decimals = 0; decimals <= 6; decimals++) {
		char got[DIGITS_MAX], wanted[400];
		int len = snprintf(wanted, sizeof wanted, "%.*f", (int)decimals, x);

		if (!(fabs(x) < (decimals > 3 ? 1e9 : 1e12))) {
			assert_int_equal(digits_decimal(got, x, decimals), 0);
			continue;
		}
		if (digits_decimal(got, x, decimals) != (size_t)len || strcmp(got, wanted) != 0)
			fail_msg("%a: '%s', not '%s'", x, got, wanted);
	}
}

static void check_around(double x)
{
	check_decimal(x);
	check_decimal(-x);
	check_decimal(nextafter(x, INFINITY));
	check_decimal(nextafter(x, -INFINITY));
}

/* Halves are where rounding goes wrong: 0.25 is one, 0.35 is a little less than one. */
static void decimals_are_those_of_printf(void **state)
{
	static const double edges[] = { 0, 0.05, 0.25, 0.35, 0.5, 1.5, 2.5, 0.0005, 0.9995, 0.125,
		99.95, 842.57, 1e11, 1e12, 1e15, 1e300, DBL_MAX, DBL_MIN, DBL_EPSILON, INFINITY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(edges); i++)
		check_around(edges[i]);
	check_decimal(NAN);
	for (unsigned n = 0; n < 20000; n++) {
		check_around(n / 2000.0);
		check_around(n / 16.0);
	}
	for (int i = 0; i < TRIES; i++) {
		double x = (double)dice() / (double)(1ull << dice() % 64);

		check_around(x / 1e6);
		check_around((double)(dice() % 100000000) / 2000.0);
	}
}

static void check_address(const uint8_t bytes[16], bool ipv4, int family, const uint8_t *same)
{
	char got[DIGITS_MAX], wanted[INET6_ADDRSTRLEN];

	inet_ntop(family, same, wanted, sizeof wanted);
	if (digits_address(got, bytes, ipv4) != strlen(wanted) || strcmp(got, wanted) != 0)
		fail_msg("'%s', not '%s'", got, wanted);
}

/* Every pattern of zero groups with every kind of other group. */
static void addresses_are_those_of_inet_ntop(void **state)
{
	static const uint16_t others[] = { 1, 0xf, 0x10, 0xff, 0x100, 0xfff, 0x1000, 0xffff };
	uint8_t bytes[16];

	(void)state;
	for (unsigned zeros = 0; zeros < 256; zeros++) {
		for (int i = 0; i < TRIES / 256; i++) {
			for (unsigned g = 0; g < 8; g++) {
				unsigned group = dice() & 1 ? (unsigned)dice() & 0xffff
							    : others[dice() % COUNT_OF(others)];

				if (zeros & 1u << g)
					group = 0;
				bytes[2 * g] = (uint8_t)(group >> 8);
				bytes[2 * g + 1] = (uint8_t)group;
			}
			check_address(bytes, false, AF_INET6, bytes);
			/* A mapped address only is IPv4. */
			check_address(bytes, bytes[10] != 0xff, AF_INET6, bytes);
		}
	}
	memset(bytes, 0, 10);
	bytes[10] = bytes[11] = 0xff;
	for (int i = 0; i < TRIES; i++) {
		for (int b = 12; b < 16; b++)
			bytes[b] = (uint8_t)(dice() >> dice() % 8);
		check_address(bytes, false, AF_INET6, bytes);
		check_address(bytes, true, AF_INET, bytes + 12);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_those_of_printf),
		cmocka_unit_test(decimals_are_those_of_printf),
		cmocka_unit_test(addresses_are_those_of_inet_ntop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
