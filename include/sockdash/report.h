/* report: one page of all that matters in a sample. */
#ifndef SOCKDASH_REPORT_H
#define SOCKDASH_REPORT_H

#include "sockdash/output.h"

#define REPORT_WIDTH 80

struct report_settings {
	bool all;    /* also what is as it should be */
	bool titles; /* of columns */
	bool ascii;  /* what is cut ends in "..." */
};

/* What a source must collect for it. */
unsigned report_needs(void);

/* Adds the page. 0 or -ENOMEM. */
int report_text(const struct sample *s, const struct report_settings *settings, struct buf *page);

/* Writes all rows of all tables as one document, each with the fields that its view has with
 * --json. Answers as a writer does. */
int report_json(const struct sample *s, const struct report_settings *settings, output_flush *flush,
	void *context);

#endif
