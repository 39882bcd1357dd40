/* procs_parse: what the files in /proc/PID say, from their bytes. Pure.
 *
 * It must not read files. The name of a process may hold any character, also ") R 1" and newlines:
 * in /proc/PID/stat only the last ')' is the kernel's. */
#include "sockdash/procs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sockdash/kfile.h"

enum {
	STAT_FLAGS = 6,       /* field 9 */
	STAT_START_TIME = 19, /* the index of field 22 behind the name, which is field 2 */
	ID_LEN = 64,          /* hexadecimal digits of a container's id */
	ID_SHOWN = 12,
};

static size_t copy_text(char *out, size_t size, const char *text, size_t len)
{
	if (size == 0)
		return 0;
	len = strnlen(text, len < size - 1 ? len : size - 1);
	memcpy(out, text, len);
	out[len] = '\0';
	return len;
}

/* ---- Words and lines ------------------------------------------------------------------------- */

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool span_begins(struct span s, const char *text)
{
	return s.len >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static bool span_ends(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.at + s.len - len, text, len) == 0;
}

/* Finds the line that begins with `title`; *rest gets what follows the title. */
static bool find_line(const char *bytes, size_t len, const char *title, struct span *rest)
{
	struct span all = { bytes, len };

	while (kfile_next_line(&all, rest)) {
		if (span_begins(*rest, title)) {
			rest->at += strlen(title);
			rest->len -= strlen(title);
			return true;
		}
	}
	return false;
}

/* ---- stat, status, limits -------------------------------------------------------------------- */

/* linux/sched.h, which user space does not get */
#define PF_EXITING 0x00000004u
#define PF_KTHREAD 0x00200000u

/* A number of /proc/PID/stat by its place behind the name (0: the field after the state's). The
 * name may hold anything, so the fields are counted from its last parenthesis. */
static bool stat_number(const char *bytes, size_t len, int place, uint64_t *value)
{
	const char *close = len ? memrchr(bytes, ')', len) : NULL;
	struct span rest, word = { NULL, 0 };

	if (!close)
		return false;
	rest = (struct span){ close + 1, (size_t)(bytes + len - close - 1) };
	for (int i = 0; i <= place; i++)
		if (!kfile_next_word(&rest, &word))
			return false;
	return kfile_number(word, value);
}

int procs_parse_stat(const char *bytes, size_t len, struct proc_facts *out)
{
	const char *open = len ? memchr(bytes, '(', len) : NULL;
	const char *close = len ? memrchr(bytes, ')', len) : NULL;
	uint64_t ticks;

	if (!open || !close || close < open || !stat_number(bytes, len, STAT_START_TIME, &ticks))
		return -EBADMSG;
	out->start_ticks = ticks;
	copy_text(out->comm, sizeof(out->comm), open + 1, (size_t)(close - open - 1));
	return 0;
}

bool procs_parse_no_files(const char *bytes, size_t len)
{
	uint64_t flags;

	return stat_number(bytes, len, STAT_FLAGS, &flags) && flags & (PF_KTHREAD | PF_EXITING);
}

int procs_parse_status(const char *bytes, size_t len, struct proc_facts *out)
{
	struct span rest, word;
	uint64_t uid;

	if (!find_line(bytes, len, "Uid:", &rest) || !kfile_next_word(&rest, &word) ||
		!kfile_next_word(&rest, &word) || !kfile_number(word, &uid) || uid > UINT32_MAX)
		return -EBADMSG;
	out->uid = (uint32_t)uid;
	return 0;
}

int procs_parse_limits(const char *bytes, size_t len, struct proc_facts *out)
{
	struct span rest, word;
	uint64_t limit;

	if (!find_line(bytes, len, "Max open files", &rest) || !kfile_next_word(&rest, &word))
		return -EBADMSG;
	if (span_is(word, "unlimited"))
		limit = UINT64_MAX;
	else if (!kfile_number(word, &limit))
		return -EBADMSG;
	out->fd_limit = limit < PROCS_UNKNOWN - 1 ? (uint32_t)limit : PROCS_UNKNOWN - 1;
	return 0;
}

/* ---- cgroup ---------------------------------------------------------------------------------- */

/* How much a line of /proc/PID/cgroup is worth: a path that says something before "/", then the v2
 * hierarchy, then systemd's, then any. 0: not a line of that file. */
static int cgroup_worth(struct span line, struct span *path)
{
	const char *first = line.len ? memchr(line.at, ':', line.len) : NULL;
	const char *second =
		first ? memchr(first + 1, ':', (size_t)(line.at + line.len - first - 1)) : NULL;
	struct span controllers;
	int worth = 1;

	if (!second)
		return 0;
	controllers = (struct span){ first + 1, (size_t)(second - first - 1) };
	*path = (struct span){ second + 1, (size_t)(line.at + line.len - second - 1) };
	if (span_ends(*path, " (deleted)"))
		path->len -= strlen(" (deleted)");
	if (!span_begins(*path, "/"))
		return 0;
	if (controllers.len == 0 && span_begins(line, "0:"))
		worth = 3;
	else if (span_is(controllers, "name=systemd"))
		worth = 2;
	return path->len > 1 ? worth + 3 : worth;
}

int procs_parse_cgroup(const char *bytes, size_t len, struct proc_facts *out)
{
	struct span rest = { bytes, len }, line, path, best = { NULL, 0 };
	int worth, best_worth = 0;

	while (kfile_next_line(&rest, &line)) {
		worth = cgroup_worth(line, &path);
		if (worth > best_worth) {
			best_worth = worth;
			best = path;
		}
	}
	if (best_worth == 0)
		return -EBADMSG;
	copy_text(out->cgroup, sizeof(out->cgroup), best.at, best.len);
	return 0;
}

/* The component of a path that names it best: the last service, the last scope, the last
 * directory. */
static struct span unit_component(const char *path)
{
	static const char *const suffixes[] = { ".service", ".scope", "" };
	enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]) };
	struct span found[SUFFIXES] = { { NULL, 0 } }, part;

	while (*path) {
		part.at = path + strspn(path, "/");
		part.len = strcspn(part.at, "/");
		path = part.at + part.len;
		for (size_t i = 0; i < SUFFIXES; i++) {
			if (part.len > strlen(suffixes[i]) && span_ends(part, suffixes[i]))
				found[i] = part;
		}
	}
	for (size_t i = 0; i < SUFFIXES; i++) {
		if (found[i].len)
			return found[i];
	}
	return (struct span){ "", 0 };
}

static size_t hex_run(struct span s)
{
	size_t len = 0;

	while (len < s.len && s.at[len] && strchr("0123456789abcdef", s.at[len]))
		len++;
	return len;
}

size_t procs_unit(const char *cgroup, char *out, size_t size)
{
	struct span rest = unit_component(cgroup);
	size_t used = 0;

	if (size == 0)
		return 0;
	out[0] = '\0';
	while (rest.len > 0) {
		size_t run = hex_run(rest), taken = run ? run : 1;

		used += copy_text(
			out + used, size - used, rest.at, run == ID_LEN ? ID_SHOWN : taken);
		rest.at += taken;
		rest.len -= taken;
	}
	return used;
}
