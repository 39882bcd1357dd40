/* filter_terms: the terms of ss: states, hosts, ports, devices, marks, control groups. */
#ifndef SOCKDASH_FILTER_TERMS_H
#define SOCKDASH_FILTER_TERMS_H

#include "sockdash/filter_build.h"

/* What stands between a word and its value. */
enum filter_takes {
	FILTER_TAKES_ORDER,   /* =, != or nothing, or >= and the like */
	FILTER_TAKES_EQUAL,   /* =, != or nothing */
	FILTER_TAKES_STATE,   /* nothing: its value is a state */
	FILTER_TAKES_NOTHING, /* and it has no value */
};

/* A word that begins a term. */
struct filter_word {
	const char *name;
	/* Adds the nodes of it and its value; *row gets the last. 0, -EINVAL, -ENOMEM. */
	int (*add)(struct filter_builder *b, const struct filter_operand *o, uint32_t *row);
	enum filter_takes takes;
	const char *wanted; /* as a value */
};

extern const struct filter_word filter_words[];
extern const size_t filter_word_count;

/* The word of that name, or NULL. */
const struct filter_word *filter_word(const char *name);

/* Bits 1 << enum sock_state of a word for states, as ss has it or as they are printed; -1: it is
 * none. */
int64_t filter_state_word(const char *word);

/* The word for states in that place of their table; NULL behind the last one. */
const char *filter_state_name(size_t place);
extern const char filter_state_wanted[];

/* Adds a node for sockets in these states, or in the others. 0 or -ENOMEM. */
int filter_add_states(struct filter_builder *b, uint32_t states, bool those, uint32_t *row);

#endif
