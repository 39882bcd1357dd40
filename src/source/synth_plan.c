/* The programs of a made-up server as tables, and the arithmetic that shares connections and
 * addresses out to them. */
#include "sockdash/synth_plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* ---- Programs -------------------------------------------------------------------------------- */

/* The first on every server; the first three are those that something happens to. */
static const struct synth_program first_programs[] = {
	{ "nginx", "www-data", "nginx.service", "nginx: worker process",
		.boss = "nginx: master process /usr/sbin/nginx", .uid = 33, .weight = 34,
		.clients = 1000, .fd_limit = 65536, .port = 443, .backlog = 511, .workers = 4,
		.place = SYNTH_ANY_IPV6, .workers_listen = true },
	{ "java", "app", "api.service", "java -Xmx8g -jar /srv/api/api.jar", .uid = 1000,
		.boss_uid = 1000, .weight = 14, .clients = 40, .fd_limit = 65536, .port = 8080,
		.backlog = 100, .calls = 5432, .workers = 1, .place = SYNTH_HOST },
	{ "php-fpm", "www-data", "php-fpm.service", "php-fpm: pool www",
		.boss = "php-fpm: master process (/etc/php/fpm/php-fpm.conf)", .uid = 33,
		.weight = 8, .clients = 20, .fd_limit = 1024, .port = 9000, .backlog = 128,
		.calls = 6379, .workers = 8, .place = SYNTH_HOST, .workers_listen = true },
	{ "postgres", "postgres", "postgresql.service", "postgres: app orders idle",
		.boss = "/usr/lib/postgresql/bin/postgres -D /var/lib/postgresql/main", .uid = 70,
		.boss_uid = 70, .weight = 7, .clients = 12, .fd_limit = 1024, .port = 5432,
		.backlog = 244, .workers = 12, .place = SYNTH_ANY },
	{ "haproxy", "haproxy", "haproxy.service", "haproxy -Ws -f /etc/haproxy/haproxy.cfg",
		.uid = 99, .weight = 10, .clients = 600, .fd_limit = 131072, .port = 80,
		.backlog = 4096, .calls = 8081, .workers = 1, .place = SYNTH_ONLY_IPV6 },
	{ "redis-server", "redis", "redis.service", "redis-server 127.0.0.1:6379", .uid = 110,
		.boss_uid = 110, .weight = 6, .clients = 1, .fd_limit = 10032, .port = 6379,
		.backlog = 511, .workers = 1, .place = SYNTH_LOCAL },
	{ "sshd", "root", "ssh.service", "sshd: admin [priv]",
		.boss = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", .weight = 1,
		.clients = 9, .fd_limit = 1024, .port = 22, .backlog = 128, .workers = 3,
		.place = SYNTH_ANY },
	{ "node", "app", "web.service", "node /srv/web/server.js", .uid = 1000, .boss_uid = 1000,
		.weight = 6, .clients = 300, .fd_limit = 65536, .port = 3000, .backlog = 511,
		.workers = 1, .place = SYNTH_ANY_IPV6 },
};

/* The others, in turns; each listener is an instance of a unit, with a port of its own. */
static const struct synth_program more_programs[] = {
	{ "gunicorn", "app", "report", "gunicorn: worker [report]",
		.boss = "gunicorn: master [report]", .uid = 1000, .boss_uid = 1000, .weight = 3,
		.clients = 60, .fd_limit = 1024, .backlog = 2048, .calls = 5432, .workers = 3,
		.place = SYNTH_HOST, .workers_listen = true },
	{ "envoy", "envoy", "envoy", "envoy -c /etc/envoy/envoy.yaml", .uid = 101, .boss_uid = 101,
		.weight = 6, .clients = 400, .fd_limit = 65536, .backlog = 4096, .calls = 8443,
		.workers = 1, .place = SYNTH_ANY },
	{ "memcached", "memcache", "memcached", "memcached -m 4096 -c 65536", .uid = 112,
		.boss_uid = 112, .weight = 4, .clients = 8, .fd_limit = 65536, .backlog = 1024,
		.workers = 1, .place = SYNTH_LOCAL },
	{ "java", "app", "orders", "java -Xmx2g -jar /srv/orders/orders.jar", .uid = 1000,
		.boss_uid = 1000, .weight = 4, .clients = 50, .fd_limit = 65536, .backlog = 100,
		.calls = 9092, .workers = 1, .place = SYNTH_ANY_IPV6 },
	{ "beam.smp", "rabbitmq", "rabbitmq", "beam.smp -W w -MBas ageffcbf", .uid = 115,
		.boss_uid = 115, .weight = 3, .clients = 30, .fd_limit = 32768, .backlog = 128,
		.workers = 1, .place = SYNTH_ANY_IPV6 },
};

static const struct synth_program udp_programs[] = {
	{ "systemd-resolve", "systemd-resolve", "systemd-resolved.service",
		"/usr/lib/systemd/systemd-resolved", .uid = 991, .boss_uid = 991, .fd_limit = 1024,
		.port = 53, .workers = 1, .place = SYNTH_STUB },
	{ "chronyd", "_chrony", "chrony.service", "/usr/sbin/chronyd -F 1", .uid = 990,
		.boss_uid = 990, .fd_limit = 1024, .port = 323, .calls = 123, .workers = 1,
		.place = SYNTH_ANY },
	{ "statsd", "app", "statsd.service", "statsd --listen [::]:8125", .uid = 1000,
		.boss_uid = 1000, .fd_limit = 1024, .port = 8125, .workers = 1,
		.place = SYNTH_ANY_IPV6, .loses_datagrams = true },
};

/* ---- Plan ------------------------------------------------------------------------------------ */

#define FIRST_PORT   10000 /* of those that have none of their own */
#define QUEUE_MAX    128   /* backlog of the crowded listener, on a server that is big enough */
#define SPARE_FDS    32    /* of a process, beside its connections */
#define FULL_AFTER_S 3600  /* at the soonest, the descriptors of the leaking process run out */

static const struct synth_program *program_of(uint32_t listener)
{
	if (listener < COUNT_OF(first_programs))
		return &first_programs[listener];
	return &more_programs[(listener - COUNT_OF(first_programs)) % COUNT_OF(more_programs)];
}

static void add_service(
	struct synth_plan *p, const struct synth_program *program, enum sock_proto proto)
{
	uint32_t n = p->service_count++;

	p->services[n] = (struct synth_service){
		.program = program,
		.first_proc = p->proc_count,
		.procs = program->workers + (program->boss ? 1u : 0u),
		.fd_limit = program->fd_limit,
		.port = program->port ? program->port : (uint16_t)(FIRST_PORT + n),
		.backlog = program->backlog,
		.number = (uint16_t)n,
		.proto = (uint8_t)proto,
	};
	p->proc_count += p->services[n].procs;
}

/* However many listeners there are, the first programs keep about half of the connections. */
static uint64_t weight_of(const struct synth_plan *p, uint32_t n)
{
	uint32_t first = COUNT_OF(first_programs), all = p->tcp_count;

	return p->services[n].program->weight *
	       (n < first && all > first ? 1 + (all - first) / 24 : UINT64_C(1));
}

static void share_slots(struct synth_plan *p)
{
	uint64_t sum = 0;
	uint32_t given = 0;

	for (uint32_t n = 0; n < p->tcp_count; n++)
		sum += weight_of(p, n);
	/* From the last, so that what is left over is the first's. */
	for (uint32_t n = p->tcp_count; n-- > 0;) {
		uint32_t slots = (uint32_t)(p->slot_count * weight_of(p, n) / sum);

		p->services[n].slots = n ? slots : p->slot_count - given;
		given += p->services[n].slots;
		p->services[n].first_slot = p->slot_count - given;
	}
}

/* The descriptors of a process for connections, without those that leak. */
static uint32_t fds_of(const struct synth_plan *p, uint32_t n)
{
	const struct synth_service *s = &p->services[n];
	uint32_t conns = s->slots;

	if (n == p->bursting)
		conns += p->burst;
	if (n == p->crowded)
		conns += p->seats;
	return SPARE_FDS + conns / s->program->workers;
}

/* Nobody but the leaking process is near its limit, and that not at once. */
static void set_limits(struct synth_plan *p, double leak)
{
	for (uint32_t n = 0; n < p->tcp_count; n++) {
		struct synth_service *s = &p->services[n];
		uint32_t fds = fds_of(p, n), wanted = 2 * fds;

		if (n == p->leaking)
			wanted += 2 * p->leaked + (uint32_t)(leak * FULL_AFTER_S);
		while (s->fd_limit < wanted)
			s->fd_limit *= 2;
		if (n == p->leaking)
			p->leaked_max = s->fd_limit - fds;
	}
}

int synth_plan(const struct synth_spec *spec, struct synth_plan *out)
{
	uint32_t last = spec->listeners - 1, room = spec->sockets - spec->listeners, backlog;
	struct synth_plan p = { .tcp_count = spec->listeners, .crowded = last < 2 ? last : 2 };

	p.services = calloc(p.tcp_count + COUNT_OF(udp_programs), sizeof *p.services);
	if (!p.services)
		return -ENOMEM;
	for (uint32_t n = 0; n < p.tcp_count; n++)
		add_service(&p, program_of(n), SOCK_TCP);
	for (uint32_t n = 0; n < COUNT_OF(udp_programs); n++)
		add_service(&p, &udp_programs[n], SOCK_UDP);
	p.leaking = last < 1 ? last : 1;
	p.burst = spec->sockets / 10;
	p.leaked = (uint32_t)fmin(spec->leak * SYNTH_LEAKS_FOR_S, room / 10);
	for (backlog = QUEUE_MAX; backlog && backlog + 1 > room / 16; backlog /= 2)
		;
	if (backlog) {
		p.seats = backlog + 1;
		p.services[p.crowded].backlog = (uint16_t)backlog;
	}
	p.slot_count = room - p.leaked - p.seats;
	share_slots(&p);
	set_limits(&p, spec->leak);
	*out = p;
	return 0;
}

void synth_plan_free(struct synth_plan *p)
{
	free(p->services);
	*p = (struct synth_plan){ 0 };
}

/* ---- Ends ------------------------------------------------------------------------------------ */

#define BLOCK       3500  /* connections that share clients; with their own ports each */
#define GENERATIONS 8     /* until a place has the same port again */
#define PORT_FIRST  32768 /* of a client's */
#define PORTS       (BLOCK * GENERATIONS)
#define PORT_STEP   4801 /* has no divisor in common with PORTS */

#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define MAPPED(a, b, c, d)                                                                         \
	{                                                                                          \
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                               \
	}
#define HOST_IPV6                                                                                  \
	{                                                                                          \
		0x20, 0x01, 0x0d, 0xb8, [15] = 7                                                   \
	}

static const struct {
	uint8_t any[16], listen[16], host[16];
	uint32_t clients; /* the first of them, IPv4 */
	uint8_t flags;
} places[] = {
	[SYNTH_ANY] = { MAPPED(0, 0, 0, 0), MAPPED(0, 0, 0, 0), MAPPED(10, 0, 0, 7),
		IPV4(198, 18, 0, 0), SOCK_IPV4 },
	[SYNTH_ANY_IPV6] = { .host = MAPPED(10, 0, 0, 7), .clients = IPV4(198, 18, 0, 0) },
	[SYNTH_ONLY_IPV6] = { .host = HOST_IPV6, .flags = SOCK_V6ONLY },
	[SYNTH_HOST] = { MAPPED(0, 0, 0, 0), MAPPED(10, 0, 0, 7), MAPPED(10, 0, 0, 7),
		IPV4(10, 64, 0, 0), SOCK_IPV4 },
	[SYNTH_LOCAL] = { MAPPED(0, 0, 0, 0), MAPPED(127, 0, 0, 1), MAPPED(127, 0, 0, 1),
		IPV4(127, 0, 0, 0), SOCK_IPV4 },
	[SYNTH_STUB] = { MAPPED(0, 0, 0, 0), MAPPED(127, 0, 0, 53), MAPPED(127, 0, 0, 53),
		IPV4(127, 0, 0, 0), SOCK_IPV4 },
};

static const uint8_t host_ipv4[16] = MAPPED(10, 0, 0, 7), host_ipv6[16] = HOST_IPV6;

/* The n-th address after another: 250 of each 256. */
static void write_ipv4(uint8_t out[16], uint32_t base, uint32_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint32_t address = htonl(base + n / 250 * 256 + n % 250 + 1);

	memcpy(out, mapped, sizeof mapped);
	memcpy(out + sizeof mapped, &address, sizeof address);
}

/* 2001:db8:1XX:XXXX::10 */
static void write_ipv6(uint8_t out[16], uint32_t n)
{
	static const uint8_t like[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x01, [15] = 0x10 };

	memcpy(out, like, sizeof like);
	out[5] = (uint8_t)(n >> 16);
	out[6] = (uint8_t)(n >> 8);
	out[7] = (uint8_t)n;
}

struct synth_ends synth_listener_ends(const struct synth_service *v)
{
	struct synth_ends e = { .local_port = v->port, .flags = places[v->program->place].flags };

	memcpy(e.local, places[v->program->place].listen, 16);
	memcpy(e.remote, places[v->program->place].any, 16);
	return e;
}

bool synth_is_call(const struct synth_service *v, uint32_t index)
{
	return v->program->calls && index % 4 == SYNTH_CALL &&
	       (index < v->slots || v->proto == SOCK_UDP);
}

struct synth_ends synth_conn_ends(
	const struct synth_service *v, uint32_t index, uint32_t generation, uint64_t chance)
{
	const struct synth_program *p = v->program;
	uint32_t place = index % BLOCK * GENERATIONS + generation % GENERATIONS;
	uint16_t port = (uint16_t)(PORT_FIRST + place * PORT_STEP % PORTS);
	struct synth_ends e = { .local_port = v->port, .remote_port = port };
	uint64_t dice = chance >> 44, client;

	if (synth_is_call(v, index)) {
		e.local_port = port;
		e.remote_port = p->calls;
		e.flags = SOCK_IPV4;
		memcpy(e.local, host_ipv4, 16);
		write_ipv4(e.remote, IPV4(10, 128, 0, 0) + 256u * v->number, index / BLOCK);
		return e;
	}
	/* Some clients have many connections, most have few. */
	client = (uint64_t)(index / BLOCK) * p->clients + (p->clients * (dice * dice) >> 40);
	if (p->place == SYNTH_ONLY_IPV6 || (p->place == SYNTH_ANY_IPV6 && chance % 8 == 0)) {
		memcpy(e.local, host_ipv6, 16);
		write_ipv6(e.remote, (uint32_t)client);
		return e;
	}
	e.flags = places[p->place].flags;
	memcpy(e.local, places[p->place].host, 16);
	write_ipv4(e.remote, places[p->place].clients, (uint32_t)client);
	return e;
}
