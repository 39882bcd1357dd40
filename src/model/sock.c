/* The words for states, protocols and timers: those ss prints. */
#include "sockdash/sock.h"

#include <stddef.h>

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof *(table) && (table)[i] ? (table)[i] : "?")

const char *sock_state_name(unsigned state)
{
	static const char *const names[SOCK_STATE_COUNT] = {
		[SOCK_ESTAB] = "ESTAB",
		[SOCK_SYN_SENT] = "SYN-SENT",
		[SOCK_SYN_RECV] = "SYN-RECV",
		[SOCK_FIN_WAIT_1] = "FIN-WAIT-1",
		[SOCK_FIN_WAIT_2] = "FIN-WAIT-2",
		[SOCK_TIME_WAIT] = "TIME-WAIT",
		[SOCK_CLOSE] = "UNCONN",
		[SOCK_CLOSE_WAIT] = "CLOSE-WAIT",
		[SOCK_LAST_ACK] = "LAST-ACK",
		[SOCK_LISTEN] = "LISTEN",
		[SOCK_CLOSING] = "CLOSING",
	};
	return NAME_OF(names, state);
}

const char *sock_proto_name(unsigned proto)
{
	static const char *const names[SOCK_PROTO_COUNT] = {
		[SOCK_TCP] = "tcp",
		[SOCK_UDP] = "udp",
	};
	return NAME_OF(names, proto);
}

const char *sock_timer_name(unsigned timer)
{
	static const char *const names[] = { "off", "on", "keepalive", "timewait", "persist" };
	return NAME_OF(names, timer);
}
