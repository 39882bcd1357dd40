/* completions: prints the script of a shell. */
#include <errno.h>
#include <string.h>

#include "sockdash/commands.h"
#include "sockdash/completions.h"

static int unknown_shell(const char *shell)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < completion_shell_count; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", completion_shells[i].name);
	complain_usage("completions: '%s' is not a shell that it knows; shells are: %s", shell,
		names.data);
	buf_free(&names);
	return EXIT_USAGE;
}

int cmd_completions(const char *shell)
{
	for (size_t i = 0; i < completion_shell_count; i++) {
		struct buf b = { 0 };
		int err;

		if (strcmp(completion_shells[i].name, shell) != 0)
			continue;
		completion_shells[i].add_script(&b);
		err = b.failed ? -ENOMEM : output_stdout(NULL, &b);
		buf_free(&b);
		if (err)
			complain("standard output: %s", strerror(-err));
		return err ? EXIT_FAILED : EXIT_DONE;
	}
	return unknown_shell(shell);
}
