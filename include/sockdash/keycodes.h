/* keycodes: keys as numbers. Named so that they do not meet those of curses. */
#ifndef SOCKDASH_KEYCODES_H
#define SOCKDASH_KEYCODES_H

/* A key as a terminal reports it: an ASCII character, one of these, or KEYCODE_TEXT with the code
 * point of another character. */
enum keycode {
	KEYCODE_NONE = -1, /* none waits */
	KEYCODE_TAB = '\t',
	KEYCODE_RETURN = '\r',
	KEYCODE_ESCAPE = 27,
	KEYCODE_RUBOUT = 127,
	KEYCODE_UP = 0x1000,
	KEYCODE_DOWN,
	KEYCODE_LEFT,
	KEYCODE_RIGHT,
	KEYCODE_PAGE_UP,
	KEYCODE_PAGE_DOWN,
	KEYCODE_HOME,
	KEYCODE_END,
	KEYCODE_BACK_TAB,
	KEYCODE_FUNCTION, /* + n for F1 to F12 */
	KEYCODE_DELETE = KEYCODE_FUNCTION + 13,
	KEYCODE_MOUSE, /* the pointer: the terminal knows more */
	KEYCODE_OTHER,
	KEYCODE_TEXT = 0x200000, /* | a code point from 128 on */
};
#define KEYCODE_CTRL(letter) ((letter)&31)

#endif
