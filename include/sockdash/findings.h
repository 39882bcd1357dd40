/* findings: what the audit found, for people and as the exit status of a program. */
#ifndef SOCKDASH_FINDINGS_H
#define SOCKDASH_FINDINGS_H

#include "sockdash/buf.h"
#include "sockdash/output.h"
#include "sockdash/rowset.h"

/* How many findings of each kind, and how many rules stand behind that. */
struct findings_count {
	unsigned critical, warnings, notes;
	unsigned checked, not_checked; /* rules; those that are off are neither */
};
struct findings_count findings_count(const struct sample *s);

/* The exit statuses of audit, as programs that watch servers understand them. */
enum { EXIT_HEALTHY = 0, EXIT_WARNING = 1, EXIT_CRITICAL = 2, EXIT_UNCHECKED = 3 };

/* That of all samples together, of which these were the findings; `failed` says that something went
 * wrong besides. What was found is so, whatever failed. */
int findings_status(const struct findings_count *all, bool failed);

/* "2 critical, 1 warning, 3 notes; 18 rules checked, 2 not checked" or that nothing was found,
 * without a newline. */
void findings_add_summary(struct buf *b, const struct findings_count *c);

/* The same as a member of a JSON document, with a comma before it. */
void findings_add_member(const struct sample *s, struct buf *b);

/* The row of the audit's table that is at a place of the order (NULL: as they are) as a block of
 * lines of at most `width` columns, or a rule that found nothing as a line or two. Advice that a
 * finding of the same rule before it has given is left out. `wrap_commands`: commands too, else they
 * are never broken. */
void findings_add(struct buf *b, const struct rowset *rows, const uint32_t *order, uint32_t place,
	int width, bool wrap_commands);

/* Findings as blocks of lines, commands alone in theirs, and a last line with how many there are of
 * each kind. The columns are not asked for. */
output_writer output_findings;

#endif
