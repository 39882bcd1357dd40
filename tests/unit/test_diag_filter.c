/* test_diag_filter: programs for the kernel, run by its own rules on made-up sockets: they select what
 * the conditions select, and where they cannot, more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/bytecode.h"

/* ---- Chance ---------------------------------------------------------------------------------- */

static uint64_t chance = 88172645463325252u;

/* 0 ≤ answer < below */
static uint32_t pick(uint32_t below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)(chance >> 16) % below;
}

/* Few values, so that sockets and conditions meet. */
static const uint16_t ports[] = { 0, 1, 22, 80, 443, 8080, 32767, 32768, 60999, 65534, 65535 };

static uint16_t pick_port(void)
{
	return ports[pick(sizeof ports / sizeof *ports)];
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void pick_address(uint8_t *address, uint8_t family)
{
	size_t from = 0;

	memset(address, 0, 16);
	if (family == AF_INET6 && pick(2)) {
		memcpy(address, mapped, sizeof mapped);
		from = 12;
	}
	for (size_t i = from; i < (family == AF_INET ? 4 : 16); i++)
		address[i] = (uint8_t)pick(2);
}

static struct bytecode_sock pick_sock(void)
{
	struct bytecode_sock s = {
		.family = pick(2) ? AF_INET : AF_INET6,
		.local_port = pick_port(),
		.remote_port = pick_port(),
		.device = pick(3),
		.mark = pick(4),
		.cgroup = pick(3),
		.autobound = pick(2),
	};

	pick_address(s.local, s.family);
	pick_address(s.remote, s.family);
	return s;
}

static struct diag_cond pick_leaf(void)
{
	struct diag_cond c = {
		.kind = (uint8_t)(DIAG_COND_STATES + pick(DIAG_COND_UNKNOWN - DIAG_COND_NOT)),
		.differs = pick(2),
		.local = pick(2),
		.family = (const uint8_t[]){ 0, AF_INET, AF_INET6 }[pick(3)],
		.low = pick_port(),
		.port = pick(2) ? -1 : pick_port(),
		.states = pick(1u << 12),
		.device = pick(3),
		.mark = pick(4),
		.mask = pick(4),
		.cgroup = pick(3),
	};

	c.high = pick(2) ? c.low : pick_port();
	c.prefix = (uint8_t)(c.family == AF_INET ? pick(33) : c.family == AF_INET6 ? pick(129) : 0);
	pick_address(c.address, c.family);
	return c;
}

/* A tree of so many leaves, the last of which is at `*at`: chains to the left as words make them,
 * chains to the right as brackets do, and anything between. */
static uint32_t pick_tree(struct diag_cond *conds, uint32_t *at, uint32_t leaves)
{
	uint32_t left = pick(3) == 0 ? 1 : pick(2) ? leaves - 1 : leaves / 2, node;
	struct diag_cond c = { .kind = pick(2) ? DIAG_COND_AND : DIAG_COND_OR };

	if (leaves == 1) {
		conds[*at] = pick_leaf();
	} else {
		c.left = pick_tree(conds, at, left);
		c.right = pick_tree(conds, at, leaves - left);
		conds[*at] = c;
	}
	node = (*at)++;
	if (pick(4) == 0) {
		conds[*at] = (struct diag_cond){ .kind = DIAG_COND_NOT, .left = node };
		node = (*at)++;
	}
	return node;
}

/* ---- What is right --------------------------------------------------------------------------- */

/* How the rows tell of a socket. */
struct seen {
	const struct bytecode_sock *sock;
	unsigned state;
	bool bare;        /* its mark and its group are not told, the kernel takes 0 for them */
	bool bare_is_not; /* what is not known is not equal to anything */
	uint64_t unknown; /* bits to answer what no kernel knows */
};

static bool is_selected(const struct diag_cond *conds, uint32_t i, const struct seen *w);

static bool leaf_holds(const struct diag_cond *c, uint32_t i, const struct seen *w)
{
	const struct bytecode_sock *s = w->sock;
	uint16_t port = c->local ? s->local_port : s->remote_port;

	switch (c->kind) {
	case DIAG_COND_STATES:
		return c->states >> w->state & 1;
	case DIAG_COND_PORTS:
		return port >= c->low && port <= c->high;
	case DIAG_COND_HOST:
		return (c->port == -1 || c->port == port) &&
		       bytecode_in_prefix(c->local ? s->local : s->remote, s->family, c->address,
			       c->family, c->prefix);
	case DIAG_COND_DEVICE:
		return c->device == s->device;
	case DIAG_COND_MARK:
		return (s->mark & c->mask) == c->mark;
	case DIAG_COND_CGROUP:
		return c->cgroup == s->cgroup;
	case DIAG_COND_AUTO:
		return s->autobound;
	default:
		return w->unknown >> i % 64 & 1;
	}
}

static bool is_selected(const struct diag_cond *conds, uint32_t i, const struct seen *w)
{
	const struct diag_cond *c = &conds[i];

	switch (c->kind) {
	case DIAG_COND_AND:
		return is_selected(conds, c->left, w) && is_selected(conds, c->right, w);
	case DIAG_COND_OR:
		return is_selected(conds, c->left, w) || is_selected(conds, c->right, w);
	case DIAG_COND_NOT:
		return !is_selected(conds, c->left, w);
	default:
		if (w->bare && (c->kind == DIAG_COND_MARK || c->kind == DIAG_COND_CGROUP))
			return c->differs && w->bare_is_not;
		return leaf_holds(c, i, w) != c->differs;
	}
}

static bool has_kind(const struct diag_cond *conds, uint32_t count, unsigned kinds)
{
	for (uint32_t i = 0; i < count; i++)
		if (kinds >> conds[i].kind & 1)
			return true;
	return false;
}

/* ---- Any conditions, any sockets ------------------------------------------------------------- */

static bool accepts(const struct diag_program *p, const struct bytecode_sock *s)
{
	return !p->never && (!p->bytes || bytecode_run(p->bytes, p->len, s));
}

static void check_rules(const struct diag_program *p, const struct diag_filter_for *whom)
{
	assert_true(p->level <= whom->level);
	assert_true(whom->marks || !p->marks);
	if (!p->bytes) {
		assert_int_equal(p->len, 0);
		return;
	}
	assert_false(p->never);
	assert_in_range(p->len, 4, DIAG_PROGRAM_MAX);
	/* It says itself which kernel it takes. */
	assert_int_equal(bytecode_audit(p->bytes, p->len, p->level, p->marks), 0);
	if (p->level > 1)
		assert_int_equal(bytecode_audit(p->bytes, p->len, p->level - 1, true), -EINVAL);
	if (p->marks)
		assert_int_equal(bytecode_audit(p->bytes, p->len, p->level, false), -EPERM);
}

static struct seen pick_seen(struct bytecode_sock *s)
{
	struct seen w = {
		.sock = s,
		.state = 1 + pick(11),
		.bare = pick(4) == 0,
		.bare_is_not = pick(2),
		.unknown = (uint64_t)pick(UINT32_MAX) << 32 | pick(UINT32_MAX),
	};

	*s = pick_sock();
	if (w.bare)
		s->mark = 0, s->cgroup = 0;
	return w;
}

/* Answers how many sockets the program accepted without need. */
static unsigned check_sockets(const struct diag_cond *conds, uint32_t count,
	const struct diag_filter_for *whom, const struct diag_program *p, unsigned times)
{
	unsigned extra = 0;

	for (unsigned i = 0; i < times; i++) {
		struct bytecode_sock s;
		struct seen w = pick_seen(&s);
		bool selected;

		if (!(whom->states >> w.state & 1))
			continue;
		selected = is_selected(conds, count - 1, &w);
		if (selected)
			assert_true(accepts(p, &s));
		extra += !selected && !w.bare && accepts(p, &s);
	}
	return extra;
}

static void test_superset(void **state)
{
	static struct diag_cond conds[4096];
	unsigned programs = 0, nevers = 0;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		struct diag_filter_for whom = {
			.level =
				(enum diag_filter_level)(i % 8 < 5 ? DIAG_FILTER_CGROUPS : pick(5)),
			.marks = pick(2),
			.states = pick(2) ? 0xffe : pick(1u << 12) | 2,
		};
		struct diag_program p;
		uint32_t count = 0;

		pick_tree(conds, &count, i % 500 ? 1 + pick(12) : 1 + pick(400));
		assert_int_equal(diag_filter_compile(conds, count, &whom, &p), 0);
		check_rules(&p, &whom);
		check_sockets(conds, count, &whom, &p, 30);
		programs += p.bytes != NULL;
		nevers += p.never;
		diag_program_free(&p);
	}
	assert_in_range(programs, 3000, 29000);
	assert_in_range(nevers, 100, 29000);
}

/* What the newest kernel can test it does test. */
static void test_exact(void **state)
{
	static struct diag_cond conds[64];
	const struct diag_filter_for whom = { DIAG_FILTER_CGROUPS, true, 0xffe };
	unsigned exact = 0;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		struct diag_program p;
		uint32_t count = 0;

		pick_tree(conds, &count, 1 + pick(6));
		if (has_kind(conds, count,
			    1u << DIAG_COND_UNKNOWN | 1u << DIAG_COND_STATES |
				    1u << DIAG_COND_MARK | 1u << DIAG_COND_CGROUP))
			continue;
		assert_int_equal(diag_filter_compile(conds, count, &whom, &p), 0);
		assert_int_equal(check_sockets(conds, count, &whom, &p, 50), 0);
		diag_program_free(&p);
		exact++;
	}
	assert_true(exact > 1000);
}

/* ---- Single programs ------------------------------------------------------------------------- */

static void check_bytes(const struct diag_cond *conds, size_t count,
	const struct diag_filter_for *whom, const uint8_t *wanted, size_t len)
{
	struct diag_program p;

	assert_int_equal(diag_filter_compile(conds, count, whom, &p), 0);
	check_rules(&p, whom);
	assert_int_equal(p.len, len);
	if (len)
		assert_memory_equal(p.bytes, wanted, len);
	diag_program_free(&p);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define U16(x) (x) & 0xff, (x) >> 8
#else
#define U16(x) (x) >> 8, (x)&0xff
#endif

static void test_one_port(void **state)
{
	const struct diag_cond cond = { .kind = DIAG_COND_PORTS, .low = 443, .high = 443 };
	const struct diag_filter_for new = { DIAG_FILTER_CGROUPS, true, 0xffe };
	const struct diag_filter_for old = { DIAG_FILTER_MARKS, true, 0xffe };
	const struct diag_filter_for none = { DIAG_FILTER_NOTHING, true, 0xffe };
	const uint8_t equal[] = { 12, 8, U16(12), 0, 0, U16(443) };
	const uint8_t between[] = { 4, 8, U16(20), 0, 0, U16(443), 5, 8, U16(12), 0, 0, U16(443) };

	(void)state;
	check_bytes(&cond, 1, &new, equal, sizeof equal);
	check_bytes(&cond, 1, &old, between, sizeof between);
	check_bytes(&cond, 1, &none, NULL, 0);
}

/* ( dport = 80 or dport = 443 ) and sport >= 1024 */
static void test_ports_of_both_ends(void **state)
{
	const struct diag_cond conds[] = {
		{ .kind = DIAG_COND_PORTS, .low = 80, .high = 80 },
		{ .kind = DIAG_COND_PORTS, .low = 443, .high = 443 },
		{ .kind = DIAG_COND_OR, .left = 0, .right = 1 },
		{ .kind = DIAG_COND_PORTS, .local = true, .low = 1024, .high = 65535 },
		{ .kind = DIAG_COND_AND, .left = 2, .right = 3 },
	};
	const struct diag_filter_for whom = { DIAG_FILTER_CGROUPS, true, 0xffe };
	const uint8_t bytes[] = {
		12, 8, U16(12), 0, 0, U16(80),  /* not 80: to the next but one */
		1, 4, U16(12),                  /* to the last */
		12, 8, U16(20), 0, 0, U16(443), /* reject */
		2, 8, U16(12), 0, 0, U16(1024), /* reject, or accept */
	};

	(void)state;
	check_bytes(conds, 5, &whom, bytes, sizeof bytes);
}

/* State words are no conditions for a kernel, but decide what else is. */
static void test_states(void **state)
{
	const struct diag_cond conds[] = {
		{ .kind = DIAG_COND_STATES, .states = 1u << 8 },
		{ .kind = DIAG_COND_PORTS, .low = 443, .high = 443 },
		{ .kind = DIAG_COND_OR, .left = 0, .right = 1 },
	};
	struct diag_filter_for whom = { DIAG_FILTER_CGROUPS, true, 0xffe };
	const uint8_t equal[] = { 12, 8, U16(12), 0, 0, U16(443) };
	struct diag_program p;

	(void)state;
	check_bytes(conds, 3, &whom, NULL, 0); /* close-wait comes with any port */
	whom.states = 1u << 10;
	check_bytes(conds, 3, &whom, equal, sizeof equal);
	assert_int_equal(diag_filter_compile(conds, 1, &whom, &p), 0);
	assert_true(p.never);
	assert_null(p.bytes);
}

/* ---- Too long -------------------------------------------------------------------------------- */

/* A chain to the left or to the right of so many tests for ports from 1 on. */
static struct diag_cond *chain(uint8_t kind, uint32_t leaves, bool to_right)
{
	struct diag_cond *conds = calloc(2 * leaves - 1, sizeof *conds);
	uint32_t whole = 0;

	assert_non_null(conds);
	for (uint32_t i = 0; i < leaves; i++)
		conds[i] = (struct diag_cond){ .kind = DIAG_COND_PORTS,
			.differs = kind == DIAG_COND_AND,
			.low = (uint16_t)(i + 1),
			.high = (uint16_t)(i + 1) };
	for (uint32_t i = 1; i < leaves; i++) {
		conds[leaves + i - 1] = (struct diag_cond){
			.kind = kind, .left = to_right ? i : whole, .right = to_right ? whole : i
		};
		whole = leaves + i - 1;
	}
	return conds;
}

static void check_chain(uint8_t kind, uint32_t leaves, bool to_right, bool opposite, bool fits)
{
	const struct diag_filter_for whom = { DIAG_FILTER_CGROUPS, true, 0xffe };
	struct diag_cond *conds = chain(kind, leaves, to_right);
	struct bytecode_sock s = { .family = AF_INET, .remote_port = 60000 };
	uint32_t count = 2 * leaves - 1;
	struct diag_program p;

	conds = realloc(conds, (count + 1) * sizeof *conds);
	assert_non_null(conds);
	conds[count] = (struct diag_cond){ .kind = DIAG_COND_NOT, .left = count - 1 };
	count += opposite;
	assert_int_equal(diag_filter_compile(conds, count, &whom, &p), 0);
	check_rules(&p, &whom);
	assert_false(p.never);
	if (fits || (kind == DIAG_COND_AND) != opposite)
		assert_true(p.len > 1000 * 8);
	else
		assert_int_equal(p.len, 0);
	/* 60000 is none of those ports: any of them is not it. */
	for (uint32_t i = 0; i < 65536; i += 251) {
		bool one_of_them = i >= 1 && i <= leaves;

		s.remote_port = (uint16_t)i;
		if ((one_of_them == (kind == DIAG_COND_OR)) != opposite)
			assert_true(accepts(&p, &s));
		else if (fits)
			assert_false(accepts(&p, &s));
	}
	diag_program_free(&p);
	free(conds);
}

static void test_thousands(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t kind = i & 1 ? DIAG_COND_AND : DIAG_COND_OR;

		check_chain(kind, 1500, i & 2, i & 4, true);
		check_chain(kind, 20000, i & 2, i & 4, false);
	}
}

static void test_deep(void **state)
{
	enum { DEEP = 100001 };
	struct diag_cond *conds = calloc(DEEP, sizeof *conds);
	const struct diag_filter_for whom = { DIAG_FILTER_CGROUPS, true, 0xffe };
	const uint8_t equal[] = { 12, 8, U16(12), 0, 0, U16(443) };

	(void)state;
	assert_non_null(conds);
	conds[0] = (struct diag_cond){ .kind = DIAG_COND_PORTS, .low = 443, .high = 443 };
	for (uint32_t i = 1; i < DEEP; i++)
		conds[i] = (struct diag_cond){ .kind = DIAG_COND_NOT, .left = i - 1 };
	check_bytes(conds, DEEP, &whom, equal, sizeof equal);
	free(conds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_port),
		cmocka_unit_test(test_ports_of_both_ends),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_superset),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
