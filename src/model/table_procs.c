/* The table of processes by connections. */
#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/proc_fields.h"

static const struct proc_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->procs[row];
}

#define PROC_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		const struct proc_row *p = row_of(rows, row);                                      \
                                                                                                   \
		proc_field_##name(                                                                 \
			rows->sample->frame, (struct proc_subject){ p->kind, p->proc }, out);      \
	}
#define COUNT_FIELD(name, member)                                                                  \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		value_number(out, VALUE_COUNT, row_of(rows, row)->member);                         \
	}

PROC_FIELD(pid)
PROC_FIELD(process)
PROC_FIELD(user)
PROC_FIELD(unit)
PROC_FIELD(cgroup)
PROC_FIELD(cmdline)
PROC_FIELD(fds)
PROC_FIELD(fd_limit)
PROC_FIELD(fd_percent)
COUNT_FIELD(conns, conns)
COUNT_FIELD(estab, states[SOCK_ESTAB])
COUNT_FIELD(close_wait, states[SOCK_CLOSE_WAIT])
COUNT_FIELD(syn_sent, states[SOCK_SYN_SENT])
COUNT_FIELD(listen, states[SOCK_LISTEN])
COUNT_FIELD(time_wait, time_wait)
COUNT_FIELD(lingering, lingering)
COUNT_FIELD(udp, udp)

static void get_delta(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (row_of(rows, row)->delta != SAMPLE_UNKNOWN)
		value_number(out, VALUE_DELTA, row_of(rows, row)->delta);
}

static void get_opened_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->opened_rate);
}

static void get_closed_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->closed_rate);
}

static const struct field fields[] = {
	PROC_FIELDS_IDENTITY,
	{ "cmdline", "COMMAND", "command line", VALUE_TEXT, NEED_OWNERS | NEED_PROC_DETAILS,
		.get = get_cmdline },
	{ "conns", "CONNS", "TCP connections it holds, in every state but LISTEN and TIME-WAIT",
		VALUE_COUNT, NEED_OWNERS, .get = get_conns },
	{ "estab", "ESTAB", "of them established", VALUE_COUNT, NEED_OWNERS, .get = get_estab },
	{ "close_wait", "C-WAIT", "of them in CLOSE-WAIT", VALUE_COUNT, NEED_OWNERS,
		.get = get_close_wait },
	{ "syn_sent", "SYN-S", "of them in SYN-SENT: no answer yet", VALUE_COUNT, NEED_OWNERS,
		.get = get_syn_sent },
	{ "time_wait", "T-WAIT", "TIME-WAIT sockets it left behind while we watched", VALUE_COUNT,
		NEED_OWNERS, .get = get_time_wait },
	{ "lingering", "LINGER", "connections it closed that the kernel has not finished yet",
		VALUE_COUNT, NEED_OWNERS, .get = get_lingering },
	{ "listen", "LISTEN", "TCP listeners", VALUE_COUNT, NEED_OWNERS, .get = get_listen },
	{ "udp", "UDP", "UDP sockets", VALUE_COUNT, NEED_OWNERS, .get = get_udp },
	{ "delta", "DELTA", "change of conns since the sample before", VALUE_DELTA, NEED_OWNERS,
		.get = get_delta },
	{ "opened_rate", "OPEN/s", "connections it got per second", VALUE_RATE, NEED_OWNERS,
		.get = get_opened_rate },
	{ "closed_rate", "CLOSE/s", "connections it let go per second", VALUE_RATE, NEED_OWNERS,
		.get = get_closed_rate },
	PROC_FIELDS_DESCRIPTORS,
	{ "cgroup", "CGROUP", "control group", VALUE_TEXT, NEED_OWNERS | NEED_PROC_DETAILS, true,
		get_cgroup },
};

static uint32_t count(const struct sample *sample)
{
	return sample->proc_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	const struct proc_row *p = row_of(rows, row);

	return group_proc_key(rows->sample->frame, p->kind, p->proc);
}

const struct table table_procs = {
	.name = "procs",
	.title = "Processes",
	.help = "processes by connections",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = "pid,user,process,conns,estab,close_wait,time_wait,syn_sent,listen,udp,delta,"
		   "fds,fd_limit",
	.sort = "-conns",
	.then = "pid",
	.needs = NEED_SOCKETS | NEED_OWNERS,
	.count = count,
	.identity = identity,
};
