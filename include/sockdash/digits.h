/* digits: numbers and addresses as programs read them, exactly as printf("%.*f") and inet_ntop()
 * write them but many times faster. A table of a million sockets has ten million of these.
 *
 * Each function writes a NUL-terminated ASCII text into `out` and answers its length. */
#ifndef SOCKDASH_DIGITS_H
#define SOCKDASH_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGITS_MAX 64

size_t digits_integer(char out[DIGITS_MAX], int64_t n);

/* A number with `decimals` (0 to 6) decimals, correctly rounded, ties to even. 0 where it is not
 * finite or 1e12 and more, with more than 3 decimals 1e9: that is left to printf. */
size_t digits_decimal(char out[DIGITS_MAX], double x, unsigned decimals);

/* An Internet address from its 16 bytes (IPv4 as ::ffff:a.b.c.d). `ipv4` writes a mapped address as
 * a.b.c.d, otherwise the IPv6 form of RFC 5952. */
size_t digits_address(char out[DIGITS_MAX], const uint8_t address[16], bool ipv4);

#endif
