/* Runs of rows, as they are told. */
#include "sockdash/tape_encode.h"

void tape_run_end(struct tape_runs *r, struct buf *out)
{
	if (!r->copied && !r->fresh)
		return;
	wire_add_uint(out, r->copied);
	if (r->copied) {
		wire_add_int(out, (int64_t)r->from - r->expected);
		r->expected = r->from + r->copied;
	}
	wire_add_uint(out, r->fresh);
	if (r->fresh)
		buf_add(out, r->rows.data, r->rows.len);
	out->failed |= r->rows.failed;
	buf_clear(&r->rows);
	r->copied = r->fresh = 0;
}

void tape_run_copy(struct tape_runs *r, uint32_t was, struct buf *out)
{
	if (r->fresh || (r->copied && was != r->from + r->copied))
		tape_run_end(r, out);
	if (!r->copied)
		r->from = was;
	r->copied++;
}
