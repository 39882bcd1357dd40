/* What there is to complete: the words of commands, views, fields and filters, and what is wanted
 * behind each. The scripts of all shells are made of these. */
#include "sockdash/completions.h"

#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/filter_terms.h"

const struct completion_shell completion_shells[] = {
	{ "bash", "a script for bash", completions_bash },
	{ "zsh", "a script for zsh", completions_zsh },
	{ "fish", "a script for fish", completions_fish },
};
const size_t completion_shell_count = sizeof completion_shells / sizeof *completion_shells;

const char *const completion_sets[COMPLETION_SETS] = {
	[SET_COMMANDS] = "command",
	[SET_REPLAYED] = "replayed",
	[SET_VIEWS] = "view",
	[SET_SHELLS] = "shell",
	[SET_FILTER] = "filter",
	[SET_STATES] = "state",
	[SET_OPERATORS] = "operator",
};

const char *const completion_kinds[] = {
	[OPTION_PLAIN] = NULL,
	[OPTION_SWITCH] = "switch",
	[OPTION_OTHER] = "nothing",
	[OPTION_FILE] = "file",
	[OPTION_FIELD] = "field",
	[OPTION_FIELDS] = "fields",
	[OPTION_WORDS] = "words",
};

/* ---- Commands -------------------------------------------------------------------------------- */

static void take_tables(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < table_count; i++)
		take(b, tables[i]->name, tables[i]->help);
}

static void take_all_commands(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < command_count; i++)
		take(b, commands[i].name, commands[i].help);
	take_tables(take, b);
}

static void take_replayed_commands(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < command_count; i++)
		if (commands[i].of_recordings)
			take(b, commands[i].name, commands[i].help);
	take_tables(take, b);
}

static void take_shells(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < completion_shell_count; i++)
		take(b, completion_shells[i].name, completion_shells[i].help);
}

void completions_after_command(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < command_count; i++)
		take(b, commands[i].name, commands[i].wants);
	for (size_t i = 0; i < table_count; i++)
		take(b, tables[i]->name,
			tables[i]->unfiltered ? "nothing" : completion_sets[SET_FILTER]);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* Whether a table before this one has a field of that name. */
static bool was_there(const char *name, size_t table)
{
	for (size_t i = 0; i < table; i++)
		if (table_field(tables[i], name, strlen(name)))
			return true;
	return false;
}

void completions_fields(const struct table *t, completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < table_count; i++) {
		if (t && tables[i] != t)
			continue;
		for (size_t k = 0; k < tables[i]->field_count; k++) {
			const struct field *f = &tables[i]->fields[k];

			if (t || !was_there(f->name, i))
				take(b, f->name, f->help);
		}
	}
}

/* ---- Filters --------------------------------------------------------------------------------- */

/* Those that a shell leaves alone. */
static const struct {
	const char *word, *help;
} operators[] = {
	{ "=", "is" },
	{ "!=", "is not" },
	{ "ge", "at least" },
	{ "le", "at most" },
	{ "gt", "more than" },
	{ "lt", "less than" },
};

/* Words that stand between terms. */
static const struct {
	const char *word, *help;
} between[] = {
	{ "and", "both" },
	{ "or", "one or the other" },
	{ "not", "not what follows" },
};

static void take_filter_words(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < sizeof between / sizeof *between; i++)
		take(b, between[i].word, between[i].help);
	for (size_t i = 0; i < filter_word_count; i++)
		take(b, filter_words[i].name,
			filter_words[i].wanted ? filter_words[i].wanted : "stands alone");
	for (size_t i = 0; i < table_sockets.field_count; i++)
		if (!filter_word(table_sockets.fields[i].name))
			take(b, table_sockets.fields[i].name, table_sockets.fields[i].help);
}

void completions_after_term(completion_taker *take, struct buf *b)
{
	static const enum completion_set behind[] = {
		[FILTER_TAKES_NOTHING] = SET_FILTER,
		[FILTER_TAKES_STATE] = SET_STATES,
		[FILTER_TAKES_EQUAL] = SET_OPERATORS,
		[FILTER_TAKES_ORDER] = SET_OPERATORS,
	};

	for (size_t i = 0; i < filter_word_count; i++)
		take(b, filter_words[i].name, completion_sets[behind[filter_words[i].takes]]);
	for (size_t i = 0; i < table_sockets.field_count; i++)
		if (!filter_word(table_sockets.fields[i].name))
			take(b, table_sockets.fields[i].name, completion_sets[SET_OPERATORS]);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		take(b, operators[i].word, "nothing");
}

static void take_states(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; filter_state_name(i); i++)
		take(b, filter_state_name(i), "state");
}

static void take_operators(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		take(b, operators[i].word, operators[i].help);
}

void completions_set(enum completion_set set, completion_taker *take, struct buf *b)
{
	static void (*const takers[COMPLETION_SETS])(completion_taker *, struct buf *) = {
		[SET_COMMANDS] = take_all_commands,
		[SET_REPLAYED] = take_replayed_commands,
		[SET_VIEWS] = take_tables,
		[SET_SHELLS] = take_shells,
		[SET_FILTER] = take_filter_words,
		[SET_STATES] = take_states,
		[SET_OPERATORS] = take_operators,
	};

	takers[set](take, b);
}

static void write_fields(const struct completion_writer *w, const struct table *t, struct buf *b)
{
	w->begin(b, "field ", t ? t->name : "");
	completions_fields(t, w->take, b);
	w->end(b);
}

void completions_all(const struct completion_writer *w, struct buf *b)
{
	for (int i = 0; i < COMPLETION_SETS; i++) {
		w->begin(b, completion_sets[i], "");
		completions_set((enum completion_set)i, w->take, b);
		w->end(b);
	}
	write_fields(w, NULL, b);
	for (size_t i = 0; i < table_count; i++)
		write_fields(w, tables[i], b);
}
