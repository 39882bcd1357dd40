/* log owns the file of --debug. It must not know who writes, and must not change what the writer
 * sees: errno is kept, and a log that cannot be written is no error of the program.
 *
 * A line is one write() to a file opened for appending, made safe like any text from outside,
 * because messages carry process names and paths. Not for signal handlers: there is a lock. */
#include "sockdash/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "sockdash/buf.h"
#include "sockdash/clock.h"
#include "sockdash/fmt.h"
#include "sockdash/utf8.h"

static struct {
	atomic_bool open; /* a hint that spares the lock; `fd` is the truth */
	pthread_mutex_t lock;
	int fd;
	struct buf text, line;
} logfile = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static void replace_fd(int fd)
{
	pthread_mutex_lock(&logfile.lock);
	if (logfile.fd >= 0)
		close(logfile.fd);
	logfile.fd = fd;
	if (fd < 0) {
		buf_free(&logfile.text);
		buf_free(&logfile.line);
	}
	atomic_store(&logfile.open, fd >= 0);
	pthread_mutex_unlock(&logfile.lock);
}

int log_open(const char *path)
{
	/* 0600: command lines of other people's processes may be in it. */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	replace_fd(fd);
	return 0;
}

void log_close(void)
{
	replace_fd(-1);
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

void log_line(const char *format, ...)
{
	char time[FMT_MAX];
	int kept = errno;
	va_list args;

	if (!atomic_load_explicit(&logfile.open, memory_order_relaxed))
		return;
	pthread_mutex_lock(&logfile.lock);
	if (logfile.fd >= 0) {
		buf_clear(&logfile.text);
		buf_clear(&logfile.line);
		va_start(args, format);
		buf_addv(&logfile.text, format, args);
		va_end(args);
		buf_adds(&logfile.line, fmt_iso_time(time, clock_wall_ns()));
		buf_addc(&logfile.line, ' ');
		if (logfile.text.len)
			utf8_add_safe(&logfile.line, logfile.text.data, logfile.text.len);
		buf_addc(&logfile.line, '\n');
		if (!logfile.line.failed)
			write_all(logfile.fd, logfile.line.data, logfile.line.len);
	}
	pthread_mutex_unlock(&logfile.lock);
	errno = kept;
}
