/* kernel_items: the lines of what the kernel counts, in a table: their names, questions and
 * meanings. */
#ifndef SOCKDASH_KERNEL_ITEMS_H
#define SOCKDASH_KERNEL_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockdash/counters.h"

#define KERNEL_ROWS_MAX 96

/* The question that a line helps to answer. */
enum kernel_group {
	KERNEL_ACCEPTING,
	KERNEL_MEMORY,
	KERNEL_CLOSING,
	KERNEL_NETWORK,
	KERNEL_LIMITS,
	KERNEL_GROUPS,
};

/* "accepting", "memory", "closing", "network", "limits". */
const char *kernel_group_name(enum kernel_group group);

enum kernel_kind {
	KERNEL_COUNTER, /* only grows: its change per second tells */
	KERNEL_GAUGE,   /* so many of a limit */
	KERNEL_BYTES,   /* a gauge in bytes */
	KERNEL_PORTS,   /* a gauge: the ports to the busiest destination, of all that there are */
};

static inline bool kernel_is_gauge(enum kernel_kind kind)
{
	return kind != KERNEL_COUNTER;
}

/* What it means that a counter moves. */
enum kernel_weight {
	KERNEL_CONTEXT, /* nothing: it does on every healthy server */
	KERNEL_NOTICE,  /* something to know of, mostly harmless */
	KERNEL_TROUBLE, /* something is short, or lost and sent again */
	KERNEL_LOSS,    /* connections, datagrams or packets are lost */
};

/* A gauge worries from here on, in percent of its limit. */
#define KERNEL_NEAR_PERCENT     50 /* it is shown */
#define KERNEL_HIGH_PERCENT     70
#define KERNEL_CRITICAL_PERCENT 90

#define KERNEL_ADDENDS 2

struct kernel_item {
	const char *name; /* of a counter the kernel's, without "TcpExt" or "Tcp" before it */
	enum kernel_group group;
	enum kernel_kind kind;
	enum kernel_weight weight;
	uint8_t addends; /* how many of the counters are its sum: those that are known */
	enum counter counters[KERNEL_ADDENDS];
	/* Of a gauge its limit; of a counter, with has_whole, the others of which, with itself, it is
	 * a share. */
	bool has_whole;
	enum counter whole;
	const char *meaning; /* in a line */
};
extern const struct kernel_item kernel_items[];
extern const size_t kernel_item_count;

#endif
