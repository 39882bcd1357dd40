/* The thread that writes. There is one at a time, made for its job; it shares nothing with the screen but
 * the job, which is the screen's again once the thread has ended. */
#include "sockdash/saver.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/output.h"

/* ---- A file ---------------------------------------------------------------------------------- */

void save_job_drop(struct save_job *j)
{
	free(j->path);
	sample_put(j->sample);
	*j = (struct save_job){ 0 };
}

struct writing {
	int fd;
	const atomic_bool *cancel;
};

static int write_some(void *context, struct buf *b)
{
	const struct writing *w = context;
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(w->fd, b->data + done, b->len - done);

		if (atomic_load(w->cancel))
			return -ECANCELED;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	buf_clear(b);
	return 0;
}

/* Command lines of others may be in it: it is for its owner alone. Nothing but a file is written to: a
 * FIFO could keep us for ever. */
static int open_file(const struct save_job *j)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(j->path, j->overwrite ? flags : flags | O_EXCL, 0600);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return errno == EEXIST && !stat(j->path, &st) && !S_ISREG(st.st_mode) ? -EINVAL
										      : -errno;
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && ftruncate(fd, 0)))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	if (err)
		close(fd);
	return err ? err : fd;
}

static int write_table(struct save_job *j, struct writing *w)
{
	static output_writer *const writers[] = {
		[SAVE_TEXT] = output_text,
		[SAVE_JSON] = output_json,
		[SAVE_CSV] = output_csv,
	};
	struct rowset rows = rowset_of(j->table, j->sample);
	struct output_table t = { .rows = rows, .columns = &j->columns, .header = true };
	uint32_t *order = NULL;
	int err = rowset_order(&rows, j->key, w->cancel, &order);

	t.order = order;
	if (!err)
		err = writers[j->format](&t, write_some, w);
	free(order);
	j->rows = rows.count;
	return err;
}

void save_job_do(struct save_job *j, const atomic_bool *cancel)
{
	struct writing w = { .fd = open_file(j), .cancel = cancel };

	j->error = w.fd < 0 ? w.fd : write_table(j, &w);
	if (w.fd < 0)
		return;
	/* A full disk may be told only here. */
	if (close(w.fd) && !j->error)
		j->error = -errno;
	if (j->error && !j->overwrite)
		unlink(j->path);
}

/* ---- The thread ------------------------------------------------------------------------------ */

struct saver {
	int ready_fd;
	pthread_t thread;
	bool running; /* known to the screen alone */
	atomic_bool cancel, done;
	struct save_job job; /* the thread's while it runs */
};

static void *run(void *context)
{
	struct saver *s = context;
	uint64_t one = 1;

	save_job_do(&s->job, &s->cancel);
	atomic_store(&s->done, true);
	/* Cannot fail: nobody else counts. */
	if (write(s->ready_fd, &one, sizeof one) < 0)
		return NULL;
	return NULL;
}

int saver_open(struct saver **out)
{
	struct saver *s = calloc(1, sizeof *s);
	int err;

	if (!s)
		return -ENOMEM;
	s->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = -errno;
	if (s->ready_fd < 0) {
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

int saver_fd(const struct saver *s)
{
	return s->ready_fd;
}

bool saver_begin(struct saver *s, struct save_job *j)
{
	int err = 0;

	if (s->running) {
		j->error = -EBUSY;
		return false;
	}
	s->job = *j;
	atomic_store(&s->cancel, false);
	atomic_store(&s->done, false);
	err = pthread_create(&s->thread, NULL, run, s);
	s->running = !err;
	j->error = -err;
	if (!err)
		*j = (struct save_job){ 0 };
	return !err;
}

bool saver_take(struct saver *s, struct save_job *out)
{
	uint64_t count;

	if (!s->running || !atomic_load(&s->done))
		return false;
	pthread_join(s->thread, NULL);
	s->running = false;
	if (read(s->ready_fd, &count, sizeof count) < 0 && errno != EAGAIN)
		return false;
	*out = s->job;
	s->job = (struct save_job){ 0 };
	return true;
}

void saver_close(struct saver *s)
{
	if (!s)
		return;
	atomic_store(&s->cancel, true);
	if (s->running)
		pthread_join(s->thread, NULL);
	save_job_drop(&s->job);
	close(s->ready_fd);
	free(s);
}
