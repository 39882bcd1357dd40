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

/* Gets each descriptor of a process that is a socket. 0 goes on, -errno ends. */
typedef int procs_socket_sink(void *context, uint32_t pid, uint32_t fd, uint32_t inode);

/* Walks /proc/PID/fd. *fds gets the number of open descriptors of all kinds (also where the walk is
 * forbidden but Linux >= 6.2 tells it; PROCS_UNKNOWN otherwise). 0, -EACCES or -EPERM when the
 * descriptors are hidden from us, -ENOENT/-ESRCH when the process is gone, other -errno when we
 * cannot go on. */
int procs_walk_sockets(
	int proc_fd, uint32_t pid, procs_socket_sink *sink, void *context, uint32_t *fds);

#endif
