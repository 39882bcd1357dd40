/* How often samples come, and how fast a recording plays: in steps that one can count, or as typed. */
#include "sockdash/pace.h"

#include <math.h>
#include <stdlib.h>

#include "sockdash/sampler.h"
#include "sockdash/screen.h"

static void say_interval(struct app *a)
{
	double wished = a->control.interval_s;
	char held[FMT_MAX];

	if (a->sample && sample_is_held(a->sample, wished))
		app_say(a, "every %g seconds, %s by the CPU limit", wished,
			screen_seconds(held, a->sample->least_s));
	else
		app_say(a, "every %g seconds", wished);
}

void pace_step_interval(struct app *a, int direction)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 600,
		3600 };
	size_t n = sizeof steps / sizeof *steps;
	double now = a->control.interval_s;

	for (size_t i = 0; i < n; i++) {
		double step = steps[direction > 0 ? i : n - 1 - i];

		if (direction > 0 ? step > now * 1.001 : step < now * 0.999) {
			app_wish(a)->interval_s = step;
			break;
		}
	}
	say_interval(a);
}

void pace_step_speed(struct app *a, int direction)
{
	static const double steps[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 };
	const size_t n = sizeof steps / sizeof *steps;
	size_t at = 0;

	while (at + 1 < n && steps[at] < a->control.speed)
		at++;
	if (direction > 0 ? at + 1 < n : at > 0)
		app_wish(a)->speed = steps[direction > 0 ? at + 1 : at - 1];
	app_say(a, "%g times as fast as it was recorded", a->control.speed);
}

void pace_type_interval(struct app *a, const char *text)
{
	char *end;
	double typed = strtod(text, &end);

	if (!*text)
		return;
	if (*end || !isfinite(typed) || typed < SAMPLER_INTERVAL_MIN ||
		typed > SAMPLER_INTERVAL_MAX) {
		app_say(a, "'%s' is not an interval: it takes %g to %g seconds", text,
			SAMPLER_INTERVAL_MIN, SAMPLER_INTERVAL_MAX);
		return;
	}
	app_wish(a)->interval_s = typed;
	say_interval(a);
}
