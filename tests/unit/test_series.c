/* series: slopes over a window, rings that hold a long window at a short interval, series that end.
 */
#include "lib/fixture.h"

#include <math.h>
#include <string.h>

#include "sockdash/series.h"

#define SECOND INT64_C(1000000000)

static const struct series *add(struct series_set *set, uint64_t key, double at_s, int64_t value)
{
	const struct series *s = series_add(set, key, (int64_t)llround(at_s * 1e9), value);

	assert_non_null(s);
	return s;
}

static void the_slope_is_that_of_the_window(void **state)
{
	/* A point each second. */
	static const struct {
		unsigned points;
		int64_t values[8];
		double window_s, slope, covered_s;
	} cases[] = {
		{ 1, { 5 }, 10, NAN, 0 },
		{ 2, { 5, 8 }, 10, 3, 1 },
		{ 4, { 0, 10, 20, 30 }, 10, 10, 3 },
		{ 4, { 30, 20, 10, 0 }, 10, -10, 3 },
		{ 4, { 7, 7, 7, 7 }, 10, 0, 3 },
		/* Only what is in the window... */
		{ 8, { 0, 100, 100, 100, 100, 101, 102, 104 }, 4, 1, 4 },
		{ 8, { 0, 0, 0, 0, 0, 0, 0, 70 }, 7, 10, 7 },
		/* ...but three steps at least. */
		{ 8, { 0, 0, 0, 0, 100, 0, 0, 3 }, 0, -97.0 / 3, 3 },
		{ 8, { 0, 0, 0, 0, 1, 0, 0, 4 }, 2.5, 1, 3 },
		{ 3, { 0, 2, 4 }, 0, 2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct series_set set = { 0 };
		const struct series *s = NULL;
		double covered = -1;

		for (unsigned at = 0; at < cases[i].points; at++)
			s = add(&set, 1, at, cases[i].values[at]);
		assert_real(series_slope(s, (int64_t)(cases[i].window_s * 1e9), &covered),
			cases[i].slope);
		assert_real(covered, cases[i].covered_s);
		series_free(&set);
	}
}

static void two_points_at_one_time_have_no_slope(void **state)
{
	struct series_set set = { 0 };
	double covered;

	(void)state;
	add(&set, 1, 5, 0);
	assert_real(series_slope(add(&set, 1, 5, 9), SECOND, &covered), NAN);
	assert_real(covered, 0);
	series_free(&set);
}

static void the_newest_point_is_always_there(void **state)
{
	struct series_set set = { .step_ns = 10 * SECOND };

	(void)state;
	for (int i = 0; i < 100; i++) {
		const struct series *s = add(&set, 1, i * 0.7, i);

		assert_int_equal(series_newest(s), i);
		assert_int_equal(series_newest(series_find(&set, 1)), i);
	}
	series_free(&set);
}

/* A window of ten minutes at ten samples a second is 6,000 points; the ring has 96. */
static void a_long_window_is_covered_at_a_short_interval(void **state)
{
	static const struct {
		double window_s, interval_s;
	} cases[] = { { 600, 0.1 }, { 600, 2 }, { 3, 0.1 }, { 60, 0.7 }, { 86400, 60 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t window_ns = (int64_t)(cases[i].window_s * 1e9);
		struct series_set set = { .step_ns = window_ns / (SERIES_POINTS * 2 / 3) };
		int samples = (int)(3 * cases[i].window_s / cases[i].interval_s);

		for (int n = 0; n < samples; n++) {
			double at = n * cases[i].interval_s, covered;
			const struct series *s = add(&set, 1, at, (int64_t)llround(at * 1000));
			double slope = series_slope(s, window_ns, &covered);

			if (n < 4)
				continue;
			/* What has passed, or the window but for one step. */
			assert_true(fabs(slope - 1000) < 1);
			assert_true(
				covered <= fmax(cases[i].window_s, 3 * cases[i].interval_s) + 1e-6);
			assert_true(
				covered >= fmin(at, cases[i].window_s - 2 * cases[i].interval_s -
							    (double)set.step_ns / 1e9) -
						   1e-6);
		}
		series_free(&set);
	}
}

static void a_sweep_forgets_what_got_no_point(void **state)
{
	struct series_set set = { 0 };

	(void)state;
	for (uint64_t key = 1; key <= 40; key++)
		add(&set, key, 0, (int64_t)key);
	assert_int_equal(series_sweep(&set), 0);
	for (uint64_t key = 3; key <= 40; key += 3)
		add(&set, key, 1, (int64_t)key + 1);
	assert_int_equal(series_sweep(&set), 0);
	for (uint64_t key = 1; key <= 40; key++) {
		const struct series *s = series_find(&set, key);

		if (key % 3) {
			assert_null(s);
			continue;
		}
		assert_non_null(s);
		assert_int_equal(s->key, key);
		assert_int_equal(s->count, 2);
		assert_int_equal(series_newest(s), key + 1);
	}
	/* One that comes back begins anew. */
	assert_int_equal(add(&set, 1, 2, 5)->count, 1);
	assert_int_equal(series_sweep(&set), 0);
	assert_int_equal(series_sweep(&set), 0);
	assert_int_equal(set.count, 0);
	assert_null(series_find(&set, 1));
	series_free(&set);
}

static void a_trend_is_the_newest_values_in_order(void **state)
{
	struct series_set set = { 0 };
	const struct series *s = NULL;
	struct trend t;

	(void)state;
	for (int i = 0; i < 3; i++)
		s = add(&set, 1, i, 10 + i);
	series_trend(s, &t);
	assert_int_equal(t.count, 3);
	for (uint32_t i = 0; i < t.count; i++)
		assert_int_equal(t.values[i], 10 + i);
	/* More than the ring holds. */
	for (int i = 3; i < 3 * SERIES_POINTS; i++)
		s = add(&set, 1, i, 10 + i);
	series_trend(s, &t);
	assert_int_equal(t.count, TREND_POINTS);
	for (uint32_t i = 0; i < t.count; i++)
		assert_int_equal(t.values[i], 10 + 3 * SERIES_POINTS - TREND_POINTS + i);
	series_free(&set);
}

/* What was quiet until the middle of an interval is measured from the end of that interval. */
static void growth_is_measured_from_its_onset(void **state)
{
	static const struct {
		uint32_t values[8];
		uint32_t count;
		double slope; /* over all with a step of 2 s */
	} cases[] = {
		{ { 0, 5, 14, 24 }, 4, 19 / 4.0 },            /* new: began half way through */
		{ { 60, 60, 60, 65, 75, 85 }, 6, 20 / 4.0 },  /* flat, then rising */
		{ { 60, 60, 65, 75 }, 4, 15 / 6.0 },          /* two intervals are not enough */
		{ { 10, 20, 30, 40 }, 4, 5 },                 /* was rising all the time */
		{ { 60, 61, 61, 65, 75, 85 }, 6, 25 / 10.0 }, /* was not flat before */
		{ { 60, 60, 70, 70, 70, 70 }, 6, 10 / 10.0 }, /* a burst, not a rise */
		{ { 60, 60, 60, 65, 75, 70 }, 6, 10 / 10.0 }, /* has turned */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct series_set set = { 0 };
		const struct series *s = NULL;
		double covered;

		for (uint32_t k = 0; k < cases[i].count; k++)
			s = series_add(&set, 1, 2 * k * SECOND, cases[i].values[k]);
		assert_real(
			series_change(s, series_onset(s, series_window(s, 60 * SECOND)), &covered),
			cases[i].slope);
		series_free(&set);
	}
}

static void a_kept_series_goes_on(void **state)
{
	struct series_set set = { 0 };

	(void)state;
	assert_non_null(series_add(&set, 7, 0, 10));
	assert_int_equal(series_sweep(&set), 0);
	series_keep(&set, 7);
	series_keep(&set, 8); /* is not there */
	assert_int_equal(series_sweep(&set), 0);
	assert_non_null(series_find(&set, 7));
	assert_null(series_find(&set, 8));
	assert_int_equal(series_newest(series_find(&set, 7)), 10);
	assert_int_equal(series_sweep(&set), 0);
	assert_null(series_find(&set, 7));
	series_free(&set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_series_goes_on),
		cmocka_unit_test(growth_is_measured_from_its_onset),
		cmocka_unit_test(the_slope_is_that_of_the_window),
		cmocka_unit_test(two_points_at_one_time_have_no_slope),
		cmocka_unit_test(the_newest_point_is_always_there),
		cmocka_unit_test(a_long_window_is_covered_at_a_short_interval),
		cmocka_unit_test(a_sweep_forgets_what_got_no_point),
		cmocka_unit_test(a_trend_is_the_newest_values_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
