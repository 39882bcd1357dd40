/* fuzz_diag_filter: bytes as conditions, for kernels of every age. What comes out must be a program that
 * the kernel takes, and accept what the conditions select. */
#include <stdlib.h>

#include "lib/bytecode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONDS_MOST = 512, BYTES = 16 };

/* What the bytes say, with those numbers in their bounds that a caller keeps there. */
static struct diag_cond cond_of(const uint8_t *at)
{
	static const uint8_t families[] = { 0, AF_INET, AF_INET6, AF_INET };
	static const uint8_t bits[] = { 0, 32, 128, 32 };
	struct diag_cond c = {
		.kind = at[0] % (DIAG_COND_UNKNOWN + 1),
		.differs = at[1] & 1,
		.local = at[1] & 2,
		.family = families[at[2] % 4],
		.low = (uint16_t)(at[3] << 8 | at[4]),
		.high = (uint16_t)(at[5] << 8 | at[6]),
		.port = at[7] & 1 ? -1 : at[4],
		.states = (uint32_t)(at[8] << 8 | at[9]),
		.device = at[10],
		.mark = at[11],
		.mask = at[12],
		.cgroup = at[13],
	};

	c.prefix = (uint8_t)(at[14] % (bits[at[2] % 4] + 1));
	memset(c.address, at[15], sizeof c.address);
	return c;
}

static struct bytecode_sock sock_of(const uint8_t *at)
{
	struct bytecode_sock s = {
		.family = at[0] & 1 ? AF_INET : AF_INET6,
		.local_port = (uint16_t)(at[3] << 8 | at[4]),
		.remote_port = (uint16_t)(at[5] << 8 | at[6]),
		.device = at[10],
		.mark = at[11],
		.cgroup = at[13],
		.autobound = at[14] & 1,
	};

	memset(s.local, at[15], s.family == AF_INET ? 4 : 16);
	return s;
}

static bool leaf_holds(const struct diag_cond *c, const struct bytecode_sock *s, unsigned state)
{
	uint16_t port = c->local ? s->local_port : s->remote_port;

	switch (c->kind) {
	case DIAG_COND_STATES:
		return c->states >> state & 1;
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
		return true; /* one of the answers that it may have */
	}
}

static bool is_selected(const struct diag_cond *conds, uint32_t count,
	const struct bytecode_sock *s, unsigned state)
{
	static bool holds[2 * CONDS_MOST];

	for (uint32_t i = 0; i < count; i++) {
		const struct diag_cond *c = &conds[i];

		if (c->kind == DIAG_COND_AND)
			holds[i] = holds[c->left] && holds[c->right];
		else if (c->kind == DIAG_COND_OR)
			holds[i] = holds[c->left] || holds[c->right];
		else if (c->kind == DIAG_COND_NOT)
			holds[i] = !holds[c->left];
		else
			holds[i] = leaf_holds(c, s, state) != c->differs;
	}
	return holds[count - 1];
}

static void check(const struct diag_cond *conds, uint32_t count, const struct diag_filter_for *whom,
	const struct bytecode_sock *s, unsigned state)
{
	struct diag_program p;

	if (diag_filter_compile(conds, count, whom, &p))
		abort();
	if (p.len && bytecode_audit(p.bytes, p.len, whom->level, whom->marks))
		abort();
	if (p.level > whom->level || p.len > DIAG_PROGRAM_MAX || !p.bytes != !p.len ||
		(p.never && p.len))
		abort();
	if (whom->states >> state & 1 && is_selected(conds, count, s, state) &&
		(p.never || (p.len && !bytecode_run(p.bytes, p.len, s))))
		abort();
	diag_program_free(&p);
}

/* Rows that are not part of others yet. */
static uint32_t stack[2 * CONDS_MOST];
static size_t depth;

/* What is made of others takes the last ones. */
static void add(struct diag_cond *conds, uint32_t *count, struct diag_cond c)
{
	size_t parts = c.kind > DIAG_COND_NOT ? 0 : c.kind == DIAG_COND_NOT ? 1 : 2;

	if (parts > depth) {
		c.kind = DIAG_COND_UNKNOWN;
		parts = 0;
	}
	if (parts)
		c.right = stack[depth - 1];
	if (parts)
		c.left = stack[depth - parts];
	depth -= parts;
	stack[depth++] = *count;
	conds[(*count)++] = c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diag_cond conds[2 * CONDS_MOST];
	struct bytecode_sock s;
	uint32_t count = 0;

	depth = 0;

	if (size < 2 * BYTES)
		return 0;
	s = sock_of(data);
	for (size_t at = BYTES; at + BYTES <= size && count < CONDS_MOST - 1; at += BYTES)
		add(conds, &count, cond_of(data + at));
	/* What is left over is wanted too. */
	while (depth > 1)
		add(conds, &count, (struct diag_cond){ .kind = DIAG_COND_AND });
	for (unsigned level = 0; level < DIAG_FILTER_LEVELS; level++) {
		const struct diag_filter_for whom = {
			.level = (enum diag_filter_level)level,
			.marks = data[1] & 1,
			.states = data[2] & 1 ? 0xffe : (uint32_t)(data[7] << 8 | data[8]),
		};

		check(conds, count, &whom, &s, 1 + data[9] % 11);
	}
	return 0;
}
