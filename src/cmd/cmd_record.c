/* record: writes samples to a tape until it is interrupted. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockdash/anonymize.h"
#include "sockdash/clock.h"
#include "sockdash/commands.h"
#include "sockdash/feed.h"
#include "sockdash/fmt.h"

struct recording {
	const struct options *options;
	const char *name;
	struct origin origin;
	struct source_request request;
	struct tape_writer *writer;
	struct anonymizer *anonymizer; /* NULL: names are written as they are */
	struct frame *last, *last_written;
	struct buf told;
	uint64_t samples;
	bool writing; /* what fails now is the output */
};

/* ---- Signals --------------------------------------------------------------------------------- */

/* The source to cancel when a signal comes; the one thing a handler can reach. */
static struct source *volatile interrupted_source;
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	/* A second one ends us at once: we may wait for somebody to read what we write. */
	signal(number, SIG_DFL);
	interrupted = 1;
	if (interrupted_source)
		source_cancel(interrupted_source);
}

static void catch_signals(struct source *source)
{
	/* Without SA_RESTART: a sleep or a wait for a pipe ends. */
	struct sigaction stop = { .sa_handler = interrupt }, ignore = { .sa_handler = SIG_IGN };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction was;

	interrupted_source = source;
	/* What was ignored stays so: nohup. */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (sigaction(numbers[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(numbers[i], &stop, NULL);
	/* As errors of write(2) they end the tape well. */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

/* ---- The file -------------------------------------------------------------------------------- */

/* A recording may be all that is left of an incident: it is not written over. The command lines of
 * others are in it: only its owner may read it. */
static int open_output(const char *path)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		if (!isatty(STDOUT_FILENO))
			return STDOUT_FILENO;
		complain("a tape is not for a terminal: sockdash record FILE, or | to a program");
		return -1;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0 && interrupted)
		return -1; /* nobody opened the other end of a FIFO */
	if (fd < 0 || fstat(fd, &st)) {
		complain("%s: %s", path, strerror(errno));
	} else if (S_ISREG(st.st_mode) && st.st_size > 0) {
		complain("%s: is there already and not empty; record does not write over it", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

/* ---- Recording ------------------------------------------------------------------------------- */

static int write_frame(struct recording *r, struct frame *f)
{
	struct frame *other = NULL;
	int err;

	if (r->anonymizer) {
		err = anonymizer_frame(r->anonymizer, f, r->last_written, &other);
		if (err)
			return err;
		f = other;
	}
	r->writing = true;
	err = tape_writer_add(r->writer, f);
	r->writing = err;
	frame_put(r->last_written);
	r->last_written = frame_get(f);
	frame_put(other);
	return err;
}

static int record_one(struct recording *r)
{
	struct frame *f;
	int err = source_next(r->origin.source, &r->request, r->last, &f);

	if (err)
		return err;
	frame_put(r->last);
	r->last = f;
	tell_problems(&r->told, f);
	err = write_frame(r, f);
	r->samples += !err;
	return err;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Until interrupted, or so many samples. A source of its own time is waited for only where nothing
 * else would end it. */
static int record(struct recording *r)
{
	const struct options *o = r->options;
	bool waits = !r->origin.tape && (!r->origin.source->own_time || !o->count);
	int64_t step_ns = (int64_t)(o->interval_s * 1e9), when = clock_mono_ns();
	int err = 0;

	while (!err && !interrupted) {
		int64_t began = clock_mono_ns(), cpu = clock_process_cpu_ns();

		err = record_one(r);
		if (err || (o->count && r->samples == o->count))
			break;
		when = later(when + step_ns,
			began + feed_least_ns(clock_process_cpu_ns() - cpu, o->cpu_limit));
		when = later(when, clock_mono_ns());
		if (waits && clock_sleep_until(when))
			break;
	}
	return interrupted && (err == -ECANCELED || err == -EINTR) ? 0 : err;
}

/* What there is to say at the end; the exit status. */
static int tell_outcome(const struct recording *r, int err)
{
	char size[FMT_MAX];
	int status = EXIT_DONE;

	if (err == -ENODATA && r->origin.tape)
		status = origin_tell_end(r->options, &r->origin);
	else if (err == -EPIPE)
		return EXIT_DONE; /* who read it has enough */
	else if (err) {
		complain("%s%s%s", r->writing ? r->name : "", r->writing ? ": " : "",
			strerror(-err));
		status = EXIT_FAILED;
	}
	if (err && !status)
		err = 0;
	if (err && r->samples)
		complain("the %" PRIu64 " sample%s before can be replayed", r->samples,
			r->samples == 1 ? "" : "s");
	else if (!err && isatty(STDERR_FILENO))
		complain("%" PRIu64 " sample%s, %s bytes: %s", r->samples,
			r->samples == 1 ? "" : "s",
			fmt_bytes(size, tape_writer_bytes(r->writer), 0), r->name);
	return status;
}

static int begin(struct recording *r, int fd)
{
	int err;

	r->writing = true;
	err = tape_writer_open(fd, &r->writer);
	if (err)
		return err;
	r->writing = false;
	if (r->options->anonymize) {
		r->anonymizer = anonymizer_create();
		if (!r->anonymizer)
			return -ENOMEM;
	}
	return 0;
}

int cmd_record(const char *path, const struct options *o)
{
	struct recording r = { .options = o, .request = options_request(o, NEED_ALL) };
	int fd, err, status;

	if (o->output != OUTPUT_TEXT || o->columns || o->sort)
		return complain_usage("record writes all of each sample: --json, --csv, --columns "
				      "and --sort are for views");
	r.name = strcmp(path, "-") == 0 ? "standard output" : path;
	status = origin_open(o, &r.origin);
	if (status)
		return status;
	catch_signals(r.origin.source);
	fd = open_output(path);
	if (fd < 0) {
		origin_close(&r.origin);
		return interrupted ? EXIT_DONE : EXIT_FAILED;
	}
	err = begin(&r, fd);
	if (!err)
		err = record(&r);
	status = tell_outcome(&r, err);
	if (fd != STDOUT_FILENO && close(fd) && !status) {
		complain("%s: %s", r.name, strerror(errno));
		status = EXIT_FAILED;
	}
	interrupted_source = NULL;
	tape_writer_close(r.writer);
	anonymizer_destroy(r.anonymizer);
	frame_put(r.last);
	frame_put(r.last_written);
	buf_free(&r.told);
	origin_close(&r.origin);
	return status;
}
