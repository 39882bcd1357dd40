/* tape: samples from files and pipes that are whole, cut, damaged, put together, still being
 * written, or no tapes at all. */
#include "lib/server.h"
#include "lib/tapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockdash/wire.h"

enum { FILE_HEAD = TAPE_FILE_HEAD + TAPE_FILE_CRC };

/* Samples of a shop, two seconds apart. */
static void record(struct recording *r, unsigned count, unsigned churn)
{
	record_begin(r, 3);
	for (unsigned n = 0; n < count; n++)
		record_shop(r, n, 2.0 * n, churn);
}

static void look_to_the_end(struct tape *t)
{
	while (tape_is_stream(t) && tape_look(t, true) == 1 && tape_fd(t) >= 0) {
		struct frame *f;
		uint32_t last = tape_count(t) - 1;

		if (tape_read(t, last, &f) == 0)
			frame_put(f);
	}
	assert_true(tape_look(t, false) >= 0);
}

/* ---- Whole tapes ----------------------------------------------------------------------------- */

static void assert_plays(const struct recording *r, bool stream)
{
	struct tape *t = open_well(input_of(stream, r->bytes, r->len));
	struct tracker *tracker = tracker_create(standard_settings(3));

	assert_int_equal(tape_is_stream(t), stream);
	for (uint32_t i = 0; i < r->count; i++) {
		struct sample *s;
		struct frame *f;
		char *text;

		assert_int_equal(tape_look(t, true), 1);
		assert_int_equal(tape_count(t), stream ? i + 1 : r->count);
		assert_int_equal(tape_entry(t, i)->number, i);
		assert_int_equal(tape_entry(t, i)->wall_ns, r->frames[i]->wall_ns);
		assert_int_equal(tape_entry(t, i)->mono_ns, r->frames[i]->mono_ns);
		assert_int_equal(tape_read(t, i, &f), 0);
		assert_int_equal(f->lost, 0);
		assert_true(same_frame(f, r->frames[i]));
		assert_int_equal(tracker_step(tracker, f, &s), 0);
		text = told_sample(s);
		assert_same_text(text, r->texts[i]);
		free(text);
		sample_put(s);
	}
	assert_int_equal(tape_look(t, true), stream ? 0 : 1);
	assert_int_equal(tape_count(t), r->count);
	assert_int_equal(tape_torn(t), 0);
	assert_int_equal(tape_damaged(t), 0);
	tracker_destroy(tracker);
	tape_close(t);
}

static void every_sample_says_what_it_said(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 140, 2);
	assert_plays(&r, false);
	assert_plays(&r, true);
	record_end(&r);
}

static void a_busy_server_too(void **state)
{
	static const struct server kinds[] = {
		{ .samples = 1, .clients = 60 },
		{ .samples = 1, .clients = 10, .unprivileged = true },
		{ .samples = 1, .clients = 10, .procfs = true },
	};

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct server s = kinds[k];
		struct recording r;

		record_begin(&r, 3);
		for (s.first = 0; s.first < 6; s.first++) {
			server_tell(&r.st, &s);
			record_sample(&r);
		}
		assert_plays(&r, false);
		assert_plays(&r, true);
		record_end(&r);
	}
}

/* What a sample is compared with is the sample read before, where it is its next. */
static void samples_are_read_in_any_order(void **state)
{
	struct recording r;
	struct tape *t;
	uint32_t last = UINT32_MAX;

	(void)state;
	record(&r, 140, 1);
	t = open_well(file_of(r.bytes, r.len));
	assert_int_equal(tape_look(t, false), 1);
	for (uint32_t turn = 0; turn < 600; turn++) {
		uint32_t i = turn % 3 ? turn * 61 % r.count : (last + 1) % r.count;
		struct frame *f;

		assert_int_equal(tape_read(t, i, &f), 0);
		assert_true(same_frame(f, r.frames[i]));
		assert_int_equal(f->lost, 0);
		if (!tape_entry(t, i)->whole || (i && i == last + 1))
			assert_true(f->diff.known);
		else if (i != last)
			assert_false(f->diff.known);
		frame_put(f);
		last = i;
	}
	tape_close(t);
	record_end(&r);
}

static void rewound_it_begins_anew(void **state)
{
	struct frame *again, *f;
	struct recording r;
	struct tape *t;
	uint32_t whole = 2;

	(void)state;
	record(&r, 70, 0);
	t = open_well(file_of(r.bytes, r.len));
	assert_int_equal(tape_look(t, false), 1);
	while (!tape_entry(t, whole)->whole)
		whole++;
	for (uint32_t i = whole - 2; i <= whole; i++) {
		assert_int_equal(tape_read(t, i, &f), 0);
		assert_int_equal(f->diff.known, i > 0);
		frame_put(f);
	}
	tape_rewind(t);
	assert_int_equal(tape_read(t, whole, &f), 0);
	assert_false(f->diff.known);
	/* Once more it is the same frame. */
	assert_int_equal(tape_read(t, whole, &again), 0);
	assert_ptr_equal(f, again);
	frame_put(again);
	frame_put(f);
	tape_close(t);
	record_end(&r);
}

static void a_pipe_does_not_go_back(void **state)
{
	struct recording r;
	struct frame *f;
	struct tape *t;

	(void)state;
	record(&r, 3, 0);
	t = open_well(pipe_of(r.bytes, r.len));
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(tape_look(t, true), 1);
		/* Nothing more is taken from it before that one was read. */
		assert_int_equal(tape_look(t, true), 1);
		assert_int_equal(tape_count(t), i + 1);
		assert_int_equal(tape_read(t, i, &f), 0);
		frame_put(f);
		assert_int_equal(tape_read(t, i, &f), 0);
		frame_put(f);
	}
	assert_int_equal(tape_read(t, 0, &f), -ESPIPE);
	assert_int_equal(tape_read(t, 1, &f), -ESPIPE);
	tape_rewind(t);
	assert_int_equal(tape_read(t, 2, &f), -ESPIPE);
	tape_close(t);
	record_end(&r);
}

/* ---- What is no tape ------------------------------------------------------------------------- */

/* What opening answers, as a file and as a pipe. */
static int open_error(const void *bytes, size_t len)
{
	struct tape *t = NULL;
	unsigned version = 77;
	int err = tape_open(file_of(bytes, len), &t, &version);

	assert_int_equal(tape_open(pipe_of(bytes, len), &t, &version), err);
	assert_null(t);
	return err;
}

static void what_is_no_tape_is_told_apart(void **state)
{
	static const char text[] = "State    Recv-Q    Send-Q    Local Address:Port\n";
	static const char head[] = TAPE_MAGIC "\x01\0\0\0\0\0\0\0";
	struct tape *t = NULL;
	unsigned version = 0;
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(open_error("", 0), -ENODATA);
	assert_int_equal(open_error(text, sizeof text - 1), -EBADMSG);
	assert_int_equal(open_error("x", 1), -EBADMSG);
	assert_int_equal(open_error("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20), -EBADMSG);
	for (size_t len = 1; len <= TAPE_FILE_HEAD; len++)
		assert_int_equal(open_error(head, len), -EILSEQ);
	assert_int_equal(tape_open(dir, &t, &version), -EISDIR);
	assert_int_equal(tape_open(open("/dev/zero", O_RDONLY), &t, &version), -EBADMSG);
	assert_int_equal(tape_open(open("/dev/null", O_RDONLY), &t, &version), -ENODATA);
	assert_int_equal(tape_open(-1, &t, &version), -EBADF);
}

static void other_versions_are_told(void **state)
{
	static const unsigned versions[] = { 0, 2, 3, 255, 256, 65535 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		uint8_t head[FILE_HEAD + 100] = TAPE_MAGIC;
		struct tape *t = NULL;
		unsigned version = 0;

		head[TAPE_MAGIC_LEN] = (uint8_t)versions[i];
		head[TAPE_MAGIC_LEN + 1] = (uint8_t)(versions[i] >> 8);
		/* What else stands there is for those who know that version. */
		memset(head + TAPE_MAGIC_LEN + 2, 0xee, 90);
		assert_int_equal(open_error(head, sizeof head), -EPROTO);
		assert_int_equal(tape_open(file_of(head, sizeof head), &t, &version), -EPROTO);
		assert_int_equal(version, versions[i]);
	}
}

/* The head of a tape with sections that we do not know. */
static size_t put_head(uint8_t *out, uint32_t sections)
{
	struct buf b = { 0 };
	size_t len;

	buf_add(&b, TAPE_MAGIC, TAPE_MAGIC_LEN);
	wire_add_u16(&b, TAPE_VERSION);
	wire_add_u16(&b, 0);
	wire_add_u32(&b, sections);
	buf_fill(&b, '\x77', sections < 70000 ? (int)sections : 0);
	wire_add_u32(&b, wire_crc32(b.data, b.len));
	len = b.len;
	memcpy(out, b.data, len);
	buf_free(&b);
	return len;
}

static void sections_of_the_head_are_skipped(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 300, 65536 };
	static uint8_t bytes[100000];
	struct recording r;

	(void)state;
	record(&r, 3, 0);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		size_t len = put_head(bytes, lengths[i]);

		memcpy(bytes + len, r.bytes + FILE_HEAD, r.len - FILE_HEAD);
		for (unsigned stream = 0; stream < 2; stream++) {
			struct tape *t =
				open_well(input_of(stream, bytes, len + r.len - FILE_HEAD));

			look_to_the_end(t);
			assert_int_equal(tape_count(t), 3);
			tape_close(t);
		}
	}
	record_end(&r);
}

/* More than there can be is not waited for, nor made room for. */
static void lengths_are_not_believed(void **state)
{
	uint8_t bytes[FILE_HEAD + 4000];
	struct tape *t = NULL;
	unsigned version = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	put_bytes(fds[1], bytes, put_head(bytes, UINT32_C(1) << 30));
	assert_int_equal(tape_open(fds[0], &t, &version), -EILSEQ);
	close(fds[1]);
}

/* ---- Cut ------------------------------------------------------------------------------------- */

/* Reads all that can be read. Each frame that comes must be the one of its number in the recording.
 * Answers how many came; *lost gets the sum of what they say is lost before them. */
static unsigned read_all(struct tape *t, const struct recording *r, uint32_t *lost)
{
	unsigned came = 0;

	*lost = 0;
	for (uint32_t i = 0;; i++) {
		struct frame *f;
		int err;

		while (i >= tape_count(t)) {
			int more = tape_look(t, true);

			assert_true(more >= 0);
			if (i >= tape_count(t))
				return came;
		}
		err = tape_read(t, i, &f);
		if (err) {
			assert_int_equal(err, -EBADMSG);
			continue;
		}
		assert_true(tape_entry(t, i)->number < r->count);
		assert_true(same_frame(f, r->frames[tape_entry(t, i)->number]));
		*lost += f->lost;
		came++;
		frame_put(f);
	}
}

static void assert_cut(const struct recording *r, size_t cut, bool stream)
{
	struct tape *t = NULL;
	unsigned version, whole = 0;
	uint32_t lost;
	int err = tape_open(input_of(stream, r->bytes, cut), &t, &version);

	assert_int_equal(err, cut == 0 ? -ENODATA : cut < FILE_HEAD ? -EILSEQ : 0);
	if (err)
		return;
	while (whole < r->count && r->ends[whole] <= cut)
		whole++;
	assert_int_equal(read_all(t, r, &lost), whole);
	assert_int_equal(lost, 0);
	assert_int_equal(tape_count(t), whole);
	assert_int_equal(tape_torn(t), cut - (whole ? r->ends[whole - 1] : FILE_HEAD));
	assert_int_equal(tape_damaged(t), 0);
	tape_close(t);
}

static void cut_at_every_byte_the_samples_before_are_there(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 5, 0);
	for (size_t cut = 0; cut <= r.len; cut++) {
		assert_cut(&r, cut, false);
		assert_cut(&r, cut, true);
	}
	record_end(&r);
}

/* ---- Damaged --------------------------------------------------------------------------------- */

/* How many samples can be read where the k-th cannot: those before, and those from the next whole
 * one on. *tail gets how many there are at the end that cannot. */
static unsigned readable_without(const struct tape *intact, uint32_t k, uint32_t *tail)
{
	uint32_t count = tape_count(intact), next = k + 1;

	while (next < count && !tape_entry(intact, next)->whole)
		next++;
	*tail = next == count ? count - k : 0;
	return k + count - next;
}

static uint32_t sample_at(const struct recording *r, size_t at)
{
	uint32_t k = 0;

	while (r->ends[k] <= at)
		k++;
	return k;
}

/* A damaged head does not even tell that there was a sample: numbers do, if one comes behind it. */
static void assert_damage(const struct recording *r, const struct tape *intact,
	const uint8_t *bytes, size_t at, bool stream)
{
	struct tape *t = open_well(input_of(stream, bytes, r->len));
	uint32_t k = sample_at(r, at), lost, tail, none = 0;
	bool of_head = at < r->begins[k] + TAPE_SAMPLE_HEAD;

	if (of_head && k + 1 == r->count)
		none = 1;
	assert_int_equal(read_all(t, r, &lost), readable_without(intact, k, &tail));
	assert_int_equal(lost, tail ? 0 : r->count - readable_without(intact, k, &tail));
	assert_int_equal(tape_damaged(t), tail - none);
	assert_int_equal(tape_torn(t), none ? r->len - r->begins[k] : 0);
	tape_close(t);
}

static void every_byte_damaged_loses_no_more_than_it_must(void **state)
{
	static const uint8_t ways[] = { 0x01, 0x80, 0xff };
	struct recording r;
	struct tape *intact;

	(void)state;
	record(&r, 6, 0);
	intact = open_well(file_of(r.bytes, r.len));
	assert_int_equal(tape_look(intact, false), 1);
	for (uint32_t i = 0; i < r.count; i++)
		assert_int_equal(tape_entry(intact, i)->whole, i % 3 == 0);
	for (size_t at = FILE_HEAD; at < r.len; at++)
		for (size_t way = 0; way < COUNT_OF(ways); way++) {
			r.bytes[at] ^= ways[way];
			assert_damage(&r, intact, r.bytes, at, (at + way) % 2);
			r.bytes[at] ^= ways[way];
		}
	tape_close(intact);
	record_end(&r);
}

static void a_damaged_head_of_the_file_is_told(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 2, 0);
	for (size_t at = 0; at < FILE_HEAD; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bool of_version = at == TAPE_MAGIC_LEN || at == TAPE_MAGIC_LEN + 1;
			int err = at < TAPE_MAGIC_LEN ? -EBADMSG : of_version ? -EPROTO : -EILSEQ;

			r.bytes[at] ^= (uint8_t)(1u << bit);
			assert_int_equal(open_error(r.bytes, r.len), err);
			r.bytes[at] ^= (uint8_t)(1u << bit);
		}
	record_end(&r);
}

/* Bytes that are no sample, of a kind. */
static size_t put_garbage(uint8_t *out, unsigned kind)
{
	static const size_t lengths[] = { 1, 3, 39, 40, 41, 1000, 70000, 140000 };
	size_t len = lengths[kind % COUNT_OF(lengths)];
	uint32_t chance = kind;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((chance = chance * 1664525 + 1013904223) >> 24);
	/* Marks that are none, close together and across the pieces that are read. */
	for (size_t i = kind % 7; kind % 2 && i + TAPE_MARK_LEN <= len; i += 5)
		memcpy(out + i, TAPE_MARK, TAPE_MARK_LEN);
	return len;
}

static void garbage_between_samples_is_passed_over(void **state)
{
	static uint8_t bytes[200000];
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 6, 0);
	for (unsigned kind = 0; kind < 16; kind++) {
		size_t at = kind % 3 ? r.begins[kind % r.count] : r.len, len;
		bool last = at == r.len;

		memcpy(bytes, r.bytes, at);
		len = put_garbage(bytes + at, kind);
		memcpy(bytes + at + len, r.bytes + at, r.len - at);
		for (unsigned stream = 0; stream < 2; stream++) {
			struct tape *t = open_well(input_of(stream, bytes, r.len + len));

			assert_int_equal(read_all(t, &r, &lost), r.count);
			assert_int_equal(lost, 0);
			assert_int_equal(tape_torn(t), last ? len : 0);
			tape_close(t);
		}
	}
	record_end(&r);
}

/* Looking for the next sample takes the time of reading once, whatever stands there. */
static void a_file_of_marks_is_read_once(void **state)
{
	enum { LEN = 4 << 20 };
	uint8_t *bytes = malloc(LEN);
	struct recording r;
	struct tape *t;

	(void)state;
	record(&r, 1, 0);
	assert_non_null(bytes);
	for (size_t i = 0; i < LEN; i += TAPE_MARK_LEN)
		memcpy(bytes + i, TAPE_MARK, TAPE_MARK_LEN);
	memcpy(bytes, r.bytes, r.len);
	t = open_well(file_of(bytes, LEN));
	assert_int_equal(tape_look(t, false), 1);
	assert_int_equal(tape_count(t), 1);
	assert_int_equal(tape_torn(t), LEN - r.len);
	tape_close(t);
	free(bytes);
	record_end(&r);
}

/* ---- A mark, or all of another sample, inside a sample --------------------------------------- */

/* Adds a section that we do not know to the sample that ends the bytes. */
static size_t add_section(
	uint8_t *bytes, const struct recording *r, uint32_t k, const void *what, size_t what_len)
{
	uint8_t *head = bytes + r->begins[k];
	struct buf b = { 0 };
	size_t len = r->ends[k] - r->begins[k];

	memcpy(bytes, r->bytes, r->ends[k]);
	wire_add_uint(&b, 200);
	wire_add_uint(&b, what_len);
	buf_add(&b, what, what_len);
	memcpy(head + len, b.data, b.len);
	len += b.len - TAPE_SAMPLE_HEAD;
	for (unsigned i = 0; i < 4; i++)
		head[TAPE_MARK_LEN + i] = (uint8_t)(len >> 8 * i);
	mend_sample(head);
	len = r->ends[k] + b.len;
	buf_free(&b);
	memcpy(bytes + len, r->bytes + r->ends[k], r->len - r->ends[k]);
	return len + r->len - r->ends[k];
}

static void what_looks_like_a_sample_inside_one_does_not_confuse(void **state)
{
	static uint8_t bytes[100000];
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 5, 0);
	for (uint32_t k = 0; k < r.count; k++) {
		const struct {
			const void *what;
			size_t len;
		} inside[] = {
			{ TAPE_MARK, TAPE_MARK_LEN },
			{ TAPE_MARK TAPE_MARK TAPE_MARK, 3 * TAPE_MARK_LEN - 1 },
			{ r.bytes + r.begins[1], TAPE_SAMPLE_HEAD },
			{ r.bytes + r.begins[1], r.ends[2] - r.begins[1] },
			{ r.bytes, r.len },
		};

		for (size_t i = 0; i < 2 * COUNT_OF(inside); i++) {
			size_t len =
				add_section(bytes, &r, k, inside[i / 2].what, inside[i / 2].len);
			struct tape *t = open_well(input_of(i % 2, bytes, len));

			assert_int_equal(read_all(t, &r, &lost), r.count);
			assert_int_equal(tape_count(t), r.count);
			tape_close(t);
		}
	}
	record_end(&r);
}

static void a_head_may_claim_anything(void **state)
{
	static const uint32_t claims[] = { 0, 1, 100, 100000, TAPE_PAYLOAD_MAX,
		TAPE_PAYLOAD_MAX + 1, UINT32_MAX };
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 3, 0);
	for (size_t i = 0; i < COUNT_OF(claims); i++) {
		uint8_t *head = r.bytes + r.begins[1];
		struct buf b = { 0 };

		buf_add(&b, head, TAPE_MARK_LEN);
		wire_add_u32(&b, claims[i]);
		buf_add(&b, head + b.len, TAPE_SAMPLE_HEAD - 4 - b.len);
		wire_add_u32(&b, wire_crc32(b.data, b.len));
		memcpy(head, b.data, b.len);
		buf_free(&b);
		for (unsigned stream = 0; stream < 2; stream++) {
			struct tape *t = open_well(input_of(stream, r.bytes, r.len));

			assert_int_equal(read_all(t, &r, &lost), 1);
			assert_int_equal(tape_damaged(t), 2);
			assert_int_equal(tape_torn(t), 0);
			tape_close(t);
		}
	}
	record_end(&r);
}

/* Times from a head are counted with. */
static void impossible_times_are_no_head(void **state)
{
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 3, 0);
	for (unsigned way = 0; way < 2; way++) {
		uint8_t *head = r.bytes + r.begins[1];
		struct tape *t;

		memset(head + TAPE_SAMPLE_HEAD - 16, way ? 0x7f : 0, 8);
		head[TAPE_SAMPLE_HEAD - 9] = way ? 0x7f : 0x80;
		mend_sample(head);
		t = open_well(file_of(r.bytes, r.len));
		assert_int_equal(read_all(t, &r, &lost), 1);
		assert_int_equal(tape_count(t), 2);
		assert_int_equal(tape_damaged(t), 2);
		tape_close(t);
	}
	record_end(&r);
}

/* Each is said twice: in the head, for who looks for a time, and in the payload. */
static void a_head_tells_the_times_of_its_sample(void **state)
{
	enum { WALL = 16, MONO = 24 };
	static const size_t places[] = { WALL, WALL + 4, MONO, MONO + 4 };
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 3, 0);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct tape *t;

		r.bytes[r.begins[1] + places[i]] ^= 1;
		mend_sample(r.bytes + r.begins[1]);
		t = open_well(input_of(i % 2, r.bytes, r.len));
		assert_int_equal(read_all(t, &r, &lost), 1);
		assert_int_equal(tape_count(t), 3);
		assert_int_equal(tape_damaged(t), 2);
		tape_close(t);
		r.bytes[r.begins[1] + places[i]] ^= 1;
	}
	record_end(&r);
}

/* A later version may write samples of another kind. */
static void flags_that_are_not_known_are_no_head(void **state)
{
	enum { FLAGS = 12 };
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 6, 0);
	for (unsigned bit = 1; bit < 32; bit++) {
		uint8_t *flags = r.bytes + r.begins[2] + FLAGS + bit / 8;
		struct tape *t;

		*flags ^= (uint8_t)(1u << bit % 8);
		mend_sample(r.bytes + r.begins[2]);
		t = open_well(input_of(bit % 2, r.bytes, r.len));
		assert_int_equal(read_all(t, &r, &lost), 5);
		assert_int_equal(lost, 1);
		tape_close(t);
		*flags ^= (uint8_t)(1u << bit % 8);
	}
	record_end(&r);
}

/* ---- What is lost ---------------------------------------------------------------------------- */

/* Of a tape that was made of another one, what that had lost is still told. */
static void losses_add_up(void **state)
{
	static const struct {
		uint32_t before, number, wanted;
	} ways[] = { { 0, 1, 0 }, { 5, 1, 5 }, { 5, 4, 8 }, { 5, UINT32_MAX, UINT32_MAX } };
	enum { NUMBER = 8 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct recording r;
		struct tape *t;

		record_begin(&r, 3);
		record_shop(&r, 0, 0, 0);
		/* Another recording's first is whole. */
		story_end(&r.st);
		story_begin(&r.st, 3);
		tell_shop(&r.st, 1, 2, 0);
		r.st.sample->frame->lost = ways[i].before;
		record_sample(&r);
		memcpy(r.bytes + r.begins[1] + NUMBER, &ways[i].number, 4);
		mend_sample(r.bytes + r.begins[1]);
		t = open_well(input_of(i % 2, r.bytes, r.len));
		for (uint32_t n = 0; n < 2; n++) {
			struct frame *f;

			assert_int_equal(tape_look(t, true), 1);
			assert_int_equal(tape_read(t, n, &f), 0);
			assert_int_equal(f->lost, n ? ways[i].wanted : 0);
			frame_put(f);
		}
		tape_close(t);
		record_end(&r);
	}
}

static void no_number_is_too_large_to_be_told(void **state)
{
	enum { NUMBER = 8 };
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 2, 0);
	for (size_t i = 0; i < 2; i++) {
		struct tape *t;

		memset(r.bytes + r.begins[i] + NUMBER, 0xff, 4);
		mend_sample(r.bytes + r.begins[i]);
		r.bytes[r.ends[i] - 1] ^= 1;
		t = open_well(file_of(r.bytes, r.len));
		assert_int_equal(read_all(t, &r, &lost), 0);
		assert_int_equal(tape_damaged(t), UINT32_MAX);
		tape_close(t);
	}
	record_end(&r);
}

/* ---- One behind the other -------------------------------------------------------------------- */

/* Reads a tape that was put together: the samples of `a` up to a number, then all of `b`; *lost
 * gets what the first of those tells. */
static void assert_both(const struct recording *a, unsigned of_a, const struct recording *b,
	const uint8_t *bytes, size_t len, bool stream, uint32_t lost)
{
	struct tape *t = open_well(input_of(stream, bytes, len));
	uint32_t at = 0;

	for (unsigned i = 0; i < of_a + b->count; i++) {
		const struct recording *r = i < of_a ? a : b;
		unsigned n = i < of_a ? i : i - of_a;
		struct frame *f = NULL;

		do {
			assert_true(at < tape_count(t) || tape_look(t, true) == 1);
			assert_true(at < tape_count(t));
		} while (tape_read(t, at++, &f) == -EBADMSG);
		assert_non_null(f);
		assert_true(same_frame(f, r->frames[n]));
		assert_int_equal(f->diff.known, n > 0);
		assert_int_equal(f->lost, i == of_a ? lost : 0);
		frame_put(f);
	}
	assert_int_equal(tape_look(t, true), !stream);
	assert_int_equal(tape_count(t), at);
	assert_int_equal(tape_torn(t), 0);
	assert_int_equal(tape_damaged(t), 0);
	tape_close(t);
}

/* Also where the first broke off anywhere, as pipes do: the sample that was torn claims bytes of
 * the second. */
static void two_recordings_one_behind_the_other(void **state)
{
	static uint8_t bytes[100000];
	struct recording a, b;

	(void)state;
	record(&a, 3, 4);
	record_begin(&b, 3);
	for (unsigned n = 0; n < 3; n++)
		record_shop(&b, n + 20, 1000 + 2.0 * n, 2);
	for (size_t cut = FILE_HEAD; cut <= a.len; cut++) {
		unsigned of_a = 0;
		bool torn;

		while (of_a < a.count && a.ends[of_a] <= cut)
			of_a++;
		torn = of_a < a.count && cut >= a.begins[of_a] + TAPE_SAMPLE_HEAD;
		memcpy(bytes, a.bytes, cut);
		memcpy(bytes + cut, b.bytes, b.len);
		assert_both(&a, of_a, &b, bytes, cut + b.len, false, torn);
		assert_both(&a, of_a, &b, bytes, cut + b.len, true, torn);
	}
	record_end(&a);
	record_end(&b);
}

/* What is behind it, nobody here can read; the pipe may stay open. */
static void a_tape_of_another_version_ends_ours(void **state)
{
	static uint8_t bytes[100000];
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 3, 0);
	memcpy(bytes, r.bytes, r.len);
	memcpy(bytes + r.len, r.bytes, r.len);
	bytes[r.len + TAPE_MAGIC_LEN] = TAPE_VERSION + 1;
	for (unsigned stream = 0; stream < 2; stream++) {
		struct tape *t;
		int fds[2] = { -1, -1 };

		if (stream) {
			assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
			put_bytes(fds[1], bytes, 2 * r.len);
		}
		t = open_well(stream ? fds[0] : file_of(bytes, 2 * r.len));
		assert_int_equal(read_all(t, &r, &lost), 3);
		assert_int_equal(tape_count(t), 3);
		assert_int_equal(tape_torn(t), r.len);
		assert_int_equal(tape_look(t, true), !stream);
		assert_int_equal(tape_fd(t), -1);
		close(fds[1]);
		tape_close(t);
	}
	record_end(&r);
}

/* A hole loses the samples that it touches, and no others but those that build on them. */
static void a_hole_loses_what_it_touches(void **state)
{
	static uint8_t bytes[100000];
	struct recording r;
	uint32_t lost;

	(void)state;
	record(&r, 6, 0);
	for (size_t at = r.begins[1] + TAPE_SAMPLE_HEAD; at < r.begins[2]; at++)
		for (unsigned i = 0; i < 4; i++) {
			static const size_t lengths[] = { 1, 17, 90, 200 };
			size_t len = lengths[i];
			struct tape *t;

			if (at + len > r.begins[3])
				continue;
			memcpy(bytes, r.bytes, at);
			memcpy(bytes + at, r.bytes + at + len, r.len - at - len);
			t = open_well(input_of(i % 2, bytes, r.len - len));
			assert_int_equal(read_all(t, &r, &lost), 4);
			assert_int_equal(lost, 2);
			assert_int_equal(tape_damaged(t), 0);
			assert_int_equal(tape_torn(t), 0);
			tape_close(t);
		}
	record_end(&r);
}

/* ---- Still being written --------------------------------------------------------------------- */

static void a_file_that_grows_is_read_on(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 3, 0);
	for (size_t cut = FILE_HEAD; cut < r.len; cut += 7) {
		int fd = file_of(r.bytes, cut);
		struct tape *t = open_well(dup(fd));
		unsigned before = 0;
		uint32_t lost;

		while (r.ends[before] <= cut)
			before++;
		assert_int_equal(read_all(t, &r, &lost), before);
		assert_int_equal(tape_torn(t), cut - (before ? r.ends[before - 1] : FILE_HEAD));
		put_bytes(fd, r.bytes + cut, 1);
		assert_int_equal(tape_look(t, false), 1);
		put_bytes(fd, r.bytes + cut + 1, r.len - cut - 1);
		assert_int_equal(tape_look(t, false), 1);
		assert_int_equal(read_all(t, &r, &lost), 3);
		assert_int_equal(lost, 0);
		assert_int_equal(tape_torn(t), 0);
		close(fd);
		tape_close(t);
	}
	record_end(&r);
}

static void a_file_that_shrinks_loses_its_end(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 4, 0);
	for (size_t left = 0; left < r.len; left += 5) {
		int fd = file_of(r.bytes, r.len);
		struct tape *t = open_well(dup(fd));
		unsigned there = 0;
		uint32_t lost;

		assert_int_equal(tape_look(t, false), 1);
		assert_int_equal(tape_count(t), 4);
		assert_int_equal(ftruncate(fd, (off_t)left), 0);
		while (r.ends[there] <= left)
			there++;
		assert_int_equal(tape_look(t, false), 1);
		assert_int_equal(read_all(t, &r, &lost), there);
		assert_int_equal(tape_damaged(t), 4 - there);
		close(fd);
		tape_close(t);
	}
	record_end(&r);
}

/* Between looking and reading. */
static void a_file_that_shrinks_unseen_is_damaged(void **state)
{
	struct recording r;
	struct frame *f;
	struct tape *t;
	int fd;

	(void)state;
	record(&r, 140, 60);
	assert_true(r.len > 200000);
	fd = file_of(r.bytes, r.len);
	t = open_well(dup(fd));
	assert_int_equal(tape_look(t, false), 1);
	assert_int_equal(ftruncate(fd, FILE_HEAD), 0);
	assert_int_equal(tape_read(t, 0, &f), -EBADMSG);
	assert_int_equal(tape_read(t, 139, &f), -EBADMSG);
	close(fd);
	tape_close(t);
	record_end(&r);
}

/* ---- Pipes ----------------------------------------------------------------------------------- */

static void a_sample_of_a_pipe_is_there_with_its_last_byte(void **state)
{
	struct recording r;
	uint32_t there = 0;
	struct tape *t;
	int fds[2];

	(void)state;
	record(&r, 4, 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	put_bytes(fds[1], r.bytes, FILE_HEAD);
	t = open_well(fds[0]);
	for (size_t at = FILE_HEAD; at < r.len; at++) {
		struct frame *f;

		assert_int_equal(tape_fd(t), fds[0]);
		/* Does not wait. */
		assert_int_equal(tape_look(t, false), 1);
		put_bytes(fds[1], r.bytes + at, 1);
		assert_int_equal(tape_look(t, false), 1);
		there += at + 1 == r.ends[there];
		assert_int_equal(tape_count(t), there);
		if (at + 1 == r.ends[there ? there - 1 : 0]) {
			assert_int_equal(tape_read(t, there - 1, &f), 0);
			assert_true(same_frame(f, r.frames[there - 1]));
			frame_put(f);
		}
	}
	assert_int_equal(there, 4);
	close(fds[1]);
	assert_int_equal(tape_look(t, false), 0);
	assert_int_equal(tape_look(t, true), 0);
	assert_int_equal(tape_fd(t), -1);
	tape_close(t);
	record_end(&r);
}

/* Somebody who shares the pipe made it one that is not waited for. */
static void a_pipe_that_nobody_waits_for_is_waited_for(void **state)
{
	struct recording r;
	struct frame *f;
	struct tape *t;
	int fds[2];

	(void)state;
	record(&r, 1, 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	put_bytes(fds[1], r.bytes, r.len - 1);
	t = open_well(fds[0]);
	assert_int_equal(tape_look(t, false), 1);
	assert_int_equal(tape_count(t), 0);
	if (fork() == 0) {
		/* The other side waits until the pipe is empty, and a little more. */
		poll(NULL, 0, 20);
		_exit(write(fds[1], r.bytes + r.len - 1, 1) != 1);
	}
	close(fds[1]);
	assert_int_equal(tape_look(t, true), 1);
	assert_int_equal(tape_read(t, 0, &f), 0);
	assert_true(same_frame(f, r.frames[0]));
	frame_put(f);
	tape_close(t);
	record_end(&r);
}

/* An error of read(2) is told once, and then it is over. */
static void a_pipe_that_breaks_has_ended(void **state)
{
	struct recording r;
	struct tape *t;
	int fds[2];

	(void)state;
	record(&r, 1, 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	put_bytes(fds[1], r.bytes, FILE_HEAD);
	t = open_well(fds[0]);
	/* The descriptor becomes one that cannot be read. */
	assert_int_equal(dup2(fds[1], fds[0]), fds[0]);
	assert_int_equal(tape_look(t, true), -EBADF);
	assert_int_equal(tape_look(t, true), 0);
	assert_int_equal(tape_fd(t), -1);
	close(fds[1]);
	tape_close(t);
	record_end(&r);
}

/* ---- Raw dumps ------------------------------------------------------------------------------- */

/* A socket in LISTEN at 0.0.0.0:443, then the end of the dump, as ss -D writes them on this
 * machine. */
static size_t put_dump(uint32_t *out)
{
	enum { SOCK = 88, DONE = 20 };
	const uint32_t words[] = { SOCK, 20 | 2 << 16, 0, 0, 2 | 10 << 8, htons(443), 0, 0, 0, 0, 0,
		0, 0, 0, 0, 7, 0, 0, 1, 128, 1000, 77, DONE, 3, 0, 0, 0 };

	memcpy(out, words, sizeof words);
	return sizeof words;
}

static void a_raw_dump_is_a_tape_of_one_sample(void **state)
{
	uint32_t dump[64];
	size_t len = put_dump(dump);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool stream = i % 2;
		size_t torn = i / 2 * 5;
		struct tape *t = open_well(input_of(stream, dump, len - torn));
		struct frame *f, *again;

		assert_int_equal(tape_look(t, true), 0);
		assert_int_equal(tape_fd(t), -1);
		assert_int_equal(tape_count(t), 1);
		assert_true(tape_entry(t, 0)->whole);
		assert_int_equal(tape_read(t, 0, &f), 0);
		assert_string_equal(f->kind, "ss dump");
		assert_int_equal(f->sock_count, 1);
		assert_int_equal(f->socks[0].local_port, 443);
		assert_int_equal(f->wall_ns, tape_entry(t, 0)->wall_ns);
		/* When the file was written; a pipe tells nothing. */
		assert_true(stream || f->wall_ns > STORY_WALL_NS / 2);
		assert_int_equal(tape_torn(t), torn ? 15 : 0);
		tape_rewind(t);
		assert_int_equal(tape_read(t, 0, &again), 0);
		assert_ptr_equal(f, again);
		frame_put(f);
		frame_put(again);
		tape_close(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_says_what_it_said),
		cmocka_unit_test(a_busy_server_too),
		cmocka_unit_test(samples_are_read_in_any_order),
		cmocka_unit_test(rewound_it_begins_anew),
		cmocka_unit_test(a_pipe_does_not_go_back),
		cmocka_unit_test(what_is_no_tape_is_told_apart),
		cmocka_unit_test(other_versions_are_told),
		cmocka_unit_test(sections_of_the_head_are_skipped),
		cmocka_unit_test(lengths_are_not_believed),
		cmocka_unit_test(cut_at_every_byte_the_samples_before_are_there),
		cmocka_unit_test(every_byte_damaged_loses_no_more_than_it_must),
		cmocka_unit_test(a_damaged_head_of_the_file_is_told),
		cmocka_unit_test(garbage_between_samples_is_passed_over),
		cmocka_unit_test(a_file_of_marks_is_read_once),
		cmocka_unit_test(what_looks_like_a_sample_inside_one_does_not_confuse),
		cmocka_unit_test(a_head_may_claim_anything),
		cmocka_unit_test(impossible_times_are_no_head),
		cmocka_unit_test(a_head_tells_the_times_of_its_sample),
		cmocka_unit_test(flags_that_are_not_known_are_no_head),
		cmocka_unit_test(losses_add_up),
		cmocka_unit_test(no_number_is_too_large_to_be_told),
		cmocka_unit_test(two_recordings_one_behind_the_other),
		cmocka_unit_test(a_tape_of_another_version_ends_ours),
		cmocka_unit_test(a_hole_loses_what_it_touches),
		cmocka_unit_test(a_file_that_grows_is_read_on),
		cmocka_unit_test(a_file_that_shrinks_loses_its_end),
		cmocka_unit_test(a_file_that_shrinks_unseen_is_damaged),
		cmocka_unit_test(a_sample_of_a_pipe_is_there_with_its_last_byte),
		cmocka_unit_test(a_pipe_that_nobody_waits_for_is_waited_for),
		cmocka_unit_test(a_pipe_that_breaks_has_ended),
		cmocka_unit_test(a_raw_dump_is_a_tape_of_one_sample),
	};

	return cmocka_run_group_tests_name("tape", tests, NULL, NULL);
}
