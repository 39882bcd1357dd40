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
	struct tracker_settings settings;
	atomic_bool cancelled;

	/* What the tables are made from. */
	struct tracker *tracker;
	uint32_t made;    /* samples since it began */
	int64_t since_ns; /* mono_ns of the first of them */
	bool first;       /* and that is the first of a recording */
	uint64_t serial;

	struct shown remembered[REMEMBERED]; /* oldest first */
	uint32_t count;
	uint32_t at; /* which of them is shown */
	uint64_t rows;
	bool warm;     /* their tables are those of playing from the first sample */
	uint32_t next; /* index behind the newest */
	bool begun;

	struct sample *shown; /* last given away */
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

/* Samples whose tables do not look back far enough are not kept: who steps back would see them. */
static void remember(struct tape_feed *f, struct sample *s, uint32_t index)
{
	int64_t now_ns = s->frame->mono_ns;

	if (!f->made++)
		f->since_ns = now_ns;
	while (f->count &&
		(!f->warm || f->count == REMEMBERED ||
			(f->count > 1 && f->rows + s->frame->sock_count > REMEMBERED_ROWS)))
		forget_oldest(f);
	f->rows += s->frame->sock_count;
	f->remembered[f->count++] = (struct shown){ s, index };
	f->warm = f->first || (f->made > WARM_SAMPLES &&
				      (double)(now_ns - f->since_ns) / 1e9 >= f->settings.window_s);
}

static int forget_history(struct tape_feed *f)
{
	struct tracker *tracker = tracker_create(&f->settings);

	if (!tracker)
		return -ENOMEM;
	tracker_destroy(f->tracker);
	f->tracker = tracker;
	f->made = 0;
	return 0;
}

/* Forgets all, to begin anew at an index. */
static int begin_at(struct tape_feed *f, uint32_t index)
{
	int err = forget_history(f);

	if (err)
		return err;
	while (f->count)
		forget_oldest(f);
	f->next = index;
	f->first = index == 0;
	f->warm = false;
	tape_rewind(f->tape);
	return 0;
}

/* ---- Going ----------------------------------------------------------------------------------- */

/* Takes the frame. */
static int make_sample(struct tape_feed *f, struct frame *frame, struct sample **out)
{
	int err = 0;

	/* Another recording, put behind the one before, knows nothing of it. */
	if (f->made && !frame->diff.known) {
		err = forget_history(f);
		f->first = true;
	}
	if (err)
		frame_put(frame);
	else
		err = tape_select(frame, &f->request, tracker_previous(f->tracker), &frame);
	if (!err)
		err = tracker_step(f->tracker, frame, out);
	/* The serials of a tracker begin anew with it. */
	if (!err)
		(*out)->serial = ++f->serial;
	return err;
}

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

			if (more < 0 || f->next >= tape_count(f->tape))
				return more < 0 ? more : 0;
		}
		err = tape_read(f->tape, f->next, &frame);
		if (err != -ENOMEM)
			f->next++;
		if (err == -EBADMSG)
			continue;
		if (!err)
			err = make_sample(f, frame, &s);
		if (err)
			return err;
		remember(f, s, f->next - 1);
		return 1;
	}
	return -ECANCELED;
}

/* Reads on up to an index, or until something can be read. 0 or -errno. */
static int read_to(struct tape_feed *f, uint32_t index)
{
	int got = 1;

	while (got > 0 && (f->next <= index || !f->count))
		got = read_next(f);
	return got < 0 ? got : 0;
}

/* The index from which the tables can be made anew for a sample: a whole one, with so many samples,
 * and as much time before it as the tables look back. */
static uint32_t warm_start(const struct tape_feed *f, uint32_t index, uint64_t samples)
{
	const struct tape_entry *target = tape_entry(f->tape, index);
	uint32_t from = index;

	while (from) {
		const struct tape_entry *e = tape_entry(f->tape, from);

		if (e->whole && index - from >= samples &&
			(double)(target->mono_ns - e->mono_ns) / 1e9 >= f->settings.window_s)
			break;
		from--;
	}
	return from;
}

/* Makes the tables anew for the last sample that can be read up to an index. Where damaged ones on
 * the way there were too many, from further back. */
static int make_anew(struct tape_feed *f, uint32_t index)
{
	uint64_t samples = WARM_SAMPLES;
	uint32_t from;
	int err;

	do {
		from = warm_start(f, index, samples);

		/* What is remembered already need not be made anew. */
		if (from >= f->next || index < f->next || !f->begun || samples > WARM_SAMPLES) {
			err = begin_at(f, from);
			if (err)
				return err;
		}
		err = read_to(f, index);
		samples *= 2;
	} while (!err && from && !(f->count && f->warm && f->remembered[0].index <= index));
	return err;
}

/* Shows the last sample remembered up to an index, or else the first behind it. */
static void show_until(struct tape_feed *f, uint32_t index)
{
	f->at = f->count ? f->count - 1 : 0;
	while (f->at && f->remembered[f->at].index > index)
		f->at--;
}

/* Shows the last sample that can be read up to an index, or else the first behind it. */
static int go_to(struct tape_feed *f, uint32_t index)
{
	bool is_behind = index < f->next;
	int err = 0;

	if (tape_is_stream(f->tape) || (is_behind && f->count && index >= f->remembered[0].index))
		err = is_behind ? 0 : read_to(f, index);
	else if (is_behind || index - f->next > WARM_SAMPLES)
		err = make_anew(f, index);
	else
		err = read_to(f, index);
	show_until(f, index);
	return err;
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

/* Looks whether a file has grown. */
static int look(struct tape_feed *f)
{
	int more = tape_is_stream(f->tape) ? 0 : tape_look(f->tape, false);

	return more < 0 ? more : 0;
}

static int step(struct tape_feed *f, int32_t by)
{
	int64_t index = (int64_t)f->remembered[f->at].index + by, last = UINT32_MAX - 1;
	int err = look(f);

	if (!tape_is_stream(f->tape))
		last = (int64_t)tape_count(f->tape) - 1;
	if (index > last)
		index = last;
	if (index < 0)
		index = 0;
	if (!err)
		err = go_to(f, (uint32_t)index);
	/* A damaged one is stepped over. */
	if (!err && by > 0 && f->count && f->remembered[f->at].index < index)
		err = advance(f);
	return err;
}

static int jump(struct tape_feed *f, int64_t wall_ns)
{
	uint32_t index = 0;
	int err = look(f);

	for (uint32_t i = 0; i < tape_count(f->tape); i++)
		if (tape_entry(f->tape, i)->wall_ns <= wall_ns)
			index = i;
	return err ? err : go_to(f, index);
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
	int got = 1;

	if (f->held && !c->paused) {
		f->held = false;
		if (tape_is_stream(f->tape))
			f->at = f->count - 1;
		else
			f->turn_ns = now_ns;
		return 0;
	}
	if (f->turn + 1 >= tape_count(f->tape)) {
		got = tape_look(f->tape, false);
		if (got < 0)
			return got;
	}
	next = next_due(f, c->speed);
	if (next == INT64_MAX || next > now_ns)
		return 0;
	f->turn_ns = now_ns - next > LATE_NS && !tape_is_stream(f->tape) ? now_ns : next;
	got = f->next > f->turn + 1 ? 1 : read_next(f);
	if (got < 0)
		return got;
	/* While a damaged one has its turn, the one before it stays. */
	f->turn++;
	show_until(f, f->turn);
	if (c->paused)
		show_again(f);
	return 0;
}

/* ---- The feed -------------------------------------------------------------------------------- */

/* Where it is now. Of a pipe the next sample is looked for already: it may be among the bytes that
 * came with the last one, and nothing would wake us for it. */
static int set_position(struct tape_feed *f)
{
	struct feed_position *p = &f->base.position;
	int more = tape_is_stream(f->tape) ? tape_look(f->tape, false) : 1;

	p->stream = tape_is_stream(f->tape);
	p->ended = more == 0;
	p->count = tape_count(f->tape);
	p->number = f->count ? f->remembered[f->at].index + 1 : 0;
	p->damaged = tape_damaged(f->tape);
	p->torn = p->stream && !p->ended ? 0 : tape_torn(f->tape);
	/* What has come already waits for its time. */
	f->base.wait_fd = f->begun && f->turn + 1 < p->count ? -1 : tape_fd(f->tape);
	return more < 0 ? more : 0;
}

static int move(struct tape_feed *f, const struct feed_control *c, int64_t now_ns)
{
	bool first = !f->begun;
	int err = 0;

	if (first)
		err = advance(f);
	else if (c->jump)
		err = jump(f, c->jump_ns);
	else if (c->step || c->now)
		err = step(f, c->step ? c->step : 1);
	else
		return go_on(f, c, now_ns);
	f->begun = f->count > 0;
	if (f->begun && (first || !(c->paused && tape_is_stream(f->tape)))) {
		f->turn = f->remembered[f->at].index;
		f->turn_ns = now_ns;
	}
	return err;
}

static int take(
	struct feed *feed, const struct feed_control *c, int64_t now_ns, struct sample **out)
{
	struct tape_feed *f = (struct tape_feed *)feed;
	int err, look_err;

	*out = NULL;
	f->look_ns = now_ns + LOOK_NS;
	err = move(f, c, now_ns);
	look_err = set_position(f);
	if (f->count && f->remembered[f->at].sample != f->shown &&
		(!c->paused || feed_is_asked(c) || !f->shown)) {
		sample_put(f->shown);
		f->shown = sample_get(f->remembered[f->at].sample);
		*out = sample_get(f->shown);
	}
	return err ? err : look_err;
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
	sample_put(f->shown);
	tracker_destroy(f->tracker);
	tape_close(f->tape);
	free(f);
}

int feed_open_tape(struct tape *tape, const struct source_request *request,
	const struct tracker_settings *settings, struct feed **out)
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
	f->first = true;
	f->base.wait_fd = tape_fd(tape);
	f->tape = tape;
	f->request = *request;
	f->settings = *settings;
	f->tracker = tracker_create(settings);
	if (!f->tracker) {
		close_feed(&f->base);
		return -ENOMEM;
	}
	*out = &f->base;
	return 0;
}
