/* How a filter is put together: the nodes of its terms and connectives, and from them the terms in
 * order with jumps, so that a row is tested with as few of them as it takes, and without recursion. */
#include "sockdash/filter_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/filter_fields.h"
#include "sockdash/grow.h"
#include "sockdash/needs.h"

static int wrong(struct filter_builder *b, size_t at, size_t len, const char *format, va_list args)
{
	b->error->at = at;
	b->error->len = len;
	vsnprintf(b->error->wanted, sizeof b->error->wanted, format, args);
	return -EINVAL;
}

int filter_wrong(struct filter_builder *b, size_t at, size_t len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	wrong(b, at, len, format, args);
	va_end(args);
	return -EINVAL;
}

int filter_wrong_value(struct filter_builder *b, const struct filter_token *value, const char *part,
	const char *format, ...)
{
	size_t before = part && value->plain ? (size_t)(part - value->text) : 0;
	va_list args;

	va_start(args, format);
	wrong(b, value->at + before, value->len - before, format, args);
	va_end(args);
	return -EINVAL;
}

int filter_wrong_next(struct filter_builder *b, const char *format, ...)
{
	struct filter_lexer ahead = b->lexer;
	struct filter_token next;
	va_list args;
	int err = filter_lex_value(&ahead, false, &next);

	if (err)
		return err;
	va_start(args, format);
	wrong(b, next.at, next.len, format, args);
	va_end(args);
	return -EINVAL;
}

int filter_must_have(struct filter_builder *b, const struct filter_token *value, const char *wanted)
{
	bool quote = value->len && strchr("'\"", b->lexer.text[value->at]);

	if (value->kind != TOKEN_END)
		return 0;
	return filter_wrong(b, value->at, value->len, "%s",
		quote        ? "the same quote at the end"
		: value->len ? "a ) for each (, or quotes around the value"
			     : wanted);
}

bool filter_op_holds(enum filter_op op, int order)
{
	switch (op) {
	case FILTER_EQ:
		return order == 0;
	case FILTER_NE:
		return order != 0;
	case FILTER_GE:
		return order >= 0;
	case FILTER_LE:
		return order <= 0;
	case FILTER_GT:
		return order > 0;
	case FILTER_LT:
		return order < 0;
	default:
		return false;
	}
}

int filter_add(struct filter_builder *b, const struct filter_node *node, uint32_t *row)
{
	struct filter *f = b->f;
	int err = grow(&f->nodes, f->count, &f->room, sizeof *f->nodes);

	if (err)
		return err;
	f->nodes[f->count] = *node;
	*row = f->count++;
	return 0;
}

int filter_join(struct filter_builder *b, enum filter_kind kind, uint32_t left, uint32_t right,
	uint32_t *row)
{
	return filter_add(b,
		&(struct filter_node){ .kind = (uint8_t)kind, .left = left, .right = right }, row);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* What is found out of each node on the way. */
struct work {
	uint32_t first;        /* step of its first term */
	uint32_t yes, no;      /* where it goes on */
	uint32_t may, may_not; /* states of sockets of which it can be true, or false */
};

static bool is_term(const struct filter_node *n)
{
	return n->kind != FILTER_AND && n->kind != FILTER_OR && n->kind != FILTER_NOT;
}

static void find_states(const struct filter_node *n, struct work *work, struct work *own)
{
	const struct work *left = &work[n->left], *right = &work[n->right];

	switch ((enum filter_kind)n->kind) {
	case FILTER_AND:
		own->may = left->may & right->may;
		own->may_not = left->may_not | right->may_not;
		break;
	case FILTER_OR:
		own->may = left->may | right->may;
		own->may_not = left->may_not & right->may_not;
		break;
	case FILTER_NOT:
		own->may = left->may_not;
		own->may_not = left->may;
		break;
	case FILTER_STATE:
		own->may = n->states;
		own->may_not = FILTER_ALL_STATES & ~n->states;
		break;
	case FILTER_NOTHING:
		own->may = FILTER_ALL_STATES;
		own->may_not = 0;
		break;
	default:
		own->may = own->may_not = FILTER_ALL_STATES;
	}
}

static unsigned needs_of(const struct filter *f, const struct filter_node *n)
{
	switch ((enum filter_kind)n->kind) {
	case FILTER_HOST:
		return NEED_ADDRESSES;
	case FILTER_DEVICE:
		return NEED_ADDRESSES | NEED_DEVICES;
	case FILTER_MARK:
		return NEED_MARKS;
	case FILTER_CGROUP:
		return NEED_CGROUPS;
	case FILTER_AUTOBOUND:
		return NEED_AUTOBOUND | NEED_COUNTERS; /* the range of ephemeral ports is one */
	case FILTER_FIELD:
		return filter_test_needs(filter_test_at(f, n->test));
	default:
		return 0;
	}
}

/* Terms get their steps in the order of the text, which is that of their nodes. */
static uint32_t number_steps(struct filter *f, struct work *work)
{
	uint32_t steps = 0;

	for (uint32_t i = 0; i < f->count; i++) {
		const struct filter_node *n = &f->nodes[i];

		work[i].first = is_term(n) ? steps++ : work[n->left].first;
		find_states(n, work, &work[i]);
		f->needs |= needs_of(f, n);
		f->autobound |= n->kind == FILTER_AUTOBOUND;
	}
	return steps;
}

/* From the whole down to its parts, which stand before it. */
static void place_jumps(struct filter *f, struct work *work)
{
	for (uint32_t i = f->count; i--;) {
		const struct filter_node *n = &f->nodes[i];
		struct work *own = &work[i], *left = &work[n->left], *right = &work[n->right];

		if (is_term(n)) {
			f->steps[own->first] = (struct filter_step){ n, own->yes, own->no };
			continue;
		}
		left->yes = n->kind == FILTER_AND   ? right->first
			    : n->kind == FILTER_NOT ? own->no
						    : own->yes;
		left->no = n->kind == FILTER_OR    ? right->first
			   : n->kind == FILTER_NOT ? own->yes
						   : own->no;
		if (n->kind == FILTER_NOT)
			continue;
		right->yes = own->yes;
		right->no = own->no;
	}
}

int filter_finish(struct filter *f)
{
	struct work *work = calloc(f->count, sizeof *work);
	uint32_t last = f->count - 1;

	if (!work)
		return -ENOMEM;
	f->steps = calloc(number_steps(f, work), sizeof *f->steps);
	if (f->steps) {
		work[last].yes = FILTER_TRUE;
		work[last].no = FILTER_FALSE;
		place_jumps(f, work);
		f->states = work[last].may;
	}
	free(work);
	return f->steps ? 0 : -ENOMEM;
}
