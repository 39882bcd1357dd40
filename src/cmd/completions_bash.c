/* The script for bash. It needs nothing but bash itself: what bash-completion would do about words
 * that are split at "=" it does on its own. */
#include "sockdash/completions.h"

#include <string.h>

/* clang-format off */
static const char head[] =
	"# Completion of sockdash for bash, made by: sockdash completions bash\n"
	"\n"
	"# The words of a set, in $REPLY.\n"
	"_sockdash_set()\n"
	"{\n"
	"\tREPLY=\n"
	"\tcase $1 in\n";

static const char after_head[] =
	"\tesac\n"
	"}\n"
	"\n"
	"# What is wanted behind a word of a command or a filter, or behind an option, in $REPLY.\n"
	"_sockdash_after()\n"
	"{\n"
	"\tREPLY=\n"
	"\tcase $1:$2 in\n";

static const char body[] =
	"\tesac\n"
	"}\n"
	"\n"
	"_sockdash_is_view()\n"
	"{\n"
	"\t_sockdash_set view\n"
	"\t[[ $1 && \" $REPLY \" == *\" $1 \"* ]]\n"
	"}\n"
	"\n"
	"# A word that is no option: changes what is wanted next.\n"
	"_sockdash_step()\n"
	"{\n"
	"\tlocal word\n"
	"\tcase $wants in\n"
	"\tcommand | replayed | view)\n"
	"\t\tif _sockdash_is_view \"$1\"; then\n"
	"\t\t\tview=$1\n"
	"\t\tfi\n"
	"\t\t_sockdash_after command \"$1\"\n"
	"\t\twants=${REPLY:-nothing}\n"
	"\t\t;;\n"
	"\ttape) wants=replayed ;;\n"
	"\tfile | shell) wants=nothing ;;\n"
	"\t*)\n"
	"\t\t[[ $filter ]] || return\n"
	"\t\tword=${1//[\\\'\\\"\\\\]/}\n"
	"\t\t_sockdash_after term \"$word\"\n"
	"\t\twants=${REPLY:-filter}\n"
	"\t\t;;\n"
	"\tesac\n"
	"\tif [[ $wants == filter ]]; then\n"
	"\t\tfilter=1\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# The words before the cursor. What readline has split at \"=\" is put together.\n"
	"_sockdash_walk()\n"
	"{\n"
	"\tlocal i word ended=\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ $option ]]; then\n"
	"\t\t\t[[ $word == = ]] || option=\n"
	"\t\telif [[ ! $ended && $word == -- ]]; then\n"
	"\t\t\tended=1\n"
	"\t\telif [[ ! $ended && $word == -?* ]]; then\n"
	"\t\t\t_sockdash_after option \"$word\"\n"
	"\t\t\tif [[ $REPLY && $REPLY != switch* || $word == --* && ${COMP_WORDS[i + 1]} == = ]]; then\n"
	"\t\t\t\toption=$word\n"
	"\t\t\tfi\n"
	"\t\telse\n"
	"\t\t\t_sockdash_step \"$word\"\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ $option && $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ ! $option && ! $ended && $cur == --*=* ]]; then\n"
	"\t\toption=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
	"\telif [[ ! $option && ! $ended && $cur == -* ]]; then\n"
	"\t\twants=option\n"
	"\tfi\n"
	"\t# A view that is behind the cursor says which fields there are.\n"
	"\tfor ((i = COMP_CWORD + 1; i < ${#COMP_WORDS[@]}; i++)); do\n"
	"\t\tif [[ ! $view ]] && _sockdash_is_view \"${COMP_WORDS[i]}\"; then\n"
	"\t\t\tview=${COMP_WORDS[i]}\n"
	"\t\tfi\n"
	"\tdone\n"
	"}\n"
	"\n"
	"# The argument of an option.\n"
	"_sockdash_argument()\n"
	"{\n"
	"\t_sockdash_after option \"$option\"\n"
	"\twants=$REPLY\n"
	"\tcase $wants in\n"
	"\tfields)\n"
	"\t\tif [[ $cur == *,* ]]; then\n"
	"\t\t\tprefix+=${cur%,*}, cur=${cur##*,}\n"
	"\t\tfi\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\twants=\"field $view\"\n"
	"\t\t;;\n"
	"\tfield)\n"
	"\t\tif [[ $cur == -* ]]; then\n"
	"\t\t\tprefix+=- cur=${cur#-}\n"
	"\t\tfi\n"
	"\t\twants=\"field $view\"\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_sockdash()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prefix= wants=command view= filter= option= REPLY\n"
	"\tCOMPREPLY=()\n"
	"\t_sockdash_walk\n"
	"\tif [[ $option ]]; then\n"
	"\t\t_sockdash_argument\n"
	"\tfi\n"
	"\tcase $wants in\n"
	"\tfile | tape)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -P \"$prefix\" -f -- \"$cur\")\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\t'words '* | 'switch '*) REPLY=${wants#* } ;;\n"
	"\t*) _sockdash_set \"$wants\" ;;\n"
	"\tesac\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$prefix\" -W \"$REPLY\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"complete -F _sockdash sockdash\n";
/* clang-format on */

static void take_word(struct buf *b, const char *word, const char *help)
{
	(void)help;
	/* compgen takes one backslash away, and the one that stays keeps bash from expanding it. */
	buf_addf(b, "%s%s ", strchr(word, '~') ? "\\\\" : "", word);
}

static void begin_set(struct buf *b, const char *name, const char *of)
{
	buf_addf(b, "\t'%s%s') REPLY='", name, of);
}

static void end_set(struct buf *b)
{
	buf_adds(b, "' ;;\n");
}

static const struct completion_writer writer = { begin_set, take_word, end_set };

static void add_options(struct buf *b)
{
	struct option_entry o;

	begin_set(b, "option", "");
	for (size_t i = 0; options_entry(i, &o); i++) {
		if (o.letter)
			buf_addf(b, "-%c ", o.letter);
		buf_addf(b, "--%s ", o.name);
	}
	end_set(b);
}

static void take_after_command(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "\tcommand:'%s') REPLY=%s ;;\n", word, wants);
}

static void take_after_term(struct buf *b, const char *word, const char *wants)
{
	buf_addf(b, "\tterm:'%s') REPLY=%s ;;\n", word, wants);
}

static void add_after_options(struct buf *b)
{
	struct option_entry o;

	for (size_t i = 0; options_entry(i, &o); i++) {
		if (o.kind == OPTION_PLAIN)
			continue;
		buf_adds(b, "\t");
		if (o.letter)
			buf_addf(b, "option:-%c | ", o.letter);
		buf_addf(b, "option:--%s) REPLY='%s", o.name, completion_kinds[o.kind]);
		for (const char *const *w = o.words; w && *w; w++)
			buf_addf(b, " %s", *w);
		end_set(b);
	}
}

void completions_bash(struct buf *b)
{
	buf_adds(b, head);
	completions_all(&writer, b);
	add_options(b);
	buf_adds(b, after_head);
	completions_after_command(take_after_command, b);
	completions_after_term(take_after_term, b);
	add_after_options(b);
	buf_adds(b, body);
}
