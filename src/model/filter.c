/* A filter that is made, and how it tests a row. */
#include "sockdash/filter.h"

#include <stdlib.h>
#include <string.h>

#include "sockdash/filter_build.h"
#include "sockdash/filter_fields.h"

struct filter *filter_get(const struct filter *f)
{
	struct filter *own = (struct filter *)f; /* only to count */

	if (own)
		__atomic_add_fetch(&own->references, 1, __ATOMIC_RELAXED);
	return own;
}

void filter_put(const struct filter *f)
{
	struct filter *own = (struct filter *)f;

	if (!own || __atomic_sub_fetch(&own->references, 1, __ATOMIC_ACQ_REL))
		return;
	filter_tests_free(own);
	free(own->text);
	free(own->nodes);
	free(own->steps);
	arena_free(&own->arena);
	free(own);
}

const char *filter_text(const struct filter *f)
{
	return f ? f->text : "";
}

bool filter_is_all(const struct filter *f)
{
	return !f || f->nodes[f->count - 1].kind == FILTER_NOTHING;
}

unsigned filter_needs(const struct filter *f)
{
	return f ? f->needs : 0;
}

uint32_t filter_states(const struct filter *f)
{
	return f ? f->states : FILTER_ALL_STATES;
}

const struct filter_node *filter_nodes(const struct filter *f, size_t *count)
{
	*count = f->count;
	return f->nodes;
}

/* ---- Testing --------------------------------------------------------------------------------- */

static bool in_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 &&
	       (!rest || !((a[bytes] ^ b[bytes]) & (0xff00u >> rest & 0xff)));
}

/* As the kernel does it: a prefix of IPv4 has IPv4 addresses in AF_INET6 sockets too, one of IPv6 has
 * AF_INET6 sockets only. */
static bool host_holds(const struct filter_node *n, const struct frame *f, const struct sock *s)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *bytes;

	if (n->port >= 0 && n->port != (n->local ? s->local_port : s->remote_port))
		return false;
	bytes = frame_address(f, n->local ? s->local : s->remote)->bytes;
	return n->ipv4 ? memcmp(bytes, mapped, sizeof mapped) == 0 &&
				 in_prefix(bytes + 12, n->bytes, n->prefix)
		       : !(s->flags & SOCK_IPV4) && in_prefix(bytes, n->bytes, n->prefix);
}

/* What ss prints has passed two tests, of which each has its own notion of "autobound": the kernel's,
 * that bind() did not name the port, and that of ss, that it is in the range of ephemeral ports. Where
 * nobody has told the first, it is guessed: the port of a listener was named, connections got theirs
 * from connect() or from the listener. */
enum notion { NOTION_KERNEL, NOTION_SS };

static bool autobound(const struct frame *f, const struct sock *s, enum notion notion)
{
	if (notion == NOTION_KERNEL && f->autobound)
		return f->autobound[s - f->socks];
	if (notion == NOTION_KERNEL && s->proto == SOCK_TCP)
		return s->state != SOCK_LISTEN;
	return s->local_port >= f->counters[COUNTER_PORT_FIRST] &&
	       s->local_port <= f->counters[COUNTER_PORT_LAST];
}

static bool term_holds(const struct filter *filter, const struct filter_node *n, enum notion notion,
	const struct rowset *rows, uint32_t row)
{
	const struct frame *f = rows->sample->frame;
	const struct sock *s = &f->socks[row];
	bool equal = n->op == FILTER_EQ;

	switch ((enum filter_kind)n->kind) {
	case FILTER_STATE:
		return n->states >> s->state & 1;
	case FILTER_PORT:
		return filter_op_holds(
			n->op, (n->local ? s->local_port : s->remote_port) - n->port);
	case FILTER_HOST:
		return host_holds(n, f, s) == equal;
	case FILTER_DEVICE:
		return (frame_address(f, s->local)->scope == n->device) == equal;
	case FILTER_MARK:
		return f->marks && ((f->marks[row] & n->mask) == n->mark) == equal;
	case FILTER_CGROUP:
		return f->cgroups && (f->cgroups[row] == n->cgroup) == equal;
	case FILTER_AUTOBOUND:
		return autobound(f, s, notion);
	case FILTER_FAMILY:
		return !(s->flags & SOCK_IPV4) != n->ipv4;
	case FILTER_FIELD:
		return filter_test_holds(filter_test_at(filter, n->test), rows, row);
	case FILTER_NOTHING:
		return true;
	default:
		return false;
	}
}

static bool passes(
	const struct filter *f, enum notion notion, const struct rowset *rows, uint32_t row)
{
	uint32_t at = 0;

	while (at < FILTER_FALSE) {
		const struct filter_step *step = &f->steps[at];

		at = term_holds(f, step->node, notion, rows, row) ? step->yes : step->no;
	}
	return at == FILTER_TRUE;
}

bool filter_selects(const struct filter *f, const struct rowset *sockets, uint32_t row)
{
	return !f || (passes(f, NOTION_SS, sockets, row) &&
			     (!f->autobound || passes(f, NOTION_KERNEL, sockets, row)));
}
