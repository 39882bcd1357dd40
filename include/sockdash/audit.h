/* audit: what is wrong with this server's sockets, how bad it is, since when, and what to do: a table
 * of rules over a sample, their thresholds and the findings they make. */
#ifndef SOCKDASH_AUDIT_H
#define SOCKDASH_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_RULES_MAX      32
#define AUDIT_THRESHOLDS_MAX 32

enum severity {
	SEVERITY_OK,      /* the rule was checked and found nothing */
	SEVERITY_UNKNOWN, /* it could not be checked */
	SEVERITY_INFO,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
};

/* "ok", "unknown", "info", "warning", "critical". */
const char *severity_name(enum severity severity);

/* A number that a rule compares with. */
struct audit_threshold {
	const char *name; /* in the configuration file, after "audit." */
	const char *unit; /* "percent", "seconds", "per second", "sockets" */
	const char *help; /* a sentence without a full stop */
	double standard, min, max;
};
extern const struct audit_threshold audit_thresholds[];
extern const size_t audit_threshold_count;

/* What the configuration says. */
struct audit_settings {
	double thresholds[AUDIT_THRESHOLDS_MAX]; /* in the order of audit_thresholds[] */
	bool off[AUDIT_RULES_MAX];               /* in the order of audit_rules[] */
};

/* All rules on, thresholds as they are by themselves. */
void audit_settings_init(struct audit_settings *s);

struct audit_run;

struct audit_rule {
	const char *id;   /* lower case with hyphens */
	const char *help; /* what it looks for: a sentence without a full stop */
	unsigned needs;   /* NEED_...: without these it cannot be checked */
	/* Adds what it finds. 0 or -ENOMEM. */
	int (*check)(struct audit_run *run);
};
extern const struct audit_rule audit_rules[];
extern const size_t audit_rule_count;

/* The rule with that id, or NULL. */
const struct audit_rule *audit_find(const char *id, size_t len);

#endif
