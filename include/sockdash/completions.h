/* completions: scripts with which shells complete our command lines. What there is to complete comes
 * from the tables of options, views and fields; a script adds only how its shell is told. */
#ifndef SOCKDASH_COMPLETIONS_H
#define SOCKDASH_COMPLETIONS_H

#include "sockdash/options.h"
#include "sockdash/rowset.h"

/* Adds the script of a shell. */
void completions_bash(struct buf *b);
void completions_zsh(struct buf *b);
void completions_fish(struct buf *b);

struct completion_shell {
	const char *name, *help;
	void (*add_script)(struct buf *b);
};
extern const struct completion_shell completion_shells[];
extern const size_t completion_shell_count;

/* ---- What there is to complete, for the scripts ---------------------------------------------- */

enum completion_set {
	SET_COMMANDS, /* and views: the first word */
	SET_REPLAYED, /* those of a recording */
	SET_VIEWS,
	SET_SHELLS,
	SET_FILTER, /* words that begin a term of a filter, and between terms */
	SET_STATES, /* words behind "exclude" */
	SET_STATE,  /* behind "state", which is a field too */
	/* Operators: behind ports, behind other words of ss, behind fields with and without order. */
	SET_PORT_OPERATORS,
	SET_PLAIN_OPERATORS,
	SET_ORDER_OPERATORS,
	SET_TEXT_OPERATORS,
	COMPLETION_SETS,
};

/* Its name in the scripts. */
extern const char *const completion_sets[COMPLETION_SETS];

/* What an option takes, in the scripts; NULL: nothing. */
extern const char *const completion_kinds[];

/* Gets the words one after the other. */
typedef void completion_taker(struct buf *b, const char *word, const char *help);

void completions_set(enum completion_set set, completion_taker *take, struct buf *b);

/* The fields of a table; NULL: of all, each name once. */
void completions_fields(const struct table *t, completion_taker *take, struct buf *b);

/* How a script writes a set: its name, which is that of `name` and `of`; its words; its end. */
struct completion_writer {
	void (*begin)(struct buf *b, const char *name, const char *of);
	completion_taker *take;
	void (*end)(struct buf *b);
};

/* All sets, and "field ", those of all tables, and "field TABLE" for each table. */
void completions_all(const struct completion_writer *w, struct buf *b);

/* What is wanted behind the words of commands and filters, each with the name of its set or "file",
 * "tape" or "nothing" in place of the help. Words behind which a filter goes on are left out. */
void completions_after_command(completion_taker *take, struct buf *b);
void completions_after_term(completion_taker *take, struct buf *b);

#endif
