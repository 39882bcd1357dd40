/* audit_run: what a rule of the audit works with: the sample, the thresholds, words for what it
 * found. Of the files src/model/audit*.c only. */
#ifndef SOCKDASH_AUDIT_RUN_H
#define SOCKDASH_AUDIT_RUN_H

#include "sockdash/fmt.h"
#include "sockdash/group.h"

/* Places of audit_thresholds[]. */
enum audit_limit {
	LIMIT_EXHAUSTION,
	LIMIT_STUCK_SOCKETS,
	LIMIT_STUCK_READERS,
	LIMIT_STUCK_PEERS,
	LIMIT_SYN_SENT,
	LIMIT_FDS_WARNING,
	LIMIT_FDS_CRITICAL,
	LIMIT_ACCEPT_FULL,
	LIMIT_ACCEPT_DROPS,
	LIMIT_ACCEPT_DROPS_CRITICAL,
	LIMIT_SYN_QUEUE,
	LIMIT_SYN_RECV,
	LIMIT_PORTS_WARNING,
	LIMIT_PORTS_CRITICAL,
	LIMIT_HOST_WARNING,
	LIMIT_HOST_CRITICAL,
	LIMIT_RETRANS_WARNING,
	LIMIT_RETRANS_CRITICAL,
	LIMIT_RETRANS_SEGMENTS,
	LIMIT_TIME_WAIT_OVERFLOW,
	LIMIT_TIME_WAIT,
	LIMIT_UDP_DROPS,
	LIMIT_RECEIVE_DROPS,
	LIMIT_SOFTNET_DROPS,
	AUDIT_LIMITS,
};

/* So many events in the window are a finding, fewer an accident. */
#define AUDIT_EVENTS_LEAST 3

/* One thing found, as a rule tells it. Texts as in struct finding; NULL there was no memory. */
struct audit_found {
	enum severity severity;
	uint64_t key; /* of the subject, the same in every sample */
	double size;  /* the largest of a severity and rule come first */
	double since; /* seconds, from what the subject itself tells; NAN */
	const char *subject, *evidence, *advice, *command;
};

/* Something found, as it is remembered. */
struct audit_seen {
	uint64_t identity;
	int64_t first_ns, last_ns;
	uint32_t round;         /* of the last sample that had it */
	bool at_least;          /* it was there when the audit began */
	enum severity severity; /* in that sample */
};

/* What is remembered of an identity, or NULL. */
struct audit_seen *audit_seen_find(const struct audit_history *h, uint64_t identity);

struct audit_row {
	struct finding finding;
	double size;
};

#define AUDIT_ROOMS 12

struct audit_run {
	struct sample *s;
	const struct sample *prev; /* NULL: there is none */
	struct audit_history *history;
	const struct audit_settings *settings;
	int64_t window_ns;
	const struct audit_rule *rule; /* that is being checked */
	struct audit_row *rows;
	uint32_t count, room;
	const char *note; /* why the rule cannot be checked; NULL it can */
	char rooms[AUDIT_ROOMS][FMT_MAX];
	unsigned next_room;
};

/* ---- Telling: 0 or -ENOMEM ------------------------------------------------------------------- */

int audit_add(struct audit_run *run, const struct audit_found *found);

/* The rule cannot be checked, or not wholly, and why: part of a sentence. What it finds all the
 * same counts; otherwise it is SEVERITY_UNKNOWN. The text must live as long as the sample. */
void audit_unknown(struct audit_run *run, const char *why);

/* Whether a rule has found something in this run; with the key of a subject, of that one. */
bool audit_has(const struct audit_run *run, const char *id);
bool audit_has_subject(const struct audit_run *run, const char *id, uint64_t key);

/* ---- Comparing ------------------------------------------------------------------------------- */

/* A threshold; a tenth less for what was found in the sample before, so that a value at the
 * threshold does not come and go. */
double audit_limit(const struct audit_run *run, enum audit_limit limit, uint64_t key);

/* The severity of a value, with a threshold for each; SEVERITY_OK below both. The same holds of what
 * was critical. */
enum severity audit_severity(const struct audit_run *run, double value, enum audit_limit warning,
	enum audit_limit critical, uint64_t key);

/* How much of the window has passed so far, in seconds; at most since the audit began. */
double audit_covered(const struct audit_run *run);

/* A counter's rate over the window; NAN not known. */
double audit_rate(const struct audit_run *run, enum counter c);

/* Whether a rate reaches a threshold, and is not that of a few events only. */
bool audit_happens(const struct audit_run *run, double rate, enum audit_limit limit, uint64_t key);

/* A counter; NAN not known. */
double audit_counter(const struct audit_run *run, enum counter c);

/* Whether the frame has TCP or UDP sockets; if not, the rule cannot be checked. */
bool audit_sees(struct audit_run *run, enum sock_proto proto);

/* ---- Words ----------------------------------------------------------------------------------- */

/* Numbers for people, good until AUDIT_ROOMS more were asked for. */
const char *audit_count(struct audit_run *run, double n);
const char *audit_per_second(struct audit_run *run, double rate);
const char *audit_percent(struct audit_run *run, double percent);
const char *audit_age(struct audit_run *run, double seconds);
const char *audit_bytes(struct audit_run *run, double bytes);

/* "java (pid 2291)", or what kind of row it is. */
const char *audit_process(struct audit_run *run, enum proc_row_kind kind, uint32_t proc);

/* "nginx (pid 12031)" or "nginx (pid 12031 and 7 more)", "" without a visible owner. */
const char *audit_owner(struct audit_run *run, const struct sock *sock);

/* "nginx (pid 12031) on *:443", or "*:443". */
const char *audit_listener(struct audit_run *run, const struct sock *sock);

/* The identity of an address and port of this host, whatever socket is there. */
uint64_t audit_place(const struct audit_run *run, const struct sock *sock);

/* The remote end of a socket as ss wants it in a filter. */
const char *audit_destination(struct audit_run *run, const struct sock *sock);

#endif
