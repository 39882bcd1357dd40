/* digits owns the writing of exact numbers and addresses. It must not know of widths, units or
 * types of values. */
#include "sockdash/digits.h"

#include <math.h>
#include <string.h>

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
			    "34353637383940414243444546474849505152535455565758596061626364656667"
			    "6869707172737475767778798081828384858687888990919293949596979899";

/* Without a NUL; answers the end. */
static char *add_unsigned(char *out, uint64_t n)
{
	char room[20], *p = room + sizeof room;
	size_t len;

	for (; n >= 100; n /= 100) {
		p -= 2;
		memcpy(p, pairs + n % 100 * 2, 2);
	}
	*--p = pairs[n * 2 + 1];
	if (n >= 10)
		*--p = pairs[n * 2];
	len = (size_t)(room + sizeof room - p);
	memcpy(out, p, len);
	return out + len;
}

static size_t finish(const char *out, char *end)
{
	*end = '\0';
	return (size_t)(end - out);
}

size_t digits_integer(char out[DIGITS_MAX], int64_t n)
{
	char *p = out;

	if (n < 0)
		*p++ = '-';
	return finish(out, add_unsigned(p, n < 0 ? -(uint64_t)n : (uint64_t)n));
}

/* x times scale, rounded as printf does: by the exact product. The nearest double may lie on the
 * other side of a half; what it is off by, fma() tells exactly. */
static uint64_t scale_rounded(double x, double scale)
{
	double product = x * scale, off = fma(x, scale, -product);
	uint64_t whole = (uint64_t)product;
	double rest = product - (double)whole;
	bool up = rest > 0.5 || (rest == 0.5 && (off > 0 || (off == 0 && whole & 1)));

	return whole + up;
}

size_t digits_decimal(char out[DIGITS_MAX], double x, unsigned decimals)
{
	static const unsigned scales[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	const unsigned scale = scales[decimals];
	char *p = out;
	uint64_t scaled;

	if (!(fabs(x) < (decimals > 3 ? 1e9 : 1e12)))
		return 0;
	if (signbit(x))
		*p++ = '-';
	scaled = scale_rounded(fabs(x), scale);
	p = add_unsigned(p, scaled / scale);
	if (decimals)
		*p++ = '.';
	for (unsigned rest = (unsigned)(scaled % scale), unit = scale / 10; unit; unit /= 10)
		*p++ = (char)('0' + rest / unit % 10);
	return finish(out, p);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static char *add_ipv4(char *p, const uint8_t address[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p = add_unsigned(p, address[i]);
	}
	return p;
}

static char *add_hex(char *p, unsigned group)
{
	for (int shift = group > 0xfff  ? 12
			 : group > 0xff ? 8
			 : group > 0xf  ? 4
					: 0;
		shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[group >> shift & 0xf];
	return p;
}

/* The longest run of two zeros or more, the first of equal ones: *from is 8 where there is none. */
static void find_zeros(const unsigned groups[8], int *from, int *len)
{
	int run = 0;

	*from = 8;
	*len = 1;
	for (int i = 0; i < 8; i++) {
		run = groups[i] ? 0 : run + 1;
		if (run > *len) {
			*len = run;
			*from = i + 1 - run;
		}
	}
}

static char *add_ipv6(char *p, const uint8_t address[16])
{
	unsigned groups[8];
	int from, len, end = 8;

	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
	find_zeros(groups, &from, &len);
	/* IPv4 within IPv6: ::ffff:1.2.3.4, and ::1.2.3.4 of old. */
	if (from == 0 && (len == 6 || (len == 5 && groups[5] == 0xffff)))
		end = 6;
	for (int i = 0; i < end; i++) {
		if (i == from) {
			*p++ = ':';
			i += len - 1;
			if (i == 7)
				*p++ = ':';
			continue;
		}
		if (i)
			*p++ = ':';
		p = add_hex(p, groups[i]);
	}
	if (end == 8)
		return p;
	*p++ = ':';
	return add_ipv4(p, address + 12);
}

size_t digits_address(char out[DIGITS_MAX], const uint8_t address[16], bool ipv4)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ipv4 && memcmp(address, mapped, sizeof mapped) == 0)
		return finish(out, add_ipv4(out, address + 12));
	return finish(out, add_ipv6(out, address));
}
