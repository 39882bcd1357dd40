/* Rows matched with the frame before while they come in: against a search through all rows, for
 * frames whose rows come in any order, go, come back and are repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GROW_FIRST 1
#include "../../src/base/grow.c"
#include "../../src/model/match.c"

#define ROWS 400

/* A dump: cookies in the order in which the kernel tells them. */
struct dump {
	uint64_t cookies[2 * ROWS];
	uint32_t count;
	uint16_t netns; /* of all rows */
};

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((seed >> 33) % below);
}

static void add(struct frame *f, uint64_t cookie, uint16_t netns, uint32_t bytes)
{
	const uint8_t local[16] = { [15] = 1 };
	uint8_t remote[16] = { [14] = (uint8_t)(cookie >> 8), [15] = (uint8_t)cookie };
	struct sock s = {
		.cookie = cookie,
		.local_port = 80,
		.recv_q = bytes,
		.owner = SOCK_NONE,
		.netns = netns & SOCK_NETNS_MAX,
	};

	sock_set_state(&s, SOCK_TCP, SOCK_ESTAB);
	assert_int_equal(frame_intern_ends(f, local, remote, 0, &s), 0);
	assert_int_equal(frame_add_sock(f, &s), 0);
}

static struct frame *filled(const struct dump *d, const struct frame *prev)
{
	struct frame *f = frame_create_after(prev);

	assert_non_null(f);
	for (uint64_t n = 0; n < 3; n++)
		assert_int_equal(frame_add_netns(f, 7000 + n, ""), (int)n);
	for (uint32_t i = 0; i < d->count; i++)
		add(f, d->cookies[i], d->netns, i);
	return f;
}

static struct frame *frame_of(const struct dump *d, const struct frame *prev)
{
	struct frame *f = filled(d, prev);

	assert_int_equal(frame_compare(f, prev), 0);
	return f;
}

static uint32_t search(const struct frame *f, uint64_t cookie)
{
	for (uint32_t row = 0; row < f->sock_count; row++)
		if (f->socks[row].cookie == cookie)
			return row;
	return SOCK_NONE;
}

/* Every row once, with what was told last, its addresses and its row before; and all that is gone. */
static void check(const struct frame *f, const struct dump *d, const struct frame *prev)
{
	uint32_t gone = 0;

	for (uint32_t i = 0; i < d->count; i++) {
		uint32_t row = search(f, d->cookies[i]), last = i;
		const struct address *a;

		assert_int_not_equal(row, SOCK_NONE);
		for (uint32_t j = i; j < d->count; j++)
			last = d->cookies[j] == d->cookies[i] ? j : last;
		assert_int_equal(f->socks[row].recv_q, last);
		a = frame_address(f, f->socks[row].remote);
		assert_int_equal(a->bytes[14] << 8 | a->bytes[15], d->cookies[i] & 0xffff);
	}
	for (uint32_t row = 0; row < f->sock_count; row++) {
		for (uint32_t other = 0; other < row; other++)
			assert_true(f->socks[row].cookie != f->socks[other].cookie);
		if (prev)
			assert_int_equal(f->diff.previous[row], search(prev, f->socks[row].cookie));
	}
	assert_int_equal(f->diff.known, prev != NULL);
	for (uint32_t row = 0; prev && row < prev->sock_count; row++) {
		if (search(f, prev->socks[row].cookie) != SOCK_NONE)
			continue;
		assert_true(gone < f->diff.gone_count);
		assert_int_equal(f->diff.gone[gone++], row);
	}
	assert_int_equal(f->diff.gone_count, gone);
}

/* ---- What may happen between two dumps ------------------------------------------------------- */

static void close_some(struct dump *d, uint32_t one_of)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->count; i++)
		if (any(one_of))
			d->cookies[kept++] = d->cookies[i];
	d->count = kept;
}

static void insert(struct dump *d, uint32_t at, uint64_t cookie)
{
	if (d->count == 2 * ROWS)
		return;
	memmove(&d->cookies[at + 1], &d->cookies[at], (d->count - at) * sizeof *d->cookies);
	d->cookies[at] = cookie;
	d->count++;
}

static void open_some(struct dump *d, uint32_t n)
{
	static uint64_t cookie = 1000;

	while (n--)
		insert(d, any(d->count + 1), cookie++);
}

static void repeat_some(struct dump *d, uint32_t n, uint32_t near)
{
	while (n-- && d->count) {
		uint32_t from = any(d->count), to = from + 1 + any(near);

		insert(d, to < d->count ? to : d->count, d->cookies[from]);
	}
}

static void forget_repeated(struct dump *d)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->count; i++) {
		bool is_new = true;

		for (uint32_t j = 0; j < kept; j++)
			is_new = is_new && d->cookies[j] != d->cookies[i];
		if (is_new)
			d->cookies[kept++] = d->cookies[i];
	}
	d->count = kept;
}

static void shuffle(struct dump *d, uint32_t swaps)
{
	while (swaps-- && d->count) {
		uint32_t a = any(d->count), b = any(d->count);
		uint64_t then = d->cookies[a];

		d->cookies[a] = d->cookies[b];
		d->cookies[b] = then;
	}
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void rows_are_found_wherever_they_are(void **state)
{
	struct frame *prev = NULL;
	struct dump d = { 0 };

	(void)state;
	seed = 4;
	open_some(&d, ROWS / 2);
	for (unsigned round = 0; round < 300; round++) {
		struct frame *f;

		forget_repeated(&d);
		if (round % 3)
			close_some(&d, 2 + any(60));
		if (round % 5 && d.count < ROWS)
			open_some(&d, any(30));
		if (round % 7 == 0)
			shuffle(&d, any(200));
		if (round % 4 == 0)
			repeat_some(&d, any(20), 1 + any(50));
		if (round % 50 == 49)
			d.count = 0;
		if (round % 50 == 0)
			open_some(&d, ROWS / 2);
		f = frame_of(&d, prev);
		check(f, &d, prev);
		frame_put(prev);
		prev = f;
	}
	frame_put(prev);
}

/* A dump that broke off and is made again. */
static void all_rows_may_be_repeated(void **state)
{
	struct frame *first, *second;
	struct dump d = { 0 };

	(void)state;
	seed = 5;
	open_some(&d, ROWS);
	first = frame_of(&d, NULL);
	open_some(&d, 20);
	for (uint32_t i = 0, n = d.count; i < n && d.count < 2 * ROWS; i++)
		d.cookies[d.count++] = d.cookies[i];
	second = frame_of(&d, first);
	check(second, &d, first);
	assert_int_equal(second->sock_count, ROWS + 20);
	frame_put(first);
	frame_put(second);
}

/* Whoever fills a frame need not know what it will be compared with. */
static void the_frame_before_may_come_late(void **state)
{
	struct frame *first, *second, *third;
	struct dump d = { 0 }, e = { 0 };

	(void)state;
	seed = 6;
	open_some(&d, 100);
	first = frame_of(&d, NULL);
	e = d;
	shuffle(&e, 50);
	open_some(&e, 10);
	close_some(&e, 9);
	second = filled(&e, NULL);
	assert_int_equal(frame_compare(second, first), 0);
	check(second, &e, first);
	third = filled(&e, second);
	assert_int_equal(frame_compare(third, first), 0);
	check(third, &e, first);
	frame_put(first);
	frame_put(second);
	frame_put(third);
}

static void another_namespace_has_other_sockets(void **state)
{
	struct dump d = { 0 };
	struct frame *first, *second;

	(void)state;
	seed = 7;
	open_some(&d, 50);
	first = frame_of(&d, NULL);
	d.netns = 1;
	second = frame_of(&d, first);
	assert_int_equal(second->diff.gone_count, 50);
	for (uint32_t row = 0; row < 50; row++)
		assert_int_equal(second->diff.previous[row], SOCK_NONE);
	frame_put(first);
	frame_put(second);
}

/* Frames share their addresses until too many of them belong to no socket any more. */
static void addresses_do_not_pile_up(void **state)
{
	struct frame *prev = NULL;
	unsigned tables = 0;
	uint32_t most = 0;

	(void)state;
	for (uint32_t round = 0; round < 600; round++) {
		struct frame *f = frame_create_after(prev);
		uint8_t local[16] = { 1 }, remote[16] = { 2 };

		tables += !prev || f->addresses != prev->addresses;
		for (uint32_t i = 0; i < 100; i++) {
			uint32_t number = round * 50 + i;
			struct sock s = { .cookie = number + 1, .owner = SOCK_NONE };

			memcpy(remote + 4, &number, sizeof number);
			assert_int_equal(frame_intern_ends(f, local, remote, 9, &s), 0);
			assert_memory_equal(frame_address(f, s.remote)->bytes, remote, 16);
			assert_int_equal(frame_address(f, s.remote)->scope, 9);
			assert_int_equal(frame_add_sock(f, &s), 0);
		}
		most = f->addresses->count > most ? f->addresses->count : most;
		assert_int_equal(frame_compare(f, prev), 0);
		frame_put(prev);
		prev = f;
	}
	frame_put(prev);
	assert_in_range(tables, 2, 20);
	assert_in_range(most, 150, 5000);
}

/* What is kept beside a socket goes where the socket goes. */
static void columns_follow_their_rows(void **state)
{
	struct frame *prev = NULL;

	(void)state;
	seed = 11;
	for (unsigned round = 0; round < 40; round++) {
		struct frame *f = frame_create_after(round % 4 ? prev : NULL);
		uint32_t n = 200 + any(300);

		assert_int_equal(frame_keep_column(f, FRAME_INFOS), 0);
		for (uint32_t i = 0; i < n; i++) {
			struct sock s = { .cookie = any(300) + 1, .recv_q = i, .owner = SOCK_NONE };
			uint32_t row;

			assert_int_equal(
				frame_intern_ends(f, (uint8_t[16]){ 1 }, (uint8_t[16]){ 2 }, 0, &s),
				0);
			assert_int_equal(frame_add_sock_row(f, &s, &row), 0);
			assert_false(f->infos[row].known);
			/* A row that tells less takes away what an earlier one told. */
			if (i % 3)
				f->infos[row] =
					(struct sock_info){ .known = true, .bytes_acked = i };
		}
		assert_int_equal(frame_compare(f, prev), 0);
		assert_in_range(f->sock_count, 100, 300);
		for (uint32_t row = 0; row < f->sock_count; row++) {
			assert_int_equal(f->infos[row].known, f->socks[row].recv_q % 3 != 0);
			if (f->infos[row].known)
				assert_int_equal(f->infos[row].bytes_acked, f->socks[row].recv_q);
		}
		frame_put(prev);
		prev = f;
	}
	frame_put(prev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_wherever_they_are),
		cmocka_unit_test(all_rows_may_be_repeated),
		cmocka_unit_test(the_frame_before_may_come_late),
		cmocka_unit_test(another_namespace_has_other_sockets),
		cmocka_unit_test(addresses_do_not_pile_up),
		cmocka_unit_test(columns_follow_their_rows),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
