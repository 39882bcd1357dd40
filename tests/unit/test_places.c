/* places: rows are opened and left again, filters hold or do not, what is shown follows. */
#include "lib/keyboard.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/server.h"
#include "sockdash/app.h"
#include "sockdash/narrower.h"
#include "sockdash/needs.h"

static const struct app_settings usual = { .pane = APP_OVERVIEW, .interval_s = 2 };

struct scene {
	struct story story;
	struct cells cells;
	struct app app;
};

static void begin(struct scene *s, int width, int height)
{
	story_begin(&s->story, 10);
	server_tell(&s->story, &(struct server){ .samples = 3, .clients = 100 });
	app_init(&s->app, &usual);
	app_take(&s->app, sample_get(s->story.sample));
	size(&s->cells, width, height);
	app_draw(&s->app, &s->cells);
}

static void end(struct scene *s)
{
	app_free(&s->app);
	cells_free(&s->cells);
	story_end(&s->story);
}

static bool shows(struct scene *s, const char *text)
{
	struct buf b = { 0 };
	bool found;

	app_draw(&s->app, &s->cells);
	cells_text(&s->cells, &b, false);
	found = strstr(b.data, text) != NULL;
	buf_free(&b);
	return found;
}

static void keys(struct scene *s, const char *words)
{
	press(&s->app, &s->cells, words);
}

/* As many as a table of the sample that is shown says; the filter selects them one by one. */
static const char *filter_of(const struct app *a)
{
	return a->filter ? filter_text(a->filter) : "";
}

/* ---- Opening rows ---------------------------------------------------------------------------- */

static void rows_open_their_sockets(void **state)
{
	static const struct {
		const char *keys, *filter;
		uint32_t count;
	} cases[] = {
		{ "1 Down Down Enter", "proto = tcp state syn-recv", 4 },
		{ "1 End Up Enter", "proto = udp state unconnected", 2 },
		{ "1 End Enter", "proto = udp state established", 1 },
		{ "2 Enter",
			"proto = tcp sport = :8080 src 10.0.0.7 state connected exclude "
			"time-wait",
			438 },
		{ "4 Enter", "pid = 2291 proto = tcp state close-wait", 348 },
		{ "Down Down Enter", "proto = tcp state syn-recv", 4 },
		{ "Tab Tab Tab Enter", "pid = 2291 proto = tcp state close-wait", 348 },
		{ "3 Enter", "pid = 2291", 442 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;

		begin(&s, 120, 36);
		keys(&s, cases[i].keys);
		assert_string_equal(filter_of(&s.app), cases[i].filter);
		assert_ptr_equal(app_pane(&s.app)->pane, &pane_sockets);
		assert_int_equal(app_pane(&s.app)->count, cases[i].count);
		assert_int_equal(s.app.places.depth, 1);
		assert_true(s.app.control.narrowed && s.app.wished);
		end(&s);
	}
}

/* Whatever row it is: it opens as many sockets as its number says; a listener without connections
 * opens itself. */
static void numbers_open_as_many_sockets(void **state)
{
	static const struct {
		int key;
		const char *field;
	} panes_of[] = { { '1', "count" }, { '2', "conns" }, { '4', "count" } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(panes_of); i++) {
		struct scene s;
		uint32_t rows;

		begin(&s, 120, 36);
		app_key(&s.app, panes_of[i].key);
		app_draw(&s.app, &s.cells);
		rows = app_pane(&s.app)->count;
		assert_in_range(rows, 1, 30);
		for (uint32_t n = 0; n < rows; n++) {
			struct pane_state *p = app_pane(&s.app);
			struct rowset set = pane_rows(p);
			const struct field *f =
				table_field(p->table, panes_of[i].field, strlen(panes_of[i].field));
			struct value v = rowset_value(&set, pane_row(p, p->position), f);

			keys(&s, "Enter");
			assert_int_equal(s.app.places.depth, 1);
			/* UDP has no connections to count. */
			if (v.type != VALUE_NONE)
				assert_int_equal(app_pane(&s.app)->count,
					v.number || panes_of[i].key != '2' ? v.number : 1);
			keys(&s, "Esc Down");
		}
		end(&s);
	}
}

static void esc_gives_everything_back(void **state)
{
	struct pane_memory before, after;
	struct scene s;

	(void)state;
	begin(&s, 120, 20);
	keys(&s,
		"5 s G Enter 3 s Home Down Down Enter Down Down Right f u d p Rubout Rubout Rubout "
		"c o n n s > 0 Esc");
	assert_string_equal(filter_of(&s.app), "");
	pane_remember(app_pane(&s.app), &before);
	assert_true(before.cursor != 0);
	keys(&s, "Enter Down End s Down Enter 1 Down Down Enter 5 Down");
	assert_int_equal(s.app.places.depth, 2);
	keys(&s, "Esc Esc");
	assert_int_equal(s.app.places.depth, 0);
	assert_int_equal(s.app.full, 2);
	assert_string_equal(filter_of(&s.app), "");
	pane_remember(app_pane(&s.app), &after);
	assert_true(sort_same(before.sort, after.sort) && before.all == after.all);
	assert_int_equal(before.cursor, after.cursor);
	assert_int_equal(before.position, after.position);
	assert_int_equal(before.top, after.top);
	assert_int_equal(before.shift, after.shift);
	assert_false(s.app.control.narrowed);
	/* And that of another pane, which nobody looked at. */
	keys(&s, "5");
	assert_string_equal(app_pane(&s.app)->sort.field->name,
		table_sockets.fields[table_sockets.field_count - 1].name);
	keys(&s, "Esc");
	assert_int_equal(s.app.full, APP_OVERVIEW);
	end(&s);
}

/* It is on its row, also where that stands elsewhere now, and near to it where it is gone. */
static void the_cursor_comes_back_to_its_row(void **state)
{
	struct scene s;
	uint64_t row;

	(void)state;
	begin(&s, 120, 20);
	keys(&s, "3 s Home Enter End Up");
	row = app_pane(&s.app)->cursor;
	keys(&s, "Enter");
	server_tell(&s.story, &(struct server){ .first = 3, .samples = 1, .clients = 100 });
	app_take(&s.app, sample_get(s.story.sample));
	app_draw(&s.app, &s.cells);
	keys(&s, "Esc");
	assert_int_equal(app_pane(&s.app)->cursor, row);
	keys(&s, "Enter");
	story_frame(&s.story, 100);
	story_sock(&s.story, "tcp ESTAB 10.0.0.1:1 10.0.0.2:2 pid=5");
	app_take(&s.app, sample_get(story_sample(&s.story)));
	assert_true(shows(&s, "nothing here is selected by the filter"));
	keys(&s, "Esc");
	assert_int_equal(app_pane(&s.app)->count, 1);
	assert_int_equal(app_pane(&s.app)->position, 0);
	end(&s);
}

static void rows_open_within_rows(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 200, 36);
	keys(&s, "f s r c Space 1 0 . 0 . 0 . 7 Space o r Space s r c Space : : 1 Enter");
	keys(&s, "3 Enter 1");
	assert_string_equal(filter_of(&s.app), "src 10.0.0.7 or src ::1 pid = 2291");
	assert_true(shows(&s, "Processes \xe2\x80\xba java (2291) \xe2\x80\xba States"));
	assert_true(shows(&s, "442 of "));
	/* The same once more adds nothing. */
	keys(&s, "3 Enter");
	assert_string_equal(filter_of(&s.app), "src 10.0.0.7 or src ::1 pid = 2291");
	assert_int_equal(s.app.places.depth, 2);
	/* The overview is of the same sockets. */
	keys(&s, "0");
	assert_true(shows(&s, "java (2291) \xe2\x80\xba Overview"));
	assert_int_equal(s.app.places.depth, 2);
	keys(&s, "Esc Esc");
	assert_string_equal(filter_of(&s.app), "src 10.0.0.7 or src ::1");
	assert_int_equal(s.app.full, 2);
	end(&s);
}

static void what_does_not_open_says_so(void **state)
{
	static const struct {
		const char *keys, *message;
	} cases[] = {
		{ "6 Enter", "Kernel: what the kernel counts is not about single sockets" },
		{ "5 f s p o r t Space = Space 1 Enter Enter", "Sockets: there is no row to open" },
		{ "7 Enter", "Findings: " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;

		begin(&s, 120, 36);
		keys(&s, cases[i].keys);
		assert_true(shows(&s, cases[i].message));
		assert_int_equal(s.app.places.depth, 0);
		end(&s);
	}
}

static void a_way_has_an_end(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 60, 20);
	for (int i = 0; i < PLACES_MAX; i++)
		keys(&s, "3 Enter");
	assert_int_equal(s.app.places.depth, PLACES_MAX);
	keys(&s, "3 Enter");
	assert_true(shows(&s, "that is as deep as it goes: Esc goes back"));
	for (int i = 0; i < PLACES_MAX; i++)
		keys(&s, "Esc");
	assert_int_equal(s.app.places.depth, 0);
	assert_int_equal(s.app.full, 2);
	end(&s);
}

/* ---- Typing a filter ------------------------------------------------------------------------- */

static void a_filter_follows_every_key(void **state)
{
	struct scene s;
	uint32_t all;

	(void)state;
	begin(&s, 100, 30);
	keys(&s, "5");
	all = app_pane(&s.app)->count;
	keys(&s, "f p i d");
	assert_int_equal(app_pane(&s.app)->count, all);
	assert_true(s.app.mistaken);
	keys(&s, "Space = Space 2 2 9 1");
	assert_false(s.app.mistaken);
	assert_int_equal(app_pane(&s.app)->count, 442);
	/* A mistake: the last one that meant something holds, and Enter does not take it. */
	keys(&s, "Space o r Enter");
	assert_int_equal(s.app.mode, APP_FILTER);
	assert_int_equal(app_pane(&s.app)->count, 442);
	assert_string_equal(filter_of(&s.app), "pid = 2291");
	keys(&s, "Rubout Rubout Rubout Enter");
	assert_int_equal(s.app.mode, APP_PANES);
	assert_string_equal(filter_of(&s.app), "pid = 2291");
	/* Esc gives back what was there. */
	keys(&s, "f Ctrl-U p i d Space = Space 2 2 0 1");
	assert_int_equal(app_pane(&s.app)->count, 77);
	keys(&s, "Esc");
	assert_string_equal(filter_of(&s.app), "pid = 2291");
	assert_int_equal(app_pane(&s.app)->count, 442);
	/* Nothing typed: all of them. */
	keys(&s, "F4 Ctrl-U Enter");
	assert_null(s.app.filter);
	assert_int_equal(app_pane(&s.app)->count, all);
	assert_false(s.app.control.narrowed);
	/* As typed before. */
	keys(&s, "\\ Up Enter");
	assert_string_equal(filter_of(&s.app), "pid = 2291");
	end(&s);
}

static void what_a_filter_needs_is_collected(void **state)
{
	struct app_settings settings = usual;
	struct filter_error error;
	struct filter *f;
	struct app a;

	(void)state;
	assert_int_equal(filter_parse("process = java", 14, &f, &error), 0);
	settings.pane = 0;
	app_init(&a, &settings);
	assert_false(a.control.needs & NEED_OWNERS || a.control.narrowed);
	app_free(&a);
	settings.filter = f;
	app_init(&a, &settings);
	assert_true(a.control.needs & NEED_OWNERS && a.control.narrowed);
	app_free(&a);
	filter_put(f);
}

/* ---- Many sockets ---------------------------------------------------------------------------- */

/* As the loop has it done. */
static bool narrow(struct scene *s, int error)
{
	struct narrow_job job;

	if (!app_wish_narrowing(&s->app, &job))
		return false;
	narrow_job_keep(&job);
	job.error = error;
	if (!error)
		job.error = sample_narrow(job.whole, &job.how, job.before, NULL, &job.made);
	app_take_narrowing(&s->app, &job);
	narrow_job_drop(&job);
	app_draw(&s->app, &s->cells);
	return true;
}

static void many_sockets_are_waited_for(void **state)
{
	struct scene s;
	uint32_t all;

	(void)state;
	begin(&s, 120, 36);
	s.app.shown.at_once = 0;
	keys(&s, "5");
	all = app_pane(&s.app)->count;
	assert_false(narrow(&s, 0));
	keys(&s, "f p i d Space = Space 2 2 9 1 Enter Down Down");
	/* What was shown stays, and the cursor moves in it. */
	assert_true(shows(&s, "Sockets filtering\xe2\x80\xa6"));
	assert_int_equal(app_pane(&s.app)->count, all);
	assert_int_equal(app_pane(&s.app)->position, 2);
	assert_true(narrow(&s, 0));
	assert_false(shows(&s, "filtering\xe2\x80\xa6"));
	assert_int_equal(app_pane(&s.app)->count, 442);
	assert_false(narrow(&s, 0));
	/* At another place there is nothing to show until then; keys are not lost. */
	keys(&s, "1 Down Down Down Enter");
	assert_true(shows(&s, "filtering\xe2\x80\xa6"));
	assert_int_equal(app_pane(&s.app)->count, 0);
	keys(&s, "Down Down");
	assert_true(narrow(&s, 0));
	assert_int_equal(app_pane(&s.app)->count, 90);
	assert_int_equal(app_pane(&s.app)->position, 2);
	/* Back, the row is the one it was, though it is not there for a while. */
	keys(&s, "Esc");
	assert_int_equal(app_pane(&s.app)->count, 0);
	assert_true(narrow(&s, 0));
	assert_int_equal(app_pane(&s.app)->position, 3);
	/* A newer sample comes when it is narrowed. */
	server_tell(&s.story, &(struct server){ .first = 3, .samples = 1, .clients = 100 });
	app_take(&s.app, sample_get(s.story.sample));
	assert_false(shows(&s, "filtering\xe2\x80\xa6"));
	assert_true(narrow(&s, 0));
	assert_ptr_equal(s.app.shown.sample->whole, s.app.sample);
	end(&s);
}

static void without_memory_what_was_shown_stays(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, 120, 36);
	s.app.shown.at_once = 0;
	keys(&s, "5 f p i d Space = Space 2 2 9 1 Enter");
	assert_true(narrow(&s, -ENOMEM));
	assert_true(shows(&s, "out of memory: what is shown is not filtered as it should be"));
	assert_false(narrow(&s, 0));
	/* The next sample may do better, or another filter. */
	server_tell(&s.story, &(struct server){ .first = 3, .samples = 1, .clients = 100 });
	app_take(&s.app, sample_get(s.story.sample));
	app_draw(&s.app, &s.cells);
	assert_true(narrow(&s, 0));
	assert_false(shows(&s, "filtering\xe2\x80\xa6"));
	end(&s);
}

/* The thread: of many wishes the last one is made. */
static void the_thread_makes_the_last_wish(void **state)
{
	struct filter_error error;
	struct narrow_job made;
	struct narrower *n;
	struct scene s;
	struct filter *filters[2];
	bool done = false;

	(void)state;
	begin(&s, 80, 24);
	assert_int_equal(filter_parse("pid = 2291", 10, &filters[0], &error), 0);
	assert_int_equal(filter_parse("pid = 2201", 10, &filters[1], &error), 0);
	assert_int_equal(narrower_start(&n), 0);
	assert_false(narrower_take(n, &made));
	for (int i = 0; i < 101; i++) {
		struct narrow_job wish = {
			.whole = s.story.sample,
			.how = { .filter = filters[i % 2] },
		};

		narrower_wish(n, i % 5 == 3 ? NULL : &wish);
		narrower_wish(n, i % 5 == 3 ? NULL : &wish);
		if (i % 7 == 0 && narrower_take(n, &made)) {
			assert_ptr_equal(made.how.filter, filters[i % 2]);
			narrow_job_drop(&made);
		}
	}
	/* The last one may have been taken just now. */
	narrower_wish(n, NULL);
	narrower_wish(n,
		&(struct narrow_job){ .whole = s.story.sample, .how = { .filter = filters[1] } });
	while (!done) {
		struct pollfd fd = { .fd = narrower_fd(n), .events = POLLIN };

		assert_int_equal(poll(&fd, 1, 20000), 1);
		done = narrower_take(n, &made);
	}
	assert_int_equal(made.error, 0);
	assert_ptr_equal(made.how.filter, filters[1]);
	assert_int_equal(sample_sock_count(made.made), 77);
	narrow_job_drop(&made);
	assert_false(narrower_take(n, &made));
	narrower_stop(n);
	filter_put(filters[0]);
	filter_put(filters[1]);
	end(&s);
}

/* ---- Searching ------------------------------------------------------------------------------- */

static void search(struct scene *s, const char *words)
{
	char line[256], *rest;

	strcpy(line, words);
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		keys(s, word);
		while (app_is_busy(&s->app))
			app_work(&s->app);
		app_draw(&s->app, &s->cells);
	}
}

static void a_search_moves_the_cursor(void **state)
{
	static const struct {
		const char *keys, *message;
		uint32_t position;
	} cases[] = {
		{ "3 / P H P", "", 3 },
		{ "3 / n g i n x Enter", "", 1 },
		{ "3 Down Down / j a v a", "'java': on from the beginning", 0 },
		{ "3 / p h p Esc", "", 0 },
		{ "3 / p h p Rubout Rubout Rubout", "", 0 },
		{ "3 / z z z", "not found: zzz", 0 },
		{ "3 / z z z Enter m", "not found: zzz", 0 },
		{ "3 / s s h d Enter m", "there is no other 'sshd'", 4 },
		{ "3 m", "nothing was searched for yet: press /", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;

		begin(&s, 120, 36);
		/* java nginx... by connections, as the server has it. */
		search(&s, cases[i].keys);
		assert_string_equal(s.app.message, cases[i].message);
		if (strcmp(cases[i].message, "there is no other 'sshd'") != 0)
			assert_int_equal(app_pane(&s.app)->position, cases[i].position);
		end(&s);
	}
}

static void next_and_previous_go_round(void **state)
{
	struct scene s;
	uint32_t first;

	(void)state;
	begin(&s, 120, 36);
	search(&s, "5 / 1 0 . 0 . 4 . Enter");
	first = app_pane(&s.app)->position;
	for (int i = 1; i < 90; i++) {
		search(&s, i % 2 ? "m" : "F3");
		assert_true(app_pane(&s.app)->position > first);
	}
	search(&s, "m");
	assert_int_equal(app_pane(&s.app)->position, first);
	assert_string_equal(s.app.message, "'10.0.4.': on from the beginning");
	search(&s, "M");
	assert_true(app_pane(&s.app)->position > first);
	assert_string_equal(s.app.message, "'10.0.4.': on from the end");
	/* The last one again, with nothing typed. */
	search(&s, "Home / Enter");
	assert_int_equal(app_pane(&s.app)->position, first);
	end(&s);
}

/* In slices; another key ends it. */
static void a_search_waits_for_keys(void **state)
{
	struct scene s;
	int slices = 0;

	(void)state;
	story_begin(&s.story, 10);
	story_frame(&s.story, 0);
	for (unsigned i = 0; i < 3 * SEARCH_SLICE; i++)
		story_sock(&s.story, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%u", 1 + i);
	app_init(&s.app, &usual);
	app_take(&s.app, sample_get(story_sample(&s.story)));
	size(&s.cells, 80, 24);
	keys(&s, "5 / : 3 0 0 0 Enter");
	assert_true(app_is_busy(&s.app));
	for (; app_is_busy(&s.app); slices++)
		app_work(&s.app);
	assert_int_equal(slices, 3);
	assert_int_equal(app_pane(&s.app)->position, 2999);
	keys(&s, "Home m");
	app_work(&s.app);
	assert_true(app_is_busy(&s.app));
	keys(&s, "Down");
	assert_false(app_is_busy(&s.app));
	assert_int_equal(app_pane(&s.app)->position, 1);
	end(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_open_their_sockets),
		cmocka_unit_test(numbers_open_as_many_sockets),
		cmocka_unit_test(esc_gives_everything_back),
		cmocka_unit_test(the_cursor_comes_back_to_its_row),
		cmocka_unit_test(rows_open_within_rows),
		cmocka_unit_test(what_does_not_open_says_so),
		cmocka_unit_test(a_way_has_an_end),
		cmocka_unit_test(a_filter_follows_every_key),
		cmocka_unit_test(what_a_filter_needs_is_collected),
		cmocka_unit_test(many_sockets_are_waited_for),
		cmocka_unit_test(without_memory_what_was_shown_stays),
		cmocka_unit_test(the_thread_makes_the_last_wish),
		cmocka_unit_test(a_search_moves_the_cursor),
		cmocka_unit_test(next_and_previous_go_round),
		cmocka_unit_test(a_search_waits_for_keys),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
