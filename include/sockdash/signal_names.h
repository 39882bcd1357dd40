/* signal_names: the signals that a menu offers. */
#ifndef SOCKDASH_SIGNAL_NAMES_H
#define SOCKDASH_SIGNAL_NAMES_H

#include <stddef.h>

struct signal_name {
	int number;
	const char *name, *help;
};

extern const struct signal_name signal_names[];
extern const size_t signal_name_count;

#endif
