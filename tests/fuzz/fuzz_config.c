/* fuzz_config: any bytes as a configuration file. Either all of it is set, and then each number is
 * where the command line would have it too, or a sentence says why not. */
#include <math.h>
#include <stdlib.h>

#include "sockdash/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options o;
	struct buf error = { 0 };
	int err;

	options_init(&o);
	err = config_parse((const char *)data, size, "file", &o, &error);
	must(err ? error.len > 0 && !error.failed : error.len == 0);
	must(o.interval_s >= 0.1 && o.interval_s <= 86400);
	must(o.cpu_limit >= 0.1 && o.cpu_limit <= 100);
	must(isnan(o.tracker.window_s) || (o.tracker.window_s >= 0 && o.tracker.window_s <= 86400));
	for (size_t i = 0; i < audit_threshold_count; i++)
		must(o.tracker.audit.thresholds[i] >= audit_thresholds[i].min &&
			o.tracker.audit.thresholds[i] <= audit_thresholds[i].max);
	/* Nothing of the file is kept, and nothing is set that is for the command line. */
	must(!o.sort && !o.columns && !o.debug && !o.tape && !o.synth && !o.config);
	must(!o.help && !o.version && !o.count && !o.protocols && o.output == OUTPUT_TEXT);
	buf_free(&error);
	return 0;
}
