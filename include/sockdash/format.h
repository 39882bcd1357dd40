/* format: values as text for people. */
#ifndef SOCKDASH_FORMAT_H
#define SOCKDASH_FORMAT_H

#include "sockdash/fmt.h"
#include "sockdash/rowset.h"

#define FORMAT_MAX 352

/* The value in at most `width` columns (0: as many as it takes), in `room` or, for a text, where
 * the text is; texts and names are not shortened, but for a doubtful one, which is a word. Not known
 * is "-", and before a lower bound stands a ">". */
const char *format_value(const struct value *v, int width, char room[FORMAT_MAX]);

/* The same for a column that a script may read: one word without blanks or thousands separators
 * (but in texts from outside). */
const char *format_plain(const struct value *v, char room[FORMAT_MAX]);

/* Whether values of this type stand at the right edge of their column. */
bool format_is_right(enum value_type type);

#endif
