/* A frame's tables and indexes. It knows nothing of where rows come from. Rows live in plain
 * growing arrays (there may be a million), texts in the arena. */
#include "sockdash/frame.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/buf.h"
#include "sockdash/needs.h"
#include "sockdash/utf8.h"

struct frame *frame_create(void)
{
	struct frame *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->references = 1;
	f->host = f->kind = f->seer = "";
	f->uptime_s = f->cpu_percent = NAN;
	f->seer_uid = PROC_UNKNOWN;
	f->owners_percent = 100;
	f->asked = NEED_ALL;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		f->counters[i] = COUNTER_UNKNOWN;
	return f;
}

struct frame *frame_get(struct frame *f)
{
	__atomic_add_fetch(&f->references, 1, __ATOMIC_RELAXED);
	return f;
}

void frame_put(struct frame *f)
{
	if (!f || __atomic_sub_fetch(&f->references, 1, __ATOMIC_ACQ_REL))
		return;
	free(f->socks);
	free(f->addresses);
	free(f->procs);
	free(f->edges);
	free(f->namespaces);
	free(f->users);
	free(f->devices);
	free(f->ghosts);
	free(f->diff.previous);
	free(f->diff.gone);
	hash_free(&f->by_key);
	hash_free(&f->by_address);
	hash_free(&f->by_process);
	hash_free(&f->by_user);
	hash_free(&f->by_device);
	arena_free(&f->arena);
	free(f);
}

/* Makes room for one more element; the array may move. */
static int grow(void **array, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t wanted;
	void *bigger;

	if (count < *room)
		return 0;
	if (*room > UINT32_MAX / 4)
		return -ENOMEM;
	wanted = *room ? *room + *room / 2 : 64;
	bigger = realloc(*array, wanted * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*room = wanted;
	return 0;
}

int frame_add_netns(struct frame *f, uint64_t inode, const char *name)
{
	uint32_t n = f->netns_count;

	if (n >= UINT16_MAX)
		return -ENOMEM;
	/* One is enough for nearly all; the room of many doubles. */
	if ((n & (n - 1)) == 0) {
		struct netns *bigger = realloc(f->namespaces, (n ? 2 * n : 1) * sizeof *bigger);

		if (!bigger)
			return -ENOMEM;
		f->namespaces = bigger;
	}
	f->namespaces[f->netns_count] = (struct netns){ .inode = inode, .name = name };
	return (int)f->netns_count++;
}

/* Where an address stands, or would: two with one hash are told apart by trying the next key.
 * *key gets its key. */
static uint32_t look_up_address(
	const struct frame *f, const uint8_t bytes[16], uint32_t scope, uint64_t *key)
{
	uint64_t halves[2];

	memcpy(halves, bytes, 16);
	for (*key = hash_mix(hash_mix(halves[0], halves[1]), scope);; (*key)++) {
		uint32_t found = hash_get(&f->by_address, *key);

		if (found == HASH_NONE || (memcmp(f->addresses[found].bytes, bytes, 16) == 0 &&
						  f->addresses[found].scope == scope))
			return found;
	}
}

uint32_t frame_find_address(const struct frame *f, const uint8_t bytes[16], uint32_t scope)
{
	uint64_t key;
	uint32_t found = look_up_address(f, bytes, scope, &key);

	return found == HASH_NONE ? SOCK_NONE : found;
}

int frame_intern_address(struct frame *f, const uint8_t bytes[16], uint32_t scope, uint32_t *row)
{
	uint64_t key;
	int err;

	*row = look_up_address(f, bytes, scope, &key);
	if (*row != HASH_NONE)
		return 0;
	err = grow(
		(void **)&f->addresses, f->address_count, &f->address_room, sizeof *f->addresses);
	if (!err)
		err = hash_put(&f->by_address, key, f->address_count);
	if (err)
		return err;
	*row = f->address_count++;
	f->addresses[*row].scope = scope;
	memcpy(f->addresses[*row].bytes, bytes, 16);
	return 0;
}

uint64_t frame_sock_key(const struct frame *f, const struct sock *s)
{
	uint64_t netns = s->netns < f->netns_count ? f->namespaces[s->netns].inode : 0;

	if (s->cookie)
		return hash_mix(s->cookie, netns);
	/* Without a cookie: what tells two sockets apart, in a form that means the same in the next
	 * frame. */
	const struct address *local = &f->addresses[s->local], *remote = &f->addresses[s->remote];
	uint64_t ends =
		hash_mix(hash_bytes(local, sizeof *local), hash_bytes(remote, sizeof *remote));
	uint64_t ports = (uint64_t)s->local_port << 32 | (uint64_t)s->remote_port << 8 | s->proto;

	return hash_mix(hash_mix(ends, ports), hash_mix(netns, sock_is_listener(s) ? s->inode : 0));
}

int frame_add_sock(struct frame *f, const struct sock *s)
{
	uint32_t row;
	int err = grow((void **)&f->socks, f->sock_count, &f->sock_room, sizeof *f->socks);

	if (!err)
		err = hash_add(&f->by_key, frame_sock_key(f, s), f->sock_count, &row);
	if (err)
		return err;
	if (row == f->sock_count)
		f->sock_count++;
	f->socks[row] = *s;
	return 0;
}

const char *frame_text(struct frame *f, const char *text, size_t len)
{
	struct buf safe = { 0 };
	const char *copy;

	if (!len)
		return "";
	utf8_add_safe(&safe, text, len);
	copy = safe.failed ? NULL : arena_text(&f->arena, safe.data, safe.len);
	buf_free(&safe);
	return copy;
}

int frame_add_proc(struct frame *f, const struct proc *p, uint32_t *row)
{
	int err = grow((void **)&f->procs, f->proc_count, &f->proc_room, sizeof *f->procs);

	if (!err)
		err = hash_put(&f->by_process, hash_mix(p->pid, p->start), f->proc_count);
	if (err)
		return err;
	*row = f->proc_count++;
	f->procs[*row] = *p;
	return 0;
}

uint32_t frame_find_proc(const struct frame *f, uint32_t pid, uint64_t start)
{
	uint32_t row = hash_get(&f->by_process, hash_mix(pid, start));

	return row == HASH_NONE ? SOCK_NONE : row;
}

int frame_add_user(struct frame *f, uint32_t uid, const char *name)
{
	uint32_t row;
	int err = grow((void **)&f->users, f->user_count, &f->user_room, sizeof *f->users);

	if (!err)
		err = hash_add(&f->by_user, uid, f->user_count, &row);
	if (!err && row == f->user_count)
		f->users[f->user_count++] = (struct user){ .uid = uid, .name = name };
	return err;
}

const char *frame_user(const struct frame *f, uint32_t uid)
{
	uint32_t row = hash_get(&f->by_user, uid);

	return row == HASH_NONE ? "" : f->users[row].name;
}

int frame_add_device(struct frame *f, uint32_t index, const char *name)
{
	uint32_t row;
	int err = grow((void **)&f->devices, f->device_count, &f->device_room, sizeof *f->devices);

	if (!err)
		err = hash_add(&f->by_device, index, f->device_count, &row);
	if (!err && row == f->device_count)
		f->devices[f->device_count++] = (struct device){ .index = index, .name = name };
	return err;
}

const char *frame_device(const struct frame *f, uint32_t index)
{
	uint32_t row = index ? hash_get(&f->by_device, index) : HASH_NONE;

	return row != HASH_NONE ? f->devices[row].name : index ? "?" : "";
}

uint32_t frame_find(const struct frame *f, uint64_t key)
{
	uint32_t row = hash_get(&f->by_key, key);

	return row == HASH_NONE ? SOCK_NONE : row;
}

int32_t frame_now(const struct frame *f)
{
	return (int32_t)((f->mono_ns - f->epoch_ns) / 100000000);
}

static double seconds_since(const struct frame *f, int32_t then)
{
	return then == SOCK_TIME_NONE ? NAN : ((double)frame_now(f) - then) / 10.0;
}

double frame_age(const struct frame *f, const struct sock *s)
{
	return seconds_since(f, s->first_seen);
}

double frame_wait_age(const struct frame *f, const struct sock *s)
{
	return s->state == SOCK_CLOSE_WAIT ? seconds_since(f, s->wait_since) : NAN;
}

bool frame_is_partial(const struct frame *f)
{
	return f->problems[FRAME_NO_TCP] || f->problems[FRAME_NO_UDP];
}
