/* fixture: samples made by hand. A story is a row of frames that follow each other as a source
 * would make them: begin a frame, add processes and sockets in words, end it.
 *
 *	struct story st;
 *
 *	story_begin(&st, 10);
 *	story_frame(&st, 0);
 *	story_proc(&st, .pid = 7, .name = "nginx");
 *	story_sock(&st, "tcp LISTEN 0.0.0.0:443 * recv_q=0 send_q=511 pid=7");
 *	assert_row(story_sample(&st), "procs", "pid=7", "listen=1, conns=0");
 *	story_end(&st);
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/settings.h"
#include "sockdash/rowset.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Every story begins at this time: 2026-11-22T10:53:07.120Z. */
#define STORY_WALL_NS 1795344787120000000

/* Inode of the namespace of a story. */
#define STORY_NETNS 4026531840

/* What a socket says of itself beyond the row: kept until the frame ends. */
struct story_note {
	uint32_t row;
	uint32_t pid, fd; /* an owner, or with pid 0 */
	double waits_s;   /* a time in CLOSE-WAIT */
};

struct story {
	struct tracker *tracker;
	struct frame *frame;   /* the one that is being filled, or NULL */
	struct sample *sample; /* the newest; lives until the next one */
	int64_t epoch_ns;      /* of the first frame */
	struct story_note *notes;
	size_t note_count;
};

/* `window_s` is that of the tracker. */
void story_begin(struct story *st, double window_s);
void story_end(struct story *st);

/* Begins a frame at a time in seconds: owners known, host "web-07", told by "sock_diag". What else
 * a test wants of it, it writes into the frame. */
struct frame *story_frame(struct story *st, double at_s);

/* Adds a process to the frame; answers its row. What is left out is not known; the start time is
 * the pid. */
#define story_proc(st, ...) story_add_proc(st, &(struct proc){ __VA_ARGS__ })
uint32_t story_add_proc(struct story *st, const struct proc *p);

/* Adds a socket to the frame from a line of words; answers its row.
 *
 *	tcp ESTAB 10.0.0.1:443 10.9.0.1:50000 recv_q=3 pid=7
 *	udp UNCONN [fe80::1]%eth0:53 *
 *
 * The remote "*" is no address of the local's family. An address in brackets makes an AF_INET6
 * socket. Further words:
 *
 *	cookie=N    else one made of protocol, addresses and ports; 0 for none
 *	inode=N     else one made of the cookie if the socket has an owner, or none
 *	pid=N       an owner, once for each descriptor; one that was not added gets the name "pN"
 *	recv_q=N send_q=N uid=N drops=N expires=MS retrans=N timer=N cgroup=N
 *	netns=N     row of the namespace
 *	waits=S     in CLOSE-WAIT since S seconds, as the kernel tells where no earlier frame knows
 *	v6only      does not serve IPv4
 *	no_backlog  is not told how many may wait */
uint32_t story_sock(struct story *st, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends the frame as a source does, and makes the next sample of it; it is the story's. */
struct sample *story_sample(struct story *st);

/* The socket with a cookie in the first namespace, or NULL. */
const struct sock *story_find(const struct frame *f, uint64_t cookie);

/* ---- What tables say ------------------------------------------------------------------------- */

/* What a row of a table says, in the form of the `like` text: "count=3, delta=+1" asks for these
 * two fields. The row is the one where all fields in `where` ("proto=udp, state=ESTAB") read so;
 * "no row" where there is none, "N rows" where there are several. Values read as format_plain() has
 * them. The text lives until the eighth next call. */
const char *row_text(
	const struct sample *s, const char *table, const char *where, const char *like);

/* The same for a pane's or command's whole table: a line per row, fields separated by blanks. The
 * caller frees it. */
char *table_text(const struct sample *s, const char *table, const char *fields);

#define assert_row(s, table, where, expected)                                                      \
	assert_string_equal(row_text(s, table, where, expected), expected)
#define assert_table(s, table, fields, expected)                                                   \
	do {                                                                                       \
		char *text = table_text(s, table, fields);                                         \
                                                                                                   \
		assert_string_equal(text, expected);                                               \
		free(text);                                                                        \
	} while (0)

/* Two real numbers that are the same but for rounding; NAN is NAN. */
#define assert_real(a, b) assert_true(same_real(a, b))
bool same_real(double a, double b);

#endif
