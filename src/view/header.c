/* The two header lines: who and how much on the left of the first, our own cost on its right; what
 * the kernel counts on the second. Pieces go from the least important where room is short. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/fmt.h"
#include "sockdash/kernel_items.h"
#include "sockdash/screen.h"
#include "sockdash/utf8.h"

#define PIECES_MAX 16
#define PIECE_MAX  96

/* A piece of a line; its text and role are fixed before it is known whether it fits. */
struct piece {
	char text[PIECE_MAX];
	enum role role;
	int priority; /* 0 stays, the highest goes first */
	bool joined;  /* belongs to the piece before, with one blank between them */
};

struct line {
	struct piece pieces[PIECES_MAX];
	size_t count;
	const char *gap;
};

static void add(struct line *l, int priority, enum role role, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void add(struct line *l, int priority, enum role role, const char *format, ...)
{
	struct piece *p = &l->pieces[l->count];
	va_list args;

	if (l->count == PIECES_MAX)
		return;
	va_start(args, format);
	vsnprintf(p->text, sizeof p->text, format, args);
	va_end(args);
	p->role = role;
	p->priority = priority;
	l->count++;
}

static int piece_width(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

/* What stands before a piece. */
static const char *gap_before(const struct line *l, size_t i)
{
	return i == 0 ? "" : l->pieces[i].joined ? " " : l->gap;
}

static int line_width(const struct line *l)
{
	int total = 0;

	for (size_t i = 0; i < l->count; i++)
		total += piece_width(l->pieces[i].text) + piece_width(gap_before(l, i));
	return total;
}

static bool drop_one(struct line *l)
{
	size_t at = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->pieces[i].priority >= l->pieces[at].priority)
			at = i;
	if (!l->count || l->pieces[at].priority == 0)
		return false;
	memmove(&l->pieces[at], &l->pieces[at + 1], (l->count - at - 1) * sizeof *l->pieces);
	l->count--;
	return true;
}

static void draw_line(struct cells *c, struct area a, int x, int y, const struct line *l)
{
	for (size_t i = 0; i < l->count; i++) {
		x += cells_put(c, a, x, y, a.width - x, ROLE_DIM, gap_before(l, i));
		x += cells_put(c, a, x, y, a.width - x, l->pieces[i].role, l->pieces[i].text);
	}
}

/* Two lines of pieces on one row, the second at the right edge. */
static void draw_both(struct cells *c, struct area a, int y, struct line *left, struct line *right)
{
	while (line_width(left) + 2 + line_width(right) > a.width) {
		int worst_left = 0, worst_right = 0;

		for (size_t i = 0; i < left->count; i++)
			if (left->pieces[i].priority > worst_left)
				worst_left = left->pieces[i].priority;
		for (size_t i = 0; i < right->count; i++)
			if (right->pieces[i].priority > worst_right)
				worst_right = right->pieces[i].priority;
		if (!drop_one(worst_right >= worst_left ? right : left) && !drop_one(left))
			break;
	}
	draw_line(c, a, 0, y, left);
	if (line_width(left) + 2 + line_width(right) <= a.width)
		draw_line(c, a, a.width - line_width(right), y, right);
}

/* 41d 03:12, as uptime(1) has it. */
static void add_uptime(struct line *l, double seconds)
{
	unsigned minutes = (unsigned)(seconds / 60);

	if (isnan(seconds) || seconds < 0)
		return;
	if (minutes >= 1440)
		add(l, 5, ROLE_DIM, "up %ud %02u:%02u", minutes / 1440, minutes / 60 % 24,
			minutes % 60);
	else
		add(l, 5, ROLE_DIM, "up %u:%02u", minutes / 60, minutes % 60);
}

static void add_protocol(struct line *l, const struct sample *s, enum sock_proto proto,
	const char *name, int priority)
{
	char count[FMT_MAX];

	if (s->frame->absent & 1u << proto)
		return;
	add(l, priority, ROLE_STRONG, "%s %s", name, fmt_count(count, s->totals.sockets[proto], 0));
}

/* So that nobody takes the past for now. */
static void add_replay(struct line *l, const struct screen_header *h)
{
	bool at_end = h->stream ? h->ended && h->number == h->count : h->number == h->count;

	/* Of a pipe nobody knows how many there will be, only that we are behind. */
	if (h->number && h->stream && h->count <= h->number + 1 && !h->ended)
		add(l, 0, ROLE_WARNING, "REPLAY %" PRIu32, h->number);
	else if (h->number)
		add(l, 0, ROLE_WARNING, "REPLAY %" PRIu32 "/%" PRIu32, h->number, h->count);
	else
		add(l, 0, ROLE_WARNING, "REPLAY");
	if (at_end && h->number)
		add(l, 0, ROLE_WARNING, h->damaged ? "END, TORN" : "END");
	else if (h->paused)
		add(l, 0, ROLE_WARNING, "PAUSED");
	else
		add(l, 3, ROLE_TEXT, "%gx", h->speed);
}

char *screen_seconds(char out[FMT_MAX], double seconds)
{
	int decimals = seconds < 1 ? 2 : seconds < 9.95 ? 1 : 0;

	snprintf(out, FMT_MAX, "%.*f", decimals, seconds);
	return out;
}

/* How far samples are apart. Where that is not as wished it says why, beside the wish. */
static void add_interval(struct line *l, const struct sample *s, const struct screen_header *h)
{
	double took = s ? (double)s->frame->cost_wall_ns / 1e9 : 0;
	char seconds[FMT_MAX];
	const char *why = NULL;

	if (took > h->interval_s && took > s->least_s)
		why = "slow";
	else if (s && sample_is_held(s, h->interval_s))
		why = "cpu limit";
	if (!why) {
		add(l, 3, ROLE_TEXT, "every %gs", h->interval_s);
		return;
	}
	add(l, 3, ROLE_TEXT, "every %ss",
		screen_seconds(seconds, took > s->least_s ? took : s->least_s));
	add(l, 4, ROLE_TEXT, "(%gs, %s)", h->interval_s, why);
	l->pieces[l->count - 1].joined = true;
}

static void draw_first(
	struct cells *c, struct area a, const struct sample *s, const struct screen_header *h)
{
	struct line left = { .gap = "  " }, right = { .gap = "  " };
	char age[FMT_MAX], clock[FMT_MAX];
	double ms;

	add(&left, 0, ROLE_STRONG, "sockdash");
	if (h->replay)
		add_replay(&right, h);
	else if (h->paused)
		add(&right, 0, ROLE_WARNING, "PAUSED");
	if (!h->replay)
		add_interval(&right, s, h);
	if (h->names)
		add(&right, 3, ROLE_TEXT, "names");
	if (h->events)
		add(&right, 3, ROLE_TEXT, "events");
	if (s) {
		if (*s->frame->host)
			add(&left, 2, ROLE_TEXT, "%.40s", s->frame->host);
		add_uptime(&left, s->frame->uptime_s);
		add_protocol(&left, s, SOCK_TCP, "TCP", 0);
		add_protocol(&left, s, SOCK_UDP, "UDP", 1);
		ms = (double)s->frame->cost_wall_ns / 1e6;
		/* A made-up server and a raw dump cost nothing. */
		if (!s->frame->cost_wall_ns)
			ms = NAN;
		if (ms < 1000)
			add(&right, 4, ROLE_TEXT, "sample %.*f ms", ms < 10 ? 1 : 0, ms);
		else if (!isnan(ms))
			add(&right, 4, ROLE_TEXT, "sample %s", fmt_age(age, ms / 1000, 0));
		if (!isnan(s->frame->cpu_percent))
			add(&right, 4, ROLE_TEXT, "%.*f%% cpu", s->frame->cpu_percent < 10 ? 1 : 0,
				s->frame->cpu_percent);
		if (*s->frame->seer)
			add(&right, 6, ROLE_DIM, "%.20s", s->frame->seer);
		if (h->replay)
			add(&right, 1, ROLE_STRONG, "%s", fmt_date_time(clock, s->frame->wall_ns));
		else
			add(&right, 2, ROLE_TEXT, "%s", fmt_time_of_day(clock, s->frame->wall_ns));
	}
	draw_both(c, a, 0, &left, &right);
}

static void add_rate(struct line *l, int priority, const char *name, double rate, enum role moving)
{
	char text[FMT_MAX];

	if (isnan(rate))
		add(l, priority, ROLE_DIM, "%s -", name);
	else
		add(l, priority, rate > 0 ? moving : ROLE_DIM, "%s %s/s", name,
			fmt_rate(text, rate, 0));
}

static void add_memory(struct line *l, const struct sample_totals *t)
{
	char used[FMT_MAX], limit[FMT_MAX];

	if (t->mem == COUNTER_UNKNOWN)
		return;
	fmt_bytes(used, (uint64_t)t->mem, 0);
	if (t->mem_limit == COUNTER_UNKNOWN)
		add(l, 3, ROLE_TEXT, "mem %s", used);
	else
		add(l, 3, t->mem > t->mem_limit / 4 * 3 ? ROLE_CRITICAL : ROLE_TEXT, "mem %s/%s",
			used, fmt_bytes(limit, (uint64_t)t->mem_limit, 0));
}

/* What calls for somebody; information does not. */
static void add_findings(struct line *l, const struct sample *s)
{
	enum role role = ROLE_WARNING;
	unsigned count = 0;

	for (uint32_t i = 0; i < s->finding_count; i++) {
		count += s->findings[i].severity >= SEVERITY_WARNING;
		if (s->findings[i].severity == SEVERITY_CRITICAL)
			role = ROLE_CRITICAL;
	}
	if (count)
		add(l, 0, role, "%u finding%s", count, count == 1 ? "" : "s");
}

/* Of the ephemeral ports, to the busiest destination. */
static void add_ports(struct line *l, const struct sample_totals *t)
{
	char text[FMT_MAX];
	enum role role = t->ports_percent >= KERNEL_CRITICAL_PERCENT ? ROLE_CRITICAL
			 : t->ports_percent >= KERNEL_HIGH_PERCENT   ? ROLE_WARNING
			 : t->ports_percent > 0                      ? ROLE_TEXT
								     : ROLE_DIM;

	if (!isnan(t->ports_percent))
		add(l, 4, role, "ports %s", fmt_percent(text, t->ports_percent, 0));
}

static void draw_second(struct cells *c, struct area a, const struct sample *s)
{
	struct line l = { .gap = "  " }, findings = { .gap = "  " };
	const struct sample_totals *t;
	char text[FMT_MAX];

	if (!s)
		return;
	t = &s->totals;
	add_rate(&l, 1, "in", t->in_rate, ROLE_TEXT);
	add_rate(&l, 1, "out", t->out_rate, ROLE_TEXT);
	/* Not to be known with a part of the connections only. */
	if (!s->frame->one_family && !(s->frame->absent & 1u << SOCK_TCP))
		add_rate(&l, 1, "closed", t->closed_rate, ROLE_TEXT);
	add_rate(&l, 2, "resets", t->reset_rate, ROLE_TEXT);
	if (isnan(t->retrans_percent))
		add(&l, 2, ROLE_DIM, "retrans -");
	else
		add(&l, 2,
			t->retrans_percent >= 2  ? ROLE_WARNING
			: t->retrans_percent > 0 ? ROLE_TEXT
						 : ROLE_DIM,
			"retrans %s", fmt_percent(text, t->retrans_percent, 0));
	add_rate(&l, 1, "accept drops", t->drop_rate, ROLE_CRITICAL);
	add_memory(&l, t);
	add_ports(&l, t);
	add_findings(&findings, s);
	if (findings.count) {
		draw_both(c, a, 1, &l, &findings);
		return;
	}
	while (line_width(&l) > a.width && drop_one(&l))
		;
	draw_line(c, a, 0, 1, &l);
}

void screen_header(
	struct cells *c, struct area a, const struct sample *sample, const struct screen_header *h)
{
	draw_first(c, a, sample, h);
	draw_second(c, a, sample);
}
