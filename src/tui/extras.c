/* What costs more than the rest, or asks others: off until it is wished. */
#include "sockdash/extras.h"

#include "sockdash/app.h"
#include "sockdash/names.h"

/* Names are asked for while the rows are drawn, and somebody else finds out. */
static void follow(struct app *a)
{
	a->beside.names = a->shows_names ? a->names : NULL;
}

void extras_lend_names(struct app *a, struct names *names)
{
	a->names = names;
	follow(a);
}

void extras_show_names(struct app *a, bool on)
{
	a->shows_names = on;
	follow(a);
	app_say(a, on ? "names of hosts and services, as they are found" : "numbers, no names");
}

void extras_count_events(struct app *a, bool on)
{
	if (a->replay) {
		app_say(a, "a recording does not tell which connections ended between samples");
		return;
	}
	a->counts_events = on;
	app_say(a, on ? "connections that end are counted from now on, also the shortest"
		      : "connections that end are not counted");
}
