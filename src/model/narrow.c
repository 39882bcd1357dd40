/* Tables made anew from some of the sockets. The group functions make those that count sockets; of
 * those that only name some, rows are chosen. What is the same for the whole is borrowed from it. */
#include "sockdash/narrow.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"
#include "sockdash/keysort.h"
#include "sockdash/needs.h"

#define CANCEL_ROWS 4096 /* between two looks at the flag */

/* Trackers count from 1. */
#define FIRST_SERIAL (UINT64_C(1) << 62)

static atomic_uint_least64_t narrowed;

/* ---- Selecting ------------------------------------------------------------------------------- */

static int mark(struct sample *s, const struct filter *f, const atomic_bool *cancel)
{
	struct rowset rows = rowset_of(&table_sockets, s->whole);

	s->is_selected = calloc(rows.count / 64 + 1, sizeof *s->is_selected);
	if (!s->is_selected)
		return -ENOMEM;
	for (uint32_t row = 0; row < rows.count; row++) {
		bool is = filter_selects(f, &rows, row);

		s->is_selected[row / 64] |= (uint64_t)is << row % 64;
		s->selected_count += is;
		if (row % CANCEL_ROWS == 0 && keysort_is_cancelled(cancel))
			return -ECANCELED;
	}
	return 0;
}

static int list(struct sample *s)
{
	uint32_t n = 0;

	s->selected = malloc((s->selected_count + 1) * sizeof *s->selected);
	if (!s->selected)
		return -ENOMEM;
	for (uint32_t word = 0; word <= s->frame->sock_count / 64; word++)
		for (uint64_t bits = s->is_selected[word]; bits; bits &= bits - 1)
			s->selected[n++] = word * 64 + (uint32_t)__builtin_ctzll(bits);
	return 0;
}

/* ---- Choosing rows --------------------------------------------------------------------------- */

static bool has_any(const struct sample *s, const uint32_t *socks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (sample_has_sock(s, socks[i]))
			return true;
	return false;
}

static int choose_leaks(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->leaks = malloc((whole->leak_count + 1) * sizeof *s->leaks);
	if (!s->leaks)
		return -ENOMEM;
	for (uint32_t i = 0; i < whole->leak_count; i++) {
		const struct leak_row *l = &whole->leaks[i];

		if (!has_any(s, l->socks, l->sock_count))
			continue;
		s->leaks[s->leak_count++] = *l;
		s->leak_shown += i < whole->leak_shown;
	}
	return 0;
}

static int choose_ports(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->port_rows = malloc((whole->port_row_count + 1) * sizeof *s->port_rows);
	if (!s->port_rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < whole->port_row_count; i++)
		if (has_any(s, whole->port_rows[i].socks, whole->port_rows[i].used))
			s->port_rows[s->port_row_count++] = whole->port_rows[i];
	return 0;
}

/* ---- The sample ------------------------------------------------------------------------------ */

/* What the kernel counts, what was found, and the numbers of the header. */
static void borrow_all(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->interval_s = whole->interval_s;
	s->window_s = whole->window_s;
	s->least_s = whole->least_s;
	s->totals = whole->totals;
	s->ports = whole->ports;
	s->port_count = whole->port_count;
	s->port_capacity = whole->port_capacity;
	s->kernel = whole->kernel;
	s->kernel_count = whole->kernel_count;
	s->kernel_shown = whole->kernel_shown;
	s->findings = whole->findings;
	s->finding_count = whole->finding_count;
	s->finding_shown = whole->finding_shown;
	for (unsigned c = 0; c < COUNTER_COUNT; c++)
		s->counter_rates[c] = whole->counter_rates[c];
}

static void borrow_tables(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->states = whole->states;
	s->state_count = whole->state_count;
	s->listeners = whole->listeners;
	s->listener_count = whole->listener_count;
	s->procs = whole->procs;
	s->proc_count = whole->proc_count;
	s->leaks = whole->leaks;
	s->leak_count = whole->leak_count;
	s->leak_shown = whole->leak_shown;
	s->port_rows = whole->port_rows;
	s->port_row_count = whole->port_row_count;
}

/* Whether the peers are to be made as those of the whole are. */
static bool has_peers(const struct sample *s, const struct narrowing *n)
{
	return !s->selected && s->whole->prefix4 == n->prefix4 && s->whole->prefix6 == n->prefix6;
}

static void borrow_peers(struct sample *s)
{
	const struct sample *whole = s->whole;

	s->peers = whole->peers;
	s->peer_count = whole->peer_count;
	s->peer_sums = whole->peer_sums;
	s->prefix4 = whole->prefix4;
	s->prefix6 = whole->prefix6;
	s->peers_compared = whole->peers_compared;
}

static int make_tables(struct sample *s, const struct sample *before, const atomic_bool *cancel)
{
	struct sample_totals totals = s->totals;
	int err = group_states(s, before);

	s->totals = totals;
	if (!err && s->frame->asked & NEED_ADDRESSES)
		err = group_listeners_selected(s, before);
	if (!err && keysort_is_cancelled(cancel))
		err = -ECANCELED;
	if (!err)
		err = group_procs(s, before);
	if (!err)
		err = choose_leaks(s);
	return err ? err : choose_ports(s);
}

/* The sample before, where it is known which socket was which in it. */
static const struct sample *comparable(const struct frame *f, const struct sample *before)
{
	bool is = before && f->diff.previous && before->frame->number == f->diff.against;

	return is ? before : NULL;
}

static int fill(struct sample *s, const struct narrowing *n, const struct sample *before,
	const atomic_bool *cancel)
{
	int err = 0;

	before = comparable(s->frame, before);
	borrow_all(s);
	if (filter_is_all(n->filter)) {
		borrow_tables(s);
	} else {
		err = mark(s, n->filter, cancel);
		if (!err)
			err = list(s);
		if (!err)
			err = make_tables(s, before, cancel);
	}
	if (!err && keysort_is_cancelled(cancel))
		err = -ECANCELED;
	if (!err && has_peers(s, n))
		borrow_peers(s);
	else if (!err && s->frame->asked & NEED_PEERS)
		err = group_peers(s, before, n->prefix4, n->prefix6);
	return err;
}

int sample_narrow(struct sample *whole, const struct narrowing *n, const struct sample *before,
	const atomic_bool *cancel, struct sample **out)
{
	struct sample *s = calloc(1, sizeof *s);
	int err;

	assert(!whole->whole);
	if (!s)
		return -ENOMEM;
	s->references = 1;
	s->frame = frame_get(whole->frame);
	s->whole = sample_get(whole);
	s->serial = FIRST_SERIAL + atomic_fetch_add_explicit(&narrowed, 1, memory_order_relaxed);
	err = fill(s, n, before, cancel);
	if (err) {
		sample_put(s);
		return err;
	}
	*out = s;
	return 0;
}
