/* The order of rows. What is sorted is an array of 16 bytes a row with 64-bit keys that order as the
 * values do. Where a value does not fit (a long text, an IPv6 address), and where values are equal,
 * the rows with equal keys get new keys: the rest of the value, then that of the second field, then
 * the identity. So every step looks only at the rows that are not told apart yet, equal rows cost
 * no more than others, and nothing is quadratic. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sockdash/keysort.h"
#include "sockdash/rowset.h"

#define CANCEL_ROWS 8192  /* pieces of work between two looks at the flag */
#define PAGED_ROWS  32768 /* from here on their entries are mapped */

/* What rows are told apart by, one after the other. */
enum level { LEVEL_FIELD, LEVEL_THEN, LEVEL_IDENTITY };

struct order {
	const struct rowset *rows;
	struct sort_key keys[LEVEL_IDENTITY];
	const atomic_bool *cancel;
};

/* ---- Values ---------------------------------------------------------------------------------- */

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

static int compare_addresses(const struct address *a, const struct address *b)
{
	int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

	return order ? order : (a->scope > b->scope) - (a->scope < b->scope);
}

static int compare_values(const struct value *a, const struct value *b)
{
	switch (class_of(a->type)) {
	case CLASS_REAL:
		return (a->real > b->real) - (a->real < b->real);
	case CLASS_TEXT:
		return a->text == b->text ? 0 : strcmp(a->text, b->text);
	case CLASS_ADDRESS:
		return a->address == b->address ? 0 : compare_addresses(a->address, b->address);
	default:
		return (a->number > b->number) - (a->number < b->number);
	}
}

static int compare_in(struct sort_key key, const struct value *a, const struct value *b)
{
	if (a->type == VALUE_NONE || b->type == VALUE_NONE)
		return (a->type == VALUE_NONE) - (b->type == VALUE_NONE);
	return compare_values(a, b) * (key.descending ? -1 : 1);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* A value as a row of unsigned numbers: the next one counts where those before are equal. */
struct key_kind {
	uint64_t (*key)(const struct value *v, unsigned step);
	/* Whether values with this key in common, and those of all steps before, are equal. */
	bool (*is_last)(uint64_t key, unsigned step);
};

#define SIGN (UINT64_C(1) << 63)

static uint64_t number_key(const struct value *v, unsigned step)
{
	(void)step;
	return (uint64_t)v->number ^ SIGN;
}

/* A negative number has its sign set, and the greater its other bits the smaller it is. */
static uint64_t real_key(const struct value *v, unsigned step)
{
	double real = v->real + 0.0; /* -0 is 0 */
	uint64_t bits;

	(void)step;
	memcpy(&bits, &real, sizeof bits);
	return bits & SIGN ? ~bits : bits | SIGN;
}

static bool is_whole(uint64_t key, unsigned step)
{
	(void)key;
	(void)step;
	return true;
}

static uint64_t read_bytes(const uint8_t *bytes)
{
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++)
		key = key << 8 | bytes[i];
	return key;
}

/* Eight bytes a step; the end is filled with zeros. */
static uint64_t text_key(const struct value *v, unsigned step)
{
	const char *text = v->text + 8 * (size_t)step;
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++) {
		key = key << 8 | (uint8_t)*text;
		text += *text != '\0';
	}
	return key;
}

static bool text_is_last(uint64_t key, unsigned step)
{
	(void)step;
	return !(key & 0xff);
}

/* First all that there is of an IPv4 address: 48 bits, and of the scope what has room. All others
 * come behind them, by half of their bits, and take more steps. */
#define SCOPE_ROOM 0x7fff

static uint64_t address_key(const struct value *v, unsigned step)
{
	uint64_t upper = read_bytes(v->address->bytes), lower = read_bytes(v->address->bytes + 8);
	uint32_t scope = v->address->scope;

	switch (step) {
	case 0:
		if (upper || lower >> 48)
			return SIGN | upper >> 1;
		return lower << 15 | (scope < SCOPE_ROOM ? scope : SCOPE_ROOM);
	case 1:
		return upper;
	case 2:
		return lower;
	default:
		return scope;
	}
}

static bool address_is_last(uint64_t key, unsigned step)
{
	if (step == 0)
		return !(key & SIGN) && (key & SCOPE_ROOM) != SCOPE_ROOM;
	return step == 3;
}

static const struct key_kind kinds[] = {
	[CLASS_NUMBER] = { number_key, is_whole },
	[CLASS_REAL] = { real_key, is_whole },
	[CLASS_TEXT] = { text_key, text_is_last },
	[CLASS_ADDRESS] = { address_key, address_is_last },
};

/* ---- Levels ---------------------------------------------------------------------------------- */

static uint64_t identity_key(const struct order *o, const struct keyed *e, unsigned step)
{
	switch (step) {
	case 0: /* nearly always enough, and at hand */
		return e->tie;
	case 1:
		return o->rows->table->identity(o->rows, e->row);
	default:
		return e->row;
	}
}

/* Gives each row its key. Rows whose value is not known go to the end and get none; answers how
 * many have one. */
static uint32_t set_keys(
	const struct order *o, struct keyed *e, uint32_t n, enum level level, unsigned step)
{
	const struct sort_key *by = &o->keys[level];
	const struct key_kind *kind;
	uint32_t i = 0;

	if (level == LEVEL_IDENTITY) {
		for (; i < n; i++)
			e[i].key = identity_key(o, &e[i], step);
		return n;
	}
	kind = &kinds[class_of(by->field->type)];
	while (i < n) {
		struct value v = rowset_value(o->rows, e[i].row, by->field);

		if (v.type == VALUE_NONE) {
			struct keyed last = e[--n];

			e[n] = e[i];
			e[i] = last;
			continue;
		}
		assert(class_of(v.type) == class_of(by->field->type));
		e[i].key = kind->key(&v, step) ^ (by->descending ? UINT64_MAX : 0);
		i++;
		if (i % CANCEL_ROWS == 0 && keysort_is_cancelled(o->cancel))
			return 0;
	}
	return n;
}

/* Whether rows that have a key in common have nothing more to tell them apart at this level. */
static bool are_equal(
	const struct order *o, const struct keyed *e, uint32_t n, enum level level, unsigned step)
{
	const struct sort_key *by = &o->keys[level];
	struct value first;

	if (level == LEVEL_IDENTITY)
		return false;
	if (kinds[class_of(by->field->type)].is_last(
		    e->key ^ (by->descending ? UINT64_MAX : 0), step))
		return true;
	/* Long texts are most often the same ones: no need to go through them step by step. */
	first = rowset_value(o->rows, e->row, by->field);
	for (uint32_t i = 1; i < n; i++) {
		struct value v = rowset_value(o->rows, e[i].row, by->field);

		if (compare_values(&first, &v))
			return false;
	}
	return true;
}

static enum level next_level(const struct order *o, enum level level)
{
	return level == LEVEL_FIELD && o->keys[LEVEL_THEN].field ? LEVEL_THEN : LEVEL_IDENTITY;
}

static void tell_apart(
	const struct order *o, struct keyed *e, uint32_t n, enum level level, unsigned step)
{
	uint32_t known, end;

	for (;;) {
		known = set_keys(o, e, n, level, step);
		if (n > CANCEL_ROWS && keysort_is_cancelled(o->cancel))
			return;
		keysort(e, known, o->cancel);
		for (end = known ? 1 : 0; end < known && e[end].key == e[0].key;)
			end++;
		if (!end || end < n)
			break;
		/* None is told apart: again without recursion, which texts could make deep. */
		if (n == 1)
			return;
		if (are_equal(o, e, n, level, step)) {
			level = next_level(o, level);
			step = 0;
		} else {
			step++;
		}
	}
	for (uint32_t begin = 0; begin < known; begin = end) {
		for (end = begin + 1; end < known && e[end].key == e[begin].key;)
			end++;
		if (end - begin == 1)
			continue;
		if (are_equal(o, e + begin, end - begin, level, step))
			tell_apart(o, e + begin, end - begin, next_level(o, level), 0);
		else
			tell_apart(o, e + begin, end - begin, level, step + 1);
	}
	if (n - known > 1)
		tell_apart(o, e + known, n - known, next_level(o, level), 0);
}

/* ---- The outside ----------------------------------------------------------------------------- */

/* Of a million rows these are 16 MB, which are to go back to the system and not to stay with the
 * allocator. */
static struct keyed *alloc_entries(uint32_t n)
{
	void *pages;

	if (n < PAGED_ROWS)
		return malloc(n * sizeof(struct keyed));
	pages = mmap(NULL, n * sizeof(struct keyed), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? NULL : pages;
}

static void free_entries(struct keyed *entries, uint32_t n)
{
	if (n < PAGED_ROWS)
		free(entries);
	else
		munmap(entries, n * sizeof *entries);
}

static struct order begin_order(const struct rowset *rows, struct sort_key key)
{
	struct order o = { .rows = rows, .keys = { [LEVEL_FIELD] = key } };

	if (rows->table->then)
		sort_parse(rows->table, rows->table->then, &o.keys[LEVEL_THEN]);
	return o;
}

int rowset_order(
	const struct rowset *rows, struct sort_key key, const atomic_bool *cancel, uint32_t **out)
{
	struct order o = begin_order(rows, key);
	struct keyed *entries;
	uint32_t *order;
	int err = 0;

	*out = NULL;
	if (!key.field || !rows->count)
		return 0;
	o.cancel = cancel;
	entries = alloc_entries(rows->count);
	if (!entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < rows->count; i++) {
		entries[i].row = i;
		/* The upper half of the identity, which most often is a hash. */
		entries[i].tie = (uint32_t)(rows->table->identity(rows, i) >> 32);
	}
	tell_apart(&o, entries, rows->count, LEVEL_FIELD, 0);
	order = keysort_is_cancelled(cancel) ? NULL : malloc(rows->count * sizeof *order);
	for (uint32_t i = 0; order && i < rows->count; i++)
		order[i] = entries[i].row;
	if (!order)
		err = keysort_is_cancelled(cancel) ? -ECANCELED : -ENOMEM;
	free_entries(entries, rows->count);
	*out = order;
	return err;
}

static int compare_rows(const struct order *o, uint32_t a, uint32_t b)
{
	uint64_t x = o->rows->table->identity(o->rows, a);
	uint64_t y = o->rows->table->identity(o->rows, b);

	for (enum level level = LEVEL_FIELD; level < LEVEL_IDENTITY; level++) {
		const struct sort_key *by = &o->keys[level];
		struct value left, right;
		int order;

		if (!by->field)
			continue;
		left = rowset_value(o->rows, a, by->field);
		right = rowset_value(o->rows, b, by->field);
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

uint32_t rowset_place(
	const struct rowset *rows, struct sort_key key, const uint32_t *order, uint64_t identity)
{
	struct order o = begin_order(rows, key);
	uint32_t row = find_row(rows, identity), first = 0, last = rows->count;

	if (row == ROWSET_NONE || !order)
		return row;
	/* The first place that does not come before the row. */
	while (first < last) {
		uint32_t middle = first + (last - first) / 2;

		if (compare_rows(&o, order[middle], row) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return first < rows->count && order[first] == row ? first : ROWSET_NONE;
}
