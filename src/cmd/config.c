/* The configuration file: where it is and what its lines say. The names are those of options,
 * columns.* for the columns of views, and audit.* for the rules of the audit. */
#include "sockdash/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/commands.h"

#define LINE_LONGEST 2000
#define FILE_LARGEST (256 * 1024)

/* ---- What a line says ------------------------------------------------------------------------ */

/* Where a setting stands: messages begin with it. */
struct place {
	const char *file;
	unsigned long line;
	struct buf *error;
};

static void begin_error(const struct place *p)
{
	buf_addf(p->error, "%s:%lu: ", p->file, p->line);
}

static int wrong_value(
	const struct place *p, const char *name, const char *value, const char *wanted)
{
	begin_error(p);
	buf_addf(p->error, "%s: '%s' is not right; it takes %s", name, value, wanted);
	return -EBADMSG;
}

static void list_thresholds(struct buf *out)
{
	for (size_t i = 0; i < audit_threshold_count; i++)
		buf_addf(out, "%s%s", i ? ", " : "", audit_thresholds[i].name);
}

static int set_threshold(
	const struct place *p, const char *name, const char *value, struct audit_settings *s)
{
	for (size_t i = 0; i < audit_threshold_count; i++) {
		const struct audit_threshold *t = &audit_thresholds[i];

		if (strcmp(t->name, name) != 0)
			continue;
		if (options_read_real(value, t->min, t->max, &s->thresholds[i]))
			return 0;
		begin_error(p);
		buf_addf(p->error, "audit.%s: '%s' is not right; it takes %s, from %g to %g", name,
			value, t->unit, t->min, t->max);
		return -EBADMSG;
	}
	begin_error(p);
	buf_addf(p->error,
		"'audit.%s' is not a setting; audit has off and these thresholds: ", name);
	list_thresholds(p->error);
	return -EBADMSG;
}

/* "id, id": several lines add up. */
static int set_off(const struct place *p, const char *list, struct audit_settings *s)
{
	while (*list) {
		size_t len = strcspn(list, ", \t");
		const struct audit_rule *rule = audit_find(list, len);

		if (rule) {
			s->off[rule - audit_rules] = true;
		} else if (len) {
			begin_error(p);
			buf_addf(p->error, "audit.off: '%.*s' is not a rule; rules are: ", (int)len,
				list);
			for (size_t i = 0; i < audit_rule_count; i++)
				buf_addf(p->error, "%s%s", i ? ", " : "", audit_rules[i].id);
			return -EBADMSG;
		}
		list += len + (list[len] != '\0');
	}
	return 0;
}

/* "columns.procs = pid,process,conns" */
static int set_columns(
	const struct place *p, const char *view, const char *value, struct options *o)
{
	const struct table *t = table_find(view, strlen(view));
	const char *bad = "";
	size_t at = 0, len = 0;

	while (at < table_count && tables[at] != t)
		at++;
	if (at == table_count || at == OPTIONS_VIEWS) {
		begin_error(p);
		buf_addf(p->error, "'columns.%s': '%s' is not a view; views are: ", view, view);
		list_tables(p->error);
		return -EBADMSG;
	}
	if (columns_parse(t, value, &o->views[at], &bad, &len) == 0)
		return 0;
	begin_error(p);
	buf_addf(p->error,
		"columns.%s: '%.*s' is not a field of %s, or there are too many; fields are: ",
		view, (int)len, bad, view);
	list_fields(t, p->error);
	return -EBADMSG;
}

static int set(const struct place *p, const char *name, const char *value, struct options *o)
{
	static const char audit[] = "audit.", columns[] = "columns.";
	const size_t prefix = sizeof audit - 1, columns_prefix = sizeof columns - 1;
	const char *wanted = "";
	int err;

	if (strcmp(name, "audit.off") == 0)
		return set_off(p, value, &o->tracker.audit);
	if (strncmp(name, audit, prefix) == 0)
		return set_threshold(p, name + prefix, value, &o->tracker.audit);
	if (strncmp(name, columns, columns_prefix) == 0)
		return set_columns(p, name + columns_prefix, value, o);
	err = options_set(o, name, value, &wanted);
	if (!err)
		return 0;
	if (err == -EINVAL)
		return wrong_value(p, name, value, wanted);
	begin_error(p);
	buf_addf(p->error, "'%s' %s; settings are: ", name,
		err == -EPERM ? "is for the command line only" : "is not a setting");
	options_list_settings(p->error);
	buf_adds(p->error, ", columns.VIEW, audit.off, audit.THRESHOLD");
	return -EBADMSG;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks around it; the text is cut where it ends. */
static char *trim(char *from, char *to)
{
	while (from < to && is_blank(*from))
		from++;
	while (to > from && is_blank(to[-1]))
		to--;
	*to = '\0';
	return from;
}

/* Where a comment begins, or the text ends: a "#" that nothing or a blank stands before. */
static char *comment_of(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '#' && (i == 0 || is_blank(text[i - 1])))
			return text + i;
	return text + len;
}

static int complain_of(const struct place *p, const char *what)
{
	begin_error(p);
	buf_adds(p->error, what);
	return -EBADMSG;
}

static int parse_line(const struct place *p, const char *line, size_t len, struct options *o)
{
	char text[LINE_LONGEST + 1];
	char *end, *equals, *name;

	if (memchr(line, '\0', len))
		return complain_of(p, "has a NUL byte: this is no text");
	if (len > LINE_LONGEST)
		return complain_of(p, "is too long a line");
	memcpy(text, line, len);
	text[len] = '\0';
	end = comment_of(text, len);
	name = trim(text, end);
	if (!*name)
		return 0;
	equals = strchr(name, '=');
	if (!equals || equals == name)
		return complain_of(p, "not understood; a line reads NAME = VALUE");
	end = name + strlen(name);
	return set(p, trim(name, equals), trim(equals + 1, end), o);
}

int config_parse(
	const char *bytes, size_t len, const char *name, struct options *o, struct buf *error)
{
	struct place p = { .file = name, .error = error };
	int err = 0;

	while (!err && len) {
		const char *newline = memchr(bytes, '\n', len);
		size_t line = newline ? (size_t)(newline - bytes) : len;

		p.line++;
		err = parse_line(&p, bytes, line, o);
		line += newline != NULL;
		bytes += line;
		len -= line;
	}
	return err;
}

/* ---- The file -------------------------------------------------------------------------------- */

/* Adds all of a file; -errno, -EFBIG where it is too large for what it should be. */
static int read_all(int fd, struct buf *out)
{
	char piece[4096];

	for (;;) {
		ssize_t n = read(fd, piece, sizeof piece);

		if (n == 0)
			return out->failed ? -ENOMEM : 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_add(out, piece, (size_t)n);
		if (out->len > FILE_LARGEST)
			return -EFBIG;
	}
}

static int load(const char *path, struct options *o, struct buf *error)
{
	struct buf bytes = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err = fd < 0 ? -errno : 0;

	if (!err)
		err = read_all(fd, &bytes);
	if (fd >= 0)
		close(fd);
	if (err)
		buf_addf(error, "%s: %s", path, strerror(-err));
	else
		err = config_parse(bytes.data ? bytes.data : "", bytes.len, path, o, error);
	buf_free(&bytes);
	return err ? -EBADMSG : 0;
}

/* Where a user has it; an empty text where there is no such place. */
static void add_usual_path(struct buf *out)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* The rules of XDG: a path that is not absolute does not count. */
	if (base && *base == '/')
		buf_addf(out, "%s/sockdash/config", base);
	else if (home && *home)
		buf_addf(out, "%s/.config/sockdash/config", home);
	else
		buf_adds(out, "");
}

/* That nothing is there, or that it is in the home of somebody else, as after su or setpriv, is
 * fine; that it is there and cannot be read is not. */
static int load_usual(struct options *o, struct buf *error)
{
	struct buf path = { 0 };
	struct stat st;
	int err = 0;

	add_usual_path(&path);
	if (path.failed)
		buf_adds(error, strerror(ENOMEM));
	if (path.failed)
		err = -EBADMSG;
	else if (*path.data && stat(path.data, &st) == 0)
		err = load(path.data, o, error);
	buf_free(&path);
	return err;
}

int config_options(int argc, char **argv, struct options *out, int *first_word, struct buf *error)
{
	struct options given;
	int err;

	/* What is wrong on the command line is told first, and it names the file. */
	options_init(&given);
	err = options_parse(argc, argv, &given, first_word, error);
	if (err || given.help || given.version) {
		*out = given;
		return err;
	}
	options_init(out);
	err = given.config ? load(given.config, out, error) : load_usual(out, error);
	return err ? err : options_parse(argc, argv, out, first_word, error);
}
