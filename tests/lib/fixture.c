/* Stories: the order of what happens to a frame is that of the live source. */
#include "lib/fixture.h"
#include "lib/frames.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/buf.h"
#include "sockdash/format.h"

#define MONO_NS INT64_C(1000000000000) /* of the first frame */

static const char *const devices[] = { NULL, "lo", "eth0", "eth1", "vrf-blue" };

static const struct user users[] = {
	{ 0, "root" },
	{ 33, "www-data" },
	{ 70, "postgres" },
	{ 1000, "app" },
};

static unsigned open_stories;

/* A test that failed leaves its story behind; the leak that the sanitizer would tell of hides what
 * failed. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return open_stories > 0;
}

void story_begin(struct story *st, double window_s)
{
	open_stories++;
	*st = (struct story){ .tracker = tracker_create(standard_settings(window_s)) };
	assert_non_null(st->tracker);
}

void story_end(struct story *st)
{
	open_stories--;
	frame_put(st->frame);
	sample_put(st->sample);
	tracker_destroy(st->tracker);
	free(st->notes);
	*st = (struct story){ 0 };
}

static const char *text(struct frame *f, const char *s)
{
	const char *copy = frame_text(f, s ? s : "", s ? strlen(s) : 0);

	assert_non_null(copy);
	return copy;
}

struct frame *story_frame(struct story *st, double at_s)
{
	struct frame *f = frame_create();

	assert_non_null(f);
	assert_null(st->frame);
	st->frame = f;
	st->note_count = 0;
	f->mono_ns = MONO_NS + (int64_t)llround(at_s * 1e9);
	f->wall_ns = STORY_WALL_NS + (int64_t)llround(at_s * 1e9);
	if (!st->epoch_ns)
		st->epoch_ns = f->mono_ns;
	f->epoch_ns = st->epoch_ns;
	f->host = text(f, "web-07");
	f->release = "6.18.0";
	f->kind = "sock_diag";
	f->seer = "root";
	f->owners_known = true;
	assert_int_equal(frame_add_netns(f, STORY_NETNS, ""), 0);
	for (uint32_t i = 1; i < COUNT_OF(devices); i++)
		assert_int_equal(frame_add_device(f, i, devices[i]), 0);
	for (size_t i = 0; i < COUNT_OF(users); i++)
		assert_int_equal(frame_add_user(f, users[i].uid, users[i].name), 0);
	return f;
}

uint32_t story_add_proc(struct story *st, const struct proc *like)
{
	struct frame *f = st->frame;
	struct proc p = *like;
	uint32_t row;

	p.start = p.start ? p.start : p.pid;
	p.fds = p.fds ? p.fds : PROC_UNKNOWN;
	p.fd_limit = p.fd_limit ? p.fd_limit : PROC_UNKNOWN;
	p.name = text(f, p.name);
	p.user = text(f, p.user);
	p.cmdline = text(f, p.cmdline);
	p.unit = text(f, p.unit);
	p.cgroup = text(f, p.cgroup);
	assert_int_equal(frame_add_proc(f, &p, &row), 0);
	return row;
}

/* ---- Sockets from words ---------------------------------------------------------------------- */

static uint8_t read_state(const char *word)
{
	for (uint8_t state = 1; state < SOCK_STATE_COUNT; state++)
		if (strcmp(sock_state_name(state), word) == 0)
			return state;
	fail_msg("'%s' is no state", word);
	return 0;
}

static uint32_t read_device(const char *name)
{
	for (uint32_t i = 1; i < COUNT_OF(devices); i++)
		if (strcmp(devices[i], name) == 0)
			return i;
	fail_msg("'%s' is no device", name);
	return 0;
}

/* "10.0.0.1%eth0:443", "[::1]:443", or "*" for none of the family that the flags of the socket
 * tell. */
static void read_end(struct frame *f, char *word, struct sock *s, bool local)
{
	uint8_t bytes[16] = { 0 };
	char *address = word, *port = strrchr(word, ':'), *device = strchr(word, '%');
	uint32_t scope = device && port ? (*port = '\0', read_device(device + 1)) : 0;
	unsigned number = port ? (unsigned)strtoul(port + 1, NULL, 10) : 0;
	bool ipv4 = strcmp(word, "*") == 0 ? s->flags & SOCK_IPV4 : *word != '[';

	if (port)
		*port = '\0';
	if (device)
		*device = '\0';
	if (ipv4)
		bytes[10] = bytes[11] = 0xff;
	if (strcmp(word, "*") != 0) {
		address += *address == '[';
		address[strcspn(address, "]")] = '\0';
		if (inet_pton(ipv4 ? AF_INET : AF_INET6, address, ipv4 ? bytes + 12 : bytes) != 1)
			fail_msg("'%s' is no address", word);
	}
	if (ipv4)
		s->flags |= SOCK_IPV4;
	assert_int_equal(frame_intern_address(f, bytes, scope, local ? &s->local : &s->remote), 0);
	*(local ? &s->local_port : &s->remote_port) = (uint16_t)number;
}

static void note(struct story *st, struct story_note n)
{
	struct story_note *bigger = realloc(st->notes, (st->note_count + 1) * sizeof *st->notes);

	assert_non_null(bigger);
	st->notes = bigger;
	n.row = SOCK_NONE; /* not known yet */
	st->notes[st->note_count++] = n;
}

/* One "name=value"; false for a name nobody knows. */
static bool read_word(struct story *st, struct sock *s, const char *name, const char *value)
{
	uint64_t n = strtoull(value, NULL, 10);

	if (strcmp(name, "cookie") == 0)
		s->cookie = n;
	else if (strcmp(name, "inode") == 0)
		s->inode = (uint32_t)n;
	else if (strcmp(name, "uid") == 0)
		s->uid = (uint32_t)n;
	else if (strcmp(name, "recv_q") == 0)
		s->recv_q = (uint32_t)n;
	else if (strcmp(name, "send_q") == 0)
		s->send_q = (uint32_t)n;
	else if (strcmp(name, "drops") == 0)
		s->drops = (uint32_t)n, s->flags |= SOCK_HAS_DROPS;
	else if (strcmp(name, "expires") == 0)
		sock_set_timer(s, s->timer, (uint32_t)n);
	else if (strcmp(name, "retrans") == 0)
		s->retrans = (uint8_t)n;
	else if (strcmp(name, "timer") == 0)
		sock_set_timer(s, (unsigned)n, s->expires_ms);
	else if (strcmp(name, "netns") == 0)
		s->netns = n & SOCK_NETNS_MAX;
	else if (strcmp(name, "v6only") == 0)
		s->flags |= SOCK_V6ONLY;
	else if (strcmp(name, "no_backlog") == 0)
		s->flags |= SOCK_NO_BACKLOG;
	else if (strcmp(name, "waits") == 0)
		note(st, (struct story_note){ .waits_s = strtod(value, NULL) });
	else if (strcmp(name, "pid") == 0)
		note(st, (struct story_note){ .pid = (uint32_t)n });
	else
		return false;
	return true;
}

static uint64_t usual_cookie(const struct frame *f, const struct sock *s)
{
	uint64_t ends = hash_mix(hash_bytes(frame_address(f, s->local), sizeof(struct address)),
		hash_bytes(frame_address(f, s->remote), sizeof(struct address)));
	uint64_t ports = (uint64_t)s->local_port << 32 | (uint64_t)s->remote_port << 8 | s->proto;

	return hash_mix(ends, ports) >> 16 | 1; /* short, so that it looks like one */
}

uint32_t story_sock(struct story *st, const char *format, ...)
{
	struct sock s = { .cookie = UINT64_MAX, .inode = UINT32_MAX, .owner = SOCK_NONE };
	char line[256], *rest, *word;
	size_t place = 0, notes_then = st->note_count;
	bool owned = false;
	va_list args;
	uint32_t row;

	s.first_seen = SOCK_TIME_NONE;
	va_start(args, format);
	assert_true(vsnprintf(line, sizeof line, format, args) < (int)sizeof line);
	va_end(args);
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest), place++) {
		char *value = strchr(word, '=');

		if (place == 0)
			s.proto = strcmp(word, "udp") == 0 ? SOCK_UDP : SOCK_TCP;
		else if (place == 1)
			sock_set_state(&s, s.proto, read_state(word));
		else if (place < 4)
			read_end(st->frame, word, &s, place == 2);
		else if (value)
			*value++ = '\0';
		if (place == 1 && s.state == SOCK_CLOSE_WAIT)
			s.wait_since = SOCK_TIME_NONE;
		if (place >= 4 && !read_word(st, &s, word, value ? value : ""))
			fail_msg("'%s' says nothing of a socket", word);
	}
	assert_true(place >= 4);
	if (s.cookie == UINT64_MAX)
		s.cookie = usual_cookie(st->frame, &s);
	for (size_t i = notes_then; i < st->note_count; i++)
		owned |= st->notes[i].pid != 0;
	if (s.inode == UINT32_MAX)
		s.inode = owned ? (uint32_t)(s.cookie % 1000000) + 1000 : 0;
	assert_int_equal(frame_add_sock(st->frame, &s), 0);
	row = find_sock(st->frame, frame_sock_key(st->frame, &s));
	for (size_t i = notes_then; i < st->note_count; i++) {
		st->notes[i].row = row;
		st->notes[i].fd = 3 + (uint32_t)i;
	}
	return row;
}

/* ---- The end of a frame ---------------------------------------------------------------------- */

static uint32_t find_proc(struct story *st, uint32_t pid)
{
	char name[16];

	for (uint32_t row = st->frame->proc_count; row-- > 0;)
		if (st->frame->procs[row].pid == pid)
			return row;
	snprintf(name, sizeof name, "p%u", pid);
	return story_proc(st, .pid = pid, .name = name);
}

static void set_owners(struct story *st)
{
	struct owner_found *found = calloc(st->note_count + 1, sizeof *found);
	size_t count = 0;

	assert_non_null(found);
	for (size_t i = 0; i < st->note_count; i++) {
		const struct story_note *n = &st->notes[i];

		if (n->pid)
			found[count++] =
				(struct owner_found){ n->row, find_proc(st, n->pid), n->fd };
	}
	assert_int_equal(frame_set_owners(st->frame, found, count), 0);
	free(found);
}

static void set_wait_ages(struct story *st)
{
	for (size_t i = 0; i < st->note_count; i++) {
		const struct story_note *n = &st->notes[i];
		struct sock *s = &st->frame->socks[n->row];

		if (!n->pid && s->wait_since == SOCK_TIME_NONE)
			s->wait_since = frame_now(st->frame) - (int32_t)lround(n->waits_s * 10);
	}
}

struct sample *story_sample(struct story *st)
{
	const struct frame *prev = tracker_previous(st->tracker);
	struct frame *f = st->frame;

	if (f->owners_known)
		set_owners(st);
	assert_int_equal(frame_compare(f, prev), 0);
	assert_int_equal(frame_carry_times(f, prev), 0);
	if (f->owners_known) {
		assert_int_equal(frame_carry_owners(f, prev), 0);
		frame_mark_hidden(f, prev);
	}
	set_wait_ages(st);
	sample_put(st->sample);
	st->sample = NULL;
	st->frame = NULL;
	assert_int_equal(tracker_step(st->tracker, f, &st->sample), 0);
	return st->sample;
}

const struct sock *story_find(const struct frame *f, uint64_t cookie)
{
	struct sock like = { .cookie = cookie };
	uint32_t row = find_sock(f, frame_sock_key(f, &like));

	return row == SOCK_NONE ? NULL : &f->socks[row];
}

/* ---- What tables say ------------------------------------------------------------------------- */

static const struct table *find_table(const char *name)
{
	const struct table *t = table_find(name, strlen(name));

	if (!t)
		fail_msg("'%s' is no table", name);
	return t;
}

static const struct field *find_field(const struct table *t, const char *name, size_t len)
{
	const struct field *f = table_field(t, name, len);

	if (!f)
		fail_msg("'%.*s' is no field of %s", (int)len, name, t->name);
	return f;
}

/* Goes through "name=value, name=value": the field and the length of its value; NULL at the end. */
static const struct field *next_word(
	const struct table *t, const char **at, const char **value, size_t *value_len)
{
	size_t name_len = strcspn(*at, "=");
	const struct field *f;
	const char *end;

	if (!**at)
		return NULL;
	f = find_field(t, *at, name_len);
	*value = *at + name_len + ((*at)[name_len] == '=');
	end = strstr(*value, ", ");
	*value_len = end ? (size_t)(end - *value) : strlen(*value);
	*at = end ? end + 2 : *value + *value_len;
	return f;
}

static bool row_reads(const struct rowset *rows, uint32_t row, const char *where)
{
	const struct field *f;
	const char *value;
	size_t len;

	while ((f = next_word(rows->table, &where, &value, &len)) != NULL) {
		struct value v = rowset_value(rows, row, f);
		char room[FORMAT_MAX];
		const char *is = format_plain(&v, room);

		if (strlen(is) != len || memcmp(is, value, len) != 0)
			return false;
	}
	return true;
}

const char *row_text(const struct sample *s, const char *table, const char *where, const char *like)
{
	static char texts[8][512];
	static unsigned turn;
	struct rowset rows = rowset_of(find_table(table), s);
	char *out = texts[turn++ % 8];
	uint32_t found = 0, row = 0;
	const struct field *f;
	const char *value;
	size_t value_len, used = 0;

	for (uint32_t i = 0; i < rows.count; i++)
		if (row_reads(&rows, i, where))
			row = i, found++;
	if (found != 1) {
		snprintf(out, sizeof *texts, found ? "%u rows" : "no row", found);
		return out;
	}
	out[0] = '\0';
	while ((f = next_word(rows.table, &like, &value, &value_len)) != NULL) {
		struct value v = rowset_value(&rows, row, f);
		char room[FORMAT_MAX];

		used += (size_t)snprintf(out + used, sizeof *texts - used, "%s%s=%s",
			used ? ", " : "", f->name, format_plain(&v, room));
		assert_true(used < sizeof *texts);
	}
	return out;
}

char *table_text(const struct sample *s, const char *table, const char *fields)
{
	struct rowset rows = rowset_of(find_table(table), s);
	struct buf b = { 0 };
	struct columns c;
	const char *bad;
	size_t bad_len;

	assert_int_equal(columns_parse(rows.table, fields, &c, &bad, &bad_len), 0);
	buf_adds(&b, "");
	for (uint32_t row = 0; row < rows.count; row++) {
		for (size_t i = 0; i < c.count; i++) {
			struct value v = rowset_value(&rows, row, c.fields[i]);
			char room[FORMAT_MAX];

			buf_addf(&b, "%s%s", i ? " " : "", format_plain(&v, room));
		}
		buf_addc(&b, '\n');
	}
	assert_false(b.failed);
	return b.data;
}

bool same_real(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return fabs(a - b) <= 1e-9 * fmax(1, fmax(fabs(a), fabs(b)));
}
