/* completions: what is offered is understood. */
#include "lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/completions.h"
#include "sockdash/filter.h"

static void take_line(struct buf *b, const char *word, const char *help)
{
	buf_addf(b, "%s\t%s\n", word, help);
}

static void check_filter(const char *text)
{
	struct filter_error error;
	struct filter *f;

	if (filter_parse(text, strlen(text), &f, &error))
		fail_msg("'%s': %s", text, error.wanted);
	filter_put(f);
}

/* Each word of a set between these. */
static void check_all(enum completion_set set, const char *before, const char *after)
{
	struct buf words = { 0 };
	char *rest, text[128];
	size_t n = 0;

	completions_set(set, take_line, &words);
	for (char *line = strtok_r(words.data, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest), n++) {
		size_t len = strcspn(line, "\t");

		assert_true(len && line[len + 1]);
		line[len] = '\0';
		snprintf(text, sizeof text, "%s %s %s", before, line, after);
		check_filter(text);
	}
	assert_true(n > 3);
	buf_free(&words);
}

static void states_are_understood(void **state)
{
	(void)state;
	check_all(SET_STATES, "state", "");
}

/* What stands in an answer behind "word<Tab>", or NULL. */
static const char *wanted(const struct buf *answer, const char *word)
{
	static char out[32];
	char head[32];
	const char *at;

	snprintf(head, sizeof head, "\n%s\t", word);
	at = strstr(answer->data, head);
	if (!at)
		return NULL;
	at += strlen(head);
	snprintf(out, sizeof out, "%.*s", (int)strcspn(at, "\n"), at);
	return out;
}

static void it_is_known_what_comes_next(void **state)
{
	struct buf commands_after = { 0 }, terms_after = { 0 };

	(void)state;
	buf_addc(&commands_after, '\n');
	completions_after_command(take_line, &commands_after);
	for (size_t i = 0; i < command_count; i++)
		assert_non_null(wanted(&commands_after, commands[i].name));
	assert_string_equal(wanted(&commands_after, "top"), "view");
	assert_string_equal(wanted(&commands_after, "states"), "filter");
	assert_string_equal(wanted(&commands_after, "audit"), "nothing");
	buf_addc(&terms_after, '\n');
	completions_after_term(take_line, &terms_after);
	assert_string_equal(wanted(&terms_after, "state"), "state");
	assert_string_equal(wanted(&terms_after, "dport"), "port-operator");
	assert_string_equal(wanted(&terms_after, "process"), "text-operator");
	assert_string_equal(wanted(&terms_after, "remote"), "text-operator");
	assert_string_equal(wanted(&terms_after, "="), "nothing");
	assert_string_equal(wanted(&terms_after, "autobound"), "filter");
	buf_free(&commands_after);
	buf_free(&terms_after);
}

/* Whether the parser takes the operator behind the word: then only a value is missing. */
static bool takes(const char *word, const char *operator)
{
	struct filter_error error;
	struct filter *f;
	char text[128];

	snprintf(text, sizeof text, "%s %s", word, operator);
	if (filter_parse(text, strlen(text), &f, &error))
		return error.at == strlen(text);
	filter_put(f);
	return false;
}

static bool is_offered(const char *set, const char *operator)
{
	struct buf words = { 0 };
	int i = 0;
	bool found;

	while (strcmp(completion_sets[i], set) != 0)
		assert_true(++i < COMPLETION_SETS);
	buf_addc(&words, '\n');
	completions_set((enum completion_set)i, take_line, &words);
	found = wanted(&words, operator);
	buf_free(&words);
	return found;
}

static void operators_are_those_that_the_parser_takes(void **state)
{
	static const char *const operators[] = { "=", "!=", "ge", "le", "gt", "lt", "~", "!~" };
	struct buf after = { 0 };
	char *rest;
	size_t n = 0;

	(void)state;
	completions_after_term(take_line, &after);
	for (char *line = strtok_r(after.data, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		char *set = strchr(line, '\t');

		*set++ = '\0';
		if (strcmp(set, "nothing") == 0)
			continue;
		for (size_t i = 0; i < COUNT_OF(operators); i++, n++)
			if (takes(line, operators[i]) != is_offered(set, operators[i]))
				fail_msg("%s %s: %s", line, operators[i], set);
	}
	assert_true(n > 200);
	buf_free(&after);
}

static void all_fields_are_offered(void **state)
{
	static const char *const some[] = { "local", "remote", "process", "dport", "or" };
	struct buf words = { 0 };

	(void)state;
	buf_addc(&words, '\n');
	completions_set(SET_FILTER, take_line, &words);
	for (size_t i = 0; i < COUNT_OF(some); i++)
		if (!wanted(&words, some[i]))
			fail_msg("%s", some[i]);
	buf_free(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_understood),
		cmocka_unit_test(it_is_known_what_comes_next),
		cmocka_unit_test(operators_are_those_that_the_parser_takes),
		cmocka_unit_test(all_fields_are_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
