/* screens: a source, a script of keys, and the picture that comes of it at several sizes, compared
 * with those in tests/screens, text and roles (UPDATE=1 writes them anew; SCREENS names another
 * folder). No terminal, no clock: time passes where the script says so. */
#include "lib/findings.h"
#include "lib/keyboard.h"
#include "lib/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/server.h"
#include "sockdash/app.h"
#include "sockdash/needs.h"
#include "sockdash/synth.h"
#include "sockdash/tape.h"

/* ---- The screens ----------------------------------------------------------------------------- */

/* Stories, told by hand; anything else is the name of a file below tests/. */
#define WAITING      "nothing yet"
#define RESOLVING    "the quick first sample"
#define FIRST        "the first sample, with nothing to compare with"
#define SERVER       "a busy server"
#define UNPRIVILEGED "a busy server seen by a user"
#define FALLBACK     "a busy server in a sandbox without sock_diag"
#define EMPTY        "a machine without a socket"
#define PARTIAL      "a busy server whose UDP cannot be told"
#define HELD         "a busy server that costs too much to look at"
#define SLOW         "a busy server that takes long to look at"
#define TROUBLE      "a server with findings"
#define NO_TROUBLE   "a server without"
#define UNCHECKED    "a server that could not be checked"
#define SYNTH        "synth:sockets=2000,churn=0.05,leak=3,listeners=12,seed=7"
#define TAPE         "tapes/incident.tape"
#define DUMP         "fuzz/corpus/ssdump/listen-drops"

enum damage { WHOLE, TORN, FLIPPED };

/* Keys are words; "Sample" lets time pass until the next sample (Sample*5: five of them), 'text
 * types it. Without sizes of its own a screen is drawn at the usual three. */
struct screen {
	const char *name, *source, *keys;
	bool ascii;
	enum damage damage;
	struct {
		int width, height;
	} sizes[3];
};

static const struct screen screens[] = {
	/* What is there before there is much. */
	{ .name = "waiting", .source = WAITING },
	{ .name = "resolving", .source = RESOLVING },
	{ .name = "first", .source = FIRST },
	{ .name = "empty", .source = EMPTY },
	{ .name = "empty-leaks", .source = EMPTY, .keys = "4 Down End s Enter" },
	/* The overview. */
	{ .name = "overview", .source = SERVER, .keys = "Tab Down" },
	{ .name = "overview-other",
		.source = SERVER,
		.keys = "Tab Tab Down Down",
		.sizes = { { 200, 50 }, { 60, 15 }, { 20, 5 } } },
	{ .name = "overview-ascii", .source = SERVER, .keys = "Tab Down", .ascii = true },
	{ .name = "message", .source = SERVER, .keys = "~" },
	/* Each pane, its columns, its scrolling, its order. */
	{ .name = "states", .source = SERVER, .keys = "1 Down Down" },
	{ .name = "listen", .source = SERVER, .keys = "2" },
	{ .name = "listen-sorted", .source = SERVER, .keys = "2 s Home Enter r Down" },
	{ .name = "procs", .source = SERVER, .keys = "3 Down" },
	{ .name = "procs-right", .source = SERVER, .keys = "3 Right Right Right r" },
	{ .name = "leaks", .source = SERVER, .keys = "4" },
	{ .name = "leaks-ascii", .source = SERVER, .keys = "4 Down", .ascii = true },
	{ .name = "sockets", .source = SERVER, .keys = "5 Down Down Down" },
	{ .name = "sockets-scrolled", .source = SERVER, .keys = "5 PgDn PgDn Up" },
	{ .name = "sockets-end", .source = SERVER, .keys = "5 > > End" },
	/* All about one socket, and what is asked before something is done to it. */
	{ .name = "detail", .source = SERVER, .keys = "5 Down Down Down Enter" },
	{ .name = "detail-end", .source = SERVER, .keys = "5 Down Down Down Enter End" },
	{ .name = "detail-ascii", .source = SERVER, .keys = "5 Enter PgDn s", .ascii = true },
	{ .name = "replay-detail", .source = TAPE, .keys = "Sample*4 p 5 Down Down Enter End" },
	{ .name = "destroy", .source = SERVER, .keys = "5 Down Down Down K" },
	{ .name = "destroy-row", .source = SERVER, .keys = "3 K" },
	{ .name = "destroy-all",
		.source = SERVER,
		.keys = "5 f 'state Space 'close-wait Enter K a" },
	{ .name = "signal", .source = SERVER, .keys = "3 S Down" },
	{ .name = "replay-destroy", .source = TAPE, .keys = "5 K" },
	/* The audit: what is selected stands below, as far as there is room. */
	{ .name = "audit", .source = TROUBLE, .keys = "7" },
	{ .name = "audit-other",
		.source = TROUBLE,
		.keys = "7",
		.sizes = { { 200, 50 }, { 60, 15 }, { 59, 11 } } },
	{ .name = "audit-ascii", .source = TROUBLE, .keys = "7 Down", .ascii = true },
	{ .name = "audit-right", .source = TROUBLE, .keys = "7 Right Right Right Right" },
	{ .name = "audit-all", .source = TROUBLE, .keys = "7 a End" },
	{ .name = "audit-none", .source = NO_TROUBLE, .keys = "7" },
	{ .name = "audit-unknown", .source = UNCHECKED, .keys = "7" },
	{ .name = "audit-overview", .source = TROUBLE },
	/* A filter: while it is typed, with a mistake, and what it leaves in each pane. */
	{ .name = "filter", .source = SERVER, .keys = "5 f 'state Space 'close-wait Space" },
	{ .name = "filter-typed-back",
		.source = SERVER,
		.keys = "f 'dport Space '= Space ':443 Left Left" },
	{ .name = "filter-wrong",
		.source = SERVER,
		.keys = "5 f 'sport Space '= Space ':443 Space 'state Space 'nope Space" },
	{ .name = "filter-missing", .source = SERVER, .keys = "3 f 'pid Space '= Enter" },
	{ .name = "filter-overview",
		.source = SERVER,
		.keys = "f 'process Space '= Space 'java Enter Tab Tab" },
	{ .name = "filter-none", .source = SERVER, .keys = "5 f 'sport Space '= Space ':1 Enter" },
	{ .name = "filter-leaks", .source = SERVER, .keys = "4 f 'pid Space '= Space '2201 Enter" },
	{ .name = "filter-kernel",
		.source = SERVER,
		.keys = "6 f 'pid Space '= Space '2201 Enter" },
	{ .name = "filter-ascii",
		.source = SERVER,
		.keys = "3 Down Enter f Space 'or Space 'sport Space '= Space ':x",
		.ascii = true },
	{ .name = "filter-long",
		.source = SERVER,
		.keys = "f 'src Space '10.0.0.7 Space 'or Space 'src Space '127.0.0.1 Space 'or "
			"Space 'process Space '~ Space '^(java|nginx|php-fpm|postgres)$ Space 'or "
			"Space 'recv_q Space '> Space '100000 Home Right Right" },
	/* From a row to its sockets, and back. */
	{ .name = "way-states", .source = SERVER, .keys = "Down Down Enter" },
	{ .name = "way-listen", .source = SERVER, .keys = "2 Down Enter" },
	{ .name = "way-procs", .source = SERVER, .keys = "3 Down Enter Down Down" },
	{ .name = "way-leaks", .source = SERVER, .keys = "4 Enter" },
	{ .name = "way-deep",
		.source = SERVER,
		.keys = "3 Down Enter 4 Enter 2 Enter",
		.sizes = { { 200, 50 }, { 100, 30 }, { 60, 15 } } },
	{ .name = "way-overview", .source = SERVER, .keys = "3 Down Enter 0 Tab" },
	{ .name = "way-ascii", .source = SERVER, .keys = "4 Enter 3", .ascii = true },
	{ .name = "way-back",
		.source = SERVER,
		.keys = "3 s Home Enter Down Down Enter 1 Down Enter Esc Esc" },
	{ .name = "way-nowhere", .source = SERVER, .keys = "6 Enter" },
	/* A text in the rows. */
	{ .name = "search", .source = SERVER, .keys = "5 / 'JAVA" },
	{ .name = "search-none", .source = SERVER, .keys = "3 / 'nobody" },
	{ .name = "search-next", .source = SERVER, .keys = "5 / '10.0.4. Enter m m" },
	{ .name = "search-round", .source = SERVER, .keys = "2 / ':22 Enter M M M" },
	/* What lies over them. */
	{ .name = "help", .source = SERVER, .keys = "?" },
	{ .name = "help-end-ascii", .source = SERVER, .keys = "? End", .ascii = true },
	{ .name = "sort", .source = SERVER, .keys = "3 s Down" },
	{ .name = "columns", .source = SERVER, .keys = "3 c Down Down" },
	{ .name = "columns-chosen",
		.source = SERVER,
		.keys = "3 c Space Down Space Down > > End Space K K K K K Esc" },
	{ .name = "columns-overview", .source = SERVER, .keys = "1 c Down Down Space Esc 0" },
	{ .name = "sort-overview", .source = SERVER, .keys = "Tab s" },
	{ .name = "interval", .source = SERVER, .keys = "d '0.5" },
	{ .name = "interval-wrong", .source = SERVER, .keys = "d 'never Enter" },
	{ .name = "paused", .source = SERVER, .keys = "p" },
	{ .name = "held", .source = HELD, .keys = "-" },
	{ .name = "held-not", .source = HELD, .keys = "+ +" },
	{ .name = "slow", .source = SLOW, .keys = "- ~" },
	/* What cannot be seen. */
	{ .name = "hidden", .source = UNPRIVILEGED },
	{ .name = "hidden-leaks", .source = UNPRIVILEGED, .keys = "4" },
	{ .name = "fallback", .source = FALLBACK },
	{ .name = "partial", .source = PARTIAL },
	/* A made-up server. */
	{ .name = "synth", .source = SYNTH, .keys = "Sample*6 Tab Tab" },
	{ .name = "synth-listen", .source = SYNTH, .keys = "2 Sample*12" },
	{ .name = "synth-leaks", .source = SYNTH, .keys = "4 Sample*8" },
	{ .name = "peers", .source = SYNTH, .keys = "8 Sample*6 Down" },
	{ .name = "peers-right", .source = SYNTH, .keys = "8 Sample*6 Right Right Right Right" },
	{ .name = "peers-grouped", .source = SYNTH, .keys = "8 Sample*3 x x Sample*3" },
	{ .name = "peers-filtered",
		.source = SYNTH,
		.keys = "8 Sample*3 f 'state Space 'close-wait Enter x Sample*3" },
	{ .name = "peers-drilled", .source = SYNTH, .keys = "8 Sample*3 x Down Enter" },
	{ .name = "peers-none", .source = EMPTY, .keys = "8" },
	{ .name = "ports", .source = SYNTH, .keys = "9 Sample*6 Down" },
	{ .name = "ports-ascii", .source = SYNTH, .keys = "9 Sample*6 Down", .ascii = true },
	{ .name = "ports-filtered",
		.source = SYNTH,
		.keys = "9 Sample*3 f 'process Space '= Space 'java Enter" },
	{ .name = "ports-drilled", .source = SYNTH, .keys = "9 Sample*3 Down Enter" },
	{ .name = "ports-none", .source = EMPTY, .keys = "9" },
	/* Recordings. */
	{ .name = "replay", .source = TAPE },
	{ .name = "replay-playing", .source = TAPE, .keys = "Sample*8 Tab Tab Tab" },
	{ .name = "replay-faster", .source = TAPE, .keys = "+ + Sample*2" },
	{ .name = "replay-paused", .source = TAPE, .keys = "Sample*4 p" },
	{ .name = "replay-step", .source = TAPE, .keys = "Sample*4 . . , . ] [ ," },
	{ .name = "replay-jump", .source = TAPE, .keys = "4 p b '#20 Enter" },
	{ .name = "replay-prompt", .source = TAPE, .keys = "b '+5" },
	{ .name = "replay-wrong", .source = TAPE, .keys = "b 'soon Enter" },
	{ .name = "replay-end", .source = TAPE, .keys = "b '100% Enter" },
	{ .name = "replay-back", .source = TAPE, .keys = "b '100% Enter b '-10s Enter 4" },
	{ .name = "replay-help", .source = TAPE, .keys = "?" },
	{ .name = "replay-torn", .source = TAPE, .damage = TORN, .keys = "b '100% Enter" },
	{ .name = "replay-damaged", .source = TAPE, .damage = FLIPPED, .keys = "Sample*8 p" },
	{ .name = "replay-dump", .source = DUMP },
	{ .name = "replay-ascii", .source = TAPE, .keys = "Sample*4 p", .ascii = true },
};

static const struct {
	int width, height;
} usual_sizes[3] = { { 80, 24 }, { 120, 36 }, { 40, 10 } };

/* ---- Sources --------------------------------------------------------------------------------- */

/* What is on. */
struct show {
	struct app app;
	struct cells cells;
	struct story story; /* or */
	struct feed *feed;
	int64_t now_ns;
};

static void tell_partial(struct story *st)
{
	struct frame *f;

	server_tell(st, &(struct server){ .samples = 5, .clients = 600 });
	f = story_frame(st, 10);
	f->absent = 1u << SOCK_UDP;
	f->problems[FRAME_NO_UDP] = -ENOENT;
	f->problems[FRAME_NO_WAIT_AGE] = -EPERM;
	story_proc(st, .pid = 2291, .name = "java", .user = "app", .fds = 900, .fd_limit = 1024);
	for (unsigned i = 0; i < 40; i++)
		story_sock(st, "tcp CLOSE-WAIT 10.0.0.7:8080 10.0.3.1:%u uid=1000 pid=2291",
			30000 + i);
	story_sample(st);
}

static bool tell_findings(struct story *st, const char *source)
{
	static const struct {
		const char *source;
		enum findings which;
	} stories[] = {
		{ TROUBLE, FINDINGS_MANY },
		{ NO_TROUBLE, FINDINGS_NONE },
		{ UNCHECKED, FINDINGS_UNKNOWN },
	};

	for (size_t i = 0; i < COUNT_OF(stories); i++) {
		if (strcmp(source, stories[i].source) != 0)
			continue;
		server_tell(st, &(struct server){ .samples = 2, .clients = 60 });
		findings_tell(st->sample, stories[i].which);
		return true;
	}
	return false;
}

/* False where it is none of the stories. */
static bool tell(struct story *st, const char *source)
{
	struct server s = { .samples = 6, .clients = 600 };

	if (strcmp(source, WAITING) == 0 || tell_findings(st, source))
		return true;
	if (strcmp(source, EMPTY) == 0) {
		story_frame(st, 0);
		story_sample(st);
		return true;
	}
	if (strcmp(source, PARTIAL) == 0) {
		tell_partial(st);
		return true;
	}
	if (strcmp(source, HELD) == 0 || strcmp(source, SLOW) == 0) {
		server_tell(st, &s)->least_s = strcmp(source, HELD) == 0 ? 4.13 : 1.2;
		st->sample->frame->cost_wall_ns = 1416000000;
		return true;
	}
	s.without_owners = strcmp(source, RESOLVING) == 0;
	s.unprivileged = strcmp(source, UNPRIVILEGED) == 0;
	s.procfs = strcmp(source, FALLBACK) == 0;
	if (s.without_owners || strcmp(source, FIRST) == 0)
		s.samples = 1;
	else if (!s.unprivileged && !s.procfs && strcmp(source, SERVER) != 0)
		return false;
	server_tell(st, &s);
	return true;
}

/* The file in memory, with the damage that is wanted. */
static int open_file(const char *name, enum damage damage)
{
	int fd = memfd_create("tape", MFD_CLOEXEC), from;
	/* A raw dump has no time but that of its file. */
	const struct timespec written[] = { { .tv_sec = 1795344787 }, { .tv_sec = 1795344787 } };
	char path[PATH_MAX], piece[4096];
	off_t size = 0;
	ssize_t n;

	snprintf(path, sizeof path, "tests/%s", name);
	from = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || from < 0)
		fail_msg("%s: %s", path, strerror(errno));
	for (; (n = read(from, piece, sizeof piece)) > 0; size += n)
		assert_int_equal(write(fd, piece, (size_t)n), n);
	close(from);
	if (damage == TORN)
		assert_int_equal(ftruncate(fd, size - 100), 0);
	if (damage == FLIPPED) {
		struct tape *t;
		unsigned version;
		char byte;
		off_t at;

		assert_int_equal(tape_open(dup(fd), &t, &version), 0);
		assert_int_equal(tape_look(t, false), 1);
		at = (off_t)tape_entry(t, 3)->offset + 1000;
		tape_close(t);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(futimens(fd, written), 0);
	return fd;
}

static const struct source_request all = {
	.needs = NEED_ALL,
	.protocols = 1u << SOCK_TCP | 1u << SOCK_UDP,
	.ipv4 = true,
	.ipv6 = true,
};

static void open_synth(struct show *s, const char *words)
{
	const char *bad, *wanted;
	struct synth_spec spec;
	struct source *source;
	size_t bad_len;

	assert_int_equal(synth_parse(words, strlen(words), &spec, &bad, &bad_len, &wanted), 0);
	assert_int_equal(source_open_synth(&spec, &source), 0);
	assert_int_equal(feed_open_source(source, &all, standard_settings(3), &s->feed), 0);
}

static void open_source(struct show *s, const struct screen *screen)
{
	unsigned version;
	struct tape *tape;

	story_begin(&s->story, 10);
	s->now_ns = 1000000000;
	if (tell(&s->story, screen->source)) {
		if (s->story.sample)
			app_take(&s->app, sample_get(s->story.sample));
	} else if (strncmp(screen->source, "synth:", 6) == 0) {
		open_synth(s, screen->source + 6);
	} else {
		assert_int_equal(
			tape_open(open_file(screen->source, screen->damage), &tape, &version), 0);
		assert_int_equal(feed_open_tape(tape, &all, standard_settings(3), &s->feed), 0);
	}
}

/* ---- The script ------------------------------------------------------------------------------ */

/* What the sampling thread and the event loop do, in one. */
static void take(struct show *s)
{
	struct sample *sample;

	assert_int_equal(s->feed->ops->take(s->feed, &s->app.control, s->now_ns, &sample), 0);
	if (sample)
		app_take(&s->app, sample);
	app_move(&s->app, &s->feed->position);
}

static void pass_time(struct show *s)
{
	int64_t due = s->feed->ops->due(s->feed, &s->app.control, s->now_ns);

	if (due == INT64_MAX)
		fail_msg("nothing will come by itself");
	if (due > s->now_ns)
		s->now_ns = due;
	take(s);
}

static void press_key(struct show *s, int key)
{
	app_key(&s->app, key);
	if (s->feed && feed_is_asked(&s->app.control))
		take(s);
	s->app.control.now = s->app.control.jump = s->app.wished = false;
	s->app.control.step = 0;
	app_draw(&s->app, &s->cells);
	if (!app_is_busy(&s->app))
		return;
	while (app_is_busy(&s->app))
		app_work(&s->app);
	app_draw(&s->app, &s->cells);
}

static void do_word(struct show *s, const char *word)
{
	if (strncmp(word, "Sample", 6) == 0) {
		for (int n = word[6] ? atoi(word + 7) : 1; n > 0; n--)
			pass_time(s);
		app_draw(&s->app, &s->cells);
	} else if (*word == '\'' && word[1]) {
		while (*++word)
			press_key(s, *word);
	} else {
		press_key(s, key_of(word));
	}
}

static void do_script(struct show *s, const char *keys)
{
	char line[512], *rest;

	assert_true(snprintf(line, sizeof line, "%s", keys ? keys : "") < (int)sizeof line);
	/* The first sample is there when the first key comes; a made-up server has told a quick one
	 * before. */
	if (s->feed)
		pass_time(s);
	if (s->feed && s->app.sample->frame->preliminary)
		pass_time(s);
	app_draw(&s->app, &s->cells);
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		do_word(s, word);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = { 0 };
	char piece[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(&b, piece, n);
	fclose(f);
	buf_adds(&b, "");
	return b.data;
}

static void write_all(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		fail_msg("%s: %s", path, strerror(errno));
}

/* The lines that differ, the expected one first. */
static void print_difference(const char *expected, const char *is)
{
	for (int line = 1; *expected || *is; line++) {
		size_t left = strcspn(expected, "\n"), right = strcspn(is, "\n");

		if (left != right || memcmp(expected, is, left) != 0)
			print_error("%3d -%.*s\n    +%.*s\n", line, (int)left, expected, (int)right,
				is);
		expected += left + (expected[left] == '\n');
		is += right + (is[right] == '\n');
	}
}

static void compare_screen(const char *name, const struct cells *c)
{
	const char *folder = getenv("SCREENS"), *update = getenv("UPDATE");
	struct buf is = { 0 };
	char path[512], *expected;

	cells_text(c, &is, false);
	buf_addc(&is, '\n');
	cells_roles(c, &is);
	assert_false(is.failed);
	snprintf(path, sizeof path, "%s/%s-%dx%d.txt", folder ? folder : "tests/screens", name,
		c->width, c->height);
	if (update && strcmp(update, "1") == 0)
		write_all(path, is.data);
	expected = read_all(path);
	if (!expected)
		fail_msg("%s: %s (UPDATE=1 writes it)", path, strerror(errno));
	if (strcmp(expected, is.data) != 0) {
		print_error("%s:\n", path);
		print_difference(expected, is.data);
		fail_msg("%s differs (UPDATE=1 writes it anew)", path);
	}
	free(expected);
	buf_free(&is);
}

static void check_screen(void **state)
{
	size_t n = (size_t)(uintptr_t)*state;
	const struct screen *screen = &screens[n / 3];
	const struct app_settings settings = {
		.pane = APP_OVERVIEW,
		.interval_s = 2,
		.live = !strpbrk(screen->source, "/:"),
		.replay = strchr(screen->source, '/') != NULL,
		.cpu_limit = 10,
	};
	bool own = screen->sizes[0].width;
	int width = own ? screen->sizes[n % 3].width : usual_sizes[n % 3].width;
	int height = own ? screen->sizes[n % 3].height : usual_sizes[n % 3].height;
	struct show s = { .feed = NULL };

	app_init(&s.app, &settings);
	size(&s.cells, width, height);
	s.cells.ascii = screen->ascii;
	open_source(&s, screen);
	do_script(&s, screen->keys);
	check_grid(&s.cells);
	compare_screen(screen->name, &s.cells);
	cells_free(&s.cells);
	app_free(&s.app);
	feed_close(s.feed);
	story_end(&s.story);
}

int main(void)
{
	static struct CMUnitTest tests[3 * COUNT_OF(screens)];
	static char names[3 * COUNT_OF(screens)][64];

	for (size_t i = 0; i < COUNT_OF(tests); i++) {
		snprintf(names[i], sizeof names[i], "%s %zu", screens[i / 3].name, i % 3 + 1);
		tests[i] = (struct CMUnitTest){ .name = names[i],
			.test_func = check_screen,
			.initial_state = (void *)(uintptr_t)i };
	}
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
