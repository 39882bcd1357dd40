/* Where a row is in an order that was made: found by comparing rows as the order does, without the
 * keys that it was made with. */
#include "sockdash/rowset_keys.h"

/* What rows are compared by; equal ones by their identity. */
struct comparison {
	const struct rowset *rows;
	struct sort_key keys[2];
};

static int compare_in(struct sort_key key, const struct value *a, const struct value *b)
{
	if (a->type == VALUE_NONE || b->type == VALUE_NONE)
		return (a->type == VALUE_NONE) - (b->type == VALUE_NONE);
	return rowset_key_compare(a, b) * (key.descending ? -1 : 1);
}

static struct comparison compare_by(const struct rowset *rows, struct sort_key key)
{
	struct comparison c = { .rows = rows, .keys = { key } };

	if (rows->table->then)
		sort_parse(rows->table, rows->table->then, &c.keys[1]);
	return c;
}

static int compare_rows(const struct comparison *c, uint32_t a, uint32_t b)
{
	uint64_t x = c->rows->table->identity(c->rows, a);
	uint64_t y = c->rows->table->identity(c->rows, b);

	for (size_t i = 0; i < sizeof c->keys / sizeof *c->keys; i++) {
		const struct sort_key *by = &c->keys[i];
		struct value left, right;
		int order;

		if (!by->field)
			continue;
		left = rowset_value(c->rows, a, by->field);
		right = rowset_value(c->rows, b, by->field);
		order = compare_in(*by, &left, &right);
		if (order)
			return order;
	}
	return x != y ? (x > y) - (x < y) : (a > b) - (a < b);
}

static uint32_t find_row(const struct rowset *rows, uint64_t identity)
{
	for (uint32_t row = 0; row < rows->count; row++)
		if (rows->table->identity(rows, row) == identity)
			return row;
	return ROWSET_NONE;
}

uint32_t rowset_place_of_row(
	const struct rowset *rows, struct sort_key key, const uint32_t *order, uint32_t row)
{
	struct comparison c = compare_by(rows, key);
	uint32_t first = 0, last = rows->count;

	if (!order)
		return row;
	/* The first place that does not come before the row. */
	while (first < last) {
		uint32_t middle = first + (last - first) / 2;

		if (compare_rows(&c, order[middle], row) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return first < rows->count && order[first] == row ? first : ROWSET_NONE;
}

uint32_t rowset_place(
	const struct rowset *rows, struct sort_key key, const uint32_t *order, uint64_t identity)
{
	uint32_t row = find_row(rows, identity);

	return row == ROWSET_NONE ? row : rowset_place_of_row(rows, key, order, row);
}
