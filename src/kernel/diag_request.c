/* diag_request: what we ask of NETLINK_SOCK_DIAG, as bytes. Pure.
 *
 * It must not know how they are sent. The newer request takes one address family; only the request
 * of old, TCPDIAG_GETSOCK, answers with IPv4 and IPv6 in one walk of the kernel's table. */
#include "sockdash/diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* TCP_ESTABLISHED to TCP_CLOSING. The kernel takes bit 13 as a wish to walk the table of bound
 * ports too. */
#define STATES_ALL 0xffeu

/* The kernel's bits for ours. */
static const struct {
	unsigned want;
	uint8_t ext;
} extensions[] = {
	{ DIAG_WANT_INFO, 1u << (INET_DIAG_INFO - 1) },
	{ DIAG_WANT_DROPS, 1u << (INET_DIAG_SKMEMINFO - 1) },
	{ DIAG_WANT_CONGESTION, 1u << (INET_DIAG_CONG - 1) },
	{ DIAG_WANT_TOS, 1u << (INET_DIAG_TOS - 1) | 1u << (INET_DIAG_TCLASS - 1) },
};

static uint8_t extension_bits(unsigned want)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		bits = (uint8_t)(bits | (want & extensions[i].want ? extensions[i].ext : 0));
	return bits;
}

static size_t finish(void *out, uint16_t type, uint16_t flags, uint32_t sequence, const void *body,
	size_t body_len)
{
	struct nlmsghdr head = {
		.nlmsg_len = (uint32_t)(sizeof(head) + body_len),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = sequence,
	};

	memcpy(out, &head, sizeof(head));
	memcpy((uint8_t *)out + sizeof(head), body, body_len);
	return sizeof(head) + body_len;
}

/* Puts the program behind a request of that length, whose head tells the length of all. */
static size_t append_program(void *out, size_t len, const struct diag_program *p)
{
	struct nlattr attribute = { .nla_type = INET_DIAG_REQ_BYTECODE };
	struct nlmsghdr head;

	if (!p || !p->len)
		return len;
	attribute.nla_len = (uint16_t)(sizeof(attribute) + p->len);
	memcpy((uint8_t *)out + len, &attribute, sizeof(attribute));
	memcpy((uint8_t *)out + len + sizeof(attribute), p->bytes, p->len);
	len += attribute.nla_len;
	memcpy(&head, out, sizeof(head));
	head.nlmsg_len = (uint32_t)len;
	memcpy(out, &head, sizeof(head));
	return len;
}

size_t diag_request(void *out, const struct diag_query *query, uint32_t sequence)
{
	struct inet_diag_req_v2 one = {
		.sdiag_family = query->family,
		.sdiag_protocol = query->protocol,
		.idiag_ext = extension_bits(query->want),
		.idiag_states = query->states & STATES_ALL,
	};
	struct inet_diag_req both = {
		.idiag_family = AF_INET, /* not looked at */
		.idiag_ext = extension_bits(query->want),
		.idiag_states = query->states & STATES_ALL,
	};

	size_t len = 0;

	if (query->program && query->program->len > DIAG_PROGRAM_MAX)
		return 0;
	if (query->family != 0)
		len = finish(out, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sequence, &one, sizeof(one));
	else if (query->protocol == IPPROTO_TCP)
		len = finish(out, TCPDIAG_GETSOCK, NLM_F_DUMP, sequence, &both, sizeof(both));
	return len ? append_program(out, len, query->program) : 0;
}

static struct inet_diag_req_v2 request_of(const struct diag_id *id)
{
	struct inet_diag_req_v2 one = {
		.sdiag_family = id->family,
		.sdiag_protocol = id->protocol,
		.idiag_states = STATES_ALL,
		.id = {
			.idiag_sport = htons(id->local_port),
			.idiag_dport = htons(id->remote_port),
			.idiag_if = id->iface,
			.idiag_cookie = { (uint32_t)id->cookie, (uint32_t)(id->cookie >> 32) },
		},
	};

	memcpy(one.id.idiag_src, id->local, sizeof(one.id.idiag_src));
	memcpy(one.id.idiag_dst, id->remote, sizeof(one.id.idiag_dst));
	return one;
}

/* Source and destination in each other's place. */
static void swap_ends(struct inet_diag_sockid *id)
{
	struct inet_diag_sockid other = *id;

	id->idiag_sport = other.idiag_dport;
	id->idiag_dport = other.idiag_sport;
	memcpy(id->idiag_src, other.idiag_dst, sizeof(id->idiag_src));
	memcpy(id->idiag_dst, other.idiag_src, sizeof(id->idiag_dst));
}

size_t diag_request_one(void *out, const struct diag_id *id, unsigned want, uint32_t sequence)
{
	struct inet_diag_req_v2 one = request_of(id);

	/* udp_dump_one(): "src and dst are swapped for historical reasons"; not to destroy. */
	if (id->protocol == IPPROTO_UDP)
		swap_ends(&one.id);
	one.idiag_ext = extension_bits(want);
	return finish(out, SOCK_DIAG_BY_FAMILY, 0, sequence, &one, sizeof(one));
}

size_t diag_request_destroy(void *out, const struct diag_id *id, uint32_t sequence)
{
	struct inet_diag_req_v2 one = request_of(id);

	return finish(out, SOCK_DESTROY, NLM_F_ACK, sequence, &one, sizeof(one));
}
