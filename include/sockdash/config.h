/* config: the configuration file. */
#ifndef SOCKDASH_CONFIG_H
#define SOCKDASH_CONFIG_H

#include "sockdash/options.h"

/* Sets what the lines of a file say, of which `name` is what messages call it. 0, or -EBADMSG with
 * file, line and what would be right in `error`. */
int config_parse(
	const char *bytes, size_t len, const char *name, struct options *o, struct buf *error);

/* All that is set: by itself, by the configuration file, by the command line, each over the one
 * before. The file is that of --config or, if it is there, $XDG_CONFIG_HOME/sockdash/config
 * (~/.config where that is not set); it is not read for --help and --version. As options_parse(),
 * or -EBADMSG for the file. */
int config_options(int argc, char **argv, struct options *out, int *first_word, struct buf *error);

#endif
