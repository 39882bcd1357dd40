/* Values of fields in a filter. Patterns come from whoever types: what the C library's machine could
 * choke on (it recurses for parentheses, copies for repetitions, and searches for ever with
 * references back) is refused. */
#include "sockdash/filter_values.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Longer ones before those they begin with. */
static const struct unit {
	enum value_type type;
	const char *name;
	double factor;
} units[] = {
	{ VALUE_AGE, "s", 1 },
	{ VALUE_AGE, "m", 60 },
	{ VALUE_AGE, "h", 3600 },
	{ VALUE_AGE, "d", 86400 },
	{ VALUE_SPAN, "us", 1e-6 },
	{ VALUE_SPAN, "ms", 1e-3 },
	{ VALUE_SPAN, "s", 1 },
	{ VALUE_BYTES, "k", 1 << 10 },
	{ VALUE_BYTES, "K", 1 << 10 },
	{ VALUE_BYTES, "M", 1 << 20 },
	{ VALUE_BYTES, "G", 1 << 30 },
	{ VALUE_PERCENT, "%", 1 },
};

/* The unit that comes next, passed over; NULL: none. */
static const struct unit *read_unit(const char **text, enum value_type type)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t len = strlen(units[i].name);

		if (units[i].type == type && strncmp(*text, units[i].name, len) == 0) {
			*text += len;
			return &units[i];
		}
	}
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, and decimals behind a point: no sign, no exponent, nothing else that strtod() takes. */
static bool read_decimal(const char **text, double *out)
{
	const char *at = *text;

	if (!is_digit(*at))
		return false;
	for (*out = 0; is_digit(*at); at++)
		*out = *out * 10 + (*at - '0');
	if (*at == '.') {
		if (!is_digit(*++at))
			return false;
		for (double part = 0.1; is_digit(*at); at++, part /= 10)
			*out += part * (*at - '0');
	}
	*text = at;
	return true;
}

bool filter_number_read(const char *text, enum value_type type, struct filter_number *out)
{
	const struct unit *unit = NULL;
	const char *at = text;
	char *end;
	double part;

	errno = 0;
	out->whole = (int64_t)strtoull(text, &end, 10);
	out->exact = !*end && !errno;
	out->real = 0;
	do {
		if (!read_decimal(&at, &part) || (!*at && unit))
			return false; /* 1h30: of what? */
		unit = read_unit(&at, type);
		out->real += unit ? part * unit->factor : part;
	} while (*at && unit && type == VALUE_AGE);
	return !*at && isfinite(out->real);
}

const char *filter_number_wanted(enum value_type type)
{
	return type == VALUE_AGE       ? "a time, as 30, 30s, 5m, 1h30m or 2d"
	       : type == VALUE_SPAN    ? "a time, as 0.2, 200ms or 50us"
	       : type == VALUE_BYTES   ? "a number of bytes, as 0, 1460, 64k or 1M"
	       : type == VALUE_PERCENT ? "a percentage, as 80 or 80%"
				       : "a number";
}

/* ---- Patterns -------------------------------------------------------------------------------- */

#define PATTERN_MAX     512
#define PARENTHESES_MAX 32
#define REPETITIONS_MAX 256 /* in all: that of a repetition counts as often as that is repeated */

/* Backslashes before something that has a meaning without. */
static bool is_special(char c)
{
	return strchr("^.[]$()|*+?{}\\", c);
}

/* A pattern that is a plain text but for ^ and $. */
static bool make_plain(struct filter_pattern *p, const char *text)
{
	char *to = p->plain = malloc(strlen(text) + 1);

	if (!to)
		return false;
	p->begins = *text == '^';
	for (text += p->begins; *text; *to++ = *text++) {
		if (*text == '$' && !text[1]) {
			p->ends = true;
			break;
		}
		if (*text == '\\' && text[1] && is_special(text[1]))
			text++;
		else if (is_special(*text))
			break;
	}
	p->len = (size_t)(to - p->plain);
	*to = '\0';
	if (!*text || p->ends)
		return true;
	free(p->plain);
	p->plain = NULL;
	p->begins = p->ends = false;
	return false;
}

/* Behind a set in brackets, which has other rules. */
static const char *pass_set(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	while (*at && *at != ']') {
		if (*at == '[' && at[1] && strchr(".:=", at[1])) {
			const char *end = strchr(at + 2, ']');

			at = end ? end : at;
		}
		at++;
	}
	return at;
}

/* What is too much about it, or NULL. */
static const char *too_much(const char *text)
{
	unsigned long repetitions = 1;
	unsigned open = 0;

	if (strlen(text) > PATTERN_MAX)
		return "it is too long";
	for (const char *at = text; *at; at++) {
		if (*at == '\\' && at[1]) {
			at++;
			if (is_digit(*at))
				return "no references back, please";
		} else if (*at == '[') {
			at = pass_set(at);
			if (!*at)
				return NULL; /* regcomp() will say so */
		} else if (*at == '(' && ++open > PARENTHESES_MAX) {
			return "too many parentheses";
		} else if (*at == '{') {
			char *end;
			unsigned long low = strtoul(at + 1, &end, 10), high = low;

			if (*end == ',')
				high = strtoul(end + 1, NULL, 10);
			high = high > low ? high : low;
			if (high > REPETITIONS_MAX || (repetitions *= high + 1) > REPETITIONS_MAX)
				return "too many repetitions";
		}
	}
	return NULL;
}

int filter_pattern_create(
	const char *text, struct filter_pattern **out, char wrong[FILTER_PATTERN_WRONG])
{
	const char *much = too_much(text);
	struct filter_pattern *p;
	int err;

	*out = NULL;
	if (much) {
		snprintf(wrong, FILTER_PATTERN_WRONG, "%s", much);
		return -EINVAL;
	}
	p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	if (make_plain(p, text)) {
		*out = p;
		return 0;
	}
	err = regcomp(&p->regex, text, REG_EXTENDED | REG_NOSUB);
	if (!err) {
		*out = p;
		return 0;
	}
	regerror(err, &p->regex, wrong, FILTER_PATTERN_WRONG);
	free(p);
	return err == REG_ESPACE ? -ENOMEM : -EINVAL;
}

void filter_pattern_free(struct filter_pattern *p)
{
	if (!p)
		return;
	if (!p->plain)
		regfree(&p->regex);
	free(p->plain);
	free(p);
}

bool filter_pattern_finds(const struct filter_pattern *p, const char *text)
{
	size_t len;

	if (!p->plain)
		return regexec(&p->regex, text, 0, NULL, 0) == 0;
	if (!p->begins && !p->ends)
		return strstr(text, p->plain);
	if (p->begins)
		return strncmp(text, p->plain, p->len) == 0 && (!p->ends || !text[p->len]);
	len = strlen(text);
	return len >= p->len && memcmp(text + len - p->len, p->plain, p->len) == 0;
}
