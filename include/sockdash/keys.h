/* keys: one table says which key does what; it handles them, and help and footer are made from
 * it. */
#ifndef SOCKDASH_KEYS_H
#define SOCKDASH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "sockdash/keycodes.h"
#include "sockdash/screen.h"

struct app;

/* Where a key means something. */
enum key_place { KEY_ANYWHERE, KEY_LIVE, KEY_REPLAY };

struct key_binding {
	int keys[10];      /* 0 after the last */
	const char *shown; /* how help names them */
	const char *help;
	struct screen_key footer; /* in the footer; NULLs: it is not there */
	void (*act)(struct app *a, int key);
	enum key_place place;
};

#define NO_FOOTER                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

extern const struct key_binding key_bindings[];
extern const size_t key_binding_count;

/* Whether a binding is there in a replay, or else on a live screen. */
bool key_applies(const struct key_binding *b, bool replay);

/* The binding of a key, or NULL. */
const struct key_binding *key_find(int key, bool replay);

/* The same in another table. */
const struct key_binding *key_find_in(
	const struct key_binding *all, size_t count, int key, bool replay);

/* The entries of the footer; answers how many (at most `max`). */
size_t key_footer(bool replay, struct screen_key *out, size_t max);

#endif
