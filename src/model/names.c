/* The cache of names. Hosts are remembered in two halves: what is looked for is in the young one, or
 * comes there from the old one; when the young half is full, it becomes the old one, and what was not
 * looked for in all that time is forgotten. */
#include "sockdash/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/arena.h"
#include "sockdash/buf.h"
#include "sockdash/grow.h"
#include "sockdash/hash.h"
#include "sockdash/utf8.h"

#define MINUTE_NS INT64_C(60000000000)

/* How long an answer holds. */
static const int64_t lives_ns[NAMES_ANSWERS] = {
	[NAMES_FOUND] = 60 * MINUTE_NS,
	[NAMES_NONE] = 10 * MINUTE_NS,
	[NAMES_FAILED] = 3 * MINUTE_NS,
};

struct host {
	struct names_address address;
	int64_t until_ns;
	const char *name; /* NULL: none */
};

struct half {
	struct host *hosts;
	uint32_t count, room;
	struct hash by_address;
	struct arena texts;
};

struct names {
	struct half young, old;
	int64_t now_ns;

	struct names_address *wanted;
	uint32_t wanted_count, wanted_room;
	size_t wanted_max;
	struct hash by_wanted;

	struct hash by_service; /* protocol and port → place in `services` */
	const char **services;
	uint32_t service_count, service_room;
	struct arena service_texts;
};

struct names *names_create(void)
{
	return calloc(1, sizeof(struct names));
}

static void free_half(struct half *h)
{
	free(h->hosts);
	hash_free(&h->by_address);
	arena_free(&h->texts);
	*h = (struct half){ 0 };
}

void names_destroy(struct names *n)
{
	if (!n)
		return;
	free_half(&n->young);
	free_half(&n->old);
	free(n->wanted);
	hash_free(&n->by_wanted);
	hash_free(&n->by_service);
	free(n->services);
	arena_free(&n->service_texts);
	free(n);
}

void names_begin(struct names *n, int64_t now_ns, size_t wanted_max)
{
	n->now_ns = now_ns;
	n->wanted_max = wanted_max;
	n->wanted_count = 0;
	hash_clear(&n->by_wanted);
}

/* ---- What a name may be ---------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_in_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* Whoever answers for an address can answer anything. What ends in a number would be read as an
 * address ("10.0.0.1"), and with a colon a port could be made up. */
static bool is_name(const char *text, size_t len)
{
	size_t last = len;

	for (size_t i = 0; i < len; i++)
		if (!is_in_name(text[i]))
			return false;
	while (last && text[last - 1] != '.')
		last--;
	for (; last < len; last++)
		if (!is_digit(text[last]))
			return true;
	return false;
}

/* A safe copy of a name, cut to its limit; NULL without memory. */
static const char *copy_name(struct arena *a, const char *text, size_t len)
{
	struct buf safe = { 0 };
	const char *copy = NULL;

	utf8_add_safe(&safe, text, len);
	if (!safe.failed) {
		len = safe.len;
		for (size_t at = 0; safe.len > NAMES_TEXT_MAX && at <= NAMES_TEXT_MAX;) {
			uint32_t code;

			len = at;
			at += utf8_decode(safe.data + at, safe.len - at, &code);
		}
		copy = arena_text(a, safe.data, len);
	}
	buf_free(&safe);
	return copy;
}

/* ---- Hosts ----------------------------------------------------------------------------------- */

static uint64_t key_of(const uint8_t bytes[16])
{
	return hash_bytes(bytes, 16);
}

static struct host *find(const struct half *h, const uint8_t bytes[16])
{
	uint32_t row = hash_get(&h->by_address, key_of(bytes));

	if (row == HASH_NONE || memcmp(h->hosts[row].address.bytes, bytes, 16) != 0)
		return NULL;
	return &h->hosts[row];
}

/* A place in the young half, which is made room in. NULL without memory. */
static struct host *add(struct names *n, const uint8_t bytes[16])
{
	struct half *h = &n->young;

	if (h->count == NAMES_HOSTS_MAX / 2) {
		free_half(&n->old);
		n->old = *h;
		*h = (struct half){ 0 };
	}
	if (grow(&h->hosts, h->count, &h->room, sizeof *h->hosts) ||
		hash_put(&h->by_address, key_of(bytes), h->count))
		return NULL;
	h->hosts[h->count] = (struct host){ 0 };
	memcpy(h->hosts[h->count].address.bytes, bytes, 16);
	return &h->hosts[h->count++];
}

/* Brings what is in the old half into the young one; where there is no memory for that it stays. */
static const struct host *rejuvenate(struct names *n, const struct host *host)
{
	struct host old = *host, *young;
	struct buf name = { 0 };

	/* Making room may give back the half that it is in. */
	if (old.name)
		buf_adds(&name, old.name);
	young = name.failed ? NULL : add(n, old.address.bytes);
	if (young) {
		young->until_ns = old.until_ns;
		young->name = old.name ? arena_text(&n->young.texts, name.data, name.len) : NULL;
	}
	buf_free(&name);
	return young;
}

static bool is_host(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t zero[16];

	if (memcmp(bytes, mapped, 12) == 0)
		return memcmp(bytes + 12, zero, 4) != 0;
	return memcmp(bytes, zero, 16) != 0 && !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

static void want(struct names *n, const uint8_t bytes[16])
{
	uint32_t place;

	if (n->wanted_count >= n->wanted_max ||
		hash_add(&n->by_wanted, key_of(bytes), n->wanted_count, &place) ||
		place != n->wanted_count ||
		grow(&n->wanted, n->wanted_count, &n->wanted_room, sizeof *n->wanted))
		return;
	memcpy(n->wanted[n->wanted_count++].bytes, bytes, 16);
}

/* A name that is no longer sure stands until there is another answer. */
const char *names_host(struct names *n, const uint8_t bytes[16])
{
	const struct host *host = find(&n->young, bytes);

	if (!host) {
		host = find(&n->old, bytes);
		if (host)
			host = rejuvenate(n, host);
	}
	if ((!host || host->until_ns <= n->now_ns) && is_host(bytes))
		want(n, bytes);
	return host ? host->name : NULL;
}

const struct names_address *names_wanted(const struct names *n, size_t *count)
{
	*count = n->wanted_count;
	return n->wanted;
}

int names_put_host(
	struct names *n, const uint8_t bytes[16], enum names_answer answer, const char *text)
{
	size_t len = answer == NAMES_FOUND ? strlen(text) : 0;
	struct host *host = find(&n->young, bytes);

	while (len && text[len - 1] == '.')
		len--;
	if (answer == NAMES_FOUND && !is_name(text, len))
		answer = NAMES_NONE;
	if (!host)
		host = add(n, bytes);
	if (!host)
		return -ENOMEM;
	host->until_ns = n->now_ns + lives_ns[answer];
	/* Nobody could say: the name that it had is better than none. */
	if (answer == NAMES_FAILED && host->name)
		return 0;
	host->name = NULL;
	if (answer == NAMES_FOUND)
		host->name = copy_name(&n->young.texts, text, len);
	return answer == NAMES_FOUND && !host->name ? -ENOMEM : 0;
}

/* ---- Services -------------------------------------------------------------------------------- */

static uint64_t service_key(enum sock_proto proto, uint16_t port)
{
	return (uint64_t)proto << 16 | port;
}

const char *names_service(const struct names *n, enum sock_proto proto, uint16_t port)
{
	uint32_t row = hash_get(&n->by_service, service_key(proto, port));

	return row == HASH_NONE ? NULL : n->services[row];
}

int names_put_service(struct names *n, enum sock_proto proto, uint16_t port, const char *text)
{
	uint32_t row;
	const char *copy;

	if (!port || !is_name(text, strlen(text)))
		return 0;
	if (grow(&n->services, n->service_count, &n->service_room, sizeof *n->services))
		return -ENOMEM;
	copy = copy_name(&n->service_texts, text, strlen(text));
	if (!copy || hash_add(&n->by_service, service_key(proto, port), n->service_count, &row))
		return -ENOMEM;
	if (row == n->service_count)
		n->services[n->service_count++] = copy;
	return 0;
}
