/* fuzz_kcounters: any bytes as each of the files with counters. */
#include <stdlib.h>

#include "sockdash/kcounters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "TcpPassiveOpens", "TcpExtListenDrops", "TcpMaxConn",
	"sockstat:TCP:mem", "sockstat:sockets:used", "A", "" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	const char *bytes = (const char *)data;
	int64_t values[COUNT] = { 0 };

	kcounters_parse_pairs(bytes, size, names, COUNT, values);
	kcounters_parse_sockstat("sockstat", bytes, size, names, COUNT, values);
	for (unsigned i = 0; i < 4; i++)
		kcounters_parse_number(bytes, size, i);
	for (size_t i = 0; i < COUNT; i++) {
		if (values[i] == KCOUNTER_UNKNOWN) /* what is not told is left alone */
			abort();
	}
	return 0;
}
