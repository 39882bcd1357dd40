/* kernel: what the kernel counts, as rates and shares of limits, and which of it is shown. */
#include "lib/fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"
#include "sockdash/screen.h"

/* Begins a frame with one counter. */
static struct frame *at(struct story *st, double second, enum counter c, int64_t value)
{
	struct frame *f = story_frame(st, second);

	f->counters[c] = value;
	return f;
}

/* The row of a name, also where it is not shown. */
static const struct kernel_row *row(const struct sample *s, const char *name)
{
	for (uint32_t i = 0; i < s->kernel_count; i++)
		if (strcmp(kernel_items[s->kernel[i].item].name, name) == 0)
			return &s->kernel[i];
	fail_msg("no row has the name %s", name);
	return NULL;
}

static bool is_shown(const struct sample *s, const char *name)
{
	return row(s, name) < s->kernel + s->kernel_shown;
}

/* ---- Rates ----------------------------------------------------------------------------------- */

static void a_counter_is_shown_once_it_has_moved(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	at(&st, 0, COUNTER_LISTEN_DROPS, 900);
	s = story_sample(&st);
	assert_int_equal(s->kernel_shown, 0);
	assert_true(isnan(row(s, "ListenDrops")->rate) && isnan(row(s, "ListenDrops")->highest));
	assert_real(row(s, "ListenDrops")->value, 900);

	at(&st, 2, COUNTER_LISTEN_DROPS, 900);
	s = story_sample(&st);
	assert_int_equal(s->kernel_shown, 0);
	assert_real(row(s, "ListenDrops")->rate, 0);

	at(&st, 4, COUNTER_LISTEN_DROPS, 950);
	assert_table(story_sample(&st), "kernel", "group,name,value,rate,highest,limit,percent",
		"accepting ListenDrops 950 25.0 25.0 - -\n");
	/* It stays, with the worst that there was. */
	at(&st, 6, COUNTER_LISTEN_DROPS, 952);
	assert_row(story_sample(&st), "kernel", "name=ListenDrops", "rate=1.0, highest=25.0");
	at(&st, 8, COUNTER_LISTEN_DROPS, 952);
	assert_row(story_sample(&st), "kernel", "name=ListenDrops", "rate=0, highest=25.0");
	story_end(&st);
}

static void what_always_moves_is_not_shown(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < 3; n++) {
		at(&st, n, COUNTER_OUT_SEGMENTS, 1000 * n)->counters[COUNTER_RETRANS_SEGMENTS] =
			n == 2 ? 5 : 0;
		s = story_sample(&st);
		assert_int_equal(s->kernel_shown, n == 2);
	}
	assert_real(row(s, "OutSegs")->rate, 1000);
	assert_row(s, "kernel", "name=RetransSegs", "rate=5.0, percent=0.5%");
	story_end(&st);
}

/* A CPU that goes away takes its counts with it. */
static void a_counter_that_goes_backwards_was_reset(void **state)
{
	static const int64_t values[] = { 100, 110, 120, 5, 25 };
	static const double rates[] = { NAN, 10, 10, NAN, 20 };
	static const double over_window[] = { NAN, 10, 10, NAN, 20 };
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < COUNT_OF(values); n++) {
		const struct sample *s;

		at(&st, n, COUNTER_SOFTNET_DROPS, values[n]);
		s = story_sample(&st);
		assert_real(row(s, "softnet_drops")->rate, rates[n]);
		assert_real(s->counter_rates[COUNTER_SOFTNET_DROPS], over_window[n]);
	}
	assert_real(row(st.sample, "softnet_drops")->highest, 20);
	story_end(&st);
}

/* What goes up and down is not reset when it goes down. */
static void a_gauge_may_fall(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < 3; n++) {
		at(&st, n, COUNTER_ORPHANS, 30 - 10 * n);
		s = story_sample(&st);
	}
	assert_real(row(s, "orphans")->rate, -10);
	assert_real(s->counter_rates[COUNTER_ORPHANS], -10);
	assert_real(row(s, "orphans")->highest, 30);
	story_end(&st);
}

static void rates_are_over_the_window(void **state)
{
	static const int64_t values[] = { 0, 0, 30, 30, 30, 30, 30, 30 };
	static const double rates[] = { NAN, 0, 15, 10, 7.5, 7.5, 0, 0 };
	struct story st;

	(void)state;
	story_begin(&st, 4);
	for (unsigned n = 0; n < COUNT_OF(values); n++) {
		at(&st, n, COUNTER_LISTEN_OVERFLOWS, values[n]);
		assert_real(story_sample(&st)->counter_rates[COUNTER_LISTEN_OVERFLOWS], rates[n]);
	}
	assert_true(isnan(st.sample->counter_rates[COUNTER_LISTEN_DROPS]));
	story_end(&st);
}

static void both_families_of_udp_are_one_line(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < 2; n++) {
		at(&st, n, COUNTER_UDP_RCVBUF_ERRORS, 5 + 3 * n)
			->counters[COUNTER_UDP6_RCVBUF_ERRORS] = 10 + 4 * n;
		st.frame->counters[COUNTER_UDP_NO_PORTS] = 8 + n; /* no IPv6 */
		s = story_sample(&st);
	}
	assert_row(s, "kernel", "name=UdpRcvbufErrors", "value=22, rate=7.0");
	assert_row(s, "kernel", "name=UdpNoPorts", "value=9, rate=1.0");
	story_end(&st);
}

/* The quick first sample is compared with nothing, and nothing with it. */
static void a_preliminary_sample_leaves_no_trace(void **state)
{
	struct story st;
	const struct sample *s;

	(void)state;
	story_begin(&st, 10);
	at(&st, 0, COUNTER_LISTEN_DROPS, 900)->preliminary = true;
	s = story_sample(&st);
	assert_real(row(s, "ListenDrops")->value, 900);
	at(&st, 1, COUNTER_LISTEN_DROPS, 950);
	s = story_sample(&st);
	assert_true(isnan(row(s, "ListenDrops")->rate));
	assert_true(isnan(s->counter_rates[COUNTER_LISTEN_DROPS]));
	story_end(&st);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void a_gauge_is_shown_near_its_limit(void **state)
{
	static const int64_t values[] = { 499, 500, 900, 100 };
	struct story st;

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < COUNT_OF(values); n++) {
		at(&st, n, COUNTER_CONNTRACK, values[n])->counters[COUNTER_CONNTRACK_LIMIT] = 1000;
		story_sample(&st);
		assert_int_equal(is_shown(st.sample, "conntrack"), n > 0);
		if (n == 2)
			assert_row(st.sample, "kernel", "name=conntrack",
				"value=900, rate=+400, highest=90.0%, limit=1000, percent=90.0%");
	}
	/* It was near. */
	assert_row(st.sample, "kernel", "name=conntrack",
		"value=100, rate=-800, highest=90.0%, percent=10.0%");
	story_end(&st);
}

static void a_limit_that_is_not_known_is_not_near(void **state)
{
	static const int64_t limits[] = { COUNTER_UNKNOWN, 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		struct story st;
		const struct kernel_row *r;

		story_begin(&st, 10);
		at(&st, 0, COUNTER_CONNTRACK, 7)->counters[COUNTER_CONNTRACK_LIMIT] = limits[i];
		story_sample(&st);
		assert_false(is_shown(st.sample, "conntrack"));
		r = row(st.sample, "conntrack");
		assert_real(r->value, 7);
		assert_true(isnan(r->limit) && isnan(r->percent));
		story_end(&st);
	}
}

static void memory_is_in_bytes(void **state)
{
	struct story st;
	struct rowset rows;
	struct value v;

	(void)state;
	story_begin(&st, 10);
	at(&st, 0, COUNTER_TCP_MEM, 3 << 20)->counters[COUNTER_TCP_MEM_LIMIT] = 4 << 20;
	rows = rowset_of(&table_kernel, story_sample(&st));
	assert_int_equal(rows.count, 1);
	v = rowset_value(&rows, 0, table_field(&table_kernel, "limit", 5));
	assert_int_equal(v.type, VALUE_BYTES);
	assert_int_equal(v.number, 4 << 20);
	assert_row(st.sample, "kernel", "name=tcp_memory", "percent=75.0%, highest=75.0%");
	story_end(&st);
}

static void tell_ports(struct story *st, double second, unsigned count)
{
	at(st, second, COUNTER_PORT_FIRST, 40000)->counters[COUNTER_PORT_LAST] = 40009;
	for (unsigned i = 0; i < count; i++)
		story_sock(st, "tcp ESTAB 10.0.0.1:%u 10.9.0.1:5432", 40000 + i);
	story_sample(st);
}

static void ports_are_those_of_the_busiest_destination(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	tell_ports(&st, 0, 0);
	assert_false(is_shown(st.sample, "ephemeral_ports"));
	assert_real(row(st.sample, "ephemeral_ports")->percent, 0);
	tell_ports(&st, 1, 7);
	assert_row(st.sample, "kernel", "name=ephemeral_ports",
		"value=7, rate=+7.0, highest=70.0%, limit=10, percent=70.0%");
	story_end(&st);
}

/* ---- The table ------------------------------------------------------------------------------- */

static void every_line_has_one_row(void **state)
{
	struct story st;
	const struct sample *s;
	bool seen[KERNEL_ROWS_MAX] = { false };

	(void)state;
	story_begin(&st, 10);
	for (unsigned n = 0; n < 2; n++) {
		at(&st, n, COUNTER_LISTEN_DROPS, n)->counters[COUNTER_UDP_NO_PORTS] = n;
		st.frame->counters[COUNTER_OUT_RESETS] = n;
		s = story_sample(&st);
	}
	assert_table(s, "kernel", "name", "ListenDrops\nOutRsts\nUdpNoPorts\n");
	assert_int_equal(s->kernel_count, kernel_item_count);
	assert_int_equal(table_kernel.all->count(s), kernel_item_count);
	for (uint32_t i = 0; i < s->kernel_count; i++) {
		assert_false(seen[s->kernel[i].item]);
		seen[s->kernel[i].item] = true;
		/* In the order of the lines, those that are shown and the others. */
		if (i && i != s->kernel_shown)
			assert_true(s->kernel[i].item > s->kernel[i - 1].item);
	}
	story_end(&st);
}

static void a_counter_that_the_kernel_lacks_is_not_0(void **state)
{
	struct story st;
	struct rowset rows;

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	rows = rowset_of(table_kernel.all, story_sample(&st));
	assert_int_equal(rows.count, kernel_item_count);
	for (uint32_t i = 0; i < rows.count; i++)
		for (size_t f = 0; f < table_kernel.field_count; f++)
			if (table_kernel.fields[f].type != VALUE_TEXT)
				assert_int_equal(
					rowset_value(&rows, i, &table_kernel.fields[f]).type,
					VALUE_NONE);
	story_end(&st);
}

static void the_lines_are_in_order(void **state)
{
	bool used[COUNTER_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < kernel_item_count; i++) {
		const struct kernel_item *item = &kernel_items[i];

		assert_true(!i || item->group >= kernel_items[i - 1].group);
		assert_in_range(item->addends, item->kind != KERNEL_PORTS, KERNEL_ADDENDS);
		assert_true(item->has_whole || item->kind == KERNEL_COUNTER ||
			    item->kind == KERNEL_PORTS);
		/* A word for scripts, a line for people. */
		assert_null(strpbrk(item->name, " ,"));
		assert_in_range(strlen(item->name), 2, 20);
		assert_in_range(strlen(item->meaning), 10, 64);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(item->name, kernel_items[k].name);
		for (unsigned k = 0; k < item->addends; k++) {
			used[item->counters[k]] = true;
			assert_int_equal(counter_only_grows(item->counters[k]),
				item->kind == KERNEL_COUNTER);
		}
	}
	/* Whatever the kernel counts can be seen. */
	for (unsigned c = 0; c < COUNTER_COUNT; c++)
		if (counter_only_grows(c) && !used[c])
			fail_msg("%s is in no line", counter_names[c]);
}

/* ---- The screen ------------------------------------------------------------------------------ */

static void tell_trouble(struct story *st)
{
	for (unsigned n = 0; n < 2; n++) {
		struct frame *f = at(st, n, COUNTER_LISTEN_DROPS, 40 * n);

		f->counters[COUNTER_PRUNE_CALLED] = n;
		f->counters[COUNTER_OUT_RESETS] = n;
		f->counters[COUNTER_CONNTRACK] = 950;
		f->counters[COUNTER_CONNTRACK_LIMIT] = 1000;
		story_sample(st);
	}
}

/* The role of the first cell in a row of the pane from a column on. */
static enum role role_at(const struct cells *c, int x, int y)
{
	return c->grid[y * c->width + x].role;
}

static void the_pane_tells_how_bad_it_is(void **state)
{
	struct story st;
	struct pane_state p;
	struct cells c = { 0 };
	struct buf b = { 0 };

	(void)state;
	story_begin(&st, 10);
	tell_trouble(&st);
	assert_int_equal(cells_resize(&c, 80, 8), 0);
	pane_init(&p, &pane_kernel);
	assert_int_equal(pane_update(&p, st.sample), 0);
	pane_draw(&p, &c, cells_all(&c), 6, PANE_FULL);
	cells_text(&c, &b, false);
	assert_non_null(strstr(b.data, "GROUP     NAME                  RATE/s HIGHEST      % "
				       "MEANING"));
	assert_non_null(strstr(b.data, "accepting ListenDrops             40.0    40.0      - "
				       "connections dropped at a "));
	assert_non_null(strstr(b.data, "limits    conntrack                  0   95.0%  95.0% "));
	assert_int_equal(role_at(&c, 0, 2), ROLE_STRONG);
	assert_int_equal(role_at(&c, 10, 2), ROLE_CRITICAL);
	assert_int_equal(role_at(&c, 10, 3), ROLE_WARNING);
	assert_int_equal(role_at(&c, 10, 4), ROLE_TEXT);
	assert_int_equal(role_at(&c, 10, 5), ROLE_CRITICAL);
	buf_free(&b);
	/* Where there is room, all of the meaning; where there is more, a bar. */
	assert_int_equal(cells_resize(&c, 120, 8), 0);
	pane_draw(&p, &c, cells_all(&c), 6, PANE_FULL);
	cells_text(&c, &b, false);
	assert_non_null(strstr(b.data, "a listener, whatever the reason\n"));
	assert_null(strstr(b.data, "\xe2\x96\x88"));
	buf_free(&b);
	assert_int_equal(cells_resize(&c, 160, 8), 0);
	cells_clear(&c);
	pane_draw(&p, &c, cells_all(&c), 6, PANE_FULL);
	cells_text(&c, &b, false);
	assert_non_null(strstr(b.data, "\xe2\x96\x88\xe2\x96\x88"));
	assert_non_null(strstr(b.data, "950"));
	buf_free(&b);
	cells_free(&c);
	pane_free(&p);
	story_end(&st);
}

static void the_header_has_the_ports(void **state)
{
	struct screen_header h = { .interval_s = 2 };
	struct story st;
	struct cells c = { 0 };

	(void)state;
	story_begin(&st, 10);
	assert_int_equal(cells_resize(&c, 160, 2), 0);
	for (unsigned taken = 0; taken <= 9; taken += 3) {
		static const char *const texts[] = { "ports 0%", "ports 30.0%", "ports 60.0%",
			"ports 90.0%" };
		static const enum role roles[] = { ROLE_DIM, ROLE_TEXT, ROLE_TEXT, ROLE_CRITICAL };
		struct buf b = { 0 };
		const char *found;

		tell_ports(&st, taken, taken);
		cells_clear(&c);
		screen_header(&c, cells_all(&c), st.sample, &h);
		cells_text(&c, &b, false);
		found = strchr(b.data, '\n') + 1;
		assert_non_null(strstr(found, texts[taken / 3]));
		assert_int_equal(
			role_at(&c, (int)(strstr(found, "ports") - found), 1), roles[taken / 3]);
		buf_free(&b);
	}
	story_frame(&st, 20);
	cells_clear(&c);
	screen_header(&c, cells_all(&c), story_sample(&st), &h);
	{
		struct buf b = { 0 };

		cells_text(&c, &b, false);
		assert_null(strstr(b.data, "ports"));
		buf_free(&b);
	}
	cells_free(&c);
	story_end(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_is_shown_once_it_has_moved),
		cmocka_unit_test(what_always_moves_is_not_shown),
		cmocka_unit_test(a_counter_that_goes_backwards_was_reset),
		cmocka_unit_test(a_gauge_may_fall),
		cmocka_unit_test(rates_are_over_the_window),
		cmocka_unit_test(both_families_of_udp_are_one_line),
		cmocka_unit_test(a_preliminary_sample_leaves_no_trace),
		cmocka_unit_test(a_gauge_is_shown_near_its_limit),
		cmocka_unit_test(a_limit_that_is_not_known_is_not_near),
		cmocka_unit_test(memory_is_in_bytes),
		cmocka_unit_test(ports_are_those_of_the_busiest_destination),
		cmocka_unit_test(every_line_has_one_row),
		cmocka_unit_test(a_counter_that_the_kernel_lacks_is_not_0),
		cmocka_unit_test(the_lines_are_in_order),
		cmocka_unit_test(the_pane_tells_how_bad_it_is),
		cmocka_unit_test(the_header_has_the_ports),
	};

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
