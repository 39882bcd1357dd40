/* kcounters: the kernel's counters and limits by name, from /proc/net and /proc/sys.
 *
 * It must not know what a counter means. Columns differ between kernels, so nothing is found by its
 * place; and /proc/net is the namespace of the process, that of the thread is
 * /proc/thread-self/net. */
#include "sockdash/kcounters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_SIZE = 32 * 1024, PATH_SIZE = 256 };

/* ---- Words and numbers ----------------------------------------------------------------------- */

struct span {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes the next line, without its newline, off the front of `rest`. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *newline;

	if (rest->len == 0)
		return false;
	newline = memchr(rest->at, '\n', rest->len);
	*line = *rest;
	if (newline)
		line->len = (size_t)(newline - rest->at);
	rest->at += line->len + (newline != NULL);
	rest->len -= line->len + (newline != NULL);
	return true;
}

/* Takes the next word off the front of `rest`. */
static bool next_word(struct span *rest, struct span *word)
{
	while (rest->len > 0 && is_blank(*rest->at)) {
		rest->at++;
		rest->len--;
	}
	word->at = rest->at;
	word->len = 0;
	while (rest->len > 0 && !is_blank(*rest->at)) {
		rest->at++;
		rest->len--;
		word->len++;
	}
	return word->len > 0;
}

/* Takes "Title:" off the front of a line; the title comes without its colon. */
static bool next_title(struct span *line, struct span *title)
{
	if (!next_word(line, title) || title->at[title->len - 1] != ':')
		return false;
	title->len--;
	return true;
}

/* The whole word as a number, or KCOUNTER_UNKNOWN (also where it does not fit into 64 bits). */
static int64_t span_number(struct span s)
{
	bool negative = s.len > 0 && s.at[0] == '-';
	int64_t value = 0;

	if (s.len == (size_t)negative)
		return KCOUNTER_UNKNOWN;
	for (size_t i = negative; i < s.len; i++) {
		unsigned digit = (unsigned)(s.at[i] - '0');

		if (digit > 9 || value > (INT64_MAX - (int64_t)digit) / 10)
			return KCOUNTER_UNKNOWN;
		value = value * 10 + (int64_t)digit;
	}
	return negative ? -value : value;
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

	while (next_line(&rest, &columns)) {
		struct span ahead = rest;

		if (!next_title(&columns, &title) || !next_line(&ahead, &numbers) ||
			!next_title(&numbers, &again) || again.len != title.len ||
			memcmp(again.at, title.at, title.len) != 0)
			continue;
		rest = ahead;
		while (next_word(&columns, &column) && next_word(&numbers, &number))
			set_values(names, count, values, title, "", column, number);
	}
}

void kcounters_parse_sockstat(const char *file, const char *bytes, size_t len,
	const char *const *names, size_t count, int64_t *values)
{
	struct span rest = { bytes, len }, line, title, column, number;
	char head[PATH_SIZE];

	while (next_line(&rest, &line)) {
		struct span whole;
		int n;

		if (!next_title(&line, &title))
			continue;
		n = snprintf(head, sizeof(head), "%s:%.*s", file, (int)title.len, title.at);
		if (n < 0 || (size_t)n >= sizeof(head))
			continue;
		whole = (struct span){ head, (size_t)n };
		while (next_word(&line, &column) && next_word(&line, &number))
			set_values(names, count, values, whole, ":", column, number);
	}
}

int64_t kcounters_parse_number(const char *bytes, size_t len, unsigned index)
{
	struct span rest = { bytes, len }, word;

	do {
		if (!next_word(&rest, &word))
			return KCOUNTER_UNKNOWN;
	} while (index-- > 0);
	return span_number(word);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Reads a file. Bytes or -errno. Of a file that does not fit, only whole lines. */
static ssize_t read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t filled = 0;
	ssize_t n, rc;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, out + filled, size - filled);
		if (n > 0)
			filled += (size_t)n;
	} while ((n > 0 && filled < size) || (n < 0 && errno == EINTR));
	rc = n < 0 ? -errno : (ssize_t)filled;
	while (rc == (ssize_t)size && filled > 0 && out[filled - 1] != '\n')
		filled--;
	close(fd);
	return rc < 0 ? rc : (ssize_t)filled;
}

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
	n = read_text(full, text, sizeof(text));
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
			n = read_text(path, text, sizeof(text));
		if (n > 0)
			sources[k].parse(sources[k].file, text, (size_t)n, names, count, values);
	}
}

/* Not strtod(): the decimal point of this file does not follow the locale. */
double kcounters_uptime(void)
{
	char text[64];
	ssize_t n = read_text("/proc/uptime", text, sizeof(text));
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
