/* diag_filter: conditions on sockets as a program that the kernel runs during a dump, so that it
 * tells only the rows that may be wanted (INET_DIAG_REQ_BYTECODE). Pure.
 *
 * A program accepts what the conditions select, and may accept more: what this kernel cannot test,
 * and what does not fit, is taken for true. Who asks tests every row again. */
#ifndef SOCKDASH_DIAG_FILTER_H
#define SOCKDASH_DIAG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum diag_cond_kind {
	DIAG_COND_AND,
	DIAG_COND_OR,
	DIAG_COND_NOT,
	DIAG_COND_STATES, /* in one of `states` */
	DIAG_COND_PORTS,  /* local or remote port from `low` to `high` */
	DIAG_COND_HOST, /* local or remote address in a prefix, and of that port unless it is -1 */
	DIAG_COND_DEVICE,  /* bound to a device */
	DIAG_COND_MARK,    /* fwmark: of the bits in `mask` those of `mark` */
	DIAG_COND_CGROUP,  /* control group */
	DIAG_COND_AUTO,    /* bind() did not name its local port */
	DIAG_COND_UNKNOWN, /* something that no kernel can tell */
};

struct diag_cond {
	uint8_t kind;         /* enum diag_cond_kind */
	bool differs;         /* STATES and below: selects the others */
	bool local;           /* PORTS, HOST: of the local end */
	uint8_t family;       /* HOST: AF_INET, also in IPv6 sockets; AF_INET6; 0: both, prefix 0 */
	uint8_t prefix;       /* HOST: bits of the address that count */
	uint16_t low, high;   /* PORTS */
	int32_t port;         /* HOST: -1 any */
	uint32_t left, right; /* AND, OR: conditions that stand before this one; NOT: left */
	uint32_t states;      /* STATES: bit 1 << state */
	uint32_t device;      /* DEVICE: its index, 0 none */
	uint32_t mark, mask;  /* MARK */
	uint64_t cgroup;      /* CGROUP: its id */
	uint8_t address[16];  /* HOST: AF_INET: in the first 4 bytes */
};

/* What kernels can test: each what those before it can, and more. A kernel answers -EINVAL to a
 * program that has anything else in it. */
enum diag_filter_level {
	DIAG_FILTER_NOTHING,
	DIAG_FILTER_HOSTS,   /* 2.6: hosts, and ports by comparing */
	DIAG_FILTER_MARKS,   /* 4.9: devices and marks */
	DIAG_FILTER_PORTS,   /* 4.16: ports for being equal */
	DIAG_FILTER_CGROUPS, /* 5.8 */
	DIAG_FILTER_LEVELS,
};

/* For whom a program is made. */
struct diag_filter_for {
	enum diag_filter_level level;
	bool marks;      /* may test them: takes CAP_NET_ADMIN, else the kernel answers -EPERM */
	uint32_t states; /* bit 1 << state: sockets in other states are not asked for */
};

struct diag_program {
	void *bytes; /* malloc'ed; NULL: without a program, all are wanted */
	size_t len;
	bool never;                   /* no socket is selected */
	enum diag_filter_level level; /* that it takes */
	bool marks;                   /* tests marks */
};

/* Neither an attribute nor a jump can be longer. The kernel checks a program in quadratic time: of this
 * length 50 ms. */
#define DIAG_PROGRAM_MAX 65000

/* Compiles conditions, of which the last one is the whole. 0 or -ENOMEM. */
int diag_filter_compile(const struct diag_cond *conds, size_t count,
	const struct diag_filter_for *whom, struct diag_program *out);

void diag_program_free(struct diag_program *p);

#endif
