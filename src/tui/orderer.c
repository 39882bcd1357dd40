/* The thread that orders. One lock guards what both threads touch and is never held while ordering
 * or freeing. Its priority is that of the screen: somebody waits for it. There is a place for each
 * pane: what it wishes, and what was made of it. */
#include "sockdash/orderer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sockdash/log.h"

/* Samples that are alive at one time; more are freed by whoever puts them last. */
#define KEPT_MAX 16

/* Orders that wait to be given back; the same. */
#define SPENT_MAX 8

struct orderer {
	/* What the screen wished last, known to it alone: to say nothing twice needs no lock. */
	struct told {
		uint64_t serial; /* of the sample; 0: no wish */
		struct pane_order wish;
	} told[PANE_COUNT];

	pthread_t thread;
	int ready_fd;
	atomic_bool cancel; /* what is being made */

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;
	struct pane_order wishes[PANE_COUNT]; /* without a sample: none */
	struct pane_order made[PANE_COUNT];   /* the same */
	struct pane_order making;             /* the same */
	size_t making_for;
	struct sample *kept[KEPT_MAX];
	size_t kept_count;
	struct pane_order spent[SPENT_MAX];
	size_t spent_count;
	bool stop;
};

/* ---- The thread ------------------------------------------------------------------------------ */

/* A sample that only we keep, taken out of the list, or NULL. */
static struct sample *find_done(struct orderer *o)
{
	for (size_t i = 0; i < o->kept_count; i++) {
		struct sample *s = o->kept[i];

		if (!sample_is_last(s))
			continue;
		o->kept[i] = o->kept[--o->kept_count];
		return s;
	}
	return NULL;
}

/* The next to make. Where `urgent`, only for a pane that has nothing to show. */
static bool find_wish(struct orderer *o, bool urgent)
{
	for (size_t i = 0; i < PANE_COUNT; i++) {
		if (!o->wishes[i].sample || (urgent && !o->wishes[i].part_first))
			continue;
		o->making = o->wishes[i];
		o->making_for = i;
		o->wishes[i] = (struct pane_order){ 0 };
		atomic_store(&o->cancel, false);
		return true;
	}
	return false;
}

/* Puts what was made where the screen finds it, in the place of what it has not taken, unless it is
 * not wished any more. With the lock; what is left is the caller's. */
static void put_made(struct orderer *o, struct pane_order *order)
{
	struct pane_order before = o->made[o->making_for];
	uint64_t one = 1;

	if (atomic_load(&o->cancel))
		return;
	o->made[o->making_for] = *order;
	*order = before;
	/* Fails only when the counter is full, and then the screen is awake anyway. */
	if (write(o->ready_fd, &one, sizeof one) < 0)
		return;
}

static void take_part(void *context, struct pane_order *part)
{
	struct orderer *o = context;

	pthread_mutex_lock(&o->lock);
	put_made(o, part);
	pthread_mutex_unlock(&o->lock);
	pane_order_drop(part);
}

/* Makes what was found, without the lock. */
static void make(struct orderer *o)
{
	struct pane_order_taker taker = { take_part, o };
	struct pane_order order = o->making;

	pthread_mutex_unlock(&o->lock);
	pane_order_make(&order, &o->cancel, &taker);
	if (order.error && order.error != -ECANCELED)
		log_line("no order: %s", strerror(-order.error));
	pthread_mutex_lock(&o->lock);
	put_made(o, &order);
	o->making = (struct pane_order){ 0 };
	pthread_mutex_unlock(&o->lock);
	pane_order_drop(&order);
	pthread_mutex_lock(&o->lock);
}

/* Gives back what is there to give back, without the lock; false where there is nothing. */
static bool clean(struct orderer *o)
{
	struct pane_order spent = { .sample = find_done(o) };

	if (!spent.sample && o->spent_count)
		spent = o->spent[--o->spent_count];
	if (!spent.sample && !spent.order)
		return false;
	pthread_mutex_unlock(&o->lock);
	pane_order_drop(&spent);
	pthread_mutex_lock(&o->lock);
	return true;
}

static void *run(void *context)
{
	struct orderer *o = context;

	pthread_mutex_lock(&o->lock);
	while (!o->stop) {
		/* Memory comes before orders of newer samples, or it would pile up. */
		if (find_wish(o, true))
			make(o);
		else if (clean(o))
			continue;
		else if (find_wish(o, false))
			make(o);
		else
			pthread_cond_wait(&o->work, &o->lock);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* ---- The other side -------------------------------------------------------------------------- */

int orderer_start(struct orderer **out)
{
	struct orderer *o = calloc(1, sizeof *o);
	int err;

	if (!o)
		return -ENOMEM;
	o->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->ready_fd < 0) {
		err = -errno;
		free(o);
		return err;
	}
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->work, NULL);
	err = -pthread_create(&o->thread, NULL, run, o);
	if (err) {
		close(o->ready_fd);
		free(o);
		return err;
	}
	*out = o;
	return 0;
}

void orderer_stop(struct orderer *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	atomic_store(&o->cancel, true);
	pthread_cond_signal(&o->work);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	for (size_t i = 0; i < PANE_COUNT; i++) {
		pane_order_drop(&o->wishes[i]);
		pane_order_drop(&o->made[i]);
	}
	while (o->spent_count)
		pane_order_drop(&o->spent[--o->spent_count]);
	while (o->kept_count)
		sample_put(o->kept[--o->kept_count]);
	close(o->ready_fd);
	pthread_cond_destroy(&o->work);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

int orderer_fd(const struct orderer *o)
{
	return o->ready_fd;
}

/* Whether the wish is as good as fulfilled: another sample of the same order makes no difference
 * until the screen has seen this one. */
static bool is_under_way(const struct orderer *o, size_t pane, const struct pane_order *wish)
{
	if (o->making.sample && o->making_for == pane && !atomic_load(&o->cancel) &&
		pane_order_same(&o->making, wish))
		return true;
	return o->made[pane].sample && pane_order_same(&o->made[pane], wish);
}

static void put_wish(struct orderer *o, size_t pane, const struct pane_order *wish)
{
	pane_order_drop(&o->wishes[pane]);
	if (wish && is_under_way(o, pane, wish))
		return;
	if (o->making.sample && o->making_for == pane)
		atomic_store(&o->cancel, true);
	pane_order_drop(&o->made[pane]);
	if (!wish)
		return;
	o->wishes[pane] = *wish;
	sample_get(wish->sample);
	pthread_cond_signal(&o->work);
}

void orderer_wish(struct orderer *o, size_t pane, const struct pane_order *wish)
{
	uint64_t serial = wish ? wish->sample->serial : 0;
	struct told *told = &o->told[pane];

	if (told->serial == serial && (!wish || pane_order_same(&told->wish, wish)))
		return;
	told->serial = serial;
	if (wish)
		told->wish = *wish;
	pthread_mutex_lock(&o->lock);
	put_wish(o, pane, wish);
	pthread_mutex_unlock(&o->lock);
}

bool orderer_take(struct orderer *o, size_t *pane, struct pane_order *made)
{
	bool found = false;
	uint64_t n;

	pthread_mutex_lock(&o->lock);
	for (size_t i = 0; !found && i < PANE_COUNT; i++) {
		found = o->made[i].sample;
		if (found) {
			*pane = i;
			*made = o->made[i];
			o->made[i] = (struct pane_order){ 0 };
			o->told[i].serial = 0;
		}
	}
	/* Not readable any more once there is nothing. */
	if (!found && read(o->ready_fd, &n, sizeof n) < 0 && errno != EAGAIN)
		log_line("orders: %s", strerror(errno));
	pthread_mutex_unlock(&o->lock);
	return found;
}

void orderer_give(struct orderer *o, struct pane_order *spent)
{
	pthread_mutex_lock(&o->lock);
	if (o->spent_count < SPENT_MAX) {
		o->spent[o->spent_count++] = *spent;
		*spent = (struct pane_order){ 0 };
		pthread_cond_signal(&o->work);
	}
	pthread_mutex_unlock(&o->lock);
	pane_order_drop(spent);
}

void orderer_keep(struct orderer *o, struct sample *s)
{
	pthread_mutex_lock(&o->lock);
	if (o->kept_count < KEPT_MAX)
		o->kept[o->kept_count++] = sample_get(s);
	pthread_mutex_unlock(&o->lock);
}

void orderer_tidy(struct orderer *o)
{
	pthread_mutex_lock(&o->lock);
	for (size_t i = 0; i < o->kept_count; i++)
		if (sample_is_last(o->kept[i]))
			pthread_cond_signal(&o->work);
	pthread_mutex_unlock(&o->lock);
}
