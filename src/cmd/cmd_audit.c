/* audit: the findings, and an exit status that says how bad they are. */
#include "sockdash/commands.h"
#include "sockdash/findings.h"

/* Of all samples. */
struct outcome {
	enum severity worst; /* SEVERITY_OK where there is nothing to worry about */
	bool checked;        /* some rule, in some sample */
};

static void look(void *context, const struct sample *s)
{
	struct outcome *o = context;
	struct findings_count c = findings_count(s);
	enum severity now = c.critical   ? SEVERITY_CRITICAL
			    : c.warnings ? SEVERITY_WARNING
					 : SEVERITY_OK;

	o->checked |= c.checked > 0;
	if (now > o->worst)
		o->worst = now;
}

int cmd_audit(const struct options *o)
{
	struct outcome outcome = { .worst = SEVERITY_OK };
	struct table_command c = {
		.table = &table_audit,
		.text = output_findings,
		.add_members = findings_add_member,
		.look = look,
		.context = &outcome,
	};
	int status = table_command_run(&c, o);

	/* What was found is so, whatever failed after it. */
	if (outcome.worst == SEVERITY_CRITICAL)
		return EXIT_CRITICAL;
	if (outcome.worst == SEVERITY_WARNING)
		return EXIT_WARNING;
	return status || !outcome.checked ? EXIT_UNCHECKED : EXIT_HEALTHY;
}
