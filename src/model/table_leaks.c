/* The table of what piles up. */
#include <math.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/pile.h"
#include "sockdash/proc_fields.h"

static const struct leak_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->leaks[row];
}

#define PROC_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		const struct leak_row *l = row_of(rows, row);                                      \
                                                                                                   \
		proc_field_##name(                                                                 \
			rows->sample->frame, (struct proc_subject){ l->kind, l->proc }, out);      \
	}
#define COUNT_FIELD(name, member)                                                                  \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		value_number(out, VALUE_COUNT, row_of(rows, row)->member);                         \
	}
/* What only CLOSE-WAIT has. */
#define CAUSE_FIELD(name, member)                                                                  \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		if (row_of(rows, row)->pile == PILE_CLOSE_WAIT)                                    \
			value_number(out, VALUE_COUNT, row_of(rows, row)->member);                 \
	}
#define END_FIELD(end)                                                                             \
	static void get_##end(const struct rowset *rows, uint32_t row, struct value *out)          \
	{                                                                                          \
		value_text(out, row_of(rows, row)->end);                                           \
	}                                                                                          \
	static void get_##end##_count(const struct rowset *rows, uint32_t row, struct value *out)  \
	{                                                                                          \
		if (row_of(rows, row)->end##_count)                                                \
			value_number(out, VALUE_COUNT, row_of(rows, row)->end##_count);            \
	}
#define REAL_FIELD(name, type)                                                                     \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		value_real(out, type, row_of(rows, row)->name);                                    \
	}

PROC_FIELD(pid)
PROC_FIELD(process)
PROC_FIELD(user)
PROC_FIELD(unit)
PROC_FIELD(fds)
PROC_FIELD(fd_limit)
PROC_FIELD(fd_percent)
COUNT_FIELD(count, count)
COUNT_FIELD(overdue, overdue)
CAUSE_FIELD(close_wait, count)
CAUSE_FIELD(unread, causes[SOCK_WAIT_UNREAD])
CAUSE_FIELD(eof_unread, causes[SOCK_WAIT_EOF_UNREAD])
CAUSE_FIELD(not_closed, causes[SOCK_WAIT_NOT_CLOSED])
END_FIELD(peer)
END_FIELD(local)
REAL_FIELD(usual, VALUE_AGE)
REAL_FIELD(since, VALUE_AGE)
REAL_FIELD(growth, VALUE_TREND)
REAL_FIELD(in_rate, VALUE_RATE)
REAL_FIELD(out_rate, VALUE_RATE)
REAL_FIELD(exhaustion, VALUE_AGE)

static void get_oldest(const struct rowset *rows, uint32_t row, struct value *out)
{
	out->at_least = row_of(rows, row)->oldest_at_least;
	value_real(out, VALUE_AGE, row_of(rows, row)->oldest);
}

static void get_pile(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, pile_name(row_of(rows, row)->pile));
}

static void get_bytes(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct leak_row *l = row_of(rows, row);

	if (pile_rules[l->pile].queue)
		value_number(out, VALUE_BYTES, (int64_t)l->bytes);
}

/* While owners are being searched nothing can be said. */
static bool is_judged(const struct leak_row *l)
{
	return !isnan(l->since);
}

static void get_verdict(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct leak_row *l = row_of(rows, row);

	out->doubtful = l->preliminary;
	value_text(out, is_judged(l) ? verdict_name(l->verdict) : NULL);
}

static void get_preliminary(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct leak_row *l = row_of(rows, row);

	value_text(out, !is_judged(l) ? NULL : l->preliminary ? "yes" : "no");
}

/* The commonest cause; the later one of equals, which is nearer to a leak. */
static void get_why(const struct rowset *rows, uint32_t row, struct value *out)
{
	static const char *const words[SOCK_WAIT_CAUSES] = {
		[SOCK_WAIT_UNREAD] = "unread",
		[SOCK_WAIT_EOF_UNREAD] = "eof unread",
		[SOCK_WAIT_NOT_CLOSED] = "not closed",
	};
	const struct leak_row *l = row_of(rows, row);
	unsigned most = 0;

	if (l->pile != PILE_CLOSE_WAIT)
		return;
	for (unsigned i = 1; i < SOCK_WAIT_CAUSES; i++)
		if (l->causes[i] >= l->causes[most])
			most = i;
	value_text(out, l->kind == PROC_ROW_NONE ? "unaccepted" : words[most]);
}

static void get_reset(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (row_of(rows, row)->pile == PILE_CLOSE_WAIT)
		value_number(out, VALUE_COUNT, row_of(rows, row)->resets);
}

static const struct field fields[] = {
	PROC_FIELDS_IDENTITY,
	{ "pile", "PILE",
		"what they wait in: CLOSE-WAIT, FIN-WAIT-2, LAST-ACK, SYN-SENT, RECV-Q, SEND-Q",
		VALUE_TEXT, NEED_OWNERS, .get = get_pile },
	{ "count", "COUNT", "sockets in it", VALUE_COUNT, NEED_OWNERS, .get = get_count },
	{ "verdict", "VERDICT",
		"leak, stuck, slow, draining or ok; with a ? while it is preliminary", VALUE_TEXT,
		NEED_OWNERS | NEED_WAIT_AGE | NEED_PROC_DETAILS, .get = get_verdict },
	{ "preliminary", "PRELIMINARY", "yes while there is little evidence for the verdict",
		VALUE_TEXT, NEED_OWNERS | NEED_WAIT_AGE, .get = get_preliminary },
	{ "since", "SINCE", "how long this has been so", VALUE_AGE, NEED_OWNERS | NEED_WAIT_AGE,
		.get = get_since },
	{ "close_wait", "C-WAIT", "sockets in CLOSE-WAIT: the peer has closed, the process has not",
		VALUE_COUNT, NEED_OWNERS, .get = get_close_wait },
	{ "reset", "RESET",
		"more that the process holds, but that the kernel has reset: the peer's port was "
		"used again",
		VALUE_COUNT, NEED_OWNERS | NEED_WAIT_AGE, .get = get_reset },
	{ "growth", "GROWTH/s", "growth per second: of a leak, what stays; else over the window",
		VALUE_TREND, NEED_OWNERS, .get = get_growth },
	{ "in_rate", "IN/s", "sockets that entered per second over the window", VALUE_RATE,
		NEED_OWNERS, .get = get_in_rate },
	{ "out_rate", "OUT/s", "sockets that left per second over the window", VALUE_RATE,
		NEED_OWNERS, .get = get_out_rate },
	{ "overdue", "OVERDUE", "sockets there for longer than they usually stay", VALUE_COUNT,
		NEED_OWNERS | NEED_WAIT_AGE, .get = get_overdue },
	{ "usual", "USUAL", "time within which 95 % of those that leave do so", VALUE_AGE,
		NEED_OWNERS | NEED_WAIT_AGE, .get = get_usual },
	{ "oldest", "OLDEST", "how long the oldest has been there", VALUE_AGE,
		NEED_OWNERS | NEED_WAIT_AGE, .get = get_oldest },
	{ "why", "WHY", "CLOSE-WAIT: why most are: unread, eof unread, not closed, unaccepted",
		VALUE_TEXT, NEED_OWNERS, .get = get_why },
	{ "unread", "UNREAD", "CLOSE-WAIT: of them with data that was not read", VALUE_COUNT,
		NEED_OWNERS, .get = get_unread },
	{ "eof_unread", "EOF", "CLOSE-WAIT: of them with only the end of file not read",
		VALUE_COUNT, NEED_OWNERS, .get = get_eof_unread },
	{ "not_closed", "UNCLOSED", "CLOSE-WAIT: of them with everything read and never closed",
		VALUE_COUNT, NEED_OWNERS, .get = get_not_closed },
	{ "bytes", "BYTES", "RECV-Q, SEND-Q: bytes in these queues", VALUE_BYTES, NEED_OWNERS,
		.get = get_bytes },
	{ "peer", "PEER", "the busiest remote end, with the port that its sockets share",
		VALUE_TEXT, NEED_OWNERS | NEED_ADDRESSES, .get = get_peer },
	{ "peer_count", "PEER#", "sockets of that end", VALUE_COUNT, NEED_OWNERS | NEED_ADDRESSES,
		.get = get_peer_count },
	{ "local", "LOCAL", "the busiest local end, likewise", VALUE_TEXT,
		NEED_OWNERS | NEED_ADDRESSES, .get = get_local },
	{ "local_count", "LOCAL#", "sockets of that end", VALUE_COUNT, NEED_OWNERS | NEED_ADDRESSES,
		.get = get_local_count },
	PROC_FIELDS_DESCRIPTORS,
	{ "exhaustion", "FDS-OUT", "a leak: time until its descriptors run out", VALUE_AGE,
		NEED_OWNERS | NEED_PROC_DETAILS | NEED_WAIT_AGE, .get = get_exhaustion },
};

static uint32_t count(const struct sample *sample)
{
	return sample->leak_shown;
}

static uint32_t count_all(const struct sample *sample)
{
	return sample->leak_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	const struct leak_row *l = row_of(rows, row);

	return group_pile_key(rows->sample->frame, l->kind, l->proc, l->pile);
}

/* The rows come with the worst first. */
#define TABLE_LEAKS(counter)                                                                       \
	.name = "leaks", .title = "Leaks",                                                         \
	.help = "processes whose sockets pile up: do they leak, how fast, why", .fields = fields,  \
	.field_count = sizeof fields / sizeof *fields,                                             \
	.columns = "pid,process,pile,count,verdict,growth,exhaustion,since,oldest,why,peer,"       \
		   "fds,fd_limit",                                                                 \
	.sort = "", .needs = NEED_SOCKETS | NEED_OWNERS | NEED_WAIT_AGE, .window = true,           \
	.whole = true, .count = counter, .identity = identity

static const struct table all = { TABLE_LEAKS(count_all) };
const struct table table_leaks = { TABLE_LEAKS(count), .all = &all };
