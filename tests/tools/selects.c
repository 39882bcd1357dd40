/* selects: filters against ss. Reads one filter a line; each goes through ss, word by word, and through
 * our own test of every row of a dump, and both must select the same sockets, by their cookies, or
 * refuse it. Says which are not so, and at the end how many there were.
 *
 * A line may begin with a mark that says what ss and we make of it: "> " is for us alone, "< " for ss
 * alone. With --kernel each filter also goes to the kernel, and what is left of its answer must be the
 * same again.
 *
 * Sockets change while we look: what differs is looked at again, with another dump. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockdash/filter.h"
#include "sockdash/sample.h"
#include "sockdash/source.h"

#define TRIES     4
#define WORDS_MAX 4096
#define DUMP_LIFE 200 /* filters for which one dump is good enough */

/* Cookies in order. */
struct set {
	uint64_t *cookies;
	size_t count, room;
};

static struct source *source;
static struct frame *frame;
static unsigned uses; /* of that frame */
static bool kernel;

static void die(const char *what)
{
	fprintf(stderr, "selects: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void add(struct set *s, uint64_t cookie)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->cookies = realloc(s->cookies, s->room * sizeof *s->cookies);
		if (!s->cookies)
			die("realloc");
	}
	s->cookies[s->count++] = cookie;
}

static int by_cookie(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool same(struct set *a, struct set *b)
{
	if (a->count != b->count || !a->count)
		return a->count == b->count;
	qsort(a->cookies, a->count, sizeof *a->cookies, by_cookie);
	qsort(b->cookies, b->count, sizeof *b->cookies, by_cookie);
	return memcmp(a->cookies, b->cookies, a->count * sizeof *a->cookies) == 0;
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static struct frame *dump(const struct filter *f)
{
	struct source_request request = {
		.needs = NEED_SOCKETS | NEED_ADDRESSES | NEED_COUNTERS | NEED_MARKS | NEED_CGROUPS,
		.protocols = 3,
		.ipv4 = true,
		.ipv6 = true,
		.filter = f,
	};
	struct frame *got;
	int err = source_next(source, &request, NULL, &got);

	if (err) {
		errno = -err;
		die("dump");
	}
	return got;
}

static void select_from(struct frame *from, const struct filter *f, struct set *out)
{
	struct sample sample = { .frame = from };
	struct rowset rows = rowset_of(&table_sockets, &sample);

	out->count = 0;
	for (uint32_t row = 0; row < rows.count; row++)
		if (filter_selects(f, &rows, row))
			add(out, from->socks[row].cookie);
}

static void ask_us(const struct filter *f, bool again, struct set *out)
{
	if (again || uses++ % DUMP_LIFE == 0) {
		frame_put(frame);
		frame = dump(NULL);
	}
	select_from(frame, f, out);
}

static void ask_kernel(const struct filter *f, struct set *out)
{
	struct frame *some = dump(f);

	select_from(some, f, out);
	frame_put(some);
}

/* ---- Theirs ---------------------------------------------------------------------------------- */

static int run_ss(char *line, int to)
{
	static char name[] = "ss", options[] = "-Hatune", *argv[WORDS_MAX + 3];
	posix_spawn_file_actions_t actions;
	char *save, *word;
	int count = 0, err;
	pid_t pid;

	argv[count++] = name;
	argv[count++] = options;
	for (word = strtok_r(line, " ", &save); word && count < WORDS_MAX + 2;
		word = strtok_r(NULL, " ", &save))
		argv[count++] = word;
	argv[count] = NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, "ss", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		errno = err;
		die("ss");
	}
	return pid;
}

/* False: ss refuses it. */
static bool ask_ss(const char *text, struct set *out)
{
	char *words = strdup(text), *line = NULL;
	size_t room = 0;
	int ends[2], status;
	pid_t pid;
	FILE *in;

	if (!words || pipe2(ends, O_CLOEXEC))
		die("pipe");
	out->count = 0;
	pid = run_ss(words, ends[1]);
	close(ends[1]);
	in = fdopen(ends[0], "r");
	while (in && getline(&line, &room, in) > 0) {
		const char *cookie = strstr(line, " sk:");

		if (cookie)
			add(out, strtoull(cookie + 4, NULL, 16));
	}
	fclose(in);
	free(line);
	free(words);
	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static unsigned long asked, agreed, selected;

static void tell(const char *text, const char *what)
{
	printf("%s\n    %s\n", text, what);
}

/* What is not so, or NULL. */
static const char *judge(const char *text, const struct filter *f, bool again)
{
	static struct set ours, theirs, kernels;
	static char said[128];

	if (!ask_ss(text, &theirs))
		return "ss refuses it, we do not";
	ask_us(f, again, &ours);
	if (kernel)
		ask_kernel(f, &kernels);
	selected += ours.count;
	snprintf(said, sizeof said, "ss selects %zu, we %zu, with the kernel's help %zu",
		theirs.count, ours.count, kernel ? kernels.count : ours.count);
	return same(&ours, &theirs) && (!kernel || same(&ours, &kernels)) ? NULL : said;
}

static void compare(const char *text)
{
	struct filter_error error;
	struct filter *f;
	struct set none = { 0 };
	const char *wrong = NULL;
	int err = filter_parse(text, strlen(text), &f, &error);

	if (err && ask_ss(text, &none)) {
		static char said[256];

		snprintf(said, sizeof said, "we refuse it at %zu+%zu (%s), ss does not", error.at,
			error.len, error.wanted);
		wrong = said;
	}
	for (int i = 0; !err && i < TRIES; i++) {
		wrong = judge(text, f, i > 0);
		if (!wrong)
			break;
	}
	filter_put(err ? NULL : f);
	free(none.cookies);
	if (wrong)
		tell(text, wrong);
	else
		agreed++;
}

/* Of what is for one of the two alone. */
static void confirm(const char *text, bool ours)
{
	struct filter_error error;
	struct filter *f;
	struct set set = { 0 };
	int err = filter_parse(text, strlen(text), &f, &error);
	bool theirs = ask_ss(text, &set);

	if (!err)
		filter_put(f);
	free(set.cookies);
	if (!err == ours && theirs != ours)
		agreed++;
	else
		tell(text, ours ? "is not for us alone" : "is not for ss alone");
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	kernel = argc > 1 && strcmp(argv[1], "--kernel") == 0;
	if (source_open_live(false, &source))
		die("source");
	while ((len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		asked++;
		if (strncmp(line, "> ", 2) == 0 || strncmp(line, "< ", 2) == 0)
			confirm(line + 2, *line == '>');
		else
			compare(line);
	}
	printf("%lu of %lu agree\n", agreed, asked);
	fprintf(stderr, "%lu sockets selected\n", selected);
	frame_put(frame);
	source_close(source);
	free(line);
	return agreed != asked;
}
