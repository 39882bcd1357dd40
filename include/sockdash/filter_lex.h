/* filter_lex: the words of a filter.
 *
 * What ss reads as one word is one word here. Beyond that, parentheses and operators need no blanks
 * around them, and values may stand in quotes. A backslash takes the next byte for what it is, as in
 * ss, but for parentheses and operators that stand alone, which a shell had to be kept from. */
#ifndef SOCKDASH_FILTER_LEX_H
#define SOCKDASH_FILTER_LEX_H

#include "sockdash/arena.h"
#include "sockdash/filter.h"

enum filter_token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_WORD,
};

struct filter_token {
	enum filter_token_kind kind;
	size_t at, len;   /* in the text */
	const char *text; /* WORD: what it says, NUL-terminated, without quotes and backslashes */
	bool quoted;
	bool plain; /* `text` is byte for byte what stands there */
};

struct filter_lexer {
	const char *text;
	size_t len, at; /* `at`: behind the last token */
	struct arena *arena;
};

/* The next token where a term or a connective may stand. 0 or -ENOMEM. */
int filter_lex(struct filter_lexer *l, struct filter_token *out);

/* An operator, if one comes next; it is passed over, and *at gets where it begins. False: the next is
 * none. */
bool filter_lex_op(struct filter_lexer *l, enum filter_op *out, size_t *at);

/* The next word as a value: whatever it is made of, up to a blank or a closing parenthesis that was
 * not opened in it. `pattern`: backslashes stay, but for one before a quote in quotes. TOKEN_END where
 * there is none (`at` tells where it is missing), or with the length of what is not closed: a quote, or
 * a parenthesis, which could close another by mistake. 0 or -ENOMEM. */
int filter_lex_value(struct filter_lexer *l, bool pattern, struct filter_token *out);

#endif
