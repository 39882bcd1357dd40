/* deed: what the user does to sockets and processes: to destroy the ones, to send signals to the
 * others. Never without a question that names them, and never in a recording. */
#ifndef SOCKDASH_DEED_H
#define SOCKDASH_DEED_H

#include "sockdash/cells.h"
#include "sockdash/errands.h"

struct app;

/* How far it is. */
enum deed_stage {
	DEED_NONE,
	DEED_MENU,  /* the signal is being chosen (APP_DEED) */
	DEED_READY, /* the errand is there for somebody to take */
	DEED_BUSY,  /* somebody does it */
	DEED_ASK,   /* the question waits for its answer (APP_DEED) */
};

struct deed {
	enum deed_stage stage;
	struct errand errand;
	int signal;          /* 0: sockets are destroyed */
	bool all;            /* all that the filter selects */
	uint32_t others;     /* how many that would be, where there is a filter */
	uint32_t close_wait; /* sockets in CLOSE-WAIT among those to be destroyed */
	uint32_t udp;        /* and of UDP: these are disconnected, and stay where they are bound */
	uint32_t spared;     /* processes that are left out: init and ourselves */
	struct buf what;     /* names the target */
	struct buf note;     /* what else there is to say before one answers, "" nothing */
	uint32_t progress;   /* of what is busy... */
	uint32_t count;      /* ...this many */
	bool cancel;         /* wished; reset by who fulfils it */
	uint32_t menu;       /* signal under the cursor */
};

void deed_free(struct deed *d);

/* Asks whether to destroy what is under the cursor, or which signal to send to its process. Says why
 * where that does not go. */
void deed_begin_destroy(struct app *a);
void deed_begin_signal(struct app *a);

/* A key while a question or the menu is open. */
void deed_key(struct app *a, int key);

/* Draws the question or the menu over the panes. */
void deed_draw(const struct app *a, struct cells *c);

/* The user wants to stop what is busy; false where nothing is. */
bool deed_cancel(struct app *a);

/* The errand to do now, the caller's; false where there is none. */
bool app_wish_errand(struct app *a, struct errand *out);

/* Takes how far it is, and what came of it. */
void app_take_progress(struct app *a, uint32_t progress);
void app_take_errand(struct app *a, struct errand *done);

/* ---- Who is meant (deed_targets.c) ----------------------------------------------------------- */

/* Fills the errand, what it is about and how many more the filter selects. False where there is nothing
 * (and it was said why). */
bool deed_find_socks(struct app *a);
bool deed_find_procs(struct app *a);

/* The same for all that the filter selects. */
bool deed_find_all_socks(struct app *a);
bool deed_find_all_procs(struct app *a);

/* ---- In words (deed_words.c) ----------------------------------------------------------------- */

/* "TERM", or "signal 40" in `room`. */
const char *deed_signal_name(int signal, char room[16]);

/* The question. */
void deed_question(const struct deed *d, const char *filter, struct buf *out);

/* What came of it. */
void deed_result(const struct deed *d, const struct errand *done, struct buf *out);

#endif
