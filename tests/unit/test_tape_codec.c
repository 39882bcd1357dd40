/* tape_codec: frames come back as they were, whole and as changes, over many samples; how many
 * bytes they take; and bytes that tape_encode() does not write are an error, or a frame that can be
 * used. Payloads are read from blocks of exactly their size. */
#include "lib/frames.h"
#include "lib/server.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/needs.h"
#include "sockdash/synth.h"
#include "sockdash/tape_codec.h"

/* ---- The same -------------------------------------------------------------------------------- */

/* Where two frames differ first. */
static char difference[600];

struct pair {
	const char *name;
	int64_t want, got;
};
#define PAIR(field)                                                                                \
	{                                                                                          \
#field, (int64_t)want->field, (int64_t)got->field                                  \
	}

static bool same_numbers(const char *what, size_t row, const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].want == pairs[i].got)
			continue;
		snprintf(difference, sizeof difference, "%s %zu, %s: %lld, not %lld", what, row,
			pairs[i].name, (long long)pairs[i].got, (long long)pairs[i].want);
		return false;
	}
	return true;
}

static bool same_number(const char *what, size_t row, int64_t want, int64_t got)
{
	return same_numbers(what, row, &(struct pair){ "number", want, got }, 1);
}

static bool same_text(const char *what, size_t row, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return true;
	snprintf(difference, sizeof difference, "%s %zu: '%.200s', not '%.200s'", what, row, got,
		want);
	return false;
}

static bool same_known_real(const char *what, double want, double got)
{
	if (isnan(want) ? isnan(got) : want == got)
		return true;
	snprintf(difference, sizeof difference, "%s: %g, not %g", what, got, want);
	return false;
}

static bool same_head(const struct frame *want, const struct frame *got)
{
	const struct pair pairs[] = { PAIR(wall_ns), PAIR(mono_ns), PAIR(epoch_ns),
		PAIR(cost_wall_ns), PAIR(cost_cpu_ns), PAIR(seer_uid), PAIR(one_family),
		PAIR(absent), PAIR(owners_known), PAIR(procs_hidden), PAIR(pids_hidden),
		PAIR(owners_hidden), PAIR(netns_count), PAIR(device_count), PAIR(user_count),
		PAIR(proc_count), PAIR(sock_count), PAIR(edge_count) };

	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		if (!same_number("problem", i, want->problems[i], got->problems[i]))
			return false;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		if (!same_number("counter", i, want->counters[i], got->counters[i]))
			return false;
	return same_numbers("head", 0, pairs, COUNT_OF(pairs)) &&
	       same_known_real("cpu_percent", want->cpu_percent, got->cpu_percent) &&
	       same_known_real("uptime_s", want->uptime_s, got->uptime_s) &&
	       same_text("host", 0, want->host, got->host) &&
	       same_text("release", 0, want->release, got->release) &&
	       same_text("kind", 0, want->kind, got->kind) &&
	       same_text("seer", 0, want->seer, got->seer);
}

static bool same_small_tables(const struct frame *want, const struct frame *got)
{
	for (uint32_t i = 0; i < want->netns_count; i++) {
		const struct netns *a = &want->namespaces[i], *b = &got->namespaces[i];

		if (!same_number("namespace", i, (int64_t)a->inode, (int64_t)b->inode) ||
			!same_text("namespace", i, a->name, b->name))
			return false;
	}
	for (uint32_t i = 0; i < want->device_count; i++) {
		const struct device *a = &want->devices[i], *b = &got->devices[i];

		if (!same_number("device", i, a->index, b->index) ||
			!same_text("device", i, a->name, b->name))
			return false;
	}
	for (uint32_t i = 0; i < want->user_count; i++) {
		const struct user *a = &want->users[i], *b = &got->users[i];

		if (!same_number("user", i, a->uid, b->uid) ||
			!same_text("user", i, a->name, b->name) ||
			!same_text("user by uid", i, a->name, frame_user(got, a->uid)))
			return false;
	}
	return true;
}

static bool same_procs(const struct frame *f, const struct frame *g)
{
	for (uint32_t row = 0; row < f->proc_count; row++) {
		const struct proc *want = &f->procs[row], *got = &g->procs[row];
		const struct pair pairs[] = { PAIR(pid), PAIR(start), PAIR(uid), PAIR(fds),
			PAIR(fd_limit) };

		if (!same_numbers("process", row, pairs, COUNT_OF(pairs)) ||
			!same_text("name of process", row, want->name, got->name) ||
			!same_text("user of process", row, want->user, got->user) ||
			!same_text("command line of process", row, want->cmdline, got->cmdline) ||
			!same_text("unit of process", row, want->unit, got->unit) ||
			!same_text("cgroup of process", row, want->cgroup, got->cgroup) ||
			!same_number("row of process", row,
				frame_find_proc(f, want->pid, want->start),
				frame_find_proc(g, got->pid, got->start)))
			return false;
	}
	return true;
}

static bool same_address(
	const struct frame *f, const struct frame *g, size_t row, uint32_t then, uint32_t now)
{
	const struct address *want = frame_address(f, then), *got = frame_address(g, now);

	for (size_t i = 0; i < sizeof want->bytes; i++)
		if (!same_number(
			    "a byte of an address of socket", row, want->bytes[i], got->bytes[i]))
			return false;
	return same_number("scope of an address of socket", row, want->scope, got->scope);
}

/* Edges in their order, with the processes by what they are. */
static bool same_owners(const struct frame *f, const struct frame *g, uint32_t row)
{
	uint32_t a = f->socks[row].owner, b = g->socks[row].owner;

	for (; a != SOCK_NONE && b != SOCK_NONE; a++, b++) {
		const struct owner_edge *want = &f->edges[a], *got = &g->edges[b];
		const struct proc *p = &f->procs[want->proc], *q = &g->procs[got->proc];
		const struct pair pairs[] = { { "pid", p->pid, q->pid },
			{ "start", (int64_t)p->start, (int64_t)q->start }, PAIR(fd), PAIR(last) };

		if (!same_numbers("owner of socket", row, pairs, COUNT_OF(pairs)))
			return false;
		if (want->last)
			return true;
	}
	return same_number("owner of socket", row, a == SOCK_NONE, b == SOCK_NONE);
}

static bool same_socks(const struct frame *f, const struct frame *g)
{
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *want = &f->socks[row], *got = &g->socks[row];
		const struct pair pairs[] = { PAIR(cookie), PAIR(inode), PAIR(uid), PAIR(recv_q),
			PAIR(send_q), PAIR(local_port), PAIR(remote_port), PAIR(first_seen),
			PAIR(drops), PAIR(expires_ms), PAIR(netns), PAIR(proto), PAIR(state),
			PAIR(timer), PAIR(retrans), PAIR(flags) };

		if (!same_numbers("socket", row, pairs, COUNT_OF(pairs)) ||
			!same_address(f, g, row, want->local, got->local) ||
			!same_address(f, g, row, want->remote, got->remote) ||
			!same_owners(f, g, row) ||
			!same_number(
				"row of socket", row, row, find_sock(g, frame_sock_key(g, got))))
			return false;
	}
	return true;
}

/* Whether everything that a tape keeps is the same; else `difference` says what is not. */
static bool same_resets(const struct frame *f, const struct frame *g)
{
	if (!same_number("resets", 0, f->reset_count, g->reset_count))
		return false;
	for (uint32_t i = 0; i < f->reset_count; i++) {
		const struct frame_reset *want = &f->resets[i], *got = &g->resets[i];
		const struct pair pairs[] = { PAIR(cookie), PAIR(netns), PAIR(ipv4), PAIR(proc),
			PAIR(fd), PAIR(inode), PAIR(wait_since) };

		if (!same_numbers("reset", i, pairs, COUNT_OF(pairs)))
			return false;
	}
	return true;
}

static bool same_frames(const struct frame *want, const struct frame *got)
{
	return same_head(want, got) && same_small_tables(want, got) && same_procs(want, got) &&
	       same_socks(want, got) && same_resets(want, got);
}

/* The same of what became of the sockets. */
static bool same_diffs(const struct frame *f, const struct frame *g)
{
	const struct diff *want = &f->diff, *got = &g->diff;
	const struct pair pairs[] = { PAIR(known), PAIR(gone_count) };

	if (!same_numbers("diff", 0, pairs, COUNT_OF(pairs)))
		return false;
	for (uint32_t row = 0; want->known && row < f->sock_count; row++)
		if (!same_number(
			    "row before of socket", row, want->previous[row], got->previous[row]))
			return false;
	for (uint32_t i = 0; i < want->gone_count; i++)
		if (!same_number("gone", i, want->gone[i], got->gone[i]))
			return false;
	return true;
}

#define assert_same(want, got)                                                                     \
	do {                                                                                       \
		if (!same_frames(want, got))                                                       \
			fail_msg("%s", difference);                                                \
	} while (0)
#define assert_same_diff(want, got)                                                                \
	do {                                                                                       \
		if (!same_diffs(want, got))                                                        \
			fail_msg("%s", difference);                                                \
	} while (0)

/* ---- There and back -------------------------------------------------------------------------- */

/* The payload of a frame; the same every time. */
static void encode(const struct frame *cur, const struct frame *prev, struct buf *out)
{
	struct buf again = { 0 };

	buf_clear(out);
	tape_encode(cur, prev, out);
	tape_encode(cur, prev, &again);
	assert_false(out->failed);
	assert_int_equal(out->len, again.len);
	assert_memory_equal(out->data, again.data, again.len);
	buf_free(&again);
}

static int decode_bytes(const void *bytes, size_t len, const struct frame *prev, struct frame **out)
{
	uint8_t *block = malloc(len + 1);
	int err;

	assert_non_null(block);
	if (len)
		memcpy(block + 1, bytes, len);
	*out = NULL;
	err = tape_decode(block + 1, len, prev, out);
	free(block);
	assert_int_equal(!err, *out != NULL);
	return err;
}

static struct frame *decode(const struct buf *b, const struct frame *prev)
{
	struct frame *f;

	assert_int_equal(decode_bytes(b->data, b->len, prev, &f), 0);
	return f;
}

/* The frames of a story as they are decoded one after the other. */
struct chain {
	struct frame *then, *decoded; /* the last one, and what came of it */
	struct buf whole, changes;    /* its payloads */
	unsigned changed;             /* samples that were told as changes */
};

/* Both ways that a sample of changes may be read: after the frame that it was compared with, and
 * after what came of that. */
static struct frame *check_changes(struct chain *c, struct frame *f)
{
	struct frame *after, *chained;
	struct buf again = { 0 };

	encode(f, c->then, &c->changes);
	after = decode(&c->changes, c->then);
	assert_same(f, after);
	assert_same_diff(f, after);
	frame_put(after);
	chained = decode(&c->changes, c->decoded);
	assert_same(f, chained);
	assert_same_diff(f, chained);
	/* What was read can be recorded again. */
	encode(chained, c->decoded, &again);
	assert_int_equal(again.len, c->changes.len);
	assert_memory_equal(again.data, c->changes.data, again.len);
	encode(chained, NULL, &again);
	assert_int_equal(again.len, c->whole.len);
	assert_memory_equal(again.data, c->whole.data, again.len);
	buf_free(&again);
	c->changed++;
	return chained;
}

/* The next frame of a story, which has to be compared with the one before. */
static void chain_add(struct chain *c, struct frame *f)
{
	struct frame *got;

	encode(f, NULL, &c->whole);
	got = decode(&c->whole, NULL);
	assert_same(f, got);
	assert_false(got->diff.known);
	if (f->diff.known) {
		frame_put(got);
		got = check_changes(c, f);
	} else if (c->then) {
		/* Without a comparison there are no changes to tell. */
		encode(f, c->then, &c->changes);
		assert_int_equal(c->changes.len, c->whole.len);
	}
	frame_put(c->then);
	frame_put(c->decoded);
	c->then = frame_get(f);
	c->decoded = got;
}

static void chain_end(struct chain *c)
{
	frame_put(c->then);
	frame_put(c->decoded);
	buf_free(&c->whole);
	buf_free(&c->changes);
	*c = (struct chain){ 0 };
}

/* ---- Stories --------------------------------------------------------------------------------- */

static void servers_come_back(void **state)
{
	static const struct server kinds[] = {
		{ .clients = 60 },
		{ .clients = 60, .unprivileged = true },
		{ .clients = 60, .procfs = true },
		{ .clients = 60, .without_owners = true },
		{ .clients = 60, .unprivileged = true, .procfs = true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct chain c = { 0 };
		struct story st;

		story_begin(&st, 10);
		for (unsigned n = 0; n < 5; n++) {
			struct server s = kinds[i];

			s.first = n;
			s.samples = 1;
			chain_add(&c, server_tell(&st, &s)->frame);
		}
		/* A preliminary frame is compared with none. */
		assert_int_equal(c.changed, kinds[i].without_owners ? 0 : 4);
		chain_end(&c);
		story_end(&st);
	}
}

/* The sockets of /proc/net are known by their ends, listeners by their inode too. */
static void sockets_without_cookies_come_back(void **state)
{
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 6; n++) {
		story_frame(&st, n);
		for (unsigned i = 0; i < 4; i++)
			story_sock(&st,
				"tcp LISTEN 0.0.0.0:80 * cookie=0 inode=%u no_backlog recv_q=%u",
				100 + (i + n) % 5, n);
		for (unsigned i = n; i < n + 12; i++)
			story_sock(&st, "tcp %s 10.0.0.1:80 10.0.0.2:%u cookie=0 %s",
				i % 7 == n ? "CLOSE-WAIT" : "ESTAB", 5000 + i * 7 % 12,
				i % 3 ? "pid=7" : "");
		story_sock(&st, "tcp TIME-WAIT [fe80::1]%%eth0:80 [fe80::2]:%u cookie=0 timer=3",
			n / 2);
		chain_add(&c, story_sample(&st)->frame);
	}
	assert_int_equal(c.changed, 5);
	chain_end(&c);
	story_end(&st);
}

static void frames_without_owners_come_back(void **state)
{
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 6; n++) {
		story_frame(&st, n)->owners_known = n % 3 == 2;
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 recv_q=%u", n / 2);
		story_sock(&st, "udp UNCONN [::]:53 * drops=%u %s", n,
			n % 3 == 2 ? "pid=7" : "inode=5");
		chain_add(&c, story_sample(&st)->frame);
		assert_int_equal(st.sample->frame->proc_count, n % 3 == 2 ? 1 : 0);
	}
	chain_end(&c);
	story_end(&st);
}

/* Processes that have ended and still linger, sockets that are passed on, shared ones. */
static void owners_come_back(void **state)
{
	static const char *const owners[][3] = {
		{ "pid=7", "pid=8 pid=7", "" },
		{ "pid=7", "pid=8 pid=7", "pid=9" },
		{ "pid=7 pid=7 pid=7", "pid=8", "pid=9" },
		{ "", "pid=8", "pid=7" },
		{ "pid=9", "pid=8", "" },
		{ "pid=9", "pid=7 pid=9", "" },
		{ "pid=9", "pid=7 pid=8 pid=9", "" },
	};
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < COUNT_OF(owners); n++) {
		story_frame(&st, n);
		for (unsigned i = 0; i < 3; i++)
			story_proc(&st, .pid = 7 + (i + n) % 3, .name = "nginx", .fds = n / 2 + 3,
				.start = i == n % 2 ? 70 + n / 3 : 70, .fd_limit = PROC_UNLIMITED,
				.cmdline = n % 4 ? "nginx: worker" : "");
		for (unsigned i = 0; i < 3; i++)
			story_sock(&st, "tcp %s 10.0.0.1:%u 10.0.0.2:5000 %s",
				n == 4 ? "LAST-ACK" : "ESTAB", 80 + i, owners[n][i]);
		chain_add(&c, story_sample(&st)->frame);
	}
	chain_end(&c);
	story_end(&st);
}

static void empty_frames_come_back(void **state)
{
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 8; n++) {
		story_frame(&st, n);
		if (n % 4 > 1)
			story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 timer=1 pid=7");
		chain_add(&c, story_sample(&st)->frame);
	}
	chain_end(&c);
	story_end(&st);
}

/* A socket of a namespace whose row is another one now: the rows that are left are fewer than the
 * row that it had. */
static void namespaces_may_move(void **state)
{
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	assert_int_equal(frame_add_netns(st.frame, 77, "blue"), 1);
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=1 netns=1");
	chain_add(&c, story_sample(&st)->frame);
	story_frame(&st, 1);
	st.frame->namespaces[0] = (struct netns){ .inode = 77, .name = "blue" };
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=1 netns=0");
	chain_add(&c, story_sample(&st)->frame);
	assert_int_equal(st.sample->frame->diff.previous[0], 0);
	chain_end(&c);
	story_end(&st);
}

/* Who walks /proc may meet a process twice, and then it stands there twice. */
static void processes_may_be_there_twice(void **state)
{
	static const unsigned times[] = { 1, 2, 300, 1, 300, 2 };
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < COUNT_OF(times); n++) {
		story_frame(&st, n);
		for (unsigned i = 0; i < times[n]; i++)
			story_proc(&st, .pid = 7, .name = "nginx", .fds = i + 1);
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 pid=7");
		chain_add(&c, story_sample(&st)->frame);
	}
	chain_end(&c);
	story_end(&st);
}

static void add_reset(struct story *st, uint64_t cookie, uint32_t proc, uint32_t fd)
{
	struct frame_reset r = { .cookie = cookie,
		.proc = proc,
		.fd = fd,
		.inode = (uint32_t)cookie * 3,
		.wait_since = (int32_t)cookie - 50,
		.ipv4 = cookie % 2 };

	assert_int_equal(frame_add_reset(st->frame, &r), 0);
}

/* Some go, others come behind them, and the processes stand in another order. */
static void resets_come_back(void **state)
{
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 30; n++) {
		bool swapped = n % 4 == 2;

		story_frame(&st, n);
		story_proc(&st, .pid = swapped ? 8 : 7, .name = "nginx", .fds = n);
		story_proc(&st, .pid = swapped ? 7 : 8, .name = "java", .fds = n);
		for (unsigned i = 0; n % 10 != 9 && i < 20 + 3 * n; i++)
			if (i % 7 != n % 7)
				add_reset(&st, 1000 + i, (i % 3 == 0) ^ swapped, 5 + i);
		/* One whose number has another socket now. */
		if (n > 5)
			add_reset(&st, 999, 0, n / 3);
		/* In another order, at times. */
		if (n % 8 == 5 && st.frame->reset_count) {
			struct frame_reset first = st.frame->resets[0],
					   *last = &st.frame->resets[st.frame->reset_count - 1];

			st.frame->resets[0] = *last;
			*last = first;
		}
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=1 pid=7");
		chain_add(&c, story_sample(&st)->frame);
	}
	assert_int_equal(c.changed, 29);
	chain_end(&c);
	story_end(&st);
}

/* Thousands that stay are told in some bytes, and each that comes in some more. */
static void resets_are_small(void **state)
{
	struct frame *then = NULL;
	struct buf b = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	for (unsigned n = 0; n < 3; n++) {
		struct frame *now;
		size_t without;

		story_frame(&st, n);
		story_proc(&st, .pid = 7, .name = "java");
		for (unsigned i = 0; i < 5000 + 100 * n; i++)
			add_reset(&st, 1000000 + 5 * i, 0, 5 + i);
		now = frame_get(story_sample(&st)->frame);
		now->reset_count = 0;
		encode(now, then, &b);
		without = b.len;
		now->reset_count = 5000 + 100 * n;
		encode(now, then, &b);
		assert_in_range(b.len - without, n ? 600 : 30000, n ? 900 : 45000);
		frame_put(then);
		then = now;
	}
	frame_put(then);
	story_end(&st);
	buf_free(&b);
}

/* Edges of what a frame may hold. */
static void heads_come_back(void **state)
{
	static const struct {
		int64_t wall_ns, mono_ns, epoch_ns, counter;
	} cases[] = {
		{ 0, 0, 0, 0 }, { -1, -1, -1, 1 },
		{ INT64_MAX / 2, INT64_MAX / 4, -(INT64_MAX / 4), INT64_MAX / 2 - 1 },
		{ -(INT64_MAX / 2), -(INT64_MAX / 4), INT64_MAX / 4, COUNTER_UNKNOWN },
		{ INT64_C(4102444800) * 1000000000, 1, 1, 127 }, /* in 2100 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct frame *f = frame_create(), *got;
		struct buf b = { 0 };

		assert_non_null(f);
		f->wall_ns = cases[i].wall_ns;
		f->mono_ns = cases[i].mono_ns;
		f->epoch_ns = cases[i].epoch_ns;
		f->counters[i] = cases[i].counter;
		f->cost_wall_ns = f->cost_cpu_ns = i % 2 ? INT64_MAX / 4 : 0;
		f->cpu_percent = i % 2 ? 399.75 : NAN;
		f->uptime_s = i % 2 ? NAN : 0;
		f->one_family = f->pids_hidden = i % 2;
		f->owners_known = i % 3;
		f->absent = f->procs_hidden = f->owners_hidden = i % 2 ? UINT32_MAX : 1;
		f->seer_uid = (uint32_t[]){ 0, PROC_UNKNOWN, PROC_UNKNOWN - 1 }[i % 3];
		f->problems[i % FRAME_PROBLEMS] = i % 2 ? -1 : -4095;
		encode(f, NULL, &b);
		got = decode(&b, NULL);
		assert_same(f, got);
		frame_put(f);
		frame_put(got);
		buf_free(&b);
	}
}

/* What the kernel cannot have counted is not known, and does not make a tape that nobody reads. */
static void counters_out_of_range_are_not_known(void **state)
{
	static const int64_t cases[] = { -1, INT64_MIN + 1, INT64_MAX / 2, INT64_MAX };
	struct frame *f = frame_create(), *got;
	struct buf b = { 0 };

	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		f->counters[0] = cases[i];
		encode(f, NULL, &b);
		got = decode(&b, NULL);
		assert_true(got->counters[0] == COUNTER_UNKNOWN);
		frame_put(got);
	}
	frame_put(f);
	buf_free(&b);
}

/* ---- A walk ---------------------------------------------------------------------------------- */

/* A server that does what no server does: every step changes anything, and then it is told in a
 * frame. */
#define WALK_STEPS     500
#define WALK_SOCKS     40
#define WALK_PROCS     10
#define WALK_OWNERS    4
#define WALK_ADDRESSES 40

struct walk_sock {
	struct sock s; /* its addresses are numbers */
	struct owner_found owners[WALK_OWNERS];
	uint32_t owner_count;
};

struct walk_proc {
	struct proc p;
	unsigned words[5];
};

struct walk {
	uint64_t random;
	struct walk_sock socks[WALK_SOCKS];
	uint32_t sock_count;
	struct walk_proc procs[WALK_PROCS];
	uint32_t proc_count;
	struct user users[4]; /* names stand in `words` */
	struct device devices[4];
	struct netns namespaces[4];
	unsigned user_words[4], device_words[4], netns_words[4];
	uint32_t user_count, device_count, netns_count;
	int64_t counters[COUNTER_COUNT];
	int64_t wall_ns, mono_ns;
};

/* xorshift64*; 0 ≤ answer < below. */
static uint32_t any(struct walk *w, uint32_t below)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return below ? (uint32_t)(w->random * 0x2545f4914f6cdd1d >> 33) % below : 0;
}

/* Small ones, edges, and any. */
static uint32_t any_number(struct walk *w)
{
	static const uint32_t edges[] = { 0, 1, 2, 63, 64, 127, 128, 255, 256, 16383, 16384, 65535,
		65536, INT32_MAX, 1u + INT32_MAX, UINT32_MAX - 1, UINT32_MAX };

	return any(w, 3) ? edges[any(w, COUNT_OF(edges))] : any(w, INT32_MAX) * 2 + any(w, 2);
}

static const char *word(unsigned number)
{
	static const char *const words[] = { "", "nginx", "a b", "\x1b[31mred\n", "\xe6\x95\xb0",
		"x\xff\\x1B", "\xe2\x80\xae\"{}" };
	static char long_word[400];

	if (number % 9 < COUNT_OF(words))
		return words[number % 9];
	memset(long_word, 'l', sizeof long_word - 1);
	long_word[number % 9 == 8 ? 127 : 399] = '\0';
	return long_word;
}

/* ---- Steps of it ----------------------------------------------------------------------------- */

static struct walk_sock *any_sock(struct walk *w)
{
	return &w->socks[any(w, w->sock_count)];
}

static void appear(struct walk *w)
{
	struct walk_sock *s = &w->socks[w->sock_count];

	if (w->sock_count == WALK_SOCKS)
		return;
	memset(s, 0, sizeof *s);
	s->s.cookie = any(w, 4) ? any_number(w) | (uint64_t)any(w, 3) << 62 : 0;
	s->s.local = any(w, WALK_ADDRESSES);
	s->s.remote = any(w, WALK_ADDRESSES);
	s->s.local_port = (uint16_t)any(w, 3);
	s->s.remote_port = (uint16_t)any_number(w);
	sock_set_state(&s->s, any(w, SOCK_PROTO_COUNT), 1 + any(w, SOCK_STATE_COUNT - 1));
	sock_set_timer(&s->s, any(w, 5), any_number(w));
	s->s.inode = any(w, 2) ? any_number(w) : 0;
	s->s.netns = any(w, w->netns_count) & SOCK_NETNS_MAX;
	w->sock_count++;
}

static void vanish(struct walk *w)
{
	if (w->sock_count)
		*any_sock(w) = w->socks[--w->sock_count];
}

/* The same ones, so that the order stays. */
static void vanish_in_order(struct walk *w)
{
	uint32_t gone = any(w, w->sock_count);

	if (!w->sock_count)
		return;
	w->sock_count--;
	memmove(&w->socks[gone], &w->socks[gone + 1], (w->sock_count - gone) * sizeof *w->socks);
}

/* A field that may have any value. */
static void change_timer(struct walk *w)
{
	struct sock *s = &any_sock(w)->s;

	if (w->sock_count)
		sock_set_timer(s, any(w, SOCK_TIMER_MAX + 1), any_number(w));
}

static void change_number(struct walk *w)
{
#define FIELD(name)                                                                                \
	{                                                                                          \
		offsetof(struct sock, name), sizeof((struct sock){ 0 }.name)                       \
	}
	static const struct {
		size_t at, size;
	} fields[] = { FIELD(inode), FIELD(uid), FIELD(recv_q), FIELD(send_q), FIELD(local_port),
		FIELD(remote_port), FIELD(first_seen), FIELD(drops), FIELD(retrans), FIELD(flags) };
	size_t i = any(w, COUNT_OF(fields));
	uint32_t n = any_number(w);

	if (w->sock_count)
		memcpy((uint8_t *)&any_sock(w)->s + fields[i].at, &n, fields[i].size);
#undef FIELD
}

/* One that may not. */
static void change_sock(struct walk *w)
{
	struct sock *s = &any_sock(w)->s;
	unsigned what = any(w, 5);

	if (!w->sock_count)
		return;
	if (what == 0)
		s->local = any(w, WALK_ADDRESSES);
	else if (what == 1)
		s->remote = any(w, WALK_ADDRESSES);
	else if (what == 2)
		sock_set_state(s, any(w, SOCK_PROTO_COUNT), s->state);
	else if (what == 3)
		sock_set_state(s, s->proto, 1 + any(w, SOCK_STATE_COUNT - 1));
	else
		s->netns = any(w, w->netns_count) & SOCK_NETNS_MAX;
}

static void swap_socks(struct walk *w)
{
	struct walk_sock *a = any_sock(w), *b = any_sock(w), then = *a;

	if (!w->sock_count)
		return;
	*a = *b;
	*b = then;
}

/* As a dump does when a table of the kernel's was made larger. */
static void turn_socks(struct walk *w)
{
	uint32_t by = any(w, w->sock_count);
	struct walk_sock turned[WALK_SOCKS];

	for (uint32_t i = 0; i < w->sock_count; i++)
		turned[i] = w->socks[(i + by) % w->sock_count];
	memcpy(w->socks, turned, w->sock_count * sizeof *w->socks);
}

static void change_owners(struct walk *w)
{
	struct walk_sock *s = any_sock(w);

	if (!w->sock_count)
		return;
	s->owner_count = w->proc_count ? any(w, WALK_OWNERS + 1) : 0;
	for (uint32_t i = 0; i < s->owner_count; i++) {
		s->owners[i].proc = any(w, w->proc_count);
		s->owners[i].fd = any(w, 8) ? any(w, 300) : INT32_MAX - any(w, 2);
	}
}

static void begin_proc(struct walk *w)
{
	struct walk_proc *p = &w->procs[w->proc_count];

	if (w->proc_count == WALK_PROCS)
		return;
	memset(p, 0, sizeof *p);
	p->p.pid = any(w, 6) ? any(w, 6) : any_number(w);
	p->p.start = any(w, 2);
	w->proc_count++;
}

/* Its sockets lose it; the owners of others are rows that follow. */
static void end_proc(struct walk *w)
{
	uint32_t gone = any(w, w->proc_count);

	if (!w->proc_count)
		return;
	w->proc_count--;
	memmove(&w->procs[gone], &w->procs[gone + 1], (w->proc_count - gone) * sizeof *w->procs);
	for (uint32_t i = 0; i < w->sock_count; i++) {
		struct walk_sock *s = &w->socks[i];
		uint32_t kept = 0;

		for (uint32_t k = 0; k < s->owner_count; k++) {
			struct owner_found o = s->owners[k];

			if (o.proc == gone)
				continue;
			o.proc -= o.proc > gone;
			s->owners[kept++] = o;
		}
		s->owner_count = kept;
	}
}

static void swap_procs(struct walk *w)
{
	uint32_t a = any(w, w->proc_count), b = any(w, w->proc_count);
	struct walk_proc then = w->procs[a];

	if (!w->proc_count)
		return;
	w->procs[a] = w->procs[b];
	w->procs[b] = then;
	for (uint32_t i = 0; i < w->sock_count; i++)
		for (uint32_t k = 0; k < w->socks[i].owner_count; k++) {
			uint32_t *proc = &w->socks[i].owners[k].proc;

			*proc = *proc == a ? b : *proc == b ? a : *proc;
		}
}

static void change_proc(struct walk *w)
{
	struct walk_proc *p = &w->procs[any(w, w->proc_count)];
	unsigned what = any(w, 9);

	if (!w->proc_count)
		return;
	if (what < COUNT_OF(p->words))
		p->words[what] = any(w, 9);
	else if (what == 5)
		p->p.uid = any_number(w);
	else if (what == 6)
		p->p.fds = any_number(w);
	else if (what == 7)
		p->p.fd_limit = any_number(w);
	else
		p->p.start = any(w, 2) ? any_number(w) : p->p.start + 1; /* the pid again */
}

static void change_users(struct walk *w)
{
	if (any(w, 4) == 0)
		w->user_count = any(w, COUNT_OF(w->users) + 1);
	w->user_words[any(w, COUNT_OF(w->users))] = any(w, 9);
	w->users[any(w, COUNT_OF(w->users))].uid = any_number(w);
}

static void change_devices(struct walk *w)
{
	if (any(w, 4) == 0)
		w->device_count = any(w, COUNT_OF(w->devices) + 1);
	w->device_words[any(w, COUNT_OF(w->devices))] = any(w, 9);
	w->devices[any(w, COUNT_OF(w->devices))].index = any_number(w);
}

/* Sockets of a namespace that is not told any more are in the first one. */
static void change_namespaces(struct walk *w)
{
	w->netns_words[any(w, COUNT_OF(w->namespaces))] = any(w, 9);
	w->namespaces[any(w, COUNT_OF(w->namespaces))].inode = any(w, 3) ? any(w, 3) : UINT64_MAX;
	w->netns_count = 1 + any(w, COUNT_OF(w->namespaces));
	for (uint32_t i = 0; i < w->sock_count; i++)
		if (w->socks[i].s.netns >= w->netns_count)
			w->socks[i].s.netns = 0;
}

static void change_counter(struct walk *w)
{
	int64_t *counter = &w->counters[any(w, COUNTER_COUNT)];

	*counter = any(w, 3) ? (int64_t)any_number(w) << any(w, 30) : COUNTER_UNKNOWN;
}

/* One socket, or none, and perhaps no processes. */
static void leave_few(struct walk *w)
{
	uint32_t left = any(w, 2);

	w->sock_count = w->sock_count < left ? w->sock_count : left;
	while (left == 0 && w->proc_count)
		end_proc(w);
}

/* Timers run down with the time; it may also stand still, or jump. */
static void pass_time(struct walk *w)
{
	static const int64_t steps[] = { 0, 1, 999999, 1000000, 1000000000, 2000000000, 2000000001,
		3600000000000, INT64_C(1) << 52, -1, -5000000000 };
	int64_t step = any(w, 2) ? 2000000000 : steps[any(w, COUNT_OF(steps))];

	w->mono_ns += step;
	w->wall_ns += any(w, 4) ? step : (int64_t)any_number(w) * (any(w, 2) ? 1000000 : -1000000);
	for (uint32_t i = 0; i < w->sock_count; i++) {
		struct sock *s = &w->socks[i].s;
		int64_t left = (int64_t)s->expires_ms - step / 1000000;

		if (s->timer && any(w, 5))
			sock_set_timer(s, s->timer, left > 0 ? (uint32_t)left : 0);
	}
}

static void walk_on(struct walk *w)
{
	static void (*const steps[])(struct walk * w) = { appear, appear, appear, appear, appear,
		appear, vanish, vanish_in_order, change_number, change_number, change_timer,
		change_sock, swap_socks, turn_socks, change_owners, change_owners, begin_proc,
		begin_proc, end_proc, swap_procs, change_proc, change_proc, change_users,
		change_devices, change_namespaces, change_counter };
	uint32_t times = any(w, 3) ? any(w, 6) : any(w, 40);

	while (times-- > 0)
		steps[any(w, COUNT_OF(steps))](w);
	pass_time(w);
	if (any(w, 40) == 0)
		leave_few(w);
}

/* ---- Told in frames -------------------------------------------------------------------------- */

static const char *walk_text(struct frame *f, unsigned number)
{
	const char *text = frame_text(f, word(number), strlen(word(number)));

	assert_non_null(text);
	return text;
}

static void tell_head(struct walk *w, struct frame *f)
{
	f->wall_ns = w->wall_ns;
	f->mono_ns = w->mono_ns;
	f->epoch_ns = any(w, 9) ? 0 : any_number(w);
	f->cost_wall_ns = any_number(w);
	f->cost_cpu_ns = any_number(w);
	f->cpu_percent = any(w, 2) ? any_number(w) / 1e4 : NAN;
	f->uptime_s = any(w, 2) ? any_number(w) / 1e2 : NAN;
	f->host = walk_text(f, any(w, 9));
	f->kind = walk_text(f, any(w, 9));
	f->release = walk_text(f, any(w, 9));
	f->seer = walk_text(f, any(w, 9));
	f->seer_uid = any_number(w);
	f->one_family = any(w, 2);
	f->owners_known = any(w, 2);
	f->pids_hidden = any(w, 2);
	f->absent = any(w, 4);
	f->procs_hidden = any_number(w);
	f->owners_hidden = any_number(w);
	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		f->problems[i] = any(w, 3) ? 0 : -(int)any(w, 4096);
	memcpy(f->counters, w->counters, sizeof f->counters);
}

static void tell_tables(const struct walk *w, struct frame *f)
{
	uint32_t row;

	for (uint32_t i = 0; i < w->netns_count; i++)
		assert_int_equal(
			frame_add_netns(f, w->namespaces[i].inode, walk_text(f, w->netns_words[i])),
			i);
	for (uint32_t i = 0; i < w->device_count; i++)
		assert_int_equal(
			frame_add_device(f, w->devices[i].index, walk_text(f, w->device_words[i])),
			0);
	for (uint32_t i = 0; i < w->user_count; i++)
		assert_int_equal(
			frame_add_user(f, w->users[i].uid, walk_text(f, w->user_words[i])), 0);
	for (uint32_t i = 0; i < w->proc_count; i++) {
		const unsigned *words = w->procs[i].words;
		struct proc p = w->procs[i].p;

		p.name = walk_text(f, words[0]);
		p.user = walk_text(f, words[1]);
		p.cmdline = walk_text(f, words[2]);
		p.unit = walk_text(f, words[3]);
		p.cgroup = walk_text(f, words[4]);
		assert_int_equal(frame_add_proc(f, &p, &row), 0);
	}
}

/* Of all families and kinds; some differ in their last byte or scope only. */
static uint32_t walk_address(struct frame *f, uint32_t number)
{
	uint8_t bytes[16] = { 0 };
	uint32_t row;

	if (number % 4 == 1)
		bytes[10] = bytes[11] = 0xff, bytes[12] = 10;
	if (number % 4 > 1)
		bytes[0] = 0xfe, bytes[1] = 0x80;
	if (number % 4)
		bytes[15] = (uint8_t)(number / 16);
	assert_int_equal(frame_intern_address(f, bytes, number / 4 % 4 ? 0 : number, &row), 0);
	return row;
}

/* Of two with the same key the second one stays, with the owners of both. */
static void tell_socks(const struct walk *w, struct frame *f)
{
	struct owner_found found[WALK_SOCKS * WALK_OWNERS];
	uint64_t keys[WALK_SOCKS];
	size_t count = 0;

	for (uint32_t i = 0; i < w->sock_count; i++) {
		struct sock s = w->socks[i].s;

		s.local = walk_address(f, s.local);
		s.remote = walk_address(f, s.remote);
		s.owner = SOCK_NONE;
		assert_int_equal(frame_add_sock(f, &s), 0);
		keys[i] = frame_sock_key(f, &s);
	}
	assert_int_equal(frame_settle(f), 0);
	for (uint32_t i = 0; i < w->sock_count; i++) {
		uint32_t row = find_sock(f, keys[i]);

		for (uint32_t k = 0; k < w->socks[i].owner_count; k++) {
			found[count] = w->socks[i].owners[k];
			found[count++].sock = row;
		}
	}
	assert_int_equal(frame_set_owners(f, found, count), 0);
}

/* What the walk came by. */
struct walk_sights {
	unsigned fresh, gone, moved, empty, single, without_procs, owners;
};

static void look_around(const struct frame *f, struct walk_sights *seen)
{
	seen->gone += f->diff.gone_count;
	seen->empty += f->sock_count == 0;
	seen->single += f->sock_count == 1;
	seen->without_procs += f->proc_count == 0;
	seen->owners += f->edge_count;
	for (uint32_t row = 0; f->diff.known && row < f->sock_count; row++) {
		seen->fresh += f->diff.previous[row] == SOCK_NONE;
		seen->moved += row && f->diff.previous[row] < f->diff.previous[row - 1];
	}
}

static void a_walk_comes_back(void **state)
{
	struct walk w = { .random = 20261122, .netns_count = 1 };
	struct walk_sights seen = { 0 };
	struct chain c = { 0 };
	struct story st;

	(void)state;
	story_begin(&st, 0); /* what fails is not hidden by the leaks of it */
	for (unsigned step = 0; step < WALK_STEPS; step++) {
		struct frame *f = frame_create();

		assert_non_null(f);
		walk_on(&w);
		tell_head(&w, f);
		tell_tables(&w, f);
		tell_socks(&w, f);
		assert_int_equal(frame_compare(f, c.then), 0);
		look_around(f, &seen);
		chain_add(&c, f);
		frame_put(f);
	}
	assert_int_equal(c.changed, WALK_STEPS - 1);
	assert_true(seen.fresh > 1000 && seen.gone > 1000 && seen.moved > 400);
	assert_true(seen.empty > 5 && seen.single > 5 && seen.without_procs > 5);
	assert_true(seen.owners > 4000);
	chain_end(&c);
	story_end(&st);
}

/* ---- How many bytes -------------------------------------------------------------------------- */

static struct frame *next_synthetic(struct source *source, const struct frame *prev)
{
	static const struct source_request all = {
		.needs = NEED_ALL,
		.protocols = 1u << SOCK_TCP | 1u << SOCK_UDP,
		.ipv4 = true,
		.ipv6 = true,
		.interval_s = 2,
	};
	struct frame *f;

	assert_int_equal(source_next(source, &all, prev, &f), 0);
	return f;
}

/* New, gone and changed rows, and those with a timer. */
static void count_rows(
	const struct frame *f, const struct frame *prev, uint32_t *changed, uint32_t *timers)
{
	*changed = f->diff.gone_count;
	*timers = 0;
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row], *then;

		if (f->diff.previous[row] == SOCK_NONE) {
			++*changed;
			continue;
		}
		then = &prev->socks[f->diff.previous[row]];
		*timers += then->timer != 0;
		*changed += s->state != then->state || s->recv_q != then->recv_q ||
			    s->send_q != then->send_q || s->flags != then->flags ||
			    s->timer != then->timer || s->drops != then->drops ||
			    (s->owner == SOCK_NONE) != (then->owner == SOCK_NONE);
	}
}

/* With TAPE_SIZES=1 it says what it found. */
static void samples_are_small(void **state)
{
	const struct synth_spec spec = {
		.sockets = 10000, .churn = 0.01, .leak = 2, .listeners = 40, .seed = 1
	};
	struct source *source;
	struct frame *then;
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(source_open_synth(&spec, &source), 0);
	then = next_synthetic(source, NULL);
	encode(then, NULL, &b);
	if (getenv("TAPE_SIZES"))
		printf("# whole: %zu bytes, %.2f a row\n", b.len, (double)b.len / then->sock_count);
	assert_true(b.len < 22 * (size_t)then->sock_count);
	for (unsigned n = 0; n < 4; n++) {
		struct frame *f = next_synthetic(source, then);
		uint32_t changed, timers;

		count_rows(f, then, &changed, &timers);
		encode(f, then, &b);
		if (getenv("TAPE_SIZES"))
			printf("# changes: %zu bytes, %u rows changed, %u timers\n", b.len, changed,
				timers);
		assert_true(changed > 150);
		assert_true((double)b.len < 300 + 8 * changed + 1.1 * timers);
		frame_put(then);
		then = f;
	}
	frame_put(then);
	source_close(source);
	buf_free(&b);
}

/* ---- Payloads from words --------------------------------------------------------------------- */

static const char *const section_names[TAPE_SECTIONS] = {
	[TAPE_HEAD] = "head",
	[TAPE_COUNTERS] = "counters",
	[TAPE_NAMESPACES] = "namespaces",
	[TAPE_DEVICES] = "devices",
	[TAPE_USERS] = "users",
	[TAPE_PROCS] = "procs",
	[TAPE_PROC_CHANGES] = "proc_changes",
	[TAPE_SOCKETS] = "socks",
	[TAPE_SOCKET_CHANGES] = "sock_changes",
	[TAPE_TIMERS] = "timers",
	[TAPE_RESETS] = "resets",
};

static unsigned read_section(const char *name)
{
	for (unsigned type = TAPE_HEAD; type < TAPE_SECTIONS; type++)
		if (strcmp(section_names[type], name) == 0)
			return type;
	return (unsigned)strtoul(name, NULL, 10);
}

static void add_word(struct buf *b, const char *word)
{
	switch (*word) {
	case '+':
	case '-':
		wire_add_int(b, strtoll(word, NULL, 10));
		break;
	case ':':
		wire_add_u16(b, (uint16_t)strtoul(word + 1, NULL, 10));
		break;
	case '=':
		wire_add_real(b, strtod(word + 1, NULL));
		break;
	case '\'':
		wire_add_text(b, word + 1);
		break;
	case 'x':
		buf_addc(b, (char)strtoul(word + 1, NULL, 16));
		break;
	default:
		wire_add_uint(b, strtoull(word, NULL, 10));
	}
}

/* "@socks 5 +5 -5 :443 =0.5 'text xff" is a section with a uint, two ints, a u16, a real, a text
 * and a byte. */
static void add_words(struct buf *out, const char *words)
{
	char *line = strdup(words), *rest, *word;
	struct buf section = { 0 };
	unsigned type = 0;

	assert_non_null(line);
	for (word = strtok_r(line, " ", &rest);; word = strtok_r(NULL, " ", &rest)) {
		if (word && *word != '@') {
			add_word(&section, word);
			continue;
		}
		if (type) {
			wire_add_uint(out, type);
			wire_add_bytes(out, &section);
		}
		buf_clear(&section);
		if (!word)
			break;
		type = read_section(word + 1);
	}
	assert_false(out->failed);
	buf_free(&section);
	free(line);
}

static int decode_words(const char *words, const struct frame *prev, struct frame **out)
{
	struct buf b = { 0 };
	int err;

	add_words(&b, words);
	err = decode_bytes(b.data, b.len, prev, out);
	buf_free(&b);
	return err;
}

/* One second after the frame of open_base(). */
#define HEAD "@head +5 +1001000000000 +1000000000000 0 0 =nan =nan 2 0 0 0 0 'root 'host 'kind 0 "

/* The same sample again: rows 0 to 2 and both processes, and the one timer ran on. */
#define PROCS  "@procs 2 +0 0 "
#define SOCKS  "@socks 3 +0 0 "
#define TIMERS "@timers +0 "
#define SAME   HEAD PROCS SOCKS TIMERS

/* One more reset: its cookie, inode, process, descriptor and time are so far from the last one. */
#define RESET  "1 0 +9 +90 +1 +5 -50 "
#define RESETS "@resets 2 +0 0 "

/* A whole sample of a socket with cookie 9; more of it, or another one, may follow. */
#define WHOLE    HEAD "@namespaces 4 'blue "
#define NEW_SOCK "129 +9 1 " /* cookie, state */
#define ONE      "@procs 0 1 7 7 0 "

/* A frame of three sockets: of the first process; of both; with a timer at 10 s. And each process
 * has a reset one. */
static struct frame *open_base(struct story *st)
{
	struct frame *f;

	story_begin(st, 0);
	f = story_frame(st, 0);
	story_proc(st, .pid = 7, .name = "nginx", .fds = 12);
	story_proc(st, .pid = 8, .name = "php", .unit = "php.service");
	story_sock(st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=1 pid=7");
	story_sock(st, "tcp ESTAB [2001:db8::1]:80 [fe80::2]%%eth0:5001 cookie=2 pid=7 pid=8");
	story_sock(st, "tcp TIME-WAIT 10.0.0.1:80 10.0.0.2:5002 cookie=3 timer=3 expires=10000");
	add_reset(st, 5, 0, 20);
	add_reset(st, 6, 1, 21);
	assert_int_equal(f->netns_count, 1);
	return story_sample(st)->frame;
}

static void must(bool truth, const char *what)
{
	if (!truth)
		fail_msg("%s", what);
}

/* What everybody may rely on, whoever wrote the bytes. */
static void check_frame(const struct frame *f, const struct frame *prev)
{
	must(f->diff.known == (prev != NULL), "diff");
	must(f->cpu_percent >= 0 || isnan(f->cpu_percent), "cpu_percent");
	must(f->uptime_s >= 0 || isnan(f->uptime_s), "uptime_s");
	must(llabs(f->mono_ns) <= INT64_MAX / 4 && llabs(f->epoch_ns) <= INT64_MAX / 4, "times");
	must(llabs(f->wall_ns) <= INT64_MAX / 2, "wall time");
	must(f->cost_wall_ns >= 0 && f->cost_cpu_ns >= 0, "costs");
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		must(s->state >= SOCK_ESTAB && s->state < SOCK_STATE_COUNT, "state");
		must(s->proto < SOCK_PROTO_COUNT, "protocol");
		must(s->local < f->addresses->count && s->remote < f->addresses->count, "address");
		must(s->netns < f->netns_count, "namespace");
		must(s->owner == SOCK_NONE || s->owner < f->edge_count, "owner");
		must(find_sock(f, frame_sock_key(f, s)) == row, "key");
		must(!prev || f->diff.previous[row] == SOCK_NONE ||
				f->diff.previous[row] < prev->sock_count,
			"row before");
	}
	for (uint32_t e = 0; e < f->edge_count; e++)
		must(f->edges[e].proc < f->proc_count, "process of an owner");
	must(!f->edge_count || f->edges[f->edge_count - 1].last, "last owner");
	must(!prev || f->diff.gone_count <= prev->sock_count, "gone");
}

/* ---- What may be there ----------------------------------------------------------------------- */

static void words_make_the_payload_of_a_frame(void **state)
{
	const struct frame *base;
	struct frame *f;
	struct story st;

	(void)state;
	base = open_base(&st);
	assert_int_equal(decode_words(SAME, base, &f), 0);
	check_frame(f, base);
	assert_int_equal(f->sock_count, 3);
	assert_int_equal(f->socks[2].expires_ms, 9000);
	assert_int_equal(f->edge_count, 3);
	assert_int_equal(f->diff.gone_count, 0);
	assert_string_equal(f->seer, "root");
	frame_put(f);
	assert_int_equal(decode_words(WHOLE "@socks 0 1 " NEW_SOCK, NULL, &f), 0);
	check_frame(f, NULL);
	assert_int_equal(f->socks[0].cookie, 9);
	frame_put(f);
	story_end(&st);
}

/* What does not change is not told. */
static void a_quiet_second_has_few_words(void **state)
{
	struct buf b = { 0 }, want = { 0 };
	struct frame *base;
	struct story st;

	(void)state;
	base = frame_get(open_base(&st));
	story_frame(&st, 1);
	story_proc(&st, .pid = 7, .name = "nginx", .fds = 12);
	story_proc(&st, .pid = 8, .name = "php", .unit = "php.service");
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:5000 cookie=1 pid=7");
	story_sock(&st, "tcp ESTAB [2001:db8::1]:80 [fe80::2]%%eth0:5001 cookie=2 pid=7 pid=8");
	story_sock(&st, "tcp TIME-WAIT 10.0.0.1:80 10.0.0.2:5002 cookie=3 timer=3 expires=9000");
	add_reset(&st, 5, 0, 20);
	add_reset(&st, 6, 1, 21);
	encode(story_sample(&st)->frame, base, &b);
	add_words(&want, PROCS SOCKS TIMERS RESETS);
	assert_true(b.len > want.len);
	assert_memory_equal(b.data + b.len - want.len, want.data, want.len);
	/* Nothing else but the head. */
	assert_int_equal(b.data[0], TAPE_HEAD);
	assert_int_equal(2 + (size_t)b.data[1] + want.len, b.len);
	frame_put(base);
	story_end(&st);
	buf_free(&b);
	buf_free(&want);
}

/* A later version may tell more. */
static void what_is_not_known_is_passed_over(void **state)
{
	static const char *const payloads[] = {
		SAME,
		SAME "@12 1 2 3 ",
		"@4000000000 " SAME,
		"@12 1 @12 2 @1000 'x " SAME,
		TIMERS SOCKS PROCS HEAD,
		SOCKS "@12 " TIMERS HEAD PROCS "@13 0 ",
		HEAD "0 ' 5 'more xff xff xff xff " PROCS SOCKS TIMERS,
		SAME "@counters 'TcpDreams 5 'TcpActiveOpens 0 ' 7 'TcpActiveOpensX 9 ",
		SAME "@namespaces 4026531840 ' @devices @users @proc_changes @sock_changes ",
		/* Problems that we do not know. */
		"@head +5 +1001000000000 +1000000000000 0 0 =nan =nan 2 0 0 0 0 'root 'host 'kind "
		"9 0 0 0 0 0 0 1 2 4095 " PROCS SOCKS TIMERS,
		/* Flags that we do not know. */
		"@head +5 +1001000000000 +1000000000000 0 0 =nan =nan 18446744073709551602 0 0 0 0 "
		"'root 'host 'kind 0 " PROCS SOCKS TIMERS,
	};
	const struct frame *base;
	struct frame *want, *f;
	struct story st;

	(void)state;
	base = open_base(&st);
	assert_int_equal(decode_words(SAME, base, &want), 0);
	for (size_t i = 0; i < COUNT_OF(payloads); i++) {
		if (decode_words(payloads[i], base, &f))
			fail_msg("payload %zu cannot be read", i);
		check_frame(f, base);
		if (i < 8)
			assert_int_equal(f->device_count, base->device_count);
		else if (i == 8)
			assert_int_equal(f->device_count + f->user_count, 0);
		if (i != 8)
			assert_same(want, f);
		assert_same_diff(want, f);
		frame_put(f);
	}
	frame_put(want);
	story_end(&st);
}

static void texts_come_out_safe(void **state)
{
	struct buf b = { 0 };
	struct frame *f;

	(void)state;
	add_words(&b, "@head +5 +0 +0 0 0 =nan =nan 0 0 0 0 0 'a\x1b[2J 'b\xe2\x80\xae 'c\"\xff 0 "
		      "0 'd\x1b]0; "
		      "@namespaces 4 '\n @devices 5 '\x7f @users 6 '\xc2\x9b "
		      "@procs 0 1 7 70 248 '\r '\b '\x01 '\x02 '\x03 ");
	/* A NUL is a character like others. */
	add_words(&b, "@socks 0 1 " NEW_SOCK "@12 0 ");
	assert_int_equal(decode_bytes(b.data, b.len, NULL, &f), 0);
	assert_string_equal(f->seer, "a\\x1B[2J");
	assert_string_equal(f->host, "b\\u{202E}");
	assert_string_equal(f->kind, "c\"\\xFF");
	assert_string_equal(f->release, "d\\x1B]0;");
	assert_string_equal(f->namespaces[0].name, "\\x0A");
	assert_string_equal(f->devices[0].name, "\\x7F");
	assert_string_equal(f->users[0].name, "\\u{009B}");
	assert_string_equal(f->procs[0].name, "\\x0D");
	assert_string_equal(f->procs[0].user, "\\x08");
	assert_string_equal(f->procs[0].cmdline, "\\x01");
	assert_string_equal(f->procs[0].unit, "\\x02");
	assert_string_equal(f->procs[0].cgroup, "\\x03");
	frame_put(f);
	buf_free(&b);
	assert_int_equal(decode_words(HEAD "@users 6 2 x00 x41 ", NULL, &f), 0);
	assert_string_equal(f->users[0].name, "\\x00A");
	frame_put(f);
}

/* What nobody can have measured is not known. */
static void reals_out_of_range_are_not_known(void **state)
{
	static const struct {
		const char *cpu, *uptime;
		double cpu_percent, uptime_s;
	} cases[] = {
		{ "nan", "nan", NAN, NAN },
		{ "-nan", "-nan", NAN, NAN },
		{ "inf", "inf", NAN, NAN },
		{ "-inf", "-inf", NAN, NAN },
		{ "-0.5", "-1", NAN, NAN },
		{ "1e9", "1e12", NAN, NAN },
		{ "1e300", "1e300", NAN, NAN },
		{ "999999999.5", "999999999999", 999999999.5, 999999999999 },
		{ "0", "0", 0, 0 },
		{ "1e-300", "5e-324", 1e-300, 5e-324 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char words[200];
		struct frame *f;

		snprintf(words, sizeof words, "@head +0 +0 +0 0 0 =%s =%s 0 0 0 0 0 ' ' ' 0",
			cases[i].cpu, cases[i].uptime);
		assert_int_equal(decode_words(words, NULL, &f), 0);
		assert_true(isnan(cases[i].cpu_percent) ? isnan(f->cpu_percent)
							: f->cpu_percent == cases[i].cpu_percent);
		assert_true(isnan(cases[i].uptime_s) ? isnan(f->uptime_s)
						     : f->uptime_s == cases[i].uptime_s);
		check_frame(f, NULL);
		frame_put(f);
	}
}

/* ---- Damage ---------------------------------------------------------------------------------- */

struct damage {
	const char *what, *words;
};

/* After the frame of open_base(). */
static const struct damage damaged_changes[] = {
	{ "nothing at all", "" },
	{ "no head", PROCS SOCKS TIMERS },
	{ "an empty head", "@head " PROCS SOCKS TIMERS },
	{ "a release that is cut off", HEAD "0 9 'more " PROCS SOCKS TIMERS },
	{ "two heads", HEAD SAME },
	{ "two sections of a type", SAME "@users 5 'x @users 5 'x " },
	{ "two empty sections of a type", SAME "@proc_changes @proc_changes " },
	{ "a row twice in a run", HEAD PROCS "@socks 2 +0 0 1 -1 0 @timers " },
	{ "a row twice", HEAD PROCS "@socks 3 +0 0 1 -3 0 " TIMERS },
	{ "a row twice, the second another",
		HEAD PROCS "@socks 2 +0 0 1 -1 0 @sock_changes 2 1 +50 " },
	{ "a process twice", HEAD "@procs 2 +0 0 1 -1 0 " SOCKS TIMERS },
	{ "a run that is too long", HEAD PROCS "@socks 4 +0 0 " TIMERS },
	{ "a run that is too long, from 1", HEAD PROCS "@socks 3 +1 0 " TIMERS },
	{ "a run of the row at the end", HEAD PROCS "@socks 3 +0 0 1 +0 0 " TIMERS },
	{ "a run far away", HEAD PROCS "@socks 1 +4294967295 0 " },
	{ "a run at 2^32", HEAD PROCS "@socks 1 +4294967296 0 " },
	{ "a run from before", HEAD PROCS "@socks 1 -1 0 " },
	{ "a run from far before", HEAD PROCS "@socks 1 -9223372036854775808 0 " },
	{ "a run at the end of numbers", HEAD PROCS "@socks 1 +9223372036854775807 0 " },
	{ "a sum out of range", HEAD PROCS "@socks 1 +1 0 1 +9223372036854775807 0 " },
	{ "a process out of range", HEAD "@procs 2 +1 0 @socks " },
	{ "a run of 2^32 - 1 rows", HEAD PROCS "@socks 4294967295 +0 0 " TIMERS },
	{ "a run of 2^32 rows", HEAD PROCS "@socks 4294967296 +0 0 " TIMERS },
	{ "a run of 2^64 - 1 rows", HEAD PROCS "@socks 18446744073709551615 +0 0 " TIMERS },
	{ "a run of no rows", HEAD PROCS "@socks 3 +0 0 0 0 " TIMERS },
	{ "a run that ends early", HEAD PROCS "@socks 3 " TIMERS },
	{ "new rows that are not there", HEAD PROCS "@socks 3 +0 1 " TIMERS },
	{ "2^32 - 1 new rows", HEAD PROCS "@socks 3 +0 4294967295 " NEW_SOCK TIMERS },
	{ "2^64 - 1 new rows", HEAD PROCS "@socks 0 18446744073709551615 " NEW_SOCK },
	{ "2^32 - 1 new processes", HEAD "@procs 0 4294967295 7 70 0 8 70 0 " },
	{ "a change of a new row",
		HEAD PROCS "@socks 3 +0 1 " NEW_SOCK TIMERS "@sock_changes 3 32 5 " },
	{ "a change of the row at the end", SAME "@sock_changes 3 32 5 " },
	{ "a change far away", SAME "@sock_changes 4294967295 32 5 " },
	{ "a change at 2^32", SAME "@sock_changes 4294967296 32 5 " },
	{ "two changes, one too far", SAME "@sock_changes 2 32 5 0 32 5 " },
	{ "two changes, the sum out of range", SAME "@sock_changes 1 32 5 4294967294 32 5 " },
	{ "a change where nothing is", HEAD "@sock_changes 0 32 5 " },
	{ "a change of nothing", SAME "@sock_changes 0 0 " },
	{ "a change of an unknown field", SAME "@sock_changes 0 524288 " },
	{ "a change of an unknown field too", SAME "@sock_changes 0 524320 5 " },
	{ "a change of unknown fields", SAME "@sock_changes 0 18446744073709551615 5 " },
	{ "a change without what", SAME "@sock_changes 0 " },
	{ "a change that ends early", SAME "@sock_changes 0 32 " },
	{ "a change of a process that is not there", SAME "@proc_changes 2 1 5 " },
	{ "a change of an unknown field of a process", SAME "@proc_changes 0 256 " },
	{ "more descriptors than numbers", SAME "@proc_changes 0 1 4294967296 " },
	{ "a pid that is too large", HEAD "@procs 0 1 4294967296 1 0 @socks " },
	{ "state 0", SAME "@sock_changes 0 128 0 " },
	{ "state 12", SAME "@sock_changes 0 128 12 " },
	{ "state 257", SAME "@sock_changes 0 128 257 " },
	{ "protocol 2", SAME "@sock_changes 0 262144 2 " },
	{ "protocol 256", SAME "@sock_changes 0 262144 256 " },
	{ "timer 8", SAME "@sock_changes 0 1024 8 " },
	{ "timer 256", SAME "@sock_changes 0 1024 256 " },
	{ "flags of more than 32 bits", SAME "@sock_changes 0 8192 4294967296 " },
	{ "a namespace that is not there", SAME "@sock_changes 0 131072 1 " },
	{ "a namespace of 17 bits", SAME "@sock_changes 0 131072 65536 " },
	{ "no namespaces any more", SAME "@namespaces " },
	{ "a queue of 33 bits", SAME "@sock_changes 0 32 4294967296 " },
	{ "a time that is too late", SAME "@sock_changes 0 32768 +2147483648 " },
	{ "a time that is much too late", SAME "@sock_changes 0 65536 +9223372036854775807 " },
	{ "a time that is too early", SAME "@sock_changes 2 32768 -2147483649 " },
	{ "an address of a kind 3", SAME "@sock_changes 0 8 3 " },
	{ "an address of a kind 8", SAME "@sock_changes 0 8 8 " },
	{ "an address that ends early", SAME "@sock_changes 0 8 1 x0a x00 x00 " },
	{ "an IPv6 address that ends early", SAME "@sock_changes 0 8 2 x0a x00 x00 x01 " },
	{ "an address without its scope", SAME "@sock_changes 0 8 5 x0a x00 x00 x01 " },
	{ "a scope of 33 bits", SAME "@sock_changes 0 8 5 x0a x00 x00 x01 4294967296 " },
	{ "an owner that is not there", SAME "@sock_changes 0 16 1 +2 +5 " },
	{ "an owner before the first", SAME "@sock_changes 0 16 1 -1 +5 " },
	{ "owners that walk away", SAME "@sock_changes 0 16 2 +1 +5 +1 +5 " },
	{ "an owner far away", SAME "@sock_changes 0 16 2 +1 +5 +9223372036854775807 +0 " },
	{ "a descriptor of 32 bits", SAME "@sock_changes 0 16 1 +0 +2147483648 " },
	{ "a descriptor -1", SAME "@sock_changes 0 16 1 +0 -1 " },
	{ "more owners than there are", SAME "@sock_changes 0 16 2 +0 +5 " },
	{ "2^64 - 1 owners", SAME "@sock_changes 0 16 18446744073709551615 +0 +5 +0 +1 " },
	{ "owners whose process has gone", HEAD "@procs 1 +0 0 " SOCKS TIMERS },
	{ "owners without processes", HEAD SOCKS TIMERS },
	{ "no timers", HEAD PROCS SOCKS },
	{ "an empty section of timers", HEAD PROCS SOCKS "@timers " },
	{ "a timer too many", HEAD PROCS SOCKS "@timers +0 +0 " },
	{ "a timer of none", HEAD PROCS "@socks 2 +0 0 " TIMERS },
	{ "a timer that is too short", HEAD PROCS SOCKS "@timers -9001 " },
	{ "a timer that is too long", HEAD PROCS SOCKS "@timers +67099864 " },
	{ "a timer that is much too long", HEAD PROCS SOCKS "@timers +9223372036854775807 " },
	{ "a socket that is there", HEAD PROCS "@socks 3 +0 1 129 +1 1 " TIMERS },
	{ "a socket that becomes another", SAME "@sock_changes 1 1 -1 " },
	{ "more resets than there are", SAME "@resets 3 +0 0 " },
	{ "a reset twice", SAME "@resets 1 +0 0 1 -1 0 " },
	{ "resets backwards", SAME "@resets 1 +1 0 1 -2 0 " },
	{ "a reset whose process has gone",
		HEAD "@procs 1 +0 0 @socks 1 +0 0 1 +1 0 " TIMERS RESETS },
	{ "a reset without namespaces", HEAD PROCS "@namespaces @resets 2 +0 0 " },
};

static const struct damage damaged_wholes[] = {
	{ "rows of a frame before", WHOLE "@socks 1 +0 0 " },
	{ "processes of a frame before", WHOLE "@procs 1 +0 0 " },
	{ "a timer", WHOLE "@socks 0 1 " NEW_SOCK "@timers +0 " },
	{ "a change of a new row", WHOLE "@socks 0 1 " NEW_SOCK "@sock_changes 0 32 5 " },
	{ "a socket of nothing", WHOLE "@socks 0 1 0 " },
	{ "a socket without a state", WHOLE "@socks 0 1 1 +9 " },
	{ "a socket without a namespace", HEAD "@socks 0 1 " NEW_SOCK },
	{ "a socket that tells nothing new", WHOLE "@socks 0 2 " NEW_SOCK "0 " },
	{ "the same socket again", WHOLE "@socks 0 2 " NEW_SOCK "32 5 " },
	{ "an owner that is not there", WHOLE "@socks 0 1 145 +9 1 +0 +5 1 " },
	{ "a namespace without a name", HEAD "@namespaces 4 " },
	{ "a device of 33 bits", HEAD "@devices 4294967296 'x " },
	{ "a device without a name", HEAD "@devices 5 " },
	{ "a user of 33 bits", HEAD "@users 4294967296 'x " },
	{ "a name that is longer than its section", HEAD "@users 5 2 x41 " },
	{ "a name of 2^64 - 1 bytes", HEAD "@users 5 18446744073709551615 x41 " },
	{ "a counter without a value", HEAD "@counters 'TcpActiveOpens " },
	{ "a counter that is too large", HEAD "@counters 'TcpActiveOpens 4611686018427387904 " },
	{ "an unknown counter that is too large", HEAD "@counters 'Dreams 18446744073709551615 " },
	{ "a counter whose name is too long", HEAD "@counters 200 x41 " },
	{ "a wall time that is too late",
		"@head +4611686018427387904 +0 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a wall time that is too early",
		"@head -4611686018427387904 +0 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a time that is too late",
		"@head +0 +2305843009213693952 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a time that is too early",
		"@head +0 -9223372036854775808 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "an epoch that is too late",
		"@head +0 +0 +9223372036854775807 0 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a cost that is too high",
		"@head +0 +0 +0 2305843009213693952 0 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a CPU time that is too high",
		"@head +0 +0 +0 0 18446744073709551615 =0 =0 0 0 0 0 0 ' ' ' 0" },
	{ "a number of 33 bits in the head",
		"@head +0 +0 +0 0 0 =0 =0 0 4294967296 0 0 0 ' ' ' 0" },
	{ "a problem that is no errno", "@head +0 +0 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 1 4096" },
	{ "more problems than are there", "@head +0 +0 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 3 1 1" },
	{ "resets of a frame before", WHOLE "@resets 1 +0 0 " },
	{ "a reset of no process", WHOLE "@resets 0 1 1 0 +9 +90 +0 +5 -50 " },
	{ "a reset of a process that is not there", WHOLE ONE "@resets 0 1 " RESET },
	{ "a reset of process -1", WHOLE ONE "@resets 0 1 1 0 +9 +90 -1 +5 -50 " },
	{ "a reset of a namespace that is not there",
		WHOLE ONE "@resets 0 1 1 1 +9 +90 +0 +5 -50 " },
	{ "a reset of a namespace of 17 bits", WHOLE ONE "@resets 0 1 1 65536 +9 +90 +0 +5 -50 " },
	{ "a reset without a cookie", WHOLE ONE "@resets 0 1 1 0 +0 +90 +0 +5 -50 " },
	{ "a reset with descriptor -1", WHOLE ONE "@resets 0 1 1 0 +9 +90 +0 -1 -50 " },
	{ "a reset with a descriptor of 32 bits",
		WHOLE ONE "@resets 0 1 1 0 +9 +90 +0 +2147483648 -50 " },
	{ "a reset with an inode of 33 bits",
		WHOLE ONE "@resets 0 1 1 0 +9 +4294967296 +0 +5 -50 " },
	{ "a reset of long ago", WHOLE ONE "@resets 0 1 1 0 +9 +90 +0 +5 -2147483649 " },
	{ "a reset that is cut off", WHOLE ONE "@resets 0 1 1 0 +9 +90 +0 +5 " },
	{ "a reset that is missing", WHOLE ONE "@resets 0 2 1 0 +9 +90 +0 +5 -50 " },
	{ "2^64 - 1 problems", "@head +0 +0 +0 0 0 =0 =0 0 0 0 0 0 ' ' ' 18446744073709551615 1" },
};

static void assert_damaged(const struct damage *d, size_t count, const struct frame *prev)
{
	for (size_t i = 0; i < count; i++) {
		struct frame *f;
		int err = decode_words(d[i].words, prev, &f);

		if (err != -EBADMSG)
			fail_msg("%s: %d", d[i].what, err);
	}
}

static void damage_is_seen(void **state)
{
	const struct frame *base;
	struct story st;

	(void)state;
	base = open_base(&st);
	assert_damaged(damaged_changes, COUNT_OF(damaged_changes), base);
	assert_damaged(damaged_wholes, COUNT_OF(damaged_wholes), NULL);
	story_end(&st);
}

/* Sockets have room for so many. */
static void there_are_8192_namespaces_at_most(void **state)
{
	struct buf section = { 0 }, b = { 0 };
	struct frame *f;

	(void)state;
	for (unsigned n = 0; n <= SOCK_NETNS_MAX; n++) {
		wire_add_uint(&section, n);
		wire_add_text(&section, "");
	}
	for (unsigned more = 0; more <= 1; more++) {
		buf_clear(&b);
		add_words(&b, HEAD);
		wire_add_uint(&b, TAPE_NAMESPACES);
		wire_add_bytes(&b, &section);
		assert_int_equal(decode_bytes(b.data, b.len, NULL, &f), more ? -EBADMSG : 0);
		if (!more)
			assert_int_equal(f->netns_count, SOCK_NETNS_MAX + 1);
		frame_put(f);
		wire_add_uint(&section, 65535);
		wire_add_text(&section, "");
	}
	buf_free(&section);
	buf_free(&b);
}

/* What is next to the edges of the damage above is good. */
static void numbers_may_be_as_large_as_they_can(void **state)
{
	static const char *const changes[] = {
		HEAD PROCS "@socks 1 +2 0 2 -3 0 " TIMERS,
		HEAD PROCS "@socks 1 +2 0 1 -2 0 1 -2 0 " TIMERS,
		SAME "@sock_changes 2 32 4294967295 ",
		SAME "@sock_changes 0 16 2 +1 +2147483647 -1 -2147483647 0 128 11 ",
		SAME "@sock_changes 0 32768 -1 1 65536 +2147483647 ",
		SAME "@sock_changes 0 1024 7 ",
		SAME "@sock_changes 0 8 6 x20 x01 x00 x00 x00 x00 x00 x00 x00 x00 x00 x00 x00 x00 "
		     "x00 x01 4294967295 ",
		HEAD PROCS SOCKS "@timers -9000 ",
		HEAD PROCS SOCKS "@timers +67099863 ",
		SAME "@proc_changes 0 7 4294967295 4294967295 0 0 0 ",
		HEAD "@procs 2 +0 1 4294967295 18446744073709551615 0 " SOCKS TIMERS,
		SAME "@counters 'TcpActiveOpens 4611686018427387903 ",
		HEAD "@procs @socks ",
		HEAD,
		HEAD PROCS "@socks 3 +0 1 129 -1 10 " TIMERS, /* cookie 2^64 - 1 */
		SAME RESETS,
		SAME "@resets 1 +1 1 " RESET,
		SAME "@resets 0 2 3 0 -1 +4294967295 +1 +2147483647 -2147483648 0 0 +2 "
		     "-4294967295 -1 -2147483647 +4294967295 ",
		/* Descriptors of one owner, also the same one again. */
		SAME "@sock_changes 0 16 3 +0 +5 +0 +0 +0 -1 ",
	};
	const struct frame *base;
	struct story st;

	(void)state;
	base = open_base(&st);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		struct frame *f;

		if (decode_words(changes[i], base, &f))
			fail_msg("payload %zu cannot be read", i);
		check_frame(f, base);
		frame_put(f);
	}
	story_end(&st);
}

/* ---- Any bytes ------------------------------------------------------------------------------- */

/* A story of two frames in which there is a bit of everything; the payload of the second. */
static struct frame *tell_everything(
	struct story *st, struct frame **then, bool whole, struct buf *out)
{
	*then = frame_get(open_base(st));
	story_frame(st, 1);
	st->frame->counters[COUNTER_OUT_RESETS] = 300;
	st->frame->problems[FRAME_NO_WAIT_AGE] = -EPERM;
	assert_int_equal(frame_add_user(st->frame, 12, "news"), 0);
	assert_int_equal(frame_add_device(st->frame, 9, "wg0"), 0);
	assert_int_equal(frame_add_netns(st->frame, 77, "blue"), 1);
	story_proc(st, .pid = 9, .name = "new", .cmdline = "new -x", .cgroup = "/new");
	story_proc(st, .pid = 8, .name = "php", .unit = "php.service", .fds = 9);
	story_proc(st, .pid = 7, .name = "nginx", .fds = 12);
	story_sock(st, "tcp TIME-WAIT 10.0.0.1:80 10.0.0.2:5002 cookie=3 timer=3 expires=8999");
	story_sock(st, "tcp ESTAB [2001:db8::1]:80 [fe80::2]%%eth0:5001 cookie=2 recv_q=300 pid=8");
	story_sock(st, "udp UNCONN 127.0.0.53%%lo:53 * cookie=4 netns=1 drops=3 pid=9 pid=9");
	story_sock(st, "tcp CLOSE-WAIT [::1]:80 [::1]:81 cookie=0 inode=9 uid=33 waits=4 pid=7");
	add_reset(st, 6, 1, 21);
	add_reset(st, 11, 0, 8);
	story_sample(st);
	encode(st->sample->frame, whole ? NULL : *then, out);
	return st->sample->frame;
}

/* An error, or a frame that can be used and recorded. */
static bool check_bytes(const void *bytes, size_t len, const struct frame *prev)
{
	struct frame *f, *again;
	struct buf b = { 0 };
	int err = decode_bytes(bytes, len, prev, &f);

	if (err) {
		assert_int_equal(err, -EBADMSG);
		return false;
	}
	check_frame(f, prev);
	encode(f, prev, &b);
	again = decode(&b, prev);
	assert_same(f, again);
	assert_same_diff(f, again);
	frame_put(again);
	frame_put(f);
	buf_free(&b);
	return true;
}

static void any_end_may_be_torn_off(void **state)
{
	(void)state;
	for (unsigned whole = 0; whole <= 1; whole++) {
		struct frame *then;
		struct story st;
		struct buf b = { 0 };
		unsigned good = 0;

		tell_everything(&st, &then, whole, &b);
		for (size_t len = 0; len < b.len; len++)
			good += check_bytes(b.data, len, whole ? NULL : then);
		/* Sections that are not there may be empty ones. */
		assert_true(good < TAPE_SECTIONS);
		assert_true(check_bytes(b.data, b.len, whole ? NULL : then));
		frame_put(then);
		story_end(&st);
		buf_free(&b);
	}
}

static void any_bit_may_be_wrong(void **state)
{
	(void)state;
	for (unsigned whole = 0; whole <= 1; whole++) {
		struct frame *then;
		struct story st;
		struct buf b = { 0 };
		unsigned good = 0;

		tell_everything(&st, &then, whole, &b);
		for (size_t at = 0; at < b.len; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				b.data[at] ^= (char)(1u << bit);
				good += check_bytes(b.data, b.len, whole ? NULL : then);
				b.data[at] ^= (char)(1u << bit);
			}
		/* Most numbers and texts may be others. */
		assert_true(good > b.len && good < 7 * b.len);
		frame_put(then);
		story_end(&st);
		buf_free(&b);
	}
}

/* Changes of another frame, or of none. */
static void changes_may_be_read_after_a_wrong_frame(void **state)
{
	struct frame *then, *none = frame_create();
	struct story st;
	struct buf b = { 0 };

	(void)state;
	assert_non_null(none);
	tell_everything(&st, &then, false, &b);
	assert_false(check_bytes(b.data, b.len, NULL));
	assert_false(check_bytes(b.data, b.len, none));
	check_bytes(b.data, b.len, st.sample->frame);
	/* A whole one has no rows of it. */
	encode(st.sample->frame, NULL, &b);
	assert_true(check_bytes(b.data, b.len, then));
	frame_put(none);
	frame_put(then);
	story_end(&st);
	buf_free(&b);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The allocator of the sanitizer tells of every block. */
int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

/* Bytes held now and at most, and the largest block. */
static size_t held, held_most, largest;

static void count_malloc(const volatile void *block, size_t size)
{
	(void)block;
	held += size;
	held_most = held > held_most ? held : held_most;
	largest = size > largest ? size : largest;
}

static void count_free(const volatile void *block)
{
	held -= block ? __sanitizer_get_allocated_size(block) : 0;
}

/* How many bytes are held at a time to decode some, and for the frame. */
static size_t memory_for(const struct buf *b, const struct frame *prev)
{
	size_t before = held;
	struct frame *f;

	held_most = held;
	largest = 0;
	if (decode_bytes(b->data, b->len, prev, &f) == 0)
		frame_put(f);
	assert_int_equal(held, before);
	return held_most - before;
}

static void numbers_allocate_nothing(void **state)
{
	const struct frame *base;
	struct story st;

	(void)state;
	assert_true(__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free) > 0);
	base = open_base(&st);
	for (size_t i = 0; i < COUNT_OF(damaged_changes) + COUNT_OF(damaged_wholes); i++) {
		bool whole = i >= COUNT_OF(damaged_changes);
		const struct damage *d = whole ? &damaged_wholes[i - COUNT_OF(damaged_changes)]
					       : &damaged_changes[i];
		struct buf b = { 0 };
		size_t size;

		add_words(&b, d->words);
		size = memory_for(&b, whole ? NULL : base);
		assert_true(size > sizeof(struct frame));
		if (size > 64 * 1024 || largest > 16384)
			fail_msg("%s: %zu bytes, %zu at once", d->what, size, largest);
		buf_free(&b);
	}
	story_end(&st);
}

/* The smallest rows there are, as many as the bytes have. */
static void memory_follows_from_the_bytes(void **state)
{
	static const struct {
		const char *what, *begin, *row;
	} cases[] = {
		{ "sockets", WHOLE "@socks 0 20001 128 1 ", "1 +1 " },
		{ "processes", WHOLE "@procs 0 20001 1 1 0 ", "1 1 0 " },
		{ "owners", WHOLE "@procs 0 1 1 1 0 @socks 0 1 145 +1 20001 +0 +0 ", "+0 +0 " },
		{ "users", WHOLE "@users 1 ' ", "1 ' " },
		{ "devices", WHOLE "@devices 1 ' ", "1 ' " },
		{ "namespaces", HEAD "@namespaces 1 ' ", "1 ' " },
		{ "counters", WHOLE "@counters ' 1 ", "' 1 " },
		{ "texts", WHOLE "@users 1 '", "\x01" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf words = { 0 }, b = { 0 };
		size_t size;

		buf_adds(&words, cases[i].begin);
		for (unsigned n = 0; n < 20000; n++)
			buf_adds(&words, cases[i].row);
		add_words(&b, words.data);
		size = memory_for(&b, NULL);
		if (getenv("TAPE_SIZES"))
			printf("# %s: %zu bytes for %zu\n", cases[i].what, size, b.len);
		if (size > 200 * b.len)
			fail_msg("%s: %zu bytes for %zu", cases[i].what, size, b.len);
		buf_free(&words);
		buf_free(&b);
	}
}

/* ---- The test itself ------------------------------------------------------------------------- */

/* Every byte of a socket that is told, but for its addresses and owners, which are rows. */
static void differences_are_seen(void **state)
{
	static const size_t rows[] = { offsetof(struct sock, local), offsetof(struct sock, remote),
		offsetof(struct sock, owner) };
	const size_t end = offsetof(struct sock, flags) + 1;
	struct address *remote;
	struct frame *f, *g;
	struct story st;
	struct buf b = { 0 };

	(void)state;
	f = frame_get(tell_everything(&st, &g, true, &b));
	frame_put(g);
	g = decode(&b, NULL);
	assert_same(f, g);
	for (size_t at = 0; at < end; at++) {
		uint8_t *byte = (uint8_t *)&g->socks[1] + at;
		bool is_row = false;

		for (size_t i = 0; i < COUNT_OF(rows); i++)
			is_row |= at >= rows[i] && at < rows[i] + sizeof(uint32_t);
		if (is_row)
			continue;
		*byte ^= 1;
		if (same_frames(f, g))
			fail_msg("byte %zu of a socket", at);
		*byte ^= 1;
	}
	remote = (struct address *)frame_address(g, g->socks[1].remote);
	remote->bytes[15] ^= 1;
	assert_false(same_frames(f, g));
	remote->bytes[15] ^= 1;
	remote->scope++;
	assert_false(same_frames(f, g));
	remote->scope--;
	g->edges[g->socks[2].owner].fd++;
	assert_false(same_frames(f, g));
	g->edges[g->socks[2].owner].fd--;
	g->procs[g->edges[g->socks[2].owner].proc].start++;
	assert_false(same_frames(f, g));
	g->procs[g->edges[g->socks[2].owner].proc].start--;
	g->procs[0].cgroup = "";
	assert_false(same_frames(f, g));
	g->procs[0].cgroup = "/new";
	assert_true(same_frames(f, g));
	g->resets[1].wait_since++;
	assert_false(same_frames(f, g));
	frame_put(f);
	frame_put(g);
	story_end(&st);
	buf_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_seen),
		cmocka_unit_test(servers_come_back),
		cmocka_unit_test(sockets_without_cookies_come_back),
		cmocka_unit_test(frames_without_owners_come_back),
		cmocka_unit_test(owners_come_back),
		cmocka_unit_test(empty_frames_come_back),
		cmocka_unit_test(namespaces_may_move),
		cmocka_unit_test(processes_may_be_there_twice),
		cmocka_unit_test(resets_come_back),
		cmocka_unit_test(resets_are_small),
		cmocka_unit_test(heads_come_back),
		cmocka_unit_test(counters_out_of_range_are_not_known),
		cmocka_unit_test(a_walk_comes_back),
		cmocka_unit_test(samples_are_small),
		cmocka_unit_test(words_make_the_payload_of_a_frame),
		cmocka_unit_test(a_quiet_second_has_few_words),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(texts_come_out_safe),
		cmocka_unit_test(reals_out_of_range_are_not_known),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(there_are_8192_namespaces_at_most),
		cmocka_unit_test(numbers_may_be_as_large_as_they_can),
		cmocka_unit_test(any_end_may_be_torn_off),
		cmocka_unit_test(any_bit_may_be_wrong),
		cmocka_unit_test(changes_may_be_read_after_a_wrong_frame),
		cmocka_unit_test(numbers_allocate_nothing),
		cmocka_unit_test(memory_follows_from_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
