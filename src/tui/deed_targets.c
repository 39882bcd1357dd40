/* Who is meant: the row under the cursor, or all that the filter selects. A row of another pane than
 * that of sockets stands for the sockets that it opens, without listeners: whoever ends connections
 * seldom wants to end the service, and in the pane of sockets one can. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/app.h"
#include "sockdash/deed.h"
#include "sockdash/endpoint.h"
#include "sockdash/grow.h"
#include "sockdash/proc_fields.h"

#define INIT_PID 1

static void say_no_memory(struct app *a)
{
	app_say(a, "out of memory: nothing was done");
}

/* ---- Sockets --------------------------------------------------------------------------------- */

static int add_sock(struct deed *d, const struct frame *f, const struct sock *s)
{
	struct errand *e = &d->errand;
	int err = grow(&e->socks, e->count, &e->room, sizeof *e->socks);

	if (err)
		return err;
	e->socks[e->count++] = sock_id_of(f, s);
	d->close_wait += s->state == SOCK_CLOSE_WAIT;
	d->udp += s->proto == SOCK_UDP;
	return 0;
}

static const struct sample *whole_of(const struct sample *s)
{
	return s->whole ? s->whole : s;
}

/* Those of the sample that `terms` selects (NULL: all), but listeners. */
static int add_selected(struct deed *d, const struct sample *s, const struct filter *terms)
{
	struct rowset all = rowset_of(&table_sockets, whole_of(s));
	int err = 0;

	for (uint32_t n = 0; !err && n < sample_sock_count(s); n++) {
		uint32_t row = sample_sock_row(s, n);
		const struct sock *sock = &s->frame->socks[row];

		if (!sock_is_listener(sock) && sock->cookie &&
			(!terms || filter_selects(terms, &all, row)))
			err = add_sock(d, s->frame, sock);
	}
	return err;
}

/* How many the filter selects, where there is one. */
static uint32_t count_selected(const struct app *a)
{
	const struct sample *s = a->shown.sample;
	uint32_t count = 0;

	if (filter_is_all(a->filter) || !s || !s->whole)
		return 0;
	for (uint32_t n = 0; n < s->selected_count; n++)
		count += !sock_is_listener(&s->frame->socks[s->selected[n]]);
	return count;
}

/* "tcp ESTAB 10.0.0.1:443 > 10.2.3.4:5555 (java, pid 2291)". */
static void name_sock(struct buf *out, const struct frame *f, const struct sock *s)
{
	const struct proc *p = frame_owner(f, s);
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];

	buf_addf(out, "%s %s %s", sock_proto_name(s->proto), sock_state_name(s->state),
		endpoint_text(f, s, true, 0, local));
	if (!sock_is_listener(s))
		buf_addf(out, " > %s", endpoint_text(f, s, false, 0, remote));
	if (p)
		buf_addf(out, " (%s, pid %u)", *p->name ? p->name : "?", p->pid);
}

static void note_sock(struct buf *note, const struct sock *s)
{
	if (s->state == SOCK_CLOSE_WAIT)
		buf_adds(note, "Its descriptor stays open: this cures no leak.");
	else if (s->proto == SOCK_UDP)
		buf_adds(note, "Its process gets an error; bound to a port it stays.");
	else if (sock_is_listener(s))
		buf_adds(note, "Nobody can connect to it then.");
}

static bool take_sock(struct app *a, const struct frame *f, const struct sock *s)
{
	struct deed *d = &a->deed;

	if (!s->cookie) {
		app_say(a, "without sock_diag sockets cannot be told apart, nor destroyed");
		return false;
	}
	if (add_sock(d, f, s)) {
		say_no_memory(a);
		return false;
	}
	name_sock(&d->what, f, s);
	note_sock(&d->note, s);
	return true;
}

/* The row under the cursor of the pane that keys go to; false where there is none. */
static bool row_of(struct app *a, struct rowset *rows, uint32_t *row)
{
	const struct pane_state *p = app_pane(a);

	if (!p->sample || !p->count || p->position < p->from || p->position >= p->to) {
		app_say(a, "%s: there is no row under the cursor", p->pane->title);
		return false;
	}
	*rows = rowset_of(p->table, p->sample);
	*row = pane_row(p, p->position);
	return true;
}

/* The sockets that the row would open. */
static bool take_row(struct app *a, const struct rowset *rows, uint32_t row)
{
	struct deed *d = &a->deed;
	struct buf terms = { 0 };
	struct filter *filter = NULL;
	struct filter_error error;
	int err;

	if (!app_pane(a)->pane->drill(rows, row, &terms, &d->what)) {
		app_say(a, "%s: this row stands for no sockets", app_pane(a)->pane->title);
		buf_free(&terms);
		return false;
	}
	err = terms.failed ? -ENOMEM : filter_parse(terms.data, terms.len, &filter, &error);
	if (!err)
		err = add_selected(d, rows->sample, filter);
	filter_put(filter);
	buf_free(&terms);
	if (err)
		say_no_memory(a);
	else if (!d->errand.count)
		app_say(a, "%s has no connections to destroy", d->what.data);
	if (d->close_wait)
		buf_adds(&d->note, "Descriptors of those in CLOSE-WAIT stay open: this cures no "
				   "leak.");
	return !err && d->errand.count;
}

bool deed_find_socks(struct app *a)
{
	const struct pane_state *p = app_pane(a);
	const struct frame *f;
	const struct sock *s;
	struct rowset rows;
	uint32_t row;

	a->deed.others = count_selected(a);
	if (detail_current(a, &f, &s))
		return take_sock(a, f, s);
	if (a->detail.open) {
		app_say(a, "this socket is gone");
		return false;
	}
	if (p->pane->no_drill) {
		app_say(a, "%s: %s", p->pane->title, p->pane->no_drill);
		return false;
	}
	if (!row_of(a, &rows, &row))
		return false;
	if (p->pane != &pane_sockets)
		return take_row(a, &rows, row);
	f = rows.sample->frame;
	return take_sock(a, f, &f->socks[sample_sock_row(rows.sample, row)]);
}

bool deed_find_all_socks(struct app *a)
{
	struct deed *d = &a->deed;

	d->close_wait = d->udp = 0;
	if (!a->shown.sample || add_selected(d, a->shown.sample, NULL)) {
		say_no_memory(a);
		return false;
	}
	if (d->close_wait)
		buf_adds(&d->note, "Descriptors of those in CLOSE-WAIT stay open: this cures no "
				   "leak.");
	return d->errand.count;
}

/* ---- Processes ------------------------------------------------------------------------------- */

static bool is_aimed_at(const struct errand *e, const struct proc *p)
{
	for (uint32_t i = 0; i < e->count; i++)
		if (e->targets[i].pid == p->pid && e->targets[i].start == p->start)
			return true;
	return false;
}

static int add_proc(struct deed *d, const struct proc *p)
{
	struct errand *e = &d->errand;
	int err;

	if (is_aimed_at(e, p))
		return 0;
	err = grow(&e->targets, e->count, &e->room, sizeof *e->targets);
	if (!err)
		e->targets[e->count++] =
			(struct errand_target){ .pid = p->pid, .start = p->start, .aim = -ESRCH };
	return err;
}

static bool owners_are_known(const struct app *a)
{
	const struct frame *f = a->sample ? a->sample->frame : NULL;

	return f && f->owners_known && f->owners_percent >= 100;
}

static bool take_proc(struct app *a, const struct proc *p)
{
	struct deed *d = &a->deed;

	if (!p) {
		app_say(a, owners_are_known(a) ? "no process that can be seen owns this"
					       : "owners are still being looked for: try again");
		return false;
	}
	if (add_proc(d, p)) {
		say_no_memory(a);
		return false;
	}
	buf_addf(&d->what, "%s, pid %u", *p->name ? p->name : "?", p->pid);
	if (*p->user)
		buf_addf(&d->what, ", user %s", p->user);
	if (p->pid == INIT_PID)
		buf_adds(&d->note,
			"This is pid 1: the whole machine, or container, may end with it.");
	else if (p->pid == (uint32_t)getpid())
		buf_adds(&d->note, "This is sockdash itself.");
	else if (*p->cmdline)
		buf_addf(&d->note, "Its command is: %s", p->cmdline);
	return true;
}

/* The process of the row, or the first that owns its socket; NULL where there is none. */
static const struct proc *proc_of(const struct rowset *rows, uint32_t row)
{
	const struct sample *s = rows->sample;
	const struct frame *f = s->frame;

	if (rows->table == &table_procs)
		return s->procs[row].kind == PROC_ROW_PROCESS ? &f->procs[s->procs[row].proc]
							      : NULL;
	if (rows->table == &table_leaks || rows->table == table_leaks.all)
		return s->leaks[row].kind == PROC_ROW_PROCESS ? &f->procs[s->leaks[row].proc]
							      : NULL;
	if (rows->table == &table_listen)
		return frame_owner(f, &f->socks[s->listeners[row].sock]);
	return frame_owner(f, &f->socks[sample_sock_row(s, row)]);
}

static bool has_processes(const struct pane *p)
{
	return p == &pane_procs || p == &pane_leaks || p == &pane_listen || p == &pane_sockets;
}

/* The first that owns a socket is the one that is shown beside it. One socket that lingers has none. */
bool deed_find_procs(struct app *a)
{
	const struct pane_state *p = app_pane(a);
	const struct frame *f;
	const struct sock *s;
	struct rowset rows;
	uint32_t row;

	if (!filter_is_all(a->filter))
		a->deed.others = count_selected(a);
	if (detail_current(a, &f, &s))
		return take_proc(a, frame_owner(f, s));
	if (a->detail.open) {
		app_say(a, "this socket is gone");
		return false;
	}
	if (!has_processes(p->pane)) {
		app_say(a, "%s: a row of this pane is not of one process", p->pane->title);
		return false;
	}
	return row_of(a, &rows, &row) && take_proc(a, proc_of(&rows, row));
}

bool deed_find_all_procs(struct app *a)
{
	const struct sample *s = a->shown.sample;
	struct deed *d = &a->deed;
	const struct frame *f = s ? s->frame : NULL;
	uint8_t *seen = s ? calloc(f->proc_count + 1, 1) : NULL;
	int err = seen ? 0 : -ENOMEM;

	d->spared = 0;
	for (uint32_t n = 0; !err && n < sample_sock_count(s); n++) {
		uint32_t e = f->socks[sample_sock_row(s, n)].owner;

		for (; !err && e != SOCK_NONE; e = frame_next_owner(f, e)) {
			const struct proc *p = &f->procs[f->edges[e].proc];

			if (seen[f->edges[e].proc]++)
				continue;
			if (p->pid == INIT_PID || p->pid == (uint32_t)getpid())
				d->spared++;
			else if (d->errand.count < ERRAND_TARGETS_MAX + 1)
				err = add_proc(d, p);
			seen[f->edges[e].proc] = 1;
		}
	}
	free(seen);
	if (err)
		say_no_memory(a);
	else if (!d->errand.count)
		app_say(a, "no process that can be seen owns one of the selected sockets");
	else if (d->errand.count > ERRAND_TARGETS_MAX)
		app_say(a, "more than %d processes own selected sockets: too many for one signal",
			ERRAND_TARGETS_MAX);
	if (d->spared)
		buf_addf(&d->note, "Pid 1 and sockdash itself are left out.");
	return !err && d->errand.count && d->errand.count <= ERRAND_TARGETS_MAX;
}
