/* Ends of sockets as text. */
#include "sockdash/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/fmt.h"

/* Shortens what stands before the port, which is what tells two endpoints of a host apart. */
static void fit_address(char *address, int width)
{
	size_t len = strlen(address);

	if (width < 2 || len <= (size_t)width)
		return;
	memcpy(address + width - 1, "\xe2\x80\xa6", sizeof "\xe2\x80\xa6");
}

const char *endpoint_text(
	const struct frame *f, const struct sock *s, bool local, int width, char room[ENDPOINT_MAX])
{
	static const uint8_t any[16];
	const struct address *a = frame_address(f, local ? s->local : s->remote);
	const char *device = local ? frame_device(f, a->scope) : "";
	bool ipv4 = s->flags & SOCK_IPV4;
	bool dual = !ipv4 && sock_is_listener(s) && !(s->flags & SOCK_V6ONLY) &&
		    memcmp(a->bytes, any, sizeof any) == 0;
	char address[FMT_MAX], port[8], place[ENDPOINT_MAX - sizeof port];

	fmt_address(address, a->bytes, ipv4);
	snprintf(port, sizeof port, ":%u", local ? s->local_port : s->remote_port);
	snprintf(place, sizeof place,
		dual   ? "*%.0s%s%.64s"
		: ipv4 ? "%s%s%.64s"
		       : "[%s]%s%.64s",
		address, *device ? "%" : "", device);
	if (width)
		fit_address(place, width - (int)strlen(port));
	snprintf(room, ENDPOINT_MAX, "%s%s", place, port);
	return room;
}
