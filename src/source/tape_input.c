/* The bytes of a tape: a file is read where it is wanted, of a pipe a window is kept. */
#include "sockdash/tape_input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int tape_input_look(struct tape_input *in)
{
	struct stat st;

	if (in->stream)
		return 0;
	if (fstat(in->fd, &st))
		return -errno;
	/* What is in the window may be the end of a file that has grown since. */
	if ((uint64_t)st.st_size != in->size)
		buf_clear(&in->window);
	in->size = (uint64_t)st.st_size;
	return 0;
}

int tape_input_open(struct tape_input *in, int fd, int64_t *written_ns)
{
	struct stat st;

	*in = (struct tape_input){ .fd = fd };
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	*written_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	in->stream = !S_ISREG(st.st_mode);
	return tape_input_look(in);
}

void tape_input_close(struct tape_input *in)
{
	close(in->fd);
	buf_free(&in->window);
}

bool tape_input_ready(const struct tape_input *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Reads what there is of a file at an offset, at most `len`, into the window. */
static int read_window(struct tape_input *in, uint64_t offset, size_t len)
{
	size_t done = 0;

	buf_clear(&in->window);
	in->window_at = offset;
	buf_fill(&in->window, 0, (int)len);
	if (in->window.failed)
		return -ENOMEM;
	while (done < len) {
		ssize_t n =
			pread(in->fd, in->window.data + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	in->window.len = done;
	return 0;
}

int tape_input_at(struct tape_input *in, uint64_t offset, size_t len, const uint8_t **at)
{
	int err;

	if (offset > in->size || len > in->size - offset)
		return 0;
	if (!in->stream &&
		(offset < in->window_at || offset + len > in->window_at + in->window.len)) {
		/* Heads stand one behind the other where samples are small. */
		size_t more = len < TAPE_INPUT_PIECE ? TAPE_INPUT_PIECE : len;

		if (more > in->size - offset)
			more = (size_t)(in->size - offset);
		err = read_window(in, offset, more);
		if (err)
			return err;
	}
	if (offset < in->window_at || offset + len > in->window_at + in->window.len)
		return in->stream ? -ESPIPE : 0;
	*at = (const uint8_t *)in->window.data + (offset - in->window_at);
	return 1;
}

int tape_input_from(
	struct tape_input *in, uint64_t offset, size_t least, const uint8_t **at, size_t *len)
{
	int got = tape_input_at(in, offset, least, at);

	if (got > 0)
		*len = (size_t)(in->window_at + in->window.len - offset);
	return got;
}

int tape_input_read(struct tape_input *in)
{
	char piece[TAPE_INPUT_PIECE];
	ssize_t n = read(in->fd, piece, sizeof piece);
	int err = n < 0 ? errno : 0;

	/* Somebody who has the pipe too does not wait for it. */
	if (err == EAGAIN) {
		struct pollfd p = { .fd = in->fd, .events = POLLIN };

		return poll(&p, 1, -1) < 0 ? -errno : 0;
	}
	/* What is broken is not asked again and again. */
	if (err && err != EINTR)
		in->ended = true;
	if (err)
		return -err;
	if (n == 0)
		in->ended = true;
	buf_add(&in->window, piece, (size_t)n);
	in->size += (size_t)n;
	return in->window.failed ? -ENOMEM : 0;
}

void tape_input_drop(struct tape_input *in, uint64_t offset)
{
	size_t n = (size_t)(offset - in->window_at);

	if (!in->stream || offset <= in->window_at || n > in->window.len)
		return;
	memmove(in->window.data, in->window.data + n, in->window.len - n);
	in->window.len -= n;
	in->window_at = offset;
}

int tape_input_begin(struct tape_input *in, uint64_t len)
{
	while (in->stream && !in->ended && in->size < len) {
		int err = tape_input_read(in);

		if (err)
			return err;
	}
	return 0;
}
