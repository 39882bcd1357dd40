/* kcounters: the kernel's counters and limits by name, from /proc/net and /proc/sys.
 *
 * It must not know what a counter means. Columns differ between kernels, so nothing is found by its
 * place; and /proc/net is the namespace of the process, that of the thread is
 * /proc/thread-self/net. */
#include "sockdash/kcounters.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sockdash/kfile.h"

enum { TEXT_SIZE = 32 * 1024, PATH_SIZE = 256 };

/* ---- Words and numbers ----------------------------------------------------------------------- */

/* Takes "Title:" off the front of a line; the title comes without its colon. */
static bool next_title(struct span *line, struct span *title)
{
	if (!kfile_next_word(line, title) || title->at[title->len - 1] != ':')
		return false;
	title->len--;
	return true;
}

/* The whole word as a number, or KCOUNTER_UNKNOWN (also where it does not fit into 64 bits). */
static int64_t span_number(struct span s)
{
	bool negative = s.len > 0 && s.at[0] == '-';
	struct span digits = { s.at + negative, s.len - negative };
	uint64_t value;

	if (!kfile_number(digits, &value) || value > INT64_MAX)
		return KCOUNTER_UNKNOWN;
	return negative ? -(int64_t)value : (int64_t)value;
}

/* Is `name` the text of a, then `joint`, then b? */
static bool name_is(const char *name, struct span a, const char *joint, struct span b)
{
	size_t len = strlen(name), joint_len = strlen(joint);

	return len == a.len + joint_len + b.len && memcmp(name, a.at, a.len) == 0 &&
	       memcmp(name + a.len, joint, joint_len) == 0 &&
	       memcmp(name + a.len + joint_len, b.at, b.len) == 0;
}

/* ---- The formats ----------------------------------------------------------------------------- */

static void set_values(const char *const *names, size_t count, int64_t *values, struct span title,
	const char *joint, struct span column, struct span text)
{
	int64_t value = span_number(text);

	for (size_t i = 0; i < count && value != KCOUNTER_UNKNOWN; i++) {
		if (name_is(names[i], title, joint, column))
			values[i] = value;
	}
}

void kcounters_parse_pairs(
	const char *bytes, size_t len, const char *const *names, size_t count, int64_t *values)
{
	struct span rest = { bytes, len }, columns, numbers, title, again, column, number;

	while (kfile_next_line(&rest, &columns)) {
		struct span ahead = rest;

		if (!next_title(&columns, &title) || !kfile_next_line(&ahead, &numbers) ||
			!next_title(&numbers, &again) || again.len != title.len ||
			memcmp(again.at, title.at, title.len) != 0)
			continue;
		rest = ahead;
		while (kfile_next_word(&columns, &column) && kfile_next_word(&numbers, &number))
			set_values(names, count, values, title, "", column, number);
	}
}

void kcounters_parse_sockstat(const char *file, const char *bytes, size_t len,
	const char *const *names, size_t count, int64_t *values)
{
	struct span rest = { bytes, len }, line, title, column, number;
	char head[PATH_SIZE];

	while (kfile_next_line(&rest, &line)) {
		struct span whole;
		int n;

		if (!next_title(&line, &title))
			continue;
		n = snprintf(head, sizeof(head), "%s:%.*s", file, (int)title.len, title.at);
		if (n < 0 || (size_t)n >= sizeof(head))
			continue;
		whole = (struct span){ head, (size_t)n };
		while (kfile_next_word(&line, &column) && kfile_next_word(&line, &number))
			set_values(names, count, values, whole, ":", column, number);
	}
}

int64_t kcounters_parse_number(const char *bytes, size_t len, unsigned index)
{
	struct span rest = { bytes, len }, word;

	do {
		if (!kfile_next_word(&rest, &word))
			return KCOUNTER_UNKNOWN;
	} while (index-- > 0);
	return span_number(word);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_sockstat(const char *file, const char *bytes, size_t len, const char *const *names,
	size_t count, int64_t *values)
{
	kcounters_parse_sockstat(file, bytes, len, names, count, values);
}

static void read_pairs(const char *file, const char *bytes, size_t len, const char *const *names,
	size_t count, int64_t *values)
{
	(void)file;
	kcounters_parse_pairs(bytes, len, names, count, values);
}

static const struct source {
	const char *file;
	void (*parse)(const char *file, const char *bytes, size_t len, const char *const *names,
		size_t count, int64_t *values);
} sources[] = {
	{ "sockstat", read_sockstat },
	{ "sockstat6", read_sockstat },
	{ "netstat", read_pairs },
	{ "snmp", read_pairs },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

/* Which names are in which file: the first row whose beginning fits. */
static const struct {
	const char *begin, *file;
} places[] = {
	{ "sockstat:", "sockstat" },
	{ "sockstat6:", "sockstat6" },
	{ "sysctl:", "" },
	{ "TcpExt", "netstat" },
	{ "IpExt", "netstat" },
	{ "MPTcpExt", "netstat" },
	{ "", "snmp" },
};

static const char *name_file(const char *name)
{
	size_t i = 0;

	while (strncmp(name, places[i].begin, strlen(places[i].begin)) != 0)
		i++;
	return places[i].file;
}

static int64_t read_sysctl(const char *name)
{
	const char *path = strchr(name, ':') + 1, *colon = strrchr(path, ':');
	char full[PATH_SIZE], text[PATH_SIZE];
	struct span digits;
	int64_t index;
	ssize_t n;
	int len;

	if (!colon)
		return KCOUNTER_UNKNOWN;
	digits = (struct span){ colon + 1, strlen(colon + 1) };
	index = span_number(digits);
	len = snprintf(full, sizeof(full), "/proc/sys/%.*s", (int)(colon - path), path);
	if (index < 0 || index > PATH_SIZE || len < 0 || (size_t)len >= sizeof(full))
		return KCOUNTER_UNKNOWN;
	n = kfile_read_lines(AT_FDCWD, full, text, sizeof(text));
	return n < 0 ? KCOUNTER_UNKNOWN : kcounters_parse_number(text, (size_t)n, (unsigned)index);
}

void kcounters_read(const char *const *names, size_t count, int64_t *values)
{
	char text[TEXT_SIZE], path[PATH_SIZE];
	bool wanted[SOURCES] = { false };

	for (size_t i = 0; i < count; i++) {
		const char *file = name_file(names[i]);

		values[i] = *file ? KCOUNTER_UNKNOWN : read_sysctl(names[i]);
		for (size_t k = 0; k < SOURCES; k++)
			wanted[k] = wanted[k] || strcmp(file, sources[k].file) == 0;
	}
	for (size_t k = 0; k < SOURCES; k++) {
		ssize_t n = -1;

		snprintf(path, sizeof(path), "/proc/thread-self/net/%s", sources[k].file);
		if (wanted[k])
			n = kfile_read_lines(AT_FDCWD, path, text, sizeof(text));
		if (n > 0)
			sources[k].parse(sources[k].file, text, (size_t)n, names, count, values);
	}
}

/* Not strtod(): the decimal point of this file does not follow the locale. */
double kcounters_uptime(void)
{
	char text[64];
	ssize_t n = kfile_read_lines(AT_FDCWD, "/proc/uptime", text, sizeof(text));
	double value = 0, place = 1;
	bool point = false;
	ssize_t i;

	for (i = 0; i < n && (text[i] == '.' || (text[i] >= '0' && text[i] <= '9')); i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		place = point ? place / 10 : 1;
		value = point ? value + place * (text[i] - '0') : value * 10 + (text[i] - '0');
	}
	return i > 0 ? value : -1;
}

uint64_t kcounters_netns_inode(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) < 0 ? 0 : st.st_ino;
}
