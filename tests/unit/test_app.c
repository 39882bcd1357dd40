/* app: what keys do in every mode, at every size. */
#include "lib/keyboard.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/findings.h"
#include "lib/server.h"
#include "sockdash/app.h"
#include "sockdash/extras.h"
#include "sockdash/keys.h"
#include "sockdash/names.h"
#include "sockdash/needs.h"
#include "sockdash/sampler.h"
#include "sockdash/utf8.h"

static const struct app_settings usual = { .pane = APP_OVERVIEW, .interval_s = 2 };

/* The picture as text; the caller frees it. */
static char *picture(struct app *a, struct cells *c)
{
	struct buf b = { 0 };

	app_draw(a, c);
	cells_text(c, &b, false);
	return b.data;
}

static bool shows(struct app *a, struct cells *c, const char *text)
{
	char *all = picture(a, c);
	bool found = strstr(all, text) != NULL;

	free(all);
	return found;
}

/* ---- The table of keys ----------------------------------------------------------------------- */

static void no_key_is_bound_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < key_binding_count; i++) {
		const struct key_binding *b = &key_bindings[i];
		size_t count = 0;

		while (count < COUNT_OF(b->keys) && b->keys[count])
			count++;
		assert_true(count > 0);
		for (size_t k = 0; k < count; k++)
			assert_ptr_equal(key_find(b->keys[k], b->place == KEY_REPLAY), b);
		for (size_t k = 0; k < count; k++)
			for (size_t other = 0; other < k; other++)
				assert_int_not_equal(b->keys[k], b->keys[other]);
		assert_non_null(b->act);
		assert_true(*b->shown && *b->help);
		assert_int_equal(!b->footer.keys, !b->footer.label);
	}
	assert_null(key_find(0, false));
	assert_null(key_find('~', false));
	assert_null(key_find(KEYCODE_NONE, false));
	assert_null(key_find(KEYCODE_OTHER, false));
}

static void help_tells_of_every_key_and_every_field(void **state)
{
	struct buf all = { 0 };

	(void)state;
	for (size_t line = 0; line < app_help_lines(false); line++) {
		struct buf keys = { 0 }, text = { 0 };
		enum role role = ROLE_COUNT;

		app_help_line(false, line, &keys, &text, &role);
		assert_true(role < ROLE_COUNT);
		assert_true(!keys.len || text.len);
		buf_addf(&all, "%s|%s\n", keys.len ? keys.data : "", text.len ? text.data : "");
		buf_free(&keys);
		buf_free(&text);
	}
	for (size_t i = 0; i < key_binding_count; i++) {
		char line[256];

		if (!key_applies(&key_bindings[i], false))
			continue;

		snprintf(line, sizeof line, "%s|%s\n", key_bindings[i].shown, key_bindings[i].help);
		assert_non_null(strstr(all.data, line));
	}
	for (size_t i = 0; i < table_count; i++) {
		assert_non_null(strstr(all.data, tables[i]->help));
		for (size_t f = 0; f < tables[i]->field_count; f++)
			assert_non_null(strstr(all.data, tables[i]->fields[f].help));
	}
	/* The last line is one. */
	assert_true(all.len > 2 && all.data[all.len - 2] != '|');
	buf_free(&all);
}

static void footer_has_help_and_quit(void **state)
{
	struct screen_key keys[32];
	size_t n = key_footer(false, keys, COUNT_OF(keys));

	(void)state;
	assert_in_range(n, 3, COUNT_OF(keys) - 1);
	assert_string_equal(keys[n - 2].label, "help");
	assert_string_equal(keys[n - 1].label, "quit");
	assert_int_equal(key_footer(false, keys, 2), 2);
	for (int width = 1; width < 200; width++) {
		struct cells c;
		struct buf b = { 0 };

		size(&c, width, 1);
		screen_footer(&c, cells_all(&c), keys, n);
		cells_text(&c, &b, false);
		assert_int_equal(strstr(b.data, "help  q quit") != NULL, width >= 14);
		buf_free(&b);
		cells_free(&c);
	}
}

/* ---- What keys do ---------------------------------------------------------------------------- */

static void keys_choose_the_pane(void **state)
{
	static const struct {
		const char *keys;
		int full;
		unsigned focus;
	} cases[] = {
		{ "", APP_OVERVIEW, 0 },
		{ "Tab", APP_OVERVIEW, 1 },
		{ "Tab Tab Tab Tab", APP_OVERVIEW, 0 },
		{ "BackTab", APP_OVERVIEW, 3 },
		{ "Tab Enter", APP_OVERVIEW, 1 }, /* there is no row */
		{ "3", 2, 2 },
		{ "3 Esc", APP_OVERVIEW, 2 },
		{ "3 0", APP_OVERVIEW, 2 },
		{ "5", 4, 0 },
		{ "2 5 Esc", APP_OVERVIEW, 1 },
		{ "4 Tab", 4, 3 },
		{ "5 Tab", 5, 0 },
		{ "6", 5, 0 },
		{ "2 6 Tab", 6, 1 },
		{ "7", 6, 0 },
		{ "7 Tab", 7, 0 },
		{ "9", 8, 0 },
		{ "9 Tab", 0, 0 },
		{ "7 BackTab Esc", APP_OVERVIEW, 0 },
		{ "1 BackTab", 8, 0 },
		{ "Esc Esc", APP_OVERVIEW, 0 },
		{ "3 Rubout", APP_OVERVIEW, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct app a;

		app_init(&a, &usual);
		press(&a, NULL, cases[i].keys);
		assert_int_equal(a.full, cases[i].full);
		assert_int_equal(a.focus, cases[i].focus);
		assert_ptr_equal(app_pane(&a), &a.panes[a.full < 0 ? (int)a.focus : a.full]);
		app_free(&a);
	}
}

static void keys_are_wishes(void **state)
{
	struct app a;

	(void)state;
	app_init(&a, &usual);
	press(&a, NULL, "p");
	assert_true(a.control.paused);
	press(&a, NULL, "p");
	assert_false(a.control.paused);
	assert_false(a.control.now);
	press(&a, NULL, "Space");
	assert_true(a.control.now);
	assert_false(a.repaint);
	press(&a, NULL, "Ctrl-L");
	assert_true(a.repaint);
	assert_false(a.quit);
	press(&a, NULL, "q");
	assert_true(a.quit);
	app_free(&a);
}

static void q_leaves_one_thing_at_a_time(void **state)
{
	static const char *const ways[] = { "? q", "s q", "F1 q", "F6 q", "? Esc", "s Esc",
		"d Esc" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct app a;

		app_init(&a, &usual);
		press(&a, NULL, ways[i]);
		assert_false(a.quit);
		assert_int_equal(a.mode, APP_PANES);
		press(&a, NULL, "F10");
		assert_true(a.quit);
		app_free(&a);
	}
}

static void intervals_are_typed(void **state)
{
	static const struct {
		const char *keys;
		double interval_s;
		const char *message;
	} cases[] = {
		{ "d 5 Enter", 5, "every 5 seconds" },
		{ "d 0 . 5 Enter", 0.5, "every 0.5 seconds" },
		{ "d 1 5 Rubout Enter", 1, "every 1 seconds" },
		{ "d 9 9 Ctrl-U 7 Enter", 7, "every 7 seconds" },
		{ "d Rubout Rubout 3 Enter", 3, "every 3 seconds" },
		{ "d Enter", 2, "" },
		{ "d 5 Esc", 2, "" },
		{ "d 0 Enter", 2, "'0' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d - 5 Enter", 2, "'-5' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d 9 9 9 9 9 Enter", 2,
			"'99999' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d q ? % s Enter", 2,
			"'q?%s' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d 5 s Enter", 2, "'5s' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d n a n Enter", 2, "'nan' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d i n f Enter", 2, "'inf' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d Space Enter", 2, "' ' is not an interval: it takes 0.1 to 86400 seconds" },
		{ "d Up F6 5 End Enter", 5, "every 5 seconds" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct app a;

		app_init(&a, &usual);
		press(&a, NULL, cases[i].keys);
		assert_int_equal(a.mode, APP_PANES);
		assert_real(a.control.interval_s, cases[i].interval_s);
		assert_string_equal(a.message, cases[i].message);
		app_free(&a);
	}
}

static void plus_and_minus_step_the_interval(void **state)
{
	static const struct {
		double from;
		const char *keys;
		double to;
	} cases[] = {
		{ 2, "+", 3 },
		{ 2, "-", 1 },
		{ 2, "+ -", 2 },
		{ 2.5, "+", 3 },
		{ 2.5, "-", 2 },
		{ 0.1, "-", 0.1 },
		{ 0.1, "+", 0.2 },
		{ 86400, "-", 3600 },
		{ 2, "- - - - - - - - -", 0.1 },
	};
	struct app a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		app_init(&a, &usual);
		a.control.interval_s = cases[i].from;
		press(&a, NULL, cases[i].keys);
		assert_real(a.control.interval_s, cases[i].to);
		app_free(&a);
	}
	/* Up to the end and no further. */
	app_init(&a, &usual);
	for (int i = 0; i < 40; i++) {
		double then = a.control.interval_s;

		press(&a, NULL, "+");
		assert_true(a.control.interval_s >= then &&
			    a.control.interval_s <= SAMPLER_INTERVAL_MAX);
	}
	app_free(&a);
}

static void the_menu_sorts(void **state)
{
	static const struct {
		const char *keys, *field;
		bool descending;
	} cases[] = {
		{ "3", "conns", true },
		{ "3 s Enter", "conns", false },
		{ "3 s Down Enter", "estab", true },
		{ "3 s Up Up Enter", "unit", false },
		{ "3 s Home Enter", "pid", true },
		{ "3 s g Down Down Down Down Up k k k k k j Enter", "process", false },
		{ "3 s End Down Enter", "cgroup", false },
		{ "3 s G Esc", "conns", true },
		{ "3 s G q", "conns", true },
		{ "3 s G x Enter", "cgroup", false },
		{ "5 s Enter", "netns", true },
		{ "5 r", NULL, false },
		{ "3 r", "conns", false },
		{ "3 r r", "conns", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sort_key sort;
		struct app a;

		app_init(&a, &usual);
		press(&a, NULL, cases[i].keys);
		sort = app_pane(&a)->sort;
		assert_int_equal(a.mode, APP_PANES);
		if (cases[i].field)
			assert_string_equal(sort.field->name, cases[i].field);
		else
			assert_null(sort.field);
		assert_int_equal(sort.descending, cases[i].descending);
		app_free(&a);
	}
}

static void the_menu_shows_the_field_it_is_on(void **state)
{
	static const int heights[] = { 24, 10, 6, 5, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(heights); i++) {
		struct app a;
		struct cells c;

		app_init(&a, &usual);
		size(&c, 60, heights[i]);
		press(&a, &c, "5 s");
		for (size_t f = 0; f < table_sockets.field_count; f++) {
			if (!shows(&a, &c, table_sockets.fields[f].name))
				fail_msg(
					"%s at %d lines", table_sockets.fields[f].name, heights[i]);
			press(&a, &c, "Down");
		}
		cells_free(&c);
		app_free(&a);
	}
}

static void help_scrolls_to_its_last_line(void **state)
{
	static const char *const ways[] = { "End", "G", "PgDn", "Down", "j", "Space" };
	const struct table *last_table = tables[table_count - 1];
	const char *last = last_table->fields[last_table->field_count - 1].help;

	(void)state;
	for (int height = 3; height < 140; height += height < 30 ? 1 : 17) {
		for (size_t way = 0; way < COUNT_OF(ways); way++) {
			struct app a;
			struct cells c;

			app_init(&a, &usual);
			size(&c, 100, height);
			press(&a, &c, "?");
			for (size_t i = 0; i < app_help_lines(false); i++)
				press(&a, NULL, ways[way]);
			assert_int_equal(a.mode, APP_HELP);
			assert_true(shows(&a, &c, last));
			/* It stands at the bottom, where there is more than fits. */
			assert_int_equal(a.menu + a.page,
				a.page < app_help_lines(false) ? app_help_lines(false) : a.page);
			press(&a, &c, "Home");
			assert_true(shows(&a, &c, "Keys"));
			press(&a, &c, "x");
			assert_int_equal(a.mode, APP_PANES);
			cells_free(&c);
			app_free(&a);
		}
	}
}

/* Keys may come before the first picture, and the window may grow. */
static void help_does_not_scroll_out_of_sight(void **state)
{
	const struct table *last_table = tables[table_count - 1];
	const char *last = last_table->fields[last_table->field_count - 1].help;
	struct app a;
	struct cells c;

	(void)state;
	app_init(&a, &usual);
	size(&c, 100, 24);
	press(&a, NULL, "? End Down Down PgDn");
	assert_true(shows(&a, &c, last));
	assert_true(a.menu + a.page <= app_help_lines(false));
	assert_int_equal(cells_resize(&c, 100, 60), 0);
	app_draw(&a, &c);
	assert_true(a.menu + a.page <= app_help_lines(false));
	cells_free(&c);
	app_free(&a);
}

static void messages_last_until_the_next_key(void **state)
{
	struct app a;
	struct cells c;

	(void)state;
	app_init(&a, &usual);
	size(&c, 100, 24);
	press(&a, &c, "~");
	assert_true(shows(&a, &c, "'~' does nothing: ? shows the keys"));
	press(&a, &c, "Tab");
	assert_string_equal(a.message, "");
	press(&a, &c, "Left");
	assert_true(shows(&a, &c, "columns scroll in full screen: press 2"));
	press(&a, &c, "5 r");
	assert_true(shows(&a, &c, "no column sorts this table yet: press s"));
	app_key(&a, KEYCODE_NONE);
	assert_true(a.message[0]);
	app_key(&a, KEYCODE_OTHER);
	assert_string_equal(a.message, "");
	app_lost_sample(&a, -ENOMEM);
	assert_true(shows(&a, &c, "a sample was lost: "));
	cells_free(&c);
	app_free(&a);
}

/* ---- Samples --------------------------------------------------------------------------------- */

/* The cursor moves over the rows of the sample that is there, also before that was drawn. */
static void keys_mean_the_newest_sample(void **state)
{
	struct app a;
	struct story st;
	struct cells c;

	(void)state;
	story_begin(&st, 0);
	app_init(&a, &usual);
	size(&c, 80, 24);
	for (unsigned n = 0; n < 6; n++) {
		/* Many rows, then few, then many. */
		story_frame(&st, n);
		for (unsigned i = 0; i < (n % 2 ? 3u : 300u); i++)
			story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%u", 1 + i);
		app_take(&a, sample_get(story_sample(&st)));
		press(&a, NULL, "5 End Up Down PgDn PgUp End");
		assert_int_equal(app_pane(&a)->position, n % 2 ? 2 : 299);
		press(&a, NULL, "< r Home Down");
		if (n > 2)
			app_draw(&a, &c);
	}
	cells_free(&c);
	app_free(&a);
	story_end(&st);
}

/* Makes what the panes wait for, as the loop has it made; answers for how many. */
static unsigned make_orders(struct app *a, int error)
{
	unsigned n = 0;

	for (size_t i = 0; i < PANE_COUNT; i++) {
		struct pane_order o;

		if (!app_wish_order(a, i, &o))
			continue;
		sample_get(o.sample);
		if (error)
			o.error = error;
		else
			pane_order_make(&o, NULL, NULL);
		app_take_order(a, i, &o);
		pane_order_drop(&o);
		n++;
	}
	return n;
}

static void panes_wait_for_orders_while_they_are_seen(void **state)
{
	struct story st;
	struct cells c;
	struct app a;

	(void)state;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 2, .clients = 20 });
	app_init(&a, &usual);
	for (size_t i = 0; i < PANE_COUNT; i++)
		a.panes[i].at_once = 0;
	size(&c, 120, 36);
	assert_int_equal(make_orders(&a, 0), 0);
	app_take(&a, sample_get(st.sample));
	assert_int_equal(make_orders(&a, 0), 0);
	/* States, leaks and sockets stand as they are. */
	assert_true(shows(&a, &c, "sorting"));
	assert_int_equal(make_orders(&a, 0), 2);
	assert_false(shows(&a, &c, "sorting"));
	assert_int_equal(make_orders(&a, 0), 0);
	press(&a, &c, "5");
	assert_false(shows(&a, &c, "sorting"));
	press(&a, &c, "s Home Enter");
	assert_true(shows(&a, &c, "NETNS sorting"));
	press(&a, &c, "?");
	assert_true(shows(&a, &c, "Help"));
	assert_int_equal(make_orders(&a, 0), 0);
	press(&a, &c, "Esc");
	assert_true(shows(&a, &c, "NETNS sorting"));
	assert_int_equal(make_orders(&a, 0), 1);
	assert_false(shows(&a, &c, "sorting"));
	/* A newer sample: the rows are those of the one before. */
	server_tell(&st, &(struct server){ .first = 2, .samples = 1, .clients = 20 });
	app_take(&a, sample_get(st.sample));
	assert_false(shows(&a, &c, "sorting"));
	app_late_order(&a, 4);
	assert_true(shows(&a, &c, "NETNS sorting"));
	assert_int_equal(make_orders(&a, -ENOMEM), 1);
	assert_true(shows(&a, &c, "out of memory: a pane cannot be shown"));
	assert_int_equal(make_orders(&a, 0), 0);
	press(&a, &c, "r");
	assert_true(shows(&a, &c, "sorting"));
	assert_int_equal(make_orders(&a, 0), 1);
	assert_false(shows(&a, &c, "memory"));
	cells_free(&c);
	app_free(&a);
	story_end(&st);
}

static void pages_overlap_by_a_row(void **state)
{
	struct app a;
	struct story st;
	struct cells c;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 100; i++)
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%u", 1 + i);
	app_init(&a, &usual);
	app_take(&a, sample_get(story_sample(&st)));
	size(&c, 80, 24);
	press(&a, &c, "5");
	assert_int_equal(app_pane(&a)->page, 24 - 2 - 1 - 2);
	press(&a, &c, "PgDn");
	assert_int_equal(app_pane(&a)->position, 18);
	press(&a, &c, "PgDn PgUp");
	assert_int_equal(app_pane(&a)->position, 18);
	press(&a, &c, "End");
	assert_int_equal(app_pane(&a)->position, 99);
	press(&a, &c, "PgUp PgUp PgUp PgUp PgUp PgUp");
	assert_int_equal(app_pane(&a)->position, 0);
	cells_free(&c);
	app_free(&a);
	story_end(&st);
}

/* ---- What is looked at ----------------------------------------------------------------------- */

/* What the header shows of every sample. */
#define ALWAYS (NEED_COUNTERS | NEED_ADDRESSES | NEED_PORTS | NEED_FINDINGS)

/* A sample that was asked for this. */
static void tell_asked(struct story *st, struct app *a, unsigned asked)
{
	struct frame *f = story_frame(st, 0);

	f->asked = asked;
	f->owners_known = asked & NEED_OWNERS;
	app_take(a, sample_get(story_sample(st)));
}

static void only_what_is_on_the_screen_is_collected(void **state)
{
	static const struct {
		const char *keys;
		unsigned needs;
		bool now; /* with a sample that has only the states */
	} cases[] = {
		{ "", NEED_ALL, false },
		{ "1", NEED_SOCKETS | ALWAYS, false },
		{ "1 0", NEED_ALL, true },
		{ "1 Tab", NEED_ALL, true },
		{ "1 s Down Enter", NEED_SOCKETS | ALWAYS, false },
		{ "5", NEED_ALL, false },
		{ "6", NEED_ALL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct story st;
		struct app a;

		story_begin(&st, 0);
		app_init(&a, &usual);
		tell_asked(&st, &a, NEED_SOCKETS | ALWAYS);
		press(&a, NULL, cases[i].keys);
		assert_int_equal(a.control.needs, cases[i].needs);
		assert_int_equal(a.control.needs, app_needs(&a));
		assert_int_equal(a.wished, cases[i].needs != NEED_ALL || cases[i].now);
		assert_int_equal(a.control.now, cases[i].now);
		app_free(&a);
		story_end(&st);
	}
}

/* Once: the sample that was asked for is on its way. */
static void what_is_missing_is_asked_for_once(void **state)
{
	struct app_settings on_states = usual, replay = usual;
	struct story st;
	struct app a;

	(void)state;
	on_states.pane = replay.pane = 0;
	replay.replay = true;
	story_begin(&st, 0);
	app_init(&a, &on_states);
	assert_int_equal(a.control.needs, NEED_SOCKETS | ALWAYS);
	tell_asked(&st, &a, NEED_SOCKETS | ALWAYS);
	press(&a, NULL, "3");
	assert_true(a.wished && a.control.now);
	a.wished = a.control.now = false; /* the loop */
	press(&a, NULL, "Down r");
	assert_false(a.wished || a.control.now);
	app_free(&a);
	/* What is there is not asked for again. */
	app_init(&a, &on_states);
	tell_asked(&st, &a, NEED_ALL);
	press(&a, NULL, "3");
	assert_true(a.wished && !a.control.now);
	app_free(&a);
	/* Before there is one it may be on its way without. */
	app_init(&a, &on_states);
	press(&a, NULL, "3");
	assert_true(a.wished && a.control.now);
	app_free(&a);
	/* A recording has what it has. */
	app_init(&a, &replay);
	tell_asked(&st, &a, NEED_SOCKETS);
	press(&a, NULL, "3");
	assert_false(a.control.now);
	app_free(&a);
	story_end(&st);
}

static void the_message_tells_of_the_limit(void **state)
{
	static const struct {
		const char *keys, *message;
	} cases[] = {
		{ "-", "every 1 seconds, 4.1 by the CPU limit" },
		{ "+", "every 3 seconds, 4.1 by the CPU limit" },
		{ "+ +", "every 5 seconds" },
		{ "d 0 . 5 Enter", "every 0.5 seconds, 4.1 by the CPU limit" },
		{ "d 4 Enter", "every 4 seconds" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct app_settings limited = usual;
		struct story st;
		struct app a;

		limited.cpu_limit = 10;
		story_begin(&st, 0);
		app_init(&a, &limited);
		assert_real(a.control.cpu_limit, 10);
		story_frame(&st, 0);
		story_sample(&st)->least_s = 4.1;
		app_take(&a, sample_get(st.sample));
		press(&a, NULL, cases[i].keys);
		assert_string_equal(a.message, cases[i].message);
		app_free(&a);
		story_end(&st);
	}
}

/* ---- Findings -------------------------------------------------------------------------------- */

static void e_and_n_look_for_more(void **state)
{
	struct app_settings past = usual;
	struct names *names = names_create();
	struct cells c;
	struct app a;

	(void)state;
	app_init(&a, &usual);
	extras_lend_names(&a, names);
	size(&c, 120, 36);
	assert_false(a.control.needs & NEED_EVENTS);
	assert_null(a.beside.names);
	press(&a, &c, "e");
	assert_true(a.control.needs & NEED_EVENTS && a.wished && a.control.now);
	assert_true(shows(&a, &c, "  events"));
	press(&a, &c, "n");
	assert_ptr_equal(a.beside.names, names);
	assert_true(shows(&a, &c, "  events") && shows(&a, &c, "  names"));
	press(&a, &c, "e n");
	assert_false(a.control.needs & NEED_EVENTS);
	assert_null(a.beside.names);
	app_free(&a);
	/* Of the past nothing more is to be found out. */
	past.replay = true;
	app_init(&a, &past);
	press(&a, &c, "e");
	assert_false(a.control.needs & NEED_EVENTS);
	assert_non_null(strstr(a.message, "recording"));
	app_free(&a);
	cells_free(&c);
	names_destroy(names);
}

static void x_puts_peers_together(void **state)
{
	static const uint8_t steps[][2] = { { 24, 64 }, { 16, 48 }, { 8, 32 }, { 0, 0 },
		{ 24, 64 } };
	struct app_settings with_prefix = usual;
	struct story st;
	struct cells c;
	uint32_t count;
	struct app a;

	(void)state;
	with_prefix.prefix4 = 12;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 2, .clients = 200 });
	app_init(&a, &usual);
	app_take(&a, sample_get(st.sample));
	size(&c, 80, 36);
	press(&a, &c, "8");
	count = app_pane(&a)->count;
	assert_true(count > 1);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		press(&a, &c, "x");
		assert_int_equal(a.prefix4, steps[i][0]);
		assert_int_equal(a.prefix6, steps[i][1]);
		assert_true((app_pane(&a)->count < count) == (a.prefix4 > 0));
		assert_true(shows(&a, &c, "/24 ") == (a.prefix4 == 24));
		/* What changes is counted from sample to sample. */
		assert_true(a.control.narrowed == (a.prefix4 > 0));
	}
	press(&a, &c, "3 x");
	assert_int_equal(a.prefix4, 24);
	assert_true(shows(&a, &c, "in the pane of peers: press 8"));
	app_free(&a);
	app_init(&a, &with_prefix);
	app_take(&a, sample_get(st.sample));
	press(&a, &c, "8");
	assert_true(shows(&a, &c, "/12 "));
	press(&a, &c, "x");
	assert_int_equal(a.prefix4, 0);
	app_free(&a);
	cells_free(&c);
	story_end(&st);
}

static void a_shows_all_rows_where_some_are_left_out(void **state)
{
	struct app_settings with_all = usual;
	struct story st;
	struct cells c;
	struct app a;

	(void)state;
	with_all.all = true;
	story_begin(&st, 10);
	server_tell(&st, &(struct server){ .samples = 2, .clients = 20 });
	findings_tell(st.sample, FINDINGS_MANY);
	kernel_tell(st.sample, 20, 12);
	app_init(&a, &usual);
	app_take(&a, sample_get(st.sample));
	size(&c, 80, 36);
	press(&a, &c, "7 Down");
	assert_int_equal(app_pane(&a)->count, 3);
	press(&a, &c, "a");
	assert_true(shows(&a, &c, "7 Findings (all)"));
	assert_int_equal(app_pane(&a)->count, 6);
	assert_int_equal(app_pane(&a)->cursor, 2);
	/* Each pane for itself. */
	press(&a, &c, "6");
	assert_int_equal(app_pane(&a)->count, 12);
	press(&a, &c, "a");
	assert_int_equal(app_pane(&a)->count, 20);
	assert_true(shows(&a, &c, "6 Kernel (all)"));
	press(&a, &c, "7 a");
	assert_int_equal(app_pane(&a)->count, 3);
	assert_false(shows(&a, &c, "(all)"));
	press(&a, &c, "1 a");
	assert_true(shows(&a, &c, "States: all rows are shown always"));
	assert_false(shows(&a, &c, "(all)"));
	app_free(&a);
	/* As wished at the start. */
	app_init(&a, &with_all);
	app_take(&a, sample_get(st.sample));
	press(&a, &c, "7");
	assert_int_equal(app_pane(&a)->count, 6);
	press(&a, &c, "a");
	assert_int_equal(app_pane(&a)->count, 3);
	cells_free(&c);
	app_free(&a);
	story_end(&st);
}

/* The role of the first cell of a text in the second line, or ROLE_COUNT. */
static enum role role_in_header(const struct cells *c, const char *text)
{
	for (int x = 0; x + (int)strlen(text) <= c->width; x++) {
		const struct cell *at = &c->grid[c->width + x];
		size_t same = 0;

		while (text[same] && at[same].code == (unsigned char)text[same])
			same++;
		if (!text[same])
			return at->role;
	}
	return ROLE_COUNT;
}

static void the_header_counts_findings(void **state)
{
	static const struct {
		enum findings which;
		const char *text;
		enum role role;
	} cases[] = {
		{ FINDINGS_NONE, "finding", ROLE_COUNT },
		{ FINDINGS_UNKNOWN, "finding", ROLE_COUNT },
		{ FINDINGS_WARNING, "1 finding", ROLE_WARNING },
		{ FINDINGS_MANY, "2 findings", ROLE_CRITICAL },
	};
	static const int widths[] = { 12, 20, 30, 40, 80, 120, 200 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (size_t w = 0; w < COUNT_OF(widths); w++) {
			struct story st;
			struct cells c;
			struct app a;

			story_begin(&st, 10);
			server_tell(&st, &(struct server){ .samples = 2, .clients = 20 });
			findings_tell(st.sample, cases[i].which);
			app_init(&a, &usual);
			app_take(&a, sample_get(st.sample));
			size(&c, widths[w], 24);
			app_draw(&a, &c);
			assert_int_equal(role_in_header(&c, cases[i].text), cases[i].role);
			assert_int_equal(
				c.grid[2 * widths[w] - 1].code != ' ', cases[i].role != ROLE_COUNT);
			cells_free(&c);
			app_free(&a);
			story_end(&st);
		}
	}
}

/* ---- Every key, everywhere ------------------------------------------------------------------- */

static const struct {
	int width, height;
} sizes[] = { { 1, 1 }, { 2, 2 }, { 3, 40 }, { 80, 1 }, { 80, 2 }, { 80, 3 }, { 5, 5 }, { 20, 6 },
	{ 40, 10 }, { 59, 15 }, { 60, 14 }, { 60, 15 }, { 80, 24 }, { 120, 36 }, { 300, 100 } };

/* Samples of one tracker: no sockets; no owners yet; a server; nothing again. */
enum { SERVER_SAMPLE = 3, SAMPLES = 5 };

static void tell_samples(struct story *st, struct sample *out[SAMPLES])
{
	struct frame *f;

	story_begin(st, 10);
	out[0] = NULL;
	story_frame(st, 0);
	out[1] = sample_get(story_sample(st));
	f = story_frame(st, 1);
	f->preliminary = true;
	f->owners_known = false;
	story_sock(st, "tcp ESTAB 10.0.0.1:80 10.9.0.1:1 inode=1");
	out[2] = sample_get(story_sample(st));
	server_tell(st, &(struct server){ .first = 1, .samples = 2, .clients = 2 });
	findings_tell(st->sample, FINDINGS_MANY);
	kernel_tell(st->sample, 20, 12);
	out[SERVER_SAMPLE] = sample_get(st->sample);
	f = story_frame(st, 9);
	f->absent = 3;
	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		f->problems[i] = -EPERM;
	out[4] = sample_get(story_sample(st));
}

static void end_samples(struct story *st, struct sample *samples[SAMPLES])
{
	for (size_t i = 0; i < SAMPLES; i++)
		sample_put(samples[i]);
	story_end(st);
}

static void every_key_survives_everywhere(void **state)
{
	static const char *const places[] = { "", "?", "s", "d", "1", "2 s", "3", "4", "5 End",
		"6 a", "7 a End", "8 Down", "9 End", "f", "3 f ( p i d", "1 Enter", "2 Enter 3",
		"3 Enter f", "4 Enter 0", "8 Enter", "5 / 1", "3 / x y z Enter" };
	struct sample *samples[SAMPLES];
	struct story st;

	(void)state;
	tell_samples(&st, samples);
	for (size_t s = 0; s < SAMPLES; s++) {
		for (size_t z = 0; z < COUNT_OF(sizes); z++) {
			/* All keys where there is most to go wrong. */
			int step = sizes[z].width > 100 || s != SERVER_SAMPLE ? 11 : 1;
			struct cells c;

			size(&c, sizes[z].width, sizes[z].height);
			c.ascii = z % 2;
			for (size_t p = 0; p < COUNT_OF(places); p++) {
				struct app a;

				app_init(&a, &usual);
				if (samples[s])
					app_take(&a, sample_get(samples[s]));
				for (int key = 1, n = 0; key <= KEYCODE_OTHER; key += step, n++) {
					if (key >= 128 && key < KEYCODE_UP)
						key = KEYCODE_UP;
					if (n % 8 == 0)
						press(&a, NULL, "Esc Esc 0");
					if (n % 8 == 0)
						press(&a, NULL, places[p]);
					app_key(&a, key);
					app_draw(&a, &c);
				}
				check_grid(&c);
				app_free(&a);
			}
			cells_free(&c);
		}
	}
	end_samples(&st, samples);
}

/* What the narrower does. */
static void narrow_for(struct app *a, int error)
{
	struct narrow_job job;

	if (!app_wish_narrowing(a, &job))
		return;
	narrow_job_keep(&job);
	job.error = error ? error : sample_narrow(job.whole, &job.how, job.before, NULL, &job.made);
	app_take_narrowing(a, &job);
	narrow_job_drop(&job);
}

/* Keys, samples and sizes as they come. */
static void a_long_walk_ends_well(void **state)
{
	struct sample *samples[SAMPLES];
	uint32_t random = 1;
	struct story st;
	struct app a;
	struct cells c;

	(void)state;
	tell_samples(&st, samples);
	app_init(&a, &usual);
	size(&c, 80, 24);
	for (int i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		unsigned what = random >> 24, which = random >> 8 & 0xffff;

		if (what < 3 && samples[which % SAMPLES]) {
			app_take(&a, sample_get(samples[which % SAMPLES]));
		} else if (what < 4) {
			app_lost_sample(&a, -ENOMEM);
		} else if (what < 6) {
			assert_int_equal(
				cells_resize(&c, 1 + (int)which % 130, 1 + (int)(which >> 7) % 50),
				0);
			c.ascii = which & 1;
		} else if (what < 8) {
			/* All that takes no time, or nothing. */
			a.shown.at_once = which & 1 ? SHOWN_AT_ONCE : 0;
			for (size_t p = 0; p < PANE_COUNT; p++)
				a.panes[p].at_once = which & 2 ? PANE_AT_ONCE : 0;
		} else if (what < 20) {
			narrow_for(&a, which % 16 ? 0 : -ENOMEM);
			make_orders(&a, 0);
		} else if (what < 30) {
			if (app_is_busy(&a))
				app_work(&a);
		} else if (what < 80) {
			app_draw(&a, &c);
			check_grid(&c);
		} else {
			app_key(&a, what < 200   ? key_number(which)
				    : what < 210 ? (int)"f/mM+3458"[which % 9]
				    : what < 220 ? (int)"pid = 2291 or state"[which % 19]
						 : (int)which % 128);
		}
		assert_true(a.full >= APP_OVERVIEW && a.full < PANE_COUNT);
		assert_true(a.focus < PANE_OVERVIEW);
		assert_true(a.control.interval_s >= SAMPLER_INTERVAL_MIN &&
			    a.control.interval_s <= SAMPLER_INTERVAL_MAX);
	}
	cells_free(&c);
	app_free(&a);
	end_samples(&st, samples);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_is_bound_twice),
		cmocka_unit_test(help_tells_of_every_key_and_every_field),
		cmocka_unit_test(footer_has_help_and_quit),
		cmocka_unit_test(keys_choose_the_pane),
		cmocka_unit_test(keys_are_wishes),
		cmocka_unit_test(q_leaves_one_thing_at_a_time),
		cmocka_unit_test(intervals_are_typed),
		cmocka_unit_test(plus_and_minus_step_the_interval),
		cmocka_unit_test(only_what_is_on_the_screen_is_collected),
		cmocka_unit_test(what_is_missing_is_asked_for_once),
		cmocka_unit_test(the_message_tells_of_the_limit),
		cmocka_unit_test(the_menu_sorts),
		cmocka_unit_test(the_menu_shows_the_field_it_is_on),
		cmocka_unit_test(help_scrolls_to_its_last_line),
		cmocka_unit_test(help_does_not_scroll_out_of_sight),
		cmocka_unit_test(messages_last_until_the_next_key),
		cmocka_unit_test(keys_mean_the_newest_sample),
		cmocka_unit_test(panes_wait_for_orders_while_they_are_seen),
		cmocka_unit_test(pages_overlap_by_a_row),
		cmocka_unit_test(e_and_n_look_for_more),
		cmocka_unit_test(x_puts_peers_together),
		cmocka_unit_test(a_shows_all_rows_where_some_are_left_out),
		cmocka_unit_test(the_header_counts_findings),
		cmocka_unit_test(every_key_survives_everywhere),
		cmocka_unit_test(a_long_walk_ends_well),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
