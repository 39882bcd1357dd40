/* orderer: a thread that orders the rows of big tables for the panes of the screen, and gives back
 * the memory of big samples, so that no key waits for either. */
#ifndef SOCKDASH_ORDERER_H
#define SOCKDASH_ORDERER_H

#include "sockdash/pane.h"

struct orderer;

/* Starts the thread. 0 or -errno. */
int orderer_start(struct orderer **out);

/* Ends the thread, which leaves its work where it is. NULL is fine. */
void orderer_stop(struct orderer *o);

/* A descriptor that is readable when orderer_take() has something, and until it says that it has
 * nothing. */
int orderer_fd(const struct orderer *o);

/* What a pane wishes for now; NULL: nothing. To be told as often as one likes. A wish replaces the
 * one before it that was not begun. What is being made goes on, whatever newer sample is wished
 * for, so that a pane gets an order now and then however fast samples come; unless another order
 * or none is wished for: then it is left. */
void orderer_wish(struct orderer *o, size_t pane, const struct pane_order *wish);

/* An order that was made and not taken yet, or the part of one that is being made: the caller's,
 * with a reference to its sample. False where there is none. */
bool orderer_take(struct orderer *o, size_t *pane, struct pane_order *made);

/* Takes an order and a sample that nobody needs any more: the thread gives them back. */
void orderer_give(struct orderer *o, struct pane_order *spent);

/* Keeps a sample until nobody else does, and then frees it, which takes long for big ones. */
void orderer_keep(struct orderer *o, struct sample *s);

/* Looks whether there is such a sample: to be called after some were put. */
void orderer_tidy(struct orderer *o);

#endif
