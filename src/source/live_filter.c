/* From the nodes of a filter to conditions for the kernel, and what this kernel takes of them: an
 * old one refuses what it does not know, and is asked for less from then on. */
#include "sockdash/live_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/log.h"
#include "sockdash/needs.h"

#define PORT_LAST 65535

/* States that UDP knows. */
#define UDP_STATES (1u << SOCK_ESTAB | 1u << SOCK_CLOSE)

/* States in which a socket has no file, so that its owner is only remembered. */
#define LEFT_STATES                                                                                \
	(1u << SOCK_FIN_WAIT_1 | 1u << SOCK_FIN_WAIT_2 | 1u << SOCK_CLOSING |                      \
		1u << SOCK_LAST_ACK | 1u << SOCK_TIME_WAIT)

void live_filter_init(struct live_filter *k)
{
	*k = (struct live_filter){ .level = DIAG_FILTER_LEVELS - 1, .marks = true };
}

static void forget(struct live_filter *k)
{
	filter_put(k->filter);
	free(k->conds);
	k->filter = NULL;
	k->conds = NULL;
	k->count = 0;
}

void live_filter_free(struct live_filter *k)
{
	forget(k);
}

/* ---- Conditions ------------------------------------------------------------------------------ */

static void set_ports(struct diag_cond *c, int64_t low, int64_t high)
{
	bool any = low <= high && low <= PORT_LAST && high >= 0;

	c->kind = DIAG_COND_PORTS;
	c->low = (uint16_t)(!any ? 1 : low < 0 ? 0 : low);
	c->high = (uint16_t)(!any ? 0 : high > PORT_LAST ? PORT_LAST : high);
}

static void convert_port(struct diag_cond *c, const struct filter_node *n)
{
	int64_t port = n->port;

	c->differs = n->op == FILTER_NE;
	switch (n->op) {
	case FILTER_EQ:
	case FILTER_NE:
		set_ports(c, port, port);
		break;
	case FILTER_GE:
		set_ports(c, port, PORT_LAST);
		break;
	case FILTER_GT:
		set_ports(c, port + 1, PORT_LAST);
		break;
	case FILTER_LE:
		set_ports(c, 0, port);
		break;
	case FILTER_LT:
		set_ports(c, 0, port - 1);
		break;
	default:
		c->kind = DIAG_COND_UNKNOWN;
		break;
	}
}

static void convert_host(struct diag_cond *c, const struct filter_node *n)
{
	c->kind = DIAG_COND_HOST;
	c->family = n->ipv4 ? AF_INET : AF_INET6;
	c->prefix = n->prefix;
	c->port = n->port;
	memcpy(c->address, n->bytes, sizeof c->address);
}

static struct diag_cond convert(const struct live_filter *k, const struct filter_node *n)
{
	static const uint8_t kinds[] = {
		[FILTER_AND] = DIAG_COND_AND,
		[FILTER_OR] = DIAG_COND_OR,
		[FILTER_NOT] = DIAG_COND_NOT,
		[FILTER_STATE] = DIAG_COND_STATES,
		[FILTER_DEVICE] = DIAG_COND_DEVICE,
		[FILTER_MARK] = DIAG_COND_MARK,
		[FILTER_CGROUP] = DIAG_COND_CGROUP,
	};
	struct diag_cond c = {
		.kind = DIAG_COND_UNKNOWN,
		.local = n->local,
		.left = n->left,
		.right = n->right,
		.states = n->states,
		.device = n->device,
		.mark = n->mark,
		.mask = n->mask,
		.cgroup = n->cgroup,
	};

	switch (n->kind) {
	case FILTER_FAMILY:
		/* Every address of IPv6 is in a prefix of no bits. */
		c.kind = DIAG_COND_HOST;
		c.family = AF_INET6;
		c.port = -1;
		c.differs = n->ipv4;
		break;
	case FILTER_PORT:
		convert_port(&c, n);
		break;
	case FILTER_HOST:
		convert_host(&c, n);
		c.differs = n->op == FILTER_NE;
		break;
	case FILTER_AUTOBOUND:
		/* What ss means by it, of which what the kernel means is another test. */
		c.local = true;
		if (k->low <= k->high)
			set_ports(&c, k->low, k->high);
		break;
	case FILTER_NOTHING:
		set_ports(&c, 0, PORT_LAST);
		break;
	case FILTER_FIELD:
		break;
	default:
		c.kind = kinds[n->kind];
		c.differs = c.kind > DIAG_COND_STATES && n->op == FILTER_NE;
		break;
	}
	return c;
}

static int convert_all(struct live_filter *k)
{
	static const struct filter_node nothing = { .kind = FILTER_NOTHING };
	size_t count = 1;
	const struct filter_node *nodes = k->filter ? filter_nodes(k->filter, &count) : &nothing;

	k->conds = malloc((count + 2) * sizeof *k->conds);
	if (!k->conds)
		return -ENOMEM;
	k->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		k->conds[i] = convert(k, &nodes[i]);
	k->conds[count] = (struct diag_cond){ .kind = DIAG_COND_AUTO };
	k->conds[count + 1] = (struct diag_cond){
		.kind = DIAG_COND_AND, .left = k->count - 1, .right = k->count
	};
	return 0;
}

/* A socket that comes into one of the states has no past: where the filter looks at what only earlier
 * frames know, it is asked for before. */
static uint32_t states_of(const struct filter *f, bool single)
{
	uint32_t states = filter_states(f);
	bool ages = filter_needs(f) & NEED_AGE;
	bool owners = filter_needs(f) & NEED_OWNERS && states & LEFT_STATES;

	return (ages || owners) && !single ? UINT32_MAX : states;
}

int live_filter_set(
	struct live_filter *k, const struct filter *filter, bool single, const struct frame *f)
{
	int64_t low = f->counters[COUNTER_PORT_FIRST], high = f->counters[COUNTER_PORT_LAST];
	bool known = low >= 0 && high >= low && high <= PORT_LAST;

	forget(k);
	k->narrows = k->by_state = false;
	k->states = UINT32_MAX;
	if (filter_is_all(filter))
		return convert_all(k);
	k->filter = filter_get(filter);
	k->states = states_of(filter, single);
	k->low = (uint16_t)(known ? low : 1);
	k->high = (uint16_t)(known ? high : 0);
	return convert_all(k);
}

uint32_t live_filter_states(struct live_filter *k, enum sock_proto proto)
{
	uint32_t all = proto == SOCK_UDP ? UDP_STATES : ((1u << SOCK_STATE_COUNT) - 1) & ~1u;
	bool fewer = (k->states & all) != all;

	k->narrows |= fewer;
	k->by_state |= fewer;
	return k->states & all;
}

/* ---- What the kernel takes ------------------------------------------------------------------- */

int live_filter_compile(
	struct live_filter *k, uint32_t states, bool autobound, struct diag_program *out)
{
	const struct diag_filter_for whom = {
		.level = k->level, .marks = k->marks, .states = states
	};
	int err;

	*out = (struct diag_program){ .never = false };
	err = diag_filter_compile(k->conds, k->count + (autobound ? 2 : 0), &whom, out);
	if (!autobound)
		k->narrows |= out->never || out->len;
	return err;
}

bool live_filter_refused(struct live_filter *k, const struct diag_program *p, int err)
{
	if (!p->len)
		return false;
	if (err == -EPERM && p->marks)
		k->marks = false;
	else if (err == -EINVAL)
		k->level = (enum diag_filter_level)(p->level - 1);
	else
		return false;
	log_line("filter: %s, asking for less: level %d%s", strerror(-err), k->level,
		k->marks ? "" : ", without marks");
	return true;
}
