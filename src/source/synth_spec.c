/* The words that describe a made-up server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/synth.h"

#define SOCKETS_MAX   20000000
#define LISTENERS_MAX 10000
#define LEAK_MAX      100000

#define WANTED_WORDS "sockets=, churn=, leak=, listeners= or seed="

enum { WORD_LISTENERS, WORD_COUNT = 5 };

/* The longest number that is read; what is longer is no number anybody means. */
#define VALUE_MAX 40

static bool read_whole(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !*end && !errno && *out >= min && *out <= max;
}

static bool read_real(const char *text, double max, double *out)
{
	char *end;

	/* Without signs, "inf", "nan" and hexadecimal digits, all of which strtod() would take. */
	if (!*text || text[strspn(text, "0123456789.")])
		return false;
	*out = strtod(text, &end);
	return !*end && *out <= max;
}

static bool set_sockets(struct synth_spec *s, const char *value)
{
	uint64_t n;

	if (!read_whole(value, 1, SOCKETS_MAX, &n))
		return false;
	s->sockets = (uint32_t)n;
	return true;
}

static bool set_churn(struct synth_spec *s, const char *value)
{
	return read_real(value, 1, &s->churn);
}

static bool set_leak(struct synth_spec *s, const char *value)
{
	return read_real(value, LEAK_MAX, &s->leak);
}

static bool set_listeners(struct synth_spec *s, const char *value)
{
	uint64_t n;

	if (!read_whole(value, 1, LISTENERS_MAX, &n))
		return false;
	s->listeners = (uint32_t)n;
	return true;
}

static bool set_seed(struct synth_spec *s, const char *value)
{
	return read_whole(value, 0, UINT64_MAX, &s->seed);
}

static const struct word {
	const char *name, *wanted;
	bool (*set)(struct synth_spec *s, const char *value);
} words[WORD_COUNT] = {
	[WORD_LISTENERS] = { "listeners",
		"listeners=N, a whole number from 1 to 10000, and no more than sockets",
		set_listeners },
	{ "sockets", "sockets=N, a whole number from 1 to 20000000", set_sockets },
	{ "churn", "churn=SHARE, a number from 0 to 1", set_churn },
	{ "leak", "leak=N, a number per second from 0 to 100000", set_leak },
	{ "seed", "seed=N, a whole number from 0 to 18446744073709551615", set_seed },
};

/* The word with this name, or NULL. */
static const struct word *find_word(const char *name, size_t len)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0)
			return &words[i];
	return NULL;
}

/* Reads one word; false if it is wrong, with *wanted. `places` gets where each stands. */
static bool read_word(const char *text, size_t len, struct synth_spec *s,
	const char *places[WORD_COUNT], const char **wanted)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	const struct word *w = find_word(text, name_len);
	size_t value_len = equals ? len - name_len - 1 : 0;
	char value[VALUE_MAX + 1] = "";

	*wanted = w ? w->wanted : WANTED_WORDS;
	if (!w || !equals || value_len > VALUE_MAX || memchr(text, '\0', len))
		return false;
	memcpy(value, equals + 1, value_len);
	if (!w->set(s, value))
		return false;
	*wanted = "each word once";
	if (places[w - words])
		return false;
	places[w - words] = text;
	return true;
}

static size_t word_len(const char *text, size_t len)
{
	const char *comma = memchr(text, ',', len);

	return comma ? (size_t)(comma - text) : len;
}

int synth_parse(const char *text, size_t len, struct synth_spec *out, const char **bad,
	size_t *bad_len, const char **wanted)
{
	struct synth_spec s = {
		.sockets = 20000, .churn = 0.01, .leak = 5, .listeners = 12, .seed = 1
	};
	const char *places[WORD_COUNT] = { NULL }, *end = text + len;
	const char *listeners;

	for (const char *at = text; len && at <= end; at += *bad_len + 1) {
		*bad = at;
		*bad_len = word_len(at, (size_t)(end - at));
		if (!read_word(at, *bad_len, &s, places, wanted))
			return -EINVAL;
	}
	listeners = places[WORD_LISTENERS];
	if (listeners && s.listeners > s.sockets) {
		*bad = listeners;
		*bad_len = word_len(listeners, (size_t)(end - listeners));
		*wanted = words[WORD_LISTENERS].wanted;
		return -EINVAL;
	}
	if (s.listeners > s.sockets)
		s.listeners = s.sockets;
	*out = s;
	return 0;
}
