/* The page of a socket: who it connects, who owns it, what stands in its queues and why, what TCP knows,
 * where its other end is, what became of it. What is not known is said, and why. */
#include "sockdash/detail_socket.h"

#include <math.h>
#include <string.h>

#include "sockdash/endpoint.h"
#include "sockdash/fmt.h"
#include "sockdash/needs.h"

#define OWNERS_MAX 8
#define USER_HZ    100 /* start times are in these on every Linux */
#define NSEC       1e9

/* ---- History --------------------------------------------------------------------------------- */

void sock_history_add(struct sock_history *h, const struct sock_moment *m)
{
	uint32_t room = TREND_POINTS;

	if (h->count && h->moments[h->count - 1].state != m->state) {
		if (h->change_count == SOCK_CHANGES_MAX) {
			memmove(h->changes, h->changes + 1,
				(SOCK_CHANGES_MAX - 1) * sizeof *h->changes);
			memmove(h->states_before, h->states_before + 1, SOCK_CHANGES_MAX - 1);
			h->change_count--;
		}
		h->states_before[h->change_count] = h->moments[h->count - 1].state;
		h->changes[h->change_count++] = *m;
	}
	if (h->count == room) {
		memmove(h->moments, h->moments + 1, (room - 1) * sizeof *h->moments);
		h->count--;
	}
	h->moments[h->count++] = *m;
}

/* ---- Others ---------------------------------------------------------------------------------- */

static bool same_bytes(const struct frame *f, uint32_t a, uint32_t b)
{
	return a == b || memcmp(frame_address(f, a)->bytes, frame_address(f, b)->bytes, 16) == 0;
}

uint32_t detail_peer(const struct frame *f, uint32_t row)
{
	const struct sock *s = &f->socks[row];

	if (sock_is_listener(s))
		return SOCK_NONE;
	for (uint32_t i = 0; i < f->sock_count; i++) {
		const struct sock *o = &f->socks[i];

		if (o->local_port == s->remote_port && o->remote_port == s->local_port &&
			o->proto == s->proto && o->netns == s->netns && i != row &&
			!sock_is_listener(o) && same_bytes(f, o->local, s->remote) &&
			same_bytes(f, o->remote, s->local))
			return i;
	}
	return SOCK_NONE;
}

static bool is_wildcard(const struct frame *f, uint32_t address)
{
	static const uint8_t zeros[16], mapped[16] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *bytes = frame_address(f, address)->bytes;

	return memcmp(bytes, zeros, 16) == 0 || memcmp(bytes, mapped, 16) == 0;
}

uint32_t detail_listener(const struct sample *s, uint32_t row)
{
	const struct frame *f = s->frame;
	const struct sock *sock = &f->socks[row];
	uint32_t found = SOCK_NONE;

	if (sock->proto != SOCK_TCP || sock_is_listener(sock))
		return SOCK_NONE;
	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct sock *l = &f->socks[s->listeners[i].sock];

		if (l->proto != SOCK_TCP || l->local_port != sock->local_port ||
			l->netns != sock->netns)
			continue;
		if (same_bytes(f, l->local, sock->local))
			return s->listeners[i].sock;
		if (is_wildcard(f, l->local))
			found = s->listeners[i].sock;
	}
	return found;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static void add_ends(const struct sock_story *s, struct page *out)
{
	const struct frame *f = s->sample->frame;
	const struct sock *sock = &f->socks[s->row];
	char room[ENDPOINT_MAX];
	uint32_t through;

	page_add(out, "local", ROLE_TEXT, "%s", endpoint_text(f, sock, true, 0, room));
	if (sock_is_listener(sock)) {
		page_add(out, "remote", ROLE_DIM, "none: it waits for peers");
		return;
	}
	page_add(out, "remote", ROLE_TEXT, "%s", endpoint_text(f, sock, false, 0, room));
	if (sock->proto != SOCK_TCP)
		return;
	through = detail_listener(s->sample, s->row);
	if (through != SOCK_NONE)
		page_add(out, "direction", ROLE_TEXT, "inbound, through the listener %s",
			endpoint_text(f, &f->socks[through], true, 0, room));
	else
		page_add(out, "direction", ROLE_TEXT, "outbound: nothing listens on its port");
}

static void add_ages(const struct sock_story *s, struct page *out)
{
	const struct frame *f = s->sample->frame;
	const struct sock *sock = &f->socks[s->row];
	double age = frame_age(f, sock), wait = frame_wait_age(f, sock);
	char room[FMT_MAX], time[FMT_MAX];

	if (!isnan(wait))
		page_add(out, "since", ROLE_TEXT, "%s%s ago: then the peer closed",
			sock->flags & SOCK_WAIT_LONGER ? "at least " : "", fmt_age(room, wait, 0));
	if (isnan(age))
		page_add(out, "first seen", ROLE_DIM, "not known");
	else
		page_add(out, "first seen", ROLE_TEXT, "%s, %s ago%s",
			fmt_time_of_day(time, f->wall_ns - (int64_t)(age * NSEC)),
			fmt_age(room, age, 0),
			sock->flags & SOCK_OLDER ? "; it was there before we looked" : "");
}

static void add_connection(const struct sock_story *s, struct page *out)
{
	const struct frame *f = s->sample->frame;
	const struct sock *sock = &f->socks[s->row];
	const char *device = frame_device(f, frame_address(f, sock->local)->scope);

	page_group(out, "Connection");
	page_add(out, "state", ROLE_STRONG, "%s %s", sock_proto_name(sock->proto),
		sock_state_name(sock->state));
	add_ends(s, out);
	add_ages(s, out);
	if (*device)
		page_add(out, "device", ROLE_TEXT, "%s", device);
	if (frame_netns_inode(f, sock))
		page_add(out, "namespace", ROLE_TEXT, "%llu",
			(unsigned long long)frame_netns_inode(f, sock));
	if (sock->inode)
		page_add(out, "inode", ROLE_TEXT, "%u", sock->inode);
	else
		page_add(out, "inode", ROLE_DIM, "none: no process has it open");
	if (sock->cookie)
		page_add(out, "cookie", ROLE_TEXT, "%llu", (unsigned long long)sock->cookie);
}

static void add_process(
	const struct frame *f, const struct proc *p, uint32_t fd, bool carried, struct page *out)
{
	struct page_line *line = page_add(out, carried ? "was of" : "process",
		carried ? ROLE_DIM : ROLE_TEXT, "%s, pid %u", *p->name ? p->name : "?", p->pid);
	double age = f->uptime_s - (double)p->start / USER_HZ;
	char room[FMT_MAX], most[FMT_MAX];

	if (!line)
		return;
	if (*p->user)
		buf_addf(&line->text, ", user %s", p->user);
	if (!carried)
		buf_addf(&line->text, ", descriptor %u", fd);
	if (age >= 0)
		buf_addf(&line->text, ", started %s ago", fmt_age(room, age, 0));
	if (*p->cmdline)
		page_add(out, "command", ROLE_TEXT, "%s", p->cmdline);
	if (*p->unit)
		page_add(out, "unit", ROLE_TEXT, "%s", p->unit);
	if (*p->cgroup)
		page_add(out, "cgroup", ROLE_TEXT, "%s", p->cgroup);
	if (p->fds == PROC_UNKNOWN)
		return;
	if (p->fd_limit < PROC_UNLIMITED)
		page_add(out, "descriptors", ROLE_TEXT, "%s of %s (%s)", fmt_count(room, p->fds, 0),
			fmt_count(most, p->fd_limit, 0),
			p->fd_limit
				? fmt_percent((char[FMT_MAX]){ 0 }, 100.0 * p->fds / p->fd_limit, 0)
				: "-");
	else
		page_add(out, "descriptors", ROLE_TEXT, "%s", fmt_count(room, p->fds, 0));
}

/* Why no process is known. */
static const char *why_no_owner(const struct frame *f, const struct sock *s)
{
	if (!f->owners_known)
		return f->asked & NEED_OWNERS ? "owners are not known here" : "not asked for yet";
	if (s->flags & SOCK_HIDDEN)
		return "no privilege: some process that we cannot look into";
	if (frame_is_pending(f, s))
		return "still being looked for\xe2\x80\xa6";
	if (s->inode)
		return "closed before it was found";
	if (s->state == SOCK_ESTAB || s->state == SOCK_CLOSE_WAIT)
		return "none: no process has accepted it yet, or its process is gone";
	return "none: its process has let go of it";
}

static void add_owners(const struct sock_story *s, struct page *out)
{
	const struct frame *f = s->sample->frame;
	const struct sock *sock = &f->socks[s->row];
	uint32_t n = 0, more = 0;

	page_group(out, "Owner");
	for (uint32_t e = sock->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
		if (n++ < OWNERS_MAX)
			add_process(f, &f->procs[f->edges[e].proc], f->edges[e].fd,
				sock->flags & SOCK_CARRIED, out);
		else
			more++;
	}
	if (more)
		page_add(out, "and", ROLE_TEXT, "%u more processes", more);
	if (!n)
		page_add(out, "process", ROLE_DIM, "%s", why_no_owner(f, sock));
	if (sock->inode && *frame_user(f, sock->uid))
		page_add(out, "made by", ROLE_TEXT, "user %s", frame_user(f, sock->uid));
}

/* Why a CLOSE-WAIT socket is not closed. */
static const char *cause(const struct sock *s)
{
	static const char *const causes[SOCK_WAIT_CAUSES] = {
		[SOCK_WAIT_UNREAD] = "the peer has closed, and the process has not read what came "
				     "before: it does not read, or hangs",
		[SOCK_WAIT_EOF_UNREAD] = "the peer has closed, and the process has not read the "
					 "end of file: it does not look at this socket",
		[SOCK_WAIT_NOT_CLOSED] = "the peer has closed, the process has read everything "
					 "and never closed its descriptor: a leak",
	};

	return causes[sock_wait_cause(s)];
}

static void add_queues(const struct sock_story *s, struct page *out)
{
	const struct sock *sock = &s->sample->frame->socks[s->row];
	char queue[FMT_MAX], room[FMT_MAX];

	page_group(out, "Queues");
	if (sock->state == SOCK_LISTEN) {
		page_add(out, "accept", sock->recv_q > sock->send_q ? ROLE_CRITICAL : ROLE_TEXT,
			"%s wait for accept(), %s may", fmt_count(queue, sock->recv_q, 0),
			sock->flags & SOCK_NO_BACKLOG ? "it is not known how many"
						      : fmt_count(room, sock->send_q, 0));
		return;
	}
	page_add(out, "receive", ROLE_TEXT, "%s byte%s not read by the process",
		fmt_count(queue, sock->recv_q, 0), sock->recv_q == 1 ? "" : "s");
	page_add(out, "send", ROLE_TEXT, "%s byte%s not acknowledged by the peer",
		fmt_count(queue, sock->send_q, 0), sock->send_q == 1 ? "" : "s");
	if (sock->state == SOCK_CLOSE_WAIT)
		page_add(out, "stuck", ROLE_WARNING, "%s", cause(sock));
}

static void add_timer(const struct sock_story *s, struct page *out)
{
	static const char *const what[] = { "none runs", "to send again", "keepalive",
		"the end of TIME-WAIT", "to probe the peer's closed window" };
	const struct sock *sock = &s->sample->frame->socks[s->row];
	char room[FMT_MAX];

	page_group(out, "Timer");
	if (!sock->timer || sock->timer >= sizeof what / sizeof *what)
		page_add(out, "timer", ROLE_DIM, "%s", what[0]);
	else
		page_add(out, "timer", ROLE_TEXT, "%s, fires in %s, has fired %u time%s",
			what[sock->timer], fmt_age(room, sock->expires_ms / 1000.0, 0),
			sock->retrans, sock->retrans == 1 ? "" : "s");
}

static void add_peer(const struct sock_story *s, struct page *out)
{
	const struct frame *f = s->sample->frame;
	uint32_t row = detail_peer(f, s->row);
	const struct proc *p;

	if (sock_is_listener(&f->socks[s->row]))
		return;
	page_group(out, "Other end");
	if (row == SOCK_NONE) {
		page_add(out, "socket", ROLE_DIM, "not on this machine, or not in this namespace");
		return;
	}
	p = frame_owner(f, &f->socks[row]);
	page_add(out, "socket", ROLE_TEXT,
		"here: %s %s, receives %u, sends %u bytes; Enter opens it",
		sock_proto_name(f->socks[row].proto), sock_state_name(f->socks[row].state),
		f->socks[row].recv_q, f->socks[row].send_q);
	if (p)
		page_add(out, "process", ROLE_TEXT, "%s, pid %u", *p->name ? p->name : "?", p->pid);
}

/* ---- What became of it ----------------------------------------------------------------------- */

static uint32_t point(double value)
{
	return !(value > 0) ? 0 : value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static double recv_q_of(const struct sock_moment *m)
{
	return m->recv_q;
}

static double send_q_of(const struct sock_moment *m)
{
	return m->send_q;
}

static double rtt_of(const struct sock_moment *m)
{
	return m->rtt_us == SOCK_INFO_NONE ? (double)NAN : (double)m->rtt_us;
}

static double tx_of(const struct sock_moment *m)
{
	return (double)m->tx_rate;
}

static double rx_of(const struct sock_moment *m)
{
	return (double)m->rx_rate;
}

static char *bytes_text(char *room, double value)
{
	return fmt_bytes(room, point(value), 0);
}

static char *rtt_text(char *room, double us)
{
	return fmt_span(room, us / 1e6, 0);
}

static char *rate_text(char *room, double value)
{
	return strcat(fmt_bytes(room, point(value), 0), "/s");
}

static const struct {
	const char *label;
	double (*of)(const struct sock_moment *m);
	char *(*text)(char *room, double value);
} trends[] = {
	{ "receive queue", recv_q_of, bytes_text },
	{ "send queue", send_q_of, bytes_text },
	{ "round trip", rtt_of, rtt_text },
	{ "out", tx_of, rate_text },
	{ "in", rx_of, rate_text },
};

static void add_trends(const struct sock_history *h, struct page *out)
{
	for (size_t i = 0; i < sizeof trends / sizeof *trends; i++) {
		struct trend t = { .count = 0 };
		struct page_line *line;
		char room[FMT_MAX + 4];
		double last = NAN;

		for (uint32_t n = 0; n < h->count; n++) {
			double value = trends[i].of(&h->moments[n]);

			if (isnan(value))
				continue;
			t.values[t.count++] = point(value);
			last = value;
		}
		if (isnan(last) || h->count < 2)
			continue;
		line = page_add(out, trends[i].label, ROLE_TEXT, "%s", trends[i].text(room, last));
		if (line)
			line->trend = t;
	}
}

static void add_history(const struct sock_story *s, struct page *out)
{
	const struct sock_history *h = s->history;
	char time[FMT_MAX];

	page_group(out, "While it was watched");
	if (h->count)
		page_add(out, "from", ROLE_TEXT, "%s on",
			fmt_time_of_day(time, h->moments[0].wall_ns));
	for (uint32_t i = 0; i < h->change_count; i++)
		page_add(out, "changed", ROLE_CHANGED, "%s: %s \xe2\x86\x92 %s",
			fmt_time_of_day(time, h->changes[i].wall_ns),
			sock_state_name(h->states_before[i]), sock_state_name(h->changes[i].state));
	if (!h->change_count)
		page_add(out, "state", ROLE_DIM, "has not changed");
	add_trends(h, out);
}

void detail_socket(const struct sock_story *s, struct page *out)
{
	add_connection(s, out);
	add_owners(s, out);
	add_queues(s, out);
	add_timer(s, out);
	add_peer(s, out);
	detail_tcp(s, out);
	add_history(s, out);
}
