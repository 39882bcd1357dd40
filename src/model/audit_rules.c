/* The rules of the audit and their thresholds. A new rule is a line and a function here. */
#include "sockdash/audit.h"
#include "sockdash/needs.h"

static int check_close_wait(struct audit_run *run)
{
	(void)run;
	return 0;
}

const struct audit_threshold audit_thresholds[] = {
	{ "fds-warning", "percent", "open descriptors of a process's limit", 80, 1, 100 },
};
const size_t audit_threshold_count = sizeof audit_thresholds / sizeof *audit_thresholds;

const struct audit_rule audit_rules[] = {
	{ "close-wait-leak", "a process that does not close its connections", NEED_OWNERS,
		check_close_wait },
};
const size_t audit_rule_count = sizeof audit_rules / sizeof *audit_rules;
