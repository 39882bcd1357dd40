/* filter_fields: terms about the fields of the table of sockets, which are ours and not those of
 * ss. */
#ifndef SOCKDASH_FILTER_FIELDS_H
#define SOCKDASH_FILTER_FIELDS_H

#include "sockdash/filter_build.h"

struct filter_test;

/* An end with its port, which is a field in filters only. */
struct filter_end {
	const char *name, *help;
};
extern const struct filter_end filter_ends[];
extern const size_t filter_end_count;

/* Whether it is the name of a field, or of an end. */
bool filter_is_field(const char *name);

/* Whether values of such a name can be larger and smaller, for <, > and the like; all take =, !=, ~
 * and !~. */
bool filter_field_has_order(const char *name);

/* Reads the comparison behind such a name, and adds nodes; *row gets the last. 0, -EINVAL, -ENOMEM. */
int filter_add_field(struct filter_builder *b, const char *name, uint32_t *row);

/* NEED_... */
unsigned filter_test_needs(const struct filter_test *t);

bool filter_test_holds(const struct filter_test *t, const struct rowset *sockets, uint32_t row);

/* Gives back what tests hold beside the arena. */
void filter_tests_free(struct filter *f);

#endif
