/* The numbers of the header lines, from the kernel's counters and the state counts. */
#include <math.h>

#include "sockdash/group.h"

/* A counter's change since the frame before; NAN where either is not known or it went backwards
 * (reset). */
static double change(const struct frame *now, const struct frame *then, enum counter c)
{
	if (now->counters[c] == COUNTER_UNKNOWN || then->counters[c] == COUNTER_UNKNOWN ||
		now->counters[c] < then->counters[c])
		return NAN;
	return (double)(now->counters[c] - then->counters[c]);
}

/* Connections that have been opened and have not ended: those that ActiveOpens and PassiveOpens
 * have counted. */
static double open_conns(const struct sample *s)
{
	double n = 0;

	for (uint32_t i = 0; i < s->state_count; i++) {
		const struct state_row *r = &s->states[i];

		if (r->proto == SOCK_TCP && r->state != SOCK_LISTEN && r->state != SOCK_TIME_WAIT &&
			r->state != SOCK_SYN_RECV && r->state != SOCK_CLOSE)
			n += r->count;
	}
	return n;
}

static double clamp(double x)
{
	return x < 0 ? 0 : x;
}

void group_totals(struct sample *s, const struct sample *prev)
{
	struct sample_totals *t = &s->totals;
	const struct frame *now = s->frame, *then;
	double in, out, again, sent; /* OutSegs does not count what is sent again */

	t->mem = now->counters[COUNTER_TCP_MEM];
	t->mem_limit = now->counters[COUNTER_TCP_MEM_LIMIT];
	t->in_rate = t->out_rate = t->closed_rate = t->reset_rate = t->retrans_percent = NAN;
	t->drop_rate = NAN;
	t->ports_percent = group_ports_percent(s);
	if (!prev)
		return;
	then = prev->frame;
	in = change(now, then, COUNTER_PASSIVE_OPENS);
	out = change(now, then, COUNTER_ACTIVE_OPENS);
	t->in_rate = group_rate(in, s->interval_s);
	t->out_rate = group_rate(out, s->interval_s);
	t->reset_rate = group_rate(change(now, then, COUNTER_OUT_RESETS), s->interval_s);
	/* Short connections are never seen in a dump, so the ends are what was opened and is not
	 * there. */
	if (!((now->absent | then->absent) & 1u << SOCK_TCP) && !now->one_family)
		t->closed_rate = group_rate(
			clamp(in + out + open_conns(prev) - open_conns(s)), s->interval_s);
	t->drop_rate = group_rate(change(now, then, COUNTER_LISTEN_DROPS), s->interval_s);
	again = change(now, then, COUNTER_RETRANS_SEGMENTS);
	sent = change(now, then, COUNTER_OUT_SEGMENTS) + again;
	if (sent > 0)
		t->retrans_percent = 100 * again / sent;
	else if (again == 0)
		t->retrans_percent = 0;
}
