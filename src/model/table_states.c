/* The table of states. */
#include "sockdash/needs.h"
#include "sockdash/rowset.h"

static const struct state_row *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->states[row];
}

static void get_proto(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, sock_proto_name(row_of(rows, row)->proto));
}

static void get_state(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_text(out, sock_state_name(row_of(rows, row)->state));
}

static void get_count(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_number(out, VALUE_COUNT, row_of(rows, row)->count);
}

static void get_percent(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_PERCENT, row_of(rows, row)->percent);
}

static void get_delta(const struct rowset *rows, uint32_t row, struct value *out)
{
	if (row_of(rows, row)->delta != SAMPLE_UNKNOWN)
		value_number(out, VALUE_DELTA, row_of(rows, row)->delta);
}

static void get_in_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->in_rate);
}

static void get_out_rate(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_RATE, row_of(rows, row)->out_rate);
}

static const struct field fields[] = {
	{ "proto", "PROTO", "protocol: tcp or udp", VALUE_TEXT, .get = get_proto },
	{ "state", "STATE", "state, as ss names it", VALUE_TEXT, .get = get_state },
	{ "count", "COUNT", "sockets in this state", VALUE_COUNT, .get = get_count },
	{ "percent", "%", "share of the sockets of this protocol", VALUE_PERCENT,
		.get = get_percent },
	{ "delta", "DELTA", "change since the sample before", VALUE_DELTA, .get = get_delta },
	{ "in_rate", "IN/s", "sockets that entered the state per second", VALUE_RATE,
		.get = get_in_rate },
	{ "out_rate", "OUT/s", "sockets that left it per second", VALUE_RATE, .get = get_out_rate },
};

static uint32_t count(const struct sample *sample)
{
	return sample->state_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return 1 + (uint64_t)row_of(rows, row)->proto * SOCK_STATE_COUNT + row_of(rows, row)->state;
}

const struct table table_states = {
	.name = "states",
	.title = "States",
	.help = "how many sockets are in each state",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.columns = "proto,state,count,percent,delta,in_rate,out_rate",
	.sort = "",
	.needs = NEED_SOCKETS,
	.count = count,
	.identity = identity,
};
