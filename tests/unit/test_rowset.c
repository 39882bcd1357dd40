/* rowset: what every table promises to screens, scripts and sorting, checked for all tables and all
 * their fields. */
#include "lib/fixture.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/server.h"
#include "sockdash/needs.h"

static struct story server;

static int tell_server(void **state)
{
	(void)state;
	story_begin(&server, 10);
	server_tell(&server, &(struct server){ .samples = 5, .clients = 40 });
	return 0;
}

static int end_server(void **state)
{
	(void)state;
	story_end(&server);
	return 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static bool is_sentence(const char *help)
{
	size_t len = strlen(help);

	return len && help[len - 1] != '.' && !isspace((unsigned char)help[len - 1]) &&
	       !strstr(help, "  ") && !strpbrk(help, "\n\t");
}

static void tables_have_names_and_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		const struct table *t = tables[i];
		struct columns c;
		struct sort_key sort;
		const char *bad;
		size_t bad_len;

		assert_ptr_equal(table_find(t->name, strlen(t->name)), t);
		assert_true(is_sentence(t->help));
		assert_true(strlen(t->title) > 0);
		assert_true(t->field_count > 0 && t->field_count <= COLUMNS_MAX);
		assert_int_equal(columns_parse(t, t->columns, &c, &bad, &bad_len), 0);
		if (t->owner_columns) {
			assert_int_equal(columns_parse(t, t->owner_columns, &c, &bad, &bad_len), 0);
			assert_int_equal(
				strncmp(t->owner_columns, t->columns, strlen(t->columns)), 0);
		}
		assert_int_equal(sort_parse(t, t->sort, &sort), 0);
		assert_int_equal(sort.field != NULL, *t->sort != '\0');
		assert_true(t->needs & NEED_SOCKETS);
	}
	assert_null(table_find("stat", 4));
	assert_null(table_find("statesx", 7));
	assert_ptr_equal(table_find("statesx", 6), &table_states);
}

static void fields_have_names_titles_and_help(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		const struct table *t = tables[i];

		for (size_t f = 0; f < t->field_count; f++) {
			const struct field *field = &t->fields[f];

			if (strspn(field->name, letters) != strlen(field->name) ||
				!isalpha((unsigned char)*field->name))
				fail_msg("%s.%s: not a plain name", t->name, field->name);
			if (!is_sentence(field->help))
				fail_msg("%s.%s: '%s'", t->name, field->name, field->help);
			if (!*field->title || strchr(field->title, ' '))
				fail_msg("%s.%s: title '%s'", t->name, field->name, field->title);
			if (field->type == VALUE_NONE || field->type >= VALUE_TYPES)
				fail_msg("%s.%s: no type", t->name, field->name);
			assert_non_null(field->get);
			/* Found by its name, hence the only one of that name. */
			assert_ptr_equal(table_field(t, field->name, strlen(field->name)), field);
		}
	}
	assert_null(table_field(&table_states, "coun", 4));
	assert_null(table_field(&table_states, "", 0));
}

/* A column of one name means one thing: the title is the same wherever it stands. */
static void a_name_has_the_same_type_in_every_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		for (size_t f = 0; f < tables[i]->field_count; f++) {
			const struct field *one = &tables[i]->fields[f];

			for (size_t k = 0; k < i; k++) {
				const struct field *other =
					table_field(tables[k], one->name, strlen(one->name));

				if (other && (other->type != one->type ||
						     strcmp(other->title, one->title) != 0))
					fail_msg("%s is '%s' in %s and '%s' in %s", one->name,
						one->title, tables[i]->name, other->title,
						tables[k]->name);
			}
		}
	}
}

static bool is_seldom_known(const char *field)
{
	static const char *const seldom[] = { "cgroup", "usual", "bytes", "exhaustion" };

	for (size_t i = 0; i < COUNT_OF(seldom); i++)
		if (strcmp(field, seldom[i]) == 0)
			return true;
	return false;
}

/* A row may show a number in another form than its field (a backlog is no size), never a text. */
static void values_have_the_type_of_their_field(void **state)
{
	static const int number[VALUE_TYPES] = {
		[VALUE_COUNT] = 1,
		[VALUE_BYTES] = 1,
		[VALUE_DELTA] = 1,
		[VALUE_ID] = 1,
		[VALUE_RATE] = 2,
		[VALUE_TREND] = 2,
		[VALUE_PERCENT] = 2,
	};

	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		struct rowset rows = rowset_of(tables[i], server.sample);

		assert_true(rows.count > 0);
		for (size_t f = 0; f < tables[i]->field_count; f++) {
			const struct field *field = &tables[i]->fields[f];
			uint32_t known = 0;

			for (uint32_t row = 0; row < rows.count; row++) {
				struct value v = rowset_value(&rows, row, field);

				known += v.type != VALUE_NONE;
				if (v.type != VALUE_NONE && v.type != field->type &&
					!(number[v.type] && number[v.type] == number[field->type]))
					fail_msg("%s.%s: type %d", tables[i]->name, field->name,
						v.type);
				assert_true(v.type != VALUE_TEXT || (v.text && *v.text));
			}
			/* The story has something to tell of each. */
			if (!known && !is_seldom_known(field->name) &&
				!(field->needs & (NEED_INFO | NEED_EVENTS)))
				fail_msg("%s.%s is never known", tables[i]->name, field->name);
		}
	}
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void identities_are_unique_and_never_0(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		struct rowset rows = rowset_of(tables[i], server.sample);
		uint64_t *all = calloc(rows.count, sizeof *all);

		assert_non_null(all);
		for (uint32_t row = 0; row < rows.count; row++) {
			all[row] = tables[i]->identity(&rows, row);
			assert_true(all[row] != 0);
		}
		qsort(all, rows.count, sizeof *all, compare_u64);
		for (uint32_t row = 1; row < rows.count; row++)
			assert_true(all[row] != all[row - 1]);
		free(all);
	}
}

static void identities_are_the_same_in_the_next_sample(void **state)
{
	struct story st;
	struct sample *then;

	(void)state;
	story_begin(&st, 10);
	then = sample_get(server_tell(&st, &(struct server){ .samples = 4, .clients = 40 }));
	server_tell(&st, &(struct server){ .first = 4, .samples = 1, .clients = 40 });
	for (size_t i = 0; i < table_count; i++) {
		struct rowset now = rowset_of(tables[i], st.sample);
		struct rowset before = rowset_of(tables[i], then);
		uint32_t same = 0;

		for (uint32_t a = 0; a < now.count; a++)
			for (uint32_t b = 0; b < before.count; b++)
				same += tables[i]->identity(&now, a) ==
					tables[i]->identity(&before, b);
		/* All but some sockets are still there. */
		assert_true(same * 2 > now.count);
		assert_true(same <= now.count && same <= before.count);
	}
	sample_put(then);
	story_end(&st);
}

/* ---- Order ----------------------------------------------------------------------------------- */

/* What is compared, written again in the plainest way: -1, 0, 1. */
static int compare(const struct value *a, const struct value *b)
{
	switch (a->type) {
	case VALUE_TEXT:
		return (strcmp(a->text, b->text) > 0) - (strcmp(a->text, b->text) < 0);
	case VALUE_ADDRESS: {
		int bytes = memcmp(a->address->bytes, b->address->bytes, 16);

		return bytes ? (bytes > 0 ? 1 : -1)
			     : (a->address->scope > b->address->scope) -
				       (a->address->scope < b->address->scope);
	}
	case VALUE_RATE:
	case VALUE_TREND:
	case VALUE_PERCENT:
	case VALUE_AGE:
	case VALUE_SPAN:
		return (a->real > b->real) - (a->real < b->real);
	default:
		return (a->number > b->number) - (a->number < b->number);
	}
}

/* The same for two rows and a key: what is not known comes last either way. */
static int compare_rows(const struct rowset *rows, struct sort_key key, uint32_t a, uint32_t b)
{
	struct value x = rowset_value(rows, a, key.field), y = rowset_value(rows, b, key.field);

	if (x.type == VALUE_NONE || y.type == VALUE_NONE)
		return (x.type == VALUE_NONE) - (y.type == VALUE_NONE);
	return key.descending ? -compare(&x, &y) : compare(&x, &y);
}

/* The order of the rows, which the caller frees. */
static uint32_t *make_order(const struct rowset *rows, struct sort_key key)
{
	uint32_t *order;

	assert_int_equal(rowset_order(rows, key, NULL, &order), 0);
	return order;
}

/* That the rows around one, or around a place, are those of the whole order, and that the order which
 * was begun with them ends as the whole one. */
static void check_part(const struct rowset *rows, struct sort_key key, const uint32_t *order,
	uint32_t place, bool pinned, uint32_t reach)
{
	uint64_t cursor = pinned ? rows->table->identity(rows, order[place]) : 0;
	uint32_t from = place > reach ? place - reach : 0;
	uint32_t to = rows->count - place > reach ? place + reach : rows->count;
	struct rowset_order *o;
	struct rowset_part part;
	uint32_t *whole, found;

	assert_int_equal(rowset_order_begin(rows, key, cursor, NULL, &o), 0);
	assert_int_equal(rowset_order_part(o, pinned ? 0 : place, reach, &part), 0);
	assert_int_equal(part.from, from);
	assert_int_equal(part.to, to);
	assert_int_equal(part.place, pinned ? place : ROWSET_NONE);
	assert_memory_equal(part.rows, order + from, (to - from) * sizeof *order);
	assert_int_equal(rowset_order_end(o, &whole, &found), 0);
	assert_int_equal(found, pinned ? place : ROWSET_NONE);
	assert_memory_equal(whole, order, rows->count * sizeof *order);
	free(part.rows);
	free(whole);
}

static void check_parts(const struct rowset *rows, struct sort_key key, const uint32_t *order)
{
	const uint32_t n = rows->count, reaches[] = { 1, 30, n - 1, n, UINT32_MAX };

	for (size_t i = 0; rows->count && i < COUNT_OF(reaches); i++) {
		uint32_t places[] = { 0, 1 % n, n / 3, n / 2, n - 1 };

		for (size_t k = 0; k < 2 * COUNT_OF(places); k++)
			check_part(rows, key, order, places[k / 2], k % 2, reaches[i]);
	}
}

/* Also that every row is found in its place. */
static void check_order(const struct rowset *rows, struct sort_key key, const uint32_t *order)
{
	uint8_t *seen = calloc(rows->count + 1, 1);
	struct sort_key then = { 0 };

	assert_non_null(seen);
	if (rows->table->then)
		assert_int_equal(sort_parse(rows->table, rows->table->then, &then), 0);
	for (uint32_t i = 0; i < rows->count; i++) {
		int step;

		assert_true(order[i] < rows->count && !seen[order[i]]);
		seen[order[i]] = 1;
		assert_int_equal(
			rowset_place(rows, key, order, rows->table->identity(rows, order[i])), i);
		if (i == 0)
			continue;
		step = compare_rows(rows, key, order[i - 1], order[i]);
		if (step == 0 && then.field)
			step = compare_rows(rows, then, order[i - 1], order[i]);
		assert_true(step <= 0);
		if (step == 0)
			assert_true(rows->table->identity(rows, order[i - 1]) <
				    rows->table->identity(rows, order[i]));
	}
	assert_int_equal(rowset_place(rows, key, order, UINT64_MAX), ROWSET_NONE);
	check_parts(rows, key, order);
	free(seen);
}

static void check_field(const struct table *t, const char *field, const struct sample *s)
{
	struct rowset rows = rowset_of(t, s);

	for (unsigned way = 0; way < 2; way++) {
		struct sort_key key = { table_field(t, field, strlen(field)), way };
		uint32_t *order = make_order(&rows, key);

		assert_non_null(order);
		check_order(&rows, key, order);
		free(order);
	}
}

static void every_field_sorts_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		struct rowset rows = rowset_of(tables[i], server.sample);

		for (size_t f = 0; f < 2 * tables[i]->field_count; f++) {
			struct sort_key key = { &tables[i]->fields[f / 2], f % 2 };
			uint32_t *order = make_order(&rows, key);

			assert_non_null(order);
			check_order(&rows, key, order);
			free(order);
		}
	}
}

static void without_a_key_rows_keep_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		struct rowset rows = rowset_of(tables[i], server.sample);
		uint32_t *order = make_order(&rows, (struct sort_key){ 0 });

		assert_null(order);
		for (uint32_t row = 0; row < rows.count; row++) {
			uint64_t identity = tables[i]->identity(&rows, row);

			assert_int_equal(rowset_row(order, row), row);
			assert_int_equal(
				rowset_place(&rows, (struct sort_key){ 0 }, order, identity), row);
		}
	}
}

/* Texts that part late, and one that ends where another goes on. */
static void long_texts_sort_to_their_end(void **state)
{
	static const char *const endings[] = { "", "a", "bbbbbbb", "bbbbbbbb", "bbbbbbbbb",
		"b\xc3\xa9", "\xe2\x82\xac", "java -Xmx2g -jar /srv/a.jar",
		"java -Xmx2g -jar /srv/b.jar", "java -Xmx2g -jar /srv/a.jar --more" };
	char text[16 + 64] = "";
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 20 * COUNT_OF(endings); i++) {
		unsigned pid = 1 + i * 77 % (20 * COUNT_OF(endings));

		snprintf(text, sizeof text, "%.*s%s", (int)(i % 17), "same-same-same-!",
			endings[i * 7 % COUNT_OF(endings)]);
		story_proc(&st, .pid = pid, .name = "same", .cmdline = text);
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:%u pid=%u", i + 1, pid);
	}
	story_sample(&st);
	check_field(&table_procs, "cmdline", st.sample);
	check_field(&table_procs, "process", st.sample);
	check_field(&table_procs, "user", st.sample); /* nobody's is known */
	story_end(&st);
}

/* What does not fit into 64 bits: IPv6, scopes; and where it stands beside IPv4. */
static void addresses_sort_by_all_their_bytes(void **state)
{
	static const char *const ends[] = { "10.0.0.9:1", "10.0.0.10:1", "255.1.1.1:1", "0.0.0.0:1",
		"10.0.0.9%eth0:1", "10.0.0.9%eth1:1", "[::]:1", "[::1]:1", "[::2:0:0:0]:1",
		"[::1:0:0:0]:1", "[::ffff:0:0:1]:1", "[1::]:1", "[0:0:0:1::]:1", "[0:0:0:1::1]:1",
		"[0:0:0:2::]:1", "[0:0:0:3::]:1", "[8000::1]:1", "[ffff::1]:1", "[ffff::2]:1",
		"[fe80::1]%eth0:1", "[fe80::1]%eth1:1", "[fe80::2]%eth0:1", "[::1]%eth0:1" };
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 40 * COUNT_OF(ends); i++)
		story_sock(&st, "tcp ESTAB %s %s cookie=%u", ends[i * 5 % COUNT_OF(ends)],
			ends[i * 5 % COUNT_OF(ends)], i * 7919 % 100003 + 1);
	story_sample(&st);
	check_field(&table_sockets, "local_address", st.sample);
	/* A scope that does not fit beside an IPv4 address. */
	for (uint32_t i = 0; i < st.sample->frame->addresses->count; i++) {
		struct address *a = (struct address *)frame_address(st.sample->frame, i);

		a->scope += a->scope ? 0x7ffd : 0;
	}
	check_field(&table_sockets, "remote_address", st.sample);
	story_end(&st);
}

/* Numbers and reals of both signs. */
static uint32_t count_numbers(const struct sample *sample)
{
	(void)sample;
	return 3000;
}

static int64_t number_of(uint32_t row)
{
	static const int64_t numbers[] = { INT64_MIN, -300, -1, 0, 1, 300, INT64_MAX };
	uint32_t n = row * 2654435761u % 3001;

	return n < COUNT_OF(numbers) ? numbers[n] : (int64_t)(n % 500) - 250;
}

static void get_number(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	value_number(out, VALUE_COUNT, number_of(row));
}

static void get_real(const struct rowset *rows, uint32_t row, struct value *out)
{
	(void)rows;
	if (row % 11)
		value_real(out, VALUE_RATE, (double)number_of(row) / 7 * (row % 3 ? 1 : -1));
}

static uint64_t few_identities(const struct rowset *rows, uint32_t row)
{
	(void)rows;
	return 3001 - row;
}

static void numbers_sort_whatever_their_sign(void **state)
{
	static const struct field fields[] = {
		{ "number", "N", "a number", VALUE_COUNT, .get = get_number },
		{ "real", "R", "a real number", VALUE_RATE, .get = get_real },
	};
	struct table t = {
		.name = "numbers",
		.fields = fields,
		.field_count = COUNT_OF(fields),
		.count = count_numbers,
		/* Whose upper halves are all the same. */
		.identity = few_identities,
	};

	(void)state;
	check_field(&t, "number", server.sample);
	check_field(&t, "real", server.sample);
	t.then = "-number";
	check_field(&t, "real", server.sample);
}

/* Texts that part a few at a time leave more pieces than there is room for. */
static void parts_of_texts_that_part_late(void **state)
{
	char text[1200];
	struct story st;

	(void)state;
	memset(text, 'x', sizeof text);
	story_begin(&st, 0);
	story_frame(&st, 0);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned at = i % 140 * 8;

		text[at] = (char)('y' - i / 140 % 3 * 2);
		text[at + 8] = '\0';
		story_proc(&st, .pid = i + 1, .name = "same", .cmdline = text);
		story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.2:%u pid=%u", i + 1, i + 1);
		text[at] = text[at + 8] = 'x';
	}
	story_sample(&st);
	check_field(&table_procs, "cmdline", st.sample);
	story_end(&st);
}

static void a_part_that_is_cancelled_is_none(void **state)
{
	struct rowset rows = rowset_of(&table_sockets, server.sample);
	struct sort_key key = { table_field(&table_sockets, "state", 5), false };
	atomic_bool cancel = false;
	struct rowset_order *o;
	struct rowset_part part;
	uint32_t *order, place;

	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		cancel = !later;
		assert_int_equal(
			rowset_order_begin(&rows, key, rows.table->identity(&rows, 3), &cancel, &o),
			0);
		cancel = true;
		assert_int_equal(rowset_order_part(o, 0, 5, &part), -ECANCELED);
		assert_null(part.rows);
		assert_int_equal(rowset_order_end(o, &order, &place), -ECANCELED);
		assert_null(order);
		assert_int_equal(place, ROWSET_NONE);
	}
}

static uint32_t count_too_many(const struct sample *sample)
{
	(void)sample;
	return UINT32_MAX;
}

/* 64 GiB; where the system promises even that, the flag ends it. */
static void without_memory_there_is_no_order(void **state)
{
	static const struct field fields[] = {
		{ "number", "N", "a number", VALUE_COUNT, .get = get_number },
	};
	const struct table t = {
		.name = "numbers",
		.fields = fields,
		.field_count = COUNT_OF(fields),
		.count = count_too_many,
		.identity = few_identities,
	};
	struct rowset rows = rowset_of(&t, server.sample);
	struct sort_key key = { &fields[0], false };
	atomic_bool cancel = true;
	struct rowset_order *o;
	uint32_t *order, place;
	int err = rowset_order_begin(&rows, key, 1, &cancel, &o);

	(void)state;
	if (!err) {
		assert_int_equal(rowset_order_end(o, &order, &place), -ECANCELED);
		skip();
	}
	assert_int_equal(err, -ENOMEM);
	assert_null(o);
	assert_int_equal(rowset_order(&rows, key, &cancel, &order), -ENOMEM);
	assert_null(order);
}

static void an_order_that_is_cancelled_is_none(void **state)
{
	struct rowset rows = rowset_of(&table_sockets, server.sample);
	struct sort_key key = { table_field(&table_sockets, "state", 5), false };
	atomic_bool cancel = true;
	uint32_t *order;

	(void)state;
	assert_int_equal(rowset_order(&rows, key, &cancel, &order), -ECANCELED);
	assert_null(order);
	cancel = false;
	assert_int_equal(rowset_order(&rows, key, &cancel, &order), 0);
	assert_non_null(order);
	free(order);
}

/* The same sockets, dumped in another order. */
static void equal_values_keep_their_order_from_sample_to_sample(void **state)
{
	static const unsigned ways[2][5] = { { 1, 2, 3, 4, 5 }, { 4, 2, 5, 1, 3 } };
	uint64_t cookies[2][5];

	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		const struct sort_key key = { table_field(&table_sockets, "state", 5), way };
		struct story st;
		struct rowset rows;
		uint32_t *order;

		story_begin(&st, 0);
		story_frame(&st, 0);
		for (unsigned i = 0; i < 5; i++)
			story_sock(&st, "tcp ESTAB 10.0.0.1:80 10.0.0.%u:5000 cookie=%u",
				ways[way][i], ways[way][i]);
		rows = rowset_of(&table_sockets, story_sample(&st));
		order = make_order(&rows, key);
		for (unsigned i = 0; i < 5; i++)
			cookies[way][i] = st.sample->frame->socks[order[i]].cookie;
		free(order);
		story_end(&st);
	}
	assert_memory_equal(cookies[0], cookies[1], sizeof cookies[0]);
}

static void no_rows_sort_too(void **state)
{
	struct story st;

	(void)state;
	story_begin(&st, 0);
	story_frame(&st, 0);
	story_sample(&st);
	for (size_t i = 0; i < table_count; i++) {
		struct rowset rows = rowset_of(tables[i], st.sample);
		struct sort_key key = { &tables[i]->fields[0], true };
		uint32_t *order = make_order(&rows, key);

		assert_int_equal(!order, !rows.count);
		assert_int_equal(rowset_place(&rows, key, order, UINT64_MAX), ROWSET_NONE);
		free(order);
	}
	story_end(&st);
}

/* ---- Columns and keys from words ------------------------------------------------------------- */

static void columns_are_read_from_words(void **state)
{
	static const struct {
		const char *list;
		int err;
		const char *result; /* names, or the bad one */
	} cases[] = {
		{ "pid", 0, "pid " },
		{ "conns,pid,conns", 0, "conns pid conns " },
		{ "", -EINVAL, "" },
		{ "pid,", -EINVAL, "" },
		{ ",pid", -EINVAL, "" },
		{ "pid, conns ,fds ", 0, "pid conns fds " },
		{ "pid conns", -EINVAL, "pid conns" },
		{ "pid, ", -EINVAL, "" },
		{ "pid,PID", -EINVAL, "PID" },
		{ "pid,conn,fds", -EINVAL, "conn" },
		{ "pid,connss", -EINVAL, "connss" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct columns c;
		const char *bad = NULL;
		size_t bad_len = 0;
		char text[64] = "";

		assert_int_equal(columns_parse(&table_procs, cases[i].list, &c, &bad, &bad_len),
			cases[i].err);
		if (cases[i].err)
			snprintf(text, sizeof text, "%.*s", (int)bad_len, bad);
		for (size_t k = 0; !cases[i].err && k < c.count; k++)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
				c.fields[k]->name);
		assert_string_equal(text, cases[i].result);
	}
}

static void too_many_columns_are_refused(void **state)
{
	char list[4 * (COLUMNS_MAX + 1)] = "";
	struct columns c;
	const char *bad;
	size_t bad_len;

	(void)state;
	for (int i = 0; i < COLUMNS_MAX; i++)
		strcat(list, i ? ",pid" : "pid");
	assert_int_equal(columns_parse(&table_procs, list, &c, &bad, &bad_len), 0);
	assert_int_equal(c.count, COLUMNS_MAX);
	strcat(list, ",pid");
	assert_int_equal(columns_parse(&table_procs, list, &c, &bad, &bad_len), -E2BIG);
}

static void all_columns_are_those_not_on_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < table_count; i++) {
		for (int owners = 0; owners <= 1; owners++) {
			size_t asked = 0;
			struct columns c;

			columns_all(tables[i], owners, &c);
			for (size_t f = 0; f < tables[i]->field_count; f++) {
				const struct field *field = &tables[i]->fields[f];

				asked += field->on_request &&
					 !(owners && field->needs & NEED_OWNERS);
			}
			assert_int_equal(c.count, tables[i]->field_count - asked);
		}
	}
}

/* The search for owners costs more than all the rest: nothing that is printed unasked needs it. */
static void owners_of_sockets_come_on_request(void **state)
{
	static const char *const owned[] = { "pid", "process", "owners", "unit" };
	const struct table *t = &table_sockets;
	struct columns c;
	const char *bad;
	size_t bad_len, infos = 0;

	(void)state;
	columns_all(t, false, &c);
	for (size_t i = 0; i < c.count; i++)
		assert_false(c.fields[i]->needs & NEED_OWNERS);
	assert_int_equal(columns_parse(t, t->columns, &c, &bad, &bad_len), 0);
	for (size_t i = 0; i < c.count; i++)
		assert_false(c.fields[i]->needs & NEED_OWNERS);
	columns_all(t, true, &c);
	for (size_t i = 0; i < t->field_count; i++)
		infos += t->fields[i].needs == NEED_INFO;
	assert_int_equal(c.count + infos, t->field_count);
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		assert_true(field_comes_with_owners(table_field(t, owned[i], strlen(owned[i]))));
	assert_int_equal(columns_parse(t, t->owner_columns, &c, &bad, &bad_len), 0);
	assert_string_equal(c.fields[c.count - 2]->name, "pid");
	assert_string_equal(c.fields[c.count - 1]->name, "process");
	assert_false(field_comes_with_owners(table_field(&table_listen, "pid", 3)));
	assert_false(field_comes_with_owners(table_field(&table_listen, "inode", 5)));
}

static void sort_keys_are_read_from_words(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *field;
		bool descending;
	} cases[] = {
		{ "pid", 0, "pid", false },
		{ "-pid", 0, "pid", true },
		{ "", 0, NULL, false },
		{ "-", -EINVAL, NULL, false },
		{ "--pid", -EINVAL, NULL, false },
		{ "pi", -EINVAL, NULL, false },
		{ "pid ", -EINVAL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sort_key key;

		assert_int_equal(sort_parse(&table_procs, cases[i].text, &key), cases[i].err);
		if (cases[i].err)
			continue;
		assert_int_equal(key.descending, cases[i].descending);
		if (cases[i].field)
			assert_string_equal(key.field->name, cases[i].field);
		else
			assert_null(key.field);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_have_names_and_help),
		cmocka_unit_test(fields_have_names_titles_and_help),
		cmocka_unit_test(a_name_has_the_same_type_in_every_table),
		cmocka_unit_test(values_have_the_type_of_their_field),
		cmocka_unit_test(identities_are_unique_and_never_0),
		cmocka_unit_test(identities_are_the_same_in_the_next_sample),
		cmocka_unit_test(every_field_sorts_both_ways),
		cmocka_unit_test(without_a_key_rows_keep_their_order),
		cmocka_unit_test(long_texts_sort_to_their_end),
		cmocka_unit_test(addresses_sort_by_all_their_bytes),
		cmocka_unit_test(numbers_sort_whatever_their_sign),
		cmocka_unit_test(parts_of_texts_that_part_late),
		cmocka_unit_test(an_order_that_is_cancelled_is_none),
		cmocka_unit_test(a_part_that_is_cancelled_is_none),
		cmocka_unit_test(without_memory_there_is_no_order),
		cmocka_unit_test(equal_values_keep_their_order_from_sample_to_sample),
		cmocka_unit_test(no_rows_sort_too),
		cmocka_unit_test(columns_are_read_from_words),
		cmocka_unit_test(too_many_columns_are_refused),
		cmocka_unit_test(all_columns_are_those_not_on_request),
		cmocka_unit_test(owners_of_sockets_come_on_request),
		cmocka_unit_test(sort_keys_are_read_from_words),
	};

	return cmocka_run_group_tests(tests, tell_server, end_server);
}
