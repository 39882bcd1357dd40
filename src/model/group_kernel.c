/* What the kernel counts: how fast, and how near to its limits. Nothing here knows what a line
 * means: kernel_items.c does. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sockdash/group.h"

static double known(int64_t counter)
{
	return counter == COUNTER_UNKNOWN ? NAN : (double)counter;
}

/* ---- Rates over the window ------------------------------------------------------------------- */

/* A counter that went backwards was reset (a driver, a CPU that went away): it has a new series
 * from there on. */
static uint64_t key_of(struct kernel_history *h, enum counter c, int64_t value)
{
	const struct series *old =
		series_find(&h->counters, (uint64_t)h->resets[c] << 32 | (c + 1));

	if (old && counter_only_grows(c) && series_newest(old) > value)
		h->resets[c]++;
	return (uint64_t)h->resets[c] << 32 | (c + 1);
}

static int fill_rates(struct sample *s, struct kernel_history *h, int64_t window_ns)
{
	const struct frame *f = s->frame;
	double covered_s;

	for (unsigned c = 0; c < COUNTER_COUNT; c++) {
		int64_t value = f->counters[c];
		const struct series *all;

		s->counter_rates[c] = NAN;
		if (value == COUNTER_UNKNOWN || f->preliminary)
			continue;
		all = series_add(&h->counters, key_of(h, c, value), f->mono_ns, value);
		if (!all)
			return -ENOMEM;
		s->counter_rates[c] = series_slope(all, window_ns, &covered_s);
	}
	return f->preliminary ? 0 : series_sweep(&h->counters);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Its change since the frame before. */
static double change(const struct frame *now, const struct frame *then, enum counter c)
{
	double by = known(now->counters[c]) - known(then->counters[c]);

	return by < 0 && counter_only_grows(c) ? NAN : by;
}

/* The sum of its counters that are known: a kernel without IPv6 has no others. */
static double value_of(const struct sample *s, const struct kernel_item *item)
{
	double sum = NAN;

	if (item->kind == KERNEL_PORTS)
		return s->port_capacity >= 0 ? (double)group_ports_busiest(s) : NAN;
	for (unsigned i = 0; i < item->addends; i++) {
		double value = known(s->frame->counters[item->counters[i]]);

		if (!isnan(value))
			sum = isnan(sum) ? value : sum + value;
	}
	return sum;
}

static double change_of(
	const struct sample *s, const struct sample *prev, const struct kernel_item *item)
{
	double sum = NAN;

	if (!prev)
		return NAN;
	if (item->kind == KERNEL_PORTS)
		return value_of(s, item) - value_of(prev, item);
	for (unsigned i = 0; i < item->addends; i++) {
		enum counter c = item->counters[i];

		if (s->frame->counters[c] == COUNTER_UNKNOWN)
			continue;
		sum = (isnan(sum) ? 0 : sum) + change(s->frame, prev->frame, c);
		if (isnan(sum))
			break;
	}
	return sum;
}

/* A share of nothing is none, unless it is some. */
static double share(double part, double whole)
{
	return part == 0 && whole == 0 ? 0 : whole > 0 ? 100 * part / whole : NAN;
}

static void fill_gauge(const struct sample *s, const struct kernel_item *item, struct kernel_row *r)
{
	double limit = item->has_whole ? known(s->frame->counters[item->whole]) : s->port_capacity;

	/* To nf_conntrack 0 is no limit. */
	if (item->kind == KERNEL_PORTS || limit > 0)
		r->limit = limit;
	r->percent =
		item->kind == KERNEL_PORTS ? group_ports_percent(s) : share(r->value, r->limit);
	if (isnan(r->highest) || r->value > r->highest)
		r->highest = r->value;
	r->calm = !(r->percent >= KERNEL_NEAR_PERCENT) &&
		  !(share(r->highest, r->limit) >= KERNEL_NEAR_PERCENT);
}

static void fill_counter(const struct sample *s, const struct sample *prev,
	const struct kernel_item *item, double by, struct kernel_row *r)
{
	if (isnan(r->highest) || r->rate > r->highest)
		r->highest = r->rate;
	if (prev && item->has_whole)
		r->percent = share(by, by + change(s->frame, prev->frame, item->whole));
	r->calm = item->weight == KERNEL_CONTEXT || !(r->highest > 0);
}

static struct kernel_row row_of(
	const struct sample *s, const struct sample *prev, struct kernel_history *h, uint32_t n)
{
	const struct kernel_item *item = &kernel_items[n];
	double by = change_of(s, prev, item);
	struct kernel_row r = {
		.item = n,
		.value = value_of(s, item),
		.rate = group_rate(by, s->interval_s),
		.highest = h->highest[n],
		.limit = NAN,
		.percent = NAN,
	};

	if (kernel_is_gauge(item->kind))
		fill_gauge(s, item, &r);
	else
		fill_counter(s, prev, item, by, &r);
	h->highest[n] = r.highest;
	return r;
}

static int fill_rows(struct sample *s, const struct sample *prev, struct kernel_history *h)
{
	struct kernel_row *rows = calloc(2 * kernel_item_count, sizeof *rows), *calm;
	uint32_t calm_count = 0;

	if (!rows)
		return -ENOMEM;
	calm = rows + kernel_item_count;
	for (uint32_t n = 0; n < kernel_item_count; n++) {
		struct kernel_row r = row_of(s, prev, h, n);

		if (r.calm)
			calm[calm_count++] = r;
		else
			rows[s->kernel_shown++] = r;
	}
	for (uint32_t i = 0; i < calm_count; i++)
		rows[s->kernel_shown + i] = calm[i];
	s->kernel = rows;
	s->kernel_count = s->kernel_shown + calm_count;
	return 0;
}

int group_kernel(struct sample *s, const struct sample *prev, struct kernel_history *history,
	int64_t window_ns)
{
	int err = fill_rates(s, history, window_ns);

	if (!history->begun) {
		for (size_t i = 0; i < KERNEL_ROWS_MAX; i++)
			history->highest[i] = NAN;
		history->begun = true;
	}
	return err ? err : fill_rows(s, prev, history);
}
