/* fuzz_diag: any bytes as netlink messages. Rows must keep what their struct promises. */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sockdash/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_row(void *context, const struct diag_sock *row)
{
	const struct diag_expect *expect = context;

	if (row->family != AF_INET && row->family != AF_INET6)
		abort();
	if (row->state < 1 || row->state > 11 || row->timer > 4 ||
		row->protocol != expect->protocol)
		abort();
	if (row->protocol == IPPROTO_UDP && (row->timer || row->retrans || row->expires_ms))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_expect expects[] = {
		{ 0, 0, IPPROTO_TCP },
		{ 0, 0, IPPROTO_UDP },
		{ 1, 0, IPPROTO_TCP },
	};

	for (size_t i = 0; i < sizeof(expects) / sizeof(expects[0]); i++) {
		bool interrupted = false;

		if (diag_parse(data, size, &expects[i], check_row, &expects[i], &interrupted) > 1)
			abort();
	}
	return 0;
}
