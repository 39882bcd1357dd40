/* The table of findings. */
#include "sockdash/needs.h"
#include "sockdash/rowset.h"

static const struct finding *row_of(const struct rowset *rows, uint32_t row)
{
	return &rows->sample->findings[row];
}

#define TEXT_FIELD(name, text)                                                                     \
	static void get_##name(const struct rowset *rows, uint32_t row, struct value *out)         \
	{                                                                                          \
		value_text(out, text);                                                             \
	}
TEXT_FIELD(id, row_of(rows, row)->rule->id)
TEXT_FIELD(severity, severity_name(row_of(rows, row)->severity))
TEXT_FIELD(subject, row_of(rows, row)->subject)
TEXT_FIELD(evidence, row_of(rows, row)->evidence)
TEXT_FIELD(advice, row_of(rows, row)->advice)
TEXT_FIELD(command, row_of(rows, row)->command)

static void get_since(const struct rowset *rows, uint32_t row, struct value *out)
{
	value_real(out, VALUE_AGE, row_of(rows, row)->since);
	out->at_least = row_of(rows, row)->since_at_least;
}

static const struct field fields[] = {
	{ "severity", "SEVERITY",
		"critical, warning or info; with --all also unknown (not checked) and ok",
		VALUE_TEXT, .get = get_severity },
	{ "id", "ID", "the rule that found it", VALUE_TEXT, .get = get_id },
	{ "subject", "SUBJECT", "process, listener or destination", VALUE_TEXT,
		.get = get_subject },
	{ "evidence", "EVIDENCE", "what was seen, in numbers", VALUE_TEXT, .get = get_evidence },
	{ "since", "SINCE", "how long it has been so, as far as is known", VALUE_AGE,
		.get = get_since },
	{ "advice", "ADVICE", "what it means and what to do", VALUE_TEXT, .get = get_advice },
	{ "command", "COMMAND", "to look closer or to change it", VALUE_TEXT, .get = get_command },
};

static uint32_t count(const struct sample *sample)
{
	return sample->finding_shown;
}

static uint32_t count_all(const struct sample *sample)
{
	return sample->finding_count;
}

static uint64_t identity(const struct rowset *rows, uint32_t row)
{
	return row_of(rows, row)->identity;
}

#define TABLE_AUDIT(counter)                                                                       \
	.name = "audit", .title = "Findings", .help = "what is wrong, and what to do about it",    \
	.fields = fields, .field_count = sizeof fields / sizeof *fields,                           \
	.columns = "severity,id,subject,evidence", .sort = "", .needs = NEED_ALL, .window = true,  \
	.unfiltered = true, .count = counter, .identity = identity

static const struct table all = { TABLE_AUDIT(count_all) };
const struct table table_audit = { TABLE_AUDIT(count), .all = &all };
