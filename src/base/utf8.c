/* utf8 owns the reading, writing and measuring of UTF-8, and the one place where text from outside
 * is made safe. It must not know of cells, terminals or files.
 *
 * Safety does not depend on the locale (the table below), width does (wcwidth): in the C locale all
 * that is not ASCII counts as one column. */
#include "sockdash/utf8.h"

#include <limits.h>
#include <stdbool.h>
#include <wchar.h>

#define REPLACEMENT 0xfffdu
#define CODE_MAX    0x10ffffu

/* By the first byte: length, bits of the code point in it, and what the second byte may be;
 * narrower than 80..BF where more would be overlong, a surrogate or beyond U+10FFFF (Unicode, table
 * 3-7). */
static const struct lead {
	unsigned char from, to, bytes, mask, low, high;
} leads[] = {
	{ 0xc2, 0xdf, 2, 0x1f, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0x0f, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x0f, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x0f, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x0f, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x07, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x07, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x07, 0x80, 0x8f },
};

/* What a reader cannot see or what changes how the text around it is shown, in order. Combining
 * marks and variation selectors of scripts in use stay, except those that are invisible by
 * themselves. */
static const struct range {
	uint32_t from, to;
} invisible[] = {
	{ 0x80, 0x9f },       /* C1 controls: an escape sequence in one character */
	{ 0xad, 0xad },       /* soft hyphen */
	{ 0x34f, 0x34f },     /* grapheme joiner */
	{ 0x61c, 0x61c },     /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f },   /* zero width space, joiners, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, embeddings, overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates, deprecated */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfdd0, 0xfdef },   /* noncharacters */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotation and its reserve */
	{ 0x13430, 0x1343f }, /* Egyptian format controls */
	{ 0x1bca0, 0x1bca3 }, /* shorthand format controls */
	{ 0x1d173, 0x1d17a }, /* musical format controls */
	{ 0xe0000, 0xe0fff }, /* tags and more variation selectors */
};

static bool is_invisible(uint32_t code)
{
	if ((code & 0xfffe) == 0xfffe)
		return true; /* the last two of every plane are noncharacters */
	for (size_t i = 0; i < sizeof(invisible) / sizeof(*invisible); i++)
		if (code <= invisible[i].to)
			return code >= invisible[i].from;
	return false;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)s;
	const struct lead *lead = leads;
	const struct lead *end = leads + sizeof(leads) / sizeof(*leads);

	*code = p[0];
	if (p[0] < 0x80)
		return 1;
	while (lead < end && p[0] > lead->to)
		lead++;
	if (lead == end || p[0] < lead->from || len < lead->bytes)
		goto malformed;
	if (p[1] < lead->low || p[1] > lead->high)
		goto malformed;
	*code = p[0] & lead->mask;
	for (size_t i = 1; i < lead->bytes; i++) {
		if ((p[i] & 0xc0) != 0x80)
			goto malformed;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	return lead->bytes;
malformed:
	*code = REPLACEMENT;
	return 1;
}

size_t utf8_encode(uint32_t code, char out[4])
{
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t bytes;

	if (code > CODE_MAX || (code >= 0xd800 && code <= 0xdfff))
		code = REPLACEMENT;
	bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = bytes - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(marks[bytes] | code);
	return bytes;
}

int utf8_width(uint32_t code)
{
	int width;

	if (code < 0x7f || code > CODE_MAX)
		return 1;
	width = wcwidth((wchar_t)code);
	return width < 0 ? 1 : width > 2 ? 2 : width;
}

int utf8_text_width(const char *s, size_t len)
{
	int width;

	utf8_fit(s, len, INT_MAX, &width);
	return width;
}

size_t utf8_fit(const char *s, size_t len, int width, int *used)
{
	size_t at = 0;
	int columns = 0;

	while (at < len && width >= 0) {
		bool ascii = (unsigned char)s[at] < 0x80; /* as nearly all is */
		uint32_t code;
		size_t bytes = ascii ? 1 : utf8_decode(s + at, len - at, &code);
		int more = ascii ? 1 : utf8_width(code);

		if (more > width - columns)
			break;
		columns += more;
		at += bytes;
	}
	if (used)
		*used = columns;
	return at;
}

void utf8_add_safe(struct buf *out, const char *s, size_t len)
{
	size_t at = 0, plain = 0; /* s[plain..at) is safe and not yet added */

	while (at < len) {
		uint32_t code;
		size_t bytes = utf8_decode(s + at, len - at, &code);
		bool byte = bytes == 1 && (code < 0x20 || code == 0x7f || code == REPLACEMENT);

		if (byte || (code >= 0x80 && is_invisible(code))) {
			buf_add(out, s + plain, at - plain);
			if (byte)
				buf_addf(out, "\\x%02X", (unsigned char)s[at]);
			else
				buf_addf(out, "\\u{%04X}", code);
			plain = at + bytes;
		}
		at += bytes;
	}
	buf_add(out, len ? s + plain : "", at - plain);
}
