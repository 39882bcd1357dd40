/* pane: rows that are there before the others are ordered, and a cursor that goes no further than
 * they do. */
#include "lib/fixture.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/pane.h"

#define ROWS 12

struct stage {
	struct story story;
	struct pane_state pane;
	struct pane_order whole, part;
};

/* Processes 1 to 12, ordered by connections: pid 1 comes first. The last ones are gone where there
 * are fewer. */
static void tell(struct stage *s, double at_s, unsigned rows)
{
	story_frame(&s->story, at_s);
	for (unsigned pid = 1; pid <= rows; pid++) {
		story_proc(&s->story, .pid = pid, .name = "server");
		for (unsigned i = pid; i <= ROWS; i++)
			story_sock(&s->story, "tcp ESTAB 10.0.0.1:80 10.0.%u.1:%u pid=%u", pid,
				1000 + i, pid);
	}
	story_sample(&s->story);
	assert_int_equal(pane_update(&s->pane, s->story.sample), 0);
}

static void begin(struct stage *s)
{
	*s = (struct stage){ 0 };
	story_begin(&s->story, 0);
	pane_init(&s->pane, &pane_procs);
	s->pane.at_once = 2;
	tell(s, 0, ROWS);
}

static void end(struct stage *s)
{
	pane_free(&s->pane);
	pane_order_drop(&s->whole);
	pane_order_drop(&s->part);
	story_end(&s->story);
}

/* Makes what is wished, as another thread would, and a part of it. */
static void make(struct stage *s, uint32_t from, uint32_t to)
{
	pane_order_drop(&s->whole);
	pane_order_drop(&s->part);
	assert_true(pane_wish(&s->pane, s->story.sample, &s->whole));
	sample_get(s->whole.sample);
	pane_order_make(&s->whole, NULL, NULL);
	s->part = s->whole;
	sample_get(s->part.sample);
	s->part.order = malloc((to - from) * sizeof *s->part.order);
	assert_non_null(s->part.order);
	memcpy(s->part.order, s->whole.order + from, (to - from) * sizeof *s->part.order);
	s->part.from = from;
	s->part.to = to;
	s->part.is_part = true;
}

static void take(struct stage *s, struct pane_order *made)
{
	assert_int_equal(pane_take(&s->pane, made), 0);
	pane_order_drop(made);
}

/* Where the cursor is, and on which row. */
static void expect(const struct stage *s, uint32_t position, int64_t pid)
{
	const struct pane_state *p = &s->pane;
	struct rowset rows = rowset_of(p->pane->table, p->sample);
	uint32_t row = pane_row(p, p->position);

	assert_int_equal(p->position, position);
	assert_true(p->position >= p->from && p->position < p->to);
	assert_int_equal(
		rowset_value(&rows, row, table_field(p->pane->table, "pid", 3)).number, pid);
	assert_true(!p->cursor || rows.table->identity(&rows, row) == p->cursor);
}

/* What the pane looks like with room for some rows. */
static char *picture(struct stage *s, int rows)
{
	struct cells c = { 0 };
	struct buf b = { 0 };

	assert_int_equal(cells_resize(&c, 100, rows + 2), 0);
	pane_draw(&s->pane, &c, cells_all(&c), 3, PANE_FOCUSED);
	cells_text(&c, &b, false);
	cells_free(&c);
	return b.data;
}

static void shows(struct stage *s, int rows, const char *text, bool expected)
{
	char *seen = picture(s, rows);

	if ((strstr(seen, text) != NULL) != expected)
		fail_msg("'%s' in:\n%s", text, seen);
	free(seen);
}

/* ---- What is seen ---------------------------------------------------------------------------- */

static void a_part_is_seen_first(void **state)
{
	struct stage s;
	char *then, *now;

	(void)state;
	begin(&s);
	make(&s, 0, 6);
	assert_true(s.whole.part_first);
	take(&s, &s.part);
	assert_true(s.pane.waiting);
	assert_int_equal(s.pane.count, ROWS);
	expect(&s, 0, 1);
	shows(&s, 4, " 1-4 of 12 ", true);
	shows(&s, 4, "sorting\xe2\x80\xa6", true);
	/* No row where none is known, and none in the place of another. */
	shows(&s, 9, " 1-6 of 12 ", true);
	shows(&s, 20, "\n      6 ", true);
	shows(&s, 20, "\n      7 ", false);
	then = picture(&s, 4);
	take(&s, &s.whole);
	assert_false(s.pane.waiting);
	expect(&s, 0, 1);
	shows(&s, 4, "sorting", false);
	now = picture(&s, 4);
	/* All but the title. */
	assert_string_equal(strchr(then, '\n'), strchr(now, '\n'));
	free(then);
	free(now);
	end(&s);
}

static void a_part_around_the_cursor_has_its_place(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	make(&s, 0, ROWS);
	take(&s, &s.whole);
	pane_move(&s.pane, 7);
	expect(&s, 7, 8);
	pane_reverse(&s.pane);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	make(&s, 2, 8);
	assert_true(s.whole.part_first);
	assert_int_equal(s.part.place, 4);
	take(&s, &s.part);
	expect(&s, 4, 8);
	shows(&s, 3, " 3-5 of 12 ", true);
	pane_move(&s.pane, -2);
	expect(&s, 2, 10);
	shows(&s, 3, " 3-5 of 12 ", true);
	pane_move(&s.pane, 5);
	expect(&s, 7, 5);
	shows(&s, 3, " 6-8 of 12 ", true);
	shows(&s, 9, " 3-8 of 12 ", true);
	/* It moved after its place was looked for. */
	take(&s, &s.whole);
	expect(&s, 7, 5);
	shows(&s, 3, " 6-8 of 12 ", true);
	end(&s);
}

static void a_newer_sample_needs_no_part(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	make(&s, 0, 4);
	take(&s, &s.part);
	/* Neither has a pane that shows a part. */
	tell(&s, 1, ROWS - 1);
	make(&s, 0, 8);
	assert_false(s.whole.part_first);
	take(&s, &s.part);
	assert_int_equal(s.pane.to, 4);
	assert_int_equal(s.pane.count, ROWS);
	take(&s, &s.whole);
	assert_int_equal(s.pane.to, ROWS - 1);
	assert_int_equal(s.pane.count, ROWS - 1);
	/* Hidden while it shows a part: that is still right, and all is wished for. */
	pane_reverse(&s.pane);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	make(&s, 0, 4);
	take(&s, &s.part);
	pane_hide(&s.pane, s.story.sample);
	assert_false(s.pane.waiting);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	assert_true(s.pane.waiting);
	make(&s, 0, 4);
	assert_false(s.whole.part_first);
	take(&s, &s.whole);
	assert_int_equal(s.pane.to, ROWS - 1);
	end(&s);
}

static void a_part_without_the_cursor_is_left(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	make(&s, 0, ROWS);
	take(&s, &s.whole);
	pane_move(&s.pane, 2);
	pane_reverse(&s.pane);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	make(&s, 8, ROWS);
	/* In the meantime it goes to a row that comes earlier, and home. */
	pane_move(&s.pane, 6);
	take(&s, &s.part);
	assert_false(s.pane.is_part);
	expect(&s, 8, 9);
	make(&s, 8, ROWS);
	pane_home(&s.pane);
	take(&s, &s.part);
	assert_false(s.pane.is_part);
	expect(&s, 0, 1);
	take(&s, &s.whole);
	expect(&s, 0, 12);
	end(&s);
}

static void a_part_where_the_row_of_the_cursor_was(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	make(&s, 0, ROWS);
	take(&s, &s.whole);
	pane_move(&s.pane, 11);
	expect(&s, 11, 12);
	/* It is gone, and so is the place where it was; and the pane was away. */
	tell(&s, 1, 8);
	pane_hide(&s.pane, s.story.sample);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	make(&s, 5, 8);
	assert_int_equal(s.whole.position, 11);
	assert_int_equal(s.part.place, ROWSET_NONE);
	take(&s, &s.part);
	expect(&s, 7, 8);
	take(&s, &s.whole);
	expect(&s, 7, 8);
	end(&s);
}

/* ---- What is owed ---------------------------------------------------------------------------- */

static void what_the_part_does_not_reach_is_owed(void **state)
{
	static const struct {
		int64_t moves[3];
		uint32_t then, now;
	} cases[] = {
		{ { 3 }, 3, 3 },
		{ { 4 }, 3, 4 },
		{ { 3, 3, 3 }, 3, 9 },
		{ { 3, 3, -4 }, 2, 2 },
		{ { UINT32_MAX }, 3, 11 },
		{ { UINT32_MAX, -1 }, 3, 10 },
		{ { UINT32_MAX, UINT32_MAX, -11 }, 0, 0 },
		{ { UINT32_MAX, -(int64_t)UINT32_MAX }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct stage s;

		begin(&s);
		make(&s, 0, 4);
		take(&s, &s.part);
		for (size_t k = 0; k < COUNT_OF(cases[i].moves); k++)
			if (cases[i].moves[k])
				pane_move(&s.pane, cases[i].moves[k]);
		expect(&s, cases[i].then, cases[i].then + 1);
		take(&s, &s.whole);
		expect(&s, cases[i].now, cases[i].now + 1);
		assert_int_equal(s.pane.owed, 0);
		end(&s);
	}
}

static void the_way_home_goes_on_too(void **state)
{
	for (int down = 0; down < 2; down++) {
		struct stage s;

		(void)state;
		begin(&s);
		make(&s, 0, ROWS);
		take(&s, &s.whole);
		pane_move(&s.pane, 5);
		pane_reverse(&s.pane);
		assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
		make(&s, 4, 9);
		take(&s, &s.part);
		expect(&s, 6, 6);
		pane_home(&s.pane);
		expect(&s, 4, 8);
		shows(&s, 3, " 5-7 of 12 ", true);
		if (down)
			pane_move(&s.pane, 1);
		expect(&s, 4, 8);
		take(&s, &s.whole);
		expect(&s, down ? 1 : 0, down ? 11 : 12);
		shows(&s, 3, " 1-3 of 12 ", !down);
		end(&s);
	}
}

static void keys_before_the_first_row_are_not_lost(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	pane_move(&s.pane, 1);
	pane_move(&s.pane, 2);
	pane_move(&s.pane, -1);
	make(&s, 0, 4);
	take(&s, &s.part);
	expect(&s, 2, 3);
	pane_free(&s.pane);
	/* The cursor is on that row; the end is further than any part. */
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	pane_move(&s.pane, 1);
	pane_move(&s.pane, UINT32_MAX);
	make(&s, 0, 4);
	take(&s, &s.part);
	expect(&s, 3, 4);
	take(&s, &s.whole);
	expect(&s, 11, 12);
	/* Home forgets. */
	pane_free(&s.pane);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	pane_move(&s.pane, -3);
	pane_home(&s.pane);
	make(&s, 0, 4);
	take(&s, &s.part);
	expect(&s, 0, 1);
	assert_int_equal(s.pane.cursor, 0);
	end(&s);
}

static void another_order_owes_nothing(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	make(&s, 0, 4);
	take(&s, &s.part);
	pane_move(&s.pane, 10);
	pane_reverse(&s.pane);
	assert_int_equal(pane_update(&s.pane, s.story.sample), 0);
	make(&s, 0, ROWS);
	take(&s, &s.whole);
	expect(&s, 8, 4);
	end(&s);
}

/* ---- What is made ---------------------------------------------------------------------------- */

struct taken {
	struct pane_order part;
	unsigned times;
};

static void take_part(void *context, struct pane_order *part)
{
	struct taken *t = context;

	pane_order_drop(&t->part);
	t->part = *part;
	t->times++;
}

/* Many sockets, of which only some fit into a part. */
static void a_part_is_made_where_it_is_wished(void **state)
{
	const struct field *by = table_field(&table_sockets, "remote_port", 11);
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 3 * PANE_PART; i++)
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:%u", 1 + i * 7 % (3 * PANE_PART));
	story_sample(&st);
	for (unsigned wished = 0; wished < 2; wished++) {
		struct taken t = { 0 };
		struct pane_order o = {
			.table = &table_sockets,
			.sample = sample_get(st.sample),
			.key = { by, false },
			.position = PANE_PART + 10,
			.part_first = wished,
		};

		pane_order_make(&o, NULL, &(struct pane_order_taker){ take_part, &t });
		assert_int_equal(o.error, 0);
		assert_int_equal(o.from, 0);
		assert_int_equal(o.to, 3 * PANE_PART);
		assert_false(o.is_part);
		assert_int_equal(t.times, wished);
		if (wished) {
			assert_true(t.part.is_part);
			assert_int_equal(t.part.from, 10);
			assert_int_equal(t.part.to, 10 + 2 * PANE_PART);
			assert_memory_equal(
				t.part.order, o.order + 10, 2 * PANE_PART * sizeof *o.order);
			assert_ptr_equal(t.part.sample, st.sample);
		}
		pane_order_drop(&t.part);
		pane_order_drop(&o);
	}
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_seen_first),
		cmocka_unit_test(a_part_around_the_cursor_has_its_place),
		cmocka_unit_test(a_newer_sample_needs_no_part),
		cmocka_unit_test(a_part_without_the_cursor_is_left),
		cmocka_unit_test(a_part_where_the_row_of_the_cursor_was),
		cmocka_unit_test(what_the_part_does_not_reach_is_owed),
		cmocka_unit_test(the_way_home_goes_on_too),
		cmocka_unit_test(keys_before_the_first_row_are_not_lost),
		cmocka_unit_test(another_order_owes_nothing),
		cmocka_unit_test(a_part_is_made_where_it_is_wished),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
