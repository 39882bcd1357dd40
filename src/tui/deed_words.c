/* Questions and results in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/deed.h"
#include "sockdash/fmt.h"
#include "sockdash/signal_names.h"

const char *deed_signal_name(int signal, char room[16])
{
	for (size_t i = 0; i < signal_name_count; i++)
		if (signal_names[i].number == signal)
			return signal_names[i].name;
	snprintf(room, 16, "signal %d", signal);
	return room;
}

/* "1 socket", "9,870 sockets". */
static void add_number(struct buf *out, uint32_t n, const char *one, const char *many)
{
	char room[FMT_MAX];

	buf_addf(out, "%s %s", fmt_count(room, n, 0), n == 1 ? one : many);
}

static void add_things(struct buf *out, const struct deed *d, uint32_t n)
{
	if (d->signal)
		add_number(out, n, "process", "processes");
	else
		add_number(out, n, "socket", "sockets");
}

/* ---- Before ---------------------------------------------------------------------------------- */

static void add_verb(struct buf *out, const struct deed *d)
{
	char room[16];

	if (d->signal)
		buf_addf(out, "Send %s (%d) to ", deed_signal_name(d->signal, room), d->signal);
	else
		buf_adds(out, "Destroy ");
}

void deed_question(const struct deed *d, const char *filter, struct buf *out)
{
	add_verb(out, d);
	if (d->all) {
		buf_adds(out, "all ");
		add_things(out, d, d->errand.count);
		buf_addf(out,
			d->signal ? " with sockets that '%s' selects?" : " that '%s' selects?",
			filter);
	} else {
		if (!d->signal && d->errand.count != 1) {
			add_things(out, d, d->errand.count);
			buf_adds(out, " of ");
		}
		buf_addf(out, "%s?", d->what.len ? d->what.data : "");
	}
	if (d->note.len)
		buf_addf(out, " %s", d->note.data);
}

/* ---- After ----------------------------------------------------------------------------------- */

static const char *why_denied(const struct deed *d)
{
	return d->signal ? "no privilege: it is another user's"
			 : "no privilege: that takes CAP_NET_ADMIN";
}

static const char *why_unsupported(const struct deed *d)
{
	return d->signal ? "this kernel (before 5.1) has no signal that cannot hit another process"
			 : "this kernel cannot do it (CONFIG_INET_DIAG_DESTROY), or not in this "
			   "state";
}

/* What there still is of sockets that were destroyed. */
static void add_what_stays(struct buf *out, const struct deed *d, const struct errand *e)
{
	if (d->signal || !e->done)
		return;
	if (d->udp)
		buf_adds(out, e->count == 1
				      ? "; its process gets an error, bound to a port it stays"
				      : "; processes of UDP sockets get an error, those bound "
					"to a port stay");
	if (!d->close_wait)
		return;
	if (e->count == 1)
		buf_adds(out, "; its descriptor stays open: only the process can close it");
	else
		buf_adds(out, "; descriptors of those in CLOSE-WAIT stay open: only their process "
			      "can close them");
}

static void tell_one(const struct deed *d, const struct errand *e, struct buf *out)
{
	char room[16];

	if (e->done && d->signal)
		buf_addf(out, "%s was sent to %s", deed_signal_name(d->signal, room), d->what.data);
	else if (e->done)
		buf_addf(out, "destroyed: %s", d->what.data);
	else if (e->gone)
		buf_addf(out, "already gone: %s", d->what.data);
	else
		buf_addf(out, "%s: %s",
			e->denied        ? why_denied(d)
			: e->unsupported ? why_unsupported(d)
					 : strerror(e->error ? -e->error : ECANCELED),
			d->what.data);
	add_what_stays(out, d, e);
}

static void add_part(struct buf *out, uint32_t n, const char *what)
{
	char room[FMT_MAX];

	if (n)
		buf_addf(out, ", %s %s", fmt_count(room, n, 0), what);
}

static void add_refused(struct buf *out, uint32_t n, const char *why)
{
	char room[FMT_MAX];

	if (n)
		buf_addf(out, ", %s refused: %s", fmt_count(room, n, 0), why);
}

static void tell_many(const struct deed *d, const struct errand *e, struct buf *out)
{
	char room[16];

	if (d->signal) {
		buf_addf(out, "%s was sent to ", deed_signal_name(d->signal, room));
		add_things(out, d, e->done);
	} else {
		add_things(out, d, e->done);
		buf_adds(out, " destroyed");
	}
	add_part(out, e->gone, e->gone == 1 ? "was gone already" : "were gone already");
	add_refused(out, e->denied, why_denied(d));
	add_refused(out, e->unsupported, why_unsupported(d));
	if (e->failed)
		add_refused(out, e->failed, strerror(-e->error));
	add_part(out, e->count - e->done - e->gone - e->denied - e->unsupported - e->failed,
		e->cancelled ? "left: stopped" : "left");
	if (!e->cancelled && !e->denied && !e->unsupported && !e->failed && e->error)
		buf_addf(out, ": %s", strerror(-e->error));
	add_what_stays(out, d, e);
}

void deed_result(const struct deed *d, const struct errand *done, struct buf *out)
{
	if (done->count == 1 && d->what.len && !d->all)
		tell_one(d, done, out);
	else
		tell_many(d, done, out);
}
