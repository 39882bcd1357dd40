/* In the place of filters until they are there: goes with the first version of filter.c. */
#include "sockdash/filter.h"

__attribute__((weak)) bool filter_is_all(const struct filter *f)
{
	return !f;
}

__attribute__((weak)) bool filter_selects(
	const struct filter *f, const struct rowset *sockets, uint32_t row)
{
	(void)f;
	(void)sockets;
	(void)row;
	return true;
}
