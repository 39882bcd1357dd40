/* The table of processes with CLOSE-WAIT sockets. */
#include "sockdash/group.h"
#include "sockdash/needs.h"
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
COUNT_FIELD(close_wait, count)
COUNT_FIELD(unread, causes[SOCK_WAIT_UNREAD])
COUNT_FIELD(eof_unread, causes[SOCK_WAIT_EOF_UNREAD])
COUNT_FIELD(not_closed, causes[SOCK_WAIT_NOT_CLOSED])
REAL_FIELD(growth, VALUE_TREND)
REAL_FIELD(in_rate, VALUE_RATE)
REAL_FIELD(out_rate, VALUE_RATE)
REAL_FIELD(exhaustion, VALUE_AGE)

static void get_oldest(const struct rowset *rows, uint32_t row, struct value *out)
{
	out->at_least = row_of(rows, row)->oldest_at_least;
	value_real(out, VALUE_AGE, row_of(rows, row)->oldest);
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

	for (unsigned i = 1; i < SOCK_WAIT_CAUSES; i++)
		if (l->causes[i] >= l->causes[most])
			most = i;
	value_text(out, l->kind == PROC_ROW_NONE ? "unaccepted" : words[most]);
}

static const struct field fields[] = {
	PROC_FIELDS_IDENTITY,
	{ "close_wait", "C-WAIT", "sockets in CLOSE-WAIT: the peer has closed, the process has not",
		VALUE_COUNT, NEED_OWNERS, .get = get_close_wait },
	{ "growth", "GROWTH/s", "their growth per second over the window", VALUE_TREND, NEED_OWNERS,
		.get = get_growth },
	{ "in_rate", "IN/s", "sockets that entered CLOSE-WAIT per second over the window",
		VALUE_RATE, NEED_OWNERS, .get = get_in_rate },
	{ "out_rate", "OUT/s", "sockets that left it per second over the window", VALUE_RATE,
		NEED_OWNERS, .get = get_out_rate },
	{ "oldest", "OLDEST", "how long the oldest has been in CLOSE-WAIT", VALUE_AGE,
		NEED_OWNERS | NEED_WAIT_AGE, .get = get_oldest },
	{ "why", "WHY", "why most are stuck: unread, eof unread, not closed, unaccepted",
		VALUE_TEXT, NEED_OWNERS, .get = get_why },
	{ "unread", "UNREAD", "of them with data that was not read", VALUE_COUNT, NEED_OWNERS,
		.get = get_unread },
	{ "eof_unread", "EOF", "of them with only the end of file not read", VALUE_COUNT,
		NEED_OWNERS, .get = get_eof_unread },
	{ "not_closed", "UNCLOSED", "of them with everything read and never closed", VALUE_COUNT,
		NEED_OWNERS, .get = get_not_closed },
	PROC_FIELDS_DESCRIPTORS,
	{ "exhaustion", "FDS-OUT", "time until its descriptors run out at this growth", VALUE_AGE,
		NEED_OWNERS | NEED_PROC_DETAILS, .get = get_exhaustion },
};

static uint32_t count(const struct sample *sample)
{
	return sample->leak_shown;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	const struct leak_row *l = row_of(rows, row);

	return group_proc_key(rows->sample->frame, l->kind, l->proc);
}

const struct table table_leaks = {
	.name = "leaks",
	.title = "CLOSE-WAIT growth",
	.help = "processes with CLOSE-WAIT sockets, how they grow and why",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = "pid,user,process,close_wait,growth,oldest,why,unread,eof_unread,not_closed,fds,"
		   "fd_limit,exhaustion",
	.sort = "-growth",
	.then = "-close_wait",
	.needs = NEED_SOCKETS | NEED_OWNERS,
	.window = true,
	.count = count,
	.identity = identity,
};
