/* The threads that ask for names. getnameinfo() blocks for as long as it likes, many seconds where a
 * name server does not answer, and cannot be called off: so there are several threads, more of them
 * while some hang, and nobody ever waits for one. What they share lives until the last of them is
 * done with it. */
#include "sockdash/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/grow.h"
#include "sockdash/log.h"

#define WORKERS     8  /* at work at a time... */
#define WORKERS_MAX 32 /* ...and with those that hang */

/* The C library's own patience is 5 seconds twice, for each name server. */
#define PATIENCE_S 2
#define TRIES      1

struct answer {
	struct names_address address;
	enum names_answer answer;
	char *name; /* malloc'ed, or NULL */
};

/* A thread, and what it asks for. */
struct worker {
	struct names_address address;
	int64_t begun_ns; /* 0: nothing */
	bool late;        /* its time is over, and that has been told */
	bool used;
};

struct resolver {
	struct resolver_settings settings;
	int ready_fd;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;
	unsigned references; /* of the threads, and of who has started it */
	bool stop;
	struct worker workers[WORKERS_MAX];
	unsigned idle;
	struct names_address *queue;
	uint32_t next, count, room; /* of the queue: those from `next` on are left */
	struct answer *answers;
	uint32_t answer_count, answer_room;
};

/* Unlocks, and frees what nobody refers to any more. */
static void put(struct resolver *r)
{
	bool last = --r->references == 0;

	pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	for (uint32_t i = 0; i < r->answer_count; i++)
		free(r->answers[i].name);
	free(r->answers);
	free(r->queue);
	close(r->ready_fd);
	pthread_cond_destroy(&r->work);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* ---- The threads ----------------------------------------------------------------------------- */

/* An answer that finds no memory is asked for again some time. */
static void give(struct resolver *r, const struct names_address *address, enum names_answer answer,
	const char *name)
{
	struct answer *a;
	uint64_t one = 1;

	if (r->stop || grow(&r->answers, r->answer_count, &r->answer_room, sizeof *r->answers))
		return;
	a = &r->answers[r->answer_count++];
	*a = (struct answer){ *address, answer, NULL };
	if (answer == NAMES_FOUND)
		a->name = strdup(name);
	if (answer == NAMES_FOUND && !a->name)
		a->answer = NAMES_FAILED;
	/* Fails only when the counter is full, and then the other side is awake anyway. */
	if (write(r->ready_fd, &one, sizeof one) < 0)
		return;
}

static void ask(struct resolver *r, struct worker *w)
{
	struct names_address address = r->queue[r->next++];
	char name[RESOLVER_NAME_MAX] = "";
	enum names_answer answer;

	w->address = address;
	w->begun_ns = clock_mono_ns();
	w->late = false;
	pthread_mutex_unlock(&r->lock);
	answer = r->settings.lookup(r->settings.context, address.bytes, name);
	pthread_mutex_lock(&r->lock);
	w->begun_ns = 0;
	give(r, &address, answer, name);
}

struct start {
	struct resolver *resolver;
	struct worker *worker;
};

static void *run(void *context)
{
	struct start start = *(struct start *)context;
	struct resolver *r = start.resolver;

	free(context);
	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		if (r->next < r->count) {
			ask(r, start.worker);
			continue;
		}
		r->idle++;
		pthread_cond_wait(&r->work, &r->lock);
		r->idle--;
	}
	start.worker->used = false;
	put(r);
	return NULL;
}

static int start_worker(struct resolver *r, struct worker *w)
{
	struct start *start = malloc(sizeof *start);
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	if (!start)
		return -ENOMEM;
	*start = (struct start){ r, w };
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = -pthread_create(&thread, &attributes, run, start);
	pthread_attr_destroy(&attributes);
	if (err) {
		free(start);
		return err;
	}
	*w = (struct worker){ .used = true };
	r->references++;
	return 0;
}

/* ---- The other side -------------------------------------------------------------------------- */

int resolver_start(const struct resolver_settings *settings, struct resolver **out)
{
	struct resolver *r = calloc(1, sizeof *r);

	*out = NULL;
	if (!r)
		return -ENOMEM;
	r->settings = *settings;
	r->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->ready_fd < 0) {
		int err = -errno;

		free(r);
		return err;
	}
	r->references = 1;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	*out = r;
	return 0;
}

void resolver_stop(struct resolver *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_broadcast(&r->work);
	put(r);
}

int resolver_fd(const struct resolver *r)
{
	return r->ready_fd;
}

/* Tells of the lookups that take too long; answers how many there are. */
static unsigned count_late(struct resolver *r)
{
	int64_t limit = clock_mono_ns() - r->settings.limit_ns;
	unsigned late = 0;

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *w = &r->workers[i];

		if (!w->used || !w->begun_ns || w->begun_ns > limit)
			continue;
		late++;
		if (!w->late)
			give(r, &w->address, NAMES_FAILED, NULL);
		w->late = true;
	}
	return late;
}

/* As many threads as there is work for. */
static void hire(struct resolver *r, unsigned late)
{
	unsigned needed = r->count - r->next, at_work = r->references - 1 - late - r->idle;

	for (size_t i = 0; i < WORKERS_MAX && needed > r->idle && at_work + r->idle < WORKERS;
		i++) {
		if (r->workers[i].used)
			continue;
		if (start_worker(r, &r->workers[i]))
			break;
		needed--;
		at_work++;
	}
	pthread_cond_broadcast(&r->work);
}

static bool same(const struct names_address *a, const struct names_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Whether it is being asked for, or has been. */
static bool is_under_way(const struct resolver *r, const struct names_address *address)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (r->workers[i].begun_ns && same(&r->workers[i].address, address))
			return true;
	for (uint32_t i = 0; i < r->answer_count; i++)
		if (same(&r->answers[i].address, address))
			return true;
	return false;
}

void resolver_wish(struct resolver *r, const struct names_address *addresses, size_t count)
{
	pthread_mutex_lock(&r->lock);
	r->next = r->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (is_under_way(r, &addresses[i]))
			continue;
		if (grow(&r->queue, r->count, &r->room, sizeof *r->queue))
			break;
		r->queue[r->count++] = addresses[i];
	}
	hire(r, count_late(r));
	pthread_mutex_unlock(&r->lock);
}

size_t resolver_left(struct resolver *r)
{
	size_t left;
	unsigned late;

	pthread_mutex_lock(&r->lock);
	late = count_late(r);
	hire(r, late);
	left = r->count - r->next;
	for (size_t i = 0; i < WORKERS_MAX; i++)
		left += r->workers[i].begun_ns && !r->workers[i].late;
	pthread_mutex_unlock(&r->lock);
	return left;
}

bool resolver_take(struct resolver *r, struct names *into)
{
	struct answer *answers;
	uint32_t count;
	uint64_t n;

	pthread_mutex_lock(&r->lock);
	answers = r->answers;
	count = r->answer_count;
	r->answers = NULL;
	r->answer_count = r->answer_room = 0;
	if (read(r->ready_fd, &n, sizeof n) < 0 && errno != EAGAIN)
		log_line("names: %s", strerror(errno));
	pthread_mutex_unlock(&r->lock);
	for (uint32_t i = 0; i < count; i++) {
		/* Without memory the number stays. */
		names_put_host(into, answers[i].address.bytes, answers[i].answer, answers[i].name);
		free(answers[i].name);
	}
	free(answers);
	return count > 0;
}

/* ---- Asking the system ----------------------------------------------------------------------- */

/* For this thread, and anew each time: the configuration may have changed. */
static void set_patience(void)
{
	if (res_init() != 0)
		return;
	if (_res.retrans > PATIENCE_S)
		_res.retrans = PATIENCE_S;
	if (_res.retry > TRIES)
		_res.retry = TRIES;
}

enum names_answer resolver_ask_system(void *context, const uint8_t bytes[16], char *name)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	bool is_ipv4 = memcmp(bytes, mapped, sizeof mapped) == 0;
	int rc;

	(void)context;
	memcpy(&ipv4.sin_addr, bytes + 12, 4);
	memcpy(&ipv6.sin6_addr, bytes, 16);
	set_patience();
	rc = getnameinfo(is_ipv4 ? (const struct sockaddr *)&ipv4 : (const struct sockaddr *)&ipv6,
		is_ipv4 ? sizeof ipv4 : sizeof ipv6, name, RESOLVER_NAME_MAX, NULL, 0, NI_NAMEREQD);
	return rc == 0 ? NAMES_FOUND : rc == EAI_NONAME ? NAMES_NONE : NAMES_FAILED;
}

/* A line reads "https 443/tcp alias # comment". Asking the C library for all of them might ask a
 * network. */
int resolver_read_services(struct names *into)
{
	FILE *file = fopen("/etc/services", "re");
	char line[512], name[128], proto[8];
	unsigned port;
	int err = 0;

	while (file && !err && fgets(line, sizeof line, file)) {
		line[strcspn(line, "#")] = '\0';
		if (sscanf(line, "%127s %5u/%7s", name, &port, proto) != 3 || port > UINT16_MAX)
			continue;
		for (unsigned p = 0; p < SOCK_PROTO_COUNT; p++)
			if (!err && strcmp(proto, sock_proto_name(p)) == 0)
				err = names_put_service(
					into, (enum sock_proto)p, (uint16_t)port, name);
	}
	if (file)
		fclose(file);
	return err;
}
