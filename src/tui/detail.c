/* The page is made anew when a sample or a look has come, and stays as it is when the socket is gone:
 * its last values are what one wants to read then. */
#include "sockdash/detail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/app.h"
#include "sockdash/endpoint.h"
#include "sockdash/fmt.h"
#include "sockdash/keycodes.h"

/* ---- Which socket ---------------------------------------------------------------------------- */

static void forget(struct detail *d)
{
	buf_free(&d->title);
	page_free(&d->page);
	d->history = (struct sock_history){ 0 };
	d->facts = (struct sock_facts){ 0 };
	d->last_ns = d->gone_ns = 0;
	d->top = 0;
	d->asked = false;
	d->id = (struct sock_id){ 0 };
	d->row = SOCK_NONE;
}

void detail_free(struct detail *d)
{
	forget(d);
	d->open = false;
	d->depth = 0;
}

void detail_close(struct app *a)
{
	detail_free(&a->detail);
}

static uint64_t identity_of(const struct frame *f, const struct sock *s)
{
	return frame_sock_key(f, s) | 1;
}

/* Most often it is where it was, or near. */
static uint32_t find_row(const struct frame *f, uint64_t identity)
{
	for (uint32_t row = 0; row < f->sock_count; row++)
		if (identity_of(f, &f->socks[row]) == identity)
			return row;
	return SOCK_NONE;
}

bool detail_current(const struct app *a, const struct frame **f, const struct sock **s)
{
	const struct detail *d = &a->detail;

	if (!d->open || d->row == SOCK_NONE || !a->sample)
		return false;
	*f = a->sample->frame;
	*s = &(*f)->socks[d->row];
	return true;
}

/* ---- What is known --------------------------------------------------------------------------- */

static const struct sock_look *look_of(const struct app *a)
{
	return looks_find(a->looks, a->detail.id.key);
}

static void note_moment(struct app *a, int64_t wall_ns, const struct sock *s)
{
	const struct sock_look *look = look_of(a);
	struct sock_moment m = {
		.wall_ns = wall_ns,
		.recv_q = s->recv_q,
		.send_q = s->send_q,
		.rtt_us = look ? look->info.rtt_us : SOCK_INFO_NONE,
		.tx_rate = look ? look->info.tx_rate : NAN,
		.rx_rate = look ? look->info.rx_rate : NAN,
		.state = s->state,
	};

	sock_history_add(&a->detail.history, &m);
}

static void make_title(struct detail *d, const struct frame *f, const struct sock *s)
{
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX];

	buf_free(&d->title);
	buf_addf(&d->title, "%s %s %s", sock_proto_name(s->proto), sock_state_name(s->state),
		endpoint_text(f, s, true, 0, local));
	if (!sock_is_listener(s))
		buf_addf(&d->title, " > %s", endpoint_text(f, s, false, 0, remote));
}

/* Without memory the page is what it was. */
static void make_page(struct app *a)
{
	struct detail *d = &a->detail;
	struct sock_story story = {
		.sample = a->sample,
		.row = d->row,
		.facts = &d->facts,
		.look = look_of(a),
		.history = &d->history,
		.live = a->live,
		.replay = a->replay,
	};
	struct page page = { 0 };

	detail_socket(&story, &page);
	if (page.failed) {
		page_free(&page);
		return;
	}
	page_free(&d->page);
	d->page = page;
	make_title(d, a->sample->frame, &a->sample->frame->socks[d->row]);
}

void detail_follow(struct app *a)
{
	struct detail *d = &a->detail;
	const struct frame *f = a->sample ? a->sample->frame : NULL;
	const struct sock *s;

	if (!d->open || !f)
		return;
	d->row = find_row(f, d->identity);
	if (d->row == SOCK_NONE) {
		if (!d->gone_ns)
			d->gone_ns = f->wall_ns;
		return;
	}
	s = &f->socks[d->row];
	d->gone_ns = 0;
	d->id = sock_id_of(f, s);
	d->asked = s->cookie != 0;
	if (f->wall_ns != d->last_ns)
		note_moment(a, f->wall_ns, s);
	d->last_ns = f->wall_ns;
	make_page(a);
}

void detail_take_looks(struct app *a)
{
	struct detail *d = &a->detail;

	if (!d->open || !d->asked || !a->looks || a->looks->watched != d->id.key)
		return;
	/* What was known of one that is gone stays. */
	if (a->looks->facts.known || !d->facts.known)
		d->facts = a->looks->facts;
	/* Of several UDP sockets on a port the kernel tells of one: another may still be there. */
	if (a->looks->facts.gone && !d->gone_ns && d->row != SOCK_NONE &&
		a->sample->frame->socks[d->row].proto == SOCK_TCP)
		d->gone_ns = a->sample->frame->wall_ns;
	if (d->row == SOCK_NONE)
		return;
	if (d->history.count) {
		struct sock_moment *m = &d->history.moments[d->history.count - 1];
		const struct sock_look *look = look_of(a);

		m->rtt_us = look ? look->info.rtt_us : m->rtt_us;
		m->tx_rate = look ? look->info.tx_rate : m->tx_rate;
		m->rx_rate = look ? look->info.rx_rate : m->rx_rate;
	}
	make_page(a);
}

/* ---- Going there and back -------------------------------------------------------------------- */

static void show(struct app *a, uint64_t identity)
{
	struct detail *d = &a->detail;

	forget(d);
	d->open = true;
	d->identity = identity;
	detail_follow(a);
}

void app_open_socket(struct app *a, uint64_t identity)
{
	a->detail.depth = 0;
	show(a, identity);
}

static void open_peer(struct app *a)
{
	struct detail *d = &a->detail;
	const struct frame *f;
	const struct sock *s;
	uint32_t row;

	if (!detail_current(a, &f, &s)) {
		app_say(a, "this socket is gone");
		return;
	}
	row = detail_peer(f, d->row);
	if (row == SOCK_NONE) {
		app_say(a, "its other end is not on this machine");
		return;
	}
	if (d->depth == DETAIL_WAY_MAX) {
		memmove(d->way, d->way + 1, (DETAIL_WAY_MAX - 1) * sizeof *d->way);
		d->depth--;
	}
	d->way[d->depth++] = d->identity;
	show(a, identity_of(f, &f->socks[row]));
}

static void go_back(struct app *a)
{
	struct detail *d = &a->detail;

	if (d->depth)
		show(a, d->way[--d->depth]);
	else
		detail_close(a);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static bool scroll(struct detail *d, int key)
{
	int64_t page = d->shown > 1 ? d->shown - 1 : 1, to = d->top;

	switch (key) {
	case KEYCODE_UP:
	case 'k':
	case KEYCODE_CTRL('p'):
		to--;
		break;
	case KEYCODE_DOWN:
	case 'j':
	case KEYCODE_CTRL('n'):
		to++;
		break;
	case KEYCODE_PAGE_UP:
	case KEYCODE_CTRL('b'):
		to -= page;
		break;
	case KEYCODE_PAGE_DOWN:
	case KEYCODE_CTRL('f'):
		to += page;
		break;
	case KEYCODE_HOME:
	case 'g':
		to = 0;
		break;
	case KEYCODE_END:
	case 'G':
		to = INT32_MAX;
		break;
	default:
		return false;
	}
	d->top = to < 0 ? 0 : (uint32_t)to; /* drawing knows where it ends */
	return true;
}

/* Keys that say something about the panes below. */
static bool is_of_panes(int key)
{
	static const int keys[] = { '/', 'm', 'M', KEYCODE_FUNCTION + 3, 'c', KEYCODE_FUNCTION + 2,
		'x', 's', KEYCODE_FUNCTION + 6, '<', '>', 'r', 'R', 'I', 'a', KEYCODE_LEFT,
		KEYCODE_RIGHT };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i] == key)
			return true;
	return false;
}

static bool is_filter_key(int key)
{
	return key == 'f' || key == '\\' || key == KEYCODE_FUNCTION + 4;
}

bool detail_key(struct app *a, int key)
{
	struct detail *d = &a->detail;

	if (scroll(d, key))
		return true;
	if (key == KEYCODE_ESCAPE || key == KEYCODE_RUBOUT || key == 8)
		go_back(a);
	else if (key == KEYCODE_RETURN || key == '\n')
		open_peer(a);
	else if (is_filter_key(key)) {
		/* What is typed is about the table. */
		detail_close(a);
		return false;
	} else if (is_of_panes(key))
		app_say(a, "that is for tables: Esc goes back to them");
	else
		return false;
	return true;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void draw_title(const struct app *a, struct cells *c, struct area line)
{
	const struct detail *d = &a->detail;
	char text[FMT_MAX + 16], time[FMT_MAX];
	int x = 1;

	cells_repeat(c, line, 0, 0, line.width, ROLE_BORDER, 0x2500);
	if (d->gone_ns) {
		snprintf(text, sizeof text, "gone since %s ", fmt_time_of_day(time, d->gone_ns));
		x += cells_put(c, line, x, 0, line.width - x, ROLE_CRITICAL, text);
	}
	if (d->title.len)
		x += cells_put(c, line, x, 0, line.width - x, ROLE_STRONG, d->title.data);
	else
		x += cells_put(c, line, x, 0, line.width - x, ROLE_DIM, "this socket is gone");
	cells_put(c, line, x, 0, line.width - x, ROLE_TEXT, " ");
}

void detail_draw(struct app *a, struct cells *c, struct area area)
{
	struct detail *d = &a->detail;
	struct area in = { area.x, area.y + 1, area.width, area.height - 1 };
	uint32_t height = page_height(&d->page, in.width);

	if (area.height < 1)
		return;
	draw_title(a, c, area);
	d->shown = in.height > 0 ? (uint32_t)in.height : 0;
	if (d->top + d->shown > height)
		d->top = height > d->shown ? height - d->shown : 0;
	page_draw(&d->page, c, in, d->top);
}
