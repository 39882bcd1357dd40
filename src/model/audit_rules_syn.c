/* Rules about handshakes: those that clients do not finish here, and those that a destination does
 * not answer. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"
#include "sockdash/buf.h"
#include "sockdash/grow.h"

/* ---- SYN queues ------------------------------------------------------------------------------ */

/* The TCP listener with most unfinished handshakes for its backlog, or NULL where there are none. */
static const struct listener_row *busiest(const struct audit_run *run)
{
	const struct sample *s = run->s;
	const struct listener_row *most = NULL;
	double most_full = 0;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct listener_row *l = &s->listeners[i];
		const struct sock *sock = &s->frame->socks[l->sock];
		double backlog = sock->flags & SOCK_NO_BACKLOG ? 1 : fmax(sock->send_q, 1);

		if (sock->proto == SOCK_TCP && l->syn_recv / backlog > most_full) {
			most_full = l->syn_recv / backlog;
			most = l;
		}
	}
	return most;
}

/* Handshakes that are not finished although the answer was sent again; cookies that do not come
 * back: nobody means to connect. */
static bool looks_like_flood(const struct audit_run *run, const struct listener_row *l)
{
	double sent = audit_rate(run, COUNTER_SYNCOOKIES_SENT);

	if (sent > 0)
		return audit_rate(run, COUNTER_SYNCOOKIES_RECV) < sent / 10;
	return l && l->syn_again * 2 >= l->syn_recv;
}

static const char *syn_evidence(struct audit_run *run, const struct listener_row *l, double drops,
	double cookies, double setting)
{
	double sent = audit_rate(run, COUNTER_SYNCOOKIES_SENT);
	struct buf b = { 0 };
	const char *text;

	if (drops > 0)
		buf_addf(&b, "%s SYNs dropped per second because the SYN queue is full",
			audit_per_second(run, drops));
	if (cookies > 0)
		buf_addf(&b,
			"%s%s SYNs per second answered with a cookie because the SYN queue is full",
			drops > 0 ? "; " : "", audit_per_second(run, cookies));
	if (sent > 0)
		buf_addf(&b, "; %s of the cookies come back",
			audit_percent(run,
				fmin(100, 100 * audit_rate(run, COUNTER_SYNCOOKIES_RECV) / sent)));
	if (l)
		buf_addf(&b, "; %s handshake%s not finished, %s of them answered again; backlog %s",
			audit_count(run, l->syn_recv), l->syn_recv == 1 ? " is" : "s are",
			audit_count(run, l->syn_again),
			audit_count(run, run->s->frame->socks[l->sock].send_q));
	if (!isnan(setting))
		buf_addf(&b, "; tcp_syncookies is %s", audit_count(run, setting));
	text = b.failed ? NULL : sample_text(run->s, "%s", b.data);
	buf_free(&b);
	return text;
}

static const char *syn_advice(struct audit_run *run, bool flood, bool cookies_off)
{
	return sample_text(run->s, "%s%s",
		cookies_off ? "Switch SYN cookies on: with them a full SYN queue loses nobody. "
			    : "",
		flood ? "Most of these handshakes are never finished: a SYN flood with false "
			"addresses, or answers that do not reach the clients. Filter it before "
			"this "
			"host; cookies keep the service open meanwhile."
		      : "Clients do finish their handshakes, there are just more than fit. The SYN "
			"queue is as long as the backlog of listen(): raise that (and "
			"net.core.somaxconn, if it is smaller) and restart the program.");
}

static const char *syn_command(
	struct audit_run *run, const struct listener_row *l, bool cookies_off)
{
	if (cookies_off)
		return "sysctl -w net.ipv4.tcp_syncookies=1";
	if (!l)
		return "ss -tan state syn-recv";
	return sample_text(run->s, "ss -tano state syn-recv 'sport = :%u'",
		run->s->frame->socks[l->sock].local_port);
}

int audit_syn_queue_full(struct audit_run *run)
{
	double drops = audit_rate(run, COUNTER_REQQ_DROPS);
	double cookies = audit_rate(run, COUNTER_REQQ_COOKIES);
	double setting = audit_counter(run, COUNTER_SYNCOOKIES);
	const struct listener_row *l = busiest(run);
	bool dropping, cooking, flood = looks_like_flood(run, l);

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	if (isnan(drops) && isnan(cookies))
		audit_unknown(run, "TCPReqQFull... is not known yet, or cannot be read");
	dropping = audit_happens(run, drops, LIMIT_SYN_QUEUE, 0);
	/* With 2 each SYN gets a cookie, whether or not the queue is full. */
	cooking = setting != 2 && audit_happens(run, cookies, LIMIT_SYN_QUEUE, 0);
	if (!dropping && !cooking)
		return 0;
	return audit_add(
		run, &(struct audit_found){
			     .severity = dropping ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			     .since = NAN,
			     .subject = l ? audit_listener(run, &run->s->frame->socks[l->sock])
					  : "all listeners",
			     .evidence = syn_evidence(run, l, drops, cookies, setting),
			     .advice = syn_advice(run, flood, setting == 0),
			     .command = syn_command(run, l, setting == 0),
		     });
}

int audit_syn_flood(struct audit_run *run)
{
	const struct sample *s = run->s;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP) || audit_has(run, "syn-queue-full"))
		return 0;
	for (uint32_t i = 0; !err && i < s->listener_count; i++) {
		const struct listener_row *l = &s->listeners[i];
		const struct sock *sock = &s->frame->socks[l->sock];
		uint64_t key = audit_place(run, sock);

		if (sock->proto != SOCK_TCP ||
			l->syn_recv < audit_limit(run, LIMIT_SYN_RECV, key) ||
			l->syn_again * 2 < l->syn_recv ||
			audit_has_subject(run, run->rule->id, key))
			continue;
		err = audit_add(run,
			&(struct audit_found){
				.severity = SEVERITY_WARNING,
				.key = key,
				.size = l->syn_recv,
				.since = NAN,
				.subject = audit_listener(run, sock),
				.evidence = sample_text(run->s,
					"%s handshakes are not finished, %s of them answered "
					"again; the SYN "
					"queue has room for %s",
					audit_count(run, l->syn_recv),
					audit_count(run, l->syn_again),
					audit_count(run, sock->send_q)),
				.advice = "Clients send a SYN and nothing more: a SYN flood with "
					  "false "
					  "addresses, or our answers do not reach them (routing, "
					  "firewall). See where they come from.",
				.command = sample_text(run->s,
					"ss -tano state syn-recv 'sport = :%u'", sock->local_port),
			});
	}
	return err;
}

/* ---- Destinations that do not answer --------------------------------------------------------- */

struct dead {
	uint64_t key;
	const struct sock *one; /* of its sockets */
	uint32_t sockets, most; /* and the most times that a SYN was sent again */
	uint32_t owned;         /* of them by the owner of `one` */
	double age;             /* of the oldest; NAN */
};

struct deads {
	struct dead *all;
	uint32_t count, room;
	struct hash by_key;
};

static uint64_t destination_key(const struct frame *f, const struct sock *s)
{
	return hash_mix(hash_bytes(frame_address(f, s->remote)->bytes, 16),
		hash_mix(frame_netns_inode(f, s), s->remote_port));
}

static int add_to_dead(struct audit_run *run, struct deads *d, const struct sock *s)
{
	const struct frame *f = run->s->frame;
	uint64_t key = destination_key(f, s);
	/* A SYN is sent again after a second at the earliest, also where we have just begun to
	 * look. */
	double age = fmax(frame_age(f, s), s->retrans);
	struct dead *dead;
	uint32_t row;

	if (grow(&d->all, d->count, &d->room, sizeof *d->all) ||
		hash_add(&d->by_key, key, d->count, &row))
		return -ENOMEM;
	if (row == d->count)
		d->all[d->count++] = (struct dead){ .key = key, .one = s, .age = NAN };
	dead = &d->all[row];
	if (dead->one->owner == SOCK_NONE)
		dead->one = s;
	dead->sockets++;
	dead->owned += frame_owner(f, s) == frame_owner(f, dead->one);
	dead->most = s->retrans > dead->most ? s->retrans : dead->most;
	if (!(age <= dead->age))
		dead->age = fmax(dead->age, age);
	return 0;
}

/* The first SYN is sent again after a second: who does not answer until then is far away or
 * dead. */
static int collect(struct audit_run *run, struct deads *d)
{
	const struct sample *s = run->s;
	uint32_t left = 0;
	int err = 0;

	for (uint32_t i = 0; i < s->state_count; i++)
		if (s->states[i].proto == SOCK_TCP && s->states[i].state == SOCK_SYN_SENT)
			left = s->states[i].count;
	for (uint32_t i = 0; !err && left && i < s->frame->sock_count; i++) {
		const struct sock *sock = &s->frame->socks[i];

		if (sock->proto != SOCK_TCP || sock->state != SOCK_SYN_SENT)
			continue;
		left--;
		if (sock->retrans)
			err = add_to_dead(run, d, sock);
	}
	return err;
}

static bool is_loopback(const uint8_t a[16])
{
	static const uint8_t v6[16] = { [15] = 1 };

	return memcmp(a, v6, sizeof v6) == 0 || (a[10] == 0xff && a[12] == 127);
}

/* Whether it is a listener of this host whose queue is full: accept-queue-full tells that, and
 * why. */
static bool is_told(const struct audit_run *run, const struct sock *to)
{
	static const uint8_t any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };
	const struct sample *s = run->s;
	const uint8_t *there = frame_address(s->frame, to->remote)->bytes;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct sock *l = &s->frame->socks[s->listeners[i].sock];
		const uint8_t *here = frame_address(s->frame, l->local)->bytes;
		bool any = !memcmp(here, any6, 16) || !memcmp(here, any4, 16);

		if (l->proto == SOCK_TCP && l->local_port == to->remote_port &&
			(memcmp(here, there, 16) == 0 || (any && is_loopback(there))) &&
			audit_has_subject(run, "accept-queue-full", audit_place(run, l)))
			return true;
	}
	return false;
}

static const char *dead_evidence(struct audit_run *run, const struct dead *d)
{
	const char *owner = audit_owner(run, d->one);
	const char *others = d->owned < d->sockets ? " and others" : "";

	if (!owner)
		return NULL;
	return sample_text(run->s,
		"%s attempt%s without an answer, SYN sent again up to %s time%s; the oldest for at "
		"least "
		"%s%s%s%s",
		audit_count(run, d->sockets), d->sockets == 1 ? "" : "s", audit_count(run, d->most),
		d->most == 1 ? "" : "s", audit_age(run, d->age), *owner ? "; by " : "", owner,
		*owner ? others : "");
}

static const char *const dead_advice = "It does not answer at all (a closed port would refuse): "
				       "the host is down, a firewall drops the "
				       "SYNs, the way there or back is broken, or its queues are "
				       "full. A shorter timeout for connecting "
				       "keeps callers from hanging.";

int audit_syn_sent_dead(struct audit_run *run)
{
	struct deads d = { 0 };
	int err;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	err = collect(run, &d);
	for (uint32_t i = 0; !err && i < d.count; i++) {
		const struct dead *dead = &d.all[i];
		const char *where = audit_destination(run, dead->one);

		if (is_told(run, dead->one))
			continue;
		err = where ? audit_add(run,
				      &(struct audit_found){
					      .severity = dead->sockets >= audit_limit(run,
										   LIMIT_SYN_SENT,
										   dead->key)
								  ? SEVERITY_WARNING
								  : SEVERITY_INFO,
					      .key = dead->key,
					      .size = dead->sockets,
					      .since = dead->age,
					      .subject = where,
					      .evidence = dead_evidence(run, dead),
					      .advice = dead_advice,
					      .command = sample_text(run->s,
						      "ss -tanpo state syn-sent 'dst = %s'", where),
				      })
			    : -ENOMEM;
	}
	hash_free(&d.by_key);
	free(d.all);
	return err;
}
