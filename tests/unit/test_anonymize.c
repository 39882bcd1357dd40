/* Anonymised copies of frames: the same in everything but names and addresses, and nothing of the
 * original in them. */
#include "lib/frames.h"
#include "lib/server.h"
#include "lib/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* So few IPv4 addresses that a test can use them up. */
#define ANONYMIZE_TEN 70000
#define ANONYMIZE_240 5000
#include "../../src/model/anonymize.c"
#include "sockdash/format.h"

/* Copies of the frames of a story, and samples made of them. */
struct shadow {
	struct anonymizer *a;
	struct tracker *tracker;
	struct sample *sample; /* of the newest copy */
};

static void shadow_begin(struct shadow *sh)
{
	*sh = (struct shadow){ .a = anonymizer_create(),
		.tracker = tracker_create(standard_settings(10)) };
	assert_non_null(sh->a);
	assert_non_null(sh->tracker);
}

static void shadow_end(struct shadow *sh)
{
	anonymizer_destroy(sh->a);
	tracker_destroy(sh->tracker);
	sample_put(sh->sample);
}

static const struct frame *shadow_step(struct shadow *sh, const struct sample *was)
{
	struct frame *copy = NULL;

	assert_int_equal(
		anonymizer_frame(sh->a, was->frame, tracker_previous(sh->tracker), &copy), 0);
	sample_put(sh->sample);
	sh->sample = NULL;
	assert_int_equal(tracker_step(sh->tracker, copy, &sh->sample), 0);
	return copy;
}

static struct frame *copy_of(struct anonymizer *a, const struct frame *f, const struct frame *prev)
{
	struct frame *copy = NULL;

	assert_int_equal(anonymizer_frame(a, f, prev, &copy), 0);
	assert_non_null(copy);
	assert_int_equal(copy->references, 1);
	return copy;
}

/* ---- What stands for what -------------------------------------------------------------------- */

/* Two sets of values, each of which stands for one of the other. */
struct twins {
	struct hash is, was;
};

/* Both were seen together, or neither was. */
static void assert_twins(
	struct twins *t, const void *was, size_t was_len, const void *is, size_t is_len)
{
	uint64_t was_key = hash_bytes(was, was_len), is_key = hash_bytes(is, is_len);
	uint32_t found;

	assert_int_equal(hash_add(&t->is, was_key, (uint32_t)is_key >> 1, &found), 0);
	assert_int_equal(found, (uint32_t)is_key >> 1);
	assert_int_equal(hash_add(&t->was, is_key, (uint32_t)was_key >> 1, &found), 0);
	assert_int_equal(found, (uint32_t)was_key >> 1);
}

enum sort_of_value {
	HOSTS,
	USERS,
	COMMANDS,
	UNITS,
	CGROUPS,
	NETNS,
	DEVICES,
	ADDRESSES,
	UIDS,
	SORTS
};

struct ledger {
	struct twins twins[SORTS];
};

static void ledger_end(struct ledger *l)
{
	for (size_t i = 0; i < SORTS; i++) {
		hash_free(&l->twins[i].is);
		hash_free(&l->twins[i].was);
	}
}

static void assert_renamed(
	struct ledger *l, enum sort_of_value sort, const char *was, const char *is)
{
	static const char *const prefixes[] = { "host", "user", "command", "unit", "/cgroup",
		"netns", "dev" };
	const char *prefix = prefixes[sort];
	size_t digits;

	assert_twins(&l->twins[sort], was, strlen(was), is, strlen(is));
	if (!*was || (sort == USERS && strcmp(was, "root") == 0) ||
		(sort == DEVICES && strcmp(was, "lo") == 0) ||
		(sort == CGROUPS && strcmp(was, "/") == 0)) {
		assert_string_equal(is, was);
		return;
	}
	assert_memory_equal(is, prefix, strlen(prefix));
	is += strlen(prefix);
	digits = strspn(is, "0123456789");
	assert_true(digits > 0);
	assert_string_equal(
		is + digits, sort == UNITS && strrchr(was, '.') ? strrchr(was, '.') : "");
}

static void assert_uid(struct ledger *l, uint32_t was, uint32_t is)
{
	assert_twins(&l->twins[UIDS], &was, sizeof was, &is, sizeof is);
	if (was == 0 || was == 65534 || was == PROC_UNKNOWN)
		assert_int_equal(is, was);
	else
		assert_in_range(is, 1001, 1100);
}

static bool begins(const uint8_t *bytes, const char *with)
{
	uint8_t like[16];
	size_t len = 16;

	assert_int_equal(inet_pton(AF_INET6, with, like), 1);
	while (len && !like[len - 1])
		len--;
	return memcmp(bytes, like, len) == 0;
}

/* The fixtures' own addresses of the kinds that are kept, and the ranges of those that are not. */
static void assert_address(struct ledger *l, const uint8_t *was, const uint8_t *is)
{
	static const char *const kept[] = { "::ffff:127.0.0.0", "::ffff:224.0.0.0" };
	static const uint8_t none[16], none4[16] = { [10] = 0xff, [11] = 0xff },
				       loopback[16] = { [15] = 1 };
	bool same = memcmp(was, none, 16) == 0 || memcmp(was, none4, 16) == 0 ||
		    memcmp(was, loopback, 16) == 0;

	assert_twins(&l->twins[ADDRESSES], was, 16, is, 16);
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		same |= begins(was, kept[i]);
	if (same)
		assert_memory_equal(is, was, 16);
	else if (begins(was, "::ffff:0:0"))
		assert_true(begins(is, "::ffff:10.0.0.0"));
	else
		assert_true(begins(is, begins(was, "fe80::") ? "fe80::" : "2001:db8::"));
}

/* ---- What is the same ------------------------------------------------------------------------ */

static void assert_same_header(struct ledger *l, const struct frame *was, const struct frame *is)
{
	/* All but what identifies; fields that are set one by one leave zeros between them. */
	size_t from = offsetof(struct frame, wall_ns), to = offsetof(struct frame, socks);
	struct frame *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);

	memcpy((char *)a + from, (const char *)was + from, to - from);
	memcpy((char *)b + from, (const char *)is + from, to - from);
	a->kind = b->kind = a->host = b->host = a->seer = b->seer = NULL;
	a->release = b->release = NULL;
	a->seer_uid = b->seer_uid = 0;
	assert_memory_equal(a, b, sizeof *a);
	free(a);
	free(b);
	assert_string_equal(is->kind, was->kind);
	assert_string_equal(is->release, was->release);
	assert_renamed(l, HOSTS, was->host, is->host);
	assert_renamed(l, USERS, was->seer, is->seer);
	assert_uid(l, was->seer_uid, is->seer_uid);
}

static void assert_same_socks(struct ledger *l, const struct frame *was, const struct frame *is)
{
	assert_int_equal(is->addresses->count, was->addresses->count);
	for (uint32_t row = 0; row < was->addresses->count; row++) {
		const struct address *a = frame_address(was, row), *b = frame_address(is, row);

		assert_int_equal(b->scope, a->scope);
		assert_address(l, a->bytes, b->bytes);
		assert_int_equal(frame_find_address(is, b->bytes, b->scope), row);
	}
	assert_int_equal(is->sock_count, was->sock_count);
	for (uint32_t row = 0; row < was->sock_count; row++) {
		struct sock a = was->socks[row], b = is->socks[row];

		assert_uid(l, a.uid, b.uid);
		assert_int_equal(find_sock(is, frame_sock_key(is, &b)), row);
		a.uid = b.uid;
		assert_memory_equal(&a, &b, offsetof(struct sock, flags) + sizeof a.flags);
	}
	assert_int_equal(is->edge_count, was->edge_count);
	if (was->edge_count)
		assert_memory_equal(is->edges, was->edges, was->edge_count * sizeof *was->edges);
}

static void assert_same_resets(const struct frame *was, const struct frame *is)
{
	assert_int_equal(is->reset_count, was->reset_count);
	for (uint32_t i = 0; i < was->reset_count; i++) {
		const struct frame_reset *a = &was->resets[i], *b = &is->resets[i];

		assert_true(frame_reset_key(is, b) == frame_reset_key(was, a));
		assert_int_equal(b->proc, a->proc);
		assert_int_equal(b->fd, a->fd);
		assert_int_equal(b->inode, a->inode);
		assert_int_equal(b->wait_since, a->wait_since);
		assert_int_equal(b->ipv4, a->ipv4);
	}
}

static void assert_same_procs(struct ledger *l, const struct frame *was, const struct frame *is)
{
	assert_int_equal(is->proc_count, was->proc_count);
	for (uint32_t row = 0; row < was->proc_count; row++) {
		const struct proc *a = &was->procs[row], *b = &is->procs[row];

		assert_true(b->start == a->start);
		assert_int_equal(b->pid, a->pid);
		assert_int_equal(b->fds, a->fds);
		assert_int_equal(b->fd_limit, a->fd_limit);
		assert_uid(l, a->uid, b->uid);
		assert_renamed(l, COMMANDS, a->name, b->name);
		assert_string_equal(b->cmdline, *a->cmdline ? b->name : "");
		assert_renamed(l, USERS, a->user, b->user);
		assert_renamed(l, UNITS, a->unit, b->unit);
		assert_renamed(l, CGROUPS, a->cgroup, b->cgroup);
		assert_int_equal(frame_find_proc(is, b->pid, b->start),
			frame_find_proc(was, a->pid, a->start));
	}
}

static void assert_same_names(struct ledger *l, const struct frame *was, const struct frame *is)
{
	assert_int_equal(is->user_count, was->user_count);
	for (uint32_t row = 0; row < was->user_count; row++) {
		assert_uid(l, was->users[row].uid, is->users[row].uid);
		assert_renamed(l, USERS, was->users[row].name, is->users[row].name);
		assert_ptr_equal(frame_user(is, is->users[row].uid), is->users[row].name);
	}
	assert_int_equal(is->device_count, was->device_count);
	for (uint32_t row = 0; row < was->device_count; row++) {
		assert_int_equal(is->devices[row].index, was->devices[row].index);
		assert_renamed(l, DEVICES, was->devices[row].name, is->devices[row].name);
	}
	assert_int_equal(is->netns_count, was->netns_count);
	for (uint32_t row = 0; row < was->netns_count; row++) {
		assert_true(is->namespaces[row].inode == was->namespaces[row].inode);
		assert_renamed(l, NETNS, was->namespaces[row].name, is->namespaces[row].name);
	}
}

/* `prev` is the copy before, or NULL. */
static void assert_same_diff(
	const struct frame *was, const struct frame *is, const struct frame *prev)
{
	const struct diff *a = &was->diff, *b = &is->diff;

	assert_int_equal(b->known, a->known);
	assert_int_equal(b->gone_count, a->gone_count);
	assert_int_equal(is->ghost_count, was->ghost_count);
	if (!a->known)
		return;
	for (uint32_t row = 0; row < was->sock_count; row++)
		assert_int_equal(b->previous[row], a->previous[row]);
	for (uint32_t i = 0; i < a->gone_count; i++)
		assert_int_equal(b->gone[i], a->gone[i]);
	for (uint32_t i = 0; i < was->ghost_count; i++) {
		const struct frame_ghost *c = &was->ghosts[i], *d = &is->ghosts[i];

		assert_true(d->key == frame_sock_key(prev, &prev->socks[b->gone[i]]));
		assert_int_equal(d->first_seen, c->first_seen);
		assert_int_equal(d->wait_since, c->wait_since);
		assert_int_equal(d->state, c->state);
		assert_int_equal(d->flags, c->flags);
	}
}

static bool names_something(const struct field *f)
{
	static const char *const words[] = { "process", "user", "unit", "cmdline", "cgroup", "peer",
		"local", "subject", "evidence", "advice", "command" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(f->name, words[i]) == 0)
			return true;
	return f->type == VALUE_ADDRESS;
}

/* Every field of every table, but for names. */
static void assert_same_tables(const struct sample *was, const struct sample *is)
{
	for (size_t t = 0; t < table_count; t++) {
		struct rowset a = rowset_of(tables[t], was), b = rowset_of(tables[t], is);

		assert_int_equal(b.count, a.count);
		for (size_t i = 0; i < a.count * tables[t]->field_count; i++) {
			const struct field *f = &tables[t]->fields[i % tables[t]->field_count];
			uint32_t row = (uint32_t)(i / tables[t]->field_count);
			struct value x = rowset_value(&a, row, f), y = rowset_value(&b, row, f);
			char text[FORMAT_MAX], same[FORMAT_MAX];

			assert_int_equal(y.type, x.type);
			assert_int_equal(y.at_least, x.at_least);
			if (!names_something(f))
				assert_string_equal(format_plain(&y, same), format_plain(&x, text));
		}
	}
	for (uint32_t i = 0; i < was->listener_count; i++)
		assert_memory_equal(&is->listeners[i].queue, &was->listeners[i].queue,
			sizeof was->listeners[i].queue);
	for (uint32_t i = 0; i < was->leak_count; i++)
		assert_memory_equal(
			&is->leaks[i].trend, &was->leaks[i].trend, sizeof was->leaks[i].trend);
	assert_memory_equal(&is->totals, &was->totals, sizeof was->totals);
}

/* Makes the copy of a story's newest sample, and compares the two in everything. */
static const struct frame *assert_shadow(
	struct shadow *sh, struct ledger *l, const struct sample *was)
{
	struct frame *prev = tracker_previous(sh->tracker)
				     ? frame_get((struct frame *)tracker_previous(sh->tracker))
				     : NULL;
	const struct frame *is = shadow_step(sh, was);

	assert_same_header(l, was->frame, is);
	assert_same_socks(l, was->frame, is);
	assert_same_resets(was->frame, is);
	assert_same_procs(l, was->frame, is);
	assert_same_names(l, was->frame, is);
	assert_same_diff(was->frame, is, prev);
	assert_same_tables(was, sh->sample);
	frame_put(prev);
	return is;
}

/* ---- Stories --------------------------------------------------------------------------------- */

static void a_server_reads_the_same(void **state)
{
	static const struct server servers[] = {
		{ .clients = 120 },
		{ .clients = 60, .unprivileged = true },
		{ .clients = 60, .unprivileged = true, .procfs = true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(servers); i++) {
		struct server now = servers[i];
		struct ledger l = { 0 };
		struct shadow sh;
		struct story st;

		story_begin(&st, 10);
		shadow_begin(&sh);
		now.samples = 1;
		/* The quick sample comes first. */
		now.without_owners = true;
		assert_shadow(&sh, &l, server_tell(&st, &now));
		now.without_owners = false;
		for (; now.first < 4; now.first++)
			assert_shadow(&sh, &l, server_tell(&st, &now));
		assert_true(st.sample->frame->diff.gone_count > 0);
		ledger_end(&l);
		shadow_end(&sh);
		story_end(&st);
	}
}

/* Sockets that are known by their addresses alone, some of which come and go; in two namespaces and
 * on two devices with the same addresses, in both families, of one or of several processes. */
static void tell_cookieless(struct story *st, unsigned n)
{
	static const char *const always[] = {
		"tcp LISTEN 198.51.100.1:80 * cookie=0 inode=11 pid=7 pid=8 pid=8 uid=33",
		"tcp LISTEN [::]:443 * cookie=0 inode=12 pid=7 uid=33",
		"tcp LISTEN [::]:443 * cookie=0 inode=13 pid=8 uid=33",
		"tcp LISTEN 198.51.100.1:80 * cookie=0 inode=14 netns=1 pid=9 uid=65534",
		"tcp LISTEN [fe80::77]%eth0:22 * cookie=0 inode=15 v6only pid=9",
		"tcp LISTEN [fe80::77]%eth1:22 * cookie=0 inode=16 v6only pid=9",
		"udp UNCONN 224.0.0.251%eth0:5353 * cookie=0 inode=17 pid=9 uid=65534",
	};
	struct frame *f = story_frame(st, n);

	f->kind = "procfs";
	f->release = "6.18.44";
	f->problems[FRAME_NO_SOCK_DIAG] = -EPERM;
	f->seer = "\xc3\xa9milie";
	f->seer_uid = 1000;
	assert_int_equal(frame_add_netns(f, 4026532001, "blue"), 1);
	story_proc(st, .pid = 7, .name = "nginx", .uid = 33, .user = "www-data",
		.unit = "nginx.service", .cgroup = "/system.slice/nginx.service");
	story_proc(st, .pid = 8, .name = "nginx", .uid = 33, .user = "www-data",
		.cmdline = "nginx: worker", .unit = "nginx.service",
		.cgroup = "/system.slice/nginx.service");
	story_proc(st, .pid = 9, .start = 10, .uid = 4242, .user = "4242",
		.unit = "docker-0123456789ab");
	story_proc(st, .pid = 9, .name = "init", .user = "root", .unit = "init.scope",
		.cmdline = "/sbin/init", .cgroup = "/");
	for (size_t i = 0; i < COUNT_OF(always); i++)
		story_sock(st, "%s", always[i]);
	for (unsigned i = 0; i < 40; i++) {
		if ((i + n) % 5 == 0)
			continue;
		story_sock(st,
			"tcp ESTAB 198.51.100.1:80 203.0.113.%u:5000 cookie=0 netns=%u inode=%u "
			"pid=%u pid=8 uid=33",
			i / 2 + 1, i % 2, 100 + i, 7 + 2 * (i % 2));
		story_sock(st,
			"tcp %s [::ffff:198.51.100.1]:443 [::ffff:203.0.113.%u]:5000 cookie=0 %s",
			i < n ? "TIME-WAIT" : "CLOSE-WAIT", i + 1,
			i < n ? "" : "inode=300 waits=5 pid=7");
		story_sock(st, "tcp ESTAB [2a00:1450::7]:443 [2a00:1450:4001::%x]:5000 cookie=0",
			i + 1);
		story_sock(st, "tcp ESTAB [fe80::77]%%eth%u:22 [fe80::1:%x]%%eth%u:5000 cookie=0",
			i % 2, i / 2 + 1, i % 2);
	}
}

static void sockets_without_cookies_are_followed(void **state)
{
	struct ledger l = { 0 };
	const struct frame *f;
	struct shadow sh;
	struct story st;

	(void)state;
	story_begin(&st, 10);
	shadow_begin(&sh);
	for (unsigned n = 0; n < 8; n++) {
		tell_cookieless(&st, n);
		story_sample(&st);
		f = assert_shadow(&sh, &l, st.sample);
		assert_int_equal(f->ghost_count, n ? 4 * 8 : 0);
	}
	assert_row(sh.sample, "listen", "port=80, pid=7", "conns=16, owners=2, unit=unit1.service");
	assert_row(sh.sample, "listen", "port=80, pid=9", "conns=16, owners=1, unit=unit3.scope");
	assert_row(sh.sample, "listen", "port=443, pid=7", "conns=58, process=command1");
	ledger_end(&l);
	shadow_end(&sh);
	story_end(&st);
}

static void all_owners_of_a_socket_are_kept(void **state)
{
	struct story st;
	struct shadow sh;
	const struct frame *f;
	uint32_t edge;

	(void)state;
	story_begin(&st, 0);
	shadow_begin(&sh);
	for (unsigned n = 0; n < 2; n++) {
		story_frame(&st, n);
		story_sock(&st, "tcp ESTAB 192.0.2.1:80 192.0.2.3:4000 cookie=2 pid=8");
		story_sock(&st, "tcp %s 192.0.2.1:80 192.0.2.2:4000 cookie=1 %s",
			n ? "TIME-WAIT" : "ESTAB", n ? "" : "pid=9 pid=7 pid=7 pid=8");
		f = shadow_step(&sh, story_sample(&st));
	}
	/* Carried over, and of processes that have ended. */
	edge = story_find(f, 1)->owner;
	for (uint32_t pid = 7; pid <= 9; pid++) {
		assert_int_not_equal(edge, SOCK_NONE);
		assert_int_equal(f->procs[f->edges[edge].proc].pid, pid);
		assert_true(frame_owned_by(f, story_find(f, 1), pid, pid));
		edge = frame_next_owner(f, edge);
	}
	assert_int_equal(edge, SOCK_NONE);
	assert_true(story_find(f, 1)->flags & SOCK_CARRIED);
	assert_false(frame_owned_by(f, story_find(f, 2), 7, 7));
	shadow_end(&sh);
	story_end(&st);
}

/* A leaked socket is the same one before and after it was reset. */
static void reset_sockets_are_followed(void **state)
{
	struct ledger l = { 0 };
	struct shadow sh;
	struct story st;
	uint64_t key = 0;

	(void)state;
	story_begin(&st, 10);
	shadow_begin(&sh);
	for (unsigned n = 0; n < 4; n++) {
		struct frame_reset r = { .cookie = 5, .inode = 9, .fd = 30, .netns = 1, .ipv4 = n };
		const struct frame *copy;

		story_frame(&st, 2.0 * n);
		assert_int_equal(frame_add_netns(st.frame, 4026532001, "secret-netns"), 1);
		story_proc(&st, .pid = 3, .name = "nginx");
		r.proc = story_proc(&st, .pid = 7, .name = "secret");
		if (n < 2)
			story_sock(&st,
				"tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.1:500 cookie=5 netns=1 pid=7");
		story_sock(&st, "tcp CLOSE-WAIT 10.0.0.1:80 10.9.0.2:500 cookie=6 pid=7");
		if (n >= 2)
			assert_int_equal(frame_add_reset(st.frame, &r), 0);
		copy = assert_shadow(&sh, &l, story_sample(&st));
		if (n < 2)
			key = frame_sock_key(copy, &copy->socks[0]);
		else
			assert_true(frame_reset_key(copy, &copy->resets[0]) == key);
	}
	assert_row(sh.sample, "leaks", "pid=7", "close_wait=1, reset=1");
	ledger_end(&l);
	shadow_end(&sh);
	story_end(&st);
}

static void empty_frames_stay_empty(void **state)
{
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *first = copy_of(a, f, NULL), *copy;
	struct ledger l = { 0 };

	(void)state;
	assert_false(first->diff.known);
	copy = copy_of(a, f, first);
	assert_true(copy->diff.known);
	assert_same_header(&l, f, copy);
	assert_same_socks(&l, f, copy);
	assert_same_procs(&l, f, copy);
	assert_same_names(&l, f, copy);
	ledger_end(&l);
	frame_put(first);
	frame_put(copy);
	frame_put(f);
	anonymizer_destroy(a);
	anonymizer_destroy(NULL);
}

static void the_header_is_kept(void **state)
{
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *copy;
	struct ledger l = { 0 };

	(void)state;
	f->wall_ns = 1, f->mono_ns = 2, f->epoch_ns = 3, f->cost_wall_ns = 4, f->cost_cpu_ns = 5;
	f->cpu_percent = 6, f->uptime_s = 7, f->absent = 8, f->procs_hidden = 9, f->lost = 10;
	f->owners_hidden = 11;
	for (int i = 0; i < FRAME_PROBLEMS; i++)
		f->problems[i] = -i - 1;
	for (int i = 0; i < COUNTER_COUNT; i++)
		f->counters[i] = 100 + i;
	for (unsigned i = 0; i < 5; i++) {
		f->one_family = i == 0;
		f->preliminary = i == 1;
		f->owners_known = i == 2;
		f->pids_hidden = i == 3;
		f->host = i < 4 ? "web-07" : "";
		f->seer = i < 4 ? "alice" : "";
		f->seer_uid = i < 4 ? 1000 : PROC_UNKNOWN;
		copy = copy_of(a, f, NULL);
		assert_same_header(&l, f, copy);
		frame_put(copy);
	}
	ledger_end(&l);
	frame_put(f);
	anonymizer_destroy(a);
}

/* ---- Nothing of the original ----------------------------------------------------------------- */

static void assert_clean_text(const char *text)
{
	if (strstr(text, "secret"))
		fail_msg("'%s'", text);
}

/* No memory of a table holds the letters or these bytes of addresses. */
static void assert_clean_memory(const void *memory, size_t len)
{
	static const uint8_t ipv4[] = { 198, 51 }, ipv6[] = { 0x2a, 0x00, 0x14, 0x50 };

	if (!len)
		return;
	assert_null(memmem(memory, len, "secret", 6));
	assert_null(memmem(memory, len, ipv4, sizeof ipv4));
	assert_null(memmem(memory, len, ipv6, sizeof ipv6));
}

static void assert_clean(const struct frame *f)
{
	assert_clean_text(f->kind);
	assert_clean_text(f->host);
	assert_clean_text(f->seer);
	for (uint32_t row = 0; row < f->proc_count; row++) {
		assert_clean_text(f->procs[row].name);
		assert_clean_text(f->procs[row].user);
		assert_clean_text(f->procs[row].cmdline);
		assert_clean_text(f->procs[row].unit);
		assert_clean_text(f->procs[row].cgroup);
		assert_int_not_equal(f->procs[row].uid, 77777);
	}
	for (uint32_t row = 0; row < f->user_count; row++) {
		assert_clean_text(f->users[row].name);
		assert_int_not_equal(f->users[row].uid, 77777);
	}
	for (uint32_t row = 0; row < f->device_count; row++)
		assert_clean_text(f->devices[row].name);
	for (uint32_t row = 0; row < f->netns_count; row++)
		assert_clean_text(f->namespaces[row].name);
	for (uint32_t row = 0; row < f->sock_count; row++)
		assert_int_not_equal(f->socks[row].uid, 77777);
	for (uint32_t row = 0; row < f->addresses->count; row++)
		assert_clean_memory(frame_address(f, row), sizeof(struct address));
	assert_int_not_equal(f->seer_uid, 77777);
}

/* Keys are hashes of addresses: who suspects one could look for it. */
static void assert_no_key_of(const struct frame *copy, const struct frame *f)
{
	static const uint8_t none[16];

	for (uint32_t row = 0; row < f->addresses->count; row++) {
		const uint8_t *bytes = frame_address(f, row)->bytes;

		if (memcmp(bytes, none, 16) != 0)
			assert_int_equal(frame_find_address(copy, bytes, 0), SOCK_NONE);
	}
	for (uint32_t row = 0; row < f->sock_count; row++) {
		uint64_t key = frame_sock_key(f, &f->socks[row]);

		assert_int_equal(find_sock(copy, key), SOCK_NONE);
		for (uint32_t i = 0; i < copy->ghost_count; i++)
			assert_true(copy->ghosts[i].key != key);
	}
}

static void tell_secrets(struct story *st, unsigned n)
{
	struct frame *f = story_frame(st, n);
	const uint8_t unused[16] = { 0x2a, 0x00, 0x14, 0x50, [15] = 99 };
	uint32_t row;

	f->host = n ? "secret-host" : "other.secret";
	f->seer = "secret-seer";
	f->seer_uid = 77777;
	assert_int_equal(frame_add_netns(f, 4026532001, "secret-netns"), 1);
	assert_int_equal(frame_add_device(f, 9, "secret0"), 0);
	assert_int_equal(frame_add_user(f, 77777, "secret-user"), 0);
	assert_int_equal(frame_add_user(f, 77778, "secret-unused"), 0);
	assert_int_equal(frame_intern_address(f, unused, 0, &row), 0);
	story_proc(st, .pid = 7, .name = "secret-name", .user = "secret-user", .uid = 77777,
		.cmdline = "./secret --password=secret", .unit = "secret@secret.service",
		.cgroup = "/secret.slice/secret@secret.service");
	story_sock(st, "tcp LISTEN [2a00:1450::1]:443 * cookie=0 inode=1 pid=7 uid=77777");
	for (unsigned i = 0; i < 20; i++)
		story_sock(st,
			"tcp ESTAB 198.51.100.1:443 198.51.100.%u:%u cookie=0 inode=%u pid=7",
			100 + i, 5000 + n, 10 + i);
}

/* Nothing can be read of the originals afterwards: their memory is gone. */
static void nothing_of_the_original_remains(void **state)
{
	struct anonymizer *a = anonymizer_create();
	struct frame *originals[2], *copies[2];
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 2; n++) {
		tell_secrets(&st, n);
		originals[n] = frame_get(story_sample(&st)->frame);
		copies[n] = copy_of(a, originals[n], n ? copies[0] : NULL);
	}
	assert_int_equal(copies[1]->ghost_count, 20);
	for (unsigned n = 0; n < 4; n++)
		assert_no_key_of(copies[n / 2], originals[n % 2]);
	story_end(&st);
	for (unsigned n = 0; n < 2; n++)
		frame_put(originals[n]);
	anonymizer_destroy(a);
	for (unsigned n = 0; n < 2; n++) {
		assert_clean(copies[n]);
		assert_string_equal(copies[n]->host, n ? "host2" : "host1");
	}
	for (unsigned n = 0; n < 2; n++)
		frame_put(copies[n]);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void to_bytes(const char *text, uint8_t bytes[16])
{
	assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
}

/* In order of first sight, also that of a second frame. */
static void addresses_are_numbered_by_kind(void **state)
{
	static const struct {
		const char *was, *is;
		uint32_t scope;
	} cases[] = {
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", 0 },
		{ "::ffff:10.0.0.7", "::ffff:10.0.0.2", 0 },
		{ "::ffff:8.8.8.8", "::ffff:10.0.0.3", 0 },
		{ "::ffff:8.8.8.8", "::ffff:10.0.0.3", 2 },
		{ "2001:db8::7", "2001:db8::1", 0 },
		{ "fe80::7", "fe80::1", 2 },
		{ "fe80::7", "fe80::1", 3 },
		{ "febf:ffff::1", "fe80::2", 2 },
		/* Kept, and their neighbours. */
		{ "::", "::", 0 },
		{ "::", "::", 2 },
		{ "::1", "::1", 0 },
		{ "::2", "2001:db8::2", 0 },
		{ "::ffff:0.0.0.0", "::ffff:0.0.0.0", 0 },
		{ "::ffff:0.0.0.1", "::ffff:10.0.0.4", 0 },
		{ "::ffff:126.255.255.255", "::ffff:10.0.0.5", 0 },
		{ "::ffff:127.0.0.0", "::ffff:127.0.0.0", 0 },
		{ "::ffff:127.0.0.53", "::ffff:127.0.0.53", 1 },
		{ "::ffff:127.255.255.255", "::ffff:127.255.255.255", 0 },
		{ "::ffff:128.0.0.0", "::ffff:10.0.0.6", 0 },
		{ "::ffff:223.255.255.255", "::ffff:10.0.0.7", 0 },
		{ "::ffff:224.0.0.0", "::ffff:224.0.0.0", 0 },
		{ "::ffff:239.255.255.250", "::ffff:239.255.255.250", 0 },
		{ "::ffff:240.0.0.0", "::ffff:10.0.0.8", 0 },
		{ "::ffff:255.255.255.254", "::ffff:10.0.0.9", 0 },
		{ "::ffff:255.255.255.255", "::ffff:255.255.255.255", 0 },
		{ "ff02::fb", "ff02::fb", 2 },
		{ "fec0::1", "2001:db8::3", 0 },
		{ "fe7f::1", "2001:db8::4", 0 },
		{ "fd00::1", "2001:db8::5", 0 },
		/* IPv4 addresses inside others are not kept either. */
		{ "::127.0.0.1", "2001:db8::6", 0 },
		{ "64:ff9b::127.0.0.1", "2001:db8::7", 0 },
		{ "2002:7f00:1::", "2001:db8::8", 0 },
		{ "::fffe:127.0.0.1", "2001:db8::9", 0 },
		{ "1::1", "2001:db8::a", 0 },
		{ "ff80::1", "ff80::1", 0 },
		{ "::1:0:0", "2001:db8::b", 0 },
	};
	struct anonymizer *a = anonymizer_create();

	(void)state;
	for (size_t half = 2; half > 0; half--) {
		struct frame *f = frame_create(), *copy;
		uint8_t bytes[16];
		uint32_t row;

		/* The second frame has those of the first, too. */
		for (size_t i = 0; i < COUNT_OF(cases) / half; i++) {
			to_bytes(cases[i].was, bytes);
			assert_int_equal(frame_intern_address(f, bytes, cases[i].scope, &row), 0);
			assert_int_equal(row, i);
		}
		copy = copy_of(a, f, NULL);
		for (uint32_t i = 0; i < copy->addresses->count; i++) {
			to_bytes(cases[i].is, bytes);
			if (memcmp(bytes, frame_address(copy, i)->bytes, 16) != 0)
				fail_msg("%s", cases[i].was);
			assert_int_equal(frame_address(copy, i)->scope, cases[i].scope);
			assert_int_equal(frame_find_address(copy, bytes, cases[i].scope), i);
		}
		frame_put(f);
		frame_put(copy);
	}
	anonymizer_destroy(a);
}

/* A frame with `count` IPv4 addresses, the first of them with a number. */
static struct frame *many_addresses(uint32_t first, uint32_t count)
{
	struct frame *f = frame_create();
	uint32_t row;

	for (uint32_t i = first; i < first + count; i++) {
		uint8_t bytes[16] = { [10] = 0xff,
			[11] = 0xff,
			[12] = 100,
			[13] = (uint8_t)(i >> 16),
			[14] = (uint8_t)(i >> 8),
			[15] = (uint8_t)i };

		assert_int_equal(frame_intern_address(f, bytes, 0, &row), 0);
	}
	return f;
}

static uint32_t ipv4_at(const struct frame *f, uint32_t row)
{
	uint32_t word;

	memcpy(&word, frame_address(f, row)->bytes + 12, 4);
	return ntohl(word);
}

static void no_two_addresses_become_one(void **state)
{
	enum { ALL = ANONYMIZE_TEN - 1 + ANONYMIZE_240 };
	struct anonymizer *a = anonymizer_create();
	struct frame *f = many_addresses(0, ALL), *copy = copy_of(a, f, NULL), *none = NULL;

	(void)state;
	assert_int_equal(copy->addresses->count, ALL);
	for (uint32_t i = 0; i < ALL; i++)
		assert_int_equal(ipv4_at(copy, i), i < ANONYMIZE_TEN - 1
							   ? 0x0a000001 + i
							   : 0xf0000000 + i - (ANONYMIZE_TEN - 1));
	frame_put(f);
	frame_put(copy);
	/* None is left for one more. Those that have one keep it. */
	f = many_addresses(ALL, 1);
	assert_int_equal(anonymizer_frame(a, f, NULL, &none), -ENOMEM);
	assert_null(none);
	frame_put(f);
	f = many_addresses(69000, 1000);
	copy = copy_of(a, f, NULL);
	assert_int_equal(ipv4_at(copy, 0), 0x0a000001 + 69000);
	assert_int_equal(ipv4_at(copy, 999), 0xf0000000);
	frame_put(f);
	frame_put(copy);
	anonymizer_destroy(a);
}

/* The first half of hash_mix(); with it, values with one hash can be made. */
static uint64_t half_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static void addresses_with_one_hash_stay_two(void **state)
{
	uint64_t halves[2][2] = { { 0x1111, 0x2222 }, { 0x3333 } };
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *copy;

	(void)state;
	halves[1][1] = halves[0][1] ^ half_mix(halves[0][0]) ^ half_mix(halves[1][0]);
	assert_true(hash_mix(halves[0][0], halves[0][1]) == hash_mix(halves[1][0], halves[1][1]));
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t bytes[16];
		uint32_t row;

		memcpy(bytes, halves[i], 16);
		assert_int_equal(frame_intern_address(f, bytes, 0, &row), 0);
		assert_int_equal(row, i);
	}
	copy = copy_of(a, f, NULL);
	assert_int_equal(copy->addresses->count, 2);
	assert_int_equal(frame_address(copy, 0)->bytes[15], 1);
	assert_int_equal(frame_address(copy, 1)->bytes[15], 2);
	frame_put(f);
	frame_put(copy);
	anonymizer_destroy(a);
}

/* ---- Names and users ------------------------------------------------------------------------- */

static void names_are_numbered_by_kind(void **state)
{
	static const struct proc was[] = {
		{ .name = "nginx", .user = "www-data", .unit = "nginx.service", .cgroup = "/a/b" },
		{ .name = "nginx", .user = "root", .unit = "nginx.socket", .cgroup = "/" },
		{ .name = "alice",
			.user = "alice",
			.unit = "session-3.scope",
			.cgroup = "/a",
			.cmdline = "alice -v" },
		{ .name = "root", .user = "1000", .unit = "user-1000.slice", .cgroup = "/a/b" },
		{ .name = "lo", .user = "alice", .unit = "a.mount", .cgroup = "" },
		{ .name = "", .user = "", .unit = "", .cgroup = "/root", .cmdline = "lost" },
		{ .name = "nginx", .user = "roo", .unit = "0123456789ab", .cgroup = "" },
		{ .name = "ngin", .user = "rooty", .unit = "redis-6.2", .cgroup = "" },
		{ .name = "x", .user = "x", .unit = "nginx.service", .cgroup = "" },
	};
	static const struct proc is[COUNT_OF(was)] = {
		{ .name = "command1",
			.user = "user2",
			.unit = "unit1.service",
			.cgroup = "/cgroup1" },
		{ .name = "command1", .user = "root", .unit = "unit2.socket", .cgroup = "/" },
		{ .name = "command2",
			.user = "user1",
			.unit = "unit3.scope",
			.cgroup = "/cgroup2",
			.cmdline = "command2" },
		{ .name = "command3",
			.user = "user3",
			.unit = "unit4.slice",
			.cgroup = "/cgroup1" },
		{ .name = "command4", .user = "user1", .unit = "unit5.mount", .cgroup = "" },
		{ .name = "", .user = "", .unit = "", .cgroup = "/cgroup3" },
		{ .name = "command1", .user = "user4", .unit = "unit6", .cgroup = "" },
		{ .name = "command5", .user = "user5", .unit = "unit7", .cgroup = "" },
		{ .name = "command6", .user = "user6", .unit = "unit1.service", .cgroup = "" },
	};
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *copy;
	uint32_t row;

	(void)state;
	f->host = f->seer = "alice";
	for (uint32_t i = 0; i < COUNT_OF(was); i++) {
		struct proc p = was[i];

		p.pid = i;
		p.cmdline = p.cmdline ? p.cmdline : "";
		assert_int_equal(frame_add_proc(f, &p, &row), 0);
	}
	/* Again, and the numbers are the same. */
	for (unsigned n = 0; n < 2; n++) {
		copy = copy_of(a, f, NULL);
		assert_string_equal(copy->host, "host1");
		assert_string_equal(copy->seer, "user1");
		for (uint32_t i = 0; i < COUNT_OF(is); i++) {
			assert_string_equal(copy->procs[i].name, is[i].name);
			assert_string_equal(copy->procs[i].user, is[i].user);
			assert_string_equal(copy->procs[i].unit, is[i].unit);
			assert_string_equal(copy->procs[i].cgroup, is[i].cgroup);
			assert_string_equal(
				copy->procs[i].cmdline, is[i].cmdline ? is[i].cmdline : "");
		}
		frame_put(copy);
	}
	frame_put(f);
	anonymizer_destroy(a);
}

static void names_with_one_hash_stay_two(void **state)
{
	uint64_t words[2][3] = { { 0x3131313131313131, 0x3232323232323232 },
		{ 0x3434343434343434 } };
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *copy;

	(void)state;
	words[1][1] = words[0][1] ^ half_mix(hash_mix(16, words[0][0])) ^
		      half_mix(hash_mix(16, words[1][0]));
	assert_true(hash_bytes(words[0], 16) == hash_bytes(words[1], 16));
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(strlen((const char *)words[i % 2]), 16);
		assert_int_equal(frame_add_device(f, i, (const char *)words[i % 2]), 0);
	}
	copy = copy_of(a, f, NULL);
	for (uint32_t i = 0; i < 4; i++)
		assert_string_equal(copy->devices[i].name, i % 2 ? "dev2" : "dev1");
	frame_put(f);
	frame_put(copy);
	anonymizer_destroy(a);
}

static void users_keep_one_number_everywhere(void **state)
{
	static const struct {
		uint32_t was, is;
	} cases[] = { { 1000, 1001 }, { 0, 0 }, { 33, 1002 }, { 65534, 65534 }, { 1001, 1003 },
		{ PROC_UNKNOWN, PROC_UNKNOWN }, { 65533, 1004 }, { PROC_UNLIMITED, 1005 } };
	struct anonymizer *a = anonymizer_create();

	(void)state;
	for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
		struct proc p = { .pid = 7,
			.uid = cases[i].was,
			.name = "",
			.user = "",
			.cmdline = "",
			.unit = "",
			.cgroup = "" };
		struct sock s = { .uid = cases[i].was, .cookie = 1, .owner = SOCK_NONE };
		struct frame *f = frame_create(), *copy;
		uint32_t row;

		f->seer_uid = cases[i].was;
		assert_int_equal(frame_add_user(f, cases[i].was, "somebody"), 0);
		assert_int_equal(frame_add_proc(f, &p, &row), 0);
		assert_int_equal(frame_add_sock(f, &s), 0);
		copy = copy_of(a, f, NULL);
		assert_int_equal(copy->seer_uid, cases[i].is);
		assert_int_equal(copy->users[0].uid, cases[i].is);
		assert_int_equal(copy->procs[0].uid, cases[i].is);
		assert_int_equal(copy->socks[0].uid, cases[i].is);
		assert_string_equal(frame_user(copy, cases[i].is), "user1");
		frame_put(f);
		frame_put(copy);
	}
	anonymizer_destroy(a);
}

/* So many that the numbers pass by that of nobody. */
static void no_two_users_become_one(void **state)
{
	enum { USERS_ALL = 65000, TO_NOBODY = 65534 - 1001 };
	struct anonymizer *a = anonymizer_create();
	struct frame *f = frame_create(), *copy;

	(void)state;
	assert_int_equal(frame_add_user(f, 65534, "nobody"), 0);
	for (uint32_t i = 0; i < USERS_ALL; i++)
		assert_int_equal(frame_add_user(f, 100000 + i, "somebody"), 0);
	copy = copy_of(a, f, NULL);
	assert_int_equal(copy->user_count, 1 + USERS_ALL);
	assert_int_equal(copy->users[0].uid, 65534);
	for (uint32_t i = 0; i < USERS_ALL; i++)
		assert_int_equal(copy->users[1 + i].uid, 1001 + i + (i >= TO_NOBODY));
	frame_put(f);
	frame_put(copy);
	anonymizer_destroy(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_reads_the_same),
		cmocka_unit_test(sockets_without_cookies_are_followed),
		cmocka_unit_test(all_owners_of_a_socket_are_kept),
		cmocka_unit_test(reset_sockets_are_followed),
		cmocka_unit_test(empty_frames_stay_empty),
		cmocka_unit_test(the_header_is_kept),
		cmocka_unit_test(nothing_of_the_original_remains),
		cmocka_unit_test(addresses_are_numbered_by_kind),
		cmocka_unit_test(no_two_addresses_become_one),
		cmocka_unit_test(addresses_with_one_hash_stay_two),
		cmocka_unit_test(names_are_numbered_by_kind),
		cmocka_unit_test(names_with_one_hash_stay_two),
		cmocka_unit_test(users_keep_one_number_everywhere),
		cmocka_unit_test(no_two_users_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
