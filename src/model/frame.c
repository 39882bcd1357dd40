/* A frame's tables and indexes. It knows nothing of where rows come from. Rows live in plain
 * growing arrays (there may be a million), texts in the arena. */
#include "sockdash/frame.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/buf.h"
#include "sockdash/grow.h"
#include "sockdash/match.h"
#include "sockdash/needs.h"
#include "sockdash/utf8.h"

/* Frames made so far, to know one from another that has its memory now. */
static atomic_uint_least64_t frames;

/* Rows whose addresses are fetched into the cache before they are read. */
#define AHEAD 8

/* Addresses that no frame has any more are got rid of by a new table once they may be a fifth. */
#define ADDRESSES_SLACK 4096

/* ---- Columns beside the sockets -------------------------------------------------------------- */

/* Where each column is, and the size of what it has of a socket. */
static const struct {
	size_t at, size;
} columns[FRAME_COLUMNS] = {
	[FRAME_INFOS] = { offsetof(struct frame, infos), sizeof(struct sock_info) },
	[FRAME_MARKS] = { offsetof(struct frame, marks), sizeof(uint32_t) },
	[FRAME_AUTOBOUND] = { offsetof(struct frame, autobound), sizeof(uint8_t) },
	[FRAME_CGROUPS] = { offsetof(struct frame, cgroups), sizeof(uint64_t) },
};

static char **column_of(struct frame *f, size_t column)
{
	return (char **)((char *)f + columns[column].at);
}

int frame_keep_column(struct frame *f, enum frame_column column)
{
	char **all = column_of(f, column);

	assert(!f->sock_count);
	if (!*all)
		*all = calloc(f->sock_room, columns[column].size);
	return *all ? 0 : -ENOMEM;
}

void frame_drop_column(struct frame *f, enum frame_column column)
{
	char **all = column_of(f, column);

	free(*all);
	*all = NULL;
}

/* As many as there is room for sockets now. */
static int grow_columns(struct frame *f)
{
	for (size_t i = 0; i < FRAME_COLUMNS; i++) {
		char **all = column_of(f, i), *bigger;

		if (!*all)
			continue;
		bigger = reallocarray(*all, f->sock_room, columns[i].size);
		if (!bigger)
			return -ENOMEM;
		*all = bigger;
		memset(bigger + f->sock_count * columns[i].size, 0,
			(f->sock_room - f->sock_count) * columns[i].size);
	}
	return 0;
}

static int grow_socks(struct frame *f)
{
	uint32_t room = f->sock_room;
	int err = grow(&f->socks, f->sock_count, &f->sock_room, sizeof *f->socks);

	if (!err && room != f->sock_room)
		err = grow_columns(f);
	if (err)
		f->sock_room = room; /* of the columns; who tries again grows all of them */
	return err;
}

/* A row that is told anew forgets what was told beside it. */
static void clear_columns(struct frame *f, uint32_t row)
{
	for (size_t i = 0; i < FRAME_COLUMNS; i++) {
		char *all = *column_of(f, i);

		if (all)
			memset(all + row * columns[i].size, 0, columns[i].size);
	}
}

void frame_move_sock(struct frame *f, uint32_t to, uint32_t from)
{
	f->socks[to] = f->socks[from];
	for (size_t i = 0; i < FRAME_COLUMNS; i++) {
		char *all = *column_of(f, i);

		if (all)
			memmove(all + to * columns[i].size, all + from * columns[i].size,
				columns[i].size);
	}
}

static void free_columns(struct frame *f)
{
	for (size_t i = 0; i < FRAME_COLUMNS; i++)
		free(*column_of(f, i));
}

/* ---- A frame --------------------------------------------------------------------------------- */

static struct addresses *addresses_after(const struct frame *prev)
{
	const struct addresses *a = prev ? prev->addresses : NULL;

	if (a && a->count <= a->used + a->used / 4 + ADDRESSES_SLACK)
		return addresses_get(prev->addresses);
	return addresses_create();
}

struct frame *frame_create_after(const struct frame *prev)
{
	struct frame *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->references = 1;
	f->number = atomic_fetch_add_explicit(&frames, 1, memory_order_relaxed) + 1;
	f->host = f->release = f->kind = f->seer = "";
	f->uptime_s = f->cpu_percent = NAN;
	f->seer_uid = PROC_UNKNOWN;
	f->owners_percent = 100;
	f->asked = NEED_ALL | NEED_TABLES;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		f->counters[i] = COUNTER_UNKNOWN;
	f->addresses = addresses_after(prev);
	f->match = match_create(prev);
	f->sock_room = prev ? prev->sock_count + prev->sock_count / 8 + 64 : 64;
	f->socks = malloc(f->sock_room * sizeof *f->socks);
	if (!f->addresses || !f->match || !f->socks) {
		frame_put(f);
		return NULL;
	}
	return f;
}

struct frame *frame_create(void)
{
	return frame_create_after(NULL);
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
	free_columns(f);
	addresses_put(f->addresses);
	match_free(f->match);
	free(f->procs);
	free(f->edges);
	free(f->namespaces);
	free(f->users);
	free(f->devices);
	free(f->ghosts);
	free(f->resets);
	ended_free(&f->ended);
	free(f->diff.previous);
	free(f->diff.gone);
	hash_free(&f->by_process);
	hash_free(&f->by_user);
	hash_free(&f->by_device);
	arena_free(&f->arena);
	free(f);
}

int frame_add_netns(struct frame *f, uint64_t inode, const char *name)
{
	uint32_t n = f->netns_count;

	if (n > SOCK_NETNS_MAX)
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

uint32_t frame_find_address(const struct frame *f, const uint8_t bytes[16], uint32_t scope)
{
	return addresses_find(f->addresses, bytes, scope);
}

int frame_intern_address(struct frame *f, const uint8_t bytes[16], uint32_t scope, uint32_t *row)
{
	return addresses_add(f->addresses, bytes, scope, row);
}

/* The row of an address that is probably `expected`. */
static int intern_expected(
	struct frame *f, const uint8_t bytes[16], uint32_t scope, uint32_t expected, uint32_t *row)
{
	const struct address *there = frame_address(f, expected);

	*row = expected;
	if (there->scope == scope && memcmp(there->bytes, bytes, 16) == 0)
		return 0;
	return frame_intern_address(f, bytes, scope, row);
}

int frame_intern_ends(struct frame *f, const uint8_t local[16], const uint8_t remote[16],
	uint32_t scope, struct sock *s)
{
	const struct sock *expected = f->match ? match_expected(f->match) : NULL;
	int err;

	if (expected && match_against(f->match)->addresses == f->addresses) {
		const struct frame *prev = match_against(f->match);

		/* Rows come in a row; their addresses are anywhere. */
		if ((size_t)(prev->socks + prev->sock_count - expected) > AHEAD)
			__builtin_prefetch(frame_address(f, expected[AHEAD].remote));
		err = intern_expected(f, local, scope, expected->local, &s->local);
		return err ? err : intern_expected(f, remote, scope, expected->remote, &s->remote);
	}
	err = frame_intern_address(f, local, scope, &s->local);
	return err ? err : frame_intern_address(f, remote, scope, &s->remote);
}

uint64_t frame_sock_key(const struct frame *f, const struct sock *s)
{
	uint64_t netns = frame_netns_inode(f, s);

	if (s->cookie)
		return hash_mix(s->cookie, netns);
	/* Without a cookie: what tells two sockets apart, in a form that means the same in the next
	 * frame. */
	const struct address *local = frame_address(f, s->local),
			     *remote = frame_address(f, s->remote);
	uint64_t ends =
		hash_mix(hash_bytes(local, sizeof *local), hash_bytes(remote, sizeof *remote));
	uint64_t ports = (uint64_t)s->local_port << 32 | (uint64_t)s->remote_port << 8 | s->proto;

	return hash_mix(hash_mix(ends, ports), hash_mix(netns, sock_is_listener(s) ? s->inode : 0));
}

uint64_t frame_reset_key(const struct frame *f, const struct frame_reset *r)
{
	struct sock s = { .cookie = r->cookie, .netns = r->netns & SOCK_NETNS_MAX };

	return frame_sock_key(f, &s);
}

int frame_add_sock_row(struct frame *f, const struct sock *s, uint32_t *row)
{
	int err = grow_socks(f);

	assert(f->match);
	if (!err)
		err = match_add(f->match, f, s, f->sock_count, row);
	if (err)
		return err;
	if (*row == f->sock_count)
		f->sock_count++;
	else
		clear_columns(f, *row);
	f->socks[*row] = *s;
	return 0;
}

int frame_add_sock(struct frame *f, const struct sock *s)
{
	uint32_t row;

	return frame_add_sock_row(f, s, &row);
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
	int err = grow(&f->procs, f->proc_count, &f->proc_room, sizeof *f->procs);

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
	int err = grow(&f->users, f->user_count, &f->user_room, sizeof *f->users);

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
	int err = grow(&f->devices, f->device_count, &f->device_room, sizeof *f->devices);

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
