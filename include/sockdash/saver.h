/* saver: a thread that writes a table to a file, so that no key waits for a disk. */
#ifndef SOCKDASH_SAVER_H
#define SOCKDASH_SAVER_H

#include "sockdash/rowset.h"

enum save_format { SAVE_TEXT, SAVE_JSON, SAVE_CSV };

/* The rows of a sample, as they are to be written; then what came of it. All zero: nothing. */
struct save_job {
	char *path; /* malloc'ed */
	bool overwrite;
	enum save_format format;
	const struct table *table;
	struct sample *sample; /* its own reference */
	struct columns columns;
	struct sort_key key;

	uint32_t rows;
	int error; /* 0 or -errno: -EEXIST where a file is there and is not to be overwritten */
};

/* Gives back what belongs to it; there is nothing left. */
void save_job_drop(struct save_job *j);

/* Writes it, in any thread; sets rows and error. A file that was begun and could not be finished is
 * taken away again. *cancel set by another thread ends it soon, with -ECANCELED. */
void save_job_do(struct save_job *j, const atomic_bool *cancel);

struct saver;

/* 0 or -errno. */
int saver_open(struct saver **out);

/* Ends what is being written. NULL is fine. */
void saver_close(struct saver *s);

/* A descriptor that is readable when saver_take() has something. */
int saver_fd(const struct saver *s);

/* Begins to write; the job becomes the saver's. False, and it stays the caller's, with its error set,
 * where that cannot be done: -EBUSY while another is being written. */
bool saver_begin(struct saver *s, struct save_job *j);

/* What was written, or could not be: the caller's. False where there is none. */
bool saver_take(struct saver *s, struct save_job *out);

#endif
