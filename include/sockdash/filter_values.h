/* filter_values: what a field is compared with: numbers with units, patterns. Texts from outside. */
#ifndef SOCKDASH_FILTER_VALUES_H
#define SOCKDASH_FILTER_VALUES_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockdash/rowset.h"

struct filter_number {
	double real;
	int64_t whole;
	bool exact; /* `whole` is it, and `real` may be rounded */
};

/* Reads a number for a field of this type: 30s, 5m, 1h30m or 2d for an age, 200ms for a span,
 * 64k, 1M or 2G for
 * bytes. False: it is none. */
bool filter_number_read(const char *text, enum value_type type, struct filter_number *out);

/* What it should look like, for people. */
const char *filter_number_wanted(enum value_type type);

/* A POSIX extended regular expression. Most are plain texts, perhaps with ^ or $, and are found
 * without the machine. */
struct filter_pattern {
	char *plain; /* or NULL: `regex` */
	size_t len;
	bool begins, ends; /* plain: with it */
	regex_t regex;
};

/* Room for what is wrong with a pattern. */
#define FILTER_PATTERN_WRONG 80

/* Makes a pattern. 0, -ENOMEM, or -EINVAL with what is wrong: no expression, or one that would take too
 * much time or memory. */
int filter_pattern_create(
	const char *text, struct filter_pattern **out, char wrong[FILTER_PATTERN_WRONG]);
void filter_pattern_free(struct filter_pattern *p); /* NULL is fine */

/* Whether it is found in a text. For any thread. */
bool filter_pattern_finds(const struct filter_pattern *p, const char *text);

#endif
