/* Word wrapping by what a terminal shows, not by bytes. */
#include "sockdash/wrap.h"

#include <string.h>

#include "sockdash/utf8.h"

static size_t without_blanks(const char *line, size_t len)
{
	while (len && line[len - 1] == ' ')
		len--;
	return len;
}

/* Bytes of the beginning that make a line, blanks at its end with it. */
static size_t fit_words(const char *line, size_t len, int width)
{
	size_t fits = utf8_fit(line, len, width, NULL), at = fits;
	uint32_t code;

	if (fits == len || line[fits] == ' ')
		return fits;
	while (at && line[at - 1] != ' ')
		at--;
	if (at)
		return at;
	return fits ? fits : utf8_decode(line, len, &code);
}

const char *wrap_next(const char **text, int width, size_t *len)
{
	const char *line = *text, *end;
	size_t fits;

	if (!*line)
		return NULL;
	line += strspn(line, " ");
	fits = fit_words(line, strcspn(line, "\n"), width);
	*len = without_blanks(line, fits);
	end = line + fits;
	end += strspn(end, " ");
	*text = end + (*end == '\n');
	return line;
}

size_t wrap_count(const char *text, int width)
{
	size_t lines = 0, len;

	while (wrap_next(&text, width, &len))
		lines++;
	return lines;
}
