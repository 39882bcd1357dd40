/* What an audit may find, told by hand, whatever the rules are. */
#include "lib/findings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sockdash/kernel_items.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct audit_rule rules[] = {
	{ .id = "close-wait-leak", .help = "processes that do not close their connections" },
	{ .id = "accept-queue", .help = "accept queues that are full" },
	{ .id = "many-time-wait", .help = "many sockets in TIME-WAIT" },
	{ .id = "conntrack", .help = "the table of tracked connections near its limit" },
	{ .id = "memory", .help = "TCP memory under pressure" },
	{ .id = "retransmissions", .help = "segments that have to be sent again" },
};

/* In the order of the rules. */
static const struct finding found[] = {
	{ .severity = SEVERITY_CRITICAL,
		.since = 842,
		.subject = "java (pid 2291)",
		.evidence = "420 sockets in CLOSE-WAIT, 12 more a second; 27,014 of 65,536 "
			    "descriptors are open, the rest is used up in 54 minutes",
		.advice = "The peers have closed these connections and java has not: it read all "
			  "data and never called close(). No sysctl cures that. Find the code that "
			  "leaves connections open when the peer goes first; a restart gives the "
			  "descriptors back for as long as it took to get here.",
		.command = "ss -tnp state close-wait | grep pid=2291" },
	{ .severity = SEVERITY_WARNING,
		.since = 8,
		.subject = "127.0.0.1:9000 (php-fpm)",
		.evidence = "129 of 128 connections wait to be accepted, 37.5 dropped a second",
		.advice = "php-fpm accepts too slowly. A longer queue only hides that: look at "
			  "what its workers wait for.",
		.command = "ss -ltn sport = :9000; cat /proc/2201/stack" },
	{ .severity = SEVERITY_INFO,
		.since = NAN,
		.subject = "10.0.0.7",
		.evidence = "28,104 sockets in TIME-WAIT",
		.advice = "This is normal: TIME-WAIT lasts 60 seconds and costs 256 bytes.",
		.command = "" },
};

static struct finding silent_rule(const struct audit_rule *rule, bool unknown)
{
	return (struct finding){
		.rule = rule,
		.severity = unknown ? SEVERITY_UNKNOWN : SEVERITY_OK,
		.since = NAN,
		.subject = "",
		.evidence = unknown ? "owners are not known" : "",
		.advice = "",
		.command = "",
	};
}

void findings_tell(struct sample *s, enum findings which)
{
	static const struct {
		uint32_t first, last, unknown;
	} plans[] = {
		[FINDINGS_NONE] = { 0, 0, 0 },
		[FINDINGS_UNKNOWN] = { 0, 0, 2 },
		[FINDINGS_WARNING] = { 1, 3, 1 },
		[FINDINGS_MANY] = { 0, 3, 1 },
	};
	uint32_t first = plans[which].first, last = plans[which].last, n = 0;

	free(s->findings);
	s->findings = calloc(COUNT(rules), sizeof *s->findings);
	assert_non_null(s->findings);
	for (uint32_t i = first; i < last; i++) {
		s->findings[n] = found[i];
		s->findings[n++].rule = &rules[i];
	}
	s->finding_shown = n;
	for (uint32_t i = 0; i < COUNT(rules); i++)
		if (i < first || i >= last)
			s->findings[n++] =
				silent_rule(&rules[i], i >= COUNT(rules) - plans[which].unknown);
	s->finding_count = n;
	for (uint32_t i = 0; i < n; i++)
		s->findings[i].identity = (uint64_t)(s->findings[i].rule - rules) + 1;
}

void kernel_tell(struct sample *s, uint32_t rows, uint32_t shown)
{
	free(s->kernel);
	s->kernel = calloc(rows + 1, sizeof *s->kernel);
	assert_non_null(s->kernel);
	for (uint32_t i = 0; i < rows; i++)
		s->kernel[i] = (struct kernel_row){
			.item = i % (uint32_t)kernel_item_count,
			.value = 1000 * i,
			.rate = i < shown ? i + 1 : 0,
			.highest = i + 2,
			.limit = NAN,
			.percent = NAN,
			.calm = i >= shown,
		};
	s->kernel_count = rows;
	s->kernel_shown = shown;
}
