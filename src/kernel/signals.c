/* signals: pidfd_open(2) and pidfd_send_signal(2). The C library before 2.36 has no functions for
 * them. Linux 5.1 and 5.2 have only the latter, which takes an open /proc/PID too. */
#include "sockdash/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockdash/procs.h"

/* The same on all architectures. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int open_directory(uint32_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* A descriptor of whoever has that pid now. */
static int open_process(uint32_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return fd;
	if (errno == ENOSYS)
		return open_directory(pid);
	return errno == EINVAL ? -ESRCH : -errno;
}

static int check_start(uint32_t pid, uint64_t start)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct proc_facts facts = { 0 };

	if (proc_fd < 0)
		return -errno;
	err = procs_read(proc_fd, pid, false, &facts);
	close(proc_fd);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	return facts.start_ticks == start ? 0 : -ESRCH;
}

/* Whether the kernel can send a signal to a descriptor at all; 0 is none. */
static int check_kernel(int fd)
{
	if (signals_send(fd, 0) == -ENOSYS)
		return -ENOSYS;
	return 0;
}

int signals_aim(uint32_t pid, uint64_t start)
{
	int fd = open_process(pid), err;

	if (fd < 0)
		return fd;
	/* The process that is meant is there now and was there before: so it is what was opened. */
	err = check_start(pid, start);
	if (!err)
		err = check_kernel(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int signals_send(int aim, int signal)
{
	return syscall(SYS_pidfd_send_signal, aim, signal, NULL, 0) ? -errno : 0;
}
