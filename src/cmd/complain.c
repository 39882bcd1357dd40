/* What every command says when it is not understood. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/problems.h"
#include "sockdash/utf8.h"

/* Arguments come from outside like any other text: what they hold must not reach the terminal as it
 * is. */
static void say(const char *format, va_list args)
{
	struct buf text = { 0 }, safe = { 0 };

	buf_addv(&text, format, args);
	utf8_add_safe(&safe, text.data ? text.data : "", text.len);
	fprintf(stderr, "sockdash: %s\n", safe.data ? safe.data : "out of memory");
	buf_free(&text);
	buf_free(&safe);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

int complain_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputs("Try 'sockdash --help'.\n", stderr);
	return EXIT_USAGE;
}

void tell_problems(struct buf *told, const struct frame *f)
{
	struct buf texts[PROBLEMS_MAX], all = { 0 };
	size_t n = problems_of(f, texts);

	for (size_t i = 0; i < n; i++) {
		buf_addf(&all, "sockdash: %s\n", texts[i].data);
		buf_free(&texts[i]);
	}
	if (all.len && (all.len != told->len || memcmp(all.data, told->data, all.len) != 0))
		fputs(all.data, stderr);
	buf_free(told);
	*told = all;
}
