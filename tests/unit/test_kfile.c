/* test_kfile: whole files, files that do not fit, and lines, words and numbers from bytes that end where they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/kfile.h"

/* ---- Reading ------------------------------------------------------------------------------------ */

static char path[] = "/tmp/test_kfile.XXXXXX";

static int make_file(void **state)
{
	static const char text[] = "one 1\ntwo 22\n";
	int fd = mkstemp(path);
	ssize_t n;

	(void)state;
	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_read(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(kfile_read(AT_FDCWD, path, out, sizeof(out)), 13);
	assert_memory_equal(out, "one 1\ntwo 22\n", 13);
	assert_int_equal(kfile_read(AT_FDCWD, path, out, 12), 12);
	assert_int_equal(kfile_read(AT_FDCWD, path, out, 0), 0);
	assert_int_equal(kfile_read(AT_FDCWD, "/tmp/no-such-file", out, sizeof(out)), -ENOENT);
	assert_int_equal(kfile_read(AT_FDCWD, "/tmp", out, sizeof(out)), -EISDIR);
}

static void test_read_lines(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(kfile_read_lines(AT_FDCWD, path, out, sizeof(out)), 13);
	/* Exactly full: nobody can tell whether there was more, but the last line is whole. */
	assert_int_equal(kfile_read_lines(AT_FDCWD, path, out, 13), 13);
	assert_int_equal(kfile_read_lines(AT_FDCWD, path, out, 12), 6);
	assert_int_equal(kfile_read_lines(AT_FDCWD, path, out, 5), 0);
	assert_int_equal(kfile_read_lines(AT_FDCWD, path, out, 0), 0);
	assert_int_equal(
		kfile_read_lines(AT_FDCWD, "/tmp/no-such-file", out, sizeof(out)), -ENOENT);
}

static void test_read_in_a_directory(void **state)
{
	char out[16];
	int fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(kfile_read(fd, path + strlen("/tmp/"), out, sizeof(out)), 13);
	close(fd);
}

/* ---- Lines, words and numbers ------------------------------------------------------------------- */

/* Takes lines or words off a copy without a byte to spare and joins them with '|'. */
static void split(
	const char *text, bool (*next)(struct span *, struct span *), char *out, size_t size)
{
	size_t len = strlen(text), used = 0;
	char *exact = malloc(len ? len : 1);
	struct span rest = { exact, len }, part;

	assert_non_null(exact);
	memcpy(exact, text, len);
	*out = '\0';
	while (next(&rest, &part)) {
		used += (size_t)snprintf(out + used, size - used, "%.*s|", (int)part.len, part.at);
		assert_true(used < size);
	}
	assert_int_equal(rest.len, 0);
	free(exact);
}

static void check_split(
	bool (*next)(struct span *, struct span *), const char *text, const char *wanted)
{
	char out[64];

	split(text, next, out, sizeof(out));
	assert_string_equal(out, wanted);
}

static void test_lines(void **state)
{
	(void)state;
	check_split(kfile_next_line, "", "");
	check_split(kfile_next_line, "a b\n\n c", "a b|| c|");
	check_split(kfile_next_line, "a\n", "a|");
	check_split(kfile_next_line, "\n", "|");
}

static void test_words(void **state)
{
	(void)state;
	check_split(kfile_next_word, "", "");
	check_split(kfile_next_word, " \t\n", "");
	check_split(kfile_next_word, " a\tbc\n\nd", "a|bc|d|");
}

static bool number_of(const char *text, uint64_t *value)
{
	return kfile_number((struct span){ text, strlen(text) }, value);
}

static void test_numbers(void **state)
{
	static const char *const wrong[] = { "", "-1", "+1", " 1", "1 ", "1.0", "0x1",
		"18446744073709551616", "99999999999999999999" };
	uint64_t value;

	(void)state;
	assert_true(number_of("0", &value) && value == 0);
	assert_true(number_of("007", &value) && value == 7);
	assert_true(number_of("18446744073709551615", &value) && value == UINT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(number_of(wrong[i], &value));
	/* Only the span counts, not what stands behind it. */
	assert_true(kfile_number((struct span){ "123", 2 }, &value) && value == 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_lines),
		cmocka_unit_test(test_read_in_a_directory),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("kfile", tests, make_file, remove_file);
}
