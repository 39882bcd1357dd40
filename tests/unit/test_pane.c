/* pane: a cursor that follows its row, scrolling, sorting by columns, and drawing that stays
 * inside. */
#include "lib/fixture.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/findings.h"
#include "lib/server.h"
#include "sockdash/kernel_items.h"
#include "sockdash/needs.h"
#include "sockdash/pane.h"
#include "sockdash/utf8.h"

/* Processes 1, 2, 3... with so many connections each; makes a sample of it. */
static struct sample *tell(struct story *st, double at_s, const unsigned *conns, unsigned n)
{
	story_frame(st, at_s);
	for (unsigned pid = 1; pid <= n; pid++)
		story_proc(st, .pid = pid, .name = "server");
	for (unsigned pid = 1; pid <= n; pid++)
		for (unsigned i = 0; i < conns[pid - 1]; i++)
			story_sock(st, "tcp ESTAB 10.0.0.1:80 10.0.%u.1:%u pid=%u", pid, 1000 + i,
				pid);
	return story_sample(st);
}
#define TELL(st, at_s, ...)                                                                        \
	tell(st, at_s, (const unsigned[]){ __VA_ARGS__ },                                          \
		sizeof((unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))

/* The pid at the cursor; 0 where there is no row. */
static int64_t pid_at_cursor(const struct pane_state *p, const struct sample *s)
{
	struct rowset rows = rowset_of(p->pane->table, s);

	if (!p->count)
		return 0;
	return rowset_value(
		&rows, rowset_row(p->order, p->position), table_field(p->pane->table, "pid", 3))
		.number;
}

/* A sample comes, and the picture of it. */
static void update(struct pane_state *p, struct sample *s, int lines)
{
	struct cells c = { 0 };

	assert_int_equal(cells_resize(&c, 100, lines + 2), 0);
	assert_int_equal(pane_update(p, s), 0);
	pane_draw(p, &c, cells_all(&c), 1, PANE_FOCUSED);
	cells_free(&c);
}

/* ---- The cursor ------------------------------------------------------------------------------ */

static void a_cursor_that_was_not_moved_stays_at_the_top(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 5, 3, 1), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 1);
	update(&p, TELL(&st, 1, 5, 6, 1), 10);
	assert_int_equal(p.position, 0);
	assert_int_equal(pid_at_cursor(&p, st.sample), 2);
	pane_free(&p);
	story_end(&st);
}

static void a_cursor_goes_where_its_row_goes(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 7, 5, 3), 10);
	pane_move(&p, 2);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	update(&p, TELL(&st, 1, 9, 7, 20, 3), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	assert_int_equal(p.position, 0);
	update(&p, TELL(&st, 2, 9, 7, 1, 3), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	assert_int_equal(p.position, 3);
	/* Also when the order changes. */
	pane_reverse(&p);
	update(&p, st.sample, 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	assert_int_equal(p.position, 0);
	pane_sort(&p, table_field(&table_procs, "pid", 3));
	update(&p, st.sample, 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	assert_int_equal(p.position, 1);
	pane_free(&p);
	story_end(&st);
}

static void a_cursor_stays_where_it_was_when_its_row_is_gone(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 7, 5, 3), 10);
	pane_move(&p, 1);
	update(&p, TELL(&st, 1, 9, 0, 5, 3), 10);
	assert_int_equal(p.position, 1);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	/* It is pinned to that one now. */
	update(&p, TELL(&st, 2, 9, 0, 5, 30), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	/* The last row is gone: the one that is last now. */
	update(&p, TELL(&st, 3, 9, 0, 0, 3), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 4);
	update(&p, TELL(&st, 4, 0), 10);
	assert_int_equal(p.count, 0);
	assert_int_equal(p.position, 0);
	update(&p, TELL(&st, 5, 2, 3), 10);
	assert_int_equal(pid_at_cursor(&p, st.sample), 2);
	pane_free(&p);
	story_end(&st);
}

static void going_home_lets_go_of_the_row(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	for (int way = 0; way < 2; way++) {
		update(&p, TELL(&st, 2 * way, 9, 7, 5), 10);
		pane_move(&p, 2);
		if (way)
			pane_home(&p);
		else
			pane_move(&p, -3);
		update(&p, TELL(&st, 2 * way + 1, 9, 7, 15), 10);
		assert_int_equal(p.position, 0);
		assert_int_equal(pid_at_cursor(&p, st.sample), 3);
	}
	pane_free(&p);
	story_end(&st);
}

static void moving_stays_between_the_first_and_the_last_row(void **state)
{
	static const struct {
		int64_t by;
		uint32_t position;
	} moves[] = { { 1, 1 }, { 1, 2 }, { -1, 1 }, { 50, 4 }, { 1, 4 }, { -2, 2 }, { -50, 0 },
		{ UINT32_MAX, 4 }, { -(int64_t)UINT32_MAX, 0 }, { 0, 0 } };
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 8, 7, 6, 5), 10);
	for (size_t i = 0; i < COUNT_OF(moves); i++) {
		pane_move(&p, moves[i].by);
		assert_int_equal(p.position, moves[i].position);
	}
	pane_move(&p, 1);
	pane_free(&p);
	story_end(&st);
}

static void without_a_sample_there_are_no_rows(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	assert_int_equal(pane_update(&p, NULL), 0);
	assert_int_equal(p.count, 0);
	pane_move(&p, 3);
	assert_int_equal(pane_update(&p, TELL(&st, 0, 1, 2)), 0);
	assert_int_equal(p.count, 2);
	assert_int_equal(pane_update(&p, NULL), 0);
	assert_int_equal(p.count, 0);
	pane_free(&p);
	story_end(&st);
}

/* ---- Scrolling ------------------------------------------------------------------------------- */

static void the_screen_scrolls_as_little_as_it_takes(void **state)
{
	static const struct {
		int64_t by;
		uint32_t top, position;
	} moves[] = { { 3, 0, 3 }, { 1, 0, 4 }, { 1, 1, 5 }, { 1, 2, 6 }, { -1, 2, 5 },
		{ -4, 1, 1 }, { 8, 5, 9 }, { -2, 5, 7 }, { -50, 0, 0 } };
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10), 5);
	for (size_t i = 0; i < COUNT_OF(moves); i++) {
		pane_move(&p, moves[i].by);
		update(&p, st.sample, 5);
		assert_int_equal(p.position, moves[i].position);
		assert_int_equal(p.top, moves[i].top);
		assert_int_equal(p.page, 5);
	}
	pane_free(&p);
	story_end(&st);
}

static void a_larger_screen_leaves_no_gap_at_the_end(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	pane_init(&p, &pane_procs);
	update(&p, TELL(&st, 0, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10), 3);
	pane_move(&p, 9);
	update(&p, st.sample, 3);
	assert_int_equal(p.top, 7);
	update(&p, st.sample, 6);
	assert_int_equal(p.top, 4);
	update(&p, st.sample, 20);
	assert_int_equal(p.top, 0);
	/* A smaller one keeps the cursor in sight. */
	update(&p, st.sample, 1);
	assert_int_equal(p.top, 9);
	update(&p, st.sample, 0);
	update(&p, st.sample, 2);
	assert_int_equal(p.top, 8);
	pane_free(&p);
	story_end(&st);
}

/* ---- Sorting --------------------------------------------------------------------------------- */

static const struct field *column_field(const struct pane *pane, size_t i)
{
	return table_field(pane->table, pane->columns[i].field, strlen(pane->columns[i].field));
}

static void columns_name_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		assert_true(panes[i]->column_count > 0);
		assert_non_null(panes[i]->empty);
		for (size_t k = 0; k < panes[i]->column_count; k++)
			assert_non_null(column_field(panes[i], k));
	}
}

static void sorting_begins_in_the_natural_direction(void **state)
{
	struct pane_state p;

	(void)state;
	pane_init(&p, &pane_procs);
	assert_string_equal(p.sort.field->name, "conns");
	assert_true(p.sort.descending);
	pane_sort(&p, table_field(&table_procs, "process", 7));
	assert_false(p.sort.descending);
	pane_sort(&p, table_field(&table_procs, "estab", 5));
	assert_true(p.sort.descending);
	pane_sort(&p, table_field(&table_procs, "estab", 5));
	assert_false(p.sort.descending);
	pane_reverse(&p);
	assert_true(p.sort.descending);
	pane_free(&p);
}

/* '>' as often as there are columns comes by each of them, and '<' goes the same way back. */
static void neighbours_reach_every_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		for (int direction = -1; direction <= 1; direction += 2) {
			struct pane_state p;
			bool seen[COLUMNS_MAX] = { false };

			pane_init(&p, panes[i]);
			for (size_t step = 0; step < p.pane->column_count; step++) {
				const struct field *then = p.sort.field;

				pane_sort_neighbour(&p, direction);
				assert_non_null(p.sort.field);
				assert_ptr_not_equal(p.sort.field, then);
				for (size_t k = 0; k < p.pane->column_count; k++)
					seen[k] |= column_field(p.pane, k) == p.sort.field;
			}
			for (size_t k = 0; k < p.pane->column_count; k++)
				if (!seen[k])
					fail_msg("%s: '%c' never comes to %s", p.pane->table->name,
						direction < 0 ? '<' : '>',
						p.pane->columns[k].field);
			pane_free(&p);
		}
	}
}

static void a_neighbour_that_is_no_column_is_the_first_or_the_last(void **state)
{
	struct pane_state p;

	(void)state;
	pane_init(&p, &pane_sockets);
	assert_null(p.sort.field);
	pane_sort_neighbour(&p, 1);
	assert_ptr_equal(p.sort.field, column_field(&pane_sockets, 0));
	pane_free(&p);
	pane_init(&p, &pane_sockets);
	pane_sort_neighbour(&p, -1);
	assert_ptr_equal(p.sort.field, column_field(&pane_sockets, pane_sockets.column_count - 1));
	pane_free(&p);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void check_grid(const struct cells *c)
{
	for (int i = 0; i < c->width * c->height; i++) {
		const struct cell *at = &c->grid[i];
		bool wide = at->code && utf8_width(at->code) == 2;

		if (!at->code)
			assert_true(i % c->width && utf8_width(at[-1].code) == 2);
		if (wide)
			assert_true(i % c->width + 1 < c->width && !at[1].code);
	}
}

/* Every pane, in every look, in areas of every size. */
static void panes_draw_inside_of_their_area(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 4, .clients = 5 });
	findings_tell(st.sample, FINDINGS_MANY);
	kernel_tell(st.sample, 20, 12);
	for (size_t i = 0; i < PANE_COUNT; i++) {
		for (unsigned look = 0; look < 4; look++) {
			struct pane_state p;
			struct cells c = { 0 };

			assert_int_equal(cells_resize(&c, 160, 24), 0);
			pane_init(&p, panes[i]);
			assert_int_equal(pane_update(&p, st.sample), 0);
			for (int width = -1; width < 150; width += 1 + width / 20) {
				for (int height = -2; height < 20; height += 1 + height / 6) {
					struct area a = { 3, 2, width, height };

					for (int k = 0; k < c.width * c.height; k++)
						c.grid[k] = (struct cell){ .code = '.' };
					pane_draw(&p, &c, a, 9, look);
					check_grid(&c);
					for (int k = 0; k < c.width * c.height; k++) {
						int x = k % c.width - a.x;
						int y = k / c.width - a.y;

						if (x < 0 || x >= width || y < 0 || y >= height)
							assert_true(c.grid[k].code == '.' &&
								    !c.grid[k].selected);
					}
				}
			}
			pane_free(&p);
			cells_free(&c);
		}
	}
	story_end(&st);
}

static bool has_column(const struct pane *pane, const struct field *f)
{
	for (size_t i = 0; i < pane->column_count; i++)
		if (column_field(pane, i) == f)
			return true;
	return false;
}

/* Every field of a table is a column or one more that full screen shows, but those that a column
 * has in it. */
static void every_field_has_its_place_in_a_pane(void **state)
{
	static const char *const inside[] = { "port", "backlog", "local_port", "remote_port" };

	(void)state;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		const struct table *t = panes[i]->table;
		struct columns more;

		assert_int_equal(pane_more(panes[i], &more), 0);
		assert_true(panes[i]->column_count + more.count <= COLUMNS_MAX);
		for (size_t f = 0; f < t->field_count; f++) {
			unsigned places = has_column(panes[i], &t->fields[f]);

			for (size_t k = 0; k < more.count; k++)
				places += more.fields[k] == &t->fields[f];
			for (size_t k = 0; k < COUNT_OF(inside); k++)
				places += strcmp(t->fields[f].name, inside[k]) == 0;
			if (places != 1)
				fail_msg(
					"%s: %s has %u places", t->name, t->fields[f].name, places);
		}
	}
}

/* Scrolling sideways in a narrow screen comes by every title. */
static void full_screen_scrolls_through_all_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		struct buf seen = { 0 };
		struct columns more;
		struct pane_state p;
		struct cells c = { 0 };

		assert_int_equal(cells_resize(&c, 60, 2), 0);
		pane_init(&p, panes[i]);
		for (uint32_t shift = 0; shift == 0 || p.more_columns; shift++) {
			assert_true(shift < COLUMNS_MAX);
			cells_clear(&c);
			p.shift = shift;
			pane_draw(&p, &c, cells_all(&c), 1, PANE_FULL);
			assert_int_equal(p.shift, shift);
			cells_text(&c, &seen, false);
		}
		for (size_t k = 0; k < p.pane->column_count; k++) {
			const char *title = p.pane->columns[k].title;

			/* Not asked for, it is not there. */
			if (column_field(p.pane, k)->needs & NEED_EVENTS)
				continue;
			assert_non_null(
				strstr(seen.data, title ? title : column_field(p.pane, k)->title));
		}
		assert_int_equal(pane_more(p.pane, &more), 0);
		for (size_t k = 0; k < more.count; k++)
			if (!(more.fields[k]->needs & NEED_EVENTS))
				assert_non_null(strstr(seen.data, more.fields[k]->title));
		buf_free(&seen);
		pane_free(&p);
		cells_free(&c);
	}
}

/* However often it was pressed before the picture was drawn, one key back is one column back. */
static void columns_do_not_scroll_past_the_last(void **state)
{
	struct cells c = { 0 };
	struct pane_state p;

	(void)state;
	assert_int_equal(cells_resize(&c, 80, 10), 0);
	pane_init(&p, &pane_procs);
	p.shift = 1000;
	pane_draw(&p, &c, cells_all(&c), 1, PANE_FULL);
	assert_in_range(p.shift, 1, table_procs.field_count);
	assert_false(p.more_columns);
	pane_free(&p);
	cells_free(&c);
}

static void emptiness_says_what_it_means(void **state)
{
	static const struct {
		bool sample, owners, preliminary;
		unsigned asked;
		const char *text;
	} cases[] = {
		{ false, false, false, NEED_ALL, "waiting for the first sample" },
		{ true, false, true, NEED_ALL, "resolving owners" },
		{ true, false, false, NEED_ALL, "owners are not known" },
		{ true, false, false, NEED_SOCKETS, "resolving owners" },
		{ true, true, false, NEED_ALL, "nothing piles up" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pane_state p;
		struct cells c = { 0 };
		struct buf b = { 0 };
		struct story st;

		story_begin(&st, 0);
		story_frame(&st, 0)->owners_known = cases[i].owners;
		st.frame->preliminary = cases[i].preliminary;
		st.frame->asked = cases[i].asked;
		story_sample(&st);
		assert_int_equal(cells_resize(&c, 60, 5), 0);
		pane_init(&p, &pane_leaks);
		assert_int_equal(pane_update(&p, cases[i].sample ? st.sample : NULL), 0);
		pane_draw(&p, &c, cells_all(&c), 4, PANE_PLAIN);
		cells_text(&c, &b, false);
		assert_non_null(strstr(b.data, cases[i].text));
		buf_free(&b);
		pane_free(&p);
		cells_free(&c);
		story_end(&st);
	}
}

/* Whatever a pane draws, or sorts by, is asked for, and the histogram alone asks for no owners. */
static void needs_are_those_of_what_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PANE_COUNT; i++) {
		const struct table *t = panes[i]->table;
		struct columns more;
		struct pane_state p;

		pane_init(&p, panes[i]);
		for (size_t f = 0; f < t->field_count; f++)
			if (has_column(panes[i], &t->fields[f]))
				assert_false(t->fields[f].needs & ~pane_needs(&p) &
					     ~(unsigned)NEED_EVENTS);
		assert_int_equal(pane_more(panes[i], &more), 0);
		for (size_t f = 0; f < more.count; f++)
			assert_false(more.fields[f]->needs & ~pane_needs(&p) &
				     ~(unsigned)(NEED_INFO | NEED_EVENTS));
		for (size_t f = 0; f < t->field_count; f++) {
			p.sort.field = &t->fields[f];
			assert_false(t->fields[f].needs & ~pane_needs(&p));
		}
	}
}

static void a_pane_needs_no_more_than_it_shows(void **state)
{
	struct pane_state p;

	(void)state;
	pane_init(&p, &pane_states);
	assert_int_equal(pane_needs(&p), NEED_SOCKETS);
	pane_init(&p, &pane_procs);
	assert_int_equal(
		pane_needs(&p), NEED_SOCKETS | NEED_OWNERS | NEED_USERS | NEED_PROC_DETAILS);
}

/* ---- Many rows ------------------------------------------------------------------------------- */

/* What the pane says in a line of text. */
static bool shows(struct pane_state *p, const char *text)
{
	struct cells c = { 0 };
	struct buf b = { 0 };
	bool found;

	assert_int_equal(cells_resize(&c, 100, 8), 0);
	pane_draw(p, &c, cells_all(&c), 3, PANE_FOCUSED);
	cells_text(&c, &b, false);
	found = strstr(b.data, text) != NULL;
	buf_free(&b);
	cells_free(&c);
	return found;
}

/* Makes what the pane wishes of a sample, as another thread would, and leaves it in *made. */
static void make(const struct pane_state *p, struct sample *s, struct pane_order *made)
{
	assert_true(pane_wish(p, s, made));
	sample_get(s);
	pane_order_make(made, NULL, NULL);
}

static void take(struct pane_state *p, struct pane_order *made)
{
	assert_int_equal(pane_take(p, made), 0);
	pane_order_drop(made);
}

static void begin_large(struct pane_state *p, const struct pane *pane)
{
	pane_init(p, pane);
	p->at_once = 2;
}

static void many_rows_wait_for_their_order(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	update(&p, TELL(&st, 0, 5, 6), 10);
	assert_false(p.waiting);
	assert_int_equal(p.count, 2);
	update(&p, TELL(&st, 1, 5, 6, 7), 10);
	assert_true(p.waiting);
	/* What was there is still there. */
	assert_int_equal(p.count, 2);
	assert_int_equal(pid_at_cursor(&p, p.sample), 2);
	pane_move(&p, 1);
	assert_int_equal(pid_at_cursor(&p, p.sample), 1);
	make(&p, st.sample, &made);
	assert_int_equal(p.count, 2);
	take(&p, &made);
	assert_false(p.waiting);
	assert_ptr_equal(p.sample, st.sample);
	assert_int_equal(p.count, 3);
	assert_int_equal(pid_at_cursor(&p, st.sample), 1);
	assert_int_equal(p.position, 2);
	update(&p, st.sample, 10);
	assert_false(p.waiting);
	pane_free(&p);
	story_end(&st);
}

static void the_title_tells_that_it_is_sorting(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	assert_true(shows(&p, "waiting for the first sample"));
	update(&p, TELL(&st, 0, 5, 6, 7), 10);
	assert_true(shows(&p, " sorting\xe2\x80\xa6"));
	make(&p, st.sample, &made);
	take(&p, &made);
	assert_false(shows(&p, "sorting"));
	/* Of a newer sample only when it takes long. */
	update(&p, TELL(&st, 1, 5, 6, 7), 10);
	assert_true(p.waiting);
	assert_false(shows(&p, "sorting"));
	p.late = true;
	assert_true(shows(&p, "CONNS sorting\xe2\x80\xa6"));
	make(&p, st.sample, &made);
	take(&p, &made);
	assert_false(p.late);
	/* Of another key at once: what is seen is not what the title says. */
	pane_reverse(&p);
	update(&p, st.sample, 10);
	assert_true(shows(&p, "CONNS sorting\xe2\x80\xa6"));
	pane_reverse(&p);
	update(&p, st.sample, 10);
	assert_false(p.waiting);
	assert_false(shows(&p, "sorting"));
	pane_free(&p);
	story_end(&st);
}

static void the_cursor_may_move_while_rows_are_sorted(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 8, 7, 6), 10);
	make(&p, st.sample, &made);
	take(&p, &made);
	update(&p, TELL(&st, 1, 9, 8, 7, 66), 10);
	make(&p, st.sample, &made);
	assert_int_equal(made.cursor, 0);
	pane_move(&p, 3);
	assert_int_equal(pid_at_cursor(&p, p.sample), 4);
	take(&p, &made);
	assert_int_equal(p.position, 0);
	assert_int_equal(pid_at_cursor(&p, p.sample), 4);
	/* And may go home. */
	update(&p, TELL(&st, 2, 9, 88, 7, 66), 10);
	make(&p, st.sample, &made);
	assert_int_equal(made.place, 1);
	pane_home(&p);
	take(&p, &made);
	assert_int_equal(p.position, 0);
	assert_int_equal(pid_at_cursor(&p, p.sample), 2);
	/* To a row that is gone. */
	update(&p, TELL(&st, 3, 9, 88, 7, 0, 1), 10);
	make(&p, st.sample, &made);
	pane_move(&p, 1);
	assert_int_equal(pid_at_cursor(&p, p.sample), 4);
	take(&p, &made);
	assert_int_equal(p.position, 1);
	assert_int_equal(pid_at_cursor(&p, p.sample), 1);
	assert_true(p.cursor != 0);
	pane_free(&p);
	story_end(&st);
}

static void an_order_that_is_not_wished_any_more_is_left(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 8, 7), 10);
	make(&p, st.sample, &made);
	pane_reverse(&p);
	update(&p, st.sample, 10);
	take(&p, &made);
	assert_true(p.waiting);
	assert_int_equal(p.count, 0);
	make(&p, st.sample, &made);
	pane_hide(&p, st.sample);
	assert_false(pane_wish(&p, st.sample, &(struct pane_order){ 0 }));
	take(&p, &made);
	assert_int_equal(p.count, 0);
	update(&p, st.sample, 10);
	make(&p, st.sample, &made);
	made.error = -ECANCELED;
	take(&p, &made);
	assert_true(p.waiting);
	/* One of an older sample of that key is better than none. */
	make(&p, st.sample, &made);
	update(&p, TELL(&st, 1, 9, 8, 77), 10);
	take(&p, &made);
	assert_int_equal(pid_at_cursor(&p, p.sample), 3);
	assert_ptr_not_equal(p.sample, st.sample);
	update(&p, st.sample, 10);
	assert_true(p.waiting);
	pane_free(&p);
	story_end(&st);
}

static void a_hidden_pane_keeps_no_old_sample(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 8, 7), 10);
	make(&p, st.sample, &made);
	take(&p, &made);
	pane_move(&p, 2);
	pane_hide(&p, st.sample);
	assert_int_equal(p.count, 3);
	TELL(&st, 1, 9, 8, 7);
	pane_hide(&p, st.sample);
	assert_null(p.sample);
	assert_int_equal(p.count, 0);
	pane_move(&p, 1);
	update(&p, st.sample, 10);
	make(&p, st.sample, &made);
	take(&p, &made);
	assert_int_equal(pid_at_cursor(&p, p.sample), 3);
	pane_free(&p);
	story_end(&st);
}

static void rows_as_they_stand_never_wait(void **state)
{
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_sockets);
	update(&p, TELL(&st, 0, 9, 8, 7), 10);
	assert_int_equal(p.count, 24);
	assert_null(p.order);
	pane_move(&p, 17);
	update(&p, TELL(&st, 1, 9, 3, 7), 10);
	assert_false(p.waiting);
	assert_int_equal(p.count, 19);
	assert_int_equal(p.position, 12);
	pane_free(&p);
	story_end(&st);
}

static void without_memory_a_pane_says_so_and_tries_the_next_sample(void **state)
{
	struct pane_order made;
	struct pane_state p;
	struct story st;

	(void)state;
	story_begin(&st, 0);
	begin_large(&p, &pane_procs);
	update(&p, TELL(&st, 0, 9, 8, 7), 10);
	assert_true(pane_wish(&p, sample_get(st.sample), &made));
	made.error = -ENOMEM;
	assert_int_equal(pane_take(&p, &made), -ENOMEM);
	pane_order_drop(&made);
	assert_true(shows(&p, "there is no memory for this pane"));
	update(&p, st.sample, 10);
	assert_false(p.waiting);
	pane_reverse(&p);
	update(&p, st.sample, 10);
	assert_true(p.waiting);
	pane_reverse(&p);
	update(&p, TELL(&st, 1, 9, 8, 7), 10);
	make(&p, st.sample, &made);
	take(&p, &made);
	assert_false(shows(&p, "no memory"));
	assert_int_equal(p.count, 3);
	pane_free(&p);
	story_end(&st);
}

static void how_far_the_search_for_owners_has_come_stands_in_the_title(void **state)
{
	static const struct {
		const struct pane *pane;
		double percent;
		bool told;
	} cases[] = {
		{ &pane_procs, 42.9, true },
		{ &pane_leaks, 42.9, true },
		{ &pane_procs, 100, false },
		{ &pane_states, 42.9, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pane_state p;
		struct cells c = { 0 };
		struct buf b = { 0 };
		struct story st;

		story_begin(&st, 0);
		story_frame(&st, 0)->owners_percent = cases[i].percent;
		story_sample(&st);
		assert_int_equal(cells_resize(&c, 60, 5), 0);
		pane_init(&p, cases[i].pane);
		assert_int_equal(pane_update(&p, st.sample), 0);
		pane_draw(&p, &c, cells_all(&c), 4, PANE_PLAIN);
		cells_text(&c, &b, false);
		assert_int_equal(strstr(b.data, " resolving owners 42 %") != NULL, cases[i].told);
		buf_free(&b);
		pane_free(&p);
		cells_free(&c);
		story_end(&st);
	}
}

/* ---- Details --------------------------------------------------------------------------------- */

/* The pane in full screen, as text; the caller frees it. */
static char *full_screen(struct pane_state *p, int width, int height)
{
	struct cells c = { 0 };
	struct buf b = { 0 };

	assert_int_equal(cells_resize(&c, width, height), 0);
	pane_draw(p, &c, cells_all(&c), 7, PANE_FOCUSED | PANE_FULL);
	check_grid(&c);
	cells_text(&c, &b, false);
	assert_false(b.failed);
	cells_free(&c);
	return b.data;
}

/* The line that a text begins in, or -1. */
static int line_of(const char *screen, const char *text)
{
	const char *at = strstr(screen, text);
	int line = 0;

	if (!at)
		return -1;
	for (; screen < at; screen++)
		line += *screen == '\n';
	return line;
}

static void begin_findings(struct story *st, struct pane_state *p, enum findings which)
{
	story_begin(st, 10);
	story_frame(st, 0);
	story_sample(st);
	findings_tell(st->sample, which);
	pane_init(p, &pane_audit);
	assert_int_equal(pane_update(p, st->sample), 0);
}

static void the_finding_under_the_cursor_is_told_below(void **state)
{
	struct pane_state p;
	struct story st;
	char *screen;

	(void)state;
	begin_findings(&st, &p, FINDINGS_MANY);
	screen = full_screen(&p, 80, 21);
	assert_int_equal(line_of(screen, "critical: close-wait-leak for 14m 02s"), 13);
	assert_non_null(strstr(screen, "\n java (pid 2291): 420 sockets in CLOSE-WAIT, 12 more"));
	assert_non_null(strstr(screen, "\n The peers have closed these connections"));
	assert_non_null(strstr(screen, "\n $ ss -tnp state close-wait | grep pid=2291"));
	free(screen);
	pane_move(&p, 1);
	screen = full_screen(&p, 80, 21);
	/* It stays where it is. */
	assert_int_equal(line_of(screen, "warning: accept-queue for 8.0s"), 13);
	assert_non_null(strstr(screen, "\n $ ss -ltn sport = :9000"));
	free(screen);
	/* No age is known, and nothing is to be done. */
	pane_move(&p, 1);
	screen = full_screen(&p, 80, 21);
	assert_int_equal(line_of(screen, "info: many-time-wait"), 13);
	assert_null(strstr(screen, "info: many-time-wait for"));
	assert_null(strstr(screen, "$"));
	free(screen);
	/* Whichever is the longest. */
	pane_sort(&p, table_field(&table_audit, "id", 2));
	pane_home(&p);
	assert_int_equal(pane_update(&p, st.sample), 0);
	screen = full_screen(&p, 80, 21);
	assert_int_equal(line_of(screen, "warning: accept-queue for 8.0s"), 13);
	free(screen);
	pane_free(&p);
	story_end(&st);
}

/* The table keeps half; the evidence and the command are kept longest; with no room there is none. */
static void details_take_the_room_there_is(void **state)
{
	static const struct {
		int width, height, title; /* line of the title, -1 none */
		bool evidence, advice, command;
	} cases[] = {
		{ 120, 33, 26, true, true, true },
		{ 80, 21, 13, true, true, true },
		{ 60, 12, 6, true, true, true },
		{ 60, 10, 5, true, false, true },
		{ 60, 9, 5, true, false, true },
		{ 60, 8, 5, true, false, true },
		{ 60, 7, -1, false, false, false },
		{ 40, 7, -1, false, false, false },
		{ 60, 1, -1, false, false, false },
	};
	struct pane_state p;
	struct story st;

	(void)state;
	begin_findings(&st, &p, FINDINGS_MANY);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *screen = full_screen(&p, cases[i].width, cases[i].height);

		assert_int_equal(line_of(screen, "critical: "), cases[i].title);
		assert_int_equal(
			strstr(screen, "\n java (pid 2291): 420") != NULL, cases[i].evidence);
		assert_int_equal(
			strstr(screen, "\n The peers have closed") != NULL, cases[i].advice);
		assert_int_equal(
			strstr(screen, "\n $ ss -tnp state close-wait | grep pid=2291") != NULL,
			cases[i].command);
		free(screen);
	}
	pane_free(&p);
	story_end(&st);
}

static void what_is_left_out_of_a_detail_is_marked(void **state)
{
	struct pane_state p;
	struct story st;
	char *screen;

	(void)state;
	begin_findings(&st, &p, FINDINGS_MANY);
	screen = full_screen(&p, 60, 12);
	assert_non_null(strstr(screen, "\n The peers have closed these connections and java has "
				       "not:\xe2\x80\xa6\n"));
	free(screen);
	/* A command that is longer than the line goes on in the next. */
	screen = full_screen(&p, 40, 20);
	assert_non_null(strstr(screen, "\n $ ss -tnp state close-wait | grep\n   pid=2291\n"));
	free(screen);
	pane_free(&p);
	story_end(&st);
}

static void say_subject(const struct rowset *rows, uint32_t row, struct pane_detail *out)
{
	out->notes[out->count++] = (struct pane_note){ .mark = "" };
	buf_adds(&out->title, "below");
	buf_adds(&out->notes[0].text, rows->sample->findings[row].subject);
}

/* A column that is wide enough for every row says it all. */
static void a_detail_that_stands_in_its_column_is_not_said_again(void **state)
{
	static const struct {
		int width;
		bool below;
	} cases[] = { { 15, true }, { 24, false }, { 23, true }, { 80, true } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct pane_column columns[] = { { .field = "id", .width = 20 },
			{ .field = "subject", .width = cases[i].width } };
		const struct pane pane = { .table = &table_audit,
			.title = "T",
			.columns = columns,
			.column_count = 2,
			.more = "",
			.empty = "",
			.detail = say_subject,
			.detail_of = "subject" };
		struct pane_state p;
		struct story st;
		char *screen;

		begin_findings(&st, &p, FINDINGS_MANY);
		pane_free(&p);
		pane_init(&p, &pane);
		assert_int_equal(pane_update(&p, st.sample), 0);
		/* A column that has no room at all does not say it either. */
		screen = full_screen(&p, 60, 20);
		assert_int_equal(line_of(screen, "below") >= 0, cases[i].below);
		free(screen);
		pane_free(&p);
		story_end(&st);
	}
}

static void the_kernel_pane_says_what_a_counter_means(void **state)
{
	struct pane_state p;
	struct story st;
	char *screen, title[32];

	(void)state;
	story_begin(&st, 10);
	story_frame(&st, 0);
	story_sample(&st);
	kernel_tell(st.sample, 4, 2);
	pane_init(&p, &pane_kernel);
	assert_int_equal(pane_update(&p, st.sample), 0);
	screen = full_screen(&p, 30, 20);
	assert_non_null(strstr(screen, kernel_items[0].name));
	snprintf(title, sizeof title, "(%s)", kernel_group_name(kernel_items[0].group));
	assert_true(line_of(screen, title) > 4);
	free(screen);
	pane_free(&p);
	story_end(&st);
}

static void no_findings_mean_what_was_checked(void **state)
{
	static const struct {
		enum findings which;
		unsigned asked;
		const char *text;
	} cases[] = {
		{ FINDINGS_NONE, NEED_ALL, "nothing found: a shows what was checked" },
		{ FINDINGS_UNKNOWN, NEED_ALL,
			"nothing found, but 2 of 6 rules could not be checked: a shows which" },
		{ FINDINGS_NONE, NEED_SOCKETS, "checking" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pane_state p;
		struct story st;
		char *screen;

		begin_findings(&st, &p, cases[i].which);
		st.sample->frame->asked = cases[i].asked;
		screen = full_screen(&p, 100, 20);
		assert_non_null(strstr(screen, cases[i].text));
		free(screen);
		pane_free(&p);
		story_end(&st);
	}
}

/* ---- All rows -------------------------------------------------------------------------------- */

static uint64_t identity_at_cursor(const struct pane_state *p)
{
	struct rowset rows = rowset_of(p->table, p->sample);

	return rows.table->identity(&rows, pane_row(p, p->position));
}

static void toggle(struct pane_state *p, struct sample *s)
{
	pane_toggle_all(p);
	assert_int_equal(pane_update(p, s), 0);
}

static void all_rows_come_and_go(void **state)
{
	struct pane_state p;
	struct story st;
	char *screen;

	(void)state;
	begin_findings(&st, &p, FINDINGS_WARNING);
	assert_int_equal(p.count, 2);
	pane_move(&p, 1);
	assert_int_equal(identity_at_cursor(&p), 3);
	/* Ordered by the rule, descending: the row under the cursor goes to another place. */
	pane_sort(&p, table_field(&table_audit, "id", 2));
	pane_reverse(&p);
	toggle(&p, st.sample);
	assert_int_equal(p.count, 6);
	assert_int_equal(p.cursor, 3);
	assert_int_equal(identity_at_cursor(&p), 3);
	assert_int_equal(p.position, 2);
	screen = full_screen(&p, 100, 20);
	assert_non_null(strstr(screen, "7 Findings (all) "));
	assert_non_null(strstr(screen, "ok       memory"));
	free(screen);
	toggle(&p, st.sample);
	assert_int_equal(p.count, 2);
	assert_int_equal(identity_at_cursor(&p), 3);
	screen = full_screen(&p, 100, 20);
	assert_null(strstr(screen, "(all)"));
	assert_non_null(strstr(screen, "7 Findings (2 of 6, a: all) "));
	free(screen);
	/* Under the cursor of a row that goes another one comes. */
	toggle(&p, st.sample);
	pane_move(&p, 100);
	assert_int_equal(identity_at_cursor(&p), 2);
	pane_move(&p, -2);
	assert_true(identity_at_cursor(&p) > 3);
	toggle(&p, st.sample);
	assert_in_range(identity_at_cursor(&p), 2, 3);
	assert_int_equal(p.cursor, identity_at_cursor(&p));
	pane_free(&p);
	story_end(&st);
}

/* A sample is ordered anew for the other rows, and what comes for those before is left. */
static void all_rows_are_waited_for(void **state)
{
	struct pane_order few, all;
	struct pane_state p;
	struct story st;

	(void)state;
	begin_findings(&st, &p, FINDINGS_WARNING);
	p.at_once = 0;
	pane_sort(&p, table_field(&table_audit, "id", 2));
	assert_int_equal(pane_update(&p, st.sample), 0);
	make(&p, st.sample, &few);
	toggle(&p, st.sample);
	assert_true(p.waiting);
	assert_true(shows(&p, "sorting"));
	/* The cursor moves over the rows that are there. */
	pane_move(&p, 1);
	assert_int_equal(p.position, 1);
	take(&p, &few);
	assert_int_equal(p.count, 2);
	assert_true(p.waiting);
	make(&p, st.sample, &all);
	assert_true(all.part_first);
	take(&p, &all);
	assert_int_equal(p.count, 6);
	assert_int_equal(identity_at_cursor(&p), 3);
	assert_false(p.waiting || shows(&p, "sorting"));
	/* Ordered for a cursor that went on to a row of the other table. */
	toggle(&p, st.sample);
	assert_true(shows(&p, "sorting"));
	make(&p, st.sample, &few);
	pane_move(&p, 3);
	assert_true(identity_at_cursor(&p) > 3);
	take(&p, &few);
	assert_int_equal(p.count, 2);
	assert_in_range(identity_at_cursor(&p), 2, 3);
	/* Without memory for one of them there may be some for the other. */
	toggle(&p, st.sample);
	assert_true(pane_wish(&p, sample_get(st.sample), &all));
	all.error = -ENOMEM;
	assert_int_equal(pane_take(&p, &all), -ENOMEM);
	pane_order_drop(&all);
	assert_int_equal(pane_update(&p, st.sample), 0);
	assert_false(p.waiting);
	toggle(&p, st.sample);
	assert_true(p.waiting);
	pane_free(&p);
	story_end(&st);
}

/* There is nothing to leave out, and nothing that says so. */
static void a_pane_without_other_rows_shows_all_always(void **state)
{
	struct pane_state p;
	struct story st;
	char *screen;

	(void)state;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 1, .clients = 5 });
	pane_init(&p, &pane_states);
	p.all = true;
	assert_false(pane_has_all(&p));
	assert_int_equal(pane_update(&p, st.sample), 0);
	assert_ptr_equal(p.table, &table_states);
	screen = full_screen(&p, 80, 20);
	assert_null(strstr(screen, "(all)"));
	free(screen);
	pane_free(&p);
	story_end(&st);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_that_was_not_moved_stays_at_the_top),
		cmocka_unit_test(a_cursor_goes_where_its_row_goes),
		cmocka_unit_test(a_cursor_stays_where_it_was_when_its_row_is_gone),
		cmocka_unit_test(going_home_lets_go_of_the_row),
		cmocka_unit_test(moving_stays_between_the_first_and_the_last_row),
		cmocka_unit_test(without_a_sample_there_are_no_rows),
		cmocka_unit_test(the_screen_scrolls_as_little_as_it_takes),
		cmocka_unit_test(a_larger_screen_leaves_no_gap_at_the_end),
		cmocka_unit_test(columns_name_fields),
		cmocka_unit_test(sorting_begins_in_the_natural_direction),
		cmocka_unit_test(neighbours_reach_every_column),
		cmocka_unit_test(a_neighbour_that_is_no_column_is_the_first_or_the_last),
		cmocka_unit_test(panes_draw_inside_of_their_area),
		cmocka_unit_test(every_field_has_its_place_in_a_pane),
		cmocka_unit_test(full_screen_scrolls_through_all_columns),
		cmocka_unit_test(columns_do_not_scroll_past_the_last),
		cmocka_unit_test(emptiness_says_what_it_means),
		cmocka_unit_test(needs_are_those_of_what_is_shown),
		cmocka_unit_test(a_pane_needs_no_more_than_it_shows),
		cmocka_unit_test(many_rows_wait_for_their_order),
		cmocka_unit_test(the_title_tells_that_it_is_sorting),
		cmocka_unit_test(the_cursor_may_move_while_rows_are_sorted),
		cmocka_unit_test(an_order_that_is_not_wished_any_more_is_left),
		cmocka_unit_test(a_hidden_pane_keeps_no_old_sample),
		cmocka_unit_test(rows_as_they_stand_never_wait),
		cmocka_unit_test(without_memory_a_pane_says_so_and_tries_the_next_sample),
		cmocka_unit_test(how_far_the_search_for_owners_has_come_stands_in_the_title),
		cmocka_unit_test(the_finding_under_the_cursor_is_told_below),
		cmocka_unit_test(details_take_the_room_there_is),
		cmocka_unit_test(what_is_left_out_of_a_detail_is_marked),
		cmocka_unit_test(a_detail_that_stands_in_its_column_is_not_said_again),
		cmocka_unit_test(the_kernel_pane_says_what_a_counter_means),
		cmocka_unit_test(no_findings_mean_what_was_checked),
		cmocka_unit_test(all_rows_come_and_go),
		cmocka_unit_test(all_rows_are_waited_for),
		cmocka_unit_test(a_pane_without_other_rows_shows_all_always),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
