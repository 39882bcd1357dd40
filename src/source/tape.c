/* Reading a tape: finding its samples by their heads, and their frames. A file is read where it is
 * wanted; of a pipe a window is kept, from the first sample that was not read yet. Nothing that a
 * head says is believed before its checksum. */
#include "sockdash/tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/grow.h"
#include "sockdash/ssdump.h"
#include "sockdash/tape_codec.h"
#include "sockdash/tape_input.h"

#define SECTIONS_MAX (64 * 1024) /* of the head of a tape */
#define DUMP_MAX     (UINT64_C(1) << 30)
#define SNIFF_BYTES  16
#define TIME_LIMIT   (INT64_MAX / 4) /* differences of times do not overflow */

struct tape {
	struct tape_input input;
	uint64_t end;     /* of the last sample that was found */
	uint64_t parsed;  /* where the next one may begin */
	uint64_t scanned; /* no head begins between there and here */
	uint32_t cut;     /* samples since the last that others have cut short */
	struct tape_entry *entries;
	uint32_t count, room;

	struct frame *last; /* read before */
	uint32_t last_index;
	uint32_t expected; /* index that goes on from there, over damaged ones */
	uint32_t damaged;  /* samples since then */
	uint32_t broken;   /* the last that could not be read */
	uint32_t next;     /* of a pipe: the first that was not read yet */
	bool single;       /* a raw dump: `last` is all there is */
};

/* ---- Heads ----------------------------------------------------------------------------------- */

static bool read_head(const uint8_t *at, struct tape_entry *e, uint32_t *crc)
{
	struct wire w = { at + TAPE_MARK_LEN, TAPE_SAMPLE_HEAD - TAPE_MARK_LEN, false };
	uint32_t flags;

	if (memcmp(at, TAPE_MARK, TAPE_MARK_LEN) != 0)
		return false;
	e->length = wire_u32(&w);
	e->number = wire_u32(&w);
	flags = wire_u32(&w);
	e->whole = flags & TAPE_WHOLE;
	e->wall_ns = (int64_t)wire_u64(&w);
	e->mono_ns = (int64_t)wire_u64(&w);
	*crc = wire_u32(&w);
	return wire_u32(&w) == wire_crc32(at, TAPE_SAMPLE_HEAD - 4) &&
	       !(flags & ~(uint32_t)TAPE_WHOLE) && e->length <= TAPE_PAYLOAD_MAX &&
	       e->mono_ns <= TIME_LIMIT && e->mono_ns >= -TIME_LIMIT;
}

static int add_entry(struct tape *t, struct tape_entry *e)
{
	const struct tape_entry *before = t->count ? &t->entries[t->count - 1] : NULL;
	uint32_t expected = before ? before->number + 1 : 0;

	/* A number that is lower begins another recording. */
	e->skipped = e->number > expected ? e->number - expected : t->cut;
	if (grow(&t->entries, t->count, &t->room, sizeof *t->entries))
		return -ENOMEM;
	t->entries[t->count++] = *e;
	t->end = t->parsed = e->offset + e->length;
	t->cut = 0;
	return 0;
}

/* Where the next head begins behind `parsed`: 1, or 0 where none has come yet. */
static int find_head(struct tape *t, uint64_t *where)
{
	if (t->scanned <= t->parsed)
		t->scanned = t->parsed + 1;
	for (;;) {
		struct tape_entry e;
		const uint8_t *at, *mark;
		uint32_t crc;
		size_t len;
		int got = tape_input_from(&t->input, t->scanned, TAPE_SAMPLE_HEAD, &at, &len);

		if (got <= 0)
			return got;
		/* A head that is not all there may come. */
		len -= TAPE_SAMPLE_HEAD - TAPE_MARK_LEN;
		mark = memmem(at, len, TAPE_MARK, TAPE_MARK_LEN);
		t->scanned += mark ? (size_t)(mark - at) : len - TAPE_MARK_LEN + 1;
		if (mark && read_head(mark, &e, &crc)) {
			*where = t->scanned;
			return 1;
		}
		t->scanned += mark != NULL;
	}
}

/* Goes on behind bytes that are no sample: 1, or 0 where no head has come yet. */
static int pass_damage(struct tape *t)
{
	int got = find_head(t, &t->parsed);

	if (got == 0 && t->input.stream) {
		tape_input_drop(&t->input, t->scanned);
		t->parsed = t->scanned;
	}
	return got;
}

/* Whether the bytes of a sample are its own. In a file they are not read for that where what
 * follows is what should: the next sample, or the end. */
static int is_sound(struct tape *t, const struct tape_entry *e, uint32_t crc)
{
	uint64_t end = e->offset + e->length;
	const uint8_t *at;
	int got;

	if (!t->input.stream) {
		if (end == t->input.size)
			return 1;
		got = tape_input_at(&t->input, end, TAPE_MARK_LEN, &at);
		if (got < 0 || (got && memcmp(at, TAPE_MARK, TAPE_MARK_LEN) == 0))
			return got;
	}
	got = tape_input_at(&t->input, e->offset, e->length, &at);
	return got <= 0 ? got : wire_crc32(at, e->length) == crc;
}

/* Adds a sample whose head is good. Where a recording broke off, and another one follows in the
 * same pipe or file, that one's samples begin inside the length that the torn one claims. 1, or 0
 * where it has not come yet. */
static int take_sample(struct tape *t, struct tape_entry *e, uint32_t crc)
{
	uint64_t end = e->offset + e->length, where;
	bool is_there = t->input.size >= end, comes = t->input.stream && !t->input.ended;
	int got = is_there ? is_sound(t, e, crc) : 0;

	if (got == 0) {
		if (comes && t->input.size < end + TAPE_SAMPLE_HEAD)
			return 0;
		got = find_head(t, &where);
		if (got > 0 && where < end) {
			t->cut++;
			t->parsed = where;
			return 1;
		}
		if (got == 0 && !is_there)
			return 0;
	}
	if (got >= 0)
		got = add_entry(t, e);
	return got ? got : 1;
}

static bool is_other_version(const uint8_t *at)
{
	struct wire w = { at + TAPE_MAGIC_LEN, TAPE_FILE_HEAD - TAPE_MAGIC_LEN, false };

	return memcmp(at, TAPE_MAGIC, TAPE_MAGIC_LEN) == 0 && wire_u16(&w) != TAPE_VERSION;
}

/* Adds the samples that are there; of a pipe, one. */
static int find_samples(struct tape *t)
{
	uint32_t count = t->count;

	while (t->count == count || !t->input.stream) {
		struct tape_entry e = { .offset = t->parsed + TAPE_SAMPLE_HEAD };
		const uint8_t *at;
		uint32_t crc;
		int got = tape_input_at(&t->input, t->parsed, TAPE_SAMPLE_HEAD, &at);

		/* What is behind it, nobody here can read. */
		if (got > 0 && is_other_version(at)) {
			t->input.ended = t->input.stream;
			return 0;
		}
		if (got > 0)
			got = read_head(at, &e, &crc) ? take_sample(t, &e, crc) : pass_damage(t);
		if (got <= 0)
			return got;
	}
	return 0;
}

static int look_at_file(struct tape *t)
{
	int err = tape_input_look(&t->input);

	if (!err)
		err = find_samples(t);
	return err < 0 ? err : 1;
}

int tape_look(struct tape *t, bool wait)
{
	uint32_t count = t->count;

	if (t->single)
		return 0;
	if (!t->input.stream)
		return look_at_file(t);
	/* What was found is read first: what comes meanwhile stays in the pipe. */
	if (t->next < t->count)
		return 1;
	for (;;) {
		int err = find_samples(t);

		if (err < 0)
			return err;
		if (t->count > count)
			return 1;
		if (t->input.ended)
			return 0;
		if (!wait && !tape_input_ready(&t->input))
			return 1;
		err = tape_input_read(&t->input);
		if (err)
			return err;
	}
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_dump(struct tape *t, int64_t wall_ns)
{
	struct tape_entry e = { .whole = true, .wall_ns = wall_ns };
	const uint8_t *at;
	size_t lost = 0;
	int err = tape_input_begin(&t->input, DUMP_MAX), got;

	if (!err && t->input.size > DUMP_MAX)
		err = -EFBIG;
	if (err)
		return err;
	got = tape_input_at(&t->input, 0, (size_t)t->input.size, &at);
	if (got <= 0)
		return got ? got : -ENODATA;
	err = ssdump_read(at, (size_t)t->input.size, wall_ns, &t->last, &lost);
	if (!err)
		err = add_entry(t, &e);
	if (err)
		return err;
	t->single = true;
	t->end = t->input.size - lost;
	buf_free(&t->input.window);
	return 0;
}

static int open_tape(struct tape *t, unsigned *version)
{
	const uint8_t *at;
	struct wire w;
	uint32_t sections;
	size_t len = TAPE_FILE_HEAD + TAPE_FILE_CRC;
	int got = tape_input_begin(&t->input, len);

	if (!got)
		got = tape_input_at(&t->input, 0, TAPE_FILE_HEAD, &at);
	if (got <= 0)
		return got ? got : -EILSEQ;
	w = (struct wire){ at + TAPE_MAGIC_LEN, TAPE_FILE_HEAD - TAPE_MAGIC_LEN, false };
	*version = wire_u16(&w);
	if (*version != TAPE_VERSION)
		return -EPROTO;
	wire_u16(&w);
	sections = wire_u32(&w);
	if (sections > SECTIONS_MAX)
		return -EILSEQ;
	len += sections;
	got = tape_input_begin(&t->input, len);
	if (!got)
		got = tape_input_at(&t->input, 0, len, &at);
	if (got <= 0)
		return got ? got : -EILSEQ;
	w = (struct wire){ at + len - TAPE_FILE_CRC, TAPE_FILE_CRC, false };
	if (wire_u32(&w) != wire_crc32(at, len - TAPE_FILE_CRC))
		return -EILSEQ;
	t->end = t->parsed = len;
	return 0;
}

static int open_kind(struct tape *t, int fd, unsigned *version)
{
	const uint8_t *at;
	int64_t written_ns;
	size_t len;
	int got = tape_input_open(&t->input, fd, &written_ns);

	if (got)
		return got;
	got = tape_input_begin(&t->input, SNIFF_BYTES);
	len = t->input.size < SNIFF_BYTES ? (size_t)t->input.size : SNIFF_BYTES;
	if (!got)
		got = len ? tape_input_at(&t->input, 0, len, &at) : -ENODATA;
	if (got <= 0)
		return got ? got : -ENODATA;
	if (memcmp(at, TAPE_MAGIC, len < TAPE_MAGIC_LEN ? len : TAPE_MAGIC_LEN) == 0)
		return open_tape(t, version);
	if (ssdump_is(at, len))
		return open_dump(t, written_ns);
	return -EBADMSG;
}

int tape_open(int fd, struct tape **out, unsigned *version)
{
	struct tape *t = calloc(1, sizeof *t);
	int err;

	if (!t) {
		close(fd);
		return -ENOMEM;
	}
	t->broken = UINT32_MAX;
	err = open_kind(t, fd, version);
	if (err) {
		tape_close(t);
		return err;
	}
	*out = t;
	return 0;
}

void tape_close(struct tape *t)
{
	if (!t)
		return;
	tape_input_close(&t->input);
	frame_put(t->last);
	free(t->entries);
	free(t);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* Whether a frame goes on from another: the same recording, and later. */
static bool follows(const struct frame *f, const struct frame *last)
{
	return last && f->epoch_ns == last->epoch_ns && f->mono_ns > last->mono_ns;
}

/* Numbers that a head tells may be any. */
static uint32_t add_lost(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static int load(struct tape *t, const struct tape_entry *e, const uint8_t **payload)
{
	uint64_t head = e->offset - TAPE_SAMPLE_HEAD;
	struct tape_entry same;
	const uint8_t *at;
	uint32_t crc;
	int got = tape_input_at(&t->input, head, TAPE_SAMPLE_HEAD + (size_t)e->length, &at);

	if (got <= 0)
		return got ? got : -EBADMSG;
	*payload = at + TAPE_SAMPLE_HEAD;
	if (!read_head(at, &same, &crc) || same.length != e->length ||
		crc != wire_crc32(*payload, e->length))
		return -EBADMSG;
	return 0;
}

/* Reads a sample that is whole or goes on from the one read before. */
static int read_one(struct tape *t, uint32_t index)
{
	const struct tape_entry *e = &t->entries[index];
	const uint8_t *payload;
	struct frame *f;
	int err = load(t, e, &payload);

	if (!err)
		err = tape_decode(payload, e->length, e->whole ? NULL : t->last, &f);
	if (err)
		return err;
	if (f->wall_ns != e->wall_ns || f->mono_ns != e->mono_ns ||
		(!e->whole && !follows(f, t->last)))
		err = -EBADMSG;
	else if (e->whole && index == t->expected && follows(f, t->last))
		err = frame_compare(f, t->last);
	if (err) {
		frame_put(f);
		return err;
	}
	/* Besides those that were lost when this tape was made of another. */
	f->lost = add_lost(f->lost, add_lost(index == t->expected ? t->damaged : 0, e->skipped));
	frame_put(t->last);
	t->last = f;
	t->last_index = index;
	t->expected = index + 1;
	t->damaged = 0;
	return 0;
}

/* Whether the sample before is the one that was read last, without a gap. */
static bool goes_on(const struct tape *t, uint32_t index)
{
	return t->last && index == t->last_index + 1 && !t->entries[index].skipped &&
	       t->entries[index].number == t->entries[index - 1].number + 1;
}

/* Where reading has to begin to reach a sample: at it, or before it at the last whole one. */
static uint32_t first_to_read(const struct tape *t, uint32_t index)
{
	uint32_t from = index;

	while (!t->input.stream && from && !t->entries[from].whole && !goes_on(t, from) &&
		t->broken != from - 1)
		from--;
	return from;
}

/* Changes of a frame that is not there. */
static bool builds_on_broken(const struct tape *t, uint32_t index)
{
	return !t->entries[index].whole && !goes_on(t, index);
}

int tape_read(struct tape *t, uint32_t index, struct frame **out)
{
	const struct tape_entry *e = &t->entries[index];
	bool in_turn = index == t->expected;
	int err = 0;

	if (t->last && index == t->last_index) {
		*out = frame_get(t->last);
		return 0;
	}
	if (t->input.stream && index < t->next)
		return -ESPIPE;
	for (uint32_t from = first_to_read(t, index); !err && from <= index; from++)
		err = builds_on_broken(t, from) ? -EBADMSG : read_one(t, from);
	if (err == -ENOMEM)
		return err;
	if (t->input.stream) {
		tape_input_drop(&t->input, e->offset + e->length);
		t->next = index + 1;
	}
	if (!err) {
		*out = frame_get(t->last);
		return 0;
	}
	t->broken = index;
	if (in_turn) {
		t->damaged = add_lost(t->damaged, add_lost(1, e->skipped));
		t->expected = index + 1;
	}
	return err;
}

void tape_rewind(struct tape *t)
{
	if (t->single)
		return;
	frame_put(t->last);
	t->last = NULL;
	t->damaged = t->expected = 0;
	t->broken = UINT32_MAX;
}

bool tape_is_stream(const struct tape *t)
{
	return t->input.stream;
}

int tape_fd(const struct tape *t)
{
	return t->input.stream && !t->input.ended && !t->single ? t->input.fd : -1;
}

uint32_t tape_count(const struct tape *t)
{
	return t->count;
}

const struct tape_entry *tape_entry(const struct tape *t, uint32_t index)
{
	return &t->entries[index];
}

uint64_t tape_torn(const struct tape *t)
{
	return t->input.size > t->end ? t->input.size - t->end : 0;
}

uint32_t tape_damaged(const struct tape *t)
{
	return t->damaged;
}
