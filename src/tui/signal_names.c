/* The one that is asked for most comes first. */
#include "sockdash/signal_names.h"

#include <signal.h>

const struct signal_name signal_names[] = {
	{ SIGTERM, "TERM", "end, after putting things in order" },
	{ SIGHUP, "HUP", "read the configuration again, of most servers" },
	{ SIGINT, "INT", "as Ctrl-C" },
	{ SIGQUIT, "QUIT", "end with a core dump; threads of java, go" },
	{ SIGKILL, "KILL", "end at once" },
	{ SIGUSR1, "USR1", "as the process has it" },
	{ SIGUSR2, "USR2", "as the process has it" },
	{ SIGSTOP, "STOP", "stand still" },
	{ SIGCONT, "CONT", "go on" },
};
const size_t signal_name_count = sizeof signal_names / sizeof *signal_names;
