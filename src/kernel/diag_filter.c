/* diag_filter: from conditions to the kernel's bytecode. Pure.
 *
 * An operation goes on with the next one where its test holds, and jumps forward by `no` bytes where
 * it does not; the end of the program accepts, four bytes behind it reject. So the program is
 * written from its end to its beginning: where a jump goes to is then known. It has no NOT: under
 * one, AND becomes OR and every test its opposite, so what cannot be tested is "true" wherever it
 * stands, and a superset is accepted. */
#include "sockdash/diag_filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Not all are in the headers of older distributions. */
enum {
	OP_JMP = 1,
	OP_S_GE = 2,
	OP_S_LE = 3,
	OP_D_GE = 4,
	OP_D_LE = 5,
	OP_AUTO = 6,
	OP_S_COND = 7,
	OP_D_COND = 8,
	OP_DEV_COND = 9,
	OP_MARK_COND = 10,
	OP_S_EQ = 11,
	OP_D_EQ = 12,
	OP_CGROUP_COND = 13,
};

/* Places are distances to the end of the program. */
enum { ACCEPT = 0, REJECT = -4, NEXT = -8 };

enum { OP_SIZE = sizeof(struct inet_diag_bc_op), TEST_MAX = 28, PORT_LAST = 65535 };

enum truth { NEVER, ALWAYS, TESTED };
enum parts { LEFT, RIGHT, BOTH, EITHER };

/* What is left of a condition, or of its opposite. */
struct plan {
	uint8_t truth; /* enum truth */
	uint8_t parts; /* enum parts, of TESTED that is made of others */
	uint32_t size; /* bytes that it takes at most */
};

/* A condition to be written, and where to go on. */
struct todo {
	uint32_t cond;
	bool opposite;
	int yes, no;
};

struct writer {
	const struct diag_cond *conds;
	const struct diag_filter_for *whom;
	struct plan (*plans)[2]; /* per condition: of itself and of its opposite */
	struct todo *stack;      /* room for as many as there are conditions */
	size_t depth;
	uint8_t *end;
	int len; /* written so far */
	struct diag_program *program;
};

/* ---- What can be tested ---------------------------------------------------------------------- */

/* A row does not tell the mark or the group of every socket in TIME-WAIT, for which the kernel takes
 * 0; and whether "is not" holds for what is not known is not for us to say. */
static bool is_clear(const struct diag_cond *c, bool opposite, bool matches_zero)
{
	return opposite ? !matches_zero : !c->differs;
}

static bool is_testable(
	const struct diag_cond *c, bool opposite, const struct diag_filter_for *whom)
{
	switch (c->kind) {
	case DIAG_COND_PORTS:
	case DIAG_COND_HOST:
	case DIAG_COND_AUTO:
		return whom->level >= DIAG_FILTER_HOSTS;
	case DIAG_COND_DEVICE:
		return whom->level >= DIAG_FILTER_MARKS;
	case DIAG_COND_MARK:
		return whom->level >= DIAG_FILTER_MARKS && whom->marks &&
		       is_clear(c, opposite, c->mark == 0);
	case DIAG_COND_CGROUP:
		return whom->level >= DIAG_FILTER_CGROUPS && is_clear(c, opposite, c->cgroup == 0);
	default:
		return false;
	}
}

/* Of a condition that is not made of others, or of its opposite. */
static enum truth truth_of(
	const struct diag_cond *c, bool opposite, const struct diag_filter_for *whom)
{
	if (c->kind == DIAG_COND_STATES)
		return (opposite ? ~c->states : c->states) & whom->states ? ALWAYS : NEVER;
	if (c->kind == DIAG_COND_PORTS && c->low > c->high)
		return opposite ? ALWAYS : NEVER;
	if (c->kind == DIAG_COND_PORTS && c->low == 0 && c->high == PORT_LAST)
		return opposite ? NEVER : ALWAYS;
	return is_testable(c, opposite, whom) ? TESTED : ALWAYS;
}

/* With the jump that may follow. */
static uint32_t size_of(const struct diag_cond *c)
{
	if (c->kind == DIAG_COND_HOST)
		return TEST_MAX + OP_SIZE;
	if (c->kind == DIAG_COND_PORTS && c->low != c->high)
		return 2 * (2 * OP_SIZE + OP_SIZE);
	return 2 * OP_SIZE + 8 + OP_SIZE;
}

/* ---- The plan -------------------------------------------------------------------------------- */

static struct plan take(struct plan p, enum parts parts)
{
	p.parts = (uint8_t)parts;
	return p;
}

/* Of what would be too long one half is enough: that accepts more. */
static struct plan both(struct plan left, struct plan right)
{
	if (left.truth == NEVER || right.truth == ALWAYS)
		return take(left, LEFT);
	if (right.truth == NEVER || left.truth == ALWAYS)
		return take(right, RIGHT);
	if (left.size + right.size > DIAG_PROGRAM_MAX)
		return left.size < right.size ? take(right, RIGHT) : take(left, LEFT);
	return (struct plan){ TESTED, BOTH, left.size + right.size };
}

static struct plan either(struct plan left, struct plan right)
{
	if (left.truth == ALWAYS || right.truth == NEVER)
		return take(left, LEFT);
	if (right.truth == ALWAYS || left.truth == NEVER)
		return take(right, RIGHT);
	if (left.size + right.size > DIAG_PROGRAM_MAX)
		return (struct plan){ .truth = ALWAYS };
	return (struct plan){ TESTED, EITHER, left.size + right.size };
}

static struct plan plan_one(const struct writer *w, const struct diag_cond *c, bool opposite)
{
	enum truth truth;

	if (c->kind == DIAG_COND_NOT)
		return take(w->plans[c->left][!opposite], LEFT);
	if (c->kind == DIAG_COND_AND || c->kind == DIAG_COND_OR)
		return ((c->kind == DIAG_COND_AND) != opposite ? both : either)(
			w->plans[c->left][opposite], w->plans[c->right][opposite]);
	truth = truth_of(c, opposite != c->differs, w->whom);
	return (struct plan){ .truth = (uint8_t)truth, .size = truth == TESTED ? size_of(c) : 0 };
}

static void plan_all(struct writer *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct diag_cond *c = &w->conds[i];

		assert(c->kind > DIAG_COND_NOT ||
			(c->left < i && (c->kind == DIAG_COND_NOT || c->right < i)));
		for (unsigned opposite = 0; opposite < 2; opposite++)
			w->plans[i][opposite] = plan_one(w, c, opposite);
	}
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Puts an operation in front of those that are there, which jumps to `no`. */
static void put(struct writer *w, uint8_t code, const void *data, size_t len, int no)
{
	int size = OP_SIZE + (int)len, at = w->len + size;
	struct inet_diag_bc_op op = {
		.code = code,
		.yes = (uint8_t)size,
		.no = (uint16_t)(at - no),
	};

	memcpy(w->end - at, &op, sizeof op);
	memcpy(w->end - at + OP_SIZE, data, len);
	w->len = at;
}

static void test(struct writer *w, enum diag_filter_level level, uint8_t code, const void *data,
	size_t len, struct todo t)
{
	if (level > w->program->level)
		w->program->level = level;
	if (t.yes != w->len)
		put(w, OP_JMP, "", 0, t.yes);
	put(w, code, data, len, t.no);
}

static void test_port(
	struct writer *w, enum diag_filter_level level, uint8_t code, uint16_t port, struct todo t)
{
	struct inet_diag_bc_op operand = { .no = port };

	test(w, level, code, &operand, sizeof operand, t);
}

static struct todo reversed(struct todo t)
{
	return (struct todo){ .yes = t.no, .no = t.yes };
}

/* At least that, or at most: to jump where it holds takes no jump of its own, for the opposite can
 * be asked. */
static void compare_port(
	struct writer *w, const struct diag_cond *c, bool least, uint16_t port, struct todo t)
{
	static const uint8_t codes[2][2] = { { OP_D_LE, OP_D_GE }, { OP_S_LE, OP_S_GE } };

	if (t.no == w->len) {
		t = reversed(t);
		port = (uint16_t)(least ? port - 1 : port + 1);
		least = !least;
	}
	test_port(w, DIAG_FILTER_HOSTS, codes[c->local][least], port, t);
}

static void test_ports(struct writer *w, const struct diag_cond *c, struct todo t)
{
	struct todo then = t;

	if (c->low == c->high && w->whom->level >= DIAG_FILTER_PORTS) {
		test_port(w, DIAG_FILTER_PORTS, c->local ? OP_S_EQ : OP_D_EQ, c->low, t);
		return;
	}
	if (c->high != PORT_LAST) {
		compare_port(w, c, false, c->high, t);
		then.yes = w->len;
	}
	if (c->low != 0)
		compare_port(w, c, true, c->low, then);
}

static void test_host(struct writer *w, const struct diag_cond *c, struct todo t)
{
	struct inet_diag_hostcond host = { c->family, c->prefix, c->port };
	size_t len = c->family == AF_INET6 ? 16 : c->family == AF_INET ? 4 : 0;
	uint8_t data[sizeof host + 16];

	memcpy(data, &host, sizeof host);
	memcpy(data + sizeof host, c->address, len);
	test(w, DIAG_FILTER_HOSTS, c->local ? OP_S_COND : OP_D_COND, data, sizeof host + len, t);
}

static void test_mark(struct writer *w, const struct diag_cond *c, struct todo t)
{
	uint32_t data[] = { c->mark, c->mask };

	w->program->marks = true;
	test(w, DIAG_FILTER_MARKS, OP_MARK_COND, data, sizeof data, t);
}

static void write_leaf(struct writer *w, const struct diag_cond *c, struct todo t)
{
	if (t.opposite != c->differs)
		t = reversed(t);
	switch (c->kind) {
	case DIAG_COND_PORTS:
		test_ports(w, c, t);
		break;
	case DIAG_COND_HOST:
		test_host(w, c, t);
		break;
	case DIAG_COND_AUTO:
		test(w, DIAG_FILTER_HOSTS, OP_AUTO, "", 0, t);
		break;
	case DIAG_COND_DEVICE:
		test(w, DIAG_FILTER_MARKS, OP_DEV_COND, &c->device, sizeof c->device, t);
		break;
	case DIAG_COND_MARK:
		test_mark(w, c, t);
		break;
	default:
		test(w, DIAG_FILTER_CGROUPS, OP_CGROUP_COND, &c->cgroup, sizeof c->cgroup, t);
		break;
	}
}

/* Writes the last of the tests that a condition is made of, and leaves those before it to do. */
static void write_last(struct writer *w, struct todo t)
{
	const struct diag_cond *c;

	for (;;) {
		const struct plan *p = &w->plans[t.cond][t.opposite];
		struct todo before = t;

		c = &w->conds[t.cond];
		if (c->kind > DIAG_COND_NOT)
			break;
		t.opposite ^= c->kind == DIAG_COND_NOT;
		t.cond = p->parts == LEFT ? c->left : c->right;
		if (p->parts < BOTH)
			continue;
		before.cond = c->left;
		*(p->parts == BOTH ? &before.yes : &before.no) = NEXT;
		w->stack[w->depth++] = before;
	}
	write_leaf(w, c, t);
}

static void write_all(struct writer *w, uint32_t root)
{
	w->stack[w->depth++] = (struct todo){ root, false, ACCEPT, REJECT };
	while (w->depth) {
		struct todo t = w->stack[--w->depth];

		t.yes = t.yes == NEXT ? w->len : t.yes;
		t.no = t.no == NEXT ? w->len : t.no;
		write_last(w, t);
	}
}

static int write_program(struct writer *w, uint32_t root)
{
	uint32_t room = w->plans[root][0].size;
	uint8_t *bytes = malloc(room);

	if (!bytes)
		return -ENOMEM;
	w->end = bytes + room;
	write_all(w, root);
	memmove(bytes, w->end - w->len, (size_t)w->len);
	w->program->bytes = bytes;
	w->program->len = (size_t)w->len;
	return 0;
}

int diag_filter_compile(const struct diag_cond *conds, size_t count,
	const struct diag_filter_for *whom, struct diag_program *out)
{
	struct writer w = { .conds = conds, .whom = whom, .program = out };
	uint32_t root = (uint32_t)count - 1;
	int err = 0;

	*out = (struct diag_program){ .never = false };
	w.plans = malloc(count * sizeof *w.plans);
	w.stack = malloc(count * sizeof *w.stack);
	if (!w.plans || !w.stack) {
		err = -ENOMEM;
		goto out;
	}
	plan_all(&w, count);
	out->never = w.plans[root][0].truth == NEVER;
	if (w.plans[root][0].truth == TESTED)
		err = write_program(&w, root);
out:
	free(w.plans);
	free(w.stack);
	return err;
}

void diag_program_free(struct diag_program *p)
{
	free(p->bytes);
	*p = (struct diag_program){ .never = false };
}
