/* test_procs: the parsers on bytes, the readers on a /proc of our own making in a temporary folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/procs.h"

#define STAT_TAIL                                                                                  \
	" 1 7 7 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 73226 3133440 380 18446744073709551615"
#define ID_64                                                                                      \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" /* of a container */

typedef int parser(const char *bytes, size_t len, struct proc_facts *out);

static int parse_bytes(parser *p, const char *bytes, size_t len, struct proc_facts *out)
{
	char *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	rc = p(exact, len, out);
	free(exact);
	return rc;
}

static int parse(parser *p, const char *text, struct proc_facts *out)
{
	memset(out, 0, sizeof(*out));
	return parse_bytes(p, text, strlen(text), out);
}

/* ---- Parsers --------------------------------------------------------------------------------- */

static void test_stat(void **state)
{
	static const char *const names[] = { "nginx", "", ") R 1", "a b)", "x\ny (z", "((", "))" };
	struct proc_facts facts;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "42 (%s) S" STAT_TAIL "\n", names[i]);
		assert_int_equal(parse(procs_parse_stat, text, &facts), 0);
		assert_string_equal(facts.comm, names[i]);
		assert_int_equal(facts.start_ticks, 73226);
	}
}

static void test_stat_long_name(void **state)
{
	struct proc_facts facts;
	char text[512], name[201];

	(void)state;
	memset(name, 'k', 200);
	name[200] = '\0';
	snprintf(text, sizeof(text), "42 (%s) S" STAT_TAIL, name);
	assert_int_equal(parse(procs_parse_stat, text, &facts), 0);
	assert_int_equal(strlen(facts.comm), PROCS_COMM_MAX - 1);
}

static void test_stat_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"42",
		"42 (bash",
		"42 )(",
		"42 (bash) S",
		"42 (bash) S 1 7 7 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0",
		"42 (bash) S 1 7 7 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 -5 1",
		"42 (bash) S 1 7 7 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 99999999999999999999 1",
	};
	struct proc_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(procs_parse_stat, texts[i], &facts), -EBADMSG);
}

static void test_status(void **state)
{
	struct proc_facts facts;

	(void)state;
	assert_int_equal(
		parse(procs_parse_status,
			"Name:\tUid:\nUmask:\t0022\nUid:\t1000\t33\t1000\t1000\nGid:\t0\n", &facts),
		0);
	assert_int_equal(facts.uid, 33);
	assert_int_equal(parse(procs_parse_status, "Name:\tx\nGid:\t1\t2\n", &facts), -EBADMSG);
	assert_int_equal(parse(procs_parse_status, "Uid:\t1000\n", &facts), -EBADMSG);
	assert_int_equal(parse(procs_parse_status, "Uid:\t0\t4294967296\n", &facts), -EBADMSG);
	assert_int_equal(parse(procs_parse_status, "", &facts), -EBADMSG);
}

static void test_limits(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint32_t limit;
	} cases[] = {
		{ "Limit   Soft   Hard\nMax open files            1024         4096      files\n",
			0, 1024 },
		{ "Max open files            unlimited    unlimited files", 0, PROCS_UNKNOWN - 1 },
		{ "Max open files            1073741816    1 files", 0, 1073741816 },
		{ "Max open files            99999999999    1 files", 0, PROCS_UNKNOWN - 1 },
		{ "Max open files", -EBADMSG, 0 },
		{ "Max open files   none", -EBADMSG, 0 },
		{ "Max processes             96365", -EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct proc_facts facts;

		assert_int_equal(parse(procs_parse_limits, cases[i].text, &facts), cases[i].rc);
		if (cases[i].rc == 0)
			assert_int_equal(facts.fd_limit, cases[i].limit);
	}
}

static void test_cgroup(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{ "0::/system.slice/nginx.service\n", "/system.slice/nginx.service" },
		{ "4:memory:/m\n1:name=systemd:/s\n0::/v2\n", "/v2" },
		{ "4:memory:/m\n1:name=systemd:/s\n0::/\n", "/s" },
		{ "4:memory:/m\n3:cpu,cpuacct:/c\n", "/m" },
		{ "9:name=systemd:/\n5:cpu:/\n4:memory:/m\n0::/\n", "/m" },
		{ "9:name=systemd:/\n0::/\n", "/" },
		{ "0::/a:b:c\n", "/a:b:c" },
		{ "0::/gone.service (deleted)\n", "/gone.service" },
		{ "garbage\n0::/x", "/x" },
	};
	struct proc_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(procs_parse_cgroup, cases[i].text, &facts), 0);
		assert_string_equal(facts.cgroup, cases[i].path);
	}
	assert_int_equal(parse(procs_parse_cgroup, "", &facts), -EBADMSG);
	assert_int_equal(parse(procs_parse_cgroup, "0:", &facts), -EBADMSG);
	assert_int_equal(parse(procs_parse_cgroup, "0::\n", &facts), -EBADMSG);
}

static void test_unit(void **state)
{
	static const struct {
		const char *cgroup, *unit;
	} cases[] = {
		{ "", "" },
		{ "/", "" },
		{ "/system.slice/nginx.service", "nginx.service" },
		{ "/system.slice/nginx.service/", "nginx.service" },
		{ "/user.slice/user-0.slice/session-3.scope", "session-3.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service" },
		{ "/system.slice/docker.service/supervisor", "docker.service" },
		{ "/system.slice/postgres\\x2d15.service", "postgres\\x2d15.service" },
		{ "/system.slice", "system.slice" },
		{ "/docker/" ID_64, "0123456789ab" },
		{ "/system.slice/docker-" ID_64 ".scope", "docker-0123456789ab.scope" },
		{ "/docker/" ID_64 "0", ID_64 "0" },
		{ "/a/.service", ".service" },
		{ "/garden/b4769c3b60dea5be0d8a97ed5821e06d", "b4769c3b60dea5be0d8a97ed5821e06d" },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			procs_unit(cases[i].cgroup, out, sizeof(out)), strlen(cases[i].unit));
		assert_string_equal(out, cases[i].unit);
	}
}

static void test_unit_is_cut_to_the_size(void **state)
{
	static const char whole[] = "docker-0123456789ab.scope";
	char *out;

	(void)state;
	assert_int_equal(procs_unit("/x.service", NULL, 0), 0);
	for (size_t size = 1; size <= sizeof(whole); size++) {
		out = malloc(size);
		assert_non_null(out);
		assert_int_equal(procs_unit("/docker-" ID_64 ".scope", out, size), size - 1);
		assert_memory_equal(out, whole, size - 1);
		assert_int_equal(out[size - 1], '\0');
		free(out);
	}
}

static void test_parsers_at_every_length(void **state)
{
	static const char text[] = "42 (a) S" STAT_TAIL "\nUid:\t1\t2\nMax open files  77 99\n"
				   "1:name=systemd:/s\n0::/v2 (deleted)";
	static parser *const parsers[] = { procs_parse_stat, procs_parse_status, procs_parse_limits,
		procs_parse_cgroup };
	struct proc_facts facts = { .pid = 0 };

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
			int rc = parse_bytes(parsers[i], text, len, &facts);

			assert_true(rc == 0 || rc == -EBADMSG);
		}
	}
}

/* ---- Readers on a made-up /proc -------------------------------------------------------------- */

struct fake {
	char path[64];
	int fd;
};

static void fake_text(const struct fake *f, const char *name, const char *bytes, size_t len)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static int make_fake(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->path, "/tmp/sockdash-procs-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY);
	assert_true(f->fd >= 0);
	*state = f;
	return 0;
}

static void remove_tree(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_tree(fd, entry->d_name);
	}
	if (directory)
		closedir(directory);
	unlinkat(parent, name, directory ? AT_REMOVEDIR : 0);
}

static int remove_fake(void **state)
{
	struct fake *f = *state;

	close(f->fd);
	remove_tree(AT_FDCWD, f->path);
	free(f);
	return 0;
}

static void test_list(void **state)
{
	struct fake *f = *state;
	uint64_t sum = 0;
	uint32_t *pids;
	size_t count;
	char name[16];

	mkdirat(f->fd, "self", 0700);
	mkdirat(f->fd, "12x", 0700);
	mkdirat(f->fd, "99999999999", 0700);
	for (unsigned i = 1; i <= 1200; i++) { /* more than one block of directory entries */
		snprintf(name, sizeof(name), "%u", i);
		mkdirat(f->fd, name, 0700);
	}
	for (int round = 0; round < 2; round++) { /* the caller's offset is not moved */
		assert_int_equal(procs_list(f->fd, &pids, &count), 0);
		assert_int_equal(count, 1200);
		sum = 0;
		for (size_t i = 0; i < count; i++)
			sum += pids[i];
		assert_int_equal(sum, 1200 * 1201 / 2);
		free(pids);
	}
	assert_int_equal(procs_list(-1, &pids, &count), -EBADF);
	assert_null(pids);
}

static void test_read(void **state)
{
	static const char cmdline[] = "nginx\0-g\0daemon off;\0";
	struct fake *f = *state;
	struct proc_facts facts;

	mkdirat(f->fd, "42", 0700);
	fake_text(f, "42/stat", "42 (ng) inx) S" STAT_TAIL, strlen("42 (ng) inx) S" STAT_TAIL));
	fake_text(f, "42/status", "Uid:\t0\t33\t0\t0\n", 13);
	fake_text(f, "42/limits", "Max open files 1024 4096\n", 25);
	fake_text(f, "42/cgroup", "0::/system.slice/nginx.service\n", 31);
	fake_text(f, "42/cmdline", cmdline, sizeof(cmdline) - 1);
	assert_int_equal(procs_read(f->fd, 42, true, &facts), 0);
	assert_int_equal(facts.pid, 42);
	assert_string_equal(facts.comm, "ng) inx");
	assert_int_equal(facts.start_ticks, 73226);
	assert_int_equal(facts.uid, 33);
	assert_int_equal(facts.fd_limit, 1024);
	assert_string_equal(facts.cmdline, "nginx -g daemon off;");
	assert_string_equal(facts.cgroup, "/system.slice/nginx.service");
}

static void test_read_little(void **state)
{
	struct fake *f = *state;
	struct proc_facts facts;
	char longest[3000];

	memset(longest, 'a', sizeof(longest));
	mkdirat(f->fd, "43", 0700);
	fake_text(f, "43/stat", "nonsense", 8);
	fake_text(f, "43/cmdline", longest, sizeof(longest));
	assert_int_equal(procs_read(f->fd, 43, true, &facts), 0);
	assert_int_equal(facts.uid, PROCS_UNKNOWN);
	assert_int_equal(facts.fd_limit, PROCS_UNKNOWN);
	assert_int_equal(facts.start_ticks, 0);
	assert_string_equal(facts.comm, "");
	assert_string_equal(facts.cgroup, "");
	assert_int_equal(strlen(facts.cmdline), PROCS_TEXT_MAX - 1);
	mkdirat(f->fd, "44", 0700);
	assert_int_equal(procs_read(f->fd, 44, true, &facts), -ENOENT);
	assert_int_equal(procs_read(f->fd, 45, true, &facts), -ENOENT);
}

struct seen {
	unsigned count, fds, sockets, inodes;
	int answer;
};

static int see_descriptor(void *context, uint32_t fd, uint32_t inode)
{
	struct seen *seen = context;

	seen->count++;
	seen->fds += fd;
	seen->sockets += inode != 0;
	seen->inodes += inode;
	return seen->answer;
}

static const struct {
	uint32_t fd;
	const char *target;
	uint32_t inode;
} links[] = {
	{ 0, "/dev/null", 0 },
	{ 1, "pipe:[77]", 0 },
	{ 7, "socket:[1001]", 1001 },
	{ 1000, "socket:[4000000000]", 4000000000 },
	{ 8, "socket:[4294967296]", 0 },
	{ 9, "socket:[12", 0 },
	{ 10, "socket:[]", 0 },
	{ 11, "socket:[1x]", 0 },
	{ 12, "/tmp/a file with a name longer than any socket:[5]", 0 },
};

static void test_descriptors(void **state)
{
	struct fake *f = *state;
	struct seen seen = { .count = 0 }, stop = { .answer = 1 };
	struct procs_peek outside, inside;
	uint32_t inode;
	char path[64];
	int files;

	mkdirat(f->fd, "42", 0700);
	mkdirat(f->fd, "42/fd", 0700);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "42/fd/%u", links[i].fd);
		assert_int_equal(symlinkat(links[i].target, f->fd, path), 0);
	}
	assert_int_equal(procs_peek(f->fd, 42, &outside), 0);
	files = procs_open_files(f->fd, 42, &inside);
	assert_true(files >= 0);
	assert_int_equal(outside.directory, inside.directory);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		assert_int_equal(procs_descriptor(files, links[i].fd, &inode), 0);
		assert_int_equal(inode, links[i].inode);
	}
	assert_int_equal(procs_descriptor(files, 2, &inode), -ENOENT);
	assert_int_equal(procs_descriptor(files, UINT32_MAX, &inode), -ENOENT);
	assert_int_equal(procs_walk_from(files, 0, see_descriptor, &seen), 0);
	assert_int_equal(seen.count, sizeof(links) / sizeof(links[0]));
	assert_int_equal(seen.sockets, 2);
	assert_int_equal(seen.inodes, 4000001001u);
	assert_int_equal(procs_walk_from(files, 0, see_descriptor, &stop), 1);
	assert_int_equal(stop.count, 1);
	close(files);
	assert_int_equal(procs_peek(f->fd, 1, &outside), -ENOENT);
	assert_int_equal(procs_open_files(f->fd, 1, &inside), -ENOENT);
}

static void test_name(void **state)
{
	struct fake *f = *state;
	char name[PROCS_COMM_MAX], longest[PROCS_COMM_MAX + 9];

	mkdirat(f->fd, "42", 0700);
	fake_text(f, "42/comm", "nginx\n", 6);
	assert_int_equal(procs_read_name(f->fd, 42, name), 0);
	assert_string_equal(name, "nginx");
	fake_text(f, "42/comm", "a\n b\n", 5);
	assert_int_equal(procs_read_name(f->fd, 42, name), 0);
	assert_string_equal(name, "a\n b");
	fake_text(f, "42/comm", "", 0);
	assert_int_equal(procs_read_name(f->fd, 42, name), 0);
	assert_string_equal(name, "");
	memset(longest, 'x', sizeof(longest));
	fake_text(f, "42/comm", longest, sizeof(longest));
	assert_int_equal(procs_read_name(f->fd, 42, name), 0);
	assert_int_equal(strlen(name), PROCS_COMM_MAX - 1);
	assert_int_equal(procs_read_name(f->fd, 43, name), -ENOENT);
}

/* ---- The real /proc: of ourselves only ------------------------------------------------------- */

struct sought {
	uint32_t fd, inode, lowest;
	unsigned found;
};

static int seek_socket(void *context, uint32_t fd, uint32_t inode)
{
	struct sought *sought = context;

	assert_true(fd >= sought->lowest);
	sought->lowest = fd + 1;
	sought->found += fd == sought->fd && inode == sought->inode;
	return 0;
}

static void test_ourselves(void **state)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	uint32_t pid = (uint32_t)getpid(), *pids;
	struct proc_facts facts;
	struct procs_peek peek;
	struct sought sought = { .fd = (uint32_t)fd };
	struct stat st;
	size_t count, at = 0;
	int files;

	(void)state;
	assert_true(proc_fd >= 0 && fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	sought.inode = (uint32_t)st.st_ino;
	assert_int_equal(procs_list(proc_fd, &pids, &count), 0);
	while (at < count && pids[at] != pid)
		at++;
	assert_true(at < count);
	free(pids);
	assert_int_equal(procs_read(proc_fd, pid, true, &facts), 0);
	assert_int_equal(facts.uid, geteuid());
	assert_true(facts.start_ticks > 0 && facts.fd_limit > 0 && facts.comm[0]);
	files = procs_open_files(proc_fd, pid, &peek);
	assert_true(files >= 0);
	assert_int_equal(peek.directory, facts.directory);
	assert_int_equal(procs_walk_from(files, 0, seek_socket, &sought), 0);
	assert_int_equal(sought.found, 1);
	/* The place to go on from is a number, whatever is open below it. */
	sought.lowest = sought.fd;
	assert_int_equal(procs_walk_from(files, sought.fd, seek_socket, &sought), 0);
	assert_int_equal(sought.found, 2);
	sought.lowest = sought.fd + 1;
	assert_int_equal(procs_walk_from(files, sought.fd + 1, seek_socket, &sought), 0);
	assert_int_equal(sought.found, 2);
	close(files);
	close(fd);
	close(proc_fd);
}

static void what_has_no_files_is_told_by_its_flags(void **state)
{
	static const struct {
		const char *stat;
		bool expected;
	} cases[] = {
		{ "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0", true },
		{ "90 (a) b) R 1 1 1 0 -1 4 0 0", true },
		{ "90 (nginx) S 1 90 90 0 -1 4194560 0 0", false },
		{ "90 (nginx) S 1 90 90 0 -1", false },
		{ "", false },
		{ "90 nginx", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(procs_parse_no_files(cases[i].stat, strlen(cases[i].stat)),
			cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_files_is_told_by_its_flags),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_stat_long_name),
		cmocka_unit_test(test_stat_malformed),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_unit_is_cut_to_the_size),
		cmocka_unit_test(test_parsers_at_every_length),
		cmocka_unit_test_setup_teardown(test_list, make_fake, remove_fake),
		cmocka_unit_test_setup_teardown(test_read, make_fake, remove_fake),
		cmocka_unit_test_setup_teardown(test_read_little, make_fake, remove_fake),
		cmocka_unit_test_setup_teardown(test_descriptors, make_fake, remove_fake),
		cmocka_unit_test_setup_teardown(test_name, make_fake, remove_fake),
		cmocka_unit_test(test_ourselves),
	};

	return cmocka_run_group_tests_name("procs", tests, NULL, NULL);
}
