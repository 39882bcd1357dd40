/* Ports and addresses. They mean what the kernel makes of what ss sends it; the second test that ss
 * makes by itself takes addresses of IPv4 and IPv6 for each other, and is wrong. */
#include "sockdash/filter_hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/hash.h"

/* ---- Ports ----------------------------------------------------------------------------------- */

const char filter_port_wanted[] = "a port: a number up to 65535, or the name of a service";

bool filter_read_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return !*end && !errno && *out <= max;
}

/* The port of a service of a protocol, or -1. */
static int32_t service_port(const char *name, const char *proto)
{
	struct servent entry, *found = NULL;
	char room[4096];

	if (getservbyname_r(name, proto, &entry, room, sizeof room, &found) || !found)
		return -1;
	return ntohs((uint16_t)found->s_port);
}

/* Each lookup reads a file: a text with the same names again and again asks once. */
static const struct filter_service *find_service(struct filter_builder *b, const char *name)
{
	struct filter_service *s = &b->services[hash_bytes(name, strlen(name)) % FILTER_SERVICES];

	if (!s->name || strcmp(s->name, name) != 0)
		*s = (struct filter_service){ name, service_port(name, "tcp"),
			service_port(name, "udp") };
	return s;
}

/* 80:90 or 80-90. */
static bool is_range(const char *text)
{
	static const char digits[] = "0123456789";
	size_t first = strspn(text, digits), last;

	if (!first || !text[first] || !strchr(":-", text[first]))
		return false;
	text += first + 1;
	text += *text == ':';
	last = strspn(text, digits);
	return last && !text[last];
}

/* Several ports are several conditions. */
static int wrong_port(
	struct filter_builder *b, const struct filter_token *value, const char *text, bool local)
{
	const char *word = local ? "sport" : "dport";

	if (strchr(text, ','))
		return filter_wrong_value(b, value, text,
			"one port: several are joined with or, as ( %s = :80 or %s = :443 )", word,
			word);
	if (is_range(text))
		return filter_wrong_value(b, value, text,
			"one port: a range is written with >= and <=, as %s >= :80 %s <= :90", word,
			word);
	return filter_wrong_value(b, value, text, "%s", filter_port_wanted);
}

/* A number or the name of a service; -1 for "*" and for nothing. */
static int read_port(struct filter_builder *b, const struct filter_token *value, const char *text,
	bool local, int32_t *out)
{
	const struct filter_service *s;
	uint64_t number;

	*out = -1;
	if (!*text || strcmp(text, "*") == 0)
		return 0;
	if (filter_read_number(text, UINT16_MAX, &number)) {
		*out = (int32_t)number;
		return 0;
	}
	s = find_service(b, text);
	if (s->tcp >= 0 && s->udp >= 0 && s->tcp != s->udp)
		return filter_wrong_value(b, value, text, "a number: this is %d/tcp and %d/udp",
			(int)s->tcp, (int)s->udp);
	*out = s->tcp >= 0 ? s->tcp : s->udp;
	return *out >= 0 ? 0 : wrong_port(b, value, text, local);
}

static int add_nothing(struct filter_builder *b, uint32_t *row)
{
	return filter_add(b, &(struct filter_node){ .kind = FILTER_NOTHING }, row);
}

static int negate(struct filter_builder *b, bool really, uint32_t *row)
{
	return really ? filter_join(b, FILTER_NOT, *row, 0, row) : 0;
}

static int add_port_node(
	struct filter_builder *b, enum filter_op op, bool local, int32_t port, uint32_t *row)
{
	return filter_add(b,
		&(struct filter_node){
			.kind = FILTER_PORT, .op = (uint8_t)op, .local = local, .port = port },
		row);
}

/* Passes over "inet:" or "inet6:", which say that only sockets of this family are wanted, in all of
 * the filter: as in ss. */
static int pass_family(
	struct filter_builder *b, const struct filter_token *value, const char **text)
{
	static const char *const others[] = { "unix:", "link:", "netlink:", "vsock:" };
	static const struct {
		const char *word;
		uint8_t family;
	} families[] = { { "inet:", 4 }, { "inet6:", 6 } };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strncmp(*text, others[i], strlen(others[i])) == 0)
			return filter_wrong_value(b, value, NULL,
				"an address of IPv4 or IPv6: there are no other sockets here");
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		size_t len = strlen(families[i].word);

		if (strncmp(*text, families[i].word, len) == 0) {
			b->family = families[i].family;
			*text += len;
			break;
		}
	}
	return 0;
}

int filter_add_port(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row)
{
	const char *text = o->value.text;
	int32_t port;
	int err = pass_family(b, &o->value, &text);

	if (!err && *text == ':')
		text++;
	err = err ? err : read_port(b, &o->value, text, local, &port);
	if (err)
		return err;
	if (port >= 0)
		return add_port_node(b, o->op, local, port, row);
	if (o->op != FILTER_EQ && o->op != FILTER_NE)
		return filter_wrong_value(b, &o->value, text, "%s", filter_port_wanted);
	err = add_nothing(b, row);
	return err ? err : negate(b, o->op == FILTER_NE, row);
}

/* ---- Hosts ----------------------------------------------------------------------------------- */

const char filter_host_wanted[] = "an address, as 10.0.0.5, 10.0.0.0/8:443, [2001:db8::1]:443 or "
				  ":443 (no name of a host: none is looked up)";

/* 10.8 is 10.8.0.0, as ss has it and nobody else. */
static bool read_ipv4(const char *text, uint8_t bytes[4])
{
	for (unsigned i = 0; i < 4; i++) {
		char *end;
		unsigned long n;

		if (*text < '0' || *text > '9')
			return false;
		n = strtoul(text, &end, 0);
		if (n > 255)
			return false;
		bytes[i] = (uint8_t)n;
		if (!*end)
			return true;
		if (*end != '.')
			return false;
		text = end + 1;
	}
	return false;
}

/* A number of bits, or a mask as 255.255.0.0. */
static bool read_bits(const char *text, uint64_t max, uint8_t *out)
{
	uint8_t mask[4] = { 0 };
	uint32_t host;
	uint64_t bits;

	if (filter_read_number(text, UINT32_MAX, &bits)) {
		*out = (uint8_t)bits;
		return bits <= max;
	}
	if (!read_ipv4(text, mask))
		return false;
	host = ~((uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 |
		 mask[3]);
	*out = (uint8_t)(host ? __builtin_clz(host) : 32);
	return !(host & (host + 1)) && *out <= max;
}

/* Where a value is cut: ADDRESS, [ADDRESS], then /BITS, then :PORT. */
struct place {
	const char *address, *bits, *port; /* the last two NULL where they are not there */
	size_t len, bits_len;
};

static bool copy(char *to, size_t room, const char *from, size_t len)
{
	if (len >= room)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool read_prefix(
	const struct filter_builder *b, const struct place *p, struct filter_node *n)
{
	char address[64], bits[24];

	if (!copy(address, sizeof address, p->address, p->len))
		return false;
	n->ipv4 = !strchr(address, ':');
	n->prefix = n->ipv4 ? 32 : 128;
	if (b->family && n->ipv4 != (b->family == 4))
		return false;
	if (n->ipv4 ? !read_ipv4(address, n->bytes) : inet_pton(AF_INET6, address, n->bytes) != 1)
		return false;
	return !p->bits || (copy(bits, sizeof bits, p->bits, p->bits_len) &&
				   read_bits(bits, n->prefix, &n->prefix));
}

static void cut_bits(struct place *p)
{
	const char *slash = memchr(p->address, '/', p->len);

	if (!slash)
		return;
	p->bits = slash + 1;
	p->bits_len = p->len - (size_t)(slash + 1 - p->address);
	p->len = (size_t)(slash - p->address);
}

static bool cut_brackets(const char *text, struct place *out)
{
	const char *end = strchr(text, ']'), *colon;

	if (!end)
		return false;
	*out = (struct place){ .address = text + 1, .len = (size_t)(end - text - 1) };
	cut_bits(out);
	colon = strchr(end, ':');
	if (end[1] == '/' && !out->bits) {
		out->bits = end + 2;
		out->bits_len = colon ? (size_t)(colon - out->bits) : strlen(out->bits);
		out->port = colon ? colon + 1 : NULL;
	} else if (end[1]) {
		out->port = end + 1 + (end[1] == ':'); /* ss wants no colon here */
	}
	return true;
}

/* As ss: what stands behind the last colon is a port. */
static bool cut(const char *text, struct place *out)
{
	const char *colon, *slash = strchr(text, '/');

	if (*text == '[')
		return cut_brackets(text, out);
	if (*text == '*') {
		*out = (struct place){ text, NULL, text + 1 + (text[1] == ':'), 1, 0 };
		return true;
	}
	colon = strrchr(slash ? slash : text, ':');
	*out = (struct place){ .address = text,
		.port = colon ? colon + 1 : NULL,
		.len = colon ? (size_t)(colon - text) : strlen(text) };
	cut_bits(out);
	return true;
}

static bool is_word(const struct place *p, const char *word)
{
	return p->len == strlen(word) && memcmp(p->address, word, p->len) == 0;
}

static bool is_any(const struct place *p)
{
	return !p->bits && (!p->len || is_word(p, "*") || is_word(p, "any") || is_word(p, "all") ||
				   is_word(p, "default"));
}

/* Where the address alone is one, it is the prefix that is wrong. */
static int wrong_place(struct filter_builder *b, const struct filter_token *value, const char *text,
	const struct place *p)
{
	struct place address = { .address = p->address, .len = p->len };
	struct filter_node n;
	size_t at = value->at, len = value->len;

	if (!p->bits || !read_prefix(b, &address, &n))
		return filter_wrong_value(b, value, text, "%s", filter_host_wanted);
	if (value->plain) {
		at += (size_t)(p->bits - value->text);
		len = p->bits_len;
	}
	return filter_wrong(b, at, len, "a prefix of at most %s",
		n.ipv4 ? "32 bits for an address of IPv4, or a mask as 255.255.0.0"
		       : "128 bits for an address of IPv6");
}

/* Where the last colon begins no port, all of it may be an address of IPv6. */
static int read_place(struct filter_builder *b, const struct filter_token *value, const char *text,
	struct filter_node *n, bool *any)
{
	struct place p, whole;

	if (!cut(text, &p))
		return filter_wrong_value(b, value, text, "%s", filter_host_wanted);
	n->port = -1;
	*any = is_any(&p);
	if (*any || read_prefix(b, &p, n))
		return p.port ? read_port(b, value, p.port, n->local, &n->port) : 0;
	whole = (struct place){ .address = text, .len = strlen(text) };
	if (*text != '[' && read_prefix(b, &whole, n) && !n->ipv4)
		return 0;
	return wrong_place(b, value, text, &p);
}

int filter_add_host(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row)
{
	struct filter_node n = { .kind = FILTER_HOST, .op = (uint8_t)o->op, .local = local };
	const char *text = o->value.text;
	bool any = false;
	int err = pass_family(b, &o->value, &text);

	err = err ? err : read_place(b, &o->value, text, &n, &any);
	if (err)
		return err;
	if (!any)
		return filter_add(b, &n, row);
	if (n.port >= 0)
		return add_port_node(b, o->op, local, n.port, row);
	err = add_nothing(b, row);
	return err ? err : negate(b, o->op == FILTER_NE, row);
}
