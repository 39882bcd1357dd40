/* log: what --debug FILE gets. Nothing is written, and nothing formatted, while no log is open. */
#ifndef SOCKDASH_LOG_H
#define SOCKDASH_LOG_H

/* Opens the log for appending. 0 or -errno. */
int log_open(const char *path);
void log_close(void);

/* Writes one line with the time before it. Safe from any thread. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
