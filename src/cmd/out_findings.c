/* Findings as text: what is found as blocks with an empty line behind each, rules that found
 * nothing as lines, and at the end how many there are. */
#include <errno.h>

#include "sockdash/findings.h"
#include "sockdash/output.h"

#define WIDTH_STANDARD 80

int output_findings(const struct output_table *t, output_flush *flush, void *context)
{
	const struct sample *s = t->rows.sample;
	struct findings_count c = findings_count(s);
	struct buf b = { 0 };
	bool lines = false;
	int err;

	for (uint32_t i = 0; i < t->rows.count; i++) {
		uint32_t row = rowset_row(t->order, i);
		enum severity severity = s->findings[row].severity;
		bool is_line = severity == SEVERITY_OK || severity == SEVERITY_UNKNOWN;

		findings_add(
			&b, &t->rows, t->order, i, t->width ? t->width : WIDTH_STANDARD, false);
		if (!is_line)
			buf_addc(&b, '\n');
		lines = is_line;
	}
	if (lines)
		buf_addc(&b, '\n');
	findings_add_summary(&b, &c);
	buf_addc(&b, '\n');
	err = b.failed ? -ENOMEM : flush(context, &b);
	buf_free(&b);
	return err;
}
