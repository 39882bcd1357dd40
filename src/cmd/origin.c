/* Where frames come from: the kernel, a tape or a made-up server. The only place that tells them
 * apart, and the words for what is wrong with a tape. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "sockdash/commands.h"
#include "sockdash/synth.h"

static const char *name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void complain_tape(const char *path, int err, unsigned version)
{
	switch (-err) {
	case EPROTO:
		complain("%s: a tape of version %u; this program reads version %d", name_of(path),
			version, TAPE_VERSION);
		break;
	case EBADMSG:
		complain("%s: neither a tape of sockdash nor a raw dump of ss", name_of(path));
		break;
	case EILSEQ:
		complain("%s: the head of the tape is damaged or cut off", name_of(path));
		break;
	case ENODATA:
		complain("%s: is empty", name_of(path));
		break;
	default:
		complain("%s: %s", name_of(path), strerror(-err));
		break;
	}
}

static int open_tape(const char *path, struct tape **out)
{
	unsigned version = 0;
	int fd, err;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		complain("%s: %s", name_of(path), strerror(errno));
		return EXIT_FAILED;
	}
	if (isatty(fd)) {
		close(fd);
		return complain_usage(
			"%s is a terminal; a tape comes from a file or a pipe", name_of(path));
	}
	err = tape_open(fd, out, &version);
	if (err)
		complain_tape(path, err, version);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int open_synth(const char *text, struct source **out)
{
	struct synth_spec spec;
	const char *bad, *wanted;
	size_t bad_len;
	int err;

	if (synth_parse(text, strlen(text), &spec, &bad, &bad_len, &wanted))
		return complain_usage("--source synth: '%.*s' is not right; it takes %s",
			(int)bad_len, bad, wanted);
	err = source_open_synth(&spec, out);
	if (err)
		complain("%s", strerror(-err));
	return err ? EXIT_FAILED : EXIT_DONE;
}

int origin_open(const struct options *o, struct origin *out)
{
	int err, status;

	*out = (struct origin){ 0 };
	if (o->synth)
		return open_synth(o->synth, &out->source);
	if (!o->tape) {
		err = source_open_live(o->plain, &out->source);
	} else {
		status = open_tape(o->tape, &out->tape);
		if (status)
			return status;
		err = source_open_tape(out->tape, &out->source);
	}
	if (!err)
		return EXIT_DONE;
	complain("%s", strerror(-err));
	origin_close(out);
	return EXIT_FAILED;
}

void origin_close(struct origin *g)
{
	source_close(g->source);
	tape_close(g->tape);
}

int origin_tell_end(const struct options *o, const struct origin *g)
{
	const char *name = name_of(o->tape);
	uint32_t damaged = tape_damaged(g->tape);
	uint64_t torn = tape_torn(g->tape);

	if (damaged)
		complain("%s: the last %" PRIu32 " sample%s damaged and left out", name, damaged,
			damaged == 1 ? " is" : "s are");
	if (torn)
		complain("%s: the last %" PRIu64 " bytes are no whole sample: lost, or still being "
			 "written",
			name, torn);
	if (!damaged && !torn && !tape_count(g->tape))
		complain("%s: has no samples", name);
	return damaged || torn || !tape_count(g->tape) ? EXIT_FAILED : EXIT_DONE;
}
