/* Owners of frames from tables: against what every descriptor of every table says; and what it
 * means when there is none. The processes are made up: nothing here reads /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sockdash/owner_search.h"

enum { PROCS = 4, FDS = 200 };

struct world {
	struct live_procs ps;
	struct owner_search search;
	struct frame *f, *prev;
	bool cut; /* the edges of `prev` are not those that were made last */
};

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->ps.all = calloc(PROCS, sizeof *w->ps.all);
	assert_non_null(w->ps.all);
	w->ps.count = PROCS;
	w->ps.counted = true;
	for (uint32_t i = 0; i < PROCS; i++)
		w->ps.all[i] = (struct live_proc){ .pid = 10 * (i + 1),
			.fds = 1,
			.looked = 1,
			.row = SOCK_NONE,
			.facts = { .read = 1, .start = 1000 + i, .name = strdup("p") } };
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;

	owner_search_free(&w->search);
	live_procs_free(&w->ps);
	frame_put(w->f);
	frame_put(w->prev);
	free(w);
	return 0;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static struct frame *begin(struct world *w)
{
	frame_put(w->prev);
	w->prev = w->f;
	w->f = frame_create();
	assert_non_null(w->f);
	w->ps.now++;
	for (uint32_t i = 0; i < PROCS; i++)
		w->ps.all[i].row = SOCK_NONE;
	return w->f;
}

/* A socket; its cookie is its inode unless it has lost it. */
static uint32_t add(struct world *w, uint64_t cookie, uint32_t inode)
{
	struct sock s = { .cookie = cookie,
		.inode = inode,
		.state = SOCK_ESTAB,
		.owner = SOCK_NONE,
		.first_seen = SOCK_TIME_NONE };
	uint8_t any[16] = { 0 };

	assert_int_equal(frame_intern_address(w->f, any, 0, &s.local), 0);
	s.remote = s.local;
	assert_int_equal(frame_add_sock(w->f, &s), 0);
	return w->f->sock_count - 1;
}

static void resolve(struct world *w)
{
	struct owner_edges e = {
		.ps = &w->ps, .f = w->f, .prev = w->prev, .goes_on = w->prev && !w->cut
	};

	assert_int_equal(frame_compare(w->f, w->prev), 0);
	assert_int_equal(owner_edges_begin(&e), 0);
	assert_int_equal(owner_edges_match(&e), 0);
	assert_int_equal(owner_search_conclude(&w->search, &e), 0);
	owner_edges_end(&e);
	w->ps.changed_count = 0;
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* What a look would note. */
static void note(struct world *w, uint32_t inode)
{
	struct live_procs *ps = &w->ps;

	if (!inode)
		return;
	ps->changed = realloc(ps->changed, (ps->changed_count + 1) * sizeof *ps->changed);
	assert_non_null(ps->changed);
	ps->changed[ps->changed_count++] = inode;
}

static void opens(struct world *w, uint32_t proc, uint32_t fd, uint32_t inode)
{
	uint32_t was;

	assert_int_equal(fd_table_set(&w->ps.all[proc].table, fd, inode, &was), 0);
	if (was != inode) {
		note(w, was);
		note(w, inode);
	}
}

static void closes(struct world *w, uint32_t proc, uint32_t fd)
{
	note(w, fd_table_clear(&w->ps.all[proc].table, fd));
}

/* "10:3 20:7" for descriptor 3 of process 10 and 7 of 20; "-" for no owner, "~" before carried
 * ones. */
static const char *owners(const struct frame *f, uint32_t row)
{
	static char text[4096];
	const struct sock *s = &f->socks[row];
	size_t len = 0;

	text[0] = '\0';
	if (s->flags & SOCK_CARRIED)
		text[len++] = '~';
	for (uint32_t e = s->owner; e != SOCK_NONE; e = f->edges[e].last ? SOCK_NONE : e + 1)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u:%u",
			e == s->owner ? "" : " ", f->procs[f->edges[e].proc].pid, f->edges[e].fd);
	return len ? text : "-";
}

static const char *owners_in_tables(const struct world *w, uint32_t inode)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; inode && i < PROCS; i++) {
		const struct fd_table *t = &w->ps.all[i].table;

		for (uint32_t n = 0; n < t->count * FD_CHUNK; n++) {
			const struct fd_chunk *c = &t->chunks[n / FD_CHUNK];

			if (c->inodes[n % FD_CHUNK] == inode)
				len += (size_t)snprintf(text + len, sizeof text - len, "%s%u:%u",
					len ? " " : "", w->ps.all[i].pid, c->base + n % FD_CHUNK);
		}
	}
	return len ? text : "-";
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void owners_come_from_the_tables(void **state)
{
	struct world *w = *state;
	struct frame *f = begin(w);

	opens(w, 1, 3, 100);
	opens(w, 1, 64, 100);
	opens(w, 0, 900, 100);
	opens(w, 2, 5, 200);
	opens(w, 2, 6, 0);
	add(w, 1, 100);
	add(w, 2, 200);
	add(w, 3, 300);
	add(w, 4, 0);
	resolve(w);
	assert_string_equal(owners(f, 0), "10:900 20:3 20:64");
	assert_string_equal(owners(f, 1), "30:5");
	assert_string_equal(owners(f, 2), "-");
	assert_string_equal(owners(f, 3), "-");
	assert_int_equal(f->proc_count, 3);
	assert_int_equal(f->owners_percent, 100);
}

static void what_stays_keeps_its_owners(void **state)
{
	struct world *w = *state;

	begin(w);
	opens(w, 0, 3, 100);
	opens(w, 1, 3, 100);
	opens(w, 3, 9, 200);
	add(w, 1, 100);
	add(w, 2, 200);
	resolve(w);
	begin(w);
	add(w, 2, 200);
	add(w, 1, 100);
	/* The tables are not asked: nothing has said that they changed. */
	fd_table_clear(&w->ps.all[3].table, 9);
	resolve(w);
	assert_string_equal(owners(w->f, 0), "40:9");
	assert_string_equal(owners(w->f, 1), "10:3 20:3");
	begin(w);
	add(w, 1, 100);
	add(w, 2, 200);
	closes(w, 0, 3);
	resolve(w);
	assert_string_equal(owners(w->f, 0), "20:3");
	/* They are when the frame before is another one. */
	begin(w);
	add(w, 2, 200);
	w->cut = true;
	resolve(w);
	assert_string_equal(owners(w->f, 0), "~40:9");
}

static void the_descriptors_of_what_is_gone_are_released(void **state)
{
	struct world *w = *state;

	begin(w);
	opens(w, 0, 3, 100);
	opens(w, 1, 3, 100);
	opens(w, 1, 4, 200);
	add(w, 1, 100);
	add(w, 2, 200);
	resolve(w);
	begin(w);
	opens(w, 1, 3, 300); /* used again already */
	add(w, 2, 0);        /* has lost its file */
	add(w, 3, 300);
	resolve(w);
	assert_int_equal(fd_table_next_open(&w->ps.all[0].table, 0), FD_NONE);
	assert_int_equal(fd_table_next_open(&w->ps.all[1].table, 0), 3);
	assert_int_equal(fd_table_next_open(&w->ps.all[1].table, 4), FD_NONE);
	assert_true(w->ps.all[0].released && w->ps.all[1].released && !w->ps.all[2].released);
	assert_string_equal(owners(w->f, 0), "~20:4");
	assert_string_equal(owners(w->f, 1), "20:3");
	/* Who let go of it is remembered; the number may be another's meanwhile. */
	begin(w);
	opens(w, 1, 4, 400);
	add(w, 2, 0);
	resolve(w);
	assert_string_equal(owners(w->f, 0), "~20:4");
	assert_int_equal(fd_table_next_open(&w->ps.all[1].table, 4), 4);
}

static void a_process_that_ends_leaves_what_others_hold(void **state)
{
	struct world *w = *state;

	begin(w);
	opens(w, 0, 3, 100);
	opens(w, 1, 3, 100);
	opens(w, 0, 4, 200);
	add(w, 1, 100);
	add(w, 2, 200);
	resolve(w);
	begin(w);
	add(w, 1, 100);
	add(w, 2, 200);
	w->ps.all[0].gone = true;
	resolve(w);
	assert_string_equal(owners(w->f, 0), "20:3");
	/* Perhaps it was closed since the dump: the owner is told for one more frame. */
	assert_string_equal(owners(w->f, 1), "~10:4");
	assert_int_equal(w->f->owners_hidden, 0);
	begin(w);
	add(w, 1, 100);
	add(w, 2, 200);
	resolve(w);
	assert_string_equal(owners(w->f, 1), "-");
}

/* Another process with the same pid has nothing to do with what the old one held. */
static void a_pid_that_is_used_again_owns_nothing(void **state)
{
	struct world *w = *state;

	begin(w);
	opens(w, 0, 3, 100);
	add(w, 1, 100);
	resolve(w);
	begin(w);
	add(w, 1, 100);
	w->ps.all[0].facts.start++;
	closes(w, 0, 3);
	resolve(w);
	assert_string_equal(owners(w->f, 0), "~10:3");
	assert_int_equal(w->f->procs[w->f->edges[w->f->socks[0].owner].proc].start, 1000);
}

/* More than are looked at in one frame. */
#define SHARED 1600

static void shared_descriptors_are_listed_in_turn(void **state)
{
	struct world *w = *state;
	static uint32_t seen[SHARED];
	uint32_t from = 0, frames = 0;

	begin(w);
	memset(seen, 0, sizeof seen);
	for (uint32_t i = 0; i < SHARED; i++) {
		opens(w, 0, i, 1000 + i);
		if (i % 2)
			opens(w, 1, i, 1000 + i);
		add(w, 1 + i, 1000 + i);
	}
	resolve(w);
	begin(w);
	for (uint32_t i = 0; i < SHARED; i++)
		add(w, 1 + i, 1000 + i);
	assert_int_equal(frame_compare(w->f, w->prev), 0);
	do {
		struct owner_edges e = { .ps = &w->ps,
			.f = w->f,
			.prev = w->prev,
			.goes_on = true,
			.shared_from = from };

		w->f->edge_count = 0;
		assert_int_equal(owner_edges_begin(&e), 0);
		for (uint32_t i = 0; i < e.shared_count; i++)
			seen[e.shared[i].fd]++;
		from = e.shared_next;
		owner_edges_end(&e);
		assert_true(++frames < 10);
	} while (from);
	assert_true(frames > 1);
	for (uint32_t i = 0; i < SHARED; i++)
		assert_int_equal(seen[i], i % 2 ? 2 : 0);
}

/* Sockets come and go, descriptors are opened, closed, duplicated and shared in all ways. */
static void whatever_happens_the_tables_are_right(void **state)
{
	struct world *w = *state;
	uint32_t seed = 7, first = 1000, last = 1100;

	for (uint32_t round = 0; round < 60; round++) {
		begin(w);
		first += round % 5;
		last += round % 7;
		for (uint32_t inode = last; inode-- > first;)
			add(w, inode, inode);
		for (int i = 0; i < (round ? 40 : 1000); i++) {
			uint32_t proc, fd;

			seed = seed * 1664525 + 1013904223;
			proc = (seed >> 10) % PROCS;
			fd = (seed >> 14) % FDS;
			if (seed >> 30)
				opens(w, proc, fd, 950 + (seed >> 3) % 250);
			else
				closes(w, proc, fd);
		}
		w->cut = round % 13 == 12;
		resolve(w);
		for (uint32_t row = 0; row < w->f->sock_count; row++) {
			const char *wanted = owners_in_tables(w, w->f->socks[row].inode);

			if (!(w->f->socks[row].flags & SOCK_CARRIED))
				assert_string_equal(owners(w->f, row), wanted);
			else
				assert_string_equal(wanted, "-");
		}
	}
}

/* ---- What no owner means --------------------------------------------------------------------- */

static unsigned hidden(const struct world *w, uint32_t row)
{
	return w->f->socks[row].flags & SOCK_HIDDEN;
}

static void a_search_that_goes_on_is_told(void **state)
{
	struct world *w = *state;

	begin(w);
	for (uint32_t i = 0; i < PROCS; i++)
		w->ps.all[i].fds = 100;
	w->ps.all[2].looked = 0;
	w->ps.all[3].looked = 0;
	w->ps.all[3].cursor = 60;
	opens(w, 0, 3, 100);
	add(w, 1, 100);
	add(w, 2, 200);
	resolve(w);
	assert_int_equal(w->f->owners_percent, 65);
	assert_true(frame_is_pending(w->f, &w->f->socks[1]));
	assert_false(hidden(w, 1));
	/* It has come to the end: what was there from the beginning is out of sight. */
	begin(w);
	w->ps.all[2].looked = w->ps.all[3].looked = 1;
	add(w, 1, 100);
	add(w, 2, 200);
	add(w, 3, 300);
	resolve(w);
	assert_int_equal(w->f->owners_percent, 100);
	assert_true(hidden(w, 1));
	assert_false(hidden(w, 2)); /* is new */
	assert_int_equal(w->f->owners_hidden, 1);
}

static void a_missed_socket_is_pending_until_all_was_looked_at(void **state)
{
	struct world *w = *state;
	int frame;

	begin(w);
	resolve(w);
	for (frame = 2; frame <= 3; frame++) {
		begin(w);
		add(w, 1, 100);
		resolve(w);
		assert_int_equal(w->f->owners_percent, 100);
		assert_false(hidden(w, 0));
	}
	for (; frame <= 5; frame++) {
		begin(w);
		add(w, 1, 100);
		resolve(w);
		assert_true(w->f->owners_percent < 100);
		assert_true(frame_is_pending(w->f, &w->f->socks[0]));
		for (uint32_t i = 0; i < PROCS - 1; i++)
			w->ps.all[i].looked = 4;
	}
	begin(w);
	add(w, 1, 100);
	w->ps.all[PROCS - 1].looked = 2; /* the frame it came with */
	resolve(w);
	assert_int_equal(w->f->owners_percent, 100);
	assert_true(hidden(w, 0));
	/* And stays so, until it is found. */
	begin(w);
	add(w, 1, 100);
	resolve(w);
	assert_true(hidden(w, 0));
	begin(w);
	add(w, 1, 100);
	opens(w, 1, 1, 100);
	resolve(w);
	assert_false(hidden(w, 0));
	assert_string_equal(owners(w->f, 0), "20:1");
}

static void what_others_own_is_out_of_sight_at_once(void **state)
{
	struct world *w = *state;

	begin(w);
	w->f->seer_uid = 1000;
	w->f->procs_hidden = 1;
	w->ps.all[3].hidden = true;
	add(w, 1, 100);
	w->f->socks[0].uid = 1001;
	add(w, 2, 200);
	w->f->socks[1].uid = 1000;
	resolve(w);
	assert_true(hidden(w, 0));
	assert_false(hidden(w, 1));
	assert_int_equal(w->f->owners_percent, 100);
}

static void without_proc_all_are_out_of_sight(void **state)
{
	struct world *w = *state;

	begin(w);
	w->f->problems[FRAME_NO_PROC] = -5;
	add(w, 1, 100);
	add(w, 2, 0);
	resolve(w);
	assert_true(hidden(w, 0));
	assert_false(hidden(w, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owners_come_from_the_tables),
		TEST(what_stays_keeps_its_owners),
		TEST(the_descriptors_of_what_is_gone_are_released),
		TEST(a_process_that_ends_leaves_what_others_hold),
		TEST(a_pid_that_is_used_again_owns_nothing),
		TEST(shared_descriptors_are_listed_in_turn),
		TEST(whatever_happens_the_tables_are_right),
		TEST(a_search_that_goes_on_is_told),
		TEST(a_missed_socket_is_pending_until_all_was_looked_at),
		TEST(what_others_own_is_out_of_sight_at_once),
		TEST(without_proc_all_are_out_of_sight),
	};

	return cmocka_run_group_tests_name("owner_edges", tests, NULL, NULL);
}
