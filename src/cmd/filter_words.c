/* FILTER: the words of the command line that say which sockets are wanted, and what is said of those
 * that say nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/utf8.h"

/* Bytes of a long text that are shown before a mistake, of it, and behind it: lines of 100 columns. */
enum { BEFORE = 32, WRONG = 40, BEHIND = 16 };

static bool is_within(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* Back to where the character at a place begins, or on to where it ends: 3 bytes at most, for there
 * may be bytes that are no text. */
static size_t begin_of(const char *text, size_t at)
{
	for (unsigned i = 0; i < 3 && at > 0 && is_within(text, at); i++)
		at--;
	return at;
}

static size_t end_of(const char *text, size_t len, size_t at)
{
	for (unsigned i = 0; i < 3 && at < len && is_within(text, at); i++)
		at++;
	return at;
}

/* The text around a mistake, and a line that points at it. */
static void point(struct buf *b, const char *text, size_t len, const struct filter_error *e)
{
	size_t from = begin_of(text, e->at > BEFORE ? e->at - BEFORE : 0);
	bool cut = e->len > WRONG;
	size_t end = cut ? end_of(text, len, e->at + WRONG) : e->at + e->len;
	size_t to = cut ? end : end_of(text, len, len - end > BEHIND ? end + BEHIND : len);
	struct buf before = { 0 }, wrong = { 0 };
	int width;

	buf_adds(&before, from ? "..." : "");
	utf8_add_safe(&before, text + from, e->at - from);
	utf8_add_safe(&wrong, text + e->at, end - e->at);
	if (before.failed || wrong.failed)
		goto out;
	buf_adds(b, "  ");
	buf_add(b, before.data ? before.data : "", before.len);
	buf_add(b, wrong.data ? wrong.data : "", wrong.len);
	utf8_add_safe(b, text + end, to - end);
	buf_adds(b, to < len ? "...\n  " : "\n  ");
	buf_fill(b, ' ', utf8_text_width(before.data ? before.data : "", before.len));
	buf_addc(b, '^');
	width = utf8_text_width(wrong.data ? wrong.data : "", wrong.len);
	buf_fill(b, '~', width - 1);
	buf_addc(b, '\n');
out:
	buf_free(&before);
	buf_free(&wrong);
}

static int complain_filter(const struct buf *text, const struct filter_error *e)
{
	struct buf lines = { 0 };

	complain("filter: expected %s", e->wanted);
	point(&lines, text->data, text->len, e);
	fputs(lines.data ? lines.data : "", stderr);
	buf_free(&lines);
	return EXIT_USAGE;
}

int filter_of_words(int count, char **words, struct filter **out)
{
	struct filter_error error;
	struct buf text = { 0 };
	int err, status;

	*out = NULL;
	if (!count)
		return EXIT_DONE;
	for (int i = 0; i < count; i++) {
		buf_adds(&text, i ? " " : "");
		buf_adds(&text, words[i]);
	}
	err = text.failed ? -ENOMEM : filter_parse(text.data, text.len, out, &error);
	status = err == -EINVAL ? complain_filter(&text, &error) : err ? EXIT_FAILED : EXIT_DONE;
	if (status == EXIT_FAILED)
		complain("%s", strerror(-err));
	buf_free(&text);
	return status;
}
