/* The table of ephemeral ports: between an address of this host and a service elsewhere. */
#include <math.h>

#include "sockdash/group.h"
#include "sockdash/needs.h"
#include "sockdash/proc_fields.h"
#include "sockdash/sock_fields.h"

/* A constant of the kernel. */
#define TIME_WAIT_S 60

static const struct port_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->port_rows[row];
}

static const struct sock *sock_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->frame->socks[row_of(rows, row)->sock];
}

/* The range and the settings that we know are those of the first namespace. */
static double capacity_of(const struct rowset *rows, uint32_t row)
{
	return sock_of(rows, row)->netns ? (double)NAN : rows->sample->port_capacity;
}

#define PROC_FIELD(name)                                                                           \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		uint32_t proc = row_of(rows, row)->proc;                                           \
                                                                                                   \
		if (proc != SOCK_NONE)                                                             \
			proc_field_##name(rows->sample->frame,                                     \
				(struct proc_subject){ PROC_ROW_PROCESS, proc }, out);             \
	}

PROC_FIELD(pid)
PROC_FIELD(process)
PROC_FIELD(unit)

static void get_netns(const struct rowset *rows, uint32_t row, struct value *out)
{
	sock_field_netns(rows->sample->frame, sock_of(rows, row), out);
}

static void get_local_address(const struct rowset *rows, uint32_t row, struct value *out)
{
	sock_field_local_address(rows->sample->frame, sock_of(rows, row), out);
}

static void get_remote_address(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_address(out, rows->sample->frame, sock_of(rows, row), false);
}

static void get_remote_port(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_port(out, SOCK_TCP, sock_of(rows, row)->remote_port);
}

static void get_used(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_number(out, VALUE_COUNT, row_of(rows, row)->used);
}

static void get_capacity(const struct rowset *rows, uint32_t row, struct value *out)
{
	double capacity = capacity_of(rows, row);

	if (!isnan(capacity))
		value_number(out, VALUE_COUNT, (int64_t)capacity);
}

/* Without any port connect() fails as if all were taken. */
static void get_percent(const struct rowset *rows, uint32_t row, struct value *out)
{
	double capacity = capacity_of(rows, row);

	value_real(out, VALUE_PERCENT,
		capacity == 0 ? 100 : 100.0 * row_of(rows, row)->used / capacity);
}

static void get_time_wait(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_number(out, VALUE_COUNT, row_of(rows, row)->time_wait);
}

static void get_time_wait_percent(const struct rowset *rows, uint32_t row, struct value *out)
{
	const struct port_row *p = row_of(rows, row);

	value_real(out, VALUE_PERCENT, 100.0 * p->time_wait / p->used);
}

static void get_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->rate);
}

static void get_sustainable_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, capacity_of(rows, row) / TIME_WAIT_S);
}

static void get_process_used(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (row_of(rows, row)->proc != SOCK_NONE)
		value_number(out, VALUE_COUNT, row_of(rows, row)->proc_used);
}

static const struct field fields[] = {
	{ "netns", "NETNS", "network namespace, by inode", VALUE_ID, .get = get_netns },
	{ "local_address", "LOCAL", "address of this host that the connections come from",
		VALUE_ADDRESS, .get = get_local_address },
	{ "remote_address", "REMOTE", "address that they go to", VALUE_ADDRESS,
		.get = get_remote_address },
	{ "remote_port", "RPORT", "port that they go to", VALUE_ID, .get = get_remote_port },
	{ "used", "USED", "local ports that are taken, in all states", VALUE_COUNT,
		.get = get_used },
	{ "capacity", "CAPACITY",
		"ports of the ephemeral range, without those reserved and those that listen",
		VALUE_COUNT, .get = get_capacity },
	{ "percent", "%", "used of the capacity", VALUE_PERCENT, .get = get_percent },
	{ "time_wait", "T-WAIT", "of used those in TIME-WAIT, which lasts a minute", VALUE_COUNT,
		.get = get_time_wait },
	{ "time_wait_percent", "T-WAIT%", "share of used in TIME-WAIT", VALUE_PERCENT,
		.get = get_time_wait_percent },
	{ "opened_rate", "OPEN/s", "connections begun per second, since the sample before",
		VALUE_RATE, .get = get_rate },
	{ "sustainable_rate", "MAX/s",
		"short connections per second for which the ports are enough: capacity / 60",
		VALUE_RATE, .get = get_sustainable_rate },
	{ "pid", "PID", "the process that takes most (the lowest pid of several)", VALUE_ID,
		NEED_OWNERS, .get = get_pid },
	{ "process", "PROCESS", "its name", VALUE_TEXT, NEED_OWNERS, .get = get_process },
	{ "process_used", "OF-IT", "how many that one takes", VALUE_COUNT, NEED_OWNERS,
		.get = get_process_used },
	{ "unit", "UNIT", "systemd unit or container of that process", VALUE_TEXT,
		NEED_OWNERS | NEED_PROC_DETAILS, .get = get_unit },
};

static uint32_t count(const struct sample *sample)
{
	return sample->port_row_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	const struct frame *f = rows->sample->frame;
	const struct sock *s = sock_of(rows, row);
	uint64_t local = hash_bytes(frame_address(f, s->local), sizeof(struct address));
	uint64_t remote = hash_bytes(frame_address(f, s->remote), sizeof(struct address));

	return hash_mix(
		       hash_mix(local, remote), hash_mix(frame_netns_inode(f, s), s->remote_port)) |
	       1;
}

const struct table table_ports = {
	.name = "ports",
	.title = "Ports",
	.help = "ephemeral ports: how many are taken, per source, destination and port",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = "local_address,remote_address,remote_port,used,capacity,percent,time_wait,"
		   "time_wait_percent,opened_rate,sustainable_rate,pid,process",
	.sort = "-used",
	.then = "remote_address",
	.needs = NEED_SOCKETS | NEED_ADDRESSES | NEED_COUNTERS | NEED_PORTS | NEED_PORT_ROWS,
	.whole = true,
	.count = count,
	.identity = identity,
};
