/* format: values of every type in every width, for people and for scripts; addresses with their
 * ports. */
#include "lib/fixture.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/endpoint.h"
#include "sockdash/format.h"
#include "sockdash/utf8.h"

static const struct address loopback = { .bytes = { [15] = 1 } };
static const struct address mapped = { .bytes = { [10] = 0xff, 0xff, 10, 0, 0, 7 } };

static const struct {
	struct value value;
	int width;
	const char *people, *scripts;
} cases[] = {
	{ { .type = VALUE_NONE }, 0, "-", "-" },
	{ { .type = VALUE_COUNT, .number = 198010 }, 0, "198,010", "198010" },
	{ { .type = VALUE_COUNT, .number = 198010 }, 5, "198k", "198010" },
	{ { .type = VALUE_COUNT, .number = 4294967295 }, 0, "4,294,967,295", "4294967295" },
	{ { .type = VALUE_DELTA, .number = -1200 }, 0, "-1,200", "-1200" },
	{ { .type = VALUE_DELTA, .number = 1200 }, 0, "+1,200", "+1200" },
	{ { .type = VALUE_DELTA, .number = 0 }, 0, "0", "0" },
	{ { .type = VALUE_ID, .number = 65535 }, 0, "65535", "65535" },
	{ { .type = VALUE_BYTES, .number = 2304 }, 0, "2.3K", "2304" },
	{ { .type = VALUE_RATE, .real = 1204 }, 0, "1,204", "1204" },
	{ { .type = VALUE_RATE, .real = 0.001 }, 0, "<0.01", "<0.01" },
	{ { .type = VALUE_TREND, .real = 5 }, 0, "+5.0", "+5.0" },
	{ { .type = VALUE_TREND, .real = -0.25 }, 0, "-0.25", "-0.25" },
	{ { .type = VALUE_PERCENT, .real = 90 }, 0, "90.0%", "90.0%" },
	{ { .type = VALUE_SPAN, .real = 0.00125 }, 0, "1.25ms", "1.25ms" },
	{ { .type = VALUE_AGE, .real = 842 }, 0, "14m 02s", "14m02s" },
	{ { .type = VALUE_AGE, .real = 842 }, 5, "14m", "14m02s" },
	{ { .type = VALUE_AGE, .real = 842, .at_least = true }, 0, ">14m 02s", ">14m02s" },
	{ { .type = VALUE_AGE, .real = 842, .at_least = true }, 8, ">14m 02s", ">14m02s" },
	{ { .type = VALUE_AGE, .real = 842, .at_least = true }, 7, ">14m", ">14m02s" },
	{ { .type = VALUE_COUNT, .number = 12000, .at_least = true }, 0, ">12,000", ">12000" },
	{ { .type = VALUE_COUNT, .number = 12000, .at_least = true }, 4, ">12k", ">12000" },
	{ { .type = VALUE_RATE, .real = 1204, .at_least = true }, 0, ">1,204", ">1204" },
	{ { .type = VALUE_ID, .number = 443, .name = "https" }, 0, "https", "https" },
	{ { .type = VALUE_ADDRESS, .address = &mapped, .device = "", .name = "web-07" }, 0,
		"web-07", "web-07" },
	{ { .type = VALUE_ADDRESS, .address = &mapped, .device = "eth0", .name = "web-07" }, 0,
		"web-07%eth0", "web-07%eth0" },
	{ { .type = VALUE_TEXT, .text = "nginx: worker, 2" }, 4, "nginx: worker, 2",
		"nginx: worker, 2" },
	{ { .type = VALUE_ADDRESS, .address = &loopback, .device = "" }, 0, "::1", "::1" },
	{ { .type = VALUE_ADDRESS, .address = &mapped, .device = "" }, 0, "::ffff:10.0.0.7",
		"::ffff:10.0.0.7" },
	{ { .type = VALUE_ADDRESS, .address = &mapped, .ipv4 = true, .device = "eth0" }, 0,
		"10.0.0.7%eth0", "10.0.0.7%eth0" },
};

static void values_read_well(void **state)
{
	char room[FORMAT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_string_equal(
			format_value(&cases[i].value, cases[i].width, room), cases[i].people);
		assert_string_equal(format_plain(&cases[i].value, room), cases[i].scripts);
	}
}

static void check_width(const struct value *v)
{
	char room[FORMAT_MAX];

	for (int width = -2; width <= 30; width++) {
		const char *text = format_value(v, width, room);
		int used = utf8_text_width(text, strlen(text));

		if (width != 0 && used > (width < 0 ? 0 : width))
			fail_msg("type %d in %d columns: '%s'", v->type, width, text);
	}
}

static void numbers_never_overrun_their_column(void **state)
{
	static const int64_t numbers[] = { 0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10000, 99999,
		123456, 999999, 1000000, UINT32_MAX, INT64_MAX };
	static const double reals[] = { 0, 1e-9, 0.004, 0.05, 0.5, 0.999, 1, 9.96, 59.9, 60, 99.96,
		3599, 3600, 86399, 86400, 1e6, 1e9, 1e12, 1e18, 1e300 };
	static const enum value_type whole[] = { VALUE_COUNT, VALUE_BYTES, VALUE_DELTA };
	static const enum value_type real[] = { VALUE_RATE, VALUE_TREND, VALUE_PERCENT, VALUE_AGE,
		VALUE_SPAN };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		for (size_t t = 0; t < COUNT_OF(whole); t++) {
			struct value v = { .type = whole[t], .number = numbers[i] };

			check_width(&v);
			if (whole[t] != VALUE_DELTA)
				continue;
			v.number = -numbers[i];
			check_width(&v);
		}
	}
	for (size_t i = 0; i < COUNT_OF(reals); i++) {
		for (size_t t = 0; t < COUNT_OF(real); t++) {
			struct value v = { .type = real[t], .real = reals[i] };

			check_width(&v);
			v.real = real[t] == VALUE_TREND ? -v.real : v.real;
			v.at_least = real[t] == VALUE_AGE;
			check_width(&v);
		}
	}
}

/* A script may split a line at its blanks. */
static void plain_values_are_one_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char room[FORMAT_MAX];

		if (cases[i].value.type != VALUE_TEXT)
			assert_null(strpbrk(format_plain(&cases[i].value, room), " ,"));
	}
}

static void words_stand_left_and_numbers_right(void **state)
{
	(void)state;
	for (enum value_type type = VALUE_NONE; type < VALUE_TYPES; type++)
		assert_int_equal(
			format_is_right(type), type != VALUE_TEXT && type != VALUE_ADDRESS);
}

static void ends_read_as_in_ss(void **state)
{
	static const struct {
		const char *sock;
		const char *local, *remote;
	} ends[] = {
		{ "tcp ESTAB 10.0.0.7:443 192.0.2.1:50000", "10.0.0.7:443", "192.0.2.1:50000" },
		{ "tcp ESTAB [::ffff:10.0.0.7]:443 [::ffff:192.0.2.1]:5", "[::ffff:10.0.0.7]:443",
			"[::ffff:192.0.2.1]:5" },
		{ "tcp ESTAB [2001:db8::1]:443 [2001:db8::2]:5", "[2001:db8::1]:443",
			"[2001:db8::2]:5" },
		{ "tcp LISTEN 0.0.0.0:22 *", "0.0.0.0:22", "0.0.0.0:0" },
		{ "tcp LISTEN [::]:443 *", "*:443", "*:0" },
		{ "tcp LISTEN [::]:443 * v6only", "[::]:443", "[::]:0" },
		{ "udp UNCONN [::]:53 *", "*:53", "*:0" },
		{ "tcp LISTEN [::]%eth0:443 *", "*%eth0:443", "*:0" },
		{ "udp UNCONN 127.0.0.53%lo:53 *", "127.0.0.53%lo:53", "0.0.0.0:0" },
		{ "tcp ESTAB [fe80::1]%eth0:5 [fe80::2]%eth0:6", "[fe80::1]%eth0:5",
			"[fe80::2]:6" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char room[ENDPOINT_MAX];
		struct story st;
		struct frame *f;
		uint32_t row;

		story_begin(&st, 0);
		f = story_frame(&st, 0);
		row = story_sock(&st, "%s", ends[i].sock);
		assert_string_equal(endpoint_text(f, &f->socks[row], true, 0, room), ends[i].local);
		assert_string_equal(
			endpoint_text(f, &f->socks[row], false, 0, room), ends[i].remote);
		story_end(&st);
	}
}

static void ends_have_names(void **state)
{
	static const struct {
		int width;
		const char *local, *remote;
	} cuts[] = {
		{ 0, "web-07.example:https", "10.9.0.1:50000" },
		{ 20, "web-07.example:https", "10.9.0.1:50000" },
		{ 16, "web-07.ex\xe2\x80\xa6:https", "10.9.0.1:50000" },
		{ 11, "web-07\xe2\x80\xa6:443", "10.9\xe2\x80\xa6:50000" },
	};
	const uint8_t local[16] = { [10] = 0xff, 0xff, 10, 0, 0, 7 };
	struct names *n = names_create();
	char room[ENDPOINT_MAX];
	struct story st;
	struct frame *f;
	uint32_t row;

	(void)state;
	names_begin(n, 0, 10);
	names_put_host(n, local, NAMES_FOUND, "web-07.example");
	names_put_service(n, SOCK_TCP, 443, "https");
	story_begin(&st, 0);
	f = story_frame(&st, 0);
	row = story_sock(&st, "tcp ESTAB 10.0.0.7:443 10.9.0.1:50000");
	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		const struct sock *s = &f->socks[row];

		assert_string_equal(
			endpoint_named(f, n, s, true, cuts[i].width, room), cuts[i].local);
		assert_string_equal(
			endpoint_named(f, n, s, false, cuts[i].width, room), cuts[i].remote);
	}
	story_end(&st);
	names_destroy(n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_read_well),
		cmocka_unit_test(numbers_never_overrun_their_column),
		cmocka_unit_test(plain_values_are_one_word),
		cmocka_unit_test(words_stand_left_and_numbers_right),
		cmocka_unit_test(ends_read_as_in_ss),
		cmocka_unit_test(ends_have_names),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
