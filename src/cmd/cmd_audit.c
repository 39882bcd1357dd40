/* audit: the findings, and an exit status that says how bad they are. */
#include "sockdash/commands.h"
#include "sockdash/findings.h"

static void look(void *context, const struct sample *s)
{
	struct findings_count *all = context, now = findings_count(s);

	all->critical |= now.critical;
	all->warnings |= now.warnings;
	all->checked |= now.checked;
}

int cmd_audit(const struct options *o)
{
	struct findings_count all = { 0 };
	struct table_command c = {
		.table = &table_audit,
		.text = output_findings,
		.add_members = findings_add_member,
		.look = look,
		.context = &all,
	};
	int status = table_command_run(&c, o);

	return findings_status(&all, status != EXIT_DONE);
}
