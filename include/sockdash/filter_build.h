/* filter_build: what a filter is made of, and how it is put together from its terms. */
#ifndef SOCKDASH_FILTER_BUILD_H
#define SOCKDASH_FILTER_BUILD_H

#include "sockdash/arena.h"
#include "sockdash/filter.h"
#include "sockdash/filter_lex.h"

/* A term of the filter, in the order in which they are tested, and which comes next. */
struct filter_step {
	const struct filter_node *node;
	uint32_t yes, no; /* steps, or FILTER_TRUE, FILTER_FALSE */
};
#define FILTER_TRUE  UINT32_MAX
#define FILTER_FALSE (UINT32_MAX - 1)

struct filter {
	unsigned references; /* atomic */
	char *text;
	struct filter_node *nodes;
	uint32_t count, room;
	struct filter_test *tests; /* of the FIELD nodes */
	uint32_t test_count, test_room;
	struct filter_step *steps;
	unsigned needs;
	uint32_t states;
	struct arena arena; /* texts of the tests */
};

const struct filter_test *filter_test_at(const struct filter *f, uint32_t test);

/* A filter while its text is read. */
struct filter_builder {
	struct filter *f;
	struct filter_lexer lexer;
	struct filter_error *error;
	uint8_t family; /* 4 or 6 once "inet:" or "inet6:" was seen: all is about that one; or 0 */
};

/* The value of a term where it stands in the text. */
struct filter_operand {
	enum filter_op op;
	struct filter_token name; /* the word that begins the term */
	struct filter_token value;
};

/* Says what is wrong with so many bytes of the text. Always -EINVAL. */
int filter_wrong(struct filter_builder *b, size_t at, size_t len, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with the value, of which `part` (a text within it, or NULL) is wrong. */
int filter_wrong_value(struct filter_builder *b, const struct filter_token *value, const char *part,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a node; *row gets its number. 0 or -ENOMEM. */
int filter_add(struct filter_builder *b, const struct filter_node *node, uint32_t *row);

/* Adds one over others: FILTER_AND, FILTER_OR, or FILTER_NOT of the left. 0 or -ENOMEM. */
int filter_join(struct filter_builder *b, enum filter_kind kind, uint32_t left, uint32_t right,
	uint32_t *row);

/* All nodes are there, the last is the whole: makes what tests it. 0 or -ENOMEM. */
int filter_finish(struct filter *f);

#endif
