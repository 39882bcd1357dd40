/* bench: what the parts of the benchmark's tool share. The script bench.sh composes them.
 *
 * Times are nanoseconds. What a command has measured it prints as lines NAME<TAB>VALUE. What cannot
 * go on ends the program with a message: it is a tool, and its results would be wrong. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define SECOND_NS 1000000000ll
#define MSEC_NS   1000000ll

/* ---- Small things (bench.c) ---- */

_Noreturn void die(const char *what); /* adds what errno says */
int64_t now_ns(clockid_t clock);
void sleep_ns(int64_t ns);
int compare_ns(const void *a, const void *b);
int64_t median(int64_t *values, size_t count); /* sorts them; 0 of nothing */
int64_t mean(const int64_t *values, size_t count);
double number(const char *text, double most); /* an argument, from 0 to that */
void say(const char *name, const char *part, int64_t value);

/* ---- The floors (floor.c) ---- */

/* A netlink socket that has answered once: the kernel sizes its answers by earlier reads. */
int floor_open(void);

/* Asks for what a refresh of the dashboard asks for, and throws the answers away. */
void floor_dump(int fd);

/* The same for what "sockets dport = :443" and "sockets state close-wait" ask for. */
void floor_filtered(int fd);
void floor_state(int fd);

/* As floor_dump(), but counts the sockets. */
int64_t floor_count(int fd);

/* Reads what every descriptor of every process is, and forgets it; returns how many. */
int64_t floor_walk(void);

/* ---- A terminal (screen.c, pty.c) ---- */

enum { SCREEN_WIDTH = 120, SCREEN_HEIGHT = 36 };

/* What an xterm would show: enough of one for what curses sends. */
struct screen {
	uint32_t code[SCREEN_HEIGHT][SCREEN_WIDTH];
	bool reverse[SCREEN_HEIGHT][SCREEN_WIDTH];
	int x, y, saved_x, saved_y;
	int top, bottom; /* the lines that scroll */
	bool pen_reverse;
	uint32_t last;    /* for "again" */
	uint32_t partial; /* a character of several bytes, and how many are to come */
	int partial_left;
	char sequence[64]; /* what came behind an ESC */
	size_t sequence_len;
	bool in_sequence;
};

void screen_clear(struct screen *s);
void screen_feed(struct screen *s, const char *bytes, size_t len);
bool screen_has(const struct screen *s, const char *ascii);

/* A program in a terminal of its own. */
struct pty {
	struct screen screen;
	int fd;
	pid_t pid;
	clockid_t cpu; /* of the whole process */
};

void pty_start(struct pty *p, char **command);

/* Takes what comes within that time, at once if there is something; false: nothing came. */
bool pty_pump(struct pty *p, int64_t patience_ns);

/* Waits for a picture: until something came, and then nothing for a while. False: nothing came. */
bool pty_picture(struct pty *p, int64_t patience_ns);
void pty_type(struct pty *p, const char *keys);
int64_t pty_status(const struct pty *p, const char *name); /* bytes; of /proc/PID/status */
void pty_end(struct pty *p);

/* ---- Commands ---- */

int bench_load(int argc, char **argv);
int bench_count(int argc, char **argv);
int bench_race(int argc, char **argv);
int bench_refresh(int argc, char **argv);
int bench_keys(int argc, char **argv);

#endif
