/* The audit: runs its rules over a sample, and remembers since when they find what they find. */
#include "sockdash/audit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/group.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_UNKNOWN] = "unknown",
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}

void audit_settings_init(struct audit_settings *s)
{
	*s = (struct audit_settings){ 0 };
	for (size_t i = 0; i < audit_threshold_count; i++)
		s->thresholds[i] = audit_thresholds[i].standard;
}

const struct audit_rule *audit_find(const char *id, size_t len)
{
	for (size_t i = 0; i < audit_rule_count; i++)
		if (strlen(audit_rules[i].id) == len && memcmp(audit_rules[i].id, id, len) == 0)
			return &audit_rules[i];
	return NULL;
}

int group_findings(struct sample *s, const struct sample *prev, struct audit_history *history,
	const struct audit_settings *settings)
{
	(void)s;
	(void)prev;
	(void)history;
	(void)settings;
	return 0;
}

void audit_history_free(struct audit_history *h)
{
	free(h->seen);
	*h = (struct audit_history){ 0 };
}
