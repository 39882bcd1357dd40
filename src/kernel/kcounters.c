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

/* A line of softnet_stat has 144 bytes, and there is one for each CPU. */
enum { TEXT_SIZE = 128 * 1024, PATH_SIZE = 256 };

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

/* Takes a text off the front of a name; NULL where that begins otherwise. */
static const char *after(const char *name, struct span text)
{
	size_t i = 0;

	while (i < text.len && name[i] && name[i] == text.at[i])
		i++;
	return i == text.len ? name + i : NULL;
}

/* Is `name` the text of a, then `joint`, then b? */
static bool name_is(const char *name, struct span a, const char *joint, struct span b)
{
	const char *rest = after(name, a);

	if (rest)
		rest = after(rest, (struct span){ joint, strlen(joint) });
	if (rest)
		rest = after(rest, b);
	return rest && !*rest;
}

/* Eight digits at most, as softnet_stat has them. */
static bool hex_number(struct span text, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 16;

		if (digit > 15 || i >= 8)
			return false;
		*value = *value << 4 | digit;
	}
	return text.len > 0;
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

void kcounters_parse_list(
	const char *bytes, size_t len, const char *const *names, size_t count, int64_t *values)
{
	struct span rest = { bytes, len }, line, name, number;

	while (kfile_next_line(&rest, &line))
		if (kfile_next_word(&line, &name) && kfile_next_word(&line, &number))
			set_values(names, count, values, name, "", (struct span){ "", 0 }, number);
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

int64_t kcounters_parse_softnet(const char *bytes, size_t len, unsigned column)
{
	struct span rest = { bytes, len }, line, word = { "", 0 };
	int64_t sum = 0;
	bool any = false;

	while (kfile_next_line(&rest, &line)) {
		uint64_t value;

		for (unsigned i = 0; i <= column; i++)
			if (!kfile_next_word(&line, &word))
				return KCOUNTER_UNKNOWN;
		if (!hex_number(word, &value))
			return KCOUNTER_UNKNOWN;
		sum += (int64_t)value;
		any = true;
	}
	return any ? sum : KCOUNTER_UNKNOWN;
}

/* Takes a port off the front. */
static bool next_port(struct span *rest, unsigned *port)
{
	size_t digits = 0;

	*port = 0;
	while (digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9') {
		*port = *port * 10 + (unsigned)(rest->at[digits++] - '0');
		if (*port > UINT16_MAX)
			return false;
	}
	rest->at += digits;
	rest->len -= digits;
	return digits > 0;
}

static bool skip(struct span *rest, char c)
{
	bool there = rest->len > 0 && *rest->at == c;

	rest->at += there;
	rest->len -= there;
	return there;
}

int64_t kcounters_parse_ports(const char *bytes, size_t len, int64_t first, int64_t last)
{
	struct span rest = { bytes, len }, list;
	int64_t sum = 0;

	if (!kfile_next_word(&rest, &list))
		return 0; /* an empty list is one */
	do {
		unsigned from, to;
		int64_t low, high;

		if (!next_port(&list, &from))
			return KCOUNTER_UNKNOWN;
		to = from;
		if (skip(&list, '-') && (!next_port(&list, &to) || to < from))
			return KCOUNTER_UNKNOWN;
		low = from > first ? from : first;
		high = to < last ? to : last;
		sum += high >= low ? high - low + 1 : 0;
	} while (skip(&list, ','));
	return list.len || kfile_next_word(&rest, &list) ? KCOUNTER_UNKNOWN : sum;
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

static void read_list(const char *file, const char *bytes, size_t len, const char *const *names,
	size_t count, int64_t *values)
{
	(void)file;
	kcounters_parse_list(bytes, len, names, count, values);
}

/* The number behind the last colon of a name; false where there is none. */
static bool name_index(const char *name, unsigned *index)
{
	const char *colon = strrchr(name, ':');
	uint64_t value = 0;

	if (!colon || !kfile_number((struct span){ colon + 1, strlen(colon + 1) }, &value) ||
		value > PATH_SIZE)
		return false;
	*index = (unsigned)value;
	return true;
}

static void read_softnet(const char *file, const char *bytes, size_t len, const char *const *names,
	size_t count, int64_t *values)
{
	struct span title = { file, strlen(file) };
	unsigned column;

	for (size_t i = 0; i < count; i++) {
		const char *rest = after(names[i], title);

		if (rest && *rest == ':' && name_index(names[i], &column))
			values[i] = kcounters_parse_softnet(bytes, len, column);
	}
}

static const struct source {
	const char *name, *path;
	void (*parse)(const char *file, const char *bytes, size_t len, const char *const *names,
		size_t count, int64_t *values);
} sources[] = {
	{ "sockstat", "sockstat", read_sockstat },
	{ "sockstat6", "sockstat6", read_sockstat },
	{ "netstat", "netstat", read_pairs },
	{ "snmp", "snmp", read_pairs },
	{ "snmp6", "snmp6", read_list },
	{ "softnet", "softnet_stat", read_softnet },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

/* Which names are in which file: the first row whose beginning fits. */
static const struct {
	const char *begin, *file;
} places[] = {
	{ "sockstat:", "sockstat" },
	{ "sockstat6:", "sockstat6" },
	{ "softnet:", "softnet" },
	{ "sysctl:", "" },
	{ "ports:", "" },
	{ "TcpExt", "netstat" },
	{ "IpExt", "netstat" },
	{ "MPTcpExt", "netstat" },
	{ "Ip6", "snmp6" },
	{ "Icmp6", "snmp6" },
	{ "Udp6", "snmp6" },
	{ "UdpLite6", "snmp6" },
	{ "", "snmp" },
};

static const char *name_file(const char *name)
{
	size_t i = 0;

	while (strncmp(name, places[i].begin, strlen(places[i].begin)) != 0)
		i++;
	return places[i].file;
}

/* ---- Sysctls --------------------------------------------------------------------------------- */

static const char sysctl[] = "sysctl:", ports[] = "ports:";

/* Length of the name of a number in a sysctl without its index: "sysctl:net/ipv4/tcp_mem"; 0 for
 * other names. */
static size_t sysctl_stem(const char *name)
{
	const char *colon = strrchr(name, ':');

	if (strncmp(name, sysctl, sizeof(sysctl) - 1) != 0 || colon < name + sizeof(sysctl) - 1)
		return 0;
	return (size_t)(colon - name);
}

/* Bytes, or -1 where it cannot be read or does not fit. */
static ssize_t read_sysctl(const char *path, size_t len, char *text, size_t size)
{
	char full[PATH_SIZE];
	int n = snprintf(full, sizeof(full), "/proc/sys/%.*s", (int)len, path);
	ssize_t got;

	if (n < 0 || (size_t)n >= sizeof(full))
		return -1;
	got = kfile_read(AT_FDCWD, full, text, size);
	return got < (ssize_t)size ? got : -1;
}

/* All that are named of the file of names[from], unless an earlier one was of it. */
static void read_numbers(const char *const *names, size_t count, size_t from, int64_t *values)
{
	size_t stem = sysctl_stem(names[from]), head = sizeof(sysctl) - 1;
	char text[PATH_SIZE];
	unsigned index;
	ssize_t n;

	for (size_t i = 0; i < from; i++)
		if (sysctl_stem(names[i]) == stem && memcmp(names[i], names[from], stem) == 0)
			return;
	n = read_sysctl(names[from] + head, stem - head, text, sizeof(text));
	for (size_t i = from; i < count && n >= 0; i++)
		if (sysctl_stem(names[i]) == stem && memcmp(names[i], names[from], stem) == 0 &&
			name_index(names[i], &index))
			values[i] = kcounters_parse_number(text, (size_t)n, index);
}

/* A range that cannot be read is none, and nothing is within it. */
static int64_t read_ports(const char *path, char *text, size_t size)
{
	static const char range[] = "net/ipv4/ip_local_port_range";
	ssize_t n = read_sysctl(range, sizeof(range) - 1, text, size);
	int64_t first, last;

	if (n < 0)
		return KCOUNTER_UNKNOWN;
	first = kcounters_parse_number(text, (size_t)n, 0);
	last = kcounters_parse_number(text, (size_t)n, 1);
	n = read_sysctl(path, strlen(path), text, size);
	if (first == KCOUNTER_UNKNOWN || last == KCOUNTER_UNKNOWN || n < 0)
		return KCOUNTER_UNKNOWN;
	return kcounters_parse_ports(text, (size_t)n, first, last);
}

void kcounters_read(const char *const *names, size_t count, int64_t *values)
{
	char text[TEXT_SIZE], path[PATH_SIZE];
	bool wanted[SOURCES] = { false };

	for (size_t i = 0; i < count; i++)
		values[i] = KCOUNTER_UNKNOWN;
	for (size_t i = 0; i < count; i++) {
		const char *file = name_file(names[i]);

		if (sysctl_stem(names[i]))
			read_numbers(names, count, i, values);
		else if (strncmp(names[i], ports, sizeof(ports) - 1) == 0)
			values[i] = read_ports(names[i] + sizeof(ports) - 1, text, sizeof(text));
		for (size_t k = 0; k < SOURCES; k++)
			wanted[k] = wanted[k] || strcmp(file, sources[k].name) == 0;
	}
	for (size_t k = 0; k < SOURCES; k++) {
		ssize_t n = -1;

		snprintf(path, sizeof(path), "/proc/thread-self/net/%s", sources[k].path);
		if (wanted[k])
			n = kfile_read(AT_FDCWD, path, text, sizeof(text));
		/* Of half a file, sums would be wrong. */
		if (n > 0 && n < (ssize_t)sizeof(text))
			sources[k].parse(sources[k].name, text, (size_t)n, names, count, values);
	}
}

/* ---- Other things ---------------------------------------------------------------------------- */

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
