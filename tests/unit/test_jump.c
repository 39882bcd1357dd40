/* jump: words for a place in a recording. */
#include "lib/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "sockdash/fmt.h"
#include "sockdash/jump.h"

/* Every case begins at sample 5 of 9, taken at 2026-11-22 10:53:07.120 UTC. */
static const struct feed_position fifth = { .number = 5, .count = 9 };

static void times_are_jumped_to(void **state)
{
	static const struct {
		const char *text, *time;
	} cases[] = {
		{ "10:53", "2026-11-22T10:53:00.999Z" },
		{ "09:00:59", "2026-11-22T09:00:59.999Z" },
		{ "9:05", "2026-11-22T09:05:00.999Z" },
		{ "00:00", "2026-11-22T00:00:00.999Z" },
		{ "23:59:59", "2026-11-22T23:59:59.999Z" },
		{ "2026-11-21 23:15", "2026-11-21T23:15:00.999Z" },
		{ "2026-11-23 10:53:07", "2026-11-23T10:53:07.999Z" },
		{ "2026-11-23T10:53:07", "2026-11-23T10:53:07.999Z" },
		{ "+90", "2026-11-22T10:54:37.120Z" },
		{ "+90s", "2026-11-22T10:54:37.120Z" },
		{ "-7s", "2026-11-22T10:53:00.120Z" },
		{ "+1.5m", "2026-11-22T10:54:37.120Z" },
		{ "-5m", "2026-11-22T10:48:07.120Z" },
		{ "+1h", "2026-11-22T11:53:07.120Z" },
		{ "-2d", "2026-11-20T10:53:07.120Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct feed_control c = { .interval_s = 2 };
		char time[FMT_MAX];

		assert_int_equal(jump_parse(cases[i].text, STORY_WALL_NS, &fifth, &c), 0);
		assert_true(c.jump);
		assert_int_equal(c.step, 0);
		assert_string_equal(fmt_iso_time(time, c.jump_ns), cases[i].time);
	}
}

static void samples_are_stepped_to(void **state)
{
	static const struct {
		const char *text;
		int step;
	} cases[] = {
		{ "#1", -4 },
		{ "#5", 0 },
		{ "#9", 4 },
		{ "#100", 95 },
		{ "#0", -5 },
		{ "0%", -4 },
		{ "50%", 0 },
		{ "100%", 4 },
		{ "999%", 4 },
		{ "12.5%", -3 },
		{ "#999999999", 999999994 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct feed_control c = { .interval_s = 2 };

		assert_int_equal(jump_parse(cases[i].text, STORY_WALL_NS, &fifth, &c), 0);
		assert_false(c.jump);
		assert_int_equal(c.step, cases[i].step);
	}
}

static void the_rest_is_refused(void **state)
{
	static const char *const cases[] = { "", "soon", "10", "10:", ":10", "10:60", "24:00",
		"10:53:", "10:53:61", "10:53:60", "2026-11-31 10:53", "2026-13-01 10:53",
		"2026-02-30 10:53", "2026-11-00 10:53", "10:53:07 ", "10:53x", "10:-3",
		"2026-11-22", "2026-11-22 ", "2026-11-22x10:53", "2026-11-22 25:00", "+", "-", "+x",
		"+5w", "+5 m", "+nan", "+inf", "-1e99", "+99999d", "-999999999h", "#", "#x", "#-1",
		"#5%", "%", "x%", "-5%", "50%%", "50 %", "1e10%", "nan%", "0x10%", "18:42:40:1" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct feed_control c = { .interval_s = 2 };

		if (jump_parse(cases[i], STORY_WALL_NS, &fifth, &c) != -EINVAL)
			fail_msg("'%s' is a place", cases[i]);
		assert_false(c.jump);
		assert_int_equal(c.step, 0);
	}
}

static void without_samples_there_is_no_place(void **state)
{
	const struct feed_position none = { 0 };
	struct feed_control c = { 0 };

	(void)state;
	assert_int_equal(jump_parse("50%", 0, &none, &c), 0);
	assert_int_equal(c.step, 1);
	assert_int_equal(jump_parse("-2d", 0, &none, &c), 0);
	assert_true(c.jump);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_jumped_to),
		cmocka_unit_test(samples_are_stepped_to),
		cmocka_unit_test(the_rest_is_refused),
		cmocka_unit_test(without_samples_there_is_no_place),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
