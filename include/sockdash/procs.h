/* procs: facts about processes from /proc/PID. Every parser takes bytes and is pure. */
#ifndef SOCKDASH_PROCS_H
#define SOCKDASH_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCS_COMM_MAX 64
#define PROCS_TEXT_MAX 1024
#define PROCS_UNKNOWN  UINT32_MAX

/* All text is as the process set it: any bytes but NUL. An empty text or PROCS_UNKNOWN: not
 * known. */
struct proc_facts {
	uint32_t pid;
	uint64_t directory;   /* see struct procs_peek; 0 not known */
	uint64_t start_ticks; /* since boot: with the pid, the identity of a process */
	uint32_t uid;         /* effective */
	uint32_t fd_limit;    /* soft RLIMIT_NOFILE; "unlimited" is PROCS_UNKNOWN - 1 */
	char comm[PROCS_COMM_MAX];
	char cmdline[PROCS_TEXT_MAX]; /* arguments separated by blanks, cut at the size */
	char cgroup[PROCS_TEXT_MAX];  /* path in the v2, else systemd's, else first v1 hierarchy */
};

/* ---- Parsers --------------------------------------------------------------------------------- */

/* /proc/PID/stat: comm (which may contain ") (" and newlines) and start_ticks. 0 or -EBADMSG. */
int procs_parse_stat(const char *bytes, size_t len, struct proc_facts *out);

/* The same file: whether PF_KTHREAD or PF_EXITING is among the flags (field 9). */
bool procs_parse_no_files(const char *bytes, size_t len);

/* /proc/PID/status: uid (the effective one). 0 or -EBADMSG. */
int procs_parse_status(const char *bytes, size_t len, struct proc_facts *out);

/* /proc/PID/limits: fd_limit. 0 or -EBADMSG. */
int procs_parse_limits(const char *bytes, size_t len, struct proc_facts *out);

/* /proc/PID/cgroup: cgroup. 0 or -EBADMSG. */
int procs_parse_cgroup(const char *bytes, size_t len, struct proc_facts *out);

/* The systemd unit (or, without one, the container's or last directory's name) that a cgroup path
 * stands for: "/system.slice/nginx.service" -> "nginx.service";
 * "/user.slice/user-0.slice/session-3.scope" -> "session-3.scope"; "/" and "" -> "". Writes at most
 * `size` bytes with the NUL; answers the length. */
size_t procs_unit(const char *cgroup, char *out, size_t size);

/* ---- Reading --------------------------------------------------------------------------------- */

/* Fills `pids` with all process numbers in the open directory /proc; *pids is malloc'ed (caller
 * frees), *count their number. 0 or -errno. */
int procs_list(int proc_fd, uint32_t **pids, size_t *count);

/* Reads what can be read about one process; cmdline, cgroup and fd_limit only with `details`. 0, or
 * -ENOENT/-ESRCH when it is gone; what is forbidden stays unknown. */
int procs_read(int proc_fd, uint32_t pid, bool details, struct proc_facts *out);

/* Whether a process has no descriptors to hide: a thread of the kernel, one that is ending, or
 * gone. */
bool procs_has_no_files(int proc_fd, uint32_t pid);

/* Its name alone (comm), which exec changes. 0, or -errno: -ENOENT/-ESRCH when it is gone. */
int procs_read_name(int proc_fd, uint32_t pid, char out[PROCS_COMM_MAX]);

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* What one look at /proc/PID/fd from outside tells, also where it may not be opened. */
struct procs_peek {
	uint64_t directory; /* another number: perhaps another process with the same pid */
	uint32_t fds;       /* how many are open; before Linux 6.2 always 0 */
};

/* 0; -ENOENT/-ESRCH when it is gone, -EACCES or -EPERM where /proc hides it (hidepid). */
int procs_peek(int proc_fd, uint32_t pid, struct procs_peek *out);

/* Opens /proc/PID/fd, and tells the same of what was opened. A descriptor, or as procs_peek(). */
int procs_open_files(int proc_fd, uint32_t pid, struct procs_peek *out);

/* What descriptor `fd` of a process refers to: *inode gets that of a socket, or 0 for anything
 * else. 0; -ENOENT where it is not open, -EACCES or -EPERM where it is hidden from us. */
int procs_descriptor(int files_fd, uint32_t fd, uint32_t *inode);

/* Gets a descriptor as procs_descriptor() tells it. 0 goes on, anything else ends. */
typedef int procs_descriptor_sink(void *context, uint32_t fd, uint32_t inode);

/* Walks the open descriptors with numbers from `from` up, in ascending order. 0, what the sink
 * ended it with, or as procs_descriptor(). */
int procs_walk_from(int files_fd, uint32_t from, procs_descriptor_sink *sink, void *context);

#endif
