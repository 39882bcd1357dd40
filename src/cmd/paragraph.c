/* Long texts as lines of a page, and commands that stay commands when they are broken. */
#include "sockdash/paragraph.h"

#include "sockdash/utf8.h"
#include "sockdash/wrap.h"

#define ROOM_LEAST 10 /* whatever the indentation takes */

static int room_of(int indent, int width)
{
	return width - indent > ROOM_LEAST ? width - indent : ROOM_LEAST;
}

void paragraph_add(struct buf *b, const char *text, int indent, int hang, int width)
{
	const char *line;
	size_t len;

	while ((line = wrap_next(&text, room_of(indent, width), &len))) {
		buf_fill(b, ' ', indent);
		buf_add(b, line, len);
		buf_addc(b, '\n');
		indent += hang;
		hang = 0;
	}
}

/* Bytes up to the last blank outside of quotes that leaves the line short enough or, where there is
 * none, up to the first one. */
static size_t command_line_of(const char *text, int room)
{
	size_t best = 0, i = 0;
	char quote = '\0';

	for (; text[i]; i++) {
		char c = text[i];

		if (c == '\\' && quote != '\'' && text[i + 1]) {
			i++;
		} else if (quote) {
			quote = c == quote ? '\0' : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == ' ') {
			if (best && utf8_text_width(text, i) > room)
				return best;
			best = i;
		}
	}
	return best && utf8_text_width(text, i) > room ? best : i;
}

void paragraph_add_command(struct buf *b, const char *text, int indent, int width)
{
	int room = room_of(indent, width) - 2;

	if (!*text)
		return;
	buf_fill(b, ' ', indent);
	while (width && utf8_text_width(text, strlen(text)) > room + 2) {
		size_t len = command_line_of(text, room);

		if (!text[len])
			break;
		buf_add(b, text, len);
		text += len + strspn(text + len, " ");
		buf_adds(b, " \\\n");
		buf_fill(b, ' ', indent + 2);
		room = room_of(indent + 2, width) - 2;
	}
	buf_adds(b, text);
	buf_addc(b, '\n');
}
