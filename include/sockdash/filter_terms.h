/* filter_terms: the terms of ss: ports, hosts, devices, marks, control groups, states. */
#ifndef SOCKDASH_FILTER_TERMS_H
#define SOCKDASH_FILTER_TERMS_H

#include "sockdash/filter_build.h"

/* What stands between a word and its value. */
enum filter_takes {
	FILTER_TAKES_ORDER,   /* =, != or nothing, and >= and the like */
	FILTER_TAKES_EQUAL,   /* =, != or nothing */
	FILTER_TAKES_VALUE,   /* nothing */
	FILTER_TAKES_NOTHING, /* and it has no value */
};

/* What a word that begins a term of ss wants behind it. */
struct filter_word {
	const char *name;
	/* Reads its value and adds nodes, *row gets the last. 0, -EINVAL, -ENOMEM. */
	int (*add)(struct filter_builder *b, const struct filter_operand *o, uint32_t *row);
	enum filter_takes takes;
	const char *wanted; /* as a value */
};

/* The word, or NULL. */
const struct filter_word *filter_word(const char *name);

/* Bits 1 << enum sock_state of a word for states, or -1. */
int64_t filter_state_word(const char *word);

/* Some of these words, for people. */
extern const char filter_state_words[];

/* Reads HOST[/PREFIX][:PORT], and adds the nodes of it. */
int filter_add_host(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row);

/* Reads a number or the name of a service; -1 for "*". */
int filter_read_port(
	struct filter_builder *b, const struct filter_token *value, const char *text, int32_t *out);

#endif
