/* The thread for errands. One lock guards what both threads touch, and is never held while the kernel
 * is asked. Its priority is that of the screen: somebody waits for it. */
#include "sockdash/errands.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/diag_info.h"
#include "sockdash/log.h"
#include "sockdash/signals.h"

/* Sockets between two looks at whether to go on, and two tellings of how far it is. */
#define PIECE 1024

struct errands {
	pthread_t thread;
	int ready_fd;
	struct diag *diag;    /* the thread's */
	struct looks *before; /* the same: what was seen last, for rates */
	atomic_bool cancel;   /* what is being done */
	atomic_uint progress; /* of it */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;
	struct looks_wish wish;
	bool wished;
	struct looks *looks;  /* not taken yet, or NULL */
	struct errand errand; /* to be done, of some kind */
	struct errand result; /* not taken yet, of some kind */
	bool stop;
};

/* ---- An errand ------------------------------------------------------------------------------- */

void errand_free(struct errand *e)
{
	for (uint32_t i = 0; e->targets && i < e->count; i++)
		if (e->targets[i].aim > 0)
			close(e->targets[i].aim);
	free(e->targets);
	free(e->socks);
	*e = (struct errand){ 0 };
}

void errand_count(struct errand *e, int error)
{
	switch (-error) {
	case 0:
		e->done++;
		return;
	case ENOENT:
	case ESRCH:
		e->gone++;
		return;
	case EPERM:
	case EACCES:
		e->denied++;
		break;
	case EOPNOTSUPP:
	case ENOSYS:
	case EINVAL: /* a kernel before 4.5 does not know the request */
		e->unsupported++;
		break;
	default:
		e->failed++;
		break;
	}
	e->error = error;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void tell(struct errands *e)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the screen is awake anyway. */
	if (write(e->ready_fd, &one, sizeof one) < 0)
		return;
}

static int ensure_diag(struct errands *e)
{
	return e->diag ? 0 : diag_open(&e->diag);
}

/* What is being looked at. */
struct round {
	const struct looks_wish *wish;
	const struct looks *before;
	struct looks *made;
	struct hash keys; /* by cookie → index of the wish */
};

static int take_look(void *context, const struct diag_sock *d)
{
	struct round *r = context;
	uint32_t i = hash_get(&r->keys, d->cookie);
	struct sock_info info;
	uint64_t key;

	if (i == HASH_NONE)
		return 0;
	key = r->wish->ids[i].key;
	if (key == r->wish->watched)
		diag_info_take_all(d, &r->made->facts);
	diag_info_take(d, &info);
	if (!info.known)
		return 0;
	return looks_add(r->made, r->before, key, clock_mono_ns(), &info);
}

static int look_at(struct errands *e, struct round *r)
{
	struct diag_id *ids = malloc((r->wish->count + 1) * sizeof *ids);
	int err = ids ? ensure_diag(e) : -ENOMEM;

	for (uint32_t i = 0; !err && i < r->wish->count; i++) {
		ids[i] = diag_id_of(&r->wish->ids[i]);
		err = hash_put(&r->keys, ids[i].cookie, i);
	}
	if (!err)
		err = diag_get(
			e->diag, ids, r->wish->count, DIAG_INFO_WANT_ALL, take_look, r, &e->cancel);
	free(ids);
	return err;
}

/* Without the lock. */
static struct looks *look(struct errands *e, const struct looks_wish *wish)
{
	struct round r = { .wish = wish, .before = e->before, .made = looks_create() };

	if (!r.made)
		return NULL;
	r.made->watched = wish->watched;
	r.made->error = look_at(e, &r);
	if (r.made->error)
		log_line("looks: %s", strerror(-r.made->error));
	r.made->facts.error = r.made->error;
	r.made->facts.gone = wish->watched && !r.made->error && !r.made->facts.known;
	hash_free(&r.keys);
	return r.made;
}

/* With the lock. The thread keeps a copy of its own of what it has seen. */
static void do_look(struct errands *e)
{
	struct looks_wish wish = e->wish;
	struct looks *made, *older;

	e->wish = (struct looks_wish){ 0 };
	e->wished = false;
	pthread_mutex_unlock(&e->lock);
	made = look(e, &wish);
	looks_wish_free(&wish);
	if (made) {
		looks_free(e->before);
		e->before = looks_copy(made);
	}
	pthread_mutex_lock(&e->lock);
	older = e->looks;
	if (made) {
		e->looks = made;
		looks_free(older);
		tell(e);
	}
}

static void note_destroyed(void *context, size_t i, int error)
{
	(void)i;
	errand_count(context, error);
}

static int destroy(struct errands *e, struct errand *r)
{
	struct diag_id *ids = malloc(PIECE * sizeof *ids);
	int err = ids ? ensure_diag(e) : -ENOMEM;

	for (uint32_t at = 0; !err && at < r->count; at += PIECE) {
		uint32_t n = r->count - at < PIECE ? r->count - at : PIECE;

		for (uint32_t i = 0; i < n; i++)
			ids[i] = diag_id_of(&r->socks[at + i]);
		err = diag_destroy(e->diag, ids, n, note_destroyed, r, &e->cancel);
		e->progress = at + n;
		tell(e);
	}
	free(ids);
	return err;
}

static int aim(struct errands *e, struct errand *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		struct errand_target *t = &r->targets[i];

		if (e->cancel)
			return -ECANCELED;
		t->aim = signals_aim(t->pid, t->start);
		errand_count(r, t->aim < 0 ? t->aim : 0);
	}
	return 0;
}

static int send_signals(struct errands *e, struct errand *r)
{
	r->done = r->gone = r->denied = r->unsupported = r->failed = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		const struct errand_target *t = &r->targets[i];

		if (e->cancel)
			return -ECANCELED;
		errand_count(r, t->aim < 0 ? t->aim : signals_send(t->aim, r->signal));
	}
	return 0;
}

/* With the lock. */
static void do_errand(struct errands *e)
{
	static int (*const kinds[])(struct errands *, struct errand *) = {
		[ERRAND_DESTROY] = destroy,
		[ERRAND_AIM] = aim,
		[ERRAND_SIGNAL] = send_signals,
	};
	struct errand r = e->errand;
	int err;

	e->errand = (struct errand){ 0 };
	e->progress = 0;
	pthread_mutex_unlock(&e->lock);
	err = kinds[r.kind](e, &r);
	r.cancelled = err == -ECANCELED;
	if (err && !r.cancelled) {
		log_line("errand: %s", strerror(-err));
		r.error = err;
	}
	pthread_mutex_lock(&e->lock);
	errand_free(&e->result);
	e->result = r;
	tell(e);
}

static void *run(void *context)
{
	struct errands *e = context;

	pthread_mutex_lock(&e->lock);
	while (!e->stop) {
		if (e->errand.kind)
			do_errand(e);
		else if (e->wished)
			do_look(e);
		else
			pthread_cond_wait(&e->work, &e->lock);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* ---- The other side -------------------------------------------------------------------------- */

int errands_start(struct errands **out)
{
	struct errands *e = calloc(1, sizeof *e);
	int err;

	if (!e)
		return -ENOMEM;
	e->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->ready_fd < 0) {
		err = -errno;
		free(e);
		return err;
	}
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->work, NULL);
	err = -pthread_create(&e->thread, NULL, run, e);
	if (err) {
		close(e->ready_fd);
		free(e);
		return err;
	}
	*out = e;
	return 0;
}

void errands_stop(struct errands *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	e->cancel = true;
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
	pthread_join(e->thread, NULL);
	diag_close(e->diag);
	looks_free(e->before);
	looks_free(e->looks);
	looks_wish_free(&e->wish);
	errand_free(&e->errand);
	errand_free(&e->result);
	close(e->ready_fd);
	pthread_cond_destroy(&e->work);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

int errands_fd(const struct errands *e)
{
	return e->ready_fd;
}

void errands_look(struct errands *e, struct looks_wish *wish)
{
	pthread_mutex_lock(&e->lock);
	looks_wish_free(&e->wish);
	e->wish = *wish;
	e->wished = true;
	*wish = (struct looks_wish){ 0 };
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
}

struct looks *errands_take_looks(struct errands *e)
{
	struct looks *looks;
	uint64_t n;

	if (read(e->ready_fd, &n, sizeof n) < 0 && errno != EAGAIN)
		log_line("errands: %s", strerror(errno));
	pthread_mutex_lock(&e->lock);
	looks = e->looks;
	e->looks = NULL;
	pthread_mutex_unlock(&e->lock);
	return looks;
}

void errands_do(struct errands *e, struct errand *errand)
{
	pthread_mutex_lock(&e->lock);
	errand_free(&e->errand);
	e->errand = *errand;
	e->cancel = e->stop;
	*errand = (struct errand){ 0 };
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
}

void errands_cancel(struct errands *e)
{
	e->cancel = true;
}

bool errands_take(struct errands *e, struct errand *out, uint32_t *progress)
{
	bool done;

	pthread_mutex_lock(&e->lock);
	done = e->result.kind != ERRAND_NONE;
	*progress = e->progress;
	if (done) {
		*out = e->result;
		e->result = (struct errand){ 0 };
	}
	pthread_mutex_unlock(&e->lock);
	return done;
}
