/* Playing a tape. The samples before the newest one are remembered for a while, so that stepping
 * back and forth among them costs nothing; to go further back, or far ahead, what the tables
 * remember (growth, graphs) is made anew from samples enough before the place. */
#include <errno.h>
#include <stdlib.h>

#include "sockdash/feed.h"
#include "sockdash/tape.h"

#define REMEMBERED      32      /* samples */
#define REMEMBERED_ROWS 1000000 /* sockets in all of them */
#define WARM_SAMPLES    (TREND_POINTS + 4)
#define LOOK_NS         INT64_C(500000000) /* how often a file is looked at for more */
#define LATE_NS         INT64_C(1000000000)

struct shown {
	struct sample *sample;
	uint32_t index;
};

struct tape_feed {
	struct feed base;
	struct tape *tape;
	struct source_request request;
	struct tracker *tracker;
	double window_s;
	volatile bool cancelled;

	struct shown remembered[REMEMBERED]; /* oldest first */
	uint32_t count;
	uint32_t at; /* which of them is shown */
	uint64_t rows;
	uint32_t next; /* index behind the newest */
	bool begun;

	const struct sample *shown; /* to compare with only */
	uint32_t turn;   /* index of the last sample in its turn: shown, but for a paused pipe */
	int64_t turn_ns; /* when it was due */
	int64_t look_ns; /* when a file is to be looked at again */
	bool held;       /* was paused */
};

/* ---- What is remembered ---------------------------------------------------------------------- */

static void forget_oldest(struct tape_feed *f)
{
	f->rows -= f->remembered[0].sample->frame->sock_count;
	sample_put(f->remembered[0].sample);
	for (uint32_t i = 1; i < f->count; i++)
		f->remembered[i - 1] = f->remembered[i];
	f->count--;
	if (f->at)
		f->at--;
}

static void remember(struct tape_feed *f, struct sample *s, uint32_t index)
{
	while (f->count == REMEMBERED ||
		(f->count > 1 && f->rows + s->frame->sock_count > REMEMBERED_ROWS))
		forget_oldest(f);
	f->rows += s->frame->sock_count;
	f->remembered[f->count++] = (struct shown){ s, index };
}

static int forget_all(struct tape_feed *f)
{
	while (f->count)
		forget_oldest(f);
	f->at = 0;
	tracker_destroy(f->tracker);
	f->tracker = tracker_create(f->window_s);
	tape_rewind(f->tape);
	return f->tracker ? 0 : -ENOMEM;
}

/* ---- Going ----------------------------------------------------------------------------------- */

/* Reads the sample behind the newest; damaged ones are passed over. 1: it is remembered now, 0:
 * there is none (yet), or -errno. */
static int read_next(struct tape_feed *f)
{
	while (!f->cancelled) {
		struct frame *frame;
		struct sample *s;
		int err;

		if (f->next >= tape_count(f->tape)) {
			int more = tape_look(f->tape, false);

			f->base.position.ended = tape_is_stream(f->tape) && more == 0;
			if (more < 0 || f->next >= tape_count(f->tape))
				return more < 0 ? more : 0;
		}
		err = tape_read(f->tape, f->next, &frame);
		if (err != -ENOMEM)
			f->next++;
		if (err == -EBADMSG)
			continue;
		if (!err)
			err = tape_select(frame, &f->request, tracker_previous(f->tracker), &frame);
		if (!err)
			err = tracker_step(f->tracker, frame, &s);
		if (err)
			return err;
		remember(f, s, f->next - 1);
		return 1;
	}
	return -ECANCELED;
}

/* The index from which the tables can be made anew for a sample: a whole one, with as many samples
 * and as much time before it as the tables look back. */
static uint32_t warm_start(const struct tape_feed *f, uint32_t index)
{
	const struct tape_entry *target = tape_entry(f->tape, index);
	uint32_t from = index;

	while (from) {
		const struct tape_entry *e = tape_entry(f->tape, from);

		if (e->whole && index - from >= WARM_SAMPLES &&
			(double)(target->mono_ns - e->mono_ns) / 1e9 >= f->window_s)
			break;
		from--;
	}
	return from;
}

/* Shows the last sample that can be read up to an index, or else the first behind it. */
static int go_to(struct tape_feed *f, uint32_t index)
{
	uint32_t from = f->next;
	int got = 1;

	if (f->count && index >= f->remembered[0].index && index < f->next) {
		f->at = f->count - 1;
		while (f->at && f->remembered[f->at].index > index)
			f->at--;
		return 0;
	}
	if (tape_is_stream(f->tape) && index < f->next) {
		f->at = 0;
		return 0;
	}
	if (!tape_is_stream(f->tape) && (index < f->next || index - f->next > WARM_SAMPLES)) {
		from = warm_start(f, index);
		/* What is remembered already need not be made anew. */
		if (from < f->next && f->next <= index && f->begun)
			from = f->next;
	}
	if (from != f->next) {
		got = forget_all(f);
		if (got < 0)
			return got;
		f->next = from;
		got = 1;
	}
	while (got > 0 && (f->next <= index || !f->count))
		got = read_next(f);
	f->at = f->count ? f->count - 1 : 0;
	while (f->at && f->remembered[f->at].index > index)
		f->at--;
	return got < 0 ? got : 0;
}

static int step(struct tape_feed *f, int32_t by)
{
	int64_t index = (int64_t)f->remembered[f->at].index + by;
	/* Among those remembered, damaged ones do not count. */
	int64_t at = (int64_t)f->at + by;

	if (at >= 0 && at < f->count) {
		f->at = (uint32_t)at;
		return 0;
	}
	if (tape_is_stream(f->tape) && by > 0) {
		for (int got = 1; got > 0 && by-- > 0 && f->at + 1 == f->count;
			f->at = f->count - 1) {
			got = read_next(f);
			if (got < 0)
				return got;
		}
		return 0;
	}
	if (index < 0)
		index = 0;
	if (index >= tape_count(f->tape))
		index = (int64_t)tape_count(f->tape) - 1;
	return go_to(f, (uint32_t)index);
}

static int jump(struct tape_feed *f, int64_t wall_ns)
{
	uint32_t index = 0;

	for (uint32_t i = 0; i < tape_count(f->tape); i++)
		if (tape_entry(f->tape, i)->wall_ns <= wall_ns)
			index = i;
	return go_to(f, index);
}

/* One sample on. */
static int advance(struct tape_feed *f)
{
	int got = 1;

	if (f->at + 1 < f->count) {
		f->at++;
		return 0;
	}
	got = read_next(f);
	if (got > 0)
		f->at = f->count - 1;
	return got < 0 ? got : 0;
}

/* ---- Pace ------------------------------------------------------------------------------------ */

/* When the sample that follows the last one in turn is due; INT64_MAX where it has not come yet. */
static int64_t next_due(const struct tape_feed *f, double speed)
{
	int64_t gap_ns;

	if (f->turn + 1 >= tape_count(f->tape))
		return INT64_MAX;
	gap_ns = tape_entry(f->tape, f->turn + 1)->mono_ns - tape_entry(f->tape, f->turn)->mono_ns;
	/* Another recording, put behind this one. */
	if (gap_ns < 0 || (double)gap_ns / speed > 1e18)
		gap_ns = 0;
	return f->turn_ns + (int64_t)((double)gap_ns / speed);
}

/* A pipe goes on while its picture is paused: who goes on looking wants to see what is now. */
static bool stands_still(const struct tape_feed *f, const struct feed_control *c)
{
	return c->paused && !tape_is_stream(f->tape);
}

static int64_t due(struct feed *feed, const struct feed_control *c, int64_t now_ns)
{
	struct tape_feed *f = (struct tape_feed *)feed;
	int64_t next;

	if (!f->begun)
		return f->look_ns;
	f->held |= c->paused;
	if (f->held && !c->paused)
		return now_ns;
	if (stands_still(f, c))
		return INT64_MAX;
	next = next_due(f, c->speed);
	/* A file may grow. */
	return next == INT64_MAX && !tape_is_stream(f->tape) ? f->look_ns : next;
}

/* Goes back to the sample on the screen, or the oldest where that is forgotten. */
static void show_again(struct tape_feed *f)
{
	f->at = f->count - 1;
	while (f->at && f->remembered[f->at].sample != f->shown)
		f->at--;
}

/* What is due by itself. */
static int go_on(struct tape_feed *f, const struct feed_control *c, int64_t now_ns)
{
	int64_t next;
	int err;

	if (f->held && !c->paused) {
		f->held = false;
		if (tape_is_stream(f->tape))
			f->at = f->count - 1;
		else
			f->turn_ns = now_ns;
		return 0;
	}
	if (f->turn + 1 >= tape_count(f->tape)) {
		int more = tape_look(f->tape, false);

		f->base.position.ended = tape_is_stream(f->tape) && more == 0;
		if (more < 0)
			return more;
	}
	next = next_due(f, c->speed);
	if (next == INT64_MAX || next > now_ns)
		return 0;
	if (c->paused)
		f->at = f->count - 1;
	err = advance(f);
	f->turn = f->remembered[f->at].index;
	f->turn_ns = now_ns - next > LATE_NS && !tape_is_stream(f->tape) ? now_ns : next;
	if (c->paused)
		show_again(f);
	return err;
}

/* ---- The feed -------------------------------------------------------------------------------- */

static void set_position(struct tape_feed *f)
{
	struct feed_position *p = &f->base.position;

	p->stream = tape_is_stream(f->tape);
	p->count = tape_count(f->tape);
	p->number = f->count ? f->remembered[f->at].index + 1 : 0;
	p->damaged = tape_damaged(f->tape);
	p->torn = p->stream && !p->ended ? 0 : tape_torn(f->tape);
	/* What has come already waits for its time. */
	f->base.wait_fd = f->begun && f->turn + 1 < p->count ? -1 : tape_fd(f->tape);
}

static int move(struct tape_feed *f, const struct feed_control *c, int64_t now_ns)
{
	int err = 0;

	if (!f->begun)
		err = advance(f);
	else if (c->jump)
		err = jump(f, c->jump_ns);
	else if (c->step || c->now)
		err = step(f, c->step ? c->step : 1);
	else
		return go_on(f, c, now_ns);
	f->begun = f->count > 0;
	if (f->begun && !(c->paused && tape_is_stream(f->tape))) {
		f->turn = f->remembered[f->at].index;
		f->turn_ns = now_ns;
	}
	return err;
}

static int take(
	struct feed *feed, const struct feed_control *c, int64_t now_ns, struct sample **out)
{
	struct tape_feed *f = (struct tape_feed *)feed;
	int err;

	*out = NULL;
	f->look_ns = now_ns + LOOK_NS;
	err = move(f, c, now_ns);
	set_position(f);
	if (f->count && f->remembered[f->at].sample != f->shown &&
		(!c->paused || feed_is_asked(c) || !f->shown)) {
		f->shown = f->remembered[f->at].sample;
		*out = sample_get(f->remembered[f->at].sample);
	}
	return err;
}

static void cancel(struct feed *feed)
{
	((struct tape_feed *)feed)->cancelled = true;
}

static void close_feed(struct feed *feed)
{
	struct tape_feed *f = (struct tape_feed *)feed;

	while (f->count)
		forget_oldest(f);
	tracker_destroy(f->tracker);
	tape_close(f->tape);
	free(f);
}

int feed_open_tape(
	struct tape *tape, const struct source_request *request, double window_s, struct feed **out)
{
	static const struct feed_ops ops = {
		.due = due, .take = take, .cancel = cancel, .close = close_feed
	};
	struct tape_feed *f = calloc(1, sizeof *f);

	if (!f) {
		tape_close(tape);
		return -ENOMEM;
	}
	f->base.ops = &ops;
	f->base.wait_fd = tape_fd(tape);
	f->tape = tape;
	f->request = *request;
	f->window_s = window_s;
	f->tracker = tracker_create(window_s);
	if (!f->tracker) {
		close_feed(&f->base);
		return -ENOMEM;
	}
	*out = &f->base;
	return 0;
}
