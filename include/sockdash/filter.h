/* filter: which sockets are wanted, in the language of ss and with the fields of the table of
 * sockets.
 *
 *	state close-wait dport = :443
 *	( sport = :https or src 10.0.0.0/8 ) and not process ~ ^nginx
 *
 * Operators bind from left to right without precedence, as in ss: "a or b and c" is "(a or b) and
 * c"; two terms side by side are both wanted, so that a text with more terms behind it wants them
 * too. "state" and "exclude" words at the beginning, or at that of a parenthesis, are about all that
 * follows, as in ss; anywhere else they are terms like others. A text that is right can stand in
 * parentheses in another. A filter does not change, and is shared between threads by counting
 * references. */
#ifndef SOCKDASH_FILTER_H
#define SOCKDASH_FILTER_H

#include "sockdash/rowset.h"

struct filter;

/* What is wrong with a text. */
struct filter_error {
	size_t at, len;   /* the bytes that are not right; len 0: something is missing there */
	char wanted[160]; /* what would be right there: "a port, as :443 or :https" */
};

/* Reads a text of so many bytes; a text without words selects everything. It asks for service names
 * in /etc/services, and for no host names. 0, -EINVAL with *error filled, -ENOMEM. */
int filter_parse(const char *text, size_t len, struct filter **out, struct filter_error *error);

struct filter *filter_get(const struct filter *f); /* NULL is fine, and is answered */
void filter_put(const struct filter *f);           /* the same */

/* The text that it was made of, without blanks around it. */
const char *filter_text(const struct filter *f);

/* Whether it selects all there is: nothing was asked for. NULL does. */
bool filter_is_all(const struct filter *f);

/* NEED_...: what a source must collect for it to be tested. */
unsigned filter_needs(const struct filter *f);

/* Bit 1 << enum sock_state: states that it may select. */
uint32_t filter_states(const struct filter *f);

/* Whether it selects the row of the table of all sockets (table_sockets, of a sample that is not
 * narrowed: the row is that of the frame). For any thread; a term takes 5 to 20 ns, an expression
 * that must be searched for in the text of an address 200. A value that is not known is neither equal
 * to anything nor different from it: a comparison with it is false, and "not" makes it true. */
bool filter_selects(const struct filter *f, const struct rowset *sockets, uint32_t row);

/* ---- What it is made of ---------------------------------------------------------------------- */

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_STATE,  /* one of `states` */
	FILTER_PORT,   /* local or remote port, compared with `port` */
	FILTER_HOST,   /* local or remote address in a prefix, and of that port unless it is -1 */
	FILTER_DEVICE, /* bound to a device */
	FILTER_MARK,   /* fwmark, of the bits in a mask */
	FILTER_CGROUP, /* control group, by its id */
	FILTER_AUTOBOUND, /* the kernel chose the local port, which is in the ephemeral range */
	FILTER_FIELD,     /* a field of table_sockets compared with a value: no kernel knows it */
	FILTER_FAMILY,    /* of an AF_INET socket, or else of an AF_INET6 one */
	FILTER_NOTHING,   /* selects everything */
};

/* All bits 1 << enum sock_state. */
#define FILTER_ALL_STATES ((UINT32_C(1) << SOCK_STATE_COUNT) - 2)

enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_GE,
	FILTER_LE,
	FILTER_GT,
	FILTER_LT,
	FILTER_LIKE,
	FILTER_UNLIKE
};

struct filter_node {
	uint8_t kind;   /* enum filter_kind */
	uint8_t op;     /* enum filter_op; of DEVICE, MARK, CGROUP, HOST: FILTER_EQ or FILTER_NE */
	bool local;     /* PORT, HOST: of the local end */
	bool ipv4;      /* HOST: the prefix is one of IPv4: `bytes` has it in the first 4; FAMILY */
	uint8_t prefix; /* HOST: bits of `bytes` that count */
	int32_t port;   /* PORT; HOST: -1 any */
	uint32_t left, right; /* AND, OR: nodes, which stand before this one; NOT: left */
	uint32_t states;      /* STATE */
	uint32_t device;      /* DEVICE: its index, 0 none */
	uint32_t mark, mask;  /* MARK */
	uint64_t cgroup;      /* CGROUP */
	uint8_t bytes[16];    /* HOST */
	uint32_t test;        /* FIELD: private */
};

/* The nodes, each behind those it is made of; the last one is the whole. *count is at least 1. */
const struct filter_node *filter_nodes(const struct filter *f, size_t *count);

#endif
