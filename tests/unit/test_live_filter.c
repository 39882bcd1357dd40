/* test_live_filter: the same filters with and without the kernel's help, on sockets of a network
 * namespace of our own: the rows must be the same. The kernel's age is made up: what an old one
 * does not know, is spoilt on its way there, so that the kernel itself refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bytecode.h"
#include "sockdash/buf.h"
#include "sockdash/narrow.h"
#include "sockdash/needs.h"
#include "sockdash/source.h"

/* All but the tests themselves runs in a process of its own, which ends where something is wrong. */
static void must(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "line %d: %s (%s)\n", line, what, strerror(errno));
	_exit(1);
}
#define CHECK(condition) must(condition, #condition, __LINE__)

/* ---- An old kernel --------------------------------------------------------------------------- */

static enum diag_filter_level kernel_level = DIAG_FILTER_LEVELS - 1;
static unsigned asked, programs, spoilt; /* requests, those with a program, those refused */

enum { NO_OP = 99, ATTRIBUTES_AT = 72, ATTRIBUTES_AT_OF_OLD = 76 };

/* Where the program of a request is, or NULL. */
static uint8_t *program_of(uint8_t *message, size_t len, size_t *program_len)
{
	struct nlmsghdr head;
	struct nlattr attribute;
	size_t at;

	memcpy(&head, message, sizeof head);
	at = head.nlmsg_type == TCPDIAG_GETSOCK ? ATTRIBUTES_AT_OF_OLD : ATTRIBUTES_AT;
	if (!(head.nlmsg_flags & NLM_F_DUMP) || len < at + sizeof attribute)
		return NULL;
	memcpy(&attribute, message + at, sizeof attribute);
	CHECK(attribute.nla_type == INET_DIAG_REQ_BYTECODE);
	CHECK(at + attribute.nla_len == len);
	*program_len = len - at - sizeof attribute;
	return message + at + sizeof attribute;
}

/* In the place of the C library's, also for libmnl. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	socklen_t to_len)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	uint8_t *copy, *program;
	size_t program_len;
	ssize_t n;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sendto");
	if (!to || to->sa_family != AF_NETLINK)
		return real(fd, bytes, len, flags, to, to_len);
	copy = malloc(len);
	CHECK(copy);
	memcpy(copy, bytes, len);
	program = program_of(copy, len, &program_len);
	asked++;
	programs += program != NULL;
	if (program && bytecode_audit(program, program_len, kernel_level, true)) {
		program[0] = NO_OP;
		spoilt++;
	}
	n = real(fd, copy, len, flags, to, to_len);
	free(copy);
	return n;
}

/* ---- Sockets --------------------------------------------------------------------------------- */

struct end {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} at;
};

static struct end end_at(const char *host, uint16_t port)
{
	struct end e = { .len = strchr(host, ':') ? sizeof e.at.in6 : sizeof e.at.in };

	if (strchr(host, ':')) {
		e.at.in6.sin6_family = AF_INET6;
		e.at.in6.sin6_port = htons(port);
		inet_pton(AF_INET6, host, &e.at.in6.sin6_addr);
	} else {
		e.at.in.sin_family = AF_INET;
		e.at.in.sin_port = htons(port);
		inet_pton(AF_INET, host, &e.at.in.sin_addr);
	}
	return e;
}

static int make(const char *host, int type)
{
	int fd = socket(strchr(host, ':') ? AF_INET6 : AF_INET, type, 0), on = 1;

	CHECK(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return fd;
}

static void bind_to(int fd, const char *host, uint16_t port)
{
	struct end e = end_at(host, port);

	CHECK(bind(fd, &e.at.any, e.len) == 0);
}

static void connect_to(int fd, const char *host, uint16_t port)
{
	struct end e = end_at(host, port);

	CHECK(connect(fd, &e.at.any, e.len) == 0);
}

static void mark(int fd, uint32_t value)
{
	CHECK(setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof value) == 0);
}

/* Connections to a listener: established, and in the states of one whose end has closed. */
static void connect_all(const char *from, const char *host, uint16_t port, int listener)
{
	for (unsigned i = 0; i < 6; i++) {
		int fd = make(from, SOCK_STREAM), peer;

		if (i == 1)
			bind_to(fd, from, (uint16_t)(port + 30000));
		if (i == 2)
			mark(fd, 7);
		if (i == 3)
			setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
		connect_to(fd, host, port);
		peer = accept(listener, NULL, NULL);
		CHECK(peer >= 0);
		if (i == 1)
			CHECK(write(fd, "data", 4) == 4);
		if (i == 4 || i == 5)
			close(fd); /* the peer is in CLOSE-WAIT */
		if (i == 5)
			close(peer); /* and we in TIME-WAIT */
	}
}

static void make_tcp(void)
{
	static const struct {
		const char *at, *from, *to;
		uint16_t port;
	} services[] = {
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1", 80 },
		{ "0.0.0.0", "127.0.0.3", "127.0.0.2", 443 },
		{ "::1", "::1", "::1", 22 },
		{ "::", "127.0.0.4", "127.0.0.1", 8080 }, /* addresses of IPv4 in IPv6 sockets */
		{ "::", "::1", "::1", 8443 },
	};

	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		int fd = make(services[i].at, SOCK_STREAM);

		bind_to(fd, services[i].at, services[i].port);
		CHECK(listen(fd, 16) == 0);
		if (i == 2)
			mark(fd, 3);
		connect_all(services[i].from, services[i].to, services[i].port, fd);
	}
}

/* One whose port nobody named. */
static void make_autobound(void)
{
	int fd = make("127.0.0.1", SOCK_STREAM);

	bind_to(fd, "127.0.0.1", 0);
	CHECK(listen(fd, 16) == 0);
}

static void make_udp(void)
{
	static const char *const hosts[] = { "127.0.0.1", "::1", "0.0.0.0", "::" };

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		int fd = make(hosts[i], SOCK_DGRAM);

		bind_to(fd, hosts[i], (uint16_t)(53 + i));
		if (i < 2)
			connect_to(make(hosts[i], SOCK_DGRAM), hosts[i], (uint16_t)(53 + i));
	}
}

static bool enter_namespace(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0);
	close(fd);
	return true;
}

/* ---- Filters --------------------------------------------------------------------------------- */

static uint64_t chance = 88172645463325252u;

/* 0 ≤ answer < below */
static uint32_t pick(uint32_t below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)(chance >> 16) % below;
}

#define PICK(list) ((list)[pick(sizeof(list) / sizeof *(list))])

static void add_term(struct buf *b)
{
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.0/8", "127.0.0.2/31",
		"0.0.0.0/0", "[::1]", "[::ffff:127.0.0.1]", "[::]/0", "[::ffff:0:0]/96", "*",
		"10.0.0.0/8" };
	static const char *const ports[] = { "22", "53", "80", "443", "8080", "8443", "0", "32768",
		"65535", "30080", "60000" };
	static const char *const ops[] = { "=", "!=", ">", "<", ">=", "<=" };
	static const char *const equals[] = { "=", "!=" };
	static const char *const states[] = { "established", "close-wait", "time-wait", "listening",
		"connected", "synchronized", "bucket", "big", "unconnected", "fin-wait-2" };
	static const char *const fields[] = { "recv_q > 0", "send_q >= 16", "proto = udp",
		"remote_port != 443", "timer = timewait", "local_address ~ ^127", "cookie > 0" };

	switch (pick(10)) {
	case 0:
	case 1:
		buf_addf(b, "%s %s :%s", pick(2) ? "sport" : "dport", PICK(ops), PICK(ports));
		break;
	case 2:
	case 3:
		buf_addf(b, "%s %s %s", pick(2) ? "src" : "dst", PICK(equals), PICK(hosts));
		break;
	case 4:
		buf_addf(b, "%s %s %s:%s", pick(2) ? "src" : "dst", PICK(equals), PICK(hosts),
			PICK(ports));
		break;
	case 5:
		buf_addf(b, "%s %s", pick(3) ? "state" : "exclude", PICK(states));
		break;
	case 6:
		buf_addf(b, "dev %s lo", PICK(equals));
		break;
	case 7:
		buf_addf(b, "fwmark %s %u/%u", PICK(equals), pick(8), pick(8));
		break;
	case 8:
		buf_adds(b, "autobound");
		break;
	default:
		buf_adds(b, PICK(fields));
		break;
	}
}

static void add_filter(struct buf *b, unsigned terms)
{
	static const char *const joins[] = { " ", " and ", " or ", " | ", " && " };

	for (unsigned i = 0; i < terms; i++) {
		unsigned left = terms - i;

		if (i)
			buf_adds(b, PICK(joins));
		if (pick(4) == 0)
			buf_adds(b, "not ");
		if (left > 1 && pick(3) == 0) {
			unsigned inside = 1 + pick(left);

			buf_adds(b, "( ");
			add_filter(b, inside);
			buf_adds(b, " )");
			i += inside - 1;
		} else {
			add_term(b);
		}
	}
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static struct sample *look(struct source *source, const struct filter *f, struct tracker *t)
{
	const struct source_request request = {
		.needs = NEED_SOCKETS | NEED_ADDRESSES | filter_needs(f),
		.protocols = 3,
		.ipv4 = true,
		.ipv6 = true,
		.filter = f,
		.single = true,
	};
	const struct narrowing n = { .filter = f };
	struct sample *whole, *narrowed;
	struct frame *frame;

	CHECK(source_next(source, &request, NULL, &frame) == 0);
	CHECK(strcmp(frame->kind, "sock_diag") == 0);
	CHECK(tracker_step(t, frame, &whole) == 0);
	CHECK(sample_narrow(whole, &n, NULL, NULL, &narrowed) == 0);
	sample_put(whole);
	return narrowed;
}

static const struct sock *nth(const struct sample *s, uint32_t n)
{
	return &s->frame->socks[sample_sock_row(s, n)];
}

static bool same_rows(const struct sample *a, const struct sample *b)
{
	if (sample_sock_count(a) != sample_sock_count(b))
		return false;
	for (uint32_t n = 0; n < sample_sock_count(a); n++)
		if (nth(a, n)->cookie != nth(b, n)->cookie)
			return false;
	return true;
}

/* What is tested in user space alone, or taken from what is not asked by state. */
static bool is_for_kernel(const struct filter *f)
{
	size_t count;
	const struct filter_node *nodes = filter_nodes(f, &count);

	for (size_t i = 0; i < count; i++)
		if (nodes[i].kind == FILTER_FIELD || nodes[i].kind == FILTER_STATE ||
			nodes[i].kind == FILTER_MARK || nodes[i].kind == FILTER_AUTOBOUND)
			return false;
	return true;
}

struct comparison {
	struct source *helped, *plain;
	struct tracker *tracker;
	unsigned compared, exact, rows, told, of;
};

static void compare(struct comparison *c, const struct buf *text)
{
	struct filter_error error;
	struct filter *f;
	struct sample *a, *b;

	if (filter_parse(text->data, text->len, &f, &error)) {
		fprintf(stderr, "%s\n%zu: %s\n", text->data, error.at, error.wanted);
		CHECK(!"a filter");
	}
	a = look(c->helped, f, c->tracker);
	b = look(c->plain, f, c->tracker);
	if (!same_rows(a, b)) {
		fprintf(stderr, "%.200s: %u rows with the kernel, %u without\n", text->data,
			sample_sock_count(a), sample_sock_count(b));
		CHECK(!"the same rows");
	}
	CHECK(!b->frame->filtered);
	c->compared++;
	c->rows += sample_sock_count(a);
	c->told += a->frame->sock_count;
	c->of += b->frame->sock_count;
	if (kernel_level == DIAG_FILTER_LEVELS - 1 && is_for_kernel(f)) {
		/* All was tested by the kernel. */
		if (sample_sock_count(a) != a->frame->sock_count)
			fprintf(stderr, "%.200s\n", text->data);
		CHECK(sample_sock_count(a) == a->frame->sock_count);
		c->exact++;
	}
	sample_put(a);
	sample_put(b);
	filter_put(f);
}

static void open_all(struct comparison *c)
{
	const struct tracker_settings settings = { .window_s = 3 };

	*c = (struct comparison){ .compared = 0 };
	CHECK(source_open_live(false, &c->helped) == 0);
	CHECK(source_open_live(true, &c->plain) == 0);
	c->tracker = tracker_create(&settings);
	CHECK(c->tracker);
}

static void close_all(struct comparison *c)
{
	source_close(c->helped);
	source_close(c->plain);
	tracker_destroy(c->tracker);
}

static void compare_many(struct comparison *c, unsigned times)
{
	struct buf text = { 0 };

	for (unsigned i = 0; i < times; i++) {
		buf_clear(&text);
		add_filter(&text, 1 + pick(pick(4) ? 4 : 12));
		compare(c, &text);
	}
	buf_free(&text);
}

static uint32_t count_of(struct comparison *c, const char *text)
{
	struct filter_error error;
	struct filter *f;
	struct sample *s;
	uint32_t count;

	CHECK(filter_parse(text, strlen(text), &f, &error) == 0);
	s = look(c->helped, f, c->tracker);
	count = sample_sock_count(s);
	sample_put(s);
	filter_put(f);
	return count;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void compare_new(void)
{
	struct comparison c;

	open_all(&c);
	asked = programs = spoilt = 0;
	compare_many(&c, 1000);
	/* Only the kernel knows: a listener that may be it, and a connection that may not. */
	CHECK(count_of(&c, "autobound state listening") == 1);
	CHECK(count_of(&c, "sport = :38080") == 1);
	CHECK(count_of(&c, "autobound sport = :38080") == 0);
	CHECK(count_of(&c, "not autobound sport = :38080") == 0);
	/* The kernel takes what its own rules allow: nothing is asked twice. */
	CHECK(spoilt == 0);
	CHECK(asked >= 1000 * 4 && asked <= 1000 * 12);
	CHECK(programs > 600);
	CHECK(c.exact > 150);
	CHECK(c.rows > 10000 && c.rows <= c.told);
	CHECK(c.told < c.of * 2 / 3);
	close_all(&c);
}

static void compare_old(void)
{
	for (unsigned level = 0; level < DIAG_FILTER_LEVELS; level++) {
		struct comparison c;

		kernel_level = (enum diag_filter_level)level;
		open_all(&c);
		spoilt = 0;
		compare_many(&c, 60);
		/* Remembered: once for each step down. */
		CHECK(spoilt <= DIAG_FILTER_LEVELS);
		if (level <= DIAG_FILTER_MARKS)
			CHECK(spoilt > 0);
		close_all(&c);
	}
	kernel_level = DIAG_FILTER_LEVELS - 1;
}

/* Marks are not told, and must not be asked for. */
static void compare_unprivileged(void)
{
	struct comparison c;

	CHECK(setresuid(65534, 65534, 65534) == 0);
	open_all(&c);
	compare_many(&c, 100);
	close_all(&c);
}

static void compare_long(void)
{
	struct comparison c;
	struct buf text = { 0 };

	open_all(&c);
	for (unsigned i = 0; i < 3000; i++)
		buf_addf(&text, "%s %sport = :%u", i ? " or" : "", i % 2 ? "d" : "s", i + 20);
	compare(&c, &text);
	buf_clear(&text);
	for (unsigned i = 0; i < 2000; i++)
		buf_addf(&text, "%s not ( dport = :%u", i ? " and" : "", i + 1000);
	for (unsigned i = 0; i < 2000; i++)
		buf_adds(&text, " )");
	compare(&c, &text);
	CHECK(c.rows > 20);
	buf_free(&text);
	close_all(&c);
}

/* Runs in a process of its own: it leaves this namespace, and its rights. */
static void in_namespace(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!enter_namespace())
			_exit(77);
		make_tcp();
		make_autobound();
		make_udp();
		body();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_new_kernel(void **state)
{
	(void)state;
	in_namespace(compare_new);
}

static void test_old_kernels(void **state)
{
	(void)state;
	in_namespace(compare_old);
}

static void test_unprivileged(void **state)
{
	(void)state;
	in_namespace(compare_unprivileged);
}

static void test_long(void **state)
{
	(void)state;
	in_namespace(compare_long);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_kernel),
		cmocka_unit_test(test_old_kernels),
		cmocka_unit_test(test_unprivileged),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("live_filter", tests, NULL, NULL);
}
