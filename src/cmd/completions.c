/* What there is to complete: the words of commands, views, fields and filters, and what is wanted
 * behind each. The scripts of all shells are made of these. */
#include "sockdash/completions.h"

#include <string.h>

#include "sockdash/commands.h"

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
			command_takes_filter(tables[i]) ? completion_sets[SET_FILTER] : "nothing");
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

/* Words of the language of filters that are no fields. */
static const struct {
	const char *word, *help, *wants;
} filter_words[] = {
	{ "state", "only sockets in this state", "state" },
	{ "exclude", "no sockets in this state", "state" },
	{ "sport", "local port: sport = :443", "operator" },
	{ "dport", "remote port: dport = :https", "operator" },
	{ "src", "local address, prefix or port: src 10.0.0.0/8", "nothing" },
	{ "dst", "remote address, prefix or port", "nothing" },
	{ "dev", "device it is bound to", "operator" },
	{ "fwmark", "mark, or mark/mask", "operator" },
	{ "cgroup", "path of a control group", "operator" },
	{ "autobound", "the kernel chose the local port", NULL },
	{ "and", "both sides", NULL },
	{ "or", "one side or the other", NULL },
	{ "not", "not what follows", NULL },
};

static const struct {
	const char *word, *help;
} states[] = {
	{ "established", "connected" },
	{ "syn-sent", "connecting" },
	{ "syn-recv", "being connected to" },
	{ "fin-wait-1", "closed here first" },
	{ "fin-wait-2", "closed here, not there" },
	{ "time-wait", "closed, may get late segments" },
	{ "closed", "UDP without peer" },
	{ "close-wait", "closed there, not here" },
	{ "last-ack", "closed there and here, not acknowledged" },
	{ "listening", "waiting for connections" },
	{ "closing", "closed at both ends at once" },
	{ "all", "every state" },
	{ "connected", "all but listening and closed" },
	{ "synchronized", "connected without syn-sent" },
	{ "bucket", "time-wait and syn-recv" },
	{ "big", "all but bucket" },
};

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

static bool is_filter_word(const char *name)
{
	for (size_t i = 0; i < sizeof filter_words / sizeof *filter_words; i++)
		if (strcmp(filter_words[i].word, name) == 0)
			return true;
	return false;
}

static void take_filter_words(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < sizeof filter_words / sizeof *filter_words; i++)
		take(b, filter_words[i].word, filter_words[i].help);
	for (size_t i = 0; i < table_sockets.field_count; i++)
		if (!is_filter_word(table_sockets.fields[i].name))
			take(b, table_sockets.fields[i].name, table_sockets.fields[i].help);
}

void completions_after_term(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < sizeof filter_words / sizeof *filter_words; i++)
		if (filter_words[i].wants)
			take(b, filter_words[i].word, filter_words[i].wants);
	for (size_t i = 0; i < table_sockets.field_count; i++)
		if (!is_filter_word(table_sockets.fields[i].name))
			take(b, table_sockets.fields[i].name, completion_sets[SET_OPERATORS]);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		take(b, operators[i].word, "nothing");
}

static void take_states(completion_taker *take, struct buf *b)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		take(b, states[i].word, states[i].help);
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
