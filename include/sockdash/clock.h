/* clock: the only place that reads clocks. All in nanoseconds. */
#ifndef SOCKDASH_CLOCK_H
#define SOCKDASH_CLOCK_H

#include <stdint.h>

#define NSEC_PER_SEC  INT64_C(1000000000)
#define NSEC_PER_MSEC INT64_C(1000000)

/* Since an arbitrary point, goes on through suspend (CLOCK_BOOTTIME), never jumps: for
 * differences. */
int64_t clock_mono_ns(void);

/* Since 1970 (CLOCK_REALTIME): for showing. */
int64_t clock_wall_ns(void);

/* CPU time used by the calling thread and by the whole process. */
int64_t clock_thread_cpu_ns(void);
int64_t clock_process_cpu_ns(void);

/* Sleeps until clock_mono_ns() reaches `when` or a signal handler ran. 0, or -EINTR after a
 * signal. */
int clock_sleep_until(int64_t when);

#endif
