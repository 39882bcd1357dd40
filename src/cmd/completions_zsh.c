/* The script for zsh: _arguments knows about options, the rest is a walk over the words. It serves
 * from a folder of $fpath and when it is sourced. */
#include "sockdash/completions.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char head[] =
	"#compdef sockdash\n"
	"# Completion of sockdash for zsh, made by: sockdash completions zsh\n"
	"\n"
	"# The words of a set, in $reply.\n"
	"_sockdash_set()\n"
	"{\n"
	"\treply=()\n"
	"\tcase $1 in\n";

static const char after_head[] =
	"\tesac\n"
	"}\n"
	"\n"
	"# What is wanted behind a word, in $REPLY.\n"
	"_sockdash_after()\n"
	"{\n"
	"\tREPLY=\n"
	"\tcase $1:$2 in\n";

static const char body[] =
	"\tesac\n"
	"}\n"
	"\n"
	"_sockdash_fields()\n"
	"{\n"
	"\tlocal word view=\n"
	"\tlocal -a reply views\n"
	"\t_sockdash_set view\n"
	"\tviews=(${reply%%:*})\n"
	"\tfor word in $words; do\n"
	"\t\tif [[ -z $view && -n ${views[(re)$word]} ]]; then\n"
	"\t\t\tview=$word\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t_sockdash_set \"field $view\"\n"
	"\t_describe -t fields field reply \"$@\"\n"
	"}\n"
	"\n"
	"_sockdash_field()\n"
	"{\n"
	"\tcompset -P -\n"
	"\t_sockdash_fields\n"
	"}\n"
	"\n"
	"_sockdash_list()\n"
	"{\n"
	"\tcompset -P '*,'\n"
	"\tcompset -S ',*'\n"
	"\t_sockdash_fields -qS ,\n"
	"}\n"
	"\n"
	"# The words before the cursor that are no options, in $reply.\n"
	"_sockdash_plain()\n"
	"{\n"
	"\tlocal word option= ended=\n"
	"\treply=()\n"
	"\tfor word in ${words[2,CURRENT-1]}; do\n"
	"\t\tif [[ -n $option ]]; then\n"
	"\t\t\toption=\n"
	"\t\telif [[ -z $ended && $word == -- ]]; then\n"
	"\t\t\tended=1\n"
	"\t\telif [[ -z $ended && $word == -?* ]]; then\n"
	"\t\t\t_sockdash_after option $word\n"
	"\t\t\toption=$REPLY\n"
	"\t\telse\n"
	"\t\t\treply+=($word)\n"
	"\t\tfi\n"
	"\tdone\n"
	"}\n"
	"\n"
	"_sockdash_words()\n"
	"{\n"
	"\tlocal wants=command filter= word REPLY\n"
	"\tlocal -a reply\n"
	"\t_sockdash_plain\n"
	"\tfor word in $reply; do\n"
	"\t\tcase $wants in\n"
	"\t\t(command|replayed|view) _sockdash_after command $word; wants=${REPLY:-nothing} ;;\n"
	"\t\t(tape) wants=replayed ;;\n"
	"\t\t(file|shell) wants=nothing ;;\n"
	"\t\t(*)\n"
	"\t\t\tif [[ -n $filter ]]; then\n"
	"\t\t\t\t_sockdash_after term ${(Q)word}\n"
	"\t\t\t\twants=${REPLY:-filter}\n"
	"\t\t\tfi\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\tif [[ $wants == filter ]]; then\n"
	"\t\t\tfilter=1\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tcase $wants in\n"
	"\t(file|tape) _files ;;\n"
	"\t(nothing) _message 'no more words' ;;\n"
	"\t(*)\n"
	"\t\t_sockdash_set $wants\n"
	"\t\t_describe -t words $wants reply\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_sockdash()\n"
	"{\n"
	"\t_arguments -s -S";

static const char tail[] =
	" \\\n"
	"\t\t'*:word:_sockdash_words'\n"
	"}\n"
	"\n"
	"if [[ ${funcstack[1]} == _sockdash ]]; then\n"
	"\t_sockdash \"$@\"\n"
	"else\n"
	"\tcompdef _sockdash sockdash\n"
	"fi\n";
/* clang-format on */

/* Inside of single quotes, with a backslash before each of `special`. */
static void add_quoted(struct buf *b, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_adds(b, "'\\'");
		else if (strchr(special, *text))
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
}

static void take_word(struct buf *b, const char *word, const char *help)
{
	buf_adds(b, "\n\t\t\t'");
	add_quoted(b, word, ":\\");
	buf_addc(b, ':');
	add_quoted(b, help, "");
	buf_addc(b, '\'');
}

static void begin_set(struct buf *b, const char *name, const char *of)
{
	buf_addf(b, "\t('%s%s') reply=(", name, of);
}

static void end_set(struct buf *b)
{
	buf_adds(b, "\n\t\t) ;;\n");
}

static const struct completion_writer writer = { begin_set, take_word, end_set };

static void take_after_command(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "\t('command:%s') REPLY=%s ;;\n", word, wants);
}

static void take_after_term(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "\t('term:%s') REPLY=%s ;;\n", word, wants);
}

static void add_after_options(struct buf *b)
{
	struct option_entry o;

	for (size_t i = 0; options_entry(i, &o); i++) {
		if (o.kind == OPTION_PLAIN || o.kind == OPTION_SWITCH)
			continue;
		buf_adds(b, "\t(");
		if (o.letter)
			buf_addf(b, "option:-%c|", o.letter);
		buf_addf(b, "option:--%s) REPLY=%s ;;\n", o.name, completion_kinds[o.kind]);
	}
}

/* What follows the description of an option: a message and what completes its argument. */
static void add_action(struct buf *b, const struct option_entry *o)
{
	static const char *const actions[] = {
		[OPTION_OTHER] = ":value: ",
		[OPTION_FILE] = ":file:_files",
		[OPTION_FIELD] = ":field:_sockdash_field",
		[OPTION_FIELDS] = ":fields:_sockdash_list",
	};

	if (o->words) {
		buf_adds(b, o->kind == OPTION_SWITCH ? "::value:(" : ":value:(");
		for (const char *const *w = o->words; *w; w++) {
			buf_adds(b, w == o->words ? "" : " ");
			add_quoted(b, *w, ":");
		}
		buf_addc(b, ')');
	} else if (o->kind != OPTION_PLAIN) {
		buf_adds(b, actions[o->kind]);
	}
}

/* '(-d --interval)-d+[time between samples]:value: ' */
static void add_spec(struct buf *b, const struct option_entry *o, const char *spelling)
{
	bool is_long = spelling[1] == '-';

	buf_adds(b, " \\\n\t\t'");
	if (o->letter)
		buf_addf(b, "(-%c --%s)", o->letter, o->name);
	buf_adds(b, spelling);
	if (o->kind == OPTION_SWITCH && is_long)
		buf_adds(b, "=-");
	else if (o->kind != OPTION_PLAIN && o->kind != OPTION_SWITCH)
		buf_addc(b, is_long ? '=' : '+');
	buf_addc(b, '[');
	add_quoted(b, o->help ? o->help : o->name, "[]:\\");
	buf_addc(b, ']');
	if (o->kind != OPTION_SWITCH || is_long)
		add_action(b, o);
	buf_addc(b, '\'');
}

static void add_options(struct buf *b)
{
	struct option_entry o;

	for (size_t i = 0; options_entry(i, &o); i++) {
		char spelling[64];

		snprintf(spelling, sizeof spelling, "-%c", o.letter);
		if (o.letter)
			add_spec(b, &o, spelling);
		snprintf(spelling, sizeof spelling, "--%s", o.name);
		add_spec(b, &o, spelling);
	}
}

void completions_zsh(struct buf *b)
{
	buf_adds(b, head);
	completions_all(&writer, b);
	buf_adds(b, after_head);
	completions_after_command(take_after_command, b);
	completions_after_term(take_after_term, b);
	add_after_options(b);
	buf_adds(b, body);
	add_options(b);
	buf_adds(b, tail);
}
