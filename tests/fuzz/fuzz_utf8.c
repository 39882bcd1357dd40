/* Any bytes through the text functions: what comes out of utf8_add_safe() is valid, without
 * controls, and safe once more the same; what utf8_fit() answers fits and is the longest that does.
 */
#include "sockdash/utf8.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* Well formed, and nothing in it that a terminal would obey or hide. */
static void check_safe(const char *s, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t bytes = utf8_decode(s + at, len - at, &code);
		char again[4];

		must(bytes >= 1 && bytes <= len - at);
		must(utf8_encode(code, again) == bytes && memcmp(again, s + at, bytes) == 0);
		must(code >= 0x20 && (code < 0x7f || code > 0x9f) && code != 0xfeff);
		must((code < 0x200b || code > 0x200f) && (code < 0x2028 || code > 0x202e));
		must((code < 0x2060 || code > 0x206f) && (code & 0xfffe) != 0xfffe);
		at += bytes;
	}
}

static void check_fit(const char *s, size_t len)
{
	for (int width = -1; width < 12; width++) {
		int used = -1;
		size_t fits = utf8_fit(s, len, width, &used);
		uint32_t code;

		must(fits <= len && used >= 0 && used <= (width < 0 ? 0 : width));
		must(utf8_text_width(s, fits) == used);
		if (width >= 0 && fits < len) {
			utf8_decode(s + fits, len - fits, &code);
			must(used + utf8_width(code) > width);
		}
	}
	must(utf8_fit(s, len, utf8_text_width(s, len), NULL) == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct buf once = { 0 }, twice = { 0 };

	if (!ready)
		ready = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	must(ready);
	check_fit((const char *)data, size);
	utf8_add_safe(&once, (const char *)data, size);
	must(once.failed || strlen(once.data) == once.len);
	check_safe(once.data, once.len);
	check_fit(once.data, once.len);
	utf8_add_safe(&twice, once.data, once.len);
	must(twice.failed || once.failed ||
		(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0));
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
