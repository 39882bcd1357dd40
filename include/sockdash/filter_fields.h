/* filter_fields: terms about the fields of the table of sockets, which are ours and not those of
 * ss. */
#ifndef SOCKDASH_FILTER_FIELDS_H
#define SOCKDASH_FILTER_FIELDS_H

#include "sockdash/filter_build.h"

struct filter_test;

/* Reads what stands behind the name of a field (which may be "local" or "remote": an end with its
 * port), and adds nodes; *row gets the last. 0, -EINVAL, -ENOMEM. */
int filter_add_field(struct filter_builder *b, const struct filter_token *name, uint32_t *row);

/* Whether it is the name of one. */
bool filter_is_field(const char *name);

/* NEED_... */
unsigned filter_test_needs(const struct filter_test *t);

bool filter_test_holds(const struct filter_test *t, const struct rowset *sockets, uint32_t row);

/* Gives back what tests hold beside the arena. */
void filter_tests_free(struct filter *f);

#endif
