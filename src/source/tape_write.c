/* Writing a tape: which samples are told whole, and how they are framed. A whole sample comes when
 * the changes since the last one have grown as large as it was, so that reading up to any sample
 * costs at most two whole ones; and after so many samples in any case. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/tape.h"
#include "sockdash/tape_codec.h"

#define SAMPLES_MAX 64 /* from one whole sample to the next */

struct tape_writer {
	int fd;
	struct frame *last;
	struct buf sample; /* head and payload of one */
	uint64_t bytes;    /* written so far */
	uint64_t whole_bytes, changed_bytes;
	uint32_t number, since_whole;
};

/* Takes back what was written last, where the descriptor is a file and that is its end: it may have
 * been there before us, and others may write to it too. */
static void take_back(int fd, size_t len)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (len && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && at == st.st_size &&
		at >= (off_t)len && ftruncate(fd, at - (off_t)len) == 0)
		lseek(fd, at - (off_t)len, SEEK_SET);
}

/* All of it, or of a file nothing. */
static int write_all(struct tape_writer *w, const struct buf *b)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(w->fd, b->data + done, b->len - done);
		int err = n < 0 ? errno : 0;

		if (err && err != EINTR) {
			take_back(w->fd, done);
			return -err;
		}
		if (n > 0)
			done += (size_t)n;
	}
	w->bytes += b->len;
	return 0;
}

int tape_writer_open(int fd, struct tape_writer **out)
{
	struct tape_writer *w = calloc(1, sizeof *w);
	int err;

	if (!w)
		return -ENOMEM;
	w->fd = fd;
	buf_add(&w->sample, TAPE_MAGIC, TAPE_MAGIC_LEN);
	wire_add_u16(&w->sample, TAPE_VERSION);
	wire_add_u16(&w->sample, 0);
	wire_add_u32(&w->sample, 0);
	if (!w->sample.failed)
		wire_add_u32(&w->sample, wire_crc32(w->sample.data, w->sample.len));
	err = w->sample.failed ? -ENOMEM : write_all(w, &w->sample);
	if (err) {
		tape_writer_close(w);
		return err;
	}
	*out = w;
	return 0;
}

void tape_writer_close(struct tape_writer *w)
{
	if (!w)
		return;
	frame_put(w->last);
	buf_free(&w->sample);
	free(w);
}

/* Puts the head before the payload, which begins after it in the buffer, and the checksum behind
 * it. */
static int seal(struct tape_writer *w, const struct frame *f, bool whole)
{
	struct buf *b = &w->sample, head = { 0 };
	size_t len = b->len - TAPE_SAMPLE_HEAD;
	int err = -ENOMEM;

	if (b->failed)
		return -ENOMEM;
	if (len > TAPE_PAYLOAD_MAX)
		return -EFBIG;
	buf_add(&head, TAPE_MARK, TAPE_MARK_LEN);
	wire_add_u32(&head, (uint32_t)len);
	wire_add_u32(&head, w->number);
	wire_add_u32(&head, whole ? TAPE_WHOLE : 0);
	wire_add_u64(&head, (uint64_t)f->wall_ns);
	wire_add_u64(&head, (uint64_t)f->mono_ns);
	wire_add_u32(&head, wire_crc32(b->data + TAPE_SAMPLE_HEAD, len));
	if (!head.failed) {
		wire_add_u32(&head, wire_crc32(head.data, head.len));
		err = head.failed ? -ENOMEM : 0;
	}
	for (size_t i = 0; !err && i < TAPE_SAMPLE_HEAD; i++)
		b->data[i] = head.data[i];
	buf_free(&head);
	return err;
}

int tape_writer_add(struct tape_writer *w, struct frame *f)
{
	bool whole = !w->last || !f->diff.known || w->since_whole + 1 >= SAMPLES_MAX ||
		     w->changed_bytes >= w->whole_bytes;
	int err;

	buf_clear(&w->sample);
	buf_fill(&w->sample, 0, TAPE_SAMPLE_HEAD);
	tape_encode(f, whole ? NULL : w->last, &w->sample);
	err = seal(w, f, whole);
	if (!err)
		err = write_all(w, &w->sample);
	if (err)
		return err;
	w->number++;
	w->since_whole = whole ? 0 : w->since_whole + 1;
	w->changed_bytes = whole ? 0 : w->changed_bytes + w->sample.len;
	if (whole)
		w->whole_bytes = w->sample.len;
	frame_put(w->last);
	w->last = frame_get(f);
	return 0;
}

uint64_t tape_writer_bytes(const struct tape_writer *w)
{
	return w->bytes;
}
