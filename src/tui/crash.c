/* What a signal handler may do for a terminal: all of it is prepared beforehand. */
#include "sockdash/crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
static struct termios restore_modes;
static char restore_text[256];
static size_t restore_len;

static void crash(int signal_number)
{
	if (write(STDOUT_FILENO, restore_text, restore_len) >= 0)
		tcsetattr(STDIN_FILENO, TCSANOW, &restore_modes);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

void crash_prepare(const struct termios *modes, const char *text, size_t len)
{
	struct sigaction action = { .sa_handler = crash, .sa_flags = (int)SA_RESETHAND };

	restore_modes = *modes;
	restore_len = len < sizeof restore_text ? len : sizeof restore_text;
	memcpy(restore_text, text, restore_len);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigaction(faults[i], &action, NULL);
}

void crash_forget(void)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		signal(faults[i], SIG_DFL);
}
