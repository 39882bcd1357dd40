/* A rule about listeners: addresses that are open to all. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"
#include "sockdash/buf.h"

struct opening {
	uint16_t port;
	const struct sock *sock;
};

static int compare_openings(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

static bool is_open_to_all(const struct audit_run *run, const struct sock *sock)
{
	static const uint8_t any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };
	const struct frame *f = run->s->frame;
	const struct address *a = frame_address(f, sock->local);

	return sock->proto == SOCK_TCP &&
	       (!memcmp(a->bytes, any6, sizeof any6) || !memcmp(a->bytes, any4, sizeof any4)) &&
	       strcmp(frame_device(f, a->scope), "lo") != 0;
}

/* One per port, by port. */
static uint32_t find_openings(const struct audit_run *run, struct opening *out)
{
	const struct sample *s = run->s;
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < s->listener_count; i++) {
		const struct sock *sock = &s->frame->socks[s->listeners[i].sock];

		if (is_open_to_all(run, sock))
			out[n++] = (struct opening){ sock->local_port, sock };
	}
	if (n)
		qsort(out, n, sizeof *out, compare_openings);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || out[kept - 1].port != out[i].port)
			out[kept++] = out[i];
	return kept;
}

#define OPENINGS_NAMED 12

int audit_listen_all(struct audit_run *run)
{
	struct opening *open;
	struct buf b = { 0 };
	uint32_t n;
	int err = 0;

	if (!audit_sees(run, SOCK_TCP) || run->s->listener_count == 0)
		return 0;
	open = calloc(run->s->listener_count, sizeof *open);
	if (!open)
		return -ENOMEM;
	n = find_openings(run, open);
	for (uint32_t i = 0; i < n && i < OPENINGS_NAMED; i++) {
		const struct proc *p = frame_owner(run->s->frame, open[i].sock);

		buf_addf(&b, "%s%u", i ? ", " : "", open[i].port);
		if (p && *p->name)
			buf_addf(&b, " (%s)", p->name);
	}
	if (n > OPENINGS_NAMED)
		buf_addf(&b, " and %u more", n - OPENINGS_NAMED);
	if (n)
		err = b.failed ? -ENOMEM
			       : audit_add(run,
					 &(struct audit_found){
						 .severity = SEVERITY_INFO,
						 .size = n,
						 .since = NAN,
						 .subject = sample_text(run->s,
							 n == 1 ? "%u port" : "%u ports", n),
						 .evidence = sample_text(run->s,
							 "listening on all addresses: %s", b.data),
						 .advice =
							 "Whoever reaches this host reaches these, "
							 "unless a firewall keeps them out. Bind "
							 "what is for this host only to 127.0.0.1 "
							 "or ::1.",
						 .command = "sockdash listen -t -s port",
					 });
	buf_free(&b);
	free(open);
	return err;
}
