/* live_still: established sockets whose queue may stand still, and since when it does. A queue that
 * is as long as before may have been refilled: only the bytes that the process has read, or that
 * the peer took, tell whether it moves. Part of the live source. */
#ifndef SOCKDASH_LIVE_STILL_H
#define SOCKDASH_LIVE_STILL_H

#include "sockdash/frame.h"
#include "sockdash/grow.h"
#include "sockdash/hash.h"
#include "sockdash/live_dump.h"

enum {
	/* Sockets that are remembered, and asked about in a frame: 2 ms of work. */
	LIVE_STILL_MOST = 512,
	/* In the first frame, which has no other to compare its queues with. */
	LIVE_STILL_FIRST = 4096,
};

struct live_still_socks {
	struct live_still_sock {
		uint64_t cookie;
		uint64_t passed; /* bytes read by the process, or taken by the peer */
		int32_t since;   /* SOCK_TIME unit */
		bool receives;   /* which of the two queues this is about */
	} * all;
	uint32_t count, room;
	struct hash by_cookie; /* → all[] */
};

/* What one frame told, for the next. An all-zero one knows nothing. */
struct live_still {
	struct live_still_socks then, now;
};

void live_still_free(struct live_still *s);

/* Asks for the sockets of a frame that is compared with `prev` (where f->diff.known), and marks those
 * that are told of: SOCK_WAIT_LONGER, and wait_since is then the time since when the queue has stood
 * still, the frame's own where it has moved since the look before. The others stay without a mark. 0
 * or -errno as diag_get(), and then no more is known than before. */
int live_still_ask(
	const struct live_dump *d, struct live_still *s, const struct frame *prev, struct frame *f);

/* ---- In steps, which ask nobody -------------------------------------------------------------- */

/* The rows to ask for, those that are known first. From the second frame on only sockets that had
 * such a queue in the frame before too. 0 or -ENOMEM; the list is freed by the caller. */
int live_still_choose(const struct live_still *s, const struct frame *prev, const struct frame *f,
	struct row_list *out);

/* Takes an answer about the socket in a row of `f`. 0 or -ENOMEM. */
int live_still_take(struct live_still *s, const struct frame *prev, struct frame *f, uint32_t row,
	const struct diag_sock *d);

/* Ends a round: what was not told of in it is forgotten. */
void live_still_end(struct live_still *s);

/* Ends a round that failed: what was known before it stays. */
void live_still_undo(struct live_still *s);

#endif
