/* Values as 64-bit keys that order as the values do. Where one does not hold all of a value (a long
 * text, an IPv6 address) more of them follow, step by step. It must not know who sorts. */
#include "sockdash/rowset_keys.h"

#include <string.h>

/* ---- Values ---------------------------------------------------------------------------------- */

/* What a field's values have in common: rows may show a number as bytes or as a count. */
enum value_class { CLASS_NUMBER, CLASS_REAL, CLASS_TEXT, CLASS_ADDRESS };

static enum value_class class_of(enum value_type type)
{
	static const enum value_class classes[VALUE_TYPES] = {
		[VALUE_RATE] = CLASS_REAL,
		[VALUE_TREND] = CLASS_REAL,
		[VALUE_PERCENT] = CLASS_REAL,
		[VALUE_AGE] = CLASS_REAL,
		[VALUE_SPAN] = CLASS_REAL,
		[VALUE_TEXT] = CLASS_TEXT,
		[VALUE_ADDRESS] = CLASS_ADDRESS,
	};

	return classes[type];
}

static int compare_addresses(const struct address *a, const struct address *b)
{
	int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

	return order ? order : (a->scope > b->scope) - (a->scope < b->scope);
}

int rowset_key_compare(const struct value *a, const struct value *b)
{
	switch (class_of(a->type)) {
	case CLASS_REAL:
		return (a->real > b->real) - (a->real < b->real);
	case CLASS_TEXT:
		return a->text == b->text ? 0 : strcmp(a->text, b->text);
	case CLASS_ADDRESS:
		return a->address == b->address ? 0 : compare_addresses(a->address, b->address);
	default:
		return (a->number > b->number) - (a->number < b->number);
	}
}

/* ---- Keys ------------------------------------------------------------------------------------ */

#define SIGN (UINT64_C(1) << 63)

static uint64_t number_key(const struct value *v, unsigned step)
{
	(void)step;
	return (uint64_t)v->number ^ SIGN;
}

/* A negative number has its sign set, and the greater its other bits the smaller it is. */
static uint64_t real_key(const struct value *v, unsigned step)
{
	double real = v->real + 0.0; /* -0 is 0 */
	uint64_t bits;

	(void)step;
	memcpy(&bits, &real, sizeof bits);
	return bits & SIGN ? ~bits : bits | SIGN;
}

static bool is_whole(uint64_t key, unsigned step)
{
	(void)key;
	(void)step;
	return true;
}

static uint64_t read_bytes(const uint8_t *bytes)
{
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++)
		key = key << 8 | bytes[i];
	return key;
}

/* Eight bytes a step; the end is filled with zeros. */
static uint64_t text_key(const struct value *v, unsigned step)
{
	const char *text = v->text + 8 * (size_t)step;
	uint64_t key = 0;

	for (unsigned i = 0; i < 8; i++) {
		key = key << 8 | (uint8_t)*text;
		text += *text != '\0';
	}
	return key;
}

static bool text_is_last(uint64_t key, unsigned step)
{
	(void)step;
	return !(key & 0xff);
}

/* First all that there is of an IPv4 address: 48 bits, and of the scope what has room. All others
 * come behind them, by half of their bits, and take more steps. */
#define SCOPE_ROOM 0x7fff

static uint64_t address_key(const struct value *v, unsigned step)
{
	uint64_t upper = read_bytes(v->address->bytes), lower = read_bytes(v->address->bytes + 8);
	uint32_t scope = v->address->scope;

	switch (step) {
	case 0:
		if (upper || lower >> 48)
			return SIGN | upper >> 1;
		return lower << 15 | (scope < SCOPE_ROOM ? scope : SCOPE_ROOM);
	case 1:
		return upper;
	case 2:
		return lower;
	default:
		return scope;
	}
}

static bool address_is_last(uint64_t key, unsigned step)
{
	if (step == 0)
		return !(key & SIGN) && (key & SCOPE_ROOM) != SCOPE_ROOM;
	return step == 3;
}

static const struct key_kind kinds[] = {
	[CLASS_NUMBER] = { number_key, is_whole },
	[CLASS_REAL] = { real_key, is_whole },
	[CLASS_TEXT] = { text_key, text_is_last },
	[CLASS_ADDRESS] = { address_key, address_is_last },
};

const struct key_kind *rowset_key_kind(enum value_type type)
{
	return &kinds[class_of(type)];
}
