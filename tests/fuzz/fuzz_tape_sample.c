/* fuzz_tape_sample: any bytes as samples of a tape, one behind the other, each with its length in
 * two bytes before it: the first is whole, the others are changes of the last one that could be
 * read. What comes out is a frame like any other: rows keep what their struct promises, it can be
 * recorded again, and all tables can be made of it and printed as JSON that is well formed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/frames.h"
#include "lib/settings.h"
#include "sockdash/output.h"
#include "sockdash/tape_codec.h"

/* What takes longest is done with a share of the inputs, by their length: every second one is
 * recorded again, of every fourth the tables are made, and of every eighth all of them are printed
 * where a frame has few sockets. */
#define RECORDED_EVERY 2
#define TRACKED_EVERY  4
#define PRINTED_EVERY  8
#define PRINTED_MAX    64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static void check_row(const struct frame *f, uint32_t row)
{
	const struct sock *s = &f->socks[row];

	must(s->proto < SOCK_PROTO_COUNT && s->state >= SOCK_ESTAB && s->state < SOCK_STATE_COUNT);
	must(s->local < f->addresses->count && s->remote < f->addresses->count);
	must(s->netns < f->netns_count);
	must(s->owner == SOCK_NONE || s->owner < f->edge_count);
	must(find_sock(f, frame_sock_key(f, s)) == row);
}

static void check_diff(const struct frame *f, const struct frame *prev)
{
	uint32_t kept = 0;

	must(f->diff.known == (prev != NULL));
	for (uint32_t row = 0; prev && row < f->sock_count; row++) {
		uint32_t then = f->diff.previous[row];

		must(then == SOCK_NONE || then < prev->sock_count);
		kept += then != SOCK_NONE;
	}
	/* Each row before is in this frame once, or gone. */
	must(!prev || kept + f->diff.gone_count == prev->sock_count);
	for (uint32_t i = 0; i < f->diff.gone_count; i++)
		must(f->diff.gone[i] < prev->sock_count);
}

static void check_frame(const struct frame *f, const struct frame *prev)
{
	must(isnan(f->cpu_percent) || f->cpu_percent >= 0);
	must(isnan(f->uptime_s) || f->uptime_s >= 0);
	must(f->cost_wall_ns >= 0 && f->cost_cpu_ns >= 0);
	for (size_t i = 0; i < FRAME_PROBLEMS; i++)
		must(f->problems[i] <= 0 && f->problems[i] >= -4095);
	for (uint32_t row = 0; row < f->sock_count; row++)
		check_row(f, row);
	for (uint32_t e = 0; e < f->edge_count; e++)
		must(f->edges[e].proc < f->proc_count);
	must(!f->edge_count || f->edges[f->edge_count - 1].last);
	for (uint32_t i = 0; i < f->reset_count; i++) {
		must(f->resets[i].proc < f->proc_count && f->resets[i].cookie);
		must(f->resets[i].netns < f->netns_count);
	}
	check_diff(f, prev);
}

static void record_again(const struct frame *f, const struct frame *prev)
{
	struct frame *again;
	struct buf b = { 0 };

	tape_encode(f, prev, &b);
	must(!b.failed);
	must(tape_decode((const uint8_t *)b.data, b.len, prev, &again) == 0);
	must(again->sock_count == f->sock_count && again->proc_count == f->proc_count);
	must(again->edge_count == f->edge_count && again->user_count == f->user_count);
	must(again->reset_count == f->reset_count);
	must(again->mono_ns == f->mono_ns && again->diff.gone_count == f->diff.gone_count);
	frame_put(again);
	buf_free(&b);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* How many brackets are open at the end of a piece, which ends outside of strings and words. */
struct json {
	int depth;
	bool ended;
};

static size_t word_length(const char *text)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return strlen(words[i]);
	return strspn(text, "-+.0123456789");
}

/* From behind the opening quote to behind the closing one. */
static const char *skip_string(const char *at)
{
	for (; *at != '"'; at++) {
		must((unsigned char)*at >= ' ' && *at != 0x7f);
		if (*at == '\\')
			must(*++at == '"' || *at == '\\');
	}
	return at + 1;
}

static int check_json(void *context, struct buf *b)
{
	struct json *j = context;
	const char *at = b->data, *end = at + b->len;

	while (at < end) {
		must(!j->ended);
		if (*at == '"') {
			at = skip_string(at + 1);
		} else if (strchr("{}[]:,\n", *at)) {
			j->depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
			j->ended = *at++ == '\n';
		} else {
			must(word_length(at) > 0);
			at += word_length(at);
		}
		must(j->depth >= 0);
	}
	buf_clear(b);
	return 0;
}

static void print(const struct table *t, const struct sample *s)
{
	struct sort_key key = { 0 };
	struct rowset rows = rowset_of(t, s);
	struct columns columns;
	struct json j = { 0 };
	uint32_t *order;

	must(sort_parse(t, t->sort, &key) == 0);
	must(rowset_order(&rows, key, NULL, &order) == 0);
	columns_all(t, true, &columns);
	must(output_json(
		     &(struct output_table){ .rows = rows, .columns = &columns, .order = order },
		     check_json, &j) == 0);
	must(j.ended && j.depth == 0);
	free(order);
}

/* ---- Samples --------------------------------------------------------------------------------- */

/* As a tape has it: the same recording, and later. */
static bool follows(const struct frame *f, const struct frame *last)
{
	return last && f->epoch_ns == last->epoch_ns && f->mono_ns > last->mono_ns;
}

static void show(struct tracker **tracker, struct frame *f, const struct frame *last, bool printed)
{
	struct sample *s;

	if (!follows(f, last)) {
		tracker_destroy(*tracker);
		*tracker = tracker_create(standard_settings(10));
		must(*tracker != NULL);
	}
	must(tracker_step(*tracker, frame_get(f), &s) == 0);
	printed = printed && f->sock_count <= PRINTED_MAX;
	for (size_t i = 0; printed && i < table_count; i++)
		print(tables[i], s);
	sample_put(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire w = { .at = data, .left = size };
	struct tracker *tracker = NULL;
	struct frame *last = NULL, *f;

	while (w.left >= 2) {
		size_t len = wire_u16(&w);
		const uint8_t *payload;
		int err;

		len = len < w.left ? len : w.left;
		payload = wire_take(&w, len);
		err = tape_decode(payload, len, last, &f);
		must(err == 0 || err == -EBADMSG);
		if (err)
			continue;
		check_frame(f, last);
		if (size % RECORDED_EVERY == 0)
			record_again(f, last);
		if (size % TRACKED_EVERY == 0)
			show(&tracker, f, last, size % PRINTED_EVERY == 0);
		frame_put(last);
		last = f;
	}
	frame_put(last);
	tracker_destroy(tracker);
	return 0;
}
