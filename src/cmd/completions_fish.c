/* The script for fish: an entry for each option, one for all words. */
#include "sockdash/completions.h"

/* clang-format off */
static const char head[] =
	"# Completion of sockdash for fish, made by: sockdash completions fish\n"
	"\n"
	"# The words of a set.\n"
	"function __sockdash_set\n"
	"    switch \"$argv[1]\"\n";

static const char after_head[] =
	"    end\n"
	"end\n"
	"\n"
	"# What is wanted behind a word.\n"
	"function __sockdash_after\n"
	"    switch \"$argv[1]:$argv[2]\"\n";

static const char body[] =
	"    end\n"
	"end\n"
	"\n"
	"# The words before the cursor that are no options; with \"option\": what the option takes that the\n"
	"# cursor is behind.\n"
	"function __sockdash_before\n"
	"    set -l option ''\n"
	"    set -l ended ''\n"
	"    for word in (commandline -opc)[2..-1]\n"
	"        if test -n \"$option\"\n"
	"            set option ''\n"
	"        else if test -z \"$ended\"; and test \"$word\" = --\n"
	"            set ended 1\n"
	"        else if test -z \"$ended\"; and string match -qr -- '^-.' $word\n"
	"            set option (__sockdash_after option $word)\n"
	"        else if test \"$argv[1]\" = words\n"
	"            printf '%s\\n' $word\n"
	"        end\n"
	"    end\n"
	"    test \"$argv[1]\" = words; or echo $option\n"
	"end\n"
	"\n"
	"# Whether a word with a \"-\" is an option, and not what the option before it takes.\n"
	"function __sockdash_may_be_option\n"
	"    not string match -q -- '-*' (commandline -ct); or test -z (__sockdash_before option)\n"
	"end\n"
	"\n"
	"function __sockdash_fields\n"
	"    set -l view ''\n"
	"    set -l views (__sockdash_set view | string replace -r '\\t.*' '')\n"
	"    for word in (commandline -op)\n"
	"        if test -z \"$view\"; and contains -- $word $views\n"
	"            set view $word\n"
	"        end\n"
	"    end\n"
	"    __sockdash_set \"field $view\"\n"
	"end\n"
	"\n"
	"# Fields to sort by, the largest first too.\n"
	"function __sockdash_keys\n"
	"    __sockdash_fields\n"
	"    __sockdash_fields | string replace -r '^' -\n"
	"end\n"
	"\n"
	"function __sockdash_words\n"
	"    if not __sockdash_may_be_option\n"
	"        test (__sockdash_before option) = field; and __sockdash_keys\n"
	"        return\n"
	"    end\n"
	"    set -l wants command\n"
	"    set -l filter ''\n"
	"    for word in (__sockdash_before words)\n"
	"        set -l found ''\n"
	"        switch $wants\n"
	"            case command replayed view\n"
	"                set found (__sockdash_after command $word)\n"
	"                set wants nothing $found\n"
	"            case tape\n"
	"                set wants replayed\n"
	"            case file shell\n"
	"                set wants nothing\n"
	"            case '*'\n"
	"                if test -n \"$filter\"\n"
	"                    set found (__sockdash_after term $word)\n"
	"                    set wants filter $found\n"
	"                end\n"
	"        end\n"
	"        set wants $wants[-1]\n"
	"        test $wants = filter; and set filter 1\n"
	"    end\n"
	"    switch $wants\n"
	"        case file tape\n"
	"            __fish_complete_path (commandline -ct)\n"
	"        case '*'\n"
	"            __sockdash_set $wants\n"
	"    end\n"
	"end\n"
	"\n"
	"complete -c sockdash -f -a '(__sockdash_words)'\n";
/* clang-format on */

/* As a word in single quotes. */
static void add_quoted(struct buf *b, const char *text)
{
	buf_addc(b, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
	buf_addc(b, '\'');
}

static void take_word(struct buf *b, const char *word, const char *help)
{
	buf_addc(b, ' ');
	add_quoted(b, word);
	buf_addc(b, ' ');
	add_quoted(b, help);
}

static void begin_set(struct buf *b, const char *name, const char *of)
{
	buf_addf(b, "        case '%s%s'\n            printf '%%s\\t%%s\\n'", name, of);
}

static void end_set(struct buf *b)
{
	buf_addc(b, '\n');
}

static const struct completion_writer writer = { begin_set, take_word, end_set };

static void take_after_command(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "        case 'command:%s'\n            echo %s\n", word, wants);
}

static void take_after_term(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "        case 'term:%s'\n            echo %s\n", word, wants);
}

static void add_after_options(struct buf *b)
{
	struct option_entry o;

	for (size_t i = 0; options_entry(i, &o); i++) {
		if (o.kind == OPTION_PLAIN || o.kind == OPTION_SWITCH)
			continue;
		buf_adds(b, "        case");
		if (o.letter)
			buf_addf(b, " 'option:-%c'", o.letter);
		buf_addf(b, " 'option:--%s'\n            echo %s\n", o.name,
			completion_kinds[o.kind]);
	}
}

static void begin_option(struct buf *b)
{
	buf_adds(b, "complete -c sockdash -n __sockdash_may_be_option");
}

static void add_help(struct buf *b, const struct option_entry *o)
{
	buf_adds(b, " -d ");
	add_quoted(b, o->help ? o->help : o->name);
}

static void add_options(struct buf *b)
{
	static const char *const actions[] = {
		[OPTION_PLAIN] = "",
		[OPTION_SWITCH] = " -a '",
		[OPTION_OTHER] = " -x",
		[OPTION_FILE] = " -r -F",
		[OPTION_FIELD] = " -x -a '(__sockdash_keys)'",
		[OPTION_FIELDS] = " -x -a '(__fish_complete_list , __sockdash_fields)'",
		[OPTION_WORDS] = " -x -a '",
	};
	struct option_entry o;

	for (size_t i = 0; options_entry(i, &o); i++) {
		if (o.letter && o.kind == OPTION_SWITCH) { /* yes and no are for the long form */
			begin_option(b);
			buf_addf(b, " -s %c", o.letter);
			add_help(b, &o);
			buf_addc(b, '\n');
		}
		begin_option(b);
		if (o.letter && o.kind != OPTION_SWITCH)
			buf_addf(b, " -s %c", o.letter);
		buf_addf(b, " -l %s", o.name);
		add_help(b, &o);
		buf_adds(b, actions[o.kind]);
		for (const char *const *w = o.words; w && *w; w++)
			buf_addf(b, "%s%s", w == o.words ? "" : " ", *w);
		buf_adds(b, o.words ? "'\n" : "\n");
	}
}

void completions_fish(struct buf *b)
{
	buf_adds(b, head);
	completions_all(&writer, b);
	buf_adds(b, after_head);
	completions_after_command(take_after_command, b);
	completions_after_term(take_after_term, b);
	add_after_options(b);
	buf_adds(b, body);
	add_options(b);
}
