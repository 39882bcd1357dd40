/* report: one page for a ticket or a chat, of tables that views print too; or all of them in one
 * JSON document. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/report.h"

struct printing {
	const struct options *options;
	struct report_settings settings;
	uint64_t printed;
};

static int print_sample(void *context, const struct sample *s)
{
	struct printing *p = context;
	struct buf page = { 0 };
	int err;

	if (p->options->output == OUTPUT_JSON) {
		err = report_json(s, &p->settings, output_stdout, NULL);
	} else {
		if (p->printed)
			buf_adds(&page, "\n\n");
		/* In one piece: half a page would look like a whole one. */
		err = report_text(s, &p->settings, &page);
		if (!err)
			err = output_stdout(NULL, &page);
	}
	buf_free(&page);
	p->printed++;
	return err;
}

int cmd_report(const struct options *o)
{
	struct printing p = {
		.options = o,
		.settings = {
			.all = o->all,
			.titles = !o->no_header,
			.ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		},
	};
	struct watch watch = {
		.options = o,
		.needs = report_needs(),
		.window = true,
		.print = print_sample,
		.context = &p,
	};

	if (o->output == OUTPUT_CSV)
		return complain_usage(
			"--csv is for one table; report prints text or, with --json, a document");
	if (o->sort || o->columns)
		return complain_usage("--%s is for views: sockdash VIEW --%s %s",
			o->sort ? "sort" : "columns", o->sort ? "sort" : "columns",
			o->sort ? o->sort : o->columns);
	return watch_samples(&watch);
}
