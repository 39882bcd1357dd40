/* detail: the page of one socket, over the panes: which socket it is, what is known of it, and what
 * became of it while one looks. */
#ifndef SOCKDASH_DETAIL_H
#define SOCKDASH_DETAIL_H

#include "sockdash/detail_socket.h"

struct app;

/* How many other ends one can follow and come back from. */
#define DETAIL_WAY_MAX 8

struct detail {
	bool open;
	uint64_t identity; /* of the row in the table of sockets */
	struct sock_id id; /* as it was last seen */
	uint32_t row;      /* of the newest frame, or SOCK_NONE: it is not there */
	bool asked;        /* of what the kernel can be asked for more */
	struct sock_facts facts;
	struct sock_history history;
	int64_t last_ns; /* wall time of the last sample that had it; 0 none */
	int64_t gone_ns; /* of the first one that had it not, 0: it is there */
	struct buf title;
	struct page page;             /* the last that was known */
	uint32_t top;                 /* first line in sight */
	uint32_t shown;               /* lines that were in sight when it was last drawn */
	uint64_t way[DETAIL_WAY_MAX]; /* sockets that led here */
	uint32_t depth;
};

void detail_free(struct detail *d);
void detail_close(struct app *a);

/* The socket that is shown, in the newest sample. False where none is, or it is gone. */
bool detail_current(const struct app *a, const struct frame **f, const struct sock **s);

/* Takes what the newest sample, or the newest look, tells of it. */
void detail_follow(struct app *a);
void detail_take_looks(struct app *a);

/* A key while it is open; false where it means what it does everywhere. */
bool detail_key(struct app *a, int key);

/* Draws it into an area. */
void detail_draw(struct app *a, struct cells *c, struct area area);

#endif
