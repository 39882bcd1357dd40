/* mouse: what clicks and the wheel do to what was drawn. */
#include "lib/keyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/mouse.h"

static void what_terminals_send_is_read(void **state)
{
	static const struct {
		const char *text;
		bool is;
		struct mouse_event event;
	} cases[] = {
		{ "[<0;1;1M", true, { 0, 0, MOUSE_LEFT } },
		{ "[<0;300;999M", true, { 299, 998, MOUSE_LEFT } },
		{ "[<64;10;5M", true, { 9, 4, MOUSE_WHEEL_UP } },
		{ "[<65;10;5M", true, { 9, 4, MOUSE_WHEEL_DOWN } },
		{ "[<0;10;5m", false, { 0 } }, /* let go */
		{ "[<2;10;5M", false, { 0 } }, /* another button */
		{ "[<35;10;5M", false, { 0 } },
		{ "[<0;0;5M", false, { 0 } },
		{ "[<0;5M", false, { 0 } },
		{ "[<0;5;5", false, { 0 } },
		{ "[<0;5;5Mx", false, { 0 } },
		{ "[<;;M", false, { 0 } },
		{ "[A", false, { 0 } },
		{ "", false, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct mouse_event e = { 0 };

		assert_int_equal(mouse_parse(cases[i].text, &e), cases[i].is);
		if (cases[i].is)
			assert_memory_equal(&e, &cases[i].event, sizeof e);
	}
}

/* ---- On the screen --------------------------------------------------------------------------- */

static void draw(struct app *a, struct cells *c)
{
	app_draw(a, c);
	check_grid(c);
}

/* Where a text stands on the screen: in the first line from `from` on that has it. */
static void find(struct app *a, struct cells *c, int from, const char *text, int *x, int *y)
{
	struct buf all = { 0 };
	char *line, *rest;
	int n = 0;

	draw(a, c);
	cells_text(c, &all, false);
	for (line = all.data; line && *line; line = rest, n++) {
		char *end = strchr(line, '\n'), *at;

		*end = '\0';
		rest = end + 1;
		at = n >= from ? strstr(line, text) : NULL;
		if (!at)
			continue;
		/* Columns, not bytes. */
		*x = 0;
		for (; line < at; line++)
			*x += (*line & 0xc0) != 0x80;
		*y = n;
		buf_free(&all);
		return;
	}
	fail_msg("'%s' is not on the screen", text);
}

static void act(struct app *a, struct cells *c, int x, int y, enum mouse_button button)
{
	app_mouse(a, &(struct mouse_event){ x, y, button });
	draw(a, c);
}

static void click(struct app *a, struct cells *c, int from, const char *text)
{
	int x, y;

	find(a, c, from, text, &x, &y);
	act(a, c, x, y, MOUSE_LEFT);
}

struct scene {
	struct story story;
	struct app app;
	struct cells cells;
};

/* Fifty connections to one place in full screen, or in the overview. */
static void begin(struct scene *s, int pane, int width, int height)
{
	const struct app_settings settings = { .pane = pane, .interval_s = 2 };

	story_begin(&s->story, 0);
	story_frame(&s->story, 0);
	for (unsigned i = 0; i < 50; i++)
		story_sock(&s->story, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%u", 1001 + i);
	app_init(&s->app, &settings);
	size(&s->cells, width, height);
	app_take(&s->app, sample_get(story_sample(&s->story)));
	draw(&s->app, &s->cells);
}

static void end(struct scene *s)
{
	app_free(&s->app);
	cells_free(&s->cells);
	story_end(&s->story);
}

#define SOCKETS 4

static void a_click_selects_a_row_and_another_opens_it(void **state)
{
	struct scene s;
	struct pane_state *p;

	(void)state;
	begin(&s, APP_OVERVIEW, 120, 36);
	p = app_pane(&s.app);
	assert_ptr_equal(p->pane, &pane_states);
	click(&s.app, &s.cells, 3, "ESTAB");
	assert_int_equal(s.app.full, APP_OVERVIEW);
	assert_string_equal(
		sock_state_name(p->sample->states[pane_row(p, p->position)].state), "ESTAB");
	click(&s.app, &s.cells, 3, "ESTAB");
	assert_int_equal(s.app.full, SOCKETS);
	assert_int_equal(s.app.panes[SOCKETS].count, 50);
	end(&s);
}

static void a_click_on_a_title_sorts_and_again_reverses(void **state)
{
	struct scene s;
	struct sort_key *sort;

	(void)state;
	begin(&s, SOCKETS, 120, 36);
	sort = &s.app.panes[SOCKETS].sort;
	click(&s.app, &s.cells, 3, "RECV-Q");
	assert_string_equal(sort->field->name, "recv_q");
	assert_true(sort->descending);
	click(&s.app, &s.cells, 3, "RECV-Q");
	assert_string_equal(sort->field->name, "recv_q");
	assert_false(sort->descending);
	click(&s.app, &s.cells, 3, "STATE");
	assert_string_equal(sort->field->name, "state");
	end(&s);
}

static void panes_are_focused_and_opened_by_their_titles(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, APP_OVERVIEW, 120, 36);
	click(&s.app, &s.cells, 2, "Processes");
	assert_int_equal(s.app.full, APP_OVERVIEW);
	assert_int_equal(s.app.focus, 2);
	click(&s.app, &s.cells, 2, "Processes");
	assert_int_equal(s.app.full, 2);
	/* Where one pane is all there is, no click goes through it to others. */
	act(&s.app, &s.cells, 3, 2, MOUSE_LEFT);
	assert_int_equal(s.app.full, 2);
	end(&s);
}

static void the_wheel_scrolls_what_is_under_it(void **state)
{
	struct scene s;
	struct pane_state *p;

	(void)state;
	begin(&s, SOCKETS, 80, 24);
	p = &s.app.panes[SOCKETS];
	act(&s.app, &s.cells, 10, 10, MOUSE_WHEEL_UP);
	assert_int_equal(p->top, 0);
	act(&s.app, &s.cells, 10, 10, MOUSE_WHEEL_DOWN);
	assert_int_equal(p->top, 3);
	assert_int_equal(p->position, 3);
	for (int i = 0; i < 50; i++)
		act(&s.app, &s.cells, 10, 10, MOUSE_WHEEL_DOWN);
	assert_int_equal(p->top, 50 - p->page);
	for (int i = 0; i < 50; i++)
		act(&s.app, &s.cells, 10, 10, MOUSE_WHEEL_UP);
	assert_int_equal(p->top, 0);
	assert_int_equal(p->position, p->page - 1);
	/* Beside all panes nothing happens. */
	act(&s.app, &s.cells, 10, 0, MOUSE_WHEEL_DOWN);
	act(&s.app, &s.cells, 10, 23, MOUSE_WHEEL_DOWN);
	act(&s.app, &s.cells, -1, 5000, MOUSE_WHEEL_DOWN);
	assert_int_equal(p->top, 0);
	end(&s);
}

static void keys_of_the_footer_are_pressed(void **state)
{
	struct scene s;
	int x, y;

	(void)state;
	begin(&s, SOCKETS, 120, 36);
	find(&s.app, &s.cells, 35, "help", &x, &y);
	act(&s.app, &s.cells, x, y, MOUSE_LEFT);
	assert_int_equal(s.app.mode, APP_HELP);
	act(&s.app, &s.cells, x, y, MOUSE_WHEEL_DOWN);
	assert_int_equal(s.app.mode, APP_HELP);
	assert_int_equal(s.app.menu, 3);
	act(&s.app, &s.cells, x, y, MOUSE_LEFT);
	assert_int_equal(s.app.mode, APP_PANES);
	find(&s.app, &s.cells, 35, "quit", &x, &y);
	act(&s.app, &s.cells, x - 2, y, MOUSE_LEFT);
	assert_true(s.app.quit);
	end(&s);
}

static void menus_take_clicks(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, SOCKETS, 120, 36);
	press(&s.app, &s.cells, "s");
	click(&s.app, &s.cells, 2, "send_q");
	assert_int_equal(s.app.mode, APP_PANES);
	assert_string_equal(s.app.panes[SOCKETS].sort.field->name, "send_q");
	press(&s.app, &s.cells, "s");
	act(&s.app, &s.cells, 0, 35, MOUSE_LEFT);
	assert_int_equal(s.app.mode, APP_PANES);
	press(&s.app, &s.cells, "c");
	click(&s.app, &s.cells, 2, "send_q");
	assert_int_equal(s.app.mode, APP_COLUMNS);
	for (size_t i = 0; i < s.app.panes[SOCKETS].chosen.count; i++)
		assert_string_not_equal(s.app.panes[SOCKETS].chosen.fields[i]->name, "send_q");
	assert_true(s.app.panes[SOCKETS].chosen.count > 5);
	act(&s.app, &s.cells, 5, 5, MOUSE_WHEEL_DOWN);
	act(&s.app, &s.cells, 0, 0, MOUSE_LEFT);
	assert_int_equal(s.app.mode, APP_PANES);
	end(&s);
}

/* Clicks everywhere, in every mode, at every size. */
static void every_place_survives_a_click(void **state)
{
	static const int sizes[][2] = { { 120, 36 }, { 60, 15 }, { 20, 5 }, { 1, 1 } };
	static const char *const before[] = { "0", "5", "s", "c", "?", "f", "7" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct scene s;

		begin(&s, APP_OVERVIEW, sizes[i][0], sizes[i][1]);
		for (int n = 0; n < 400; n++) {
			int x = (n * 37) % (sizes[i][0] + 2) - 1;
			int y = (n * 17) % (sizes[i][1] + 2) - 1;

			if (n % 5 == 0)
				press(&s.app, &s.cells, before[(size_t)n / 5 % COUNT_OF(before)]);
			act(&s.app, &s.cells, x, y, (enum mouse_button)(n % 3));
		}
		end(&s);
	}
}

/* ---- Columns --------------------------------------------------------------------------------- */

static const char *chosen(struct scene *s)
{
	static char text[1024];
	struct columns now;

	text[0] = '\0';
	pane_fields(app_pane(&s->app), true, &now);
	for (size_t i = 0; i < now.count && i < 4; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
			now.fields[i]->name);
	return text;
}

static void columns_are_chosen_and_moved(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, SOCKETS, 120, 36);
	assert_string_equal(chosen(&s), "proto state recv_q send_q ");
	press(&s.app, &s.cells, "c Space");
	assert_string_equal(chosen(&s), "state recv_q send_q local_address ");
	press(&s.app, &s.cells, "Enter Down >");
	assert_string_equal(chosen(&s), "proto recv_q state send_q ");
	press(&s.app, &s.cells, "< < <");
	assert_string_equal(chosen(&s), "state proto recv_q send_q ");
	press(&s.app, &s.cells, "J J");
	assert_string_equal(chosen(&s), "proto recv_q state send_q ");
	press(&s.app, &s.cells, "End >");
	assert_int_equal(s.app.menu, table_sockets.field_count - 1);
	press(&s.app, &s.cells, "0");
	assert_string_equal(chosen(&s), "proto state recv_q send_q ");
	assert_int_equal(app_pane(&s.app)->chosen.count, 0);
	press(&s.app, &s.cells, "Esc");
	assert_int_equal(s.app.mode, APP_PANES);
	/* The last one stays. */
	press(&s.app, &s.cells, "c");
	for (unsigned i = 0; i < s.app.chooser.count; i++)
		if (s.app.chooser.shown[s.app.menu])
			press(&s.app, &s.cells, "Space Down");
		else
			press(&s.app, &s.cells, "Down");
	assert_int_equal(app_pane(&s.app)->chosen.count, 1);
	press(&s.app, &s.cells, "q");
	draw(&s.app, &s.cells);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_terminals_send_is_read),
		cmocka_unit_test(a_click_selects_a_row_and_another_opens_it),
		cmocka_unit_test(a_click_on_a_title_sorts_and_again_reverses),
		cmocka_unit_test(panes_are_focused_and_opened_by_their_titles),
		cmocka_unit_test(the_wheel_scrolls_what_is_under_it),
		cmocka_unit_test(keys_of_the_footer_are_pressed),
		cmocka_unit_test(menus_take_clicks),
		cmocka_unit_test(every_place_survives_a_click),
		cmocka_unit_test(columns_are_chosen_and_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
