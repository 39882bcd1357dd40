/* tape_write: when a sample is told whole, and what is left of a tape that cannot be written on. */
#include "lib/tapes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEAD = TAPE_FILE_HEAD + TAPE_FILE_CRC, LONGEST = 64 };

static struct tape *tape_of(const struct recording *r)
{
	struct tape *t = open_well(file_of(r->bytes, r->len));

	assert_int_equal(tape_look(t, false), 1);
	assert_int_equal(tape_count(t), r->count);
	return t;
}

/* ---- Whole samples --------------------------------------------------------------------------- */

/* Connections that nothing happens to. */
static void tell_quiet(struct story *st, unsigned n, unsigned conns)
{
	story_frame(st, n);
	for (unsigned i = 0; i < conns; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:443 10.1.%u.%u:2000 pid=5", i / 250, i % 250);
	story_sample(st);
}

static void record_quiet(struct recording *r, unsigned n)
{
	tell_quiet(&r->st, n, 10);
	record_sample(r);
}

static void whole_samples_come_after_so_many(void **state)
{
	struct tape_writer *w;
	struct story st;
	struct tape *t;
	int fd = memfd_create("tape", MFD_CLOEXEC);

	(void)state;
	story_begin(&st, 3);
	assert_int_equal(tape_writer_open(fd, &w), 0);
	for (unsigned n = 0; n < 130; n++) {
		tell_quiet(&st, n, 1000);
		assert_int_equal(tape_writer_add(w, st.sample->frame), 0);
	}
	t = open_well(fd);
	assert_int_equal(tape_look(t, false), 1);
	assert_int_equal(tape_count(t), 130);
	for (uint32_t i = 0; i < 130; i++)
		assert_int_equal(tape_entry(t, i)->whole, i % LONGEST == 0);
	/* The others are short. */
	assert_true(tape_entry(t, 1)->length < tape_entry(t, 0)->length / LONGEST);
	tape_close(t);
	tape_writer_close(w);
	story_end(&st);
}

/* As soon as the changes are as long as the last whole one, and not before. */
static void assert_rule(const struct recording *r, unsigned wholes_from, unsigned wholes_to)
{
	size_t whole_len = 0, changes = 0;
	struct tape *t = tape_of(r);
	unsigned wholes = 0;

	for (uint32_t i = 0; i < r->count; i++) {
		size_t len = r->ends[i] - r->begins[i];
		bool due = i == 0 || changes >= whole_len;

		assert_int_equal(tape_entry(t, i)->whole, due);
		assert_int_equal(tape_entry(t, i)->length, len - TAPE_SAMPLE_HEAD);
		if (due) {
			whole_len = len;
			changes = 0;
			wholes++;
		} else {
			changes += len;
		}
	}
	assert_in_range(wholes, wholes_from, wholes_to);
	tape_close(t);
}

static void whole_samples_come_when_much_has_changed(void **state)
{
	static const unsigned churns[] = { 0, 3, 30, 200 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(churns); i++) {
		struct recording r;

		record_begin(&r, 3);
		for (unsigned n = 0; n < 60; n++)
			record_shop(&r, n, n, n % 20 < 10 ? churns[i] : 1);
		assert_rule(&r, 12, 40);
		record_end(&r);
	}
}

/* What is compared with nothing can be told against nothing. */
static void a_recording_that_begins_anew_is_whole(void **state)
{
	struct recording r;
	struct tape *t;

	(void)state;
	record_begin(&r, 3);
	for (unsigned n = 0; n < 2; n++)
		record_quiet(&r, n);
	story_end(&r.st);
	story_begin(&r.st, 3);
	for (unsigned n = 2; n < 4; n++)
		record_quiet(&r, n);
	t = tape_of(&r);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(tape_entry(t, i)->whole, i % 2 == 0);
	tape_close(t);
	record_end(&r);
}

/* ---- What cannot be written ------------------------------------------------------------------ */

/* The frames of a recording through another writer, until one fails; its error. */
static int write_on(struct tape_writer *w, const struct recording *r, unsigned *written)
{
	int err = 0;

	for (*written = 0; !err && *written < r->count; *written += !err)
		err = tape_writer_add(w, r->frames[*written]);
	return err;
}

static void a_full_device_is_told(void **state)
{
	struct tape_writer *w = NULL;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(tape_writer_open(fd, &w), -ENOSPC);
	assert_null(w);
	close(fd);
	assert_int_equal(tape_writer_open(-1, &w), -EBADF);
}

static void nobody_reads_the_pipe(void **state)
{
	struct tape_writer *w = NULL;
	struct recording r;
	int fds[2];

	(void)state;
	record_begin(&r, 3);
	record_quiet(&r, 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(tape_writer_open(fds[1], &w), 0);
	close(fds[0]);
	assert_int_equal(tape_writer_add(w, r.frames[0]), -EPIPE);
	assert_int_equal(tape_writer_bytes(w), FILE_HEAD);
	tape_writer_close(w);
	close(fds[1]);
	record_end(&r);
}

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static size_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

static int empty_file(int flags)
{
	char path[] = "/tmp/test_tape_write.XXXXXX";
	int fd = mkostemp(path, flags | O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* Writes to a file that has `before` bytes already, and room for `size` of the tape. */
static void assert_full(const struct recording *r, int fd, size_t before, size_t size)
{
	struct tape_writer *w = NULL;
	unsigned written = 0, fits = 0;
	int err;

	limit_files(before + size);
	err = tape_writer_open(fd, &w);
	if (!err)
		err = write_on(w, r, &written);
	limit_files(RLIM_INFINITY);
	while (fits < r->count && r->ends[fits] <= size)
		fits++;
	assert_int_equal(err, fits < r->count ? -EFBIG : 0);
	assert_int_equal(written, fits);
	assert_int_equal(size_of(fd), before + (fits                       ? r->ends[fits - 1]
						       : size >= FILE_HEAD ? FILE_HEAD
									   : 0));
	if (w)
		assert_int_equal(tape_writer_bytes(w) + before, size_of(fd));
	tape_writer_close(w);
}

static void a_full_disk_leaves_a_tape_of_whole_samples(void **state)
{
	struct recording r;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	record_begin(&r, 3);
	for (unsigned n = 0; n < 4; n++)
		record_shop(&r, n, n, 0);
	for (size_t size = 0; size <= r.len; size += 3) {
		uint8_t *bytes = malloc(r.len);
		int fd = empty_file(0);
		ssize_t len;

		assert_full(&r, fd, 0, size);
		len = pread(fd, bytes, r.len, 0);
		assert_true(len >= 0);
		assert_memory_equal(bytes, r.bytes, (size_t)len);
		/* And there is room again, just behind it. */
		assert_int_equal(lseek(fd, 0, SEEK_CUR), len);
		free(bytes);
		close(fd);
	}
	record_end(&r);
}

/* What was there before is not ours: >> FILE, or a script that wrote to it first. */
static void what_was_in_the_file_before_stays(void **state)
{
	struct recording r;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	record_begin(&r, 3);
	for (unsigned n = 0; n < 3; n++)
		record_shop(&r, n, n, 0);
	for (unsigned i = 0; i < 12; i++) {
		int fd = empty_file(i % 2 ? O_APPEND : 0);
		char before[3000], after[sizeof before];

		memset(before, 'a' + (int)i, sizeof before);
		put_bytes(fd, before, sizeof before);
		/* As the descriptor of >> stands before the first write. */
		if (i % 2)
			assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_full(&r, fd, sizeof before, i * r.len / 11);
		assert_int_equal(pread(fd, after, sizeof after, 0), sizeof after);
		assert_memory_equal(before, after, sizeof before);
		close(fd);
	}
	record_end(&r);
}

/* Behind what we wrote stands what somebody else has written: it is not cut off. */
static void what_others_write_stays(void **state)
{
	struct tape_writer *w = NULL;
	struct recording r;
	uint8_t room[4096];
	unsigned written;
	int fd = empty_file(0);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	record_begin(&r, 3);
	record_shop(&r, 0, 0, 0);
	memset(room, 'x', sizeof room);
	put_bytes(fd, room, sizeof room);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	limit_files(100);
	assert_int_equal(tape_writer_open(fd, &w), 0);
	assert_int_equal(write_on(w, &r, &written), -EFBIG);
	limit_files(RLIM_INFINITY);
	assert_int_equal(size_of(fd), sizeof room);
	tape_writer_close(w);
	close(fd);
	record_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_samples_come_after_so_many),
		cmocka_unit_test(whole_samples_come_when_much_has_changed),
		cmocka_unit_test(a_recording_that_begins_anew_is_whole),
		cmocka_unit_test(a_full_device_is_told),
		cmocka_unit_test(nobody_reads_the_pipe),
		cmocka_unit_test(a_full_disk_leaves_a_tape_of_whole_samples),
		cmocka_unit_test(what_was_in_the_file_before_stays),
		cmocka_unit_test(what_others_write_stays),
	};

	return cmocka_run_group_tests_name("tape_write", tests, NULL, NULL);
}
