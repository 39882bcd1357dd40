/* From frames to samples: what is remembered between them, and in which order the tables are
 * made. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"

struct tracker {
	struct sample *prev;
	struct listener_history listeners;
	struct leak_history leaks;
	struct kernel_history kernel;
	struct audit_history audit;
	int64_t window_ns;
	struct audit_settings audit_settings;
	uint64_t serial; /* of the last sample */
};

struct tracker *tracker_create(const struct tracker_settings *settings)
{
	struct tracker *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->window_ns = (int64_t)(settings->window_s * 1e9);
	t->audit_settings = settings->audit;
	/* So that the ring holds the window with room to spare. */
	t->leaks.counts.step_ns = t->window_ns / (SERIES_POINTS * 2 / 3);
	t->leaks.entered.step_ns = t->leaks.unseen.step_ns = t->leaks.counts.step_ns;
	t->leaks.fds.step_ns = t->leaks.counts.step_ns;
	t->kernel.counters.step_ns = t->leaks.counts.step_ns;
	return t;
}

void tracker_destroy(struct tracker *t)
{
	if (!t)
		return;
	sample_put(t->prev);
	listener_history_free(&t->listeners);
	leak_history_free(&t->leaks);
	series_free(&t->kernel.counters);
	audit_history_free(&t->audit);
	free(t);
}

const struct frame *tracker_previous(const struct tracker *t)
{
	return t->prev ? t->prev->frame : NULL;
}

static int make_tables(struct tracker *t, struct sample *s, const struct sample *prev)
{
	int err = group_states(s, prev);

	if (!err)
		err = group_listeners(s, prev, &t->listeners, t->window_ns);
	if (!err)
		err = group_procs(s, prev);
	if (!err)
		err = group_leaks(s, prev, &t->leaks, t->window_ns);
	if (!err && s->frame->asked & NEED_PORTS)
		err = group_ports(s, prev);
	if (!err && s->frame->asked & NEED_PEERS)
		err = group_peers(s, prev, 0, 0);
	if (!err)
		group_totals(s, prev);
	if (!err)
		err = group_kernel(s, prev, &t->kernel, t->window_ns);
	if (!err && s->frame->asked & NEED_FINDINGS)
		err = group_findings(s, prev, &t->audit, &t->audit_settings, t->window_ns);
	return err;
}

int tracker_step(struct tracker *t, struct frame *frame, struct sample **out)
{
	const struct sample *prev = frame->diff.known ? t->prev : NULL;
	struct sample *s = calloc(1, sizeof *s);
	int err;

	if (!s) {
		frame_put(frame);
		return -ENOMEM;
	}
	s->references = 1;
	s->frame = frame;
	s->serial = ++t->serial;
	s->port_capacity = NAN;
	s->interval_s = prev ? (double)(frame->mono_ns - prev->frame->mono_ns) / 1e9 : NAN;
	err = make_tables(t, s, prev);
	if (!err && !frame->preliminary) {
		err = listener_history_sweep(&t->listeners);
		if (!err)
			err = leak_history_sweep(&t->leaks, s);
		sample_put(t->prev);
		t->prev = sample_get(s);
	}
	if (err) {
		sample_put(s);
		return err;
	}
	*out = s;
	return 0;
}
