/* The words for what kept a frame from being whole: what is missing, why, and what would bring
 * it. */
#include "sockdash/problems.h"

#include <errno.h>
#include <string.h>

#include "sockdash/fmt.h"
#include "sockdash/needs.h"

static const char *why_no_sock_diag(int error)
{
	switch (-error) {
	case EPROTONOSUPPORT:
		return "this kernel has no sock_diag";
	case ENOENT:
	case EOPNOTSUPP:
		return "the kernel modules inet_diag, tcp_diag or udp_diag are missing";
	case EPERM:
	case EACCES:
	case EAFNOSUPPORT:
		return "a sandbox forbids sock_diag";
	default:
		return strerror(-error);
	}
}

static void add_protocol(struct buf *b, const char *proto, int error)
{
	buf_addf(b, "%s sockets are missing: %s", proto,
		error == -ENOENT    ? "this kernel has none"
		: error == -ENODATA ? "they were not recorded"
				    : strerror(-error));
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void add_hidden(struct buf *b, const struct frame *f)
{
	char count[FMT_MAX];

	buf_addf(b, "the owner%s of %s socket%s cannot be seen", plural(f->owners_hidden),
		fmt_count(count, f->owners_hidden, 0), plural(f->owners_hidden));
	if (f->pids_hidden)
		buf_adds(b, ": /proc hides the processes of other users (hidepid)");
	else if (f->procs_hidden && f->seer_uid == PROC_UNKNOWN)
		buf_addf(b, ": %s process%s unreadable even for root",
			fmt_count(count, f->procs_hidden, 0), f->procs_hidden == 1 ? "" : "es");
	else if (f->procs_hidden)
		buf_addf(b,
			": %s process%s unreadable without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
			fmt_count(count, f->procs_hidden, 0), f->procs_hidden == 1 ? "" : "es");
	else
		buf_adds(b, ": they are the kernel's or another pid namespace's");
}

/* What a filter or a column asks for and the frame does not have. */
static size_t add_labels(struct buf *out, const struct frame *f)
{
	bool told = strcmp(f->kind, "sock_diag") == 0, files = f->problems[FRAME_NO_SOCK_DIAG];
	size_t n = 0;

	if (f->asked & NEED_MARKS && !f->marks)
		buf_addf(&out[n++], "marks are not known: %s",
			told ? "the kernel tells them to who has CAP_NET_ADMIN, a recording not"
			     : "there are none in what is read here");
	if (f->asked & NEED_CGROUPS && !f->cgroups)
		buf_addf(&out[n++], "control groups are not known: %s",
			told ? "a kernel tells them from 5.7 on, a recording not"
			     : "there are none in what is read here");
	if (f->asked & NEED_DEVICES && files)
		buf_adds(&out[n++], "devices that sockets are bound to are not known");
	if (f->asked & NEED_AUTOBOUND && files)
		buf_adds(&out[n++],
			"whether bind() named a port is not known: all in the ephemeral "
			"range are taken for autobound");
	if (f->asked & NEED_BY_AGE && !f->diff.known)
		buf_adds(&out[n++], "ages of sockets are not known in the first sample, only in "
				    "those after it (-n 2)");
	return n;
}

size_t problems_of(const struct frame *f, struct buf out[PROBLEMS_MAX])
{
	const int *p = f->problems;
	char count[FMT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < PROBLEMS_MAX; i++)
		out[i] = (struct buf){ 0 };
	if (f->lost)
		buf_addf(&out[n++], "%s sample%s before this one %s damaged and left out",
			fmt_count(count, f->lost, 0), plural(f->lost), f->lost == 1 ? "is" : "are");
	if (p[FRAME_RAW_DUMP])
		buf_adds(&out[n++], "a raw dump of ss: TCP only, without processes, counters, "
				    "names or changes");
	if (p[FRAME_NO_SOCK_DIAG])
		buf_addf(&out[n++],
			"%s: reading /proc/net instead (slower; no backlogs, drops or ages of "
			"CLOSE-WAIT)",
			why_no_sock_diag(p[FRAME_NO_SOCK_DIAG]));
	if (p[FRAME_NO_TCP])
		add_protocol(&out[n++], "TCP", p[FRAME_NO_TCP]);
	if (p[FRAME_NO_UDP])
		add_protocol(&out[n++], "UDP", p[FRAME_NO_UDP]);
	if (p[FRAME_NO_PROC])
		buf_addf(&out[n++], "owners are not known: %s",
			p[FRAME_NO_PROC] == -ENOENT ? "/proc is not mounted"
						    : strerror(-p[FRAME_NO_PROC]));
	else if (f->owners_hidden && f->owners_known)
		add_hidden(&out[n++], f);
	if (p[FRAME_NO_WAIT_AGE])
		buf_addf(&out[n++], "ages of CLOSE-WAIT sockets are not known: %s",
			strerror(-p[FRAME_NO_WAIT_AGE]));
	if (f->ended.known && f->ended.at_least)
		buf_adds(&out[n++],
			"more connections ended than could be counted: a > stands before "
			"these numbers");
	n += add_labels(&out[n], f);
	if (f->ended.error)
		buf_addf(&out[n++], "connections that end are not counted: %s",
			f->ended.error == -EINVAL ? "this kernel does not tell of them"
						  : strerror(-f->ended.error));
	return n;
}
