/* What is shown is always whole and of one sample and one filter: it is replaced, never changed. */
#include "sockdash/shown.h"

#include <errno.h>

void narrow_job_keep(struct narrow_job *j)
{
	sample_get(j->whole);
	filter_get(j->how.filter);
	if (j->before)
		sample_get(j->before);
}

void narrow_job_drop(struct narrow_job *j)
{
	sample_put(j->whole);
	filter_put(j->how.filter);
	sample_put(j->before);
	sample_put(j->made);
	*j = (struct narrow_job){ 0 };
}

bool narrowing_same(const struct narrowing *a, const struct narrowing *b)
{
	return a->filter == b->filter && a->prefix4 == b->prefix4 && a->prefix6 == b->prefix6;
}

void shown_init(struct shown *s)
{
	*s = (struct shown){ .at_once = SHOWN_AT_ONCE };
}

void shown_free(struct shown *s)
{
	sample_put(s->sample);
	filter_put(s->how.filter);
	s->sample = NULL;
	s->how = (struct narrowing){ 0 };
	s->waiting = false;
	s->failed = 0;
}

bool shown_is(const struct shown *s, const struct narrowing *how)
{
	return s->sample && narrowing_same(&s->how, how);
}

/* Takes the reference to the sample. */
static void show(struct shown *s, struct sample *sample, const struct narrowing *how)
{
	const struct filter *before = s->how.filter;

	sample_put(s->sample);
	s->sample = sample;
	s->how = *how;
	filter_get(how->filter);
	filter_put(before);
	s->failed = 0;
}

static bool is_up_to_date(
	const struct shown *s, const struct sample *whole, const struct narrowing *how)
{
	return shown_is(s, how) && (s->sample == whole || s->sample->whole == whole);
}

int shown_update(struct shown *s, struct sample *whole, const struct narrowing *how)
{
	struct narrow_job job;

	s->waiting = false;
	if (!whole) {
		shown_free(s);
		return 0;
	}
	if (is_up_to_date(s, whole, how))
		return 0;
	if (narrowing_is_none(how)) {
		show(s, sample_get(whole), how);
		return 0;
	}
	s->waiting = s->failed != whole->serial;
	if (!s->waiting || whole->frame->sock_count > s->at_once)
		return 0;
	shown_wish(s, whole, how, &job);
	job.error = sample_narrow(whole, how, job.before, NULL, &job.made);
	return shown_take(s, how, &job);
}

bool shown_wish(const struct shown *s, struct sample *whole, const struct narrowing *how,
	struct narrow_job *out)
{
	*out = (struct narrow_job){
		.whole = whole,
		.how = *how,
		.before = shown_is(s, how) && s->sample->whole ? s->sample : NULL,
	};
	return s->waiting;
}

int shown_take(struct shown *s, const struct narrowing *how, struct narrow_job *made)
{
	if (!narrowing_same(&made->how, how) || made->error == -ECANCELED)
		return 0;
	s->waiting = false;
	if (made->error) {
		s->failed = made->whole->serial;
		return made->error;
	}
	show(s, made->made, how);
	made->made = NULL;
	return 0;
}
