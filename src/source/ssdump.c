/* A raw dump of ss, from bytes to a frame. The parser of the kernel layer reads one dump and stops
 * at its end, or at what it does not know; a stranger's file may go on. So the messages are walked
 * here, with lengths compared before anything is believed, and handed to it one by one. */
#include "sockdash/ssdump.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sockdash/diag_rows.h"

/* struct nlmsghdr, as it stands in the bytes. */
struct head {
	uint32_t len; /* of the message with its head */
	uint16_t type, flags;
	uint32_t sequence, port;
};
static_assert(sizeof(struct head) == SSDUMP_SIGN, "there is nothing between them");

enum message_type {
	MESSAGE_ERROR = 2,    /* NLMSG_ERROR */
	MESSAGE_DONE = 3,     /* NLMSG_DONE */
	MESSAGE_TCP_OLD = 18, /* TCPDIAG_GETSOCK */
	MESSAGE_SOCK = 20,    /* SOCK_DIAG_BY_FAMILY */
};

/* The kernel's buffers have 32 KiB, and more only for a message that does not fit. What claims more
 * than this is none of its messages. */
#define MESSAGE_MAX (UINT32_C(1) << 18)

struct reading {
	struct diag_rows rows;
	bool complete; /* some dump came to its end */
};

static size_t align4(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static bool is_sock(const struct head *head)
{
	return head->type == MESSAGE_SOCK || head->type == MESSAGE_TCP_OLD;
}

/* Whether there is a head, and what it says of the length can be. */
static bool read_head(const uint8_t *at, size_t left, struct head *head)
{
	if (left < sizeof *head)
		return false;
	memcpy(head, at, sizeof *head);
	return head->len >= sizeof *head && head->len <= MESSAGE_MAX;
}

bool ssdump_is(const uint8_t *bytes, size_t len)
{
	struct head head;

	return read_head(bytes, len, &head) &&
	       (is_sock(&head) || head.type == MESSAGE_DONE || head.type == MESSAGE_ERROR);
}

/* 0 or -ENOMEM. */
static int read_message(struct reading *r, const uint8_t *at, const struct head *head)
{
	static const struct diag_expect any = { .protocol = IPPROTO_TCP };
	int rc;

	if (!is_sock(head) && head->type != MESSAGE_DONE)
		return 0;
	rc = diag_parse(at, head->len, &any, diag_rows_add, &r->rows, NULL);
	if (is_sock(head))
		return rc == -ENOMEM ? rc : 0;
	r->complete |= rc == 0;
	return 0;
}

static int read_messages(struct reading *r, const uint8_t *at, size_t left, size_t *lost)
{
	struct head head;
	int err = 0;

	while (!err && left && read_head(at, left, &head) && head.len <= left) {
		size_t step = align4(head.len);

		err = read_message(r, at, &head);
		if (step > left)
			step = left;
		at += step;
		left -= step;
	}
	*lost = left;
	return err;
}

/* The file knows the users by their numbers, and this machine's names are not theirs. */
static int name_users(struct frame *f)
{
	for (uint32_t row = 0; row < f->sock_count; row++) {
		const struct sock *s = &f->socks[row];
		char number[16];
		const char *name;

		if (!s->inode || *frame_user(f, s->uid))
			continue;
		snprintf(number, sizeof number, "%u", s->uid);
		name = frame_text(f, number, strlen(number));
		if (!name || frame_add_user(f, s->uid, name))
			return -ENOMEM;
	}
	return 0;
}

static int fill(struct frame *f, const uint8_t *bytes, size_t len, size_t *lost)
{
	struct reading r = { .rows = { .frame = f } };
	int err = frame_add_netns(f, 0, "") < 0 ? -ENOMEM : 0;

	f->kind = "ss dump";
	f->problems[FRAME_RAW_DUMP] = -ENODATA;
	/* ss writes nothing but TCP, whatever else it is asked for. */
	f->absent = 1u << SOCK_UDP;
	if (!err)
		err = read_messages(&r, bytes, len, lost);
	if (!err && !f->sock_count && !r.complete)
		err = -EBADMSG;
	if (!err)
		err = name_users(f);
	if (!err)
		err = frame_compare(f, NULL);
	return err ? err : frame_carry_times(f, NULL);
}

int ssdump_read(const uint8_t *bytes, size_t len, int64_t wall_ns, struct frame **out, size_t *lost)
{
	struct frame *f;
	int err;

	*lost = len;
	if (!ssdump_is(bytes, len))
		return -EBADMSG;
	f = frame_create();
	if (!f)
		return -ENOMEM;
	f->wall_ns = wall_ns;
	err = fill(f, bytes, len, lost);
	if (err) {
		frame_put(f);
		return err;
	}
	*out = f;
	return 0;
}
