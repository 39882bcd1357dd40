/* extras: what the dashboard looks for only where it is wished: names, connections that end. */
#ifndef SOCKDASH_EXTRAS_H
#define SOCKDASH_EXTRAS_H

#include <stdbool.h>

struct app;
struct names;

/* Lends the names that are known, for as long as the app is there; NULL: nobody finds out any. */
void extras_lend_names(struct app *a, struct names *names);

/* Names in place of numbers; or numbers. */
void extras_show_names(struct app *a, bool on);

/* Counts connections that end; or not. */
void extras_count_events(struct app *a, bool on);

#endif
