/* Rules about local ports and TIME-WAIT, which is only a problem where it takes the last ports. */
#include <math.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"
#include "sockdash/endpoint.h"

/* TIME-WAIT takes 60 seconds, a constant of the kernel. */
#define TIME_WAIT_S 60
/* Of the ports that are taken, from which on it decides how many new connections there can be. */
#define TIME_WAIT_SHARE 0.3
/* What a socket in TIME-WAIT costs, in bytes. */
#define TIME_WAIT_BYTES 256

/* ---- Local ports ----------------------------------------------------------------------------- */

static const struct sock *sock_of(const struct audit_run *run, const struct port_row *p)
{
	return &run->s->frame->socks[p->sock];
}

/* Of both addresses and the destination's port. */
static uint64_t key_of(const struct audit_run *run, const struct sock *s)
{
	const struct frame *f = run->s->frame;

	return hash_mix(hash_bytes(frame_address(f, s->local)->bytes, 16),
		hash_mix(hash_bytes(frame_address(f, s->remote)->bytes, 16),
			hash_mix(frame_netns_inode(f, s), s->remote_port)));
}

/* "10.0.0.1 to 10.0.0.5:5432": the port of the first is what runs out. */
static const char *ports_subject(struct audit_run *run, const struct sock *s)
{
	const struct frame *f = run->s->frame;
	char remote[ENDPOINT_MAX], local[FMT_MAX];

	endpoint_text(f, s, false, 0, remote);
	fmt_address(local, frame_address(f, s->local)->bytes, s->flags & SOCK_IPV4);
	return sample_text(run->s, "%s to %s", local, remote);
}

static const char *ports_evidence(struct audit_run *run, const struct port_row *p, double percent)
{
	double capacity = run->s->port_capacity;
	const char *owner = audit_owner(run, sock_of(run, p)), *rate = "";

	/* Each new connection takes its port for that long only where this side closes. */
	if (p->time_wait >= TIME_WAIT_SHARE * p->used)
		rate = sample_text(run->s, "; enough for %s new connections per second",
			audit_per_second(run, capacity / TIME_WAIT_S));
	if (!owner || !rate)
		return NULL;
	return sample_text(run->s, "%s of %s local ports taken (%s), %s of them in TIME-WAIT%s%s%s",
		audit_count(run, p->used), audit_count(run, capacity), audit_percent(run, percent),
		audit_count(run, p->time_wait), rate, *owner ? "; one of them is of " : "", owner);
}

static bool is_loopback(const struct audit_run *run, const struct sock *s)
{
	return frame_address(run->s->frame, s->remote)->bytes[12] == 127 &&
	       frame_address(run->s->frame, s->remote)->bytes[10] == 0xff;
}

/* tcp_tw_reuse is told as what it is, and only where TIME-WAIT takes the ports; to addresses of
 * this host it is on by itself. */
static const char *ports_advice(struct audit_run *run, const struct port_row *p)
{
	bool waits = p->time_wait * 2 >= p->used;

	return sample_text(run->s,
		"When none is left connect() fails with EADDRNOTAVAIL. %s Or use more addresses, "
		"here "
		"or there, or widen ip_local_port_range (it must leave out ports that programs "
		"listen "
		"on: ip_local_reserved_ports).%s",
		waits ? "Connections are too short: reuse them (keep-alive, a pool)."
		      : "These connections are open: use fewer of them (a pool, multiplexing).",
		waits && !is_loopback(run, sock_of(run, p))
			? " net.ipv4.tcp_tw_reuse=1 lets outgoing connections take a port that has "
			  "been "
			  "in TIME-WAIT for a second, if both ends send timestamps."
			: "");
}

static const char *ports_command(struct audit_run *run, const struct sock *s)
{
	double first = audit_counter(run, COUNTER_PORT_FIRST);
	double last = audit_counter(run, COUNTER_PORT_LAST);
	const char *where = audit_destination(run, s);

	if (first > 10240 || last < 65000)
		return sample_text(run->s, "sysctl -w net.ipv4.ip_local_port_range='%.0f 65535'",
			fmin(first, 10240));
	return where ? sample_text(run->s, "ss -tanp 'dst = %s'", where) : NULL;
}

int audit_ports_exhausted(struct audit_run *run)
{
	const struct sample *s = run->s;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP))
		return 0;
	if (!(s->port_capacity > 0))
		audit_unknown(run, "net.ipv4.ip_local_port_range cannot be read");
	for (uint32_t i = 0; !err && s->port_capacity > 0 && i < s->port_count; i++) {
		const struct port_row *p = &s->ports[i];
		const struct sock *sock = sock_of(run, p);
		uint64_t key = key_of(run, sock);
		double percent = 100 * p->used / s->port_capacity;
		enum severity severity = audit_severity(
			run, percent, LIMIT_PORTS_WARNING, LIMIT_PORTS_CRITICAL, key);

		if (severity == SEVERITY_OK)
			continue;
		err = audit_add(run, &(struct audit_found){
					     .severity = severity,
					     .key = key,
					     .size = percent,
					     .since = NAN,
					     .subject = ports_subject(run, sock),
					     .evidence = ports_evidence(run, p, percent),
					     .advice = ports_advice(run, p),
					     .command = ports_command(run, sock),
				     });
	}
	return err;
}

/* ---- TIME-WAIT ------------------------------------------------------------------------------- */

int audit_time_wait_overflow(struct audit_run *run)
{
	double rate = audit_rate(run, COUNTER_TIME_WAIT_OVERFLOWS);
	double limit = audit_counter(run, COUNTER_TIME_WAIT_LIMIT);

	if (isnan(rate))
		audit_unknown(run, "TCPTimeWaitOverflow is not known yet, or cannot be read");
	if (!audit_happens(run, rate, LIMIT_TIME_WAIT_OVERFLOW, 0))
		return 0;
	return audit_add(run,
		&(struct audit_found){
			.severity = SEVERITY_WARNING,
			.size = rate,
			.since = NAN,
			.subject = "TIME-WAIT",
			.evidence = sample_text(run->s,
				"%s connections per second skip TIME-WAIT; %s of %s places taken "
				"(net.ipv4.tcp_max_tw_buckets)",
				audit_per_second(run, rate),
				audit_count(run, audit_counter(run, COUNTER_TIME_WAIT_BUCKETS)),
				audit_count(run, limit)),
			.advice =
				"Late segments of an old connection may reach a new one, or be "
				"answered with a reset. A place costs 256 bytes: raise the limit.",
			.command = isnan(limit)
					   ? "sysctl net.ipv4.tcp_max_tw_buckets"
					   : sample_text(run->s,
						     "sysctl -w net.ipv4.tcp_max_tw_buckets=%.0f",
						     fmax(limit * 2, 4096)),
		});
}

static uint32_t time_waits(const struct sample *s)
{
	for (uint32_t i = 0; i < s->state_count; i++)
		if (s->states[i].proto == SOCK_TCP && s->states[i].state == SOCK_TIME_WAIT)
			return s->states[i].count;
	return 0;
}

/* How full the fullest destination is, where that is known. */
static const char *fullest(struct audit_run *run)
{
	const struct sample *s = run->s;

	if (s->port_count == 0 || !(s->port_capacity > 0))
		return "";
	return sample_text(run->s, "; the busiest destination takes %s of the local ports",
		audit_percent(run, 100 * s->ports[0].used / s->port_capacity));
}

int audit_time_wait_many(struct audit_run *run)
{
	double n = time_waits(run->s);
	const char *ports;

	if (!audit_sees(run, SOCK_TCP) || n < audit_limit(run, LIMIT_TIME_WAIT, 0))
		return 0;
	ports = fullest(run);
	return audit_add(run,
		&(struct audit_found){
			.severity = SEVERITY_INFO,
			.size = n,
			.since = NAN,
			.subject = "TIME-WAIT",
			.evidence =
				ports ? sample_text(run->s, "%s in TIME-WAIT, about %s of memory%s",
						audit_count(run, n),
						audit_bytes(run, n * TIME_WAIT_BYTES), ports)
				      : NULL,
			.advice =
				"This is normal: who closes first keeps the connection for 60 "
				"seconds, "
				"so that late segments do no harm. It matters only where the local "
				"ports to one destination run out (ports-exhausted). Fewer come "
				"from "
				"connections that are reused.",
			.command = "sockdash states -t",
		});
}
