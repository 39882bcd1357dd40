/* sampler: the thread that runs a feed: it shows what comes, does what is wished, sleeps while
 * there is nothing to do, and ends when it is told to. */
#include "lib/tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/needs.h"
#include "sockdash/sampler.h"

enum { FILE_HEAD = TAPE_FILE_HEAD + TAPE_FILE_CRC, SAMPLES = 60 };
#define MSEC INT64_C(1000000)

static const struct source_request everything = {
	.needs = NEED_ALL,
	.protocols = 1u << SOCK_TCP | 1u << SOCK_UDP,
	.ipv4 = true,
	.ipv6 = true,
};

static struct recording recorded;

static int record_it(void **state)
{
	(void)state;
	record_begin(&recorded, 3);
	for (unsigned n = 0; n < SAMPLES; n++)
		record_shop(&recorded, n, 2.0 * n, 0);
	return 0;
}

static int forget_it(void **state)
{
	(void)state;
	record_end(&recorded);
	return 0;
}

/* ---- A sampler at work ----------------------------------------------------------------------- */

struct work {
	struct sampler *sampler;
	struct feed_control c;
	struct feed_position position;
	int error;
	int fd; /* to write into the pipe, or -1 */
};

static void work_on(struct work *w, int fd, double speed)
{
	struct feed *feed;

	*w = (struct work){ .c = { .interval_s = 2, .speed = speed }, .fd = -1 };
	assert_int_equal(
		feed_open_tape(open_well(fd), &everything, standard_settings(3), &feed), 0);
	assert_int_equal(sampler_start(feed, &w->c, &w->sampler), 0);
}

static void work_on_pipe(struct work *w, size_t len, double speed)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	put_bytes(fds[1], recorded.bytes, len);
	work_on(w, fds[0], speed);
	w->fd = fds[1];
}

/* At once. */
static void work_ends(struct work *w)
{
	int64_t begin = clock_mono_ns();

	assert_true(sampler_stop(w->sampler));
	assert_true(clock_mono_ns() - begin < 500 * MSEC);
	if (w->fd >= 0)
		close(w->fd);
}

static struct sample *take(struct work *w)
{
	int error;
	struct sample *s = sampler_take(w->sampler, &w->position, &error);

	if (error)
		w->error = error;
	return s;
}

/* Waits for something new; false after so long without. */
static bool wait_for(struct work *w, int msec)
{
	struct pollfd p = { .fd = sampler_fd(w->sampler), .events = POLLIN };

	return poll(&p, 1, msec) > 0;
}

/* Takes samples until the one with a number (from 1) has come. */
static void see(struct work *w, uint32_t number)
{
	bool seen = false;

	while (!seen || w->position.number != number) {
		struct sample *s;

		assert_true(wait_for(w, 5000));
		s = take(w);
		seen |= s != NULL;
		sample_put(s);
	}
}

/* What the whole process works while nothing is to be done. */
static void assert_idle(struct work *w)
{
	int64_t begin = clock_process_cpu_ns();

	while (wait_for(w, 50))
		sample_put(take(w));
	begin = clock_process_cpu_ns();
	assert_false(wait_for(w, 300));
	assert_true(clock_process_cpu_ns() - begin < 20 * MSEC);
}

/* ---- Samples --------------------------------------------------------------------------------- */

static void samples_come_and_tell_where_they_are(void **state)
{
	struct sample *s;
	struct work w;
	char *text;

	(void)state;
	work_on(&w, file_of(recorded.bytes, recorded.len), 1);
	assert_true(wait_for(&w, 5000));
	s = take(&w);
	assert_non_null(s);
	assert_int_equal(w.position.number, 1);
	assert_int_equal(w.position.count, SAMPLES);
	text = told_sample(s);
	assert_same_text(text, recorded.texts[0]);
	free(text);
	sample_put(s);
	assert_null(take(&w));
	work_ends(&w);
}

static void speed_makes_it_fast(void **state)
{
	int64_t begin = clock_mono_ns();
	struct work w;

	(void)state;
	work_on(&w, file_of(recorded.bytes, recorded.len), 1000);
	see(&w, SAMPLES);
	/* Two minutes. */
	assert_true(clock_mono_ns() - begin >= 2 * (SAMPLES - 1) * MSEC);
	assert_idle(&w);
	work_ends(&w);
}

static void wishes_add_up_until_they_are_done(void **state)
{
	struct work w;

	(void)state;
	work_on(&w, file_of(recorded.bytes, recorded.len), 1);
	see(&w, 1);
	w.c.paused = true;
	w.c.step = 1;
	for (unsigned i = 0; i < 10; i++)
		sampler_control(w.sampler, &w.c);
	see(&w, 11);
	w.c.step = 0;
	w.c.jump = true;
	w.c.jump_ns = recorded.frames[40]->wall_ns;
	sampler_control(w.sampler, &w.c);
	w.c.jump = false;
	sampler_control(w.sampler, &w.c);
	see(&w, 41);
	/* For once it is. */
	assert_idle(&w);
	assert_int_equal(w.position.number, 41);
	w.c.paused = false;
	w.c.speed = 1000;
	sampler_control(w.sampler, &w.c);
	see(&w, SAMPLES);
	work_ends(&w);
}

static void a_wish_wakes_it(void **state)
{
	int64_t begin;
	struct work w;

	(void)state;
	work_on(&w, file_of(recorded.bytes, recorded.len), 0.1);
	see(&w, 1);
	begin = clock_mono_ns();
	w.c.step = 30;
	sampler_control(w.sampler, &w.c);
	see(&w, 31);
	assert_true(clock_mono_ns() - begin < 1000 * MSEC);
	work_ends(&w);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

static void half_a_sample_is_slept_over(void **state)
{
	struct work w;

	(void)state;
	work_on_pipe(&w, recorded.ends[0] + 200, 1);
	see(&w, 1);
	assert_idle(&w);
	/* The rest of it. */
	w.c.speed = 1000;
	sampler_control(w.sampler, &w.c);
	put_bytes(w.fd, recorded.bytes + recorded.ends[0] + 200,
		recorded.ends[1] - recorded.ends[0] - 200);
	see(&w, 2);
	assert_idle(&w);
	work_ends(&w);
}

static void also_before_the_first(void **state)
{
	struct work w;

	(void)state;
	work_on_pipe(&w, FILE_HEAD + 10, 1);
	assert_idle(&w);
	put_bytes(w.fd, recorded.bytes + FILE_HEAD + 10, recorded.ends[0] - FILE_HEAD - 10);
	see(&w, 1);
	work_ends(&w);
}

/* The pipe is full of samples that wait for their time. */
static void what_waits_for_its_time_is_slept_over(void **state)
{
	struct work w;

	(void)state;
	work_on_pipe(&w, recorded.len, 1);
	see(&w, 1);
	assert_idle(&w);
	w.c.paused = true;
	sampler_control(w.sampler, &w.c);
	assert_idle(&w);
	work_ends(&w);
}

static void the_end_of_a_pipe_is_slept_over(void **state)
{
	struct work w;

	(void)state;
	work_on_pipe(&w, recorded.ends[1] + 77, 1000);
	see(&w, 2);
	close(w.fd);
	w.fd = -1;
	while (!w.position.ended) {
		assert_true(wait_for(&w, 5000));
		sample_put(take(&w));
	}
	assert_int_equal(w.position.torn, 77);
	assert_idle(&w);
	work_ends(&w);
}

static void an_error_is_told_once(void **state)
{
	struct work w;
	int fds[2], unreadable = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	put_bytes(fds[1], recorded.bytes, recorded.ends[0]);
	work_on(&w, fds[0], 1000);
	see(&w, 1);
	/* Becomes something that is always ready to be read, and cannot be. */
	assert_int_equal(dup2(unreadable, fds[0]), fds[0]);
	close(unreadable);
	close(fds[1]);
	w.c.step = 1;
	sampler_control(w.sampler, &w.c);
	while (!w.error) {
		assert_true(wait_for(&w, 5000));
		sample_put(take(&w));
	}
	assert_int_equal(w.error, -EIO);
	assert_idle(&w);
	work_ends(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_come_and_tell_where_they_are),
		cmocka_unit_test(speed_makes_it_fast),
		cmocka_unit_test(wishes_add_up_until_they_are_done),
		cmocka_unit_test(a_wish_wakes_it),
		cmocka_unit_test(half_a_sample_is_slept_over),
		cmocka_unit_test(also_before_the_first),
		cmocka_unit_test(what_waits_for_its_time_is_slept_over),
		cmocka_unit_test(the_end_of_a_pipe_is_slept_over),
		cmocka_unit_test(an_error_is_told_once),
	};

	return cmocka_run_group_tests_name("sampler", tests, record_it, forget_it);
}
