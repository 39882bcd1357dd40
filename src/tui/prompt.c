/* The line editor. Its text is whole characters of UTF-8, and the cursor stands between two of them. */
#include "sockdash/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "sockdash/keycodes.h"
#include "sockdash/utf8.h"

/* ---- History --------------------------------------------------------------------------------- */

static void drop_line(struct prompt_history *h, size_t at)
{
	free(h->lines[at]);
	h->count--;
	memmove(&h->lines[at], &h->lines[at + 1], (h->count - at) * sizeof *h->lines);
}

void prompt_remember(struct prompt_history *h, const char *line)
{
	char *copy = *line ? strdup(line) : NULL;

	if (!copy)
		return;
	for (size_t i = h->count; i-- > 0;)
		if (strcmp(h->lines[i], line) == 0)
			drop_line(h, i);
	if (h->count == PROMPT_HISTORY)
		drop_line(h, 0);
	h->lines[h->count++] = copy;
}

void prompt_forget(struct prompt_history *h)
{
	while (h->count)
		drop_line(h, h->count - 1);
}

/* ---- The text -------------------------------------------------------------------------------- */

void prompt_open(struct prompt *p, const char *text, const struct prompt_history *history)
{
	buf_clear(&p->text);
	buf_adds(&p->text, text);
	p->at = p->text.len;
	p->left = p->back = 0;
	p->history = history;
}

void prompt_free(struct prompt *p)
{
	buf_free(&p->text);
	buf_free(&p->own);
	*p = (struct prompt){ 0 };
}

const char *prompt_text(const struct prompt *p)
{
	return p->text.data && !p->text.failed ? p->text.data : "";
}

static size_t before(const struct prompt *p, size_t at)
{
	if (at)
		at--;
	while (at && ((unsigned char)p->text.data[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t behind(const struct prompt *p, size_t at)
{
	uint32_t code;

	return at < p->text.len ? at + utf8_decode(p->text.data + at, p->text.len - at, &code) : at;
}

/* The beginning of the word before the cursor. */
static size_t word_before(const struct prompt *p)
{
	size_t at = p->at;

	while (at && p->text.data[at - 1] == ' ')
		at--;
	while (at && p->text.data[at - 1] != ' ')
		at--;
	return at;
}

static enum prompt_event cut(struct prompt *p, size_t from, size_t to)
{
	if (from >= to)
		return PROMPT_SAME;
	memmove(p->text.data + from, p->text.data + to, p->text.len - to + 1);
	p->text.len -= to - from;
	p->at = from;
	return PROMPT_EDITED;
}

static enum prompt_event insert(struct prompt *p, uint32_t code)
{
	char bytes[4];
	size_t len = utf8_encode(code, bytes);

	if (p->text.len + len > PROMPT_MAX || !buf_extend(&p->text, len))
		return PROMPT_SAME;
	memmove(p->text.data + p->at + len, p->text.data + p->at, p->text.len - len - p->at);
	memcpy(p->text.data + p->at, bytes, len);
	p->at += len;
	return PROMPT_EDITED;
}

/* Goes through the lines of before; the own one is found again at the end. */
static enum prompt_event go_back(struct prompt *p, size_t back)
{
	const char *line;

	if (!p->history || back > p->history->count || back == p->back)
		return PROMPT_SAME;
	if (!p->back) {
		buf_clear(&p->own);
		buf_adds(&p->own, prompt_text(p));
	}
	p->back = back;
	line = back ? p->history->lines[p->history->count - back] : p->own.data;
	buf_clear(&p->text);
	buf_adds(&p->text, line);
	p->at = p->text.len;
	p->left = 0;
	return PROMPT_EDITED;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static enum prompt_event type_key(struct prompt *p, int key)
{
	if (key >= ' ' && key < KEYCODE_RUBOUT)
		return insert(p, (uint32_t)key);
	return key & KEYCODE_TEXT && key > 0 ? insert(p, (uint32_t)(key & ~KEYCODE_TEXT))
					     : PROMPT_SAME;
}

static enum prompt_event leave(struct prompt *p)
{
	(void)p;
	return PROMPT_LEFT;
}

static enum prompt_event finish(struct prompt *p)
{
	(void)p;
	return PROMPT_DONE;
}

static enum prompt_event go_to(struct prompt *p, size_t at)
{
	p->at = at;
	return PROMPT_SAME;
}

static enum prompt_event go_left(struct prompt *p)
{
	return go_to(p, before(p, p->at));
}

static enum prompt_event go_right(struct prompt *p)
{
	return go_to(p, behind(p, p->at));
}

static enum prompt_event go_first(struct prompt *p)
{
	return go_to(p, 0);
}

static enum prompt_event go_last(struct prompt *p)
{
	return go_to(p, p->text.len);
}

static enum prompt_event cut_before(struct prompt *p)
{
	return cut(p, before(p, p->at), p->at);
}

static enum prompt_event cut_behind(struct prompt *p)
{
	return cut(p, p->at, behind(p, p->at));
}

static enum prompt_event cut_first(struct prompt *p)
{
	return cut(p, 0, p->at);
}

static enum prompt_event cut_last(struct prompt *p)
{
	return cut(p, p->at, p->text.len);
}

static enum prompt_event cut_word(struct prompt *p)
{
	return cut(p, word_before(p), p->at);
}

static enum prompt_event older(struct prompt *p)
{
	return go_back(p, p->back + 1);
}

static enum prompt_event newer(struct prompt *p)
{
	return p->back ? go_back(p, p->back - 1) : PROMPT_SAME;
}

const struct prompt_binding prompt_keys[] = {
	{ { KEYCODE_RETURN, '\n' }, "Enter", "take the line", finish },
	{ { KEYCODE_ESCAPE }, "Esc", "leave it", leave },
	{ { KEYCODE_LEFT, KEYCODE_CTRL('b') }, "\xe2\x86\x90", "a character to the left", go_left },
	{ { KEYCODE_RIGHT, KEYCODE_CTRL('f') }, "\xe2\x86\x92", "a character to the right",
		go_right },
	{ { KEYCODE_HOME, KEYCODE_CTRL('a') }, "Home Ctrl-A", "to the beginning", go_first },
	{ { KEYCODE_END, KEYCODE_CTRL('e') }, "End Ctrl-E", "to the end", go_last },
	{ { KEYCODE_DELETE, KEYCODE_CTRL('d') }, "Del", "take the character away", cut_behind },
	{ { KEYCODE_RUBOUT, KEYCODE_CTRL('h') }, "Backspace", "the one before", cut_before },
	{ { KEYCODE_CTRL('w') }, "Ctrl-W", "the word before", cut_word },
	{ { KEYCODE_CTRL('u') }, "Ctrl-U", "all before the cursor", cut_first },
	{ { KEYCODE_CTRL('k') }, "Ctrl-K", "all from the cursor on", cut_last },
	{ { KEYCODE_UP, KEYCODE_CTRL('p') }, "\xe2\x86\x91", "what was typed before", older },
	{ { KEYCODE_DOWN, KEYCODE_CTRL('n') }, "\xe2\x86\x93", "and what after that", newer },
};
const size_t prompt_key_count = sizeof prompt_keys / sizeof *prompt_keys;

enum prompt_event prompt_key(struct prompt *p, int key)
{
	for (size_t i = 0; i < prompt_key_count; i++)
		for (size_t k = 0; k < sizeof prompt_keys->keys / sizeof(int); k++)
			if (key && prompt_keys[i].keys[k] == key)
				return prompt_keys[i].act(p);
	return type_key(p, key);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

/* One character, made visible whatever it is; answers its columns. */
static int draw_character(
	struct cells *c, struct area a, int x, enum role role, const char *bytes, size_t len)
{
	struct buf safe = { 0 };
	uint32_t code;
	bool is_safe;

	utf8_add_safe(&safe, bytes, len);
	utf8_decode(bytes, len, &code);
	is_safe = safe.len == len && memcmp(safe.data, bytes, len) == 0 && utf8_width(code) > 0;
	buf_free(&safe);
	if (!is_safe)
		code = '?';
	if (x + utf8_width(code) > a.width)
		return utf8_width(code);
	cells_repeat(c, a, x, 0, 1, role, code);
	return utf8_width(code);
}

/* The byte from which on as much as fits stands before `end`. */
static size_t reach_back(const struct prompt *p, size_t end, int room)
{
	for (size_t at = end; at; end = at) {
		uint32_t code;
		int width;

		at = before(p, at);
		utf8_decode(p->text.data + at, end - at, &code);
		width = utf8_width(code);
		room -= width ? width : 1;
		if (room < 0)
			return end;
	}
	return 0;
}

/* Scrolls as little as it takes to have the cursor in sight, not under the marks at the edges, and no
 * more out of sight than must be. */
static void scroll(struct prompt *p, int width)
{
	bool at_end = p->at == p->text.len;
	size_t least = reach_back(p, p->at, width - (at_end ? 1 : 2));
	size_t most = reach_back(p, p->text.len, width - 1);

	if (p->left >= p->at)
		p->left = before(p, p->at);
	if (p->left < least)
		p->left = least;
	if (p->left > most)
		p->left = most;
}

static void select_cell(struct cells *c, struct area a, int x, int width)
{
	cells_select(c, (struct area){ a.x + x, a.y, width, a.height }, 0);
}

/* The text is what matters: it has what it needs, or half of the line. */
static int label_room(const struct prompt *p, int width)
{
	int left = width - 1 - utf8_text_width(prompt_text(p), p->text.len);

	return left > width / 2 ? left : width / 2;
}

int prompt_draw(struct prompt *p, struct cells *c, struct area line, const char *label, size_t bad,
	size_t bad_len)
{
	int x = label_room(p, line.width), column = -1, used = 0;
	struct area a = line;
	size_t at;

	x = cells_put(c, line, 0, 0, x, ROLE_STRONG, label);
	a.x += x;
	a.width -= x;
	scroll(p, a.width);
	for (at = p->left; at < p->text.len && used < a.width;) {
		size_t len = behind(p, at) - at;
		bool is_bad = at >= bad && at < bad + bad_len;
		int width = draw_character(
			c, a, used, is_bad ? ROLE_MISTAKE : ROLE_STRONG, p->text.data + at, len);

		if (at == p->at)
			select_cell(c, a, used, width);
		if (at == bad)
			column = x + used;
		used += width;
		at += len;
	}
	if (at == bad)
		column = x + used;
	if (p->at == p->text.len)
		cells_put(c, a, used, 0, a.width - used, ROLE_STRONG, "_");
	if (p->left)
		cells_put(c, a, 0, 0, 1, ROLE_DIM, "\xe2\x80\xb9");
	if (at < p->text.len || used > a.width)
		cells_put(c, a, a.width - 1, 0, 1, ROLE_DIM, "\xe2\x80\xba");
	return column < line.width ? column : -1;
}
