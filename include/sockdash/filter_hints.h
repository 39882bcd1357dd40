/* filter_hints: what was probably meant. */
#ifndef SOCKDASH_FILTER_HINTS_H
#define SOCKDASH_FILTER_HINTS_H

#define FILTER_HINT_MAX 160

/* What would be right instead of a word that begins no term: `process, or another condition`; "" where
 * it is like nothing. Answers `out`. */
const char *filter_hint(const char *word, char out[FILTER_HINT_MAX]);

#endif
