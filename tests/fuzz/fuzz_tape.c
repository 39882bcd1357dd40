/* fuzz_tape: any bytes as a tape. The first byte says how it is read: from a pipe, with its
 * checksums made right (so that what is behind them is reached), by the player. No more samples,
 * and no more bytes are lost, than there were; frames hold together, and are there again when they
 * are read in another order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/settings.h"
#include "sockdash/feed.h"
#include "sockdash/needs.h"
#include "sockdash/tape.h"
#include "sockdash/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum way {
	WAY_PIPE = 1,
	WAY_MENDED = 2,
	WAY_PLAYED = 4,
	WAY_LESS = 8, /* TCP over IPv4 without owners is asked for */
};

#define SIZE_MAX_READ 60000 /* what a pipe holds */

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- Checksums ------------------------------------------------------------------------------- */

static uint32_t number_at(const uint8_t *at)
{
	struct wire w = { at, 4, false };

	return wire_u32(&w);
}

static void put_crc(uint8_t *at, const void *of, size_t len)
{
	uint32_t crc = wire_crc32(of, len);

	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(crc >> 8 * i);
}

/* That of the file head, and of whatever looks like a sample. */
static void mend(uint8_t *data, size_t size)
{
	uint8_t *end = data + size, *at = data;

	if (size >= TAPE_FILE_HEAD + TAPE_FILE_CRC) {
		uint64_t len = TAPE_FILE_HEAD + (uint64_t)number_at(data + TAPE_FILE_HEAD - 4);

		if (len <= size - TAPE_FILE_CRC)
			put_crc(data + len, data, (size_t)len);
	}
	while ((at = memmem(at, (size_t)(end - at), TAPE_MARK, TAPE_MARK_LEN))) {
		uint32_t len;

		if (end - at < TAPE_SAMPLE_HEAD)
			break;
		len = number_at(at + TAPE_MARK_LEN);
		if (len <= (size_t)(end - at) - TAPE_SAMPLE_HEAD)
			put_crc(at + TAPE_SAMPLE_HEAD - 8, at + TAPE_SAMPLE_HEAD, len);
		put_crc(at + TAPE_SAMPLE_HEAD - 4, at, TAPE_SAMPLE_HEAD - 4);
		at += TAPE_SAMPLE_HEAD;
	}
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void check_frame(const struct frame *f)
{
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];

		must(s->proto < SOCK_PROTO_COUNT && s->state && s->state < SOCK_STATE_COUNT);
		must(s->local < f->addresses->count && s->remote < f->addresses->count);
		must(s->netns < f->netns_count);
		must(s->owner == SOCK_NONE || s->owner < f->edge_count);
	}
	for (uint32_t i = 0; i < f->edge_count; i++)
		must(f->edges[i].proc < f->proc_count);
	for (uint32_t i = 0; i < f->reset_count; i++) {
		must(f->resets[i].proc < f->proc_count);
		must(f->resets[i].netns < f->netns_count);
	}
}

static void check_entries(const struct tape *t, size_t size)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < tape_count(t); i++) {
		const struct tape_entry *e = tape_entry(t, i);

		must(e->offset >= used && e->offset + e->length <= size);
		used = e->offset + e->length;
	}
	must(tape_torn(t) <= size - used);
}

/* How many samples can be read, forth or back. */
static uint32_t read_samples(struct tape *t, bool back)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < tape_count(t) || tape_look(t, true) == 1; i++) {
		struct frame *f;

		if (i >= tape_count(t))
			break;
		if (tape_read(t, back ? tape_count(t) - 1 - i : i, &f))
			continue;
		check_frame(f);
		frame_put(f);
		good++;
	}
	return good;
}

static void read_all(struct tape *t, size_t size)
{
	uint32_t good = read_samples(t, false);

	must(tape_look(t, true) >= 0);
	must(good || tape_damaged(t) || !tape_count(t));
	check_entries(t, size);
	if (!tape_is_stream(t))
		must(read_samples(t, true) == good);
}

/* ---- Playing --------------------------------------------------------------------------------- */

/* The last bytes of the input are what the user does. Takes the tape. */
static void play(struct tape *t, const struct source_request *request, const uint8_t *keys)
{
	struct feed_control c = { .interval_s = 2, .speed = 1 };
	int64_t now_ns = 0;
	struct feed *feed;

	must(feed_open_tape(t, request, standard_settings(3), &feed) == 0);
	for (unsigned i = 0; i < 5; i++) {
		struct sample *s = NULL;
		int64_t due;

		c.step = (int8_t)keys[i] / 8;
		c.jump = keys[i] % 8 == 1;
		c.paused = keys[i] % 8 == 2;
		if (c.jump)
			c.jump_ns =
				tape_count(t) ? tape_entry(t, tape_count(t) / 2)->wall_ns : keys[i];
		due = feed->ops->due(feed, &c, now_ns);
		if (due < INT64_MAX && due > now_ns)
			now_ns = due;
		must(feed->ops->take(feed, &c, now_ns, &s) == 0);
		must(feed->position.number <= feed->position.count);
		if (s)
			check_frame(s->frame);
		sample_put(s);
	}
	feed_close(feed);
}

static int input_of(const uint8_t *data, size_t size, bool stream)
{
	int fds[2];

	if (!stream) {
		fds[0] = memfd_create("tape", MFD_CLOEXEC);
		must(fds[0] >= 0 && write(fds[0], data, size) == (ssize_t)size);
		return fds[0];
	}
	must(pipe(fds) == 0 && write(fds[1], data, size) == (ssize_t)size);
	close(fds[1]);
	return fds[0];
}

static void run(uint8_t *data, size_t size, unsigned ways, const uint8_t *keys)
{
	const struct source_request all = {
		.needs = NEED_ALL, .protocols = 3, .ipv4 = true, .ipv6 = true
	};
	const struct source_request less = {
		.needs = NEED_SOCKETS, .protocols = 1u << SOCK_TCP, .ipv4 = true
	};
	struct tape *t = NULL;
	unsigned version = 0;
	int err;

	if (ways & WAY_MENDED)
		mend(data, size);
	err = tape_open(input_of(data, size, ways & WAY_PIPE), &t, &version);
	must(err == 0 || err == -ENODATA || err == -EBADMSG || err == -EILSEQ || err == -EPROTO);
	must(!err == (t != NULL));
	if (err)
		return;
	if (ways & WAY_PLAYED) {
		play(t, ways & WAY_LESS ? &less : &all, keys);
		return;
	}
	read_all(t, size);
	tape_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t keys[8] = { 0 }, *copy;

	if (size < 1 || size > SIZE_MAX_READ)
		return 0;
	memcpy(keys, data + size - (size < 8 ? size : 8), size < 8 ? size : 8);
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	run(copy, size - 1, data[0], keys);
	free(copy);
	return 0;
}
