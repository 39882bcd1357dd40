/* The lines of what the kernel counts. A new one is a line here. */
#include "sockdash/kernel_items.h"

const char *kernel_group_name(enum kernel_group group)
{
	static const char *const names[KERNEL_GROUPS] = {
		[KERNEL_ACCEPTING] = "accepting",
		[KERNEL_MEMORY] = "memory",
		[KERNEL_CLOSING] = "closing",
		[KERNEL_NETWORK] = "network",
		[KERNEL_LIMITS] = "limits",
	};

	return names[group];
}

const struct kernel_item kernel_items[] = {
	{ "ListenDrops", KERNEL_ACCEPTING, COUNTER_LISTEN_DROPS,
		"connections dropped at a listener, whatever the reason" },
};
const size_t kernel_item_count = sizeof kernel_items / sizeof *kernel_items;
