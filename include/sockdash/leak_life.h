/* leak_life: how long the sockets of a pile stay, as a life table: of those that reached an age, how
 * many left there and how many stayed. Unlike a list of the stays of those that left, it is right
 * from the first minute, for sockets that were there before us, and beside some that never leave. */
#ifndef SOCKDASH_LEAK_LIFE_H
#define SOCKDASH_LEAK_LIFE_H

#include <stdbool.h>
#include <stdint.h>

/* Classes of ages, each sqrt(2) times as long as the one before: 0.1 s to more than a day. */
#define LIFE_CLASSES 42

/* All-zero has seen nothing. What was long ago counts less: half after ten minutes. */
struct life {
	float trials[LIFE_CLASSES];  /* times that a socket of that age was looked at again */
	float seconds[LIFE_CLASSES]; /* between these looks */
	float left[LIFE_CLASSES];    /* times that it had left */
	float seen[LIFE_CLASSES];    /* of these, by the age at which it was last there */
};

/* Time goes by. */
void life_fade(struct life *l, double seconds);

/* A socket, now of this age (in tenths of a second), was looked at again after so many seconds: `left`
 * is 1 if it is gone, 0 if not, or how likely that is. */
void life_note(struct life *l, int32_t age, double seconds, double left);

/* How many left, of which the older ones count less. */
double life_left(const struct life *l);

/* The age at which 95 % of those that left were not seen any more; NAN where none left. */
double life_usual(const struct life *l);

/* Seconds after which sockets hardly ever leave (less than three in ten), with a margin of 2; never
 * less than `floor_s`. Stays of more than half an hour do not count: who waits for them waits too
 * long. */
double life_patience(const struct life *l, double floor_s);

/* How many of those older than an age have left. */
double life_left_after(const struct life *l, double age_s);

/* How far back the memory reaches, if all in it counted alike. */
double life_reach(double watched_s);

/* Whether sockets older than `patience_s` stay although those between `floor_s` and that age leave:
 * it would be a rare chance that none of the older ones has left. True where nobody leaves at that
 * age. */
bool life_differs(const struct life *l, double floor_s, double patience_s);

#endif
