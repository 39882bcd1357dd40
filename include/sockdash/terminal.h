/* terminal: what shows a grid and reads keys. One is made with curses; the other prints plain
 * pages, for terminals that cannot place the cursor. */
#ifndef SOCKDASH_TERMINAL_H
#define SOCKDASH_TERMINAL_H

#include "sockdash/cells.h"
#include "sockdash/mouse.h"

/* What stty says may be anything; no screen is larger, and curses and our grid stay small. */
#define TERMINAL_MAX 1000

struct terminal;

struct terminal_ops {
	void (*size)(struct terminal *t, int *width, int *height);
	void (*draw)(struct terminal *t, const struct cells *c);
	int (*key)(struct terminal *t);      /* enum keycode; KEYCODE_NONE when none waits */
	void (*repaint)(struct terminal *t); /* the next draw paints everything */
	void (*leave)(struct terminal *t);   /* gives the terminal back to the shell */
	void (*enter)(struct terminal *t);   /* takes it again */
	void (*close)(struct terminal *t);
};

struct terminal {
	const struct terminal_ops *ops;
	struct mouse_event mouse; /* after KEYCODE_MOUSE: what it did */
};

struct terminal_settings {
	bool colors; /* if the terminal has any */
	bool mouse;  /* likewise; else clicks are the terminal's own */
};

/* Opens the terminal on standard input and output. 0, -ENOTSUP where this kind cannot serve (the
 * plain one then can), -errno. */
int terminal_open_curses(const struct terminal_settings *s, struct terminal **out);
int terminal_open_plain(const struct terminal_settings *s, struct terminal **out);

#endif
