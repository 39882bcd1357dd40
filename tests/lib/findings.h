/* findings: what an audit may find, told by hand, whatever the rules are. */
#ifndef TESTS_FINDINGS_H
#define TESTS_FINDINGS_H

#include "sockdash/sample.h"

enum findings {
	FINDINGS_NONE,    /* all rules were checked */
	FINDINGS_UNKNOWN, /* nothing found; two of them could not be checked */
	FINDINGS_WARNING, /* a warning, an information */
	FINDINGS_MANY,    /* critical, a warning, an information without command and age */
};

/* Puts findings in the place of those that a sample has. */
void findings_tell(struct sample *s, enum findings which);

/* The same for what the kernel counts: `rows` lines of which the first `shown` move. */
void kernel_tell(struct sample *s, uint32_t rows, uint32_t shown);

#endif
