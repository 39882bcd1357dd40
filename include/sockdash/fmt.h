/* fmt: numbers as people read them, in a width.
 *
 * Each function writes a NUL-terminated ASCII text into `out` and returns `out`. `width` is the
 * number of columns there are; 0 means as many as it takes, less than 0 that there is no room (an
 * empty text). A value that does not fit is written in a shorter form (198,010 -> 198010 -> 198k),
 * and as "#" characters where even the shortest does not fit: a column is never overrun and a
 * number never cut into a different number. */
#ifndef SOCKDASH_FMT_H
#define SOCKDASH_FMT_H

#include <stdbool.h>
#include <stdint.h>

#define FMT_MAX 64

/* 0, 999, 198,010; shorter: 198010, 198k, 1.2M, 12M, 3.4G. */
char *fmt_count(char out[FMT_MAX], uint64_t n, int width);

/* A signed difference: +120, -11, 0; shorter as fmt_count. */
char *fmt_delta(char out[FMT_MAX], int64_t n, int width);

/* Something per second: 0, 0.02, 4.9, 37.5, 1,204. At least two significant digits below 10; never
 * "0" for a rate above 0 (<0.01). Negative rates have a '-'. */
char *fmt_rate(char out[FMT_MAX], double per_second, int width);

/* fmt_rate with a sign always but for 0: +5.0, -0.3, 0. */
char *fmt_trend(char out[FMT_MAX], double per_second, int width);

/* 90.0%, 0.6%, 100%; <0.1% for a share above 0 that would read 0.0%. `percent` is 0 to 100 and may
 * be above. */
char *fmt_percent(char out[FMT_MAX], double percent, int width);

/* A duration in the two largest units: 0.4s, 12s, 14m 02s, 2h 05m, 41d 03h, 3y 20d; shorter: 14m,
 * 2h, 41d, 3y. */
char *fmt_age(char out[FMT_MAX], double seconds, int width);

/* A short duration: 0, 250us, 1.25ms, 12.5ms, 340ms, 1.2s; from ten seconds on as fmt_age. Shorter:
 * 1ms, 12ms. */
char *fmt_span(char out[FMT_MAX], double seconds, int width);

/* Bytes in binary units: 512, 37K, 1.1G. */
char *fmt_bytes(char out[FMT_MAX], uint64_t bytes, int width);

/* An Internet address from its 16 bytes (IPv4 as ::ffff:a.b.c.d). `ipv4` prints a mapped address as
 * a.b.c.d; otherwise the IPv6 form of RFC 5952, as ss prints it (::ffff:1.2.3.4 for mapped). Never
 * shortened. */
char *fmt_address(char out[FMT_MAX], const uint8_t address[16], bool ipv4);

/* Wall-clock time in UTC as 2026-11-22T10:53:07.120Z, from nanoseconds since 1970. */
char *fmt_iso_time(char out[FMT_MAX], int64_t wall_ns);

/* The local time as 2026-11-22 10:53:07. */
char *fmt_date_time(char out[FMT_MAX], int64_t wall_ns);

/* The local time of day as 10:53:07. */
char *fmt_time_of_day(char out[FMT_MAX], int64_t wall_ns);

#endif
