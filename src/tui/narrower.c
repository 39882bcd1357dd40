/* The thread that narrows. One lock guards what both threads touch, and is never held while
 * narrowing. There is one wish, one job that is being done and one that was done. */
#include "sockdash/narrower.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockdash/log.h"

struct narrower {
	/* What the screen wished last, known to it alone: to say nothing twice needs no lock. */
	uint64_t told_serial; /* of the sample; 0: no wish */
	struct narrowing told_how;

	pthread_t thread;
	int ready_fd;
	atomic_bool cancel; /* what is being done */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;
	struct narrow_job wish, doing, done; /* without a sample: none */
	bool stop;
};

/* ---- The thread ------------------------------------------------------------------------------ */

/* Narrows what was found, without the lock. */
static void narrow(struct narrower *n)
{
	struct narrow_job job = n->doing, before = { 0 };
	uint64_t one = 1;

	pthread_mutex_unlock(&n->lock);
	job.error = sample_narrow(job.whole, &job.how, job.before, &n->cancel, &job.made);
	if (job.error && job.error != -ECANCELED)
		log_line("not narrowed: %s", strerror(-job.error));
	pthread_mutex_lock(&n->lock);
	n->doing = (struct narrow_job){ 0 };
	if (!atomic_load(&n->cancel)) {
		before = n->done;
		n->done = job;
		job = (struct narrow_job){ 0 };
		/* Fails only when the counter is full, and then the screen is awake anyway. */
		if (write(n->ready_fd, &one, sizeof one) < 0)
			log_line("narrowed: %s", strerror(errno));
	}
	pthread_mutex_unlock(&n->lock);
	narrow_job_drop(&job);
	narrow_job_drop(&before);
	pthread_mutex_lock(&n->lock);
}

static void *run(void *context)
{
	struct narrower *n = context;

	pthread_mutex_lock(&n->lock);
	while (!n->stop) {
		if (!n->wish.whole) {
			pthread_cond_wait(&n->work, &n->lock);
			continue;
		}
		n->doing = n->wish;
		n->wish = (struct narrow_job){ 0 };
		atomic_store(&n->cancel, false);
		narrow(n);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* ---- The other side -------------------------------------------------------------------------- */

int narrower_start(struct narrower **out)
{
	struct narrower *n = calloc(1, sizeof *n);
	int err;

	if (!n)
		return -ENOMEM;
	n->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->ready_fd < 0) {
		err = -errno;
		free(n);
		return err;
	}
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->work, NULL);
	err = -pthread_create(&n->thread, NULL, run, n);
	if (err) {
		close(n->ready_fd);
		free(n);
		return err;
	}
	*out = n;
	return 0;
}

void narrower_stop(struct narrower *n)
{
	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	n->stop = true;
	atomic_store(&n->cancel, true);
	pthread_cond_signal(&n->work);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	narrow_job_drop(&n->wish);
	narrow_job_drop(&n->done);
	pthread_cond_destroy(&n->work);
	pthread_mutex_destroy(&n->lock);
	close(n->ready_fd);
	free(n);
}

int narrower_fd(const struct narrower *n)
{
	return n->ready_fd;
}

/* Keeps the wish; what it takes the place of is the caller's to drop. */
static void put_wish(struct narrower *n, struct narrow_job *wish, struct narrow_job spent[2])
{
	bool goes_on = wish->whole && n->doing.whole && narrowing_same(&n->doing.how, &wish->how);

	spent[0] = n->wish;
	n->wish = (struct narrow_job){ 0 };
	/* Done in another way, it is of no use any more. */
	if (n->done.whole && !(wish->whole && narrowing_same(&n->done.how, &wish->how))) {
		spent[1] = n->done;
		n->done = (struct narrow_job){ 0 };
	}
	if (n->doing.whole && !goes_on)
		atomic_store(&n->cancel, true);
	if (!wish->whole || (goes_on && !atomic_load(&n->cancel)) || n->done.whole)
		return;
	n->wish = *wish;
	*wish = (struct narrow_job){ 0 };
	pthread_cond_signal(&n->work);
}

void narrower_wish(struct narrower *n, const struct narrow_job *wish)
{
	struct narrow_job kept = { 0 }, spent[2] = { 0 };
	uint64_t serial = wish ? wish->whole->serial : 0;

	if (n->told_serial == serial && (!wish || narrowing_same(&n->told_how, &wish->how)))
		return;
	n->told_serial = serial;
	if (wish) {
		n->told_how = wish->how;
		kept = *wish;
		narrow_job_keep(&kept);
	}
	pthread_mutex_lock(&n->lock);
	put_wish(n, &kept, spent);
	pthread_mutex_unlock(&n->lock);
	narrow_job_drop(&kept);
	narrow_job_drop(&spent[0]);
	narrow_job_drop(&spent[1]);
}

bool narrower_take(struct narrower *n, struct narrow_job *made)
{
	bool found;
	uint64_t count;

	pthread_mutex_lock(&n->lock);
	found = n->done.whole;
	if (found) {
		*made = n->done;
		n->done = (struct narrow_job){ 0 };
		n->told_serial = 0;
	} else if (read(n->ready_fd, &count, sizeof count) < 0 && errno != EAGAIN) {
		/* Not readable any more once there is nothing. */
		log_line("narrowed: %s", strerror(errno));
	}
	pthread_mutex_unlock(&n->lock);
	return found;
}
