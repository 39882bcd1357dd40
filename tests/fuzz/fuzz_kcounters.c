/* fuzz_kcounters: any bytes as each of the files with counters. */
#include <stdlib.h>

#include "sockdash/kcounters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "TcpPassiveOpens", "TcpExtListenDrops", "TcpMaxConn",
	"sockstat:TCP:mem", "sockstat:sockets:used", "Udp6InErrors", "A", "" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	const char *bytes = (const char *)data;
	int64_t values[COUNT] = { 0 };

	kcounters_parse_pairs(bytes, size, names, COUNT, values);
	kcounters_parse_sockstat("sockstat", bytes, size, names, COUNT, values);
	kcounters_parse_list(bytes, size, names, COUNT, values);
	for (unsigned i = 0; i < 4; i++) {
		int64_t sum = kcounters_parse_softnet(bytes, size, i);

		kcounters_parse_number(bytes, size, i);
		if (sum != KCOUNTER_UNKNOWN && (sum < 0 || (uint64_t)sum > size * UINT32_MAX))
			abort();
	}
	/* A port may stand there more than once. */
	if (kcounters_parse_ports(bytes, size, 0, UINT16_MAX) <
		kcounters_parse_ports(bytes, size, 32768, 60999))
		abort();
	for (size_t i = 0; i < COUNT; i++) {
		if (values[i] == KCOUNTER_UNKNOWN) /* what is not told is left alone */
			abort();
	}
	return 0;
}
