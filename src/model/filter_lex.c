/* The text of a filter, cut into words. */
#include "sockdash/filter_lex.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct filter_lexer *l)
{
	while (l->at < l->len && is_blank(l->text[l->at]))
		l->at++;
}

/* The byte so far behind the place we are at; '\0' behind the end, and nowhere else. */
static char peek(const struct filter_lexer *l, size_t ahead)
{
	return l->at + ahead < l->len ? l->text[l->at + ahead] : '\0';
}

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

/* ---- Terms and connectives ------------------------------------------------------------------- */

#define MARKS "()!&|=<>~"

static size_t word_end(const struct filter_lexer *l)
{
	size_t at = l->at;

	while (at < l->len && !is_blank(l->text[at]) && !is_in(l->text[at], MARKS "'\"")) {
		if (l->text[at] == '\\' && at + 1 < l->len)
			at++;
		at++;
	}
	return at;
}

/* What a token says, without its backslashes. */
static int copy_plain(struct filter_lexer *l, size_t at, size_t end, struct filter_token *out)
{
	char *text = arena_text(l->arena, l->text + at, end - at), *to = text;

	if (!text)
		return -ENOMEM;
	for (const char *from = text; *from; *to++ = *from++)
		if (*from == '\\' && from[1])
			from++;
	*to = '\0';
	out->text = text;
	out->plain = (size_t)(to - text) == end - at;
	return 0;
}

static enum filter_token_kind kind_of_word(const char *word)
{
	static const struct {
		const char *word;
		enum filter_token_kind kind;
	} words[] = {
		{ "and", TOKEN_AND },
		{ "or", TOKEN_OR },
		{ "not", TOKEN_NOT },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].kind;
	return TOKEN_WORD;
}

/* The bytes of a mark that means something by itself; 0: none begins here. */
static size_t mark_at(const struct filter_lexer *l, enum filter_token_kind *kind)
{
	size_t escape = peek(l, 0) == '\\' && is_in(peek(l, 1), "()!&|");
	char c = peek(l, escape), next = peek(l, escape + 1);

	*kind = c == '('   ? TOKEN_OPEN
		: c == ')' ? TOKEN_CLOSE
		: c == '&' ? TOKEN_AND
		: c == '|' ? TOKEN_OR
		: c == '!' ? TOKEN_NOT
			   : TOKEN_END;
	if (*kind == TOKEN_END || (*kind == TOKEN_NOT && is_in(next, "=~")))
		return 0;
	if (next == '\\' && peek(l, escape + 2) == c && is_in(c, "&|"))
		return escape + 3;
	return escape + 1 + (next == c && is_in(c, "&|"));
}

int filter_lex(struct filter_lexer *l, struct filter_token *out)
{
	size_t end;
	int err;

	skip_blanks(l);
	*out = (struct filter_token){ .at = l->at };
	if (l->at == l->len)
		return 0;
	out->len = mark_at(l, &out->kind);
	if (out->len) {
		l->at += out->len;
		return 0;
	}
	end = word_end(l);
	if (end == l->at) /* an operator, or a quote, where none can be */
		while (end < l->len && is_in(l->text[end], "!=<>~'\""))
			end++;
	err = copy_plain(l, l->at, end, out);
	if (err)
		return err;
	out->kind = kind_of_word(out->text);
	out->len = end - l->at;
	l->at = end;
	return 0;
}

/* ---- Operators ------------------------------------------------------------------------------- */

/* Longer ones before those they begin with. */
static const struct {
	const char *text;
	enum filter_op op;
} ops[] = {
	{ "==", FILTER_EQ },
	{ "=", FILTER_EQ },
	{ "!=", FILTER_NE },
	{ "!~", FILTER_UNLIKE },
	{ ">=", FILTER_GE },
	{ "<=", FILTER_LE },
	{ ">", FILTER_GT },
	{ "<", FILTER_LT },
	{ "~", FILTER_LIKE },
	{ "eq", FILTER_EQ },
	{ "neq", FILTER_NE },
	{ "ne", FILTER_NE },
	{ "geq", FILTER_GE },
	{ "ge", FILTER_GE },
	{ "leq", FILTER_LE },
	{ "le", FILTER_LE },
	{ "gt", FILTER_GT },
	{ "lt", FILTER_LT },
};

/* How far the text goes on like an operator, which a backslash may stand before; 0: it does not. */
static size_t op_length(const struct filter_lexer *l, const char *op)
{
	size_t ahead = 0;

	for (; *op; op++) {
		if (peek(l, ahead) == '\\' && is_in(*op, "!=<>~"))
			ahead++;
		if (peek(l, ahead++) != *op)
			return 0;
	}
	return ahead;
}

bool filter_lex_op(struct filter_lexer *l, enum filter_op *out, size_t *at)
{
	skip_blanks(l);
	*at = l->at;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		size_t len = op_length(l, ops[i].text);
		char next = peek(l, len);
		bool word = ops[i].text[0] >= 'a';

		if (len && (!word || !next || is_blank(next) || is_in(next, "()'\""))) {
			*out = ops[i].op;
			l->at += len;
			return true;
		}
	}
	return false;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* Behind the quote that closes the one here, or 0. */
static size_t quote_end(const struct filter_lexer *l)
{
	for (size_t at = l->at + 1; at < l->len; at++) {
		if (l->text[at] == l->text[l->at])
			return at + 1;
		at += l->text[at] == '\\';
	}
	return 0;
}

static int quoted_value(struct filter_lexer *l, bool pattern, struct filter_token *out)
{
	const char *from = l->text + l->at + 1, *end;
	char quote = l->text[l->at], *text, *to;

	out->len = quote_end(l);
	if (!out->len) {
		out->len = l->len - l->at;
		l->at = l->len;
		return 0;
	}
	end = l->text + out->len - 1;
	text = to = arena_alloc(l->arena, out->len - l->at);
	if (!text)
		return -ENOMEM;
	for (; from < end; *to++ = *from++)
		if (*from == '\\') {
			if (pattern && from[1] != quote)
				*to++ = *from;
			from++;
		}
	out->kind = TOKEN_WORD;
	out->len -= l->at;
	out->text = text;
	out->quoted = true;
	l->at += out->len;
	return 0;
}

int filter_lex_value(struct filter_lexer *l, bool pattern, struct filter_token *out)
{
	size_t end;
	int opened = 0;

	skip_blanks(l);
	*out = (struct filter_token){ .at = l->at };
	if (is_in(peek(l, 0), "'\""))
		return quoted_value(l, pattern, out);
	for (end = l->at; end < l->len && !is_blank(l->text[end]); end++) {
		if (l->text[end] == ')' && !opened)
			break;
		opened += (l->text[end] == '(') - (l->text[end] == ')');
		end += l->text[end] == '\\' && end + 1 < l->len;
	}
	out->len = end - l->at;
	if (!out->len || opened)
		return 0;
	out->kind = TOKEN_WORD;
	out->plain = true;
	if (pattern)
		out->text = arena_text(l->arena, l->text + l->at, out->len);
	else if (copy_plain(l, l->at, end, out))
		return -ENOMEM;
	l->at = end;
	return out->text ? 0 : -ENOMEM;
}
