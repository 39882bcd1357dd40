/* tape_source: a tape gives what a live source would have given that was asked for the same. */
#include "lib/tapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/needs.h"

enum { ALL_PROTOCOLS = 1 << SOCK_TCP | 1 << SOCK_UDP, SAMPLES = 3 };

static const struct source_request everything = {
	.needs = NEED_ALL, .protocols = ALL_PROTOCOLS, .ipv4 = true, .ipv6 = true
};

/* ---- What is asked for ----------------------------------------------------------------------- */

/* A socket, and in which samples it is there. */
static const struct {
	const char *words;
	unsigned from, to;
} sockets[] = {
	{ "tcp LISTEN 0.0.0.0:80 * send_q=128 recv_q=1 drops=3 pid=5", 0, 2 },
	{ "tcp LISTEN [::]:8080 * send_q=100 drops=7 v6only pid=6 uid=1000", 0, 2 },
	{ "tcp ESTAB 10.0.0.1:80 10.9.0.1:5000 cookie=55 pid=5", 0, 1 },
	{ "tcp FIN-WAIT-2 10.0.0.1:80 10.9.0.1:5000 cookie=55 inode=0 timer=3 expires=900", 2, 2 },
	{ "tcp ESTAB 10.0.0.1:80 10.9.0.2:5000 pid=5 recv_q=9", 1, 1 },
	{ "tcp TIME-WAIT 10.0.0.1:80 10.9.0.3:5000 timer=3 expires=4000", 0, 1 },
	{ "tcp ESTAB 10.0.0.1:22 10.9.0.4:6000 inode=77", 0, 2 },
	{ "tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.5:6000 pid=5 recv_q=2 waits=9", 0, 2 },
	{ "tcp ESTAB [::ffff:10.0.0.1]:8080 [::ffff:10.9.0.2]:5000 pid=6 pid=7", 0, 2 },
	{ "tcp CLOSE-WAIT [fe80::1]%eth0:8080 [fe80::2]%eth0:900 pid=6 waits=50", 1, 2 },
	{ "tcp CLOSE-WAIT [fe80::1]%eth0:8080 [fe80::2]%eth0:901 pid=6", 2, 2 },
	{ "udp UNCONN 127.0.0.53%lo:53 * drops=3 pid=11", 0, 2 },
	{ "udp ESTAB 10.0.0.1:600 10.0.0.2:53 drops=0 pid=5", 0, 1 },
	{ "udp UNCONN [::1]:5353 * drops=4 pid=6", 0, 2 },
	{ "udp ESTAB [::1]:700 [::1]:53 drops=0 inode=99", 1, 2 },
};

static bool asks_for(const struct source_request *r, const char *words)
{
	bool udp = strncmp(words, "udp", 3) == 0, ipv6 = strchr(words, '[');

	return r->protocols & 1u << (udp ? SOCK_UDP : SOCK_TCP) && (ipv6 ? r->ipv6 : r->ipv4);
}

/* What a live source tells that cannot see all. */
static void tell_resets(struct story *st, const struct source_request *r, unsigned n);

static void tell(struct story *st, const struct source_request *r, unsigned n)
{
	struct frame *f = story_frame(st, 2.0 * n);

	f->seer_uid = 1000;
	f->uptime_s = 100 + n;
	f->counters[COUNTER_PASSIVE_OPENS] = 50 * n;
	f->one_family = !r->ipv4 || !r->ipv6;
	f->absent = ALL_PROTOCOLS & ~r->protocols;
	f->owners_known = r->needs & NEED_OWNERS;
	f->problems[FRAME_NO_SOCK_DIAG] = -EPERM;
	if (r->needs & NEED_WAIT_AGE && r->protocols & 1u << SOCK_TCP)
		f->problems[FRAME_NO_WAIT_AGE] = -EACCES;
	if (f->owners_known) {
		f->procs_hidden = 88;
		f->pids_hidden = true;
	}
	for (size_t i = 0; i < COUNT_OF(sockets); i++)
		if (n >= sockets[i].from && n <= sockets[i].to && asks_for(r, sockets[i].words))
			story_sock(st, "%s", sockets[i].words);
	tell_resets(st, r, n);
	story_sample(st);
}

/* And what of it the kernel has reset. */
static const struct {
	const char *words;
	unsigned from;
	uint32_t pid;
	const char *name; /* as the fixture calls it */
} resets[] = {
	{ "tcp 10.0.0.1", 1, 5, "p5" },
	{ "tcp [::1]", 2, 6, "p6" },
	/* Nothing else is known of the process. */
	{ "tcp 10.0.0.1", 2, 12, "p12" },
};

static void tell_resets(struct story *st, const struct source_request *r, unsigned n)
{
	for (uint32_t i = 0; i < COUNT_OF(resets); i++) {
		struct frame_reset reset = { .cookie = 900 + i, .wait_since = -50, .fd = 30 + i };

		if (!(r->needs & NEED_OWNERS) || n < resets[i].from ||
			!asks_for(r, resets[i].words))
			continue;
		reset.ipv4 = !strchr(resets[i].words, '[');
		reset.proc = frame_find_proc(st->frame, resets[i].pid, resets[i].pid);
		if (reset.proc == SOCK_NONE)
			reset.proc = story_proc(st, .pid = resets[i].pid, .name = resets[i].name);
		assert_int_equal(frame_add_reset(st->frame, &reset), 0);
	}
}

static int compare_lines(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The lines of a text in order: that of processes is the one in which they were found. Takes the
 * text. */
static char *sorted(char *text)
{
	char *lines[200], *rest, *out = calloc(1, strlen(text) + 2);
	size_t count = 0;

	assert_non_null(out);
	for (char *l = strtok_r(text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest)) {
		assert_true(count < COUNT_OF(lines));
		lines[count++] = l;
	}
	qsort(lines, count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < count; i++) {
		strcat(out, lines[i]);
		strcat(out, "\n");
	}
	free(text);
	return out;
}

static void expect(const struct source_request *r, char *texts[SAMPLES])
{
	struct story st;

	story_begin(&st, 3);
	for (unsigned n = 0; n < SAMPLES; n++) {
		tell(&st, r, n);
		texts[n] = sorted(told_sample(st.sample));
	}
	story_end(&st);
}

static void assert_selects(
	const struct recording *rec, const struct source_request *r, char *const wanted[SAMPLES])
{
	struct tape *t = open_well(file_of(rec->bytes, rec->len));
	struct tracker *tracker = tracker_create(standard_settings(3));

	assert_int_equal(tape_look(t, false), 1);
	for (unsigned n = 0; n < SAMPLES; n++) {
		struct sample *s;
		struct frame *f;
		char *text;

		assert_int_equal(tape_read(t, n, &f), 0);
		assert_int_equal(tape_select(f, r, tracker_previous(tracker), &f), 0);
		assert_int_equal(f->diff.known, n > 0);
		assert_int_equal(tracker_step(tracker, f, &s), 0);
		text = sorted(told_sample(s));
		assert_same_text(text, wanted[n]);
		free(text);
		sample_put(s);
	}
	tracker_destroy(tracker);
	tape_close(t);
}

static void assert_every_need(const struct recording *rec, struct source_request r)
{
	char *wanted[SAMPLES];
	unsigned told = UINT32_MAX;

	for (unsigned needs = 0; needs <= NEED_ALL; needs++) {
		/* Those that make a difference are the upper bits of the order. */
		unsigned two = needs >> 5 & 3, others = needs & 31;

		r.needs = (two & 1 ? NEED_OWNERS : 0) | (two & 2 ? NEED_WAIT_AGE : 0) |
			  (others & 1 ? NEED_SOCKETS : 0) | (others & 2 ? NEED_PROC_DETAILS : 0) |
			  (others & 4 ? NEED_DROPS : 0) | (others & 8 ? NEED_USERS : 0) |
			  (others & 16 ? NEED_COUNTERS : 0);
		if (two != told) {
			for (unsigned n = 0; told != UINT32_MAX && n < SAMPLES; n++)
				free(wanted[n]);
			expect(&r, wanted);
			told = two;
		}
		assert_selects(rec, &r, wanted);
	}
	for (unsigned n = 0; n < SAMPLES; n++)
		free(wanted[n]);
}

static void less_is_what_a_live_source_tells_of_less(void **state)
{
	struct recording rec;

	(void)state;
	record_begin(&rec, 3);
	for (unsigned n = 0; n < SAMPLES; n++) {
		tell(&rec.st, &everything, n);
		record_sample(&rec);
	}
	for (unsigned protocols = 1; protocols <= ALL_PROTOCOLS; protocols++)
		for (unsigned families = 1; families <= 3; families++)
			assert_every_need(&rec, (struct source_request){ .protocols = protocols,
							.ipv4 = families & 1,
							.ipv6 = families & 2 });
	record_end(&rec);
}

static void all_of_a_frame_is_the_frame_itself(void **state)
{
	struct source_request less = everything;
	struct recording r;
	struct frame *f, *out;

	(void)state;
	record_begin(&r, 3);
	record_shop(&r, 1, 0, 0);
	f = frame_get(r.frames[0]);
	assert_int_equal(tape_select(f, &everything, NULL, &out), 0);
	assert_ptr_equal(out, f);
	less.protocols = 1u << SOCK_UDP;
	assert_int_equal(tape_select(f, &less, NULL, &out), 0);
	assert_ptr_not_equal(out, r.frames[0]);
	assert_int_equal(out->sock_count, 2);
	/* Nothing of it is kept that nobody refers to. */
	assert_int_equal(out->proc_count, 1);
	frame_put(out);
	record_end(&r);
}

/* ---- The source ------------------------------------------------------------------------------ */

static struct source *source_of(struct tape *t)
{
	struct source *s;

	assert_int_equal(source_open_tape(t, &s), 0);
	assert_true(s->own_time);
	return s;
}

/* The next frame is the one of that number in the recording. */
static void assert_next(struct source *s, const struct recording *r, unsigned n, uint32_t lost)
{
	struct frame *f = NULL;

	assert_int_equal(source_next(s, &everything, NULL, &f), 0);
	assert_true(same_frame(f, r->frames[n]));
	assert_int_equal(f->lost, lost);
	frame_put(f);
}

static void samples_come_in_their_order(void **state)
{
	struct recording r;
	struct frame *f;

	(void)state;
	record_begin(&r, 3);
	for (unsigned n = 0; n < 5; n++)
		record_shop(&r, n, n, 0);
	for (unsigned stream = 0; stream < 2; stream++) {
		struct tape *t = open_well(input_of(stream, r.bytes, r.len - 1));
		struct source *s = source_of(t);

		for (unsigned n = 0; n < 4; n++)
			assert_next(s, &r, n, 0);
		assert_int_equal(source_next(s, &everything, NULL, &f), -ENODATA);
		assert_int_equal(source_next(s, &everything, NULL, &f), -ENODATA);
		assert_int_equal(tape_torn(t), r.len - 1 - r.ends[3]);
		source_close(s);
		tape_close(t);
	}
	record_end(&r);
}

static void a_file_goes_on_where_it_has_grown(void **state)
{
	struct recording r;
	struct source *s;
	struct frame *f;
	struct tape *t;
	int fd;

	(void)state;
	record_begin(&r, 3);
	for (unsigned n = 0; n < 3; n++)
		record_shop(&r, n, n, 0);
	fd = file_of(r.bytes, r.ends[0]);
	t = open_well(dup(fd));
	s = source_of(t);
	assert_next(s, &r, 0, 0);
	assert_int_equal(source_next(s, &everything, NULL, &f), -ENODATA);
	put_bytes(fd, r.bytes + r.ends[0], r.len - r.ends[0]);
	assert_next(s, &r, 1, 0);
	assert_next(s, &r, 2, 0);
	source_close(s);
	tape_close(t);
	close(fd);
	record_end(&r);
}

static void damaged_samples_are_left_out(void **state)
{
	struct recording r;
	struct frame *f;

	(void)state;
	record_begin(&r, 3);
	for (unsigned n = 0; n < 8; n++)
		record_shop(&r, n, n, 0);
	/* Whole ones are 0, 3 and 6. */
	r.bytes[r.ends[1] - 1] ^= 1;
	r.bytes[r.ends[7] - 1] ^= 1;
	for (unsigned stream = 0; stream < 2; stream++) {
		struct tape *t = open_well(input_of(stream, r.bytes, r.len));
		struct source *s = source_of(t);

		assert_next(s, &r, 0, 0);
		assert_next(s, &r, 3, 2);
		for (unsigned n = 4; n < 7; n++)
			assert_next(s, &r, n, 0);
		assert_int_equal(source_next(s, &everything, NULL, &f), -ENODATA);
		assert_int_equal(tape_damaged(t), 1);
		assert_int_equal(tape_torn(t), 0);
		source_close(s);
		tape_close(t);
	}
	record_end(&r);
}

static void less_can_be_asked_of_a_source(void **state)
{
	struct source_request udp = everything;
	struct recording r;
	struct source *s;
	struct frame *f;
	struct tape *t;

	(void)state;
	record_begin(&r, 3);
	record_shop(&r, 1, 0, 0);
	t = open_well(file_of(r.bytes, r.len));
	s = source_of(t);
	udp.protocols = 1u << SOCK_UDP;
	assert_int_equal(source_next(s, &udp, NULL, &f), 0);
	assert_int_equal(f->sock_count, 2);
	assert_int_equal(f->absent, 1u << SOCK_TCP);
	frame_put(f);
	source_close(s);
	tape_close(t);
	record_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(less_is_what_a_live_source_tells_of_less),
		cmocka_unit_test(all_of_a_frame_is_the_frame_itself),
		cmocka_unit_test(samples_come_in_their_order),
		cmocka_unit_test(a_file_goes_on_where_it_has_grown),
		cmocka_unit_test(damaged_samples_are_left_out),
		cmocka_unit_test(less_can_be_asked_of_a_source),
	};

	return cmocka_run_group_tests_name("tape_source", tests, NULL, NULL);
}
