/* Terms about fields. A field is compared with a value of its kind, read once; where several
 * processes own a socket, it is enough that one of them is as asked for. */
#include "sockdash/filter_fields.h"

#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/digits.h"
#include "sockdash/endpoint.h"
#include "sockdash/filter_terms.h"
#include "sockdash/fmt.h"
#include "sockdash/group.h"
#include "sockdash/grow.h"
#include "sockdash/needs.h"
#include "sockdash/proc_fields.h"

/* Fields of the processes that own a socket. */
enum owner_field { OWNER_NONE, OWNER_PID, OWNER_PROCESS, OWNER_UNIT };

struct filter_test {
	const struct field *field; /* NULL: an end with its port */
	enum owner_field owner;
	enum filter_op op;
	bool local; /* of an end */
	bool known; /* whether it is known is all that is asked */
	bool exact; /* `number` is it, `real` may be rounded */
	int64_t number;
	double real;
	const char *text;
	regex_t *pattern;
};

const struct filter_test *filter_test_at(const struct filter *f, uint32_t test)
{
	return &f->tests[test];
}

void filter_tests_free(struct filter *f)
{
	for (uint32_t i = 0; i < f->test_count; i++)
		if (f->tests[i].pattern) {
			regfree(f->tests[i].pattern);
			free(f->tests[i].pattern);
		}
	free(f->tests);
}

unsigned filter_test_needs(const struct filter_test *t)
{
	return t->field ? t->field->needs : NEED_ADDRESSES;
}

/* ---- Testing --------------------------------------------------------------------------------- */

static bool by_order(enum filter_op op, int order)
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

/* Of a lower bound only what it proves. */
static bool bound_holds(const struct filter_test *t, double bound)
{
	switch (t->op) {
	case FILTER_GE:
		return bound >= t->real;
	case FILTER_GT:
	case FILTER_NE:
		return bound > t->real;
	default:
		return false;
	}
}

/* The text of a value, for patterns. */
static const char *text_of(const struct value *v, char room[DIGITS_MAX])
{
	switch (v->type) {
	case VALUE_TEXT:
		return v->text;
	case VALUE_ADDRESS:
		digits_address(room, v->address->bytes, v->ipv4);
		return room;
	case VALUE_COUNT:
	case VALUE_DELTA:
	case VALUE_ID:
	case VALUE_BYTES:
		digits_integer(room, v->number);
		return room;
	default:
		if (!digits_decimal(room, v->real, 1))
			*room = '\0';
		return room;
	}
}

static bool text_holds(const struct filter_test *t, const char *text)
{
	if (t->pattern)
		return (regexec(t->pattern, text, 0, NULL, 0) == 0) == (t->op == FILTER_LIKE);
	return (strcmp(text, t->text) == 0) == (t->op == FILTER_EQ);
}

static bool value_holds(const struct filter_test *t, const struct value *v)
{
	char room[DIGITS_MAX];

	if (v->type == VALUE_NONE)
		return false;
	if (t->known)
		return true;
	if (t->pattern || t->text)
		return text_holds(t, text_of(v, room));
	switch (v->type) {
	case VALUE_COUNT:
	case VALUE_DELTA:
	case VALUE_ID:
	case VALUE_BYTES:
		if (t->exact)
			return by_order(t->op, (v->number > t->number) - (v->number < t->number));
		return by_order(
			t->op, ((double)v->number > t->real) - ((double)v->number < t->real));
	case VALUE_RATE:
	case VALUE_TREND:
	case VALUE_PERCENT:
	case VALUE_AGE:
	case VALUE_SPAN:
		return v->at_least ? bound_holds(t, v->real)
				   : by_order(t->op, (v->real > t->real) - (v->real < t->real));
	default:
		return false;
	}
}

/* ---- Owners ---------------------------------------------------------------------------------- */

static enum owner_field owner_field(const struct field *field)
{
	static const struct {
		const char *name;
		enum owner_field owner;
	} names[] = {
		{ "pid", OWNER_PID },
		{ "process", OWNER_PROCESS },
		{ "unit", OWNER_UNIT },
	};

	for (size_t i = 0; field && i < sizeof names / sizeof *names; i++)
		if (strcmp(field->name, names[i].name) == 0)
			return names[i].owner;
	return OWNER_NONE;
}

static void owner_value(const struct filter_test *t, const struct frame *f, struct proc_subject p,
	struct value *out)
{
	static void (*const get[])(
		const struct frame *f, struct proc_subject p, struct value *out) = {
		[OWNER_PID] = proc_field_pid,
		[OWNER_PROCESS] = proc_field_process,
		[OWNER_UNIT] = proc_field_unit,
	};

	*out = (struct value){ .type = VALUE_NONE };
	get[t->owner](f, p, out);
}

/* One is as asked for; of "!=" and "!~": none is what they deny. */
static bool owners_hold(const struct filter_test *t, const struct frame *f, const struct sock *s)
{
	bool all = t->op == FILTER_NE || t->op == FILTER_UNLIKE, any = false;
	struct value v;

	if (!f->owners_known)
		return false;
	if (s->owner == SOCK_NONE) {
		owner_value(t, f, (struct proc_subject){ group_kind_without_owner(f, s), 0 }, &v);
		return value_holds(t, &v);
	}
	for (uint32_t e = s->owner; e != SOCK_NONE; e = frame_next_owner(f, e)) {
		owner_value(t, f, (struct proc_subject){ PROC_ROW_PROCESS, f->edges[e].proc }, &v);
		if (v.type == VALUE_NONE)
			continue;
		any = value_holds(t, &v);
		if (any != all)
			break;
	}
	return any;
}

bool filter_test_holds(const struct filter_test *t, const struct rowset *rows, uint32_t row)
{
	struct value v;

	if (t->owner)
		return owners_hold(t, rows->sample->frame, &rows->sample->frame->socks[row]);
	if (!t->field) {
		const struct frame *f = rows->sample->frame;
		const struct sock *s = &f->socks[row];
		char room[ENDPOINT_MAX];

		if (!t->local && sock_is_listener(s))
			return false;
		return t->known || text_holds(t, endpoint_text(f, s, t->local, 0, room));
	}
	v = rowset_value(rows, row, t->field);
	return value_holds(t, &v);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool is_end(const char *name)
{
	return strcmp(name, "local") == 0 || strcmp(name, "remote") == 0;
}

bool filter_is_field(const char *name)
{
	return is_end(name) || table_field(&table_sockets, name, strlen(name));
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
	struct filter_builder *b, const struct filter_operand *o, struct filter_test *t)
{
	char said[128];
	int err;

	t->pattern = malloc(sizeof *t->pattern);
	if (!t->pattern)
		return -ENOMEM;
	err = regcomp(t->pattern, o->value.text, REG_EXTENDED | REG_NOSUB);
	if (!err)
		return 0;
	regerror(err, t->pattern, said, sizeof said);
	free(t->pattern);
	t->pattern = NULL;
	return err == REG_ESPACE ? -ENOMEM
				 : filter_wrong_value(b, &o->value, NULL,
					   "a regular expression; this is none: %s", said);
}

static double unit_of(enum value_type type, const char *unit)
{
	static const struct {
		enum value_type type;
		const char *unit;
		double factor;
	} units[] = {
		{ VALUE_AGE, "s", 1 },
		{ VALUE_AGE, "m", 60 },
		{ VALUE_AGE, "h", 3600 },
		{ VALUE_AGE, "d", 86400 },
		{ VALUE_SPAN, "us", 1e-6 },
		{ VALUE_SPAN, "ms", 1e-3 },
		{ VALUE_SPAN, "s", 1 },
		{ VALUE_BYTES, "k", 1 << 10 },
		{ VALUE_BYTES, "K", 1 << 10 },
		{ VALUE_BYTES, "M", 1 << 20 },
		{ VALUE_BYTES, "G", 1 << 30 },
	};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].type == type && strcmp(units[i].unit, unit) == 0)
			return units[i].factor;
	return *unit ? 0 : 1;
}

static int read_number(
	struct filter_builder *b, const struct filter_operand *o, struct filter_test *t)
{
	const char *text = o->value.text;
	enum value_type type = t->field->type;
	char *end;
	double factor;

	t->real = *text >= '0' && *text <= '9' ? strtod(text, &end) : -1;
	factor = t->real >= 0 ? unit_of(type, end) : 0;
	if (factor == 0 || !isfinite(t->real))
		return filter_wrong_value(b, &o->value, NULL, "%s",
			type == VALUE_AGE     ? "a time, as 30, 30s, 5m, 2h or 1d"
			: type == VALUE_SPAN  ? "a time, as 0.1, 250us, 20ms or 1s"
			: type == VALUE_BYTES ? "a number of bytes, as 0, 1460, 64k or 1M"
					      : "a number");
	t->real *= factor;
	errno = 0;
	t->number = (int64_t)strtoull(text, &end, 10);
	t->exact = !*end && !errno;
	return 0;
}

static bool is_text(const struct field *field)
{
	return !field || field->type == VALUE_TEXT || field->type == VALUE_ADDRESS;
}

static int read_op(struct filter_builder *b, const struct field *field,
	const struct filter_token *name, struct filter_operand *o)
{
	const char *wanted = is_text(field)
				     ? "=, !=, ~ or !~ and a value behind this field"
				     : "=, !=, >=, <=, >, <, ~ or !~ and a value behind this field";
	size_t at;

	o->name = *name;
	if (!filter_lex_op(&b->lexer, &o->op, &at))
		return filter_wrong(b, b->lexer.at, 0, "%s", wanted);
	if (is_text(field) && o->op >= FILTER_GE && o->op <= FILTER_LT)
		return filter_wrong(b, at, b->lexer.at - at, "%s", wanted);
	return 0;
}

/* An end compared with an address: the kernel can do that. A listener has no other end. */
static int add_end(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row)
{
	uint32_t known;
	int err = filter_add_host(b, o, local, row);

	if (err || local)
		return err;
	err = add_test(b, &(struct filter_test){ .known = true }, &known);
	return err ? err : filter_join(b, FILTER_AND, *row, known, row);
}

int filter_add_field(struct filter_builder *b, const struct filter_token *name, uint32_t *row)
{
	struct filter_test t = { .field = table_field(
					 &table_sockets, name->text, strlen(name->text)),
		.local = *name->text == 'l' };
	struct filter_operand o = { .op = FILTER_EQ };
	bool like;
	int err = read_op(b, t.field, name, &o);

	if (err)
		return err;
	like = o.op == FILTER_LIKE || o.op == FILTER_UNLIKE;
	err = filter_lex_value(&b->lexer, like, &o.value);
	if (err)
		return err;
	if (o.value.kind == TOKEN_END)
		return filter_wrong(
			b, o.value.at, o.value.len, o.value.len ? "a quote at the end" : "a value");
	t.op = o.op;
	if (like)
		err = read_pattern(b, &o, &t);
	else if (!t.field || t.field->type == VALUE_ADDRESS)
		return add_end(b, &o, t.local, row);
	else if (t.field->type != VALUE_TEXT)
		err = read_number(b, &o, &t);
	else if (!(t.text = arena_text(&b->f->arena, o.value.text, strlen(o.value.text))))
		err = -ENOMEM;
	if (err)
		return err;
	t.owner = owner_field(t.field);
	err = add_test(b, &t, row);
	if (err && t.pattern) {
		regfree(t.pattern);
		free(t.pattern);
	}
	return err;
}
