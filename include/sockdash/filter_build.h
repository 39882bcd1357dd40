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
	bool autobound;     /* asks for it, which takes two tests */
	struct arena arena; /* texts of the tests */
};

const struct filter_test *filter_test_at(const struct filter *f, uint32_t test);

/* What a service is called, and its ports; -1 none. */
struct filter_service {
	const char *name;
	int32_t tcp, udp;
};
#define FILTER_SERVICES 32

/* A filter while its text is read. */
struct filter_builder {
	struct filter *f;
	struct filter_lexer lexer;
	struct filter_error *error;
	uint8_t family; /* 4 or 6 once "inet:" or "inet6:" was read: all is about that one; or 0 */
	struct filter_service services[FILTER_SERVICES]; /* that were asked for, by hash */
};

/* How a term goes on behind its first word. */
struct filter_operand {
	enum filter_op op;
	struct filter_token value;
};

/* Says what is wrong with so many bytes of the text. Always -EINVAL. */
int filter_wrong(struct filter_builder *b, size_t at, size_t len, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with the value, of which `part` (a text within it, or NULL) is wrong. */
int filter_wrong_value(struct filter_builder *b, const struct filter_token *value, const char *part,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with the word that comes next, or where it is missing. */
int filter_wrong_next(struct filter_builder *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* -EINVAL where there is no value: said of the place where it is missing, or of a quote that is not
 * closed. Else 0. */
int filter_must_have(
	struct filter_builder *b, const struct filter_token *value, const char *wanted);

/* Whether "a op b" holds, from what strcmp() would say of them. */
bool filter_op_holds(enum filter_op op, int order);

/* Adds a node; *row gets its number. 0 or -ENOMEM. */
int filter_add(struct filter_builder *b, const struct filter_node *node, uint32_t *row);

/* Adds one over others: FILTER_AND, FILTER_OR, or FILTER_NOT of the left. 0 or -ENOMEM. */
int filter_join(struct filter_builder *b, enum filter_kind kind, uint32_t left, uint32_t right,
	uint32_t *row);

/* All nodes are there, the last is the whole: makes what tests it. 0 or -ENOMEM. */
int filter_finish(struct filter *f);

#endif
