/* kfile: small files of /proc as text, and the lines, words and numbers in it.
 *
 * It must not know what any file is about. The kernel makes most of these files anew for each read
 * from their beginning, so they are read in as few calls as it takes and never sought in. */
#include "sockdash/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading --------------------------------------------------------------------------------- */

ssize_t kfile_read(int directory, const char *path, char *out, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
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
	close(fd);
	return rc;
}

ssize_t kfile_read_lines(int directory, const char *path, char *out, size_t size)
{
	ssize_t n = kfile_read(directory, path, out, size);
	bool cut = n == (ssize_t)size;

	while (cut && n > 0 && out[n - 1] != '\n')
		n--;
	return n;
}

/* ---- Lines, words and numbers ---------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

bool kfile_next_line(struct span *rest, struct span *line)
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

bool kfile_next_word(struct span *rest, struct span *word)
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

bool kfile_number(struct span text, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.at[i] - '0');

		if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return text.len > 0;
}
