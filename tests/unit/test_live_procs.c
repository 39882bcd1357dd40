/* Looks at descriptors: at our own, which we open and close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/live_procs.h"

enum { SOCKETS = 300 };

struct looker {
	struct live_procs ps;
	struct live_proc *us;
	int proc_fd;
	atomic_bool stop;
	int fds[SOCKETS];
};

static int make_looker(void **state)
{
	struct looker *l = calloc(1, sizeof *l);

	assert_non_null(l);
	l->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY);
	assert_true(l->proc_fd >= 0);
	for (int i = 0; i < SOCKETS; i++) {
		l->fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(l->fds[i] >= 0);
	}
	*state = l;
	return 0;
}

static int free_looker(void **state)
{
	struct looker *l = *state;

	live_procs_free(&l->ps);
	for (int i = 0; i < SOCKETS; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	close(l->proc_fd);
	free(l);
	return 0;
}

/* The next frame, in which we are the only process. */
static void begin(struct looker *l)
{
	assert_int_equal(live_procs_begin(&l->ps, l->proc_fd, &l->stop), 0);
	l->us = live_procs_find(&l->ps, (uint32_t)getpid());
	assert_non_null(l->us);
	assert_true(live_proc_is_open(&l->ps, l->us));
}

/* Everything that is open is in the table as it is, and nothing else. The directory that a count is
 * read from is open meanwhile. */
static void assert_right(const struct looker *l)
{
	const struct fd_table *t = &l->us->table;
	uint32_t count = 0;

	for (uint32_t fd = 0; fd < 2000; fd++) {
		bool open = fd_table_next_open(t, fd) == fd;
		struct stat st;

		if (fstat((int)fd, &st)) {
			/* Each look needs one itself. */
			count += open;
			assert_true(count <= 2);
			continue;
		}
		assert_true(open);
		for (uint32_t i = 0; i < t->count; i++)
			if (t->chunks[i].base == fd - fd % FD_CHUNK)
				assert_int_equal(t->chunks[i].inodes[fd % FD_CHUNK],
					S_ISSOCK(st.st_mode) ? st.st_ino : 0);
	}
}

static bool has_changed(const struct looker *l, int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	for (uint32_t i = 0; i < l->ps.changed_count; i++)
		if (l->ps.changed[i] == st.st_ino)
			return true;
	return false;
}

static void a_look_finds_all(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	assert_int_equal(l->us->looked, 1);
	assert_int_equal(l->us->look_began, 0);
	assert_right(l);
	for (int i = 0; i < SOCKETS; i++)
		assert_true(has_changed(l, l->fds[i]));
	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	assert_int_equal(l->us->looked, 2);
	assert_int_equal(l->ps.changed_count, 0);
}

static void a_look_goes_on_where_it_broke_off(void **state)
{
	struct looker *l = *state;
	int looks = 0;

	begin(l);
	do {
		assert_int_equal(live_procs_look(&l->ps, l->us, 37), 0);
		if (++looks == 2)
			begin(l);
		assert_true(looks < 20);
	} while (l->us->look_began);
	assert_true(looks >= SOCKETS / 37);
	assert_int_equal(l->us->looked, 1); /* when it began */
	assert_right(l);
}

static void a_look_without_counts_finds_all(void **state)
{
	struct looker *l = *state;
	int high = dup2(l->fds[0], 1500);

	begin(l);
	l->ps.counted = false;
	l->us->fds = 0;
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	assert_right(l);
	close(high);
	for (int i = 0; i < SOCKETS; i += 2) {
		close(l->fds[i]);
		l->fds[i] = -1;
	}
	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	assert_right(l);
}

/* A process that is ending has no descriptors, and another one may get its number. */
static void who_had_no_files_may_have_some(void **state)
{
	struct looker *l = *state;

	for (unsigned frame = 0; frame < 3; frame++) {
		begin(l);
		assert_true(l->us->fds > 0);
		assert_false(l->us->no_files);
		l->us->fds = 0;
		l->us->no_files = true;
	}
}

static void end_looks(void **state, bool by_cpu)
{
	struct looker *l = *state;
	int looks = 0;

	begin(l);
	/* Either is enough. */
	l->ps.deadline_ns = by_cpu ? INT64_MAX : 1;
	l->ps.deadline_cpu_ns = by_cpu ? 1 : INT64_MAX;
	do {
		uint64_t before = l->ps.looks;

		assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
		assert_true(l->ps.looks - before <= 64);
		assert_true(live_procs_late(&l->ps));
		assert_true(++looks < 50);
	} while (l->us->look_began);
	assert_true(looks > 3);
	assert_right(l);
}

static void the_deadline_ends_a_look(void **state)
{
	end_looks(state, false);
}

static void the_budget_ends_a_look(void **state)
{
	end_looks(state, true);
}

static void it_can_be_stopped(void **state)
{
	struct looker *l = *state;

	begin(l);
	l->stop = true;
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), -ECANCELED);
	assert_int_equal(live_procs_begin(&l->ps, l->proc_fd, &l->stop), -ECANCELED);
}

/* What a dump would tell is told by hand: these sockets are in none. */
static void release(struct looker *l, int i)
{
	struct stat st;

	assert_int_equal(fstat(l->fds[i], &st), 0);
	live_proc_release(l->us, (uint32_t)l->fds[i], (uint32_t)st.st_ino);
	close(l->fds[i]);
	l->fds[i] = -1;
}

static void the_lowest_numbers_are_asked_for_first(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	begin(l);
	for (int i = 50; i < 80; i++)
		release(l, i);
	for (int i = 50; i < 70; i++)
		l->fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(live_procs_settle(&l->ps, l->us), 0);
	assert_right(l);
	assert_true(has_changed(l, l->fds[50]) && has_changed(l, l->fds[69]));
	assert_true(l->ps.looks < 20 + 64 + 16); /* and not all */
	assert_false(l->us->released);
}

/* Seen after one dump and closed before the next: no dump tells. */
static void what_is_young_is_asked_for_again(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	begin(l);
	release(l, 10);
	l->fds[10] = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(live_procs_settle(&l->ps, l->us), 0);
	assert_true(l->us->table.young >= 1);
	close(l->fds[10]);
	l->fds[10] = socket(AF_INET, SOCK_DGRAM, 0);
	begin(l);
	assert_int_equal(live_procs_settle(&l->ps, l->us), 0);
	assert_right(l);
	assert_true(has_changed(l, l->fds[10]));
	assert_true(l->ps.looks < 100);
}

static void without_counts_the_lowest_numbers_are_guessed(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	begin(l);
	l->ps.counted = false;
	for (int i = 50; i < 60; i++)
		release(l, i);
	for (int i = 50; i < 60; i++)
		l->fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(live_procs_guess(&l->ps, l->us, 100), 0);
	assert_right(l);
}

static void who_it_is_is_read_once(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_facts_read(&l->ps, l->us, true), 0);
	assert_true(l->us->facts.start > 0 && l->us->facts.fd_limit > 0);
	assert_int_equal(l->us->facts.uid, geteuid());
	assert_string_equal(l->us->facts.name, "test_live_procs");
	begin(l);
	assert_int_equal(live_facts_check(&l->ps, l->us, true), 0);
	assert_int_equal(l->us->facts.read, 1);
	assert_int_equal(l->us->facts.checked, 2);
	/* Another process under the same number. */
	l->us->facts.start++;
	assert_int_equal(live_facts_read(&l->ps, l->us, true), -ESRCH);
}

/* The number of its directory in /proc is another one, and so is its start. */
static void a_pid_used_again_begins_anew(void **state)
{
	struct looker *l = *state;

	begin(l);
	assert_int_equal(live_procs_look(&l->ps, l->us, UINT32_MAX), 0);
	assert_int_equal(live_facts_read(&l->ps, l->us, false), 0);
	l->us->directory++;
	begin(l);
	assert_int_equal(l->us->looked, 1); /* the kernel had forgotten it */
	l->us->directory++;
	l->us->facts.start++;
	begin(l);
	assert_int_equal(l->us->looked, 0);
	assert_int_equal(l->us->table.open, 0);
	assert_int_equal(l->us->facts.read, 0);
	assert_true(has_changed(l, l->fds[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_looker, free_looker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_look_finds_all),
		TEST(a_look_goes_on_where_it_broke_off),
		TEST(a_look_without_counts_finds_all),
		TEST(who_had_no_files_may_have_some),
		TEST(the_deadline_ends_a_look),
		TEST(the_budget_ends_a_look),
		TEST(it_can_be_stopped),
		TEST(the_lowest_numbers_are_asked_for_first),
		TEST(what_is_young_is_asked_for_again),
		TEST(without_counts_the_lowest_numbers_are_guessed),
		TEST(who_it_is_is_read_once),
		TEST(a_pid_used_again_begins_anew),
	};

	return cmocka_run_group_tests_name("live_procs", tests, NULL, NULL);
}
