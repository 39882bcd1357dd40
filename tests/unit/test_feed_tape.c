/* feed_tape: a recording that is played, paused, stepped and jumped in. What it shows at a sample
 * is what the live screen showed, however one got there. No threads, no clocks. */
#include "lib/tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/feed.h"
#include "sockdash/needs.h"

enum { FILE_HEAD = TAPE_FILE_HEAD + TAPE_FILE_CRC, REMEMBERED = 32, SEC = 1000000000 };
#define MSEC  INT64_C(1000000)
#define NEVER INT64_MAX

static const struct source_request everything = {
	.needs = NEED_ALL,
	.protocols = 1u << SOCK_TCP | 1u << SOCK_UDP,
	.ipv4 = true,
	.ipv6 = true,
};

/* ---- Recordings ------------------------------------------------------------------------------ */

/* The same samples, told with two windows. Their times are uneven, whole ones come anywhere. */
static const double windows[] = { 3, 10 };
static struct recording recordings[COUNT_OF(windows)];

static void record_uneven(struct recording *r, unsigned count, double begin_s)
{
	static const double steps[] = { 2, 2, 0.5, 3.5, 2, 1, 1.1 };
	double at_s = begin_s;

	for (unsigned n = 0; n < count; n++) {
		record_shop(r, n, at_s, n % 50 > 40 ? 20 : 0);
		at_s += steps[n % COUNT_OF(steps)];
	}
}

static int record_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		record_begin(&recordings[i], windows[i]);
		record_uneven(&recordings[i], 150, 0);
	}
	return 0;
}

static int forget_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(windows); i++)
		record_end(&recordings[i]);
	return 0;
}

/* ---- A player -------------------------------------------------------------------------------- */

struct player {
	struct feed *feed;
	struct feed_control c;
	int64_t now_ns;
	char *shows; /* what the last sample said */
	uint64_t serial;
	bool fresh; /* it came with the last take() */
};

static void player_open(struct player *p, int fd, double window_s)
{
	*p = (struct player){ .c = { .interval_s = 2, .speed = 1 }, .now_ns = 5000 * MSEC };
	assert_int_equal(
		feed_open_tape(open_well(fd), &everything, standard_settings(window_s), &p->feed),
		0);
}

static void player_close(struct player *p)
{
	free(p->shows);
	feed_close(p->feed);
}

static int64_t due(struct player *p)
{
	return p->feed->ops->due(p->feed, &p->c, p->now_ns);
}

/* No sample is kept: a later one may stand where it stood in memory. */
static int try_take(struct player *p)
{
	struct sample *s = NULL;
	int err = p->feed->ops->take(p->feed, &p->c, p->now_ns, &s);

	p->c.now = p->c.jump = false;
	p->c.step = 0;
	p->fresh = s != NULL;
	if (s) {
		free(p->shows);
		p->shows = told_sample(s);
		p->serial = s->serial;
	}
	sample_put(s);
	return err;
}

static void take(struct player *p)
{
	assert_int_equal(try_take(p), 0);
}

/* Goes to when the next one is due, and takes it. */
static void play(struct player *p)
{
	p->now_ns = due(p);
	assert_true(p->now_ns < NEVER);
	take(p);
}

static void step(struct player *p, int by)
{
	p->c.step = by;
	take(p);
}

static void jump(struct player *p, int64_t wall_ns)
{
	p->c.jump = true;
	p->c.jump_ns = wall_ns;
	take(p);
}

static uint32_t number(const struct player *p)
{
	return p->feed->position.number;
}

/* Shows the n-th sample (from 0) as it was. */
static void assert_shows(const struct player *p, const struct recording *r, uint32_t n)
{
	assert_int_equal(number(p), n + 1);
	assert_same_text(p->shows, r->texts[n]);
}

static struct player player_of(const struct recording *r, double window_s)
{
	struct player p;

	player_open(&p, file_of(r->bytes, r->len), window_s);
	take(&p);
	assert_shows(&p, r, 0);
	assert_int_equal(p.feed->position.count, r->count);
	return p;
}

/* ---- Pace ------------------------------------------------------------------------------------ */

static int64_t gap(const struct recording *r, uint32_t n, double speed)
{
	return (int64_t)((double)(r->frames[n]->mono_ns - r->frames[n - 1]->mono_ns) / speed);
}

static void it_plays_at_the_recorded_pace(void **state)
{
	static const double speeds[] = { 0.1, 0.5, 1, 2, 1000 };
	const struct recording *r = &recordings[0];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(speeds); i++) {
		struct player p;
		int64_t when;

		player_open(&p, file_of(r->bytes, r->len), 3);
		p.c.speed = speeds[i];
		assert_true(due(&p) <= p.now_ns);
		take(&p);
		when = p.now_ns;
		for (uint32_t n = 1; n < r->count; n++) {
			when += gap(r, n, speeds[i]);
			assert_int_equal(due(&p), when);
			/* Not before, and nothing drifts by what is late. */
			p.now_ns = when - 1;
			take(&p);
			assert_false(p.fresh);
			p.now_ns = when + n % 3 * MSEC / 10;
			take(&p);
			assert_true(p.fresh);
			assert_shows(&p, r, n);
		}
		/* At the end it looks twice a second whether there is more. */
		assert_int_equal(due(&p), p.now_ns + 500 * MSEC);
		player_close(&p);
	}
}

static void who_comes_much_too_late_does_not_hurry(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);

	(void)state;
	p.now_ns = due(&p) + 900 * MSEC;
	take(&p);
	assert_shows(&p, r, 1);
	assert_int_equal(due(&p), p.now_ns - 900 * MSEC + gap(r, 2, 1));
	p.now_ns = due(&p) + 60 * (int64_t)SEC;
	take(&p);
	assert_shows(&p, r, 2);
	assert_int_equal(due(&p), p.now_ns + gap(r, 3, 1));
	player_close(&p);
}

static void another_speed_counts_from_the_last_sample(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);
	int64_t then = p.now_ns;

	(void)state;
	p.now_ns += 100 * MSEC;
	p.c.speed = 4;
	assert_int_equal(due(&p), then + gap(r, 1, 4));
	p.c.speed = 0.5;
	assert_int_equal(due(&p), then + gap(r, 1, 0.5));
	player_close(&p);
}

static void a_pause_stands_still(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);

	(void)state;
	play(&p);
	assert_shows(&p, r, 1);
	p.c.paused = true;
	assert_int_equal(due(&p), NEVER);
	p.now_ns += 100 * (int64_t)SEC;
	assert_int_equal(due(&p), NEVER);
	/* Going on, the sample has its whole time again. */
	p.c.paused = false;
	assert_int_equal(due(&p), p.now_ns);
	take(&p);
	assert_false(p.fresh);
	assert_int_equal(due(&p), p.now_ns + gap(r, 2, 1));
	play(&p);
	assert_shows(&p, r, 2);
	player_close(&p);
}

/* ---- Steps and jumps ------------------------------------------------------------------------- */

static void steps_go_forth_and_back(void **state)
{
	static const int steps[] = { 1, 1, -1, 10, -1, -10, 10, 10, 10, -7, 1, 120, -1, 1, 1, 10,
		INT32_MAX, -10, -10, -10, -10, -90, -100, INT32_MIN, -1, 1 };
	const struct recording *r = &recordings[0];

	(void)state;
	for (unsigned paused = 0; paused < 2; paused++) {
		struct player p = player_of(r, 3);
		int64_t at = 0;

		p.c.paused = paused;
		for (size_t i = 0; i < COUNT_OF(steps); i++) {
			int64_t was = at;

			at += steps[i];
			at = at < 0 ? 0 : at >= r->count ? r->count - 1 : at;
			step(&p, steps[i]);
			assert_int_equal(p.fresh, at != was);
			assert_shows(&p, r, (uint32_t)at);
		}
		/* The next one is due a gap after that. */
		p.now_ns += 7 * MSEC;
		step(&p, 5);
		if (!paused)
			assert_int_equal(due(&p), p.now_ns + gap(r, 7, 1));
		player_close(&p);
	}
}

static void a_sample_now_is_the_next_one(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);

	(void)state;
	p.c.paused = true;
	p.c.now = true;
	take(&p);
	assert_true(p.fresh);
	assert_shows(&p, r, 1);
	player_close(&p);
}

static void jumps_find_the_last_sample_until_then(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);

	(void)state;
	jump(&p, 0);
	assert_shows(&p, r, 0);
	jump(&p, INT64_MAX);
	assert_shows(&p, r, r->count - 1);
	jump(&p, INT64_MIN);
	assert_shows(&p, r, 0);
	for (uint32_t i = 1; i < 60; i++) {
		uint32_t n = i * 71 % r->count;
		int64_t wall = r->frames[n]->wall_ns;

		jump(&p, wall);
		assert_shows(&p, r, n);
		jump(&p, wall + 1);
		assert_false(p.fresh);
		if (n)
			jump(&p, wall - 1);
		assert_shows(&p, r, n ? n - 1 : 0);
		assert_int_equal(due(&p), p.now_ns + gap(r, n ? n : 1, 1));
	}
	player_close(&p);
}

/* ---- The central promise --------------------------------------------------------------------- */

static uint32_t chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

static void assert_as_played(const struct recording *r, double window_s)
{
	struct player p = player_of(r, window_s);
	uint32_t seed = 7, n = 0;

	for (unsigned turn = 0; turn < 150; turn++) {
		uint32_t to = chance(&seed, r->count);

		switch (turn % 5) {
		case 0:
		case 1:
			jump(&p, r->frames[to]->wall_ns);
			break;
		case 2:
			step(&p, (int)to - (int)n);
			break;
		case 3: /* near by */
			to = n > 3 ? n - 3 : 0;
			step(&p, -3);
			break;
		default: /* plays on */
			to = n + 1 < r->count ? n + 1 : n;
			play(&p);
			break;
		}
		assert_shows(&p, r, to);
		n = to;
	}
	player_close(&p);
}

static void however_one_gets_there_it_is_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(windows); i++)
		assert_as_played(&recordings[i], windows[i]);
}

/* Those that were read on the way to a sample are no sample to step back to, where they do not look
 * back far enough themselves. */
static void who_steps_back_from_a_jump_sees_it_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		const struct recording *r = &recordings[i];

		for (uint32_t to = 45; to < r->count; to += 35) {
			struct player p = player_of(r, windows[i]);

			jump(&p, r->frames[to]->wall_ns);
			for (uint32_t n = to; n > to - 40; n--) {
				assert_shows(&p, r, n);
				step(&p, -1);
			}
			player_close(&p);
		}
	}
}

static void the_end_comes_and_the_beginning_again(void **state)
{
	const struct recording *r = &recordings[1];
	struct player p = player_of(r, 10);

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (uint32_t n = 1; n < r->count; n++) {
			play(&p);
			assert_shows(&p, r, n);
		}
		for (unsigned i = 0; i < 3; i++)
			play(&p);
		assert_false(p.fresh);
		jump(&p, 0);
		assert_shows(&p, r, 0);
	}
	player_close(&p);
}

/* Who keeps what belongs to a sample asks for its serial. */
static void no_two_samples_have_one_serial(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);
	const char *of[2000] = { 0 };
	uint32_t seed = 3;

	(void)state;
	for (unsigned turn = 0; turn < 40; turn++) {
		jump(&p, r->frames[chance(&seed, r->count)]->wall_ns);
		assert_in_range(p.serial, 1, COUNT_OF(of) - 1);
		if (!of[p.serial])
			of[p.serial] = r->texts[number(&p) - 1];
		assert_ptr_equal(of[p.serial], r->texts[number(&p) - 1]);
	}
	player_close(&p);
}

static void less_is_played_the_same_way(void **state)
{
	struct source_request udp = everything;
	const struct recording *r = &recordings[0];
	char *texts[RECORDED_MAX] = { 0 };
	struct player p;
	uint32_t seed = 5;

	(void)state;
	udp.protocols = 1u << SOCK_UDP;
	udp.ipv6 = false;
	memset(&p, 0, sizeof p);
	p.c = (struct feed_control){ .interval_s = 2, .speed = 1 };
	assert_int_equal(feed_open_tape(open_well(file_of(r->bytes, r->len)), &udp,
				 standard_settings(3), &p.feed),
		0);
	for (uint32_t n = 0; n < r->count; n++) {
		play(&p);
		assert_int_equal(number(&p), n + 1);
		texts[n] = strdup(p.shows);
	}
	for (unsigned turn = 0; turn < 40; turn++) {
		uint32_t to = chance(&seed, r->count);

		jump(&p, r->frames[to]->wall_ns);
		assert_same_text(p.shows, texts[to]);
	}
	for (uint32_t n = 0; n < r->count; n++)
		free(texts[n]);
	player_close(&p);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

struct damaged {
	uint8_t *bytes;
	bool whole[RECORDED_MAX], readable[RECORDED_MAX];
	char *texts[RECORDED_MAX]; /* as they are played from the first */
	uint32_t first, last;      /* that can be read */
};

/* The recording with the payloads of some samples damaged, played through. At the turn of a sample
 * that cannot be read, the one before it stays. */
static void damage(struct damaged *d, const struct recording *r, const uint32_t *which, size_t many)
{
	struct player p;
	bool good = false;

	*d = (struct damaged){ .bytes = malloc(r->len), .first = UINT32_MAX };
	assert_non_null(d->bytes);
	memcpy(d->bytes, r->bytes, r->len);
	for (size_t i = 0; i < many; i++)
		d->bytes[r->ends[which[i]] - 1] ^= 1;
	for (uint32_t n = 0; n < r->count; n++) {
		bool hit = d->bytes[r->ends[n] - 1] != r->bytes[r->ends[n] - 1];

		d->whole[n] = r->bytes[r->begins[n] + TAPE_MARK_LEN + 8];
		good = !hit && (good || d->whole[n]);
		d->readable[n] = good;
		if (good)
			d->last = n;
		if (good && d->first == UINT32_MAX)
			d->first = n;
	}
	player_open(&p, file_of(d->bytes, r->len), 3);
	take(&p);
	for (uint32_t n = d->first; n <= d->last; n++) {
		if (n > d->first)
			play(&p);
		assert_int_equal(p.fresh, d->readable[n]);
		if (d->readable[n])
			assert_int_equal(number(&p), n + 1);
		d->texts[n] = strdup(p.shows);
	}
	player_close(&p);
}

static void damaged_free(struct damaged *d, const struct recording *r)
{
	for (uint32_t n = 0; n < r->count; n++)
		free(d->texts[n]);
	free(d->bytes);
}

static struct player player_of_damaged(const struct damaged *d, const struct recording *r)
{
	struct player p;

	player_open(&p, file_of(d->bytes, r->len), 3);
	take(&p);
	assert_int_equal(number(&p), d->first + 1);
	return p;
}

static void assert_jumps(const struct damaged *d, const struct recording *r)
{
	struct player p = player_of_damaged(d, r);
	uint32_t seed = 9;

	for (unsigned turn = 0; turn < 40; turn++) {
		uint32_t to = chance(&seed, r->count), is = to < d->first ? d->first : to;

		while (!d->readable[is])
			is--;
		jump(&p, r->frames[to]->wall_ns);
		assert_int_equal(number(&p), is + 1);
		assert_same_text(p.shows, d->texts[is]);
	}
	player_close(&p);
}

/* A step always gets somewhere, but at the ends. */
static void assert_steps(const struct damaged *d, const struct recording *r)
{
	struct player p = player_of_damaged(d, r);

	for (uint32_t n = d->first + 1; n < r->count; n++) {
		if (!d->readable[n])
			continue;
		step(&p, 1);
		assert_int_equal(number(&p), n + 1);
		assert_same_text(p.shows, d->texts[n]);
	}
	step(&p, 1);
	assert_false(p.fresh);
	assert_int_equal(number(&p), d->last + 1);
	for (uint32_t n = d->last; n-- > d->first;) {
		if (!d->readable[n])
			continue;
		step(&p, -1);
		assert_int_equal(number(&p), n + 1);
		assert_same_text(p.shows, d->texts[n]);
	}
	step(&p, -1);
	assert_int_equal(number(&p), d->first + 1);
	assert_same_text(p.shows, d->texts[d->first]);
	player_close(&p);
}

/* The sum of lengths is what it would be without damage. */
static void assert_pace(const struct damaged *d, const struct recording *r)
{
	struct player p = player_of_damaged(d, r);
	int64_t when = p.now_ns;

	for (uint32_t n = d->first + 1; n < r->count; n++) {
		when += gap(r, n, 1);
		assert_int_equal(due(&p), when);
		play(&p);
		assert_int_equal(p.fresh, d->readable[n]);
	}
	assert_int_equal(due(&p), p.now_ns + 500 * MSEC);
	assert_int_equal(p.feed->position.damaged, r->count - 1 - d->last);
	assert_int_equal(p.feed->position.torn, 0);
	player_close(&p);
}

/* Whole samples of the recording, from the first. */
static size_t find_wholes(const struct recording *r, uint32_t *out)
{
	size_t count = 0;

	for (uint32_t n = 0; n < r->count; n++)
		if (r->bytes[r->begins[n] + TAPE_MARK_LEN + 8])
			out[count++] = n;
	return count;
}

static void damaged_samples_are_gone_round(void **state)
{
	uint32_t wholes[RECORDED_MAX];
	struct recording r;
	size_t count;

	(void)state;
	record_begin(&r, 3);
	record_uneven(&r, 90, 0);
	count = find_wholes(&r, wholes);
	assert_true(count > 12);
	const uint32_t sets[][6] = {
		{ wholes[3] + 1 },
		{ wholes[3] },
		{ 0 },
		{ wholes[5], wholes[6], wholes[7], wholes[8], wholes[9] },
		{ wholes[count - 1] },
		{ wholes[count - 4], wholes[count - 3], wholes[count - 2], wholes[count - 1] },
		{ 0, wholes[1], wholes[3], wholes[count / 2], wholes[count / 2 + 1],
			wholes[count - 1] },
	};
	const size_t sizes[] = { 1, 1, 1, 5, 1, 4, 6 };
	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		struct damaged d;

		damage(&d, &r, sets[i], sizes[i]);
		assert_jumps(&d, &r);
		assert_steps(&d, &r);
		assert_pace(&d, &r);
		damaged_free(&d, &r);
	}
	record_end(&r);
}

/* Nothing but the first can be read: it is still played through, and never asked for at once
 * again. */
static void a_tape_of_damage_does_not_hurry(void **state)
{
	const struct recording *r = &recordings[0];
	uint32_t all[RECORDED_MAX];
	struct damaged d;

	(void)state;
	for (uint32_t n = 1; n < r->count; n++)
		all[n - 1] = n;
	damage(&d, r, all, r->count - 1);
	assert_int_equal(d.last, 0);
	assert_pace(&d, r);
	assert_jumps(&d, r);
	damaged_free(&d, r);
}

static void a_tape_without_a_good_sample_shows_nothing(void **state)
{
	const struct recording *r = &recordings[0];
	uint8_t *bytes = malloc(r->len);
	struct player p;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, r->bytes, r->len);
	for (uint32_t n = 0; n < r->count; n++)
		bytes[r->ends[n] - 1] ^= 1;
	player_open(&p, file_of(bytes, r->len), 3);
	for (unsigned i = 0; i < 5; i++) {
		take(&p);
		assert_null(p.shows);
		assert_int_equal(number(&p), 0);
		assert_int_equal(p.feed->position.count, r->count);
		assert_int_equal(p.feed->position.damaged, r->count);
		assert_int_equal(due(&p), p.now_ns + 500 * MSEC);
		p.now_ns = due(&p);
		p.c.step = (int)i - 2;
		p.c.jump = i == 3;
	}
	player_close(&p);
	free(bytes);
}

/* ---- A file that grows ----------------------------------------------------------------------- */

static void a_file_that_grows_is_played_on(void **state)
{
	const struct recording *r = &recordings[0];
	int fd = file_of(r->bytes, r->ends[1] + 50);
	struct player p;
	int64_t when;

	(void)state;
	player_open(&p, dup(fd), 3);
	take(&p);
	assert_int_equal(p.feed->position.count, 2);
	assert_int_equal(p.feed->position.torn, 50);
	play(&p);
	assert_shows(&p, r, 1);
	when = p.now_ns;
	play(&p);
	assert_false(p.fresh);
	put_bytes(fd, r->bytes + r->ends[1] + 50, r->ends[3] - r->ends[1] - 50);
	play(&p);
	/* Its time has not come yet. */
	assert_false(p.fresh);
	assert_int_equal(p.feed->position.count, 4);
	assert_int_equal(p.feed->position.torn, 0);
	assert_int_equal(due(&p), when + gap(r, 2, 1));
	play(&p);
	assert_shows(&p, r, 2);
	play(&p);
	assert_shows(&p, r, 3);
	/* Who pauses at the end and asks for more gets what is there. */
	p.c.paused = true;
	step(&p, 1);
	assert_false(p.fresh);
	put_bytes(fd, r->bytes + r->ends[3], r->ends[5] - r->ends[3]);
	step(&p, 1);
	assert_shows(&p, r, 4);
	put_bytes(fd, r->bytes + r->ends[5], r->ends[9] - r->ends[5]);
	jump(&p, INT64_MAX);
	assert_shows(&p, r, 9);
	close(fd);
	player_close(&p);
}

static void an_empty_tape_may_grow(void **state)
{
	const struct recording *r = &recordings[0];
	int fd = file_of(r->bytes, FILE_HEAD);
	struct player p;

	(void)state;
	player_open(&p, dup(fd), 3);
	for (unsigned i = 0; i < 3; i++) {
		take(&p);
		assert_null(p.shows);
		assert_int_equal(number(&p), 0);
		assert_int_equal(p.feed->position.count, 0);
		assert_int_equal(due(&p), p.now_ns + 500 * MSEC);
		p.now_ns = due(&p);
		p.c.step = 1;
	}
	put_bytes(fd, r->bytes + FILE_HEAD, r->ends[2] - FILE_HEAD);
	play(&p);
	assert_shows(&p, r, 0);
	assert_int_equal(due(&p), p.now_ns + gap(r, 1, 1));
	close(fd);
	player_close(&p);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

/* A pipe into which samples of a recording are put. */
struct piped {
	struct player p;
	const struct recording *r;
	int fd;
	unsigned put;
};

static void put_samples(struct piped *d, unsigned to)
{
	size_t from = d->put ? d->r->ends[d->put - 1] : FILE_HEAD;

	put_bytes(d->fd, d->r->bytes + from, d->r->ends[to - 1] - from);
	d->put = to;
}

static void piped_open(struct piped *d, const struct recording *r)
{
	int fds[2];

	*d = (struct piped){ .r = r };
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	d->fd = fds[1];
	assert_true(fcntl(d->fd, F_SETPIPE_SZ, 1 << 20) >= (int)r->len);
	put_bytes(d->fd, r->bytes, FILE_HEAD);
	player_open(&d->p, fds[0], 3);
}

static bool is_readable(const struct piped *d)
{
	struct pollfd p = { .fd = d->p.feed->wait_fd, .events = POLLIN };

	return d->p.feed->wait_fd >= 0 && poll(&p, 1, 0) > 0;
}

static void a_pipe_is_played_as_it_comes(void **state)
{
	const struct recording *r = &recordings[0];
	struct piped d;
	int64_t when;

	(void)state;
	piped_open(&d, r);
	take(&d.p);
	assert_null(d.p.shows);
	assert_true(d.p.feed->wait_fd >= 0);
	assert_false(is_readable(&d));
	put_samples(&d, 1);
	assert_true(is_readable(&d));
	d.p.now_ns += 123 * MSEC;
	take(&d.p);
	assert_shows(&d.p, r, 0);
	assert_true(d.p.feed->position.stream);
	assert_false(is_readable(&d));
	assert_int_equal(due(&d.p), NEVER);
	/* Half a sample is no reason to wake again. */
	put_bytes(d.fd, r->bytes + r->ends[0], 100);
	assert_true(is_readable(&d));
	take(&d.p);
	assert_false(d.p.fresh);
	assert_false(is_readable(&d));
	assert_int_equal(due(&d.p), NEVER);
	assert_int_equal(d.p.feed->position.torn, 0);
	/* What came too early waits for its time. */
	when = d.p.now_ns;
	put_bytes(d.fd, r->bytes + r->ends[0] + 100, r->ends[1] - r->ends[0] - 100);
	d.put = 2;
	put_samples(&d, 4);
	take(&d.p);
	assert_false(d.p.fresh);
	assert_int_equal(d.p.feed->wait_fd, -1);
	for (uint32_t n = 1; n < 4; n++) {
		when += gap(r, n, 1);
		assert_int_equal(due(&d.p), when);
		play(&d.p);
		assert_true(d.p.fresh);
		assert_shows(&d.p, r, n);
	}
	close(d.fd);
	player_close(&d.p);
}

/* What was held up on the way catches up. */
static void a_pipe_that_comes_late_catches_up(void **state)
{
	const struct recording *r = &recordings[0];
	struct piped d;
	int64_t when;

	(void)state;
	piped_open(&d, r);
	put_samples(&d, 1);
	take(&d.p);
	when = d.p.now_ns;
	d.p.now_ns += 60 * (int64_t)SEC;
	put_samples(&d, 6);
	for (uint32_t n = 1; n < 6; n++) {
		take(&d.p);
		assert_shows(&d.p, r, n);
		when += gap(r, n, 1);
	}
	d.p.now_ns = when;
	put_samples(&d, 7);
	assert_true(is_readable(&d));
	take(&d.p);
	assert_int_equal(due(&d.p), when + gap(r, 6, 1));
	close(d.fd);
	player_close(&d.p);
}

/* Lets a pipe go on as the sampler does, until there is nothing left to wait for. */
static void play_all(struct piped *d)
{
	int64_t next;

	while ((next = due(&d->p)) < NEVER || is_readable(d)) {
		if (next < NEVER && next > d->p.now_ns && !is_readable(d))
			d->p.now_ns = next;
		take(&d->p);
	}
}

static void a_paused_pipe_is_read_on(void **state)
{
	const struct recording *r = &recordings[0];
	struct piped d;

	(void)state;
	piped_open(&d, r);
	put_samples(&d, 3);
	play_all(&d);
	assert_shows(&d.p, r, 2);
	d.p.c.paused = true;
	put_samples(&d, 20);
	play_all(&d);
	assert_same_text(d.p.shows, r->texts[2]);
	assert_int_equal(number(&d.p), 3);
	assert_int_equal(d.p.feed->position.count, 20);
	/* Meanwhile it can be stepped in. */
	step(&d.p, 1);
	assert_shows(&d.p, r, 3);
	step(&d.p, 10);
	assert_shows(&d.p, r, 13);
	step(&d.p, -2);
	assert_shows(&d.p, r, 11);
	put_samples(&d, 22);
	play_all(&d);
	assert_same_text(d.p.shows, r->texts[11]);
	assert_int_equal(number(&d.p), 12);
	assert_int_equal(d.p.feed->position.count, 22);
	/* Who goes on looking wants to see what is now. */
	d.p.c.paused = false;
	assert_int_equal(due(&d.p), d.p.now_ns);
	take(&d.p);
	assert_shows(&d.p, r, 21);
	close(d.fd);
	player_close(&d.p);
}

static void a_pipe_goes_back_as_far_as_is_remembered(void **state)
{
	const struct recording *r = &recordings[0];
	struct piped d;

	(void)state;
	piped_open(&d, r);
	put_samples(&d, 60);
	play_all(&d);
	assert_shows(&d.p, r, 59);
	d.p.c.paused = true;
	for (uint32_t n = 58; n >= 60 - REMEMBERED; n--) {
		step(&d.p, -1);
		assert_shows(&d.p, r, n);
	}
	step(&d.p, -1);
	assert_false(d.p.fresh);
	step(&d.p, -100);
	assert_false(d.p.fresh);
	assert_shows(&d.p, r, 60 - REMEMBERED);
	jump(&d.p, r->frames[50]->wall_ns);
	assert_shows(&d.p, r, 50);
	jump(&d.p, 0);
	assert_shows(&d.p, r, 60 - REMEMBERED);
	jump(&d.p, INT64_MAX);
	assert_shows(&d.p, r, 59);
	/* Forward it reads what is there. */
	put_samples(&d, 70);
	step(&d.p, 7);
	assert_shows(&d.p, r, 66);
	step(&d.p, 100);
	assert_shows(&d.p, r, 69);
	close(d.fd);
	player_close(&d.p);
}

/* The sample on the screen may be forgotten while it is paused. */
static void a_long_pause_forgets_what_it_shows(void **state)
{
	const struct recording *r = &recordings[0];
	struct piped d;

	(void)state;
	piped_open(&d, r);
	put_samples(&d, 2);
	play_all(&d);
	d.p.c.paused = true;
	take(&d.p);
	put_samples(&d, 100);
	play_all(&d);
	assert_same_text(d.p.shows, r->texts[1]);
	step(&d.p, -1);
	assert_shows(&d.p, r, 100 - REMEMBERED);
	d.p.c.paused = false;
	play_all(&d);
	assert_shows(&d.p, r, 99);
	close(d.fd);
	player_close(&d.p);
}

static void a_pipe_ends(void **state)
{
	const struct recording *r = &recordings[0];

	(void)state;
	for (size_t torn = 0; torn < 100; torn += 33) {
		struct piped d;

		piped_open(&d, r);
		put_samples(&d, 3);
		put_bytes(d.fd, r->bytes + r->ends[2], torn);
		play_all(&d);
		assert_shows(&d.p, r, 2);
		assert_false(d.p.feed->position.ended);
		assert_int_equal(d.p.feed->position.torn, 0);
		close(d.fd);
		assert_true(is_readable(&d));
		take(&d.p);
		assert_false(d.p.fresh);
		assert_true(d.p.feed->position.ended);
		assert_int_equal(d.p.feed->position.torn, torn);
		assert_int_equal(d.p.feed->wait_fd, -1);
		assert_int_equal(due(&d.p), NEVER);
		step(&d.p, -2);
		assert_shows(&d.p, r, 0);
		assert_true(d.p.feed->position.ended);
		play(&d.p);
		assert_shows(&d.p, r, 1);
		player_close(&d.p);
	}
}

/* It has not ended before all of it was played. */
static void a_pipe_that_came_at_once_ends_with_its_last_sample(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p;

	(void)state;
	player_open(&p, pipe_of(r->bytes, r->ends[4]), 3);
	take(&p);
	for (uint32_t n = 1; n < 5; n++) {
		assert_false(p.feed->position.ended);
		play(&p);
		assert_shows(&p, r, n);
	}
	assert_true(p.feed->position.ended);
	assert_int_equal(p.feed->position.count, 5);
	player_close(&p);
}

static void an_empty_pipe_ends(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p;

	(void)state;
	player_open(&p, pipe_of(r->bytes, FILE_HEAD + 7), 3);
	for (unsigned i = 0; i < 3; i++) {
		take(&p);
		assert_null(p.shows);
		p.now_ns = due(&p);
		p.c.step = -1;
	}
	assert_true(p.feed->position.ended);
	assert_int_equal(p.feed->position.torn, 7);
	assert_int_equal(p.feed->wait_fd, -1);
	player_close(&p);
}

static void damage_in_a_pipe_is_passed_over(void **state)
{
	const struct recording *r = &recordings[0];
	uint32_t wholes[RECORDED_MAX];
	size_t count = find_wholes(r, wholes);
	uint32_t which[] = { wholes[2], wholes[count - 1] };
	struct damaged d;
	struct player p;
	int64_t when;

	(void)state;
	damage(&d, r, which, 2);
	player_open(&p, pipe_of(d.bytes, r->len), 3);
	take(&p);
	when = p.now_ns;
	for (uint32_t n = 1; n < r->count; n++) {
		when += gap(r, n, 1);
		assert_int_equal(due(&p), when);
		play(&p);
		assert_int_equal(p.fresh, d.readable[n]);
		if (d.readable[n])
			assert_same_text(p.shows, d.texts[n]);
	}
	assert_true(p.feed->position.ended);
	assert_int_equal(p.feed->position.damaged, r->count - which[1]);
	assert_int_equal(due(&p), NEVER);
	player_close(&p);
	damaged_free(&d, r);
}

/* ---- Other tapes ----------------------------------------------------------------------------- */

/* The second begins when the first has ended, however long that was before. */
static void two_recordings_are_played_one_behind_the_other(void **state)
{
	static const double begins[] = { 5000, -300 };
	const struct recording *a = &recordings[0];
	uint32_t seed = 11;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(begins); i++) {
		char *texts[RECORDED_MAX] = { 0 };
		struct recording b;
		struct player p;
		uint8_t *bytes;
		uint32_t count;

		record_begin(&b, 3);
		record_uneven(&b, 40, begins[i]);
		count = 90 + b.count;
		bytes = malloc(a->ends[89] + b.len);
		assert_non_null(bytes);
		memcpy(bytes, a->bytes, a->ends[89]);
		memcpy(bytes + a->ends[89], b.bytes, b.len);
		player_open(&p, file_of(bytes, a->ends[89] + b.len), 3);
		for (uint32_t n = 0; n < count; n++) {
			int64_t before = p.now_ns;

			play(&p);
			assert_true(p.fresh);
			assert_int_equal(number(&p), n + 1);
			if (n == 90 && begins[i] < 0)
				assert_int_equal(p.now_ns, before);
			texts[n] = strdup(p.shows);
			assert_same_text(texts[n], n < 90 ? a->texts[n] : b.texts[n - 90]);
		}
		for (unsigned turn = 0; turn < 30; turn++) {
			uint32_t to = chance(&seed, count);

			step(&p, (int)to - (int)number(&p) + 1);
			assert_int_equal(number(&p), to + 1);
			assert_same_text(p.shows, texts[to]);
		}
		for (uint32_t n = 0; n < count; n++)
			free(texts[n]);
		player_close(&p);
		free(bytes);
		record_end(&b);
	}
}

static void a_raw_dump_is_one_sample(void **state)
{
	/* The end of an empty dump, and 5 bytes of something. */
	static const uint8_t dump[] = { 20, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 2, 3, 4, 5 };

	(void)state;
	for (unsigned stream = 0; stream < 2; stream++) {
		struct player p;

		player_open(&p, input_of(stream, dump, sizeof dump), 3);
		take(&p);
		assert_true(p.fresh);
		assert_non_null(strstr(p.shows, "ss dump"));
		for (int by = -2; by < 3; by++) {
			step(&p, by);
			assert_false(p.fresh);
			assert_int_equal(number(&p), 1);
			assert_int_equal(p.feed->position.count, 1);
			assert_int_equal(p.feed->position.torn, 5);
			assert_int_equal(p.feed->position.ended, stream);
		}
		jump(&p, 0);
		jump(&p, INT64_MAX);
		assert_false(p.fresh);
		assert_int_equal(p.feed->wait_fd, -1);
		assert_int_equal(due(&p), stream ? NEVER : p.now_ns + 500 * MSEC);
		player_close(&p);
	}
}

static void who_does_not_want_to_wait_cancels(void **state)
{
	const struct recording *r = &recordings[0];
	struct player p = player_of(r, 3);

	(void)state;
	p.feed->ops->cancel(p.feed);
	p.c.step = 100;
	assert_int_equal(try_take(&p), -ECANCELED);
	player_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_plays_at_the_recorded_pace),
		cmocka_unit_test(who_comes_much_too_late_does_not_hurry),
		cmocka_unit_test(another_speed_counts_from_the_last_sample),
		cmocka_unit_test(a_pause_stands_still),
		cmocka_unit_test(steps_go_forth_and_back),
		cmocka_unit_test(a_sample_now_is_the_next_one),
		cmocka_unit_test(jumps_find_the_last_sample_until_then),
		cmocka_unit_test(however_one_gets_there_it_is_as_it_was),
		cmocka_unit_test(who_steps_back_from_a_jump_sees_it_as_it_was),
		cmocka_unit_test(the_end_comes_and_the_beginning_again),
		cmocka_unit_test(no_two_samples_have_one_serial),
		cmocka_unit_test(less_is_played_the_same_way),
		cmocka_unit_test(damaged_samples_are_gone_round),
		cmocka_unit_test(a_tape_of_damage_does_not_hurry),
		cmocka_unit_test(a_tape_without_a_good_sample_shows_nothing),
		cmocka_unit_test(a_file_that_grows_is_played_on),
		cmocka_unit_test(an_empty_tape_may_grow),
		cmocka_unit_test(a_pipe_is_played_as_it_comes),
		cmocka_unit_test(a_pipe_that_comes_late_catches_up),
		cmocka_unit_test(a_paused_pipe_is_read_on),
		cmocka_unit_test(a_pipe_goes_back_as_far_as_is_remembered),
		cmocka_unit_test(a_long_pause_forgets_what_it_shows),
		cmocka_unit_test(a_pipe_ends),
		cmocka_unit_test(a_pipe_that_came_at_once_ends_with_its_last_sample),
		cmocka_unit_test(an_empty_pipe_ends),
		cmocka_unit_test(damage_in_a_pipe_is_passed_over),
		cmocka_unit_test(two_recordings_are_played_one_behind_the_other),
		cmocka_unit_test(a_raw_dump_is_one_sample),
		cmocka_unit_test(who_does_not_want_to_wait_cancels),
	};

	return cmocka_run_group_tests_name("feed_tape", tests, record_all, forget_all);
}
