/* The event loop: waits for a key, a sample, an order or a signal, whichever comes first; lets the
 * app take all that are there; fulfils its wishes; draws once. Drawing last means that a burst of
 * keys costs one picture. */
#include "sockdash/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sockdash/clock.h"
#include "sockdash/errands.h"
#include "sockdash/extras.h"
#include "sockdash/keycodes.h"
#include "sockdash/log.h"
#include "sockdash/names.h"
#include "sockdash/narrower.h"
#include "sockdash/orderer.h"
#include "sockdash/resolver.h"
#include "sockdash/saver.h"

/* Addresses on a screen. */
#define WANTED_MAX 512

/* Who takes longer to tell a name counts as not answering. */
#define NAME_LIMIT_NS (5 * NSEC_PER_SEC)

/* One notices what takes longer. */
#define PATIENCE_NS (300 * NSEC_PER_MSEC)

struct loop {
	struct app *app;
	struct sampler *sampler;
	struct orderer *orderer;
	struct narrower *narrower;
	struct saver *saver;
	struct errands *errands;     /* NULL: there is nothing to ask the kernel for */
	uint64_t looked_at;          /* what it was asked to look at last, and for which sample */
	int64_t late_ns[PANE_COUNT]; /* when the order that a pane waits for is late; 0 none */
	struct names *names;
	struct resolver *resolver;
	bool services_read;
	struct terminal *terminal;
	struct cells cells;
	int signal_fd;
	uint64_t left; /* samples to show; UINT64_MAX: no end */
	int ended_by;
	bool dirty;
	bool untidy; /* samples were put */
};

static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH };

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
		sigaddset(set, handled[i]);
}

void loop_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Curses has handlers of its own: what we let happen by default is to happen by default. */
	for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
		signal(handled[i], SIG_DFL);
	/* A terminal that went away answers EIO, and the loop ends by that. */
	signal(SIGPIPE, SIG_IGN);
	/* A file that would be too large is an error of write(). */
	signal(SIGXFSZ, SIG_IGN);
}

void loop_restore_signals(void)
{
	sigset_t set;

	signal_set(&set);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- Signals --------------------------------------------------------------------------------- */

static void suspend(struct loop *l)
{
	sigset_t stop;

	/* By its default action, which the kernel leaves out where no shell could let us go on. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	l->terminal->ops->leave(l->terminal);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	l->terminal->ops->enter(l->terminal);
	l->dirty = true;
}

static void take_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof info) == sizeof info) {
		switch (info.ssi_signo) {
		case SIGTSTP:
			suspend(l);
			break;
		case SIGCONT: /* after a stop by somebody else the terminal may be in any mode */
			l->terminal->ops->enter(l->terminal);
			l->dirty = true;
			break;
		case SIGWINCH: /* also of the same size, after another terminal was attached */
			l->terminal->ops->repaint(l->terminal);
			l->dirty = true;
			break;
		default:
			l->ended_by = (int)info.ssi_signo;
			break;
		}
	}
}

/* ---- Samples and keys ------------------------------------------------------------------------ */

static void take_sample(struct loop *l)
{
	struct feed_position position;
	int error;
	struct sample *sample = sampler_take(l->sampler, &position, &error);

	if (error)
		app_lost_sample(l->app, error);
	if (sample && !sample->frame->preliminary && l->left != UINT64_MAX)
		l->left--;
	if (sample) {
		orderer_keep(l->orderer, sample);
		app_take(l->app, sample);
	}
	app_move(l->app, &position);
	l->dirty = l->untidy = true;
}

static void take_keys(struct loop *l)
{
	int key;

	while (!l->app->quit && (key = l->terminal->ops->key(l->terminal)) != KEYCODE_NONE) {
		if (key == KEYCODE_MOUSE)
			app_mouse(l->app, &l->terminal->mouse);
		else
			app_key(l->app, key);
		l->dirty = l->untidy = true;
	}
}

static void take_saving(struct loop *l)
{
	struct save_job done;

	if (saver_take(l->saver, &done))
		app_take_saving(l->app, &done);
	l->dirty = l->untidy = true;
}

static void wish_saving(struct loop *l)
{
	struct save_job job;

	if (!app_wish_saving(l->app, &job) || saver_begin(l->saver, &job))
		return;
	app_take_saving(l->app, &job);
	l->dirty = true;
}

static void fulfil_wishes(struct loop *l)
{
	struct app *a = l->app;

	wish_saving(l);

	if (a->wished)
		sampler_control(l->sampler, &a->control);
	a->control.now = a->control.jump = a->wished = false;
	a->control.step = 0;
	if (a->repaint)
		l->terminal->ops->repaint(l->terminal);
	a->repaint = false;
}

/* ---- Orders ---------------------------------------------------------------------------------- */

static void take_orders(struct loop *l)
{
	struct pane_order made;
	size_t pane;

	while (orderer_take(l->orderer, &pane, &made)) {
		app_take_order(l->app, pane, &made);
		orderer_give(l->orderer, &made);
		l->late_ns[pane] = 0;
		l->dirty = true;
	}
}

static void take_narrowings(struct loop *l)
{
	struct narrow_job made;

	while (narrower_take(l->narrower, &made)) {
		if (made.made)
			orderer_keep(l->orderer, made.made);
		app_take_narrowing(l->app, &made);
		narrow_job_drop(&made);
		l->dirty = l->untidy = true;
	}
}

static void wish_narrowing(struct loop *l)
{
	struct narrow_job wish;
	bool waits = app_wish_narrowing(l->app, &wish);

	narrower_wish(l->narrower, waits ? &wish : NULL);
}

/* ---- Errands --------------------------------------------------------------------------------- */

static void take_errands(struct loop *l)
{
	struct looks *looks = errands_take_looks(l->errands);

	struct errand done;
	uint32_t progress;

	if (looks)
		app_take_looks(l->app, looks);
	if (errands_take(l->errands, &done, &progress))
		app_take_errand(l->app, &done);
	else
		app_take_progress(l->app, progress);
	l->dirty = true;
}

static void fulfil_deeds(struct loop *l)
{
	struct errand errand;

	if (!l->errands)
		return;
	if (app_wish_errand(l->app, &errand))
		errands_do(l->errands, &errand);
	if (l->app->deed.cancel)
		errands_cancel(l->errands);
	l->app->deed.cancel = false;
}

/* The sockets on the screen are looked at anew for each sample, and when others come into sight. */
static void wish_looks(struct loop *l)
{
	struct looks_wish wish = { 0 };
	uint64_t what = l->app->sample ? l->app->sample->serial : 0;

	if (!l->errands)
		return;
	if (app_wish_looks(l->app, &wish))
		log_line("no memory to look at sockets");
	what = hash_mix(what, wish.watched);
	for (uint32_t i = 0; i < wish.count; i++)
		what = hash_mix(what, wish.ids[i].key);
	if (wish.count && what != l->looked_at)
		errands_look(l->errands, &wish);
	l->looked_at = what;
	looks_wish_free(&wish);
}

/* ---- What panes wait for --------------------------------------------------------------------- */

/* What panes wait for is known once they were drawn. */
static void wish_orders(struct loop *l)
{
	for (size_t i = 0; i < PANE_COUNT; i++) {
		struct pane_order wish;
		bool waits = app_wish_order(l->app, i, &wish);

		orderer_wish(l->orderer, i, waits ? &wish : NULL);
		if (!waits)
			l->late_ns[i] = 0;
		else if (!l->late_ns[i])
			l->late_ns[i] = clock_mono_ns() + PATIENCE_NS;
	}
	if (l->untidy)
		orderer_tidy(l->orderer);
	l->untidy = false;
}

/* Milliseconds until an order is late; -1: none is on its way, or it was told. */
static int time_to_tell(struct loop *l)
{
	int64_t first = INT64_MAX, now = clock_mono_ns();

	for (size_t i = 0; i < PANE_COUNT; i++) {
		if (!l->late_ns[i] || l->late_ns[i] == INT64_MAX)
			continue;
		if (l->late_ns[i] <= now) {
			app_late_order(l->app, i);
			l->late_ns[i] = INT64_MAX;
			l->dirty = true;
		} else if (l->late_ns[i] < first) {
			first = l->late_ns[i];
		}
	}
	if (l->dirty)
		return 0;
	return first == INT64_MAX ? -1 : (int)((first - now) / NSEC_PER_MSEC) + 1;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static int start_names(struct loop *l)
{
	const struct resolver_settings settings = { .lookup = resolver_ask_system,
		.limit_ns = NAME_LIMIT_NS };

	l->names = names_create();
	if (!l->names)
		return -ENOMEM;
	extras_lend_names(l->app, l->names);
	return resolver_start(&settings, &l->resolver);
}

static void stop_names(struct loop *l)
{
	extras_lend_names(l->app, NULL);
	resolver_stop(l->resolver);
	names_destroy(l->names);
}

/* Before a picture: which addresses it shows will be seen while it is drawn. */
static void begin_names(struct loop *l)
{
	if (!l->app->shows_names)
		return;
	if (!l->services_read)
		resolver_read_services(l->names); /* without memory the numbers stay */
	l->services_read = true;
	names_begin(l->names, clock_mono_ns(), WANTED_MAX);
}

/* And after it. */
static void wish_names(struct loop *l)
{
	const struct names_address *wanted;
	size_t count = 0;

	if (!l->app->shows_names)
		return;
	wanted = names_wanted(l->names, &count);
	resolver_wish(l->resolver, wanted, count);
}

static void take_names(struct loop *l)
{
	names_begin(l->names, clock_mono_ns(), 0);
	if (resolver_take(l->resolver, l->names) && l->app->shows_names)
		l->dirty = true;
}

/* ---- The picture ----------------------------------------------------------------------------- */

static int draw(struct loop *l)
{
	int width, height;

	if (!l->dirty)
		return 0;
	l->dirty = false;
	l->terminal->ops->size(l->terminal, &width, &height);
	if (width != l->cells.width || height != l->cells.height) {
		int err = cells_resize(&l->cells, width, height);

		if (err)
			return err;
	}
	begin_names(l);
	app_draw(l->app, &l->cells);
	l->terminal->ops->draw(l->terminal, &l->cells);
	wish_names(l);
	wish_narrowing(l);
	wish_orders(l);
	wish_looks(l);
	return 0;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static int wait_for_something(struct loop *l)
{
	int events;
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = sampler_fd(l->sampler), .events = POLLIN },
		{ .fd = l->signal_fd, .events = POLLIN },
		{ .fd = orderer_fd(l->orderer), .events = POLLIN },
		{ .fd = narrower_fd(l->narrower), .events = POLLIN },
		{ .fd = l->errands ? errands_fd(l->errands) : -1, .events = POLLIN },
		{ .fd = resolver_fd(l->resolver), .events = POLLIN },
		{ .fd = saver_fd(l->saver), .events = POLLIN },
	};

	events = poll(fds, sizeof fds / sizeof *fds,
		!l->dirty && app_is_busy(l->app) ? 0 : time_to_tell(l));
	if (events < 0)
		return errno == EINTR ? 0 : -errno;
	if (!events && app_is_busy(l->app)) {
		app_work(l->app);
		l->dirty = !app_is_busy(l->app);
	}
	if (fds[2].revents)
		take_signals(l);
	if (fds[1].revents)
		take_sample(l);
	if (fds[4].revents)
		take_narrowings(l);
	if (fds[5].revents)
		take_errands(l);
	if (fds[6].revents)
		take_names(l);
	if (fds[7].revents)
		take_saving(l);
	if (fds[3].revents)
		take_orders(l);
	if (fds[0].revents & POLLIN)
		take_keys(l);
	/* The terminal went away. */
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		return -EIO;
	return 0;
}

int loop_run(struct app *a, struct sampler *sampler, struct terminal *terminal, bool ascii,
	uint64_t count, int *ended_by)
{
	struct loop l = {
		.app = a,
		.sampler = sampler,
		.terminal = terminal,
		.cells = { .ascii = ascii },
		.left = count ? count : UINT64_MAX,
		.dirty = true,
	};
	sigset_t set;
	int err;

	signal_set(&set);
	l.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	err = l.signal_fd < 0 ? -errno : 0;
	if (!err)
		err = orderer_start(&l.orderer);
	if (!err)
		err = narrower_start(&l.narrower);
	if (!err)
		err = saver_open(&l.saver);
	if (!err && a->live)
		err = errands_start(&l.errands);
	if (!err)
		err = start_names(&l);
	while (!err && !a->quit && !l.ended_by && l.left) {
		err = draw(&l);
		if (!err)
			err = wait_for_something(&l);
		fulfil_wishes(&l);
		fulfil_deeds(&l);
	}
	if (!err && !l.left)
		err = draw(&l);
	terminal->ops->leave(terminal);
	saver_close(l.saver);
	narrower_stop(l.narrower);
	orderer_stop(l.orderer);
	errands_stop(l.errands);
	stop_names(&l);
	if (l.signal_fd >= 0)
		close(l.signal_fd);
	cells_free(&l.cells);
	*ended_by = l.ended_by;
	return err;
}
