/* fuzz_procnet: any bytes as lines of each of the four tables. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockdash/procnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t tables[][2] = {
	{ AF_INET, IPPROTO_TCP },
	{ AF_INET6, IPPROTO_TCP },
	{ AF_INET, IPPROTO_UDP },
	{ AF_INET6, IPPROTO_UDP },
};

static void check_line(const char *line, size_t len)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct diag_sock row;

		if (procnet_parse_line(line, len, tables[i][0], tables[i][1], &row) < 0)
			continue;
		if (row.state < 1 || row.state > 11 || row.timer > 4)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t len = newline ? (size_t)(newline - data) : size;

		check_line((const char *)data, len);
		data += len + (newline != NULL);
		size -= len + (newline != NULL);
	}
	return 0;
}
