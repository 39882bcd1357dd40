/* Counts of connections that ended. How many ends there are is up to strangers: their number has a
 * limit. */
#include "sockdash/ended.h"

#include <stdlib.h>

#include "sockdash/grow.h"

static uint64_t key_of(const struct ended_row *r)
{
	uint64_t end = (uint64_t)r->netns << 48 | (uint64_t)r->port << 32 | r->address.scope;

	return hash_mix(hash_bytes(r->address.bytes, sizeof r->address.bytes), end);
}

/* The row of this end, without a count where it is new; NULL where there is no room. */
static struct ended_row *row_for(struct ended_table *t, const struct ended_row *r)
{
	uint64_t key = key_of(r);
	uint32_t row = hash_get(&t->by_end, key);

	if (row != HASH_NONE)
		return &t->rows[row];
	if (t->count == ENDED_ROWS_MAX || grow(&t->rows, t->count, &t->room, sizeof *t->rows) ||
		hash_put(&t->by_end, key, t->count))
		return NULL;
	row = t->count++;
	t->rows[row] = *r;
	t->rows[row].count = 0;
	return &t->rows[row];
}

void ended_add(struct ended *e, enum ended_end end, const struct ended_row *row)
{
	struct ended_row *r = row->count ? row_for(&e->ends[end], row) : NULL;

	if (row->count && (!r || __builtin_add_overflow(r->count, row->count, &r->count)))
		e->at_least = true;
	if (r && r->count < row->count)
		r->count = UINT32_MAX;
}

void ended_add_all(struct ended *e, const struct ended *from)
{
	e->at_least |= from->at_least;
	for (unsigned end = 0; end < ENDED_ENDS; end++)
		for (uint32_t i = 0; i < from->ends[end].count; i++)
			ended_add(e, (enum ended_end)end, &from->ends[end].rows[i]);
}

void ended_free(struct ended *e)
{
	for (unsigned end = 0; end < ENDED_ENDS; end++) {
		free(e->ends[end].rows);
		hash_free(&e->ends[end].by_end);
	}
	*e = (struct ended){ 0 };
}
