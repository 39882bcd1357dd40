/* paragraph: long texts as lines of a page. */
#ifndef SOCKDASH_PARAGRAPH_H
#define SOCKDASH_PARAGRAPH_H

#include "sockdash/buf.h"

/* Adds a text as lines of at most `width` columns, as wrap.h breaks them: the first begins with
 * `indent` blanks, the others with `hang` more. Nothing for an empty text. */
void paragraph_add(struct buf *b, const char *text, int indent, int hang, int width);

/* The same for a command of the shell, so that it can be copied: lines but the last end in a
 * backslash, and are broken at blanks outside of quotes only. What cannot be broken so stays a longer line. With
 * `width` 0 it is one line. */
void paragraph_add_command(struct buf *b, const char *text, int indent, int width);

#endif
