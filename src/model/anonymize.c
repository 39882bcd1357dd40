/* Copies of frames in which numbers stand for names and addresses. A number tells only the order of
 * first sight, so nothing leads back. It must not know where frames come from or go.
 *
 * The dictionaries compare whole values, never hashes alone: two addresses that became one would
 * merge sockets. And nothing is copied that is not named here: what frames get to hold later stays
 * out of public files until somebody has thought about it. */
#include "sockdash/anonymize.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum name_kind {
	NAME_HOST,
	NAME_USER,
	NAME_COMMAND,
	NAME_UNIT,
	NAME_CGROUP,
	NAME_NETNS,
	NAME_DEVICE,
	NAME_KINDS,
};

/* In this order they are told apart. */
enum address_kind { ADDRESS_KEPT, ADDRESS_IPV4, ADDRESS_LINK_LOCAL, ADDRESS_IPV6, ADDRESS_KINDS };

/* The names of one kind, in order of first sight. */
struct names {
	struct arena arena; /* of the texts */
	struct hash by_text;
	const char **texts;
	uint32_t count;
};

struct anonymizer {
	struct names names[NAME_KINDS];
	struct addresses *addresses[ADDRESS_KINDS];
	struct hash uids; /* → their number */
};

void anonymizer_destroy(struct anonymizer *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < NAME_KINDS; i++) {
		arena_free(&a->names[i].arena);
		hash_free(&a->names[i].by_text);
		free(a->names[i].texts);
	}
	for (size_t i = 0; i < ADDRESS_KINDS; i++)
		addresses_put(a->addresses[i]);
	hash_free(&a->uids);
	free(a);
}

struct anonymizer *anonymizer_create(void)
{
	struct anonymizer *a = calloc(1, sizeof *a);

	for (size_t i = 0; a && i < ADDRESS_KINDS; i++) {
		a->addresses[i] = addresses_create();
		if (a->addresses[i])
			continue;
		anonymizer_destroy(a);
		return NULL;
	}
	return a;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static const struct {
	const char *prefix;
	const char *kept; /* says nothing of a machine */
} name_kinds[NAME_KINDS] = {
	[NAME_HOST] = { .prefix = "host" },
	[NAME_USER] = { .prefix = "user", .kept = "root" },
	[NAME_COMMAND] = { .prefix = "command" },
	[NAME_UNIT] = { .prefix = "unit" },
	[NAME_CGROUP] = { .prefix = "/cgroup", .kept = "/" },
	[NAME_NETNS] = { .prefix = "netns" },
	[NAME_DEVICE] = { .prefix = "dev", .kept = "lo" },
};

/* The number of a text, from 0. Two texts with one hash are told apart by trying the next key. */
static int number_text(struct names *n, const char *text, uint32_t *number)
{
	uint64_t key = hash_bytes(text, strlen(text));
	const char **bigger;
	int err;

	for (;; key++) {
		*number = hash_get(&n->by_text, key);
		if (*number == HASH_NONE)
			break;
		if (strcmp(n->texts[*number], text) == 0)
			return 0;
	}
	*number = n->count;
	/* There is room for as many as the next power of two. */
	if ((n->count & (n->count - 1)) == 0) {
		bigger = reallocarray(n->texts, n->count ? n->count * 2 : 1, sizeof *bigger);
		if (!bigger)
			return -ENOMEM;
		n->texts = bigger;
	}
	n->texts[n->count] = arena_text(&n->arena, text, strlen(text));
	err = n->texts[n->count] ? hash_put(&n->by_text, key, n->count) : -ENOMEM;
	n->count += !err;
	return err;
}

/* What a unit is remains visible. */
static const char *unit_suffix(const char *unit)
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice", ".socket",
		".mount" };
	const char *dot = strrchr(unit, '.');

	for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
		if (strcmp(dot, suffixes[i]) == 0)
			return suffixes[i];
	return "";
}

/* What stands for a text, in the memory of the copy; NULL without memory. */
static const char *rename_text(
	struct anonymizer *a, struct frame *copy, enum name_kind kind, const char *text)
{
	const char *kept = name_kinds[kind].kept;
	uint32_t number;
	char name[64];
	int len;

	if (!*text || (kept && strcmp(text, kept) == 0))
		return frame_text(copy, text, strlen(text));
	if (number_text(&a->names[kind], text, &number))
		return NULL;
	len = snprintf(name, sizeof name, "%s%" PRIu32 "%s", name_kinds[kind].prefix, number + 1,
		kind == NAME_UNIT ? unit_suffix(text) : "");
	return frame_text(copy, name, (size_t)len);
}

/* ---- Users ----------------------------------------------------------------------------------- */

#define UID_NOBODY 65534
#define UID_FIRST  1001

/* The same uid where that says nothing, else the next of our own. */
static int rename_uid(struct anonymizer *a, uint32_t uid, uint32_t *out)
{
	uint32_t number = 0;
	int err;

	*out = uid;
	if (uid == 0 || uid == UID_NOBODY || uid == PROC_UNKNOWN)
		return 0;
	err = hash_add(&a->uids, uid, a->uids.count, &number);
	*out = UID_FIRST + number;
	*out += *out >= UID_NOBODY;
	return err;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

#define MAPPED(first) [10] = 0xff, [11] = 0xff, [12] = first /* ::ffff:first.x.y.z */

/* The kind of an address is that of the first row whose `bits` it begins with. */
static const struct block {
	uint8_t bytes[16];
	unsigned bits;
	enum address_kind kind;
} blocks[] = {
	{ { 0 }, 128, ADDRESS_KEPT },                          /* :: */
	{ { [15] = 1 }, 128, ADDRESS_KEPT },                   /* ::1 */
	{ { 0xff }, 8, ADDRESS_KEPT },                         /* multicast */
	{ { MAPPED(0) }, 128, ADDRESS_KEPT },                  /* 0.0.0.0 */
	{ { MAPPED(127) }, 104, ADDRESS_KEPT },                /* loopback */
	{ { MAPPED(224) }, 100, ADDRESS_KEPT },                /* multicast */
	{ { MAPPED(255), 255, 255, 255 }, 128, ADDRESS_KEPT }, /* broadcast */
	{ { MAPPED(0) }, 96, ADDRESS_IPV4 },
	{ { 0xfe, 0x80 }, 10, ADDRESS_LINK_LOCAL },
	{ { 0 }, 0, ADDRESS_IPV6 },
};

/* What the addresses of a kind are replaced by: this and their number. */
static const uint8_t replacements[ADDRESS_KINDS][16] = {
	[ADDRESS_IPV4] = { MAPPED(10) },
	[ADDRESS_LINK_LOCAL] = { 0xfe, 0x80 },
	[ADDRESS_IPV6] = { 0x20, 0x01, 0x0d, 0xb8 },
};
#undef MAPPED

/* Addresses of 10.0.0.0/8, and when they are used up, of 240.0.0.0/4, where nobody has one either;
 * without the broadcast address. Tests make both tiny. */
#ifndef ANONYMIZE_TEN
#define ANONYMIZE_TEN (UINT32_C(1) << 24)
#define ANONYMIZE_240 ((UINT32_C(1) << 28) - 1)
#endif

static bool is_in(const uint8_t bytes[16], const struct block *b)
{
	unsigned whole = b->bits / 8, rest = b->bits % 8;

	return memcmp(bytes, b->bytes, whole) == 0 &&
	       (!rest || (bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

/* Puts a number, from 1, into the last four bytes. -ENOMEM where no more addresses are left. */
static int write_number(enum address_kind kind, uint32_t number, uint8_t last[4])
{
	uint32_t word = number;

	if (kind == ADDRESS_IPV4) {
		if (number < ANONYMIZE_TEN)
			word += UINT32_C(10) << 24;
		else if (number - ANONYMIZE_TEN < ANONYMIZE_240)
			word += (UINT32_C(240) << 24) - ANONYMIZE_TEN;
		else
			return -ENOMEM;
	}
	for (unsigned i = 0; i < 4; i++)
		last[i] = (uint8_t)(word >> (24 - 8 * i));
	return 0;
}

static int rename_address(struct anonymizer *a, const uint8_t bytes[16], uint8_t out[16])
{
	const struct block *b = blocks;
	uint32_t row;
	int err;

	while (!is_in(bytes, b))
		b++;
	memcpy(out, b->kind == ADDRESS_KEPT ? bytes : replacements[b->kind], 16);
	if (b->kind == ADDRESS_KEPT)
		return 0;
	err = addresses_add(a->addresses[b->kind], bytes, 0, &row);
	return err ? err : write_number(b->kind, row + 1, out + 12);
}

/* ---- A frame, part by part ------------------------------------------------------------------- */

static int copy_header(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	copy->wall_ns = f->wall_ns;
	copy->mono_ns = f->mono_ns;
	copy->epoch_ns = f->epoch_ns;
	copy->cost_wall_ns = f->cost_wall_ns;
	copy->cost_cpu_ns = f->cost_cpu_ns;
	copy->cpu_percent = f->cpu_percent;
	copy->uptime_s = f->uptime_s;
	copy->one_family = f->one_family;
	copy->absent = f->absent;
	copy->preliminary = f->preliminary;
	copy->owners_known = f->owners_known;
	memcpy(copy->problems, f->problems, sizeof f->problems);
	copy->procs_hidden = f->procs_hidden;
	copy->lost = f->lost;
	copy->pids_hidden = f->pids_hidden;
	copy->owners_hidden = f->owners_hidden;
	memcpy(copy->counters, f->counters, sizeof f->counters);
	copy->kind = frame_text(copy, f->kind, strlen(f->kind));
	copy->release = frame_text(copy, f->release, strlen(f->release));
	copy->host = rename_text(a, copy, NAME_HOST, f->host);
	copy->seer = rename_text(a, copy, NAME_USER, f->seer);
	if (!copy->kind || !copy->release || !copy->host || !copy->seer)
		return -ENOMEM;
	return rename_uid(a, f->seer_uid, &copy->seer_uid);
}

static int copy_names(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	const char *name;
	uint32_t uid;

	for (uint32_t row = 0; row < f->netns_count; row++) {
		name = rename_text(a, copy, NAME_NETNS, f->namespaces[row].name);
		if (!name || frame_add_netns(copy, f->namespaces[row].inode, name) < 0)
			return -ENOMEM;
	}
	for (uint32_t row = 0; row < f->device_count; row++) {
		name = rename_text(a, copy, NAME_DEVICE, f->devices[row].name);
		if (!name || frame_add_device(copy, f->devices[row].index, name))
			return -ENOMEM;
	}
	for (uint32_t row = 0; row < f->user_count; row++) {
		name = rename_text(a, copy, NAME_USER, f->users[row].name);
		if (!name || rename_uid(a, f->users[row].uid, &uid) ||
			frame_add_user(copy, uid, name))
			return -ENOMEM;
	}
	return 0;
}

static int copy_procs(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	int err = 0;

	for (uint32_t row = 0; !err && row < f->proc_count; row++) {
		const struct proc *from = &f->procs[row];
		struct proc p = {
			.start = from->start,
			.pid = from->pid,
			.fds = from->fds,
			.fd_limit = from->fd_limit,
			.name = rename_text(a, copy, NAME_COMMAND, from->name),
			.user = rename_text(a, copy, NAME_USER, from->user),
			.unit = rename_text(a, copy, NAME_UNIT, from->unit),
			.cgroup = rename_text(a, copy, NAME_CGROUP, from->cgroup),
		};
		uint32_t same;

		if (!p.name || !p.user || !p.unit || !p.cgroup)
			return -ENOMEM;
		p.cmdline = *from->cmdline ? p.name : "";
		err = rename_uid(a, from->uid, &p.uid);
		if (!err)
			err = frame_add_proc(copy, &p, &same);
	}
	return err;
}

/* Different addresses stay different, so each gets the row that it had. */
static int copy_addresses(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	int err = 0;

	for (uint32_t row = 0; !err && row < f->addresses->count; row++) {
		const struct address *from = frame_address(f, row);
		uint8_t bytes[16];
		uint32_t same = row;

		err = rename_address(a, from->bytes, bytes);
		if (!err)
			err = frame_intern_address(copy, bytes, from->scope, &same);
		assert(err || same == row);
	}
	return err;
}

static void *copy_array(const void *from, uint32_t count, size_t size)
{
	void *copy = reallocarray(NULL, count ? count : 1, size);

	if (copy && count)
		memcpy(copy, from, count * size);
	return copy;
}

/* Sockets and edges as they stand: edges that were carried over are not where frame_set_owners()
 * would put them. */
static int copy_socks(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	int err = 0;

	free(copy->socks);
	copy->socks = copy_array(f->socks, f->sock_count, sizeof *f->socks);
	copy->edges = copy_array(f->edges, f->edge_count, sizeof *f->edges);
	if (!copy->socks || !copy->edges)
		return -ENOMEM;
	copy->sock_count = copy->sock_room = f->sock_count;
	copy->edge_count = f->edge_count;
	for (uint32_t row = 0; !err && row < copy->sock_count; row++)
		err = rename_uid(a, copy->socks[row].uid, &copy->socks[row].uid);
	return err;
}

/* What identifies a socket is a cookie and a namespace, here as in its row. */
static int copy_resets(struct anonymizer *a, const struct frame *f, struct frame *copy)
{
	(void)a;
	copy->resets = copy_array(f->resets, f->reset_count, sizeof *f->resets);
	if (!copy->resets)
		return -ENOMEM;
	copy->reset_count = copy->reset_room = f->reset_count;
	return 0;
}

int anonymizer_frame(
	struct anonymizer *a, const struct frame *f, const struct frame *prev, struct frame **out)
{
	static int (*const parts[])(struct anonymizer *, const struct frame *, struct frame *) = {
		copy_header, copy_names, copy_procs, copy_addresses, copy_socks, copy_resets
	};
	struct frame *copy = frame_create();
	int err = copy ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof parts / sizeof *parts; i++)
		err = parts[i](a, f, copy);
	if (!err)
		err = frame_compare(copy, prev);
	if (err)
		frame_put(copy);
	else
		*out = copy;
	return err;
}
