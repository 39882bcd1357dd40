/* prompt: a line that is typed, and the lines typed before. It knows nothing of what they mean. */
#ifndef SOCKDASH_PROMPT_H
#define SOCKDASH_PROMPT_H

#include "sockdash/cells.h"

/* Lines that were typed, the last one last. All zero: none. */
#define PROMPT_HISTORY 50
struct prompt_history {
	char *lines[PROMPT_HISTORY];
	size_t count;
};

/* Remembers a line, unless it is empty; one that is there already becomes the last. */
void prompt_remember(struct prompt_history *h, const char *line);
void prompt_forget(struct prompt_history *h);

/* Bytes that can be typed. */
#define PROMPT_MAX 65535

/* All zero: an empty line without a history. */
struct prompt {
	struct buf text; /* UTF-8 */
	size_t at;       /* the cursor: before this byte */
	size_t left;     /* the first byte that was on the screen when it was last drawn */
	const struct prompt_history *history;
	size_t back;    /* lines that it is back in the history; 0: at its own... */
	struct buf own; /* ...which is kept here else */
};

enum prompt_event {
	PROMPT_SAME,   /* no key of a line, or the cursor moved */
	PROMPT_EDITED, /* the text is another one */
	PROMPT_DONE,   /* Enter */
	PROMPT_LEFT,   /* Esc */
};

/* Begins with a text, the cursor behind it. `history` stays the caller's; NULL: none. */
void prompt_open(struct prompt *p, const char *text, const struct prompt_history *history);
void prompt_free(struct prompt *p);

/* The text, "" where nothing is typed. */
const char *prompt_text(const struct prompt *p);

/* The keys of a line, which handle them and are the help's. */
struct prompt_binding {
	int keys[2]; /* 0: no other */
	const char *shown, *help;
	enum prompt_event (*act)(struct prompt *p);
};
extern const struct prompt_binding prompt_keys[];
extern const size_t prompt_key_count;

/* One of these, or a character that is typed. */
enum prompt_event prompt_key(struct prompt *p, int key);

/* Draws label and text in a line, scrolled so that the cursor is in sight; `bad_len` bytes from `bad`
 * on as a mistake. Answers the column of the byte `bad`, or -1 where it is out of sight. */
int prompt_draw(struct prompt *p, struct cells *c, struct area line, const char *label, size_t bad,
	size_t bad_len);

#endif
