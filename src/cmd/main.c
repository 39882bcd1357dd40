/* The program: its commands and their help. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/commands.h"
#include "sockdash/config.h"
#include "sockdash/findings.h"
#include "sockdash/log.h"
#include "sockdash/version.h"

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
	return field_comes_with_owners(f)   ? " (only with -p or -c)"
	       : field_comes_with_events(f) ? " (only with --events or -c)"
	       : f->on_request              ? " (only with -c)"
					    : "";
}

/* What the configuration file can set of it. */
static void add_audit_help(struct buf *b)
{
	buf_adds(b, "\nRules:\n");
	for (size_t i = 0; i < audit_rule_count; i++)
		buf_addf(b, "  %-25s %s\n", audit_rules[i].id, audit_rules[i].help);
	buf_adds(b, "\nThresholds, in the configuration file as audit.NAME:\n");
	for (size_t i = 0; i < audit_threshold_count; i++)
		buf_addf(b, "  %-25s %s (%g %s)\n", audit_thresholds[i].name,
			audit_thresholds[i].help, audit_thresholds[i].standard,
			audit_thresholds[i].unit);
}

static int print_report_help(void)
{
	struct buf b = { 0 };

	buf_adds(&b, "Usage: sockdash [OPTIONS] report\n\n"
		     "Prints one page of plain text: states, listeners, processes, leaks, what the "
		     "kernel\ncounts, findings; with --json one document with all rows of these "
		     "views.\n\nOptions:\n");
	options_help(&b);
	return print(&b);
}

static int print_help(const struct table *t)
{
	struct buf b = { 0 };

	if (t) {
		buf_addf(&b, "Usage: sockdash [OPTIONS] %s%s\n\nPrints %s.\n\nFields:\n", t->name,
			t->unfiltered ? "" : " [FILTER]", t->help);
		for (size_t i = 0; i < t->field_count; i++)
			buf_addf(&b, "  %-15s %s%s\n", t->fields[i].name, t->fields[i].help,
				on_request(&t->fields[i]));
		if (t == &table_audit)
			add_audit_help(&b);
		buf_adds(&b, "\nOptions:\n");
		options_help(&b);
		return print(&b);
	}
	buf_adds(&b,
		"Usage: sockdash [OPTIONS] [top [VIEW [FILTER]]]\n"
		"                                        the dashboard, on all panes or on one\n"
		"       sockdash [OPTIONS] VIEW [FILTER] print one table, of the sockets that are "
		"wanted\n"
		"       sockdash [OPTIONS] report        print one page with all that matters\n"
		"       sockdash [OPTIONS] record FILE   write samples to a file (- for standard "
		"output)\n"
		"       sockdash [OPTIONS] replay FILE [top [VIEW [FILTER]] | VIEW [FILTER] |\n"
		"                                        report | record FILE]\n"
		"                                        show such a file (- for standard "
		"input)\n"
		"       sockdash completions SHELL       print a script with which bash, zsh or "
		"fish\n"
		"                                        complete command lines\n\n"
		"Views ('sockdash VIEW --help' lists the fields):\n");
	for (size_t i = 0; i < table_count; i++)
		buf_addf(&b, "  %-10s %s\n", tables[i]->name, tables[i]->help);
	buf_adds(&b, "\nOptions:\n");
	options_help(&b);
	return print(&b);
}

/* ---- Commands -------------------------------------------------------------------------------- */

static int unknown_view(const char *word, bool of_top)
{
	struct buf names = { 0 };

	if (of_top) {
		buf_adds(&names, "top shows one of: ");
	} else {
		buf_adds(&names, "commands are ");
		list_commands(&names);
		buf_adds(&names, " and the views: ");
	}
	list_tables(&names);
	complain_usage("unknown view '%s'; %s", word, names.data);
	buf_free(&names);
	return EXIT_USAGE;
}

/* What is asked for. */
struct choice {
	enum { RUN_TOP, RUN_VIEW, RUN_REPORT, RUN_RECORD, RUN_COMPLETIONS } run;
	const struct table *table; /* NULL: of the dashboard all, of others none */
	const char *path;          /* to record to */
	const char *shell;         /* to complete in */
};

static int choose_record(struct choice *c, const struct options *o, int argc, char **words)
{
	c->run = RUN_RECORD;
	c->path = argc > 1 ? words[1] : NULL;
	if (argc < 2 && !o->help)
		return complain_usage("record needs a FILE, or - for standard output");
	if (argc > 2)
		return complain_usage("'%s' is one word too many: record is about all sockets, and "
				      "takes no filter",
			words[2]);
	return EXIT_DONE;
}

static int choose_completions(struct choice *c, const struct options *o, int argc, char **words)
{
	c->run = RUN_COMPLETIONS;
	c->shell = argc > 1 ? words[1] : NULL;
	if (o->tape)
		return complain_usage("completions are not in a recording");
	if (argc < 2 && !o->help)
		return complain_usage("completions needs a SHELL: bash, zsh or fish");
	if (argc > 2)
		return complain_usage("'%s' is one word too many", words[2]);
	return EXIT_DONE;
}

/* What stands behind the view says which sockets are wanted. */
static int choose_filter(const struct choice *c, struct options *o, int argc, char **words)
{
	if (o->help || !argc)
		return EXIT_DONE;
	if (c->run == RUN_REPORT || (c->run == RUN_VIEW && c->table->unfiltered))
		return complain_usage("'%s' is one word too many: %s is about all sockets, and "
				      "takes no filter",
			words[0], c->table ? c->table->name : "report");
	return filter_of_words(argc, words, &o->filter);
}

static int choose(struct choice *c, struct options *o, int argc, char **words)
{
	const char *command = argc ? words[0] : "top", *view = command;
	int used = argc > 0;

	if (strcmp(command, "record") == 0)
		return choose_record(c, o, argc, words);
	if (strcmp(command, "completions") == 0)
		return choose_completions(c, o, argc, words);
	if (o->anonymize && !o->help)
		return complain_usage("--anonymize is for record");
	if (strcmp(command, "report") == 0) {
		c->run = RUN_REPORT;
		view = NULL;
	} else if (strcmp(command, "top") == 0) {
		c->run = RUN_TOP;
		view = argc > 1 ? words[used++] : NULL;
	} else {
		c->run = RUN_VIEW;
	}
	c->table = view ? table_find(view, strlen(view)) : NULL;
	if (view && !c->table)
		return unknown_view(view, c->run == RUN_TOP);
	return choose_filter(c, o, argc - used, words + used);
}

static int run(const struct choice *c, const struct options *o)
{
	if (o->help)
		return c->run == RUN_REPORT ? print_report_help() : print_help(c->table);
	switch (c->run) {
	case RUN_TOP:
		return cmd_top(c->table, o);
	case RUN_VIEW:
		return c->table == &table_audit ? cmd_audit(o) : cmd_table(c->table, o);
	case RUN_REPORT:
		return cmd_report(o);
	case RUN_COMPLETIONS:
		return cmd_completions(c->shell);
	default:
		return cmd_record(c->path, o);
	}
}

/* Takes "replay FILE" off the words; what is left is as without. */
static int take_replay(struct options *o, int *argc, char ***words)
{
	if (!*argc || strcmp(**words, "replay") != 0)
		return EXIT_DONE;
	if (*argc < 2 && !o->help)
		return complain_usage("replay needs a FILE, or - for standard input");
	o->tape = *argc > 1 ? (*words)[1] : NULL;
	o->synth = NULL;
	*words += *argc > 1 ? 2 : 1;
	*argc -= *argc > 1 ? 2 : 1;
	return EXIT_DONE;
}

/* Whether the answer is that of the audit, whose exit status 2 is no wrong usage. */
static bool is_audit(int argc, char **words)
{
	int at = argc > 2 && strcmp(words[0], "replay") == 0 ? 2 : 0;

	return argc > at && strcmp(words[at], table_audit.name) == 0;
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

/* From options and words to the exit status. */
static int obey(struct options *o, int argc, char **words)
{
	int wrong = is_audit(argc, words) ? EXIT_UNCHECKED : EXIT_USAGE;
	struct choice choice = { 0 };
	int status;

	if (o->debug) {
		int err = log_open(o->debug);

		if (err) {
			complain("--debug: %s: %s", o->debug, strerror(-err));
			return wrong == EXIT_UNCHECKED ? wrong : EXIT_FAILED;
		}
	}
	if (take_replay(o, &argc, &words) || choose(&choice, o, argc, words))
		status = wrong;
	else
		status = run(&choice, o);
	filter_put(o->filter);
	log_close();
	return status;
}

int main(int argc, char **argv)
{
	struct buf error = { 0 };
	struct options o;
	int first, err;

	fill_standard_descriptors();
	give_large_memory_back();
	setlocale(LC_CTYPE, "");
	err = config_options(argc, argv, &o, &first, &error);
	if (!err)
		return o.version ? print_version() : obey(&o, argc - first, argv + first);
	if (err == -EBADMSG)
		complain("%s", error.data);
	else
		complain_usage("%s", error.data);
	buf_free(&error);
	return is_audit(argc - first, argv + first) ? EXIT_UNCHECKED : EXIT_USAGE;
}
