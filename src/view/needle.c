/* Finding a text in others and in what is drawn. Only the letters of ASCII have a case here: names of
 * processes and units are made of them. */
#include "sockdash/needle.h"

#include <string.h>

#include "sockdash/utf8.h"

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

void needle_set(struct needle *n, const char *text)
{
	size_t len = strlen(text);

	if (len >= NEEDLE_MAX)
		len = NEEDLE_MAX - 1;
	/* Characters stay whole. */
	while (len && text[len] && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	for (size_t i = 0; i < len; i++)
		n->text[i] = lower(text[i]);
	n->text[len] = '\0';
	n->len = len;
	/* 198,010  +12  1h 05m  37K  >0.5%  -  2026-11-22 10:53 */
	n->number = strspn(n->text, "0123456789,.+-<>%:/ smhdykgtp") == len;
}

static bool begins(const struct needle *n, const char *text)
{
	size_t i = 0;

	while (i < n->len && lower(text[i]) == n->text[i])
		i++;
	return i == n->len;
}

bool needle_is_in(const struct needle *n, const char *text)
{
	for (; n->len && *text; text++)
		if (begins(n, text))
			return true;
	return false;
}

/* The cells from the beginning of the needle to its end, 0 where it does not begin there. */
static int match_at(const struct needle *n, const struct cell *line, int room)
{
	size_t at = 0;

	for (int x = 0; x < room; x++) {
		char bytes[4];
		size_t len;

		if (!line[x].code) /* the second half of a wide one */
			continue;
		if (line[x].code < 0x80) {
			if (lower((char)line[x].code) != n->text[at])
				return 0;
			at++;
		} else {
			len = utf8_encode(line[x].code, bytes);
			if (strncmp(n->text + at, bytes, len) != 0)
				return 0;
			at += len;
		}
		if (at == n->len)
			return x + 1;
	}
	return 0;
}

/* The next place of it in a line from *x on; answers its cells, 0 none. */
static int find_drawn(const struct needle *n, const struct cell *line, int end, int *x)
{
	for (; n->len && *x < end; ++*x) {
		int cells = line[*x].code ? match_at(n, line + *x, end - *x) : 0;

		if (cells)
			return cells;
	}
	return 0;
}

/* The part of a row of an area that is in the grid; NULL where there is none. */
static struct cell *line_of(const struct cells *c, struct area a, int y, int *end)
{
	if (y < 0 || y >= a.height || a.y + y < 0 || a.y + y >= c->height || a.x < 0 ||
		a.x >= c->width)
		return NULL;
	*end = a.x + a.width < c->width ? a.width : c->width - a.x;
	return &c->grid[(a.y + y) * c->width + a.x];
}

bool needle_is_drawn(const struct needle *n, const struct cells *c, struct area a, int y)
{
	int x = 0, end;
	const struct cell *line = line_of(c, a, y, &end);

	return line && find_drawn(n, line, end, &x) > 0;
}

void needle_mark(const struct needle *n, struct cells *c, struct area a, int y)
{
	int x = 0, end, cells;
	struct cell *line = line_of(c, a, y, &end);

	while (line && (cells = find_drawn(n, line, end, &x)) > 0)
		for (int last = x + cells; x < last; x++)
			line[x].role = ROLE_MATCH;
}
