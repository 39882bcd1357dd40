/* The grammar: terms and connectives from left to right. What waits for the end of a parenthesis
 * stands in a list of its own, so that the depth of a text is no matter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/filter_build.h"
#include "sockdash/filter_fields.h"
#include "sockdash/filter_hints.h"
#include "sockdash/filter_terms.h"
#include "sockdash/grow.h"
#include "sockdash/utf8.h"

#define TEXT_MAX 65536
#define BLANKS   " \t\n\r"

/* What is known of a parenthesis, or of the whole, from its beginning up to here. */
struct level {
	size_t at;             /* of the parenthesis */
	uint32_t left;         /* node of all that was read, or NONE */
	uint32_t states;       /* node of the states that are about all of it, or NONE */
	enum filter_kind join; /* how the next term is joined */
	bool negated;          /* the next term */
	bool waits;            /* for a term: one must come */
	bool begins;           /* nothing was read yet */
};
#define NONE UINT32_MAX

struct parser {
	struct filter_builder b;
	struct level *levels;
	uint32_t count, room;
	struct filter_token token;
};

static struct level *level_of(struct parser *p)
{
	return &p->levels[p->count - 1];
}

static int open_level(struct parser *p)
{
	int err = grow(&p->levels, p->count, &p->room, sizeof *p->levels);

	if (err)
		return err;
	p->levels[p->count] = (struct level){ .at = p->token.at,
		.left = NONE,
		.states = NONE,
		.join = FILTER_AND,
		.waits = p->count > 0,
		.begins = true };
	p->count++;
	return 0;
}

/* A term is there: joins it with what stands before it. */
static int take(struct parser *p, uint32_t row)
{
	struct level *l = level_of(p);
	int err = 0;

	if (l->negated)
		err = filter_join(&p->b, FILTER_NOT, row, 0, &row);
	if (!err && l->left != NONE)
		err = filter_join(&p->b, l->join, l->left, row, &row);
	l->left = row;
	l->join = FILTER_AND;
	l->negated = l->waits = l->begins = false;
	return err;
}

/* All of a level, with the states before it. */
static int whole(struct parser *p, uint32_t *row)
{
	const struct level *l = level_of(p);

	if (l->left == NONE || l->states == NONE) {
		*row = l->left == NONE ? l->states : l->left;
		return 0;
	}
	return filter_join(&p->b, FILTER_AND, l->states, l->left, row);
}

static int missing_term(struct parser *p)
{
	return filter_wrong(&p->b, p->token.at, p->token.len,
		"a condition, as state close-wait, dport = :443, src 10.0.0.0/8 or process = java");
}

static int close_level(struct parser *p)
{
	uint32_t row;
	int err;

	if (p->count == 1)
		return filter_wrong(&p->b, p->token.at, p->token.len, "no ): none is open");
	if (level_of(p)->waits)
		return missing_term(p);
	err = whole(p, &row);
	p->count--;
	return err ? err : take(p, row);
}

static int connect(struct parser *p, enum filter_kind join)
{
	struct level *l = level_of(p);

	if (l->waits || (l->left == NONE && l->states == NONE))
		return missing_term(p);
	if (l->left == NONE) { /* states with a connective behind them are a term like others */
		l->left = l->states;
		l->states = NONE;
	}
	l->join = join;
	l->waits = true;
	l->begins = false;
	return 0;
}

/* ---- Terms ----------------------------------------------------------------------------------- */

static bool takes(const struct filter_word *word, enum filter_op op)
{
	if (op == FILTER_LIKE || op == FILTER_UNLIKE)
		return false;
	return word->takes == FILTER_TAKES_ORDER ||
	       (word->takes == FILTER_TAKES_EQUAL && (op == FILTER_EQ || op == FILTER_NE));
}

/* A term that begins with a word of ss. */
static int read_word(struct parser *p, const struct filter_word *word, uint32_t *row)
{
	static const char *const ops[] = {
		[FILTER_TAKES_ORDER] = "=, !=, >=, <=, > or <",
		[FILTER_TAKES_EQUAL] = "= or !=",
		[FILTER_TAKES_STATE] = filter_state_wanted,
	};
	struct filter_builder *b = &p->b;
	struct filter_operand o = { .op = FILTER_EQ };
	size_t at;
	int err;

	if (word->takes == FILTER_TAKES_NOTHING)
		return word->add(b, &o, row);
	if (filter_lex_op(&b->lexer, &o.op, &at) && !takes(word, o.op))
		return filter_wrong(b, at, b->lexer.at - at, "%s", ops[word->takes]);
	err = filter_lex_value(&b->lexer, false, &o.value);
	err = err ? err : filter_must_have(b, &o.value, word->wanted);
	return err ? err : word->add(b, &o, row);
}

static bool op_follows(const struct parser *p)
{
	struct filter_lexer ahead = p->b.lexer;
	enum filter_op op;
	size_t at;

	return filter_lex_op(&ahead, &op, &at);
}

static int unknown_word(struct parser *p)
{
	char hint[FILTER_HINT_MAX];

	if (!*filter_hint(p->token.text, hint))
		return missing_term(p);
	return filter_wrong(&p->b, p->token.at, p->token.len, "%s", hint);
}

/* What ss knows means what it means in ss; "state" is a field only with an operator. */
static int read_term(struct parser *p, uint32_t *row)
{
	const struct filter_word *word = filter_word(p->token.text);
	bool field = filter_is_field(p->token.text);

	if (word && !(field && op_follows(p)))
		return read_word(p, word, row);
	return field ? filter_add_field(&p->b, p->token.text, row) : unknown_word(p);
}

/* State words at the beginning of a level are put together as ss does on its command line: in their
 * order, "state" adds and "exclude" removes. */
static int take_states(struct parser *p, uint32_t row)
{
	struct level *l = level_of(p);
	struct filter_node *now = &p->b.f->nodes[row], *all;

	if (l->states == NONE) {
		l->states = row;
	} else {
		all = &p->b.f->nodes[l->states];
		if (*p->token.text == 'e')
			all->states &= now->states;
		else
			all->states |= now->states;
		p->b.f->count = row; /* it is not needed */
	}
	l->waits = false;
	return 0;
}

static int take_word(struct parser *p)
{
	const struct filter_word *word = filter_word(p->token.text);
	struct level *l = level_of(p);
	bool states = l->begins && !l->negated && word && word->takes == FILTER_TAKES_STATE &&
		      !op_follows(p);
	uint32_t row;
	int err = read_term(p, &row);

	if (err)
		return err;
	return states ? take_states(p, row) : take(p, row);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int take_token(struct parser *p)
{
	switch (p->token.kind) {
	case TOKEN_OPEN:
		return open_level(p);
	case TOKEN_CLOSE:
		return close_level(p);
	case TOKEN_AND:
		return connect(p, FILTER_AND);
	case TOKEN_OR:
		return connect(p, FILTER_OR);
	case TOKEN_NOT:
		level_of(p)->negated ^= true;
		level_of(p)->waits = true;
		return 0;
	default:
		return take_word(p);
	}
}

static int end(struct parser *p)
{
	const struct level *l = level_of(p);
	uint32_t row;
	int err;

	if (l->waits)
		return missing_term(p);
	if (p->count > 1)
		return filter_wrong(&p->b, p->token.at, 0, "a ) for the ( at byte %zu", l->at + 1);
	err = whole(p, &row);
	if (!err && row == NONE)
		err = filter_add(&p->b, &(struct filter_node){ .kind = FILTER_NOTHING }, &row);
	if (!err && p->b.family) {
		uint32_t family;

		err = filter_add(&p->b,
			&(struct filter_node){ .kind = FILTER_FAMILY, .ipv4 = p->b.family == 4 },
			&family);
		err = err ? err : filter_join(&p->b, FILTER_AND, row, family, &row);
	}
	return err;
}

static int parse(struct parser *p)
{
	int err = open_level(p);

	while (!err) {
		err = filter_lex(&p->b.lexer, &p->token);
		if (!err && p->token.kind == TOKEN_END)
			return end(p);
		err = err ? err : take_token(p);
	}
	return err;
}

/* Texts come from outside: no bytes that mean nothing. */
static int look_over(struct filter_builder *b, const char *text, size_t len)
{
	size_t bytes;

	if (len > TEXT_MAX)
		return filter_wrong(
			b, TEXT_MAX, len - TEXT_MAX, "no more than %d bytes in all", TEXT_MAX);
	for (size_t at = 0; at < len; at += bytes) {
		uint32_t code;

		bytes = utf8_decode(text + at, len - at, &code);
		if (bytes == 1 && code >= 0x80)
			return filter_wrong(b, at, 1, "text in UTF-8");
		if ((code < ' ' && !strchr("\t\n\r", (int)code)) || !code || code == 0x7f)
			return filter_wrong(b, at, 1, "no control characters");
	}
	return 0;
}

/* A text may become a part of another, and then its end must be one. */
static int keep_text(struct filter_builder *b, const char *text, size_t len)
{
	size_t before = 0, escapes = 0;

	while (before < len && strchr(BLANKS, text[before]))
		before++;
	while (len > before && strchr(BLANKS, text[len - 1]))
		len--;
	while (len > before + escapes && text[len - 1 - escapes] == '\\')
		escapes++;
	if (escapes % 2)
		return filter_wrong(b, len - 1, 1, "something behind the backslash");
	b->f->text = malloc(len - before + 1);
	if (!b->f->text)
		return -ENOMEM;
	*(char *)mempcpy(b->f->text, text + before, len - before) = '\0';
	return 0;
}

int filter_parse(const char *text, size_t len, struct filter **out, struct filter_error *error)
{
	struct arena words = { 0 };
	struct parser p = { .b = { .lexer = { text, len, .arena = &words }, .error = error } };
	int err;

	*out = NULL;
	err = look_over(&p.b, text, len);
	if (err)
		return err;
	p.b.f = calloc(1, sizeof *p.b.f);
	if (!p.b.f)
		return -ENOMEM;
	p.b.f->references = 1;
	err = keep_text(&p.b, text, len);
	err = err ? err : parse(&p);
	err = err ? err : filter_finish(p.b.f);
	if (err)
		filter_put(p.b.f);
	else
		*out = p.b.f;
	free(p.levels);
	arena_free(&words);
	return err;
}
