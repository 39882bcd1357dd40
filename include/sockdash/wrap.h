/* wrap: texts in lines of a width. */
#ifndef SOCKDASH_WRAP_H
#define SOCKDASH_WRAP_H

#include <stddef.h>

/* Takes the next line of at most `width` (>= 1) terminal columns off a text: answers where it begins
 * and in *len its bytes, and moves *text behind it; NULL when nothing is left. Breaks at blanks,
 * which belong to neither line, and at each '\n'; cuts a word that is longer than a line. A
 * character that is wider than the line stands alone.
 *
 *	while ((line = wrap_next(&text, 78, &len)))
 *		printf(" %.*s\n", (int)len, line); */
const char *wrap_next(const char **text, int width, size_t *len);

/* How many lines that makes. */
size_t wrap_count(const char *text, int width);

#endif
