/* What there is to complete: the words of commands, views, fields and filters, and what is wanted
 * behind each. The scripts of all shells are made of these. */
#include "sockdash/completions.h"

#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/filter_fields.h"
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
	[SET_STATES] = "states",
	[SET_STATE] = "state",
	[SET_PORT_OPERATORS] = "port-operator",
	[SET_PLAIN_OPERATORS] = "plain-operator",
	[SET_ORDER_OPERATORS] = "order-operator",
	[SET_TEXT_OPERATORS] = "text-operator",
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

enum operator_kind { EQUAL = 1, ORDER = 2, LIKE = 4 };

/* Those that a shell leaves alone, where there is one. */
static const struct {
	const char *word, *help;
	enum operator_kind kind;
} operators[] = {
	{ "=", "is", EQUAL },
	{ "!=", "is not", EQUAL },
	{ "ge", "at least", ORDER },
	{ "le", "at most", ORDER },
	{ "gt", "more than", ORDER },
	{ "lt", "less than", ORDER },
	{ "~", "has in it, as a regular expression", LIKE },
	{ "!~", "has not in it", LIKE },
};

static void take_operators(completion_taker *take, struct buf *b, unsigned kinds)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (operators[i].kind & kinds)
			take(b, operators[i].word, operators[i].help);
}

static void take_port_operators(completion_taker *take, struct buf *b)
{
	take_operators(take, b, EQUAL | ORDER);
}

static void take_plain_operators(completion_taker *take, struct buf *b)
{
	take_operators(take, b, EQUAL);
}

static void take_order_operators(completion_taker *take, struct buf *b)
{
	take_operators(take, b, EQUAL | ORDER | LIKE);
}

static void take_text_operators(completion_taker *take, struct buf *b)
{
	take_operators(take, b, EQUAL | LIKE);
}

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
	for (size_t i = 0; i < filter_end_count; i++)
		take(b, filter_ends[i].name, filter_ends[i].help);
	for (size_t i = 0; i < table_sockets.field_count; i++)
		if (!filter_word(table_sockets.fields[i].name))
			take(b, table_sockets.fields[i].name, table_sockets.fields[i].help);
}

static enum completion_set behind_field(const char *name)
{
	return filter_field_has_order(name) ? SET_ORDER_OPERATORS : SET_TEXT_OPERATORS;
}

/* With an operator behind it, a word that is a field too is that field. */
static enum completion_set behind_word(const struct filter_word *word)
{
	static const enum completion_set behind[] = {
		[FILTER_TAKES_NOTHING] = SET_FILTER,
		[FILTER_TAKES_STATE] = SET_STATES,
		[FILTER_TAKES_EQUAL] = SET_PLAIN_OPERATORS,
		[FILTER_TAKES_ORDER] = SET_PORT_OPERATORS,
	};

	if (!filter_is_field(word->name))
		return behind[word->takes];
	return word->takes == FILTER_TAKES_STATE ? SET_STATE : behind_field(word->name);
}

void completions_after_term(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < filter_word_count; i++)
		take(b, filter_words[i].name, completion_sets[behind_word(&filter_words[i])]);
	for (size_t i = 0; i < filter_end_count; i++)
		take(b, filter_ends[i].name, completion_sets[behind_field(filter_ends[i].name)]);
	for (size_t i = 0; i < table_sockets.field_count; i++) {
		const char *name = table_sockets.fields[i].name;

		if (!filter_word(name))
			take(b, name, completion_sets[behind_field(name)]);
	}
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		take(b, operators[i].word, "nothing");
}

static void take_states(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; filter_state_name(i); i++)
		take(b, filter_state_name(i), "state");
}

static void take_state(completion_taker *take, struct buf *b)
{
	take_states(take, b);
	take_text_operators(take, b);
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
		[SET_STATE] = take_state,
		[SET_PORT_OPERATORS] = take_port_operators,
		[SET_PLAIN_OPERATORS] = take_plain_operators,
		[SET_ORDER_OPERATORS] = take_order_operators,
		[SET_TEXT_OPERATORS] = take_text_operators,
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
