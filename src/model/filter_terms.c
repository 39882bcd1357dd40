/* The terms of ss. Each means what it means in ss, which is what the kernel makes of it. */
#include "sockdash/filter_terms.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- States ---------------------------------------------------------------------------------- */

#define BIT(state) (UINT32_C(1) << (state))

const char filter_state_words[] =
	"a state: established, close-wait, time-wait, listening, connected...";

int64_t filter_state_word(const char *word)
{
	static const struct {
		const char *word;
		uint32_t states;
	} words[] = {
		{ "established", BIT(SOCK_ESTAB) },
		{ "syn-sent", BIT(SOCK_SYN_SENT) },
		{ "syn-recv", BIT(SOCK_SYN_RECV) },
		{ "syn-rcv", BIT(SOCK_SYN_RECV) },
		{ "fin-wait-1", BIT(SOCK_FIN_WAIT_1) },
		{ "fin-wait-2", BIT(SOCK_FIN_WAIT_2) },
		{ "time-wait", BIT(SOCK_TIME_WAIT) },
		{ "unconnected", BIT(SOCK_CLOSE) },
		{ "closed", BIT(SOCK_CLOSE) },
		{ "close", BIT(SOCK_CLOSE) },
		{ "close-wait", BIT(SOCK_CLOSE_WAIT) },
		{ "last-ack", BIT(SOCK_LAST_ACK) },
		{ "listening", BIT(SOCK_LISTEN) },
		{ "closing", BIT(SOCK_CLOSING) },
		{ "all", FILTER_ALL_STATES },
		{ "connected", FILTER_ALL_STATES & ~(BIT(SOCK_CLOSE) | BIT(SOCK_LISTEN)) },
		{ "synchronized", FILTER_ALL_STATES & ~(BIT(SOCK_CLOSE) | BIT(SOCK_LISTEN) |
							      BIT(SOCK_SYN_SENT)) },
		{ "bucket", BIT(SOCK_SYN_RECV) | BIT(SOCK_TIME_WAIT) },
		{ "big", FILTER_ALL_STATES & ~(BIT(SOCK_SYN_RECV) | BIT(SOCK_TIME_WAIT)) },
		{ "unknown", 0 },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(word, words[i].word) == 0)
			return words[i].states;
	for (unsigned state = 1; state < SOCK_STATE_COUNT; state++)
		if (strcasecmp(word, sock_state_name(state)) == 0)
			return BIT(state); /* as they are printed, which ss does not know */
	return -1;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

#define PORT_WANTED "a port: a number up to 65535, or the name of a service"

/* A whole number as C writes it: 22, 0x16, 026. */
static bool read_number(const char *text, uint64_t max, uint64_t *out)
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

int filter_read_port(
	struct filter_builder *b, const struct filter_token *value, const char *text, int32_t *out)
{
	uint64_t number;
	int32_t tcp, udp;

	*out = -1;
	if (!*text || strcmp(text, "*") == 0)
		return 0;
	if (read_number(text, UINT16_MAX, &number)) {
		*out = (int32_t)number;
		return 0;
	}
	tcp = service_port(text, "tcp");
	udp = service_port(text, "udp");
	if (tcp >= 0 && udp >= 0 && tcp != udp)
		return filter_wrong_value(
			b, value, text, "a number: this is %d/tcp and %d/udp", (int)tcp, (int)udp);
	*out = tcp >= 0 ? tcp : udp;
	return *out >= 0 ? 0 : filter_wrong_value(b, value, text, PORT_WANTED);
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

/* "inet:" and "inet6:", which say that only sockets of this family are wanted, in all of the filter.
 * Passes over it; *family gets that of this value: 0 where nothing is said. */
static int read_family(
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

static int add_port(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row)
{
	const char *text = o->value.text;
	int32_t port;
	int err = read_family(b, &o->value, &text);

	if (!err && *text == ':')
		text++;
	err = err ? err : filter_read_port(b, &o->value, text, &port);
	if (err)
		return err;
	if (port >= 0)
		return add_port_node(b, o->op, local, port, row);
	if (o->op != FILTER_EQ && o->op != FILTER_NE)
		return filter_wrong_value(b, &o->value, text, PORT_WANTED);
	err = add_nothing(b, row);
	return err ? err : negate(b, o->op == FILTER_NE, row);
}

static int add_dport(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return add_port(b, o, false, row);
}

static int add_sport(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return add_port(b, o, true, row);
}

/* ---- Hosts ----------------------------------------------------------------------------------- */

#define HOST_WANTED                                                                                \
	"an address, as 10.0.0.5, 10.0.0.0/8:443, [2001:db8::1]:443 or :443; names of hosts are "  \
	"not looked up"

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

	if (read_number(text, UINT32_MAX, &bits)) {
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
	} else if (end[1] && end[1] != ':') {
		return false;
	}
	out->port = colon ? colon + 1 : NULL;
	return true;
}

/* As ss: what stands behind the last colon is a port. */
static bool cut(const char *text, struct place *out)
{
	const char *colon, *slash = strchr(text, '/');

	if (*text == '[')
		return cut_brackets(text, out);
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

/* Where the last colon begins no port, all of it may be an address of IPv6. */
static int read_place(struct filter_builder *b, const struct filter_token *value, const char *text,
	struct filter_node *n, bool *any)
{
	struct place p;

	if (!cut(text, &p))
		return filter_wrong_value(b, value, text, HOST_WANTED);
	n->port = -1;
	*any = is_any(&p);
	if (*any || read_prefix(b, &p, n))
		return p.port ? filter_read_port(b, value, p.port, &n->port) : 0;
	p = (struct place){ .address = text, .len = strlen(text) };
	if (*text != '[' && read_prefix(b, &p, n) && !n->ipv4)
		return 0;
	return filter_wrong_value(b, value, text, HOST_WANTED);
}

int filter_add_host(
	struct filter_builder *b, const struct filter_operand *o, bool local, uint32_t *row)
{
	struct filter_node n = { .kind = FILTER_HOST, .op = (uint8_t)o->op, .local = local };
	const char *text = o->value.text;
	bool any = false;
	int err = read_family(b, &o->value, &text);

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

static int add_dst(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_host(b, o, false, row);
}

static int add_src(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	return filter_add_host(b, o, true, row);
}

/* ---- Others ---------------------------------------------------------------------------------- */

static int add_dev(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	uint64_t index = if_nametoindex(o->value.text);

	if (!index && !read_number(o->value.text, UINT32_MAX, &index))
		return filter_wrong_value(
			b, &o->value, NULL, "a network device of this host, as eth0");
	return filter_add(b,
		&(struct filter_node){
			.kind = FILTER_DEVICE, .op = (uint8_t)o->op, .device = (uint32_t)index },
		row);
}

static int add_fwmark(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	const char *slash = strchr(o->value.text, '/');
	char mark[32];
	size_t len = slash ? (size_t)(slash - o->value.text) : o->value.len;
	uint64_t bits, mask = UINT32_MAX;

	memcpy(mark, o->value.text, len < sizeof mark ? len : 0);
	mark[len < sizeof mark ? len : 0] = '\0';
	if (!read_number(mark, UINT32_MAX, &bits) ||
		(slash && !read_number(slash + 1, UINT32_MAX, &mask)))
		return filter_wrong_value(b, &o->value, NULL, "MARK or MARK/MASK, as 0x10/0xff");
	return filter_add(b,
		&(struct filter_node){ .kind = FILTER_MARK,
			.op = (uint8_t)o->op,
			.mark = (uint32_t)bits,
			.mask = (uint32_t)mask },
		row);
}

static int add_autobound(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	(void)o;
	return filter_add(b, &(struct filter_node){ .kind = FILTER_AUTOBOUND }, row);
}

static int add_state(struct filter_builder *b, const struct filter_operand *o, uint32_t *row)
{
	int64_t states = filter_state_word(o->value.text);

	if (states < 0)
		return filter_wrong_value(b, &o->value, NULL, "%s", filter_state_words);
	if (*o->name.text == 'e')
		states = FILTER_ALL_STATES & ~states;
	return filter_add(
		b, &(struct filter_node){ .kind = FILTER_STATE, .states = (uint32_t)states }, row);
}

static const struct filter_word words[] = {
	{ "dst", add_dst, FILTER_TAKES_EQUAL, HOST_WANTED },
	{ "src", add_src, FILTER_TAKES_EQUAL, HOST_WANTED },
	{ "dport", add_dport, FILTER_TAKES_ORDER, PORT_WANTED },
	{ "sport", add_sport, FILTER_TAKES_ORDER, PORT_WANTED },
	{ "dev", add_dev, FILTER_TAKES_EQUAL, "the name of a network device" },
	{ "fwmark", add_fwmark, FILTER_TAKES_EQUAL, "MARK or MARK/MASK, as 0x10/0xff" },
	{ "autobound", add_autobound, FILTER_TAKES_NOTHING, NULL },
	{ "state", add_state, FILTER_TAKES_VALUE, filter_state_words },
	{ "exclude", add_state, FILTER_TAKES_VALUE, filter_state_words },
	{ "excl", add_state, FILTER_TAKES_VALUE, filter_state_words },
};

const struct filter_word *filter_word(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(name, words[i].name) == 0)
			return &words[i];
	return NULL;
}
