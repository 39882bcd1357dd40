/* Values as text. Nothing here knows how wide a column is or where it stands. */
#include "sockdash/format.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/digits.h"

static const char *plain_number(const struct value *v, char room[FORMAT_MAX])
{
	digits_integer(room, v->number);
	return room;
}

static void add_device(const char *device, char room[FORMAT_MAX])
{
	size_t len = strlen(room);

	if (*device)
		snprintf(room + len, FORMAT_MAX - len, "%%%s", device);
}

/* An address without the bits that do not count, and how many do. */
static void put_prefix(const struct value *v, char room[FORMAT_MAX])
{
	unsigned bits = v->prefix + (v->ipv4 ? 96u : 0u);
	uint8_t bytes[16] = { 0 };
	size_t len;

	for (unsigned i = 0; i < bits && i < 128; i++)
		bytes[i / 8] |= (uint8_t)(v->address->bytes[i / 8] & 0x80 >> i % 8);
	fmt_address(room, bytes, v->ipv4);
	len = strlen(room);
	snprintf(room + len, FORMAT_MAX - len, "/%u", v->prefix);
}

/* "~12s" would read as "about": a lower bound has a ">". */
static const char *lower_bound(const struct value *v, int width, char room[FORMAT_MAX])
{
	struct value exact = *v;
	char text[FORMAT_MAX];

	exact.at_least = false;
	/* No room behind the ">" is less than 0, which is not "as many as it takes". */
	snprintf(room, FORMAT_MAX, ">%.*s", FORMAT_MAX - 2,
		format_value(&exact, width > 1 ? width - 1 : -width, text));
	return room;
}

static const char *address(const struct value *v, char room[FORMAT_MAX])
{
	if (v->name && !*v->device)
		return v->name;
	if (v->name)
		snprintf(room, FORMAT_MAX, "%s", v->name);
	else if (v->prefix)
		put_prefix(v, room);
	else
		fmt_address(room, v->address->bytes, v->ipv4);
	add_device(v->device, room);
	return room;
}

const char *format_value(const struct value *v, int width, char room[FORMAT_MAX])
{
	bool bound = v->type == VALUE_COUNT || v->type == VALUE_RATE || v->type == VALUE_AGE;

	if (bound && v->at_least && width >= 0)
		return lower_bound(v, width, room);
	switch (v->type) {
	case VALUE_COUNT:
		return fmt_count(room, (uint64_t)v->number, width);
	case VALUE_DELTA:
		return fmt_delta(room, v->number, width);
	case VALUE_BYTES:
		return fmt_bytes(room, (uint64_t)v->number, width);
	case VALUE_ID:
		return v->name ? v->name : plain_number(v, room);
	case VALUE_RATE:
		return fmt_rate(room, v->real, width);
	case VALUE_TREND:
		return fmt_trend(room, v->real, width);
	case VALUE_PERCENT:
		return fmt_percent(room, v->real, width);
	case VALUE_AGE:
		return fmt_age(room, v->real, width);
	case VALUE_SPAN:
		return fmt_span(room, v->real, width);
	case VALUE_TEXT:
		if (!v->doubtful)
			return v->text;
		snprintf(room, FORMAT_MAX, "%s?", v->text);
		return room;
	case VALUE_ADDRESS:
		return address(v, room);
	default:
		return "-";
	}
}

static void remove_all(char *text, char unwanted)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != unwanted)
			*to++ = *from;
	*to = '\0';
}

const char *format_plain(const struct value *v, char room[FORMAT_MAX])
{
	if (v->name)
		return format_value(v, 0, room);
	switch (v->type) {
	case VALUE_COUNT:
	case VALUE_BYTES:
		plain_number(v, v->at_least ? room + 1 : room);
		if (v->at_least)
			*room = '>';
		return room;
	case VALUE_TEXT:
	case VALUE_ADDRESS:
	case VALUE_NONE:
		return format_value(v, 0, room);
	default:
		format_value(v, 0, room);
		remove_all(room, ',');
		remove_all(room, ' ');
		return room;
	}
}

bool format_is_right(enum value_type type)
{
	return type != VALUE_TEXT && type != VALUE_ADDRESS;
}
