/* The order of rows. What is sorted is an array of 16 bytes a row with 64-bit keys that order as the
 * values do. Where a value does not fit (a long text, an IPv6 address), and where values are equal,
 * the rows with equal keys get new keys: the rest of the value, then that of the second field, then
 * the identity. So every step looks only at the rows that are not told apart yet, equal rows cost
 * no more than others, and nothing is quadratic.
 *
 * Somebody waits for the rows that are seen: they may be asked for before the others. Then only the
 * pieces that these rows are in are told apart, and the others are left for later as they lie. No
 * work is done twice. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sockdash/keysort.h"
#include "sockdash/rowset_keys.h"

#define CANCEL_ROWS 8192  /* pieces of work between two looks at the flag */
#define PAGED_ROWS  32768 /* from here on their entries are mapped */
#define PIECES_MAX  64
#define PIECES_STEP 5  /* that one step leaves at most */
#define SMALL_PIECE 64 /* told apart at once wherever it is */

/* What rows are told apart by, one after the other. */
enum level { LEVEL_FIELD, LEVEL_THEN, LEVEL_IDENTITY };

/* Entries that are in their places among the others, but in no order among themselves: and what
 * tells them apart next. */
struct piece {
	uint32_t begin, end;
	enum level level;
	unsigned step;
	bool keyed; /* has its keys already */
};

struct rowset_order {
	const struct rowset *rows;
	struct sort_key keys[LEVEL_IDENTITY];
	const atomic_bool *cancel;
	uint32_t row; /* of the cursor, or ROWSET_NONE */
	struct keyed *entries;
	struct piece left[PIECES_MAX];
	size_t left_count;
};

/* ---- Levels ---------------------------------------------------------------------------------- */

static uint64_t identity_key(const struct rowset_order *o, const struct keyed *e, unsigned step)
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

/* A row's key; false where its value is not known. */
static inline bool find_key(const struct rowset_order *o, const struct key_kind *kind,
	const struct sort_key *by, uint32_t row, unsigned step, uint64_t *key)
{
	struct value v = rowset_value(o->rows, row, by->field);

	if (v.type == VALUE_NONE)
		return false;
	assert(rowset_key_kind(v.type) == kind);
	*key = kind->key(&v, step) ^ (by->descending ? UINT64_MAX : 0);
	return true;
}

/* Gives each row its key. Rows whose value is not known go to the end and get none; answers how
 * many have one. */
static uint32_t set_keys(
	const struct rowset_order *o, struct keyed *e, uint32_t n, enum level level, unsigned step)
{
	const struct sort_key *by = &o->keys[level];
	const struct key_kind *kind;
	uint32_t i = 0;

	if (level == LEVEL_IDENTITY) {
		for (; i < n; i++)
			e[i].key = identity_key(o, &e[i], step);
		return n;
	}
	kind = rowset_key_kind(by->field->type);
	while (i < n) {
		if (!find_key(o, kind, by, e[i].row, step, &e[i].key)) {
			struct keyed last = e[--n];

			e[n] = e[i];
			e[i] = last;
			continue;
		}
		i++;
		if (i % CANCEL_ROWS == 0 && keysort_is_cancelled(o->cancel))
			return 0;
	}
	return n;
}

/* Whether rows that have a key in common have nothing more to tell them apart at this level. */
static bool are_equal(const struct rowset_order *o, const struct keyed *e, uint32_t n,
	enum level level, unsigned step)
{
	const struct sort_key *by = &o->keys[level];
	struct value first;

	if (level == LEVEL_IDENTITY)
		return false;
	if (rowset_key_kind(by->field->type)
			->is_last(e->key ^ (by->descending ? UINT64_MAX : 0), step))
		return true;
	/* Long texts are most often the same ones: no need to go through them step by step. */
	first = rowset_value(o->rows, e->row, by->field);
	for (uint32_t i = 1; i < n; i++) {
		struct value v = rowset_value(o->rows, e[i].row, by->field);

		if (rowset_key_compare(&first, &v))
			return false;
	}
	return true;
}

static enum level next_level(const struct rowset_order *o, enum level level)
{
	return level == LEVEL_FIELD && o->keys[LEVEL_THEN].field ? LEVEL_THEN : LEVEL_IDENTITY;
}

static void tell_apart(
	const struct rowset_order *o, struct keyed *e, uint32_t n, enum level level, unsigned step)
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
	for (uint32_t begin = 0; begin < known && !keysort_is_cancelled(o->cancel); begin = end) {
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

/* ---- Pieces ---------------------------------------------------------------------------------- */

static void leave(struct rowset_order *o, struct piece p)
{
	if (p.begin < p.end)
		o->left[o->left_count++] = p;
}

/* Takes out a piece that has entries in these places. */
static bool find_piece(struct rowset_order *o, uint32_t from, uint32_t to, struct piece *out)
{
	for (size_t i = 0; i < o->left_count; i++) {
		if (o->left[i].begin >= to || o->left[i].end <= from)
			continue;
		*out = o->left[i];
		o->left[i] = o->left[--o->left_count];
		return true;
	}
	return false;
}

/* Gives a piece its keys, and leaves the rows whose value is not known. */
static void key_piece(struct rowset_order *o, struct piece *p)
{
	uint32_t end = p->end;

	if (p->keyed)
		return;
	p->keyed = true;
	p->end = p->begin + set_keys(o, o->entries + p->begin, end - p->begin, p->level, p->step);
	leave(o, (struct piece){ p->end, end, next_level(o, p->level), 0, false });
}

/* Sorts as much of a piece that has its keys as it takes to have the right entries in the places
 * from `from` on (at least one of them is in it); leaves the rest. */
static void sort_piece(struct rowset_order *o, struct piece p, uint32_t from, uint32_t to)
{
	struct keysort_range part = { 0, p.end - p.begin };
	struct keyed *e = o->entries;
	uint32_t end;

	/* Where there is no room for what would be left nothing is. */
	if (o->left_count + PIECES_STEP > PIECES_MAX) {
		from = p.begin;
		to = p.end;
	}
	if (from > p.begin)
		part.from = from - p.begin;
	if (to < p.end)
		part.to = to - p.begin;
	keysort_part(e + p.begin, p.end - p.begin, &part, o->cancel);
	if (keysort_is_cancelled(o->cancel))
		return;
	part.from += p.begin;
	part.to += p.begin;
	leave(o, (struct piece){ p.begin, part.from, p.level, p.step, true });
	leave(o, (struct piece){ part.to, p.end, p.level, p.step, true });
	for (uint32_t begin = part.from; begin < part.to; begin = end) {
		struct piece equal = { .level = p.level, .step = p.step + 1 };

		if (keysort_is_cancelled(o->cancel))
			return;
		for (end = begin + 1; end < part.to && e[end].key == e[begin].key;)
			end++;
		if (end - begin == 1)
			continue;
		if (are_equal(o, e + begin, end - begin, p.level, p.step)) {
			equal.level = next_level(o, p.level);
			equal.step = 0;
		}
		equal.begin = begin;
		equal.end = end;
		if (end - begin > SMALL_PIECE && (begin < from || end > to))
			leave(o, equal);
		else
			tell_apart(o, e + begin, end - begin, equal.level, equal.step);
	}
}

/* Puts the right entries in these places. */
static void settle(struct rowset_order *o, uint32_t from, uint32_t to)
{
	struct piece p;

	while (!keysort_is_cancelled(o->cancel) && find_piece(o, from, to, &p)) {
		key_piece(o, &p);
		if (p.begin < to && p.end > from && p.begin < p.end)
			sort_piece(o, p, from, to);
		else
			leave(o, p);
	}
}

static uint32_t find_entry(const struct rowset_order *o, uint32_t from, uint32_t to)
{
	while (from < to && o->entries[from].row != o->row)
		from++;
	return from;
}

/* Puts the row of the cursor in its place, and answers it. */
static uint32_t settle_row(struct rowset_order *o)
{
	uint32_t from = 0, to = o->rows->count;
	struct piece p;

	/* It is one of these, and in its place where no piece has it. */
	for (;;) {
		uint32_t before = 0, equal = 0, at = find_entry(o, from, to);

		if (keysort_is_cancelled(o->cancel) || !find_piece(o, at, at + 1, &p))
			return at;
		from = p.begin;
		to = p.end;
		key_piece(o, &p);
		at = find_entry(o, from, to);
		if (at >= p.end) {
			leave(o, p);
			continue;
		}
		for (uint32_t i = p.begin; i < p.end; i++) {
			before += o->entries[i].key < o->entries[at].key;
			equal += o->entries[i].key == o->entries[at].key;
		}
		from = p.begin + before;
		to = from + equal;
		sort_piece(o, p, from, from + 1);
	}
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

static struct rowset_order describe(const struct rowset *rows, struct sort_key key)
{
	struct rowset_order o = { .rows = rows, .keys = { [LEVEL_FIELD] = key } };

	if (rows->table->then)
		sort_parse(rows->table, rows->table->then, &o.keys[LEVEL_THEN]);
	return o;
}

/* Makes the entries with their first keys, in one walk over the rows, and finds the cursor. */
static void fill(struct rowset_order *o, uint64_t cursor)
{
	const struct sort_key *by = &o->keys[LEVEL_FIELD];
	const struct key_kind *kind = rowset_key_kind(by->field->type);
	uint32_t known = 0, unknown = o->rows->count;

	for (uint32_t row = 0; row < o->rows->count; row++) {
		uint64_t identity = o->rows->table->identity(o->rows, row), key = 0;
		bool is_known = find_key(o, kind, by, row, 0, &key);

		if (identity == cursor)
			o->row = row;
		/* The upper half of the identity, which most often is a hash. */
		o->entries[is_known ? known++ : --unknown] = (struct keyed){
			.key = key,
			.tie = (uint32_t)(identity >> 32),
			.row = row,
		};
		if (row % CANCEL_ROWS == 0 && keysort_is_cancelled(o->cancel))
			return;
	}
	leave(o, (struct piece){ 0, known, LEVEL_FIELD, 0, true });
	leave(o, (struct piece){ known, o->rows->count, next_level(o, LEVEL_FIELD), 0, false });
}

int rowset_order_begin(const struct rowset *rows, struct sort_key key, uint64_t cursor,
	const atomic_bool *cancel, struct rowset_order **out)
{
	struct rowset_order *o = malloc(sizeof *o);

	*out = NULL;
	if (!o)
		return -ENOMEM;
	*o = describe(rows, key);
	o->cancel = cancel;
	o->row = ROWSET_NONE;
	o->entries = alloc_entries(rows->count);
	if (!o->entries) {
		free(o);
		return -ENOMEM;
	}
	fill(o, cursor);
	*out = o;
	return 0;
}

/* The rows in these places. */
static int copy_rows(const struct rowset_order *o, uint32_t from, uint32_t to, uint32_t **out)
{
	uint32_t *rows;

	*out = NULL;
	if (keysort_is_cancelled(o->cancel))
		return -ECANCELED;
	rows = malloc((to - from) * sizeof *rows);
	if (!rows)
		return -ENOMEM;
	for (uint32_t i = from; i < to; i++)
		rows[i - from] = o->entries[i].row;
	*out = rows;
	return 0;
}

int rowset_order_part(
	struct rowset_order *o, uint32_t otherwise, uint32_t reach, struct rowset_part *out)
{
	uint32_t last = o->rows->count - 1, around;

	*out = (struct rowset_part){ .place = ROWSET_NONE };
	if (o->row != ROWSET_NONE)
		out->place = settle_row(o);
	around = out->place != ROWSET_NONE ? out->place : otherwise < last ? otherwise : last;
	out->from = around > reach ? around - reach : 0;
	out->to = last - around >= reach ? around + reach : last + 1;
	settle(o, out->from, out->to);
	return copy_rows(o, out->from, out->to, &out->rows);
}

int rowset_order_end(struct rowset_order *o, uint32_t **out, uint32_t *place)
{
	uint32_t n = o->rows->count;
	int err;

	*place = ROWSET_NONE;
	settle(o, 0, n);
	err = copy_rows(o, 0, n, out);
	if (!err && o->row != ROWSET_NONE)
		*place = find_entry(o, 0, n);
	free_entries(o->entries, n);
	free(o);
	return err;
}

int rowset_order(
	const struct rowset *rows, struct sort_key key, const atomic_bool *cancel, uint32_t **out)
{
	struct rowset_order *o;
	uint32_t place;
	int err;

	*out = NULL;
	if (!key.field || !rows->count)
		return 0;
	err = rowset_order_begin(rows, key, 0, cancel, &o);
	return err ? err : rowset_order_end(o, out, &place);
}
