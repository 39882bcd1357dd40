/* Terms about fields. A field is compared with a value of its kind, read once. Where several
 * processes own a socket, it is enough that one of them is as asked for, and "!=" means that none
 * is. What a kernel can test becomes a term of ss. */
#include "sockdash/filter_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/digits.h"
#include "sockdash/endpoint.h"
#include "sockdash/filter_hosts.h"
#include "sockdash/filter_terms.h"
#include "sockdash/filter_values.h"
#include "sockdash/group.h"
#include "sockdash/grow.h"
#include "sockdash/needs.h"
#include "sockdash/proc_fields.h"

typedef void proc_get(const struct frame *f, struct proc_subject p, struct value *out);

struct filter_test {
	const struct field *field; /* NULL: an end with its port */
	proc_get *owner;           /* of a field of the processes that own a socket */
	enum filter_op op;
	bool local; /* of an end */
	bool known; /* whether it is known is all that is asked */
	struct filter_number number;
	const char *text;
	struct filter_pattern *pattern;
};

const struct filter_test *filter_test_at(const struct filter *f, uint32_t test)
{
	return &f->tests[test];
}

void filter_tests_free(struct filter *f)
{
	for (uint32_t i = 0; i < f->test_count; i++)
		filter_pattern_free(f->tests[i].pattern);
	free(f->tests);
}

unsigned filter_test_needs(const struct filter_test *t)
{
	unsigned needs = t->field ? t->field->needs : NEED_ADDRESSES;

	return needs & NEED_AGE ? needs | NEED_BY_AGE : needs;
}

/* ---- Testing --------------------------------------------------------------------------------- */

static bool is_number(enum value_type type)
{
	return type == VALUE_COUNT || type == VALUE_DELTA || type == VALUE_ID ||
	       type == VALUE_BYTES;
}

/* As a script reads it, for patterns. */
static const char *text_of(const struct value *v, char room[DIGITS_MAX])
{
	*room = '\0';
	if (v->type == VALUE_TEXT)
		return v->text;
	if (v->type == VALUE_ADDRESS)
		digits_address(room, v->address->bytes, v->ipv4);
	else if (is_number(v->type))
		digits_integer(room, v->number);
	else
		digits_decimal(room, v->real, 1);
	return room;
}

static bool text_holds(const struct filter_test *t, const char *text)
{
	if (t->pattern)
		return filter_pattern_finds(t->pattern, text) == (t->op == FILTER_LIKE);
	return (strcmp(text, t->text) == 0) == (t->op == FILTER_EQ);
}

static int order(double a, double b)
{
	return (a > b) - (a < b);
}

/* A lower bound proves only that a value is larger than those below it. */
static bool bound_holds(const struct filter_test *t, double bound)
{
	switch (t->op) {
	case FILTER_GE:
		return bound >= t->number.real;
	case FILTER_GT:
	case FILTER_NE:
		return bound > t->number.real;
	default:
		return false;
	}
}

static bool value_holds(const struct filter_test *t, const struct value *v)
{
	char room[DIGITS_MAX];

	if (v->type == VALUE_NONE || t->known)
		return v->type != VALUE_NONE;
	if (t->pattern || t->text)
		return text_holds(t, text_of(v, room));
	if (v->at_least)
		return bound_holds(t, v->real);
	if (!is_number(v->type))
		return filter_op_holds(t->op, order(v->real, t->number.real));
	if (!t->number.exact)
		return filter_op_holds(t->op, order((double)v->number, t->number.real));
	return filter_op_holds(
		t->op, (v->number > t->number.whole) - (v->number < t->number.whole));
}

static bool owners_hold(const struct filter_test *t, const struct frame *f, const struct sock *s)
{
	bool none = t->op == FILTER_NE || t->op == FILTER_UNLIKE, holds = false;

	if (!f->owners_known)
		return false;
	if (s->owner == SOCK_NONE) {
		enum proc_row_kind kind = group_kind_without_owner(f, s);
		struct value v = { .type = VALUE_NONE };

		/* There is one, and it may be the one that is not wanted. */
		if (none && kind != PROC_ROW_NONE)
			return false;
		t->owner(f, (struct proc_subject){ .kind = kind }, &v);
		return value_holds(t, &v);
	}
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
		struct value v = { .type = VALUE_NONE };

		t->owner(f, (struct proc_subject){ PROC_ROW_PROCESS, f->edges[e].proc }, &v);
		if (v.type == VALUE_NONE)
			continue;
		holds = value_holds(t, &v);
		if (holds != none)
			break;
	}
	return holds;
}

static bool end_holds(const struct filter_test *t, const struct frame *f, const struct sock *s)
{
	char room[ENDPOINT_MAX];

	if (!t->local && sock_is_listener(s))
		return false;
	return t->known || text_holds(t, endpoint_text(f, s, t->local, 0, room));
}

bool filter_test_holds(const struct filter_test *t, const struct rowset *rows, uint32_t row)
{
	const struct frame *f = rows->sample->frame;
	struct value v;

	if (t->owner)
		return owners_hold(t, f, &f->socks[row]);
	if (!t->field)
		return end_holds(t, f, &f->socks[row]);
	v = rowset_value(rows, row, t->field);
	return value_holds(t, &v);
}

/* ---- Which there are ------------------------------------------------------------------------- */

const struct filter_end filter_ends[] = {
	{ "local", "local address and port" },
	{ "remote", "remote address and port" },
};
const size_t filter_end_count = sizeof filter_ends / sizeof *filter_ends;

static bool is_end(const char *name)
{
	for (size_t i = 0; i < filter_end_count; i++)
		if (strcmp(name, filter_ends[i].name) == 0)
			return true;
	return false;
}

static const struct field *find_field(const char *name)
{
	return table_field(&table_sockets, name, strlen(name));
}

bool filter_is_field(const char *name)
{
	return is_end(name) || find_field(name);
}

static bool has_order(const struct field *field)
{
	return field && field->type != VALUE_TEXT && field->type != VALUE_ADDRESS;
}

bool filter_field_has_order(const char *name)
{
	return has_order(find_field(name));
}

static proc_get *owner_of(const char *name)
{
	static const struct {
		const char *name;
		proc_get *get;
	} owners[] = {
		{ "pid", proc_field_pid },
		{ "process", proc_field_process },
		{ "unit", proc_field_unit },
	};

	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (strcmp(name, owners[i].name) == 0)
			return owners[i].get;
	return NULL;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool is_like(enum filter_op op)
{
	return op == FILTER_LIKE || op == FILTER_UNLIKE;
}

static int add_test(struct filter_builder *b, const struct filter_test *t, uint32_t *row)
{
	struct filter *f = b->f;
	int err = grow(&f->tests, f->test_count, &f->test_room, sizeof *f->tests);

	if (err)
		return err;
	f->tests[f->test_count] = *t;
	return filter_add(b,
		&(struct filter_node){
			.kind = FILTER_FIELD, .op = (uint8_t)t->op, .test = f->test_count++ },
		row);
}

static int read_pattern(
	struct filter_builder *b, const struct filter_operand *o, struct filter_pattern **out)
{
	char wrong[FILTER_PATTERN_WRONG];
	int err = filter_pattern_create(o->value.text, out, wrong);

	return err == -EINVAL ? filter_wrong_value(b, &o->value, NULL,
					"an extended regular expression: %s", wrong)
			      : err;
}

static int add_pattern(struct filter_builder *b, const struct filter_operand *o,
	struct filter_test *t, uint32_t *row)
{
	int err = read_pattern(b, o, &t->pattern);

	if (err)
		return err;
	err = add_test(b, t, row);
	if (err)
		filter_pattern_free(t->pattern);
	return err;
}

/* A pattern for states is one for eleven words. */
static int add_like_state(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	struct filter_pattern *pattern;
	uint32_t states = 0;
	int err = read_pattern(b, o, &pattern);

	if (err)
		return err;
	for (unsigned state = 1; state < SOCK_STATE_COUNT; state++)
		if (filter_pattern_finds(pattern, sock_state_name(state)))
			states |= UINT32_C(1) << state;
	filter_pattern_free(pattern);
	return filter_add_states(b, states, o->op == FILTER_LIKE, row);
}

static int add_state(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	int64_t states;

	if (is_like(o->op))
		return add_like_state(b, o, row);
	states = filter_state_word(o->value.text);
	if (states < 0)
		return filter_wrong_value(b, &o->value, NULL, "%s", filter_state_wanted);
	return filter_add_states(b, (uint32_t)states, o->op == FILTER_EQ, row);
}

/* Ends, addresses and ports compared with one: what ss has, but that of a listener no remote end is
 * known. */
static int add_place(struct filter_builder *b, const struct filter_operand *o,
	const struct filter_test *t, uint32_t *row)
{
	bool port = t->field && t->field->type == VALUE_ID;
	uint32_t known;
	int err =
		port ? filter_add_port(b, o, t->local, row) : filter_add_host(b, o, t->local, row);

	if (err || t->local)
		return err;
	err = add_test(b, &(struct filter_test){ .known = true }, &known);
	return err ? err : filter_join(b, FILTER_AND, *row, known, row);
}

static int add_value(struct filter_builder *b, const struct filter_operand *o,
	struct filter_test *t, uint32_t *row)
{
	if (t->field->type == VALUE_TEXT)
		t->text = arena_text(&b->f->arena, o->value.text, strlen(o->value.text));
	else if (!filter_number_read(o->value.text, t->field->type, &t->number))
		return filter_wrong_value(
			b, &o->value, NULL, "%s", filter_number_wanted(t->field->type));
	return t->field->type == VALUE_TEXT && !t->text ? -ENOMEM : add_test(b, t, row);
}

static int read_operand(
	struct filter_builder *b, const struct field *field, struct filter_operand *o)
{
	const char *ops = has_order(field) ? "=, !=, <, <=, >, >=, ~ or !~" : "=, !=, ~ or !~";
	size_t at;
	int err;

	if (!filter_lex_op(&b->lexer, &o->op, &at))
		return filter_wrong_next(b, "%s behind the name of a field", ops);
	if (!has_order(field) && o->op >= FILTER_GE && o->op <= FILTER_LT)
		return filter_wrong(b, at, b->lexer.at - at, "%s: this field has no order", ops);
	err = filter_lex_value(&b->lexer, is_like(o->op), &o->value);
	return err ? err : filter_must_have(b, &o->value, "a value");
}

int filter_add_field(struct filter_builder *b, const char *name, uint32_t *row)
{
	struct filter_test t = { .field = find_field(name),
		.owner = owner_of(name),
		.local = strncmp(name, "local", 5) == 0 };
	struct filter_operand o = { .op = FILTER_EQ };
	int err = read_operand(b, t.field, &o);

	if (err)
		return err;
	t.op = o.op;
	if (strcmp(name, "state") == 0)
		return add_state(b, &o, row);
	if (is_like(o.op))
		return add_pattern(b, &o, &t, row);
	if (is_end(name) || strncmp(name, "local_", 6) == 0 || strncmp(name, "remote_", 7) == 0)
		return add_place(b, &o, &t, row);
	return add_value(b, &o, &t, row);
}
