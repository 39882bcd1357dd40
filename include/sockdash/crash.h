/* crash: gives the terminal back when the program dies of a fault. */
#ifndef SOCKDASH_CRASH_H
#define SOCKDASH_CRASH_H

#include <stddef.h>
#include <termios.h>

/* From now on a fault (SIGSEGV, SIGABRT...) writes `text` (copied, cut at 256 bytes) to the
 * terminal and sets its modes, with nothing but write() and tcsetattr(), before it ends the
 * program as it would have. */
void crash_prepare(const struct termios *modes, const char *text, size_t len);
void crash_forget(void);

#endif
