/* Ends of sockets as text. */
#include "sockdash/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "sockdash/fmt.h"
#include "sockdash/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

#define PORT_MAX  (NAMES_TEXT_MAX + 2)
#define PLACE_MAX (ENDPOINT_MAX - PORT_MAX)

static int width_of(const char *text)
{
	return utf8_text_width(text, strlen(text));
}

/* Shortens what stands before the port, which is what tells two endpoints of a host apart. */
static void fit_address(char *address, int width)
{
	if (width < 2 || width_of(address) <= width)
		return;
	strcpy(address + utf8_fit(address, strlen(address), width - 1, NULL), ELLIPSIS);
}

static void put_port(const char *service, uint16_t port, int width, char out[PORT_MAX])
{
	if (service && (!width || width_of(service) + 1 <= width / 2))
		snprintf(out, PORT_MAX, ":%s", service);
	else
		snprintf(out, PORT_MAX, ":%u", port);
}

/* The address of an IPv6 socket stands in brackets: its colons are no port. A name has none. */
static void put_place(const struct frame *f, struct names *names, const struct sock *s, bool local,
	char out[PLACE_MAX])
{
	static const uint8_t any[16];
	const struct address *a = frame_address(f, local ? s->local : s->remote);
	const char *device = local ? frame_device(f, a->scope) : "";
	const char *name = names ? names_host(names, a->bytes) : NULL;
	bool ipv4 = s->flags & SOCK_IPV4;
	bool dual = !ipv4 && sock_is_listener(s) && !(s->flags & SOCK_V6ONLY) &&
		    memcmp(a->bytes, any, sizeof any) == 0;
	char address[FMT_MAX];

	if (!name)
		fmt_address(address, a->bytes, ipv4);
	snprintf(out, PLACE_MAX,
		dual           ? "*%.0s%s%.64s"
		: name || ipv4 ? "%s%s%.64s"
			       : "[%s]%s%.64s",
		name ? name : address, *device ? "%" : "", device);
}

const char *endpoint_named(const struct frame *f, struct names *names, const struct sock *s,
	bool local, int width, char room[ENDPOINT_MAX])
{
	uint16_t number = local ? s->local_port : s->remote_port;
	char port[PORT_MAX], place[PLACE_MAX];

	put_place(f, names, s, local, place);
	put_port(names ? names_service(names, s->proto, number) : NULL, number, width, port);
	if (width)
		fit_address(place, width - width_of(port));
	snprintf(room, ENDPOINT_MAX, "%s%s", place, port);
	return room;
}

const char *endpoint_text(
	const struct frame *f, const struct sock *s, bool local, int width, char room[ENDPOINT_MAX])
{
	return endpoint_named(f, NULL, s, local, width, room);
}
