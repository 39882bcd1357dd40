/* tapes: recordings for tests, and what their samples say.
 *
 *	struct recording r;
 *
 *	record_begin(&r, 3);
 *	for (unsigned n = 0; n < 5; n++)
 *		record_shop(&r, n, 2.0 * n, 0);
 *	... tape_open(file_of(r.bytes, r.len), ...)
 *	record_end(&r);
 */
#ifndef TESTS_TAPES_H
#define TESTS_TAPES_H

#include "lib/fixture.h"
#include "lib/settings.h"
#include "sockdash/tape.h"

#define RECORDED_MAX 256

struct recording {
	struct story st;
	struct tape_writer *writer;
	int fd;
	uint8_t *bytes; /* of the tape so far */
	size_t len;
	unsigned count;
	struct frame *frames[RECORDED_MAX];
	char *texts[RECORDED_MAX]; /* what the samples said, as told_sample() has it */
	size_t begins[RECORDED_MAX], ends[RECORDED_MAX]; /* of the samples, in the bytes */
};

/* `window_s` is that of the story. */
void record_begin(struct recording *r, double window_s);
void record_end(struct recording *r);

/* Writes the newest sample of the story. */
void record_sample(struct recording *r);

/* Tells a sample of a shop and writes it: a web server whose clients come and go, a program that
 * leaks for a while, again and again, another one that is not always there, and `churn` connections
 * that nobody sees twice. */
void record_shop(struct recording *r, unsigned n, double at_s, unsigned churn);

/* Only tells it. */
void tell_shop(struct story *st, unsigned n, double at_s, unsigned churn);

/* ---- Bytes ----------------------------------------------------------------------------------- */

/* A file in memory, or a pipe that has ended, with these bytes; the caller's. */
int file_of(const void *bytes, size_t len);
int pipe_of(const void *bytes, size_t len);

/* The one or the other. */
int input_of(bool stream, const void *bytes, size_t len);

/* Writes all bytes. */
void put_bytes(int fd, const void *bytes, size_t len);

/* Makes the checksums of the sample that begins here right again. */
void mend_sample(uint8_t *head);

/* The tape of a descriptor that can be read; it fails the test where it cannot. */
struct tape *open_well(int fd);

/* ---- What samples say ------------------------------------------------------------------------ */

/* All of it: every field of every table in its order, trends, totals and the header. The caller
 * frees it. */
char *told_sample(const struct sample *s);

/* Two such texts are the same; else the first line that is not is told. */
#define assert_same_text(got, wanted) check_same_text(got, wanted, __FILE__, __LINE__)
void check_same_text(const char *got, const char *wanted, const char *file, int line);

/* Whether two frames have the same rows, and the same is known of them. */
bool same_frame(const struct frame *a, const struct frame *b);

#endif
