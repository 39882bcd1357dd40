/* Recordings: the bytes are kept in memory, for tests that damage them. */
#include "lib/tapes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockdash/buf.h"
#include "sockdash/wire.h"

/* ---- Recording ------------------------------------------------------------------------------- */

static void read_bytes(struct recording *r)
{
	size_t len = (size_t)tape_writer_bytes(r->writer);
	uint8_t *bigger = realloc(r->bytes, len);

	assert_non_null(bigger);
	r->bytes = bigger;
	assert_int_equal(pread(r->fd, r->bytes + r->len, len - r->len, (off_t)r->len),
		(ssize_t)(len - r->len));
	r->len = len;
}

void record_begin(struct recording *r, double window_s)
{
	*r = (struct recording){ .fd = memfd_create("tape", MFD_CLOEXEC) };
	assert_true(r->fd >= 0);
	story_begin(&r->st, window_s);
	assert_int_equal(tape_writer_open(r->fd, &r->writer), 0);
	read_bytes(r);
}

void record_end(struct recording *r)
{
	story_end(&r->st);
	tape_writer_close(r->writer);
	close(r->fd);
	free(r->bytes);
	for (unsigned i = 0; i < r->count; i++) {
		frame_put(r->frames[i]);
		free(r->texts[i]);
	}
	*r = (struct recording){ 0 };
}

void record_sample(struct recording *r)
{
	struct frame *f = r->st.sample->frame;
	unsigned n = r->count++;

	assert_true(n < RECORDED_MAX);
	assert_int_equal(tape_writer_add(r->writer, f), 0);
	r->frames[n] = frame_get(f);
	r->texts[n] = told_sample(r->st.sample);
	r->begins[n] = r->len;
	read_bytes(r);
	r->ends[n] = r->len;
}

void record_shop(struct recording *r, unsigned n, double at_s, unsigned churn)
{
	tell_shop(&r->st, n, at_s, churn);
	record_sample(r);
}

/* ---- The shop -------------------------------------------------------------------------------- */

static void tell_clients(struct story *st, unsigned n, unsigned churn)
{
	story_sock(st, "tcp LISTEN 0.0.0.0:80 * recv_q=%u send_q=128 drops=%u pid=7", n * 7 % 5,
		n / 3);
	for (unsigned i = n; i < n + 4; i++)
		story_sock(st,
			"tcp ESTAB 10.0.0.1:80 10.9.0.%u:5000 pid=7 recv_q=%u send_q=%u timer=1 "
			"expires=%u",
			i % 250 + 1, n * i % 7, n % 2 ? 1448 : 0, 200 + i % 9);
	for (unsigned i = n < 2 ? 0 : n - 2; i < n; i++)
		story_sock(st,
			"tcp TIME-WAIT 10.0.0.1:80 10.9.0.%u:5000 timer=3 expires=%u inode=0",
			i % 250 + 1, 60000 - 2000 * (n - i));
	for (unsigned i = 0; i < churn; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:80 10.8.%u.%u:%u pid=7", n % 250, i % 250 + 1,
			1000 + i);
}

static void tell_leak(struct story *st, unsigned n)
{
	unsigned leaked = n % 40 < 25 ? n % 40 : 25;

	story_proc(st, .pid = 9, .name = "java", .user = "app", .uid = 1000, .unit = "api.service",
		.fds = 30 + leaked, .fd_limit = 1024);
	story_sock(st, "tcp LISTEN [::]:8080 * send_q=100 drops=0 v6only pid=9");
	for (unsigned i = 0; i < leaked; i++)
		story_sock(st, "tcp CLOSE-WAIT 10.0.0.1:8080 10.7.%u.%u:7000 pid=9 recv_q=%u",
			n / 40, i + 1, i % 3);
}

void tell_shop(struct story *st, unsigned n, double at_s, unsigned churn)
{
	struct frame *f = story_frame(st, at_s);

	f->uptime_s = 1000 + at_s;
	f->cpu_percent = n % 3 / 8.0;
	f->cost_wall_ns = 1000000 + n;
	f->cost_cpu_ns = 900000 + n;
	f->counters[COUNTER_PASSIVE_OPENS] = 1000 + 5 * n;
	f->counters[COUNTER_OUT_SEGMENTS] = 90000 + 100 * n;
	f->counters[COUNTER_RETRANS_SEGMENTS] = n;
	story_proc(st, .pid = 7, .name = "nginx", .user = "www-data", .uid = 33, .fds = 20 + n % 5);
	tell_clients(st, n, churn);
	tell_leak(st, n);
	if (n % 6 < 4)
		story_sock(st, "udp UNCONN 127.0.0.53%%lo:53 * drops=%u uid=101 pid=11", n / 2);
	story_sock(st, "udp UNCONN [fe80::1]%%eth0:546 * recv_q=%u drops=1 inode=77", n % 4);
	story_sample(st);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

void put_bytes(int fd, const void *bytes, size_t len)
{
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
}

int file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("tape", MFD_CLOEXEC);

	assert_true(fd >= 0);
	put_bytes(fd, bytes, len);
	return fd;
}

int pipe_of(const void *bytes, size_t len)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	if (len > 4096)
		assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= (int)len);
	put_bytes(fds[1], bytes, len);
	close(fds[1]);
	return fds[0];
}

int input_of(bool stream, const void *bytes, size_t len)
{
	return stream ? pipe_of(bytes, len) : file_of(bytes, len);
}

static uint32_t number_at(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_number(uint8_t *at, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

void mend_sample(uint8_t *head)
{
	uint32_t len = number_at(head + TAPE_MARK_LEN);

	put_number(head + TAPE_SAMPLE_HEAD - 8, wire_crc32(head + TAPE_SAMPLE_HEAD, len));
	put_number(head + TAPE_SAMPLE_HEAD - 4, wire_crc32(head, TAPE_SAMPLE_HEAD - 4));
}

struct tape *open_well(int fd)
{
	struct tape *t = NULL;
	unsigned version = 0;

	assert_int_equal(tape_open(fd, &t, &version), 0);
	return t;
}

/* ---- What samples say ------------------------------------------------------------------------ */

static void add_trend(struct buf *b, const struct trend *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		buf_addf(b, " %u", t->values[i]);
	buf_addc(b, '\n');
}

static void add_table(struct buf *b, const struct sample *s, const struct table *t)
{
	struct buf fields = { 0 };
	char *text;

	/* Since when something was found depends on all samples before. */
	for (size_t i = 0; i < t->field_count; i++)
		if (t != &table_audit || strcmp(t->fields[i].name, "since") != 0)
			buf_addf(&fields, "%s%s", i ? "," : "", t->fields[i].name);
	text = table_text(s, t->name, fields.data);
	buf_addf(b, "%s\n%s", t->name, text);
	free(text);
	buf_free(&fields);
}

static void add_header(struct buf *b, const struct sample *s)
{
	const struct sample_totals *t = &s->totals;
	const struct frame *f = s->frame;

	buf_addf(b, "%lld %lld %lld, cost %lld %lld, cpu %.9g, up %.9g\n", (long long)f->wall_ns,
		(long long)f->mono_ns, (long long)f->epoch_ns, (long long)f->cost_wall_ns,
		(long long)f->cost_cpu_ns, f->cpu_percent, f->uptime_s);
	buf_addf(b, "%s\n", f->release);
	buf_addf(b, "%s %s %s %u, %d %d %d, absent %u, hidden %u %u\n", f->host, f->kind, f->seer,
		f->seer_uid, f->one_family, f->owners_known, f->pids_hidden, f->absent,
		f->procs_hidden, f->owners_hidden);
	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		buf_addf(b, " %d", f->problems[i]);
	buf_addf(b, "\ninterval %.9g, window %.9g, %u + %u sockets\n", s->interval_s, s->window_s,
		t->sockets[SOCK_TCP], t->sockets[SOCK_UDP]);
	buf_addf(b, "in %.9g, out %.9g, closed %.9g, reset %.9g, retrans %.9g, drops %.9g\n",
		t->in_rate, t->out_rate, t->closed_rate, t->reset_rate, t->retrans_percent,
		t->drop_rate);
	buf_addf(b, "mem %lld %lld\n", (long long)t->mem, (long long)t->mem_limit);
}

static uint32_t leak_place(const struct sample *s, const struct leak_row *l)
{
	return l->kind == PROC_ROW_PROCESS ? l->proc : s->frame->proc_count + l->kind;
}

static void add_leak(struct buf *b, const struct leak_row *l)
{
	if (l->pile != PILE_CLOSE_WAIT)
		return;
	buf_addf(b, "%u + %u %u %u %u %.9g %.9g:", l->count, l->resets, l->causes[0], l->causes[1],
		l->causes[2], l->in_rate, l->out_rate);
	add_trend(b, &l->trend);
}

char *told_sample(const struct sample *s)
{
	struct buf b = { 0 };

	add_header(&b, s);
	for (size_t i = 0; i < table_count; i++)
		if (tables[i] != &table_leaks && tables[i] != &table_audit)
			add_table(&b, s, tables[i]);
	/* Not the verdicts, nor what is found: they come from all samples before. */
	for (uint32_t place = 0; place < s->frame->proc_count + PROC_ROW_KINDS; place++)
		for (uint32_t i = 0; i < s->leak_count; i++)
			if (leak_place(s, &s->leaks[i]) == place)
				add_leak(&b, &s->leaks[i]);
	for (uint32_t i = 0; i < s->listener_count; i++)
		add_trend(&b, &s->listeners[i].queue);
	assert_false(b.failed);
	return b.data;
}

void check_same_text(const char *got, const char *wanted, const char *file, int line)
{
	size_t begin = 0;

	for (size_t i = 0; got[i] == wanted[i]; i++) {
		if (!got[i])
			return;
		if (got[i] == '\n')
			begin = i + 1;
	}
	print_error("got    %.*s\n", (int)strcspn(got + begin, "\n"), got + begin);
	print_error("wanted %.*s\n", (int)strcspn(wanted + begin, "\n"), wanted + begin);
	_fail(file, line);
}

static bool same_proc(const struct proc *p, const struct proc *q)
{
	return p->pid == q->pid && p->start == q->start && p->uid == q->uid && p->fds == q->fds &&
	       p->fd_limit == q->fd_limit && strcmp(p->name, q->name) == 0 &&
	       strcmp(p->user, q->user) == 0 && strcmp(p->cmdline, q->cmdline) == 0 &&
	       strcmp(p->unit, q->unit) == 0 && strcmp(p->cgroup, q->cgroup) == 0;
}

static bool same_owners(const struct frame *a, uint32_t x, const struct frame *b, uint32_t y)
{
	for (; x != SOCK_NONE && y != SOCK_NONE; x++, y++) {
		const struct owner_edge *e = &a->edges[x], *g = &b->edges[y];

		if (e->proc != g->proc || e->fd != g->fd || e->last != g->last)
			return false;
		if (e->last)
			return true;
	}
	return x == y;
}

static bool same_address(const struct frame *a, uint32_t x, const struct frame *b, uint32_t y)
{
	const struct address *p = frame_address(a, x), *q = frame_address(b, y);

	return p->scope == q->scope && memcmp(p->bytes, q->bytes, sizeof p->bytes) == 0;
}

static bool same_sock(const struct frame *a, const struct frame *b, uint32_t row)
{
	const struct sock *s = &a->socks[row], *o = &b->socks[row];

	return s->cookie == o->cookie && s->inode == o->inode && s->uid == o->uid &&
	       s->recv_q == o->recv_q && s->send_q == o->send_q && s->local_port == o->local_port &&
	       s->remote_port == o->remote_port && s->first_seen == o->first_seen &&
	       s->drops == o->drops && s->expires_ms == o->expires_ms && s->netns == o->netns &&
	       s->proto == o->proto && s->state == o->state && s->timer == o->timer &&
	       s->retrans == o->retrans && s->flags == o->flags &&
	       same_owners(a, s->owner, b, o->owner) && same_address(a, s->local, b, o->local) &&
	       same_address(a, s->remote, b, o->remote);
}

bool same_frame(const struct frame *a, const struct frame *b)
{
	bool same = a->wall_ns == b->wall_ns && a->mono_ns == b->mono_ns &&
		    a->sock_count == b->sock_count && a->proc_count == b->proc_count &&
		    strcmp(a->host, b->host) == 0 && a->owners_hidden == b->owners_hidden &&
		    memcmp(a->counters, b->counters, sizeof a->counters) == 0;

	for (uint32_t i = 0; same && i < a->proc_count; i++)
		same = same_proc(&a->procs[i], &b->procs[i]);
	for (uint32_t i = 0; same && i < a->sock_count; i++)
		same = same_sock(a, b, i);
	return same;
}
