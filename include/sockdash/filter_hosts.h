/* filter_hosts: ports and addresses in a filter, as ss reads them. */
#ifndef SOCKDASH_FILTER_HOSTS_H
#define SOCKDASH_FILTER_HOSTS_H

#include "sockdash/filter_build.h"

extern const char filter_port_wanted[], filter_host_wanted[];

/* A whole number as C writes it (22, 0x16, 026) that is not larger than `max`. */
bool filter_read_number(const char *text, uint64_t max, uint64_t *out);

/* Adds [:]PORT, a number, the name of a service or "*" for any, compared with the port of one end.
 * 0, -EINVAL or -ENOMEM. */
int filter_add_port(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row);

/* The same of HOST[/PREFIX][:PORT]. */
int filter_add_host(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row);

#endif
