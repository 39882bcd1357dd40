/* What is done to sockets and processes: whom a key means in each pane, what is asked before, and the
 * words for what came of it. Nobody is hit: the errands are looked at instead of being done. */
#include "lib/keyboard.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/app.h"
#include "sockdash/keys.h"
#include "sockdash/signal_names.h"

struct scene {
	struct app app;
	struct cells cells;
	struct story st;
};

static void tell(struct story *st)
{
	story_begin(st, 10);
	story_frame(st, 0);
	story_proc(st, .pid = 2291, .start = 77, .name = "java", .user = "app",
		.cmdline = "/usr/bin/java -jar shop.jar", .fds = 41, .fd_limit = 1024);
	story_proc(st, .pid = 1, .start = 1, .name = "systemd", .user = "root");
	story_sock(st, "tcp LISTEN 0.0.0.0:443 * pid=2291 cookie=1");
	story_sock(st, "tcp ESTAB 10.0.0.1:443 10.2.3.4:5555 pid=2291 cookie=2");
	story_sock(st, "tcp ESTAB 10.0.0.1:443 10.2.3.4:5556 pid=2291 cookie=3");
	story_sock(st, "tcp CLOSE-WAIT 10.0.0.1:443 10.2.3.5:7777 pid=2291 cookie=4 waits=60");
	story_sock(st, "tcp ESTAB 10.0.0.1:40000 10.9.9.9:5432 pid=1 cookie=5");
	story_sock(st, "tcp TIME-WAIT 10.0.0.1:443 10.2.3.6:8888 cookie=6");
	story_sample(st);
}

static void begin_as(struct scene *s, struct app_settings settings)
{
	settings.pane = APP_OVERVIEW;
	settings.interval_s = 2;
	*s = (struct scene){ .app = { .full = 0 } };
	app_init(&s->app, &settings);
	size(&s->cells, 100, 30);
	tell(&s->st);
	app_take(&s->app, sample_get(s->st.sample));
	app_draw(&s->app, &s->cells);
}

static void begin(struct scene *s)
{
	begin_as(s, (struct app_settings){ .live = true });
}

static void end(struct scene *s)
{
	cells_free(&s->cells);
	app_free(&s->app);
	story_end(&s->st);
}

static void type(struct scene *s, const char *keys)
{
	char line[200], *rest;

	strcpy(line, keys);
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (*word == '\'')
			while (*++word)
				app_key(&s->app, *word);
		else
			app_key(&s->app, key_of(word));
		app_draw(&s->app, &s->cells);
	}
}

static bool shows(struct scene *s, const char *text)
{
	struct buf b = { 0 };
	bool found;

	app_draw(&s->app, &s->cells);
	cells_text(&s->cells, &b, false);
	found = strstr(b.data, text) != NULL;
	if (!found)
		print_error("%s\nis not in\n%s\n", text, b.data);
	buf_free(&b);
	return found;
}

static void assert_says(const struct scene *s, const char *text)
{
	if (!strstr(s->app.message, text))
		fail_msg("'%s' is not in '%s'", text, s->app.message);
}

/* Moves the cursor of the pane to the socket with that cookie. */
static void to_sock(struct scene *s, uint64_t cookie)
{
	type(s, "5 Home");
	for (uint32_t row = 0; row < s->app.sample->frame->sock_count; row++) {
		if (s->app.sample->frame->socks[row].cookie == cookie)
			break;
		type(s, "Down");
	}
}

/* The errand of now, which is done by saying so. */
static struct errand take(struct scene *s, enum errand_kind kind, uint32_t count)
{
	struct errand e = { .kind = ERRAND_NONE };

	assert_true(app_wish_errand(&s->app, &e));
	assert_int_equal(e.kind, kind);
	assert_int_equal(e.count, count);
	return e;
}

static void done(struct scene *s, struct errand *e, int error)
{
	for (uint32_t i = 0; i < e->count; i++)
		errand_count(e, error);
	app_take_errand(&s->app, e);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static void one_socket_is_named_and_destroyed(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 2);
	type(&s, "K");
	assert_true(shows(&s, "Destroy tcp ESTAB 10.0.0.1:443 > 10.2.3.4:5555 (java, pid 2291)?"));
	assert_false(app_wish_errand(&s.app, &e));
	type(&s, "x Down a");
	assert_int_equal(s.app.mode, APP_DEED);
	type(&s, "y");
	e = take(&s, ERRAND_DESTROY, 1);
	assert_int_equal(e.socks[0].cookie, 2);
	assert_int_equal(e.socks[0].local_port, 443);
	assert_int_equal(e.socks[0].remote_port, 5555);
	assert_true(e.socks[0].ipv4);
	done(&s, &e, 0);
	assert_says(&s, "destroyed: tcp ESTAB 10.0.0.1:443 > 10.2.3.4:5555");
	assert_true(s.app.control.now);
	end(&s);
}

static void no_means_nothing(void **state)
{
	static const char *const no[] = { "n", "Esc", "q" };
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 2);
	for (size_t i = 0; i < COUNT_OF(no); i++) {
		type(&s, "K");
		type(&s, no[i]);
		assert_int_equal(s.app.mode, APP_PANES);
		assert_false(app_wish_errand(&s.app, &e));
		assert_says(&s, "nothing was done");
		assert_false(s.app.quit);
	}
	end(&s);
}

static void close_wait_is_no_cure(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 4);
	type(&s, "K");
	assert_true(shows(&s, "cures no leak"));
	type(&s, "y");
	e = take(&s, ERRAND_DESTROY, 1);
	done(&s, &e, 0);
	assert_says(&s, "its descriptor stays open: only the process can close it");
	end(&s);
}

static void a_listener_alone_is_destroyed_where_it_is_the_row(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 1);
	type(&s, "K");
	assert_true(shows(&s, "Nobody can"));
	type(&s, "y");
	e = take(&s, ERRAND_DESTROY, 1);
	assert_int_equal(e.socks[0].cookie, 1);
	done(&s, &e, 0);
	end(&s);
}

static void a_row_stands_for_its_connections(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	type(&s, "3 Home");
	while (s.app.panes[2].position + 1 < s.app.panes[2].count &&
		s.app.sample->procs[pane_row(&s.app.panes[2], s.app.panes[2].position)].conns != 3)
		type(&s, "Down");
	type(&s, "K");
	assert_true(shows(&s, "Destroy 3 sockets of java (2291)?"));
	type(&s, "y");
	e = take(&s, ERRAND_DESTROY, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_in_range(e.socks[i].cookie, 2, 4);
	done(&s, &e, -EPERM);
	assert_says(&s, "0 sockets destroyed, 3 refused: no privilege: that takes CAP_NET_ADMIN");
	end(&s);
}

static void all_of_a_filter_is_asked_twice(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	type(&s, "5 f 'sport=:443 Enter");
	type(&s, "Home Down K");
	assert_true(shows(&s, "a all 4 selected"));
	type(&s, "a");
	assert_false(app_wish_errand(&s.app, &e));
	assert_true(shows(&s, "Destroy all 4 sockets that 'sport=:443' selects?"));
	type(&s, "y");
	e = take(&s, ERRAND_DESTROY, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(e.socks[i].local_port, 443);
	app_take_progress(&s.app, 2);
	assert_says(&s, "destroying: 2 of 4, Esc stops");
	type(&s, "K");
	assert_says(&s, "not done yet");
	type(&s, "Esc");
	assert_true(s.app.deed.cancel);
	e.cancelled = true;
	errand_count(&e, 0);
	errand_count(&e, -ENOENT);
	app_take_errand(&s.app, &e);
	assert_says(&s, "1 socket destroyed, 1 was gone already, 2 left: stopped");
	end(&s);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void a_signal_is_chosen_aimed_and_asked(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 2);
	type(&s, "S");
	assert_true(shows(&s, "Signal to java, pid 2291"));
	type(&s, "Down Enter");
	e = take(&s, ERRAND_AIM, 1);
	assert_int_equal(e.targets[0].pid, 2291);
	assert_int_equal(e.targets[0].start, 77);
	done(&s, &e, 0);
	assert_true(shows(&s, "Send HUP (1) to java, pid 2291, user app?"));
	assert_true(shows(&s, "shop.jar"));
	type(&s, "y");
	e = take(&s, ERRAND_SIGNAL, 1);
	assert_int_equal(e.signal, SIGHUP);
	e.done = 0;
	done(&s, &e, 0);
	assert_says(&s, "HUP was sent to java, pid 2291");
	end(&s);
}

static void who_is_gone_is_not_asked_about(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 2);
	type(&s, "S Enter");
	e = take(&s, ERRAND_AIM, 1);
	done(&s, &e, -ESRCH);
	assert_int_equal(s.app.mode, APP_PANES);
	assert_says(&s, "already gone: java, pid 2291");
	assert_false(app_wish_errand(&s.app, &e));
	end(&s);
}

static void init_is_said_clearly_and_spared_in_sets(void **state)
{
	struct scene s;
	struct errand e;

	(void)state;
	begin(&s);
	to_sock(&s, 5);
	type(&s, "S Enter");
	e = take(&s, ERRAND_AIM, 1);
	done(&s, &e, 0);
	assert_true(shows(&s, "This is pid 1"));
	type(&s, "n");
	type(&s, "5 f 'state Space 'established Enter Home S Enter");
	e = take(&s, ERRAND_AIM, 1);
	done(&s, &e, 0);
	type(&s, "a");
	e = take(&s, ERRAND_AIM, 1);
	assert_int_equal(e.targets[0].pid, 2291);
	done(&s, &e, 0);
	assert_true(shows(&s, "Send TERM (15) to all 1 process with sockets that"));
	assert_true(shows(&s, "Pid 1 and sockdash itself are left out."));
	type(&s, "n");
	end(&s);
}

/* ---- Where nothing can be done --------------------------------------------------------------- */

static void recordings_and_secure_are_only_looked_at(void **state)
{
	static const struct {
		struct app_settings settings;
		const char *says;
	} cases[] = {
		{ { .replay = true }, "there is nothing to act on in a recording" },
		{ { .live = false }, "there is nothing to act on in a made-up server" },
		{ { .live = true, .secure = true }, "--secure" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;
		struct errand e;

		begin_as(&s, cases[i].settings);
		to_sock(&s, 2);
		type(&s, "K");
		assert_says(&s, cases[i].says);
		type(&s, "S");
		assert_says(&s, cases[i].says);
		app_key(&s.app, KEYCODE_FUNCTION + 9);
		assert_says(&s, cases[i].says);
		assert_int_equal(s.app.mode, APP_PANES);
		assert_false(app_wish_errand(&s.app, &e));
		end(&s);
	}
}

static void every_pane_has_an_answer(void **state)
{
	(void)state;
	for (int pane = APP_OVERVIEW; pane < PANE_COUNT; pane++) {
		for (int signal = 0; signal < 2; signal++) {
			struct scene s;

			begin(&s);
			app_open_pane(&s.app, pane);
			app_draw(&s.app, &s.cells);
			type(&s, signal ? "S" : "K");
			assert_true(s.app.mode == APP_DEED || s.app.message[0]);
			end(&s);
		}
	}
}

static void results_are_told_in_words(void **state)
{
	static const struct {
		int signal;
		int error;
		uint32_t count;
		const char *text;
	} cases[] = {
		{ 0, 0, 1, "destroyed: X" },
		{ 0, -ENOENT, 1, "already gone: X" },
		{ 0, -EPERM, 1, "no privilege: that takes CAP_NET_ADMIN: X" },
		{ 0, -EOPNOTSUPP, 1, "CONFIG_INET_DIAG_DESTROY" },
		{ 0, -ENOBUFS, 1, "No buffer space available: X" },
		{ 0, 0, 9870, "9,870 sockets destroyed" },
		{ 0, -ENOENT, 3, "0 sockets destroyed, 3 were gone already" },
		{ SIGKILL, 0, 1, "KILL was sent to X" },
		{ SIGKILL, -EPERM, 1, "no privilege: it is another user's: X" },
		{ SIGKILL, -ENOSYS, 1, "before 5.1" },
		{ SIGTERM, 0, 12, "TERM was sent to 12 processes" },
		{ SIGTERM, -EPERM, 2, "TERM was sent to 0 processes, 2 refused: no privilege" },
		{ 40, 0, 1, "signal 40 was sent to X" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct deed d = { .signal = cases[i].signal };
		struct errand e = { .count = cases[i].count };
		struct buf text = { 0 };

		buf_adds(&d.what, "X");
		for (uint32_t n = 0; n < e.count; n++)
			errand_count(&e, cases[i].error);
		deed_result(&d, &e, &text);
		if (!strstr(text.data, cases[i].text))
			fail_msg("'%s' is not in '%s'", cases[i].text, text.data);
		buf_free(&text);
		deed_free(&d);
	}
}

/* ---- Details --------------------------------------------------------------------------------- */

static void details_know_when_the_socket_is_gone(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	to_sock(&s, 4);
	type(&s, "Enter");
	assert_true(s.app.detail.open);
	assert_true(shows(&s, "tcp CLOSE-WAIT 10.0.0.1:443 > 10.2.3.5:7777"));
	assert_true(shows(&s, "java, pid 2291, user app"));
	assert_true(shows(&s, "inbound, through the listener"));
	/* Keys of tables say so; K and S mean this socket. */
	type(&s, "s");
	assert_says(&s, "Esc goes back");
	type(&s, "K");
	assert_true(shows(&s, "Destroy tcp CLOSE-WAIT 10.0.0.1:443 > 10.2.3.5:7777"));
	type(&s, "n");
	assert_true(s.app.detail.open);
	story_frame(&s.st, 2);
	story_sock(&s.st, "tcp ESTAB 10.0.0.1:443 10.2.3.4:5555 cookie=2");
	app_take(&s.app, sample_get(story_sample(&s.st)));
	assert_true(shows(&s, "gone since 10:53:09"));
	assert_true(shows(&s, "java, pid 2291, user app"));
	type(&s, "K");
	assert_says(&s, "this socket is gone");
	type(&s, "Esc");
	assert_false(s.app.detail.open);
	assert_int_equal(s.app.full, 4);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_socket_is_named_and_destroyed),
		cmocka_unit_test(no_means_nothing),
		cmocka_unit_test(close_wait_is_no_cure),
		cmocka_unit_test(a_listener_alone_is_destroyed_where_it_is_the_row),
		cmocka_unit_test(a_row_stands_for_its_connections),
		cmocka_unit_test(all_of_a_filter_is_asked_twice),
		cmocka_unit_test(a_signal_is_chosen_aimed_and_asked),
		cmocka_unit_test(who_is_gone_is_not_asked_about),
		cmocka_unit_test(init_is_said_clearly_and_spared_in_sets),
		cmocka_unit_test(recordings_and_secure_are_only_looked_at),
		cmocka_unit_test(every_pane_has_an_answer),
		cmocka_unit_test(results_are_told_in_words),
		cmocka_unit_test(details_know_when_the_socket_is_gone),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests_name("deed", tests, NULL, NULL);
}
