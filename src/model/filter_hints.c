/* Words that were mistyped, or stand where others should. */
#include "sockdash/filter_hints.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/filter_fields.h"
#include "sockdash/filter_terms.h"
#include "sockdash/rowset.h"

#define WORD_MAX 31

/* Letters to put in, take away or change to make the same of two words. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t len = strlen(b);

	if (strlen(a) > WORD_MAX || len > WORD_MAX)
		return WORD_MAX;
	for (unsigned i = 0; i <= len; i++)
		row[i] = i;
	for (; *a; a++) {
		unsigned before = row[0]++;

		for (size_t i = 0; i < len; i++) {
			unsigned change = before + (*a != b[i]);
			unsigned shift = (row[i] < row[i + 1] ? row[i] : row[i + 1]) + 1;

			before = row[i + 1];
			row[i + 1] = change < shift ? change : shift;
		}
	}
	return row[len];
}

struct best {
	const char *word;
	unsigned far;
};

/* A beginning is nearer than a mistake. */
static void consider(struct best *best, const char *word, const char *candidate)
{
	size_t len = strlen(word);
	unsigned far = 2 * distance(word, candidate);

	if (len > 1 && strncmp(word, candidate, len) == 0)
		far = 1;
	if (far < best->far && far <= len) {
		best->far = far;
		best->word = candidate;
	}
}

static const char *nearest(const char *word)
{
	static const char *const others[] = { "and", "or", "not" };
	struct best best = { NULL, 5 };

	for (size_t i = 0; i < filter_word_count; i++)
		consider(&best, word, filter_words[i].name);
	for (size_t i = 0; i < table_sockets.field_count; i++)
		consider(&best, word, table_sockets.fields[i].name);
	for (size_t i = 0; i < filter_end_count; i++)
		consider(&best, word, filter_ends[i].name);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		consider(&best, word, others[i]);
	return best.word;
}

const char *filter_hint(const char *word, char out[FILTER_HINT_MAX])
{
	const char *near;

	*out = '\0';
	if (filter_state_word(word) >= 0)
		snprintf(out, FILTER_HINT_MAX, "state %.24s", word);
	else if (*word == ':')
		snprintf(out, FILTER_HINT_MAX, "what the port is of, as dport = %.24s", word);
	else if (*word == '[' || (*word >= '0' && *word <= '9'))
		snprintf(out, FILTER_HINT_MAX, "what it is of, as dst %.48s or dport = %.48s", word,
			word);
	else if ((near = nearest(word)))
		snprintf(out, FILTER_HINT_MAX, "%s, or another condition", near);
	return out;
}
