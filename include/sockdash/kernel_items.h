/* kernel_items: the lines of what the kernel counts, in a table: their names, questions and
 * meanings. */
#ifndef SOCKDASH_KERNEL_ITEMS_H
#define SOCKDASH_KERNEL_ITEMS_H

#include <stddef.h>

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

struct kernel_item {
	const char *name; /* the kernel's, as nstat prints it where it does */
	enum kernel_group group;
	enum counter counter;
	const char *meaning; /* in a line */
};
extern const struct kernel_item kernel_items[];
extern const size_t kernel_item_count;

#endif
