/* rowset_keys: values of fields as numbers to sort by. */
#ifndef SOCKDASH_ROWSET_KEYS_H
#define SOCKDASH_ROWSET_KEYS_H

#include "sockdash/rowset.h"

/* A value as a row of unsigned numbers: the next one counts where those before are equal. */
struct key_kind {
	uint64_t (*key)(const struct value *v, unsigned step);
	/* Whether values with this key in common, and those of all steps before, are equal. */
	bool (*is_last)(uint64_t key, unsigned step);
};

/* Of the values of fields of this type. Types that a field may mix have the same. */
const struct key_kind *rowset_key_kind(enum value_type type);

/* Negative, 0, positive, in the order of their keys: of two known values of one field. */
int rowset_key_compare(const struct value *a, const struct value *b);

#endif
