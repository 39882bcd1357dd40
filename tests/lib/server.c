/* One function for each program on the server: its processes, then what they do in the n-th sample.
 */
#include "lib/server.h"

#include <errno.h>
#include <unistd.h>

#define OWNED(s, words) ((s)->unprivileged ? "inode=77" : (words))

/* A table of sockets that are the same in every sample. */
static void always(struct story *st, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		story_sock(st, "%s", lines[i]);
}

/* Two workers; in each sample twenty clients of each leave, and as many and two more come. */
static void tell_nginx(struct story *st, const struct server *s, unsigned n)
{
	static const char *const words[] = { "pid=12031 inode=601 uid=33",
		"pid=12032 inode=602 uid=33" };

	if (!s->unprivileged)
		story_proc(st, .pid = 12030, .name = "nginx", .user = "root",
			.unit = "nginx.service", .cmdline = "nginx: master process", .fds = 40,
			.fd_limit = 65536);
	for (unsigned worker = 0; worker < 2; worker++)
		story_proc(st, .pid = 12031 + worker, .name = "nginx", .user = "www-data",
			.unit = "nginx.service", .cmdline = "nginx: worker process",
			.fds = s->clients + 60 + 2 * n, .fd_limit = 65536);
	story_sock(st, "tcp LISTEN [::]:443 * recv_q=%u send_q=511 drops=0 pid=12031 pid=12032 %s",
		n == 2 ? 3 : 0, s->unprivileged ? "" : "pid=12030");
	for (unsigned i = 0; i < 2 * (20 * n + s->clients + 2 * n); i++) {
		bool left = i < 40 * n;

		story_sock(st, "tcp %s [::ffff:10.0.0.7]:443 [::ffff:10.%u.%u.%u]:%u %s%s",
			left ? "TIME-WAIT" : "ESTAB", 20 + i / 62500, i / 250 % 250, i % 250 + 1,
			1024 + i * 7 % 60000, left ? "timer=3 expires=48200" : words[i % 2],
			!left && i % 100 == 99 ? " send_q=14480 timer=1 expires=212 retrans=1"
					       : "");
	}
	for (unsigned i = 0; i < 4; i++)
		story_sock(st,
			"tcp SYN-RECV [::ffff:10.0.0.7]:443 [::ffff:192.0.2.%u]:4000 timer=1 "
			"expires=%u",
			10 * n + i + 1, 900 - i);
}

/* Its accept queue is full; it reads nothing. */
static void tell_php(struct story *st, unsigned n)
{
	static const unsigned queue[] = { 0, 40, 129 };
	unsigned waiting = n < COUNT_OF(queue) ? queue[n] : 129;

	story_proc(st, .pid = 2201, .name = "php-fpm", .user = "www-data",
		.unit = "php-fpm.service", .fds = 96, .fd_limit = 1024);
	story_sock(st, "tcp LISTEN 127.0.0.1:9000 * recv_q=%u send_q=128 drops=%u pid=2201",
		waiting, n < 3 ? 0 : 75 * (n - 2));
	for (unsigned i = 0; i < 64; i++)
		story_sock(st, "tcp ESTAB 127.0.0.1:9000 127.0.0.1:%u pid=2201 uid=33", 40000 + i);
	for (unsigned i = 0; i < 17; i++)
		story_sock(st, "tcp CLOSE-WAIT 127.0.0.1:9000 127.0.0.1:%u recv_q=%u waits=%u %s",
			50000 + i, 700 + i, 95 + i, i < 12 ? "pid=2201 uid=33" : "");
}

/* Leaks: 24 more in each sample, read to the end and never closed. */
static void tell_java(struct story *st, unsigned n)
{
	story_proc(st, .pid = 2291, .name = "java", .user = "app", .unit = "api.service",
		.cmdline = "java -Xmx8g -jar /srv/api/api.jar", .fds = 26870 + 24 * n,
		.fd_limit = 65536);
	story_sock(st, "tcp LISTEN 10.0.0.7:8080 * send_q=100 drops=12 uid=1000 pid=2291");
	for (unsigned i = 0; i < 300 + 24 * n; i++)
		story_sock(st,
			"tcp CLOSE-WAIT 10.0.0.7:8080 10.0.3.%u:%u uid=1000 pid=2291 waits=%u",
			i % 250 + 1, 30000 + i,
			i < 300 ? 842 + 2 * n - i * 281 / 100 : 1 + 2 * (n - 1 - (i - 300) / 24));
	for (unsigned i = 0; i < 90; i++)
		story_sock(st, "tcp ESTAB 10.0.0.7:8080 10.0.4.%u:31000 uid=1000 pid=2291", i + 1);
	for (unsigned i = 0; i < 3; i++)
		story_sock(st,
			"tcp SYN-SENT 10.0.0.7:%u 10.0.9.9:5672 uid=1000 pid=2291 timer=1 "
			"expires=3000 retrans=2 send_q=1",
			45000 + i + 3 * n);
}

static void tell_others(struct story *st, const struct server *s)
{
	static const char *const lines[] = {
		"tcp ESTAB [fe80::21a:4aff:fe16:1]%eth0:5432 [fe80::21a:4aff:fe16:2]%eth0:6000 "
		"uid=70 pid=1500",
		"tcp LISTEN 127.0.0.1:5432 * send_q=244 drops=0 uid=70 pid=1500",
		"tcp LISTEN [::1]:5432 * send_q=244 drops=0 uid=70 pid=1500",
		"tcp FIN-WAIT-2 10.0.0.7:443 198.51.100.9:50123 timer=3 expires=31000",
		"tcp LAST-ACK 10.0.0.7:443 198.51.100.9:50124 timer=1 expires=200 retrans=3",
		"udp UNCONN 127.0.0.53%lo:53 * drops=0 uid=101 pid=640",
		"udp UNCONN [fe80::21a:4aff:fe16:1]%eth0:546 * recv_q=2304 drops=7 uid=101 pid=640",
		"udp ESTAB 10.0.0.7:41234 192.0.2.123:123 drops=0 uid=1000 pid=3100",
	};
	const char *owner = OWNED(s, "pid=801");

	story_proc(st, .pid = 640, .name = "systemd-resolve", .user = "systemd-resolve", .fds = 22,
		.fd_limit = 1024);
	if (!s->unprivileged)
		story_proc(st, .pid = 801, .name = "sshd", .user = "root", .unit = "ssh.service",
			.fds = 9, .fd_limit = 1024);
	story_proc(st, .pid = 1500, .name = "postgres", .user = "postgres",
		.unit = "postgresql.service", .fds = 71, .fd_limit = 1024);
	/* Characters of two columns, and a sequence that would colour the screen. */
	story_proc(st, .pid = 3100, .name = "\xe6\x95\xb0\xe6\x8d\xae\xe5\x90\x8c\xe6\xad\xa5",
		.user = "app", .fds = 14, .fd_limit = PROC_UNLIMITED);
	story_proc(st, .pid = 3200, .name = "\x1b[31mred", .user = "app", .fds = 5, .fd_limit = 64);
	always(st, lines, COUNT_OF(lines));
	for (unsigned i = 0; i < 20; i++)
		story_sock(st, "tcp ESTAB 127.0.0.1:5432 127.0.0.1:%u uid=70 pid=1500", 36000 + i);
	for (unsigned i = 0; i < 3; i++)
		story_sock(st, "tcp ESTAB 10.0.0.7:%u 203.0.113.5:443 uid=1000 pid=%u", 47000 + i,
			i ? 3100 : 3200);
	story_sock(st, "tcp LISTEN 0.0.0.0:22 * send_q=128 drops=0 %s", owner);
	story_sock(st, "tcp LISTEN [::]:22 * send_q=128 drops=0 v6only %s", owner);
	story_sock(st, "tcp ESTAB 10.0.0.7:22 192.0.2.77:61022 timer=2 expires=7014000 %s", owner);
}

/* What the kernel has counted: so many in the first sample, so many more in each. */
static const struct {
	enum counter counter;
	int64_t first, more;
} counted[] = {
	{ COUNTER_PASSIVE_OPENS, 5000000, 2408 },
	{ COUNTER_ACTIVE_OPENS, 800000, 66 },
	{ COUNTER_OUT_RESETS, 7000, 4 },
	{ COUNTER_OUT_SEGMENTS, 90000000, 20000 },
	{ COUNTER_IN_SEGMENTS, 88000000, 21000 },
	{ COUNTER_RETRANS_SEGMENTS, 400000, 82 },
	{ COUNTER_ATTEMPT_FAILS, 5100, 3 },
	{ COUNTER_SYN_RETRANS, 9300, 6 },
	{ COUNTER_SYNCOOKIES_SENT, 0, 0 },
	{ COUNTER_REQQ_DROPS, 0, 0 },
	{ COUNTER_REQQ_COOKIES, 0, 0 },
	{ COUNTER_MEMORY_PRESSURES, 0, 0 },
	{ COUNTER_ABORT_ON_MEMORY, 0, 0 },
	{ COUNTER_TIME_WAITS, 2400000, 40 },
	{ COUNTER_TIME_WAIT_OVERFLOWS, 0, 0 },
	{ COUNTER_ESTAB_RESETS, 11000, 4 },
	{ COUNTER_TIMEOUTS, 90000, 20 },
	{ COUNTER_FAST_RETRANS, 210000, 50 },
	{ COUNTER_IN_ERRORS, 17, 0 },
	{ COUNTER_UDP_IN, 3000000, 90 },
	{ COUNTER_UDP_IN_ERRORS, 9, 0 },
	{ COUNTER_UDP_RCVBUF_ERRORS, 7, 0 },
	{ COUNTER_UDP6_IN_ERRORS, 0, 0 },
	{ COUNTER_UDP6_RCVBUF_ERRORS, 0, 0 },
	{ COUNTER_SOFTNET_DROPS, 0, 0 },
	/* Limits, and how much is taken. */
	{ COUNTER_PORT_FIRST, 32768, 0 },
	{ COUNTER_PORT_LAST, 60999, 0 },
	{ COUNTER_PORTS_RESERVED, 0, 0 },
	{ COUNTER_TCP_MEM, INT64_C(37) << 20, 0 },
	{ COUNTER_TCP_MEM_PRESSURE, INT64_C(844) << 20, 0 },
	{ COUNTER_TCP_MEM_LIMIT, INT64_C(1126) << 20, 0 },
	{ COUNTER_UDP_MEM, 12288, 0 },
	{ COUNTER_UDP_MEM_LIMIT, INT64_C(2252) << 20, 0 },
	{ COUNTER_ORPHANS, 2, 0 },
	{ COUNTER_ORPHANS_LIMIT, 65536, 0 },
	{ COUNTER_TIME_WAIT_BUCKETS, 1, 40 },
	{ COUNTER_TIME_WAIT_LIMIT, 65536, 0 },
	{ COUNTER_CONNTRACK, 20000, 60 },
	{ COUNTER_CONNTRACK_LIMIT, 32768, 0 },
	{ COUNTER_FILES, 31000, 26 },
	{ COUNTER_FILES_LIMIT, 2097152, 0 },
	{ COUNTER_SOMAXCONN, 4096, 0 },
	{ COUNTER_SYN_BACKLOG, 1024, 0 },
	{ COUNTER_SYNCOOKIES, 1, 0 },
	{ COUNTER_ABORT_ON_OVERFLOW, 0, 0 },
	{ COUNTER_RMEM_MAX, 212992, 0 },
};

static void set_header(struct frame *f, unsigned n)
{
	unsigned drops = n < 3 ? 0 : 75 * (n - 2); /* of php-fpm */

	f->uptime_s = 41 * 86400 + 3 * 3600 + 12 * 60 + 2 * n;
	f->cost_wall_ns = 18400000;
	f->cost_cpu_ns = 17690000;
	f->cpu_percent = 0.92;
	for (size_t i = 0; i < COUNT_OF(counted); i++)
		f->counters[counted[i].counter] = counted[i].first + counted[i].more * n;
	f->counters[COUNTER_LISTEN_DROPS] = 900 + drops;
	f->counters[COUNTER_LISTEN_OVERFLOWS] = 880 + drops;
}

/* What /proc/net tells. */
static void tell_less(struct frame *f)
{
	f->kind = "procfs";
	f->problems[FRAME_NO_SOCK_DIAG] = -EPERM;
	for (uint32_t row = 0; row < f->sock_count; row++) {
		struct sock *s = &f->socks[row];

		s->flags &= (uint8_t)~SOCK_HAS_DROPS;
		if (s->state == SOCK_LISTEN)
			s->send_q = s->drops = 0, s->flags |= SOCK_NO_BACKLOG;
	}
}

struct sample *server_tell(struct story *st, const struct server *s)
{
	for (unsigned n = s->first; n < s->first + s->samples; n++) {
		struct frame *f = story_frame(st, 2.0 * n);

		set_header(f, n);
		f->procs_hidden = s->unprivileged ? 88 : 0;
		f->seer_uid = s->unprivileged ? 1000 : PROC_UNKNOWN;
		tell_others(st, s);
		tell_php(st, n);
		tell_java(st, n);
		tell_nginx(st, s, n);
		if (s->without_owners)
			f->owners_known = false, f->preliminary = true;
		if (s->procfs)
			tell_less(f);
		story_sample(st);
	}
	return st->sample;
}
