/* shown: which sample the panes show: the newest one, or what a filter makes of it. Narrowing a few
 * sockets takes no time; for many somebody else does it, and what was shown stays until then. */
#ifndef SOCKDASH_SHOWN_H
#define SOCKDASH_SHOWN_H

#include "sockdash/narrow.h"

/* Samples of more sockets than these are narrowed by somebody else: it takes up to 0.2 microseconds a
 * socket. */
#define SHOWN_AT_ONCE 10000

/* A sample to narrow: first what is wished, then what came of it. */
struct narrow_job {
	struct sample *whole;
	struct narrowing how;
	struct sample *before; /* as of sample_narrow(); NULL none */
	struct sample *made;   /* NULL: nothing yet, or `error` */
	int error;             /* 0 or -errno */
};

/* Takes references to what a wish has borrowed, and gives all of them back: there is nothing left. */
void narrow_job_keep(struct narrow_job *j);
void narrow_job_drop(struct narrow_job *j);

/* Whether two narrow in the same way, whatever the sample. */
bool narrowing_same(const struct narrowing *a, const struct narrowing *b);

struct shown {
	struct sample *sample; /* a reference; NULL: there is none yet */
	struct narrowing how;  /* it was made; a reference to its filter */
	bool waiting;          /* for what is wished */
	uint64_t failed;       /* serial of the sample that there was no memory for, 0 none */
	uint32_t at_once;      /* SHOWN_AT_ONCE; tests make it small */
};

void shown_init(struct shown *s);
void shown_free(struct shown *s);

/* Whether what is shown was made in this way. */
bool shown_is(const struct shown *s, const struct narrowing *how);

/* Brings it up to a sample (NULL: there is none) and to how it is to be narrowed, or waits for that. 0
 * or -ENOMEM, and then what was shown stays. */
int shown_update(struct shown *s, struct sample *whole, const struct narrowing *how);

/* What is waited for, with everything borrowed. False where nothing is. */
bool shown_wish(const struct shown *s, struct sample *whole, const struct narrowing *how,
	struct narrow_job *out);

/* Takes what was made, unless it is made in another way than is wished now. What is left in *made is
 * the caller's. 0 or -ENOMEM. */
int shown_take(struct shown *s, const struct narrowing *how, struct narrow_job *made);

#endif
