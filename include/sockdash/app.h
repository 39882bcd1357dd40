/* app: the dashboard's state, and how keys and samples change it. No terminal, no clock, no kernel:
 * keys and samples go in, a picture and wishes come out. */
#ifndef SOCKDASH_APP_H
#define SOCKDASH_APP_H

#include "sockdash/cells.h"
#include "sockdash/chooser.h"
#include "sockdash/deed.h"
#include "sockdash/detail.h"
#include "sockdash/feed.h"
#include "sockdash/filter.h"
#include "sockdash/pane.h"
#include "sockdash/places.h"
#include "sockdash/prompt.h"
#include "sockdash/sample.h"
#include "sockdash/saving.h"
#include "sockdash/search.h"
#include "sockdash/shown.h"
#include "sockdash/sight.h"

enum app_mode {
	APP_PANES,
	APP_HELP,
	APP_SORT,      /* choosing the column to sort by */
	APP_COLUMNS,   /* choosing the columns */
	APP_INTERVAL,  /* typing the interval */
	APP_JUMP,      /* typing where in a recording to go */
	APP_FILTER,    /* typing the filter, which follows */
	APP_SEARCH,    /* typing what to search for, likewise */
	APP_SAVE,      /* typing the file to write to */
	APP_OVERWRITE, /* answering whether it may be written over */
	APP_DEED,      /* choosing a signal, or answering whether to act */
};

#define APP_OVERVIEW (-1)

struct app {
	struct pane_state panes[PANE_COUNT];
	int full;       /* the pane that fills the screen, or APP_OVERVIEW */
	unsigned focus; /* of the overview */
	enum app_mode mode;
	uint32_t menu; /* menus: line under the cursor; APP_HELP: first line */
	uint32_t page; /* APP_HELP, menus: lines on the screen when they were last drawn */
	uint32_t menu_page,
		menu_last;    /* lines of a page, and the last line; for the keys of menus */
	struct area menu_box; /* menus: where their lines were drawn... */
	uint32_t menu_top;    /* ...from this one on */
	struct area footer;   /* where its keys were drawn; nothing where there is another text */
	struct chooser chooser;
	bool lost; /* the message says that a sample was lost: the next sample takes it away */
	char message[512];     /* of the last key or event; "" none */
	struct sample *sample; /* the newest, whole */
	bool secure; /* only looks: no actions on sockets and processes, no files written */
	bool live;   /* of the kernel that we run on */
	bool replay; /* of a recording */
	struct feed_position position; /* in it */

	/* What the panes show: the samples as the filter of the place where we are makes them. */
	struct filter *filter;    /* NULL: none */
	uint8_t prefix4, prefix6; /* bits by which peers stand together; 0: each for itself */
	struct shown shown;
	struct places places; /* the way back */

	/* What is known beside the samples, of what is on the screen. */
	struct beside beside;
	struct looks *looks;  /* or NULL */
	struct detail detail; /* the socket whose details lie over the panes */
	struct deed deed;     /* what is done to sockets and processes */
	struct names *names;  /* borrowed, or NULL */
	bool shows_names;     /* they are wished for */
	bool counts_events;   /* so are connections that end */

	/* Typing. */
	struct prompt prompt;
	struct prompt_history filters, searches, paths; /* typed before */
	struct filter *filter_before;                   /* APP_FILTER: the one to give back */
	struct filter_error mistake; /* APP_FILTER: in what is typed now, where `mistaken` */
	bool mistaken;
	struct search search;

	struct save_job
		saving; /* what is to be written to a file, or may be once that is answered */

	/* Wishes, for the loop to fulfil. */
	bool wishes_saving;
	struct feed_control control;
	bool wished;  /* `control` was changed; reset by the loop with what is for once in it */
	bool repaint; /* the terminal may show something else; reset by the loop */
	bool quit;
};

struct app_settings {
	int pane; /* to open on, or APP_OVERVIEW */
	double interval_s;
	bool live; /* of the kernel that we run on */
	bool replay;
	double cpu_limit;              /* percent of one core; 0: none */
	bool all;                      /* panes begin with all rows */
	bool secure;                   /* no actions, no files */
	bool names, events;            /* what of the extras is wished */
	const struct filter *filter;   /* to begin with; NULL: none */
	uint8_t prefix4, prefix6;      /* likewise */
	const struct columns *columns; /* of each pane; none: its own. NULL: all have their own */
};

void app_init(struct app *a, const struct app_settings *s);
void app_free(struct app *a);

/* NEED_... of what is on the screen. To be wished for after panes were changed from outside. */
unsigned app_needs(const struct app *a);

/* Takes a sample (the reference becomes the app's). */
void app_take(struct app *a, struct sample *sample);

/* Takes where in a recording we are. */
void app_move(struct app *a, const struct feed_position *position);

/* The order that a pane waits for, for somebody to make (its sample is borrowed). False where it
 * waits for none, or does not wait any more. */
bool app_wish_order(const struct app *a, size_t pane, struct pane_order *out);

/* Takes such an order, as pane_take() does. */
void app_take_order(struct app *a, size_t pane, struct pane_order *made);

/* Tells that one waits so long for it that one should be told. */
void app_late_order(struct app *a, size_t pane);

/* The narrowing that is waited for, for somebody to make (its samples and filter are borrowed). False
 * where none is. */
bool app_wish_narrowing(const struct app *a, struct narrow_job *out);

/* Takes such a narrowing, unless it is not wished any more: what is left in *made is the caller's. */
void app_take_narrowing(struct app *a, struct narrow_job *made);

/* Tells that a sample could not be made. */
void app_lost_sample(struct app *a, int error);

void app_key(struct app *a, int key);

/* Whether there is work to be done while no key waits, and a slice of it: some milliseconds. */
bool app_is_busy(const struct app *a);
void app_work(struct app *a);

/* Draws into the whole grid. Changes what panes remember of their scrolling. */
void app_draw(struct app *a, struct cells *c);

/* The pane that keys go to. */
struct pane_state *app_pane(struct app *a);

/* Wishes for what has come into sight, after anything that may change it. */
void app_follow_needs(struct app *a);

/* For the actions of keys. */
struct feed_control *app_wish(struct app *a); /* to change what it answers */
void app_say(struct app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void app_open_pane(struct app *a, int pane);

/* Makes a filter (a reference, which becomes the app's; NULL: none) that of the place where we are. */
void app_set_filter(struct app *a, struct filter *f);

/* Brings what is shown up to sample and filter, as far as it takes no time. */
void app_follow(struct app *a);

/* Opens the details of the socket with that identity in the table of sockets. */
void app_open_socket(struct app *a, uint64_t identity);

/* The lines of the help, and one of them: its text and what it is. */
size_t app_help_lines(bool replay);
void app_help_line(bool replay, size_t line, struct buf *keys, struct buf *text, enum role *role);

#endif
