/* fuzz_filter: any bytes as a filter. Either it is wrong at a place in it, and a sentence says what
 * would be right; or what it selects is in a state that it may select, its denial selects the other
 * rows, and the same in parentheses selects the same. */
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/filter.h"
#include "sockdash/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* Services and devices of a host where looking them up takes no time. */
int getservbyname_r(const char *name, const char *proto, struct servent *entry, char *room,
	size_t size, struct servent **result)
{
	(void)room;
	(void)size;
	*result = NULL;
	if (strcmp(name, "http") == 0 || (strcmp(name, "exec") == 0 && *proto == 't')) {
		entry->s_port = 80 << 8;
		*result = entry;
	}
	return 0;
}

unsigned if_nametoindex(const char *name)
{
	return strcmp(name, "lo") == 0;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

#define ROWS 8

static struct sample sample;
static struct rowset rows;

static void add(unsigned proto, unsigned state, const uint8_t local[16], const uint8_t remote[16],
	uint16_t local_port, uint16_t remote_port, uint8_t flags)
{
	struct frame *f = sample.frame;
	struct sock s = { .cookie = f->sock_count + 1, .owner = SOCK_NONE, .flags = flags };

	sock_set_state(&s, proto, state);
	s.local_port = local_port;
	s.remote_port = remote_port;
	s.recv_q = local_port % 3;
	s.inode = s.flags & SOCK_HIDDEN ? 77 : 0;
	must(!frame_intern_ends(f, local, remote, 0, &s) && frame_add_sock(f, &s) >= 0);
}

static void make_rows(void)
{
	static const uint8_t any[16] = { 0 }, one[16] = { [15] = 1 },
			     mapped[16] = { [10] = 255, 255, 127, 0, 0, 1 },
			     none[16] = { [10] = 255, 255 };
	static uint32_t marks[ROWS] = { 1, 0, 16 };
	static uint64_t cgroups[ROWS] = { 1, 2 };
	struct frame *f = sample.frame = frame_create();
	uint32_t row;

	must(f && frame_add_netns(f, 4026531840, "") >= 0);
	must(!frame_add_proc(f,
		&(struct proc){ .pid = 7,
			.name = "nginx",
			.user = "",
			.cmdline = "",
			.unit = "",
			.cgroup = "" },
		&row));
	f->owners_known = true;
	f->owners_percent = 100;
	f->counters[COUNTER_PORT_FIRST] = 32768;
	f->counters[COUNTER_PORT_LAST] = 60999;
	add(SOCK_TCP, SOCK_LISTEN, any, any, 80, 0, 0);
	add(SOCK_TCP, SOCK_LISTEN, none, none, 22, 0, SOCK_IPV4);
	must(!frame_push_owner(f, row, 3));
	add(SOCK_TCP, SOCK_ESTAB, mapped, mapped, 40000, 80, SOCK_IPV4);
	must(!frame_push_owner(f, row, 4));
	add(SOCK_TCP, SOCK_CLOSE_WAIT, mapped, mapped, 80, 40000, 0);
	add(SOCK_TCP, SOCK_TIME_WAIT, one, one, 1, 80, SOCK_OLDER);
	add(SOCK_TCP, SOCK_SYN_SENT, one, one, 65535, 443, SOCK_HIDDEN);
	add(SOCK_UDP, SOCK_CLOSE, any, any, 53, 0, 0);
	add(SOCK_UDP, SOCK_ESTAB, mapped, mapped, 5353, 53, SOCK_IPV4);
	must(!frame_settle(f) && f->sock_count == ROWS);
	f->marks = marks;
	f->cgroups = cgroups;
	rows = rowset_of(&table_sockets, &sample);
}

/* ---- Filters --------------------------------------------------------------------------------- */

static unsigned selected(const struct filter *f)
{
	unsigned all = 0;

	for (uint32_t row = 0; row < ROWS; row++)
		all |= (unsigned)filter_selects(f, &rows, row) << row;
	return all;
}

/* What the text selects with something around it; it is not wrong. */
static unsigned again(const char *before, const char *text, const char *after)
{
	struct filter_error error;
	struct filter *f;
	size_t room = strlen(before) + strlen(text) + strlen(after) + 1;
	char *whole = malloc(room);
	unsigned found;

	must(whole != NULL);
	strcpy(stpcpy(stpcpy(whole, before), text), after);
	must(!filter_parse(whole, room - 1, &f, &error));
	must(strcmp(filter_text(f), whole) == 0);
	found = selected(f);
	filter_put(f);
	free(whole);
	return found;
}

static void check_nodes(const struct filter *f, bool *plain)
{
	size_t count;
	const struct filter_node *nodes = filter_nodes(f, &count);

	must(count >= 1);
	*plain = true;
	for (size_t i = 0; i < count; i++) {
		const struct filter_node *n = &nodes[i];
		bool joins = n->kind == FILTER_AND || n->kind == FILTER_OR;

		must(n->kind <= FILTER_NOTHING && n->op <= FILTER_UNLIKE);
		must(!(joins || n->kind == FILTER_NOT) || n->left < i);
		must(!joins || (n->right < i && n->right != n->left));
		must(n->kind != FILTER_HOST || n->prefix <= (n->ipv4 ? 32 : 128));
		must(n->kind != FILTER_HOST || (n->port >= -1 && n->port <= 65535));
		must(n->kind != FILTER_PORT || (n->port >= 0 && n->port <= 65535));
		/* What "not" does not turn into the opposite: it is about the whole filter, or means
		 * something else there. */
		if (n->kind == FILTER_FAMILY || n->kind == FILTER_AUTOBOUND)
			*plain = false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned all = (1u << ROWS) - 1;
	struct filter_error error = { .at = SIZE_MAX };
	struct filter *f;
	unsigned found;
	bool plain;
	int err;

	if (!sample.frame)
		make_rows();
	err = filter_parse((const char *)data, size, &f, &error);
	if (err) {
		must(!f && error.at <= size && error.len <= size - error.at && *error.wanted);
		return 0;
	}
	check_nodes(f, &plain);
	found = selected(f);
	for (uint32_t row = 0; row < ROWS; row++)
		must(!(found >> row & 1) || filter_states(f) >> sample.frame->socks[row].state & 1);
	if (*filter_text(f)) {
		must(again("( ", filter_text(f), " )") == found);
		if (plain)
			must(again("not (", filter_text(f), ")") == (all & ~found));
	} else {
		must(found == all && filter_is_all(f));
	}
	filter_put(f);
	return 0;
}
