/* The program: its commands and their help. */
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/commands.h"
#include "sockdash/log.h"

/* ---- Help ------------------------------------------------------------------------------------ */

static int print(struct buf *b)
{
	bool ok = !b->failed && fwrite(b->data, 1, b->len, stdout) == b->len && fflush(stdout) == 0;

	buf_free(b);
	if (!ok)
		complain("standard output: cannot write");
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static const char *on_request(const struct field *f)
{
	return field_comes_with_owners(f) ? " (only with -p or -c)"
	       : f->on_request            ? " (only with -c)"
					  : "";
}

static int print_help(const struct table *t)
{
	struct buf b = { 0 };

	if (t) {
		buf_addf(&b, "Usage: sockdash [OPTIONS] %s\n\nPrints %s.\n\nFields:\n", t->name,
			t->help);
		for (size_t i = 0; i < t->field_count; i++)
			buf_addf(&b, "  %-15s %s%s\n", t->fields[i].name, t->fields[i].help,
				on_request(&t->fields[i]));
		buf_adds(&b, "\nOptions:\n");
		options_help(&b);
		return print(&b);
	}
	buf_adds(&b,
		"Usage: sockdash [OPTIONS] [top [VIEW]]   the dashboard, on all panes or on one\n"
		"       sockdash [OPTIONS] VIEW          print one table\n"
		"       sockdash [OPTIONS] record FILE   write samples to a file (- for standard "
		"output)\n"
		"       sockdash [OPTIONS] replay FILE [top [VIEW] | VIEW | record FILE]\n"
		"                                        show such a file (- for standard "
		"input)\n\n"
		"Views ('sockdash VIEW --help' lists the fields):\n");
	for (size_t i = 0; i < table_count; i++)
		buf_addf(&b, "  %-10s %s\n", tables[i]->name, tables[i]->help);
	buf_adds(&b, "\nOptions:\n");
	options_help(&b);
	return print(&b);
}

/* ---- Commands -------------------------------------------------------------------------------- */

static int unknown_view(const char *word, const char *before)
{
	struct buf names = { 0 };

	list_tables(&names);
	complain_usage("unknown view '%s'; %s: %s", word, before, names.data);
	buf_free(&names);
	return EXIT_USAGE;
}

static int run_record(const struct options *o, int argc, char **words)
{
	if (o->help)
		return print_help(NULL);
	if (argc < 2)
		return complain_usage("record needs a FILE, or - for standard output");
	if (argc > 2)
		return complain_usage("'%s' is one word too many", words[2]);
	return cmd_record(words[1], o);
}

static int run(const struct options *given, int argc, char **words)
{
	const struct table *t = NULL;
	struct options replay = *given, *o = &replay;
	int used = 0;
	bool top;

	if (argc && strcmp(words[0], "replay") == 0) {
		if (argc < 2 && !o->help)
			return complain_usage("replay needs a FILE, or - for standard input");
		o->tape = argc > 1 ? words[1] : NULL;
		o->synth = NULL;
		argc = argc > 2 ? argc - 2 : 0;
		words += 2;
	}
	if (argc && strcmp(words[0], "record") == 0)
		return run_record(o, argc, words);
	if (o->anonymize && !o->help)
		return complain_usage("--anonymize is for record");
	top = argc == 0 || strcmp(words[0], "top") == 0;
	used = argc > 0;
	if (top && argc > 1)
		t = table_find(words[used], strlen(words[used])), used++;
	else if (!top)
		t = table_find(words[0], strlen(words[0]));
	if (!t && !(top && argc < 2))
		return unknown_view(
			words[used - 1], top ? "top shows one of"
					     : "commands are top, record, replay and the views");
	if (argc > used)
		return complain_usage("'%s' is one word too many", words[used]);
	if (o->help)
		return print_help(t);
	return top ? cmd_top(t, o) : cmd_table(t, o);
}

/* A descriptor that was closed before us would be given to the next file we open, and the output
 * written into that. In its place stands one that cannot be written. */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDONLY);
}

static int print_version(void)
{
	struct buf b = { 0 };

	buf_adds(&b, "sockdash " SOCKDASH_VERSION "\n");
	return print(&b);
}

/* The large tables of a frame come and go with each sample. By itself the C library would soon keep
 * them in its heap, and the holes between them: half as much again for a million sockets. */
static void give_large_memory_back(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int main(int argc, char **argv)
{
	struct buf error = { 0 };
	struct options o;
	int first, status;

	fill_standard_descriptors();
	give_large_memory_back();
	setlocale(LC_CTYPE, "");
	if (options_parse(argc, argv, &o, &first, &error)) {
		complain_usage("%s", error.data);
		buf_free(&error);
		return EXIT_USAGE;
	}
	if (o.version)
		return print_version();
	if (o.debug) {
		int err = log_open(o.debug);

		if (err) {
			complain("--debug: %s: %s", o.debug, strerror(-err));
			return EXIT_FAILED;
		}
	}
	status = run(&o, argc - first, argv + first);
	log_close();
	return status;
}
