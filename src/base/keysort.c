/* A radix sort: records go to the places of the highest eight bits in which keys differ, then those
 * of each place by the next bits that do, and a few by insertion. It must not know what is sorted. */
#include "sockdash/keysort.h"

#define FEW            24   /* records that are sorted by insertion */
#define CANCEL_RECORDS 8192 /* fewer are done before one could look at the flag */

static void insert(struct keyed *e, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct keyed moving = e[i];
		uint32_t to = i;

		for (; to && e[to - 1].key > moving.key; to--)
			e[to] = e[to - 1];
		e[to] = moving;
	}
}

/* The highest eight bits from the first on in which keys differ begin here; -1: all are equal. */
static int find_digit(const struct keyed *e, uint32_t n)
{
	uint64_t differing = 0;
	int top;

	for (uint32_t i = 1; i < n; i++)
		differing |= e[i].key ^ e[0].key;
	if (!differing)
		return -1;
	top = 63 - __builtin_clzll(differing);
	return top > 7 ? top - 7 : 0;
}

/* Puts every entry where its digit belongs; ends[] gets where each digit's entries end. */
static void distribute(struct keyed *e, uint32_t n, int shift, uint32_t ends[256])
{
	uint32_t next[256] = { 0 }, sum = 0;

	for (uint32_t i = 0; i < n; i++)
		next[e[i].key >> shift & 0xff]++;
	for (unsigned d = 0; d < 256; d++) {
		uint32_t count = next[d];

		next[d] = sum;
		sum += count;
		ends[d] = sum;
	}
	for (unsigned d = 0; d < 256; d++) {
		for (; next[d] < ends[d]; next[d]++) {
			struct keyed moving = e[next[d]];
			unsigned to;

			while ((to = moving.key >> shift & 0xff) != d) {
				struct keyed other = e[next[to]];

				e[next[to]++] = moving;
				moving = other;
			}
			e[next[d]] = moving;
		}
	}
}

void keysort_part(
	struct keyed *e, uint32_t n, struct keysort_range *part, const atomic_bool *cancel)
{
	struct keysort_range wanted = *part;
	uint32_t ends[256], begin = 0;
	int shift;

	*part = (struct keysort_range){ 0, n };
	if (n <= FEW) {
		insert(e, n);
		return;
	}
	shift = find_digit(e, n);
	if (shift < 0 || (n > CANCEL_RECORDS && keysort_is_cancelled(cancel)))
		return;
	distribute(e, n, shift, ends);
	part->from = n;
	for (unsigned d = 0; d < 256; begin = ends[d++]) {
		struct keysort_range here = { 0, ends[d] - begin };

		if (begin == ends[d] || ends[d] <= wanted.from || begin >= wanted.to)
			continue;
		if (wanted.from > begin)
			here.from = wanted.from - begin;
		if (wanted.to < ends[d])
			here.to = wanted.to - begin;
		if (shift)
			keysort_part(e + begin, ends[d] - begin, &here, cancel);
		else
			here = (struct keysort_range){ 0, ends[d] - begin };
		if (begin + here.from < part->from)
			part->from = begin + here.from;
		part->to = begin + here.to;
	}
}

void keysort(struct keyed *e, uint32_t n, const atomic_bool *cancel)
{
	keysort_part(e, n, &(struct keysort_range){ 0, n }, cancel);
}
