/* Only TCP tells more of a socket than its row has, and only of one that has a connection; the
 * details of a socket want all that there is of any. */
#include "sockdash/sight.h"

#include <errno.h>

#include "sockdash/app.h"

static bool tells_more(const struct sock *s)
{
	return s->proto == SOCK_TCP && s->cookie && s->state != SOCK_LISTEN &&
	       s->state != SOCK_TIME_WAIT && s->state != SOCK_SYN_RECV;
}

/* Whether it is the pane of sockets, with columns of tcp_info. */
static bool shows_info(const struct app *a)
{
	return a->full != APP_OVERVIEW && panes[a->full] == &pane_sockets &&
	       a->panes[a->full].shows_info && a->mode != APP_HELP;
}

int app_wish_looks(const struct app *a, struct looks_wish *out)
{
	const struct pane_state *p = &a->panes[a->full == APP_OVERVIEW ? 0 : a->full];
	int err = 0;

	if (a->live && a->detail.open) {
		out->watched = a->detail.id.key;
		return a->detail.asked ? looks_wish_add(out, &a->detail.id) : 0;
	}
	if (!a->live || !shows_info(a) || !p->sample || !p->count || p->sample->frame->infos)
		return 0;
	for (uint32_t i = p->top; !err && i < p->top + p->page && i < p->to; i++) {
		const struct frame *f = p->sample->frame;
		const struct sock *s = &f->socks[sample_sock_row(p->sample, pane_row(p, i))];
		struct sock_id id;

		if (!tells_more(s))
			continue;
		id = sock_id_of(f, s);
		err = looks_wish_add(out, &id);
	}
	return err;
}

void app_take_looks(struct app *a, struct looks *looks)
{
	looks_free(a->looks);
	a->looks = looks;
	a->beside.looks = looks;
	detail_take_looks(a);
}
