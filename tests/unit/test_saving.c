/* saving: what is on the screen, as a file: its path, what is in it, and what may go wrong. */
#include "lib/keyboard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/saving.h"

static char folder[64];

static int enter_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/sockdash-saving-XXXXXX");
	return !mkdtemp(folder) || chdir(folder) || setenv("HOME", folder, 1);
}

static int leave_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") || system(command);
}

/* The whole of a file; the caller frees it. */
static char *content(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

struct scene {
	struct story story;
	struct app app;
	struct cells cells;
};

static void begin(struct scene *s, bool secure)
{
	const struct app_settings settings = { .pane = 4, .interval_s = 2, .secure = secure };

	story_begin(&s->story, 0);
	story_frame(&s->story, 0);
	for (unsigned i = 0; i < 3; i++)
		story_sock(&s->story, "tcp ESTAB 10.0.0.1:80 10.9.0.1:%u", 1001 + i);
	app_init(&s->app, &settings);
	size(&s->cells, 120, 36);
	app_take(&s->app, sample_get(story_sample(&s->story)));
	app_draw(&s->app, &s->cells);
}

static void end(struct scene *s)
{
	app_free(&s->app);
	cells_free(&s->cells);
	story_end(&s->story);
}

/* Does what is wished, as the loop does. */
static void fulfil(struct scene *s)
{
	static const atomic_bool never = false;
	struct save_job job;

	assert_true(app_wish_saving(&s->app, &job));
	save_job_do(&job, &never);
	app_take_saving(&s->app, &job);
	app_draw(&s->app, &s->cells);
}

static void type(struct scene *s, const char *text)
{
	for (; *text; text++)
		app_key(&s->app, *text);
	press(&s->app, &s->cells, "Enter");
}

static void save_as(struct scene *s, const char *path)
{
	press(&s->app, &s->cells, "w Ctrl-U");
	type(s, path);
}

static void the_end_of_the_name_says_the_format(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	begin(&s, false);
	press(&s.app, &s.cells, "w");
	assert_int_equal(strncmp(prompt_text(&s.app.prompt), "sockdash-sockets-", 17), 0);
	press(&s.app, &s.cells, "Esc");
	save_as(&s, "a.txt");
	fulfil(&s);
	assert_string_equal(s.app.message, "3 rows written to a.txt");
	text = content("a.txt");
	assert_int_equal(strncmp(text, "PROTO  STATE", 12), 0);
	assert_non_null(strstr(text, "10.9.0.1"));
	free(text);
	press(&s.app, &s.cells, "c Space Esc");
	save_as(&s, "~/a.csv");
	fulfil(&s);
	text = content("a.csv");
	assert_int_equal(strncmp(text, "state,recv_q,", 13), 0);
	free(text);
	save_as(&s, "a.json");
	fulfil(&s);
	text = content("a.json");
	assert_non_null(strstr(text, "\"view\":\"sockets\""));
	assert_non_null(strstr(text, "\"proto\":\"tcp\""));
	free(text);
	end(&s);
}

static void rows_are_in_the_order_of_the_screen(void **state)
{
	struct scene s;
	char *text, *first, *last;

	(void)state;
	begin(&s, false);
	press(&s.app, &s.cells, "f");
	type(&s, "dport != :1002");
	s.app.panes[4].sort =
		(struct sort_key){ table_field(&table_sockets, "remote_port", 11), true };
	app_draw(&s.app, &s.cells);
	save_as(&s, "sorted");
	fulfil(&s);
	assert_string_equal(s.app.message, "2 rows written to sorted");
	text = content("sorted");
	first = strstr(text, "1003");
	last = strstr(text, "1001");
	assert_true(first && last && first < last);
	assert_null(strstr(text, "1002"));
	free(text);
	end(&s);
}

static void nothing_is_written_over_without_a_question(void **state)
{
	struct scene s;
	struct stat st;
	FILE *f = fopen("there", "w");

	(void)state;
	fputs("mine", f);
	fclose(f);
	begin(&s, false);
	save_as(&s, "there");
	fulfil(&s);
	assert_int_equal(s.app.mode, APP_OVERWRITE);
	type(&s, "n");
	assert_int_equal(s.app.mode, APP_PANES);
	assert_string_equal(s.app.message, "there stays as it is");
	assert_int_equal(stat("there", &st), 0);
	assert_int_equal(st.st_size, 4);
	save_as(&s, "there");
	fulfil(&s);
	press(&s.app, &s.cells, "Esc");
	assert_int_equal(s.app.mode, APP_PANES);
	assert_int_equal(stat("there", &st), 0);
	assert_int_equal(st.st_size, 4);
	save_as(&s, "there");
	fulfil(&s);
	type(&s, "y");
	fulfil(&s);
	assert_string_equal(s.app.message, "3 rows written to there");
	assert_int_equal(stat("there", &st), 0);
	assert_true(st.st_size > 100);
	end(&s);
}

static void what_goes_wrong_is_told(void **state)
{
	struct save_job none;
	atomic_bool now = true;
	struct scene s;

	(void)state;
	begin(&s, false);
	save_as(&s, "no/such/folder");
	fulfil(&s);
	assert_string_equal(s.app.message, "no/such/folder: No such file or directory");
	save_as(&s, "/dev/null");
	fulfil(&s);
	assert_string_equal(s.app.message, "/dev/null: this is not a file");
	/* What is left half done is taken away. */
	save_as(&s, "half");
	assert_true(app_wish_saving(&s.app, &none));
	save_job_do(&none, &now);
	assert_int_equal(none.error, -ECANCELED);
	assert_int_equal(access("half", F_OK), -1);
	save_job_drop(&none);
	press(&s.app, &s.cells, "w Ctrl-U Enter");
	assert_false(app_wish_saving(&s.app, &none));
	end(&s);
	begin(&s, true);
	press(&s.app, &s.cells, "w");
	assert_int_equal(s.app.mode, APP_PANES);
	assert_string_equal(s.app.message, "no files are written: --secure");
	end(&s);
}

static void a_thread_writes(void **state)
{
	struct save_job job, other, done;
	struct saver *saver;
	struct scene s;

	(void)state;
	begin(&s, false);
	assert_int_equal(saver_open(&saver), 0);
	save_as(&s, "thread.csv");
	assert_true(app_wish_saving(&s.app, &job));
	save_as(&s, "other.csv");
	assert_true(app_wish_saving(&s.app, &other));
	assert_true(saver_begin(saver, &job));
	assert_false(saver_begin(saver, &other));
	assert_int_equal(other.error, -EBUSY);
	app_take_saving(&s.app, &other);
	assert_string_equal(s.app.message, "other.csv: another file is still being written");
	while (!saver_take(saver, &done))
		;
	assert_int_equal(done.error, 0);
	assert_int_equal(done.rows, 3);
	save_job_drop(&done);
	assert_false(saver_take(saver, &done));
	/* One that nobody waits for. */
	save_as(&s, "last.csv");
	assert_true(app_wish_saving(&s.app, &job));
	assert_true(saver_begin(saver, &job));
	saver_close(saver);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_the_name_says_the_format),
		cmocka_unit_test(rows_are_in_the_order_of_the_screen),
		cmocka_unit_test(nothing_is_written_over_without_a_question),
		cmocka_unit_test(what_goes_wrong_is_told),
		cmocka_unit_test(a_thread_writes),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
