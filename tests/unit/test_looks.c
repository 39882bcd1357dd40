/* Looks at sockets: rates between two of them, and which of looks, frame and nothing a field of the
 * table of sockets takes its value from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fixture.h"
#include "sockdash/looks.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"

#define SECOND 1000000000LL

static struct sock_info info_of(uint64_t acked, uint64_t received)
{
	struct sock_info i = { .known = true, .rtt_us = 1250, .rx_rate = NAN, .tx_rate = NAN };

	i.bytes_acked = acked;
	i.bytes_received = received;
	i.ssthresh = SOCK_INFO_NONE;
	i.pacing_rate = SOCK_INFO_NONE64;
	strcpy(i.congestion, "cubic");
	return i;
}

/* One look at one socket after another. */
static struct looks *look(struct looks *before, double at_s, uint64_t acked, uint64_t received)
{
	struct looks *l = looks_create();
	struct sock_info i = info_of(acked, received);

	assert_int_equal(looks_add(l, before, 7, (int64_t)(at_s * SECOND), &i), 0);
	looks_free(before);
	return l;
}

static void rates_come_from_two_looks(void **state)
{
	struct looks *l = look(NULL, 10, 1000, 0);

	(void)state;
	assert_true(isnan(looks_find(l, 7)->info.tx_rate));
	assert_null(looks_find(l, 8));
	assert_null(looks_find(NULL, 7));
	l = look(l, 12, 5000, 100);
	assert_int_equal(looks_find(l, 7)->info.tx_rate, 2000);
	assert_int_equal(looks_find(l, 7)->info.rx_rate, 50);
	l = look(l, 14, 5000, 100);
	assert_int_equal(looks_find(l, 7)->info.tx_rate, 0);
	looks_free(l);
}

/* Scrolling looks again at once: no time to measure in, so what was measured stands. */
static void looks_close_together_keep_the_rate(void **state)
{
	struct looks *l = look(look(NULL, 10, 0, 0), 12, 4000, 0);

	(void)state;
	l = look(l, 12.01, 4500, 0);
	assert_in_range(looks_find(l, 7)->info.tx_rate, 2000, 2300);
	l = look(l, 12.02, 4500, 0);
	assert_in_range(looks_find(l, 7)->info.tx_rate, 2000, 2300);
	l = look(l, 13.5, 4500, 0);
	assert_int_equal(looks_find(l, 7)->info.tx_rate, 0);
	looks_free(l);
}

static void counts_that_go_back_or_are_unknown_have_no_rate(void **state)
{
	(void)state;
	assert_true(isnan(sock_info_rate(10, 9, SECOND)));
	assert_true(isnan(sock_info_rate(SOCK_INFO_NONE64, 9, SECOND)));
	assert_true(isnan(sock_info_rate(9, SOCK_INFO_NONE64, SECOND)));
	assert_true(isnan(sock_info_rate(9, 10, 0)));
	assert_int_equal(sock_info_rate(0, 500, SECOND / 2), 1000);
}

static struct value value_of(const struct rowset *rows, uint32_t row, const char *field)
{
	return rowset_value(rows, row, table_field(rows->table, field, strlen(field)));
}

static void fields_take_the_frame_then_looks_then_nothing(void **state)
{
	struct story st = { 0 };
	struct beside beside = { 0 };
	struct looks *l = looks_create();
	struct sock_info seen = info_of(1, 2);
	struct rowset rows;
	struct frame *f;

	(void)state;
	story_begin(&st, 10);
	f = story_frame(&st, 0);
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:1001");
	story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:1002");
	story_sample(&st);
	rows = rowset_of(&table_sockets, st.sample);
	assert_int_equal(value_of(&rows, 0, "rtt").type, VALUE_NONE);

	assert_int_equal(looks_add(l, NULL, frame_sock_key(f, &f->socks[1]), 0, &seen), 0);
	beside.looks = l;
	rows.beside = &beside;
	assert_int_equal(value_of(&rows, 0, "rtt").type, VALUE_NONE);
	assert_int_equal(value_of(&rows, 1, "rtt").type, VALUE_SPAN);
	assert_true(value_of(&rows, 1, "rtt").real == 0.00125);
	assert_int_equal(value_of(&rows, 1, "ssthresh").type, VALUE_NONE);
	assert_int_equal(value_of(&rows, 1, "pacing_rate").type, VALUE_NONE);
	assert_int_equal(value_of(&rows, 1, "tx_rate").type, VALUE_NONE);
	assert_int_equal(value_of(&rows, 1, "bytes_received").number, 2);
	assert_string_equal(value_of(&rows, 1, "congestion").text, "cubic");

	f->infos = calloc(f->sock_count, sizeof *f->infos);
	f->infos[1] = info_of(11, 12);
	assert_int_equal(value_of(&rows, 0, "bytes_received").type, VALUE_NONE);
	assert_int_equal(value_of(&rows, 1, "bytes_received").number, 12);
	looks_free(l);
	story_end(&st);
}

/* To ask for tcp_info of all sockets takes an order by it. */
static void the_pane_needs_it_of_all_only_to_sort(void **state)
{
	struct pane_state p;

	(void)state;
	pane_init(&p, &pane_sockets);
	assert_false(pane_needs(&p) & NEED_INFO);
	pane_sort(&p, table_field(&table_sockets, "rtt", 3));
	assert_true(pane_needs(&p) & NEED_INFO);
	pane_sort(&p, table_field(&table_sockets, "recv_q", 6));
	assert_false(pane_needs(&p) & NEED_INFO);
	pane_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_come_from_two_looks),
		cmocka_unit_test(looks_close_together_keep_the_rate),
		cmocka_unit_test(counts_that_go_back_or_are_unknown_have_no_rate),
		cmocka_unit_test(fields_take_the_frame_then_looks_then_nothing),
		cmocka_unit_test(the_pane_needs_it_of_all_only_to_sort),
	};

	return cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
