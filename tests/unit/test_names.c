/* names: what is known, what is wanted, what is forgotten, and what is no name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sockdash/names.h"

#define MINUTE INT64_C(60000000000)

static struct names_address host(uint32_t n)
{
	return (struct names_address){
		{ [10] = 0xff, [11] = 0xff, 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n }
	};
}

static const char *name_of(struct names *n, uint32_t which)
{
	return names_host(n, host(which).bytes);
}

static int put(struct names *n, uint32_t which, enum names_answer answer, const char *text)
{
	return names_put_host(n, host(which).bytes, answer, text);
}

static size_t wanted(const struct names *n)
{
	size_t count;

	names_wanted(n, &count);
	return count;
}

static void wants_what_it_does_not_know(void **state)
{
	struct names *n = names_create();
	const struct names_address *list;
	size_t count;

	(void)state;
	names_begin(n, 0, 3);
	assert_null(name_of(n, 1));
	assert_null(name_of(n, 2));
	assert_null(name_of(n, 1));
	list = names_wanted(n, &count);
	assert_int_equal(count, 2);
	assert_memory_equal(list[1].bytes, host(2).bytes, 16);
	put(n, 1, NAMES_FOUND, "one.example.");
	put(n, 2, NAMES_NONE, NULL);
	names_begin(n, 1, 3);
	assert_string_equal(name_of(n, 1), "one.example");
	assert_null(name_of(n, 2));
	assert_int_equal(wanted(n), 0);
	for (uint32_t i = 3; i < 10; i++)
		name_of(n, i);
	assert_int_equal(wanted(n), 3);
	names_destroy(n);
}

static void asks_again_after_a_while(void **state)
{
	struct names *n = names_create();

	(void)state;
	names_begin(n, 0, 10);
	put(n, 1, NAMES_FOUND, "one");
	put(n, 2, NAMES_NONE, NULL);
	put(n, 3, NAMES_FAILED, NULL);
	names_begin(n, 2 * MINUTE, 10);
	for (uint32_t i = 1; i <= 3; i++)
		name_of(n, i);
	assert_int_equal(wanted(n), 0);
	names_begin(n, 4 * MINUTE, 10);
	for (uint32_t i = 1; i <= 3; i++)
		name_of(n, i);
	assert_int_equal(wanted(n), 1);
	names_begin(n, 11 * MINUTE, 10);
	for (uint32_t i = 1; i <= 3; i++)
		name_of(n, i);
	assert_int_equal(wanted(n), 2);
	/* Until there is another answer the old one stands, and a failure is none. */
	names_begin(n, 61 * MINUTE, 10);
	assert_string_equal(name_of(n, 1), "one");
	assert_int_equal(wanted(n), 1);
	put(n, 1, NAMES_FAILED, NULL);
	names_begin(n, 62 * MINUTE, 10);
	assert_string_equal(name_of(n, 1), "one");
	assert_int_equal(wanted(n), 0);
	put(n, 1, NAMES_NONE, NULL);
	assert_null(name_of(n, 1));
	names_destroy(n);
}

static void means_no_host(void **state)
{
	struct names *n = names_create();
	const uint8_t nobody[16] = { 0 }, nobody4[16] = { [10] = 0xff, [11] = 0xff };
	const uint8_t link[16] = { 0xfe, 0x80, [15] = 1 }, one[16] = { [15] = 1 };

	(void)state;
	names_begin(n, 0, 10);
	names_host(n, nobody);
	names_host(n, nobody4);
	names_host(n, link);
	assert_int_equal(wanted(n), 0);
	names_host(n, one);
	assert_int_equal(wanted(n), 1);
	names_destroy(n);
}

/* What was looked for stays, whatever else comes. */
static void forgets_the_others(void **state)
{
	struct names *n = names_create();
	char text[32];

	(void)state;
	names_begin(n, 0, 10);
	for (uint32_t i = 1; i <= 10 * NAMES_HOSTS_MAX; i++) {
		snprintf(text, sizeof text, "h%u.example", i);
		assert_int_equal(put(n, i, NAMES_FOUND, text), 0);
		assert_string_equal(name_of(n, 1), "h1.example");
		assert_string_equal(name_of(n, i), text);
	}
	assert_int_equal(wanted(n), 0);
	for (uint32_t i = 0; i < NAMES_HOSTS_MAX / 2 - 2; i++)
		assert_non_null(name_of(n, 10 * NAMES_HOSTS_MAX - i));
	assert_null(name_of(n, 2));
	assert_int_equal(wanted(n), 1);
	names_destroy(n);
}

static void refuses_what_is_no_name(void **state)
{
	static const char *const bad[] = { "", ".", "10.0.0.1", "1", "host.1", "a:80", "a b", "a%b",
		"\x1b[2J", "a\n", "[a]", "fe80::1", "a/b", "a\\b", "\x7f" };
	struct names *n = names_create();

	(void)state;
	names_begin(n, 0, 10);
	for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(put(n, i + 1, NAMES_FOUND, bad[i]), 0);
		assert_null(name_of(n, i + 1));
	}
	assert_int_equal(wanted(n), 0);
	names_destroy(n);
}

static void makes_names_safe(void **state)
{
	struct names *n = names_create();
	char text[1000] = "";

	(void)state;
	names_begin(n, 0, 10);
	put(n, 1, NAMES_FOUND,
		"b\xc3\xbc"
		"cher.example");
	assert_string_equal(name_of(n, 1), "b\xc3\xbc"
					   "cher.example");
	put(n, 1, NAMES_FOUND, "a\xff.b\xe2\x80\xaeg");
	assert_string_equal(name_of(n, 1), "a\\xFF.b\\u{202E}g");
	put(n, 1, NAMES_FOUND, "3com.7zip");
	assert_string_equal(name_of(n, 1), "3com.7zip");
	/* Cut between characters. */
	for (int i = 0; i < 300; i++)
		strcat(text, "\xc3\xbc");
	put(n, 1, NAMES_FOUND, text);
	assert_int_equal(strlen(name_of(n, 1)), NAMES_TEXT_MAX - 1);
	memset(text, 'a', 999);
	put(n, 1, NAMES_FOUND, text);
	assert_int_equal(strlen(name_of(n, 1)), NAMES_TEXT_MAX);
	names_destroy(n);
}

static void knows_services(void **state)
{
	struct names *n = names_create();

	(void)state;
	assert_int_equal(names_put_service(n, SOCK_TCP, 443, "https"), 0);
	assert_int_equal(names_put_service(n, SOCK_TCP, 443, "other"), 0);
	assert_int_equal(names_put_service(n, SOCK_UDP, 53, "domain"), 0);
	assert_int_equal(names_put_service(n, SOCK_TCP, 80, "80"), 0);
	assert_string_equal(names_service(n, SOCK_TCP, 443), "https");
	assert_string_equal(names_service(n, SOCK_UDP, 53), "domain");
	assert_null(names_service(n, SOCK_TCP, 53));
	assert_null(names_service(n, SOCK_TCP, 80));
	names_destroy(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wants_what_it_does_not_know),
		cmocka_unit_test(asks_again_after_a_while),
		cmocka_unit_test(means_no_host),
		cmocka_unit_test(forgets_the_others),
		cmocka_unit_test(refuses_what_is_no_name),
		cmocka_unit_test(makes_names_safe),
		cmocka_unit_test(knows_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
