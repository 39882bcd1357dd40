/* clock owns every reading of a clock in the program. It must not know what the times are for, nor
 * how they are written (fmt does that).
 *
 * CLOCK_BOOTTIME, not CLOCK_MONOTONIC: a laptop or a paused virtual machine must see its sockets
 * age. */
#include "sockdash/clock.h"

#include <errno.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

int64_t clock_thread_cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int clock_sleep_until(int64_t when)
{
	struct timespec t = {
		.tv_sec = (time_t)(when / NSEC_PER_SEC),
		.tv_nsec = (long)(when % NSEC_PER_SEC),
	};

	if (when <= 0)
		return 0;
	return -clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
}
