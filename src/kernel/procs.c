/* procs: reads /proc/PID: who a process is and which of its descriptors are sockets.
 *
 * It must not know what a socket is about, nor keep anything between calls. Three to five
 * microseconds per descriptor are the kernel's own price for readdir and readlink, so nothing is
 * added to them: raw directory entries, names relative to one open directory, no allocation. */
#include "sockdash/procs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockdash/kfile.h"

enum {
	TEXT_SIZE = 16 * 1024, /* a cgroup file of 13 v1 hierarchies with long paths */
	DIRECTORY_SIZE = 32 * 1024,
	NAME_SIZE = 32,
};

/* ---- Directories ----------------------------------------------------------------------------- */

/* What getdents64(2) fills; the C library has no name for it everywhere. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* The C library before 2.30 has no function for this. */
static ssize_t read_entries(int fd, void *buffer, size_t size)
{
	long n;

	do {
		n = syscall(SYS_getdents64, fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Names in /proc that are numbers are processes, in /proc/PID/fd they are descriptors. */
static bool name_number(const char *name, uint32_t *value)
{
	uint64_t number = 0;

	if (!*name)
		return false;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || number > UINT32_MAX / 10)
			return false;
		number = number * 10 + (unsigned)(*name - '0');
	}
	*value = (uint32_t)number;
	return number < UINT32_MAX;
}

/* Calls `take` for each entry with a number for a name; its first answer but 0 ends the walk. */
static int walk_numbers(
	int fd, int (*take)(void *context, const char *name, uint32_t number), void *context)
{
	_Alignas(struct entry) char buffer[DIRECTORY_SIZE];
	ssize_t n;
	int rc;

	while ((n = read_entries(fd, buffer, sizeof(buffer))) > 0) {
		const struct entry *entry;

		for (ssize_t at = 0; at < n; at += entry->len) {
			uint32_t number;

			entry = (const struct entry *)(const void *)(buffer + at);
			if (!name_number(entry->name, &number))
				continue;
			rc = take(context, entry->name, number);
			if (rc != 0)
				return rc;
		}
	}
	return (int)n;
}

/* ---- The list of processes ------------------------------------------------------------------- */

struct pid_list {
	uint32_t *pids;
	size_t count, room;
};

static int add_pid(void *context, const char *name, uint32_t pid)
{
	struct pid_list *list = context;

	(void)name;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 512;
		uint32_t *more = realloc(list->pids, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->pids = more;
		list->room = room;
	}
	list->pids[list->count++] = pid;
	return 0;
}

int procs_list(int proc_fd, uint32_t **pids, size_t *count)
{
	struct pid_list list = { NULL, 0, 0 };
	int fd, rc;

	*pids = NULL;
	*count = 0;
	fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* an offset of our own */
	if (fd < 0)
		return -errno;
	rc = walk_numbers(fd, add_pid, &list);
	close(fd);
	if (rc < 0) {
		free(list.pids);
		return rc;
	}
	*pids = list.pids;
	*count = list.count;
	return 0;
}

/* ---- One process ----------------------------------------------------------------------------- */

/* Arguments end with a NUL each; a process may have overwritten them with one text and blanks. */
static int parse_cmdline(const char *bytes, size_t len, struct proc_facts *out)
{
	if (len > sizeof(out->cmdline) - 1)
		len = sizeof(out->cmdline) - 1;
	for (size_t i = 0; i < len; i++)
		out->cmdline[i] = bytes[i] ? bytes[i] : ' ';
	while (len > 0 && out->cmdline[len - 1] == ' ')
		len--;
	out->cmdline[len] = '\0';
	return 0;
}

/* What is read about a process, in this order: stat tells first whether it is still there. */
static const struct {
	const char *name;
	int (*parse)(const char *bytes, size_t len, struct proc_facts *out);
	bool detail;
} files[] = {
	{ "stat", procs_parse_stat, false },
	{ "status", procs_parse_status, false },
	{ "limits", procs_parse_limits, true },
	{ "cgroup", procs_parse_cgroup, true },
	{ "cmdline", parse_cmdline, true },
};

static bool is_forbidden(ssize_t error)
{
	return error == -EACCES || error == -EPERM;
}

int procs_read(int proc_fd, uint32_t pid, bool details, struct proc_facts *out)
{
	char text[TEXT_SIZE], name[NAME_SIZE];
	struct stat st;
	int fd, rc = 0;

	memset(out, 0, sizeof(*out));
	out->pid = pid;
	out->uid = PROCS_UNKNOWN;
	out->fd_limit = PROCS_UNKNOWN;
	snprintf(name, sizeof(name), "%u", pid);
	/* The open directory stays that of this process when its number is given to another. */
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return is_forbidden(-errno) ? 0 : -errno;
	if (fstatat(fd, "fd", &st, 0) == 0)
		out->directory = st.st_ino;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ssize_t n;

		if (files[i].detail && !details)
			continue;
		n = kfile_read(fd, files[i].name, text, sizeof(text));
		if (n >= 0)
			files[i].parse(text, (size_t)n, out); /* what is malformed stays unknown */
		else if (i == 0 && !is_forbidden(n))
			rc = (int)n;
		if (rc < 0 || n == -ESRCH)
			break;
	}
	close(fd);
	return rc;
}

int procs_read_name(int proc_fd, uint32_t pid, char out[PROCS_COMM_MAX])
{
	char name[NAME_SIZE];
	ssize_t n;

	snprintf(name, sizeof(name), "%u/comm", pid);
	n = kfile_read(proc_fd, name, out, PROCS_COMM_MAX);
	if (n < 0)
		return (int)n;
	if (n == PROCS_COMM_MAX || (n > 0 && out[n - 1] == '\n'))
		n--;
	out[n] = '\0';
	return 0;
}

bool procs_has_no_files(int proc_fd, uint32_t pid)
{
	char text[TEXT_SIZE], name[NAME_SIZE];
	ssize_t n;

	snprintf(name, sizeof(name), "%u/stat", pid);
	n = kfile_read(proc_fd, name, text, sizeof(text));
	return n == -ENOENT || n == -ESRCH || (n >= 0 && procs_parse_no_files(text, (size_t)n));
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* "socket:[123]" */
static bool link_inode(const char *link, size_t len, uint32_t *inode)
{
	static const char head[] = "socket:[";
	const size_t head_len = sizeof(head) - 1;
	uint64_t number = 0;

	if (len < head_len + 2 || memcmp(link, head, head_len) != 0 || link[len - 1] != ']')
		return false;
	for (size_t i = head_len; i < len - 1; i++) {
		if (link[i] < '0' || link[i] > '9')
			return false;
		number = number * 10 + (unsigned)(link[i] - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*inode = (uint32_t)number;
	return true;
}

/* The kernel makes an inode anew when a pid has a new owner (and when it had forgotten the old
 * one). Since Linux 6.2 the size is the number of open descriptors, before it was 0. */
static void set_peek(const struct stat *st, struct procs_peek *out)
{
	out->directory = st->st_ino;
	out->fds = st->st_size < 0 || st->st_size >= PROCS_UNKNOWN ? PROCS_UNKNOWN
								   : (uint32_t)st->st_size;
}

int procs_peek(int proc_fd, uint32_t pid, struct procs_peek *out)
{
	char path[NAME_SIZE];
	struct stat st;

	snprintf(path, sizeof(path), "%u/fd", pid);
	if (fstatat(proc_fd, path, &st, 0) < 0)
		return -errno;
	set_peek(&st, out);
	return 0;
}

int procs_open_files(int proc_fd, uint32_t pid, struct procs_peek *out)
{
	char path[NAME_SIZE];
	struct stat st;
	int fd, err;

	snprintf(path, sizeof(path), "%u/fd", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	set_peek(&st, out);
	return fd;
}

/* Digits of a number, without the cost of printf: this is done for every descriptor there is. */
static const char *number_name(char name[NAME_SIZE], uint32_t number)
{
	size_t at = NAME_SIZE - 1;

	name[at] = '\0';
	do {
		name[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return &name[at];
}

static int read_descriptor(int files_fd, const char *name, uint32_t *inode)
{
	char link[NAME_SIZE];
	ssize_t n = readlinkat(files_fd, name, link, sizeof(link));

	*inode = 0;
	if (n < 0)
		return -errno;
	if (!link_inode(link, (size_t)n, inode))
		*inode = 0;
	return 0;
}

int procs_descriptor(int files_fd, uint32_t fd, uint32_t *inode)
{
	char name[NAME_SIZE];

	return read_descriptor(files_fd, number_name(name, fd), inode);
}

struct walk {
	int directory;
	procs_descriptor_sink *sink;
	void *context;
};

static int take_descriptor(void *context, const char *name, uint32_t fd)
{
	const struct walk *w = context;
	uint32_t inode;
	int err = read_descriptor(w->directory, name, &inode);

	if (err == -ENOENT) /* closed in between */
		return 0;
	return err ? err : w->sink(w->context, fd, inode);
}

int procs_walk_from(int files_fd, uint32_t from, procs_descriptor_sink *sink, void *context)
{
	struct walk w = { files_fd, sink, context };

	/* The first two places are those of "." and "..". */
	if (lseek(files_fd, from ? (off_t)from + 2 : 0, SEEK_SET) < 0)
		return -errno;
	return walk_numbers(files_fd, take_descriptor, &w);
}
