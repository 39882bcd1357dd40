/* fuzz_procs: any bytes as each of the files of /proc/PID, and the unit of the path that comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "sockdash/procs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_unit(const char *cgroup)
{
	char unit[PROCS_TEXT_MAX], brief[9];

	if (procs_unit(cgroup, unit, sizeof(unit)) != strlen(unit) || strchr(unit, '/'))
		abort();
	if (procs_unit(cgroup, brief, sizeof(brief)) != strlen(brief))
		abort();
	if (strncmp(unit, brief, strlen(brief)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct proc_facts facts;

	memset(&facts, 0, sizeof(facts));
	procs_parse_stat(bytes, size, &facts);
	procs_parse_status(bytes, size, &facts);
	procs_parse_limits(bytes, size, &facts);
	procs_parse_cgroup(bytes, size, &facts);
	if (strlen(facts.comm) >= sizeof(facts.comm) ||
		strlen(facts.cgroup) >= sizeof(facts.cgroup))
		abort();
	check_unit(facts.cgroup);
	return 0;
}
