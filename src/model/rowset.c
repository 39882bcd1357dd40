/* Access to tables by the names of their fields, and their order. Sorting moves an array of row
 * numbers with their extracted keys, never the rows, and asks each field once per row. */
#include "sockdash/rowset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/needs.h"

const struct table *const tables[] = { &table_states, &table_listen, &table_procs, &table_leaks,
	&table_sockets };
const size_t table_count = sizeof tables / sizeof *tables;

const struct table *table_find(const char *name, size_t len)
{
	for (size_t i = 0; i < table_count; i++)
		if (strlen(tables[i]->name) == len && memcmp(tables[i]->name, name, len) == 0)
			return tables[i];
	return NULL;
}

const struct field *table_field(const struct table *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->field_count; i++)
		if (strlen(t->fields[i].name) == len && memcmp(t->fields[i].name, name, len) == 0)
			return &t->fields[i];
	return NULL;
}

struct rowset rowset_of(const struct table *t, const struct sample *sample)
{
	return (struct rowset){ .table = t, .sample = sample, .count = t->count(sample) };
}

struct value rowset_value(const struct rowset *rows, uint32_t row, const struct field *field)
{
	struct value v = { .type = VALUE_NONE };

	field->get(rows, row, &v);
	return v;
}

int columns_parse(const struct table *t, const char *list, struct columns *out, const char **bad,
	size_t *bad_len)
{
	out->count = 0;
	for (const char *p = list;; p++) {
		const char *end = p + strcspn(p, ",");
		const char *name = p + strspn(p, " ");
		size_t len = end > name ? (size_t)(end - name) : 0;
		const struct field *f;

		while (len && name[len - 1] == ' ')
			len--;
		f = table_field(t, name, len);
		if (!f) {
			*bad = name;
			*bad_len = len;
			return -EINVAL;
		}
		if (out->count == COLUMNS_MAX)
			return -E2BIG;
		out->fields[out->count++] = f;
		p = end;
		if (!*p)
			return 0;
	}
}

bool field_comes_with_owners(const struct field *f)
{
	return f->on_request && f->needs & NEED_OWNERS;
}

void columns_all(const struct table *t, bool owners, struct columns *out)
{
	out->count = 0;
	for (size_t i = 0; i < t->field_count && out->count < COLUMNS_MAX; i++) {
		const struct field *f = &t->fields[i];

		if (!f->on_request || (owners && field_comes_with_owners(f)))
			out->fields[out->count++] = f;
	}
}

int sort_parse(const struct table *t, const char *text, struct sort_key *out)
{
	out->descending = *text == '-';
	text += out->descending;
	out->field = table_field(t, text, strlen(text));
	return out->field || (!*text && !out->descending) ? 0 : -EINVAL;
}

struct sort_entry {
	struct value value;
	uint64_t identity;
	uint32_t row;
};

static int compare_addresses(const struct address *a, const struct address *b)
{
	int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

	return order ? order : (a->scope > b->scope) - (a->scope < b->scope);
}

/* What a field's values have in common: rows may show a number as bytes or as a count. */
enum value_class { CLASS_NUMBER, CLASS_REAL, CLASS_TEXT, CLASS_ADDRESS };

static enum value_class class_of(enum value_type type)
{
	static const enum value_class classes[VALUE_TYPES] = {
		[VALUE_RATE] = CLASS_REAL,
		[VALUE_TREND] = CLASS_REAL,
		[VALUE_PERCENT] = CLASS_REAL,
		[VALUE_AGE] = CLASS_REAL,
		[VALUE_TEXT] = CLASS_TEXT,
		[VALUE_ADDRESS] = CLASS_ADDRESS,
	};

	return classes[type];
}

static int compare_values(const struct value *a, const struct value *b)
{
	enum value_class left = class_of(a->type), right = class_of(b->type);

	if (left != right)
		return (left > right) - (left < right);
	switch (left) {
	case CLASS_REAL:
		return (a->real > b->real) - (a->real < b->real);
	case CLASS_TEXT:
		return strcmp(a->text, b->text);
	case CLASS_ADDRESS:
		return compare_addresses(a->address, b->address);
	default:
		return (a->number > b->number) - (a->number < b->number);
	}
}

/* What rows are sorted by: a key whose values stand in the entries, and one for equals that is
 * looked up where it is needed. */
struct order {
	const struct rowset *rows;
	struct sort_key key, then;
};

static int compare_in(struct sort_key key, const struct value *a, const struct value *b)
{
	if (a->type == VALUE_NONE || b->type == VALUE_NONE)
		return (a->type == VALUE_NONE) - (b->type == VALUE_NONE);
	return compare_values(a, b) * (key.descending ? -1 : 1);
}

static int compare_entries(const void *left, const void *right, void *context)
{
	const struct sort_entry *a = left, *b = right;
	const struct order *by = context;
	int order = compare_in(by->key, &a->value, &b->value);

	if (!order && by->then.field) {
		struct value x = rowset_value(by->rows, a->row, by->then.field);
		struct value y = rowset_value(by->rows, b->row, by->then.field);

		order = compare_in(by->then, &x, &y);
	}
	if (!order)
		order = (a->identity > b->identity) - (a->identity < b->identity);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

uint32_t *rowset_order(const struct rowset *rows, struct sort_key key)
{
	uint32_t *order = malloc((rows->count ? rows->count : 1) * sizeof *order);
	struct order by = { .rows = rows, .key = key };
	struct sort_entry *entries = NULL;

	for (uint32_t i = 0; order && i < rows->count; i++)
		order[i] = i;
	if (!order || !key.field)
		return order;
	if (rows->table->then)
		sort_parse(rows->table, rows->table->then, &by.then);
	entries = malloc((rows->count ? rows->count : 1) * sizeof *entries);
	if (!entries) {
		free(order);
		return NULL;
	}
	for (uint32_t i = 0; i < rows->count; i++)
		entries[i] = (struct sort_entry){
			.value = rowset_value(rows, i, key.field),
			.identity = rows->table->identity(rows, i),
			.row = i,
		};
	qsort_r(entries, rows->count, sizeof *entries, compare_entries, &by);
	for (uint32_t i = 0; i < rows->count; i++)
		order[i] = entries[i].row;
	free(entries);
	return order;
}
