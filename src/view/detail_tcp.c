/* What TCP knows of a connection, in words and units: a line for each question, with what answers it.
 * A number that the kernel did not tell leaves its part of the line away. */
#include <errno.h>
#include <string.h>

#include "sockdash/detail_socket.h"
#include "sockdash/fmt.h"

/* ---- Parts of a line ------------------------------------------------------------------------- */

static bool knows(const struct sock_facts *f, enum sock_fact fact)
{
	return f->values[fact] != SOCK_FACT_NONE;
}

static void separate(struct buf *b)
{
	if (b->len)
		buf_adds(b, ", ");
}

/* Each adds "BEFORE value AFTER", or nothing where the value is not known. */
typedef void add_part(struct buf *b, const struct sock_facts *f, enum sock_fact fact,
	const char *before, const char *after);

static void add_with(struct buf *b, const char *before, const char *text, const char *after)
{
	separate(b);
	buf_addf(b, "%s%s%s%s%s", before, *before ? " " : "", text, *after ? " " : "", after);
}

static void span(struct buf *b, const struct sock_facts *f, enum sock_fact fact, const char *before,
	const char *after)
{
	char room[FMT_MAX];

	if (knows(f, fact))
		add_with(b, before, fmt_span(room, (double)f->values[fact] / 1e6, 0), after);
}

static void ago(struct buf *b, const struct sock_facts *f, enum sock_fact fact, const char *before,
	const char *after)
{
	char room[FMT_MAX];

	if (knows(f, fact))
		add_with(b, before, fmt_age(room, (double)f->values[fact] / 1e3, 0), after);
}

static void count(struct buf *b, const struct sock_facts *f, enum sock_fact fact,
	const char *before, const char *after)
{
	char room[FMT_MAX];

	if (knows(f, fact))
		add_with(b, before, fmt_count(room, (uint64_t)f->values[fact], 0), after);
}

static void bytes(struct buf *b, const struct sock_facts *f, enum sock_fact fact,
	const char *before, const char *after)
{
	char room[FMT_MAX];

	if (knows(f, fact))
		add_with(b, before, fmt_bytes(room, (uint64_t)f->values[fact], 0), after);
}

/* Only where it is not 0. */
static void some(struct buf *b, const struct sock_facts *f, enum sock_fact fact, add_part *add,
	const char *before, const char *after)
{
	if (knows(f, fact) && f->values[fact])
		add(b, f, fact, before, after);
}

/* Takes the text. */
static void add_line(struct page *p, const char *label, struct buf *text)
{
	if (text->failed)
		p->failed = true;
	else
		page_add(p, label, text->len ? ROLE_TEXT : ROLE_DIM, "%s",
			text->len ? text->data : "not told by this kernel");
	buf_free(text);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void tell_round_trip(const struct sock_facts *f, struct buf *b)
{
	char room[FMT_MAX];

	span(b, f, FACT_RTT_US, "", "");
	if (b->len && knows(f, FACT_RTTVAR_US))
		buf_addf(b, " \xc2\xb1 %s",
			fmt_span(room, (double)f->values[FACT_RTTVAR_US] / 1e6, 0));
	span(b, f, FACT_MIN_RTT_US, "shortest", "");
	span(b, f, FACT_RCV_RTT_US, "as the receiver", "");
	span(b, f, FACT_RTO_US, "sent again after", "");
	span(b, f, FACT_ATO_US, "ACKs wait", "");
}

static void tell_window(const struct sock_facts *f, struct buf *b)
{
	count(b, f, FACT_CWND, "congestion window", "segments");
	if (knows(f, FACT_CWND))
		count(b, f, FACT_SSTHRESH, "slow start up to", "");
	bytes(b, f, FACT_SND_WND, "the peer takes", "");
	bytes(b, f, FACT_RCV_WND, "we take", "");
	bytes(b, f, FACT_RCV_SSTHRESH, "at most", "");
}

static void tell_path(const struct sock_facts *f, struct buf *b)
{
	bytes(b, f, FACT_PMTU, "packets of", "");
	count(b, f, FACT_SND_MSS, "segments of", "bytes sent");
	count(b, f, FACT_RCV_MSS, "", "received");
	count(b, f, FACT_ADVMSS, "", "announced");
}

static void tell_flight(const struct sock_facts *f, struct buf *b)
{
	count(b, f, FACT_UNACKED, "", "segments on their way");
	some(b, f, FACT_SACKED, count, "", "came out of order");
	some(b, f, FACT_LOST, count, "", "taken for lost");
	some(b, f, FACT_RETRANS, count, "", "sent again");
	bytes(b, f, FACT_NOTSENT_BYTES, "", "not sent yet");
}

static void tell_loss(const struct sock_facts *f, struct buf *b)
{
	char room[FMT_MAX];

	count(b, f, FACT_TOTAL_RETRANS, "", "segments sent again");
	if (knows(f, FACT_TOTAL_RETRANS) && f->values[FACT_DATA_SEGS_OUT] > 0)
		buf_addf(b, " (%s of those with data)",
			fmt_percent(room,
				100.0 * (double)f->values[FACT_TOTAL_RETRANS] /
					(double)f->values[FACT_DATA_SEGS_OUT],
				0));
	some(b, f, FACT_RETRANSMITS, count, "", "times the one that waits now");
	some(b, f, FACT_PROBES, count, "", "probes without answer");
	some(b, f, FACT_BACKOFF, count, "backed off", "times");
	some(b, f, FACT_TOTAL_RTO, count, "", "timeouts");
	count(b, f, FACT_REORDERING, "reordering", "");
	some(b, f, FACT_REORD_SEEN, count, "", "times seen");
	some(b, f, FACT_DSACK_DUPS, count, "", "sent in vain");
	some(b, f, FACT_RCV_OOOPACK, count, "", "received out of order");
	some(b, f, FACT_REHASH, count, "", "other paths tried");
}

static void tell_sent(const struct sock_facts *f, struct buf *b)
{
	bytes(b, f, FACT_BYTES_ACKED, "", "acknowledged");
	bytes(b, f, FACT_BYTES_SENT, "", "sent");
	some(b, f, FACT_BYTES_RETRANS, bytes, "", "of it again");
	count(b, f, FACT_SEGS_OUT, "", "segments");
	count(b, f, FACT_DATA_SEGS_OUT, "", "with data");
}

static void tell_received(const struct sock_facts *f, struct buf *b)
{
	bytes(b, f, FACT_BYTES_RECEIVED, "", "");
	count(b, f, FACT_SEGS_IN, "", "segments");
	count(b, f, FACT_DATA_SEGS_IN, "", "with data");
}

static void add_rate(struct buf *b, const char *before, double rate)
{
	char room[FMT_MAX], text[FMT_MAX + 4];

	if (!(rate >= 0))
		return;
	fmt_bytes(room, (uint64_t)(rate + 0.5), 0);
	text[0] = '\0';
	strcat(strcat(text, room), "/s");
	add_with(b, before, text, "");
}

static void tell_rates(const struct sock_story *s, struct buf *b)
{
	const struct sock_facts *f = s->facts;

	if (s->look) {
		add_rate(b, "now out", (double)s->look->info.tx_rate);
		add_rate(b, "in", (double)s->look->info.rx_rate);
	}
	if (knows(f, FACT_DELIVERY_RATE))
		add_rate(b, "delivered", (double)f->values[FACT_DELIVERY_RATE]);
	if (f->values[FACT_APP_LIMITED] == 1)
		buf_adds(b, " (limited by the application)");
	if (knows(f, FACT_PACING_RATE))
		add_rate(b, "paced at", (double)f->values[FACT_PACING_RATE]);
	if (knows(f, FACT_MAX_PACING_RATE))
		add_rate(b, "at most", (double)f->values[FACT_MAX_PACING_RATE]);
}

static void add_share(
	struct buf *b, const struct sock_facts *f, enum sock_fact fact, const char *by)
{
	char room[FMT_MAX], percent[FMT_MAX];
	double busy = (double)f->values[FACT_BUSY_US], part = (double)f->values[fact];

	if (part > 0 && busy > 0)
		buf_addf(b, ", %s (%s) limited by %s", fmt_span(room, part / 1e6, 0),
			fmt_percent(percent, 100 * part / busy, 0), by);
}

static void tell_busy(const struct sock_facts *f, struct buf *b)
{
	span(b, f, FACT_BUSY_US, "", "with data to send");
	add_share(b, f, FACT_RWND_LIMITED_US, "the peer's window");
	add_share(b, f, FACT_SNDBUF_LIMITED_US, "the send buffer");
}

static void tell_last(const struct sock_facts *f, struct buf *b)
{
	ago(b, f, FACT_LAST_SENT_MS, "data sent", "ago");
	ago(b, f, FACT_LAST_RECV_MS, "received", "ago");
	ago(b, f, FACT_LAST_ACK_MS, "an ACK came", "ago");
}

static void add_words(struct buf *b, int64_t bits, const char *const *words, size_t n)
{
	for (size_t i = 0; bits > 0 && i < n; i++)
		if (words[i] && bits >> i & 1) {
			separate(b);
			buf_adds(b, words[i]);
		}
}

static void tell_options(const struct sock_facts *f, struct buf *b)
{
	static const char *const words[] = { "timestamps", "SACK", "window scaling", "ECN",
		"ECN seen", "data in the SYN", "timestamps in microseconds", "TCP fast open" };

	add_words(b, f->values[FACT_OPTIONS], words, sizeof words / sizeof *words);
	if (f->values[FACT_OPTIONS] > 0 && f->values[FACT_OPTIONS] & SOCK_OPTION_WSCALE)
		buf_addf(b, ", scales 2^%d out, 2^%d in", (int)f->values[FACT_SND_WSCALE],
			(int)f->values[FACT_RCV_WSCALE]);
	if (!b->len && knows(f, FACT_OPTIONS))
		buf_adds(b, "none");
	some(b, f, FACT_DELIVERED_CE, count, "", "segments marked by ECN");
}

static void tell_congestion(const struct sock_facts *f, struct buf *b)
{
	static const char *const states[] = { "open", "disorder", "window reduced", "recovery",
		"loss" };

	buf_adds(b, f->congestion);
	if (f->values[FACT_CA_STATE] >= 0 && f->values[FACT_CA_STATE] < 5)
		add_with(b, "state", states[f->values[FACT_CA_STATE]], "");
	if (*f->ulp)
		add_with(b, "above it", f->ulp, "");
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static const struct {
	const char *label;
	void (*tell)(const struct sock_facts *f, struct buf *b);
} tcp_lines[] = {
	{ "round trip", tell_round_trip },
	{ "windows", tell_window },
	{ "sizes", tell_path },
	{ "in flight", tell_flight },
	{ "loss", tell_loss },
	{ "sent", tell_sent },
	{ "received", tell_received },
	{ "busy", tell_busy },
	{ "last", tell_last },
	{ "options", tell_options },
	{ "congestion", tell_congestion },
};

static void add_memory(const struct sock_facts *f, struct page *out)
{
	struct buf receive = { 0 }, send = { 0 }, other = { 0 };

	page_group(out, "Memory");
	bytes(&receive, f, FACT_RMEM, "", "taken");
	bytes(&receive, f, FACT_RCVBUF, "of", "");
	some(&receive, f, FACT_BACKLOG, bytes, "", "came while it was locked");
	some(&receive, f, FACT_DROPS, count, "", "drops");
	add_line(out, "to receive", &receive);
	bytes(&send, f, FACT_WMEM_QUEUED, "", "queued");
	bytes(&send, f, FACT_SNDBUF, "of", "");
	bytes(&send, f, FACT_WMEM, "", "on its way out");
	add_line(out, "to send", &send);
	bytes(&other, f, FACT_FORWARD_ALLOC, "", "set aside");
	some(&other, f, FACT_OPTION_MEM, bytes, "", "for options");
	add_line(out, "other", &other);
}

static void add_settings(const struct sock_facts *f, struct page *out)
{
	static const char *const words[] = { "IP_RECVERR", NULL, "IP_FREEBIND", "IP_HDRINCL", NULL,
		"IP_TRANSPARENT", NULL, "IP_NODEFRAG", "IP_BIND_ADDRESS_NO_PORT",
		"IP_RECVERR_RFC4884", "TCP_FASTOPEN_CONNECT waits" };
	static const char *const ends[] = { "receiving", "sending" };
	struct buf b = { 0 }, shut = { 0 };

	page_group(out, "Settings");
	add_words(&b, f->values[FACT_SOCKOPT], words, sizeof words / sizeof *words);
	if (f->values[FACT_V6ONLY] == 1)
		add_with(&b, "", "IPV6_V6ONLY", "");
	some(&b, f, FACT_TOS, count, "TOS", "");
	some(&b, f, FACT_TCLASS, count, "traffic class", "");
	some(&b, f, FACT_MARK, count, "fwmark", "");
	if (!b.len && knows(f, FACT_SOCKOPT))
		buf_adds(&b, "none that is told");
	add_line(out, "set", &b);
	add_words(&shut, f->values[FACT_SHUTDOWN], ends, 2);
	if (knows(f, FACT_SHUTDOWN) && !shut.len)
		buf_adds(&shut, "no");
	add_line(out, "shut down", &shut);
	if (knows(f, FACT_CGROUP))
		page_add(out, "cgroup", ROLE_TEXT, "id %lld", (long long)f->values[FACT_CGROUP]);
}

/* Why nothing is known; NULL: it is. */
static const char *why_unknown(const struct sock_story *s)
{
	const struct sock *sock = &s->sample->frame->socks[s->row];

	if (s->replay)
		return "not in a recording";
	if (!s->live)
		return "not known of a made-up server";
	if (!sock->cookie)
		return "without sock_diag the kernel cannot be asked";
	if (s->facts->error)
		return strerror(-s->facts->error);
	if (s->facts->gone)
		return sock->proto == SOCK_TCP ? "gone before it could be asked"
					       : "the kernel tells of another socket on that port";
	return s->facts->known ? NULL : "being asked for\xe2\x80\xa6";
}

static void add_tcp(const struct sock_story *s, struct page *out)
{
	const struct sock *sock = &s->sample->frame->socks[s->row];
	struct buf rates = { 0 };

	page_group(out, "TCP");
	if (!knows(s->facts, FACT_CWND)) {
		page_add(out, "unknown", ROLE_DIM, "%s has none", sock_state_name(sock->state));
		return;
	}
	for (size_t i = 0; i < sizeof tcp_lines / sizeof *tcp_lines; i++) {
		struct buf b = { 0 };

		tcp_lines[i].tell(s->facts, &b);
		add_line(out, tcp_lines[i].label, &b);
	}
	tell_rates(s, &rates);
	add_line(out, "rates", &rates);
}

void detail_tcp(const struct sock_story *s, struct page *out)
{
	bool is_tcp = s->sample->frame->socks[s->row].proto == SOCK_TCP;
	const char *why = why_unknown(s);

	if (why) {
		page_group(out, is_tcp ? "TCP" : "UDP");
		page_add(out, "unknown", ROLE_DIM, "%s", why);
		return;
	}
	if (is_tcp)
		add_tcp(s, out);
	if (knows(s->facts, FACT_RMEM))
		add_memory(s->facts, out);
	add_settings(s->facts, out);
}
