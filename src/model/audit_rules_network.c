/* Rules about what is lost on the way: segments, datagrams, packets. Rates are those over the
 * window; what happened before nobody can mend. */
#include <math.h>

#include "sockdash/audit_rules.h"
#include "sockdash/audit_run.h"

/* A rate that this kernel or place does not tell, or not yet. */
static bool knows(struct audit_run *run, double rate, const char *name)
{
	if (!isnan(rate))
		return true;
	audit_unknown(run, sample_text(run->s, "%s is not known yet, or cannot be read", name));
	return false;
}

static double or_zero(double x)
{
	return isnan(x) ? 0 : x;
}

/* ---- TCP ------------------------------------------------------------------------------------- */

/* Handshakes that are sent again tell of dead peers and floods, which other rules tell; here it is
 * the network. */
int audit_retransmission(struct audit_run *run)
{
	double out = audit_rate(run, COUNTER_OUT_SEGMENTS);
	double again = audit_rate(run, COUNTER_RETRANS_SEGMENTS), data, percent;
	enum severity severity;

	if (!knows(run, out, "OutSegs") || !knows(run, again, "RetransSegs"))
		return 0;
	data = fmax(again - or_zero(audit_rate(run, COUNTER_SYN_RETRANS)), 0);
	percent = out > 0 ? 100 * data / (out + data) : 0;
	severity = audit_severity(run, percent, LIMIT_RETRANS_WARNING, LIMIT_RETRANS_CRITICAL, 0);
	if (severity == SEVERITY_OK ||
		out * audit_covered(run) < run->settings->thresholds[LIMIT_RETRANS_SEGMENTS])
		return 0;
	return audit_add(
		run, &(struct audit_found){
			     .severity = severity,
			     .size = percent,
			     .since = NAN,
			     .subject = "TCP segments",
			     .evidence = sample_text(run->s,
				     "%s of the segments are sent again: %s of %s per second; %s "
				     "timeouts per "
				     "second",
				     audit_percent(run, percent), audit_per_second(run, data),
				     audit_per_second(run, out + data),
				     audit_per_second(run, audit_rate(run, COUNTER_TIMEOUTS))),
			     .advice = "Segments or their acknowledgements are lost: a bad link, a "
				       "full queue "
				       "or a policer on the way, or a peer that has died. See "
				       "which peers have "
				       "retransmissions, and the error counters of the interfaces "
				       "(ip -s link).",
			     .command = "ss -tino state established | grep -B1 ' retrans:'",
		     });
}

int audit_receive_drops(struct audit_run *run)
{
	double queue = audit_rate(run, COUNTER_RCVQ_DROPS);
	double pruned = audit_rate(run, COUNTER_RCV_PRUNED);
	double backlog = audit_rate(run, COUNTER_BACKLOG_DROPS);
	double window = audit_rate(run, COUNTER_ZERO_WINDOW_DROPS);
	double all = or_zero(queue) + or_zero(pruned) + or_zero(backlog) + or_zero(window);

	/* Kernels have different ones of them. */
	if (isnan(queue) && isnan(pruned) && !knows(run, backlog, "TCPBacklogDrop"))
		return 0;
	if (!audit_happens(run, all, LIMIT_RECEIVE_DROPS, 0))
		return 0;
	return audit_add(run,
		&(struct audit_found){
			.severity = SEVERITY_WARNING,
			.size = all,
			.since = NAN,
			.subject = "TCP segments",
			.evidence = sample_text(run->s,
				"%s received segments dropped per second: receive buffer %s, "
				"pruned %s, "
				"backlog %s, window closed %s",
				audit_per_second(run, all), audit_per_second(run, queue),
				audit_per_second(run, pruned), audit_per_second(run, backlog),
				audit_per_second(run, window)),
			.advice =
				"Processes read too slowly for what they receive (find the largest "
				"receive queues), or buffers are small for the traffic "
				"(net.ipv4.tcp_rmem). The peers have to send it again.",
			.command = "sockdash sockets -t -p -s -recv_q | head -20",
		});
}

int audit_softnet_drops(struct audit_run *run)
{
	double drops = audit_rate(run, COUNTER_SOFTNET_DROPS);

	if (!knows(run, drops, "/proc/net/softnet_stat") ||
		!audit_happens(run, drops, LIMIT_SOFTNET_DROPS, 0))
		return 0;
	return audit_add(run,
		&(struct audit_found){
			.severity = SEVERITY_WARNING,
			.size = drops,
			.since = NAN,
			.subject = "received packets",
			.evidence = sample_text(run->s,
				"%s packets dropped per second before the network stack saw them; "
				"%s times "
				"per second a processor ran out of its time",
				audit_per_second(run, drops),
				audit_per_second(run, audit_rate(run, COUNTER_SOFTNET_SQUEEZES))),
			.advice = "A processor cannot keep up with its packets: spread them over "
				  "more of "
				  "them (queues of the card and their interrupts, RPS). A longer "
				  "queue, "
				  "net.core.netdev_max_backlog, helps against bursts only.",
			.command = "cat /proc/net/softnet_stat /proc/interrupts",
		});
}

/* ---- UDP ------------------------------------------------------------------------------------- */

static const char *const udp_advice =
	"The process reads too slowly, or its bursts do not fit into its receive buffer. More "
	"threads "
	"or sockets that read help; a larger buffer (SO_RCVBUF in the program, at most "
	"net.core.rmem_max) only for bursts. A program that is told a new size has to be "
	"restarted.";

static int add_udp(struct audit_run *run, const struct listener_row *l)
{
	const struct sock *sock = &run->s->frame->socks[l->sock];

	return audit_add(run,
		&(struct audit_found){
			.severity = SEVERITY_WARNING,
			.key = audit_place(run, sock),
			.size = l->drops_window,
			.since = NAN,
			.subject = audit_listener(run, sock),
			.evidence = sample_text(run->s,
				"%s datagrams dropped per second, %s since it was made; %s wait to "
				"be read, "
				"rmem_max is %s",
				audit_per_second(run, l->drops_window),
				audit_count(run, sock->drops), audit_bytes(run, sock->recv_q),
				audit_bytes(run, audit_counter(run, COUNTER_RMEM_MAX))),
			.advice = udp_advice,
			.command = sample_text(run->s, "ss -uanmp 'sport = :%u'", sock->local_port),
		});
}

int audit_udp_drops(struct audit_run *run)
{
	const struct sample *s = run->s;
	double v4 = audit_rate(run, COUNTER_UDP_RCVBUF_ERRORS);
	double errors = or_zero(v4) + or_zero(audit_rate(run, COUNTER_UDP6_RCVBUF_ERRORS));
	double told = 0;
	int err = 0;

	if (!audit_sees(run, SOCK_UDP))
		return 0;
	for (uint32_t i = 0; !err && i < s->listener_count; i++) {
		const struct listener_row *l = &s->listeners[i];
		const struct sock *sock = &s->frame->socks[l->sock];

		if (sock->proto != SOCK_UDP)
			continue;
		told += or_zero(l->drops_window);
		if (audit_happens(run, l->drops_window, LIMIT_UDP_DROPS, audit_place(run, sock)))
			err = add_udp(run, l);
	}
	/* Connected sockets are no listeners, and those that have ended are gone. */
	if (err || told >= errors / 2 || !knows(run, v4, "UdpRcvbufErrors") ||
		!audit_happens(run, errors, LIMIT_UDP_DROPS, 0))
		return err;
	return audit_add(
		run, &(struct audit_found){
			     .severity = SEVERITY_WARNING,
			     .size = errors,
			     .since = NAN,
			     .subject = "UDP sockets",
			     .evidence = sample_text(run->s,
				     "%s datagrams dropped per second (RcvbufErrors), by sockets "
				     "that are "
				     "connected or gone; rmem_max is %s",
				     audit_per_second(run, errors),
				     audit_bytes(run, audit_counter(run, COUNTER_RMEM_MAX))),
			     .advice = udp_advice,
			     .command = "ss -uanmp",
		     });
}
